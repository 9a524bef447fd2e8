//! The sidecar `xtrabackup` on a replica: whom it follows, and as whom.

use std::{fs, time::Instant};

use crate::{
    cluster::{Cluster, PASSWORD, Pod, Run, wait_until},
    join::{GTID, JOINED, NEW, OLD, Server, cloned, join},
};

const STATE: &str = "conf/.mysql-replication.state";
const HISTORY: &str = "data/mysql-replication.history";
/// Identities, the second of a log that began later.
pub(crate) const ONE: &str = "replica-261101120000-0a1b2c";
pub(crate) const TWO: &str = "replica-261201120000-f3e4d5";
const AWAY: &str = "the primary is away";

/// A replica whose data is of the history ONE, and that has joined it, on a server that has just been started.
fn joined<'a>(cluster: &'a Cluster, server: &Server) -> Pod<'a> {
    let replica = server.replica(cluster, GTID);
    replica.write(JOINED, "");
    replica.control("accounts", ONE);
    replica.control("user", ONE);
    replica.control("read-only", "1");
    replica
}

/// The primary is another: it does not let the account in, and has these of its own.
fn is_another(replica: &Pod, accounts: &str) {
    replica.control("denied-there", "user=replica-");
    replica.control("primary-accounts", accounts);
}

#[track_caller]
fn wait_for_state(replica: &Pod, text: &str) {
    let state = || fs::read_to_string(replica.path(STATE)).unwrap_or_default();
    wait_until(&format!("{text} in the state, which is: {}", state()), || state().contains(text));
}

fn starts(replica: &Pod) -> Vec<String> {
    let starts_all = |statement: &String| statement.ends_with("START REPLICA") || statement.ends_with("START SLAVE");
    replica.changes().into_iter().filter(starts_all).collect()
}

/// The server does not try again by itself, and needs nobody to tell it when there is room.
#[test]
fn an_applier_that_a_full_disk_has_stopped_goes_on_and_another_does_not() {
    for server in [NEW, OLD] {
        for (number, goes_on) in [("1114", true), ("1021", true), ("1026", true), ("1062", false), ("1032", false)] {
            let cluster = Cluster::new();
            let replica = joined(&cluster, &server);
            let sidecar = replica.start("xtrabackup");
            replica.wait_for_looks();
            replica.control("sql-errno", number);
            replica.control("applier", "No");
            replica.wait_for_looks();
            let applied = replica.statements("SQL_THREAD").len();
            assert_eq!(applied, usize::from(goes_on), "{number}: {}", sidecar.log());
            let said = format!("replication had stopped with error {number}, a full disk");
            assert_eq!(sidecar.log().contains(&said), goes_on, "{}", sidecar.log());
            // one that is full again is not tried at every look
            replica.control("sql-errno", number);
            replica.control("applier", "No");
            replica.wait_for_looks();
            assert_eq!(replica.statements("SQL_THREAD").len(), applied);
        }
    }
}

/// One whose primary's log does not reach back to it looks for a moment as one that follows.
#[test]
fn a_replica_that_begins_is_first_to_be_seen_to_go_on() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        replica.control("begins", "Connecting");
        let sidecar = replica.start("xtrabackup");
        let begins = |when: &str| {
            wait_until(when, || replica.exists(STATE) && replica.read(STATE).starts_with("replication has just begun"));
        };
        begins("it has begun");
        replica.wait_for_looks();
        replica.wait_for_looks();
        begins("connecting is not following");
        let looks = replica.statements("SHOW GLOBAL STATUS LIKE 'Uptime'").len();
        replica.control("io", "Yes");
        wait_until("it follows", || replica.read(STATE).is_empty());
        assert!(replica.statements("SHOW GLOBAL STATUS LIKE 'Uptime'").len() >= looks + 2);

        replica.control("io-errno", "1236");
        replica.control("io", "No");
        begins("it has begun once more");
        // a primary that is away is no reason
        replica.control("primary-down", "");
        wait_until("the primary is away", || replica.read(STATE) == AWAY);
        assert_eq!(starts(&replica).len(), 2, "{}", sidecar.log());
    }
}

/// What a replica has met may have been a primary that was about to begin its log: 1236 stays, though it is the right one
/// by now.
#[test]
fn a_replica_that_the_right_primary_has_turned_away_begins_once_more() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        let sidecar = replica.start("xtrabackup");
        sidecar.wait_for_log("replicating from");
        replica.wait_for_looks();
        let before = starts(&replica).len();
        replica.control("io-errno", "1236");
        replica.control("io", "No");
        wait_until("it is begun once more", || starts(&replica).len() > before);
        wait_until("it follows", || replica.read("control/io-errno") == "0\n");
        // one that goes on being turned away is not begun at every look
        replica.control("io-errno", "1236");
        replica.control("io", "No");
        replica.wait_for_looks();
        assert_eq!(starts(&replica).len(), before + 1, "{}", sidecar.log());
        // and another primary never is followed for it
        is_another(&replica, TWO);
        wait_until("the other primary is told", || sidecar.log().contains(TWO));
        wait_for_state(&replica, TWO);
        assert_eq!(starts(&replica).len(), before + 1, "{}", sidecar.log());
    }
}

#[test]
fn a_replica_joins_as_the_account_that_its_data_shows() {
    for (server, tls) in [(NEW, "SOURCE_SSL=0, SOURCE_CONNECT"), (OLD, "MASTER_SSL=0, MASTER_CONNECT")] {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, GTID);
        replica.control("accounts", &format!("{TWO}\n{ONE}"));
        let _sidecar = join(&replica);
        let word = server.word;
        let password = replica.account_password(PASSWORD, TWO);
        let change = replica.statements("_HOST=").remove(0);
        assert!(change.contains(&format!("{word}_USER='{TWO}', {word}_PASSWORD='{password}', {tls}")), "{change}");
        assert_eq!(replica.read(HISTORY), format!("account={TWO}\nlog=\n"));
        assert!(
            replica.asked_there().iter().all(|asked| asked.starts_with(&format!("{TWO}: SELECT VERSION()"))),
            "{:?}",
            replica.asked_there()
        );
        wait_for_state(&replica, "");
    }
}

/// Pods of other versions of the policy must come to the same.
#[test]
fn the_accounts_password_stays_what_it_is() {
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    assert_eq!(pod.account_password("secret", ONE), "Aa1-0afee4a044a92692d82d6f39351c");
    assert_ne!(pod.account_password("secret", ONE), pod.account_password("secret", TWO));
    assert_ne!(pod.account_password("secret", ONE), pod.account_password("secret ", ONE));
}

/// The reasons why a replica takes nothing from whom it finds under the primary's name.
#[test]
fn a_replica_that_is_not_joined_takes_nothing_from_another_primary() {
    let newer = format!("{TWO}\n{ONE}");
    for (accounts, reason) in [
        (TWO, format!("pod 0 has other data, {TWO}, than this replica, {ONE}: nothing is taken from it. Where")),
        ("", format!("pod 0 does not say which data it has, and this replica's is {ONE}: nothing is taken from it")),
        (&newer, format!("the binary log of pod 0 began anew as {TWO}, and this replica, of {ONE}, does not stand")),
    ] {
        let cluster = Cluster::new();
        let replica = NEW.replica(&cluster, GTID);
        replica.control("accounts", ONE);
        is_another(&replica, accounts);
        let sidecar = replica.start("xtrabackup");
        wait_for_state(&replica, &reason);
        replica.wait_for_looks();
        assert_eq!(replica.changes(), ["SET GLOBAL super_read_only=ON"]);
        assert!(!replica.exists(JOINED));
        assert_eq!(sidecar.log().matches(&reason).count(), 1, "it is told once");
    }
}

#[test]
fn a_replica_stops_to_follow_another_primary() {
    for (server, stop, apply) in [
        (NEW, "STOP REPLICA IO_THREAD", "START REPLICA SQL_THREAD"),
        (OLD, "STOP SLAVE IO_THREAD", "START SLAVE SQL_THREAD"),
    ] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        is_another(&replica, TWO);
        let sidecar = replica.start("xtrabackup");
        wait_for_state(&replica, "pod 0 has other data");
        replica.wait_for_looks();
        // what was received is applied all the same
        assert_eq!(replica.changes(), [apply]);
        sidecar.kill();

        replica.control("io", "Yes");
        replica.forget();
        let sidecar = replica.start("xtrabackup");
        assert_eq!(replica.wait_for_statement(stop), [stop]);
        replica.wait_for_looks();
        assert!(starts(&replica).is_empty());

        // it is the right one again
        replica.release("denied-there");
        replica.release("primary-accounts");
        sidecar.wait_for_log("replicating from mysql-0.mysql");
        assert_eq!(starts(&replica).len(), 1);
        wait_until("the state is empty", || replica.read(STATE).is_empty());
    }
}

/// While it runs, its own connection tells: the account is denied where there is another primary.
#[test]
fn a_replica_that_another_primary_denies_says_so() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW);
    let _sidecar = join(&replica);
    replica.wait_for_looks();
    is_another(&replica, TWO);
    replica.forget();
    replica.control("io", "Connecting");
    replica.control("io-errno", "1045");
    wait_for_state(&replica, "pod 0 has other data");
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
    // another error of the primary's: its log is not the one that was followed
    replica.control("io", "No");
    replica.control("io-errno", "1236");
    replica.wait_for_looks();
    assert!(replica.read(STATE).contains("pod 0 has other data"));
    assert!(replica.changes().is_empty());
}

#[test]
fn while_the_primary_is_away_its_replica_applies_what_it_has() {
    for (server, apply) in [(NEW, "START REPLICA SQL_THREAD"), (OLD, "START SLAVE SQL_THREAD")] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        replica.control("primary-down", "");
        let sidecar = replica.start("xtrabackup");
        wait_for_state(&replica, AWAY);
        sidecar.wait_for_log("the primary does not answer as it should: ERROR 2003");
        replica.wait_for_looks();
        assert_eq!(replica.changes(), [apply], "{:?}", server.version);
        replica.release("primary-down");
        sidecar.wait_for_log("replicating from mysql-0.mysql");
        assert_eq!(starts(&replica).len(), 1);
        wait_until("the state is empty", || replica.read(STATE).is_empty());
    }
}

/// An applier that has stopped for an error is not started over and over.
#[test]
fn an_applier_that_has_failed_is_left_alone() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW);
    replica.control("primary-down", "");
    replica.control(
        "status",
        "Replica_IO_Running: No\n  Replica_SQL_Running: No\n  Last_IO_Errno: 0\n  Last_SQL_Errno: 1062\n",
    );
    let _sidecar = replica.start("xtrabackup");
    wait_for_state(&replica, AWAY);
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
}

/// A replica that runs goes on when its sidecar alone starts anew while the primary is away.
#[test]
fn a_replica_that_runs_is_not_stopped_for_a_primary_that_is_away() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW);
    replica.control("primary-down", "");
    replica.control("io", "Yes");
    replica.control("applier", "Yes");
    let _sidecar = replica.start("xtrabackup");
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
}

#[test]
fn root_becomes_the_account_once_the_data_shows_it() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        replica.control("accounts", "");
        replica.control("user", "root");
        replica.control("primary-accounts", ONE);
        // data of before there were identities, of which the primary has all
        replica.control("denied-there", "user=replica-");
        let sidecar = replica.start("xtrabackup");
        wait_for_state(&replica, AWAY);
        sidecar.kill();
        replica.release("denied-there");
        replica.control("primary-accounts", "");
        let sidecar = join(&replica);
        replica.wait_for_looks();
        assert!(replica.asked_there().last().unwrap().starts_with("root: "));
        assert!(!replica.exists(HISTORY));
        replica.forget();
        // the primary has made it, and the replica has applied that
        replica.control("primary-accounts", ONE);
        replica.control("accounts", ONE);
        sidecar.wait_for_log(&format!("replicas log in as {ONE} from now on"));
        let password = replica.account_password(PASSWORD, ONE);
        let change = replica.wait_for_statement("_USER=");
        assert_eq!(change, [server.login(ONE, &format!("'{password}'"), "0")]);
        wait_until("it is remembered", || replica.exists(HISTORY));
        replica.wait_for_looks();
        assert_eq!(replica.changes().len(), 1, "{:?}", replica.changes());
        assert_eq!(replica.read(HISTORY), format!("account={ONE}\nlog=\n"));
    }
}

#[test]
fn data_without_an_identity_follows_whoever_has_all_of_it() {
    for (mode, has, uuid, fits) in [
        ("ON", "1\tuuid-of-the-primary", "uuid-of-the-primary", true),
        ("ON", "1\tuuid-of-the-primary", "", true),
        ("ON", "0\tuuid-of-the-primary", "uuid-of-the-primary", false),
        ("ON", "1\tuuid-of-another", "uuid-of-the-primary", false),
    ] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &NEW);
        replica.control("accounts", "");
        replica.control("user", "root");
        replica.control("uuid", uuid);
        replica.control("gtid-mode", mode);
        replica.control("primary-accounts", ONE);
        replica.control("primary-has", has);
        let sidecar = replica.start("xtrabackup");
        if fits {
            sidecar.wait_for_log("replicating from");
            let password = replica.account_password(PASSWORD, ONE);
            assert_eq!(starts(&replica), [NEW.login(ONE, &format!("'{password}'"), "0")]);
        } else {
            wait_for_state(&replica, "pod 0 has other data than this replica: nothing is taken from it");
            replica.wait_for_looks();
            assert!(starts(&replica).is_empty());
        }
    }
}

/// By GTIDs a replica can tell that it lacks nothing of the log that has ended.
#[test]
fn a_replica_that_stands_where_a_new_log_begins_goes_on_with_it() {
    for (mode, begins_here, read, goes_on) in
        [("ON", "1", "481", true), ("ON", "0", "481", false), ("OFF", "1", "481", false), ("ON", "1", "482", false)]
    {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &NEW);
        is_another(&replica, &format!("{TWO}\n{ONE}"));
        replica.control("denied-there", &format!("user={ONE}"));
        replica.control("gtid-mode", mode);
        replica.control("read-pos", read);
        replica.control("primary-begins-here", begins_here);
        let sidecar = replica.start("xtrabackup");
        if goes_on {
            sidecar.wait_for_log("replicating from");
            let password = replica.account_password(PASSWORD, TWO);
            assert_eq!(starts(&replica), [NEW.login(TWO, &format!("'{password}'"), "0")]);
            wait_until("it is remembered", || replica.exists(HISTORY));
            assert_eq!(replica.read(HISTORY), format!("account={TWO}\nlog=\n"));
        } else {
            wait_for_state(&replica, "began anew as");
            replica.wait_for_looks();
            assert!(starts(&replica).is_empty());
        }
    }
    let newest = [TWO, ONE];
    // MariaDB's numbers tell of the history directly before alone
    let between = [TWO, "replica-261115120000-bbbbbb", ONE];
    for (accounts, own, there, goes_on) in [
        (&newest[..], "0-100-7", "0-100-7", true),
        (&newest, "0-100-6", "0-100-7", false),
        (&newest, "", "", false),
        (&between, "0-100-7", "0-100-7", false),
    ] {
        let cluster = Cluster::new();
        let replica = cloned(&cluster, GTID);
        replica.write(JOINED, "");
        replica.control("accounts", ONE);
        replica.control("user", ONE);
        is_another(&replica, &accounts.join("\n"));
        replica.control("denied-there", &format!("user={ONE}"));
        replica.control("gtid-pos", own);
        replica.control("primary-gtid-pos", there);
        let sidecar = replica.start("xtrabackup");
        if goes_on {
            sidecar.wait_for_log("replicating from");
        } else {
            wait_for_state(&replica, "began anew as");
        }
    }
}

/// A pod whose Secret has changed logs in again once the account's password has followed.
#[test]
fn a_replica_logs_in_again_when_the_password_follows() {
    let cluster = Cluster::new();
    let mut replica = joined(&cluster, &NEW);
    replica.set("REPLICATION_SECRET_FILE", replica.path("secret").to_str().unwrap());
    replica.write("secret", PASSWORD);
    // while the account has another password than this pod knows, and root one that it knows
    replica.control("denied-there", "user=replica-");
    let sidecar = replica.start("xtrabackup");
    sidecar.wait_for_log(&format!("root's password has changed, and that of {ONE} follows soon"));
    wait_for_state(&replica, AWAY);
    assert!(starts(&replica).is_empty());
    replica.release("denied-there");
    sidecar.wait_for_log("replicating from mysql-0.mysql");
    let [old, new] = [PASSWORD, "new Geheim"].map(|root| replica.account_password(root, ONE));
    let waits = |errno: &str| {
        replica.forget();
        replica.control("io-errno", errno);
        replica.control("io", "Connecting");
    };

    // this pod does not see the new one yet
    replica.control("denied-there", ".");
    waits("1045");
    wait_for_state(&replica, AWAY);
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());

    // it sees it before the account has it, and root is let in
    replica.write("secret", "new Geheim");
    replica.control("denied-there", "user=replica-");
    wait_until("root is let in", || replica.asked_there().iter().any(|asked| asked.starts_with("root: SELECT User")));
    replica.wait_for_looks();
    assert!(replica.changes().is_empty() && replica.read(STATE) == AWAY, "{:?}", replica.changes());

    replica.control("denied-there", &format!("password=\"{old}\""));
    sidecar.wait_for_log("logging in to the primary as it is asked for by now");
    let expected = NEW.login(ONE, &format!("'{new}'"), "0");
    assert_eq!(replica.wait_for_statement("_USER="), [expected]);
    wait_until("the state is empty", || replica.read(STATE).is_empty());

    // one that is away is tried by the server itself
    waits("2003");
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
}

/// A primary that is put in place meanwhile would let it in.
#[test]
fn root_is_checked_before_it_logs_in_again() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW);
    replica.control("accounts", "");
    replica.control("user", "root");
    let sidecar = join(&replica);
    replica.wait_for_looks();
    replica.forget();
    replica.control("primary-down", "");
    replica.control("io-errno", "2003");
    replica.control("io", "Connecting");
    wait_for_state(&replica, AWAY);
    assert_eq!(replica.changes(), ["STOP REPLICA IO_THREAD"]);
    replica.control("primary-accounts", TWO);
    replica.control("primary-has", "0\tuuid-of-another");
    replica.release("primary-down");
    wait_for_state(&replica, "pod 0 has other data");
    assert!(starts(&replica).is_empty());
    assert_eq!(sidecar.log().matches("replicating from").count(), 1);
}

/// One with root's old password could come under the primary's name.
#[test]
fn root_that_is_denied_does_not_go_on_trying_by_itself() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW).with("REPLICATION_ACCOUNT", "none");
    replica.control("user", "root");
    let _sidecar = join(&replica);
    replica.wait_for_looks();
    replica.forget();
    replica.control("denied-there", "user=root");
    replica.control("io-errno", "1045");
    replica.control("io", "Connecting");
    wait_for_state(&replica, AWAY);
    replica.wait_for_looks();
    assert_eq!(replica.changes(), ["STOP REPLICA IO_THREAD"]);
    replica.control("primary-accounts", TWO);
    replica.release("denied-there");
    wait_for_state(&replica, "pod 0 has other data");
    assert!(starts(&replica).is_empty());
}

#[test]
fn a_server_that_was_opened_is_closed() {
    for (server, variable) in [(NEW, "super_read_only"), (OLD, "super_read_only")] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        let sidecar = join(&replica);
        replica.wait_for_looks();
        replica.forget();
        for open in ["0", "OFF"] {
            replica.control("read-only", open);
            let closes = format!("SET GLOBAL {variable}=ON");
            assert_eq!(replica.wait_for_statement(&closes)[0], closes, "{open}");
            wait_until("it is closed", || replica.read("control/read-only") == "1\n");
            replica.forget();
        }
        let warning = "WARNING: this replica was open for writes, and is closed now";
        wait_until("a warning each", || sidecar.log().matches(warning).count() >= 2);
    }
}

#[test]
fn a_restart_of_the_server_alone_is_noticed() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &server);
        let sidecar = join(&replica);
        replica.wait_for_looks();
        assert_eq!(starts(&replica).len(), 1);
        replica.forget();
        replica.restart_server();
        wait_until("it follows again", || starts(&replica).len() == 1);
        assert!(replica.asked_there()[0].starts_with(ONE), "the primary was asked first");
        wait_until("it is said", || sidecar.log().matches("replicating from").count() == 2);
        // and one under which another primary has come, after the first was up for a while
        replica.control("started", "1700000000");
        replica.wait_for_looks();
        is_another(&replica, TWO);
        replica.forget();
        replica.restart_server();
        wait_for_state(&replica, "pod 0 has other data");
        assert!(starts(&replica).is_empty());
    }
}

#[test]
fn what_was_stopped_by_hand_stays_stopped() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW);
    let _sidecar = join(&replica);
    replica.forget();
    replica.control("io", "No");
    replica.wait_for_looks();
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
}

#[test]
fn without_an_account_root_follows_and_the_identity_counts_all_the_same() {
    let cluster = Cluster::new();
    let replica = joined(&cluster, &NEW).with("REPLICATION_ACCOUNT", "none");
    replica.control("user", "root");
    let sidecar = join(&replica);
    replica.wait_for_looks();
    let change = starts(&replica).remove(0);
    assert!(change.contains("SOURCE_USER='root'"), "{change}");
    assert!(replica.asked_there().iter().all(|asked| asked.starts_with("root: ")));
    assert_eq!(replica.read(HISTORY), format!("account={ONE}\nlog=\n"));
    sidecar.kill();

    replica.control("primary-accounts", TWO);
    replica.restart_server();
    replica.forget();
    let _sidecar = replica.start("xtrabackup");
    wait_for_state(&replica, &format!("pod 0 has other data, {TWO}, than this replica, {ONE}"));
    replica.wait_for_looks();
    assert!(starts(&replica).is_empty());
}

/// The server is away, or denies root: what is known is not lost, and nothing is done.
#[test]
fn a_password_that_only_the_secret_knows_is_found() {
    let cluster = Cluster::new();
    let mut replica = joined(&cluster, &NEW);
    replica.set("REPLICATION_SECRET_FILE", replica.path("secret").to_str().unwrap());
    let sidecar: Run = join(&replica);
    replica.wait_for_looks();
    replica.control("denied", "Geheim");
    sidecar.wait_for_log("waiting for the server: ERROR 1045");
    replica.forget();
    replica.write("secret", "another");
    replica.wait_for_looks();
    assert!(replica.read("options").contains("user=root\npassword=\"another\"\n"));
    assert!(replica.changes().is_empty(), "{:?}", replica.changes());
}

/// A login that fails once its statement has stopped the replica is tried again.
#[test]
fn a_login_that_could_not_be_changed_is_changed_at_the_next_look() {
    for server in [NEW, OLD] {
        for errno in ["0", "1045"] {
            let cluster = Cluster::new();
            let replica = joined(&cluster, &server);
            let sidecar = join(&replica);
            replica.wait_for_looks();
            replica.forget();
            replica.control("fail-once", &format!("{}_USER=", server.word));
            if errno == "0" {
                replica.control("user", "root");
            } else {
                replica.control("io-errno", errno);
                replica.control("io", "Connecting");
            }
            wait_until("it is tried again", || starts(&replica).len() >= 2);
            wait_until("it follows", || replica.read("control/io") == "Yes\n");
            replica.wait_for_looks();
            let password = replica.account_password(PASSWORD, ONE);
            let login = server.login(ONE, &format!("'{password}'"), "0");
            assert_eq!(replica.changes(), [login.clone(), login], "{errno}");
            assert_eq!(replica.read(STATE), "");
            assert_eq!(sidecar.log().matches("replicating from").count(), 2, "{}", sidecar.log());
        }
    }
}

/// A server that has given up its tries is started again; so is, once, one that the primary has given an error.
#[test]
fn a_server_that_has_given_up_is_started_once_the_primary_is_back() {
    for errno in ["2003", "1040", "1236"] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &NEW);
        let _sidecar = join(&replica);
        replica.control("primary-down", "");
        replica.control("io-errno", errno);
        replica.control("io", "No");
        replica.wait_for_looks();
        replica.forget();
        replica.wait_for_looks();
        assert!(replica.changes().is_empty(), "{:?}", replica.changes());
        replica.release("primary-down");
        wait_until("it is started", || starts(&replica).len() == 1);
        wait_until("it follows", || replica.read("control/io") == "Yes\n");
        replica.wait_for_looks();
        assert_eq!(starts(&replica).len(), 1, "{errno}: {:?}", replica.changes());
        wait_until("the state is empty", || replica.read(STATE).is_empty());
    }
}

/// A filter may keep the newest account from the tables, and a clone may have been made of newer data than was remembered.
#[test]
fn the_newer_of_the_identities_that_are_remembered_and_in_the_data_counts() {
    for (remembered, there) in [(TWO, ONE), (ONE, TWO), (TWO, "")] {
        let cluster = Cluster::new();
        let replica = joined(&cluster, &NEW);
        replica.write(HISTORY, format!("account={remembered}\nlog=\n"));
        replica.control("accounts", there);
        replica.control("denied-there", &format!("user={ONE}"));
        replica.control("primary-accounts", &format!("{TWO}\n{ONE}"));
        let _sidecar = join(&replica);
        let password = replica.account_password(PASSWORD, TWO);
        assert_eq!(starts(&replica), [NEW.login(TWO, &format!("'{password}'"), "0")], "{remembered} {there}");
        wait_until("it follows", || replica.exists(STATE) && replica.read(STATE).is_empty());
        replica.wait_for_looks();
        assert_eq!(starts(&replica).len(), 1, "{:?}", replica.changes());
        assert_eq!(replica.read(HISTORY), format!("account={TWO}\nlog=\n"));
    }
}

/// A password that changes is denied for a while; what stays denied is not to look as if all were well.
#[test]
fn a_refusal_that_stays_is_told_after_a_while() {
    let locked = "ERROR 3118 (HY000): Access denied for user 'replica'@'%'. Account is locked.";
    for (kind, pattern, message, told) in [
        ("denied-there", ".", "", "the primary answers, and lets this replica take nothing: ERROR 1045"),
        ("fail", "^there: ", locked, "the primary answers, and lets this replica take nothing: ERROR 3118"),
        ("primary-down", "", "", ""),
    ] {
        let cluster = Cluster::new();
        // the patience is a minute longer than this
        let replica = joined(&cluster, &NEW).with("REPLICATION_ROTATION_SECONDS", "-56");
        if !message.is_empty() {
            replica.control("message", message);
        }
        let mut expected = vec![AWAY];
        if !told.is_empty() {
            expected.push(told);
        }
        let sidecar = join(&replica);
        let told_so_far = || {
            let log = sidecar.log();
            let words = log.lines().filter_map(|line| line.strip_prefix("xtrabackup: ")).map(str::to_owned);
            words.filter(|it| it == AWAY || it.contains("lets this replica")).collect::<Vec<_>>()
        };
        // each refusal has all of the patience
        for _ in 0..2 {
            let before = told_so_far().len();
            let refused = Instant::now();
            replica.control(kind, pattern);
            replica.restart_server();
            wait_until("it is away", || told_so_far().len() > before);
            if told.is_empty() {
                // longer than the patience
                wait_until("a while", || refused.elapsed().as_secs() >= 8);
            } else {
                wait_for_state(&replica, told);
                assert!(refused.elapsed().as_secs() >= 3, "{:?}", refused.elapsed());
                replica.run("replica-ready").fails().says(told);
            }
            replica.wait_for_looks();
            let states = told_so_far();
            let is_expected = states[before..].iter().zip(&expected).all(|(state, start)| state.starts_with(start));
            assert!(is_expected && states.len() == before + expected.len(), "{states:?}");
            replica.release(kind);
            wait_until("the state is empty", || replica.read(STATE).is_empty());
        }
    }
}
