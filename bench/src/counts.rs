//! The counts of all subjects, beside those of the guest that does nothing and those of the second floor.

use std::sync::Arc;

use mysql_replication_manifests::Cluster;
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
    /// What the second floor takes: the guest that does nothing, where it hands back as many bytes as the policy.
    pub floor: Count,
}

impl SubjectCount {
    /// A cold evaluation, as a multiple of doing nothing.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        ratio(self.policy.cold(), self.do_nothing.cold())
    }

    /// A cold evaluation, as a multiple of the second floor.
    #[must_use]
    pub fn floor_ratio(&self) -> f64 {
        ratio(self.policy.cold(), self.floor.cold())
    }
}

/// What every subject costs in both guests.
///
/// # Errors
/// Where the guest that does nothing fails, or does not hand back what it should.
pub fn count(do_nothing: &Meter, subjects: &[Subject]) -> Result<Vec<SubjectCount>, String> {
    subjects
        .iter()
        .map(|subject| {
            let evaluate = |payload: &[u8]| {
                let evaluated = do_nothing.validate(payload, Arc::clone(&subject.cluster) as Arc<dyn Cluster>);
                evaluated.map_err(|error| format!("{}: {error:#}", subject.name))
            };
            let (_, do_nothing) = evaluate(&subject.payload)?;
            let (answer, floor) = evaluate(&subject.floor_payload)?;
            subject.check_floor(&answer)?;
            let (payload, policy) = (subject.payload.len(), subject.count);
            Ok(SubjectCount { subject: subject.name, payload, policy, do_nothing, floor })
        })
        .collect()
}

fn pages(count: &Count) -> String {
    format!("{}+{}", count.pages_at_start, count.pages - count.pages_at_start)
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
                grouped(count.policy.answer as u64),
                count.policy.look_ups.to_string(),
                grouped(count.policy.looked_up as u64),
                grouped(count.policy.init),
                grouped(count.policy.call),
                grouped(count.do_nothing.init),
                grouped(count.do_nothing.call),
                format!("{:.2}", ratio(count.policy.call, count.do_nothing.call)),
                format!("{:.2}", count.ratio()),
                grouped(count.floor.call),
                format!("{:.2}", count.floor_ratio()),
                pages(&count.policy),
                pages(&count.do_nothing),
                pages(&count.floor),
            ]
        })
        .collect();
    let head = [
        "subject",
        "bytes",
        "answer",
        "look-ups",
        "looked up",
        "init",
        "call",
        "nothing: init",
        "call",
        "ratio: call",
        "cold",
        "floor: call",
        "ratio: cold",
        "pages",
        "nothing",
        "floor",
    ];
    table("Instructions (fuel) and pages of 64 KiB, at the start + in the call", &head, &rows)
}
