//! The sidecar `xtrabackup` on a replica: joining the primary.

use crate::{
    clone::PORT,
    cluster::{Cluster, Pod, Run},
};

pub(crate) const JOINED: &str = "data/mysql-replication.joined";
const FILE: &str = "position=file\nfile=mysql-bin.000003\npos=481\n";
pub(crate) const GTID: &str = "position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\n";
const NO_GTID: &str = "position=gtid\ngtid=\n";
const CLONE: &str = "position=clone\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\n";
const MARIADB_GTID: &str = "position=gtid\ngtid=0-100-7\n";
/// The tests' password as a string of SQL.
const SQL_PASSWORD: &str = r#"'it\'s "Geheim\\n" #1; $(x) `y` \\'"#;

/// A replica whose clone is in place, and whose server is still to be closed.
pub(crate) fn cloned<'a>(cluster: &'a Cluster, position: &str) -> Pod<'a> {
    let replica = cluster.pod(2);
    replica.write("data/mysql-replication.clone", format!("donor=mysql-1.mysql\n{position}"));
    replica.control("read-only", "0");
    replica
}

/// Runs the sidecar until it serves; then all that it has to say to the server is said.
pub(crate) fn join(replica: &Pod) -> Run {
    let run = replica.start("xtrabackup");
    replica.cluster.wait_for_port(PORT);
    run.wait_for_log("replicating from mysql-0.mysql");
    run
}

pub(crate) struct Server {
    pub(crate) flavor: &'static str,
    pub(crate) version: &'static str,
    pub(crate) word: &'static str,
    statement: &'static str,
    reset: &'static str,
    pub(crate) start: &'static str,
    tls: &'static str,
    own_options: &'static str,
    reset_log: &'static str,
}

pub(crate) const OLD: Server = Server {
    flavor: "mysql-5.7",
    version: "5.7.44-log",
    word: "MASTER",
    statement: "CHANGE MASTER TO",
    reset: "STOP SLAVE; RESET SLAVE ALL",
    start: "START SLAVE",
    tls: "MASTER_SSL=0",
    own_options: ", MASTER_RETRY_COUNT=86400",
    reset_log: "RESET MASTER",
};
const EARLY_8: Server = Server {
    flavor: "mysql-8.0",
    version: "8.0.22",
    own_options: ", MASTER_RETRY_COUNT=86400, GET_MASTER_PUBLIC_KEY=1",
    ..OLD
};
pub(crate) const NEW: Server = Server {
    flavor: "mysql-8.4",
    version: "8.4.3",
    word: "SOURCE",
    statement: "CHANGE REPLICATION SOURCE TO",
    reset: "STOP REPLICA; RESET REPLICA ALL",
    start: "START REPLICA",
    tls: "SOURCE_SSL=0",
    own_options: ", SOURCE_RETRY_COUNT=86400, GET_SOURCE_PUBLIC_KEY=1",
    reset_log: "RESET BINARY LOGS AND GTIDS",
};

impl Server {
    fn all_of_mysql() -> [Self; 6] {
        [
            OLD,
            EARLY_8,
            Self { flavor: "mysql-8.0", version: "8.0.23", ..NEW },
            Self { flavor: "mysql-8.0", version: "8.0.36-28.1", ..NEW },
            NEW,
            Self { version: "9.7.0", ..NEW },
        ]
    }

    fn change(&self, position: &str) -> String {
        let Self { word, statement, tls, own_options, .. } = self;
        format!(
            "SET SESSION sql_mode=''; {statement} {word}_HOST='mysql-0.mysql', {word}_PORT=3306, {word}_USER='root', \
             {word}_PASSWORD={SQL_PASSWORD}, {tls}, {word}_CONNECT_RETRY=10{own_options}, {position};"
        )
    }

    /// What makes a replica log in otherwise than before.
    pub(crate) fn login(&self, user: &str, password: &str, tls: &str) -> String {
        let Self { word, statement, start, .. } = self;
        let stop = if self.word == "SOURCE" { "STOP REPLICA IO_THREAD" } else { "STOP SLAVE IO_THREAD" };
        format!(
            "SET SESSION sql_mode=''; {stop}; {statement} {word}_USER='{user}', {word}_PASSWORD={password}, \
             {word}_SSL={tls}; {start}"
        )
    }

    pub(crate) fn replica<'a>(&self, cluster: &'a Cluster, position: &str) -> Pod<'a> {
        cloned(cluster, position).mysql(self.flavor, self.version)
    }
}

/// `RESET BINARY LOGS AND GTIDS` is of 8.2; before it, `RESET MASTER` does it.
fn reset_log(server: &Server) -> &'static str {
    if server.version.starts_with("8.0.") { "RESET MASTER" } else { server.reset_log }
}

#[test]
fn every_mysql_joins_at_a_file_in_its_dialect() {
    for server in Server::all_of_mysql() {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, FILE);
        let _sidecar = join(&replica);
        let position = format!("{0}_LOG_FILE='mysql-bin.000003', {0}_LOG_POS=481", server.word);
        assert_eq!(
            replica.changes(),
            ["SET GLOBAL super_read_only=ON", server.reset, &server.change(&position), server.start],
            "{}",
            server.version
        );
        assert!(replica.exists(JOINED));
    }
}

#[test]
fn every_mysql_joins_at_its_gtids_in_its_dialect() {
    for server in Server::all_of_mysql() {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, GTID);
        let _sidecar = join(&replica);
        let set = format!(
            "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON; {}; \
             SET GLOBAL gtid_purged='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5'; SET GLOBAL super_read_only=ON",
            reset_log(&server)
        );
        let change = server.change(&format!("{}_AUTO_POSITION=1", server.word));
        assert_eq!(
            replica.changes(),
            ["SET GLOBAL super_read_only=ON", server.reset, &set, &change, server.start],
            "{}",
            server.version
        );
    }
}

/// XtraBackup names no GTIDs of a primary that has logged nothing yet.
#[test]
fn a_replica_of_a_primary_without_a_gtid_yet_follows_by_gtid() {
    for (mode, donor, position) in [
        ("ON", "mysql-0.mysql", "SOURCE_AUTO_POSITION=1"),
        ("OFF", "mysql-0.mysql", "SOURCE_LOG_FILE='mysql-bin.000003', SOURCE_LOG_POS=481"),
        // that one follows by file and position
        ("ON", "mysql-1.mysql", "SOURCE_LOG_FILE='mysql-bin.000003', SOURCE_LOG_POS=481"),
    ] {
        let cluster = Cluster::new();
        let replica = NEW.replica(&cluster, FILE);
        replica.write("data/mysql-replication.clone", format!("donor={donor}\n{FILE}"));
        replica.control("gtid-mode", mode);
        replica.control("gtid-subset", "1");
        let _sidecar = join(&replica);
        assert!(replica.changes().contains(&NEW.change(position)), "{mode} {donor}: {:?}", replica.changes());
    }
}

#[test]
fn gtids_that_came_with_the_data_are_not_set_again() {
    let cluster = Cluster::new();
    for position in [GTID, CLONE] {
        let replica = NEW.replica(&cluster, position);
        replica.control("gtid-subset", "1");
        let sidecar = join(&replica);
        assert_eq!(
            replica.changes(),
            ["SET GLOBAL super_read_only=ON", NEW.reset, &NEW.change("SOURCE_AUTO_POSITION=1"), NEW.start]
        );
        // what the clone plugin brought is not even asked for
        assert_eq!(replica.statements("GTID_SUBSET").len(), usize::from(position == GTID));
        sidecar.kill();
        replica.delete();
    }
}

#[test]
fn every_mariadb_joins_at_its_gtid() {
    for (version, position, gtid) in [
        ("10.11.6-MariaDB-1:10.11.6+maria~ubu2204-log", MARIADB_GTID, "0-100-7"),
        ("11.8.3-MariaDB", MARIADB_GTID, "0-100-7"),
        ("11.8.3-MariaDB", NO_GTID, ""),
    ] {
        let cluster = Cluster::new();
        let replica = cloned(&cluster, position);
        replica.control("version", version);
        let _sidecar = join(&replica);
        let mariadb = Server { tls: "MASTER_SSL=0, MASTER_SSL_VERIFY_SERVER_CERT=0", own_options: "", ..OLD };
        let change = mariadb.change("MASTER_USE_GTID=slave_pos");
        let position = format!("SET GLOBAL gtid_slave_pos='{gtid}'");
        let mut expected = vec!["SET GLOBAL read_only=ON", OLD.reset, &position, &change, "START SLAVE"];
        // without one, what the clone's own tables say stays
        expected.retain(|statement| !gtid.is_empty() || *statement != position);
        assert_eq!(replica.changes(), expected);
    }
}

#[test]
fn a_replica_is_joined_once() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, GTID);
        join(&replica).kill();
        // its server has gone on meanwhile
        replica.forget();
        join(&replica).kill();
        assert!(replica.changes().is_empty(), "{:?}", replica.changes());
        // and now it starts anew, and does nothing by itself
        replica.restart_server();
        replica.forget();
        join(&replica).kill();
        assert_eq!(replica.changes(), [server.login("root", SQL_PASSWORD, "0")]);
    }
}

#[test]
fn the_clients_get_the_password_by_an_option_file_only() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, FILE);
    let _sidecar = join(&replica);
    assert_eq!(
        replica.client_section(),
        "[client]\nuser=root\npassword=\"it's \\\"Geheim\\\\n\\\" #1; $(x) `y` \\\\\"\nloose-get-server-public-key\n"
    );
    for call in replica.calls("mysql") {
        assert!(call.starts_with("--defaults-file=/dev/fd/"), "{call}");
        assert!(call.contains(" --protocol=TCP --host=127.0.0.1 --port=3306 "), "{call}");
    }
    // the rest is checked for every test when its cluster goes: no log and no argument holds the password
}

/// Replicas do not take TLS by themselves, and are turned away where it is required; and one that insists on it is turned
/// away where there is none.
#[test]
fn a_replica_joins_with_tls_as_the_primary_offers_it() {
    let with = |version: &str| format!("{version}\nSsl_cipher\tTLS_AES_256_GCM_SHA384");
    for server in [OLD, EARLY_8, NEW] {
        for (offer, tls) in [(with("8.0.36"), "1"), ("8.0.36\nSsl_cipher\t".to_owned(), "0")] {
            let cluster = Cluster::new();
            let replica = server.replica(&cluster, FILE);
            replica.control("primary", &offer);
            let _sidecar = join(&replica);
            let statement = replica.changes().remove(2);
            assert!(statement.contains(&format!(", {}_SSL={tls}, ", server.word)), "{statement}");
        }
    }
    // by the password MariaDB verifies the primary from 11.4 on, if it has TLS
    for (primary, password, options) in [
        (with("11.8.2-MariaDB-log"), "x", "MASTER_SSL=1, MASTER_CONNECT"),
        (with("11.8.2-MariaDB-log"), "", "MASTER_SSL=1, MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_CONNECT"),
        (with("10.11.6-MariaDB"), "x", "MASTER_SSL=1, MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_CONNECT"),
        (
            "10.11.6-MariaDB\nSsl_cipher\t".to_owned(),
            "x",
            "MASTER_SSL=0, MASTER_SSL_VERIFY_SERVER_CERT=0, MASTER_CONNECT",
        ),
    ] {
        let cluster = Cluster::new();
        let replica = cloned(&cluster, MARIADB_GTID)
            .with("MYSQL_ROOT_PASSWORD", password)
            .with("MYSQL_ALLOW_EMPTY_PASSWORD", "1");
        replica.control("primary", &primary);
        let _sidecar = join(&replica);
        let statement = replica.statements("CHANGE MASTER").remove(0);
        assert!(statement.contains(options), "{primary}: {statement}");
    }
}

/// The status of a replica that follows, or tries to.
fn status(server: &Server, io: &str, errno: &str, tls: &str) -> String {
    let (replica, source) = if server.word == "SOURCE" { ("Replica", "Source") } else { ("Slave", "Master") };
    format!(
        "{source}_User: root\n   {replica}_IO_Running: {io}\n   {replica}_SQL_Running: Yes\n   Last_IO_Errno: {errno}\n   \
         {source}_SSL_Allowed: {tls}\n"
    )
}

const TLS: &str = "8.0.36\nSsl_cipher\tTLS_A";
const NO_TLS: &str = "8.0.36\nSsl_cipher\t";

#[test]
fn a_replica_takes_tls_before_it_is_required() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, FILE);
        replica.write(JOINED, "");
        replica.control("read-only", "1");
        for (allowed, offer, expected) in
            [("No", TLS, Some("1")), ("No", NO_TLS, None), ("Yes", TLS, None), ("Yes", NO_TLS, None)]
        {
            replica.control("primary", offer);
            replica.control("status", &status(&server, "Yes", "0", allowed));
            replica.forget();
            let sidecar = join(&replica);
            let expected: Vec<_> = expected.map(|tls| server.login("root", SQL_PASSWORD, tls)).into_iter().collect();
            assert_eq!(replica.changes(), expected, "{allowed} {offer}");
            sidecar.kill();
        }
    }
}

#[test]
fn a_replica_changes_to_what_the_primary_asks_for() {
    for server in [NEW, OLD] {
        let cluster = Cluster::new();
        let replica = server.replica(&cluster, FILE);
        replica.write(JOINED, "");
        for (error, offer, tls) in
            [("3159", TLS, "1"), ("3159", NO_TLS, "0"), ("1045", TLS, "1"), ("2026", NO_TLS, "0"), ("2061", TLS, "1")]
        {
            replica.control("primary", offer);
            replica.control("status", &status(&server, "Yes", "0", "Yes"));
            let sidecar = join(&replica);
            replica.forget();
            replica.control("status", &status(&server, "Connecting", error, "Yes"));
            let found = replica.wait_for_statement("_SSL=").remove(0);
            assert_eq!(found, server.login("root", SQL_PASSWORD, tls), "{error} {offer}");
            sidecar.kill();
        }
    }
    // MariaDB turns away whoever has no TLS as if it were the password
    let cluster = Cluster::new();
    let replica = cloned(&cluster, MARIADB_GTID);
    replica.write(JOINED, "");
    replica.control("primary", "11.8.2-MariaDB\nSsl_cipher\tTLS_A");
    replica.control("status", &status(&OLD, "Connecting", "1045", "No"));
    let _sidecar = join(&replica);
    let expected = format!(
        "SET SESSION sql_mode=''; STOP SLAVE; CHANGE MASTER TO MASTER_USER='root', MASTER_PASSWORD={SQL_PASSWORD}, \
         MASTER_SSL=1; START SLAVE"
    );
    assert!(replica.changes().contains(&expected), "{:?}", replica.changes());
}

/// What the official image's entrypoint makes of a password with a backslash is what SQL makes of it.
#[test]
fn a_password_with_a_backslash_is_tried_as_the_entrypoint_has_set_it() {
    for (password, in_option_file, in_sql) in [
        (r"a\bc", "a\u{8}c", "a\u{8}c"),
        (r"a\c", "ac", "ac"),
        (r"a\\b", r"a\\b", r"a\\b"),
        (r"a\%\_\n\t", "a\\\\%\\\\_\\n\t", "a\\\\%\\\\_\n\t"),
    ] {
        let cluster = Cluster::new();
        let replica = NEW.replica(&cluster, FILE).with("MYSQL_ROOT_PASSWORD", password);
        let raw = password.replace('\\', r"\\");
        replica.control("denied", &format!("password=\"{}\"", regex_of(&raw)));
        let _sidecar = join(&replica);
        assert!(replica.read("options").contains(&format!("password=\"{in_option_file}\"")), "{password}");
        let statement = replica.statements("CHANGE REPLICATION").remove(0);
        let in_sql = in_sql.replace('\n', " ");
        assert!(statement.contains(&format!("SOURCE_PASSWORD='{in_sql}'")), "{password}: {statement}");
    }
}

/// A text as a regular expression of bash.
fn regex_of(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_alphanumeric() { vec![c] } else { vec!['[', c, ']'] })
        .collect::<String>()
        .replace("[\\]", r"\\")
}

#[test]
fn a_join_that_was_killed_after_configuring_configures_the_same_again() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, FILE);
    replica.control("block", "^mv .*joined.part");
    let sidecar = replica.start("xtrabackup");
    replica.wait_until_blocked();
    sidecar.kill();
    assert!(!replica.exists(JOINED), "it is not configured for certain");
    let first = replica.changes();
    replica.release("block");
    replica.forget();
    let _sidecar = join(&replica);
    let second = replica.changes();
    assert_eq!(second[..2], first[1..], "the same settings once more");
    assert_eq!(second[2..], ["START REPLICA"]);
    assert!(replica.exists(JOINED));
}

#[test]
fn a_join_that_was_killed_before_its_start_starts_only() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, FILE);
    replica.control("block", "^START REPLICA");
    let sidecar = replica.start("xtrabackup");
    replica.wait_until_blocked();
    sidecar.kill();
    assert!(replica.exists(JOINED));
    replica.release("block");
    replica.forget();
    join(&replica).kill();
    assert_eq!(replica.changes(), [NEW.login("root", SQL_PASSWORD, "0")]);
}

#[test]
fn a_join_that_fails_leaves_no_mark_and_names_the_error_without_the_statement() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, FILE);
    let message = format!(
        "ERROR 1064 (42000) at line 1: You have an error in your SQL syntax near '{SQL_PASSWORD}, SOURCE_CONNECT'"
    );
    replica.control("fail", "CHANGE REPLICATION SOURCE");
    replica.control("message", &message);
    replica
        .run("xtrabackup")
        .fails()
        .says("ERROR 1064 (42000)")
        .does_not_say("SQL syntax")
        .says("replication could not be configured");
    assert!(!replica.exists(JOINED));
    assert!(replica.statements("START REPLICA").is_empty());
}

#[test]
fn each_step_that_fails_ends_the_join() {
    let cluster = Cluster::new();
    for (statement, message) in [
        ("STOP REPLICA", "replication could not be configured"),
        ("gtid_purged", "replication could not be configured"),
        ("START REPLICA", "replication did not start"),
    ] {
        let replica = NEW.replica(&cluster, GTID);
        replica.control("fail", statement);
        replica.run("xtrabackup").fails().says(message);
        assert_eq!(replica.exists(JOINED), statement == "START REPLICA");
        replica.delete();
    }
}

#[test]
fn a_replica_that_stays_open_follows_nobody() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, GTID);
    replica.control("fail", "^SET GLOBAL super_read_only=ON $");
    let sidecar = replica.start("xtrabackup");
    sidecar.wait_for_log("the server did not become read-only");
    replica.wait_for_looks();
    assert!(replica.asked_there().is_empty() && replica.statements("CHANGE").is_empty());
    replica.release("fail");
    sidecar.wait_for_log("replicating from mysql-0.mysql");
}

#[test]
fn a_replica_without_a_complete_clone_is_not_joined() {
    let cluster = Cluster::new();
    let replica = cluster.pod(1);
    replica.run("xtrabackup").fails().says("the data directory has no complete clone");
    assert!(replica.calls("mariadb").is_empty());
}

#[test]
fn the_join_waits_for_the_server() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, FILE);
    replica.control("down", "");
    let sidecar = replica.start("xtrabackup");
    sidecar.wait_for_log("waiting for the server: ERROR 2003");
    assert!(replica.changes().is_empty());
    replica.release("down");
    sidecar.wait_for_log("replicating from mysql-0.mysql");
}

#[test]
fn under_the_clone_plugin_the_sidecar_serves_nothing() {
    let cluster = Cluster::new();
    let replica = NEW.replica(&cluster, CLONE).with("REPLICATION_CLONE_METHOD", "clone-plugin");
    let mut sidecar = replica.start("xtrabackup");
    sidecar.wait_for_log("other pods clone from the server itself");
    sidecar.wait_for_log("replicating from mysql-0.mysql");
    assert!(replica.exists(JOINED) && replica.calls("socat").is_empty());
    assert!(!sidecar.has_ended(), "the container goes on");
}
