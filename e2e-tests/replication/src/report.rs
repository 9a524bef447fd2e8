//! What the person at the terminal sees: lines while it runs, one table at the end.

use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::outcome::Outcome;

/// How a scenario went on a database.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) number: u32,
    pub(crate) scenario: String,
    pub(crate) database: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) seconds: u64,
}

#[derive(Debug)]
pub(crate) struct Report {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), entries: Mutex::default() }
    }

    /// One line, with the time since the start.
    pub(crate) fn say(&self, who: &str, text: &str) {
        let seconds = self.start.elapsed().as_secs();
        println!("{:>3}:{:02}  {who:<20} {text}", seconds / 60, seconds % 60);
    }

    pub(crate) fn add(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// The table with all results, then what was skipped and what failed, and whether all is well. What was skipped is
    /// named with its reason each time: nobody shall take it for tried.
    pub(crate) fn finish(&self) -> (String, bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        entries.sort_by(|a, b| (a.number, &a.scenario, a.database).cmp(&(b.number, &b.scenario, b.database)));
        let names = entries.iter().map(|entry| entry.database.len()).max().unwrap_or(0).max("database".len());
        let width = entries.iter().map(|entry| entry.scenario.len()).max().unwrap_or(0).max("scenario".len());
        let mut text = format!("{:<width$}  {:<names$}  {:<7}  seconds\n", "scenario", "database", "result");
        for Entry { scenario, database, outcome, seconds, .. } in &entries {
            // writing to a string cannot fail
            let _ = writeln!(text, "{scenario:<width$}  {database:<names$}  {:<7}  {seconds:>7}", outcome.word());
        }
        let (mut passed, mut skipped, mut failed) = (0, 0, 0);
        for Entry { scenario, database, outcome, .. } in &entries {
            let _ = match outcome {
                Outcome::Passed => {
                    passed += 1;
                    Ok(())
                }
                Outcome::Skipped(reason) => {
                    skipped += 1;
                    writeln!(text, "\nskipped on {database}: {scenario}\n{reason}")
                }
                Outcome::Failed(failure) => {
                    failed += 1;
                    writeln!(text, "\nFAILED on {database}: {scenario}\n{failure}")
                }
            };
        }
        let _ = write!(text, "\n{passed} passed, {skipped} skipped, {failed} failed");
        (text, failed == 0 && passed > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Outcome, Report};

    fn entry(number: u32, outcome: Outcome) -> Entry {
        Entry { number, scenario: format!("{number} scenario"), database: "mysql-9.7", outcome, seconds: 7 }
    }

    #[test]
    fn the_table_counts_and_names_failures() {
        let report = Report::new();
        report.add(entry(2, Outcome::Failed("expected a, found b".to_owned())));
        report.add(entry(1, Outcome::Passed));
        report.add(entry(3, Outcome::Skipped("there is no other version".to_owned())));
        let (text, good) = report.finish();
        assert!(!good);
        assert!(
            text.starts_with("scenario    database   result   seconds\n1 scenario  mysql-9.7  ok             7\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "\n\nFAILED on mysql-9.7: 2 scenario\nexpected a, found b\n\n\
                 skipped on mysql-9.7: 3 scenario\nthere is no other version\n\n1 passed, 1 skipped, 1 failed"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_run_that_only_skips_is_not_good() {
        let report = Report::new();
        report.add(entry(1, Outcome::Skipped("there is no other version".to_owned())));
        assert!(!report.finish().1);
        report.add(entry(1, Outcome::Passed));
        assert!(report.finish().1);
    }
}
