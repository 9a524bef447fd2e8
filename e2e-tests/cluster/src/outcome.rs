//! How a step ends. Below everything that can fail.

/// Why a step ends before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It cannot be done here; the text says what is missing.
    Skip(String),
    /// What was expected, and what was found.
    Fail(String),
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self::Fail(text)
    }
}

/// What a step has to say, where it passes: what was seen.
pub(crate) type Result<T = String> = std::result::Result<T, Stop>;

/// A failure, where something does not hold.
pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(Stop::Fail(otherwise())) }
}
