//! A new major version of the database, and of the policy.

use serde_json::{Value, json};

use crate::{
    admission::played,
    context::Context,
    image::{Database, Images},
    load::Load,
    object::PodSpec,
    outcome::{Failure, Result},
    scenario::replication::refuses_writes,
};

/// The scenarios of this kind.
pub(crate) const NUMBERS: [u32; 2] = [19, 20];

/// From which version to which.
const UPGRADES: [(&str, &str); 1] = [("mariadb-10.11", "mariadb-11.8")];

/// The database that comes after this one.
pub(crate) fn successor(database: &Database) -> Option<&'static Database> {
    let (_, next) = UPGRADES.iter().find(|(from, _)| *from == database.name)?;
    let images = if database.is_official() { Images::Official } else { Images::Made };
    images.databases().iter().copied().find(|it| it.name == *next)
}

pub(crate) fn not_without_successor(database: &Database) -> Option<&'static str> {
    successor(database).is_none().then_some("there is no image here of a version that comes after this one")
}

/// 19: a new image is rolled out from the last pod to the first, under writes, with MariaDB's own upgrade of its
/// tables.
pub(crate) fn rolled_out(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let version = version(context, 0)?;
    let new = update(context)?;
    let load = Load::start(context)?;
    for ordinal in (0..3).rev() {
        // with a capital in the official image
        let upgraded = "inished mariadb-upgrade";
        let before = context.said(ordinal, "mysql", upgraded);
        replace(context, ordinal, &new)?;
        context.wait_until(&format!("pod {ordinal} Ready with the new image"), 120, || {
            context.cluster.status(ordinal).ready
        })?;
        // a clone has no note of its version: its tables were upgraded once already, to what they were
        let times = context.said(ordinal, "mysql", upgraded) - before;
        context.expect(&format!("how often the tables of pod {ordinal} were upgraded"), &1, &times)?;
    }
    scale_out(context, &new)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all four pods once"));
    for ordinal in 0..4 {
        let now = self::version(context, ordinal)?;
        if now == version {
            return Err(Failure(format!("pod {ordinal}: expected another version than {version}")));
        }
    }
    (1..4).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    context.mark()
}

/// 20: a replica loses its volume when it has the new image, and the pod before it and the primary have the old one.
/// The new tool prepares the backup of the old version, the entrypoint upgrades the tables, and the replica follows a
/// primary that cannot all that the new version can: it has no TLS.
pub(crate) fn volume_lost_in_the_middle(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    let new = update(context)?;
    let load = Load::start(context)?;
    replace(context, 2, &new)?;
    context.wait_until("pod 2 Ready with the new image", 120, || context.cluster.status(2).ready)?;
    let clones = context.said(2, "clone-mysql", "is complete");
    context.cluster.delete_claim_and_pod(2)?;
    context.wait_said(2, "clone-mysql", "is complete", clones, 120)?;
    context.wait_settled(120)?;
    for (ordinal, next) in [(2, true), (1, false), (0, false)] {
        let (now, old) = (version(context, ordinal)?, version(context, 0)?);
        context.expect(&format!("whether pod {ordinal} has another version than the primary"), &next, &(now != old))?;
    }
    context.caught_up()?;
    refuses_writes(context, 2)?;
    context.step(
        "with the new image pod 2 has cloned from a pod with the old one, and follows a primary with the old one",
    );
    for ordinal in [1, 0] {
        replace(context, ordinal, &new)?;
        context.wait_settled(120)?;
    }
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all three pods once"));
    (1..3).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    context.mark()
}

/// 29: a cluster that an earlier version of the policy has injected, under writes. As long as its owner changes
/// nothing, it stays as it is; with the owner's next roll-out it gets what this version injects, and its data an
/// identity.
pub(crate) fn of_the_policy(context: &mut Context<'_>) -> Result {
    context.ensure(3)?;
    for (what, object) in [("itself", &context.stored), ("its user's manifest", &context.admission.plain)] {
        let response = context.admission.send(object, Some(&context.stored), &json!({}))?;
        let said = (response.accepted, response.message, response.warnings);
        context.expect(&format!("the answer to {what}"), &(true, None, None), &said)?;
        let template = |object: &Value| object["spec"]["template"].clone();
        let after = response.mutated_object.as_ref().map_or_else(|| template(object), template);
        context.expect(&format!("whether {what} keeps the template"), &true, &(after == template(&context.stored)))?;
    }
    let load = Load::start(context)?;
    let before = (0..3).map(|ordinal| Ok(context.pod(ordinal)?.order.revision)).collect::<Result<Vec<_>>>()?;
    // as `kubectl rollout restart` does it
    let mut restarted = context.stored.clone();
    restarted["spec"]["template"]["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"});
    let warnings = context.update(&restarted)?;
    context.expect("warnings", &Vec::new(), &warnings)?;
    context.wait_until("all pods made anew, the primary last", 300, || {
        let is_new = |ordinal| context.cluster.pod(ordinal).is_some_and(|pod| pod.order.revision != before[ordinal]);
        (0..3).all(is_new) && context.cluster.is_settled()
    })?;
    for ordinal in 1..3 {
        context.wait(&format!("pod {ordinal} replicating by an account of its own"), 60, || {
            Ok(context.replica_status(ordinal, "User")?.starts_with("replica-").then_some(()))
        })?;
    }
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all three pods once"));
    (1..3).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    context.mark()
}

/// Without what else a server says there, as whether it has a log.
fn version(context: &Context<'_>, ordinal: usize) -> Result<String> {
    context.sql(ordinal, "SELECT SUBSTRING_INDEX(VERSION(), '-', 1)")
}

/// The template with the new image, as the policy gives it to the user's update.
fn update(context: &Context<'_>) -> Result<PodSpec> {
    let next = successor(context.database).ok_or_else(|| "there is no newer version".to_owned())?;
    let live = context.admission.accept(&context.admission.plain, None, &json!({}))?;
    let mut object = context.admission.plain.clone();
    object["spec"]["template"]["spec"]["containers"][0]["image"] = Value::from(next.image());
    let response = context.admission.send(&object, Some(&live), &json!({}))?;
    for warning in response.warnings.iter().flatten() {
        context.step(format!("the policy warns: {warning}"));
    }
    let Some(injected) = response.mutated_object.filter(|_| response.accepted) else {
        return Err(Failure(format!("the policy did not take the new image: {:?}", response.message)));
    };
    Ok(played(injected)?.spec.template.spec)
}

/// Makes a pod anew from the new template.
fn replace(context: &Context<'_>, ordinal: usize, new: &PodSpec) -> Result {
    let address = context.pod(ordinal)?.order.address.clone();
    context.cluster.set_template(ordinal, Some(new.clone()));
    context.cluster.delete_pod(ordinal);
    context.wait_until(&format!("another pod {ordinal}"), 60, || {
        context.cluster.pod(ordinal).is_some_and(|pod| pod.order.address != address)
    })
}

fn scale_out(context: &Context<'_>, new: &PodSpec) -> Result {
    context.cluster.set_template(3, Some(new.clone()));
    context.cluster.scale(4);
    context.wait_settled(180)
}
