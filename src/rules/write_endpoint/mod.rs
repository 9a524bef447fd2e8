//! The rule on workloads: what a container is told to write to must not be a replica.
//!
//! No object needs more look-ups than those of 16 `ConfigMap`s and, for each of 32 hosts, of a Service, of a
//! StatefulSet or two and of the list of a namespace's. Objects without a name that says write need none but for
//! `envFrom`.

mod addresses;
mod check;
mod command_line;
mod container;
mod dns_target;
mod effort;
mod hosts;
mod look_ups;
mod names;
mod shell;
#[cfg(test)]
mod tests;

pub(crate) use addresses::{
    Addresses, MOST, READ_ONLY, alias_name, is_replica, leads_to_all, leads_to_database, leads_to_replica,
};
pub(crate) use dns_target::{DnsTarget, dns_targets};
pub(crate) use look_ups::LookUps;
pub(crate) use names::{
    may_say_write as text_may_say_write, service_may_say_write, service_says_else, service_says_write,
};

use addresses::HOSTS;
use check::Check;
use container::container as check_container;
use look_ups::CONFIG_MAPS;
use names::may_say_write;

use crate::{
    cluster::Cluster,
    findings::{Findings, Violation},
    json::{Value, list_at, str_at},
    names::{ANNOTATION_PREFIX, annotation::EXEMPT},
    object::name,
    rule,
    write_names::WriteNames,
};

/// The lists of containers in a pod specification.
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Could an object (as text) break the rule? Cheap, and never wrongly no.
pub(crate) fn may_concern(object: &str, names: &WriteNames) -> bool {
    !names.variables.is_empty() || may_say_write(object)
}

/// Checks the containers of a pod specification at `path`.
pub(crate) fn workload(
    pod: &Value,
    path: &str,
    namespace: &str,
    names: &WriteNames,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    let look_ups = LookUps::new(namespace, cluster, findings);
    let mut check = Check::new(names, pod, Addresses::new(look_ups));
    for list in CONTAINERS {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            if check.effort.is_too_much() {
                break;
            }
            if names.variables.is_empty() && !may_write(container) {
                continue;
            }
            check_container(&mut check, container, &format!("{path}.{list}[{index}]"));
        }
    }
    tell_what_was_left_out(check, path);
}

/// Could anything that a container is told say write?
fn may_write(container: &Value) -> bool {
    let strings = |list: &str| list_at(container, &[list]).iter().filter_map(Value::as_str);
    !list_at(container, &["envFrom"]).is_empty()
        || strings("command").chain(strings("args")).any(may_say_write)
        || list_at(container, &["env"]).iter().any(|entry| {
            let key = str_at(entry, &["valueFrom", "configMapKeyRef", "key"]);
            [name(entry), str_at(entry, &["value"]), key].into_iter().any(may_say_write)
        })
}

/// Reports what was not looked at.
fn tell_what_was_left_out(check: Check, path: &str) {
    let Check { effort, addresses: Addresses { look_ups, skipped: hosts, .. }, .. } = check;
    if effort.is_too_much() {
        look_ups.findings.reject(Violation::new(
            rule::WRITE_ENDPOINT,
            path.to_owned(),
            "more names and values than are looked at",
            "what is not looked at may write to a replica",
            format!("write fewer, or annotate {ANNOTATION_PREFIX}{EXEMPT}: \"{}: why\"", rule::WRITE_ENDPOINT),
        ));
    }
    for (skipped, what, limit) in [
        (look_ups.skipped_config_maps, "ConfigMaps of variables", CONFIG_MAPS),
        (hosts, "hosts of names that say write", HOSTS),
    ] {
        if skipped > 0 {
            look_ups.findings.warn(format!("{skipped} {what} beyond the first {limit} were not looked at"));
        }
    }
}
