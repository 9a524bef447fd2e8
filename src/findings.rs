//! Problems and warnings, as the checks gather them.

use std::borrow::Cow;

use crate::{
    field_path::FieldPath,
    rule::{self, Rule},
    text::{WARNING_LIMIT, cut},
};

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

    /// Each with its reason.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, (&'static Rule, String)> {
        self.0.iter()
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
    /// wrong fields must not take a policy server's memory. What is left out is of a rule that is kept, so it changes
    /// no verdict.
    pub(crate) const LIMIT: usize = 100;

    #[cold]
    #[inline(never)]
    pub(crate) fn reject(&mut self, violation: Violation) {
        self.reject_for(violation.rule, || violation);
    }

    /// Reports what an object can have very many of: the violation is only made if it is kept.
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

    /// Warns of what an object can have very many of: the text is only made if it is kept.
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

/// A problem with a look-up that failed.
#[cold]
#[inline(never)]
pub(crate) fn failed_look_up(what: &str, path: &FieldPath, why: &str) -> Violation {
    Violation::new(
        rule::LOOK_UP,
        *path,
        format!("{what} could not be looked up: {why}"),
        "what it would have told is not known",
        "have it fixed, or set lookupFailure: warn in the policy's settings",
    )
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
