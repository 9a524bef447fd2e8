//! A policy server makes a fresh instance for every request and throws its memory away with it. To free that memory piece
//! by piece before would take a twentieth of the time of an injection; so the first call leaves it. An instance that is
//! called again frees what the later calls took: never more than one call's memory is left.

use std::sync::atomic::{AtomicBool, Ordering};

static IS_FIRST_CALL: AtomicBool = AtomicBool::new(cfg!(target_arch = "wasm32"));

/// Drops a value, or leaves it where it is.
pub(crate) fn leave<T>(value: T) {
    if IS_FIRST_CALL.load(Ordering::Relaxed) {
        std::mem::forget(value);
    }
}

/// The first call is over.
pub(crate) fn end_of_call() {
    IS_FIRST_CALL.store(false, Ordering::Relaxed);
}
