//! Limits of what does not depend on the machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::counts::SubjectCount;
use crate::guest::root;
use crate::stats::ratio;

/// Above what was measured, so many percent are free: another compiler may well need a little more.
const FREE: u64 = 10;
/// Below so many percent of its limit, a count needs a new one: the gain should not be lost again unseen.
const LOW: u64 = 70;

/// The size of the policy's module. Its limit is what the project asks of itself: it stays when the others are set
/// anew, and `hack/check-artefact` and the bars of the benchmark go by it too.
pub const ARTEFACT: &str = "artefact, bytes";

/// What counts of this name have for a limit is what was measured: no compiler changes them.
const EXACT: &str = ", look-ups";

/// A count and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// At most this.
    pub limit: u64,
    /// What it was when the limit was set.
    pub measured: u64,
}

/// The stored limits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Of the policy, by name.
    pub limits: BTreeMap<String, Limit>,
    /// What the guest that does nothing took then: where it has moved too, it is the toolchain.
    pub do_nothing: BTreeMap<String, u64>,
}

/// What is compared with the limits.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Of the policy, by name.
    pub policy: BTreeMap<String, u64>,
    /// Of the guest that does nothing, by the same names.
    pub do_nothing: BTreeMap<String, u64>,
}

impl Measured {
    /// The counts of all subjects and the sizes of both artefacts.
    #[must_use]
    pub fn new(counts: &[SubjectCount], policy_bytes: usize, do_nothing_bytes: usize) -> Self {
        let mut measured = Self::default();
        let mut add = |name: String, policy: u64, do_nothing: u64| {
            measured.do_nothing.insert(name.clone(), do_nothing);
            measured.policy.insert(name, policy);
        };
        add(ARTEFACT.to_owned(), policy_bytes as u64, do_nothing_bytes as u64);
        for SubjectCount { subject, policy, do_nothing, .. } in counts {
            add("start, instructions".to_owned(), policy.init, do_nothing.init);
            add("start, pages".to_owned(), policy.pages_at_start, do_nothing.pages_at_start);
            add(format!("{subject}, instructions"), policy.call, do_nothing.call);
            add(format!("{subject}, pages"), policy.pages, do_nothing.pages);
            add(format!("{subject}, look-ups"), policy.look_ups as u64, do_nothing.look_ups as u64);
            add(format!("{subject}, bytes looked up"), policy.looked_up as u64, do_nothing.looked_up as u64);
            add(format!("{subject}, bytes of the answer"), policy.answer as u64, do_nothing.answer as u64);
        }
        measured
    }
}

impl Limits {
    /// The file with the limits.
    #[must_use]
    pub fn path() -> PathBuf {
        root().join("bench/limits.json")
    }

    /// The limits of that file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn stored() -> Result<Self, String> {
        let text = std::fs::read_to_string(Self::path()).map_err(|error| format!("bench/limits.json: {error}"))?;
        serde_json::from_str(&text).map_err(|error| format!("bench/limits.json: {error}"))
    }

    /// So many bytes may the module have.
    ///
    /// # Errors
    /// Where there is no such limit.
    pub fn artefact(&self) -> Result<u64, String> {
        let limit = self.limits.get(ARTEFACT).map(|limit| limit.limit);
        limit.ok_or_else(|| format!("bench/limits.json: there is no limit for \"{ARTEFACT}\""))
    }

    /// Limits a little above what was measured; but for the module's size, whose limit is this one.
    #[must_use]
    pub fn of(measured: &Measured, artefact: u64) -> Self {
        let limit = |name: &str, measured: u64| {
            let limit = match name {
                ARTEFACT => artefact,
                name if name.ends_with(EXACT) => measured,
                _ => (measured * (100 + FREE)).div_ceil(100),
            };
            Limit { limit, measured }
        };
        Self {
            limits: measured.policy.iter().map(|(name, count)| (name.clone(), limit(name, *count))).collect(),
            do_nothing: measured.do_nothing.clone(),
        }
    }

    /// Says of every count that is not where it should be by how much it moved.
    #[must_use]
    pub fn problems(&self, measured: &Measured) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, &now) in &measured.policy {
            let Some(&Limit { limit, measured: then }) = self.limits.get(name) else {
                problems.push(format!("{name}: {now}, and there is no limit for it"));
                continue;
            };
            let reference = match (measured.do_nothing.get(name), self.do_nothing.get(name)) {
                (Some(&now), Some(&then)) if then > 0 => {
                    format!("; {} in the guest that does nothing", moved(now, then))
                }
                _ => String::new(),
            };
            let since = format!("{} since the limit was set at {then}{reference}", moved(now, then));
            if now > limit {
                let over = now - limit;
                problems.push(format!("{name}: {now} exceeds the limit of {limit} by {over} ({since})"));
            } else if name != ARTEFACT && now * 100 < limit * LOW {
                problems.push(format!(
                    "{name}: well done, {now} is below {LOW} % of the limit of {limit} ({since}); set a new one, so \
                     that it stays there"
                ));
            }
        }
        let gone = self.limits.keys().filter(|name| !measured.policy.contains_key(*name));
        problems.extend(gone.map(|name| format!("{name}: has a limit and is not measured any more")));
        problems
    }
}

/// By how much a count moved.
fn moved(now: u64, then: u64) -> String {
    if then == 0 { format!("+{now}") } else { format!("{:+.1} %", (ratio(now, then) - 1.0) * 100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(policy: u64, do_nothing: u64) -> Measured {
        let of = |count| BTreeMap::from([("x, instructions".to_owned(), count)]);
        Measured { policy: of(policy), do_nothing: of(do_nothing) }
    }

    #[test]
    fn what_moved_is_told_with_how_much() {
        let limits = Limits::of(&measured(1000, 200), 0);
        assert_eq!(limits.limits["x, instructions"], Limit { limit: 1100, measured: 1000 });
        for (policy, do_nothing, expected) in [
            (1000, 200, None),
            (1100, 200, None),
            (770, 200, None),
            (
                1210,
                210,
                Some(
                    "x, instructions: 1210 exceeds the limit of 1100 by 110 (+21.0 % since the limit was set at \
                     1000; +5.0 % in the guest that does nothing)",
                ),
            ),
            (
                500,
                200,
                Some(
                    "x, instructions: well done, 500 is below 70 % of the limit of 1100 (-50.0 % since the limit was \
                     set at 1000; +0.0 % in the guest that does nothing); set a new one, so that it stays there",
                ),
            ),
        ] {
            let problems = limits.problems(&measured(policy, do_nothing));
            assert_eq!(problems.first().map(String::as_str), expected);
        }
    }

    #[test]
    fn the_limit_of_the_artefact_stays() {
        let of = |bytes| Measured { policy: BTreeMap::from([(ARTEFACT.to_owned(), bytes)]), ..Measured::default() };
        let limits = Limits::of(&of(500), 600);
        assert_eq!(limits.artefact(), Ok(600));
        for bytes in [1, 500, 600] {
            assert_eq!(limits.problems(&of(bytes)), [""; 0]);
        }
        assert_eq!(
            limits.problems(&of(601)),
            ["artefact, bytes: 601 exceeds the limit of 600 by 1 (+20.2 % since the limit was set at 500)"]
        );
        assert!(Limits::default().artefact().is_err());
    }

    #[test]
    fn names_must_be_the_same() {
        let limits = Limits::of(&measured(1, 1), 0);
        assert_eq!(
            limits.problems(&Measured::default()),
            ["x, instructions: has a limit and is not measured any more"]
        );
        assert_eq!(Limits::default().problems(&measured(1, 1)), ["x, instructions: 1, and there is no limit for it"]);
    }
}
