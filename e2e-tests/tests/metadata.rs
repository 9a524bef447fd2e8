//! `policy-metadata/` says what the code does.

use mysql_replication_e2e_tests::{policy, read_manifest, request, root};
use serde_json::{Value, json};

fn metadata() -> Value {
    read_manifest(&root().join("policy-metadata/metadata.yml"))
}

/// The policy acts on just those kinds and operations for which the API server is told to ask it.
#[test]
fn the_rules_are_those_that_the_code_serves() {
    let metadata = metadata();
    let rules = metadata["rules"].as_array().expect("rules");
    let asked = |group: &str, version: &str, resource: &str, operation: &str| {
        let lists = |rule: &Value, key: &str, wanted: &str| {
            rule[key].as_array().is_some_and(|list| list.iter().any(|value| value == wanted))
        };
        rules.iter().any(|rule| {
            lists(rule, "apiGroups", group)
                && lists(rule, "apiVersions", version)
                && lists(rule, "resources", resource)
                && lists(rule, "operations", operation)
        })
    };
    let kinds = [
        ("apps", "v1", "StatefulSet", "statefulsets"),
        ("apps", "v1", "Deployment", "deployments"),
        ("apps", "v1", "DaemonSet", "daemonsets"),
        ("apps", "v1", "ReplicaSet", "replicasets"),
        ("batch", "v1", "Job", "jobs"),
        ("batch", "v1", "CronJob", "cronjobs"),
        ("", "v1", "Pod", "pods"),
        ("", "v1", "Service", "services"),
        ("", "v1", "ConfigMap", "configmaps"),
    ];
    let mut acted = 0;
    for (group, version, kind, resource) in kinds {
        for operation in ["CREATE", "UPDATE", "DELETE", "CONNECT"] {
            let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
            // an object that is refused wherever the policy looks at it
            let object = json!({
                "apiVersion": api_version, "kind": kind,
                "metadata": {"name": "x", "annotations": {"mysql-replication.kubewarden.io/inject": "perhaps"}},
            });
            let mut request = request(&object, None);
            request["operation"] = json!(operation);
            let payload = json!({"request": request, "settings": {}}).to_string();
            let acts = !mysql_replication_policy::validate(payload.as_bytes()).accepted;
            acted += usize::from(acts);
            assert_eq!(acts, asked(group, version, resource, operation), "{operation} of {resource}");
        }
    }
    assert_eq!(acted, 2);
    assert_eq!(rules.len(), 1, "a rule beyond those that were tried");
}

#[test]
fn the_policy_mutates_and_asks_the_host_for_nothing() {
    let metadata = metadata();
    assert_eq!(metadata["mutating"], true);
    assert_eq!(metadata["executionMode"], "kubewarden-wapc");
    assert!(metadata["contextAwareResources"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(policy().protocol_version().expect("an answer"), "v1");
}

#[test]
fn the_version_is_the_crates() {
    assert_eq!(metadata()["annotations"]["io.kubewarden.policy.version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn the_example_installation_asks_for_the_same() {
    let policy = read_manifest(&root().join("policy-metadata/cluster-admission-policy.yaml"));
    assert_eq!(policy["spec"]["rules"], metadata()["rules"]);
    assert_eq!(policy["spec"]["mutating"], true);
    assert!(policy["spec"]["namespaceSelector"]["matchExpressions"].is_array());
}

#[test]
fn settings_are_checked_by_the_artefact() {
    for (settings, valid) in [
        (json!({}), true),
        (json!(null), true),
        (json!({"storage": {"size": "20Gi"}}), true),
        (json!([]), false),
        (json!("x"), false),
        (json!(5), false),
        (json!({"storag": {}}), false),
    ] {
        let answer = policy().validate_settings(&settings).expect("an answer");
        assert_eq!(answer.valid, valid, "{settings}: {:?}", answer.message);
        assert_eq!(answer.message.is_none(), valid, "{settings}");
    }
}
