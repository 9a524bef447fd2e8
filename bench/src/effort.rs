//! How long is measured.

use std::time::{Duration, Instant};

/// How long something may be measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// So many rounds at most.
    pub rounds: usize,
    /// No round begins later than this.
    pub time: Duration,
}

impl Effort {
    /// The rounds that are left, with their numbers. There are always a few, or a median would say nothing.
    pub fn rounds(self) -> impl Iterator<Item = usize> {
        const FEW: usize = 5;
        let start = Instant::now();
        (0..self.rounds.max(FEW)).take_while(move |round| *round < FEW || start.elapsed() < self.time)
    }
}
