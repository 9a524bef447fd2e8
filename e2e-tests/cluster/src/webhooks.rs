//! What makes the API server ask a policy server that was started by hand: the webhook configurations that Kubewarden's
//! controller makes of a policy (kubewarden-controller, `internal/controller/policy_subreconciler_webhook.go`), but
//! with a URL in the place of a Service.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Where the policy server is.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// `https://HOST:PORT`
    pub(crate) url: String,
    /// The authority's certificate, as PEM.
    pub(crate) ca: String,
}

/// The name that Kubewarden gives to a policy of the whole cluster.
fn unique_name(policy: &Value) -> Result<String, String> {
    let name = policy["metadata"]["name"].as_str().ok_or_else(|| format!("a policy without a name: {policy}"))?;
    Ok(format!("clusterwide-{name}"))
}

/// The webhook configuration of a `ClusterAdmissionPolicy`, with its rules, selectors and conditions as they are.
///
/// # Errors
/// Where it is no such policy.
pub(crate) fn configuration(policy: &Value, address: &Address) -> Result<Value, String> {
    if policy["kind"] != "ClusterAdmissionPolicy" {
        return Err(format!("no ClusterAdmissionPolicy: {policy}"));
    }
    let name = unique_name(policy)?;
    let spec = &policy["spec"];
    let mut webhook = json!({
        "name": format!("{name}.kubewarden.admission"),
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "clientConfig": {
            "url": format!("{}/validate/{name}", address.url.trim_end_matches('/')),
            "caBundle": STANDARD.encode(&address.ca),
        },
    });
    let passed_on = ["rules", "failurePolicy", "timeoutSeconds", "namespaceSelector", "matchConditions", "matchPolicy"];
    for key in passed_on {
        if let Some(value) = spec.get(key) {
            webhook[key] = value.clone();
        }
    }
    let kind = if spec["mutating"] == true { "MutatingWebhookConfiguration" } else { "ValidatingWebhookConfiguration" };
    Ok(json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {"app.kubernetes.io/part-of": "mysql-replication-e2e"}},
        "webhooks": [webhook],
    }))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use mysql_replication_manifests::yaml;

    use super::*;

    fn policies() -> Vec<Value> {
        let name = "policy-metadata/cluster-admission-policy.yaml";
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
        let reading = yaml::read(name, &fs::read(file).expect("the policies"));
        assert!(reading.errors.is_empty(), "{:?}", reading.errors);
        reading.documents.iter().map(|document| document.value().clone()).collect()
    }

    fn address() -> Address {
        Address { url: "https://127.0.0.1:3000/".to_owned(), ca: "PEM".to_owned() }
    }

    #[test]
    fn what_the_policies_say_is_what_the_api_server_is_told() {
        let policies = policies();
        let made: Vec<_> = policies.iter().map(|policy| configuration(policy, &address()).expect("it")).collect();
        let kinds: Vec<_> = made.iter().map(|one| (one["kind"].clone(), one["metadata"]["name"].clone())).collect();
        assert_eq!(
            kinds,
            [
                (json!("MutatingWebhookConfiguration"), json!("clusterwide-mysql-replication")),
                (json!("ValidatingWebhookConfiguration"), json!("clusterwide-mysql-replication-workloads")),
            ]
        );
        for (policy, made) in policies.iter().zip(&made) {
            let webhook = &made["webhooks"][0];
            for key in ["rules", "failurePolicy", "timeoutSeconds", "namespaceSelector", "matchConditions"] {
                assert!(webhook[key] == policy["spec"][key] && !webhook[key].is_null(), "{key}: {webhook}");
            }
            assert_eq!(webhook["matchPolicy"], Value::Null, "the API server's own: Equivalent");
        }
        assert_eq!(
            made[1]["webhooks"][0]["clientConfig"],
            json!({
                "url": "https://127.0.0.1:3000/validate/clusterwide-mysql-replication-workloads",
                "caBundle": "UEVN",
            })
        );
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let error = configuration(&json!({"kind": "Pod"}), &address()).expect_err("it is none");
        assert!(error.starts_with("no ClusterAdmissionPolicy"), "{error}");
        let nameless = json!({"kind": "ClusterAdmissionPolicy", "spec": {}});
        assert!(configuration(&nameless, &address()).is_err());
    }
}
