//! What is known of every Kubernetes object, whatever its kind.

use crate::json::{Value, at, str_at};

/// An element's `name`.
pub(crate) fn name<'v>(element: &'v Value) -> &'v str {
    match element {
        Value::Rendered(rendered) => rendered.name,
        element => str_at(element, &["name"]),
    }
}

/// The element of a list by its `name`.
pub(crate) fn by_name<'v, 'a>(list: &'v [Value<'a>], wanted: &str) -> Option<&'v Value<'a>> {
    list.iter().find(|element| name(element) == wanted)
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

/// How many pods are asked for; the server's default is one.
pub(crate) fn replicas(object: &Value) -> i64 {
    at(object, &["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1)
}

/// What no rule looks into, and what can be more than all the rest of an object: its `metadata.managedFields` and its
/// `status`. `depth` is how many keys are above.
pub(crate) fn is_opaque(depth: usize, key: &str) -> bool {
    match depth {
        0 => key == "status",
        1 => key == "managedFields",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

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
}
