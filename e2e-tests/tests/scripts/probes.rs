//! `replica-ready` and `ping`: the probes.

use crate::{
    cluster::{Cluster, PASSWORD, Pod},
    follow::ONE,
};

const STATE: &str = "conf/.mysql-replication.state";
const HISTORY: &str = "data/mysql-replication.history";
const AWAY: &str = "the primary is away";

/// The status of a replica that does all that it should, in the words of a server.
struct Words {
    replica: &'static str,
    source: &'static str,
}
const OLD: Words = Words { replica: "Slave", source: "Master" };
const NEW: Words = Words { replica: "Replica", source: "Source" };

struct Status<'a> {
    io: &'a str,
    sql: &'a str,
    io_errno: &'a str,
    sql_errno: &'a str,
    lag: &'a str,
}
const RUNNING: Status = Status { io: "Yes", sql: "Yes", io_errno: "0", sql_errno: "0", lag: "0" };

impl Status<'_> {
    fn text(&self, words: &Words) -> String {
        let Words { replica, source } = words;
        let Self { io, sql, io_errno, sql_errno, lag } = self;
        format!(
            "*************************** 1. row ***************************\n\
             {replica:>22}_IO_State: Waiting for {source} to send event\n\
             {source:>25}_Host: mysql-0.mysql\n\
             {replica:>20}_IO_Running: {io}\n\
             {replica:>19}_SQL_Running: {sql}\n\
             {:>30}: 0\n\
             {:>30}: \n\
             Seconds_Behind_{source}: {lag}\n\
             {:>30}: {io_errno}\n\
             {:>30}: error reconnecting to master 'root@mysql-0.mysql:3306'\n\
             {:>30}: {sql_errno}\n\
             {:>30}: Duplicate entry '1' for key 'PRIMARY'\n\
             {replica:>13}_SQL_Running_State: No\n",
            "Last_Errno", "Last_Error", "Last_IO_Errno", "Last_IO_Error", "Last_SQL_Errno", "Last_SQL_Error",
        )
    }
}

/// A replica that has joined, of each of the servers whose words differ.
fn each_replica(check: impl Fn(&Pod, &Words)) {
    for (flavor, version, words) in [
        ("mariadb", "10.11.6-MariaDB", OLD),
        ("mysql-5.7", "5.7.44", OLD),
        ("mysql-8.0", "8.0.36", NEW),
        ("mysql-8.4", "8.4.3", NEW),
    ] {
        let cluster = Cluster::new();
        let mut pod = cluster.pod(1);
        if flavor == "mariadb" {
            pod.control("version", version);
        } else {
            pod = pod.mysql(flavor, version);
        }
        pod.write("data/mysql-replication.joined", "");
        pod.control("status", &RUNNING.text(&words));
        check(&pod, &words);
    }
}

#[test]
fn a_replica_that_follows_the_primary_is_ready() {
    each_replica(|pod, words| {
        pod.run("replica-ready").succeeds();
        let statement = if words.replica == "Replica" { "SHOW REPLICA STATUS" } else { "SHOW SLAVE STATUS" };
        let variable = closing(pod);
        assert_eq!(pod.statements("SHOW "), [format!("SELECT @@GLOBAL.{variable} AS closed;{statement}")]);
    });
}

/// What closes the server of a pod, as it is asked for.
fn closing(pod: &Pod) -> &'static str {
    if pod.exists("bin/mariadb") { "read_only" } else { "super_read_only" }
}

/// The sidecar does not have it follow until it has seen the primary.
#[test]
fn a_replica_is_ready_while_its_sidecar_waits_for_the_primary() {
    each_replica(|pod, words| {
        pod.control("status", &Status { io: "No", lag: "NULL", ..RUNNING }.text(words));
        pod.run("replica-ready").fails().says("the primary cannot be followed: error 0");
        pod.write(STATE, AWAY);
        pod.run("replica-ready").succeeds();
        // that is no excuse for anything else
        pod.control("status", &Status { io: "No", sql: "No", sql_errno: "1062", ..RUNNING }.text(words));
        pod.run("replica-ready").fails().says("replication has stopped: error 1062");
        pod.control("read-only", "0");
        pod.run("replica-ready").fails().says("open for writes");
        std::fs::remove_file(pod.path("data/mysql-replication.joined")).unwrap();
        pod.run("replica-ready").fails().says("not configured as a replica yet");
    });
}

/// The sidecar tells that replication begins before it does: what the state says is looked at after the server.
#[test]
fn the_state_is_read_after_the_status() {
    each_replica(|pod, words| {
        let begun = "replication has just begun";
        pod.control("status", &Status { io: "Connecting", ..RUNNING }.text(words));
        pod.write(STATE, "");
        pod.run("replica-ready").succeeds();
        pod.control("meanwhile", begun);
        pod.run("replica-ready").fails().says(begun);
    });
}

#[test]
fn what_the_sidecar_has_found_counts_for_every_pod() {
    each_replica(|pod, _| {
        let reason = "pod 0 has other data, x, than this replica, y: nothing is taken from it";
        pod.write(STATE, reason);
        pod.run("replica-ready").fails().says(reason);
        pod.write(STATE, "");
        pod.run("replica-ready").succeeds();
    });
    let cluster = Cluster::new();
    let primary = cluster.pod(0);
    primary.write(STATE, "this pod has the data of a replica: it becomes the primary with it");
    primary.run("replica-ready").fails().says("this pod has the data of a replica");
    primary.write(STATE, AWAY);
    primary.run("replica-ready").succeeds();
}

/// Root's password has changed, and this pod has not been told it yet.
#[test]
fn where_root_is_denied_the_account_asks() {
    each_replica(|pod, _| {
        pod.control("denied", "user=root");
        pod.run("replica-ready").fails().says("ERROR 1045 (28000): Access denied for user 'root'");
        pod.write(HISTORY, format!("account={ONE}\nlog=\n"));
        pod.write("options", "");
        pod.run("replica-ready").succeeds();
        let password = pod.account_password(PASSWORD, ONE);
        let options = pod.read("options");
        // the version, and the status
        let asked = format!("user={ONE}\npassword=\"{password}\"\n");
        assert_eq!((options.matches(&asked).count(), options.matches(ONE).count()), (2, 2), "{options}");

        pod.control("denied", "user=");
        pod.run("replica-ready").fails().says("Access denied for user 'root'").does_not_say(ONE);
        // another failure than a denied password is nothing that the account could mend
        pod.release("denied");
        pod.control("down", "");
        pod.write("options", "");
        pod.run("replica-ready").fails().says("ERROR 2003");
        assert!(!pod.read("options").contains(ONE));
    });
}

#[test]
fn a_probe_takes_the_password_that_the_secret_has_by_now() {
    let cluster = Cluster::new();
    let mut pod = cluster.pod(0);
    pod.set("REPLICATION_SECRET_FILE", pod.path("secret").to_str().unwrap());
    for (secret, denied) in
        [("new Geheim", "password=\"it's"), (PASSWORD, "password=\"new"), ("new Geheim", "password=\"new")]
    {
        pod.write("secret", secret);
        pod.control("denied", denied);
        pod.run("replica-ready").succeeds();
    }
}

#[test]
fn a_replica_that_has_stopped_applying_is_not_ready() {
    each_replica(|pod, words| {
        pod.control("status", &Status { sql: "No", sql_errno: "1062", ..RUNNING }.text(words));
        pod.run("replica-ready")
            .fails()
            .says("replication has stopped: error 1062 Duplicate entry '1' for key 'PRIMARY'");
    });
}

#[test]
fn a_replica_stays_ready_while_its_primary_is_away() {
    each_replica(|pod, words| {
        for io_errno in ["0", "2002", "2003", "2005", "2006", "2013", "1040", "1053", "1129", "1159", "1160", "1161"] {
            pod.control("status", &Status { io: "Connecting", io_errno, lag: "NULL", ..RUNNING }.text(words));
            pod.run("replica-ready").succeeds();
        }
    });
}

#[test]
fn a_replica_that_the_primary_refuses_is_not_ready() {
    each_replica(|pod, words| {
        for (io, io_errno) in
            [("Connecting", "1045"), ("No", "1236"), ("No", "0"), ("No", "2003"), ("Connecting", "2026")]
        {
            pod.control("status", &Status { io, io_errno, ..RUNNING }.text(words));
            pod.run("replica-ready").fails().says(&format!("the primary cannot be followed: error {io_errno}"));
        }
    });
}

#[test]
fn the_lag_counts_only_where_it_has_a_limit() {
    let cluster = Cluster::new();
    let mut pod = cluster.pod(1);
    pod.write("data/mysql-replication.joined", "");
    for (words, version) in [(OLD, "10.11.6-MariaDB"), (NEW, "8.4.3")] {
        pod.control("version", version);
        for (limit, lag, refusal) in [
            ("", "1000000", None),
            ("", "NULL", None),
            ("30", "0", None),
            ("30", "30", None),
            ("30", "31", Some("31 seconds behind the primary, more than 30")),
            ("30", "NULL", Some("the lag behind the primary is not known yet")),
            ("0", "1", Some("1 seconds behind the primary, more than 0")),
        ] {
            pod.set("REPLICATION_MAX_LAG_SECONDS", limit);
            pod.control("status", &Status { lag, ..RUNNING }.text(&words));
            let outcome = pod.run("replica-ready");
            match refusal {
                None => drop(outcome.succeeds()),
                Some(message) => drop(outcome.fails().says(message)),
            }
        }
    }
}

/// Not Ready, it would have no name by which an empty primary learns that the data is here.
#[test]
fn the_primarys_absence_is_no_lag() {
    let cluster = Cluster::new();
    let mut pod = cluster.pod(1);
    pod.write("data/mysql-replication.joined", "");
    for (words, version) in [(OLD, "10.11.6-MariaDB"), (NEW, "8.4.3")] {
        pod.control("version", version);
        pod.set("REPLICATION_MAX_LAG_SECONDS", "5");
        for io_errno in ["0", "2003", "2005", "1159"] {
            pod.control("status", &Status { io: "Connecting", io_errno, lag: "NULL", ..RUNNING }.text(&words));
            pod.run("replica-ready").succeeds();
        }
    }
}

/// What the last copy of the data could be in is not to be deleted on a probe's word.
#[test]
fn no_script_advises_to_delete() {
    for (name, text) in mysql_replication_policy::scripts::all() {
        for line in text.lines().filter(|line| line.contains('"')) {
            let advises = line.contains("delete this") || line.contains("delete the");
            assert!(!advises, "{name}: {line}");
        }
    }
}

#[test]
fn a_replica_that_is_open_for_writes_is_not_ready() {
    each_replica(|pod, words| {
        let variable = closing(pod);
        for off in ["0", "OFF", ""] {
            pod.control("read-only", off);
            pod.run("replica-ready").fails().says(&format!("the replica is open for writes: {variable} is off"));
        }
        assert!(
            pod.statements("SELECT @@GLOBAL")
                .iter()
                .all(|statement| statement.starts_with(&format!("SELECT @@GLOBAL.{variable} AS closed;")))
        );
        // MariaDB's newest servers have more of them
        for on in ["1", "ON", "NO_LOCK", "NO_LOCK_NO_ADMIN"] {
            pod.control("read-only", on);
            pod.control("status", &RUNNING.text(words));
            pod.run("replica-ready").succeeds();
        }
    });
}

#[test]
fn a_replica_without_its_mark_or_its_settings_is_not_ready() {
    each_replica(|pod, _| {
        for status in ["", "  Replica_IO_Running: \n  Slave_IO_Running: \n"] {
            pod.control("status", status);
            pod.run("replica-ready").fails().says("the server has lost its replication settings");
        }
        pod.control("fail", "SHOW ");
        pod.run("replica-ready").fails().says("does not tell its replication status");
        std::fs::remove_file(pod.path("data/mysql-replication.joined")).unwrap();
        pod.run("replica-ready").fails().says("not configured as a replica yet");
    });
}

#[test]
fn the_primary_is_ready_when_its_server_answers() {
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    pod.run("replica-ready").succeeds();
    assert_eq!(pod.statements(""), ["SELECT VERSION()"]);
    pod.control("down", "");
    pod.run("replica-ready").fails().says("the server cannot be asked: ERROR 2003 (HY000): Can't connect to server");
}

/// Whoever has changed the password finds it by the client's own words.
#[test]
fn a_probe_says_why_it_cannot_log_in() {
    let cluster = Cluster::new();
    for pod in [cluster.pod(0), cluster.pod(1).mysql("mysql-8.0", "8.0.36")] {
        pod.control("denied", "user=root");
        pod.run("replica-ready")
            .fails()
            .says("the server cannot be asked: ERROR 1045 (28000): Access denied for user 'root'");
    }
}

#[test]
fn ping_asks_the_server_over_tcp() {
    let cluster = Cluster::new();
    for (pod, admin) in [(cluster.pod(0), "mariadb-admin"), (cluster.pod(1).mysql("mysql-8.4", "8.4.3"), "mysqladmin")]
    {
        pod.run("ping").succeeds();
        let key = if admin == "mysqladmin" { "loose-get-server-public-key\n" } else { "" };
        let call = &pod.calls(admin)[0];
        assert!(call.starts_with("--defaults-file=/dev/fd/"), "{call}");
        assert!(call.ends_with(" --protocol=TCP --host=127.0.0.1 --port=3306 --connect-timeout=3 ping"), "{call}");
        assert_eq!(
            pod.client_section(),
            format!("[client]\nuser=root\npassword=\"it's \\\"Geheim\\\\n\\\" #1; $(x) `y` \\\\\"\n{key}")
        );
        pod.control("down", "");
        pod.run("ping").fails();
        pod.without_tool(admin);
        pod.run("ping").fails().says("ping: ERROR: neither mariadb-admin nor mysqladmin is in this image");
    }
}

/// As the clients print it, MariaDB's where the server turns it away before TLS has begun.
#[test]
fn a_server_that_turns_a_client_away_is_alive() {
    const BEFORE_TLS: &str = "Received error packet before completion of TLS handshake. The authenticity of the \
                              following error cannot be verified: 1040 - Too many connections";
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    for (error, is_alive) in [
        ("Too many connections", true),
        (BEFORE_TLS, true),
        ("User 'root' has exceeded the 'max_user_connections' resource (current value: 1)", true),
        ("Can't connect to server on '127.0.0.1' (115)", false),
        ("Lost connection to server at 'handshake: reading initial communication packet', system error: 110", false),
    ] {
        pod.control(
            "turned-away",
            &format!("mariadb-admin: connect to server at '127.0.0.1' failed\nerror: '{error}'"),
        );
        let run = pod.run("ping");
        if is_alive {
            run.succeeds();
        } else {
            run.fails().says(error);
        }
    }
}
