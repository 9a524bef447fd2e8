//! What the API server keeps to itself is nothing that the policy would reject, change or speak of.
//!
//! The policies of `policy-metadata/` say by `matchConditions` which objects are sent to the policy server. Every
//! golden goes through them, and a few objects as every cluster has them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
};

use mysql_replication_e2e_tests::{
    conditions::{Installed, check_sent},
    read_manifests, request, root,
};
use mysql_replication_golden_tests::{check_all, validate};
use mysql_replication_preview::Manifests;
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
    let env = json!([{"name": "LOG_LEVEL", "value": "info"}, {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "a=b"}]);
    let web = json!({"env": env, "args": ["--port=8080"]});
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "MIID".repeat(500));
    let lock = json!({"metadata": {"annotations": {"control-plane.alpha.kubernetes.io/leader": "{}"}}});
    let ports = json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}});
    let mut meshed = template(&json!({"image": "redis:7"}));
    meshed["spec"]["template"]["metadata"]["annotations"] = json!({"sidecar.istio.io/inject": "true"});
    let mut leaving = template(&json!({"image": "mysql:8.4"}));
    leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    for (what, request) in [
        ("a Deployment's pod", asked("Pod", "v1", "web-5d5c-x", &of_controller("apps/v1"))),
        ("a pod that reads its level of logging", asked("Pod", "v1", "web", &json!({"spec": pod(&web)}))),
        ("a Deployment", asked("Deployment", "apps/v1", "web", &template(&web))),
        ("a job of nobody", asked("Job", "batch/v1", "web", &template(&json!({})))),
        ("a cache", asked("StatefulSet", "apps/v1", "cache", &template(&json!({"image": "redis:7"})))),
        ("a cache in a mesh", asked("StatefulSet", "apps/v1", "cache", &meshed)),
        ("a leader's lock", asked("ConfigMap", "v1", "lock", &lock)),
        ("certificates", asked("ConfigMap", "v1", "kube-root-ca.crt", &json!({"data": {"ca.crt": certificate}}))),
        ("a long dashboard", asked("ConfigMap", "v1", "x", &json!({"data": {"a.json": "-".repeat(60_000)}}))),
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
    let in_pods = |key: &str| json!({"spec": {"template": {"metadata": {"annotations": {key: "true"}}}}});
    let data = |key: &str, text: &str| json!({"data": {key: text}});
    let spec = |spec: &Value| json!({"spec": spec});
    let mut cron = json!({"spec": {"jobTemplate": template(&json!({"args": ["--write-host=mysql-1.mysql"]}))}});
    cron["spec"]["schedule"] = json!("@daily");
    let generated = |prefix: &str| json!({"metadata": {"name": null, "generateName": prefix}});
    let long = "x".repeat(2_000);
    let many = json!({"env": (0..301).map(|number| json!({"name": format!("A{number}")})).collect::<Vec<_>>()});
    for (what, request) in [
        ("an annotated StatefulSet", asked("StatefulSet", "apps/v1", "x", &annotation("annotations", key))),
        ("the annotation as a label", asked("StatefulSet", "apps/v1", "x", &annotation("labels", key))),
        (
            "a misspelt one",
            asked("StatefulSet", "apps/v1", "x", &annotation("annotations", "mysql-replication/inject")),
        ),
        (
            "a wish with slips",
            asked("StatefulSet", "apps/v1", "x", &annotation("labels", "mysql-relication.kubwarden.io/Inject")),
        ),
        ("a wish in the pods' annotations", asked("StatefulSet", "apps/v1", "x", &in_pods("kubewarden.io/inject"))),
        (
            "a database",
            asked("StatefulSet", "apps/v1", "x", &template(&json!({"image": "docker.io/library/MariaDB:11"}))),
        ),
        ("an annotated Service", asked("Service", "v1", "x", &annotation("annotations", key))),
        ("a Service by its name", asked("Service", "v1", "orders-write", &json!({}))),
        ("a Service by the name that it gets", asked("Service", "v1", "x", &generated("orders-write-"))),
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
        ("an argument's long value", asked("ConfigMap", "v1", "x", &data("flags", &format!("{long} --skip-log-bin")))),
        ("a script", asked("ConfigMap", "v1", "x", &data("a.sh", "mysql -e 'set global Super_Read_Only=0'"))),
        ("a script about events", asked("ConfigMap", "v1", "x", &data("a.sh", "SET GLOBAL event_scheduler=1"))),
        ("a statement", asked("ConfigMap", "v1", "x", &data("a.sql", "use x;\nCHANGE  MASTER\tTO MASTER_HOST='x'"))),
        ("a newer one", asked("ConfigMap", "v1", "x", &data("a.sql", "change REPLICATION SOURCE TO"))),
        ("one in lines", asked("ConfigMap", "v1", "x", &data("a.sql", "STOP\n  all\nslaves"))),
        ("logs that begin anew", asked("ConfigMap", "v1", "x", &data("a.sql", "RESET BINARY LOGS AND GTIDS"))),
        ("what is skipped", asked("ConfigMap", "v1", "x", &data("a.sql", "SET GLOBAL sql_slave_skip_counter=1"))),
        ("what counts as seen", asked("ConfigMap", "v1", "x", &data("a.sql", "SET GLOBAL gtid_purged='+x:1'"))),
        ("a client's word", asked("ConfigMap", "v1", "x", &data("a.sh", "mysqladmin start-all-slaves"))),
        ("a very long value", asked("ConfigMap", "v1", "x", &data("x", &"x".repeat(60_001)))),
        ("an option file's name", asked("ConfigMap", "v1", "x", &data("file", "/etc/own.cnf"))),
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

/// The texts in a list of the policy's sources, whose item begins with `start`.
fn words_of(file: &str, start: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{file} has no {start}"));
    let (_, rest) = rest.split_once(" =").unwrap_or_else(|| panic!("{file}: {start} has no value"));
    let list = rest.split(';').next().unwrap_or_default();
    // a quote within a text is none of the list's
    let list = list.replace("\\\"", "");
    let words: BTreeSet<_> = list.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(!words.is_empty(), "{file}: no word behind {start}");
    words
}

/// Whatever word the policy takes for one of writing: the condition knows it too.
#[test]
fn every_word_of_the_policy_is_known() {
    const LISTS: &str = "src/rules/write_endpoint/names/lists.rs";
    let list = |name: &str| -> Vec<String> {
        let words = words_of(LISTS, &format!("static {name}:"));
        words.iter().flat_map(|words| words.split(' ').map(str::to_owned)).collect()
    };
    let mut database = read_manifests(&root().join("examples/statefulset.yaml"));
    database.extend(read_manifests(&root().join("examples/services.yaml")));
    let names = |word: &str| [format!("MYSQL_{}_HOST", word.to_uppercase()), format!("{word}DbHost")];
    let installed = installed();
    for (name, is_faint) in [("WRITE", false), ("ROLE", false), ("FAINT", true)] {
        let words = list(name);
        assert!(words.len() >= 2, "{name}: {words:?}");
        for word in words {
            let mut spoken = 0;
            for name in names(&word) {
                let option = name.to_lowercase().replace('_', "-");
                let config_map = json!({
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app", "namespace": "default"},
                    "data": {name.as_str(): "mysql-1.mysql"},
                });
                let from = |from: Value| json!({"env": [{"name": name, "valueFrom": {"configMapKeyRef": from}}]});
                for container in [
                    json!({"env": [{"name": name, "value": "mysql-1.mysql"}]}),
                    json!({"env": [{"name": "JAVA_OPTS", "value": format!("-D{name}=mysql-1.mysql")}]}),
                    json!({"args": [format!("--{option}=mysql-1.mysql")]}),
                    json!({"args": [format!("--{option}"), "mysql-1.mysql"]}),
                    json!({"command": ["sh", "-c", format!("export {name}=mysql-1.mysql; exec app")]}),
                    json!({"envFrom": [{"configMapRef": {"name": "app"}}]}),
                    from(json!({"name": "app", "key": name})),
                ] {
                    for (kind, version) in [("Deployment", "apps/v1"), ("StatefulSet", "apps/v1"), ("Job", "batch/v1")]
                    {
                        let request = asked(kind, version, "x", &template(&container));
                        let objects = database.iter().cloned().chain([config_map.clone()]);
                        let answer = validate(&Manifests::new(objects, "default"), &request, &json!({}));
                        spoken += usize::from(!answer.accepted || answer.warnings.is_some());
                        check_sent(&installed, &request, &[], &answer)
                            .unwrap_or_else(|problem| panic!("{problem}\n{request}"));
                    }
                }
            }
            assert!(spoken > 0, "{word} is in {name}, and the policy says nothing of it");
            assert!(is_faint || spoken >= 21, "{word} is in {name}, and the policy says little of it: {spoken}");
        }
    }
    // and what stands in a ConfigMap, however long it is
    for sign in words_of("src/rules/config_map/keys.rs", "const SIGNS:") {
        assert!(sign.len() >= 4, "{sign}");
        for before in [String::new(), "x".repeat(2_000)] {
            let data = json!({"data": {"own": format!("{before}{sign}")}});
            assert!(is_sent(&installed, &asked("ConfigMap", "v1", "x", &data)), "{sign}");
        }
    }
}

/// An object in which no sign of a database is left, so that no part of a condition is passed over.
fn dull(value: &Value) -> Value {
    /// Fields whose keys are a user's own.
    const OWN: [&str; 6] = ["annotations", "labels", "matchLabels", "selector", "data", "binaryData"];
    /// What conditions compare.
    const KEPT: [&str; 3] = ["kind", "apiVersion", "controller"];
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(key, value)| {
                    let is_own = OWN.contains(&key.as_str()) && value.as_object().is_some_and(|own| !own.is_empty());
                    let value = match value {
                        Value::Object(own) if is_own && !own.values().any(Value::is_object) => json!({"x": "x"}),
                        kept if KEPT.contains(&key.as_str()) => kept.clone(),
                        value => dull(value),
                    };
                    (key.clone(), value)
                })
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.iter().take(2).map(dull).collect()),
        Value::String(_) => json!("x"),
        Value::Number(_) => json!(1),
        other => other.clone(),
    }
}

/// The pointers of all fields below a place, which are not those of an object's identity.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields_here) => {
            for (key, value) in fields_here {
                let at = format!("{at}/{}", escaped(key));
                fields(value, &at, found);
                found.push(at);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                fields(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn without(object: &Value, pointer: &str) -> Value {
    let mut object = object.clone();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let key = key.replace("~1", "/").replace("~0", "~");
    let parent = object.pointer_mut(parent).and_then(Value::as_object_mut).expect("the field's object");
    parent.remove(&key).expect("the field");
    object
}

/// A condition that fails refuses the object, whatever it is, where the failurePolicy is Fail. What the API server
/// leaves out of an object is not there: names that are made of `generateName`, and every field that is empty. Only
/// `metadata` always is, and `containers` is null where there are none (k8s.io/api, `PodSpec`).
#[test]
fn no_condition_fails_whatever_is_not_there() {
    let installed = installed();
    let mut scale = request(&json!({"metadata": {"name": "x"}, "spec": {"replicas": 3}}), None);
    scale["kind"] = json!({"group": "autoscaling", "version": "v1", "kind": "Scale"});
    scale["resource"] = json!({"group": "apps", "version": "v1", "resource": "statefulsets"});
    scale["subResource"] = json!("scale");
    scale["operation"] = json!("UPDATE");
    scale["oldObject"] = scale["object"].clone();
    assert!(is_sent(&installed, &scale));
    let requests = RefCell::new(BTreeMap::from([("Scale".to_owned(), scale)]));
    check_all(&|cluster, request, settings| {
        for one in [request.clone(), {
            let mut one = request.clone();
            for key in ["object", "oldObject"] {
                one[key] = dull(&request[key]);
            }
            one
        }] {
            requests.borrow_mut().insert(format!("{}{}{}", one["kind"], one["object"], one["oldObject"]), one);
        }
        validate(cluster, request, settings)
    });
    let requests = requests.into_inner();
    let mut problems = BTreeSet::new();
    let mut tried: BTreeMap<String, usize> = BTreeMap::new();
    let mut check = |request: &Value, what: &str| {
        for policy in installed.iter().filter(|policy| policy.asks_for(request)) {
            if let Err(problem) = policy.kept_by(request, &[]) {
                problems.insert(format!("{}: {what}: {problem}", request["kind"]["kind"]));
            }
        }
    };
    for request in requests.values() {
        let kind = request["kind"]["kind"].as_str().unwrap_or_default();
        for key in ["object", "oldObject"] {
            let Some(object) = request.get(key).filter(|object| object.is_object()) else { continue };
            let mut variants = Vec::new();
            let mut unnamed = object.clone();
            if let Some(name) = unnamed["metadata"].as_object_mut().and_then(|metadata| metadata.remove("name")) {
                unnamed["metadata"]["generateName"] = json!(format!("{}-", name.as_str().unwrap_or_default()));
                variants.push(("no name".to_owned(), unnamed));
            }
            let mut all = Vec::new();
            fields(object, "", &mut all);
            // a golden's image is no text; such an object comes to no condition
            all.retain(|pointer| !pointer.contains("/image/"));
            for pointer in
                all.iter().filter(|pointer| !["/metadata", "/kind", "/apiVersion"].contains(&pointer.as_str()))
            {
                variants.push((format!("no {pointer}"), without(object, pointer)));
                if pointer.ends_with("/containers") {
                    let mut empty = object.clone();
                    *empty.pointer_mut(pointer).expect("the field") = Value::Null;
                    variants.push((format!("{pointer} is null"), empty));
                }
            }
            for (what, object) in variants {
                // alike in every golden: some of each are enough
                let count = tried.entry(format!("{kind} {key} {what}")).or_default();
                *count += 1;
                if *count <= 8 {
                    let mut request = request.clone();
                    request[key] = object;
                    check(&request, &format!("{key}: {what}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), Vec::from_iter(problems).join("\n"));
    for kind in ["StatefulSet", "Service", "ConfigMap", "Deployment", "Pod", "CronJob", "Scale"] {
        assert!(tried.keys().any(|what| what.starts_with(kind)), "no {kind} was tried");
    }
    // `object` is null where something is deleted
    for policy in &installed {
        for rule in policy.policy["spec"]["rules"].as_array().expect("rules") {
            for operation in rule["operations"].as_array().expect("operations") {
                assert!(["CREATE", "UPDATE"].contains(&operation.as_str().expect("an operation")), "{rule}");
            }
        }
    }
}

/// The API server gives an expression up that costs more than its budget (k8s.io/apiserver, `pkg/apis/cel`): lists and
/// texts without a limit are not searched. By cel-go's cost of each call (`interpreter/runtimecost.go`), the dearest objects within
/// these limits cost 0.75 million of a million, as an update, with a hundred annotations of three hundred letters each.
#[test]
fn no_object_is_too_large_for_a_condition() {
    let installed = installed();
    for policy in &installed {
        for condition in policy.policy["spec"]["matchConditions"].as_array().expect("conditions") {
            let text = condition["expression"].as_str().expect("an expression");
            for (search, limit) in [
                ("c.env.exists(", "size(c.env) * size(cs) > 300 || "),
                ("ws.exists(", "size(ws) * size(cs) > 300 || "),
                ("t.matches(", "size(t) > 500 || "),
                ("m.annotations.exists(", "size(m.annotations) > 100 || "),
                ("m.labels.exists(", "size(m.labels) > 100 || "),
                ("o.data.exists(", "size(o.data) > 200 || "),
                ("o.binaryData.exists(", "size(o.binaryData) > 200 || "),
                ("o.spec.ports.exists(", "size(o.spec.ports) > 100 || "),
                ("o.data[k].matches(", "size(o.data[k]) * size(o.data) > 60000 ||"),
            ] {
                assert_eq!(text.matches(search).count(), text.matches(limit).count(), "{search}: {text}");
            }
            let (bounded, searched) = (text.find("* size(o.data) > 60000"), text.find("o.data[k].contains("));
            assert!(searched.is_none() || bounded < searched, "{text}");
        }
    }
}
