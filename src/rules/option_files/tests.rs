use super::*;
use crate::{
    cluster::Cluster,
    field_path::FieldPath,
    json::{json, read as read_json},
};

/// What is read of a container that mounts these: the options before and behind the policy's own file, then what is
/// wrong and what deserves a warning.
fn read_of(image: &str, parts: &Value) -> String {
    let host = |_: &str, request: &[u8]| {
        let request = read_json(std::str::from_utf8(request).unwrap()).unwrap();
        let name = str_at(&request, &["name"]);
        let data = match name {
            "open" => {
                json!({"my.cnf": "[mysqld]\nsuper-read-only=0\n", "x.cnf": "[mysqld]\nserver-id=7\n", "x.txt": "x"})
            }
            "main" => json!({"my.cnf": "[mysqld]\nport=1\n!includedir /etc/mysql/conf.d/\n[server]\nserver-id=7\n"}),
            "chain" => json!({
                "my.cnf": "!include /own/next.cnf\n", "next.cnf": "!includedir /own/more\n", "a.cnf": "[mysqld]\nport=1\n",
            }),
            "around" => json!({"my.cnf": "!include /etc/my.cnf\n[mysqld]\nport=1\n!includedir /etc/mysql/conf.d\n"}),
            "other" => json!({"my.cnf": "[mysql]\nport=1\n[mysqld-5.7]\nport=1\n[mysqld_x]\nport=1\n"}),
            "broken" => json!({"my.cnf": "port=1\n"}),
            "forbidden" => return Err("forbidden".to_owned()),
            _ => return Err(format!("Cannot find v1/ConfigMap named '{name}'")),
        };
        let binary = if name == "other" { json!({"b.cnf": "AA=="}) } else { json!({}) };
        Ok(json!({"data": data, "binaryData": binary}).to_json().into_bytes())
    };
    let cluster = Cluster::new(&host);
    let database = Database::of(image);
    let mut container = parts.clone();
    container["image"] = json!(image);
    let pod = json!({"volumes": parts["volumes"], "securityContext": parts["pod"]});
    let found = Found::new(&pod, &container, FieldPath::Known("c"), Some(database));
    let found = found.within(ConfigMaps::new(&cluster, "shop"));
    let Some(reading) = read(&found, &database, &found.config_maps) else { return "nothing".to_owned() };
    let names = |is_behind| {
        let told = reading.told(is_behind);
        told.iter().map(|(_, option)| option.name.to_owned()).collect::<Vec<_>>().join(" ")
    };
    let wrong = reading.findings.violations.iter().map(|violation| format!("; {}", violation.rule));
    let warnings = reading.findings.warnings.iter().map(|warning| format!("; {warning}"));
    format!("{} | {}{}", names(false), names(true), wrong.chain(warnings).collect::<String>())
}

/// One volume at one place.
fn mounted(image: &str, volume: &Value, mount: &Value) -> String {
    let (mut volume, mut mount) = (volume.clone(), mount.clone());
    volume["name"] = json!("own");
    mount["name"] = json!("own");
    read_of(image, &json!({"volumes": [volume], "volumeMounts": [mount]}))
}

fn config_map(name: &str) -> Value<'static> {
    json!({"configMap": {"name": name}})
}

fn at_path(path: &str) -> Value<'static> {
    json!({"mountPath": path, "subPath": "my.cnf"})
}

#[test]
fn the_order_of_each_image() {
    for (image, path, expected) in [
        ("mysql:8.0", "/etc/mysql/my.cnf", " | super-read-only"),
        ("mysql:8.0", "/etc/mysql/conf.d/a.cnf", "super-read-only | "),
        // another rule's business
        ("mysql:8.0", "/etc/mysql/conf.d/zzz.cnf", " | "),
        ("mysql:8.0", "/etc/mysql/conf.d/a.conf", " | "),
        ("mysql:8.0", "/etc/mysql/conf.d/a/b.cnf", " | "),
        ("mysql:8.0", "/etc/mysql/mysql.conf.d/a.cnf", " | "),
        ("mysql:5.7", "/etc/mysql/mysql.conf.d/a.cnf", " | super-read-only"),
        ("mysql:8.0", "/etc//mysql/./my.cnf", " | super-read-only"),
        ("mysql:8.0", "/usr/etc/my.cnf", " | super-read-only"),
        ("mysql:8.0", "/var/lib/mysql/.my.cnf", " | super-read-only"),
        ("mysql:8.0", "/root/.my.cnf", " | "),
        ("mysql:8.0", "/etc/my.cnf", "super-read-only | ; unreachable-option-files"),
        ("mysql:8.0.20", "/etc/my.cnf", "super-read-only | "),
        ("mysql:8.0.20", "/etc/mysql/my.cnf", "super-read-only | ; unreachable-option-files"),
        ("mariadb:11", "/etc/my.cnf", "super-read-only | "),
        ("mariadb:11", "/etc/mysql/mariadb.cnf", "super-read-only | ; unreachable-option-files"),
        ("mariadb:11", "/etc/mysql/mariadb.conf.d/z.cnf", "super-read-only | "),
        ("mariadb:10.4", "/etc/mysql/mariadb.cnf", "super-read-only | "),
        ("mariadb:11-ubi", "/etc/my.cnf.d/a.cnf", "super-read-only | "),
        ("mariadb:11-ubi", "/etc/my.cnf.d/e.cnf", " | super-read-only"),
        ("percona:8.0", "/etc/mysql/my.cnf", " | super-read-only"),
        ("percona:5.7", "/etc/percona-server.conf.d/a.cnf", " | super-read-only"),
        ("mysql:8.0", "/var/lib/x", "nothing"),
    ] {
        let volume = if expected == "nothing" { json!({"emptyDir": {}}) } else { config_map("open") };
        assert_eq!(mounted(image, &volume, &at_path(path)), expected, "{image} {path}");
    }
}

#[test]
fn what_a_mount_brings() {
    let main = at_path("/etc/my.cnf");
    let last = at_path("/etc/mysql/my.cnf");
    let must = "; c.volumeMounts[0]: /etc/my.cnf must !includedir /etc/mysql/conf.d/";
    let unseen = "; c.volumeMounts[0]: /etc/mysql/my.cnf is read last, and was not looked at";
    let hidden = "; unreachable-option-files";
    let items = |key: &str| json!({"configMap": {"name": "main", "items": [{"key": key, "path": "my.cnf"}]}});
    for (volume, mount, expected) in [
        (config_map("main"), &main, "port | server-id".to_owned()),
        (items("my.cnf"), &main, "port | server-id".to_owned()),
        (items("none"), &main, format!(" | {hidden}")),
        (config_map("absent"), &main, format!(" | {must}")),
        (config_map("absent"), &last, format!(" | {unseen}")),
        (config_map("forbidden"), &last, format!(" | {unseen}")),
        (json!({"secret": {"secretName": "s"}}), &main, format!(" | {must}")),
        (json!({"secret": {"secretName": "s"}}), &last, format!(" | {unseen}")),
        (json!({"secret": {"items": [{"key": "k", "path": "x"}]}}), &last, " | ".to_owned()),
        (json!({"persistentVolumeClaim": {}}), &main, format!(" | {must}")),
        (json!({"projected": {"sources": [config_map("main")]}}), &main, "port | server-id".to_owned()),
        // the last one that has the file
        (
            json!({"projected": {"sources": [config_map("main"), config_map("open")]}}),
            &last,
            " | super-read-only".into(),
        ),
        (json!({"projected": {"sources": [config_map("open"), {"secret": {}}]}}), &last, format!(" | {unseen}")),
        (config_map("other"), &last, " | ".to_owned()),
        (config_map("other"), &json!({"mountPath": "/etc/mysql/my.cnf", "subPath": "b.cnf"}), format!(" | {unseen}")),
        (config_map("open"), &json!({"mountPath": "/etc/mysql/my.cnf", "subPathExpr": "$(X)"}), format!(" | {unseen}")),
        (config_map("broken"), &last, " | ; option-file-syntax".to_owned()),
        // all of a folder
        (config_map("open"), &json!({"mountPath": "/etc/my.cnf.d"}), " | ".to_owned()),
    ] {
        assert_eq!(mounted("mysql:8.0", &volume, mount), expected, "{volume} {mount}");
    }
    let folder = json!({"mountPath": "/etc/mysql/mysql.conf.d"});
    assert_eq!(mounted("mysql:5.7", &config_map("open"), &folder), " | super-read-only server-id");
    let in_items = json!({"configMap": {"name": "open", "items": [{"key": "x.txt", "path": "a/b.cnf"}]}});
    assert_eq!(
        mounted("mysql:5.7", &in_items, &json!({"mountPath": "/etc/mysql/mysql.conf.d", "subPath": "a"})),
        " | ; option-file-syntax"
    );
    let no_docker = mounted("mariadb:11-ubi", &config_map("open"), &json!({"mountPath": "/etc/my.cnf.d"}));
    assert_eq!(no_docker, "super-read-only server-id | ; unreachable-option-files");
    let unseen = mounted("mariadb:11-ubi", &json!({"emptyDir": {}}), &json!({"mountPath": "/etc/my.cnf.d"}));
    assert_eq!(unseen, " | ; c.volumeMounts[0]: /etc/my.cnf.d must !includedir /etc/mysql/conf.d/");
}

#[test]
fn files_include_others() {
    let own = json!({"name": "own", "configMap": {"name": "chain"}});
    let around = json!({"name": "around", "configMap": {"name": "around"}});
    let mounts = json!([
        {"name": "own", "mountPath": "/etc/mysql/my.cnf", "subPath": "my.cnf"},
        {"name": "own", "mountPath": "/own/next.cnf", "subPath": "next.cnf"},
        {"name": "own", "mountPath": "/own/more/a.cnf", "subPath": "a.cnf"},
    ]);
    assert_eq!(read_of("mysql:8.0", &json!({"volumes": [own], "volumeMounts": mounts})), " | port");
    // one that includes itself is read eleven times, and its own folder of the injected files behind each
    let mounts = json!([{"name": "around", "mountPath": "/etc/my.cnf", "subPath": "my.cnf"}]);
    let found = read_of("mysql:8.0", &json!({"volumes": [around], "volumeMounts": mounts}));
    assert_eq!(found, format!("{} | ", ["port"; 11].join(" ")));
}

#[test]
fn folders_that_variables_name() {
    let parts = |more: Value<'static>| {
        let mut parts = json!({
            "volumes": [{"name": "own", "configMap": {"name": "open"}}], "volumeMounts": [{"name": "own", "mountPath": "/own"}],
        });
        for (key, value) in more.as_object().unwrap().iter() {
            parts[key] = value.clone();
        }
        parts
    };
    let env = |name: &str| json!([{"name": "B", "value": "/own"}, {"name": name, "value": "$(B)"}]);
    for (image, more, expected) in [
        ("mysql:8.0", json!({"env": env("MYSQL_HOME")}), " | super-read-only"),
        ("mysql:8.0", json!({"env": env("MARIADB_HOME")}), " | "),
        ("mariadb:11", json!({"env": env("MARIADB_HOME")}), " | super-read-only"),
        // its entrypoint sets it anew
        ("mysql:8.0", json!({"env": env("HOME")}), " | "),
    ] {
        assert_eq!(read_of(image, &parts(more)), expected, "{image}");
    }
    // a variable says which groups are read
    let mount = json!([{"name": "own", "mountPath": "/etc/mysql/my.cnf", "subPath": "my.cnf"}]);
    let with = |name: &str| {
        json!({
            "volumes": [{"name": "own", "configMap": {"name": "other"}}], "volumeMounts": mount,
            "env": [{"name": name, "value": "_x"}],
        })
    };
    for (image, name, expected) in [
        ("mysql:8.0", "MYSQL_GROUP_SUFFIX", " | port"),
        ("mysql:8.0", "MARIADB_GROUP_SUFFIX", " | "),
        ("mysql:8.0", "OTHER", " | "),
    ] {
        assert_eq!(read_of(image, &with(name)), expected, "{image} {name}");
    }
    let mut home = parts(json!({"env": env("HOME")}));
    home["volumeMounts"] = json!([{"name": "own", "mountPath": "/own/.my.cnf", "subPath": "my.cnf"}]);
    for (more, expected) in [
        (json!({}), " | "),
        (json!({"pod": {"runAsUser": 999}}), " | super-read-only"),
        (json!({"pod": {"runAsUser": 999}, "securityContext": {"runAsUser": 0}}), " | "),
        (json!({"command": ["mysqld"]}), " | super-read-only"),
        (json!({"command": ["docker-entrypoint.sh", "mysqld"]}), " | "),
    ] {
        let mut parts = home.clone();
        for (key, value) in more.as_object().unwrap().iter() {
            parts[key] = value.clone();
        }
        assert_eq!(read_of("mysql:8.0", &parts), expected, "{more}");
    }
}

#[test]
fn without_a_home_it_is_the_users() {
    for (path, more, expected) in [
        ("/root/.my.cnf", json!({"command": ["mysqld"]}), " | super-read-only"),
        ("/var/lib/mysql/.my.cnf", json!({"command": ["mysqld"]}), " | "),
        ("/root/.my.cnf", json!({"command": ["mysqld"], "pod": {"runAsUser": 999}}), " | "),
        ("/var/lib/mysql/.my.cnf", json!({"command": ["mysqld"], "pod": {"runAsUser": 999}}), " | super-read-only"),
        ("/root/.my.cnf", json!({}), " | "),
    ] {
        let mut parts = more.clone();
        parts["volumes"] = json!([{"name": "own", "configMap": {"name": "open"}}]);
        parts["volumeMounts"] = json!([{"name": "own", "mountPath": path, "subPath": "my.cnf"}]);
        assert_eq!(read_of("mysql:8.0", &parts), expected, "{path} {more}");
    }
}
