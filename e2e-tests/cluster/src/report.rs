//! What the person at the terminal sees: a line for each step with what was seen, its reason before it, and the counts
//! at the end.

use std::time::Duration;

use crate::outcome::{Result, Stop};

/// How many steps ended how.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Report {
    passed: usize,
    skipped: usize,
    failed: usize,
}

impl Report {
    /// Counts a step, and gives its line.
    pub(crate) fn add(&mut self, step: &str, result: &Result, took: Duration) -> String {
        let (count, word, text) = match result {
            Ok(seen) => (&mut self.passed, "ok", seen),
            Err(Stop::Skip(missing)) => (&mut self.skipped, "SKIPPED", missing),
            Err(Stop::Fail(problem)) => (&mut self.failed, "FAILED", problem),
        };
        *count += 1;
        format!("{word:<7} {step} ({} s): {text}", took.as_secs())
    }

    /// The last line, and whether all is well: something was done, and nothing failed.
    pub(crate) fn finish(self) -> (String, bool) {
        let Self { passed, skipped, failed } = self;
        (format!("{passed} passed, {failed} failed, {skipped} skipped"), failed == 0 && passed > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_only_skips_is_not_good() {
        let mut report = Report::default();
        let line = report.add("databases", &Err(Stop::Skip("no node".to_owned())), Duration::from_secs(3));
        assert_eq!(line, "SKIPPED databases (3 s): no node");
        assert_eq!(report.finish(), ("0 passed, 0 failed, 1 skipped".to_owned(), false));
        report.add("diff", &Ok("no difference".to_owned()), Duration::ZERO);
        assert_eq!(report.finish(), ("1 passed, 0 failed, 1 skipped".to_owned(), true));
        report.add("scale", &Err(Stop::Fail("refused".to_owned())), Duration::ZERO);
        assert_eq!(report.finish(), ("1 passed, 1 failed, 1 skipped".to_owned(), false));
    }
}
