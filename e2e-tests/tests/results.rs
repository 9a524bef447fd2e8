//! What must hold for every result, checked on all the goldens' inputs that are injected.

use std::{collections::HashSet, ffi::OsStr, fs};

use k8s_openapi::api::{
    apps::v1::StatefulSet,
    core::v1::{Container, PodSpec},
};
use mysql_replication_e2e_tests::{both_doors, read_manifest, request, root};
use serde_json::{Value, json};

fn injected() -> Vec<(String, Value, Value)> {
    let folder = root().join("e2e-tests/goldens/inject");
    let mut results = Vec::new();
    for entry in fs::read_dir(folder).expect("goldens") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        if path.extension() != Some(OsStr::new("yaml")) || name.contains('.') {
            continue;
        }
        let input = read_manifest(&path);
        let answer = both_doors(&request(&input, None), &json!({}));
        let result = answer.mutated_object.unwrap_or_else(|| panic!("{name}: {:?}", answer.message));
        results.push((name, input, result));
    }
    assert!(results.len() >= 15, "only {} inputs", results.len());
    results
}

fn typed(name: &str, result: &Value) -> PodSpec {
    let set: StatefulSet = serde_json::from_value(result.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    set.spec.and_then(|spec| spec.template.spec).unwrap_or_else(|| panic!("{name}: no pod"))
}

fn containers(pod: &PodSpec) -> impl Iterator<Item = &Container> {
    pod.init_containers.iter().flatten().chain(&pod.containers)
}

#[test]
fn every_mount_has_its_volume() {
    for (name, _, result) in injected() {
        let pod = typed(&name, &result);
        let claims = result["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        let volumes: HashSet<&str> = claims
            .filter_map(|claim| claim["metadata"]["name"].as_str())
            .chain(pod.volumes.iter().flatten().map(|volume| volume.name.as_str()))
            .collect();
        for container in containers(&pod) {
            let mut paths = HashSet::new();
            for mount in container.volume_mounts.iter().flatten() {
                assert!(volumes.contains(mount.name.as_str()), "{name}: {} mounts {}", container.name, mount.name);
                assert!(paths.insert(&mount.mount_path), "{name}: {} twice at {}", container.name, mount.mount_path);
            }
        }
    }
}

#[test]
fn names_and_ports_are_unique() {
    for (name, _, result) in injected() {
        let pod = typed(&name, &result);
        let mut names = HashSet::new();
        let mut ports = HashSet::new();
        let mut port_names = HashSet::new();
        for container in containers(&pod) {
            assert!(names.insert(&container.name), "{name}: container {} twice", container.name);
            let variables: Vec<_> = container.env.iter().flatten().map(|variable| &variable.name).collect();
            assert_eq!(variables.iter().collect::<HashSet<_>>().len(), variables.len(), "{name}: {variables:?}");
            for port in container.ports.iter().flatten() {
                assert!(ports.insert(port.container_port), "{name}: port {} twice", port.container_port);
                assert!(port.name.as_ref().is_none_or(|name| port_names.insert(name)), "{name}: {:?} twice", port.name);
            }
        }
        let mut volumes = HashSet::new();
        for volume in pod.volumes.iter().flatten() {
            assert!(volumes.insert(&volume.name), "{name}: volume {} twice", volume.name);
        }
    }
}

#[test]
fn no_field_of_the_input_is_lost() {
    for (name, input, result) in injected() {
        kept(&input, &result, &name);
    }
}

/// Everything of the input is in the result, list elements in their order.
fn kept(input: &Value, result: &Value, at: &str) {
    match (input, result) {
        (Value::Object(input), Value::Object(result)) => {
            for (key, value) in input {
                kept(value, result.get(key).unwrap_or_else(|| panic!("{at}.{key} is lost")), &format!("{at}.{key}"));
            }
        }
        (Value::Array(input), Value::Array(result)) => {
            for (index, value) in input.iter().enumerate() {
                kept(value, result.get(index).unwrap_or(&Value::Null), &format!("{at}[{index}]"));
            }
        }
        _ => assert_eq!(input, result, "{at} has changed"),
    }
}

/// The injected init containers come after the user's own, in their order; credentials only where they are used.
#[test]
fn the_injected_containers_are_where_they_belong() {
    for (name, _, result) in injected() {
        let pod = typed(&name, &result);
        let order: Vec<_> = pod.init_containers.iter().flatten().map(|container| container.name.as_str()).collect();
        assert!(order.ends_with(&["init-mysql", "clone-mysql"]), "{name}: {order:?}");
        let init = pod.init_containers.iter().flatten().find(|container| container.name == "init-mysql").expect("init");
        let secrets = init.env.iter().flatten().filter(|variable| variable.name.contains("PASSWORD")).count();
        assert_eq!((secrets, init.env_from.as_ref().map(Vec::len)), (0, None), "{name}: init-mysql needs no password");
    }
}

/// The "restricted" Pod Security Standard, on the workload that meets it (Kubernetes documentation).
#[test]
fn a_restricted_workload_stays_restricted() {
    let (name, _, result) = injected().into_iter().find(|(name, ..)| name == "hardened").expect("the golden");
    let pod = typed(&name, &result);
    let of_pod = pod.security_context.clone().expect("a context");
    assert_eq!(of_pod.seccomp_profile.map(|profile| profile.type_).as_deref(), Some("RuntimeDefault"));
    for container in containers(&pod) {
        let context = container.security_context.clone().unwrap_or_else(|| panic!("{}: no context", container.name));
        assert_eq!(context.allow_privilege_escalation, Some(false), "{}", container.name);
        assert_eq!(context.capabilities.and_then(|c| c.drop).as_deref(), Some(&["ALL".to_owned()][..]));
        assert_eq!(context.run_as_non_root.or(of_pod.run_as_non_root), Some(true), "{}", container.name);
        assert_ne!(context.run_as_user, Some(0), "{}", container.name);
        assert_eq!(context.read_only_root_filesystem, Some(true), "{}", container.name);
    }
}

#[test]
fn an_endless_list_of_problems_is_cut_and_still_well_formed() {
    let annotations: serde_json::Map<String, Value> =
        (0..1000).map(|at| (format!("mysql-replication.kubewarden.io/x{at}"), json!(""))).collect();
    let object = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "mysql", "annotations": annotations},
        "spec": {"template": {"spec": {"containers": []}}},
    });
    let answer = both_doors(&request(&object, None), &json!({}));
    let message = answer.message.expect("a rejection");
    let first = message.lines().next().unwrap_or_default();
    assert_eq!(first, "StatefulSet default/mysql is rejected: 101 problems");
    // every problem is told in the same three lines, also the one that stands for the others
    assert_eq!(message.lines().filter(|line| line.starts_with("[annotation] metadata.annotations[")).count(), 101);
    assert_eq!(message.lines().count(), 1 + 3 * 101);
    assert!(message.contains(": and 900 more problems of this rule\n"), "{message}");
}
