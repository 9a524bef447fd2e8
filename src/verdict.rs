//! Problems and warnings gathered, then one answer.

use std::{borrow::Cow, fmt::Write as _};

use crate::{
    json::{Object, Value, write_str},
    rule::{self, ALL, Rule},
};

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
    pub(crate) path: Cow<'static, str>,
    pub(crate) rule: &'static Rule,
    /// What was found there.
    pub(crate) found: Cow<'static, str>,
    /// Why it is wrong.
    pub(crate) why: Cow<'static, str>,
    /// What to write instead.
    pub(crate) fix: Cow<'static, str>,
}

impl Violation {
    // most objects have none: what builds one is not worth its room in every rule
    #[cold]
    #[inline(never)]
    pub(crate) fn new(
        rule: &'static Rule,
        path: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
        why: impl Into<Cow<'static, str>>,
        fix: impl Into<Cow<'static, str>>,
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
        if *rule == rule::LOOK_UP {
            return cut(format!("[{rule}] {found} (for {path})"));
        }
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

/// Rules that an object is exempt from, each with the given reason, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Exempted(Vec<(&'static Rule, String)>);

impl Exempted {
    /// Notes a rule; another reason for the same one replaces an earlier one.
    pub(crate) fn insert(&mut self, rule: &'static Rule, why: String) {
        match self.0.binary_search_by_key(&rule, |(rule, _)| *rule) {
            Ok(at) => self.0[at].1 = why,
            Err(at) => self.0.insert(at, (rule, why)),
        }
    }

    #[cfg(test)]
    pub(crate) fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.0.iter().map(|(rule, _)| *rule)
    }
}

/// What was found wrong with an object, and what deserves a warning.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
    /// What was found, but the object is exempt from: the rule and the given reason.
    pub(crate) exempted: Exempted,
    /// How many of each rule were found; not all of them are kept.
    pub(crate) counts: Vec<(&'static Rule, usize)>,
}

impl Findings {
    /// So many violations of one rule are kept, and as many warnings. Nobody reads more, and an object of a million
    /// wrong fields must not take a policy server's memory. What is left out is of a rule that is kept, so it changes no
    /// verdict.
    pub(crate) const LIMIT: usize = 100;

    #[cold]
    #[inline(never)]
    pub(crate) fn reject(&mut self, violation: Violation) {
        self.reject_for(violation.rule, || violation);
    }

    /// The same for what an object can have very many of: the violation is only made if it is kept.
    pub(crate) fn reject_for(&mut self, rule: &'static Rule, violation: impl FnOnce() -> Violation) {
        if self.count(rule, 1) <= Self::LIMIT {
            self.keep(violation());
        }
    }

    // one for all callers, of which there are very many
    #[inline(never)]
    fn keep(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    #[inline(never)]
    fn count(&mut self, rule: &'static Rule, more: usize) -> usize {
        let known = self.counts.iter().position(|(counted, _)| *counted == rule);
        let at = known.unwrap_or_else(|| {
            self.counts.push((rule, 0));
            self.counts.len() - 1
        });
        let count = &mut self.counts[at].1;
        *count += more;
        *count
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        if self.warnings.len() < Self::LIMIT {
            self.warnings.push(warning.into());
        }
    }

    /// The same for what an object can have very many of.
    pub(crate) fn warn_of(&mut self, warning: impl FnOnce() -> String) {
        if self.warnings.len() < Self::LIMIT {
            self.warn(warning());
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        let Self { violations, warnings, exempted, counts } = other;
        for violation in violations {
            self.reject(violation);
        }
        for (rule, count) in counts {
            self.count(rule, count.saturating_sub(Self::LIMIT));
        }
        for warning in warnings {
            self.warn(warning);
        }
        for (rule, why) in exempted.0 {
            self.exempted.insert(rule, why);
        }
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
    pub(crate) exempted: Exempted,
    /// Hints beyond the rules.
    pub(crate) hints: Vec<String>,
}

impl Judgement {
    fn warnings(&self) -> Vec<String> {
        self.warned.iter().map(Violation::as_warning).chain(self.hints.iter().cloned().map(cut)).collect()
    }

    /// Names of the rules, for the cluster's audit log.
    fn audit_annotations(&self) -> Option<Value<'static>> {
        let ids = |violations: &[Violation]| {
            let is_broken = |rule: &&Rule| violations.iter().any(|violation| violation.rule == *rule);
            // in the order of the alphabet; a sort is more code than it is worth for so few
            let mut ids: Vec<&str> = Vec::new();
            for id in ALL.iter().filter(is_broken).map(|rule| rule.id) {
                let at = ids.iter().position(|other| *other > id).unwrap_or(ids.len());
                ids.insert(at, id);
            }
            ids.join(",")
        };
        let exempted: Vec<String> = self.exempted.0.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
        let mut notes = Object::default();
        for (key, text) in [
            ("rejected-rules", ids(&self.rejected)),
            ("warned-rules", ids(&self.warned)),
            ("exempted-rules", exempted.join("; ")),
        ] {
            if !text.is_empty() {
                notes.insert(key, Value::from(text));
            }
        }
        (!notes.is_empty()).then_some(Value::Object(notes))
    }
}

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

/// Every problem, as [`crate::enforcement::judge`] has ordered them, in one message: those of the object under admission first, then those of others, each in the order
/// of its fields, and none in more than four lines.
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
    pub(crate) fn into_json(self) -> Vec<u8> {
        let (accepted, message, code, changed, judgement) = match self {
            Self::Untouched => (true, None, None, None, None),
            Self::Unreadable(message) => (false, Some(message), Some(BAD_REQUEST), None, None),
            Self::Accepted { changed, judgement } => (true, None, None, changed, Some(judgement)),
            Self::Rejected { object, judgement } => {
                (false, Some(message(&object, &judgement.rejected)), Some(UNPROCESSABLE), None, Some(judgement))
            }
        };
        let mut json = Vec::new();
        json.extend_from_slice(if accepted { b"{\"accepted\":true" } else { b"{\"accepted\":false" });
        if let Some(message) = message {
            json.extend_from_slice(b",\"message\":");
            write_str(&mut json, &message);
        }
        if let Some(code) = code {
            json.extend_from_slice(b",\"code\":");
            Value::from(code).write(&mut json);
        }
        if let Some(changed) = changed {
            json.extend_from_slice(b",\"mutated_object\":");
            changed.write(&mut json);
        }
        if let Some(judgement) = judgement {
            if let Some(notes) = judgement.audit_annotations() {
                json.extend_from_slice(b",\"audit_annotations\":");
                notes.write(&mut json);
            }
            let warnings: Vec<Value> = judgement.warnings().into_iter().map(Value::from).collect();
            if !warnings.is_empty() {
                json.extend_from_slice(b",\"warnings\":");
                Value::Array(warnings).write(&mut json);
            }
        }
        json.push(b'}');
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_short() {
        let violation = |found: String| Violation::new(rule::SETTINGS, "path", found, "why", "fix");
        assert_eq!(violation("found".to_owned()).as_warning(), "[settings] path: found; fix");
        let long = violation("ä".repeat(200)).of("Service a/b").as_warning();
        assert!(long.starts_with("[settings] Service a/b path: ä") && long.ends_with("..."), "{long}");
        assert_eq!(long.chars().count(), WARNING_LIMIT);
    }
}
