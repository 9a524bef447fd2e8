//! The sidecar `xtrabackup` on the primary: how the identity of its data begins, and what it is not lost by.

use std::{fs, os::unix::fs::symlink};

use crate::{
    cluster::{Cluster, PASSWORD, Pod, wait_until},
    follow::{ONE, TWO},
    primary::{BEGUN, HISTORY, LOG, MARK, MYSQL, STATE, account, known, primary, settle, write_log},
};

const PART: &str = "data/mysql-replication.history.part";
const SECOND: &str = "mysql-bin.000002";

/// The disk is full for the history alone. The scripts take away what they could not write, and must not this one.
fn fill_disk(pod: &Pod) {
    pod.control("fail", r"^rm .*/mysql-replication\.history\.part");
    symlink("/dev/full", pod.path(PART)).unwrap();
}

fn make_room(pod: &Pod) {
    fs::remove_file(pod.path(PART)).unwrap();
    pod.release("fail");
}

/// Waits until another history could not be written, and once more.
fn wait_until_full(pod: &Pod) {
    let failed = || pod.calls("rm").iter().filter(|call| call.ends_with("history.part")).count();
    let before = failed();
    wait_until("it cannot be written", || failed() >= before + 2 || is_replaced(pod));
}

/// Has what could not be written taken the place of the history?
fn is_replaced(pod: &Pod) -> bool {
    pod.path(HISTORY).is_symlink()
}

/// Data that was a replica's once would be taken over again if its history were lost.
#[test]
fn a_full_disk_loses_no_history() {
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let pod = known(&cluster, mysql);
        pod.write(MARK, "donor=mysql-2.mysql\nposition=clone\ngtid=\n");
        let before = pod.read(HISTORY);
        let mut sidecar = pod.start("xtrabackup");
        settle(&pod);
        fill_disk(&pod);
        write_log(&pod, SECOND, BEGUN + 7);
        pod.control("logs", &format!("{LOG}\t5000\tNo\n{SECOND}\t500\tNo"));
        pod.control("log", &format!("{SECOND} 500"));
        for _ in 0..2 {
            wait_until_full(&pod);
            assert!(!is_replaced(&pod), "what could not be written is the history");
            assert_eq!(pod.read(HISTORY), before);
            assert!(pod.changes().is_empty(), "{:?}", pod.changes());
            sidecar.kill();
            sidecar = pod.start("xtrabackup");
        }
        make_room(&pod);
        let remembered = format!("account={ONE}\nlog={SECOND}:500:{}\n", BEGUN + 7);
        wait_until("the new file is remembered", || pod.read(HISTORY) == remembered);
        pod.wait_for_looks();
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        assert!(!sidecar.log().contains("it becomes the primary"), "{}", sidecar.log());
    }
}

#[test]
fn on_a_full_disk_no_history_begins() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, MYSQL);
    pod.control("accounts", ONE);
    fill_disk(&pod);
    let sidecar = pod.start("xtrabackup");
    sidecar.wait_for_log("the disk is full: the data gets no identity");
    wait_until_full(&pod);
    assert!(!is_replaced(&pod) && !pod.exists(HISTORY));
    assert!(pod.changes().is_empty(), "{:?}", pod.changes());
    assert!(!pod.exists(STATE));
    make_room(&pod);
    settle(&pod);
    assert_eq!(pod.read("control/accounts"), format!("{}\n{ONE}\n", account(&pod)));
    assert_eq!(sidecar.log().matches("from now on").count(), 1, "{}", sidecar.log());
}

/// A log that has begun anew, while replicas of the history before follow.
fn followed<'a>(cluster: &'a Cluster, mysql: Option<(&str, &str)>) -> Pod<'a> {
    let pod = known(cluster, mysql);
    pod.write(HISTORY, format!("account={TWO}\nlog={LOG}:330:{BEGUN}\n"));
    pod.control("accounts", &format!("{TWO}\n{ONE}"));
    pod.control("followers", "KILL 7;\nKILL 9;");
    pod.control("log", &format!("{LOG} 157"));
    pod
}

/// No replica of the history before goes over to the new one unseen: it is turned away while the new one has no name yet.
#[test]
fn a_history_begins_once_nobody_follows_the_one_before() {
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let pod = followed(&cluster, mysql);
        let _sidecar = pod.start("xtrabackup");
        settle(&pod);
        let name = account(&pod);
        let word = if mysql.is_none() { "BY PASSWORD '*HASH-" } else { "BY '" };
        let away =
            |name: &str| format!("SET SESSION sql_mode='', sql_log_bin=0; ALTER USER '{name}'@'%' IDENTIFIED {word}");
        let starts = [
            away(TWO),
            away(ONE),
            "KILL 7; KILL 9;".to_owned(),
            format!("SET SESSION sql_mode=''; CREATE USER IF NOT EXISTS '{name}'@'%'"),
            format!("ALTER USER '{name}'@'%' PASSWORD EXPIRE NEVER"),
            format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{name}'@'%'"),
        ];
        let changes = pod.changes();
        assert!(changes.iter().zip(&starts).all(|(change, start)| change.starts_with(start)), "{changes:?}");
        assert_eq!(changes.len(), starts.len() + usize::from(mysql.is_none()), "{changes:?}");
        for old in [ONE, TWO] {
            let password = pod.account_password(PASSWORD, old).replace('-', "");
            assert!(!changes.iter().any(|change| change.replace('-', "").contains(&password)), "{changes:?}");
        }
    }
}

/// Whatever step fails or is cut: until all of it is done the history is the one before.
#[test]
fn a_history_whose_beginning_fails_begins_anew() {
    for step in [
        &format!("ALTER USER '{TWO}'"),
        &format!("ALTER USER '{ONE}'"),
        "'Binlog Dump%'",
        "CREATE USER",
        "GRANT REPLICATION",
        "^mv .*/mysql-replication.history.part",
    ] {
        for kind in ["fail-once", "block"] {
            let cluster = Cluster::new();
            let pod = followed(&cluster, MYSQL);
            let before = pod.read(HISTORY);
            pod.control(kind, step);
            let mut sidecar = pod.start("xtrabackup");
            if kind == "block" {
                pod.wait_until_blocked();
                assert_eq!(pod.read(HISTORY), before, "{step}");
                sidecar.kill();
                pod.release("block");
                sidecar = pod.start("xtrabackup");
            }
            settle(&pod);
            let name = account(&pod);
            sidecar.wait_for_log(&format!("the data is {name} from now on: "));
            assert!(![ONE, TWO].contains(&name.as_str()), "{kind} {step}");
            assert!(!pod.exists("control/rightless"), "{kind} {step}: {name} has no rights");
            // the one that was made halfway is turned away too
            let accounts = pod.read("control/accounts");
            let mut accounts = accounts.lines();
            assert_eq!(accounts.next(), Some(name.as_str()), "{kind} {step}");
            for old in accounts {
                let change = pod.statements(&format!("sql_log_bin=0; ALTER USER '{old}'@'%' IDENTIFIED BY '"));
                let password = pod.account_password(PASSWORD, old);
                assert!(!change.is_empty() && !change.last().unwrap().contains(&password), "{kind} {step}: {change:?}");
            }
            assert!(!pod.statements("KILL 7; KILL 9;").is_empty(), "{kind} {step}");
        }
    }
}

/// RESET MASTER gives the log's first file the name that it had, and more may be in it by the next look.
#[test]
fn a_log_that_begins_anew_under_the_name_it_had_is_noticed() {
    for mysql in [None, MYSQL] {
        let cluster = Cluster::new();
        let pod = known(&cluster, mysql);
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        pod.control("log", &format!("{LOG} 9999"));
        pod.wait_for_looks();
        assert!(pod.changes().is_empty(), "{:?}", pod.changes());
        write_log(&pod, LOG, BEGUN + 1);
        sidecar.wait_for_log("from now on: WARNING: the binary log has begun anew");
        wait_until("it is another history", || account(&pod) != ONE);
        pod.wait_for_looks();
        assert_eq!(pod.read(HISTORY), format!("account={}\nlog={LOG}:9999:{}\n", account(&pod), BEGUN + 1));
        assert_eq!(sidecar.log().matches("from now on").count(), 1, "{}", sidecar.log());
    }
}

/// Plugins of MariaDB that check passwords refuse what they cannot read (error 1372).
#[test]
fn where_passwords_are_checked_they_are_given_as_they_are() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, None);
    pod.control("checks-passwords", "");
    pod.control("accounts", ONE);
    let _sidecar = pod.start("xtrabackup");
    settle(&pod);
    let name = account(&pod);
    let password = pod.account_password(PASSWORD, &name);
    let create = format!("SET SESSION sql_mode=''; CREATE USER IF NOT EXISTS '{name}'@'%' IDENTIFIED BY '{password}'");
    assert_eq!(pod.statements("CREATE USER"), [create]);
    let alter = pod.statements(&format!("ALTER USER '{ONE}'@'%' IDENTIFIED BY ")).remove(0);
    assert!(!alter.contains("BY PASSWORD") && !alter.ends_with("BY ''"), "{alter}");
}

/// The newest identity was made where the clock was ahead: the next one counts all the same.
#[test]
fn an_identity_from_the_future_is_followed_by_a_later_one() {
    for future in ["replica-991231235959-ffffff", "replica-980808090909-000000"] {
        let cluster = Cluster::new();
        let pod = primary(&cluster, MYSQL);
        pod.control("accounts", &format!("{future}\n{ONE}"));
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        let name = account(&pod);
        crate::primary::assert_is_identity(&name, "replica");
        assert!(name.as_str() > future, "{name}");
        assert_eq!(sidecar.log().matches("from now on").count(), 1, "{}", sidecar.log());
        assert_eq!(pod.read("control/accounts"), format!("{name}\n{future}\n{ONE}\n"));
    }
}

/// An account that was dropped, and whose rights could not be granted at once, has them in the end.
#[test]
fn rights_that_could_not_be_granted_are_granted_at_the_next_look() {
    for is_cut in [false, true] {
        let cluster = Cluster::new();
        let pod = known(&cluster, MYSQL);
        let sidecar = pod.start("xtrabackup");
        settle(&pod);
        let grant = format!("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '{ONE}'");
        pod.control(if is_cut { "block" } else { "fail-once" }, &grant);
        pod.control("accounts", "");
        let again = if is_cut {
            pod.wait_until_blocked();
            sidecar.kill();
            pod.release("block");
            Some(pod.start("xtrabackup"))
        } else {
            None
        };
        wait_until("it is tried again", || pod.statements(&grant).len() >= 2);
        pod.wait_for_looks();
        assert!(!pod.exists("control/rightless"), "cut: {is_cut}");
        assert_eq!(account(&pod), ONE);
        drop(again);
    }
}

/// Without the place where the data stands no log begins: it would be one of other numbers.
#[test]
fn a_take_over_whose_place_is_not_told_does_not_begin_a_log() {
    let cluster = Cluster::new();
    let pod = primary(&cluster, None);
    pod.write(MARK, "donor=mysql-2.mysql\nposition=gtid\ngtid=0-100-7\n");
    pod.control("accounts", ONE);
    pod.control("fail-once", r"^SELECT @@GLOBAL\.gtid_slave_pos");
    let _sidecar = pod.start("xtrabackup");
    wait_until("the state is empty", || fs::read_to_string(pod.path(STATE)).is_ok_and(|state| state.is_empty()));
    pod.wait_for_looks();
    assert_eq!(pod.statements("RESET MASTER"), ["RESET MASTER; SET GLOBAL gtid_binlog_state='0-100-7'"]);
}

#[test]
fn a_state_that_could_not_be_written_is_written_at_the_next_look() {
    let cluster = Cluster::new();
    let pod = known(&cluster, MYSQL);
    pod.control("fail-once", "^mv .*/.mysql-replication.state");
    let _sidecar = pod.start("xtrabackup");
    settle(&pod);
    assert!(!pod.exists("control/fail-once"), "it failed once");
    assert_eq!(pod.read(STATE), "");
}
