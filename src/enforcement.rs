//! What becomes of findings: the exemptions of an object, and the severities of the settings.

use mysql_options::nearest;

use crate::{
    annotations::{Annotations, own},
    json::Value,
    names::{annotation::EXEMPT, rule},
    order::sorted,
    rules::{ALL, Rule, Severity},
    settings::Settings,
    verdict::{Findings, Judgement, Violation},
};

/// The rules that an object is exempt from, each with the reason that its annotation gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Exemptions(Vec<(&'static str, String)>);

impl Exemptions {
    /// Reads the annotation `exempt` of an object: `rule-id: why`, several of them separated by semicolons or lines.
    /// What cannot be taken is reported, and an end beyond all reason is not read.
    pub(crate) fn read(object: &Value, findings: &mut Findings) -> Self {
        let text = own(object).find(|(key, _)| *key == EXEMPT).and_then(|(_, text)| text.as_str());
        let Some(text) = text else { return Self::default() };
        let mut exemptions = Vec::new();
        let entries = text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
        for (index, entry) in entries.enumerate() {
            if index == Findings::LIMIT {
                let why = "there are more exemptions than rules, and the rest of them is not read";
                findings.reject(Annotations::bad_value(EXEMPT, entry, why, "write one for a rule"));
                break;
            }
            let (id, why) = entry.split_once(':').map_or((entry, ""), |(id, why)| (id.trim(), why.trim()));
            let mut bad = |why: &str, fix: String| {
                findings.reject(Annotations::bad_value(EXEMPT, entry, why, &fix));
            };
            match Rule::of(id) {
                None => {
                    let ids = ALL.map(|rule| rule.id);
                    let meant = nearest(id, &ids).unwrap_or(rule::WRITE_SERVICE);
                    bad("no rule has this id", format!("write \"rule-id: why\", such as \"{meant}: why\""));
                }
                Some(rule) if rule.is_fixed => bad(
                    "without what this rule asks for nothing could be injected",
                    "remove it, and mend what the rule names".to_owned(),
                ),
                Some(_) if why.is_empty() => bad(
                    "it gives no reason, and whoever reads the audit log will ask for it",
                    format!("write one: \"{id}: why\""),
                ),
                Some(rule) => exemptions.push((rule.id, why.to_owned())),
            }
        }
        Self(exemptions)
    }

    /// The exemptions of an object that was looked up: what is wrong with its annotation is told when that is admitted.
    pub(crate) fn of(object: &Value) -> Self {
        Self::read(object, &mut Findings::default())
    }

    /// Is the object exempt from a rule?
    pub(crate) fn covers(&self, rule: &str) -> bool {
        self.0.iter().any(|(exempt, _)| *exempt == rule)
    }

    /// Takes out of the findings what the object is exempt from; what the settings leave out needs no exemption.
    pub(crate) fn apply(&self, findings: &mut Findings, settings: &Settings) {
        let Findings { violations, exempted, counts, .. } = findings;
        counts.retain(|(rule, _)| !(self.covers(rule) && settings.is_on(rule)));
        violations.retain(|violation| {
            let exemption = self.0.iter().find(|(rule, _)| *rule == violation.rule && settings.is_on(rule));
            if let Some((rule, why)) = exemption {
                exempted.insert(rule, why.clone());
            }
            exemption.is_none()
        });
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
    let mut violations = sorted(violations, Ord::cmp);
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
fn tell_how_many_more(violations: &mut Vec<Violation>, rule: &'static str, count: usize) {
    let Some(last) = violations.iter().rposition(|violation| violation.rule == rule).filter(|_| count > 0) else {
        return;
    };
    let more = Violation {
        found: format!("and {count} more problems of this rule").into(),
        why: "of one rule no more are told".into(),
        fix: "mend those that are told, and look again".into(),
        ..violations[last].clone()
    };
    violations.insert(last + 1, more);
}

fn severity(violation: &Violation, settings: &Settings, is_exempt: bool) -> Severity {
    match Rule::of(violation.rule) {
        Some(rule) if rule.is_fixed => Severity::Reject,
        Some(_) if is_exempt => Severity::Off,
        Some(rule) => settings.severity(rule),
        None => Severity::Reject,
    }
}

/// A problem with a look-up that failed.
#[cold]
#[inline(never)]
pub(crate) fn failed_look_up(what: &str, path: &str, why: &str) -> Violation {
    Violation::new(
        rule::LOOK_UP,
        path.to_owned(),
        format!("{what} could not be looked up: {why}"),
        "what it would have told is not known",
        "have it mended, or set lookupFailure: warn in the policy's settings",
    )
}

/// The object as messages name it.
pub(crate) fn label(kind: &str, namespace: &str, name: &str) -> String {
    let plain = |text: &str, limit| text.chars().filter(|c| !c.is_control()).take(limit).collect::<String>();
    let name = if name.is_empty() { "(without a name)".to_owned() } else { plain(name, 253) };
    format!("{} {}/{name}", plain(kind, 63), plain(namespace, 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;
    use crate::names::ANNOTATION_PREFIX;

    fn read(text: &str) -> (Exemptions, Findings) {
        let mut findings = Findings::default();
        let object = json!({"metadata": {"annotations": {format!("{ANNOTATION_PREFIX}{EXEMPT}"): text}}});
        (Exemptions::read(&object, &mut findings), findings)
    }

    #[test]
    fn a_reason_is_required() {
        let (exemptions, findings) = read("read-only-off: moved by hand: tonight\nhost-network: no CNI; ");
        assert!(findings.violations.is_empty(), "{findings:?}");
        assert_eq!(
            exemptions,
            Exemptions(vec![
                (rule::READ_ONLY_OFF, "moved by hand: tonight".to_owned()),
                (rule::HOST_NETWORK, "no CNI".to_owned())
            ])
        );
        for (text, fix) in [
            ("read-only-off", "read-only-off: why"),
            ("read-only-off: ", "read-only-off: why"),
            ("readonly-off: why", "such as \"read-only-off: why\""),
            ("root-password: none", "remove it"),
            ("everything", "rule-id"),
        ] {
            let (exemptions, findings) = read(text);
            assert_eq!(exemptions, Exemptions::default());
            assert_eq!(findings.violations.len(), 1, "{text}");
            assert!(findings.violations[0].fix.contains(fix), "{}", findings.violations[0].fix);
        }
    }

    #[test]
    fn no_end_of_exemptions_is_read() {
        let (exemptions, findings) = read(&"host-network: no CNI;".repeat(Findings::LIMIT));
        assert!(exemptions.covers(rule::HOST_NETWORK) && findings.violations.is_empty());
        let (exemptions, findings) =
            read(&format!("{}read-only-off: hidden", "host-network: no CNI;".repeat(Findings::LIMIT)));
        assert!(!exemptions.covers(rule::READ_ONLY_OFF));
        assert_eq!(findings.violations.len(), 1);
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

        let judgement = judge(found(), &read("read-only-off: x").0, &settings, "shop");
        assert_eq!(ids(&judgement.rejected), [rule::ROOT_PASSWORD]);
        assert_eq!(ids(&judgement.warned), [rule::SERVICE_PORT]);
        assert_eq!(judgement.exempted.rules().collect::<Vec<_>>(), [rule::READ_ONLY_OFF]);

        // what nothing can be injected without is not softened
        let judgement = judge(found(), &Exemptions::default(), &settings, "lab-1");
        assert_eq!(ids(&judgement.rejected), [rule::ROOT_PASSWORD]);
        assert!(judgement.warned.is_empty() && judgement.exempted.rules().next().is_none());
    }

    #[test]
    fn of_a_rule_only_so_many_are_told() {
        let many = |rule: &'static str, count: usize| {
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
        let judgement =
            judge(many(rule::READ_ONLY_OFF, 150), &read("read-only-off: x").0, &Settings::default(), "shop");
        assert!(judgement.rejected.is_empty());
    }

    #[test]
    fn ids_are_unique_and_all_in_the_table() {
        for (index, rule) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.id != rule.id), "{}", rule.id);
            assert_eq!(Rule::of(rule.id), Some(rule));
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
    }
}
