//! What the policy refuses and warns of.

use mysql_replication_verdicts::{ObjectOutcome, Verdict, rule_of_warning};

use crate::model::{Note, Picture, State};

/// What the policy says of an object.
pub(crate) fn state_of(object: &ObjectOutcome) -> State {
    if object.verdict == Verdict::Rejected {
        State::Refused
    } else if object.warnings.iter().any(|warning| rule_of_warning(warning).is_some()) {
        State::Warned
    } else {
        State::Fine
    }
}

/// The rules that an object is refused for, each once.
pub(crate) fn rules(object: &ObjectOutcome) -> Vec<&str> {
    let mut rules: Vec<&str> = Vec::new();
    for violation in &object.violations {
        if !rules.contains(&violation.rule.as_str()) {
            rules.push(&violation.rule);
        }
    }
    rules
}

/// Puts all of it below the picture, what is refused first: there is not room for all of it.
pub(crate) fn draw(picture: &mut Picture, objects: &[&ObjectOutcome]) {
    for object in objects.iter().filter(|object| object.verdict != Verdict::Passed) {
        let label = format!("{} {}/{}", object.kind, object.namespace, object.name);
        for violation in &object.violations {
            let other = violation.object.as_ref().map(|other| format!(" in {other}")).unwrap_or_default();
            picture.notes.push(Note {
                state: State::Refused,
                text: format!(
                    "{label} is refused by {}{other}: {}: {}",
                    violation.rule, violation.path, violation.found
                ),
                advice: vec![format!("Why: {}", violation.why), format!("Fix: {}", violation.fix)],
            });
        }
        if object.verdict == Verdict::Rejected && object.violations.is_empty() {
            let reason = object.message.as_deref().unwrap_or("the policy gives no reason");
            let text = format!("{label} is refused: {}", reason.trim_end());
            picture.notes.push(Note { state: State::Refused, text, advice: Vec::new() });
        }
        for warning in &object.warnings {
            picture.notes.push(Note { state: State::Warned, text: format!("{label}: {warning}"), advice: Vec::new() });
        }
    }
    picture.notes.sort_by_key(|note| std::cmp::Reverse(note.state));
}
