//! A script that is told to stop does so within a second, whatever it waits for, and leaves nothing running.

use std::time::{Duration, Instant};

use crate::{
    clone::{PORT, donor, serve},
    cluster::{Cluster, Pod, Run, wait_until},
};

/// A busy machine may take longer once; a script that waits for what it should not takes longer every time.
const TRIES: usize = 3;

/// Brings a script to a phase with `reach`, stops it there, and measures how long it takes: as the first process of a
/// container, where its end ends everything, and beside other processes, where it has to see to that itself.
fn stops_at_once(prepare: impl Fn(&Cluster) -> Phase<'_>) {
    for in_container in [true, false] {
        let mut taken = Vec::new();
        for _ in 0..TRIES {
            let cluster = Cluster::new();
            let phase = prepare(&cluster);
            let mut run = if in_container {
                phase.pod.start(phase.script)
            } else {
                phase.pod.start_outside_container(phase.script)
            };
            (phase.reach)(&phase.pod, &run);
            assert!(in_container || !cluster.processes().is_empty());
            let start = Instant::now();
            run.signal("TERM");
            wait_until("the script has ended", || run.has_ended() && (in_container || cluster.processes().is_empty()));
            taken.push(start.elapsed());
            assert_eq!(run.wait().status.code(), Some(143));
            if taken.last().unwrap() < &Duration::from_secs(1) {
                break;
            }
        }
        assert!(
            taken.iter().any(|time| *time < Duration::from_secs(1)),
            "in a container: {in_container}; took {taken:?}"
        );
    }
}

struct Phase<'a> {
    pod: Pod<'a>,
    script: &'static str,
    reach: fn(&Pod, &Run),
    /// What has to go on meanwhile.
    _others: Vec<Run>,
}

impl<'a> Phase<'a> {
    fn blocked(pod: Pod<'a>, script: &'static str, call: &str) -> Self {
        pod.control("block", call);
        Self { pod, script, reach: |pod, _| pod.wait_until_blocked(), _others: Vec::new() }
    }
}

#[test]
fn init_mysql_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(1);
        pod.write("config-map/slave.cnf", "[mysqld]\n");
        let status = std::process::Command::new("mkfifo").arg(pod.path("conf/slave.cnf")).status();
        assert!(status.unwrap().success());
        Phase::blocked(pod, "init-mysql", "^cat ")
    });
}

#[test]
fn a_primary_that_looks_for_replicas_stops_at_once() {
    stops_at_once(|cluster| {
        cluster.name_host(1);
        Phase::blocked(cluster.pod(0), "clone-mysql", "^sleep 1")
    });
}

#[test]
fn a_clone_that_waits_for_its_next_attempt_stops_at_once() {
    stops_at_once(|cluster| {
        cluster.name_host(0);
        let pod = cluster.pod(1).with("REPLICATION_CLONE_ATTEMPTS", "2").with("REPLICATION_RETRY_SECONDS", "1000");
        Phase {
            pod,
            script: "clone-mysql",
            reach: |pod, _| wait_until("it sleeps", || pod.calls("sleep").contains(&"1000".to_owned())),
            _others: Vec::new(),
        }
    });
}

#[test]
fn a_clone_that_waits_for_a_greeting_stops_at_once() {
    stops_at_once(|cluster| {
        let server = cluster.pod(0).play_server(PORT, ": >\"$REPLICATION_DATA_DIR/asked\"; exec sleep infinity");
        let pod = cluster.pod(1);
        Phase {
            pod,
            script: "clone-mysql",
            reach: |pod, _| wait_until("it is connected", || pod.exists("../mysql-0/data/asked")),
            _others: vec![server],
        }
    });
}

#[test]
fn a_clone_that_receives_stops_at_once() {
    stops_at_once(|cluster| {
        let donor = donor(cluster, 0);
        donor.control("backup", "hang");
        Phase {
            pod: cluster.pod(1),
            script: "clone-mysql",
            reach: |pod, _| wait_until("a part has come", || pod.exists("data/mysql-replication-clone/ibdata1")),
            _others: vec![serve(&donor)],
        }
    });
}

#[test]
fn a_clone_that_prepares_stops_at_once() {
    stops_at_once(|cluster| {
        let sidecar = serve(&donor(cluster, 0));
        Phase { _others: vec![sidecar], ..Phase::blocked(cluster.pod(1), "clone-mysql", "--prepare") }
    });
}

#[test]
fn a_clone_by_the_plugin_stops_at_once() {
    stops_at_once(|cluster| {
        let server = cluster.pod(0).play_server(3306, "");
        let pod = cluster.pod(1).mysql("mysql-8.4", "8.4.3").with("REPLICATION_CLONE_METHOD", "clone-plugin");
        Phase { _others: vec![server], ..Phase::blocked(pod, "clone-mysql", "CLONE INSTANCE") }
    });
}

#[test]
fn a_sidecar_that_waits_for_its_server_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(1);
        pod.write("data/mysql-replication.clone", "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-1\n");
        pod.control("down", "");
        Phase {
            pod,
            script: "xtrabackup",
            reach: |_, run| run.wait_for_log("waiting for the server"),
            _others: Vec::new(),
        }
    });
}

#[test]
fn a_sidecar_that_joins_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(1);
        pod.write("data/mysql-replication.clone", "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-1\n");
        Phase::blocked(pod, "xtrabackup", "CHANGE MASTER")
    });
}

#[test]
fn a_sidecar_whose_primary_hangs_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(1);
        pod.write("data/mysql-replication.clone", "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-1\n");
        Phase::blocked(pod, "xtrabackup", "^there: ")
    });
}

#[test]
fn a_sidecar_whose_primary_is_away_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(1).with("REPLICATION_LOOK_SECONDS", "1000");
        pod.write("data/mysql-replication.clone", "donor=mysql-0.mysql\nposition=gtid\ngtid=0-100-1\n");
        pod.control("primary-down", "");
        Phase {
            pod,
            script: "xtrabackup",
            reach: |_, run| run.wait_for_log("the primary is away"),
            _others: Vec::new(),
        }
    });
}

#[test]
fn a_sidecar_that_begins_a_history_stops_at_once() {
    stops_at_once(|cluster| Phase::blocked(cluster.pod(0), "xtrabackup", "CREATE USER"));
}

#[test]
fn a_sidecar_that_listens_stops_at_once() {
    stops_at_once(|cluster| Phase {
        pod: donor(cluster, 0),
        script: "xtrabackup",
        reach: |pod, _| pod.cluster.wait_for_port(PORT),
        _others: Vec::new(),
    });
}

#[test]
fn a_sidecar_that_only_stays_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = cluster.pod(0).mysql("mysql-8.4", "8.4.3").with("REPLICATION_CLONE_METHOD", "clone-plugin");
        let pod = pod.with("REPLICATION_LOOK_SECONDS", "1000");
        Phase {
            pod,
            script: "xtrabackup",
            reach: |pod, _| wait_until("it has looked", || pod.exists("conf/.mysql-replication.state")),
            _others: Vec::new(),
        }
    });
}

#[test]
fn a_sidecar_that_gives_a_backup_stops_at_once() {
    stops_at_once(|cluster| {
        let pod = donor(cluster, 0);
        pod.control("backup", "hang");
        let replica =
            cluster.pod(1).with("REPLICATION_CLONE_ATTEMPTS", "1000").with("REPLICATION_RETRY_SECONDS", "0.1");
        let others = vec![replica.start("clone-mysql")];
        Phase { pod, script: "xtrabackup", reach: |pod, _| pod.wait_until_blocked(), _others: others }
    });
}
