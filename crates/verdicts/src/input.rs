//! The text of an input, and what people give in the place of manifests.

use mysql_replication_manifests::yaml::{self, Document, Reading, YamlError};
use serde_json::Value;

/// How `preview` is called in the commands that are shown.
pub const PREVIEW: &str = "mysql-replication-preview -";

/// How Helm's actions begin that give a text.
const ACTIONS: [&str; 5] = [".Values", ".Release", ".Chart", "include ", "template "];
/// What may hold templates for other programs, as alerts do.
const OF_OTHERS: [&str; 4] = ["data", "stringData", "binaryData", "annotations"];

/// Reads the documents of an input; what cannot be judged by itself is among the errors, with the command that makes
/// manifests of it. Never fails as a whole: see [`Reading`].
#[must_use]
pub fn read_input(name: &str, bytes: &[u8]) -> Reading {
    let mut reading = yaml::read(name, bytes);
    if !reading.errors.is_empty() {
        if let Some(line) = String::from_utf8_lossy(bytes).lines().position(|line| line.contains("{{")) {
            reading.errors = vec![template_error(name, line + 1)];
        }
    } else if let Some(line) = reading.documents.iter().find_map(of_template) {
        return Reading { errors: vec![template_error(name, line)], ..Reading::default() };
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
fn template_error(name: &str, line: usize) -> YamlError {
    let message =
        format!("looks like a Helm template, which has to be rendered first: `helm template CHART | {PREVIEW}`");
    YamlError::at(name, line, 1, message)
}

/// The line of the first action of a template that stands in quotes. What is in the data of a ConfigMap or a Secret, or
/// in an annotation, may be meant for another program.
fn of_template(document: &Document) -> Option<usize> {
    let mut path = Vec::new();
    action(document.value(), &mut path).then(|| {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        document.line_of(&path).unwrap_or(document.line())
    })
}

/// Looks for an action in a value; where there is one, `path` leads to it.
fn action(value: &Value, path: &mut Vec<String>) -> bool {
    match value {
        Value::String(text) => is_action(text),
        Value::Array(items) => items.iter().enumerate().any(|(index, item)| below(&index.to_string(), item, path)),
        Value::Object(map) => {
            map.iter().filter(|(key, _)| !OF_OTHERS.contains(&key.as_str())).any(|(key, item)| below(key, item, path))
        }
        _ => false,
    }
}

fn below(step: &str, value: &Value, path: &mut Vec<String>) -> bool {
    path.push(step.to_owned());
    let is_found = action(value, path);
    if !is_found {
        path.pop();
    }
    is_found
}

fn is_action(text: &str) -> bool {
    text.split("{{").skip(1).any(|action| {
        let action = action.trim_start_matches(['-', ' ']);
        ACTIONS.iter().any(|word| action.starts_with(word))
    })
}

/// Whether an object is one of kustomize, and not of a cluster.
#[must_use]
pub fn is_of_kustomize(value: &Value) -> bool {
    value["apiVersion"].as_str().is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}
