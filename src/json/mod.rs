//! Lenient reading and careful writing of JSON trees. What has the wrong type reads as absent: [`crate::shape`] has
//! reported it before.

mod object;
mod outline;
mod read;
#[cfg(test)]
mod testing;
mod value;
mod write;

pub(crate) use object::Object;
pub(crate) use outline::{Field, Found, outline};
pub(crate) use read::{TOO_MANY, read, read_at_most};
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

/// An element's `name`.
pub(crate) fn name<'v>(element: &'v Value) -> &'v str {
    match element {
        Value::Part(part) => part.name,
        element => str_at(element, &["name"]),
    }
}

/// The element of a list by its `name`.
pub(crate) fn by_name<'v, 'a>(list: &'v [Value<'a>], wanted: &str) -> Option<&'v Value<'a>> {
    list.iter().find(|element| name(element) == wanted)
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

/// Does `actual` hold all that `planned` says? The server adds defaults to what it stores, and other admission
/// controllers may add to it: fields and list elements beyond the planned ones do no harm.
pub(crate) fn covers(actual: &Value, planned: &Value) -> bool {
    match (actual, planned) {
        (Value::Object(actual), Value::Object(planned)) => planned.iter().all(|(key, planned)| match actual.get(key) {
            Some(actual) => covers(actual, planned),
            None => planned.is_null(),
        }),
        (Value::Array(actual), Value::Array(planned)) if planned.iter().all(Value::is_object) => {
            planned.iter().all(|planned| actual.iter().any(|actual| covers(actual, planned)))
        }
        (Value::Array(actual), Value::Array(planned)) => {
            actual.len() == planned.len() && actual.iter().zip(planned).all(|(actual, planned)| covers(actual, planned))
        }
        (actual, planned) => actual == planned,
    }
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
        Value::Object(_) | Value::Part(_) => "an object",
        Value::Raw(_) => "what no rule looks into",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_takes_what_the_server_adds() {
        let planned = json!({"name": "a", "env": [{"name": "X", "value": "1"}], "emptyDir": {}});
        assert!(covers(
            &json!({"name": "a", "env": [{"name": "Y"}, {"name": "X", "value": "1"}], "policy": "File", "emptyDir": {}}),
            &planned
        ));
        // the kind of a volume is a key, though its value be empty
        assert!(!covers(&json!({"name": "a", "env": [{"name": "X", "value": "1"}], "configMap": {}}), &planned));
        assert!(!covers(&json!({"name": "a", "env": [{"name": "X", "value": "2"}]}), &planned));
        assert!(!covers(&json!({"command": ["a", "b"]}), &json!({"command": ["a"]})));
    }

    #[test]
    fn object_at_stops_at_what_is_no_object() {
        assert!(object_at(&mut json!({"a": 1}), &["a", "b"]).is_none());
        assert!(object_at(&mut json!({"a": null}), &["a", "b"]).is_some());
    }
}
