//! Services that say nothing of themselves, through which clients come.

use super::{
    alias::{check_alias, check_aliases},
    governing::check_governing,
    pair::{check_pair, clients_of},
    selector::{governing_name, is_external_name, pinned_pod, selector},
};
use crate::{
    annotations::{is_managed, may_be_managed},
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    field_path::FieldPath,
    findings::{Findings, failed_look_up},
    json::{Value, at, str_at},
    rule::{self, Concern},
    text::label,
};

/// The rules of a Service that says nothing about itself.
pub(super) fn check(case: &Case, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    let namespace = case.request.namespace();
    let service_name = str_at(service, &["metadata", "name"]);
    if is_external_name(service) && case.settings.is_on(rule::WRITE_SERVICE) {
        check_alias(service, namespace, &case.settings, cluster, findings);
    }
    if !case.settings.is_any_on(&[Concern::Service, Concern::GoverningService, Concern::LiveService]) {
        return;
    }
    // where the selector names a pod, its StatefulSet is the likeliest to be there
    let probe = selector(service).and_then(pinned_pod).map_or(service_name, |(set, _)| set);
    let list = match cluster.list_of(Kind::StatefulSet, namespace, probe, &may_be_managed) {
        Lookup::Found(list) => list,
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's StatefulSets", &FieldPath::Known("spec.selector"), &why));
            return;
        }
        Lookup::Absent => return,
    };
    for statefulset in list.iter().filter(|statefulset| is_managed(statefulset)) {
        if governing_name(statefulset) == service_name {
            check_governed(case, statefulset, findings);
        }
        check_pair(service, statefulset, namespace, &case.settings, findings);
        check_those_that_lead_here(case, statefulset, cluster, findings);
    }
}

/// Services of type `ExternalName` may have been there before the one that they lead to.
fn check_those_that_lead_here(case: &Case, statefulset: &Value, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    let is_as_it_was = |old: &Value| at(old, &["spec", "selector"]) == at(service, &["spec", "selector"]);
    if case.is_audit
        || !case.settings.is_on(rule::WRITE_SERVICE)
        || case.old.as_ref().is_some_and(is_as_it_was)
        || clients_of(service, statefulset).is_none()
    {
        return;
    }
    let namespace = case.request.namespace();
    let name = str_at(service, &["metadata", "name"]);
    match cluster.list(Kind::Service, namespace, name) {
        Lookup::Found(mut services) => {
            services.retain(|other| str_at(other, &["metadata", "name"]) != name);
            check_aliases(&services, Some(service), statefulset, namespace, &case.settings, findings);
        }
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's Services", &FieldPath::Known("spec.selector"), &why));
        }
        Lookup::Absent => {}
    }
}

/// The Service gives the pods of a live managed StatefulSet their names. What an update takes away is told as such.
pub(super) fn check_governed(case: &Case, statefulset: &Value, findings: &mut Findings) {
    let problems = |service: &Value| {
        let mut found = Findings::default();
        check_governing(service, statefulset, "", &mut found);
        found.violations
    };
    let before = case.old.as_ref().map(problems);
    let whose = label("StatefulSet", case.request.namespace(), str_at(statefulset, &["metadata", "name"]));
    for mut violation in problems(&case.object) {
        violation.object = None;
        let is_on = case.settings.is_on(violation.rule) && !case.exemptions.covers(violation.rule);
        let was_wrong = before.as_ref().map(|before| before.iter().any(|other| other.rule == violation.rule));
        match was_wrong {
            Some(false) if is_on => {
                violation.rule = rule::HEADLESS_SERVICE_CHANGED;
                violation.found = format!("{}, under the live {whose}", violation.found).into();
            }
            // it cannot be changed any more, and the update makes nothing worse
            Some(true) if is_on && violation.rule == rule::SERVICE_NOT_HEADLESS => {
                findings.warn(format!("{}: {}; {whose} needs it headless", violation.path, violation.found));
                continue;
            }
            _ => violation.why = format!("{} ({whose} names this Service)", violation.why).into(),
        }
        findings.reject(violation);
    }
}
