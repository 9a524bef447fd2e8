//! Databases that replicate by other means than this policy's: what their pods say of it. Whoever takes such a cluster
//! for several databases keeps a sound one from being changed.

use crate::{
    json::{Value, list_at, str_at},
    object::name,
};

/// The ports by which servers of a group speak to each other: Galera's (MariaDB's manual, "Configuring MariaDB Galera
/// Cluster", Network Ports) and that of group replication (MySQL's manual, "Configuring an Instance for Group
/// Replication").
const GROUP_PORTS: [u64; 2] = [4567, 33061];

/// Words of clusters in which servers find each other, in names of volumes and `ConfigMap`s.
const GROUPS: [&str; 3] = ["wsrep", "group-replication", "galera"];

/// Parts of names of variables. The images of Bitnami and of MariaDB replicate by them, and so do recipes' scripts.
const VARIABLES: [&str; 6] =
    ["wsrep", "galera", "group_replication", "replication_mode", "replication_user", "master_host"];

/// What images of databases carry beside the server, and what keeps a container from ending.
const OTHERS: [&str; 12] = [
    "sleep",
    "tail",
    "cat",
    "true",
    "mysql",
    "mariadb",
    "mysqldump",
    "mariadb-dump",
    "mysqladmin",
    "mariadb-admin",
    "mysqlsh",
    "mysqlbinlog",
];

/// Parts of the names of containers and images that replicate, and of the volumes that they read.
const NAMES: [&str; 11] = [
    "galera",
    "wsrep",
    "xtradb-cluster",
    "clone-mysql",
    "xenon",
    "orchestrator",
    "mysqlsh",
    "mysql-operator",
    "community-operator",
    "replication-manager",
    "vttablet",
];

/// What command lines and hooks say, in small letters with single blanks: whom to follow, or where the group is.
const STATEMENTS: [&str; 11] = [
    "change master ",
    "change replication source ",
    "start slave",
    "start replica",
    "wsrep",
    "gcomm://",
    "group_replication",
    "group-replication",
    "dba.create",
    "dba create-",
    "mysqloperator",
];

/// The lists that a container's command line, and what it runs beside it, stand in.
const TEXTS: [&[&str]; 3] = [&["command"], &["args"], &["lifecycle", "postStart", "exec", "command"]];

/// Does anything of a pod replicate the database in it?
pub(super) fn replicates_otherwise(pod: &Value) -> bool {
    for list in ["initContainers", "containers"] {
        if list_at(pod, &[list]).iter().any(container_replicates) {
            return true;
        }
    }
    // Galera's options mostly come from a ConfigMap, which is not looked up for this; its name often says so
    list_at(pod, &["volumes"])
        .iter()
        .any(|volume| says(str_at(volume, &["configMap", "name"]), &GROUPS) || says(name(volume), &GROUPS))
}

fn container_replicates(container: &Value) -> bool {
    if says(str_at(container, &["image"]), &NAMES) || says(name(container), &NAMES) {
        return true;
    }
    for port in list_at(container, &["ports"]) {
        if port.get("containerPort").and_then(Value::as_u64).is_some_and(|port| GROUP_PORTS.contains(&port)) {
            return true;
        }
    }
    for variable in list_at(container, &["env"]) {
        if says(name(variable), &VARIABLES) {
            return true;
        }
    }
    for place in TEXTS {
        for text in list_at(container, place) {
            if text_says(&said(text.as_str().unwrap_or_default())) {
                return true;
            }
        }
    }
    false
}

/// Is one of these in a text, whatever its case?
fn says(text: &str, words: &[&str]) -> bool {
    has_any(&text.to_ascii_lowercase(), words)
}

// one search for all lists
#[inline(never)]
fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Does a text of a shell, or an argument, replicate?
fn text_says(said: &str) -> bool {
    // a stream that is unpacked as it comes from another pod
    let is_cloned = || has_any(said, &["xbstream -x"]) && has_any(said, &["ncat ", "nc ", "socat "]);
    has_any(said, &STATEMENTS) || is_cloned()
}

/// A text in small letters, with single blanks, without the comments of a shell.
fn said(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    for line in text.split('\n') {
        for word in line.split_ascii_whitespace() {
            if word.starts_with('#') {
                break;
            }
            said.push_str(word);
            said.push(' ');
        }
    }
    said.make_ascii_lowercase();
    said
}

/// Does a container of a database's image run the server? Such images are those of the clients too.
pub(super) fn runs_server(container: &Value) -> bool {
    let command = list_at(container, &["command"]);
    let (first, rest) = match (command, list_at(container, &["args"])) {
        ([first, rest @ ..], args) => (first, [rest, args]),
        // the images' entrypoints start what is named to them, and the server where that is an option
        ([], [first, rest @ ..]) => (first, [rest, &[]]),
        ([], []) => return true,
    };
    let program = file_name(first.as_str().unwrap_or_default());
    if !["sh", "bash", "dash", "ash"].contains(&program) {
        return !OTHERS.contains(&program);
    }
    let mut is_text = false;
    for text in rest.into_iter().flatten().filter_map(Value::as_str) {
        is_text |= text.starts_with('-') && text.ends_with('c');
        for word in text.split(|c: char| c.is_ascii_whitespace() || ";&|\"'()".contains(c)) {
            if may_start_server(word) {
                return true;
            }
        }
    }
    // a script may start anything
    !is_text
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// May a word of a shell's text start the server?
fn may_start_server(word: &str) -> bool {
    let file = file_name(word);
    let is_server = ["mysqld", "mariadbd"]
        .iter()
        .any(|server| file.strip_prefix(server).is_some_and(|end| end.is_empty() || end.starts_with(['_', '-'])));
    is_server || has_any(word, &["entrypoint", ".sh", "$@"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn pods_that_replicate_by_other_means() {
        for container in [
            json!({"args": ["--wsrep-on=ON"]}),
            json!({"command": ["mysqld", "--loose-group_replication_group_name=x"]}),
            json!({"env": [{"name": "MYSQL_REPLICATION_MODE", "value": "slave"}]}),
            json!({"env": [{"name": "MARIADB_MASTER_HOST", "value": "a-0.a"}]}),
            json!({"image": "bitnami/mariadb-galera:11"}),
            json!({"image": "percona/percona-xtradb-cluster:8.0"}),
            json!({"image": "radondb/xenon:2"}),
            json!({"name": "orchestrator"}),
            json!({"name": "clone-mysql"}),
            json!({"command": ["mysqlsh", "--pym", "mysqloperator", "sidecar"]}),
            json!({"command": ["sh", "-c", "mysqlsh -- dba create-cluster x"]}),
            json!({"ports": [{"containerPort": 4567}]}),
            json!({"ports": [{"containerPort": 33061}]}),
            json!({"command": ["sh", "-c", "mysql -e \"CHANGE  MASTER\nTO MASTER_HOST='a-0.a'\""]}),
            json!({"args": ["-c", "mysql -e 'change replication source to ...'"]}),
            json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", "mysql -e 'START REPLICA;'"]}}}}),
            json!({"command": ["sh", "-c", "ncat --recv-only a-0.a 3307 | xbstream -x -C /data"]}),
            json!({"command": ["sh", "-c", "echo wsrep_cluster_address=gcomm:// >/conf/g.cnf"]}),
        ] {
            for list in ["initContainers", "containers"] {
                assert!(replicates_otherwise(&json!({list: [{"name": "x"}, container]})), "{container}");
            }
        }
        assert!(replicates_otherwise(&json!({"volumes": [{"name": "c", "configMap": {"name": "shop-galera"}}]})));
        for container in [
            json!({}),
            json!({"image": "prom/mysqld-exporter:v0.15.1", "args": ["--collect.slave_status"]}),
            json!({"command": ["sh", "-c", "xtrabackup --backup --stream=xbstream | aws s3 cp - s3://x"]}),
            json!({"command": ["sh", "-c", "# TODO: CHANGE MASTER TO\nexec mysqld"]}),
            json!({"command": ["sh", "-c", "mysqld # START SLAVE"]}),
            json!({"ports": [{"containerPort": 3306}, {"containerPort": 33060}]}),
            json!({"env": [{"name": "MYSQL_DATABASE", "value": "galera"}]}),
        ] {
            assert!(!replicates_otherwise(&json!({"containers": [container]})), "{container}");
        }
    }

    #[test]
    fn images_of_databases_that_run_a_client() {
        for (container, expected) in [
            (json!({}), true),
            (json!({"args": ["--max-connections=5"]}), true),
            (json!({"args": ["mysqld"]}), true),
            (json!({"command": ["/usr/sbin/mysqld", "--x"]}), true),
            (json!({"command": ["/start"]}), true),
            (json!({"command": ["bash", "/scripts/start"]}), true),
            (json!({"command": ["bash", "-ec", "umask 7; exec docker-entrypoint.sh mysqld"]}), true),
            (json!({"command": ["sh", "-c", "/opt/run.sh"]}), true),
            (json!({"command": ["sh", "-c"], "args": ["exec \"$@\"", "--", "mysqld"]}), true),
            (json!({"command": ["sleep"], "args": ["infinity"]}), false),
            (json!({"command": ["/usr/bin/tail", "-f", "/dev/null"]}), false),
            (json!({"args": ["sleep", "9d"]}), false),
            (json!({"command": ["sh", "-c", "while true; do mysqldump -h other x >/b/x; sleep 9; done"]}), false),
        ] {
            assert_eq!(runs_server(&container), expected, "{container}");
        }
    }
}
