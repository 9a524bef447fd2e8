//! `policy-metadata/` says what the code does.

use std::{collections::BTreeSet, sync::Arc};

use mysql_replication_e2e_tests::{Recorder, policy, read_manifest, read_manifests, request, root};
use mysql_replication_preview::Manifests;
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
            let nothing = |_: &str, _: &[u8]| Err("Cannot find v1/Service named 'x'".to_owned());
            let answer = mysql_replication_policy::validate(payload.as_bytes(), &nothing);
            let answer: Value = serde_json::from_slice(&answer).expect("an answer");
            let acts = answer["accepted"] == false;
            acted += usize::from(acts);
            assert_eq!(acts, asked(group, version, resource, operation), "{operation} of {resource}");
        }
    }
    assert_eq!(acted, 2 * kinds.len());
    let listed = |key: &str| rules.iter().filter_map(|rule| rule[key].as_array()).map(Vec::len).sum::<usize>();
    // and the scale of StatefulSets, which look_ups.rs tries
    assert!(
        asked("apps", "v1", "statefulsets/scale", "UPDATE") && !asked("apps", "v1", "statefulsets/scale", "CREATE")
    );
    assert_eq!(listed("resources"), kinds.len() + 1, "a resource beyond those that were tried");
}

/// The policy may read just what it looks up: each kind of object, by name and as a list of a namespace.
#[test]
fn look_ups_are_those_that_the_metadata_and_the_role_allow() {
    let metadata = metadata();
    assert_eq!(metadata["mutating"], true);
    assert_eq!(metadata["executionMode"], "kubewarden-wapc");
    assert_eq!(policy().protocol_version().expect("an answer"), "v1");

    let mut kinds = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for (operation, request) in look_ups() {
        kinds.insert((request["api_version"].to_string(), request["kind"].to_string()));
        operations.insert(json!(format!("kubernetes/{operation}")).to_string());
        assert!(request["field_masks"].as_array().is_some_and(|masks| !masks.is_empty()), "{request}");
        assert!(request["namespace"].is_string(), "{request}");
    }
    let declared = metadata["contextAwareResources"].as_array().expect("contextAwareResources").iter();
    let declared: BTreeSet<_> = declared.map(|one| (one["apiVersion"].to_string(), one["kind"].to_string())).collect();
    assert_eq!(declared, kinds);
    let declared: BTreeSet<_> =
        metadata["hostCapabilities"].as_array().expect("hostCapabilities").iter().map(Value::to_string).collect();
    assert_eq!(declared, operations);

    for installed in read_manifests(&root().join("policy-metadata/cluster-admission-policy.yaml")) {
        assert_eq!(installed["spec"]["contextAwareResources"], metadata["contextAwareResources"]);
    }

    let rbac = read_manifests(&root().join("policy-metadata/rbac.yaml"));
    let role = rbac.iter().find(|object| object["kind"] == "ClusterRole").expect("a ClusterRole");
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        // lists are kept up to date by a watch
        assert_eq!(rule["verbs"], json!(["get", "list", "watch"]));
        for group in rule["apiGroups"].as_array().expect("groups") {
            for resource in rule["resources"].as_array().expect("resources") {
                granted.insert(format!("{group} {resource}"));
            }
        }
    }
    let needed: BTreeSet<_> = kinds
        .iter()
        .map(|(version, kind)| {
            let group = version.trim_matches('"').split_once('/').map_or("", |(group, _)| group);
            format!("\"{group}\" \"{}s\"", kind.trim_matches('"').to_lowercase())
        })
        .collect();
    assert_eq!(granted, needed);
}

/// Every look-up that the requests of `goldens/rules` make.
fn look_ups() -> Vec<(String, Value)> {
    let mut calls = Vec::new();
    for entry in std::fs::read_dir(root().join("e2e-tests/goldens/rules")).expect("goldens") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "yaml") || stem.contains('.') {
            continue;
        }
        let objects = path.with_extension("cluster.yaml");
        let objects = if objects.exists() { read_manifests(&objects) } else { Vec::new() };
        let cluster = Arc::new(Recorder::new(Manifests::new(objects, "default")));
        let request = request(&read_manifest(&path), None);
        policy().validate(&request, &json!({}), cluster.clone()).expect("an answer");
        calls.extend(cluster.calls());
    }
    calls
}

#[test]
fn the_version_is_the_crates() {
    assert_eq!(metadata()["annotations"]["io.kubewarden.policy.version"], env!("CARGO_PKG_VERSION"));
}

/// Both policies together ask for what the metadata asks for, and for nothing twice.
#[test]
fn the_example_installation_asks_for_the_same() {
    let asked = |rules: &Value| -> Vec<String> {
        let mut asked = Vec::new();
        for rule in rules.as_array().expect("rules") {
            for resource in rule["resources"].as_array().expect("resources") {
                asked.push(format!("{} {} {resource} {}", rule["apiGroups"], rule["apiVersions"], rule["operations"]));
            }
        }
        asked.sort();
        asked
    };
    let policies = read_manifests(&root().join("policy-metadata/cluster-admission-policy.yaml"));
    let rules: Vec<_> = policies.iter().flat_map(|policy| asked(&policy["spec"]["rules"])).collect();
    let mut sorted = rules.clone();
    sorted.sort();
    assert_eq!(sorted, asked(&metadata()["rules"]));
    let [databases, workloads] = policies.as_slice() else { panic!("two policies") };
    assert_eq!((&databases["spec"]["mutating"], &databases["spec"]["failurePolicy"]), (&json!(true), &json!("Fail")));
    // Pods and workloads never wait for a policy server that is away
    assert_eq!(
        (&workloads["spec"]["mutating"], &workloads["spec"]["failurePolicy"]),
        (&json!(false), &json!("Ignore"))
    );
    assert_eq!(databases["spec"]["settings"], workloads["spec"]["settings"]);
    let validity = policy().validate_settings(&databases["spec"]["settings"]).expect("an answer");
    assert!(validity.valid, "{:?}", validity.message);
    for policy in policies {
        assert!(policy["spec"]["namespaceSelector"]["matchExpressions"].is_array());
    }
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
