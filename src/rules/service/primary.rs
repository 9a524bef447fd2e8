//! A Service that says that it leads to the primary: it is bound to pod 0.

use crate::{
    annotations::Annotations,
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    field_path::FieldPath,
    findings::{Findings, Violation, failed_look_up},
    json::{NULL, Value, at, object_at, str_at},
    names::{POD_NAME_LABEL, annotation},
    rule,
    text::shown,
};
use crate::{
    annotations::is_managed,
    rules::service::selector::{selector, selects},
};

/// The Service with its selector on the primary's pod.
pub(super) fn pinned<'a>(service: &Value<'a>, statefulset: &str) -> Option<Value<'a>> {
    let mut service = service.clone();
    object_at(&mut service, &["spec", "selector"])?.insert(POD_NAME_LABEL, Value::from(format!("{statefulset}-0")));
    Some(service)
}

/// Can a Service annotated `primary-of` lead to the primary?
pub(super) fn check_primary(case: &Case, statefulset: &str, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    let namespace = case.request.namespace();
    let annotation_path = Annotations::path(annotation::PRIMARY_OF);
    let annotation_path = FieldPath::Known(&annotation_path);
    let mut reject = |path: &FieldPath, found: String, why: &'static str, fix: &str| {
        findings.reject(Violation::new(rule::PRIMARY_SERVICE, *path, found, why, fix.to_owned()));
    };
    if str_at(service, &["spec", "type"]) == "ExternalName" {
        reject(
            &FieldPath::Known("spec.type"),
            "ExternalName".to_owned(),
            "such a Service leads to a name, not to pods",
            "write ClusterIP",
        );
    }
    let Some(selector) = selector(service) else {
        reject(
            &FieldPath::Known("spec.selector"),
            "no selector".to_owned(),
            "without one the Service leads to whatever endpoints somebody writes by hand",
            "write the labels of the StatefulSet's pods; the policy adds the one that names the primary",
        );
        return;
    };
    if let Some(pod) = selector.get(POD_NAME_LABEL).filter(|pod| pod.as_str() != Some(&format!("{statefulset}-0"))) {
        reject(
            &FieldPath::Known("spec.selector").entry(POD_NAME_LABEL),
            format!("found {}", pod.to_json()),
            "the primary is another pod",
            "remove it: the policy writes the right one",
        );
    }
    match cluster.get(Kind::StatefulSet, namespace, statefulset) {
        // a folder's Services are applied before its StatefulSet, and nothing is wrong with that
        Lookup::Absent if case.old.is_none() && !case.is_audit => {}
        Lookup::Absent => {
            findings
                .warn(format!("no StatefulSet {} yet: the Service leads nowhere until there is", shown(statefulset)));
        }
        Lookup::Failed(why) => {
            findings.reject(failed_look_up(&format!("StatefulSet {statefulset}"), &annotation_path, &why));
        }
        Lookup::Found(found) => {
            if !is_managed(&found) {
                reject(
                    &annotation_path,
                    format!("found {}, a StatefulSet that this policy does not manage", shown(statefulset)),
                    "its pods are databases of their own: there is no primary",
                    "annotate the StatefulSet with inject: \"true\", or remove this annotation",
                );
            } else if str_at(&found, &["spec", "serviceName"]) == str_at(service, &["metadata", "name"]) {
                reject(
                    &annotation_path,
                    "the Service that gives the pods their names".to_owned(),
                    "bound to the primary it would give replicas no names, and they could not clone from each other",
                    "remove the annotation here, and create another Service with it",
                );
            }
            if !selects(selector, &found) {
                let labels = at(&found, &["spec", "template", "metadata", "labels"]).unwrap_or(NULL);
                reject(
                    &FieldPath::Known("spec.selector"),
                    format!("found {}", selector.to_json()),
                    "it does not select the primary's pod",
                    &format!("write labels that are in the pod template: {}", labels.to_json()),
                );
            }
        }
    }
}
