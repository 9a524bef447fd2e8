//! Rules on Services: the headless one that gives the pods their names, and those through which clients write.

use mysql_options::nearest;

use crate::{
    annotations::{Annotations, check_other_kind, own},
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    exemptions::Exemptions,
    findings::{Findings, Violation, failed_look_up},
    json::{NULL, Object, Value, at, list_at, object_at, str_at},
    names::{ANNOTATION_PREFIX, DATABASE_PORT, POD_INDEX_LABEL, POD_NAME_LABEL, annotation},
    rule::{self, Concern},
    rules::write_endpoint::service_says_write,
    settings::Settings,
    text::{label, shown},
};

/// Is a StatefulSet this policy's?
pub(crate) fn is_managed(statefulset: &Value) -> bool {
    own(statefulset).any(|(key, value)| key == annotation::INJECT && value.as_str() == Some("true"))
}

fn is_headless(service: &Value) -> bool {
    str_at(service, &["spec", "clusterIP"]) == "None" && str_at(service, &["spec", "type"]) != "ExternalName"
}

fn selector<'v, 'a>(service: &'v Value<'a>) -> Option<&'v Object<'a>> {
    at(service, &["spec", "selector"]).and_then(Value::as_object).filter(|selector| !selector.is_empty())
}

/// Is a selector bound to one pod of each StatefulSet?
fn is_pinned(selector: &Object) -> bool {
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
fn pinned_pod<'v>(selector: &'v Object) -> Option<(&'v str, &'v str)> {
    let (statefulset, ordinal) = selector.get(POD_NAME_LABEL)?.as_str()?.rsplit_once('-')?;
    (!ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())).then_some((statefulset, ordinal))
}

/// Is the database's port among a Service's? Its number and that of the pods are the same where none is named.
fn has_database_port(service: &Value, port: u64) -> bool {
    list_at(service, &["spec", "ports"]).iter().any(|entry| entry.get("port").and_then(Value::as_u64) == Some(port))
}

fn service_label(namespace: &str, service: &str) -> String {
    label("Service", namespace, service)
}

/// What the cluster has of an object under admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Nothing,
    Plain,
    Injected,
}

/// Looks after the Service that gives the pods of a managed StatefulSet their names.
pub(crate) fn governing(
    statefulset: &Value,
    namespace: &str,
    stored: Stored,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    if !settings.is_any_on(&[Concern::ServiceName, Concern::GoverningService]) {
        return;
    }
    let given = str_at(statefulset, &["spec", "serviceName"]);
    // an empty one is filled in with the StatefulSet's own name
    let wanted = if given.is_empty() { str_at(statefulset, &["metadata", "name"]) } else { given };
    if wanted.is_empty() {
        return;
    }
    match cluster.get(Kind::Service, namespace, wanted) {
        Lookup::Found(service) => {
            let mut found = Findings::default();
            check_governing(&service, statefulset, &service_label(namespace, wanted), &mut found);
            if stored != Stored::Injected && found.violations.is_empty() {
                hint_at_names(&service, wanted, &mut found);
            }
            Exemptions::of(&service).apply(&mut found, settings);
            findings.append(found);
        }
        Lookup::Failed(why) => findings.reject(failed_look_up(&format!("Service {wanted}"), "spec.serviceName", &why)),
        Lookup::Absent if !settings.is_on(rule::SERVICE_NAME) => {}
        Lookup::Absent => match cluster.list(Kind::Service, namespace, wanted) {
            Lookup::Found(services) => missing(wanted, &services, statefulset, stored != Stored::Nothing, findings),
            Lookup::Failed(why) => {
                findings.reject(failed_look_up("the namespace's Services", "spec.serviceName", &why));
            }
            Lookup::Absent => {}
        },
    }
}

/// A pod 0 without data looks for replicas before it starts an empty database, and finds those that have a name.
fn hint_at_names(service: &Value, wanted: &str, findings: &mut Findings) {
    if !at(service, &["spec", "publishNotReadyAddresses"]).is_some_and(Value::is_true) {
        findings.warn(format!(
            "Service {}: write publishNotReadyAddresses: true; else a pod 0 without data finds no replica that is not Ready",
            shown(wanted)
        ));
    }
}

/// The Service does not exist. It may be on its way, since manifests are applied in any order; but where another one
/// of nearly this name is made for these pods, the name is misspelt.
fn missing(wanted: &str, services: &[Value], statefulset: &Value, is_update: bool, findings: &mut Findings) {
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
        "replicas find the primary by the names that this Service gives to the pods, and the field cannot be changed later",
        format!("did you mean {}, which is headless and selects these pods? Else create {wanted} first", shown(meant)),
    ));
}

/// Does a Service give the pods of a StatefulSet their names?
fn check_governing(service: &Value, statefulset: &Value, object: &str, findings: &mut Findings) {
    let mut reject = |rule, path: &'static str, found: String, why: &'static str, fix: String| {
        findings.reject(Violation::new(rule, path, found, why, fix).of(object));
    };
    if !is_headless(service) {
        let ip = str_at(service, &["spec", "clusterIP"]);
        let kind = str_at(service, &["spec", "type"]);
        reject(
            rule::SERVICE_NOT_HEADLESS,
            "spec.clusterIP",
            if kind == "ExternalName" {
                "a Service of type ExternalName".to_owned()
            } else {
                format!("found {}", if ip.is_empty() { "nothing".to_owned() } else { shown(ip) })
            },
            "only a headless Service gives each pod a name of its own, and by that name replicas find the primary",
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
            format!("write the labels of the pod template: {}", labels.to_json()),
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
            format!("found {}", selector.to_json()),
            "it does not select the pods of the StatefulSet, so they get no names",
            format!("write labels that are in the pod template: {}", labels.to_json()),
        ),
        Some(_) => {}
    }
    let port = u64::from(DATABASE_PORT);
    if !has_database_port(service, port) {
        reject(
            rule::SERVICE_PORT,
            "spec.ports",
            format!("no port {port}"),
            "pods have their names without it, but clients that look up the port by name find none",
            format!("add a port {port}"),
        );
    }
}

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

/// Does a Service say that it takes writes, by its name or by a label of its role? One with more labels than anybody looks
/// at counts as one that does.
fn says_write(service: &Value, settings: &Settings) -> bool {
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
fn is_about_a_role(label: &str) -> bool {
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

/// The Service with its selector on the primary's pod.
fn pinned<'a>(service: &Value<'a>, statefulset: &str) -> Option<Value<'a>> {
    let mut service = service.clone();
    object_at(&mut service, &["spec", "selector"])?.insert(POD_NAME_LABEL, Value::from(format!("{statefulset}-0")));
    Some(service)
}

/// Can a Service annotated `primary-of` lead to the primary?
fn check_primary(case: &Case, statefulset: &str, cluster: &Cluster, findings: &mut Findings) {
    let service = &case.object;
    let namespace = case.request.namespace();
    let annotation_path = Annotations::path(annotation::PRIMARY_OF);
    let mut reject = |path: &str, found: String, why: &'static str, fix: &str| {
        findings.reject(Violation::new(rule::PRIMARY_SERVICE, path.to_owned(), found, why, fix.to_owned()));
    };
    if str_at(service, &["spec", "type"]) == "ExternalName" {
        reject(
            "spec.type",
            "ExternalName".to_owned(),
            "such a Service leads to a name, not to pods",
            "write ClusterIP",
        );
    }
    let Some(selector) = selector(service) else {
        reject(
            "spec.selector",
            "no selector".to_owned(),
            "without one the Service leads to whatever endpoints somebody writes by hand",
            "write the labels of the StatefulSet's pods; the policy adds the one that names the primary",
        );
        return;
    };
    if let Some(pod) = selector.get(POD_NAME_LABEL).filter(|pod| pod.as_str() != Some(&format!("{statefulset}-0"))) {
        reject(
            &format!("spec.selector[{}]", shown(POD_NAME_LABEL)),
            format!("found {}", pod.to_json()),
            "the primary is another pod",
            "remove it: the policy writes the right one",
        );
    }
    match cluster.get(Kind::StatefulSet, namespace, statefulset) {
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
                    "spec.selector",
                    format!("found {}", selector.to_json()),
                    "it does not select the primary's pod",
                    &format!("write labels that are in the pod template: {}", labels.to_json()),
                );
            }
        }
    }
}

/// The rules of a Service that says nothing about itself.
fn check(case: &Case, cluster: &Cluster, findings: &mut Findings) {
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
            findings.reject(failed_look_up("the namespace's StatefulSets", "spec.selector", &why));
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
                    "every pod of the StatefulSet {namespace}/{statefulset_name}, in a Service that says it takes writes"
                ),
                "all pods but the primary are read-only: most writes through it fail",
                if is_governing {
                    "it gives the pods their names: take another name for it, and another Service for writes".to_owned()
                } else {
                    format!("annotate the Service with {ANNOTATION_PREFIX}{}: {statefulset_name}", annotation::PRIMARY_OF)
                },
            ));
        }
    }
}

fn pinned_to_replica(label: &str, namespace: &str, statefulset: &str, ordinal: &str) -> Violation {
    Violation::new(
        rule::PINNED_SERVICE,
        format!("spec.selector[{}]", shown(label)),
        format!("the pod {statefulset}-{ordinal}"),
        format!("it is a replica of the StatefulSet {namespace}/{statefulset}, and read-only"),
        format!(
            "for writes annotate the Service with {ANNOTATION_PREFIX}{}: {statefulset}; for reads remove the label",
            annotation::PRIMARY_OF
        ),
    )
}

fn check_pinned(selector: &Object, namespace: &str, cluster: &Cluster, findings: &mut Findings) {
    let Some((statefulset, ordinal)) = pinned_pod(selector).filter(|(_, ordinal)| *ordinal != "0") else { return };
    let path = format!("spec.selector[{}]", shown(POD_NAME_LABEL));
    match cluster.get(Kind::StatefulSet, namespace, statefulset) {
        Lookup::Found(found) if is_managed(&found) => {
            findings.reject(pinned_to_replica(POD_NAME_LABEL, namespace, statefulset, ordinal));
        }
        Lookup::Failed(why) => findings.reject(failed_look_up(&format!("StatefulSet {statefulset}"), &path, &why)),
        _ => {}
    }
}

/// The Service gives the pods of a live managed StatefulSet their names. What an update takes away is told as such.
fn check_governed(case: &Case, statefulset: &Value, findings: &mut Findings) {
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
