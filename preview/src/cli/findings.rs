//! Everything that was found, one by one, for the formats that know only that.

use std::collections::BTreeMap;

use mysql_replication_manifests::yaml::YamlError;

use super::text_report::label;
use mysql_replication_verdicts::{DocumentOutcome, ObjectOutcome, Place, Verdict, link, rule_of_warning};

/// The id for a rejection that names no rule.
pub(super) const REJECTED: &str = "rejected";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot<'r> {
    pub(super) file: &'r str,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
}

/// Something that was found.
#[derive(Debug)]
pub(super) struct Finding<'r> {
    pub(super) level: Level,
    /// The rule that is broken; `None` for hints, and for what is wrong with an input as such.
    pub(super) rule: Option<&'r str>,
    /// The object under admission; empty for an input.
    pub(super) subject: String,
    pub(super) spot: Spot<'r>,
    /// Where the object under admission is, if that is elsewhere.
    pub(super) subject_spot: Option<Spot<'r>>,
    pub(super) message: String,
}

impl<'r> Spot<'r> {
    fn of(place: &'r Place) -> Self {
        Self { file: &place.file, line: Some(place.line), column: None }
    }

    /// The same in a file that is there: what a kustomization renders is in none.
    fn in_source(self, rendered: &'r BTreeMap<String, String>) -> Self {
        rendered.get(self.file).map_or(self, |file| Self { file, line: Some(1), column: None })
    }
}

/// All of it, in order; `rendered` has the file of each kustomization by the name of what it renders.
pub(super) fn all<'r>(
    outcomes: &'r [DocumentOutcome],
    errors: &'r [YamlError],
    warnings: &'r [YamlError],
    rendered: &'r BTreeMap<String, String>,
) -> Vec<Finding<'r>> {
    let mut findings = Vec::new();
    for object in outcomes.iter().flat_map(|outcome| &outcome.objects) {
        of_object(&mut findings, object);
    }
    for (level, inputs) in [(Level::Warning, warnings), (Level::Error, errors)] {
        findings.extend(inputs.iter().map(|input| Finding {
            level,
            rule: None,
            subject: String::new(),
            spot: Spot { file: &input.file, line: input.line, column: input.column },
            subject_spot: None,
            message: input.message.clone(),
        }));
    }
    for finding in &mut findings {
        finding.spot = finding.spot.in_source(rendered);
        finding.subject_spot = finding.subject_spot.map(|spot| spot.in_source(rendered));
    }
    findings
}

fn of_object<'r>(findings: &mut Vec<Finding<'r>>, object: &'r ObjectOutcome) {
    // That a file is no manifest is no finding in a repository that has other YAML, too.
    if object.verdict == Verdict::Passed {
        return;
    }
    let subject = label(object);
    let own = Spot { file: &object.file, line: Some(object.line), column: None };
    let mut add = |level, rule, place: Option<&'r Place>, message| {
        let spot = place.map_or(own, Spot::of);
        let subject_spot = (spot.file != own.file).then_some(own);
        findings.push(Finding { level, rule, subject: subject.clone(), spot, subject_spot, message });
    };
    for violation in &object.violations {
        let other = violation.object.as_ref().map(|other| format!(" because of {other}")).unwrap_or_default();
        let message = format!(
            "{subject} is rejected{other}: {}: {}\nwhy: {}\nfix: {}\nsee: {}",
            violation.path,
            violation.found,
            violation.why,
            violation.fix,
            link(&violation.rule)
        );
        add(Level::Error, Some(violation.rule.as_str()), violation.place.as_ref(), message);
    }
    if object.verdict == Verdict::Rejected && object.violations.is_empty() {
        let reason = object.message.as_deref().unwrap_or("the policy gives no reason");
        add(Level::Error, Some(REJECTED), None, format!("{subject} is rejected: {}", reason.trim_end()));
    }
    for (index, warning) in object.warnings.iter().enumerate() {
        let place = object.warning_places.get(index).and_then(Option::as_ref);
        match rule_of_warning(warning) {
            Some((rule, text)) => {
                add(Level::Warning, Some(rule), place, format!("{subject}: {text}\nsee: {}", link(rule)));
            }
            None => add(Level::Note, None, place, format!("{subject}: {warning}")),
        }
    }
    for hint in &object.hints {
        add(Level::Note, None, None, format!("{subject}: {hint}"));
    }
}
