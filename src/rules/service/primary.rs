//! A Service that says that it leads to the primary: it is bound to pod 0.

use super::selector::{governing_name, is_external_name, selector, selects};
use crate::{
    annotations::{Annotations, is_managed, may_be_managed, primary_of},
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    field_path::FieldPath,
    findings::{Findings, Violation, failed_look_up},
    json::{NULL, Object, Value, at, object_at, str_at},
    names::{DATABASE_PORT, POD_INDEX_LABEL, POD_NAME_LABEL, annotation},
    rule,
    rules::write_endpoint::leads_to_database,
    text::{shown, shown_json},
};

/// The Service with its selector on the primary's pod.
pub(super) fn pinned<'a>(service: &Value<'a>, statefulset: &str) -> Option<Value<'a>> {
    let mut service = service.clone();
    object_at(&mut service, &["spec", "selector"])?.insert(POD_NAME_LABEL, Value::from(primary_pod(statefulset)));
    Some(service)
}

fn primary_pod(statefulset: &str) -> String {
    format!("{statefulset}-0")
}

fn violation(path: FieldPath, found: String, why: &'static str, fix: String) -> Violation {
    Violation::new(rule::PRIMARY_SERVICE, path, found, why, fix)
}

/// Can a Service annotated `primary-of` lead to the primary?
pub(super) fn check_primary(case: &Case, statefulset: &str, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    if is_external_name(service) {
        findings.reject(violation(
            FieldPath::Known("spec.type"),
            "ExternalName".to_owned(),
            "such a Service leads to a name, not to pods",
            "write ClusterIP".to_owned(),
        ));
    }
    let Some(selector) = selector(service) else {
        findings.reject(violation(
            FieldPath::Known("spec.selector"),
            "no selector".to_owned(),
            "the Service leads to endpoints that somebody writes by hand",
            "write the labels of the pods; the policy adds that of the primary".to_owned(),
        ));
        return;
    };
    let before = case.old.as_ref().and_then(primary_of);
    check_labels(selector, statefulset, before, findings);
    if !leads_to_database(service, None) {
        let port = DATABASE_PORT;
        findings
            .warn(format!("no port leads to the database: writes fail; write port: {port} without another targetPort"));
    }
    let annotation_path = Annotations::path(annotation::PRIMARY_OF);
    let annotation_path = FieldPath::Known(&annotation_path);
    match cluster.get(Kind::StatefulSet, case.request.namespace(), statefulset) {
        Lookup::Absent => {
            let list = cluster.list_of(Kind::StatefulSet, case.request.namespace(), statefulset, &may_be_managed);
            let list = if let Lookup::Found(list) = &list { &list[..] } else { &[] };
            // a name that is only like another may be that of a second database, which is about to come
            let meant = list.iter().find(|found| is_managed(found) && selects(selector, found));
            // a folder's Services are applied before its StatefulSet, and nothing is wrong with that
            if meant.is_some() || case.old.is_some() || case.is_audit {
                findings.warn(format!(
                    "no StatefulSet {} yet: the Service leads nowhere{}",
                    shown(statefulset),
                    meant
                        .map(|meant| format!("; did you mean {}?", shown(str_at(meant, &["metadata", "name"]))))
                        .unwrap_or_default()
                ));
            }
        }
        Lookup::Failed(why) => {
            findings.reject(failed_look_up(&format!("StatefulSet {statefulset}"), &annotation_path, &why));
        }
        Lookup::Found(found) => {
            if !is_managed(&found) {
                findings.reject(violation(
                    annotation_path,
                    format!("found {}, a StatefulSet that this policy does not manage", shown(statefulset)),
                    "its pods are databases of their own: there is no primary",
                    "annotate the StatefulSet with inject: \"true\", or remove this annotation".to_owned(),
                ));
            }
            check_primary_of(service, &found, findings);
        }
    }
}

/// Is a selector bound to another pod than the primary? The label that the policy wrote for the StatefulSet that was
/// named `before` is no user's, and is written anew.
fn check_labels(selector: &Object, statefulset: &str, before: Option<&str>, findings: &mut Findings) {
    let is_of = |pod: &Value, set: &str| pod.as_str() == Some(&primary_pod(set));
    for (label, pod) in selector.iter() {
        let is_right = match label {
            POD_NAME_LABEL => is_of(pod, statefulset) || before.is_some_and(|before| is_of(pod, before)),
            POD_INDEX_LABEL => pod.as_str() == Some("0"),
            _ => continue,
        };
        if !is_right {
            findings.reject(violation(
                FieldPath::Known("spec.selector").entry(label),
                format!("found {}", shown_json(pod.to_json())),
                "the primary is another pod",
                "remove it: the policy writes the right one".to_owned(),
            ));
        }
    }
}

/// Can a Service that is annotated with a StatefulSet's name lead to that one's primary?
pub(super) fn check_primary_of(service: &Value, statefulset: &Value, findings: &mut Findings) {
    if is_managed(statefulset) && governing_name(statefulset) == str_at(service, &["metadata", "name"]) {
        findings.reject(violation(
            FieldPath::Known(&Annotations::path(annotation::PRIMARY_OF)),
            "the Service that gives the pods their names".to_owned(),
            "bound to the primary it would give replicas no names, and none could clone",
            "remove the annotation here, and create another Service with it".to_owned(),
        ));
    }
    let Some(selector) = selector(service).filter(|selector| !selects(selector, statefulset)) else { return };
    let labels = at(statefulset, &["spec", "template", "metadata", "labels"]).unwrap_or(NULL);
    findings.reject(violation(
        FieldPath::Known("spec.selector"),
        format!("found {}", shown_json(selector.to_json())),
        "it does not select the primary's pod",
        format!("write labels that are in the pod template: {}", shown_json(labels.to_json())),
    ));
}
