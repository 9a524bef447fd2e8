//! The sidecar `xtrabackup` on the primary: the identity of its data, and the account that replicates it.

use std::fs;

use crate::{
    clone::donor,
    cluster::{Cluster, PASSWORD, Pod, wait_until},
    follow::{ONE, TWO},
};

pub(crate) const HISTORY: &str = "data/mysql-replication.history";
pub(crate) const STATE: &str = "conf/.mysql-replication.state";
const JOIN_OPTIONS: &str = "conf/zz-mysql-replication-join.cnf";
pub(crate) const MARK: &str = "data/mysql-replication.clone";
pub(crate) const LOG: &str = "mysql-bin.000001";
/// When the log was begun, as its file says.
pub(crate) const BEGUN: u32 = 1_700_000_000;

/// A file of the binary log, of which the head alone counts.
pub(crate) fn write_log(pod: &Pod, name: &str, begun: u32) {
    let mut content = b"\xfebin".to_vec();
    content.extend(begun.to_le_bytes());
    pod.write(&format!("data/{name}"), content);
}

/// A primary whose server has this place in its log.
pub(crate) fn primary<'a>(cluster: &'a Cluster, mysql: Option<(&str, &str)>) -> Pod<'a> {
    let mut pod = cluster.pod(0);
    if let Some((flavor, version)) = mysql {
        pod = pod.mysql(flavor, version);
    }
    write_log(&pod, LOG, BEGUN);
    pod.control("log", &format!("{LOG} 330"));
    pod
}

/// One whose history was begun before, and whose server goes on with its log.
pub(crate) fn known<'a>(cluster: &'a Cluster, mysql: Option<(&str, &str)>) -> Pod<'a> {
    let pod = primary(cluster, mysql);
    pod.write(HISTORY, format!("account={ONE}\nlog={LOG}:330:{BEGUN}\n"));
    pod.control("accounts", ONE);
    pod
}

pub(crate) const MYSQL: Option<(&str, &str)> = Some(("mysql-8.4", "8.4.3"));

/// The identity that a line of the history holds.
pub(crate) fn account(pod: &Pod) -> String {
    let history = pod.read(HISTORY);
    history.lines().next().unwrap().strip_prefix("account=").unwrap().to_owned()
}

pub(crate) fn settle(pod: &Pod) {
    wait_until("the state is told", || pod.exists(STATE));
    pod.wait_for_looks();
}

#[track_caller]
pub(crate) fn assert_is_identity(name: &str, start: &str) {
    let rest = name.strip_prefix(start).and_then(|rest| rest.strip_prefix('-')).unwrap_or_else(|| panic!("{name}"));
    let (time, random) = rest.split_once('-').unwrap();
    assert!(time.len() == 12 && time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    assert!(random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    assert!(name.len() <= 32, "{name}");
}

#[test]
fn a_primary_begins_the_history_of_its_data() {
    for (mysql, status) in [
        (None, "SHOW MASTER STATUS"),
        (Some(("mysql-5.7", "5.7.44")), "SHOW MASTER STATUS"),
        (Some(("mysql-8.0", "8.0.36")), "SHOW MASTER STATUS"),
        (MYSQL, "SHOW BINARY LOG STATUS"),
    ] {
        for start in ["replica", "repl"] {
            let cluster = Cluster::new();
            let pod = primary(&cluster, mysql).with("REPLICATION_ACCOUNT", start);
            let sidecar = pod.start("xtrabackup");
            settle(&pod);
            let name = account(&pod);
            assert_is_identity(&name, start);
            assert_eq!(pod.read(HISTORY), format!("account={name}\nlog={LOG}:330:{BEGUN}\n"));
            sidecar.wait_for_log(&format!("the data is {name} from now on: the data has none yet"));
            let password = pod.account_password(PASSWORD, &name);
            // MariaDB writes the statement into its log, where the password is not to be
            let identified = if mysql.is_none() {
                format!("BY PASSWORD '*HASH-{}'", password.replace('-', ""))
            } else {
                format!("BY '{password}'")
            };
            let user = format!("'{name}'@'%'");
            let mut expected = vec![
                format!("SET SESSION sql_mode=''; CREATE USER IF NOT EXISTS {user} IDENTIFIED {identified}"),
                format!("ALTER USER {user} PASSWORD EXPIRE NEVER"),
                format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}"),
            ];
            if mysql.is_none() {
                expected.push(format!("GRANT SLAVE MONITOR ON *.* TO {user}"));
            }
            assert_eq!(pod.changes(), expected);
            assert!(pod.statements("Uptime").iter().all(|statement| statement.ends_with(status)));
            assert_eq!(pod.read(STATE), "");
        }
    }
}

/// Older servers lack what only newer ones need.
#[test]
fn a_right_that_the_server_does_not_know_is_not_needed() {
    for refused in ["EXPIRE NEVER", "SLAVE MONITOR"] {
        let cluster = Cluster::new();
        let pod = primary(&cluster, None);
        pod.control("fail", refused);
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        assert_eq!(pod.statements("GRANT REPLICATION SLAVE").len(), 1);
        assert!(!sidecar.log().contains("failed, as the test asked"), "{}", sidecar.log());
    }
}

#[test]
fn where_root_replicates_the_account_is_a_name_alone() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL).with("REPLICATION_ACCOUNT", "none");
    let _sidecar = pod.start("xtrabackup");
    settle(&pod);
    let name = account(&pod);
    assert_is_identity(&name, "replica");
    let derived = pod.account_password(PASSWORD, &name);
    let changes = pod.changes();
    assert!(changes[0].contains(&format!("CREATE USER IF NOT EXISTS '{name}'@'%' IDENTIFIED BY 'Aa1-")), "{changes:?}");
    assert!(
        !changes.iter().any(|statement| statement.contains("GRANT") || statement.contains(&derived)),
        "{changes:?}"
    );
}

#[test]
fn a_primary_goes_on_with_its_history() {
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let pod = known(&cluster, mysql);
        // what was in the log since the last look counts for nothing
        pod.control("log", &format!("{LOG} 4711"));
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        assert_eq!(pod.read(HISTORY), format!("account={ONE}\nlog={LOG}:330:{BEGUN}\n"));
        // the log goes on in another file
        write_log(&pod, "mysql-bin.000002", BEGUN + 7);
        pod.control("logs", &format!("{LOG}\t5000\tNo\nmysql-bin.000002\t500\tNo"));
        pod.control("log", "mysql-bin.000002 500");
        let remembered = format!("account={ONE}\nlog=mysql-bin.000002:500:{}\n", BEGUN + 7);
        wait_until("the new file is remembered", || pod.read(HISTORY) == remembered);
        // the server alone starts anew
        pod.forget();
        pod.restart_server();
        wait_until("the log is looked at", || !pod.statements("SHOW BINARY LOGS").is_empty());
        pod.wait_for_looks();
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        assert!(!sidecar.log().contains("from now on"));
    }
}

/// While nobody looked the files were purged that were known; and a server that does not tell its files has not lost them.
#[test]
fn a_log_that_was_purged_goes_on_and_so_does_one_that_is_not_told() {
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let pod = known(&cluster, mysql);
        write_log(&pod, "mysql-bin.000010", BEGUN + 7);
        pod.control("logs", "mysql-bin.000009\t200\tNo\nmysql-bin.000010\t9999\tNo");
        pod.control("log", "mysql-bin.000010 9999");
        pod.control("fail-once", "^SHOW BINARY LOGS");
        let sidecar = pod.start("xtrabackup");
        let remembered = format!("account={ONE}\nlog=mysql-bin.000010:9999:{}\n", BEGUN + 7);
        wait_until("the new file is remembered", || pod.read(HISTORY) == remembered);
        pod.wait_for_looks();
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        assert!(!sidecar.log().contains("from now on"));
    }
}

/// A file of the log that lies elsewhere says nothing of its time: its name and length count.
#[test]
fn a_log_that_is_elsewhere_is_known_by_its_place() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL);
    fs::remove_file(pod.path(&format!("data/{LOG}"))).unwrap();
    let sidecar = pod.start("xtrabackup");
    settle(&pod);
    let name = account(&pod);
    assert_eq!(pod.read(HISTORY), format!("account={name}\nlog={LOG}:330:\n"));
    sidecar.kill();
    pod.forget();
    let _sidecar = pod.start("xtrabackup");
    settle(&pod);
    assert!(pod.changes().is_empty(), "{:?}", pod.changes());
}

#[test]
fn a_log_that_is_not_the_one_that_was_there_is_another_history() {
    for (log, logs, begun) in [
        // RESET MASTER, at once and after writes; a log that was lost; one of another name
        ("mysql-bin.000001 157", "mysql-bin.000001\t157\tNo", BEGUN),
        ("mysql-bin.000001 9999", "mysql-bin.000001\t9999\tNo", BEGUN + 1),
        ("binlog.000001 9999", "binlog.000001\t9999\tNo", BEGUN),
    ] {
        for mysql in [None, MYSQL] {
            let cluster = Cluster::new();
            let pod = known(&cluster, mysql);
            let (file, position) = log.split_once(' ').unwrap();
            write_log(&pod, file, begun);
            pod.control("log", log);
            pod.control("logs", logs);
            let sidecar = pod.start("xtrabackup");
            settle(&pod);
            let name = account(&pod);
            assert_is_identity(&name, "replica");
            assert_ne!(name, ONE);
            sidecar.wait_for_log(&format!("the data is {name} from now on: WARNING: the binary log has begun anew"));
            assert_eq!(pod.read(HISTORY), format!("account={name}\nlog={file}:{position}:{begun}\n"));
            assert_eq!(pod.statements("CREATE USER").len(), 1, "{log}");
            // nobody logs in as the one before
            let locked = pod.statements(&format!("ALTER USER '{ONE}'@'%' IDENTIFIED BY "));
            assert_eq!(locked.len(), 1, "{:?}", pod.changes());
            assert!(!locked[0].contains(&pod.account_password(PASSWORD, ONE)));
            sidecar.kill();

            pod.forget();
            let _sidecar = pod.start("xtrabackup");
            settle(&pod);
            assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        }
    }
}

#[test]
fn an_account_that_was_dropped_is_made_again() {
    let cluster = Cluster::new();
    let pod = known(&cluster, MYSQL);
    let sidecar = pod.start("xtrabackup");
    settle(&pod);
    for _ in 0..2 {
        pod.control("accounts", "");
        let created = pod.wait_for_statement("CREATE USER IF NOT EXISTS").remove(0);
        let password = pod.account_password(PASSWORD, ONE);
        assert!(created.ends_with(&format!(" '{ONE}'@'%' IDENTIFIED BY '{password}'")), "{created}");
        pod.wait_for_statement(&format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{ONE}'@'%'"));
        pod.wait_for_looks();
        pod.forget();
    }
    let warning = format!("WARNING: {ONE} is no longer in the data, and is made anew");
    assert_eq!(sidecar.log().matches(&warning).count(), 2, "{}", sidecar.log());
    assert_eq!(account(&pod), ONE);
    assert!(!sidecar.log().contains("from now on"), "{}", sidecar.log());
}

#[test]
fn data_that_was_read_in_is_another_history() {
    let cluster = Cluster::new();
    let pod = known(&cluster, MYSQL);
    let sidecar = pod.start("xtrabackup");
    settle(&pod);
    pod.control("accounts", TWO);
    sidecar.wait_for_log(&format!("other data was read in: {ONE} is no longer in it"));
    pod.wait_for_statement(&format!("ALTER USER '{TWO}'@'%' IDENTIFIED BY "));
    pod.wait_for_looks();
    assert!(![ONE, TWO].contains(&account(&pod).as_str()));
    assert_eq!(sidecar.log().matches("from now on").count(), 1);
}

#[test]
fn data_that_has_come_without_its_log_is_another_history() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL);
    pod.control("accounts", ONE);
    let sidecar = pod.start("xtrabackup");
    settle(&pod);
    sidecar.wait_for_log("from now on: the data has come from elsewhere, without its log");
    assert_ne!(account(&pod), ONE);
    assert_eq!(pod.statements(&format!("ALTER USER '{ONE}'@'%' IDENTIFIED BY ")).len(), 1);
}

/// Killed between its steps, a history is begun once more, or goes on.
#[test]
fn a_history_that_was_begun_halfway_is_begun_again() {
    for block in ["^mv .*history.part", "CREATE USER", "GRANT REPLICATION"] {
        let cluster = Cluster::new();
        let pod = primary(&cluster, MYSQL);
        pod.control("block", block);
        let sidecar = pod.start("xtrabackup");
        pod.wait_until_blocked();
        sidecar.kill();
        pod.release("block");
        let _sidecar = pod.start("xtrabackup");
        settle(&pod);
        let name = account(&pod);
        assert_eq!(pod.read("control/accounts").lines().next(), Some(name.as_str()), "{block}");
        assert!(!pod.exists("control/rightless"), "{block}: {name} has no rights");
    }
}

#[test]
fn a_primary_without_a_binary_log_says_so_and_serves() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL);
    pod.control("log", "off");
    let sidecar = pod.start("xtrabackup");
    sidecar.wait_for_log("WARNING: the binary log of the primary is off: nothing can be replicated");
    settle(&pod);
    pod.wait_for_looks();
    assert!(pod.changes().is_empty() && !pod.exists(HISTORY));
    assert_eq!(sidecar.log().matches("is off").count(), 1, "once: {}", sidecar.log());
    pod.run("replica-ready").succeeds();
}

struct Restore {
    mysql: Option<(&'static str, &'static str)>,
    position: &'static str,
    is_joined: bool,
    expected: &'static [&'static str],
}

/// What makes a replica's data a primary's, in the order in which it is done.
#[test]
fn a_primary_takes_over_the_data_of_a_replica() {
    let gtid = "position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\n";
    for Restore { mysql, position, is_joined, expected } in [
        Restore {
            mysql: None,
            position: "position=gtid\ngtid=0-100-7\n",
            is_joined: false,
            expected: &[
                "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=ON",
                "SET GLOBAL gtid_slave_pos='0-100-7'",
                "RESET MASTER; SET GLOBAL gtid_binlog_state='0-100-7'",
            ],
        },
        Restore {
            mysql: None,
            position: "position=gtid\ngtid=0-100-3\n",
            is_joined: true,
            expected: &[
                "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only=ON",
                "RESET MASTER; SET GLOBAL gtid_binlog_state='0-100-7'",
            ],
        },
        Restore {
            mysql: Some(("mysql-5.7", "5.7.44")),
            position: "position=file\nfile=mysql-bin.000003\npos=481\n",
            is_joined: false,
            expected: &["STOP SLAVE; RESET SLAVE ALL", "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON"],
        },
        Restore {
            mysql: MYSQL,
            position: gtid,
            is_joined: false,
            expected: &[
                "STOP REPLICA; RESET REPLICA ALL",
                "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON; RESET BINARY LOGS AND GTIDS; \
                 SET GLOBAL gtid_purged='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5'; SET GLOBAL super_read_only=ON",
                "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON",
            ],
        },
        Restore {
            mysql: MYSQL,
            position: gtid,
            is_joined: true,
            expected: &["STOP REPLICA; RESET REPLICA ALL", "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON"],
        },
    ] {
        let cluster = Cluster::new();
        let pod = primary(&cluster, mysql);
        pod.write(MARK, format!("donor=mysql-2.mysql\n{position}"));
        pod.write(JOIN_OPTIONS, "[mysqld]\nread-only=ON\n");
        if is_joined {
            pod.write("data/mysql-replication.joined", "");
        }
        pod.control("accounts", ONE);
        let sidecar = pod.start("xtrabackup");
        sidecar.wait_for_log("this pod has the data of a replica: it becomes the primary with it");
        sidecar.wait_for_log("from now on: it was the data of a replica");
        pod.wait_for_statement(&format!("ALTER USER '{ONE}'@'%'"));
        wait_until("the state is empty", || pod.read(STATE).is_empty());
        pod.wait_for_looks();
        let changes = pod.changes();
        assert_eq!(changes[..expected.len()], *expected, "{changes:?}");
        // whoever follows the history before is turned away before the new one can reach them
        let away = format!("SET SESSION sql_mode='', sql_log_bin=0; ALTER USER '{ONE}'@'%' IDENTIFIED BY ");
        assert!(changes[expected.len()].starts_with(&away), "{changes:?}");
        assert!(changes[expected.len() + 1].contains("CREATE USER"), "{changes:?}");
        assert_eq!(changes.last().unwrap(), "SET GLOBAL read_only=OFF", "it opens last");
        let name = account(&pod);
        assert_ne!(name, ONE);
        assert_eq!(pod.read(HISTORY), format!("account={name}\nlog={LOG}:330:{BEGUN}\n"));
        assert!(!pod.exists(JOIN_OPTIONS) && !pod.exists("data/mysql-replication.joined") && !pod.exists(MARK));
        sidecar.kill();

        // once is enough
        pod.forget();
        let _sidecar = pod.start("xtrabackup");
        settle(&pod);
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
    }
}

/// Until it is the primary's own, its pod is not Ready.
#[test]
fn a_primary_that_is_taking_over_is_not_ready() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL);
    pod.write(MARK, "donor=mysql-2.mysql\nposition=clone\ngtid=\n");
    pod.write(JOIN_OPTIONS, "[mysqld]\nread-only=ON\n");
    pod.control("fail", "^STOP REPLICA");
    let _sidecar = pod.start("xtrabackup");
    wait_until("the state is told", || pod.exists(STATE));
    pod.run("replica-ready").fails().says("it becomes the primary with it");
    assert!(pod.statements("CREATE USER").is_empty() && !pod.exists(HISTORY));
}

/// Whatever step fails or is cut, the data becomes the primary's, and its server is open in the end.
#[test]
fn a_take_over_that_was_cut_is_ended() {
    for (kind, step) in [
        ("fail-once", "^STOP REPLICA"),
        ("fail-once", "^SET GLOBAL super_read_only=OFF"),
        ("fail-once", "CREATE USER"),
        ("fail-once", "GRANT REPLICATION"),
        ("fail-once", "^SET GLOBAL read_only=OFF"),
        ("block", "CREATE USER"),
        ("block", "^SET GLOBAL read_only=OFF"),
    ] {
        let cluster = Cluster::new();
        let pod = primary(&cluster, MYSQL);
        pod.write(MARK, "donor=mysql-2.mysql\nposition=clone\ngtid=\n");
        pod.write(JOIN_OPTIONS, "[mysqld]\nread-only=ON\n");
        pod.control("accounts", ONE);
        pod.control(kind, step);
        let mut sidecar = pod.start("xtrabackup");
        if kind == "block" {
            pod.wait_until_blocked();
            sidecar.kill();
            pod.release("block");
            sidecar = pod.start("xtrabackup");
        }
        wait_until("the take-over is over", || fs::read_to_string(pod.path(STATE)).is_ok_and(|state| state.is_empty()));
        pod.wait_for_looks();
        assert_eq!(pod.read("control/read-only"), "0\n", "{kind} {step}: the primary stays closed:\n{}", sidecar.log());
        assert!(!pod.exists(JOIN_OPTIONS), "{kind} {step}");
        let name = account(&pod);
        assert_eq!(pod.read("control/accounts").lines().next(), Some(name.as_str()), "{kind} {step}");
        assert!(!pod.exists("control/rightless"), "{kind} {step}: {name} has no rights");
        assert!(!pod.exists(MARK), "{kind} {step}");
    }
}

#[test]
fn the_accounts_password_follows_roots_after_a_while() {
    let new = "new Geheim";
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let mut pod = known(&cluster, mysql).with("REPLICATION_ROTATION_SECONDS", "3");
        pod.set("REPLICATION_SECRET_FILE", pod.path("secret").to_str().unwrap());
        pod.write("secret", PASSWORD);
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        // the Secret alone changes nothing
        pod.write("secret", new);
        pod.wait_for_looks();
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        // root has it: the old one is denied
        let start = std::time::Instant::now();
        pod.control("denied", "user=root password=\"it's");
        pod.wait_for_looks();
        assert!(pod.changes().is_empty() || start.elapsed().as_secs() > 2, "{:?}", pod.changes());
        let change = pod.wait_for_statement(&format!("ALTER USER '{ONE}'@'%' IDENTIFIED BY")).remove(0);
        assert!(start.elapsed().as_secs() >= 2, "{:?}", start.elapsed());
        let password = pod.account_password(new, ONE);
        let password = if mysql.is_none() {
            format!(" PASSWORD '*HASH-{}'", password.replace('-', ""))
        } else {
            format!(" '{password}'")
        };
        assert!(change.ends_with(&format!("IDENTIFIED BY{password}")), "{change}");
        pod.wait_for_looks();
        assert_eq!(pod.changes().len(), 1, "once: {:?}", pod.changes());
        assert_eq!(sidecar.log().matches("gets the password that follows from root's").count(), 1);
    }
}

/// A sidecar that starts sets it at once: by then every pod may have been started with the new one.
#[test]
fn an_account_whose_password_is_another_gets_its_own() {
    let cluster = Cluster::new();
    let pod = known(&cluster, MYSQL);
    pod.control("denied", "user=replica-");
    let _sidecar = pod.start("xtrabackup");
    let password = pod.account_password(PASSWORD, ONE);
    let expected = format!("SET SESSION sql_mode=''; ALTER USER '{ONE}'@'%' IDENTIFIED BY '{password}'");
    settle(&pod);
    // it has no rights yet where root has replicated so far
    let rights = format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{ONE}'@'%'");
    assert_eq!(pod.changes().iter().filter(|it| [&expected, &rights].contains(it)).count(), 2, "{:?}", pod.changes());
}

/// What fails at first is done at the next look, and backups that are given meanwhile go on.
#[test]
fn a_password_that_could_not_be_set_is_set_at_the_next_look() {
    let cluster = Cluster::new();
    let pod = known(&cluster, MYSQL);
    pod.control("denied", "user=replica-");
    let change = format!("ALTER USER '{ONE}'@'%' IDENTIFIED");
    pod.control("fail-once", &change);
    let mut sidecar = pod.start("xtrabackup");
    wait_until("it is tried again", || pod.statements(&change).len() >= 2 || sidecar.has_ended());
    settle(&pod);
    assert!(!sidecar.has_ended(), "{}", sidecar.log());
    assert_eq!(pod.statements(&change).len(), 2, "{:?}", pod.changes());
}

/// It gives its data whatever becomes of its server's history.
#[test]
fn a_primary_serves_while_its_server_is_not_there_yet() {
    let cluster = Cluster::new();
    let pod = donor(&cluster, 0);
    pod.control("down", "");
    let sidecar = pod.start("xtrabackup");
    sidecar.wait_for_log("waiting for the server");
    cluster.wait_for_port(crate::clone::PORT);
    pod.release("down");
    sidecar.wait_for_log("from now on: the data has none yet");
}
