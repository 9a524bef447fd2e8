//! The counts of all subjects, beside those of the guest that does nothing.

use std::sync::Arc;

use serde::Serialize;

use crate::meter::{Count, Meter};
use crate::stats::ratio;
use crate::subject::Subject;
use crate::table::{grouped, table};

/// What one subject costs.
#[derive(Debug, Clone, Serialize)]
pub struct SubjectCount {
    /// The subject.
    pub subject: &'static str,
    /// Bytes of the request.
    pub payload: usize,
    /// What the policy takes.
    pub policy: Count,
    /// What the guest that does nothing takes for the same request.
    pub do_nothing: Count,
}

impl SubjectCount {
    /// A cold evaluation, as a multiple of doing nothing.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        ratio(self.policy.cold(), self.do_nothing.cold())
    }
}

/// What every subject costs in both guests.
///
/// # Errors
/// Where the guest that does nothing fails.
pub fn count(do_nothing: &Meter, subjects: &[Subject]) -> Result<Vec<SubjectCount>, String> {
    subjects
        .iter()
        .map(|subject| {
            let cluster = Arc::clone(&subject.cluster);
            let evaluated = do_nothing.validate(&subject.payload, cluster);
            let (_, do_nothing) = evaluated.map_err(|error| format!("{}: {error:#}", subject.name))?;
            let payload = subject.payload.len();
            Ok(SubjectCount { subject: subject.name, payload, policy: subject.count, do_nothing })
        })
        .collect()
}

/// The counts as a table.
#[must_use]
pub fn show(counts: &[SubjectCount]) -> String {
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|count| {
            vec![
                count.subject.to_owned(),
                grouped(count.payload as u64),
                count.policy.look_ups.to_string(),
                grouped(count.policy.init),
                grouped(count.policy.call),
                grouped(count.do_nothing.init),
                grouped(count.do_nothing.call),
                format!("{:.2}", ratio(count.policy.call, count.do_nothing.call)),
                format!("{:.2}", count.ratio()),
                format!("{}+{}", count.policy.pages_at_start, count.policy.pages - count.policy.pages_at_start),
                format!(
                    "{}+{}",
                    count.do_nothing.pages_at_start,
                    count.do_nothing.pages - count.do_nothing.pages_at_start
                ),
            ]
        })
        .collect();
    let head = [
        "subject",
        "bytes",
        "look-ups",
        "init",
        "call",
        "nothing: init",
        "call",
        "ratio: call",
        "cold",
        "pages",
        "nothing",
    ];
    table("Instructions (fuel) and pages of 64 KiB, at the start + in the call", &head, &rows)
}
