//! Clones that are cut, and the step after them.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use crate::{
    command::{command, run},
    context::{Context, Failure, Result},
    load::Load,
    pod::Stage,
    scenario::{replication::refuses_writes, scale::forget_claims},
};

const ASIDE: &str = "mysql-replication-clone";
const MARK: &str = "mysql-replication.clone";
/// Rows of a megabyte that make a clone long enough to be cut.
const BALLAST: u32 = 192;

/// 4: the donor is killed, the network is cut, the disk is full, the clone itself is killed: the next try succeeds, and
/// no half clone is ever started.
pub(crate) fn cut_in_the_middle(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.sql(0, "REPLACE INTO e2e.ballast VALUES (1, REPEAT(RANDOM_BYTES(1024), 1024))")?;
    for id in 2..=BALLAST {
        let other = format!("CONCAT(RIGHT(b, LENGTH(b) - {id}), RANDOM_BYTES({id}))");
        context.sql(0, &format!("REPLACE INTO e2e.ballast SELECT {id}, {other} FROM e2e.ballast WHERE id = 1"))?;
    }
    context.caught_up()?;
    cut(context, "donor killed", |context| {
        context.cluster.kill(2, if context.is_mariadb() { "xtrabackup" } else { "mysql" })?;
        Ok(())
    })?;
    cut(context, "network cut", |context| {
        let pid = context.cluster.pid(3, "clone-mysql")?;
        let port = if context.is_mariadb() { "3307" } else { "3306" };
        let rule = |action: &str| {
            run(command("nsenter")
                .args(["--target", &pid.to_string(), "--net", "--", "iptables", "--wait", action, "OUTPUT"])
                .args(["--protocol", "tcp", "--dport", port, "--jump", "REJECT", "--reject-with", "tcp-reset"]))
        };
        let before = tries(context);
        rule("--insert")?;
        context.wait_until("another try", 60, || tries(context) > before || is_marked(context))?;
        rule("--delete")?;
        Ok(())
    })?;
    cut(context, "clone killed", |context| {
        // one that has ended already was too fast, which is seen below
        let _ = context.cluster.kill(3, "clone-mysql");
        Ok(())
    })?;
    disk_full(context)?;
    context.sql(0, "DELETE FROM e2e.ballast")?;
    context.cluster.scale(3);
    context.wait_settled(60)
}

/// Tries of the clone of pod 3, of which the log tells: another one shows that the last one has failed.
fn tries(context: &Context<'_>) -> usize {
    context.said(3, "clone-mysql", "cloning from")
}

/// Whether pod 3 has a clone that is called whole.
fn is_marked(context: &Context<'_>) -> bool {
    let data = context.cluster.data_dir(3);
    data.join(MARK).exists() || data.join(ASIDE).join(MARK).exists()
}

fn cut(context: &Context<'_>, name: &str, cut: impl Fn(&Context<'_>) -> Result) -> Result {
    for _ in 0..3 {
        context.cluster.scale(3);
        context.wait_settled(60)?;
        forget_claims(context, 3..4)?;
        let before = tries(context);
        context.cluster.scale(4);
        let data = context.cluster.data_dir(3);
        // the plugin's server begins with a small database of its own
        let enough = if context.is_mariadb() { 40 } else { 150 } << 20;
        context.wait_until("a clone that has begun", 60, || {
            size(&data.join(ASIDE)) > enough || data.join(MARK).exists()
        })?;
        cut(context)?;
        // killed or not: what is there now shows whether it was in the middle
        let marked = is_marked(context);
        let in_place = fs::read_dir(&data).map_err(|error| error.to_string())?.count();
        if marked {
            context.step(format!("{name}: too late, once more"));
            context.wait_settled(120)?;
            continue;
        }
        context.expect("entries of the data directory that holds half a clone", &1, &in_place)?;
        let status = context.cluster.status(3);
        context.expect(
            "whether the database was started over half a clone",
            &false,
            &status.containers.contains_key("mysql"),
        )?;
        context.wait_settled(180)?;
        let more = tries(context) - before;
        if more < 2 {
            return Err(Failure(format!(
                "{name}: expected a second try, found {more}; see {}",
                context.cluster.log_dir(3).display()
            )));
        }
        context.same_everywhere()?;
        refuses_writes(context, 3)?;
        context.step(format!("{name}: whole after try {more}"));
        return Ok(());
    }
    Err(Failure(format!("{name}: the clone was complete three times before it could be cut")))
}

fn disk_full(context: &Context<'_>) -> Result {
    context.cluster.scale(3);
    context.wait_settled(60)?;
    forget_claims(context, 3..4)?;
    let before = tries(context);
    context.cluster.limit_claim(3, if context.is_mariadb() { 100 } else { 250 })?;
    context.cluster.scale(4);
    context.wait_until("another try", 90, || tries(context) > before + 1)?;
    context.expect("whether the half clone is marked as whole", &false, &is_marked(context))?;
    context.cluster.enlarge_claim(3, 1500)?;
    context.wait_settled(180)?;
    context.same_everywhere()?;
    refuses_writes(context, 3)?;
    context.step("disk full: whole after there was room");
    // the file system in memory goes with it
    context.cluster.scale(3);
    context.wait_settled(60)?;
    forget_claims(context, 3..4)
}

fn size(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return 0 };
    entries
        .filter_map(std::result::Result::ok)
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// 6: the sidecar and the server are killed after replication was configured and before the mark says so.
pub(crate) fn kill_before_the_mark(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    forget_claims(context, 3..4)?;
    let load = Load::start(context)?;
    let joins = context.said(3, "xtrabackup", "configuring replication");
    context.cluster.hold_next(3);
    context.cluster.scale(4);
    context.wait_until("pod 3 with its clone", 120, || context.cluster.status(3).stage == Stage::Held)?;
    let data = context.cluster.data_dir(3);
    let (mark, part) = (data.join("mysql-replication.joined"), data.join("mysql-replication.joined.part"));
    // where the script writes the mark it now waits for a reader
    run(command("mkfifo").arg(&part))?;
    context.pod(3)?.release();
    context.wait_said(3, "xtrabackup", "configuring replication", joins, 60)?;
    context.wait("replication configured", 60, || {
        Ok(context.try_sql(3, "SHOW REPLICA STATUS").is_ok_and(|status| !status.is_empty()).then_some(()))
    })?;
    context.expect("whether the mark is there already", &false, &mark.exists())?;
    fs::remove_file(&part).map_err(|error| error.to_string())?;
    context.cluster.kill(3, "xtrabackup")?;
    context.cluster.kill(3, "mysql")?;
    context.expect("whether pod 3 was Ready before it was marked", &false, &context.cluster.status(3).was_ready)?;
    context.wait_settled(120)?;
    let joined = context.said(3, "xtrabackup", "configuring replication") - joins;
    context.expect("joins of pod 3", &2, &joined)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all four pods once"));
    refuses_writes(context, 3)?;
    context.cluster.scale(3);
    context.wait_settled(60)
}
