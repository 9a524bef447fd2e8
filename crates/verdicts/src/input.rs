//! The text of an input, and what people give in the place of manifests.

use mysql_replication_manifests::yaml::{self, Document, Reading, YamlError};
use serde_json::Value;

/// How `preview` is called in the commands that are shown.
pub const PREVIEW: &str = "mysql-replication-preview -";

/// Reads the documents of an input; what cannot be judged by itself is among the errors, with the command that makes
/// manifests of it. Never fails as a whole: see [`Reading`].
#[must_use]
pub fn read_input(name: &str, bytes: &[u8]) -> Reading {
    let mut reading = yaml::read(name, bytes);
    if !reading.errors.is_empty()
        && let Some(error) = template_error(name, &String::from_utf8_lossy(bytes))
    {
        reading.errors = vec![error];
    }
    for document in reading.documents.iter().filter(|document| is_of_kustomize(document.value())) {
        let message =
            "a kustomization is judged by what it renders: give its folder, or render it by `kubectl kustomize`";
        reading.errors.push(YamlError::at(name, document.line(), 1, message));
    }
    if reading.errors.is_empty() && reading.documents.iter().all(Document::is_empty) {
        let message = "is empty: it holds no YAML document, or only comments";
        reading.errors.push(YamlError::of_file(name, message));
    }
    reading
}

/// What a text with a template's actions is answered with.
fn template_error(name: &str, text: &str) -> Option<YamlError> {
    let line = text.lines().position(|line| line.contains("{{"))?;
    let message =
        format!("looks like a Helm template, which has to be rendered first: `helm template CHART | {PREVIEW}`");
    Some(YamlError::at(name, line + 1, 1, message))
}

/// Whether an object is one of kustomize, and not of a cluster.
#[must_use]
pub fn is_of_kustomize(value: &Value) -> bool {
    value["apiVersion"].as_str().is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}
