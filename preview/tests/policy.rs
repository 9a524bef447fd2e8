//! The real policy module. `make policy.wasm` builds it.

mod common;

use std::sync::Arc;

use assert_cmd::Command;
use mysql_replication_preview::{Cluster, Manifests, Policy, Unreachable, admission_request};
use serde_json::json;

const STATEFUL_SET: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: mysql
spec:
  clusterIP: None
  selector:
    app: mysql
  ports:
  - port: 3306
---
# the database
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: mysql
  annotations:
    mysql-replication.kubewarden.io/inject: \"true\" # on
spec:
  serviceName: mysql
  replicas: 3
  selector:
    matchLabels:
      app: mysql
  template:
    metadata:
      labels:
        app: mysql
    spec:
      containers:
      - name: mysql
        image: mysql:8.0
        env:
        - name: MYSQL_ROOT_PASSWORD
          valueFrom:
            secretKeyRef: {name: mysql, key: password}
";

#[test]
fn the_module_speaks_the_protocol() {
    let policy = Policy::from_file(common::policy_wasm()).unwrap();
    assert_eq!(policy.protocol_version().unwrap(), "v1");
    let verdict = policy.validate_settings(&json!({})).unwrap();
    assert!(verdict.valid, "{verdict:?}");
}

#[test]
fn other_objects_are_accepted_unchanged() {
    let policy = Policy::from_file(common::policy_wasm()).unwrap();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}});
    for cluster in [Arc::new(Manifests::default()) as Arc<dyn Cluster>, Arc::new(Unreachable)] {
        let request = admission_request(&object, None, "default");
        let response = policy.validate(&request, &json!({}), cluster).unwrap();
        assert!(response.accepted, "{response:?}");
        assert!(response.mutated_object.is_none_or(|o| o == request["object"]));
    }
}

#[test]
fn one_annotation_makes_a_replicated_database_and_its_preview_is_stable() {
    let preview = |input: &str| {
        let output = Command::cargo_bin("preview")
            .unwrap()
            .arg("-")
            .env("MYSQL_REPLICATION_POLICY", common::policy_wasm())
            .write_stdin(input)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert!(!err.contains("note:"), "{err}");
        String::from_utf8(output.stdout).unwrap()
    };
    let once = preview(STATEFUL_SET);
    for expected in [
        "# the database\n",
        "inject: \"true\" # on\n",
        "- name: init-mysql\n",
        "- name: clone-mysql\n",
        "- name: xtrabackup\n",
        "- |\n",
    ] {
        assert!(once.contains(expected), "no {expected:?} in\n{once}");
    }
    assert_eq!(preview(&once), once);
}
