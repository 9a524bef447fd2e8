//! The verdicts and changes for people.

use std::fmt::Write;

use mysql_replication_manifests::yaml::{Document, YamlError};

use super::brief;
use super::paint::{self, Paint, printable};
use mysql_replication_verdicts::{
    CONTEXT, DocumentOutcome, ObjectOutcome, Place, Verdict, Violation, link, rule_of_warning,
};

/// All verdicts, then what could not be read, then how many of each.
pub(crate) fn verdicts(
    outcomes: &[DocumentOutcome],
    errors: &[YamlError],
    warnings: &[YamlError],
    paint: Paint,
) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        for object in &outcome.objects {
            verdict(&mut out, object, paint);
        }
        if outcome.changed.as_ref().is_some_and(|c| c.comments_lost) {
            let label = paint.style(paint::WARNING, "note:");
            out += &paint.line(&format!("    {label} comments inside this document could not all be kept"), 8);
        }
    }
    for warning in warnings {
        let label = paint.style(paint::WARNING, "warning:");
        out += &paint.line(&format!("{label} {}", printable(&warning.to_string())), 4);
    }
    for error in errors {
        let label = paint.style(paint::BAD, "error:");
        out += &paint.line(&format!("{label} {}", printable(&error.to_string())), 4);
    }
    out + &summary(outcomes, errors, paint)
}

fn verdict(out: &mut String, object: &ObjectOutcome, paint: Paint) {
    if object.verdict == Verdict::Passed && object.warnings.is_empty() && object.hints.is_empty() {
        return;
    }
    let (style, word) = match object.verdict {
        Verdict::Passed => (paint::DIM, "PASSED"),
        Verdict::Accepted => (paint::GOOD, "ACCEPTED"),
        Verdict::Mutated => (paint::CHANGED, "MUTATED"),
        Verdict::Rejected => (paint::BAD, "REJECTED"),
    };
    let place = format!("{}:{}:", object.file, object.line);
    let mut name = label(object);
    if object.update {
        name.push_str(" (update)");
    }
    if object.annotated {
        name.push_str(" (with the annotation)");
    }
    let count = match object.violations.len() {
        0 => String::new(),
        1 => ": 1 problem".to_owned(),
        count => format!(": {count} problems"),
    };
    let place = paint.style(paint::DIM, printable(&place));
    *out += &paint.line(&format!("{place} {} {}{count}", printable(&name), paint.style(style, word)), 4);
    if object.violations.is_empty() {
        indented(out, "", object.message.as_deref().unwrap_or_default(), paint);
    }
    for change in &object.changes {
        for (verb, items) in [("adds", &change.added), ("removes", &change.removed)] {
            if !items.is_empty() {
                let label = paint.style(paint::DIM, format!("{verb} {}:", change.what));
                *out += &paint.line(&format!("    {label} {}", printable(&items.join(", "))), 8);
            }
        }
    }
    if let Some(roles) = roles(object) {
        *out += &paint.line(&format!("    {}", printable(&roles)), 8);
    }
    for violation in &object.violations {
        problem(out, violation, paint);
    }
    for (index, warning) in object.warnings.iter().enumerate() {
        let mut label = paint.style(paint::WARNING, "warning: ");
        if let Some(Some(place)) = object.warning_places.get(index) {
            label.push_str(&painted(place, paint));
        }
        indented(out, &label, warning, paint);
        if let Some((rule, _)) = rule_of_warning(warning) {
            see(out, rule, paint);
        }
    }
    for hint in &object.hints {
        indented(out, &paint.style(paint::CHANGED, "hint: "), hint, paint);
    }
    if !object.audit_annotations.is_empty() {
        let notes: Vec<String> = object.audit_annotations.iter().map(|(key, text)| note(key, text)).collect();
        *out += &paint.line(&format!("    {}", paint.style(paint::DIM, format!("audit: {}", notes.join(" ")))), 8);
    }
}

/// An object's kind, namespace and name.
pub(crate) fn label(object: &ObjectOutcome) -> String {
    let mut label = object.kind.clone();
    if !object.namespace.is_empty() || !object.name.is_empty() {
        let _ = write!(label, " {}/{}", object.namespace, object.name);
    }
    label.trim().to_owned()
}

/// A line that can be searched for, with the place that editors and terminals lead to, and the advice below it.
fn problem(out: &mut String, violation: &Violation, paint: Paint) {
    let Violation { rule, place, object, path, found, why, fix } = violation;
    let place = place.as_ref().map(|place| painted(place, paint)).unwrap_or_default();
    let object = object.as_ref().map(|object| format!("in {}: ", printable(object))).unwrap_or_default();
    let id = paint.style(paint::RULE, format!("[{}]", printable(rule)));
    let text = format!("    {place}{object}{id} {}: {}", printable(path), printable(found));
    *out += &paint.line(&text, 8);
    for (label, text) in [("why:", why), ("fix:", fix)] {
        *out += &paint.line(&format!("        {} {}", paint.style(paint::DIM, label), printable(text)), 13);
    }
    see(out, rule, paint);
}

/// Where the rule is explained.
fn see(out: &mut String, rule: &str, paint: Paint) {
    *out += &paint.line(&format!("        {} {}", paint.style(paint::DIM, "see:"), printable(&link(rule))), 13);
}

/// What the pods of an injected StatefulSet are there for.
fn roles(object: &ObjectOutcome) -> Option<String> {
    let ObjectOutcome { kind, name, object, changes, .. } = object;
    let is_new = changes.iter().flat_map(|change| &change.added).any(|item| item.starts_with("init-mysql "));
    (is_new && kind == "StatefulSet").then(|| match object["spec"]["replicas"].as_i64().unwrap_or(1) {
        0 | 1 => format!("{name}-0 is the primary: read and write there; pods that you add are replicas, for reading"),
        _ => format!("{name}-0 is the primary: write there; the other pods are replicas, for reading"),
    })
}

fn painted(place: &Place, paint: Paint) -> String {
    paint.style(paint::DIM, printable(&format!("{place}:"))) + " "
}

/// A note for the audit log, in quotes where it would not be one word.
fn note(key: &str, text: &str) -> String {
    let is_word = !text.is_empty() && !text.contains(char::is_whitespace);
    printable(&if is_word { format!("{key}={text}") } else { format!("{key}={text:?}") })
}

fn indented(out: &mut String, label: &str, message: &str, paint: Paint) {
    for (index, line) in message.trim_end().lines().enumerate() {
        let label = if index == 0 { label } else { "" };
        *out += &paint.line(&format!("    {label}{}", printable(line)), 8);
    }
}

/// How many of each verdict, in a line; empty where there are none.
pub(crate) fn summary(outcomes: &[DocumentOutcome], errors: &[YamlError], paint: Paint) -> String {
    let count = |verdict| {
        outcomes.iter().flat_map(|outcome| &outcome.objects).filter(|object| object.verdict == verdict).count()
    };
    let mut parts = Vec::new();
    for (number, word, style) in [
        (count(Verdict::Accepted), "accepted", paint::GOOD),
        (count(Verdict::Mutated), "mutated", paint::CHANGED),
        (count(Verdict::Rejected), "rejected", paint::BAD),
        (count(Verdict::Passed), "passed through", paint::DIM),
        (errors.len(), "unreadable", paint::BAD),
    ] {
        if number > 0 {
            parts.push(paint.style(style, format!("{number} {word}")));
        }
    }
    if parts.is_empty() { String::new() } else { paint.line(&parts.join(", "), 4) }
}

/// What changes, file by file; rejected documents count as unchanged.
pub(crate) fn diff(documents: &[Document], outcomes: &[DocumentOutcome], brief: bool, paint: Paint) -> String {
    let mut out = String::new();
    for line in mysql_replication_verdicts::diff(documents, outcomes, CONTEXT).lines() {
        let line = printable(if brief { brief::cut(line) } else { line.into() }.as_ref());
        let line = if line.starts_with("--- ") || line.starts_with("+++ ") {
            paint.style(paint::DIM, line)
        } else {
            match line.bytes().next() {
                Some(b'+') => paint.style(paint::ADDED, line),
                Some(b'-') => paint.style(paint::REMOVED, line),
                Some(b'@') => paint.style(paint::PLACE, line),
                _ => line,
            }
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}
