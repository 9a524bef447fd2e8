//! The types of the fields that the policy reads. The server checks them too, but after this policy, and offline
//! nobody else does: a field of the wrong type would otherwise read as absent.

use crate::{
    field_path::FieldPath,
    findings::{Findings, Violation},
    json::{Value, type_name},
    rule,
};

/// What a value must be.
enum Shape {
    /// An object, with the fields of it that matter.
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
    Text,
    Whole,
    Boolean,
}

use Shape::{Boolean, List, Object, Text, Whole};

/// A StatefulSet (Kubernetes API reference, apps/v1).
const STATEFULSET: Shape = Object(&[
    ("metadata", Object(&[("name", Text), ("generateName", Text), ("annotations", Object(&[]))])),
    (
        "spec",
        Object(&[
            ("replicas", Whole),
            ("serviceName", Text),
            ("ordinals", Object(&[("start", Whole)])),
            ("template", Object(&[("spec", POD)])),
            ("volumeClaimTemplates", List(&Object(&[("metadata", Object(&[("name", Text)]))]))),
        ]),
    ),
]);

const POD: Shape = Object(&[
    ("securityContext", SECURITY_CONTEXT),
    ("volumes", List(&Object(&[("name", Text)]))),
    ("containers", List(&CONTAINER)),
    ("initContainers", List(&CONTAINER)),
    ("hostNetwork", Boolean),
]);

const CONTAINER: Shape = Object(&[
    ("name", Text),
    ("image", Text),
    ("imagePullPolicy", Text),
    ("command", List(&Text)),
    ("args", List(&Text)),
    ("env", List(&Object(&[("name", Text), ("value", Text), ("valueFrom", Object(&[]))]))),
    ("envFrom", List(&Object(&[]))),
    ("ports", List(&Object(&[("name", Text), ("containerPort", Whole)]))),
    (
        "volumeMounts",
        List(&Object(&[
            ("name", Text),
            ("mountPath", Text),
            ("subPath", Text),
            ("subPathExpr", Text),
            ("readOnly", Boolean),
        ])),
    ),
    ("securityContext", SECURITY_CONTEXT),
    ("livenessProbe", Object(&[])),
    ("readinessProbe", Object(&[])),
]);

const SECURITY_CONTEXT: Shape = Object(&[("runAsUser", Whole), ("runAsNonRoot", Boolean)]);

/// Reports every field of a StatefulSet that has the wrong type.
pub(crate) fn check(object: &Value, findings: &mut Findings) {
    descend(object, &STATEFULSET, &FieldPath::Object, findings);
}

fn descend(value: &Value, shape: &Shape, path: &FieldPath, findings: &mut Findings) {
    let wanted = match (shape, value) {
        (Object(fields), Value::Object(object)) => {
            for (key, shape) in *fields {
                // null is as good as absent
                if let Some(field) = object.get(key).filter(|field| !field.is_null()) {
                    descend(field, shape, &path.field(key), findings);
                }
            }
            return;
        }
        (List(shape), Value::Array(list)) => {
            for (index, element) in list.iter().enumerate() {
                descend(element, shape, &path.element(index), findings);
            }
            return;
        }
        (Text, Value::String(_)) | (Boolean, Value::Bool(_)) => return,
        (Whole, value) if value.as_i64().is_some() => return,
        (Object(_), _) => "an object",
        (List(_), _) => "a list",
        (Text, _) => "a string",
        (Whole, _) => "a whole number",
        (Boolean, _) => "true or false",
    };
    wrong_type(path, value, wanted, findings);
}

fn wrong_type(path: &FieldPath, field: &Value, wanted: &str, findings: &mut Findings) {
    findings.reject_for(rule::MALFORMED, || {
        Violation::new(
            rule::MALFORMED,
            *path,
            format!("found {}", type_name(field)),
            "Kubernetes takes no such value here",
            format!("write {wanted}"),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn paths(object: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        check(object, &mut findings);
        findings.violations.sort();
        findings.violations.into_iter().map(|violation| violation.path.into_owned()).collect()
    }

    #[test]
    fn names_every_field_of_a_wrong_type() {
        assert_eq!(paths(&json!([])), ["object"]);
        assert_eq!(
            paths(&json!({"spec": {"replicas": "3", "template": {"spec": {
                "volumes": {"a": 1},
                "containers": [{"name": 1, "env": [{"name": "A", "value": 3}, "x"]}, null]
            }}}})),
            [
                "spec.replicas",
                "spec.template.spec.containers[0].env[0].value",
                "spec.template.spec.containers[0].env[1]",
                "spec.template.spec.containers[0].name",
                "spec.template.spec.containers[1]",
                "spec.template.spec.volumes",
            ]
        );
    }

    #[test]
    fn null_is_absent() {
        assert!(paths(&json!({"metadata": null, "spec": {"template": null, "volumeClaimTemplates": null}})).is_empty());
    }
}
