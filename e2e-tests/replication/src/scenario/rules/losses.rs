//! The severe ones among the rules: without them rows are lost, or written twice, and nothing says so. Where no rule
//! can be off, since the policy itself decides, what it decides is played beside its contrary.

use serde_json::{Value, json};

use crate::{
    context::Context,
    outcome::{Failure, Result},
    scenario::replication::{refuses_writes, scheduler_of},
};

use super::{
    REPLICA, STATUS,
    answer::{names_rule, rejected, without_rule},
    begin,
    case::{Case, Writers, faulty, manifest},
    replica::{clone_anew, opens, replace, roll_out},
};

const DATA: &str = "/var/lib/mysql";

/// 30: each severe fault, with its rule and without.
pub(crate) fn losses(context: &mut Context<'_>) -> Result {
    let live = begin(context)?;
    service_for_writes(context, &live)?;
    if context.is_mysql_from((8, 0, 0)) {
        gtids(context, &live)?;
    }
    if context.is_mariadb() {
        // the official image of MySQL has its file elsewhere than the one that is made here
        own_option_file(context, &live)?;
    }
    events(context, &live)?;
    // what was written astray goes with the claim
    context.cluster.set_template(REPLICA, None);
    context.cluster.delete_claim_and_pod(REPLICA)?;
    context.wait_settled(180)?;
    context.mark()?;

    data_elsewhere(context, &live)?;
    foreign_record(context, &live)?;
    log_elsewhere(context, &live)?;
    context.sql(0, "DROP TABLE e2e.astray")?;
    context.same_everywhere()?;
    refuses_writes(context, REPLICA)
}

/// A Service for writes that selects every pod, and was there first: a part of the writes comes to a replica.
fn service_for_writes(context: &mut Context<'_>, live: &Value) -> Result {
    let (rule, what) = ("write-service", "a Service for writes that selects all pods");
    context.admission.add(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql-write"},
        "spec": {"selector": {"app": "mysql"}, "ports": [{"port": 3306}]},
    }));
    let case = Case { rule, what, object: manifest(context), open: Writers::Nobody };
    names_rule(rule, what, &context.admission.send(&case.object, None, &json!({}))?)?;
    let template = without_rule(context, rule, &case.object, live);
    context.admission.forget();
    roll_out(context, REPLICA, &template?, false)?;
    context.wait_settled(120)?;
    let write = format!("INSERT INTO e2e.astray VALUES ('{what}', 'app')");
    let refused = (0..=REPLICA).filter(|ordinal| context.try_app(*ordinal, &write).is_err()).count();
    context.expect(&format!("{what}: writes refused, of two"), &1, &refused)?;
    context.step(format!("{what}: without the rule {rule} every second write is refused"));
    Ok(())
}

/// The usual way to bring options: the image's own file, which includes the folder, is gone.
fn own_option_file(context: &mut Context<'_>, live: &Value) -> Result {
    let options = "[mysqld]\nuser=mysql\nmax-connections=77\n";
    context.cluster.edit_objects(|objects| {
        objects.config_maps.entry("tuning".to_owned()).or_default().insert("my.cnf".to_owned(), options.to_owned());
    });
    context.admission.add(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tuning"}, "data": {"my.cnf": options},
    }));
    let mounts = json!([{"name": "tuning", "mountPath": "/etc/mysql/my.cnf", "subPath": "my.cnf"}]);
    let case = Case {
        rule: "unreachable-option-files",
        what: "another my.cnf",
        object: faulty(context, &json!({"volumeMounts": mounts})),
        open: Writers::Everyone,
    };
    let tried = rejected(context, &case, live).and_then(|()| without_rule(context, case.rule, &case.object, live));
    context.admission.forget();
    roll_out(context, REPLICA, &tried?, true)?;
    opens(context, &case, "")?;
    context.cluster.edit_objects(|objects| drop(objects.config_maps.remove("tuning")));
    Ok(())
}

/// A clone has the primary's events, and they are on: they run once more.
fn events(context: &Context<'_>, live: &Value) -> Result {
    let case = Case::argument(context, "forced-option", "--event-scheduler=ON");
    rejected(context, &case, live)?;
    context.sql(
        0,
        "SET GLOBAL event_scheduler = OFF; DELETE FROM e2e.ran;
         CREATE EVENT e2e.twice ON SCHEDULE EVERY 1 SECOND DO INSERT INTO e2e.ran (server) VALUES (@@server_id);",
    )?;
    let template = without_rule(context, case.rule, &case.object, live)?;
    clone_anew(context, &template)?;
    if context.is_mariadb() {
        context.wait("three runs of the primary's event on the replica", 30, || {
            let ran = context.sql(REPLICA, "SELECT COUNT(*) >= 3 FROM e2e.ran WHERE server = 101")?;
            Ok(ran.starts_with('1').then_some(()))
        })?;
    } else {
        // MySQL's super_read_only is in its way
        context.wait_said(REPLICA, "mysql", "Event Scheduler: Unable to schedule event", 0, 30)?;
    }
    context.step(format!("{}: without the rule {} the replica runs the primary's events", case.what, case.rule));
    clone_anew(context, live)?;
    let found = context.sql(REPLICA, "SELECT @@GLOBAL.event_scheduler")?;
    context.expect("event_scheduler of the replica with the rule", &scheduler_of(context).to_owned(), &found)?;
    context.sql(0, "DROP EVENT e2e.twice").map(drop)
}

/// What an upgrade to a version with another way to clone would bring, if the way was not kept: a replica with another
/// mode of GTIDs, which cannot follow.
fn gtids(context: &Context<'_>, live: &Value) -> Result {
    let case = Case::argument(context, "gtid-mode", "--gtid-mode=OFF");
    rejected(context, &case, live)?;
    roll_out(context, REPLICA, &without_rule(context, case.rule, &case.object, live)?, true)?;
    let started = context.try_sql(REPLICA, "START REPLICA");
    if started.is_ok() {
        context.wait("the replica's thread that follows stopped by an error", 30, || {
            let status = |field| context.replica_status(REPLICA, field);
            Ok((status("IO_Running")? == "No" && status("Last_IO_Errno")? != "0").then_some(()))
        })?;
    }
    let error = started.err().unwrap_or_default();
    let error = error.lines().last().unwrap_or_default();
    context.step(format!("{}: without the rule {} the replica does not follow: {error}", case.what, case.rule));
    Ok(())
}

/// The policy finds the data directory in every spelling. Where it did not, the server would keep its data in the
/// container's own layer.
fn data_elsewhere(context: &Context<'_>, live: &Value) -> Result {
    let (what, elsewhere) = ("--loose_datadir", "/var/lib/elsewhere");
    let argument = format!("{what}={elsewhere}");
    let found = context.admission.accept(&faulty(context, &json!({"args": [argument]})), None, &json!({}))?;
    let mut unfound = live.clone();
    unfound["spec"]["template"]["spec"]["containers"][0]["args"] = json!([argument]);
    roll_out(context, 0, &unfound, true)?;
    is_empty(context, &format!("{what} that is not found"))?;
    roll_out(context, 0, &found, true)?;
    let data_dir = context.sql(0, "SELECT @@GLOBAL.datadir")?;
    context.expect(what, &format!("{elsewhere}/"), &data_dir)?;
    has_data(context, &format!("{what} that is found"))
}

/// A record that was copied with the other annotations says that the mount of the data is the policy's: where that was
/// believed, the mount came back with another folder.
fn foreign_record(context: &mut Context<'_>, live: &Value) -> Result {
    let what = "a record of another StatefulSet";
    let mut object = manifest(context);
    object["metadata"]["annotations"][STATUS] = live["metadata"]["annotations"][STATUS].clone();
    object["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
        json!([{"name": "data", "mountPath": DATA, "subPath": "of-the-user"}]);
    object["spec"]["volumeClaimTemplates"] = live["spec"]["volumeClaimTemplates"].clone();
    let kept = context.admission.accept(&object, None, &json!({}))?;
    let expected = json!("of-the-user");
    context.expect(what, &&expected, &&data_mount(&kept)?["subPath"])?;

    let mut believed = live.clone();
    let mounts = &mut believed["spec"]["template"]["spec"]["containers"][0]["volumeMounts"];
    for mount in mounts.as_array_mut().into_iter().flatten().filter(|mount| mount["mountPath"] == DATA) {
        mount["subPath"] = json!("of-nobody");
    }
    roll_out(context, 0, &believed, true)?;
    is_empty(context, &format!("{what} that is believed"))?;
    roll_out(context, 0, live, true)?;
    has_data(context, &format!("{what} that is not believed"))?;
    context.cluster.set_template(0, None);
    replace(context, 0)?;
    context.wait_settled(180)?;
    context.mark()
}

fn data_mount(object: &Value) -> Result<&Value> {
    let mounts = object["spec"]["template"]["spec"]["containers"][0]["volumeMounts"].as_array();
    mounts
        .and_then(|mounts| mounts.iter().find(|mount| mount["mountPath"] == DATA))
        .ok_or_else(|| Failure(format!("no mount of {DATA}")))
}

fn is_empty(context: &Context<'_>, what: &str) -> Result {
    // the entrypoint starts its server twice
    let found =
        context.wait("an answer of the primary", 60, || Ok(context.try_sql(0, "SHOW DATABASES LIKE 'e2e'").ok()))?;
    context.expect(&format!("{what}: schemas of the primary"), &String::new(), &found)?;
    context.step(format!("{what}: the primary is empty"));
    Ok(())
}

fn has_data(context: &Context<'_>, what: &str) -> Result {
    let found = context.sql(0, "SELECT COUNT(*) > 0 FROM e2e.marks")?;
    context.expect(&format!("{what}: the primary has its rows"), &"1".to_owned(), &found)?;
    context.step(format!("{what}: the primary has its rows"));
    Ok(())
}

/// A log that is not on the pod's own volume goes with the pod: a replica that was away meanwhile has missed what only
/// that log said, and cannot go on.
fn log_elsewhere(context: &mut Context<'_>, live: &Value) -> Result {
    let case = Case::argument(context, "binary-log-off", "--log-bin=/var/tmp/mysql-bin");
    rejected(context, &case, live)?;
    // as a new object: of a live one the log's name is looked at too
    let template = context.admission.accept(&case.object, None, &json!({"rules": {case.rule: "off"}}))?;
    context.cluster.scale(1);
    context.wait_settled(90)?;
    for row in 1..=2 {
        roll_out(context, 0, &template, false)?;
        context.wait_until("a primary that is Ready", 90, || context.cluster.status(0).ready)?;
        context.sql(0, &format!("INSERT INTO e2e.ordered (v) VALUES (900 + {row})"))?;
    }
    context.cluster.scale(2);
    context.wait_until("pod 1 not Ready, and its probe's reason", 120, || {
        let status = context.cluster.status(REPLICA);
        let reason = status.containers.get("xtrabackup").map_or("", |it| it.message.as_str());
        reason.contains("began anew") || reason.contains("the primary cannot be followed")
    })?;
    let missed = context.sql(REPLICA, "SELECT COUNT(*) FROM e2e.ordered WHERE v IN (901, 902)")?;
    context.expect("rows of the primary on pod 1", &"0".to_owned(), &missed)?;
    context.step(format!("{}: without the rule {} a replica that was away cannot go on", case.what, case.rule));
    context.cluster.set_template(0, None);
    replace(context, 0)?;
    context.wait_until("a primary that is Ready", 90, || context.cluster.status(0).ready)?;
    context.cluster.delete_claim_and_pod(REPLICA)?;
    context.wait_settled(180)?;
    context.mark()
}
