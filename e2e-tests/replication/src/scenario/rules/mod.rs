//! What the rules on StatefulSets claim about servers, seen on servers.
//!
//! Each faulty manifest goes through the policy twice: with its default settings, which reject it, and with the rule
//! off. What comes out then is rolled out to pod 1, the only replica here. Three things of a pod close a replica: the
//! server's option files; the sidecar, every few seconds; and the readiness probe, which keeps clients away from one
//! that is open. A rule is about the first of them: the server is looked at before the sidecar runs, as when an image
//! takes its time.

mod answer;
mod case;
mod losses;
mod replica;

use serde_json::{Value, json};

use crate::{
    admission::{PREFIX, played},
    context::Context,
    outcome::Result,
    scenario::replication::refuses_writes,
};

pub(crate) use self::losses::losses;
use self::{
    answer::{names_rule, rejected, warns, without_rule},
    case::{Case, Writers, faulty, manifest, options_and_files},
    replica::{clone_anew, does_not_follow, opens, replace, restart_server, roll_out, switches},
};

const REPLICA: usize = 1;
const SIDECAR: &str = "xtrabackup";
const STATUS: &str = "mysql-replication.kubewarden.io/status";

/// A cluster of two pods with a table for what is written astray, and the manifest without a fault, as it is stored.
fn begin(context: &mut Context<'_>) -> Result<Value> {
    context.ensure(2)?;
    context.sql(0, "CREATE TABLE IF NOT EXISTS e2e.astray (what VARCHAR(64), who VARCHAR(64))")?;
    context.mark()?;
    Ok(context.admission.accept(&manifest(context), None, &json!({}))?)
}

/// 13: without its rule each fault does to a real server what the rule says; with the rule it is rejected.
pub(crate) fn claims(context: &mut Context<'_>) -> Result {
    let live = begin(context)?;
    refuses_writes(context, REPLICA)?;

    roll_out(context, REPLICA, &live, true)?;
    refuses_writes(context, REPLICA)?;
    restart_server(context, REPLICA)?;
    refuses_writes(context, REPLICA)?;
    context.step("without a fault the replica is closed: before the sidecar runs, and after a restart of the server");
    for (number, case) in options_and_files(context).iter().enumerate() {
        rejected(context, case, &live)?;
        roll_out(context, REPLICA, &without_rule(context, case.rule, &case.object, &live)?, true)?;
        opens(context, case, "")?;
        if number == 0 {
            let settings = json!({"rules": {case.rule: "warn"}});
            warns(case.rule, case.what, &context.admission.send(&case.object, Some(&live), &settings)?)?;
            server_alone_is_restarted(context, case)?;
        }
    }
    init_file(context, &live)?;
    taken_away(context, &live)?;
    // what was written astray goes with the claim
    if context.is_mariadb() {
        unknown_option(context, &live)?;
    }
    if context.is_mysql_from((8, 0, 0)) {
        persisted(context, &live)?;
    } else {
        clone_anew(context, &live)?;
    }
    context.pod(REPLICA)?.release();
    context.mark()?;

    faulty_primary(context, &live)?;
    replication_stopped(context, &live)?;
    fixed_server_id(context, &live)?;
    context.cluster.set_template(REPLICA, None);
    replace(context, REPLICA)?;
    context.wait_settled(120)?;
    context.mark()?;
    context.cluster.edit_objects(|objects| drop(objects.config_maps.remove("tuning")));
    context.sql(0, "DROP TABLE e2e.astray")?;
    context.same_everywhere()?;
    refuses_writes(context, REPLICA)
}

/// Where the server alone is restarted it comes up open, and the sidecar closes it at its next look.
fn server_alone_is_restarted(context: &Context<'_>, case: &Case) -> Result {
    let pod = context.pod(REPLICA)?;
    pod.release();
    context.wait_settled(120)?;
    refuses_writes(context, REPLICA)?;
    restart_server(context, REPLICA)?;
    context.wait(&format!("{}: the sidecar closes the replica", case.what), 30, || {
        Ok(switches(context, REPLICA)?.split('\t').all(|switch| switch == "1").then_some(()))
    })?;
    context.wait_settled(60)?;
    refuses_writes(context, REPLICA)
}

/// `init-file` may hold anything: by default it is only a warning.
fn init_file(context: &Context<'_>, live: &Value) -> Result {
    let rule = "init-file";
    let container = json!({
        "args": ["--init-file=/tuning/open.sql"], "volumeMounts": [{"name": "tuning", "mountPath": "/tuning"}],
    });
    let case =
        Case { rule, what: "a statement in --init-file", object: faulty(context, &container), open: Writers::Everyone };
    warns(rule, case.what, &context.admission.send(&case.object, Some(live), &json!({}))?)?;
    names_rule(rule, case.what, &context.admission.send(&case.object, None, &json!({"rules": {rule: "reject"}}))?)?;
    roll_out(context, REPLICA, &without_rule(context, rule, &case.object, live)?, true)?;
    opens(context, &case, "")
}

/// MariaDB does not start with an option that it does not know.
fn unknown_option(context: &Context<'_>, live: &Value) -> Result {
    let (rule, what) = ("unknown-super-read-only", "--super-read-only=ON");
    let case = Case::argument(context, rule, what);
    rejected(context, &case, live)?;
    let said = "unknown variable 'super-read-only=ON'";
    let before = context.said(REPLICA, "mysql", said);
    let set = played(without_rule(context, rule, &case.object, live)?)?;
    context.cluster.set_template(REPLICA, Some(set.spec.template.spec));
    replace(context, REPLICA)?;
    context.wait_said(REPLICA, "mysql", said, before, 60)?;
    context.wait_until("pod 1 with a server that has failed", 60, || {
        let status = context.cluster.status(REPLICA);
        status.containers.get("mysql").is_some_and(|it| it.last_exit.is_some_and(|exit| exit != 0))
    })?;
    context.step(format!("{what}: without the rule {rule} the server does not start: {said}"));
    Ok(())
}

/// A persisted variable wins over option files where the server loads it; but a clone does not have the primary's.
fn persisted(context: &Context<'_>, live: &Value) -> Result {
    let persist = "SET PERSIST super_read_only = OFF; SET PERSIST read_only = OFF";
    let mut case = Case {
        rule: "read-only-off",
        what: "variables persisted on the replica",
        object: faulty(context, &json!({"args": ["--persisted-globals-load=ON"]})),
        open: Writers::Everyone,
    };
    rejected(context, &case, live)?;
    let template = without_rule(context, case.rule, &case.object, live)?;
    roll_out(context, REPLICA, live, true)?;
    context.sql(REPLICA, persist)?;
    roll_out(context, REPLICA, &template, true)?;
    opens(context, &case, "")?;
    case.open = Writers::Nobody;
    roll_out(context, REPLICA, live, true)?;
    opens(context, &case, ", not loaded")?;

    case.what = "variables persisted on the primary";
    context.sql(0, persist)?;
    clone_anew(context, &template)?;
    opens(context, &case, "")?;
    context.sql(0, "RESET PERSIST super_read_only; RESET PERSIST read_only").map(drop)
}

/// A primary does not serve a replica with its own id.
fn fixed_server_id(context: &Context<'_>, live: &Value) -> Result {
    let case = Case::argument(context, "fixed-server-id", "--server-id=100");
    rejected(context, &case, live)?;
    roll_out(context, REPLICA, &without_rule(context, case.rule, &case.object, live)?, false)?;
    let expected = if context.is_mysql_from((8, 0, 0)) { "13117" } else { "1593" };
    does_not_follow(context, &case, expected)
}

/// Whoever writes it wants what does not happen here: the sidecar starts replication after every start of the server.
fn replication_stopped(context: &mut Context<'_>, live: &Value) -> Result {
    let what = if context.is_mysql_from((8, 0, 26)) { "--skip-replica-start" } else { "--skip-slave-start" };
    let case = Case::argument(context, "replication-stopped", what);
    rejected(context, &case, live)?;
    roll_out(context, REPLICA, &without_rule(context, case.rule, &case.object, live)?, false)?;
    context.mark()?;
    restart_server(context, REPLICA)?;
    context.mark()?;
    context.step(format!("{what}: without the rule {} the replica follows all the same", case.rule));
    Ok(())
}

/// Without the injection, and with two pods, the second one is a database of its own.
fn taken_away(context: &Context<'_>, live: &Value) -> Result {
    let (rule, what) = ("injection-taken-away", "inject taken away");
    // what kubectl makes of it: all that the policy has put in is still there
    let mut object = live.clone();
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.starts_with(PREFIX) || key == STATUS);
    }
    let case = Case { rule, what, object, open: Writers::Everyone };
    names_rule(rule, what, &context.admission.send(&case.object, Some(live), &json!({}))?)?;
    let bare = without_rule(context, rule, &case.object, live)?;
    // whoever replaces the object with what comes out is told the same
    names_rule(rule, what, &context.admission.send(&bare, Some(live), &json!({}))?)?;
    roll_out(context, REPLICA, &bare, false)?;
    opens(context, &case, "")
}

/// A primary without its log cannot be followed, and one that is closed takes no writes.
fn faulty_primary(context: &Context<'_>, live: &Value) -> Result {
    let case = Case::argument(context, "binary-log-off", "--skip-log-bin");
    rejected(context, &case, live)?;
    roll_out(context, 0, &without_rule(context, case.rule, &case.object, live)?, false)?;
    context.wait_until("a primary that is Ready", 60, || context.cluster.status(0).ready)?;
    // not when the next try is due
    let word = if context.says_replica() { "REPLICA" } else { "SLAVE" };
    context.sql(REPLICA, &format!("STOP {word}; START {word}"))?;
    does_not_follow(context, &case, if context.is_mysql_from((8, 0, 0)) { "13114" } else { "1236" })?;
    // no log knows of the row
    context.sql(0, &format!("DELETE FROM e2e.astray WHERE what = '{}'", case.what))?;

    let what = if context.is_mariadb() { "--read-only=ON" } else { "--super-read-only=ON" };
    let case = Case::argument(context, "primary-read-only", what);
    rejected(context, &case, live)?;
    roll_out(context, 0, &without_rule(context, case.rule, &case.object, live)?, false)?;
    refuses_writes(context, 0)?;
    context.step(format!("{what}: without the rule {} the primary refuses writes", case.rule));

    context.cluster.set_template(0, None);
    replace(context, 0)?;
    context.wait_until("a primary that is Ready", 60, || context.cluster.status(0).ready)
}
