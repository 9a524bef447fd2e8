//! The objects of a document: what is judged one by one.

use std::borrow::Cow;

use mysql_replication_manifests::yaml::{Document, YamlError};
use serde_json::Value;

/// An object in a document: the document itself, or an item of a `List`.
pub(crate) struct Target<'d> {
    pub(crate) item: Option<usize>,
    /// As it is given, or with the annotation that asks for the injection.
    pub(crate) object: Cow<'d, Value>,
    pub(crate) line: usize,
}

fn what(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
        _ => "a single value",
    }
}

/// The objects of a document.
pub(crate) fn targets(document: &Document) -> Result<Vec<Target<'_>>, YamlError> {
    let error = |line: usize, message: String| Err(YamlError::at(document.file(), line, 1, message));
    let value = document.value();
    if value.is_null() {
        return Ok(Vec::new());
    }
    if !value.is_object() {
        return error(
            document.line(),
            format!(
                "the document is {}; a manifest is a map with `apiVersion` and `kind` (several objects are \
                 separated by `---` or are items of a `kind: List`)",
                what(value)
            ),
        );
    }
    for key in ["apiVersion", "kind"] {
        if let Some(found) = value.get(key)
            && !found.is_string()
        {
            let line = document.line_of(&[key]).unwrap_or(document.line());
            return error(line, format!("`{key}` is {}, not text", what(found)));
        }
    }
    if value["kind"] != "List" || value["apiVersion"] != "v1" {
        return Ok(vec![Target { item: None, object: Cow::Borrowed(value), line: document.line() }]);
    }
    let items: &[Value] = match &value["items"] {
        Value::Null => &[],
        Value::Array(items) => items,
        other => {
            let line = document.line_of(&["items"]).unwrap_or(document.line());
            return error(line, format!("`items` of the List is {}, not a list", what(other)));
        }
    };
    let mut targets = Vec::new();
    for (index, object) in items.iter().enumerate() {
        let step = index.to_string();
        let line = document.line_of(&["items", &step]).unwrap_or(document.line());
        if !object.is_object() {
            return error(line, format!("item {index} of the List is {}, not an object", what(object)));
        }
        targets.push(Target { item: Some(index), object: Cow::Borrowed(object), line });
    }
    Ok(targets)
}
