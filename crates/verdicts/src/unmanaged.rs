//! Databases that nothing replicates: a hint that there is a way, and the way tried without editing a file.

use std::sync::Arc;

use mysql_replication_manifests::{Manifests, admission_request};
use serde_json::{Value, json};

use crate::evaluator::Evaluator;
use crate::violations::rule_of_warning;

/// The annotation that asks for the injection.
pub const ANNOTATION: &str = "mysql-replication.kubewarden.io/inject";
/// The rule that finds such databases.
const RULE: &str = "unmanaged";

/// Which StatefulSets are judged as if they had the annotation that asks for the injection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Inject {
    /// Those that have it.
    #[default]
    Annotated,
    /// Those of a database that the policy knows, too, unless their annotation says something.
    Databases,
    /// Those of this name, too.
    Named(String),
}

impl Inject {
    /// The object with the annotation, where it is to get it.
    pub(crate) fn annotate(&self, object: &Value, evaluator: &dyn Evaluator, namespace: &str) -> Option<Value> {
        if object["apiVersion"] != "apps/v1" || object["kind"] != "StatefulSet" {
            return None;
        }
        let given = &object["metadata"]["annotations"][ANNOTATION];
        let wanted = match self {
            Self::Annotated => false,
            Self::Databases => given.is_null() && is_unmanaged(&scaled(object), evaluator, namespace),
            Self::Named(name) => given != "true" && object["metadata"]["name"] == name.as_str(),
        };
        let mut object = wanted.then(|| object.clone())?;
        let annotations = &mut object["metadata"]["annotations"];
        if !annotations.is_object() {
            *annotations = json!({});
        }
        annotations[ANNOTATION] = json!("true");
        Some(object)
    }
}

/// What to tell somebody whose database has several pods that do not know each other.
pub(crate) fn hint(object: &Value, evaluator: &dyn Evaluator, namespace: &str) -> Option<String> {
    let unmanaged = object["kind"] == "StatefulSet"
        && object["metadata"]["annotations"][ANNOTATION].is_null()
        && is_unmanaged(object, evaluator, namespace);
    unmanaged.then(|| {
        format!(
            "nothing replicates these {} pods: each is a database of its own. See with --inject what the annotation \
             {ANNOTATION}: \"true\" would make of them",
            object["spec"]["replicas"]
        )
    })
}

/// Whether the pods of a workload run a database that the policy knows, whatever they are told and by whom.
#[must_use]
pub fn runs_database(object: &Value, evaluator: &dyn Evaluator, namespace: &str) -> bool {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let plain = containers.iter().map(|container| json!({"name": container["name"], "image": container["image"]}));
    let labels = json!({"app": "x"});
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "x"},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": plain.collect::<Vec<_>>()}},
        },
    });
    is_unmanaged(&set, evaluator, namespace)
}

/// The policy is asked, whatever its settings say of such databases: only it knows which they are.
fn is_unmanaged(object: &Value, evaluator: &dyn Evaluator, namespace: &str) -> bool {
    let request = admission_request(object, None, namespace);
    let answer = evaluator.validate(&request, &json!({"unmanaged": "warn"}), Arc::new(Manifests::default()));
    let warnings = answer.ok().and_then(|answer| answer.warnings).unwrap_or_default();
    warnings.iter().any(|warning| is_told(warning))
}

/// Whether a warning tells of such a database.
pub(crate) fn is_told(warning: &str) -> bool {
    rule_of_warning(warning).is_some_and(|(rule, _)| rule == RULE)
}

/// The object with several pods: one of a single pod can be injected, too.
fn scaled(object: &Value) -> Value {
    let mut object = object.clone();
    if object["spec"]["replicas"].as_i64().unwrap_or(1) < 2 && object["spec"].is_object() {
        object["spec"]["replicas"] = json!(2);
    }
    object
}
