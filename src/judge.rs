//! What becomes of findings, by the exemptions of the object and the severities of the settings.

use crate::{
    exemptions::Exemptions,
    findings::{Exempted, Findings, Violation},
    json::{Object, Value},
    order::order,
    rule::{ALL, Rule, Severity},
    settings::Settings,
    text::cut,
};

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
    /// What the API server is to show: softened rules, then hints.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warned.iter().map(Violation::as_warning).chain(self.hints.iter().cloned().map(cut)).collect()
    }

    /// Names of the rules, for the cluster's audit log.
    pub(crate) fn audit_annotations(&self) -> Option<Value<'static>> {
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
        let exempted: Vec<String> = self.exempted.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
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

/// Sorts findings by what becomes of them.
pub(crate) fn judge(
    mut findings: Findings,
    exemptions: &Exemptions,
    settings: &Settings,
    namespace: &str,
) -> Judgement {
    exemptions.apply(&mut findings, settings);
    let Findings { violations, warnings, exempted, counts } = findings;
    let places = order(violations.len(), &|one, other| violations[one].cmp(&violations[other]));
    let mut violations: Vec<Violation> = places.into_iter().map(|place| violations[place].clone()).collect();
    violations.dedup();
    for (rule, count) in counts {
        tell_how_many_more(&mut violations, rule, count.saturating_sub(Findings::LIMIT));
    }
    let mut judgement = Judgement { exempted, hints: warnings, ..Judgement::default() };
    let is_exempt = settings.exempts(namespace);
    for violation in violations {
        match severity(&violation, settings, is_exempt) {
            Severity::Reject => judgement.rejected.push(violation),
            Severity::Warn => judgement.warned.push(violation),
            Severity::Off => {}
        }
    }
    judgement
}

/// Adds how many violations of a rule are left out, behind the last one that is not.
fn tell_how_many_more(violations: &mut Vec<Violation>, rule: &'static Rule, count: usize) {
    let Some(last) = violations.iter().rposition(|violation| violation.rule == rule).filter(|_| count > 0) else {
        return;
    };
    let more = Violation {
        found: format!("and {count} more problems of this rule").into(),
        why: "of one rule no more are told".into(),
        fix: "fix those that are told, and look again".into(),
        ..violations[last].clone()
    };
    violations.insert(last + 1, more);
}

fn severity(violation: &Violation, settings: &Settings, is_exempt: bool) -> Severity {
    match violation.rule {
        rule if rule.is_fixed => Severity::Reject,
        _ if is_exempt => Severity::Off,
        rule => settings.severity(rule),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        json::json,
        names::{ANNOTATION_PREFIX, annotation::EXEMPT},
        rule,
    };

    fn read(text: &str) -> Exemptions {
        let object = json!({"metadata": {"annotations": {format!("{ANNOTATION_PREFIX}{EXEMPT}"): text}}});
        Exemptions::of(&object)
    }

    #[test]
    fn severities_and_exemptions() {
        let found = || {
            let mut findings = Findings::default();
            for rule in [rule::READ_ONLY_OFF, rule::HOST_NETWORK, rule::SERVICE_PORT, rule::ROOT_PASSWORD] {
                findings.reject(Violation::new(rule, "path", "found", "why", "fix"));
            }
            findings
        };
        let ids = |violations: &[Violation]| violations.iter().map(|violation| violation.rule).collect::<Vec<_>>();
        let settings =
            Settings::parse_json(br#"{"rules": {"host-network": "off"}, "exemptNamespaces": ["lab-*"]}"#).unwrap();

        let judgement = judge(found(), &read("read-only-off: x"), &settings, "shop");
        assert_eq!(ids(&judgement.rejected), [rule::ROOT_PASSWORD]);
        assert_eq!(ids(&judgement.warned), [rule::SERVICE_PORT]);
        assert_eq!(judgement.exempted.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), [rule::READ_ONLY_OFF]);

        // what nothing can be injected without is not softened
        let judgement = judge(found(), &Exemptions::default(), &settings, "lab-1");
        assert_eq!(ids(&judgement.rejected), [rule::ROOT_PASSWORD]);
        assert!(judgement.warned.is_empty() && judgement.exempted.iter().next().is_none());
    }

    #[test]
    fn of_a_rule_only_so_many_are_told() {
        let many = |rule: &'static Rule, count: usize| {
            let mut findings = Findings::default();
            for at in 0..count {
                findings.reject(Violation::new(rule, format!("path[{at}]"), "found", "why", "fix"));
            }
            findings
        };
        let mut findings = many(rule::READ_ONLY_OFF, 150);
        findings.append(many(rule::READ_ONLY_OFF, 130));
        findings.append(many(rule::HOST_NETWORK, 3));
        findings.append(many(rule::SERVICE_PORT, 101));
        let judgement = judge(findings, &Exemptions::default(), &Settings::default(), "shop");
        assert_eq!((judgement.rejected.len(), judgement.warned.len()), (104, 101));
        let last = |violations: &[Violation], rule| {
            violations.iter().rfind(|violation| violation.rule == rule).unwrap().found.to_string()
        };
        assert_eq!(last(&judgement.rejected, rule::READ_ONLY_OFF), "and 180 more problems of this rule");
        assert_eq!(last(&judgement.rejected, rule::HOST_NETWORK), "found");
        assert_eq!(last(&judgement.warned, rule::SERVICE_PORT), "and 1 more problems of this rule");

        // what is exempt is not counted either
        let judgement = judge(many(rule::READ_ONLY_OFF, 150), &read("read-only-off: x"), &Settings::default(), "shop");
        assert!(judgement.rejected.is_empty());
    }
}
