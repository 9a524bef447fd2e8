//! The faulty manifests, and who could write to a replica that is made from them.

use std::fmt;

use serde_json::{Value, json};

use crate::{context::Context, image::Family};

/// Who can write to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writers {
    Nobody,
    /// MySQL: `super_read_only` is off, but `read_only` is on.
    Administrators,
    Everyone,
}

impl fmt::Display for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "closed",
            Self::Administrators => "open for administrators",
            Self::Everyone => "open for everyone",
        })
    }
}

/// A fault, the rule that is to find it, and what the server makes of it.
pub(super) struct Case {
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
    pub(super) object: Value,
    pub(super) open: Writers,
}

impl Case {
    /// An argument of the database's container that opens nothing: it does something else.
    pub(super) fn argument(context: &Context<'_>, rule: &'static str, what: &'static str) -> Self {
        Self { rule, what, object: faulty(context, &json!({"args": [what]})), open: Writers::Nobody }
    }
}

/// The manifest of the lane, with as many pods as there are here.
pub(super) fn manifest(context: &Context<'_>) -> Value {
    let mut object = context.admission.plain.clone();
    object["spec"]["replicas"] = json!(2);
    object
}

/// The lane's manifest with a database container that is told something else, and a ConfigMap of the user's own.
pub(super) fn faulty(context: &Context<'_>, container: &Value) -> Value {
    let mut object = manifest(context);
    let pod = &mut object["spec"]["template"]["spec"];
    if let (Some(told), Some(own)) = (container.as_object(), pod["containers"][0].as_object_mut()) {
        for (key, value) in told {
            match (own.get_mut(key).and_then(Value::as_array_mut), value.as_array()) {
                (Some(list), Some(more)) => list.extend(more.iter().cloned()),
                _ => drop(own.insert(key.clone(), value.clone())),
            }
        }
    }
    if container.get("volumeMounts").is_some() {
        pod["volumes"] =
            json!([{"name": "tuning", "configMap": {"name": "tuning"}}, {"name": "empty", "emptyDir": {}}]);
    }
    object
}

/// What opens replicas.
pub(super) fn options_and_files(context: &Context<'_>) -> Vec<Case> {
    let is_mariadb = context.is_mariadb();
    let choose = |mariadb: &'static str, mysql: &'static str| if is_mariadb { mariadb } else { mysql };
    // MariaDB has one switch, MySQL has two, and the other one still stops whoever is no administrator
    let (server, client) = (choose("mariadbd", "mysqld"), choose("mariadb", "mysql"));
    let statement =
        choose("SET GLOBAL read_only = OFF", "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF");
    let hook = format!(
        "until MYSQL_PWD=$HOOK_PASSWORD {client} --host=127.0.0.1 --user=root --execute='{statement}'; \
         do sleep 0.2; done"
    );
    let options = choose("[mysqld]\nread-only=0\n", "[mysqld]\nsuper-read-only=0\nread-only=0\n");
    context.cluster.edit_objects(|objects| {
        let keys = objects.config_maps.entry("tuning".to_owned()).or_default();
        keys.insert("own.cnf".to_owned(), options.to_owned());
        keys.insert("small.cnf".to_owned(), "[mysqld]\nuser=mysql\nmax-connections=77\n".to_owned());
        keys.insert("open.sql".to_owned(), format!("{};\n", statement.replace("; ", ";\n")));
    });
    let tuning = json!([{"name": "tuning", "mountPath": "/tuning"}]);
    let family = context.database.family;
    let over = json!([{"name": "empty", "mountPath": "/etc/mysql"}]);
    let path = format!("{}/zzz.cnf", family.conf_dir());
    let later = json!([{"name": "tuning", "mountPath": path, "subPath": "own.cnf"}]);
    let all = if is_mariadb { json!(["--read-only=OFF"]) } else { json!(["--super-read-only=OFF", "--read-only=OFF"]) };
    let odd = if is_mariadb {
        json!(["--loose-skip-read_only"])
    } else {
        json!(["--loose-skip-super_read_only", "--disable-read_only"])
    };
    let variable = choose("--skip-read_only", "--skip-super_read_only --skip-read_only");
    let shell = format!("exec {} {server} $TUNING", family.entrypoint());

    let case = |rule, what, container: &Value, open| Case { rule, what, object: faulty(context, container), open };
    let mut cases = vec![
        case("read-only-off", "an argument", &json!({"args": all}), Writers::Everyone),
        case("read-only-off", "an argument oddly spelt", &json!({"args": odd}), Writers::Everyone),
        case(
            "read-only-off",
            "a variable that a shell expands",
            &json!({"command": ["bash", "-c", shell], "env": [{"name": "TUNING", "value": variable}]}),
            Writers::Everyone,
        ),
        case(
            "read-only-off",
            "a statement in the hook postStart",
            // what the entrypoint makes of the Secret's content
            &json!({
                "lifecycle": {"postStart": {"exec": {"command": ["bash", "-c", hook]}}},
                "env": [{"name": "HOOK_PASSWORD", "value": context.root.password}],
            }),
            Writers::Everyone,
        ),
    ];
    if !is_mariadb {
        cases.push(case(
            "read-only-off",
            "--super-read-only=OFF alone",
            &json!({"args": ["--super-read-only=OFF"]}),
            Writers::Administrators,
        ));
        cases.push(case(
            "read-only-off",
            "--skip-read_only alone",
            &json!({"args": ["--skip-read_only"]}),
            Writers::Nobody,
        ));
    }
    for (what, container) in [
        ("--no-defaults", json!({"args": ["--no-defaults"]})),
        ("--defaults-file", json!({"args": ["--defaults-file=/tuning/small.cnf"], "volumeMounts": tuning})),
        ("--defaults-extra-file", json!({"args": ["--defaults-extra-file=/tuning/own.cnf"], "volumeMounts": tuning})),
        ("a file that is read later", json!({"volumeMounts": later})),
        ("a volume at /etc/mysql", json!({"volumeMounts": over})),
    ] {
        // the folder of Percona's option files is the policy's own mount
        if family != Family::Percona || what != "a volume at /etc/mysql" {
            cases.push(case("unreachable-option-files", what, &container, Writers::Everyone));
        }
    }
    cases
}
