//! Services of type `ExternalName`, other names of hosts (Kubernetes' manual, "Service", Type ExternalName): what says
//! that it takes writes must not lead to replicas.

use super::{
    governing::service_label,
    says::says_write,
    selector::{governing_name, is_external_name},
};
use crate::{
    cluster::Cluster,
    exemptions::Exemptions,
    findings::{Findings, Violation},
    json::{Value, object_at, str_at},
    names::{ANNOTATION_PREFIX, annotation},
    rule,
    rules::write_endpoint::{Addresses, LookUps},
    settings::Settings,
    text::shown,
};

const PATH: &str = "spec.externalName";

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
    let found = judge(service, LookUps::new(namespace, cluster, &mut failed));
    findings.append(failed);
    if let Some(violation) = found {
        findings.reject(violation);
    }
}

/// Judges all of these Services that are of type `ExternalName` and lead to a StatefulSet, which the cluster need not
/// have yet; with `by` only those that lead there by that other Service.
pub(super) fn check_aliases<'v>(
    mut services: Vec<Value<'v>>,
    by: Option<&Value<'v>>,
    statefulset: &Value,
    namespace: &str,
    settings: &Settings,
    findings: &mut Findings,
) {
    let is_to_write = |service: &Value| is_external_name(service) && says_write(service, settings);
    if !services.iter().any(is_to_write) {
        return;
    }
    let mut others = Vec::new();
    if let Some(by) = by {
        services.retain(is_external_name);
        others.clone_from(&services);
        services.push(by.clone());
    }
    let mut statefulset = statefulset.clone();
    let governing = Value::from(governing_name(&statefulset).to_owned());
    let Some(spec) = object_at(&mut statefulset, &["spec"]) else { return };
    spec.insert("serviceName", governing);
    for service in services.iter().filter(|service| is_to_write(service)) {
        let mut found = Findings::default();
        // nothing is looked up, so nothing fails
        let mut judge = |among| judge(service, LookUps::among(namespace, among, &statefulset, &mut found));
        let Some(violation) = judge(&services) else { continue };
        if by.is_some() && judge(&others).is_some() {
            continue;
        }
        found.reject(violation.of(service_label(namespace, str_at(service, &["metadata", "name"]))));
        Exemptions::of(service).apply(&mut found, settings);
        findings.append(found);
    }
}

fn judge(service: &Value, look_ups: LookUps) -> Option<Violation> {
    let name = str_at(service, &["spec", "externalName"]);
    let wrong = Addresses::new(look_ups).alias(name, PATH)?;
    let annotation = format!("{ANNOTATION_PREFIX}{}: {}", annotation::PRIMARY_OF, wrong.statefulset);
    Some(Violation::new(
        rule::WRITE_SERVICE,
        PATH,
        format!("{}, {}, in a Service that says it takes writes", shown(name), wrong.what),
        wrong.why,
        format!("write a Service with the labels of the pods as its selector, annotated {annotation}"),
    ))
}
