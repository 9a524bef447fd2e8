//! Rules on Services: the headless one that gives the pods their names, and those through which clients write.

mod alias;
mod clients;
mod governing;
mod pair;
mod primary;
mod says;
mod selector;

pub(crate) use governing::{Stored, clients as clients_of, governing};
pub(crate) use selector::{governing_name, selects};

use clients::check;
use primary::{check_primary, pinned};
use says::says_write;
use selector::{has_database_port, is_pinned, selector};

use crate::{
    annotations::check_other_kind,
    case::{Case, recheck_uncached},
    cluster::Cluster,
    findings::Findings,
    json::{Value, list_at, str_at},
    names::DATABASE_PORT,
    rule,
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
