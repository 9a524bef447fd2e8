//! Clones that are cut, and the step after them.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use crate::{
    command::{command, run},
    context::Context,
    load::Load,
    outcome::{Failure, Result},
    pod::Stage,
    scenario::{replication::refuses_writes, scale::forget_claims},
};

const ASIDE: &str = "mysql-replication-clone";
const MARK: &str = "mysql-replication.clone";
/// Rows of a megabyte that make a clone long enough to be cut.
const BALLAST: u64 = 192;
const NETWORK: &str = "network cut";

/// 4: the donor is killed, the network is cut, the disk is full, the clone itself is killed: the next try succeeds, and
/// no half clone is ever started.
pub(crate) fn cut_in_the_middle(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.sql(0, "REPLACE INTO e2e.ballast VALUES (1, REPEAT(RANDOM_BYTES(1024), 1024))")?;
    let others: Vec<u64> = (2..=BALLAST).collect();
    for some in others.chunks(32) {
        let row = |id| {
            let other = format!("CONCAT(RIGHT(b, LENGTH(b) - {id}), RANDOM_BYTES({id}))");
            format!("REPLACE INTO e2e.ballast SELECT {id}, {other} FROM e2e.ballast WHERE id = 1;\n")
        };
        context.sql(0, &some.iter().map(row).collect::<String>())?;
    }
    context.caught_up()?;
    cut(context, "donor killed", |context, held| {
        let starts = |context: &Context<'_>| context.cluster.status(2).containers[held.donor].starts;
        let before = starts(context);
        context.cluster.kill(2, held.donor)?;
        // its connections are closed then, and nothing goes on when the network lets this pass
        context.wait_until("another start of the donor", 60, || starts(context) > before)?;
        held.release(context)
    })?;
    cut(context, NETWORK, |context, held| {
        let pod = (3, "clone-mysql");
        let reset = |action: &str| {
            for packets in [&["--syn"][..], &[]] {
                let rest = [&["--dport", held.port], packets, &["--jump", "REJECT", "--reject-with", "tcp-reset"]];
                rule(context, pod, action, &rest.concat())?;
            }
            Ok::<(), Failure>(())
        };
        reset("--append")?;
        // what the donor sends now is acknowledged, and that is refused, and then the next connection
        held.release(context)?;
        context.wait("another connection", 60, || Ok(counted(context, pod, "SYN", "REJECT")?.then_some(())))?;
        is_half(context)?;
        reset("--delete")
    })?;
    cut(context, "clone killed", |context, held| {
        let before = tries(context);
        context.cluster.kill(3, "clone-mysql")?;
        context.wait_until("another try", 60, || tries(context) > before)?;
        is_half(context)?;
        held.release(context)
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

/// Makes sure that what pod 3 has is half a clone at most, and neither called whole, nor in place, nor started.
fn is_half(context: &Context<'_>) -> Result {
    let ballast = |ordinal, within: &str| size(&context.cluster.data_dir(ordinal).join(within).join("e2e"));
    let (whole, part) = (ballast(2, ""), ballast(3, ASIDE));
    if part >= whole || is_marked(context) {
        return Err(Failure(format!("expected half a clone, found {part} of {whole} bytes of schema e2e")));
    }
    let entries = fs::read_dir(context.cluster.data_dir(3)).map_err(|error| error.to_string())?;
    let in_place = entries.filter_map(std::result::Result::ok).filter(|entry| entry.file_name() != ASIDE).count();
    context.expect("entries of half a clone that are in place", &0, &in_place)?;
    let is_started = context.cluster.status(3).containers.contains_key("mysql");
    context.expect("whether the database was started over half a clone", &false, &is_started)
}

/// Pod 2, whose network lets half of the ballast out and no more: a clone from it comes to its middle and stands still
/// there for as long as it takes to cut it.
struct Held {
    /// The container that sends.
    donor: &'static str,
    /// One of the same pod that stays.
    other: &'static str,
    port: &'static str,
    /// Whether the clone goes on by itself, in the same try, where the network comes back soon.
    resumes: bool,
}

impl Held {
    const BYTES: u64 = (BALLAST / 2) << 20;

    fn new(context: &Context<'_>) -> Result<Self> {
        let held = if context.cluster.has_plugin() {
            Self { donor: "mysql", other: "xtrabackup", port: "3306", resumes: true }
        } else {
            Self { donor: "xtrabackup", other: "mysql", port: "3307", resumes: false }
        };
        held.rules(context, "--append")?;
        Ok(held)
    }

    fn rules(&self, context: &Context<'_>, action: &str) -> Result {
        let quota = Self::BYTES.to_string();
        let passes = ["--sport", self.port, "--match", "quota", "--quota", &quota, "--jump", "ACCEPT"];
        rule(context, (2, self.other), action, &passes)?;
        rule(context, (2, self.other), action, &["--sport", self.port, "--jump", "DROP"])
    }

    fn release(&self, context: &Context<'_>) -> Result {
        self.rules(context, "--delete")
    }
}

/// Changes what leaves the network of a pod, which is that of any of its containers.
fn rule(context: &Context<'_>, pod: (usize, &str), action: &str, rest: &[&str]) -> Result {
    iptables(context, pod, &[&[action, "OUTPUT", "--protocol", "tcp"], rest].concat()).map(drop)
}

/// Whether the rule for these packets, or for all, with this target has met one.
fn counted(context: &Context<'_>, pod: (usize, &str), packets: &str, target: &str) -> Result<bool> {
    let (packets, target) = (format!(" {packets}"), format!(" -j {target}"));
    let rules = iptables(context, pod, &["--list-rules", "OUTPUT", "--verbose"])?;
    Ok(rules.lines().any(|rule| rule.contains(&packets) && rule.contains(&target) && !rule.contains(" -c 0 0 ")))
}

fn iptables(context: &Context<'_>, (ordinal, container): (usize, &str), arguments: &[&str]) -> Result<String> {
    let pid = context.cluster.pid(ordinal, container)?.to_string();
    let mut command = command("nsenter");
    command.args(["--target", &pid, "--net", "--", "iptables", "--wait"]).args(arguments);
    Ok(run(&mut command)?)
}

fn cut(context: &Context<'_>, name: &str, cut: impl Fn(&Context<'_>, &Held) -> Result) -> Result {
    context.cluster.scale(3);
    context.wait_settled(60)?;
    forget_claims(context, 3..4)?;
    let said = |text| context.said(3, "clone-mysql", text);
    let (tries, clones) = (said("cloning from"), said("is complete"));
    let held = Held::new(context)?;
    context.cluster.scale(4);
    let aside = context.cluster.data_dir(3).join(ASIDE);
    // there was more to send than is let out; what was sent last may still be on its way to the disk
    context.wait("a clone that stands still", 180, || {
        Ok((counted(context, (2, held.other), "", "DROP")? && size(&aside) > Held::BYTES / 2).then_some(()))
    })?;
    is_half(context)?;
    cut(context, &held)?;
    context.wait_settled(180)?;
    let more = said("cloning from") - tries;
    if more < 2 && !(held.resumes && name == NETWORK) {
        return Err(Failure(format!(
            "{name}: expected a second try, found {more}; see {}",
            context.cluster.log_dir(3).display()
        )));
    }
    context.expect("clones that were called whole", &(clones + 1), &said("is complete"))?;
    context.expect("starts of the database", &1, &context.cluster.status(3).containers["mysql"].starts)?;
    context.same_everywhere()?;
    refuses_writes(context, 3)?;
    context.step(format!("{name}: whole after try {more}"));
    Ok(())
}

fn disk_full(context: &Context<'_>) -> Result {
    context.cluster.scale(3);
    context.wait_settled(60)?;
    forget_claims(context, 3..4)?;
    let before = tries(context);
    context.cluster.limit_claim(3, if context.cluster.has_plugin() { 250 } else { 100 })?;
    context.cluster.scale(4);
    context.wait_until("another try", 180, || tries(context) > before + 1)?;
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
        Ok(context.try_sql(3, context.show_replica_status()).is_ok_and(|status| !status.is_empty()).then_some(()))
    })?;
    context.expect("whether the mark is there already", &false, &mark.exists())?;
    fs::remove_file(&part).map_err(|error| error.to_string())?;
    context.cluster.kill(3, "xtrabackup")?;
    context.cluster.kill(3, "mysql")?;
    context.expect("whether pod 3 was Ready before it was marked", &false, &context.cluster.status(3).was_ready)?;
    context.wait_settled(120)?;
    let joined = context.said(3, "xtrabackup", "configuring replication") - joins;
    if joined < 2 {
        return Err(Failure(format!("expected pod 3 to be joined once more, found {joined} joins")));
    }
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all four pods once"));
    refuses_writes(context, 3)?;
    context.cluster.scale(3);
    context.wait_settled(60)
}
