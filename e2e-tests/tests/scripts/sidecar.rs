//! The sidecar `xtrabackup` as a donor: who is given the data, and with which tools.

use crate::{
    clone::{PORT, donor, serve},
    cluster::{Cluster, PASSWORD, wait_until},
};

/// Greets a donor as a replica does, up to its own nonce.
const CONNECT: &str = r#"
    exec 3<>"/dev/tcp/mysql-0.mysql/$BACKUP_PORT"
    read -r -u 3 _ server_nonce
    client_nonce=$(nonce 32)
"#;

#[test]
fn a_peer_that_does_not_know_the_password_gets_no_byte() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let sidecar = serve(&donor);
    let peer = cluster.pod(1);
    for says in [
        r"printf 'give me all of it\n' >&3",
        r"printf '\n' >&3",
        r"printf '%s\n' \0\0\0\0 >&3",
        r#"printf '%s\n' "$client_nonce" >&3"#,
        r#"printf '%s %s\n' "$client_nonce" "$client_nonce" >&3"#,
        r#"printf '%s %s\n' "$client_nonce" "$(SECRET= proof client "$server_nonce" "$client_nonce")" >&3"#,
        // another role's proof, and one for other nonces
        r#"printf '%s %s\n' "$client_nonce" "$(proof server "$server_nonce" "$client_nonce")" >&3"#,
        r#"printf '%s %s\n' "$client_nonce" "$(proof client "$client_nonce" "$server_nonce")" >&3"#,
        r#"printf '%s %s\n' "x$client_nonce" "$(proof client "$server_nonce" "x$client_nonce")" >&3"#,
        r"head -c 100000 /dev/zero | tr '\0' x >&3 || true",
    ] {
        let answer = peer.shell(&format!("{CONNECT} {says}; cat <&3 || true"));
        let answer = answer.replace("cat: -: Connection reset by peer\n", "");
        assert!(answer.is_empty() || answer == "refused\n", "{says}: {answer}");
    }
    sidecar.wait_for_log("that does not know the root password was turned away");
    assert!(donor.calls("mariadb-backup").is_empty());
}

#[test]
fn a_proof_that_was_overheard_is_of_no_use_again() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    let peer = cluster.pod(1);
    let answer = peer.shell(&format!(
        r#"{CONNECT}
        said="$client_nonce $(proof client "$server_nonce" "$client_nonce")"
        printf '%s\n' "$said" >&3
        cat <&3 >"$REPLICATION_DATA_DIR/first"
        {CONNECT}
        printf '%s\n' "$said" >&3
        cat <&3"#
    ));
    assert_eq!(answer, "refused\n");
    assert!(peer.path("data/first").metadata().unwrap().len() > 360_000, "the first time it was good");
    assert_eq!(donor.calls("mariadb-backup").len(), 1);
}

#[test]
fn a_peer_that_says_nothing_is_turned_away() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let sidecar = serve(&donor);
    let peer = cluster.pod(1);
    assert_eq!(peer.shell(&format!("{CONNECT} cat <&3")), "");
    sidecar.wait_for_log("a peer that did not answer was turned away");
    assert!(donor.calls("mariadb-backup").is_empty());
}

#[test]
fn a_replica_with_another_password_gets_no_data_and_is_told_why() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let sidecar = serve(&donor);
    for password in ["another", &PASSWORD[1..], &format!("{PASSWORD} ")] {
        let replica = cluster.pod(1).with("MYSQL_ROOT_PASSWORD", password);
        replica.run("clone-mysql").fails().says("do not agree on the root password");
        assert_eq!(replica.list("data"), ["mysql-replication-clone"]);
        assert!(replica.list("data/mysql-replication-clone").is_empty());
        replica.delete();
    }
    sidecar.wait_for_log("that does not know the root password was turned away");
    assert!(donor.calls("mariadb-backup").is_empty());
}

#[test]
fn the_password_comes_from_wherever_the_database_takes_it() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    for (key, value) in [
        ("MYSQL_ROOT_PASSWORD_FILE", "secret"),
        ("MARIADB_ROOT_PASSWORD_FILE", "secret"),
        ("MARIADB_ROOT_PASSWORD", PASSWORD),
    ] {
        let mut replica = cluster.pod(1);
        replica.unset("MYSQL_ROOT_PASSWORD");
        // as an editor leaves it: the entrypoint drops the end of the line too
        replica.write("secret", format!("{PASSWORD}\n"));
        let value =
            if value == "secret" { replica.path("secret").to_str().unwrap().to_owned() } else { value.to_owned() };
        replica.set(key, &value);
        replica.run("clone-mysql").succeeds();
        replica.delete();
    }
}

#[test]
fn a_password_that_is_not_to_be_had_is_said() {
    let cluster = Cluster::new();
    let mut pod = cluster.pod(0);
    pod.unset("MYSQL_ROOT_PASSWORD");
    pod.run("xtrabackup").fails().says("no root password").says("MYSQL_ROOT_PASSWORD_FILE");
    pod.set("MYSQL_ROOT_PASSWORD_FILE", "/nowhere/secret");
    pod.run("xtrabackup").fails().says("MYSQL_ROOT_PASSWORD_FILE names /nowhere/secret, which cannot be read here");
}

/// A pod that is started while a Secret changes may have its old or its new content.
#[test]
fn a_donor_accepts_a_proof_by_the_old_and_by_the_new_secret() {
    let cluster = Cluster::new();
    let mut donor = donor(&cluster, 0);
    donor.set("REPLICATION_SECRET_FILE", donor.path("secret").to_str().unwrap());
    donor.write("secret", PASSWORD);
    let _sidecar = serve(&donor);
    let clone = |password: &str| {
        let replica = cluster.pod(1).with("MYSQL_ROOT_PASSWORD", password);
        let outcome = replica.run("clone-mysql");
        replica.delete();
        outcome
    };
    clone("new Geheim").fails().says("do not agree on the root password");
    // seen by the next connection
    donor.write("secret", "new Geheim");
    clone("new Geheim").succeeds();
    clone(PASSWORD).succeeds();
    clone("another").fails().says("do not agree on the root password");
    // root may still have the old one
    donor.control("denied", "password=\"new");
    clone("new Geheim").succeeds();
    donor.control("denied", "password=\"it's");
    clone(PASSWORD).succeeds();
    assert_eq!(donor.calls("mariadb-backup").len(), 4);
}

#[test]
fn an_empty_password_is_one_where_it_is_allowed() {
    for key in ["MYSQL_ALLOW_EMPTY_PASSWORD", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD"] {
        let cluster = Cluster::new();
        let mut donor = donor(&cluster, 0).with(key, "yes");
        donor.unset("MYSQL_ROOT_PASSWORD");
        let _sidecar = serve(&donor);
        let mut replica = cluster.pod(1).with(key, "yes");
        replica.unset("MYSQL_ROOT_PASSWORD");
        replica.run("clone-mysql").succeeds();
        assert_eq!(donor.client_section(), "[client]\nuser=root\npassword=\"\"\n");
    }
}

#[test]
fn a_replica_gives_its_data_with_its_place_in_the_primarys_log() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 1);
    donor.write(
        "backup/xtrabackup_slave_info",
        "CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000004', MASTER_LOG_POS=1548\n",
    );
    let _sidecar = serve(&donor);
    cluster.pod(2).run("clone-mysql").succeeds();
    assert_eq!(donor.calls("mariadb-backup").len(), 1);
    assert!(donor.calls("mariadb-backup")[0].ends_with(" --slave-info"));
}

#[test]
fn without_socat_ncat_serves() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.without_tool("socat");
    donor.install(&[("ncat", "ncat")]);
    donor
        .run("xtrabackup")
        .succeeds()
        .says("serving backups on port 3307 with ncat")
        .says("a peer that did not answer was turned away");
    assert_eq!(
        donor.calls("ncat"),
        [format!(
            "--listen --keep-open --max-conns 4 --idle-timeout 600 {PORT} --sh-exec exec bash --norc {}",
            donor.path("scripts/serve-backup.sh").display()
        )]
    );
    let greeting = donor.read("ncat.out");
    assert!(greeting.starts_with("mysql-replication/1 ") && greeting.lines().count() == 1, "{greeting}");
}

#[test]
fn without_socat_and_ncat_the_image_is_named_with_its_remedy() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.without_tool("socat");
    donor.run("xtrabackup").fails().says("not in this image: socat or ncat;").says("kubewarden.io/backup-image");
}

/// Images of XtraBackup 2.4 had no client for long: it would be missed only in an endless wait for the server.
#[test]
fn what_is_missing_in_the_image_is_said_at_once() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0).mysql("mysql-5.7", "5.7.44");
    for tool in ["mysql", "xtrabackup", "socat"] {
        donor.without_tool(tool);
    }
    donor.run("xtrabackup").fails().says(
        "not in this image: mysql (the command line client), mariadb-backup or xtrabackup, socat or ncat; choose another",
    );
}

/// The tool would notice it with its next byte only, and hold up the server's statements until it has its lock.
#[test]
fn a_backup_whose_peer_is_gone_is_ended() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "hang");
    let sidecar = donor.start_outside_container("xtrabackup");
    cluster.wait_for_port(PORT);
    let replica = cluster.pod(1);
    let clone = replica.start("clone-mysql");
    donor.wait_until_blocked();
    let is_running = || cluster.processes().iter().any(|process| process.ends_with("sleep infinity "));
    // it says so before it becomes what sleeps
    wait_until("the backup hangs", is_running);
    clone.kill();
    sidecar.wait_for_log("the peer is gone: ending its backup");
    wait_until("the backup has ended", || !is_running());
    sidecar.wait_for_log("the backup failed");
}

/// It gives up before its peer does, which begins anew after 300 seconds without a byte.
#[test]
fn a_backup_waits_for_its_locks_with_a_bound() {
    for (flavor, tool, expected) in [
        (
            "mariadb",
            "mariadb-backup",
            &["--ftwrl-wait-query-type=update", "--ftwrl-wait-timeout=240", "--ftwrl-wait-threshold=5"][..],
        ),
        ("mysql-5.7", "xtrabackup", &[]),
        ("mysql-8.0", "xtrabackup", &["--lock-ddl-timeout=240"]),
        ("mysql-8.4", "xtrabackup", &["--lock-ddl-timeout=240"]),
    ] {
        let cluster = Cluster::new();
        let mut donor = donor(&cluster, 0);
        let mut replica = cluster.pod(1);
        if flavor != "mariadb" {
            donor = donor.mysql(flavor, "8.0.36");
            replica = replica.mysql(flavor, "8.0.36");
        }
        donor.write("backup/xtrabackup_binlog_info", "binlog.000002\t157\n");
        let _sidecar = serve(&donor);
        replica.run("clone-mysql").succeeds();
        let call = donor.calls(tool).remove(0);
        for option in expected {
            assert!(call.split(' ').any(|word| word == *option), "{flavor}: no {option} in {call}");
        }
        // they would switch off the flush before the lock
        assert!(flavor == "mariadb" || !call.contains("ftwrl"), "{call}");
    }
}

/// While it waits every write behind it does, and a server does not notice that the tool is gone.
#[test]
fn a_lock_that_the_tool_waits_for_is_ended() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0).with("REPLICATION_LOCK_SECONDS", "3").with("REPLICATION_STALL_SECONDS", "100");
    donor.control("backup", "hang");
    let processes = [
        "1|2|FLUSH TABLES WITH READ LOCK",
        "2|3|FLUSH TABLES WITH READ LOCK",
        "3|3|FLUSH NO_WRITE_TO_BINLOG TABLES",
        "4|3|LOCK INSTANCE FOR BACKUP",
        "5|3|SELECT 'BACKUP STAGE BLOCK_DDL'",
        "6|4|BACKUP STAGE BLOCK_COMMIT",
        "7|5000|FLUSH TABLES WITH READ LOCK",
        "8|0|SHOW",
    ];
    donor.control("processlist", &processes.join("\n"));
    let killed = || donor.changes().into_iter().filter(|it| it.starts_with("KILL")).collect::<Vec<_>>();
    let sidecar = serve(&donor);
    let clone = cluster.pod(1).start("clone-mysql");
    donor.wait_until_blocked();
    sidecar.wait_for_log("ending 'BACKUP STAGE BLOCK_COMMIT' after 4 seconds");
    wait_until("both", || killed().len() >= 2);
    // neither what waits for one table alone, nor what is older than the tool
    assert_eq!(killed()[..2], ["KILL 2", "KILL 6"]);
    donor.control("processlist", &[processes[0], processes[3], processes[6], processes[7]].join("\n"));
    clone.kill();
    wait_until("all of them once the peer is gone", || {
        ["KILL 1", "KILL 4"].iter().all(|kill| killed().iter().any(|statement| statement == kill))
    });
    assert!(!killed().contains(&"KILL 7".to_owned()));
}

#[test]
fn a_redo_log_that_was_overwritten_is_told_with_what_to_set() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("fail", "^mariadb-backup ");
    donor.control("message", "xtrabackup: error: log block numbers mismatch:");
    let sidecar = serve(&donor);
    cluster.pod(1).run("clone-mysql").fails();
    sidecar.wait_for_log("the server wrote over its redo log before it was copied: enlarge innodb_redo_log_capacity");
}

#[test]
fn backups_are_served_over_both_protocols() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    let listens = donor.calls("socat").remove(0);
    assert!(listens.contains(" TCP6-LISTEN:3307,ipv6only=0,reuseaddr,"), "{listens}");
    for address in ["127.0.0.1", "::1"] {
        let greeting =
            donor.shell(&format!("exec 3<>/dev/tcp/{address}/3307; read -r -u 3 line; printf '%s' \"$line\""));
        assert!(greeting.starts_with("mysql-replication/1 "), "{address}: {greeting}");
    }
}

#[test]
fn several_replicas_are_served_at_once() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    let _sidecar = serve(&donor);
    // the second pod of another set of the same service has the same donor
    let replicas = [cluster.pod(1), cluster.pod(2).with("POD_NAME", "mysql-1")];
    let runs: Vec<_> = replicas.iter().map(|replica| replica.start("clone-mysql")).collect();
    for run in runs {
        run.wait().succeeds();
    }
    assert_eq!(donor.calls("mariadb-backup").len(), 2);
}

#[test]
fn a_backup_that_nobody_takes_any_more_ends() {
    let cluster = Cluster::new();
    let donor = donor(&cluster, 0);
    donor.control("backup", "endless");
    let sidecar = serve(&donor);
    let replica = cluster.pod(1);
    let clone = replica.start("clone-mysql");
    wait_until("a part has come", || replica.exists("data/mysql-replication-clone/ibdata1"));
    clone.kill();
    sidecar.wait_for_log("the backup failed");
    wait_until("nothing is left of it", || donor.list("conf/.scratch-xtrabackup").is_empty());
}
