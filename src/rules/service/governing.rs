//! The Service that gives the pods of a managed StatefulSet their names.

use super::{
    alias::check_aliases,
    pair::check_pair,
    says::may_say_write,
    selector::{governing_name, has_database_port, is_external_name, is_headless, is_pinned, selector, selects},
};
use crate::{
    cluster::{Cluster, Kind, Lookup},
    exemptions::Exemptions,
    field_path::FieldPath,
    findings::{Findings, Violation, failed_look_up},
    json::{NULL, Value, at, str_at},
    names::{ANNOTATION_PREFIX, DATABASE_PORT, annotation},
    rule::{self, Concern},
    settings::Settings,
    text::{label, shown, shown_json},
};
use mysql_options::nearest;

pub(super) fn service_label(namespace: &str, service: &str) -> String {
    label("Service", namespace, service)
}

/// What the cluster has of an object under admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Nothing,
    Plain,
    Injected,
}

/// Looks after the Service that gives the pods of a managed StatefulSet their names and, where the StatefulSet is new
/// to the Services that are there already, after these.
pub(crate) fn governing(
    statefulset: &Value,
    namespace: &str,
    stored: Stored,
    is_new: bool,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    let wanted = governing_name(statefulset);
    if wanted.is_empty() {
        return;
    }
    let listed = if is_new { list(statefulset, namespace, settings, cluster) } else { Lookup::Absent };
    let services = if let Lookup::Found(services) = &listed { &services[..] } else { &[] };
    if settings.is_any_on(&[Concern::ServiceName, Concern::GoverningService]) {
        let check = |service: &Value, findings: &mut Findings| {
            let mut found = Findings::default();
            check_governing(service, statefulset, &service_label(namespace, wanted), &mut found);
            if stored != Stored::Injected && found.violations.is_empty() {
                hint_at_names(service, wanted, &mut found);
            }
            Exemptions::of(service).apply(&mut found, settings);
            findings.append(found);
        };
        // a list is the host's own copy, which lags behind what somebody has just put right
        let is_wanted = |service: &&Value| !cluster.is_fresh() && str_at(service, &["metadata", "name"]) == wanted;
        let known = services.iter().find(is_wanted);
        let got = if known.is_some() { Lookup::Absent } else { cluster.get(Kind::Service, namespace, wanted) };
        match (known, got) {
            (Some(service), _) => check(service, findings),
            (None, Lookup::Found(service)) => check(&service, findings),
            (None, Lookup::Failed(why)) => {
                let what = format!("Service {wanted}");
                findings.reject(failed_look_up(&what, &FieldPath::Known("spec.serviceName"), &why));
                return;
            }
            (None, Lookup::Absent) if !settings.is_on(rule::SERVICE_NAME) => {}
            (None, Lookup::Absent) => match cluster.list(Kind::Service, namespace, wanted) {
                Lookup::Found(services) => missing(wanted, &services, statefulset, stored != Stored::Nothing, findings),
                Lookup::Failed(why) => {
                    tell_failed_list(&why, findings);
                    return;
                }
                Lookup::Absent => {}
            },
        }
    }
    judge(&listed, statefulset, namespace, settings, cluster, findings);
}

/// Judges the Services that are there already with a managed StatefulSet, as each is judged when it comes later.
pub(crate) fn clients(
    statefulset: &Value,
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    judge(&list(statefulset, namespace, settings, cluster), statefulset, namespace, settings, cluster, findings);
}

/// The Services of a namespace that can be wrong with a StatefulSet; nothing where no rule asks for them.
fn list<'c>(statefulset: &Value, namespace: &str, settings: &Settings, cluster: &'c Cluster) -> Lookup<Vec<Value<'c>>> {
    let wanted = governing_name(statefulset);
    let rules = [rule::WRITE_SERVICE, rule::PINNED_SERVICE, rule::PRIMARY_SERVICE];
    if wanted.is_empty() || !rules.iter().any(|rule| settings.is_on(rule)) {
        return Lookup::Absent;
    }
    cluster.list_of(Kind::Service, namespace, wanted, &|service| {
        str_at(service, &["metadata", "name"]) == wanted || may_say_write(service, settings)
    })
}

fn judge(
    listed: &Lookup<Vec<Value>>,
    statefulset: &Value,
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    let services = match listed {
        Lookup::Found(services) => services,
        Lookup::Failed(why) => return tell_failed_list(why, findings),
        Lookup::Absent => return,
    };
    for service in services {
        let mut found = Findings::default();
        check_pair(service, statefulset, namespace, settings, &mut found);
        if found.violations.is_empty() && found.warnings.is_empty() {
            continue;
        }
        for violation in &mut found.violations {
            violation.object = Some(service_label(namespace, str_at(service, &["metadata", "name"])));
        }
        Exemptions::of(service).apply(&mut found, settings);
        findings.append(found);
    }
    if settings.is_on(rule::WRITE_SERVICE)
        && services.iter().any(is_external_name)
        && let Lookup::Found(all) = cluster.list(Kind::Service, namespace, governing_name(statefulset))
    {
        check_aliases(&all, None, statefulset, namespace, settings, findings);
    }
}

#[cold]
fn tell_failed_list(why: &str, findings: &mut Findings) {
    findings.reject(failed_look_up("the namespace's Services", &FieldPath::Known("spec.serviceName"), why));
}

/// A pod 0 without data looks for replicas before it starts an empty database, and finds those that have a name.
pub(super) fn hint_at_names(service: &Value, wanted: &str, findings: &mut Findings) {
    if !at(service, &["spec", "publishNotReadyAddresses"]).is_some_and(Value::is_true) {
        findings.warn(format!(
            "Service {}: write publishNotReadyAddresses: true; else a pod 0 without data finds no replica that is not \
                Ready",
            shown(wanted)
        ));
    }
}

/// The Service does not exist. It may be on its way, since manifests are applied in any order; but where another one
/// of nearly this name is made for these pods, the name is misspelt.
pub(super) fn missing(wanted: &str, services: &[Value], statefulset: &Value, is_update: bool, findings: &mut Findings) {
    let fitting: Vec<&str> = services
        .iter()
        .filter(|service| {
            is_headless(service)
                && selector(service).is_some_and(|selector| !is_pinned(selector) && selects(selector, statefulset))
        })
        .map(|service| str_at(service, &["metadata", "name"]))
        .collect();
    let Some(meant) = nearest(wanted, &fitting) else {
        let also =
            fitting.first().map(|other| format!("; {} is made for these pods", shown(other))).unwrap_or_default();
        findings.warn(format!(
            "no Service {} yet: until there is a headless one, replicas do not start{also}",
            shown(wanted)
        ));
        return;
    };
    if is_update {
        // it cannot be changed any more, and the update makes nothing worse
        findings.warn(format!(
            "no Service {}: replicas cannot start; create a headless one like {} of this name",
            shown(wanted),
            shown(meant)
        ));
        return;
    }
    findings.reject(Violation::new(
        rule::SERVICE_NAME,
        "spec.serviceName",
        format!("found {}, and there is no Service of this name", shown(wanted)),
        "replicas find the primary by the names that this Service gives to the pods, and the field cannot be changed \
            later",
        format!("did you mean {}, which is headless and selects these pods? Else create {wanted} first", shown(meant)),
    ));
}

/// Does a Service give the pods of a StatefulSet their names?
pub(super) fn check_governing(service: &Value, statefulset: &Value, object: &str, findings: &mut Findings) {
    let mut reject = |rule, path: &'static str, found: String, why: &'static str, fix: String| {
        findings.reject(Violation::new(rule, path, found, why, fix).of(object));
    };
    if !is_headless(service) {
        let ip = str_at(service, &["spec", "clusterIP"]);
        reject(
            rule::SERVICE_NOT_HEADLESS,
            "spec.clusterIP",
            if is_external_name(service) {
                "a Service of type ExternalName".to_owned()
            } else {
                format!("found {}", if ip.is_empty() { "nothing".to_owned() } else { shown(ip) })
            },
            "only a headless Service gives each pod a name, by which replicas find the primary",
            "write clusterIP: None (delete the Service and create it again), and another Service for clients"
                .to_owned(),
        );
    }
    let labels = at(statefulset, &["spec", "template", "metadata", "labels"]).unwrap_or(NULL);
    match selector(service) {
        None => reject(
            rule::SERVICE_SELECTOR,
            "spec.selector",
            "no selector".to_owned(),
            "a Service without one knows no pods, so they get no names",
            format!("write the labels of the pod template: {}", shown_json(labels.to_json())),
        ),
        Some(selector) if is_pinned(selector) => reject(
            rule::SERVICE_SELECTOR,
            "spec.selector",
            "a selector of one pod".to_owned(),
            "every pod needs a name, and only this one gets one",
            format!(
                "remove it here; for a Service of the primary create another, annotated {ANNOTATION_PREFIX}{}",
                annotation::PRIMARY_OF
            ),
        ),
        Some(selector) if !selects(selector, statefulset) => reject(
            rule::SERVICE_SELECTOR,
            "spec.selector",
            format!("found {}", shown_json(selector.to_json())),
            "it does not select the pods of the StatefulSet, so they get no names",
            format!("write labels that are in the pod template: {}", shown_json(labels.to_json())),
        ),
        Some(_) => {}
    }
    let port = u64::from(DATABASE_PORT);
    if !has_database_port(service, port) {
        reject(
            rule::SERVICE_PORT,
            "spec.ports",
            format!("no port {port}"),
            "clients that look up the port by name find none",
            format!("add a port {port}"),
        );
    }
}
