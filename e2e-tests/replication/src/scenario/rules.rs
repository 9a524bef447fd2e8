//! What the rules on StatefulSets claim about servers, seen on servers.
//!
//! Each faulty manifest goes through the policy twice: with its default settings, which reject it, and with the rule
//! off. What comes out then is rolled out to pod 1, the only replica here. Three things of a pod close a replica: the
//! server's option files; the sidecar, every few seconds; and the readiness probe, which keeps clients away from one
//! that is open. A rule is about the first of them: the server is looked at before the sidecar runs, as when an image
//! takes its time.

use std::fmt;

use mysql_replication_preview::Response;
use serde_json::{Value, json};

use crate::{
    admission::{PREFIX, played},
    context::Context,
    image::Family,
    outcome::{Failure, Result},
    scenario::replication::refuses_writes,
};

const REPLICA: usize = 1;
const SIDECAR: &str = "xtrabackup";
const STATUS: &str = "mysql-replication.kubewarden.io/status";

/// Who can write to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writers {
    Nobody,
    /// MySQL: `super_read_only` is off, but `read_only` is on.
    Administrators,
    Everyone,
}

impl fmt::Display for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nobody => "closed",
            Self::Administrators => "open for administrators",
            Self::Everyone => "open for everyone",
        })
    }
}

/// A fault, the rule that is to find it, and what the server makes of it.
struct Case {
    rule: &'static str,
    what: &'static str,
    object: Value,
    open: Writers,
}

/// 13: without its rule each fault does to a real server what the rule says; with the rule it is rejected.
pub(crate) fn claims(context: &mut Context<'_>) -> Result {
    context.ensure(2)?;
    context.sql(0, "CREATE TABLE IF NOT EXISTS e2e.astray (what VARCHAR(64), who VARCHAR(64))")?;
    context.mark()?;
    refuses_writes(context, REPLICA)?;

    let live = context.admission.accept(&manifest(context), None, &json!({}))?;
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

/// The manifest of the lane, with as many pods as there are here.
fn manifest(context: &Context<'_>) -> Value {
    let mut object = context.admission.plain.clone();
    object["spec"]["replicas"] = json!(2);
    object
}

/// The same with a database container that is told something else, and a ConfigMap of the user's own.
fn faulty(context: &Context<'_>, container: &Value) -> Value {
    let mut object = manifest(context);
    let pod = &mut object["spec"]["template"]["spec"];
    if let (Some(told), Some(own)) = (container.as_object(), pod["containers"][0].as_object_mut()) {
        for (key, value) in told {
            match (own.get_mut(key).and_then(Value::as_array_mut), value.as_array()) {
                (Some(list), Some(more)) => list.extend(more.iter().cloned()),
                _ => drop(own.insert(key.clone(), value.clone())),
            }
        }
    }
    if container.get("volumeMounts").is_some() {
        pod["volumes"] =
            json!([{"name": "tuning", "configMap": {"name": "tuning"}}, {"name": "empty", "emptyDir": {}}]);
    }
    object
}

/// What opens replicas.
fn options_and_files(context: &Context<'_>) -> Vec<Case> {
    let is_mariadb = context.is_mariadb();
    let choose = |mariadb: &'static str, mysql: &'static str| if is_mariadb { mariadb } else { mysql };
    // MariaDB has one switch, MySQL has two, and the other one still stops whoever is no administrator
    let (server, client) = (choose("mariadbd", "mysqld"), choose("mariadb", "mysql"));
    let statement =
        choose("SET GLOBAL read_only = OFF", "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF");
    let hook = format!(
        "until MYSQL_PWD=$HOOK_PASSWORD {client} --host=127.0.0.1 --user=root --execute='{statement}'; \
         do sleep 0.2; done"
    );
    let options = choose("[mysqld]\nread-only=0\n", "[mysqld]\nsuper-read-only=0\nread-only=0\n");
    context.cluster.edit_objects(|objects| {
        let keys = objects.config_maps.entry("tuning".to_owned()).or_default();
        keys.insert("own.cnf".to_owned(), options.to_owned());
        keys.insert("small.cnf".to_owned(), "[mysqld]\nuser=mysql\nmax-connections=77\n".to_owned());
        keys.insert("open.sql".to_owned(), format!("{};\n", statement.replace("; ", ";\n")));
    });
    let tuning = json!([{"name": "tuning", "mountPath": "/tuning"}]);
    let family = context.database.family;
    let over = json!([{"name": "empty", "mountPath": "/etc/mysql"}]);
    let path = format!("{}/zzz.cnf", family.conf_dir());
    let later = json!([{"name": "tuning", "mountPath": path, "subPath": "own.cnf"}]);
    let all = if is_mariadb { json!(["--read-only=OFF"]) } else { json!(["--super-read-only=OFF", "--read-only=OFF"]) };
    let odd = if is_mariadb {
        json!(["--loose-skip-read_only"])
    } else {
        json!(["--loose-skip-super_read_only", "--disable-read_only"])
    };
    let variable = choose("--skip-read_only", "--skip-super_read_only --skip-read_only");
    let shell = format!("exec {} {server} $TUNING", family.entrypoint());

    let case = |rule, what, container: &Value, open| Case { rule, what, object: faulty(context, container), open };
    let mut cases = vec![
        case("read-only-off", "an argument", &json!({"args": all}), Writers::Everyone),
        case("read-only-off", "an argument oddly spelt", &json!({"args": odd}), Writers::Everyone),
        case(
            "read-only-off",
            "a variable that a shell expands",
            &json!({"command": ["bash", "-c", shell], "env": [{"name": "TUNING", "value": variable}]}),
            Writers::Everyone,
        ),
        case(
            "read-only-off",
            "a statement in the hook postStart",
            // what the entrypoint makes of the Secret's content
            &json!({
                "lifecycle": {"postStart": {"exec": {"command": ["bash", "-c", hook]}}},
                "env": [{"name": "HOOK_PASSWORD", "value": context.root.password}],
            }),
            Writers::Everyone,
        ),
    ];
    if !is_mariadb {
        cases.push(case(
            "read-only-off",
            "--super-read-only=OFF alone",
            &json!({"args": ["--super-read-only=OFF"]}),
            Writers::Administrators,
        ));
        cases.push(case(
            "read-only-off",
            "--skip-read_only alone",
            &json!({"args": ["--skip-read_only"]}),
            Writers::Nobody,
        ));
    }
    for (what, container) in [
        ("--no-defaults", json!({"args": ["--no-defaults"]})),
        ("--defaults-file", json!({"args": ["--defaults-file=/tuning/small.cnf"], "volumeMounts": tuning})),
        ("--defaults-extra-file", json!({"args": ["--defaults-extra-file=/tuning/own.cnf"], "volumeMounts": tuning})),
        ("a file that is read later", json!({"volumeMounts": later})),
        ("a volume at /etc/mysql", json!({"volumeMounts": over})),
    ] {
        // the folder of Percona's option files is the policy's own mount
        if family != Family::Percona || what != "a volume at /etc/mysql" {
            cases.push(case("unreachable-option-files", what, &container, Writers::Everyone));
        }
    }
    cases
}

/// With default settings the object is rejected, as a new one and as an update, and the message names the rule.
fn rejected(context: &Context<'_>, case: &Case, live: &Value) -> Result {
    for old in [None, Some(live)] {
        names_rule(case.rule, case.what, &context.admission.send(&case.object, old, &json!({}))?)?;
    }
    Ok(())
}

fn names_rule(rule: &str, what: &str, response: &Response) -> Result {
    let message = response.message.as_deref().unwrap_or_default();
    if response.accepted || !message.contains(&format!("[{rule}]")) {
        return Err(Failure(format!("{what}: expected to be rejected by the rule {rule}, found {response:?}")));
    }
    Ok(())
}

fn warns(rule: &str, what: &str, response: &Response) -> Result {
    let warnings = response.warnings.as_deref().unwrap_or_default();
    let of_rule = |warning: &String| warning.starts_with(&format!("[{rule}]"));
    if !response.accepted || warnings.is_empty() || !warnings.iter().all(of_rule) {
        return Err(Failure(format!("{what}: expected warnings of the rule {rule}, found {warnings:?}")));
    }
    Ok(())
}

/// What comes out where one rule is off; there must be no warning either.
fn without_rule(context: &Context<'_>, rule: &str, object: &Value, live: &Value) -> Result<Value> {
    Ok(context.admission.accept(object, Some(live), &json!({"rules": {rule: "off"}}))?)
}

/// Makes a pod anew from another template, with its claims, and waits for its server; the sidecar can be kept back.
fn roll_out(context: &Context<'_>, ordinal: usize, object: &Value, without_sidecar: bool) -> Result {
    let set = played(object.clone())?;
    context.cluster.set_template(ordinal, Some(set.spec.template.spec));
    if without_sidecar {
        context.cluster.hold_next_container(ordinal, SIDECAR);
    }
    replace(context, ordinal)?;
    answers(context, ordinal)
}

/// Makes a pod anew, with its claims.
fn replace(context: &Context<'_>, ordinal: usize) -> Result {
    let address = context.pod(ordinal)?.order.address.clone();
    context.cluster.delete_pod(ordinal);
    context.wait_until(&format!("another pod {ordinal}"), 60, || {
        context.cluster.pod(ordinal).is_some_and(|pod| pod.order.address != address)
    })
}

fn answers(context: &Context<'_>, ordinal: usize) -> Result {
    context.wait_until(&format!("a server in pod {ordinal} that answers"), 60, || {
        context.try_sql(ordinal, "SELECT 1").is_ok()
    })
}

/// Sends SIGKILL to a pod's server, as the kernel does when memory is short, and waits for the next one.
fn restart_server(context: &Context<'_>, ordinal: usize) -> Result {
    let starts = |context: &Context<'_>| context.cluster.status(ordinal).containers["mysql"].starts;
    let before = starts(context);
    context.cluster.kill(ordinal, "mysql")?;
    context.wait_until("the server's container started again", 60, || starts(context) > before)?;
    answers(context, ordinal)
}

/// Writes go to the replica as the case says, and what was written there is not on the primary.
fn opens(context: &Context<'_>, case: &Case, when: &str) -> Result {
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

fn switches(context: &Context<'_>, ordinal: usize) -> Result<String> {
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
    let case = Case { rule, what, object: faulty(context, &json!({"args": [what]})), open: Writers::Nobody };
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

/// Makes the replica anew from another template, with empty claims, and waits for its server; the sidecar is kept back.
fn clone_anew(context: &Context<'_>, object: &Value) -> Result {
    context.cluster.set_template(REPLICA, Some(played(object.clone())?.spec.template.spec));
    context.cluster.hold_next_container(REPLICA, SIDECAR);
    let clones = context.said(REPLICA, "clone-mysql", "is complete");
    context.cluster.delete_claim_and_pod(REPLICA)?;
    context.wait_said(REPLICA, "clone-mysql", "is complete", clones, 120)?;
    answers(context, REPLICA)
}

/// A primary does not serve a replica with its own id.
fn fixed_server_id(context: &Context<'_>, live: &Value) -> Result {
    let case = Case {
        rule: "fixed-server-id",
        what: "--server-id=100",
        object: faulty(context, &json!({"args": ["--server-id=100"]})),
        open: Writers::Nobody,
    };
    rejected(context, &case, live)?;
    roll_out(context, REPLICA, &without_rule(context, case.rule, &case.object, live)?, false)?;
    let expected = if context.is_mysql_from((8, 0, 0)) { "13117" } else { "1593" };
    does_not_follow(context, &case, expected)
}

/// The replica's thread that follows the primary does not run, and what the primary has written does not come.
fn does_not_follow(context: &Context<'_>, case: &Case, error: &str) -> Result {
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

/// Whoever writes it wants what does not happen here: the sidecar starts replication after every start of the server.
fn replication_stopped(context: &mut Context<'_>, live: &Value) -> Result {
    let what = if context.is_mysql_from((8, 0, 26)) { "--skip-replica-start" } else { "--skip-slave-start" };
    let case = Case {
        rule: "replication-stopped",
        what,
        object: faulty(context, &json!({"args": [what]})),
        open: Writers::Nobody,
    };
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
    let case = Case {
        rule: "binary-log-off",
        what: "--skip-log-bin",
        object: faulty(context, &json!({"args": ["--skip-log-bin"]})),
        open: Writers::Nobody,
    };
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
    let case = Case {
        rule: "primary-read-only",
        what,
        object: faulty(context, &json!({"args": [what]})),
        open: Writers::Nobody,
    };
    rejected(context, &case, live)?;
    roll_out(context, 0, &without_rule(context, case.rule, &case.object, live)?, false)?;
    refuses_writes(context, 0)?;
    context.step(format!("{what}: without the rule {} the primary refuses writes", case.rule));

    context.cluster.set_template(0, None);
    replace(context, 0)?;
    context.wait_until("a primary that is Ready", 60, || context.cluster.status(0).ready)
}
