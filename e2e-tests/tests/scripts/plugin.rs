//! `clone-mysql` with the method clone-plugin.

use crate::cluster::{Cluster, Pod, Run};

const MARK: &str = "data/mysql-replication.clone";

struct Set<'a> {
    replica: Pod<'a>,
    _donor: Run,
}

fn set(cluster: &Cluster) -> Set<'_> {
    let donor = cluster.pod(0).play_server(3306, "");
    let replica = cluster.pod(1).mysql("mysql-8.4", "8.4.3").with("REPLICATION_CLONE_METHOD", "clone-plugin");
    Set { replica, _donor: donor }
}

#[test]
fn the_restart_that_no_one_makes_is_a_success() {
    let cluster = Cluster::new();
    let Set { replica, _donor } = set(&cluster);
    replica.run("clone-mysql").succeeds().says("clone from mysql-0.mysql is complete");
    assert_eq!(replica.list("data"), ["ibdata1", "mysql-replication.clone"]);
    assert_eq!(
        replica.read(MARK),
        "donor=mysql-0.mysql\nposition=clone\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1\n"
    );
    let path = |name: &str| replica.path(name).to_str().unwrap().to_owned();
    assert_eq!(
        replica.calls("chown"),
        [format!(
            "mysql: {} {} {}",
            path("data"),
            path("data/mysql-replication-clone"),
            path("conf/.scratch-clone-mysql")
        )],
        "the server does not run as root"
    );
    assert_eq!(
        replica.statements("CLONE INSTANCE"),
        [concat!(
            "SET SESSION sql_mode='';         SET GLOBAL clone_valid_donor_list='mysql-0.mysql:3306';         ",
            "CLONE INSTANCE FROM 'root'@'mysql-0.mysql':3306 IDENTIFIED BY ",
            r#"'it\'s "Geheim\\n" #1; $(x) `y` \\';"#
        )]
    );
}

/// Root asks for the account's name, and is in no statement then.
#[test]
fn the_account_that_replicates_clones_where_it_may() {
    let account = "replica-261101120000-0a1b2c";
    for (grants, denied, user) in [
        ("GRANT BACKUP_ADMIN ON *.* TO `replica`", "", account),
        ("GRANT REPLICATION SLAVE ON *.* TO `replica`", "", "root"),
        ("GRANT BACKUP_ADMIN ON *.* TO `replica`", "user=replica-", "root"),
    ] {
        let cluster = Cluster::new();
        let Set { replica, _donor } = set(&cluster);
        replica.control("accounts", account);
        replica.control("grants", grants);
        if !denied.is_empty() {
            replica.control("denied-there", denied);
        }
        replica.run("clone-mysql").succeeds();
        let statement = replica.statements("CLONE INSTANCE").remove(0);
        assert!(statement.contains(&format!("CLONE INSTANCE FROM '{user}'@'mysql-0.mysql':3306 ")), "{statement}");
        let derived = replica.account_password(crate::cluster::PASSWORD, account);
        assert_eq!(statement.contains(&format!("IDENTIFIED BY '{derived}'")), user == account, "{statement}");
    }
}

#[test]
fn the_new_server_is_asked_without_a_password_until_it_has_the_donors() {
    let cluster = Cluster::new();
    let Set { replica, _donor } = set(&cluster);
    replica.run("clone-mysql").succeeds();
    let options = replica.read("options");
    let passwords = options.lines().filter(|line| line.starts_with("password="));
    // the donor is asked first
    let passwords: Vec<_> = passwords.skip_while(|line| line.contains("Geheim")).collect();
    let cloned = replica.statements("").iter().position(|statement| statement.contains("CLONE INSTANCE")).unwrap();
    assert!(passwords[..=cloned].iter().all(|line| *line == "password=\"\""), "{passwords:?}");
    assert!(passwords[cloned + 1..].iter().all(|line| line.contains("Geheim")), "{passwords:?}");
}

#[test]
fn the_servers_own_arguments_are_passed_and_do_not_win() {
    let cluster = Cluster::new();
    let Set { mut replica, _donor } = set(&cluster);
    replica.set(
        "REPLICATION_SERVER_ARGS",
        "--innodb-page-size=8k\n--datadir=/elsewhere\n--init-connect=SET NAMES utf8mb4\n",
    );
    replica.run("clone-mysql").succeeds();
    let calls = replica.calls("mysqld");
    assert_eq!(calls.len(), 3, "initialise, clone, finish");
    for call in &calls {
        assert!(
            call.starts_with("--innodb-page-size=8k --datadir=/elsewhere --init-connect=SET NAMES utf8mb4 "),
            "{call}"
        );
        assert!(
            call.contains(&format!(" --datadir={}/mysql-replication-clone ", replica.path("data").display())),
            "{call}"
        );
        assert!(call.contains(" --skip-networking ") && call.contains(" --plugin-load-add=mysql_clone.so"), "{call}");
    }
    assert!(calls[0].contains(" --initialize-insecure"));
    assert!(!calls[1].contains("--initialize") && calls[1] == calls[2]);
}

#[test]
fn another_error_is_no_success_and_shows_no_password() {
    for (error, shown) in [
        ("ERROR 1045 (28000): Access denied for user 'root'@'10.0.0.7' (using password: YES)", "failed: error 1045"),
        (
            r#"ERROR 1064 (42000) at line 3: You have an error in your SQL syntax near ''it\'s "Geheim\\n" #1'"#,
            "failed: error 1064",
        ),
        (
            "ERROR 3862 (HY000): Clone Donor Error: 1045 : Access denied",
            "error 3862 (ERROR 3862 (HY000): Clone Donor Error: 1045",
        ),
        ("the client is out of order", "error without a number"),
    ] {
        let cluster = Cluster::new();
        let Set { replica, _donor } = set(&cluster);
        replica.control("clone-error", error);
        replica.run("clone-mysql").fails().says(shown).says("no clone from mysql-0.mysql after 1 attempts");
        assert!(!replica.exists(MARK));
        assert!(!replica.exists("control/mysqld"), "the server was told to stop");
    }
}

#[test]
fn a_clone_whose_state_is_not_completed_is_none() {
    for state in ["Failed", "In Progress", ""] {
        let cluster = Cluster::new();
        let Set { replica, _donor } = set(&cluster);
        replica.control("clone-state", state);
        replica.run("clone-mysql").fails().says(&format!("the clone is not complete: its state is '{state}'"));
        assert_eq!(replica.list("data"), ["mysql-replication-clone"]);
        assert!(!replica.exists("data/mysql-replication-clone/mysql-replication.clone"));
    }
}

#[test]
fn a_server_that_does_not_start_is_said() {
    let cluster = Cluster::new();
    let Set { replica, _donor } = set(&cluster);
    replica.control("fail", "^mysqld .*--initialize");
    replica.run("clone-mysql").fails().says("initialising a data directory to clone into failed");
    replica.control("fail", "^mysqld .*--slow-query-log=OFF$");
    replica.run("clone-mysql").fails().says("the server that clones ended before it answered");
    assert!(!replica.exists(MARK));
}

#[test]
fn a_donor_that_does_not_answer_is_asked_again() {
    let cluster = Cluster::new();
    cluster.name_host(0);
    let mut replica = cluster.pod(1).mysql("mysql-8.4", "8.4.3").with("REPLICATION_CLONE_METHOD", "clone-plugin");
    replica.set("REPLICATION_CLONE_ATTEMPTS", "2");
    let outcome = replica.run("clone-mysql").fails();
    assert_eq!(outcome.log.matches("does not answer on port 3306 yet").count(), 2);
    assert!(replica.calls("mysqld").is_empty());
}

#[test]
fn a_primary_restores_with_the_plugin_too() {
    let cluster = Cluster::new();
    let _donor = cluster.pod(2).play_server(3306, "");
    let primary = cluster
        .pod(0)
        .mysql("mysql-8.4", "8.4.3")
        .with("REPLICATION_CLONE_METHOD", "clone-plugin")
        .with("REPLICATION_RESTORE_FROM", "2");
    primary.run("clone-mysql").succeeds().says("clone from mysql-2.mysql is complete");
    assert_eq!(primary.list("data"), ["ibdata1", "mysql-replication.clone"]);
    assert!(primary.read("conf/zz-mysql-replication-join.cnf").contains("\nread-only=ON\nloose-super-read-only=ON\n"));
}

/// As the entrypoint sets it, if the donor denies it as it is written.
#[test]
fn a_password_with_a_backslash_is_tried_both_ways() {
    let cluster = Cluster::new();
    let Set { replica, _donor } = set(&cluster);
    let replica = replica.with("MYSQL_ROOT_PASSWORD", r"a\c");
    replica
        .control("clone-error", "ERROR 1045 (28000): Access denied for user 'root'@'10.0.0.7' (using password: YES)");
    replica.run("clone-mysql").fails().says("failed: error 1045");
    let tried = replica.statements("CLONE INSTANCE");
    assert_eq!(tried.len(), 2, "{tried:?}");
    assert!(tried[0].ends_with(r"IDENTIFIED BY 'a\\c';") && tried[1].ends_with("IDENTIFIED BY 'ac';"), "{tried:?}");
}
