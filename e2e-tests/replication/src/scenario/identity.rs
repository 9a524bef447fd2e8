//! Whose data it is: replicas follow the server that their data came from, and no other.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    context::Context,
    load::Load,
    outcome::{Failure, Result},
    pod::Stage,
    scenario::replication::refuses_writes,
    sql::{self, Login},
};

/// How long the account keeps its password where root's has changed: every pod has seen the Secret by then.
pub(crate) const SHORT_TIMES: [(&str, &str); 1] = [("REPLICATION_ROTATION_SECONDS", ROTATION)];
const ROTATION: &str = "15";

/// What a replica says of a primary with other data.
const OTHER_DATA: &str = "pod 0 has other data";

/// 21: the primary's volume is lost while one replica is behind. Its data comes from the one that is behind, and the
/// other, which is ahead, does not follow; then from that one, and nothing is missing.
pub(crate) fn restored_from_replicas(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.cluster.publish_names_of_all_pods();
    context.sql(1, replica(context, "STOP"))?;
    context.sql(0, "INSERT INTO e2e.marks VALUES ('only on pod 2')")?;
    has_row(context, 2, true)?;

    lose_primary(context)?;
    context.expect("readiness of the replica that has all", &true, &is_ready(context, 2))?;
    restore(context, 1)?;
    context.sql(1, replica(context, "START"))?;
    context.wait_until("pod 1, whose data the primary has, Ready", 90, || is_ready(context, 1))?;
    has_row(context, 0, false)?;
    says(context, 2, "does not stand where it begins")?;
    context.sql(0, "INSERT INTO e2e.marks VALUES ('never on pod 2')")?;
    has_row(context, 2, true)?;
    let foreign = context.sql(2, "SELECT COUNT(*) FROM e2e.marks WHERE v = 'never on pod 2'")?;
    context.expect("rows of a primary with other data, on pod 2", &"0".to_owned(), &foreign)?;
    context.step("with the data of pod 1 the primary is followed by pod 1 alone; pod 2, which has more, says so");

    lose_primary(context)?;
    restore(context, 2)?;
    context.wait_until("pod 2, whose data the primary has, Ready", 90, || is_ready(context, 2))?;
    has_row(context, 0, true)?;
    says(context, 1, OTHER_DATA)?;
    context.step(
        "with the data of pod 2 it is followed by pod 2, and pod 1 says that its data is another's; replacing it",
    );
    context.cluster.set_template(0, None);
    context.cluster.delete_claim_and_pod(1)?;
    context.wait_settled(120)?;
    context.same_everywhere()?;
    has_row(context, 1, true)?;
    (1..3).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    // the annotation is away: the primary goes on with what it has
    context.cluster.delete_pod(0);
    context.wait_until("pod 0 away", 60, || !is_ready(context, 0))?;
    context.wait_settled(120)?;
    context.mark()
}

/// 22: everything is down at once, and the primary's volume is lost: it begins with an empty database, which no replica
/// follows; the data comes back from one of them.
pub(crate) fn all_down_and_volume_lost(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.mark()?;
    context.cluster.publish_names_of_all_pods();
    let checksum = "CHECKSUM TABLE e2e.ordered, e2e.marks";
    let before = context.sql(1, checksum)?;
    let empty = "this pod begins with an EMPTY database";
    let warnings = context.said(0, "clone-mysql", empty);
    context.cluster.scale(0);
    context.wait_until("no pod", 120, || context.cluster.is_settled())?;
    context.cluster.delete_claim_and_pod(0)?;
    context.cluster.scale(3);
    context.wait_until("an empty primary", 180, || is_ready(context, 0))?;
    context.expect("warnings of an empty database", &(warnings + 1), &context.said(0, "clone-mysql", empty))?;
    context.sql(0, "CREATE DATABASE other; CREATE TABLE other.t (v INT); INSERT INTO other.t VALUES (1)")?;
    says(context, 1, OTHER_DATA)?;
    let found = context.sql(1, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'other'")?;
    context.expect("schemas of the empty primary on pod 1", &"0".to_owned(), &found)?;
    context.expect("checksums of pod 1", &before, &context.sql(1, checksum)?)?;
    context.step("an empty primary is followed by nobody; taking the data of pod 1");
    context.cluster.set_template(0, Some(context.cluster.template_with("REPLICATION_RESTORE_FROM", "1")));
    context.cluster.delete_claim_and_pod(0)?;
    context.wait_until("pod 0 away", 60, || !is_ready(context, 0))?;
    context.wait_settled(240)?;
    context.expect("checksums of the primary", &before, &context.sql(0, checksum)?)?;
    context.cluster.set_template(0, None);
    context.mark()?;
    context.same_everywhere()
}

/// 23: the primary's binary log is gone, its data is not: replicas that cannot know what they missed do not follow.
pub(crate) fn log_lost(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    context.mark()?;
    let anew = context.said(0, "xtrabackup", "the binary log has begun anew");
    context.cluster.hold_next(0);
    context.cluster.delete_pod(0);
    context.wait_until("pod 0 before its server", 120, || context.cluster.status(0).stage == Stage::Held)?;
    let data = context.cluster.data_dir(0);
    for entry in fs::read_dir(&data).map_err(|error| error.to_string())?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if ["mysql-bin.", "binlog."].iter().any(|log| name.starts_with(log)) {
            fs::remove_file(entry.path()).map_err(|error| error.to_string())?;
        }
    }
    context.pod(0)?.release();
    context.wait_until("pod 0 Ready", 120, || is_ready(context, 0))?;
    context.wait_said(0, "xtrabackup", "the binary log has begun anew", anew, 30)?;
    for ordinal in 1..3 {
        says(context, ordinal, "the binary log of pod 0 began anew")?;
    }
    context.step("a log that began anew is followed by nobody; replacing the replicas");
    for ordinal in 1..3 {
        context.cluster.delete_claim_and_pod(ordinal)?;
        context.wait_until("it away", 60, || !is_ready(context, ordinal))?;
        context.wait_until("it Ready", 180, || is_ready(context, ordinal))?;
    }
    context.wait_settled(60)?;
    context.mark()?;
    context.same_everywhere()
}

/// 24: root's password is changed on the server and in the Secret, in either order, under load: nobody leaves a
/// Service, and a replica that restarts afterwards comes back.
pub(crate) fn password_rotated(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    for (password, server_first) in [("Geheim-2 'x'", true), ("Geheim-3", false)] {
        let changes = context.said(0, "xtrabackup", "gets the password that follows from root's");
        let before = context.sql(0, "SELECT COUNT(*) FROM e2e.written")?;
        let load = Load::start(context)?;
        context.wait("writes that were confirmed", 30, || {
            Ok((context.sql(0, "SELECT COUNT(*) FROM e2e.written")? != before).then_some(()))
        })?;
        let statement = format!(
            "ALTER USER root@'%' IDENTIFIED BY '{0}', root@localhost IDENTIFIED BY '{0}'",
            password.replace('\\', "\\\\").replace('\'', "\\'")
        );
        if server_first {
            context.sql(0, &statement)?;
            password.clone_into(&mut context.root.password);
            stays_ready(context, 25)?;
            context.cluster.change_secret(password)?;
        } else {
            context.cluster.change_secret(password)?;
            stays_ready(context, 25)?;
            context.sql(0, &statement)?;
            password.clone_into(&mut context.root.password);
        }
        let deadline = Instant::now() + Duration::from_mins(1);
        while context.said(0, "xtrabackup", "gets the password that follows from root's") == changes {
            stays_ready(context, 1)?;
            if Instant::now() > deadline {
                return Err(Failure("expected the account to get another password".to_owned()));
            }
        }
        stays_ready(context, 15)?;
        let written = load.finish(context)?;
        let order = if server_first { "ALTER USER, then the Secret" } else { "the Secret, then ALTER USER" };
        context.step(format!("{order}: all stayed Ready; {written} transactions are on all three pods once"));
        for ordinal in [1, 0] {
            context.cluster.kill(ordinal, "mysql")?;
            context.wait_until("it away", 60, || !is_ready(context, ordinal))?;
            context.wait_settled(120)?;
        }
        context.mark()?;
    }
    Ok(())
}

/// 25: the server of a replica alone is restarted again and again, while a client does nothing but write to it.
pub(crate) fn hammered_while_it_restarts(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let (end, landed, tried) =
        (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let hammer = {
        let (cluster, family, root) = (Arc::clone(&context.cluster), context.database.family, context.root.clone());
        let (end, landed, tried) = (Arc::clone(&end), Arc::clone(&landed), Arc::clone(&tried));
        // MariaDB's read_only lets root pass
        let is_root = !context.is_mariadb();
        thread::spawn(move || {
            let app = Login { user: "app", password: "app".to_owned() };
            while !end.load(Ordering::SeqCst) {
                for login in [&app, &root].into_iter().take(1 + usize::from(is_root)) {
                    let Ok(pid) = cluster.pid(1, "mysql") else { continue };
                    let done = sql::query(family, pid, login, "INSERT INTO e2e.ordered (v) VALUES (25)");
                    tried.fetch_add(1, Ordering::SeqCst);
                    landed.fetch_add(usize::from(done.is_ok()), Ordering::SeqCst);
                }
            }
        })
    };
    let restarts = (0..3).try_for_each(|_| {
        let before = tried.load(Ordering::SeqCst);
        context.wait_until("writes", 60, || tried.load(Ordering::SeqCst) > before + 20)?;
        context.cluster.kill(1, "mysql")?;
        context.wait_until("it away", 60, || !is_ready(context, 1))?;
        context.wait_until("it Ready", 120, || is_ready(context, 1))
    });
    end.store(true, Ordering::SeqCst);
    hammer.join().map_err(|_| "the hammer panicked".to_owned())?;
    restarts?;
    context.expect("writes that landed on a replica", &0, &landed.load(Ordering::SeqCst))?;
    context.step(format!("{} writes tried, none landed", tried.load(Ordering::SeqCst)));
    context.mark()?;
    context.same_everywhere()
}

fn replica(context: &Context<'_>, verb: &str) -> &'static str {
    match (verb, context.says_replica()) {
        ("STOP", true) => "STOP REPLICA",
        ("STOP", false) => "STOP SLAVE",
        (_, true) => "START REPLICA",
        (_, false) => "START SLAVE",
    }
}

fn is_ready(context: &Context<'_>, ordinal: usize) -> bool {
    context.cluster.status(ordinal).ready
}

/// Every pod is Ready, and stays so for as long.
fn stays_ready(context: &Context<'_>, seconds: u64) -> Result {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < deadline {
        context.stop.check()?;
        for ordinal in 0..3 {
            context.expect(&format!("readiness of pod {ordinal}"), &true, &is_ready(context, ordinal))?;
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// Whether a pod has the row that one replica alone had.
fn has_row(context: &Context<'_>, ordinal: usize, expected: bool) -> Result {
    let count = "SELECT COUNT(*) FROM e2e.marks WHERE v = 'only on pod 2'";
    let expected = if expected { "1" } else { "0" };
    context.wait(&format!("{expected} rows of pod 2 on pod {ordinal}"), 30, || {
        Ok((context.try_sql(ordinal, count).as_deref() == Ok(expected)).then_some(()))
    })
}

/// Waits until a replica is not Ready for a reason.
fn says(context: &Context<'_>, ordinal: usize, reason: &str) -> Result {
    context.wait_until(&format!("pod {ordinal} not Ready with '{reason}'"), 90, || {
        let status = context.cluster.status(ordinal);
        let sidecar = status.containers.get("xtrabackup");
        !status.ready && sidecar.is_some_and(|sidecar| sidecar.message.contains(reason))
    })?;
    let thread = context.replica_status(ordinal, "IO_Running")?;
    context.expect(&format!("whether pod {ordinal} takes anything"), &false, &(thread == "Yes"))
}

/// Takes the primary's pod and volume away, and waits until it says that it does not begin empty under replicas.
fn lose_primary(context: &Context<'_>) -> Result {
    let refusal = "ERROR: the primary's data directory is empty";
    let before = context.said(0, "clone-mysql", refusal);
    context.cluster.set_template(0, None);
    context.cluster.delete_claim_and_pod(0)?;
    context.wait_said(0, "clone-mysql", refusal, before, 120)
}

/// What the annotation does to the primary's next pod.
fn restore(context: &Context<'_>, from: usize) -> Result {
    context.cluster.set_template(0, Some(context.cluster.template_with("REPLICATION_RESTORE_FROM", &from.to_string())));
    context.cluster.delete_pod(0);
    context.wait_until("the primary with the data of a replica", 240, || is_ready(context, 0))
}
