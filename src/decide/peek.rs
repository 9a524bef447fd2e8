//! A look at an object's annotations that builds nothing: most objects are none of the policy's business.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use crate::{annotations::own, names::ANNOTATION_PREFIX};

/// Could an object carry an annotation of this policy, on itself or on its pods? An object of an unexpected form
/// could: it is then looked at in full.
pub(crate) fn concerns(object: &str) -> bool {
    serde_json::from_str::<Peek>(object).map_or(true, |peek| {
        let on_pods = peek.spec.and_then(|spec| spec.template);
        has(peek.metadata) || on_pods.is_some_and(|template| has(template.metadata))
    })
}

/// The same for an object that is parsed.
pub(crate) fn has_own_annotation(object: &Value) -> bool {
    let on_pods = object.pointer("/spec/template/metadata/annotations").and_then(Value::as_object);
    own(object).next().is_some()
        || on_pods.is_some_and(|annotations| annotations.keys().any(|key| key.starts_with(ANNOTATION_PREFIX)))
}

fn has(metadata: Option<Metadata>) -> bool {
    metadata.and_then(|metadata| metadata.annotations).is_some_and(|annotations| annotations.0)
}

#[derive(Deserialize)]
struct Peek {
    metadata: Option<Metadata>,
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Spec {
    template: Option<Template>,
}

#[derive(Deserialize)]
struct Template {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    annotations: Option<HasOurs>,
}

/// Is any key of a map one of ours?
struct HasOurs(bool);

impl<'de> Deserialize<'de> for HasOurs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = HasOurs;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("annotations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HasOurs, A::Error> {
        let mut found = false;
        while let Some(ours) = map.next_key_seed(IsOurs)? {
            found |= ours;
            map.next_value::<IgnoredAny>()?;
        }
        Ok(HasOurs(found))
    }
}

struct IsOurs;

impl<'de> DeserializeSeed<'de> for IsOurs {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for IsOurs {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key.starts_with(ANNOTATION_PREFIX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_objects_that_concern_the_policy() {
        for (object, expected) in [
            ("{}", false),
            (r#"{"metadata": null, "spec": null}"#, false),
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
            // unexpected forms are looked at in full
            ("[]", true),
            (r#"{"metadata": 5}"#, true),
        ] {
            assert_eq!(concerns(object), expected, "{object}");
        }
    }
}
