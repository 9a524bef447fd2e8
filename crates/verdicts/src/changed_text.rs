//! The documents as text: as they would be admitted, and what is changed in them.

use std::collections::BTreeMap;
use std::time::Duration;

use mysql_replication_manifests::yaml::Document;
use similar::TextDiff;

use crate::outcome::{DocumentOutcome, Verdict};

/// A diff that takes longer than this gets coarser.
const DIFF_TIME: Duration = Duration::from_secs(5);

/// So many unchanged lines are shown around changed ones.
pub const CONTEXT: usize = 3;

/// The resulting documents, without those that are rejected or no manifests.
#[must_use]
pub fn manifests(documents: &[Document], outcomes: &[DocumentOutcome]) -> String {
    texts(documents, outcomes, |outcome| !outcome.is_rejected() && outcome.error.is_none())
}

/// The resulting documents that the policy changes.
#[must_use]
pub fn changed_manifests(documents: &[Document], outcomes: &[DocumentOutcome]) -> String {
    texts(documents, outcomes, |outcome| outcome.changed.is_some())
}

fn texts(documents: &[Document], outcomes: &[DocumentOutcome], is_wanted: fn(&DocumentOutcome) -> bool) -> String {
    let mut out = String::new();
    for (document, outcome) in documents.iter().zip(outcomes).filter(|(_, outcome)| is_wanted(outcome)) {
        let text = outcome.changed.as_ref().map_or(document.text(), |changed| &changed.text);
        if !out.is_empty() {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            if !document.is_explicit() {
                out.push_str("---\n");
            }
        }
        out.push_str(text);
    }
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// What changes as a unified diff, file by file; rejected documents count as unchanged.
#[must_use]
pub fn diff(documents: &[Document], outcomes: &[DocumentOutcome], context: usize) -> String {
    let mut files: Vec<&str> = Vec::new();
    let mut texts: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for (document, outcome) in documents.iter().zip(outcomes) {
        let file = document.file();
        if !files.contains(&file) {
            files.push(file);
        }
        let (old, new) = texts.entry(file).or_default();
        old.push_str(document.text());
        new.push_str(outcome.changed.as_ref().map_or(document.text(), |changed| &changed.text));
    }
    let mut out = String::new();
    for file in files {
        let Some((old, new)) = texts.get(file).filter(|(old, new)| old != new) else {
            continue;
        };
        let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(old.as_str(), new.as_str());
        out += &diff.unified_diff().context_radius(context).header(file, &format!("{file} (admitted)")).to_string();
    }
    out
}

/// The diff for programs, without control characters. Where a document passed through, no unchanged lines are around
/// changed ones: they can be those of the next document, which may be a Secret.
#[must_use]
pub fn diff_for_programs(documents: &[Document], outcomes: &[DocumentOutcome]) -> String {
    let mut objects = outcomes.iter().flat_map(|outcome| &outcome.objects);
    let context = if objects.any(|object| object.verdict == Verdict::Passed) { 0 } else { CONTEXT };
    diff(documents, outcomes, context).lines().flat_map(|line| [printable(line), "\n".to_owned()]).collect()
}

/// A text whose control characters are escaped: what a manifest or a message says must not steer a terminal.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let plain = !c.is_control() || c == '\t' || c == '\n';
            let escaped = (!plain).then(|| c.escape_default());
            escaped.into_iter().flatten().chain(plain.then_some(c))
        })
        .collect()
}
