//! A Service through which clients come, and a managed StatefulSet: what is wrong between the two, whichever of them is
//! admitted.

use super::{
    primary::check_primary_of,
    says::says_write,
    selector::{Bound, bound_to, governing_name, selector, selects},
};
use crate::{
    annotations::primary_of,
    field_path::FieldPath,
    findings::{Findings, Violation},
    json::{Value, str_at},
    names::{ANNOTATION_PREFIX, POD_NAME_LABEL, annotation},
    object::replicas,
    rule,
    rules::write_endpoint::{leads_to_database, service_may_say_write},
    settings::Settings,
    text::cut,
};

/// The rules between a Service and a managed StatefulSet, but for those of the one that gives the pods their names.
pub(super) fn check_pair(
    service: &Value,
    statefulset: &Value,
    namespace: &str,
    settings: &Settings,
    findings: &mut Findings,
) {
    let set = str_at(statefulset, &["metadata", "name"]);
    if let Some(primary_of) = primary_of(service) {
        if primary_of == set {
            check_primary_of(service, statefulset, findings);
        }
        return;
    }
    let Some(bound) = clients_of(service, statefulset) else { return };
    let name = str_at(service, &["metadata", "name"]);
    let is_governing = governing_name(statefulset) == name;
    // most Services of a database say nothing
    if !says_write(service, settings) {
        if bound == Bound::Loose && !is_governing && service_may_say_write(name, &settings.write_names) {
            findings.warn(cut(format!(
                "{name} leads to every pod of {set}, of which only one takes writes: annotate {}",
                annotation::PRIMARY_OF
            )));
        }
        return;
    }
    let to_primary = format!("annotate the Service with {ANNOTATION_PREFIX}{}: {set}", annotation::PRIMARY_OF);
    findings.reject(match bound {
        Bound::To(label, ordinal) => Violation::new(
            rule::PINNED_SERVICE,
            FieldPath::Known("spec.selector").entry(label),
            format!("the pod {set}-{ordinal}, in a Service that says it takes writes"),
            format!("it is a read-only replica of the StatefulSet {namespace}/{set}: every write through it fails"),
            format!("for writes {to_primary}, and remove the label; for reads give the Service a name that says so"),
        ),
        Bound::Loose => Violation::new(
            rule::WRITE_SERVICE,
            "spec.selector",
            format!("every pod of the StatefulSet {namespace}/{set}, in a Service that says it takes writes"),
            "all pods but the primary are read-only: most writes through it fail",
            if is_governing {
                "it gives the pods their names: take another name for it, and another Service for writes".to_owned()
            } else {
                to_primary
            },
        ),
    });
}

/// How a Service leads to pods of a StatefulSet that are read-only: to one of them, or to all, more than one.
pub(super) fn clients_of<'v>(service: &'v Value, statefulset: &Value) -> Option<Bound<'v>> {
    let selector = selector(service)?;
    let bound = bound_to(selector, str_at(statefulset, &["metadata", "name"]))?;
    let leads_to_replicas = match bound {
        // no other pod has this name
        Bound::To(POD_NAME_LABEL, _) => true,
        Bound::To(..) => selects(selector, statefulset),
        // a primary alone takes every write
        Bound::Loose => selects(selector, statefulset) && replicas(statefulset) != 1,
    };
    (leads_to_replicas && leads_to_database(service, None)).then_some(bound)
}
