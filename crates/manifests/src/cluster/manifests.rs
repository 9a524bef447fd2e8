//! A cluster that is made of manifests: what `preview` and the tests let the policy look up.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::field_mask::FieldMask;
use super::request::{Get, List};
use super::{Cluster, HostCall};

/// Kinds of the usual API groups that belong to no namespace.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "ClusterAdmissionPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "CSIDriver",
    "CSINode",
    "CustomResourceDefinition",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
];

/// Whether objects of this kind belong to no namespace.
pub(crate) fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// What tells an object from all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `StatefulSet`.
    pub kind: String,
    /// Empty for kinds that have none.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

impl ObjectKey {
    /// The key of an object; one without a namespace gets the default. `None` when it has no kind or no name.
    #[must_use]
    pub fn of(object: &Value, default_namespace: &str) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let kind = text(&object["kind"])?;
        let namespace = if is_cluster_scoped(&kind) {
            String::new()
        } else {
            text(&object["metadata"]["namespace"])
                .filter(|namespace| !namespace.is_empty())
                .unwrap_or_else(|| default_namespace.to_owned())
        };
        Some(Self {
            api_version: text(&object["apiVersion"])?,
            kind,
            namespace,
            name: text(&object["metadata"]["name"])?,
        })
    }
}

/// Objects that answer the policy's look-ups as a policy server with that cluster would. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    objects: Arc<BTreeMap<ObjectKey, Value>>,
    hidden: Option<ObjectKey>,
    /// Stands in the hidden object's place.
    instead: Option<(ObjectKey, Value)>,
}

impl Manifests {
    /// A cluster of these objects; those without a namespace are in the default one. Of two objects with the same
    /// key the later one counts. Objects without a name are left out.
    pub fn new(objects: impl IntoIterator<Item = Value>, default_namespace: &str) -> Self {
        let mut map = BTreeMap::new();
        for mut object in objects {
            let Some(key) = ObjectKey::of(&object, default_namespace) else {
                continue;
            };
            if !key.namespace.is_empty() {
                object["metadata"]["namespace"] = Value::String(key.namespace.clone());
            }
            map.insert(key, object);
        }
        Self { objects: Arc::new(map), hidden: None, instead: None }
    }

    /// This cluster before the object was in it.
    #[must_use]
    pub fn without(&self, key: Option<ObjectKey>) -> Self {
        Self { objects: Arc::clone(&self.objects), hidden: key, instead: None }
    }

    /// This cluster with another content of the object.
    #[must_use]
    pub fn with(&self, key: ObjectKey, mut object: Value) -> Self {
        if !key.namespace.is_empty()
            && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.insert("namespace".to_owned(), json!(key.namespace));
        }
        Self { objects: Arc::clone(&self.objects), hidden: Some(key.clone()), instead: Some((key, object)) }
    }

    /// The visible objects.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectKey, &Value)> {
        self.objects
            .iter()
            .filter(|(key, _)| self.hidden.as_ref() != Some(*key))
            .chain(self.instead.as_ref().map(|(key, object)| (key, object)))
    }

    fn get(&self, request: &Get) -> Result<Value, String> {
        let Get { api_version, kind, name, namespace, field_masks } = request;
        // the policy server's client (`kube-core`, `Request::get`)
        if name.is_empty() {
            return Err("Callback evaluation failure: A non-empty name is required".to_owned());
        }
        if namespace.is_none() && !is_cluster_scoped(kind) {
            return Err(format!(
                "Callback evaluation failure: Resource {api_version}/{kind} is namespaced, but no namespace was \
                 provided"
            ));
        }
        let key = ObjectKey {
            api_version: api_version.clone(),
            kind: kind.clone(),
            namespace: if is_cluster_scoped(kind) { String::new() } else { namespace.clone().unwrap_or_default() },
            name: name.clone(),
        };
        let object = if self.hidden.as_ref() == Some(&key) {
            self.instead.as_ref().map(|(_, object)| object)
        } else {
            self.objects.get(&key)
        };
        let mut object = object.cloned().ok_or_else(|| {
            format!(
                "Callback evaluation failure: Cannot find {api_version}/{kind} named '{name}' inside of namespace \
                 '{namespace:?}'"
            )
        })?;
        if let Some(masks) = field_masks {
            FieldMask::new(masks).prune_object(&mut object);
        }
        Ok(object)
    }

    fn list(&self, request: &List) -> Result<Value, String> {
        if request.label_selector.is_some() || request.field_selector.is_some() {
            return Err("selectors are not there offline".to_owned());
        }
        let mask = request.field_masks.as_ref().map(FieldMask::new);
        let is_listed = |key: &ObjectKey| {
            key.api_version == request.api_version && key.kind == request.kind && key.namespace == request.namespace
        };
        let masked = |object: &Value| {
            let mut object = object.clone();
            if let Some(mask) = &mask {
                mask.prune_object(&mut object);
            }
            without_history(&mut object);
            object
        };
        let items: Vec<Value> =
            self.objects().filter(|(key, _)| is_listed(key)).map(|(_, object)| masked(object)).collect();
        Ok(json!({
            "apiVersion": request.api_version,
            "kind": format!("{}List", request.kind),
            "metadata": {},
            "items": items,
        }))
    }
}

/// Drops what the host does not keep of a listed object (Kubewarden's `policy-evaluator`, `modify_object` of its
/// reflector).
fn without_history(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.remove("managedFields");
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

impl Cluster for Manifests {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        if call.binding != "kubewarden" {
            return Err(format!("unknown binding: {}", call.binding));
        }
        let answer = match (call.namespace, call.operation) {
            ("tracing", "log") => return Ok(Vec::new()),
            ("kubernetes", "get_resource") => self.get(&request(call)?)?,
            ("kubernetes", "list_resources_by_namespace") => self.list(&request(call)?)?,
            ("tracing" | "kubernetes", operation) => {
                return Err(format!("unknown operation: {operation}"));
            }
            (namespace, operation) => {
                return Err(format!("the host capability {namespace}/{operation} is not there offline"));
            }
        };
        Ok(answer.to_string().into_bytes())
    }
}

fn request<T: DeserializeOwned>(call: &HostCall<'_>) -> Result<T, String> {
    serde_json::from_slice(call.payload).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Manifests {
        Manifests::new(
            [
                json!({
                    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql"}, "spec": {"clusterIP": "None"},
                }),
                json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "other"}}),
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}),
            ],
            "default",
        )
    }

    fn ask(cluster: &Manifests, operation: &str, payload: &Value) -> Result<Value, String> {
        let payload = payload.to_string();
        cluster
            .answer(&HostCall {
                binding: "kubewarden",
                namespace: "kubernetes",
                operation,
                payload: payload.as_bytes(),
            })
            .map(|bytes| serde_json::from_slice(&bytes).unwrap())
    }

    fn service(name: &str, namespace: &Value) -> Value {
        json!({
            "api_version": "v1", "kind": "Service", "name": name, "namespace": namespace, "disable_cache": false,
            "field_masks": null,
        })
    }

    #[test]
    fn get_finds_an_object_with_its_namespace() {
        let object = ask(&cluster(), "get_resource", &service("mysql", &json!("default"))).unwrap();
        assert_eq!(object["metadata"]["namespace"], "default");
        assert_eq!(object["spec"]["clusterIP"], "None");
    }

    #[test]
    fn an_absent_object_is_an_error_in_the_servers_words() {
        let error = ask(&cluster(), "get_resource", &service("msyql", &json!("default"))).unwrap_err();
        assert_eq!(
            error,
            "Callback evaluation failure: Cannot find v1/Service named 'msyql' inside of namespace \
             'Some(\"default\")'"
        );
        let error = ask(&cluster(), "get_resource", &service("mysql", &json!(null))).unwrap_err();
        assert!(error.contains("is namespaced, but no namespace was provided"));
    }

    #[test]
    fn a_hidden_object_is_absent() {
        let all = cluster();
        let key = all.objects().find(|(key, _)| key.name == "mysql").map(|(key, _)| key.clone());
        let cluster = all.without(key);
        assert!(ask(&cluster, "get_resource", &service("mysql", &json!("default"))).is_err());
        let list = json!({"api_version": "v1", "kind": "Service", "namespace": "default"});
        assert_eq!(ask(&all, "list_resources_by_namespace", &list).unwrap()["items"].as_array().unwrap().len(), 1);
        assert_eq!(ask(&cluster, "list_resources_by_namespace", &list).unwrap()["items"], json!([]));
    }

    #[test]
    fn lists_by_namespace_and_mask() {
        let mut list =
            json!({"api_version": "v1", "kind": "Service", "namespace": "default", "field_masks": ["spec.type"]});
        let answer = ask(&cluster(), "list_resources_by_namespace", &list).unwrap();
        assert_eq!(answer["items"].as_array().unwrap().len(), 1);
        assert_eq!(answer["kind"], "ServiceList");
        assert_eq!(answer["items"][0]["metadata"]["name"], "mysql");
        assert_eq!(answer["items"][0]["spec"], json!({}));
        let all = json!({"api_version": "v1", "kind": "Service"});
        assert!(ask(&cluster(), "list_resources_by_namespace", &all).is_err());
        list["label_selector"] = json!("app=mysql");
        let error = ask(&cluster(), "list_resources_by_namespace", &list).unwrap_err();
        assert_eq!(error, "selectors are not there offline");
    }

    #[test]
    fn other_calls() {
        let cluster = cluster();
        assert_eq!(ask(&cluster, "nope", &json!({})).unwrap_err(), "unknown operation: nope");
        let call =
            |binding, namespace, operation| cluster.answer(&HostCall { binding, namespace, operation, payload: b"{}" });
        assert_eq!(call("kubewarden", "tracing", "log"), Ok(Vec::new()));
        assert!(call("kubewarden", "oci", "v1/verify").is_err());
        assert!(call("other", "kubernetes", "get_resource").is_err());
    }
}
