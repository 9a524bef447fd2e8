//! The real policy module. `make policy.wasm` builds it.

mod common;

use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use mysql_replication_preview::{Cluster, Interpreter, Manifests, Policy, Unreachable, admission_request};
use serde_json::{Value, json};

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
    let policy = Policy::from_file::<Interpreter>(common::policy_wasm()).unwrap();
    assert_eq!(policy.protocol_version().unwrap(), "v1");
    let verdict = policy.validate_settings(&json!({})).unwrap();
    assert!(verdict.valid, "{verdict:?}");
}

#[test]
fn other_objects_are_accepted_unchanged() {
    let policy = Policy::from_file::<Interpreter>(common::policy_wasm()).unwrap();
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
        let output = Command::cargo_bin("mysql-replication-preview")
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

#[test]
fn what_it_rejects_has_its_place() {
    let broken = STATEFUL_SET
        .replace("inject: \"true\" # on\n", "inject: \"true\"\n    mysql-replication.kubewarden.io/injct: \"x\"\n")
        .replace("        env:\n", "        args:\n        - --super-read-only=OFF\n        env:\n");
    let config_map = concat!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: mysql}\ndata:\n  slave.cnf: |\n",
        "    [mysqld]\n    read-only\n    super-read-only=0\n",
    );
    let input = broken + config_map;
    let output = Command::cargo_bin("mysql-replication-preview")
        .unwrap()
        .args(["--output", "json", "-"])
        .env("MYSQL_REPLICATION_POLICY", common::policy_wasm())
        .write_stdin(input.as_str())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let at = |text: &str| input.lines().position(|line| line.contains(text)).unwrap() + 1;
    let rows: Vec<_> = report["objects"][1]["violations"].as_array().unwrap().iter().collect();
    let expected = [
        ("annotation", at("/injct: "), json!(null)),
        ("read-only-off", at("- --super-read-only=OFF"), json!(null)),
        ("read-only-off", at("super-read-only=0"), json!("ConfigMap default/mysql")),
    ];
    for (rule, line, object) in &expected {
        let found = |row: &&&Value| row["rule"] == *rule && row["line"] == *line && row["object"] == *object;
        assert!(rows.iter().any(|row| found(&row)), "{rule} at {line}: {report:#}");
    }
}

#[test]
fn every_rejection_is_taken_apart() {
    let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e-tests/goldens/reject");
    let output = Command::cargo_bin("mysql-replication-preview")
        .unwrap()
        .args(["--output", "json"])
        .arg(manifests)
        .env("MYSQL_REPLICATION_POLICY", common::policy_wasm())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rejected: Vec<&Value> =
        report["objects"].as_array().unwrap().iter().filter(|object| object["verdict"] == "rejected").collect();
    assert!(rejected.len() > 10, "{}", rejected.len());
    for object in rejected {
        let violations = object["violations"].as_array().unwrap();
        assert!(!violations.is_empty(), "{}: {}", object["file"], object["message"]);
        assert!(violations.iter().all(|violation| violation["line"].is_number()), "{violations:#?}");
    }
}

/// A Service that the policy binds to the primary is bound when a workload behind it is judged.
#[test]
fn look_ups_see_what_the_policy_makes_of_the_other_documents() {
    let service = |name: &str, annotations: &str| {
        format!(
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, annotations: {annotations}}}\n\
             spec: {{selector: {{app: mysql}}, ports: [{{port: 3306}}]}}\n"
        )
    };
    let workload = |host: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: app}}\nspec: {{containers: [{{name: app, image: app, \
             env: [{{name: DB_WRITE_HOST, value: {host}}}]}}]}}\n"
        )
    };
    let bound = service("mysql-write", "{mysql-replication.kubewarden.io/primary-of: mysql}");
    for (host, code) in [("mysql-write", 0), ("mysql-read", 1)] {
        let manifests = [STATEFUL_SET, &workload(host), &bound, &service("mysql-read", "{}")].concat();
        let output = Command::cargo_bin("mysql-replication-preview")
            .unwrap()
            .arg("--policy")
            .arg(common::policy_wasm())
            .arg("-")
            .write_stdin(manifests)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
