//! Services that say nothing of themselves, through which clients come.

use crate::rules::service::says_write;
use crate::{
    annotations::is_managed,
    rules::service::selector::{is_pinned, pinned_pod, selector, selects},
};
use crate::{
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    findings::{Findings, Violation, failed_look_up},
    json::{Object, Value, str_at},
    names::{ANNOTATION_PREFIX, POD_INDEX_LABEL, POD_NAME_LABEL, annotation},
    rule::{self, Concern},
    rules::write_endpoint::service_may_say_write,
    text::{cut, label},
};
use crate::{field_path::FieldPath, rules::service::governing::check_governing};

/// The rules of a Service that says nothing about itself.
pub(super) fn check(case: &Case, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    let namespace = case.request.namespace();
    let service_name = str_at(service, &["metadata", "name"]);
    if case.settings.is_on(rule::PINNED_SERVICE)
        && let Some(selector) = selector(service).filter(|selector| selector.contains_key(POD_NAME_LABEL))
    {
        check_pinned(selector, namespace, cluster, findings);
    }
    if !case.settings.is_any_on(&[Concern::Service, Concern::GoverningService]) {
        return;
    }
    let list = match cluster.list(Kind::StatefulSet, namespace, service_name) {
        Lookup::Found(list) => list,
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's StatefulSets", &FieldPath::Known("spec.selector"), &why));
            return;
        }
        Lookup::Absent => return,
    };
    for statefulset in list.iter().filter(|statefulset| is_managed(statefulset)) {
        let statefulset_name = str_at(statefulset, &["metadata", "name"]);
        let is_governing = str_at(statefulset, &["spec", "serviceName"]) == service_name;
        if is_governing {
            check_governed(case, statefulset, findings);
        }
        let Some(selector) = selector(service).filter(|selector| selects(selector, statefulset)) else { continue };
        let index = selector.get(POD_INDEX_LABEL).and_then(Value::as_str);
        if let (Some(index), false) = (index.filter(|index| *index != "0"), selector.contains_key(POD_NAME_LABEL)) {
            findings.reject(pinned_to_replica(POD_INDEX_LABEL, namespace, statefulset_name, index));
        } else if !is_pinned(selector) && says_write(service, &case.settings) {
            findings.reject(Violation::new(
                rule::WRITE_SERVICE,
                "spec.selector",
                format!(
                    "every pod of the StatefulSet {namespace}/{statefulset_name}, in a Service that says it takes \
                        writes"
                ),
                "all pods but the primary are read-only: most writes through it fail",
                if is_governing {
                    "it gives the pods their names: take another name for it, and another Service for writes".to_owned()
                } else {
                    format!(
                        "annotate the Service with {ANNOTATION_PREFIX}{}: \
                        {statefulset_name}",
                        annotation::PRIMARY_OF
                    )
                },
            ));
        } else if !is_pinned(selector)
            && !is_governing
            && service_may_say_write(service_name, &case.settings.write_names)
        {
            findings.warn(cut(format!(
                "{service_name} leads to every pod of {statefulset_name}, of which only one takes writes: annotate {}",
                annotation::PRIMARY_OF
            )));
        }
    }
}

pub(super) fn pinned_to_replica(label: &str, namespace: &str, statefulset: &str, ordinal: &str) -> Violation {
    Violation::new(
        rule::PINNED_SERVICE,
        FieldPath::Known("spec.selector").entry(label),
        format!("the pod {statefulset}-{ordinal}"),
        format!("it is a replica of the StatefulSet {namespace}/{statefulset}, and read-only"),
        format!(
            "for writes annotate the Service with {ANNOTATION_PREFIX}{}: {statefulset}; for reads remove the label",
            annotation::PRIMARY_OF
        ),
    )
}

pub(super) fn check_pinned(selector: &Object, namespace: &str, cluster: &Cluster, findings: &mut Findings) {
    let Some((statefulset, ordinal)) = pinned_pod(selector).filter(|(_, ordinal)| *ordinal != "0") else { return };
    let path = FieldPath::Known("spec.selector");
    let path = path.entry(POD_NAME_LABEL);
    match cluster.get(Kind::StatefulSet, namespace, statefulset) {
        Lookup::Found(found) if is_managed(&found) => {
            findings.reject(pinned_to_replica(POD_NAME_LABEL, namespace, statefulset, ordinal));
        }
        Lookup::Failed(why) => findings.reject(failed_look_up(&format!("StatefulSet {statefulset}"), &path, &why)),
        _ => {}
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
