//! The types of the fields that the policy reads. The server checks them too, but after this policy, and offline
//! nobody else does: a field of the wrong type would otherwise read as absent.

use std::fmt;

use crate::{
    json::{Value, at, type_name},
    names::rule,
    verdict::{Findings, Violation},
};

#[derive(Clone, Copy)]
enum Kind {
    Object,
    Text,
    Whole,
    Boolean,
}

use Kind::{Boolean, Object, Text, Whole};

/// Fields of a StatefulSet (Kubernetes API reference, apps/v1); `[]` steps into every element.
const STATEFULSET: [(&str, Kind); 14] = [
    ("metadata", Object),
    ("metadata.name", Text),
    ("metadata.generateName", Text),
    ("metadata.annotations", Object),
    ("spec", Object),
    ("spec.replicas", Whole),
    ("spec.serviceName", Text),
    ("spec.ordinals", Object),
    ("spec.ordinals.start", Whole),
    ("spec.template", Object),
    ("spec.template.spec", Object),
    ("spec.volumeClaimTemplates[]", Object),
    ("spec.volumeClaimTemplates[].metadata", Object),
    ("spec.volumeClaimTemplates[].metadata.name", Text),
];

/// Fields of a pod's specification.
const POD: [(&str, Kind); 8] = [
    ("securityContext", Object),
    ("securityContext.runAsUser", Whole),
    ("securityContext.runAsNonRoot", Boolean),
    ("volumes[]", Object),
    ("volumes[].name", Text),
    ("containers[]", Object),
    ("initContainers[]", Object),
    ("hostNetwork", Boolean),
];

/// Fields of a container.
const CONTAINER: [(&str, Kind); 24] = [
    ("name", Text),
    ("image", Text),
    ("imagePullPolicy", Text),
    ("command[]", Text),
    ("args[]", Text),
    ("env[]", Object),
    ("env[].name", Text),
    ("env[].value", Text),
    ("env[].valueFrom", Object),
    ("envFrom[]", Object),
    ("ports[]", Object),
    ("ports[].name", Text),
    ("ports[].containerPort", Whole),
    ("volumeMounts[]", Object),
    ("volumeMounts[].name", Text),
    ("volumeMounts[].mountPath", Text),
    ("volumeMounts[].subPath", Text),
    ("volumeMounts[].subPathExpr", Text),
    ("volumeMounts[].readOnly", Boolean),
    ("securityContext", Object),
    ("securityContext.runAsUser", Whole),
    ("securityContext.runAsNonRoot", Boolean),
    ("livenessProbe", Object),
    ("readinessProbe", Object),
];

/// Reports every field of a StatefulSet that has the wrong type.
pub(crate) fn check(object: &Value, findings: &mut Findings) {
    if !object.is_object() {
        report(&At::Root("object"), object, Object, findings);
        return;
    }
    let root = At::Root("");
    for (path, kind) in STATEFULSET {
        walk(object, path, kind, &root, findings);
    }
    let Some(pod) = at(object, &["spec", "template", "spec"]) else { return };
    let at_pod = At::Root("spec.template.spec");
    for (path, kind) in POD {
        walk(pod, path, kind, &at_pod, findings);
    }
    for list in ["initContainers", "containers"] {
        let Some(containers) = pod.get(list).and_then(Value::as_array) else { continue };
        for (index, container) in containers.iter().enumerate().filter(|(_, container)| container.is_object()) {
            for (path, kind) in CONTAINER {
                walk(container, path, kind, &At::Element(&At::Key(&at_pod, list), index), findings);
            }
        }
    }
}

/// Where a field is; written out only where something is wrong with it.
#[derive(Clone, Copy)]
enum At<'a> {
    Root(&'a str),
    Key(&'a At<'a>, &'a str),
    Element(&'a At<'a>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(path) => f.write_str(path),
            Self::Key(Self::Root(""), key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Follows `path` down from `value`. What is absent, null or of the wrong type above the field is not its problem.
fn walk(value: &Value, path: &str, kind: Kind, parent: &At, findings: &mut Findings) {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let key = step.trim_end_matches("[]");
    let Some(field) = value.get(key).filter(|field| !field.is_null()) else { return };
    let at = At::Key(parent, key);
    if key.len() == step.len() {
        descend(field, rest, kind, &at, findings);
        return;
    }
    let Some(list) = field.as_array() else {
        // reported once, by the pattern that ends here
        if rest.is_none() {
            wrong_type(&at, field, "a list", findings);
        }
        return;
    };
    for (index, element) in list.iter().enumerate() {
        descend(element, rest, kind, &At::Element(&at, index), findings);
    }
}

fn descend(field: &Value, rest: Option<&str>, kind: Kind, at: &At, findings: &mut Findings) {
    match rest {
        Some(rest) => walk(field, rest, kind, at, findings),
        None => report(at, field, kind, findings),
    }
}

fn report(at: &At, field: &Value, kind: Kind, findings: &mut Findings) {
    let (right, wanted) = match kind {
        Object => (field.is_object(), "an object"),
        Text => (field.as_str().is_some(), "a string"),
        Whole => (field.as_i64().is_some(), "a whole number"),
        Boolean => (matches!(field, Value::Bool(_)), "true or false"),
    };
    if !right {
        wrong_type(at, field, wanted, findings);
    }
}

fn wrong_type(at: &At, field: &Value, wanted: &str, findings: &mut Findings) {
    findings.reject(Violation::new(
        rule::MALFORMED,
        at.to_string(),
        format!("found {}", type_name(field)),
        "Kubernetes takes no such value here",
        format!("write {wanted}"),
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn paths(object: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        check(object, &mut findings);
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
                "spec.template.spec.volumes",
                "spec.template.spec.containers[1]",
                "spec.template.spec.containers[0].name",
                "spec.template.spec.containers[0].env[1]",
                "spec.template.spec.containers[0].env[0].value",
            ]
        );
    }

    #[test]
    fn null_is_absent() {
        assert!(paths(&json!({"metadata": null, "spec": {"template": null, "volumeClaimTemplates": null}})).is_empty());
    }
}
