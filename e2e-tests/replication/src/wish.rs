//! What the command line wishes of the random faults.

use std::time::Duration;

/// What a run without other wishes does: some minutes, in which every kind of fault comes.
pub(crate) const ROUNDS: usize = 5;

/// Which faults, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) seed: u64,
    /// Rounds begin for so long; without it there are as many as CI has.
    pub(crate) seconds: Option<u64>,
}

impl Wish {
    /// Whether these rounds, in this time, are what was wished for.
    pub(crate) fn is_enough(self, rounds: usize, elapsed: Duration) -> bool {
        match self.seconds {
            None => rounds >= ROUNDS,
            Some(seconds) => rounds > 0 && elapsed >= Duration::from_secs(seconds),
        }
    }
}
