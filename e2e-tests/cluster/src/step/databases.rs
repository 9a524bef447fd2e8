//! The databases themselves, on nodes: they come up, replicate, and outlive what happens to pods.

use std::time::{Duration, Instant};

use super::{Step, sql::Database};
use crate::{
    cluster::{Cluster, SOON},
    object::{is_rolled_out, items},
    outcome::{Result, Stop},
    wait::until,
};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "comes-up",
        reason: "the example must become a primary with two replicas that have what is written, and take nothing",
        run: comes_up,
    },
    Step {
        name: "services",
        reason: "writes lead to pod 0 alone, reads to every pod that is Ready: endpoints are the cluster's own work",
        run: services,
    },
    Step { name: "scale-out", reason: "a new pod clones from a running one, and follows", run: scale_out },
    Step {
        name: "lost-pod",
        reason: "a pod that is deleted, the primary's too, comes back with its data",
        run: lost_pod,
    },
    Step {
        name: "roll-out",
        reason: "a rolling restart, and its undoing, takes one pod at a time and no row",
        run: roll_out,
    },
    Step {
        name: "hardened-runs",
        reason: "what the API server admits under pod security must also run so",
        run: hardened_runs,
    },
];

const NAMESPACE: &str = "mysql-replication-e2e-databases";
/// How long three pods may take, images included.
pub(super) const START: Duration = Duration::from_mins(10);
/// How long the pods of a roll-out may take.
const ROLL: Duration = Duration::from_mins(8);

/// The example for `MariaDB`, where it has come up.
pub(super) fn ledger<'a>(cluster: &'a Cluster<'a>) -> Result<Database<'a>> {
    let found = cluster.kubectl.json(&format!("get statefulset ledger --namespace={NAMESPACE} --ignore-not-found"));
    if !found.is_ok_and(|set| is_rolled_out(&set)) {
        return Err(Stop::Skip("the database of comes-up does not run".to_owned()));
    }
    Ok(Database { cluster, namespace: NAMESPACE, name: "ledger", container: "mariadb" })
}

fn comes_up(cluster: &Cluster<'_>) -> Result {
    cluster.needs_nodes()?;
    let namespace = cluster.namespace("databases")?;
    let start = Instant::now();
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/mariadb/"))?;
    cluster.rolled_out(&namespace, "ledger", START)?;
    let took = start.elapsed().as_secs();
    let database = ledger(cluster)?;
    database.prepare()?;
    database.write(1)?;
    database.until_rows(0..3, 1)?;
    for pod in 1..3 {
        database.replica_refuses(pod)?;
    }
    Ok(format!("3 of 3 Ready after {took} s; a row of pod 0 is on both replicas, which take none themselves"))
}

/// The pods that are behind a Service, and Ready.
fn behind(cluster: &Cluster<'_>, service: &str) -> Result<Vec<String>> {
    let selector = format!("--selector=kubernetes.io/service-name={service}");
    let slices = cluster.kubectl.json(&format!("get endpointslices --namespace={NAMESPACE} {selector}"))?;
    let endpoints = items(&slices).into_iter().filter_map(|slice| slice["endpoints"].as_array()).flatten();
    let ready = endpoints.filter(|endpoint| endpoint["conditions"]["ready"] == true);
    let mut names: Vec<_> =
        ready.filter_map(|endpoint| endpoint["targetRef"]["name"].as_str().map(ToOwned::to_owned)).collect();
    names.sort();
    Ok(names)
}

fn services(cluster: &Cluster<'_>) -> Result {
    ledger(cluster)?;
    for (service, wanted) in
        [("ledger-write", &["ledger-0"][..]), ("ledger-read", &["ledger-0", "ledger-1", "ledger-2"])]
    {
        until(SOON, &format!("{wanted:?} behind {service}"), || {
            Ok((behind(cluster, service)? == wanted).then_some(()))
        })?;
    }
    Ok("ledger-write leads to pod 0, ledger-read to all three".to_owned())
}

fn scale_out(cluster: &Cluster<'_>) -> Result {
    let database = ledger(cluster)?;
    let start = Instant::now();
    cluster.kubectl.run(&format!("scale statefulset ledger --replicas=4 --namespace={NAMESPACE}"))?;
    database.write(2)?;
    cluster.rolled_out(NAMESPACE, "ledger", ROLL)?;
    let took = start.elapsed().as_secs();
    database.write(3)?;
    database.until_rows(3..4, 3)?;
    database.replica_refuses(3)?;
    cluster.kubectl.run(&format!("scale statefulset ledger --replicas=3 --namespace={NAMESPACE}"))?;
    cluster.rolled_out(NAMESPACE, "ledger", ROLL)?;
    Ok(format!("the fourth pod was Ready after {took} s, with every row, and is gone again"))
}

/// Deletes a pod, and waits until another of its name is Ready.
pub(super) fn delete_pod(cluster: &Cluster<'_>, pod: &str) -> Result<u64> {
    let words = format!("get pod {pod} --namespace={NAMESPACE} --ignore-not-found");
    let uid = cluster.kubectl.json(&words)?["metadata"]["uid"].clone();
    let start = Instant::now();
    cluster.kubectl.run(&format!("delete pod {pod} --wait=false --namespace={NAMESPACE}"))?;
    until(ROLL, &format!("another {pod}"), || {
        let output = cluster.kubectl.run(&format!("{words} --output=jsonpath={{.metadata.uid}}"))?;
        Ok((!output.stdout.is_empty() && uid != output.stdout.trim()).then_some(()))
    })?;
    cluster.rolled_out(NAMESPACE, "ledger", ROLL)?;
    Ok(start.elapsed().as_secs())
}

fn lost_pod(cluster: &Cluster<'_>) -> Result {
    let database = ledger(cluster)?;
    let replica = delete_pod(cluster, "ledger-1")?;
    let primary = delete_pod(cluster, "ledger-0")?;
    database.write(4)?;
    database.until_rows(0..3, 4)?;
    Ok(format!("a replica was back after {replica} s, the primary after {primary} s; no row is lost"))
}

fn roll_out(cluster: &Cluster<'_>) -> Result {
    let database = ledger(cluster)?;
    let mut took = Vec::new();
    for words in ["rollout restart", "rollout undo"] {
        let start = Instant::now();
        cluster.kubectl.run(&format!("{words} statefulset/ledger --namespace={NAMESPACE}"))?;
        cluster.rolled_out(NAMESPACE, "ledger", ROLL)?;
        took.push(format!("{words} {} s", start.elapsed().as_secs()));
    }
    database.write(5)?;
    database.until_rows(0..3, 5)?;
    Ok(format!("{}; no row is lost", took.join(", ")))
}

fn hardened_runs(cluster: &Cluster<'_>) -> Result {
    cluster.needs_nodes()?;
    let found = cluster.kubectl.json("get statefulset vault --namespace=vault");
    if found.is_err() {
        return Err(Stop::Skip("the StatefulSet of restricted is not there".to_owned()));
    }
    let start = Instant::now();
    cluster.rolled_out("vault", "vault", START)?;
    Ok(format!("3 of 3 Ready in a namespace that enforces \"restricted\", {} s from here", start.elapsed().as_secs()))
}
