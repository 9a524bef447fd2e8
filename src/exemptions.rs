//! What an object is exempt from, by its annotation: a rule counts for it no more, and the audit log says why.

use mysql_options::nearest;

use crate::{
    annotations::{Annotations, own},
    findings::Findings,
    halves::Halves,
    json::Value,
    names::annotation::EXEMPT,
    rule::{self, ALL, Rule},
    settings::Settings,
};

/// The rules that an object is exempt from, each with the reason that its annotation gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Exemptions(Vec<(&'static Rule, String)>);

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
            let (id, why) = entry.halves(':').map_or((entry, ""), |(id, why)| (id.trim(), why.trim()));
            let mut bad = |why: &str, fix: String| {
                findings.reject(Annotations::bad_value(EXEMPT, entry, why, &fix));
            };
            match Rule::of(id) {
                None => {
                    let ids = ALL.each_ref().map(|rule| rule.id);
                    let meant = nearest(id, &ids).unwrap_or(rule::WRITE_SERVICE.id);
                    bad("no rule has this id", format!("write \"rule-id: why\", such as \"{meant}: why\""));
                }
                Some(rule) if rule.is_fixed => bad(
                    "without what this rule asks for nothing could be injected",
                    "remove it, and fix what the rule names".to_owned(),
                ),
                Some(_) if why.is_empty() => bad(
                    "it gives no reason, and whoever reads the audit log will ask for it",
                    format!("write one: \"{id}: why\""),
                ),
                Some(rule) => exemptions.push((rule, why.to_owned())),
            }
        }
        Self(exemptions)
    }

    /// The exemptions of an object that was looked up: what is wrong with its annotation is told when that is admitted.
    pub(crate) fn of(object: &Value) -> Self {
        Self::read(object, &mut Findings::default())
    }

    /// Why the object is exempt from a rule, if it is.
    pub(crate) fn reason(&self, rule: &Rule) -> Option<&str> {
        self.0.iter().find(|(exempt, _)| *exempt == rule).map(|(_, why)| why.as_str())
    }

    /// Is the object exempt from a rule?
    pub(crate) fn covers(&self, rule: &Rule) -> bool {
        self.reason(rule).is_some()
    }

    /// Takes out of the findings what the object is exempt from; what the settings leave out needs no exemption.
    pub(crate) fn apply(&self, findings: &mut Findings, settings: &Settings) {
        let Findings { violations, exempted, counts, .. } = findings;
        counts.retain(|(rule, _)| !(self.covers(rule) && settings.is_on(rule)));
        violations.retain(|violation| {
            let why = self.reason(violation.rule).filter(|_| settings.is_on(violation.rule));
            why.inspect(|why| exempted.insert(violation.rule, (*why).to_owned())).is_none()
        });
    }
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
}
