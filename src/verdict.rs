//! Problems and warnings gathered, then one answer.

use std::fmt::Write as _;

use kubewarden_policy_sdk::response::ValidationResponse;
use serde_json::Value;

/// HTTP status of a request that cannot be read.
const BAD_REQUEST: u16 = 400;
/// HTTP status of an object that breaks a rule.
const UNPROCESSABLE: u16 = 422;

/// A problem with one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// The rule's id, of [`crate::names::rule`].
    pub(crate) rule: &'static str,
    /// The field, as `spec.template.spec.containers[0].image`.
    pub(crate) path: String,
    /// What was found there.
    pub(crate) found: String,
    /// Why it is wrong.
    pub(crate) why: String,
    /// What to write instead.
    pub(crate) fix: String,
}

impl Violation {
    pub(crate) fn new(
        rule: &'static str,
        path: impl Into<String>,
        found: impl Into<String>,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { rule, path: path.into(), found: found.into(), why: why.into(), fix: fix.into() }
    }
}

/// What was found wrong with an object, and what deserves a warning.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
}

impl Findings {
    pub(crate) fn reject(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Accepted, with the changed object where something changed.
    Accepted { changed: Option<Value>, warnings: Vec<String> },
    /// Rejected, with what the user is told.
    Rejected { message: String, code: u16, warnings: Vec<String> },
}

impl Verdict {
    /// The object is none of the policy's business, or right as it is.
    pub(crate) fn untouched() -> Self {
        Self::Accepted { changed: None, warnings: Vec::new() }
    }

    /// The request itself cannot be read.
    pub(crate) fn unreadable(problem: &str) -> Self {
        Self::Rejected {
            message: format!("the admission request cannot be read: {problem}"),
            code: BAD_REQUEST,
            warnings: Vec::new(),
        }
    }

    /// Every problem of an object in one message, in the order of their fields.
    pub(crate) fn rejected(object: &str, findings: Findings) -> Self {
        let Findings { mut violations, warnings } = findings;
        violations.sort_by(|a, b| (&a.path, a.rule).cmp(&(&b.path, b.rule)));
        violations.dedup();
        let count = violations.len();
        let mut message = format!("{object} is rejected: {count} {}", if count == 1 { "problem" } else { "problems" });
        for Violation { rule, path, found, why, fix } in &violations {
            let _ = write!(message, "\n[{rule}] {path}: {found}\n  why: {why}\n  fix: {fix}");
        }
        Self::Rejected { message, code: UNPROCESSABLE, warnings }
    }
}

impl From<Verdict> for ValidationResponse {
    fn from(verdict: Verdict) -> Self {
        let some = |warnings: Vec<String>| (!warnings.is_empty()).then_some(warnings);
        match verdict {
            Verdict::Accepted { changed, warnings } => Self {
                accepted: true,
                message: None,
                code: None,
                mutated_object: changed,
                audit_annotations: None,
                warnings: some(warnings),
            },
            Verdict::Rejected { message, code, warnings } => Self {
                accepted: false,
                message: Some(message),
                code: Some(code),
                mutated_object: None,
                audit_annotations: None,
                warnings: some(warnings),
            },
        }
    }
}
