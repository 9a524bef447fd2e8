//! Which pods a Service selects, and which ports it has.

use crate::{
    json::{Object, Value, at, list_at, str_at},
    names::{POD_INDEX_LABEL, POD_NAME_LABEL},
};

pub(super) fn is_headless(service: &Value) -> bool {
    str_at(service, &["spec", "clusterIP"]) == "None" && str_at(service, &["spec", "type"]) != "ExternalName"
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
    let (statefulset, ordinal) = selector.get(POD_NAME_LABEL)?.as_str()?.rsplit_once('-')?;
    (!ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())).then_some((statefulset, ordinal))
}

/// Is the database's port among a Service's? Its number and that of the pods are the same where none is named.
pub(super) fn has_database_port(service: &Value, port: u64) -> bool {
    list_at(service, &["spec", "ports"]).iter().any(|entry| entry.get("port").and_then(Value::as_u64) == Some(port))
}
