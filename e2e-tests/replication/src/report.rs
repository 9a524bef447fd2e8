//! What the person at the terminal sees: lines while it runs, one table at the end.

use std::{
    fmt::Write,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// How a scenario went on a database.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) number: u32,
    pub(crate) scenario: String,
    pub(crate) database: &'static str,
    /// Why it failed, where it did.
    pub(crate) failure: Option<String>,
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
        println!("{:>3}:{:02}  {who:<14} {text}", seconds / 60, seconds % 60);
    }

    pub(crate) fn add(&self, entry: Entry) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// The table with all results, the failures after it, and whether all is well.
    pub(crate) fn finish(&self) -> (String, bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        entries.sort_by(|a, b| (a.number, &a.scenario, a.database).cmp(&(b.number, &b.scenario, b.database)));
        let width = entries.iter().map(|entry| entry.scenario.len()).max().unwrap_or(0).max("scenario".len());
        let mut text = format!("{:<width$}  {:<13}  {:<6}  seconds\n", "scenario", "database", "result");
        for Entry { scenario, database, failure, seconds, .. } in &entries {
            let result = if failure.is_some() { "FAILED" } else { "ok" };
            // writing to a string cannot fail
            let _ = writeln!(text, "{scenario:<width$}  {database:<13}  {result:<6}  {seconds:>7}");
        }
        let failed: Vec<_> = entries.iter().filter_map(|entry| Some((entry, entry.failure.as_ref()?))).collect();
        for (entry, failure) in &failed {
            let _ = writeln!(text, "\nFAILED on {}: {}\n{failure}", entry.database, entry.scenario);
        }
        let _ = write!(text, "\n{} passed, {} failed", entries.len() - failed.len(), failed.len());
        (text, failed.is_empty() && !entries.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Report};

    #[test]
    fn the_table_counts_and_names_failures() {
        let report = Report::new();
        let entry = |number, failure: Option<&str>| Entry {
            number,
            scenario: format!("{number} scenario"),
            database: "mysql-9.7",
            failure: failure.map(str::to_owned),
            seconds: 7,
        };
        report.add(entry(2, Some("expected a, found b")));
        report.add(entry(1, None));
        let (text, good) = report.finish();
        assert!(!good);
        assert!(
            text.starts_with(
                "scenario    database       result  seconds\n1 scenario  mysql-9.7      ok            7\n"
            )
        );
        assert!(text.ends_with("FAILED on mysql-9.7: 2 scenario\nexpected a, found b\n\n1 passed, 1 failed"), "{text}");
    }
}
