use std::cell::RefCell;

use super::{addresses::READ_ONLY, effort::Work, *};
use crate::container_variables::SOURCES;
use crate::{
    json::{at, json},
    names::{POD_INDEX_LABEL, POD_NAME_LABEL, annotation::INJECT},
};

/// Asks of a cluster: `kind namespace/name` of what exists.
struct Asked {
    objects: Value<'static>,
    log: RefCell<Vec<String>>,
}

impl Asked {
    fn call(&self, operation: &str, request: &[u8]) -> Result<Vec<u8>, String> {
        let request = crate::json::read(std::str::from_utf8(request).unwrap()).unwrap();
        let [kind, namespace, name] = ["kind", "namespace", "name"].map(|key| str_at(&request, &[key]));
        self.log.borrow_mut().push(format!("{kind} {namespace}/{name}"));
        let objects = at(&self.objects, &[kind, namespace]).and_then(Value::as_object);
        let answer = if namespace == "broken" {
            return Err("forbidden".to_owned());
        } else if operation == "get_resource" {
            objects.and_then(|objects| objects.get(name)).cloned()
        } else {
            let all = objects.map(|objects| objects.iter().map(|(_, object)| object.clone()).collect::<Vec<_>>());
            Some(json!({ "items": all }))
        };
        let absent = || format!("Cannot find v1/{kind} named '{name}' inside of namespace");
        answer.map(|answer| answer.to_string().into_bytes()).ok_or_else(absent)
    }
}

fn statefulset(name: &str, service: &str, inject: &str, replicas: u32) -> Value<'static> {
    json!({
        "metadata": {"name": name, "annotations": {format!("{ANNOTATION_PREFIX}{INJECT}"): inject}},
        "spec": {
            "replicas": replicas,
            "serviceName": service,
            "template": {"metadata": {"labels": {"app": name, "team": "a"}}},
        },
    })
}

fn service(selector: &Value) -> Value<'static> {
    json!({"spec": {"selector": selector, "clusterIP": "10.0.0.1", "ports": [{"port": 3306}]}})
}

fn objects() -> Value<'static> {
    let pinned = |pod: &str| service(&json!({"app": "mysql", POD_NAME_LABEL: pod}));
    json!({
        "StatefulSet": {
            "shop": {
                "mysql": statefulset("mysql", "mysql", "true", 3),
                "plain": statefulset("plain", "plain", "false", 3),
                "single": statefulset("single", "single", "true", 1),
            },
            "data": {"orders": statefulset("orders", "orders-hl", "true", 2)},
        },
        "Service": {
            "shop": {
                "mysql": {"spec": {"selector": {"app": "mysql"}, "clusterIP": "None"}},
                "mysql-read": service(&json!({"app": "mysql"})),
                "mysql-write": pinned("mysql-0"),
                "mysql-r1": pinned("mysql-1"),
                "mysql-i0": service(&json!({"app": "mysql", POD_INDEX_LABEL: "0"})),
                "mysql-i2": service(&json!({"app": "mysql", POD_INDEX_LABEL: "2"})),
                "mysql-role": service(&json!({"app": "mysql", "role": "primary"})),
                "mysql-metrics": {"spec": {
                    "selector": {"app": "mysql"},
                    "ports": [{"port": 9104}, {"port": 80, "targetPort": "metrics"}],
                }},
                "mysql-mapped": {"spec": {
                    "selector": {"app": "mysql"},
                    "ports": [{"port": 4000, "targetPort": 3306}],
                }},
                "by-hand": {"spec": {"ports": [{"port": 3306}]}},
                "plain": service(&json!({"app": "plain"})),
                "single": service(&json!({"app": "single"})),
            },
            "data": {"orders-read": service(&json!({"team": "a"}))},
            "mysql": {"mysql-1": service(&json!({"app": "other"}))},
        },
        "ConfigMap": {"shop": {"app": {"data": {
            "WRITE_HOST": "mysql-2.mysql",
            "READ_HOST": "mysql-1.mysql",
            "host": "mysql-1.mysql",
            "write-host": "mysql-read",
            "right": "mysql-0.mysql",
        }}}},
    })
}

/// The findings of a pod of one container, and what was looked up.
fn check_with(container: &Value, objects: Value<'static>, names: &WriteNames) -> (Findings, Vec<String>) {
    let asked = Asked { objects, log: RefCell::default() };
    let host = |operation: &str, request: &[u8]| asked.call(operation, request);
    let cluster = Cluster::new(&host);
    let mut findings = Findings::default();
    workload(&json!({"containers": [container]}), "spec", "shop", names, &cluster, &mut findings);
    let found = !findings.violations.is_empty() || !findings.warnings.is_empty();
    assert!(!found || may_concern(&container.to_string(), names), "{container}");
    (findings, asked.log.into_inner())
}

fn check(container: &Value) -> (Findings, Vec<String>) {
    check_with(container, objects(), &WriteNames::default())
}

/// The places and hosts of the problems.
fn found(container: &Value) -> Vec<String> {
    let (findings, _) = check(container);
    let line = |violation: &Violation| format!("{} {}", violation.path, violation.found);
    findings.violations.iter().map(line).collect()
}

fn env(name: &str, value: &str) -> Value<'static> {
    json!({"env": [{"name": name, "value": value}]})
}

#[test]
fn what_a_host_is() {
    for (host, expected) in [
        ("mysql-1.mysql", "a replica of the StatefulSet shop/mysql"),
        ("mysql-1.mysql.shop", "a replica of the StatefulSet shop/mysql"),
        ("mysql-2.mysql.shop.svc:3306", "a replica of the StatefulSet shop/mysql"),
        ("orders-1.orders-hl.data.svc.cluster.local", "a replica of the StatefulSet data/orders"),
        ("mysql", "a Service over all pods of the StatefulSet shop/mysql"),
        ("mysql-read:3306", "a Service over all pods of the StatefulSet shop/mysql"),
        ("mysql-read.shop.svc.cluster.local.", "a Service over all pods of the StatefulSet shop/mysql"),
        ("mysql-mapped:4000", "a Service over all pods of the StatefulSet shop/mysql"),
        ("orders-read.data", "a Service over all pods of the StatefulSet data/orders"),
        ("mysql-r1", "a Service that leads to mysql-1, a replica of the StatefulSet shop/mysql"),
        ("mysql-i2", "a Service that leads to mysql-2, a replica of the StatefulSet shop/mysql"),
    ] {
        let name = host.split(':').next().unwrap_or_default().trim_end_matches('.');
        assert_eq!(
            found(&env("DB_WRITE_HOST", host)),
            [format!("spec.containers[0].env[0].value DB_WRITE_HOST names {name}, {expected}")]
        );
    }
    for host in [
        "mysql-0.mysql",
        "mysql-0.mysql.shop.svc.cluster.local",
        "mysql-1.other",
        "mysql-1.mysql:9104",
        "mysql-1.mysql:3307",
        "mysql-1.mysql.elsewhere",
        "plain-1.plain",
        "plain",
        "single",
        "mysql-write",
        "mysql-i0",
        "mysql-role",
        "mysql-metrics",
        "mysql-read:9104",
        "mysql:9104",
        "by-hand",
        "not-yet",
        "orders-read",
        "db.example.com",
    ] {
        assert_eq!(found(&env("DB_WRITE_HOST", host)), [""; 0], "{host}");
    }
}

#[test]
fn a_problem_tells_what_to_write_and_no_password() {
    let (findings, _) = check(&env("WRITE_URL", "mysql://app:s3cret@orders-1.orders-hl.data/shop"));
    let [violation] = &findings.violations[..] else { panic!("{findings:?}") };
    assert_eq!(violation.rule, rule::WRITE_ENDPOINT);
    assert_eq!(violation.why, READ_ONLY);
    assert!(violation.fix.starts_with("write orders-0.orders-hl.data, or a Service annotated "), "{violation:?}");
    assert!(violation.fix.contains("exempt: \"write-endpoint: why\""), "{violation:?}");
    assert!(!format!("{violation:?}").contains("s3cret"));
}

#[test]
fn every_list_of_containers_counts() {
    let host = |_: &str, request: &[u8]| {
        let asked = crate::json::read(std::str::from_utf8(request).unwrap()).unwrap();
        let object = objects()[str_at(&asked, &["kind"])]["shop"][str_at(&asked, &["name"])].clone();
        Ok(object.to_string().into_bytes())
    };
    let container = env("DB_WRITE_HOST", "mysql-1.mysql");
    let pod = json!({
        "initContainers": [{}, container],
        "containers": [container],
        "ephemeralContainers": [container],
    });
    let mut findings = Findings::default();
    let cluster = Cluster::new(&host);
    workload(&pod, "spec.template.spec", "shop", &WriteNames::default(), &cluster, &mut findings);
    let paths: Vec<_> = findings.violations.iter().map(|violation| violation.path.as_ref()).collect();
    assert_eq!(
        paths,
        [
            "spec.template.spec.initContainers[1].env[0].value",
            "spec.template.spec.containers[0].env[0].value",
            "spec.template.spec.ephemeralContainers[0].env[0].value",
        ]
    );
}

#[test]
fn variables_refer_to_earlier_ones() {
    let container = |env: Value| found(&json!({ "env": env }));
    let pair = |name: &str, value: &str| json!({"name": name, "value": value});
    let url = "mysql://app:$(PASSWORD)@$(HOST):3306/shop";
    let password = json!({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
    assert_eq!(container(json!([password, pair("HOST", "mysql-1.mysql"), pair("WRITE_URL", url)])).len(), 1);
    // the last before it counts, and nothing behind it
    assert_eq!(container(json!([pair("HOST", "a"), pair("HOST", "mysql-1.mysql"), pair("WRITE_URL", url)])).len(), 1);
    assert_eq!(container(json!([pair("WRITE_URL", url), pair("HOST", "mysql-1.mysql")])), [""; 0]);
    assert_eq!(container(json!([pair("HOST", "mysql-1.mysql"), pair("WRITE_HOST", "$$(HOST)")])), [""; 0]);
    // the namespace is known, and so is a ConfigMap's key
    let field = json!({"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}});
    assert_eq!(container(json!([field, pair("WRITE_HOST", "mysql-1.mysql.$(NS).svc")])).len(), 1);
    let key = json!({"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "host"}}});
    assert_eq!(container(json!([key, pair("WRITE_URL", url)])).len(), 1);
    assert_eq!(check(&json!({"env": [key, pair("READ_URL", url)]})).1, [""; 0]);
    // what is replaced is not in effect
    assert_eq!(container(json!([pair("WRITE_HOST", "mysql-1.mysql"), pair("WRITE_HOST", "mysql-0.mysql")])), [""; 0]);
    // a variable of a variable is one problem
    assert_eq!(
        container(json!([pair("WRITE_HOST", "mysql-1.mysql"), pair("WRITE_URL", "mysql://$(WRITE_HOST)/a")])).len(),
        1
    );
}

#[test]
fn values_do_not_grow_without_end() {
    let mut env = vec![json!({"name": "A", "value": "x".repeat(100)})];
    for _ in 0..40 {
        env.push(json!({"name": "A", "value": "$(A)$(A)$(A)"}));
    }
    env.push(json!({"name": "WRITE_HOST", "value": "$(A)"}));
    assert_eq!(found(&json!({ "env": env })), [""; 0]);
}

#[test]
fn config_maps() {
    let reference = |name: &str, key: &str| {
        let source = json!({"configMapKeyRef": {"name": "app", "key": key}});
        json!({"env": [{"name": name, "valueFrom": source}]})
    };
    assert_eq!(
        found(&reference("DB_WRITE_HOST", "host")),
        ["spec.containers[0].env[0].valueFrom.configMapKeyRef DB_WRITE_HOST (key host of the ConfigMap shop/app) \
             names mysql-1.mysql, a replica of the StatefulSet shop/mysql"]
    );
    // the key may say it
    assert_eq!(found(&reference("DB_HOST", "write-host")).len(), 1);
    for (name, key) in [("DB_READ_HOST", "write-host"), ("DB_WRITE_HOST", "right"), ("DB_WRITE_HOST", "none")] {
        assert_eq!(found(&reference(name, key)), [""; 0], "{name} {key}");
    }
    assert_eq!(check(&reference("DB_HOST", "host")).1, [""; 0]);

    let from = |prefix: &str| {
        let source = json!({"prefix": prefix, "configMapRef": {"name": "app"}});
        json!({"envFrom": [{"secretRef": {"name": "s"}}, source]})
    };
    let lines = found(&from(""));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("spec.containers[0].envFrom[1] WRITE_HOST (key WRITE_HOST of "), "{lines:?}");
    assert_eq!(found(&from("PRIMARY_DB_")).len(), 3);
    assert_eq!(found(&from("REPLICA_")), [""; 0]);
    // `env` replaces what `envFrom` says
    let mut container = from("");
    container["env"] = json!([{"name": "WRITE_HOST", "value": "mysql-0.mysql"}]);
    assert_eq!(found(&container).len(), 1);
    // arguments see both
    let mut container = from("");
    container["args"] = json!(["--master=$(host)"]);
    assert_eq!(found(&container).len(), 3);
}

#[test]
fn arguments() {
    for (args, place) in [
        (json!(["--db-write-host=mysql-1.mysql"]), "args[0] --db-write-host"),
        (json!(["--db-write-host", "mysql-1.mysql"]), "args[1] --db-write-host"),
        (json!(["-write-host", "mysql-1.mysql:3306"]), "args[1] -write-host"),
        (json!(["-Ddb.write.host=mysql-1.mysql"]), "args[0] -Ddb.write.host"),
        (json!(["x", "DB_WRITE_HOST=mysql-1.mysql"]), "args[1] DB_WRITE_HOST"),
        (json!(["--env=DB_WRITE_HOST=mysql-1.mysql"]), "args[0] DB_WRITE_HOST"),
        (json!(["--write-dsn", "host=mysql-1.mysql port=3306"]), "args[1] --write-dsn"),
        (json!(["-c", "export DB_WRITE_HOST=mysql-1.mysql; exec app"]), "args[1] DB_WRITE_HOST"),
        (json!(["-ec", "export DB_WRITE_HOST='mysql-1.mysql'\nexec app"]), "args[1] DB_WRITE_HOST"),
        (json!(["-c", "exec app --write-host mysql-1.mysql"]), "args[1] --write-host"),
        (json!(["-c", "WRITE_DSN=\"host=mysql-1.mysql port=3306\" app"]), "args[1] WRITE_DSN"),
        (json!(["-c", "echo \"WRITE_HOST=mysql-1.mysql\" >> .env"]), "args[1] WRITE_HOST"),
        (json!(["-c", "cat > a <<EOF\ndb.write.host=mysql-1.mysql\nEOF"]), "args[1] db.write.host"),
    ] {
        let lines = found(&json!({ "args": args }));
        assert_eq!(lines.len(), 1, "{args}");
        assert!(lines[0].starts_with(&format!("spec.containers[0].{place} names mysql-1.mysql,")), "{lines:?}");
    }
    for args in [
        json!(["--db-host=mysql-1.mysql", "--read-host", "mysql-1.mysql"]),
        json!(["--db-write-host", "--other=mysql-1.mysql"]),
        json!(["--db-write-host", "mysql-0.mysql", "mysql-1.mysql"]),
        json!(["-c", "# export DB_WRITE_HOST=mysql-1.mysql\nexec app"]),
        json!(["-c", "WRITE_NOTE=\"mysql-1.mysql is no place\" app"]),
        json!(["-c", "echo \"DB_WRITE_HOST=mysql-1.mysql\" >&2; exit 1"]),
        json!(["-c", "if [ \"$DB_WRITE_HOST\" = mysql-1.mysql ]; then exit 1; fi"]),
        json!(["-c", "mysql -h h <<EOF\nCHANGE MASTER TO MASTER_HOST='mysql-1.mysql', MASTER_PORT=3306;\nEOF"]),
        json!(["-c", "mysqladmin --wait --host=mysql-1.mysql ping"]),
        json!([5, null, {"a": 1}]),
    ] {
        assert_eq!(found(&json!({ "args": args })), [""; 0], "{args}");
    }
    assert_eq!(found(&env("JAVA_TOOL_OPTIONS", "-Xmx1g -Ddb.write.host=mysql-1.mysql")).len(), 1);
    let container = json!({"command": ["app", "--write-host=$(H)"], "env": [{"name": "H", "value": "mysql-1.mysql"}]});
    assert_eq!(found(&container).len(), 1);
}

#[test]
fn a_chain_of_replicas_is_none_of_our_business() {
    let container = |other: &str| {
        let master = json!({"name": "MYSQL_MASTER_HOST", "value": "mysql-1.mysql"});
        json!({"env": [master, {"name": other, "value": "x"}]})
    };
    assert_eq!(found(&container("MYSQL_REPLICATION_USER")), [""; 0]);
    assert_eq!(found(&container("MYSQL_USER")).len(), 1);
}

#[test]
fn look_ups_are_few() {
    let log = |container: &Value| check(container).1;
    for quiet in [
        env("DB_HOST", "mysql-1.mysql"),
        env("DB_WRITE_HOST", "mysql-0.mysql"),
        env("DB_WRITE_HOST", "10.0.0.7"),
        env("DB_WRITE_HOST", "db.example.com"),
        env("WRITE_NOTE", "what is written is written"),
        env("PRIMARY_DB", "mysql"),
        env("WRITE_ENABLED", "true"),
        json!({"env": [{"name": "WRITE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}),
        json!({"envFrom": [{"secretRef": {"name": "a"}}]}),
    ] {
        assert_eq!(log(&quiet), [""; 0], "{quiet}");
    }
    assert_eq!(log(&env("WRITE_HOST", "mysql-1.mysql.shop")), ["StatefulSet shop/mysql"]);
    assert_eq!(log(&env("WRITE_HOST", "x-1.y")), ["StatefulSet shop/x", "Service y/x-1"]);
    assert_eq!(log(&env("WRITE_HOST", "not-yet")), ["Service shop/not-yet"]);
    assert_eq!(log(&env("WRITE_HOST", "by-hand")), ["Service shop/by-hand"]);
    assert_eq!(
        log(&env("WRITE_HOSTS", "mysql-read,mysql-read")),
        ["Service shop/mysql-read", "StatefulSet shop/mysql-read", "StatefulSet shop/"]
    );

    let maps: Vec<_> = (0..20).map(|index| json!({"configMapRef": {"name": format!("m{index}")}})).collect();
    let (findings, log) = check(&json!({ "envFrom": maps }));
    assert_eq!((findings.warnings.len(), log.len()), (1, CONFIG_MAPS));
    assert!(findings.warnings[0].starts_with("4 "), "{findings:?}");
    let hosts: Vec<_> = (0..40).map(|index| format!("h{index}.n")).collect();
    let (findings, log) = check(&env("WRITE_HOSTS", &hosts.join(",")));
    assert_eq!((findings.warnings.len(), log.len()), (1, HOSTS));
}

#[test]
fn what_is_too_much_to_be_looked_at_is_refused() {
    let is_refused = |container: &Value| {
        let (findings, _) = check(container);
        findings.violations.iter().any(|violation| violation.found.contains("more names and values"))
    };
    let variables = |count: usize, name: &str, value: &str| {
        let variable = |index: usize| json!({"name": format!("{name}_{index}"), "value": value});
        json!({"args": ["--primary=x"], "env": (0..count).map(variable).collect::<Vec<_>>()})
    };
    let app = json!({"configMapRef": {"name": "app"}});
    let prefixed = |index: usize| json!({"prefix": format!("{index}_"), "configMapRef": {"name": "app"}});
    let long = variables(64, "A", "$(A_0)$(A_0)").to_json().replacen("$(A_0)$(A_0)", &"x".repeat(2040), 1);
    for (honest, hostile) in [
        (variables(Work::Variables.limit() - 1, "A", ""), variables(Work::Variables.limit(), "A", "")),
        (
            json!({"command": vec!["primary"; Work::Variables.limit()]}),
            json!({"command": vec!["primary"; Work::Variables.limit() + 1]}),
        ),
        (variables(400, "WRITE_HOST", "mysql-write"), variables(2000, "WRITE_HOST", "mysql-write")),
        (variables(400, "WRITE_HOST", "a,b,c"), variables(14, "WRITE_HOST", &"a,".repeat(2000))),
        (
            json!({"command": ["sh", "-c", "primary ".repeat(Work::Shell.limit() / 8)]}),
            json!({"command": ["sh", "-c", "primary ".repeat(Work::Shell.limit() / 8 + 1)]}),
        ),
        (crate::json::read(&long).unwrap(), variables(65, "A", &format!("$(B){}", "x".repeat(4080)))),
        (
            json!({"envFrom": vec![app.clone(); 1000]}),
            json!({"envFrom": (0..=SOURCES).map(prefixed).collect::<Vec<_>>()}),
        ),
    ] {
        assert!(!is_refused(&honest), "{:.200}", honest.to_json());
        assert!(is_refused(&hostile), "{:.200}", hostile.to_json());
    }
}

#[test]
fn a_config_map_named_again_counts_where_it_is_named_last() {
    let app = json!({"configMapRef": {"name": "app"}});
    let other = json!({"configMapRef": {"name": "other"}});
    let path = |sources: &[&Value]| {
        let (findings, _) = check(&json!({"envFrom": sources.iter().copied().cloned().collect::<Vec<_>>()}));
        findings.violations.iter().map(|violation| violation.path.clone().into_owned()).collect::<Vec<_>>()
    };
    let last = path(&[&app]);
    assert!(last.iter().all(|path| path.contains("envFrom[0]")) && !last.is_empty(), "{last:?}");
    assert!(path(&[&app, &other, &app]).iter().all(|path| path.contains("envFrom[2]")));
}

#[test]
fn a_failed_look_up_is_told_once() {
    let container = json!({"env": [
        {"name": "WRITE_HOST", "value": "a-1.v.broken"},
        {"name": "WRITE_URL", "value": "mysql://a-2.v.broken/x"},
        {"name": "RW_HOST", "value": "a.broken"},
    ]});
    let (findings, _) = check(&container);
    let lines: Vec<_> =
        findings.violations.iter().map(|violation| (violation.rule, violation.found.as_ref())).collect();
    assert_eq!(
        lines,
        [
            (rule::LOOK_UP, "StatefulSet broken/a could not be looked up: forbidden (RBAC)"),
            (rule::LOOK_UP, "Service broken/a could not be looked up: forbidden (RBAC)"),
        ]
    );
}

#[test]
fn settings_add_names() {
    let names = WriteNames { variables: vec!["LEDGER*".to_owned()], ..WriteNames::default() };
    assert!(may_concern("{}", &names));
    let (findings, _) = check_with(&env("LEDGER", "mysql"), objects(), &names);
    assert_eq!(findings.violations.len(), 1);
}

#[test]
fn odd_objects_are_no_reason_to_panic() {
    let odd =
        [json!(null), json!(5), json!("x"), json!([]), json!([null, 5, "a", {}]), json!({"name": 5, "value": []})];
    for value in &odd {
        for key in ["env", "envFrom", "command", "args"] {
            found(&json!({ key: value }));
            found(&json!({ key: [value] }));
            found(&json!({ key: [{"name": "WRITE_HOST", "valueFrom": value, "configMapRef": value}] }));
        }
        // the cluster's objects too
        for kind in ["Service", "StatefulSet", "ConfigMap"] {
            let objects =
                json!({ kind: {"shop": {"mysql": value, "a": {"spec": value, "data": value, "metadata": value}}} });
            for host in ["mysql", "mysql-1.mysql", "a", "a-1.a"] {
                let mut container = env("WRITE_HOST", host);
                container["envFrom"] = json!([{"configMapRef": {"name": "a"}}]);
                check_with(&container, objects.clone(), &WriteNames::default());
            }
        }
    }
    for text in [
        "$", "$(", "$()", "$$", "$(A", "$(A)$(", "'", "\"", "\\", "#", ";;", "{", "a=b=c=", "-", "--", "-=", "=", "ä=ö",
    ] {
        found(&env("WRITE_HOST", text));
        found(&json!({"args": [text, format!("x {text}"), format!("export A={text}")]}));
    }
}
