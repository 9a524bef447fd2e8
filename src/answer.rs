//! The answer to one request, in Kubewarden's words.

use std::fmt::Write as _;

use crate::{
    findings::Violation,
    json::{Value, write_str},
    judge::Judgement,
};

/// HTTP status of a request that cannot be read.
const BAD_REQUEST: u16 = 400;
/// HTTP status of an object that breaks a rule.
const UNPROCESSABLE: u16 = 422;
/// More than an injection adds (a test of the whole says how much that is): a text that outgrows its room is copied.
const INJECTED_BYTES: usize = 32_000;

/// The answer to one request.
#[derive(Debug)]
pub(crate) enum Verdict<'r> {
    /// The object is none of the policy's business.
    Untouched,
    /// The request itself cannot be read.
    Unreadable(String),
    /// Accepted, with the changed object where something changed.
    Accepted { changed: Option<Value<'r>>, judgement: Judgement },
    /// Rejected, with the object's name.
    Rejected { object: String, judgement: Judgement },
}

impl Verdict<'_> {
    pub(crate) fn unreadable(problem: &str) -> Self {
        Self::Unreadable(format!("the admission request cannot be read: {problem}"))
    }
}

/// Every problem, as [`crate::judge`] has ordered them, in one message: those of the object under admission first,
/// then those of others, each in the order of its fields, and none in more than four lines.
fn message(object: &str, violations: &[Violation]) -> String {
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

impl Verdict<'_> {
    /// The answer as the policy server takes it: Kubewarden's `ValidationResponse` (its specification, "Validating
    /// policies" and "Mutating policies"), as the SDK has it; but the audit annotations are in a stable order, so that
    /// the same request gives the same bytes.
    ///
    /// Takes how long the request was: the changed object is hardly longer than that and what is injected.
    pub(crate) fn into_json(self, request_bytes: usize) -> Vec<u8> {
        let (accepted, message, code, changed, judgement) = match self {
            Self::Untouched => (true, None, None, None, None),
            Self::Unreadable(message) => (false, Some(message), Some(BAD_REQUEST), None, None),
            Self::Accepted { changed, judgement } => (true, None, None, changed, Some(judgement)),
            Self::Rejected { object, judgement } => {
                (false, Some(message(&object, &judgement.rejected)), Some(UNPROCESSABLE), None, Some(judgement))
            }
        };
        let mut json = String::new();
        json.push_str(if accepted { "{\"accepted\":true" } else { "{\"accepted\":false" });
        if let Some(message) = message {
            json.push_str(",\"message\":");
            write_str(&mut json, &message);
        }
        if let Some(code) = code {
            json.push_str(",\"code\":");
            Value::from(code).write(&mut json);
        }
        if let Some(changed) = changed {
            json.reserve(request_bytes + INJECTED_BYTES);
            json.push_str(",\"mutated_object\":");
            changed.write(&mut json);
        }
        if let Some(judgement) = judgement {
            if let Some(notes) = judgement.audit_annotations() {
                json.push_str(",\"audit_annotations\":");
                notes.write(&mut json);
            }
            let warnings: Vec<Value> = judgement.warnings().into_iter().map(Value::from).collect();
            if !warnings.is_empty() {
                json.push_str(",\"warnings\":");
                Value::Array(warnings).write(&mut json);
            }
        }
        json.push('}');
        json.into_bytes()
    }
}
