//! The ticks by which a policy that runs too long is stopped.

use std::time::Duration;

use wasmtime_provider::wasmtime::Engine;

/// How long a tick is.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks for as long as the engine lives.
pub(crate) fn start(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("policy-clock".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })
        .map(drop)
}

/// So many ticks are at least as long as the time.
pub(crate) fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX) + 1
}
