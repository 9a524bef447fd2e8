//! Rules on StatefulSets: what a database container is told by arguments, variables and hooks.

mod hints;
mod options;
mod other_means;
mod sql;
mod statements;
mod unmanaged;

pub(crate) use hints::hints;
pub(crate) use options::{ARGUMENTS_WIN, check_options, written, wrong};
pub(crate) use sql::may_undo;
pub(crate) use statements::check_statements;
pub(crate) use unmanaged::{may_be_database, unmanaged_database};

use mysql_options::ServerOption;

use crate::{
    database::Found,
    findings::{Findings, Violation},
    given::Options,
    json::{Value, at},
    rule,
};

/// Checks the database container at `path` and the pod around it.
pub(crate) fn statefulset(found: &Found, findings: &mut Findings) {
    let Found { pod, path, .. } = found;
    let Options { given, is_cut, unknown, .. } = found.given();
    check_options(found, findings);
    for (list, index, text) in unknown.iter().filter(|_| found.config_maps.are_known()) {
        let list = path.field(list);
        findings.warn(format!("{}: what the variable {text} tells the server was not looked at", list.element(*index)));
    }
    for given in given.iter().filter(|given| given.is_from_elsewhere()) {
        let option = ServerOption::from_argument(&given.text).map_or("", |option| option.name);
        findings.warn_of(|| format!("{}: the value of --{option} may change unseen; write it here", given.path(path)));
    }
    if *is_cut {
        findings.reject(Violation::new(
            rule::READ_ONLY_OFF,
            *path,
            "arguments with more than 256 kB from variables",
            "nobody has looked at all of them, and one may open replicas for writes",
            "write fewer, or put the options into the ConfigMap's keys master.cnf and slave.cnf",
        ));
    }
    check_statements(found, findings);
    if at(pod, &["hostNetwork"]).is_some_and(Value::is_true) {
        findings.reject(Violation::new(
            rule::HOST_NETWORK,
            "spec.template.spec.hostNetwork",
            "true",
            "pods on one node would fight for the ports of the database and the backup, and get each other's clients",
            "remove it",
        ));
    }
}

/// What the rules find in a container, for the tests of this folder.
#[cfg(test)]
fn found_in(container: &Value) -> Vec<(&'static rule::Rule, String)> {
    let mut findings = Findings::default();
    let pod = crate::json::json!({"containers": [container]});
    statefulset(&Found::new(&pod, container, crate::field_path::FieldPath::Known("c"), None), &mut findings);
    findings.violations.into_iter().map(|violation| (violation.rule, violation.path.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster::Cluster, config_maps::ConfigMaps, field_path::FieldPath, findings::Findings, json::json};

    #[test]
    fn a_value_that_may_change_unseen_is_told() {
        let host = |_: &str, _: &[u8]| Ok(br#"{"data": {"V": "OFF", "ALL": "--event-scheduler=OFF"}}"#.to_vec());
        let cluster = Cluster::new(&host);
        let key = |name: &str| json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "x", "key": name}}});
        let secret = json!({"name": "S", "valueFrom": {"secretKeyRef": {"name": "x", "key": "s"}}});
        let env = json!([key("V"), key("ALL"), secret, {"name": "OWN", "value": "OFF"}]);
        let warnings = |args: &Value| {
            let pod = json!({"containers": [{"args": args.clone(), "env": env.clone()}]});
            let container = &pod["containers"].as_array().unwrap()[0];
            let found = Found::new(&pod, container, FieldPath::Known("c"), None);
            let mut findings = Findings::default();
            statefulset(&found.within(ConfigMaps::new(&cluster, "shop")), &mut findings);
            findings.warnings
        };
        let told = "c.args[0]: the value of --event-scheduler may change unseen; write it here";
        for args in [json!(["--event-scheduler=$(V)"]), json!(["--event-scheduler", "$(V)"])] {
            assert_eq!(warnings(&args), [told], "{args}");
        }
        assert_eq!(
            warnings(&json!(["--port=$(S)"])),
            ["c.args[0]: the value of --port may change unseen; write it here"]
        );
        // a ConfigMap with such a value is looked at when it changes; the StatefulSet has the other's itself
        for args in [json!(["$(ALL)"]), json!(["--event-scheduler=$(OWN)"]), json!(["--max-connections=$(S)"])] {
            assert!(warnings(&args).is_empty(), "{args}: {:?}", warnings(&args));
        }
    }
}
