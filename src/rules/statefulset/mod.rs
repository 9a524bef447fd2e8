//! Rules on StatefulSets: what a database container is told by arguments, variables and hooks.

mod hints;
mod options;
mod other_means;
mod sql;
mod statements;
mod unmanaged;

pub(crate) use hints::hints;
pub(crate) use options::{ARGUMENTS_WIN, check_options, written, wrong};
pub(crate) use unmanaged::{may_be_database, unmanaged_database};

use crate::{
    database::Found,
    findings::{Findings, Violation},
    given::Options,
    json::{Value, at},
    rule,
    rules::statefulset::statements::check_statements,
};

/// Checks the database container at `path` and the pod around it.
pub(crate) fn statefulset(found: &Found, findings: &mut Findings) {
    let Found { pod, path, .. } = found;
    let Options { is_cut, unknown, .. } = found.given();
    check_options(found, findings);
    for (list, index, text) in unknown.iter().filter(|_| found.config_maps.are_known()) {
        let list = path.field(list);
        findings.warn(format!("{}: what the variable {text} tells the server was not looked at", list.element(*index)));
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
    check_statements(pod, findings);
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
