//! Manifests of tests, read with `preview`'s own reader: what tests send is what users would send.

use std::{fs, path::Path};

use mysql_replication_manifests::yaml;
use mysql_replication_policy::scripts;
use serde_json::Value;

/// Reads the first document of a text; `at` says in a failure where the text is from. A text without any is `null`.
///
/// # Panics
/// Where the text is no YAML, or holds a second document.
#[must_use]
pub fn parse(text: &str, at: &str) -> Value {
    let mut documents = parse_all(text, at).into_iter();
    let document = documents.next().unwrap_or_default();
    assert!(documents.next().is_none(), "{at}: more than one document\n{text}");
    document
}

/// Reads the documents of a text, without the empty ones; `at` says in a failure where the text is from.
///
/// # Panics
/// Where the text is no YAML.
#[must_use]
pub fn parse_all(text: &str, at: &str) -> Vec<Value> {
    let reading = yaml::read(at, text.as_bytes());
    if let Some(error) = reading.errors.first() {
        panic!("{error}\n{text}");
    }
    reading.documents.iter().filter(|document| !document.is_empty()).map(|document| document.value().clone()).collect()
}

/// Reads a manifest in which `<script: NAME>` stands for a script of the policy.
///
/// # Panics
/// Where the file cannot be read.
#[must_use]
pub fn read_manifest(path: &Path) -> Value {
    let mut value = parse(&text(path), &path.to_string_lossy());
    let scripts = scripts::injected();
    each_string(&mut value, &mut |text| {
        let name = text.strip_prefix("<script: ")?.strip_suffix('>')?;
        scripts.iter().find(|(known, _)| *known == name).map(|(_, script)| script.clone())
    });
    value
}

/// Reads the objects of a file of several documents.
///
/// # Panics
/// Where the file cannot be read.
#[must_use]
pub fn read_manifests(path: &Path) -> Vec<Value> {
    parse_all(&text(path), &path.to_string_lossy())
}

/// Changes the strings of a value for which `change` has another text.
pub(crate) fn each_string(value: &mut Value, change: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| each_string(value, change)),
        Value::Object(object) => object.values_mut().for_each(|value| each_string(value, change)),
        _ => {}
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_documents_are_no_objects() {
        assert_eq!(parse_all("# nothing\n---\na: 1\n---\n---\nb: 2\n", "x"), [json!({"a": 1}), json!({"b": 2})]);
        assert_eq!(parse("# nothing\n", "x"), Value::Null);
    }

    #[test]
    #[should_panic(expected = "x:2:1: not valid YAML")]
    fn broken_text_is_told_with_its_place() {
        let _ = parse_all("{", "x");
    }
}
