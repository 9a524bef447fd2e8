//! `clone-mysql` with the method xtrabackup: its donor is the real sidecar of another pod.

use std::fs;

use crate::cluster::{Cluster, Pod, Run, wait_until};

pub(crate) const PORT: u16 = 3307;
pub(crate) const MARK: &str = "data/mysql-replication.clone";
const ASIDE: &str = "data/mysql-replication-clone";
pub(crate) const JOIN_OPTIONS: &str = "conf/zz-mysql-replication-join.cnf";

/// What only the donor's own server, and what only its own sidecar, may have.
const OWN: [&str; 7] = [
    "auto.cnf",
    "mysqld-auto.cnf",
    "relay-log.info",
    "master.info",
    "mysql-0-relay-bin.000001",
    "mysql-replication.joined",
    "mysql-replication.history",
];

/// Gives a pod a backup of some size, with what only its own server may have.
fn fill_backup(pod: &Pod) {
    pod.write("backup/ibdata1", "rows of the donor\n".repeat(20_000));
    pod.write("backup/mysql/user.frm", "users\n");
    for own in OWN {
        pod.write(&format!("backup/{own}"), "of the donor's own\n");
    }
    pod.write("backup/xtrabackup_binlog_info", "mysql-bin.000003\t481\t0-100-7\n");
}

/// A pod that holds data and is ready to give it.
pub(crate) fn donor(cluster: &Cluster, ordinal: u8) -> Pod<'_> {
    let pod = cluster.pod(ordinal);
    fill_backup(&pod);
    if ordinal > 0 {
        pod.write(MARK, "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-1\n");
        pod.write("data/mysql-replication.joined", "");
    }
    pod
}

pub(crate) fn serve(pod: &Pod) -> Run {
    let run = pod.start("xtrabackup");
    pod.cluster.wait_for_port(PORT);
    run
}

/// The replica's data is all of the donor's, prepared, without the donor's own state and without leftovers.
#[track_caller]
pub(crate) fn assert_whole(replica: &Pod) {
    let data = replica.list("data");
    for there in ["ibdata1", "mysql", "mysql-replication.clone", "prepared"] {
        assert!(data.iter().any(|name| name == there), "no {there} in {data:?}");
    }
    for gone in OWN {
        assert!(!data.iter().any(|name| name == gone), "{gone} in {data:?}");
    }
    assert!(!data.iter().any(|name| name == "mysql-replication-clone" || name == "leftover"), "{data:?}");
    let of_the_tool = |name: &String| name.starts_with("xtrabackup_") || name.starts_with("mariadb_backup_");
    assert!(!data.iter().any(of_the_tool), "what the tool left is in {data:?}");
    assert_eq!(replica.read("data/ibdata1").len(), 360_000);
    assert_eq!(replica.read("data/mysql/user.frm"), "users\n");
}

/// Nothing of a clone is in place, so that neither the server's entrypoint nor a later start takes it for data.
#[track_caller]
pub(crate) fn assert_nothing_in_place(replica: &Pod) {
    let data = replica.list("data");
    assert!(data.iter().all(|name| name == "mysql-replication-clone"), "{data:?}");
    assert!(!replica.exists(&format!("{ASIDE}/mysql-replication.clone")), "what is aside is taken for whole");
}

fn empty_data(replica: &Pod) {
    fs::remove_dir_all(replica.path("data")).unwrap();
    fs::create_dir(replica.path("data")).unwrap();
}

#[test]
fn a_new_replica_takes_the_data_of_the_pod_before_it() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let sidecar = serve(&donor);
    let replica = cluster.pod(1);
    replica
        .run("clone-mysql")
        .succeeds()
        .says("cloning from mysql-0.mysql, attempt 1 of 1")
        .says("clone from mysql-0.mysql is complete");

    assert_whole(&replica);
    assert_eq!(replica.read(MARK), "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-7\n");
    let aside = replica.path(ASIDE);
    let scratch = replica.path("conf/.scratch-clone-mysql");
    let in_pod = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    assert_eq!(replica.calls("mbstream"), [format!("-x -C {}", in_pod(&aside))]);
    assert_eq!(
        replica.calls("mariadb-backup"),
        [format!("--prepare --use-memory=128M --target-dir={} --tmpdir={}", in_pod(&aside), in_pod(&scratch))]
    );

    sidecar.wait_for_log("backup sent");
    let calls = donor.calls("mariadb-backup");
    assert_eq!(calls.len(), 1);
    for argument in [
        "--backup",
        "--stream=xbstream",
        "--host=127.0.0.1",
        "--port=3306",
        &format!("--datadir={}", in_pod(&donor.path("data"))),
    ] {
        assert!(calls[0].split(' ').any(|word| word == argument), "no {argument} in {calls:?}");
    }
    assert!(!calls[0].contains("--slave-info"), "the primary follows nobody");
    assert_eq!(
        donor.client_section(),
        "[client]\nuser=root\npassword=\"it's \\\"Geheim\\\\n\\\" #1; $(x) `y` \\\\\"\n"
    );
    wait_until("the option file with the password is gone", || donor.list("conf/.scratch-xtrabackup").is_empty());
}

/// A name of the user's own stays, whatever it begins with.
#[test]
fn what_the_tool_leaves_is_no_part_of_the_data() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    for file in ["xtrabackup_info", "xtrabackup_logfile", "backup-my.cnf", "xtrabackup_own/t.ibd", "xtrabackup_t.ibd"] {
        donor.write(&format!("backup/{file}"), "x");
    }
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1);
    replica.run("clone-mysql").succeeds();
    let left: Vec<_> = replica.list("data").into_iter().filter(|name| name.contains("backup")).collect();
    assert_eq!(left, ["xtrabackup_own", "xtrabackup_t.ibd"]);
}

#[test]
fn a_backup_is_prepared_with_half_of_the_memory_that_is_requested() {
    for (requested, used) in [("0", "128M"), ("200", "128M"), ("256", "128M"), ("8192", "4096M")] {
        let cluster = Cluster::new();
        let donor = donor(&cluster, 0);
        let _sidecar = serve(&donor);
        let replica = cluster.pod(1).with("REPLICATION_MEMORY", requested);
        replica.run("clone-mysql").succeeds();
        let call = &replica.calls("mariadb-backup")[0];
        assert!(call.contains(&format!(" --use-memory={used} ")), "{requested}: {call}");
    }
}

#[test]
fn mysql_clones_with_its_own_tools() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0).mysql("mysql-8.0", "8.0.36");
    donor.write("backup/xtrabackup_binlog_info", "binlog.000002\t157\n");
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1).mysql("mysql-8.0", "8.0.36");
    replica.run("clone-mysql").succeeds();
    assert_whole(&replica);
    assert_eq!(replica.read(MARK), "donor=mysql-0.mysql\nposition=file\nfile=binlog.000002\npos=157\n");
    assert_eq!(
        (donor.calls("xtrabackup").len(), replica.calls("xtrabackup").len(), replica.calls("xbstream").len()),
        (1, 1, 1)
    );
}

#[test]
fn an_image_without_the_tools_is_named_with_its_remedy() {
    let cluster = Cluster::new();
    let replica = cluster.pod(1);
    replica.without_tool("mbstream");
    replica
        .run("clone-mysql")
        .fails()
        .says("not in this image: mbstream or xbstream;")
        .says("kubewarden.io/backup-image");
    replica.without_tool("mariadb-backup");
    replica
        .run("clone-mysql")
        .fails()
        .says("not in this image: mariadb-backup or xtrabackup;")
        .says("kubewarden.io/backup-image");
    assert_nothing_in_place(&replica);
}

#[test]
fn a_complete_clone_is_not_cloned_again() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let sidecar = serve(&donor);
    let replica = cluster.pod(1);
    replica.run("clone-mysql").succeeds();
    sidecar.kill();
    replica.forget();

    replica.run("clone-mysql").succeeds().says("the data directory holds a complete clone");
    assert_whole(&replica);
    assert!(replica.calls("mbstream").is_empty() && replica.calls("mariadb-backup").is_empty());
    assert!(!replica.exists(JOIN_OPTIONS), "what a replica's server does is in its own option files");
}

#[test]
fn data_of_another_origin_is_refused_and_stays_as_it_is() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    for file in ["data/ibdata1", "data/mysql/db.frm", "data/.hidden"] {
        let replica = cluster.pod(1);
        replica.write(file, "rows that nobody else has\n");
        let before = replica.list("data");
        replica
            .run("clone-mysql")
            .fails()
            .says("no complete clone of the primary")
            .says("Nothing was changed")
            .says("If this data is needed nowhere");
        assert_eq!(replica.list("data"), before);
        assert_eq!(replica.read(file), "rows that nobody else has\n");
        replica.delete();
    }
    assert!(donor.calls("mariadb-backup").is_empty());
}

#[test]
fn a_backup_that_fails_halfway_is_no_clone() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "cut");
    let sidecar = serve(&donor);
    let replica = cluster.pod(1);
    replica
        .run("clone-mysql")
        .fails()
        .says("the stream from mysql-0.mysql was cut or its backup failed")
        .says("no clone from mysql-0.mysql after 1 attempts")
        .does_not_say("warning");
    sidecar.wait_for_log("the backup failed: the peer gets no end mark and tries again");
    assert_nothing_in_place(&replica);
    assert!(replica.calls("mariadb-backup").is_empty(), "what is not whole is not prepared");
}

#[test]
fn a_donor_that_dies_halfway_gives_no_clone() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "hang");
    let sidecar = serve(&donor);
    let replica = cluster.pod(1);
    let clone = replica.start("clone-mysql");
    donor.wait_until_blocked();
    sidecar.kill();
    clone.wait().fails().says("was cut or its backup failed").does_not_say("warning");
    assert_nothing_in_place(&replica);
}

#[test]
fn an_empty_backup_is_no_clone() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "empty");
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1);
    replica.run("clone-mysql").fails().says("has no binlog_info");
    assert_nothing_in_place(&replica);
}

#[test]
fn a_stream_that_cannot_be_unpacked_or_prepared_is_no_clone() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1);
    for (call, message) in [("^mbstream", "unpacking the stream failed"), ("--prepare", "preparing the backup failed")]
    {
        replica.control("fail", call);
        replica.run("clone-mysql").fails().says(message);
        assert_nothing_in_place(&replica);
    }
}

#[test]
fn a_failed_attempt_is_followed_by_another_that_begins_anew() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "cut");
    let _sidecar = serve(&donor);
    let mut replica = cluster.pod(1);
    replica.write(&format!("{ASIDE}/leftover"), "of an attempt before a restart\n");
    replica.set("REPLICATION_CLONE_ATTEMPTS", "1000");
    replica.set("REPLICATION_RETRY_SECONDS", "0.1");
    let clone = replica.start("clone-mysql");
    clone.wait_for_log("attempt 2 of 1000");
    donor.release("backup");
    clone.wait().succeeds().says("clone from mysql-0.mysql is complete");
    assert_whole(&replica);
}

#[test]
fn the_attempts_are_bounded() {
    let cluster = Cluster::new();
    cluster.name_host(0);
    let mut replica = cluster.pod(1);
    replica.set("REPLICATION_CLONE_ATTEMPTS", "3");
    let outcome = replica
        .run("clone-mysql")
        .fails()
        .says("does not answer on port 3307 yet")
        .says("no clone from mysql-0.mysql after 3 attempts");
    assert_eq!(outcome.log.matches("cloning from").count(), 3);
    assert_nothing_in_place(&replica);
}

#[test]
fn a_clone_that_was_interrupted_while_it_came_begins_anew() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "hang");
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1);
    let clone = replica.start("clone-mysql");
    donor.wait_until_blocked();
    wait_until("a part has come", || replica.exists(&format!("{ASIDE}/ibdata1")));
    clone.kill();
    assert_nothing_in_place(&replica);
    donor.release("backup");
    replica.write(&format!("{ASIDE}/leftover"), "of the first\n");
    replica.run("clone-mysql").succeeds();
    assert_whole(&replica);
}

#[test]
fn a_clone_that_was_interrupted_while_it_was_prepared_begins_anew() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1);
    for call in ["--prepare", r"^mv .*clone\.part"] {
        replica.control("block", call);
        let clone = replica.start("clone-mysql");
        replica.wait_until_blocked();
        clone.kill();
        assert_nothing_in_place(&replica);
        replica.write(&format!("{ASIDE}/leftover"), "of the first\n");
        replica.release("block");
        replica.release("blocked");
    }
    replica.run("clone-mysql").succeeds();
    assert_whole(&replica);
}

#[test]
fn a_clone_that_was_interrupted_on_its_way_into_place_goes_on_without_its_donor() {
    for call in ["^mv -f .*/ibdata1 ", "^mv -f .*/mysql ", "^mv -f .*/prepared ", r"^mv -f .*\.clone ", "^rmdir "] {
        let cluster = Cluster::new();
        let donor = donor(&cluster, 0);
        let sidecar = serve(&donor);
        let replica = cluster.pod(1);
        replica.control("block", call);
        let clone = replica.start("clone-mysql");
        replica.wait_until_blocked();
        clone.kill();
        sidecar.kill();
        assert!(replica.exists(MARK) == call.starts_with("^rmdir"), "the mark comes last");
        replica.release("block");
        replica.run("clone-mysql").succeeds();
        assert_whole(&replica);
    }
}

#[test]
fn a_donor_that_sends_nothing_more_is_given_up() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "hang");
    let _sidecar = serve(&donor);
    let replica = cluster.pod(1).with("REPLICATION_STALL_SECONDS", "1");
    replica.run("clone-mysql").fails().says("no data from mysql-0.mysql for 1 seconds").says("after 1 attempts");
    assert_nothing_in_place(&replica);
}

#[test]
fn a_donor_that_accepts_and_says_nothing_is_given_up() {
    let cluster = Cluster::new();
    let donor = cluster.pod(0);
    let _server = donor.play_server(PORT, "exec sleep infinity");
    let replica = cluster.pod(1).with("REPLICATION_STALL_SECONDS", "1");
    replica.run("clone-mysql").fails().says("no data from mysql-0.mysql for 1 seconds");
    assert_nothing_in_place(&replica);
}

/// What a donor that knows the password says before the data.
const GREETING: &str = r#"
    server_nonce=$(nonce 32)
    printf 'mysql-replication/1 %s\n' "$server_nonce"
    read -r client_nonce client_proof
    [[ $client_proof == "$(proof client "$server_nonce" "$client_nonce")" ]] || exit 1
"#;

#[test]
fn what_is_no_donor_is_not_believed() {
    let cluster = Cluster::new();
    for (says, message) in [
        ("exit", "sent no greeting"),
        ("printf 'SSH-2.0-server\\r\\n'", "is not our backup service"),
        ("printf 'mysql-replication/1 %s\\n' '$(reboot)'", "is not our backup service"),
        // one that plays back what it once heard, and one that sends our own proof back
        (
            &format!("{GREETING} proof server \"$server_nonce\" \"$server_nonce\"; tar -c -C \"$DONOR_BACKUP\" ."),
            "do not agree on the root password",
        ),
        (
            &format!("{GREETING} printf '%s\\n' \"$client_proof\"; tar -c -C \"$DONOR_BACKUP\" ."),
            "do not agree on the root password",
        ),
        // one whose stream has no end, another's end, or the end of its beginning
        (
            &format!("{GREETING} proof server \"$server_nonce\" \"$client_nonce\"; tar -c -C \"$DONOR_BACKUP\" ."),
            "was cut or its backup failed",
        ),
        (
            &format!(
                "{GREETING} proof server \"$server_nonce\" \"$client_nonce\"; tar -c -C \"$DONOR_BACKUP\" .; nonce 32"
            ),
            "was cut or its backup failed",
        ),
        (
            &format!(
                "{GREETING} proof server \"$server_nonce\" \"$client_nonce\"; tar -c -C \"$DONOR_BACKUP\" .; proof server \"$server_nonce\" \"$client_nonce\""
            ),
            "was cut or its backup failed",
        ),
        (&format!("{GREETING} proof server \"$server_nonce\" \"$client_nonce\""), "was cut or its backup failed"),
    ] {
        let mut liar = donor(&cluster, 0);
        liar.set("DONOR_BACKUP", liar.path("backup").to_str().unwrap());
        let server = liar.play_server(PORT, says);
        let replica = cluster.pod(1);
        replica.run("clone-mysql").fails().says(message);
        assert_nothing_in_place(&replica);
        server.kill();
        for pod in [liar, replica] {
            pod.delete();
        }
    }
}

#[test]
fn the_players_of_donors_would_be_believed_if_they_were_honest() {
    let cluster = Cluster::new();
    let mut honest = donor(&cluster, 0);
    honest.set("DONOR_BACKUP", honest.path("backup").to_str().unwrap());
    let says = format!(
        "{GREETING} proof server \"$server_nonce\" \"$client_nonce\"; tar -c -C \"$DONOR_BACKUP\" .; proof end \"$server_nonce\" \"$client_nonce\""
    );
    let _server = honest.play_server(PORT, &says);
    let replica = cluster.pod(1);
    replica.run("clone-mysql").succeeds();
    assert_whole(&replica);
}

/// Clones once for each content of an info file, and compares the position in the mark: `None` is a refusal.
fn positions(donor: &Pod, replica: &Pod, info: &str, cases: &[(&str, Option<&str>)]) {
    let _sidecar = serve(donor);
    for (content, position) in cases {
        empty_data(replica);
        donor.write(&format!("backup/{info}"), content);
        let outcome = replica.run("clone-mysql");
        if let Some(position) = position {
            outcome.succeeds();
            assert_eq!(replica.read(MARK).split_once('\n').unwrap().1, format!("{position}\n"), "{content:?}");
        } else {
            outcome.fails().says(info.split_once('_').unwrap().1);
            assert_nothing_in_place(replica);
        }
    }
}

#[test]
fn a_clone_of_the_primary_of_mysql_stands_where_binlog_info_says() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0).mysql("mysql-5.7", "5.7.44");
    // of no use here: the primary follows nobody
    donor.write("backup/xtrabackup_slave_info", "CHANGE MASTER TO MASTER_LOG_FILE='wrong.000001', MASTER_LOG_POS=1\n");
    let replica = cluster.pod(1).mysql("mysql-5.7", "5.7.44");
    positions(
        &donor,
        &replica,
        "xtrabackup_binlog_info",
        &[
            ("mysql-bin.000003\t481\n", Some("position=file\nfile=mysql-bin.000003\npos=481")),
            ("mysql-bin.000003\t481", Some("position=file\nfile=mysql-bin.000003\npos=481")),
            ("mysql-bin.000003\t481\t\n", Some("position=file\nfile=mysql-bin.000003\npos=481")),
            (
                "mysql-bin.000003\t481\t3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\n",
                Some("position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"),
            ),
            (
                "mysql-bin.000003\t481\t3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1-9,\n5e11fa47-71ca-11e1-9e33-c80aa9429562:1\n",
                Some(
                    "position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7,4e11fa47-71ca-11e1-9e33-c80aa9429562:1-9,5e11fa47-71ca-11e1-9e33-c80aa9429562:1",
                ),
            ),
            ("", None),
            ("mysql-bin.000003\n", None),
            ("mysql-bin.000003\tfour\n", None),
            ("bin'; DROP DATABASE shop; --\t481\n", None),
        ],
    );
}

#[test]
fn a_clone_of_the_primary_of_mariadb_stands_at_its_gtid() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let replica = cluster.pod(1);
    positions(
        &donor,
        &replica,
        "xtrabackup_binlog_info",
        &[
            ("mysql-bin.000003\t481\t0-100-7\n", Some("position=gtid\ngtid=0-100-7")),
            ("mysql-bin.000003\t481\t0-100-7,1-101-9\n", Some("position=gtid\ngtid=0-100-7,1-101-9")),
            // nothing was logged yet
            ("mysql-bin.000001\t330\t\n", Some("position=gtid\ngtid=")),
            ("mysql-bin.000003\t481\t0-100-7' OR 1\n", None),
        ],
    );
}

#[test]
fn the_newer_names_of_the_info_files_are_taken() {
    let cluster = Cluster::new();
    let first = donor(&cluster, 0);
    fs::remove_file(first.path("backup/xtrabackup_binlog_info")).unwrap();
    let replica = cluster.pod(1);
    positions(
        &first,
        &replica,
        "mariadb_backup_binlog_info",
        &[("mariadb-bin.000003\t481\t0-100-8\n", Some("position=gtid\ngtid=0-100-8"))],
    );

    let cluster = Cluster::new();
    let second = donor(&cluster, 1);
    let replica = cluster.pod(2);
    positions(
        &second,
        &replica,
        "mariadb_backup_slave_info",
        &[(
            "SET GLOBAL gtid_slave_pos = '0-100-9';\nCHANGE MASTER TO master_use_gtid = slave_pos\n",
            Some("position=gtid\ngtid=0-100-9"),
        )],
    );
}

#[test]
fn a_clone_of_a_replica_stands_where_that_replica_stood_in_the_primarys_log() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 1).mysql("mysql-8.0", "8.0.36");
    // the donor's own log, which is another one
    donor.write("backup/xtrabackup_binlog_info", "wrong.000001\t1\n");
    let replica = cluster.pod(2).mysql("mysql-8.0", "8.0.36");
    let file = Some("position=file\nfile=mysql-bin.000004\npos=1548");
    positions(
        &donor,
        &replica,
        "xtrabackup_slave_info",
        &[
            ("CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000004', MASTER_LOG_POS=1548\n", file),
            ("CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000004', MASTER_LOG_POS=1548;\n", file),
            ("CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='mysql-bin.000004', SOURCE_LOG_POS=1548;\n", file),
            (
                "SET GLOBAL gtid_purged='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';\nCHANGE MASTER TO MASTER_AUTO_POSITION=1;\n",
                Some("position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"),
            ),
            (
                "SET GLOBAL gtid_purged='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n4e11fa47-71ca-11e1-9e33-c80aa9429562:1';\nCHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION=1;\n",
                Some(
                    "position=gtid\ngtid=3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,4e11fa47-71ca-11e1-9e33-c80aa9429562:1",
                ),
            ),
            ("", None),
            ("\n", None),
            ("CHANGE MASTER TO MASTER_LOG_FILE='', MASTER_LOG_POS=0\n", None),
            ("CHANGE MASTER TO MASTER_LOG_FILE='a;b', MASTER_LOG_POS=4\n", None),
        ],
    );
    assert!(donor.calls("xtrabackup").iter().all(|call| call.contains("--slave-info")));
}

#[test]
fn a_clone_of_a_replica_of_mariadb_stands_at_its_gtid() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 1);
    let replica = cluster.pod(2);
    positions(
        &donor,
        &replica,
        "xtrabackup_slave_info",
        &[
            (
                "SET GLOBAL gtid_slave_pos = '0-100-9';\nCHANGE MASTER TO master_use_gtid = slave_pos\n",
                Some("position=gtid\ngtid=0-100-9"),
            ),
            // the donor has applied nothing yet, so there is no GTID to set
            ("CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000001', MASTER_LOG_POS=4\n", Some("position=gtid\ngtid=")),
            ("", None),
        ],
    );
}

#[test]
fn a_clone_of_a_replica_without_slave_info_is_refused() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 1);
    let _sidecar = serve(&donor);
    let replica = cluster.pod(2);
    replica.run("clone-mysql").fails().says("does not say where it stands in the primary's log (slave_info: 'empty')");
    assert_nothing_in_place(&replica);
}
