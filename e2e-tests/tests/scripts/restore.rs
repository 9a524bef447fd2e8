//! `clone-mysql` on pod 0: a primary without data does not begin anew while a replica has it, and takes it from one that it
//! is told.

use std::fs;

use crate::{
    clone::{JOIN_OPTIONS, MARK, assert_nothing_in_place, assert_whole, donor, serve},
    cluster::{Cluster, Pod},
};

#[test]
fn the_primary_with_data_starts_whatever_the_replicas_do() {
    let cluster = Cluster::new();
    let replica = cluster.pod(1);
    let _server = replica.play_server(3306, "");
    for data in ["data/ibdata1", "data/mysql/user.frm", MARK] {
        let primary = cluster.pod(0);
        primary.write(data, "rows\n");
        let before = primary.list("data");
        primary.run("clone-mysql").succeeds().does_not_say("WARNING");
        assert_eq!(primary.list("data"), before);
        assert!(primary.calls("timeout").is_empty(), "nobody was asked");
        primary.delete();
    }
}

#[test]
fn the_primary_starts_empty_where_no_replica_answers() {
    let cluster = Cluster::new();
    let primary = cluster.pod(0);
    primary.write("data/lost+found/0", "of the file system\n");
    cluster.name_host(1); // known, and not there
    primary
        .run("clone-mysql")
        .succeeds()
        .says("WARNING: the data directory is empty, and of the pods 1 to 9 none answers: this pod begins with an EMPTY database")
        .says("keep writers away, delete and scale nothing");
    assert_eq!(primary.list("data"), ["lost+found"]);
    assert_eq!(primary.list("conf"), [".scratch-clone-mysql"], "the primary has nothing to join");
    assert_eq!(primary.calls("timeout").len(), 3, "a pod that is known is asked more than once");
}

#[test]
fn an_empty_primary_is_refused_while_a_replica_has_the_data() {
    let cluster = Cluster::new();
    let primary = cluster.pod(0);
    cluster.name_host(1);
    let replica = cluster.pod(2);
    let _server = replica.play_server(3306, "");
    primary
        .run("clone-mysql")
        .fails()
        .says("the replica mysql-2.mysql is running and holds the data")
        .says("Nothing was changed")
        .says("The annotation restore-from: \"N\" takes the data of replica N")
        .says("Delete nothing until that is done");
    assert!(primary.list("data").is_empty());
}

/// A replica whose data a primary is to take.
fn last_copy(cluster: &Cluster, ordinal: u8) -> Pod<'_> {
    let pod = donor(cluster, ordinal);
    pod.write("backup/xtrabackup_slave_info", "SET GLOBAL gtid_slave_pos = '0-100-9';\n");
    pod
}

/// What keeps the server of a primary closed that has a replica's data.
const CLOSED: &str = "[mysqld]\nread-only=ON\nloose-super-read-only=ON\nevent-scheduler=OFF\nloose-skip-slave-start\n\
    loose-skip-replica-start\n";

#[test]
fn an_empty_primary_takes_the_data_of_the_replica_that_it_is_told() {
    for ordinal in [1, 2] {
        let cluster = Cluster::new();
        let copy = last_copy(&cluster, ordinal);
        // its server runs: without the annotation that is refused
        let _server = copy.play_server(3306, "");
        let _sidecar = serve(&copy);
        let primary = cluster.pod(0).with("REPLICATION_RESTORE_FROM", &ordinal.to_string());
        primary.write("data/lost+found/0", "of the file system\n");
        primary
            .run("clone-mysql")
            .succeeds()
            .says(&format!("its data comes from replica {ordinal}, as restore-from says"))
            .says(&format!("clone from mysql-{ordinal}.mysql is complete"))
            .does_not_say("EMPTY database");
        assert_whole(&primary);
        assert_eq!(primary.read(MARK), format!("donor=mysql-{ordinal}.mysql\nposition=gtid\ngtid=0-100-9\n"));
        assert_eq!(primary.read(JOIN_OPTIONS), CLOSED);
        assert!(primary.calls("timeout").iter().all(|call| !call.contains("3306")), "no replica is looked for");

        // the sidecar has not made it its own yet
        primary.forget();
        fs::remove_file(primary.path(JOIN_OPTIONS)).unwrap();
        primary.run("clone-mysql").succeeds().says("restore-from passed over; take the annotation away");
        assert_eq!(primary.read(JOIN_OPTIONS), CLOSED);
        primary.write("data/mysql-replication.history", "account=replica-261101120000-0a1b2c\nlog=\n");
        primary.run("clone-mysql").succeeds();
        assert_eq!(primary.read(JOIN_OPTIONS), CLOSED);
        // and now it has
        primary.write("data/mysql-replication.history", "account=replica-261101120000-0a1b2c\nlog=binlog.000001:4:\n");
        primary.run("clone-mysql").succeeds();
        assert!(!primary.exists(JOIN_OPTIONS));
        assert!(primary.calls("mbstream").is_empty());
    }
}

#[test]
fn where_there_is_data_nothing_is_restored() {
    let cluster = Cluster::new();
    let copy = last_copy(&cluster, 1);
    let _sidecar = serve(&copy);
    let primary = cluster.pod(0).with("REPLICATION_RESTORE_FROM", "1");
    primary.write("data/ibdata1", "rows of its own\n");
    primary
        .run("clone-mysql")
        .succeeds()
        .says("the data directory holds data: it is kept, and restore-from passed over; take the annotation away");
    assert_eq!(primary.read("data/ibdata1"), "rows of its own\n");
    assert_eq!(primary.list("data"), ["ibdata1"]);
    assert!(!primary.exists(JOIN_OPTIONS) && copy.calls("mariadb-backup").is_empty());
}

#[test]
fn a_primary_whose_replica_does_not_answer_does_not_begin_empty() {
    let cluster = Cluster::new();
    cluster.name_host(1);
    let primary = cluster.pod(0).with("REPLICATION_RESTORE_FROM", "1");
    primary
        .run("clone-mysql")
        .fails()
        .says("no clone from mysql-1.mysql after 1 attempts")
        .does_not_say("EMPTY database");
    assert_nothing_in_place(&primary);
}

#[test]
fn a_restore_that_was_interrupted_goes_on() {
    for (call, is_whole) in [("--prepare", false), ("^mv -f .*/ibdata1 ", true), (r"^mv -f .*\.clone ", true)] {
        let cluster = Cluster::new();
        let copy = last_copy(&cluster, 1);
        let sidecar = serve(&copy);
        let primary = cluster.pod(0).with("REPLICATION_RESTORE_FROM", "1");
        primary.control("block", call);
        let clone = primary.start("clone-mysql");
        primary.wait_until_blocked();
        clone.kill();
        primary.release("block");
        if is_whole {
            sidecar.kill();
            primary.run("clone-mysql").succeeds().says("was not yet in place: moving it");
        } else {
            assert_nothing_in_place(&primary);
            primary.run("clone-mysql").succeeds();
        }
        assert_whole(&primary);
        assert_eq!(primary.read(JOIN_OPTIONS), CLOSED);
    }
}

/// What the file system has of itself, and the scripts left of data that is gone.
#[test]
fn leftovers_are_no_data() {
    let cluster = Cluster::new();
    let copy = last_copy(&cluster, 1);
    let _server = copy.play_server(3306, "");
    let _sidecar = serve(&copy);
    let mut primary = cluster.pod(0);
    let of_the_file_system = [".snapshot", "lost+found"];
    for folder in of_the_file_system {
        primary.write(&format!("data/{folder}/0"), "of the file system\n");
    }
    primary.write("data/mysql-replication.history", "account=replica-261101120000-0a1b2c\nlog=binlog.000001:4:\n");
    primary.write("data/mysql-replication.joined", "");
    primary
        .run("clone-mysql")
        .fails()
        .says("the primary's data directory is empty, but the replica mysql-1.mysql is running and holds the data");
    primary.write("data/mysql-replication.history", "account=replica-261101120000-0a1b2c\nlog=binlog.000001:4:\n");
    primary.write("data/mysql-replication.joined", "");
    primary.set("REPLICATION_RESTORE_FROM", "1");
    primary.run("clone-mysql").succeeds().says("clone from mysql-1.mysql is complete");
    assert_whole(&primary);
    assert!(of_the_file_system.iter().all(|folder| primary.exists(&format!("data/{folder}/0"))));
    assert_eq!(primary.read(JOIN_OPTIONS), CLOSED, "the clone is no primary's own yet");
}

/// A new database says nothing of what was left of another.
#[test]
fn leftovers_are_gone_before_a_database_begins() {
    let cluster = Cluster::new();
    let primary = cluster.pod(0);
    primary.write("data/mysql-replication.history", "account=replica-261101120000-0a1b2c\nlog=binlog.000001:4:\n");
    primary.run("clone-mysql").succeeds().says("this pod begins with an EMPTY database");
    assert!(primary.list("data").is_empty());
}

/// The image's entrypoint would begin an empty database beside it.
#[test]
fn files_without_a_database_are_no_data_and_stay() {
    let cluster = Cluster::new();
    let primary = cluster.pod(0);
    primary.write("data/dump.sql", "rows that nobody else has\n");
    let warning = "WARNING: the data directory holds dump.sql, and no database";
    primary.run("clone-mysql").succeeds().says(warning).says("this pod begins with an EMPTY database");
    primary.delete();

    let copy = last_copy(&cluster, 1);
    let server = copy.play_server(3306, "");
    let _sidecar = serve(&copy);
    let mut primary = cluster.pod(0);
    primary.write("data/dump.sql", "rows that nobody else has\n");
    primary.write("data/mysql-replication.history", "of what was there\n");
    primary.run("clone-mysql").fails().says(warning).says("the replica mysql-1.mysql is running and holds the data");
    // with nobody there to refuse it for
    server.kill();
    primary.set("REPLICATION_RESTORE_FROM", "1");
    primary
        .run("clone-mysql")
        .fails()
        .says("the data directory holds dump.sql, and no database: nothing was changed")
        .says("restore-from 1 then gives the data of that replica");
    assert_eq!(primary.list("data"), ["dump.sql", "mysql-replication.history"]);
    assert_eq!(primary.read("data/dump.sql"), "rows that nobody else has\n");
    assert!(copy.calls("mariadb-backup").is_empty());
}
