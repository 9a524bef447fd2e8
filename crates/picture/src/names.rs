//! How things are called: by their name where all are in one namespace, else with the namespace before it.

use mysql_replication_verdicts::{ObjectOutcome, Verdict};

/// The names of one picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// Whether what the policy is asked about is in more than one namespace.
    are_many: bool,
}

impl Names {
    pub(crate) fn of(objects: &[&ObjectOutcome]) -> Self {
        let mut judged = objects.iter().filter(|object| object.verdict != Verdict::Passed);
        let first = judged.next().map(|object| object.namespace.as_str());
        Self { are_many: judged.any(|object| Some(object.namespace.as_str()) != first) }
    }

    /// The name of something in the namespace of an object.
    pub(crate) fn full(self, object: &ObjectOutcome, name: &str) -> String {
        if self.are_many { format!("{}/{name}", object.namespace) } else { name.to_owned() }
    }
}
