//! Databases that ran before they had the annotation.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::{
    context::Context,
    load::Load,
    outcome::{Failure, Result},
    pod::Stage,
    scenario::replication::refuses_writes,
};

/// How a pod says that it does not start over data of its own.
const REFUSAL: &str = "ERROR: the data directory holds data that is no complete clone of the primary";

/// 27: a database of one pod, under writes: annotated, restarted by the controller, then scaled out. Both in one step
/// are refused.
pub(crate) fn one_pod(context: &mut Context<'_>) -> Result {
    context.ensure(1)?;
    own_row(context, 0)?;
    let load = Load::start(context)?;
    writes_are_confirmed(context)?;
    let before = address(context, 0)?;

    let mut annotated = annotated(context);
    annotated["spec"]["replicas"] = json!(3);
    let response = context.admission.send(&annotated, Some(&context.stored), &json!({}))?;
    let message = response.message.unwrap_or_default();
    if response.accepted || !message.contains("[adoption]") || !message.contains("leave replicas at 1") {
        return Err(Failure(format!("annotated and scaled: expected the rule adoption to refuse, found '{message}'")));
    }
    annotated["spec"]["replicas"] = json!(1);
    let warnings = update(context, &annotated)?;
    context.expect("warnings", &Vec::new(), &warnings)?;
    is_another(context, 0, &before)?;
    context.wait_settled(180)?;
    looks_after_it(context, 0)?;
    context.step("annotated, the one pod has restarted with the injection");

    let mut scaled = context.stored.clone();
    scaled["spec"]["replicas"] = json!(3);
    context.update(&scaled)?;
    context.wait_settled(240)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all three pods once"));
    ends_as_a_cluster(context)
}

/// 28: three databases, each with data of its own: the last pod refuses to start over its data and touches nothing, the
/// others run on; by the documented steps all get the data of pod 0, to which is written all the time.
pub(crate) fn several_pods(context: &mut Context<'_>) -> Result {
    context.wait_settled(300)?;
    for ordinal in 0..3 {
        context.make_schema(ordinal)?;
        own_row(context, ordinal)?;
    }
    let load = Load::start(context)?;
    writes_are_confirmed(context)?;
    let before = (0..3).map(|ordinal| address(context, ordinal)).collect::<Result<Vec<_>>>()?;

    let warnings = update(context, &annotated(context))?;
    let told = |text| warnings.iter().filter(|warning| warning.contains(text)).count();
    let steps = ["delete pod 0 next", "rollingUpdate: {partition: 0} before that"].map(told);
    context.expect("warnings, of the next step and of what comes before it", &([1, 1], 2), &(steps, warnings.len()))?;
    is_another(context, 2, &before[2])?;
    refuses_and_waits(context, 2)?;
    for (ordinal, before) in before.iter().enumerate().take(2) {
        context.expect(&format!("address of pod {ordinal}"), before, &address(context, ordinal)?)?;
        has_own_row_alone(context, ordinal, ordinal)?;
    }
    context.step("pod 2 says that it does not start over its own data, and has touched nothing; the others run on");

    // without a partition in the strategy it would come back as it was
    let mut patched = context.stored.clone();
    patched["spec"]["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
    context.update(&patched)?;
    context.cluster.delete_pod(0);
    is_another(context, 0, &before[0])?;
    context.wait_until("pod 0 Ready", 180, || context.cluster.status(0).ready)?;
    looks_after_it(context, 0)?;
    has_own_row_alone(context, 0, 0)?;
    context.expect("address of pod 1", &before[1], &address(context, 1)?)?;
    context.expect("readiness of pod 2", &false, &context.cluster.status(2).ready)?;
    context.step("pod 0 was deleted, and is the primary; pod 1 runs on, and pod 2 waits");

    for ordinal in 1..3 {
        let before = address(context, ordinal)?;
        context.cluster.delete_claim_and_pod(ordinal)?;
        is_another(context, ordinal, &before)?;
        context.wait_until(&format!("pod {ordinal} Ready"), 180, || context.cluster.status(ordinal).ready)?;
    }
    context.wait_settled(30)?;
    let written = load.finish(context)?;
    context.step(format!("{written} transactions were written meanwhile, and are on all three pods once"));
    ends_as_a_cluster(context)
}

/// The object with what its user adds to it.
fn annotated(context: &Context<'_>) -> Value {
    let mut object = context.stored.clone();
    object["metadata"]["annotations"] = context.admission.plain["metadata"]["annotations"].clone();
    object
}

/// Gives the warnings, but for the hint that the Service, as most are, publishes no pod that is not Ready: with such a
/// one all of this must do.
fn update(context: &mut Context<'_>, object: &Value) -> Result<Vec<String>> {
    let mut warnings = context.update(object)?;
    warnings.retain(|warning| !warning.contains("publishNotReadyAddresses"));
    Ok(warnings)
}

fn address(context: &Context<'_>, ordinal: usize) -> Result<String> {
    Ok(context.pod(ordinal)?.order.address.clone())
}

/// Waits until a pod was made anew. A server that is written to ends first, and has the pod's grace period for it.
fn is_another(context: &Context<'_>, ordinal: usize, before: &str) -> Result {
    context.wait_until(&format!("another pod {ordinal}"), 90, || {
        context.cluster.pod(ordinal).is_some_and(|pod| pod.order.address != before)
    })
}

/// The data has its identity, and with it the account by which replicas log in.
fn looks_after_it(context: &Context<'_>, ordinal: usize) -> Result {
    context.wait_said(ordinal, "xtrabackup", "from now on: the data has none yet", 0, 30)
}

/// What tells the data of one pod from that of the others.
fn own_row(context: &Context<'_>, ordinal: usize) -> Result {
    context.sql(ordinal, &format!("INSERT INTO e2e.marks VALUES ('of pod {ordinal}')")).map(drop)
}

fn has_own_row_alone(context: &Context<'_>, ordinal: usize, owner: usize) -> Result {
    let rows = context.sql(ordinal, "SELECT v FROM e2e.marks WHERE v LIKE 'of pod %'")?;
    context.expect(&format!("whose data pod {ordinal} has"), &format!("of pod {owner}"), &rows)
}

fn writes_are_confirmed(context: &Context<'_>) -> Result {
    context.wait("writes that were confirmed", 30, || {
        Ok((context.sql(0, "SELECT COUNT(*) FROM e2e.written")? != "0").then_some(()))
    })
}

/// A pod stays before its clone, tries again and again, and leaves every file as it was.
fn refuses_and_waits(context: &Context<'_>, ordinal: usize) -> Result {
    context.wait_said(ordinal, "clone-mysql", REFUSAL, 0, 60)?;
    let folder = context.cluster.data_dir(ordinal);
    let before = files(&folder).map_err(|error| error.to_string())?;
    let refusals = context.said(ordinal, "clone-mysql", REFUSAL);
    // two more: the second begins when the first was seen
    context.wait_said(ordinal, "clone-mysql", REFUSAL, refusals + 1, 60)?;
    let status = context.cluster.status(ordinal);
    context.expect("where the pod stands", &Stage::Init("clone-mysql".to_owned()), &status.stage)?;
    context.expect("whether it was ever Ready", &false, &status.was_ready)?;
    let after = files(&folder).map_err(|error| error.to_string())?;
    context.expect("whether its data is untouched", &true, &(before == after))?;
    let own = |path: &Path| path.to_string_lossy().contains("mysql-replication");
    let written: Vec<_> = after.keys().filter(|path| own(path.strip_prefix(&folder).unwrap_or(path))).collect();
    context.expect("files of the scripts in it", &Vec::<&PathBuf>::new(), &written)
}

/// Every file of a folder, with its size and when it was written last.
fn files(folder: &Path) -> io::Result<BTreeMap<PathBuf, (u64, SystemTime)>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            all.extend(files(&entry.path())?);
        }
        all.insert(entry.path(), (metadata.len(), metadata.modified()?));
    }
    Ok(all)
}

/// Everybody has the data of pod 0 and no other, and follows it.
fn ends_as_a_cluster(context: &mut Context<'_>) -> Result {
    for ordinal in 0..3 {
        has_own_row_alone(context, ordinal, 0)?;
    }
    (1..3).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    context.mark()?;
    context.same_everywhere()
}
