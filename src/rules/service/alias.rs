//! Services of type `ExternalName`, other names of hosts (Kubernetes' manual, "Service", Type ExternalName): what says
//! that it takes writes must not lead to replicas.

use super::{
    governing::service_label,
    pair::clients_of,
    says::says_write,
    selector::{Bound, governing_name, is_external_name},
};
use crate::{
    cluster::Cluster,
    exemptions::Exemptions,
    findings::{Findings, Violation},
    json::{Value, str_at},
    names::{ANNOTATION_PREFIX, annotation},
    rule,
    rules::write_endpoint::{
        Addresses, DnsTarget, LookUps, MOST, READ_ONLY, alias_name, dns_targets, is_replica, leads_to_all,
        leads_to_replica,
    },
    settings::Settings,
    text::shown,
};

const PATH: &str = "spec.externalName";
/// So many names of names are followed.
const HOPS: usize = 8;

/// Judges a Service of type `ExternalName` by what the cluster has behind its name.
pub(super) fn check_alias(
    service: &Value,
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    if !says_write(service, settings) {
        return;
    }
    let mut failed = Findings::default();
    let found = Addresses::new(LookUps::new(namespace, cluster, &mut failed)).alias(external_name(service), PATH);
    findings.append(failed);
    if let Some(wrong) = found {
        findings.reject(violation(service, &wrong.what, wrong.why, &wrong.statefulset));
    }
}

/// Judges all of these Services that are of type `ExternalName` and lead to a StatefulSet, which the cluster need not
/// have yet; with `by` only those that lead there by that other Service.
pub(super) fn check_aliases(
    services: &[Value],
    by: Option<&Value>,
    statefulset: &Value,
    namespace: &str,
    settings: &Settings,
    findings: &mut Findings,
) {
    let others: Vec<&Value> = services.iter().filter(|service| by.is_none() || is_external_name(service)).collect();
    let all: Vec<&Value> = others.iter().copied().chain(by).collect();
    for service in services.iter().filter(|service| is_external_name(service) && says_write(service, settings)) {
        let lead = |services: &[&Value]| lead(external_name(service), services, statefulset, namespace, HOPS);
        let Some((what, why)) = lead(&all) else { continue };
        if by.is_some() && lead(&others).is_some() {
            continue;
        }
        let violation = violation(service, &what, why, str_at(statefulset, &["metadata", "name"]));
        let mut found = Findings::default();
        found.reject(violation.of(service_label(namespace, str_at(service, &["metadata", "name"]))));
        Exemptions::of(service).apply(&mut found, settings);
        findings.append(found);
    }
}

/// What is wrong with writing to a name, as far as Services of the namespace and a StatefulSet tell?
fn lead(
    name: &str,
    services: &[&Value],
    statefulset: &Value,
    namespace: &str,
    hops: usize,
) -> Option<(String, &'static str)> {
    let set = str_at(statefulset, &["metadata", "name"]);
    let name = alias_name(name, namespace);
    for target in dns_targets(&name, namespace) {
        match target {
            DnsTarget::Pod(pod)
                if (pod.set, pod.service, pod.namespace) == (set, governing_name(statefulset), namespace) =>
            {
                return Some((is_replica(namespace, set), READ_ONLY));
            }
            DnsTarget::Service { name, namespace: of } if of == namespace => {
                let found = services.iter().find(|service| str_at(service, &["metadata", "name"]) == name)?;
                if is_external_name(found) {
                    let next = external_name(found);
                    let (what, why) = lead(next, services, statefulset, namespace, hops.checked_sub(1)?)?;
                    return Some((format!("another name for {}, {what}", alias_name(next, namespace)), why));
                }
                return Some(match clients_of(found, statefulset)? {
                    Bound::To(_, ordinal) => (leads_to_replica(&format!("{set}-{ordinal}"), namespace, set), READ_ONLY),
                    Bound::Loose => (leads_to_all(namespace, set), MOST),
                });
            }
            _ => {}
        }
    }
    None
}

fn external_name<'v>(service: &'v Value) -> &'v str {
    str_at(service, &["spec", "externalName"])
}

fn violation(service: &Value, what: &str, why: &'static str, statefulset: &str) -> Violation {
    let annotation = format!("{ANNOTATION_PREFIX}{}: {statefulset}", annotation::PRIMARY_OF);
    Violation::new(
        rule::WRITE_SERVICE,
        PATH,
        format!("{}, {what}, in a Service that says it takes writes", shown(external_name(service))),
        why,
        format!(
            "name a Service such as {statefulset}-write, with the pods' labels as its selector, annotated {annotation}"
        ),
    )
}
