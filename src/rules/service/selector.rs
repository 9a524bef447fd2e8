//! Which pods a Service selects, and which ports it has.

use crate::{
    halves::Halves,
    json::{Object, Value, at, list_at, str_at},
    names::{POD_INDEX_LABEL, POD_NAME_LABEL},
};

pub(super) fn is_headless(service: &Value) -> bool {
    str_at(service, &["spec", "clusterIP"]) == "None" && !is_external_name(service)
}

/// The Service that gives the pods of a managed StatefulSet their names: an empty `serviceName` is filled in with the
/// StatefulSet's own name.
pub(crate) fn governing_name<'v>(statefulset: &'v Value) -> &'v str {
    let given = str_at(statefulset, &["spec", "serviceName"]);
    if given.is_empty() { str_at(statefulset, &["metadata", "name"]) } else { given }
}

/// Does a Service lead to a name instead of pods?
pub(super) fn is_external_name(service: &Value) -> bool {
    str_at(service, &["spec", "type"]) == "ExternalName"
}

pub(super) fn selector<'v, 'a>(service: &'v Value<'a>) -> Option<&'v Object<'a>> {
    at(service, &["spec", "selector"]).and_then(Value::as_object).filter(|selector| !selector.is_empty())
}

/// Is a selector bound to one pod of each StatefulSet?
pub(super) fn is_pinned(selector: &Object) -> bool {
    selector.contains_key(POD_NAME_LABEL) || selector.contains_key(POD_INDEX_LABEL)
}

/// Do the labels of a pod template match a selector, but for the labels that name one pod?
pub(crate) fn selects(selector: &Object, statefulset: &Value) -> bool {
    let labels = at(statefulset, &["spec", "template", "metadata", "labels"]);
    selector
        .iter()
        .filter(|(key, _)| *key != POD_NAME_LABEL && *key != POD_INDEX_LABEL)
        .all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
}

/// The pod that a selector is bound to, as its StatefulSet's name and its ordinal.
pub(super) fn pinned_pod<'v>(selector: &'v Object) -> Option<(&'v str, &'v str)> {
    let (statefulset, ordinal) = selector.get(POD_NAME_LABEL)?.as_str()?.last_halves('-')?;
    (!ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())).then_some((statefulset, ordinal))
}

/// Whether a selector is bound to a replica of a StatefulSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound<'v> {
    /// By this label, to the pod of this ordinal.
    To(&'static str, &'v str),
    /// To no single pod.
    Loose,
}

/// How a selector is bound to replicas of a StatefulSet; nothing where it is bound to pod 0, or to another set.
pub(super) fn bound_to<'v>(selector: &'v Object, statefulset: &str) -> Option<Bound<'v>> {
    if selector.contains_key(POD_NAME_LABEL) {
        let (set, ordinal) = pinned_pod(selector)?;
        return (set == statefulset && ordinal != "0").then_some(Bound::To(POD_NAME_LABEL, ordinal));
    }
    match selector.get(POD_INDEX_LABEL).and_then(Value::as_str) {
        Some("0") => None,
        Some(ordinal) => Some(Bound::To(POD_INDEX_LABEL, ordinal)),
        None => Some(Bound::Loose),
    }
}

/// Is the database's port among a Service's? Its number and that of the pods are the same where none is named.
pub(super) fn has_database_port(service: &Value, port: u64) -> bool {
    list_at(service, &["spec", "ports"]).iter().any(|entry| entry.get("port").and_then(Value::as_u64) == Some(port))
}
