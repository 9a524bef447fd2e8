//! Objects that nobody honest writes: each makes two sides of a search grow together, or much of what is dear to look
//! at.

use mysql_replication_manifests::admission_request;
use serde_json::{Map, Value, json};

use crate::growth::{Shape, append, small};
use crate::subject::{LARGE_CONFIG_MAP, deployment, managed, metadata};

/// The shapes, each of the function that it was made for.
pub const HOSTILE: [Shape; 43] = [
    // rules/statefulset.rs
    shape("statements", |parts| with_hook(&"read_only=1 ".repeat(parts))),
    shape("statements, each set", |parts| with_hook(&"set read_only=1 ".repeat(parts))),
    shape("scripts that a hook runs", |parts| {
        let words: Vec<_> = (0..parts).map(|index| format!("/scripts/a{index};")).collect();
        with_scripts(with_hook(&words.concat()), 1)
    }),
    shape("mounts of scripts", |parts| with_scripts(with_hook(&"/scripts/a;".repeat(100)), parts)),
    shape("references without an end", |parts| with_args(&["$(".repeat(parts)])),
    shape("references with one end", |parts| with_args(&["$(".repeat(parts) + ")"])),
    shape("braces without an end", |parts| with_args(&["${".repeat(parts)])),
    shape("one long variable in arguments", |parts| {
        let mut object = small(&managed());
        let container = database(&mut object);
        append(&mut container["env"], [variable("LONG", &"x".repeat(4000))].into_iter());
        container["args"] = json!((0..parts).map(|index| format!("--read-only=$(LONG){index}")).collect::<Vec<_>>());
        (object, json!({}))
    }),
    shape("known options", |parts| with_args(&vec!["--read-only".to_owned(); parts])),
    shape("options that hide the option files", |parts| with_args(&["--no-defaults ".repeat(parts)])),
    // inject/credentials.rs
    shape("references between variables", |parts| {
        let names = (0..parts).map(|index| format!("$(V_{index})")).collect::<Vec<_>>().concat();
        let more = (0..parts).map(|index| variable(&format!("V_{index}"), "x"));
        with_env(more.chain([variable("MYSQL_ROOT_PASSWORD", &names)]))
    }),
    shape("password files", |parts| {
        let file = |index: usize| variable("MYSQL_ROOT_PASSWORD_FILE", &format!("/run/{index}/file"));
        with_mounts(&managed(), (0..parts).map(|index| format!("/run/{index}")), (0..parts).map(file))
    }),
    shape("referred password files", |parts| {
        let names = (0..parts).map(|index| format!("$(V{index}_PASSWORD_FILE)")).collect::<Vec<_>>().concat();
        let file = |index: usize| variable(&format!("V{index}_PASSWORD_FILE"), &format!("/run/{index}/file"));
        let env = (0..parts).map(file).chain([variable("MYSQL_ROOT_PASSWORD", &names)]);
        with_mounts(&managed(), (0..parts).map(|index| format!("/run/{index}")), env)
    }),
    shape("one-time passwords", |parts| with_env((0..parts).map(|_| variable("MYSQL_ONETIME_PASSWORD", "x")))),
    // inject/containers.rs
    shape("mounts of option files", |parts| {
        let mut object = managed();
        database(&mut object)["image"] = json!("mysql:8.4.2");
        let paths = (0..parts).map(|index| format!("/etc/mysql/conf.d/a{index}.cnf"));
        with_mounts(&object, paths, [].into_iter())
    }),
    shape("equal mounts", |parts| with_mounts(&managed(), (0..parts).map(|_| "/a".to_owned()), [].into_iter())),
    // inject/plan.rs
    shape("equal containers", |parts| {
        let mut object = small(&managed());
        let more = (0..parts).map(|_| json!({"name": "xtrabackup"}));
        append(&mut object["spec"]["template"]["spec"]["containers"], more);
        (object, json!({}))
    }),
    // inject/part.rs
    shape("variables of an injected container", |parts| {
        let mut object = injected();
        // the smallest one is refused too, and has nothing that the others have not
        let more = (0..parts + 300).map(|index| variable(&format!("REPLICATION_{index:05}"), ""));
        append(&mut object["spec"]["template"]["spec"]["initContainers"][0]["env"], more);
        (object, json!({}))
    }),
    // inject/status.rs
    shape("volumes in a record", |parts| {
        with_record(parts, |record, parts| record["volumes"] = json!(vec!["mysql-replication-scripts"; parts]))
    }),
    shape("mounts in a record", |parts| {
        let mut object = with_record(parts, |record, parts| {
            record["volumeMounts"] = (0..parts).map(|index| json!(format!("/p{index}"))).collect();
        });
        let more = (0..parts).map(|index| json!({"name": "conf", "mountPath": format!("/m{index}")}));
        append(&mut database(&mut object.0)["volumeMounts"], more);
        object
    }),
    // enforcement.rs
    shape("exemptions", |parts| {
        let mut object = small(&managed());
        object["metadata"]["annotations"]["mysql-replication.kubewarden.io/exempt"] = json!("a;".repeat(parts));
        (object, json!({}))
    }),
    // annotations.rs
    shape("annotations of pods", |parts| {
        let mut object = small(&managed());
        let more = (0..parts).map(|index| (format!("mysql-replication.kubewarden.io/{index}"), json!("")));
        object["spec"]["template"]["metadata"]["annotations"] = Value::Object(more.collect());
        (object, json!({}))
    }),
    // rules/write_endpoint/, but for the words of names
    shape("one ConfigMap in envFrom", |parts| {
        let source = json!({"configMapRef": {"name": LARGE_CONFIG_MAP}});
        with_container(&json!({"name": "shop", "envFrom": vec![source; parts], "args": ["--primary"]}))
    }),
    shape("one ConfigMap with prefixes", |parts| {
        let source = |index| json!({"prefix": format!("P{index}_"), "configMapRef": {"name": LARGE_CONFIG_MAP}});
        let sources: Vec<Value> = (0..parts).map(source).collect();
        with_container(&json!({"name": "shop", "envFrom": sources, "args": ["--primary"]}))
    }),
    shape("one ConfigMap in many containers", |parts| {
        let source = json!([{"configMapRef": {"name": LARGE_CONFIG_MAP}}]);
        let container = |index| json!({"name": format!("c{index}"), "envFrom": source, "args": ["--primary"]});
        (small(&deployment((0..parts).map(container).collect())), json!({}))
    }),
    shape("aliases of hosts", |parts| {
        let names: Vec<String> = (0..parts).map(|index| format!("a{index}")).collect();
        let env = (0..parts).map(|index| variable(&format!("WRITE_HOST_{index}"), "b"));
        let container = json!({"name": "shop", "env": env.collect::<Vec<_>>()});
        let mut object = small(&deployment(json!([container])));
        object["spec"]["template"]["spec"]["hostAliases"] = json!([{"ip": "10.0.0.1", "hostnames": names}]);
        (object, json!({}))
    }),
    shape("wrong hosts", |parts| {
        let env = (0..parts).map(|index| variable(&format!("WRITE_HOST_{index}"), "mysql-1.mysql"));
        with_container(&json!({"name": "shop", "env": env.collect::<Vec<_>>()}))
    }),
    shape("lists of hosts", |parts| {
        let value = "a,".repeat(2047) + "b";
        let env = (0..parts).map(|index| variable(&format!("WRITE_HOST_{index}"), &value));
        with_container(&json!({"name": "shop", "env": env.collect::<Vec<_>>()}))
    }),
    shape("one long variable in values", |parts| {
        let more = (0..parts).map(|index| variable(&format!("A{index}"), "$(LONG)"));
        let env = [variable("LONG", &"x".repeat(4000)), variable("WRITE_HOST", "a")].into_iter().chain(more);
        with_container(&json!({"name": "shop", "env": env.collect::<Vec<_>>()}))
    }),
    shape("words of a shell", |parts| {
        with_container(&json!({"name": "shop", "command": ["sh", "-c", format!("primary {}", "a=b ".repeat(parts))]}))
    }),
    shape("arguments of a workload", |parts| {
        with_container(&json!({"name": "shop", "args": vec![""; parts], "command": ["--primary"]}))
    }),
    shape("keys that say write", |parts| {
        let source = json!({"configMapKeyRef": {"name": "x", "key": "write"}});
        let env = (0..parts).map(|index| json!({"name": format!("rwrorwrorworwrorwrorw{index}"), "valueFrom": source}));
        with_container(&json!({"name": "shop", "env": env.collect::<Vec<_>>()}))
    }),
    // rules/write_endpoint/: the words of names
    shape("names of rw and ro", |parts| {
        let name =
            |index: usize| (0..15).map(|bit| if index >> bit & 1 == 0 { "rw" } else { "ro" }).collect::<String>();
        let env = (0..parts).map(|index| variable(&format!("{}_write", name(index)), ""));
        with_container(&json!({"name": "shop", "env": env.collect::<Vec<_>>()}))
    }),
    // rules/config_map.rs
    shape("options that keep data elsewhere", |parts| {
        with_files(&format!("[mysqld]\n{}", "innodb-undo-directory=/x\n".repeat(parts)), [].into_iter())
    }),
    shape("short lines", |parts| with_files(&format!("[mysqld]\n{}", "s\n".repeat(parts)), [].into_iter())),
    shape("lines without a name", |parts| with_files(&format!("[mysqld]\n{}", "=\n".repeat(parts)), [].into_iter())),
    shape("unknown directives", |parts| with_files(&format!("[mysqld]\n{}", "!\n".repeat(parts)), [].into_iter())),
    shape("keys of a ConfigMap", |parts| {
        with_files("[mysqld]\n", (0..parts).map(|index| (format!("{index:09}"), json!(""))))
    }),
    // rules/service.rs
    shape("labels of a Service", |parts| {
        let value = "rwrorworrwrorworrwrorworrwrorwor";
        let labels = (0..parts).map(|index| (format!("x{index}/role"), json!(value))).collect::<Map<_, _>>();
        let metadata = json!({"name": "shop", "namespace": "default", "labels": labels});
        let spec = json!({"ports": [{"port": 80}], "selector": {"app": "shop"}});
        (json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}), json!({}))
    }),
    // json
    shape("escapes", |parts| with_hook(&"\"".repeat(parts))),
    shape("small objects", |parts| {
        let mut object = small(&managed());
        object["spec"]["template"]["spec"]["tolerations"] = json!(vec![json!({}); parts]);
        (object, json!({}))
    }),
    shape("small objects of a workload", |parts| {
        let mut object = small(&deployment(json!([{"name": "shop", "args": ["--primary"]}])));
        object["spec"]["template"]["spec"]["tolerations"] = json!(vec![json!({}); parts]);
        (object, json!({}))
    }),
    shape("nested lists", |parts| {
        let nested = (0..10).fold(json!(0), |inner, _| json!([inner]));
        let mut object = small(&managed());
        object["spec"]["template"]["spec"]["other"] = json!(vec![nested; parts]);
        (object, json!({}))
    }),
];

const fn shape(name: &'static str, make: fn(usize) -> (Value, Value)) -> Shape {
    Shape { name, make }
}

fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn database(object: &mut Value) -> &mut Value {
    &mut object["spec"]["template"]["spec"]["containers"][0]
}

fn with_hook(command: &str) -> (Value, Value) {
    let mut object = small(&managed());
    database(&mut object)["lifecycle"] = json!({"postStart": {"exec": {"command": ["sh", "-c", command]}}});
    (object, json!({}))
}

/// An object whose database container mounts a ConfigMap, so often.
fn with_scripts((mut object, settings): (Value, Value), mounts: usize) -> (Value, Value) {
    let pod = &mut object["spec"]["template"]["spec"];
    pod["volumes"] = json!([{"name": "s", "configMap": {"name": LARGE_CONFIG_MAP}}]);
    let mount = |index: usize| json!({"name": "s", "mountPath": format!("/scripts{}", "/".repeat(index % 2))});
    append(&mut database(&mut object)["volumeMounts"], (0..mounts).map(mount));
    (object, settings)
}

fn with_args(args: &[String]) -> (Value, Value) {
    let mut object = small(&managed());
    database(&mut object)["args"] = json!(args);
    (object, json!({}))
}

fn with_env(env: impl Iterator<Item = Value>) -> (Value, Value) {
    let mut object = small(&managed());
    append(&mut database(&mut object)["env"], env);
    (object, json!({}))
}

fn with_mounts(
    object: &Value,
    paths: impl Iterator<Item = String>,
    env: impl Iterator<Item = Value>,
) -> (Value, Value) {
    let mut object = small(object);
    let container = database(&mut object);
    append(&mut container["volumeMounts"], paths.map(|path| json!({"name": "run", "mountPath": path})));
    append(&mut container["env"], env);
    (object, json!({}))
}

fn with_container(container: &Value) -> (Value, Value) {
    (small(&deployment(json!([container]))), json!({}))
}

fn with_files(text: &str, more: impl Iterator<Item = (String, Value)>) -> (Value, Value) {
    let mut data = Map::from_iter([("slave.cnf".to_owned(), json!(text))]);
    data.extend(more);
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("mysql"), "data": data});
    (small(&object), json!({}))
}

/// What the policy makes of [`managed`].
fn injected() -> Value {
    let payload = json!({"request": admission_request(&small(&managed()), None, "default"), "settings": {}});
    let host = |_: &str, _: &[u8]| Err("Cannot find v1/Service named 'x'".to_owned());
    let answer = mysql_replication_policy::validate(payload.to_string().as_bytes(), &host);
    let mut answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    answer["mutated_object"].take()
}

/// An injected object whose record was changed, with as many volumes.
fn with_record(parts: usize, change: fn(&mut Value, usize)) -> (Value, Value) {
    const KEY: &str = "mysql-replication.kubewarden.io/status";
    let mut object = injected();
    let text = object["metadata"]["annotations"][KEY].as_str().unwrap_or_default();
    let mut record: Value = serde_json::from_str(text).unwrap_or_default();
    change(&mut record, parts);
    object["metadata"]["annotations"][KEY] = json!(record.to_string());
    if let Some(volumes) = object["spec"]["template"]["spec"]["volumes"].as_array_mut() {
        volumes.splice(0..0, (0..parts).map(|index| json!({"name": format!("v{index}")})));
    }
    (object, json!({}))
}
