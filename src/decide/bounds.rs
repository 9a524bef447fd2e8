//! How large a StatefulSet may be that the policy looks after. What is beyond is no work of people, and every list of
//! it would be searched for every other one.

use crate::{
    annotations::own,
    field_path::{FieldPath, POD},
    findings::{Findings, Violation},
    json::{NULL, Value, at, list_at},
    mounts::{OPTION_FILES, mounted_option_files},
    names::{INJECTED_CONTAINERS, INJECTED_VOLUMES, annotation},
    object::name,
    record::Status,
    rule,
};

/// So many bytes of a pod template. With its injection, a usual one has thirty thousand.
const TEMPLATE: usize = 256 << 10;
/// So many elements of a list have the same reserved name; Kubernetes takes one.
const SAME_NAME: usize = 8;
/// So many variables of an injected container; the policy writes a dozen, and the database's credentials.
const VARIABLES: usize = 256;
/// So many bytes of a record, which has a thousand.
const RECORD: usize = 16 << 10;
/// So many mounts in a record, which has three.
const MOUNTS: usize = 16;

/// Reports a StatefulSet, of a text of such a length, that is larger than what the policy looks at.
pub(super) fn check(text_len: usize, object: &Value, findings: &mut Findings) {
    let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
    let mut reject = |path: FieldPath, found: String, fix: &'static str| {
        let why = "what is not looked at could open replicas for writes";
        findings.reject(Violation::new(rule::MALFORMED, path, found, why, fix));
    };
    // a small text holds no large template
    if text_len > TEMPLATE && at(object, &["spec", "template"]).is_some_and(|template| size(template) > TEMPLATE) {
        let found = format!("more than {} kB", TEMPLATE >> 10);
        reject(FieldPath::Known("spec.template"), found, "move scripts and option files into ConfigMaps");
    }
    for (list, reserved) in [
        ("volumes", &INJECTED_VOLUMES[..]),
        ("initContainers", &INJECTED_CONTAINERS),
        ("containers", &INJECTED_CONTAINERS),
    ] {
        if list_at(pod, &[list]).iter().filter(|element| reserved.contains(&name(element))).count() > SAME_NAME {
            let found = format!("more than {SAME_NAME} with names that the policy injects");
            reject(POD.field(list), found, "give yours other names");
        }
    }
    for (list, index, container) in containers(pod) {
        if mounted_option_files(container).nth(OPTION_FILES).is_some() {
            let list = POD.field(list);
            let container = list.element(index);
            let found = format!("more than {OPTION_FILES} mounts of option files");
            reject(
                container.field("volumeMounts"),
                found,
                "mount a folder with all of them, or use the ConfigMap's keys master.cnf and slave.cnf",
            );
        }
    }
    if let Some((list, index)) = crowded(pod) {
        let list = POD.field(list);
        let container = list.element(index);
        reject(
            container.field("env"),
            format!("more than {VARIABLES} variables of an injected container"),
            "remove yours",
        );
    }
}

/// The record that an object carries. One that is larger than the policy writes any, or lies in an object that is
/// larger than the policy takes any, is none of its own.
pub(super) fn record_of(object: &Value) -> Option<Status> {
    let text = own(object).find(|(key, _)| *key == annotation::STATUS)?.1.as_str()?;
    if text.len() > RECORD || crowded(at(object, &["spec", "template", "spec"]).unwrap_or(NULL)).is_some() {
        return None;
    }
    Status::read(object).filter(|record| {
        let Status { volumes, init_containers, containers, volume_mounts, probes, .. } = record;
        [volumes, init_containers, containers, probes].into_iter().all(|names| names.len() <= SAME_NAME)
            && volume_mounts.len() <= MOUNTS
    })
}

/// About how long a tree is as text.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 3,
        Value::Array(list) => list.iter().map(size).sum::<usize>() + 3,
        Value::Object(object) => object.iter().map(|(key, value)| key.len() + 3 + size(value)).sum::<usize>() + 3,
        _ => 5,
    }
}

fn containers<'v, 'a>(pod: &'v Value<'a>) -> impl Iterator<Item = (&'static str, usize, &'v Value<'a>)> {
    ["initContainers", "containers"].into_iter().flat_map(move |list| {
        list_at(pod, &[list]).iter().enumerate().map(move |(index, container)| (list, index, container))
    })
}

/// The first injected container with very many variables.
fn crowded(pod: &Value) -> Option<(&'static str, usize)> {
    containers(pod)
        .find(|(_, _, container)| {
            list_at(container, &["env"]).len() > VARIABLES && INJECTED_CONTAINERS.contains(&name(container))
        })
        .map(|(list, index, _)| (list, index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn found(pod: &Value) -> Vec<String> {
        let object = json!({"spec": {"template": {"spec": pod}}});
        let mut findings = Findings::default();
        check(object.to_json().len(), &object, &mut findings);
        findings.violations.into_iter().map(|violation| violation.path.into_owned()).collect()
    }

    #[test]
    fn what_is_too_large_is_told() {
        let many =
            |count: usize, element: &dyn Fn(usize) -> Value<'static>| (0..count).map(element).collect::<Vec<_>>();
        let script = |length: usize| json!({"containers": [{"args": ["x".repeat(length)]}]});
        assert!(found(&script(TEMPLATE - 1000)).is_empty());
        assert_eq!(found(&script(TEMPLATE)), ["spec.template"]);

        let named = |count| json!({"containers": many(count, &|_| json!({"name": "xtrabackup"}))});
        assert!(found(&named(SAME_NAME)).is_empty());
        assert_eq!(found(&named(SAME_NAME + 1)), ["spec.template.spec.containers"]);

        let mount = |index| json!({"name": "x", "mountPath": format!("/etc/mysql/conf.d/{index}.cnf")});
        let mounts = |count| json!({"containers": [{"volumeMounts": many(count, &mount)}]});
        assert!(found(&mounts(OPTION_FILES)).is_empty());
        assert_eq!(found(&mounts(OPTION_FILES + 1)), ["spec.template.spec.containers[0].volumeMounts"]);

        let env = |name: &str, count| json!({"initContainers": [{"name": name, "env": many(count, &|_| json!({}))}]});
        assert!(found(&env("init-mysql", VARIABLES)).is_empty());
        assert!(found(&env("mine", VARIABLES + 1)).is_empty());
        assert_eq!(found(&env("init-mysql", VARIABLES + 1)), ["spec.template.spec.initContainers[0].env"]);
    }

    #[test]
    fn a_record_that_the_policy_never_writes_is_none() {
        let object = |mounts: usize, volumes: usize, blanks: usize, variables: usize| {
            let record = json!({
                "version": "0.1.0", "revision": "x", "container": "mysql", "volumes": vec!["conf"; volumes],
                "volumeMounts": vec!["/x"; mounts],
            });
            json!({
                "metadata": {"annotations": {Status::key(): format!("{record}{}", " ".repeat(blanks))}},
                "spec": {"template": {"spec": {"containers": [{"name": "xtrabackup", "env": vec![json!({}); variables]}]}}},
            })
        };
        assert!(record_of(&object(MOUNTS, SAME_NAME, 0, VARIABLES)).is_some());
        assert!(record_of(&object(MOUNTS + 1, SAME_NAME, 0, VARIABLES)).is_none());
        assert!(record_of(&object(MOUNTS, SAME_NAME + 1, 0, VARIABLES)).is_none());
        assert!(record_of(&object(MOUNTS, SAME_NAME, RECORD, VARIABLES)).is_none());
        assert!(record_of(&object(MOUNTS, SAME_NAME, 0, VARIABLES + 1)).is_none());
    }
}
