//! The objects of a document, taken out of it as kubectl takes them: whatever has a list of `items` is a list.

use std::borrow::Cow;

use mysql_replication_manifests::yaml::{Document, YamlError};
use serde_json::Value;

/// How the kinds of lists end. An item may leave out its kind, which is the rest then.
const LIST: &str = "List";

/// An object in a document: the document itself, or an item of a list.
pub(crate) struct Target<'d> {
    /// The number of the item, then that of the item in it, and so on; none for the document itself.
    pub(crate) items: Vec<usize>,
    /// As it is given, or with what is to be judged as if it were there.
    pub(crate) object: Cow<'d, Value>,
    /// The line where it begins.
    pub(crate) line: usize,
    /// Whether its kind and API version are those of its list.
    pub(crate) is_of_list: bool,
    /// Whether the annotation that asks for the injection was put in.
    pub(crate) is_annotated: bool,
}

impl<'d> Target<'d> {
    fn new(items: &[usize], object: Cow<'d, Value>, line: usize) -> Self {
        Self { items: items.to_vec(), object, line, is_of_list: false, is_annotated: false }
    }

    /// Puts what became of it into the document's value.
    pub(crate) fn put(&self, value: &mut Value, mut object: Value) {
        if self.is_of_list
            && let Some(map) = object.as_object_mut()
        {
            map.retain(|key, _| key != "apiVersion" && key != "kind");
        }
        let place = self.items.iter().fold(value, |list, index| &mut list["items"][*index]);
        *place = object;
    }
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
    let mut targets = Vec::new();
    add(document, value, &[], &mut targets)?;
    Ok(targets)
}

/// Adds an object of the document, or all that is in it if it is a list, which lists may be, too.
fn add<'d>(
    document: &'d Document,
    object: &'d Value,
    items: &[usize],
    targets: &mut Vec<Target<'d>>,
) -> Result<(), YamlError> {
    if !is_list(object) {
        targets.push(Target::new(items, Cow::Borrowed(object), line(document, items, None)));
        return Ok(());
    }
    let error = |line: usize, message: String| Err(YamlError::at(document.file(), line, 1, message));
    let kind = object["kind"].as_str().unwrap_or_default();
    let inner: &[Value] = match &object["items"] {
        Value::Null => &[],
        Value::Array(inner) => inner,
        other => {
            let message = format!("`items` of the {kind} is {}, not a list", what(other));
            return error(line(document, items, Some("items")), message);
        }
    };
    for (index, item) in inner.iter().enumerate() {
        let items = [items, &[index]].concat();
        let line = line(document, &items, None);
        if !item.is_object() {
            return error(line, format!("item {index} of the {kind} is {}, not an object", what(item)));
        }
        match with_kind_of(object, item) {
            Some(filled) => {
                targets.push(Target { is_of_list: true, ..Target::new(&items, Cow::Owned(filled), line) });
            }
            None => add(document, item, &items, targets)?,
        }
    }
    Ok(())
}

/// The line of an item, or of a field of it; where nothing is, the document's.
fn line(document: &Document, items: &[usize], field: Option<&str>) -> usize {
    let steps: Vec<String> = items.iter().flat_map(|index| ["items".to_owned(), index.to_string()]).collect();
    let path: Vec<&str> = steps.iter().map(String::as_str).chain(field).collect();
    document.line_of(&path).unwrap_or(document.line())
}

/// Whether kubectl takes it apart: it does so with whatever has `items`, as long as they are objects, and is refused
/// with a list whose items are none (`UnstructuredJSONScheme` and `FlattenListVisitor` of Kubernetes).
fn is_list(object: &Value) -> bool {
    let kind = object["kind"].as_str().unwrap_or_default();
    match object.get("items") {
        Some(Value::Array(items)) if !kind.is_empty() => kind.ends_with(LIST) || items.iter().all(Value::is_object),
        Some(_) if kind != LIST => kind.ends_with(LIST),
        _ => kind == LIST && object["apiVersion"] == "v1",
    }
}

/// The item of a list with the kind and the API version that kubectl gives it where it has neither.
fn with_kind_of(list: &Value, item: &Value) -> Option<Value> {
    let is_absent = |key: &str| item[key].as_str().is_some_and(str::is_empty) || item[key].is_null();
    let kind = list["kind"].as_str()?.strip_suffix(LIST).filter(|kind| !kind.is_empty())?;
    if !is_absent("apiVersion") || !is_absent("kind") {
        return None;
    }
    let mut filled = item.clone();
    filled["apiVersion"] = list["apiVersion"].clone();
    filled["kind"] = Value::from(kind);
    Some(filled)
}
