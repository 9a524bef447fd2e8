//! Containers and volumes that go away.

use std::{fs, time::Instant};

use crate::{
    context::Context,
    load::Load,
    outcome::{Failure, Result},
    scenario::replication::refuses_writes,
};

/// 5: each container of the primary and of a replica is killed in turn, at rest and under load.
pub(crate) fn kill_containers(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let joins: Vec<usize> =
        (1..3).map(|ordinal| context.said(ordinal, "xtrabackup", "configuring replication")).collect();
    let kills = [(0, "mysql"), (0, "xtrabackup"), (1, "mysql"), (1, "xtrabackup")];
    for (ordinal, container) in kills {
        kill(context, ordinal, container)?;
        context.mark()?;
    }
    context.step("at rest: all came back");
    let load = Load::start(context)?;
    for (ordinal, container) in kills {
        kill(context, ordinal, container)?;
    }
    context.wait_settled(120)?;
    let written = load.finish(context)?;
    context.step(format!("under load: all came back; {written} transactions are on all three pods once"));
    for (ordinal, before) in (1..3).zip(joins) {
        let after = context.said(ordinal, "xtrabackup", "configuring replication");
        context.expect(&format!("how often pod {ordinal} was joined"), &before, &after)?;
        refuses_writes(context, ordinal)?;
    }
    context.mark()
}

fn kill(context: &Context<'_>, ordinal: usize, container: &str) -> Result {
    let starts = context.cluster.status(ordinal).containers[container].starts;
    context.cluster.kill(ordinal, container)?;
    context.wait_until(&format!("{container} of pod {ordinal} started again, and Ready"), 90, || {
        let status = context.cluster.status(ordinal);
        status.containers[container].starts == starts + 1 && status.ready
    })
}

/// 7: replicas find a primary that has restarted; one with an empty volume does not start under them.
pub(crate) fn primary_comes_back(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let address = context.pod(0)?.order.address.clone();
    context.cluster.delete_pod(0);
    let deleted = Instant::now();
    context
        .wait_until("another pod 0", 60, || context.cluster.pod(0).is_some_and(|pod| pod.order.address != address))?;
    context.wait("a server that answers", 120, || Ok(context.sql(0, "SELECT 1").ok()))?;
    let answered = Instant::now();
    context.wait_until("the primary Ready", 120, || context.cluster.status(0).ready)?;
    context.step(format!(
        "the primary answered {:.1} s after it was deleted, and was Ready {:.1} s after that",
        (answered - deleted).as_secs_f64(),
        answered.elapsed().as_secs_f64()
    ));
    context.wait_settled(120)?;
    context.mark()?;
    context.step("the primary has restarted, and the replicas have found it");

    let refusals = context.said(0, "clone-mysql", "ERROR: the primary's data directory is empty");
    let checksum = context.sql(1, "CHECKSUM TABLE e2e.ordered, e2e.marks")?;
    context.cluster.take_claim_and_delete_pod(0);
    context.wait_said(0, "clone-mysql", "ERROR: the primary's data directory is empty", refusals, 90)?;
    let log = context.cluster.log(0, "clone-mysql");
    for part in ["Nothing was changed", "The annotation restore-from", "Delete nothing until that is done"] {
        if !log.contains(part) {
            return Err(Failure(format!(
                "expected '{part}' in {}/clone-mysql.log",
                context.cluster.log_dir(0).display()
            )));
        }
    }
    let data = context.cluster.data_dir(0);
    let entries = fs::read_dir(&data).map(Iterator::count).map_err(|error| error.to_string())?;
    context.expect("entries of the primary's empty volume", &0, &entries)?;
    for ordinal in 1..3 {
        context.expect(&format!("readiness of replica {ordinal}"), &true, &context.cluster.status(ordinal).ready)?;
        let now = context.sql(ordinal, "CHECKSUM TABLE e2e.ordered, e2e.marks")?;
        context.expect(&format!("checksums of replica {ordinal}"), &checksum, &now)?;
    }
    context.step("an empty primary did not start, and said what to do; giving its volume back");
    context.cluster.give_claim_back(0)?;
    context.wait_settled(120)?;
    context.mark()?;
    context.same_everywhere()
}
