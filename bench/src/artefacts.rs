//! The artefacts: their size, and what it takes to compile them.

use std::time::Instant;

use serde::Serialize;
use wasmtime_provider::wasmtime::{Config, Engine, Module};

use crate::effort::Effort;
use crate::guest::Guest;
use crate::stats::{Spread, float};
use crate::table::{grouped, table};

/// An artefact and what it takes to compile it.
#[derive(Debug, Clone, Serialize)]
pub struct Compilation {
    /// The guest.
    pub guest: &'static str,
    /// Bytes of the artefact.
    pub bytes: usize,
    /// Compiling it, on all cores.
    pub time: Spread,
}

impl Compilation {
    /// Microseconds for every kilobyte.
    #[must_use]
    pub fn per_kilobyte(&self) -> f64 {
        self.time.median / (float(self.bytes as u64) / 1000.0)
    }
}

/// Compiles the guests, in turn.
///
/// # Errors
/// Where one is no module.
pub fn compile(guests: [&Guest; 2], effort: Effort) -> Result<[Compilation; 2], String> {
    let mut times = [Vec::new(), Vec::new()];
    for round in effort.rounds() {
        for turn in 0..2 {
            let index = (round + turn) % 2;
            let mut config = Config::new();
            config.epoch_interruption(true);
            let engine = Engine::new(&config).map_err(|error| format!("{error:#}"))?;
            let begin = Instant::now();
            let module = Module::from_binary(&engine, &guests[index].bytes).map_err(|error| format!("{error:#}"))?;
            times[index].push(begin.elapsed());
            drop(module);
        }
    }
    let [first, second] = times;
    let compilation =
        |guest: &Guest, times| Compilation { guest: guest.name, bytes: guest.bytes.len(), time: Spread::of(times) };
    Ok([compilation(guests[0], first), compilation(guests[1], second)])
}

/// The artefacts as a table.
#[must_use]
pub fn show(compilations: &[Compilation]) -> String {
    let rows: Vec<Vec<String>> = compilations
        .iter()
        .map(|compilation| {
            vec![
                compilation.guest.to_owned(),
                grouped(compilation.bytes as u64),
                format!("{:.0}", compilation.time.median / 1e3),
                format!("{:.0}-{:.0}", compilation.time.p10 / 1e3, compilation.time.p90 / 1e3),
                format!("{:.0}", compilation.per_kilobyte()),
            ]
        })
        .collect();
    table("Artefacts", &["guest", "bytes", "compile ms", "p10-p90", "us per kB"], &rows)
}
