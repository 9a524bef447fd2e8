//! What is done to a replica, and what becomes of it: pods from another template, and servers that are asked.

use serde_json::Value;

use crate::{
    admission::played,
    context::Context,
    outcome::{Failure, Result},
};

use super::{
    REPLICA, SIDECAR,
    case::{Case, Writers},
};

/// Makes a pod anew from another template, with its claims, and waits for its server; the sidecar can be kept back.
pub(super) fn roll_out(context: &Context<'_>, ordinal: usize, object: &Value, without_sidecar: bool) -> Result {
    let set = played(object.clone())?;
    context.cluster.set_template(ordinal, Some(set.spec.template.spec));
    if without_sidecar {
        context.cluster.hold_next_container(ordinal, SIDECAR);
    }
    replace(context, ordinal)?;
    answers(context, ordinal)
}

/// Makes a pod anew, with its claims.
pub(super) fn replace(context: &Context<'_>, ordinal: usize) -> Result {
    let address = context.pod(ordinal)?.order.address.clone();
    context.cluster.delete_pod(ordinal);
    context.wait_until(&format!("another pod {ordinal}"), 60, || {
        context.cluster.pod(ordinal).is_some_and(|pod| pod.order.address != address)
    })
}

pub(super) fn answers(context: &Context<'_>, ordinal: usize) -> Result {
    context.wait_until(&format!("a server in pod {ordinal} that answers"), 60, || {
        context.try_sql(ordinal, "SELECT 1").is_ok()
    })
}

/// Sends SIGKILL to a pod's server, as the kernel does when memory is short, and waits for the next one.
pub(super) fn restart_server(context: &Context<'_>, ordinal: usize) -> Result {
    let starts = |context: &Context<'_>| context.cluster.status(ordinal).containers["mysql"].starts;
    let before = starts(context);
    context.cluster.kill(ordinal, "mysql")?;
    context.wait_until("the server's container started again", 60, || starts(context) > before)?;
    answers(context, ordinal)
}

/// Writes go to the replica as the case says, and what was written there is not on the primary.
pub(super) fn opens(context: &Context<'_>, case: &Case, when: &str) -> Result {
    let what = format!("{}{when}", case.what);
    // a hook needs a moment after the server answers
    let switches = context.wait(&format!("{what}: the replica {}", case.open), 20, || {
        let switches = switches(context, REPLICA)?;
        let open = match switches.as_str() {
            "0" | "0\t0" => Writers::Everyone,
            "0\t1" => Writers::Administrators,
            _ => Writers::Nobody,
        };
        Ok((open == case.open).then_some(switches))
    })?;
    let refused = writes(context, REPLICA, &what)?;
    let is_refused = |who| refused.contains(&who);
    let expected = match case.open {
        // MariaDB's `read_only` lets every administrator pass
        Writers::Nobody => is_refused("app") && (is_refused("root") || context.is_mariadb()),
        Writers::Administrators => is_refused("app") && !is_refused("root"),
        Writers::Everyone => refused.is_empty(),
    };
    if !expected {
        return Err(Failure(format!("{what}: expected the replica {}, but it refused {refused:?}", case.open)));
    }
    let names = if context.is_mariadb() { "read_only" } else { "super_read_only, read_only" };
    let switches = switches.replace('\t', ", ");
    context.step(format!("{what}: without the rule {} {names} = {switches}, the replica is {}", case.rule, case.open));
    Ok(())
}

pub(super) fn switches(context: &Context<'_>, ordinal: usize) -> Result<String> {
    let names =
        if context.is_mariadb() { "@@GLOBAL.read_only" } else { "@@GLOBAL.super_read_only, @@GLOBAL.read_only" };
    context.sql(ordinal, &format!("SELECT {names}"))
}

/// Has an administrator and a normal user write a row each, and gives who was refused with error 1290.
fn writes(context: &Context<'_>, ordinal: usize, what: &str) -> Result<Vec<&'static str>> {
    let mut refused = Vec::new();
    for who in ["root", "app"] {
        let write = format!("INSERT INTO e2e.astray VALUES ('{what}', '{who}')");
        let result = if who == "root" { context.try_sql(ordinal, &write) } else { context.try_app(ordinal, &write) };
        match result {
            Ok(_) => {}
            Err(error) if error.contains("ERROR 1290") => refused.push(who),
            Err(error) => return Err(Failure(format!("{what}: pod {ordinal}: a write of {who}: {error}"))),
        }
    }
    let count = format!("SELECT COUNT(*) FROM e2e.astray WHERE what = '{what}'");
    let written = (2 - refused.len()).to_string();
    context.expect(&format!("{what}: rows on pod {ordinal}"), &written, &context.sql(ordinal, &count)?)?;
    context.expect(&format!("{what}: rows on the primary"), &"0".to_owned(), &context.sql(0, &count)?)?;
    Ok(refused)
}

/// Makes the replica anew from another template, with empty claims, and waits for its server; the sidecar is kept back.
pub(super) fn clone_anew(context: &Context<'_>, object: &Value) -> Result {
    context.cluster.set_template(REPLICA, Some(played(object.clone())?.spec.template.spec));
    context.cluster.hold_next_container(REPLICA, SIDECAR);
    let clones = context.said(REPLICA, "clone-mysql", "is complete");
    context.cluster.delete_claim_and_pod(REPLICA)?;
    context.wait_said(REPLICA, "clone-mysql", "is complete", clones, 120)?;
    answers(context, REPLICA)
}

/// The replica's thread that follows the primary does not run, and what the primary has written does not come.
pub(super) fn does_not_follow(context: &Context<'_>, case: &Case, error: &str) -> Result {
    context.wait(&format!("{}: error {error} of replication on pod 1", case.what), 60, || {
        // a clone that is new has no status yet
        let status = |field| context.replica_status(REPLICA, field).unwrap_or_default();
        Ok((status("Last_IO_Errno") == error && status("IO_Running") == "No").then_some(()))
    })?;
    context.sql(0, &format!("INSERT INTO e2e.astray VALUES ('{}', 'primary')", case.what))?;
    let count = format!("SELECT COUNT(*) FROM e2e.astray WHERE what = '{}' AND who = 'primary'", case.what);
    context.expect("rows of the primary on pod 1", &"0".to_owned(), &context.sql(REPLICA, &count)?)?;
    context.step(format!("{}: without the rule {} the replica does not follow: error {error}", case.what, case.rule));
    Ok(())
}
