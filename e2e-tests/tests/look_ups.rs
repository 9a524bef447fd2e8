//! Which look-ups are made for which object, and what their outcomes do.

use std::sync::Arc;

use mysql_replication_e2e_tests::{Recorder, both_doors_in, policy, read_manifest, read_manifests, request, root};
use mysql_replication_preview::{Cluster, HostCall, Manifests, Response};
use serde_json::{Value, json};

fn example() -> Value {
    read_manifest(&root().join("examples/statefulset.yaml"))
}

/// The examples' Services and ConfigMap.
fn surroundings() -> Vec<Value> {
    ["services", "configmap"]
        .iter()
        .flat_map(|name| read_manifests(&root().join("examples").join(format!("{name}.yaml"))))
        .collect()
}

fn surrounded() -> Manifests {
    Manifests::new(surroundings(), "default")
}

/// What is asked for an object, as `operation kind name`, with `!` where the host's cache is not to be used.
fn asked(cluster: Manifests, request: &Value, settings: &Value) -> (Response, Vec<String>) {
    let recorder = Arc::new(Recorder::new(cluster));
    let answer = policy().validate(request, settings, recorder.clone()).expect("an answer");
    let calls = recorder.calls().into_iter().map(|(operation, request)| {
        let fresh = if request["disable_cache"] == true { "!" } else { "" };
        let operation = if operation == "get_resource" { "get" } else { "list" };
        let name = request["name"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
        let namespace = request["namespace"].as_str().filter(|namespace| *namespace != "default");
        let namespace = namespace.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
        format!("{operation}{fresh} {}{name}{namespace}", request["kind"].as_str().unwrap_or_default())
    });
    (answer, calls.collect())
}

fn pods(env: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "app", "namespace": "default"},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:1", "env": env}]}}},
    })
}

fn service(name: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"app": "x"}, "ports": [{"port": port}]},
    })
}

fn config_map(key: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}, "data": {key: "x"}})
}

#[test]
fn what_is_none_of_our_business_costs_no_look_up() {
    let mut plain = example();
    plain["metadata"]["annotations"] = json!({});
    let mut nginx = plain.clone();
    nginx["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1");
    for object in [
        plain,
        nginx,
        pods(&json!([{"name": "DB_HOST", "value": "mysql-1.mysql"}, {"name": "WRITE_TIMEOUT", "value": "5"}])),
        service("web", 80),
        config_map("nginx.conf"),
        config_map("application.properties"),
    ] {
        let (answer, calls) = asked(surrounded(), &request(&object, None), &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_none(), "{object}: {:?}", answer.message);
        assert!(calls.is_empty(), "{object}: {calls:?}");
    }
}

#[test]
fn each_object_costs_the_look_ups_that_its_rules_name() {
    let settings = json!({});
    let expect = |object: &Value, settings: &Value, expected: &[&str]| {
        let (answer, calls) = asked(surrounded(), &request(object, None), settings);
        assert_eq!(calls, expected, "{object}: {:?}", answer.message);
    };
    let mut managed = example();
    expect(&managed, &settings, &["get Service mysql", "list Service", "get ConfigMap mysql"]);
    expect(&managed, &json!({"exemptNamespaces": ["default"]}), &[]);
    let off = |rules: &[&str]| {
        let rules: serde_json::Map<_, _> = rules.iter().map(|rule| ((*rule).to_owned(), json!("off"))).collect();
        json!({ "rules": rules })
    };
    let of_clients = ["write-service", "pinned-service", "primary-service"];
    expect(&managed, &off(&of_clients), &["get Service mysql", "get ConfigMap mysql"]);
    let governing = ["service-name", "service-not-headless", "service-selector", "service-port"];
    let all = [&governing[..], &of_clients].concat();
    expect(&managed, &off(&all), &["get ConfigMap mysql"]);

    managed["spec"]["serviceName"] = json!("msyql");
    // asked once more before it is rejected
    let twice = ["get Service msyql", "list Service", "get! Service msyql", "list Service", "get ConfigMap mysql"];
    expect(&managed, &settings, &twice);

    expect(&config_map("slave.cnf"), &settings, &["get StatefulSet x", "list StatefulSet"]);
    // what must not be listed must not be got either, and that fails at once
    expect(&service("db", 3306), &settings, &["get StatefulSet db", "list StatefulSet"]);
    expect(&service("orders-write", 80), &settings, &["get StatefulSet orders-write", "list StatefulSet"]);
    let mut pinned = service("one", 80);
    pinned["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] = json!("mysql-1");
    expect(&pinned, &settings, &["get StatefulSet mysql", "list StatefulSet"]);
    // over all pods: another one of type ExternalName may lead here
    let mut reading = service("reading", 3306);
    reading["spec"]["selector"] = json!({"app": "mysql"});
    let both = ["get StatefulSet reading", "list StatefulSet", "get Service reading", "list Service"];
    let calls = asked(
        Manifests::new(surroundings().into_iter().chain([example()]), "default"),
        &request(&reading, None),
        &settings,
    )
    .1;
    assert_eq!(calls, both);
    let mut primary = service("mysql-write", 3306);
    primary["metadata"]["annotations"] = json!({"mysql-replication.kubewarden.io/primary-of": "mysql"});
    expect(&primary, &settings, &["get StatefulSet mysql", "list StatefulSet"]);

    // a pod of the own namespace, else a Service of another
    let write = |host: &str| pods(&json!([{"name": "DB_WRITE_HOST", "value": host}]));
    expect(&write("mysql-1.mysql"), &settings, &["get StatefulSet mysql", "get Service mysql-1 in mysql"]);
    expect(&write("mysql-0.mysql"), &settings, &[]);
    expect(&write("db.example.com"), &settings, &[]);
    expect(&write("nothing"), &settings, &["get Service nothing"]);
    let by_service = ["get Service mysql-read", "get StatefulSet mysql-read", "list StatefulSet"];
    expect(&write("mysql-read"), &settings, &by_service);
    expect(&write("mysql-read"), &json!({"rules": {"write-endpoint": "off"}}), &[]);
    let mut made = write("mysql-read");
    made["kind"] = json!("ReplicaSet");
    made["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "controller": true}]);
    expect(&made, &settings, &[]);
}

/// `metadata.generateName`: the API server names it after the policy has seen it.
#[test]
fn an_object_without_a_name_is_judged_as_any_other() {
    let unnamed = |mut object: Value| {
        object["metadata"]["generateName"] = object["metadata"].as_object_mut().unwrap().remove("name").unwrap();
        request(&object, None)
    };
    let cluster = || Manifests::new(surroundings().into_iter().chain([example()]), "default");
    let mut writing = service("writing", 3306);
    writing["metadata"]["labels"] = json!({"role": "write"});
    writing["spec"]["selector"] = json!({"app": "mysql"});
    for object in [writing, config_map("slave.cnf"), pods(&json!([{"name": "DB_WRITE_HOST", "value": "mysql-read"}]))] {
        let named = asked(cluster(), &request(&object, None), &json!({})).0;
        let (answer, calls) = asked(cluster(), &unnamed(object.clone()), &json!({}));
        assert!(answer.warnings.iter().flatten().next().is_none(), "{:?}", answer.warnings);
        if object["kind"] == "ConfigMap" {
            assert!(answer.accepted && calls.is_empty(), "nobody can read it: {calls:?}");
        } else {
            assert!(!named.accepted && !answer.accepted, "{object}: {:?}", answer.message);
        }
    }
}

/// A cluster in which every look-up fails in these words.
#[derive(Clone)]
struct Broken(&'static str);

impl Cluster for Broken {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        if call.namespace == "kubernetes" { Err(self.0.to_owned()) } else { Ok(Vec::new()) }
    }
}

const FAILURES: [&str; 4] = [
    "Policy has not been granted access to Kubernetes v1/Service resources. The violation has been reported.",
    "Callback evaluation failure: ApiError: services \"mysql\" is forbidden: User \"system:serviceaccount:kubewarden:\
     policy-server\" cannot get resource \"services\" in API group \"\" in the namespace \"default\": Forbidden",
    "Callback evaluation failure: error sending request for url",
    "Error obtaining response over callback channel",
];

#[test]
fn a_look_up_that_fails_is_a_warning_or_a_rejection_as_the_settings_say() {
    for failure in FAILURES {
        let cluster = Broken(failure);
        let answer = both_doors_in(&cluster, &request(&example(), None), &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_some(), "{:?}", answer.message);
        let warnings = answer.warnings.unwrap_or_default();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings.iter().all(|text| text.starts_with("[look-up] ") && text.chars().count() <= 120),
            "{warnings:?}"
        );
        assert_eq!(answer.audit_annotations.unwrap_or_default()["warned-rules"], "look-up");

        for object in [
            example(),
            config_map("slave.cnf"),
            service("mysql-write", 3306),
            pods(&json!([{"name": "DB_WRITE_HOST", "value": "mysql-1.mysql"}])),
        ] {
            let answer = both_doors_in(&cluster, &request(&object, None), &json!({"lookupFailure": "reject"}));
            assert!(!answer.accepted, "{object}");
            let message = answer.message.unwrap_or_default();
            assert!(message.contains("[look-up] ") && message.contains("lookupFailure: warn"), "{message}");
        }
    }
}

/// A cluster whose host still has the wrong answer of a moment ago in its cache.
#[derive(Clone)]
struct Stale {
    cached: Manifests,
    real: Manifests,
}

impl Cluster for Stale {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        let request: Value = serde_json::from_slice(call.payload).unwrap_or_default();
        if request["disable_cache"] == false { self.cached.answer(call) } else { self.real.answer(call) }
    }
}

#[test]
fn nobody_is_rejected_for_what_is_mended_already() {
    let mut wrong = surroundings();
    for object in &mut wrong {
        if object["kind"] == "ConfigMap" {
            object["data"]["slave.cnf"] = json!("[mysqld]\nsuper-read-only=0\n");
        } else if object["metadata"]["name"] == "mysql" {
            object["spec"]["clusterIP"] = json!("10.0.0.1");
        }
    }
    let wrong = Manifests::new(wrong, "default");
    let request = request(&example(), None);
    let stale = Stale { cached: wrong.clone(), real: surrounded() };
    let answer = both_doors_in(&stale, &request, &json!({}));
    assert!(answer.accepted && answer.warnings.is_none(), "{:?}", answer.message);
    let answer = both_doors_in(&Stale { cached: wrong.clone(), real: wrong }, &request, &json!({}));
    let message = answer.message.unwrap_or_default();
    assert!(message.contains("in ConfigMap default/mysql:\n[read-only-off] data[\"slave.cnf\"] line 2"), "{message}");
    assert!(message.contains("in Service default/mysql:\n[service-not-headless] spec.clusterIP"), "{message}");
}

/// The audit scanner's request: what is in the cluster, as a CREATE whose uid is the object's own.
fn audit(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["uid"] = json!("6d3f1c5e-0000-4000-8000-000000000001");
    object["metadata"]["resourceVersion"] = json!("42");
    let mut request = request(&object, None);
    request["uid"] = object["metadata"]["uid"].clone();
    request["userInfo"] = json!({});
    request["resource"]["resource"] = object["kind"].clone();
    request
}

#[test]
fn the_background_audit_reports_what_is_not_injected_or_was_changed() {
    let cluster = surrounded();
    let audited = |object: &Value| both_doors_in(&cluster, &audit(object), &json!({}));
    let injected =
        both_doors_in(&cluster, &request(&example(), None), &json!({})).mutated_object.expect("an injection");

    let answer = audited(&injected);
    assert!(answer.accepted && answer.mutated_object.is_none() && answer.warnings.is_none(), "{:?}", answer.message);

    let answer = audited(&example());
    let message = answer.message.unwrap_or_default();
    assert!(!answer.accepted && message.contains("[not-injected] "), "{message}");
    assert!(answer.mutated_object.is_none());
    // the same object, sent by a user, is injected
    assert!(both_doors_in(&cluster, &request(&example(), None), &json!({})).mutated_object.is_some());

    let spec = "/spec/template/spec";
    for (path, value) in [
        (format!("{spec}/initContainers/0/command/2"), json!("true")),
        (format!("{spec}/initContainers/1/image"), json!("busybox")),
        (format!("{spec}/containers/1/readinessProbe"), Value::Null),
        (
            format!("{spec}/containers/0/volumeMounts"),
            json!([{"name": "data", "mountPath": "/var/lib/mysql", "subPath": "mysql"}]),
        ),
        (format!("{spec}/volumes"), json!([])),
        (format!("{spec}/initContainers"), json!([])),
        ("/metadata/annotations/mysql-replication.kubewarden.io~1status".to_owned(), json!("{}")),
    ] {
        let mut changed = injected.clone();
        *changed.pointer_mut(&path).unwrap_or_else(|| panic!("{path}")) = value;
        let answer = audited(&changed);
        let message = answer.message.unwrap_or_default();
        let wanted = if path.contains("status") { "[not-injected]" } else { "[injection-changed]" };
        assert!(!answer.accepted && message.contains(wanted), "{path}: {message}");
    }

    // what the injection of another version put there is right
    let other = json!({"resources": {"xtrabackup": {"requests": {"cpu": "1"}}}, "images": {"mysql-8.0": "other:8.0"}});
    let answer = both_doors_in(&cluster, &audit(&injected), &other);
    assert!(answer.accepted, "{:?}", answer.message);
    // on its way out it is nobody's business
    let mut leaving = example();
    leaving["metadata"]["deletionTimestamp"] = json!("2030-01-01T00:00:00Z");
    assert!(audited(&leaving).accepted);
}

#[test]
fn the_background_audit_reports_unmanaged_databases() {
    let mut plain = example();
    plain["metadata"]["annotations"] = json!({});
    for (mode, accepted) in [("allow", true), ("warn", true), ("reject", false), ("inject", false)] {
        let answer = both_doors_in(&surrounded(), &audit(&plain), &json!({"unmanaged": mode}));
        assert_eq!(answer.accepted, accepted, "{mode}");
        assert!(answer.mutated_object.is_none());
        assert_eq!(answer.warnings.is_some(), mode == "warn");
    }
}

/// `kubectl scale statefulset mysql --replicas=N`.
fn scale(from: i64, to: i64) -> Value {
    let scale = |replicas: i64| {
        json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "mysql", "namespace": "default"},
            "spec": {"replicas": replicas},
        })
    };
    let mut request = request(&scale(to), Some(&scale(from)));
    request["resource"] = json!({"group": "apps", "version": "v1", "resource": "statefulsets"});
    request["subResource"] = json!("scale");
    request
}

#[test]
fn scaling_makes_no_databases_that_nobody_manages() {
    let mut plain = example();
    plain["metadata"]["annotations"] = json!({});
    let mut exempt = plain.clone();
    exempt["metadata"]["annotations"] = json!({"mysql-replication.kubewarden.io/exempt": "unmanaged: a test bench"});
    let cluster = |object: Value| Manifests::new([object], "default");
    for mode in ["reject", "inject"] {
        let settings = json!({"unmanaged": mode});
        let answer = both_doors_in(&cluster(plain.clone()), &scale(1, 3), &settings);
        let message = answer.message.unwrap_or_default();
        assert!(
            message.starts_with("Scale of StatefulSet default/mysql is rejected: 1 problem\n[unmanaged] "),
            "{message}"
        );
        let message = both_doors_in(&cluster(example()), &scale(1, 3), &settings).message.unwrap_or_default();
        assert!(message.contains("[not-injected] spec.replicas: 3 of a StatefulSet"), "{message}");
        for (object, from, to) in [(&plain, 3, 2), (&plain, 0, 1), (&injected(), 1, 3), (&exempt, 1, 3)] {
            let answer = both_doors_in(&cluster(object.clone()), &scale(from, to), &settings);
            assert!(answer.accepted && answer.mutated_object.is_none(), "{:?}", answer.message);
        }
    }
    let (answer, calls) = asked(cluster(plain.clone()), &scale(1, 3), &json!({}));
    assert!(answer.accepted);
    assert_eq!(calls, ["get StatefulSet mysql"]);
    for (from, to) in [(3, 2), (0, 1)] {
        assert!(asked(cluster(plain.clone()), &scale(from, to), &json!({})).1.is_empty());
    }
    // Services are judged where a primary gets its first replicas
    for (from, expected) in
        [(1, &["get StatefulSet mysql", "get Service mysql", "list Service"][..]), (3, &["get StatefulSet mysql"])]
    {
        let (answer, calls) = asked(cluster(injected()), &scale(from, 5), &json!({}));
        assert!(answer.accepted, "{:?}", answer.message);
        assert_eq!(calls, expected);
    }
}

/// The example with its injection.
fn injected() -> Value {
    both_doors_in(&surrounded(), &request(&example(), None), &json!({})).mutated_object.expect("an injection")
}

#[test]
fn services_are_judged_when_they_can_become_wrong() {
    let write = service("mysql-write", 3306);
    let mut wrong = write.clone();
    wrong["spec"]["selector"] = json!({"app": "mysql"});
    let mut objects = surroundings();
    objects.retain(|object| object["metadata"]["name"] != "mysql-write");
    let cluster = |service: &Value| Manifests::new(objects.iter().cloned().chain([service.clone()]), "default");
    let mut alone = injected();
    alone["spec"]["replicas"] = json!(1);
    let mut relabelled = injected();
    relabelled["spec"]["template"]["metadata"]["labels"]["tier"] = json!("db");
    let mut more = injected();
    more["spec"]["replicas"] = json!(5);
    let mut adopted = example();
    adopted["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "data", "mountPath": "/var/lib/mysql", "subPath": "mysql"}]);
    adopted["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
    }]);
    let mut plain = adopted.clone();
    plain["metadata"]["annotations"] = json!({});
    for (object, old, is_judged) in [
        (example(), None, true),
        (adopted, Some(plain), true),
        (injected(), Some(alone), true),
        (relabelled, Some(injected()), true),
        (more, Some(injected()), false),
    ] {
        let request = request(&object, old.as_ref());
        let (answer, calls) = asked(cluster(&write), &request, &json!({}));
        assert!(answer.accepted, "{:?}", answer.message);
        assert_eq!(calls.iter().any(|call| call == "list Service"), is_judged, "{calls:?}");
        let answer = both_doors_in(&cluster(&wrong), &request, &json!({}));
        assert_eq!(answer.accepted, !is_judged);
        let message = answer.message.unwrap_or_default();
        assert_eq!(
            message.contains("in Service default/mysql-write:\n[write-service] spec.selector"),
            is_judged,
            "{message}"
        );
    }
    // kubectl scale
    let live = |service: &Value| {
        let mut alone = injected();
        alone["spec"]["replicas"] = json!(1);
        Manifests::new([alone, service.clone()], "default")
    };
    assert!(both_doors_in(&live(&write), &scale(1, 3), &json!({})).accepted);
    let message = both_doors_in(&live(&wrong), &scale(1, 3), &json!({})).message.unwrap_or_default();
    assert!(message.contains("in Service default/mysql-write:\n[write-service]"), "{message}");
}
