//! What the API server keeps to itself is nothing that the policy would reject, change or speak of.
//!
//! The policies of `policy-metadata/` say by `matchConditions` which objects are sent to the policy server. Every
//! golden goes through them, and a few objects as every cluster has them.

use std::{cell::RefCell, collections::BTreeMap};

use mysql_replication_e2e_tests::{
    conditions::{Installed, check_sent},
    read_manifests, request, root,
};
use mysql_replication_golden_tests::{check_all, validate};
use serde_json::{Value, json};

fn installed() -> Vec<Installed> {
    let policies = read_manifests(&root().join("policy-metadata/cluster-admission-policy.yaml"));
    policies.iter().map(Installed::new).collect()
}

/// The conditions that somebody removes who has these settings; the manifest says so, and the chart does it.
fn removed(settings: &Value) -> Vec<&'static str> {
    let has = |key: &str| settings["writeNames"][key].as_array().is_some_and(|list| !list.is_empty());
    let mut removed = Vec::new();
    if has("variables") {
        removed.extend(["statefulsets-of-databases", "says-where-it-writes"]);
    }
    if has("services") {
        removed.push("services-of-databases");
    }
    removed
}

#[test]
fn what_the_policy_speaks_of_is_sent() {
    let installed = installed();
    assert_eq!(installed.len(), 2);
    let counts: RefCell<BTreeMap<String, (usize, usize)>> = RefCell::default();
    let problems = RefCell::new(Vec::new());
    check_all(&|cluster, request, settings| {
        let answer = validate(cluster, request, settings);
        let kind = request["kind"]["kind"].as_str().unwrap_or_default();
        match check_sent(&installed, request, &removed(settings), &answer) {
            Ok(is_sent) => {
                let mut counts = counts.borrow_mut();
                let (sent, away) = counts.entry(kind.to_owned()).or_default();
                *(if is_sent { sent } else { away }) += 1;
            }
            Err(problem) => problems.borrow_mut().push(format!("{problem}\n{}", request["object"])),
        }
        answer
    });
    let problems = problems.into_inner();
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n\n"));
    let counts = counts.into_inner();
    let of = |kind: &str| counts.get(kind).copied().unwrap_or_default();
    for kind in ["StatefulSet", "Service", "ConfigMap", "Deployment", "Pod", "CronJob"] {
        assert!(of(kind).0 > 0, "no {kind} was sent: {counts:?}");
    }
    assert!(of("StatefulSet").1 > 0, "nothing was kept away: {counts:?}");
}

/// An admission request for an object, as far as it differs from the least that one has.
fn asked(kind: &str, version: &str, name: &str, rest: &Value) -> Value {
    let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "default"}});
    json_patch::merge(&mut object, rest);
    request(&object, None)
}

fn pod(container: &Value) -> Value {
    let mut one = json!({"name": "app", "image": "registry.example/app:1"});
    json_patch::merge(&mut one, container);
    json!({"containers": [one]})
}

fn template(container: &Value) -> Value {
    json!({"spec": {"template": {"metadata": {"labels": {"app": "x"}}, "spec": pod(container)}}})
}

/// Is it sent to a policy server?
fn is_sent(installed: &[Installed], request: &Value) -> bool {
    let mut asking = installed.iter().filter(|policy| policy.asks_for(request));
    let policy = asking.next().unwrap_or_else(|| panic!("nobody asks for {request}"));
    policy.kept_by(request, &[]).expect("a condition that holds or not").is_none()
}

/// Most of what a cluster does has nothing to do with a database.
#[test]
fn what_every_cluster_has_is_kept_away() {
    let installed = installed();
    let of_controller = |owner: &str| {
        let owner = json!({"apiVersion": owner, "kind": "ReplicaSet", "name": "x", "uid": "x", "controller": true});
        json!({
            "metadata": {"ownerReferences": [owner]},
            "spec": pod(&json!({"env": [{"name": "DB_WRITE_HOST", "value": "mysql-1.mysql"}]})),
        })
    };
    let web = json!({"env": [{"name": "LOG_LEVEL", "value": "info"}], "args": ["--port=8080"]});
    let lock = json!({"metadata": {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}});
    let ports = json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}});
    let mut leaving = template(&json!({"image": "mysql:8.4"}));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    for (what, request) in [
        ("a Deployment's pod", asked("Pod", "v1", "web-5d5c-x", &of_controller("apps/v1"))),
        ("a pod that reads its level of logging", asked("Pod", "v1", "web", &json!({"spec": pod(&web)}))),
        ("a Deployment", asked("Deployment", "apps/v1", "web", &template(&web))),
        ("a job of nobody", asked("Job", "batch/v1", "web", &template(&json!({})))),
        ("a cache", asked("StatefulSet", "apps/v1", "cache", &template(&json!({"image": "redis:7"})))),
        ("a leader's lock", asked("ConfigMap", "v1", "lock", &lock)),
        ("certificates", asked("ConfigMap", "v1", "kube-root-ca.crt", &json!({"data": {"ca.crt": "-----BEGIN"}}))),
        ("a dashboard", asked("ConfigMap", "v1", "x", &json!({"data": {"a.json": "{}"}, "binaryData": {"b": "AA=="}}))),
        ("a Service of web pages", asked("Service", "v1", "web", &ports)),
        ("what is deleted", asked("StatefulSet", "apps/v1", "mysql", &leaving)),
    ] {
        assert!(!is_sent(&installed, &request), "{what}: {request}");
    }
    // a controller that no rule knows made it, so that nobody has looked at it
    assert!(is_sent(&installed, &asked("Pod", "v1", "x", &of_controller("example.com/v1"))));
}

/// Signs by which an object may concern a database, each by itself.
#[test]
fn what_may_concern_a_database_is_sent() {
    let installed = installed();
    let annotation = |kind: &str, key: &str| json!({"metadata": {kind: {key: "x"}}});
    let key = "mysql-replication.kubewarden.io/inject";
    let data = |key: &str, text: &str| json!({"data": {key: text}});
    let spec = |spec: &Value| json!({"spec": spec});
    let mut cron = json!({"spec": {"jobTemplate": template(&json!({"args": ["--write-host=mysql-1.mysql"]}))}});
    cron["spec"]["schedule"] = json!("@daily");
    let many = json!({"env": (0..301).map(|number| json!({"name": format!("A{number}")})).collect::<Vec<_>>()});
    for (what, request) in [
        ("an annotated StatefulSet", asked("StatefulSet", "apps/v1", "x", &annotation("annotations", key))),
        ("the annotation as a label", asked("StatefulSet", "apps/v1", "x", &annotation("labels", key))),
        (
            "a misspelt one",
            asked("StatefulSet", "apps/v1", "x", &annotation("annotations", "mysql-replication/inject")),
        ),
        (
            "a database",
            asked("StatefulSet", "apps/v1", "x", &template(&json!({"image": "docker.io/library/MariaDB:11"}))),
        ),
        ("an annotated Service", asked("Service", "v1", "x", &annotation("annotations", key))),
        ("a Service by its name", asked("Service", "v1", "orders-write", &json!({}))),
        ("a headless Service", asked("Service", "v1", "x", &spec(&json!({"clusterIP": "None"})))),
        ("its port", asked("Service", "v1", "x", &spec(&json!({"ports": [{"port": 3306}]})))),
        ("its pods' port", asked("Service", "v1", "x", &spec(&json!({"ports": [{"port": 1, "targetPort": 3306}]})))),
        (
            "its pods' port's name",
            asked("Service", "v1", "x", &spec(&json!({"ports": [{"port": 1, "targetPort": "mysql"}]}))),
        ),
        ("one pod", asked("Service", "v1", "x", &spec(&json!({"selector": {"apps.kubernetes.io/pod-index": "1"}})))),
        ("an option file of a role", asked("ConfigMap", "v1", "x", &data("replica.cnf", "[mysqld]"))),
        ("its misspelt key", asked("ConfigMap", "v1", "x", &data("slave.conf", ""))),
        ("an option file of any name", asked("ConfigMap", "v1", "x", &data("my.cnf", ""))),
        ("one by what is in it", asked("ConfigMap", "v1", "x", &data("options", "a\n[mysqld-8.4]\n"))),
        ("an argument's value", asked("ConfigMap", "v1", "x", &data("flags", "--skip-log-bin"))),
        ("one in binary", asked("ConfigMap", "v1", "x", &json!({"binaryData": {"my.cnf": "AA=="}}))),
        ("a variable", asked("Deployment", "apps/v1", "x", &template(&json!({"env": [{"name": "DBRWHost"}]})))),
        ("a value", asked("Pod", "v1", "x", &spec(&pod(&json!({"env": [{"name": "A", "value": "--writer=x"}]}))))),
        (
            "a long value",
            asked("Pod", "v1", "x", &spec(&pod(&json!({"env": [{"name": "A", "value": "x".repeat(501)}]})))),
        ),
        ("variables of a ConfigMap", asked("Job", "batch/v1", "x", &template(&json!({"envFrom": [{}]})))),
        ("many variables", asked("DaemonSet", "apps/v1", "x", &template(&many))),
        ("an argument", asked("CronJob", "batch/v1", "x", &cron)),
        (
            "an application in a StatefulSet",
            asked("StatefulSet", "apps/v1", "x", &template(&json!({"command": ["sh", "-c", "PRIMARY=x"]}))),
        ),
    ] {
        assert!(is_sent(&installed, &request), "{what}: {request}");
    }
    // what is taken away is looked at, too
    let mut taken = asked("StatefulSet", "apps/v1", "x", &json!({}));
    taken["operation"] = json!("UPDATE");
    taken["oldObject"] = asked("StatefulSet", "apps/v1", "x", &annotation("annotations", key))["object"].clone();
    assert!(is_sent(&installed, &taken));
}

/// The API server gives an expression up that costs more than its budget (k8s.io/apiserver, `pkg/apis/cel`): lists and
/// texts without a limit are not searched.
#[test]
fn no_object_is_too_large_for_a_condition() {
    let installed = installed();
    for policy in &installed {
        for condition in policy.policy["spec"]["matchConditions"].as_array().expect("conditions") {
            let text = condition["expression"].as_str().expect("an expression");
            for list in ["c.env.exists", "o.data.exists", "o.binaryData.exists", "o.spec.ports.exists"] {
                let of = list.trim_end_matches(".exists");
                assert_eq!(text.matches(list).count(), text.matches(&format!("size({of}) > ")).count(), "{text}");
            }
            for value in ["e.value.matches", "a.matches"] {
                let of = value.trim_end_matches(".matches");
                assert_eq!(
                    text.matches(value).count(),
                    text.matches(&format!("size({of}) > 500 ||")).count(),
                    "{text}"
                );
            }
        }
    }
}
