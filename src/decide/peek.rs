//! A look at an object's text that builds nothing: most objects are none of the policy's business.

use crate::{
    annotations::own,
    json::{Field, Found, Value, at, outline},
    names::ANNOTATION_PREFIX,
};

/// Could it carry a key that was meant to be the one that wishes for the injection, in whatever case and domain?
pub(crate) fn may_wish(object: &str) -> bool {
    let is_wish = |name: &[u8]| name.get(..7).is_some_and(|name| name.eq_ignore_ascii_case(b"inject\""));
    object.split('/').skip(1).any(|rest| is_wish(rest.as_bytes()))
}

/// Does an object that is parsed carry an annotation of this policy, on itself or on its pods?
pub(crate) fn has_own_annotation(object: &Value) -> bool {
    let on_pods = at(object, &["spec", "template", "metadata", "annotations"]).and_then(Value::as_object);
    own(object).next().is_some()
        || on_pods.is_some_and(|annotations| annotations.keys().any(|key| key.starts_with(ANNOTATION_PREFIX)))
}

/// Is an object, as far as rules look at it, written just as what is stored of it?
pub(crate) fn is_same(object: &str, old: &str) -> bool {
    const FIELDS: &[Field] = &[
        Field::inside("metadata", 0, &[Field::raw("annotations", 1), Field::raw("labels", 2)]),
        Field::raw("spec", 3),
        Field::raw("data", 4),
        Field::raw("binaryData", 5),
    ];
    let outline = |json| -> Option<Found<6>> { outline(json, FIELDS).ok() };
    outline(object).is_some_and(|object| outline(old) == Some(object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::may_be_ours;

    #[test]
    fn tells_objects_that_concern_the_policy() {
        for (object, expected) in [
            ("{}", false),
            (r#"{"metadata": {"annotations": {"a": "b"}}}"#, false),
            (
                r#"{"metadata": {"annotations": {"a": {"deep": [1]}, "mysql-replication.kubewarden.io/inject": 1}}}"#,
                true,
            ),
            (r#"{"metadata": {"annotations": {"mysql-replication.kubewarden.io\/inject": "true"}}}"#, true),
            (
                r#"{"spec": {"template": {"metadata": {"annotations": {"mysql-replication.kubewarden.io/x": ""}}}}}"#,
                true,
            ),
        ] {
            assert_eq!(may_be_ours(object), expected, "{object}");
        }
    }

    #[test]
    fn tells_wishes_by_their_key() {
        for (object, expected) in [
            (r#"{"metadata": {"labels": {"mysql-replication.kubewarden.com/Inject": "true"}}}"#, true),
            (r#"{"metadata": {"labels": {"a\/inject": ""}}}"#, true),
            (r#"{"metadata": {"labels": {"a/injected": ""}}}"#, false),
            (r#"{"path": "/inject"#, false),
            ("/", false),
        ] {
            assert_eq!(may_wish(object), expected, "{object}");
        }
    }

    #[test]
    fn what_is_written_alike_is_the_same() {
        let object = |status: &str, spec: &str, annotation: &str| {
            format!(r#"{{"status": {status}, "spec": {spec}, "metadata": {{"annotations": {{"a": "{annotation}"}}}}}}"#)
        };
        let old = object("1", "{}", "x");
        assert!(is_same(&object("2", "{}", "x"), &old));
        assert!(!is_same(&object("1", "[]", "x"), &old));
        assert!(!is_same(&object("1", "{}", "y"), &old));
        assert!(!is_same("[]", "[]"));
    }
}
