//! Lenient reading and careful writing of JSON trees: what has the wrong type reads as absent. Why it is not
//! `serde_json::Value`: `docs/decisions/0003-json-tree.md`.

mod object;
mod outline;
mod read;
mod rendered;
#[cfg(test)]
mod testing;
mod value;
mod write;

pub(crate) use object::Object;
pub(crate) use outline::{Field, Found, outline};
pub(crate) use read::{TOO_MANY, read, read_at_most};
pub(crate) use rendered::Rendered;
#[cfg(test)]
pub(crate) use testing::json;
pub(crate) use value::{NULL, Value};
pub(crate) use write::{write_list, write_str};

/// The value at a path of keys, if every step is an object that has it and it is not null.
pub(crate) fn at<'v, 'a>(value: &'v Value<'a>, path: &[&str]) -> Option<&'v Value<'a>> {
    path.iter().try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// The string at a path; empty where there is none.
pub(crate) fn str_at<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The list at a path; empty where there is none.
pub(crate) fn list_at<'v, 'a>(value: &'v Value<'a>, path: &[&str]) -> &'v [Value<'a>] {
    at(value, path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The object at a path, made where it is absent or null. `None` where something else stands in its way.
pub(crate) fn object_at<'v, 'a>(value: &'v mut Value<'a>, path: &[&'static str]) -> Option<&'v mut Object<'a>> {
    let mut value = value;
    for key in path {
        value = value.as_object_mut()?.slot(key);
        if value.is_null() {
            *value = Value::Object(Object::default());
        }
    }
    value.as_object_mut()
}

/// The list under a key, made where it is absent or null. `None` where something else stands there.
pub(crate) fn list_in<'v, 'a>(object: &'v mut Object<'a>, key: &'static str) -> Option<&'v mut Vec<Value<'a>>> {
    let value = object.slot(key);
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    value.as_array_mut()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// The value without nulls and empty lists and objects, for comparing what means the same.
pub(crate) fn without_empties<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::Object(object) => Value::Object(object.map(|value| {
            let value = without_empties(value);
            (!is_empty(&value)).then_some(value)
        })),
        Value::Array(list) => Value::Array(list.iter().map(without_empties).collect()),
        other => other.clone(),
    }
}

/// The name of a value's type as errors show it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) | Value::Rendered(_) => "an object",
        Value::Raw(_) => "what no rule looks into",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_at_stops_at_what_is_no_object() {
        assert!(object_at(&mut json!({"a": 1}), &["a", "b"]).is_none());
        assert!(object_at(&mut json!({"a": null}), &["a", "b"]).is_some());
    }
}
