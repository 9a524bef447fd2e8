//! How a scenario ends: passed, skipped, failed, or broken off with the whole run. Below everything that can fail.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// Why a scenario failed: what was expected, what was found, and where to look.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// Ends everything early: Ctrl-C, or the deadline of the whole run.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) asked: Arc<AtomicBool>,
    pub(crate) deadline: Instant,
}

impl Stop {
    pub(crate) fn check(&self) -> Result {
        if self.asked.load(Ordering::SeqCst) {
            return Err(Failure("interrupted".to_owned()));
        }
        if Instant::now() > self.deadline {
            return Err(Failure("the whole run has taken too long".to_owned()));
        }
        Ok(())
    }
}

/// How a scenario ended on a database.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Passed,
    /// It cannot be tried on this database; the text says why.
    Skipped(String),
    Failed(String),
}

impl Outcome {
    /// As in the table.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "FAILED",
        }
    }
}
