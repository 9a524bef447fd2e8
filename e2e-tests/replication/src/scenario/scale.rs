//! More and fewer replicas.

use crate::{
    context::Context,
    image::Database,
    load::Load,
    outcome::{Failure, Result},
    scenario::replication::{peer, refuses_writes},
};

/// 2: pods 3 and 4 clone from the replicas before them while the primary is written to; nothing is lost or doubled.
pub(crate) fn out_under_load(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    forget_claims(context, 3..5)?;
    let load = Load::start(context)?;
    let from_primary = context.said(0, "xtrabackup", "sending a backup");
    let clones: Vec<usize> = (3..5).map(|ordinal| context.said(ordinal, "clone-mysql", "is complete")).collect();
    context.cluster.scale(5);
    context.wait_settled(300)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all five pods once"));
    for (ordinal, before) in (3..5).zip(clones) {
        let donor = format!("clone from {} is complete", peer(context, ordinal - 1));
        if context.said(ordinal, "clone-mysql", &donor) == 0
            || context.said(ordinal, "clone-mysql", "is complete") != before + 1
        {
            return Err(Failure(format!(
                "pod {ordinal}: expected one '{donor}'; see {}",
                context.cluster.log_dir(ordinal).display()
            )));
        }
        if context.cluster.has_plugin() {
            let source = context.sql(ordinal, "SELECT SOURCE, STATE FROM performance_schema.clone_status")?;
            let expected = format!("{}:3306\tCompleted", peer(context, ordinal - 1));
            context.expect(&format!("the donor of pod {ordinal}, as the server itself says it"), &expected, &source)?;
        }
        refuses_writes(context, ordinal)?;
    }
    context.expect("backups that the primary sent", &from_primary, &context.said(0, "xtrabackup", "sending a backup"))
}

/// 2: a replica that follows by file and position, as in a cluster that was made without GTIDs, hands that on.
pub(crate) fn out_by_file_and_position(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    forget_claims(context, 3..4)?;
    let load = Load::start(context)?;
    let follow = |how: &str| {
        let change = format!("CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = {how}");
        context.sql(2, &format!("STOP REPLICA; {change}; START REPLICA")).map(drop)
    };
    follow("0")?;
    context.cluster.scale(4);
    context.wait_settled(180)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all four pods once"));
    context.expect("joins of pod 3 by file and position", &1, &context.said(3, "xtrabackup", " at file "))?;
    context.expect("Auto_Position of pod 3", &"0".to_owned(), &context.replica_status(3, "Auto_Position")?)?;
    refuses_writes(context, 3)?;
    context.cluster.scale(3);
    follow("1")?;
    context.wait_settled(60)?;
    context.same_everywhere()
}

pub(crate) fn not_without_xtrabackup(database: &Database) -> Option<&'static str> {
    (!database.may_follow_by_position())
        .then_some("no replica of it follows by GTIDs here that could follow by file and position and be backed up")
}

/// Pods that are not there shall begin with new claims.
pub(crate) fn forget_claims(context: &Context<'_>, ordinals: std::ops::Range<usize>) -> Result {
    for ordinal in ordinals {
        context.cluster.delete_claim_and_pod(ordinal)?;
    }
    Ok(())
}

/// 3: a replica that comes back to its old claim catches up, or says that the primary's log does not reach back any
/// more and how to mend that; it is never Ready and stale.
pub(crate) fn in_and_out(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let clones = context.said(2, "clone-mysql", "is complete");
    context.cluster.scale(2);
    context.wait_settled(90)?;
    context.sql(0, "FLUSH BINARY LOGS; INSERT INTO e2e.ordered (v) VALUES (31); FLUSH BINARY LOGS")?;
    context.mark()?;
    context.cluster.scale(3);
    context.wait_settled(120)?;
    context.same_everywhere()?;
    context.expect(
        "clones of pod 2, which has its old claim",
        &clones,
        &context.said(2, "clone-mysql", "is complete"),
    )?;
    context.step("with the primary's logs still there, the old claim has caught up");

    context.cluster.scale(2);
    context.wait_settled(90)?;
    context.mark()?;
    context.wait("the primary's old logs purged", 120, || {
        context.sql(0, "FLUSH BINARY LOGS; INSERT INTO e2e.ordered (v) VALUES (32)")?;
        context.caught_up()?;
        let logs = context.sql(0, "SHOW BINARY LOGS")?;
        let last = logs.lines().last().and_then(|line| line.split('\t').next()).unwrap_or_default();
        context.sql(0, &format!("PURGE BINARY LOGS TO '{last}'"))?;
        Ok((context.sql(0, "SHOW BINARY LOGS")?.lines().count() == 1).then_some(()))
    })?;
    context.cluster.scale(3);
    let way_out = "Look whether pod 0 is another, empty database before anything is deleted";
    context.wait_until(&format!("pod 2 not Ready, saying '{way_out}'"), 120, || {
        context.cluster.status(2).containers.get("xtrabackup").is_some_and(|it| it.message.contains(way_out))
    })?;
    let runs = context.cluster.status(2).containers["xtrabackup"].probed;
    context.wait_until("two more runs of the probe", 60, || {
        context.cluster.status(2).containers["xtrabackup"].probed >= runs + 2
    })?;
    context.expect("whether pod 2, which is stale, was ever Ready", &false, &context.cluster.status(2).was_ready)?;
    context.step("with the logs purged, pod 2 is not Ready and says what to look at; replacing it");
    context.cluster.delete_claim_and_pod(2)?;
    context.wait_settled(180)?;
    context.same_everywhere()
}
