//! The request that the API server would send.

use serde_json::{Value, json};

/// Builds an admission request: CREATE for an object, UPDATE when the live object is given.
///
/// The object's namespace is filled in as the API server does before it asks anyone. A missing name stays missing,
/// as it does with `generateName`.
///
/// ```
/// use mysql_replication_manifests::admission_request;
/// let object = serde_json::json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "mysql"}});
/// let request = admission_request(&object, None, "default");
/// assert_eq!(request["operation"], "CREATE");
/// assert_eq!(request["resource"]["resource"], "statefulsets");
/// ```
#[must_use]
pub fn admission_request(object: &Value, old: Option<&Value>, default_namespace: &str) -> Value {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let kind = object["kind"].as_str().unwrap_or_default();
    let object = with_namespace(object, default_namespace);
    let old = old.map(|old| with_namespace(old, default_namespace));
    let gvk = json!({"group": group, "version": version, "kind": kind});
    let gvr = json!({"group": group, "version": version, "resource": plural(kind)});
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    json!({
        "uid": "00000000-0000-4000-8000-000000000000",
        "kind": gvk,
        "resource": gvr,
        "requestKind": gvk,
        "requestResource": gvr,
        "name": object["metadata"]["name"].as_str().unwrap_or_default(),
        "namespace": object["metadata"]["namespace"].as_str().unwrap_or_default(),
        "operation": operation,
        "userInfo": {
            "username": "preview",
            "groups": ["system:authenticated"],
        },
        "object": object,
        "oldObject": old,
        "dryRun": true,
        "options": {
            "apiVersion": "meta.k8s.io/v1",
            "kind": if old.is_some() { "UpdateOptions" } else { "CreateOptions" },
        },
    })
}

/// The object with its namespace written in.
fn with_namespace(object: &Value, default_namespace: &str) -> Value {
    let mut object = object.clone();
    let absent = object["metadata"]["namespace"].as_str().is_none_or(str::is_empty);
    if absent
        && !crate::cluster::is_cluster_scoped(object["kind"].as_str().unwrap_or_default())
        && let Some(root) = object.as_object_mut()
        && let Some(metadata) = root.entry("metadata").or_insert_with(|| json!({})).as_object_mut()
    {
        metadata.insert("namespace".to_owned(), json!(default_namespace));
    }
    object
}

fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_str() {
        "" => String::new(),
        "endpoints" => lower,
        _ if lower.ends_with('s') => format!("{lower}es"),
        _ if lower.ends_with('y') => format!("{}ies", &lower[..lower.len() - 1]),
        _ => format!("{lower}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_and_update() {
        let object = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "a-"}});
        let request = admission_request(&object, None, "db");
        assert_eq!(request["kind"], json!({"group": "", "version": "v1", "kind": "Service"}));
        assert_eq!(request["namespace"], "db");
        assert_eq!(request["object"]["metadata"]["namespace"], "db");
        assert_eq!(request["name"], "");
        assert_eq!(request["oldObject"], Value::Null);
        let request = admission_request(&object, Some(&object), "db");
        assert_eq!(request["operation"], "UPDATE");
        assert_eq!(request["oldObject"]["metadata"]["namespace"], "db");
        assert_eq!(request["options"]["kind"], "UpdateOptions");
    }

    #[test]
    fn odd_objects_are_no_reason_to_panic() {
        for object in [json!({}), json!({"metadata": 1}), json!({"metadata": null, "kind": 7}), json!(null)] {
            let _ = admission_request(&object, Some(&object), "x");
        }
    }

    #[test]
    fn plurals() {
        assert_eq!(plural("StatefulSet"), "statefulsets");
        assert_eq!(plural("Ingress"), "ingresses");
        assert_eq!(plural("NetworkPolicy"), "networkpolicies");
    }
}
