//! What is tried, each with its reason.

mod apply;
mod change;
mod databases;
mod earlier;
mod reapply;
mod server_away;
mod sql;

use crate::{cluster::Cluster, outcome::Result};

/// Something that users do, and that must go well.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Why it is tried.
    pub(crate) reason: &'static str,
    /// Does it, and says what was seen.
    pub(crate) run: fn(&Cluster<'_>) -> Result,
}

/// All steps, in their order: first those that look at objects alone, then those whose pods run.
pub(crate) fn all() -> Vec<&'static Step> {
    [
        apply::STEPS,
        reapply::STEPS,
        change::STEPS,
        earlier::STEPS_OF_OBJECTS,
        databases::STEPS,
        earlier::STEPS_OF_PODS,
        server_away::STEPS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_step_has_a_name_of_its_own_and_a_reason() {
        let all = super::all();
        let names: BTreeSet<_> = all.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|step| !step.reason.is_empty() && step.name.len() <= 16), "{names:?}");
    }
}
