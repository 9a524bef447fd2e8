//! Replication itself.

use crate::{
    context::Context,
    outcome::{Failure, Result},
    sql::Session,
};

/// 1: rows of before and after are on all pods, in order; replicas replicate and refuse writes.
pub(crate) fn from_nothing(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    for value in 1..=5 {
        context.sql(0, &format!("INSERT INTO e2e.ordered (v) VALUES ({value})"))?;
    }
    context.mark()?;
    for ordinal in 0..3 {
        let expected = (1..=5).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
        let rows = context.sql(ordinal, "SELECT GROUP_CONCAT(v ORDER BY id) FROM e2e.ordered")?;
        context.expect(&format!("rows of pod {ordinal}, in order"), &expected, &rows)?;
        let id = context.sql(ordinal, "SELECT @@server_id")?;
        context.expect(&format!("server-id of pod {ordinal}"), &(100 + ordinal).to_string(), &id)?;
    }
    for ordinal in 1..3 {
        let donor = format!("clone from {} is complete", peer(context, ordinal - 1));
        context.expect(&format!("'{donor}'"), &1, &context.said(ordinal, "clone-mysql", &donor))?;
        refuses_writes(context, ordinal)?;
    }
    context.same_everywhere()
}

/// The name of a pod under the headless Service.
pub(crate) fn peer(context: &Context<'_>, ordinal: usize) -> String {
    let pod = context.cluster.pod(ordinal).map_or_else(String::new, |pod| pod.order.name.clone());
    format!("{pod}.{}", context.cluster.service())
}

/// A normal user cannot write; root neither, except on MariaDB, whose `read_only` lets everyone pass who has
/// `READ ONLY ADMIN`: it has nothing stronger.
pub(crate) fn refuses_writes(context: &Context<'_>, ordinal: usize) -> Result {
    let write = "START TRANSACTION; INSERT INTO e2e.ordered (v) VALUES (0); ROLLBACK";
    let refused = |who: &str, result: Result<String, String>| match result {
        Err(error) if error.contains("ERROR 1290") => Ok(()),
        other => Err(Failure(format!("pod {ordinal}: expected error 1290 for a write of {who}, found {other:?}"))),
    };
    refused("a normal user", context.try_app(ordinal, write))?;
    if context.is_mariadb() {
        context.try_sql(ordinal, write).map(drop).map_err(|error| {
            Failure(format!(
                "pod {ordinal}: MariaDB's root is expected to be able to write: change the README; found {error}"
            ))
        })
    } else {
        refused("root", context.try_sql(ordinal, write))
    }
}

/// 10: an event of the primary runs there, and its rows come to the replicas once.
pub(crate) fn event_runs_once(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.sql(
        0,
        "SET GLOBAL event_scheduler = ON; DELETE FROM e2e.ran;
         DROP EVENT IF EXISTS e2e.tick;
         CREATE EVENT e2e.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO e2e.ran (server) VALUES (@@server_id);",
    )?;
    context.wait("three runs of the event", 30, || {
        Ok(context.sql(0, "SELECT COUNT(*) >= 3 FROM e2e.ran")?.starts_with('1').then_some(()))
    })?;
    context.sql(0, "SET GLOBAL event_scheduler = OFF; ALTER EVENT e2e.tick DISABLE")?;
    // a run that has begun goes on
    context.wait("no run of the event any more", 30, || {
        let processes = context.sql(0, "SHOW PROCESSLIST")?;
        Ok(processes.lines().all(|process| process.split('\t').nth(4) != Some("Connect")).then_some(()))
    })?;
    context.same_everywhere()?;
    for ordinal in 0..3 {
        let others = context.sql(ordinal, "SELECT COUNT(*) FROM e2e.ran WHERE server <> 100")?;
        context.expect(&format!("runs of the event on pod {ordinal} by a replica"), &"0".to_owned(), &others)?;
        if ordinal > 0 {
            let scheduler = context.sql(ordinal, "SELECT @@GLOBAL.event_scheduler")?;
            context.expect(
                &format!("event_scheduler of pod {ordinal}"),
                &scheduler_of(context).to_owned(),
                &scheduler,
            )?;
        }
    }
    context.sql(0, "DROP EVENT e2e.tick").map(drop)
}

/// How replicas have the event scheduler: MariaDB's would stop at an event's definition where it is DISABLED.
pub(crate) fn scheduler_of(context: &Context<'_>) -> &'static str {
    if context.is_mariadb() { "OFF" } else { "DISABLED" }
}

/// 11: a replica that is further behind than it may be is not Ready, and is again when it has caught up.
pub(crate) fn lag(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let pid = context.cluster.pid(1, "mysql")?;
    let mut lock = Session::open(context.database.family, pid, &context.root)?;
    lock.run("LOCK TABLES e2e.ordered READ")?;
    context.sql(0, "INSERT INTO e2e.ordered (v) VALUES (6)")?;
    context.wait_until("pod 1, which is behind, not Ready", 90, || !context.cluster.status(1).ready)?;
    let message = context.cluster.status(1).containers["xtrabackup"].message.clone();
    if !message.contains("seconds behind the primary, more than 5") {
        return Err(Failure(format!("expected the readiness probe to name the lag, found '{message}'")));
    }
    context.expect("readiness of pod 2, which is not behind", &true, &context.cluster.status(2).ready)?;
    drop(lock);
    context.wait_settled(60)?;
    context.same_everywhere()
}
