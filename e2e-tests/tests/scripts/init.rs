//! `init-mysql`: the option files of each pod.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt};

use crate::cluster::{Cluster, Pod};

const GTIDS: &str = "gtid-mode=ON\nenforce-gtid-consistency=ON\n";
const ONE_WORKER: &str = "loose-slave-parallel-workers=0\nloose-replica-parallel-workers=0\n";
const DEFAULTS: &str = "00-mysql-replication.cnf";
const FORCED: &str = "conf/zz-mysql-replication.cnf";
const MYSQL_REPLICA: &str =
    "read-only=ON\nevent-scheduler=DISABLED\nrelay-log-recovery=ON\nloose-skip-slave-start\nloose-skip-replica-start\n";
/// A replica of MariaDB would stop at the definition of an event where the scheduler is DISABLED.
const MARIADB_REPLICA: &str =
    "read-only=ON\nevent-scheduler=OFF\nrelay-log-recovery=ON\nloose-skip-slave-start\nloose-skip-replica-start\n";

/// What `init-mysql` writes last, for a pod with a file from the `ConfigMap`.
fn forced(pod: &Pod, key: &str, content: &str) -> String {
    pod.write(&format!("config-map/{key}"), content);
    pod.run("init-mysql").succeeds().says(&format!("took {key} from the ConfigMap"));
    assert_eq!(pod.read(&format!("conf/{key}")), content);
    forced_of(pod)
}

/// What `init-mysql` wrote last, without the data directory, which must be there for every pod.
fn forced_of(pod: &Pod) -> String {
    let text = pod.read(FORCED);
    let data_dir = format!("datadir=\"{}\"\n", pod.path("data").display());
    assert!(text.contains(&data_dir), "{text}");
    text.replace(&data_dir, "")
}

#[test]
fn without_a_config_map_the_primary_gets_what_replication_needs() {
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    pod.run("init-mysql")
        .succeeds()
        .says("no master.cnf in the ConfigMap")
        .says("mysql-0 is the primary, server-id 100");
    assert_eq!(pod.list("conf"), [DEFAULTS, "server-id.cnf", "zz-mysql-replication.cnf"]);
    assert_eq!(pod.read("conf/server-id.cnf"), "[mysqld]\nserver-id=100\n");
    assert_eq!(forced_of(&pod), "[mysqld]\nserver-id=100\nlog-bin=mysql-bin\n");
}

#[test]
fn without_a_config_map_a_replica_is_read_only_in_the_dialect_of_its_flavor() {
    let cluster = Cluster::new();
    let mut pod = cluster.pod(12);
    let undo = "super-read-only=ON\nloose-innodb-undo-log-truncate=OFF\n";
    for (flavor, gtid, replicates, own) in [
        ("mariadb", "option-files", "", String::new()),
        (
            "mysql-5.7",
            "option-files",
            ONE_WORKER,
            format!("relay-log-info-repository=TABLE\nmaster-info-repository=TABLE\n{undo}"),
        ),
        ("mysql-8.0", "always", GTIDS, format!("persisted-globals-load=OFF\n{undo}")),
        ("mysql-8.0", "option-files", ONE_WORKER, format!("persisted-globals-load=OFF\n{undo}")),
        ("mysql-8.4", "always", GTIDS, "persisted-globals-load=OFF\nsuper-read-only=ON\n".to_owned()),
    ] {
        pod.set("REPLICATION_FLAVOR", flavor);
        pod.set("REPLICATION_GTID", gtid);
        pod.run("init-mysql")
            .succeeds()
            .says("no slave.cnf in the ConfigMap")
            .says("mysql-12 is a replica, server-id 112");
        let common = if flavor == "mariadb" { MARIADB_REPLICA } else { MYSQL_REPLICA };
        assert_eq!(forced_of(&pod), format!("[mysqld]\nserver-id=112\n{replicates}{common}{own}"), "{flavor}");
    }
}

/// Read before the user's own files, so that these win.
#[test]
fn what_the_user_may_set_otherwise_is_in_the_first_file() {
    for (ordinal, flavor, defaults) in [
        (0, "mariadb", "expire-logs-days=10\nsync-binlog=1\nbinlog-format=ROW\n"),
        (0, "mysql-5.7", "expire-logs-days=30\n"),
        (0, "mysql-8.0", ""),
        (
            1,
            "mariadb",
            "loose-slave-net-timeout=15\nloose-replica-net-timeout=15\nexpire-logs-days=10\nsync-binlog=1\nbinlog-format=ROW\n",
        ),
        (1, "mysql-8.4", "loose-slave-net-timeout=15\nloose-replica-net-timeout=15\n"),
    ] {
        let cluster = Cluster::new();
        let pod = cluster.pod(ordinal).with("REPLICATION_FLAVOR", flavor);
        pod.write("config-map/slave.cnf", "[mysqld]\nslave-net-timeout=30\n");
        pod.run("init-mysql").succeeds();
        assert_eq!(pod.list("conf").first().map(String::as_str), Some(DEFAULTS));
        let defaults = format!("[mysqld]\nskip-name-resolve\nhost-cache-size=0\n{defaults}");
        assert_eq!(pod.read(&format!("conf/{DEFAULTS}")), defaults, "{ordinal} {flavor}");
    }
}

#[test]
fn every_ordinal_takes_the_file_of_its_role_and_no_other() {
    let cluster = Cluster::new();
    for (ordinal, key, other) in
        [(0, "master.cnf", "slave.cnf"), (1, "slave.cnf", "master.cnf"), (12, "slave.cnf", "master.cnf")]
    {
        let pod = cluster.pod(ordinal);
        pod.write(&format!("config-map/{other}"), "[mysqld]\nmax-connections=1\n");
        forced(&pod, key, "[mysqld]\nmax-connections=2\n");
        assert!(pod.exists(&format!("conf/{key}")) && !pod.exists(&format!("conf/{other}")));
    }
}

#[test]
fn the_newer_names_of_the_roles_are_taken_too() {
    let cluster = Cluster::new();
    for (ordinal, key) in [(0, "primary.cnf"), (1, "replica.cnf")] {
        let pod = cluster.pod(ordinal);
        forced(&pod, key, "[mysqld]\nmax-connections=2\n");
        assert_eq!(pod.list("conf").len(), 4);
    }
}

#[test]
fn a_hostile_config_map_opens_no_replica() {
    let cluster = Cluster::new();
    let hostile = "[mysqld]\r\nread-only=OFF\r\nsuper_read_only=0\r\nserver-id=1\r\nskip-log-bin\r\n";
    let options = forced(&cluster.pod(1), "slave.cnf", hostile);
    assert_eq!(options, format!("[mysqld]\nserver-id=101\n{MARIADB_REPLICA}"));
    let options = forced(&cluster.pod(2).mysql("mysql-8.0", "8.0.36"), "slave.cnf", hostile);
    assert!(
        options.contains("enforce-gtid-consistency=ON\nread-only=ON\n") && options.contains("super-read-only=ON\n"),
        "{options}"
    );
}

#[test]
fn a_hostile_config_map_takes_no_binary_log_from_the_primary() {
    let cluster = Cluster::new();
    let hostile = "[mysqld]\nserver-id=1\nskip-log-bin\n";
    let mut pod = cluster.pod(0);
    // the name is the cluster's, whatever its version is by now
    for flavor in ["mariadb", "mysql-5.7", "mysql-8.0", "mysql-8.4"] {
        for name in ["mysql-bin", "binlog"] {
            pod.set("REPLICATION_FLAVOR", flavor);
            pod.set("REPLICATION_BINARY_LOG", name);
            assert_eq!(
                forced(&pod, "master.cnf", hostile),
                format!("[mysqld]\nserver-id=100\nlog-bin={name}\n"),
                "{flavor}"
            );
        }
    }
}

/// What both roles must agree on is decided by both files, in every pod alike.
#[test]
fn by_option_files_there_are_gtids_only_where_both_roles_have_them() {
    let cluster = Cluster::new();
    let on = "[mysqld]\ngtid_mode = ON # both\nenforce-gtid-consistency\n";
    for (primary, replica, options) in [
        (on, on, GTIDS),
        (on, "[mysqld]\ngtid-mode=ON\ngtid-mode=OFF\n", "gtid-mode=OFF\n"),
        ("[mysqld]\ngtid_mode = \"ON\"\n", "[mysqld]\ngtid-mo='on'\n", GTIDS),
        ("[mysqld]\ngtid-mode=on_permissive\n", "[mysqld]\nloose_gtid-mode=3\n", "gtid-mode=OFF\n"),
        ("[mysqld]\n", "[mysqld]\n", ""),
        // groups that are not the server's
        ("[client]\ngtid-mode=ON\n[mysqld]\n", "[mysqldump]\ngtid-mode=ON\n[mysqld]\n", ""),
        ("[mysqldump]\n[mysqld ]\ngtid-mode=ON\n", "[mysqldump]\n[mysqld-5.7]\ngtid-mode=ON\n", GTIDS),
    ] {
        for ordinal in [0, 1] {
            let pod = cluster.pod(ordinal).mysql("mysql-5.7", "5.7.44");
            pod.write("config-map/master.cnf", primary);
            pod.write("config-map/replica.cnf", replica);
            let outcome = pod.run("init-mysql").succeeds();
            let workers = if ordinal > 0 && options != GTIDS { ONE_WORKER } else { "" };
            let rest = if ordinal == 0 { "log-bin=mysql-bin\n" } else { "read-only=ON\n" };
            let expected = format!("[mysqld]\nserver-id={}\n{options}{workers}{rest}", 100 + ordinal);
            let found = forced_of(&pod);
            assert!(found.starts_with(&expected), "{primary} {replica}: {found}");
            if options == "gtid-mode=OFF\n" {
                outcome.says("only one role's option file has gtid-mode=ON");
            }
            pod.delete();
        }
    }
}

/// Whatever an option file, or an image whose log has another name by default, says by now.
#[test]
fn a_binary_log_that_is_there_keeps_its_name() {
    let cluster = Cluster::new();
    for (wanted, there, name) in [
        ("", &[][..], "binlog"),
        ("", &["mysql-bin.index"][..], "mysql-bin"),
        ("", &["mysql-bin.index", "binlog.index"], "binlog"),
        ("", &["binlog.index"], "binlog"),
        ("", &["orders.index", "mysql-0-relay-bin.index"], "orders"),
        ("log-bin=bills.log", &["orders.index"], "orders"),
        ("log-bin=\"orders\"", &["orders.index", "bills.index"], "orders"),
        ("log-bin=orders.log", &["orders.index"], "orders.log"),
        ("log-bin=/var/log/bills", &["orders.index"], "/var/log/bills"),
        ("log-bin", &["mysql-2-bin.index"], "mysql-2-bin"),
    ] {
        let pod = cluster.pod(0).mysql("mysql-8.0", "8.0.36");
        pod.write("config-map/master.cnf", format!("[mysqld]\n{wanted}\n"));
        pod.write("data/ibdata1", "");
        for file in there {
            let log = file.trim_end_matches(".index");
            pod.write(&format!("data/{file}"), format!("./{log}.000001\n./{log}.000002\n"));
        }
        pod.run("init-mysql").succeeds();
        pod.run("clone-mysql").succeeds();
        assert!(pod.read(FORCED).ends_with(&format!("\nlog-bin={name}\n")), "{there:?}: {}", pod.read(FORCED));
        pod.delete();
    }
    // what the index is named does not matter
    let pod = cluster.pod(0).mysql("mysql-8.0", "8.0.36");
    pod.write("data/ibdata1", "");
    pod.write("data/master-log.index", "./binlog.000007\n");
    pod.run("init-mysql").succeeds();
    pod.run("clone-mysql").succeeds().does_not_say("was asked for");
    assert!(pod.read(FORCED).ends_with("\nlog-bin=binlog\n"));
    pod.delete();
    let pod = cluster.pod(0);
    pod.write("data/ibdata1", "");
    for name in ["a", "b"] {
        pod.write(&format!("data/{name}.index"), format!("./{name}.000001\n"));
    }
    pod.run("init-mysql").succeeds();
    pod.run("clone-mysql").succeeds().says("there is no binary log named mysql-bin, but a b: it begins anew");
    pod.delete();
    // the name after the host is the user's wish, and there
    let pod = cluster.pod(0);
    pod.write("config-map/master.cnf", "[mysqld]\nlog-bin\n");
    pod.write("data/mysql-0-bin.index", "./mysql-0-bin.000001\n");
    pod.run("init-mysql").succeeds();
    pod.run("clone-mysql").succeeds();
    assert!(pod.read(FORCED).ends_with("\nlog-bin\n"));
}

#[test]
fn a_binary_log_that_the_user_has_named_keeps_its_name() {
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    for (line, option) in [
        ("log-bin", "log-bin"),
        ("log-bin\r", "log-bin"),
        ("  log_bin = orders-bin  # a comment", "log-bin=orders-bin"),
        ("log-bin=/var/lib/mysql/logs/bin\r", "log-bin=/var/lib/mysql/logs/bin"),
        ("loose-log-bin=orders", "log-bin=orders"),
        ("log-bin-index=orders.index", "log-bin=mysql-bin"),
        ("# log-bin=orders", "log-bin=mysql-bin"),
        ("log-bin=first\nlog-bin=second", "log-bin=second"),
    ] {
        assert_eq!(
            forced(&pod, "master.cnf", &format!("[mysqld]\n{line}")),
            format!("[mysqld]\nserver-id=100\n{option}\n"),
            "{line:?}"
        );
    }
}

#[test]
fn the_clone_plugin_gets_its_plugin_and_gtids() {
    let cluster = Cluster::new();
    for ordinal in [0, 1] {
        let pod = cluster.pod(ordinal).mysql("mysql-8.4", "8.4.3").with("REPLICATION_CLONE_METHOD", "clone-plugin");
        pod.run("init-mysql").succeeds();
        assert!(
            pod.read(FORCED).contains("plugin-load-add=mysql_clone.so\ngtid-mode=ON\nenforce-gtid-consistency=ON\n")
        );
    }
}

/// `docs/options.md` has every option that is written, with its role and whether it is forced, and no other.
#[test]
fn the_document_has_every_option() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/options.md")).unwrap();
    let table = text.split("## What is left alone").next().unwrap();
    let plain = |option: &str| option.trim_start_matches("loose-").to_owned();
    let mut documented = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let role = cells[1].trim();
        let kind = cells[3].split(',').next().unwrap_or_default().trim();
        for option in cells[0].split('`').skip(1).step_by(2).filter(|option| !["loose-", "OFF"].contains(option)) {
            let name = plain(option.split('=').next().unwrap_or_default());
            for each in ["primary", "replica"].into_iter().filter(|each| role == "both" || role == *each) {
                documented.insert((name.clone(), each.to_owned(), kind.to_owned()));
            }
        }
    }
    let mut written = BTreeSet::new();
    for (flavor, gtid, method) in [
        ("mariadb", "option-files", "xtrabackup"),
        ("mysql-5.7", "option-files", "xtrabackup"),
        ("mysql-8.0", "always", "xtrabackup"),
        ("mysql-8.0", "option-files", "xtrabackup"),
        ("mysql-8.4", "always", "clone-plugin"),
    ] {
        for (ordinal, role) in [(0, "primary"), (1, "replica")] {
            let cluster = Cluster::new();
            let pod = cluster
                .pod(ordinal)
                .with("REPLICATION_FLAVOR", flavor)
                .with("REPLICATION_GTID", gtid)
                .with("REPLICATION_CLONE_METHOD", method);
            // what a primary has that takes a replica's data over is gone soon
            if ordinal > 0 {
                pod.write("data/mysql-replication.clone", "donor=mysql-0.mysql\n");
            }
            pod.write("config-map/master.cnf", "[mysqld]\ngtid-mode=ON\n");
            pod.run("init-mysql").succeeds();
            pod.run("clone-mysql").succeeds();
            for name in pod.list("conf").iter().filter(|name| name.contains("mysql-replication")) {
                let kind = if name.as_str() == DEFAULTS { "default" } else { "forced" };
                let options = pod.read(&format!("conf/{name}"));
                for line in options.lines().filter(|line| !line.starts_with('[') && !line.is_empty()) {
                    let name = plain(line.split('=').next().unwrap_or_default());
                    written.insert((name, role.to_owned(), kind.to_owned()));
                }
            }
        }
    }
    assert_eq!(documented, written);
}

#[test]
fn files_of_an_earlier_start_do_not_stay() {
    let cluster = Cluster::new();
    let pod = cluster.pod(1);
    forced(&pod, "slave.cnf", "[mysqld]\nmax-connections=2\n");
    std::fs::remove_file(pod.path("config-map/slave.cnf")).unwrap();
    pod.run("init-mysql").succeeds();
    assert_eq!(pod.list("conf"), [DEFAULTS, "server-id.cnf", "zz-mysql-replication.cnf"]);
}

#[test]
fn the_server_may_read_every_option_file_and_nobody_else_may_write_it() {
    // a server ignores an option file that the world may write
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    pod.write("config-map/master.cnf", "[mysqld]\n");
    std::fs::set_permissions(pod.path("config-map/master.cnf"), PermissionsExt::from_mode(0o666)).unwrap();
    pod.run("init-mysql").succeeds();
    pod.write("data/mysql-replication.clone", "donor=mysql-1.mysql\n");
    pod.run("clone-mysql").succeeds();
    let files: Vec<_> =
        pod.list("conf").into_iter().filter(|name| name.to_ascii_lowercase().ends_with(".cnf")).collect();
    assert_eq!(
        files,
        [DEFAULTS, "master.cnf", "server-id.cnf", "zz-mysql-replication-join.cnf", "zz-mysql-replication.cnf"]
    );
    for name in files {
        let mode = std::fs::metadata(pod.path("conf").join(&name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "{name}");
    }
}

#[test]
fn a_pod_name_without_an_ordinal_is_refused() {
    let cluster = Cluster::new();
    for name in ["mysql", "mysql-", "mysql-one", "-1", ""] {
        let pod = cluster.pod(0).with("POD_NAME", name);
        pod.run("init-mysql").fails().says(&format!("POD_NAME '{name}' does not end in -<ordinal>"));
        assert!(pod.list("conf").is_empty());
        pod.delete();
    }
}

#[test]
fn a_stateful_set_with_dashes_and_digits_in_its_name_has_the_last_number_as_ordinal() {
    let cluster = Cluster::new();
    let pod = cluster.pod(0).with("POD_NAME", "shop-2-db-8-08");
    pod.run("init-mysql").succeeds().says("a replica, server-id 108");
    assert!(pod.read(FORCED).contains("server-id=108\n"));
}
