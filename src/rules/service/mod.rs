//! Rules on Services: the headless one that gives the pods their names, and those through which clients write.

mod clients;
mod governing;
mod primary;
mod selector;

pub(crate) use governing::{Stored, governing};
pub(crate) use selector::selects;

use crate::rules::service::clients::check;
use crate::rules::service::primary::{check_primary, pinned};
use crate::rules::service::selector::{has_database_port, is_pinned, selector};
use crate::{
    annotations::check_other_kind,
    case::{Case, recheck_uncached},
    cluster::Cluster,
    findings::Findings,
    json::{Object, Value, at, list_at, str_at},
    names::DATABASE_PORT,
    rule::{self},
    rules::write_endpoint::service_says_write,
    settings::Settings,
};

/// Could a Service concern a managed StatefulSet? Without one of these signs no look-up is made.
pub(crate) fn may_concern(service: &Value, old: Option<&Value>, settings: &Settings) -> bool {
    let port = u64::from(DATABASE_PORT);
    let has_sign = |service: &Value| {
        let service_name = str_at(service, &["metadata", "name"]);
        says_write(service, settings)
            || ["mysql", "mariadb"].iter().any(|database| service_name.contains(database))
            || selector(service).is_some_and(is_pinned)
            || has_database_port(service, port)
            || list_at(service, &["spec", "ports"])
                .iter()
                .any(|entry| entry.get("targetPort").and_then(Value::as_u64) == Some(port))
    };
    has_sign(service) || old.is_some_and(has_sign)
}

/// Does a Service say that it takes writes, by its name or by a label of its role? One with more labels than anybody
/// looks at counts as one that does.
pub(super) fn says_write(service: &Value, settings: &Settings) -> bool {
    const LABELS: usize = 256;
    let names = &settings.write_names;
    let by_label = || {
        let labels = at(service, &["metadata", "labels"]).and_then(Value::as_object);
        labels.is_some_and(|labels| labels.keys().nth(LABELS).is_some())
            || labels.into_iter().flat_map(Object::iter).any(|(key, value)| {
                is_about_a_role(key) && value.as_str().is_some_and(|value| service_says_write(value, names))
            })
    };
    service_says_write(str_at(service, &["metadata", "name"]), names) || by_label()
}

/// Is a label about the role of what a Service leads to?
pub(super) fn is_about_a_role(label: &str) -> bool {
    let key = label.rsplit('/').next().unwrap_or_default();
    ["role", "access", "access-mode", "endpoint", "mode", "component", "tier"].contains(&key) || key.ends_with("-role")
}

/// Looks for all problems of a Service; the result is the Service as it shall be.
pub(crate) fn service<'r>(case: &Case<'r>, cluster: &Cluster, findings: &mut Findings) -> Option<Value<'r>> {
    let service = &case.object;
    let primary_of = check_other_kind("Service", service, findings);
    if let Some(name) = primary_of {
        if case.settings.is_on(rule::PRIMARY_SERVICE) && !case.settings.exempts(case.request.namespace()) {
            recheck_uncached(case, cluster, findings, |cluster, findings| check_primary(case, name, cluster, findings));
        }
        // a Service that knows no pods cannot be bound to one
        return if selector(service).is_some() { pinned(service, name) } else { None };
    }
    if !case.settings.exempts(case.request.namespace()) {
        recheck_uncached(case, cluster, findings, |cluster, findings| check(case, cluster, findings));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_service_says_that_it_takes_writes() {
        let says = |name: &str, labels: &Value| {
            says_write(&json!({"metadata": {"name": name, "labels": labels}}), &Settings::default())
        };
        let many = |count: usize| {
            Value::Object(Object::new((0..count).map(|i| (format!("{i}").into(), "x".into())).collect()))
        };
        assert!(says("mysql-write", &json!({})));
        assert!(says("mysql", &json!({"example.com/role": "primary"})));
        assert!(!says("mysql", &json!({"example.com/team": "primary"})));
        // nobody looks at so many
        assert!(!says("mysql", &many(256)));
        assert!(says("mysql", &many(257)));
    }
}
