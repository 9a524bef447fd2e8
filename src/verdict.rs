//! Problems and warnings gathered, then one answer.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::Serialize;
use serde_json::Value;

/// HTTP status of a request that cannot be read.
const BAD_REQUEST: u16 = 400;
/// HTTP status of an object that breaks a rule.
const UNPROCESSABLE: u16 = 422;
/// The API server may cut longer warnings (Kubernetes documentation, "Dynamic Admission Control", Response).
pub(crate) const WARNING_LIMIT: usize = 120;

/// A problem with one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// Another object than the one under admission, as `ConfigMap shop/mysql`.
    pub(crate) object: Option<String>,
    /// The field, as `spec.template.spec.containers[0].image`.
    pub(crate) path: String,
    /// The rule's id, of [`crate::names::rule`].
    pub(crate) rule: &'static str,
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
        Self { object: None, path: path.into(), rule, found: found.into(), why: why.into(), fix: fix.into() }
    }

    /// The problem is in an object that was looked up.
    pub(crate) fn of(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// As a warning: its beginning says which rule and where, for the API server may cut the rest.
    pub(crate) fn as_warning(&self) -> String {
        let Self { object, path, rule, found, fix, .. } = self;
        let object = object.as_ref().map(|object| format!("{object} ")).unwrap_or_default();
        let short = format!("[{rule}] {object}{path}: {found}");
        let long = format!("{short}; {fix}");
        cut(if long.chars().count() <= WARNING_LIMIT { long } else { short })
    }
}

/// The text, cut to what the API server shows of a warning.
pub(crate) fn cut(text: String) -> String {
    if text.chars().count() <= WARNING_LIMIT {
        return text;
    }
    let mut cut: String = text.chars().take(WARNING_LIMIT - 3).collect();
    cut.push_str("...");
    cut
}

/// What was found wrong with an object, and what deserves a warning.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
    /// What was found, but the object is exempt from: the rule and the given reason.
    pub(crate) exempted: BTreeMap<&'static str, String>,
}

impl Findings {
    pub(crate) fn reject(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.violations.append(&mut other.violations);
        self.warnings.append(&mut other.warnings);
        self.exempted.append(&mut other.exempted);
    }
}

/// The findings after the settings and the exemptions have had their say.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// What the object is rejected for.
    pub(crate) rejected: Vec<Violation>,
    /// What it is warned of.
    pub(crate) warned: Vec<Violation>,
    /// What it is exempt from: the rule and the given reason.
    pub(crate) exempted: BTreeMap<&'static str, String>,
    /// Hints beyond the rules.
    pub(crate) hints: Vec<String>,
}

impl Judgement {
    fn warnings(&self) -> Vec<String> {
        self.warned.iter().map(Violation::as_warning).chain(self.hints.iter().cloned().map(cut)).collect()
    }

    /// Names of the rules, for the cluster's audit log.
    fn audit_annotations(&self) -> Option<BTreeMap<String, String>> {
        let ids = |violations: &[Violation]| {
            let mut ids: Vec<&str> = violations.iter().map(|violation| violation.rule).collect();
            ids.sort_unstable();
            ids.dedup();
            ids.join(",")
        };
        let exempted: Vec<String> = self.exempted.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
        let notes: BTreeMap<String, String> = [
            ("rejected-rules", ids(&self.rejected)),
            ("warned-rules", ids(&self.warned)),
            ("exempted-rules", exempted.join("; ")),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(key, text)| (key.to_owned(), text))
        .collect();
        (!notes.is_empty()).then_some(notes)
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The object is none of the policy's business.
    Untouched,
    /// The request itself cannot be read.
    Unreadable(String),
    /// Accepted, with the changed object where something changed.
    Accepted { changed: Option<Value>, judgement: Judgement },
    /// Rejected, with the object's name.
    Rejected { object: String, judgement: Judgement },
}

impl Verdict {
    pub(crate) fn unreadable(problem: &str) -> Self {
        Self::Unreadable(format!("the admission request cannot be read: {problem}"))
    }
}

/// Every problem in one message: those of the object under admission first, then those of others, each in the order
/// of its fields, and none in more than four lines.
fn message(object: &str, violations: &[Violation]) -> String {
    let mut violations: Vec<&Violation> = violations.iter().collect();
    violations.sort();
    violations.dedup();
    let count = violations.len();
    let mut message = format!("{object} is rejected: {count} {}", if count == 1 { "problem" } else { "problems" });
    let mut group = None;
    for violation in violations {
        let Violation { object, path, rule, found, why, fix } = violation;
        if group != object.as_ref() {
            group = object.as_ref();
            let _ = write!(message, "\nin {}:", object.as_deref().unwrap_or_default());
        }
        let _ = write!(message, "\n[{rule}] {path}: {found}\n  why: {why}\n  fix: {fix}");
    }
    message
}

/// Kubewarden's `ValidationResponse` (its specification, "Validating policies" and "Mutating policies"), as the SDK has
/// it; but the audit annotations are in a stable order, so that the same request gives the same bytes.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// May the object pass?
    pub accepted: bool,
    /// Why it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status that goes with a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The object as it shall be, where the policy changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutated_object: Option<Value>,
    /// The rules that were broken or left out, for the cluster's audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Hints for the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<String>>,
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        let some = |warnings: Vec<String>| (!warnings.is_empty()).then_some(warnings);
        match verdict {
            Verdict::Untouched => Self { accepted: true, ..Self::default() },
            Verdict::Unreadable(message) => Self { message: Some(message), code: Some(BAD_REQUEST), ..Self::default() },
            Verdict::Accepted { changed, judgement } => Self {
                accepted: true,
                mutated_object: changed,
                audit_annotations: judgement.audit_annotations(),
                warnings: some(judgement.warnings()),
                ..Self::default()
            },
            Verdict::Rejected { object, judgement } => Self {
                message: Some(message(&object, &judgement.rejected)),
                code: Some(UNPROCESSABLE),
                audit_annotations: judgement.audit_annotations(),
                warnings: some(judgement.warnings()),
                ..Self::default()
            },
        }
    }
}
