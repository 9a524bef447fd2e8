//! Which Pods of an injected StatefulSet run what it says now.

use serde_json::Value;

/// The container that has the scripts, and unpacks them for all others.
const INIT_CONTAINER: &str = "init-mysql";
/// What its scripts begin with, with the version behind it.
const MARK: &str = "# injected by mysql-replication-policy ";

/// The Pods of a StatefulSet, by what they run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pods {
    /// How many there are.
    pub(super) count: usize,
    /// Those without the injection: they were made before it.
    pub(super) plain: Vec<String>,
    /// Those of an older injection, with its version where they tell it.
    pub(super) older: Vec<String>,
}

impl Pods {
    /// Sorts out those of a StatefulSet.
    pub(super) fn of(set: &Value, pods: &[Value]) -> Self {
        let mut found = Self::default();
        let wanted = init_container(&set["spec"]["template"]["spec"]);
        for pod in pods.iter().filter(|pod| is_owned(pod, set)) {
            found.count += 1;
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            match init_container(&pod["spec"]) {
                None => found.plain.push(name.to_owned()),
                Some(has) if wanted.is_some_and(|wanted| is_same(wanted, has)) => {}
                Some(has) => found.older.push(match version(has) {
                    Some(version) => format!("{name} ({version})"),
                    None => name.to_owned(),
                }),
            }
        }
        found.plain.sort();
        found.older.sort();
        found
    }
}

fn is_owned(pod: &Value, set: &Value) -> bool {
    let owners = pod["metadata"]["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    owners.iter().any(|owner| owner["kind"] == "StatefulSet" && owner["uid"] == set["metadata"]["uid"])
}

fn init_container(pod_spec: &Value) -> Option<&Value> {
    pod_spec["initContainers"].as_array()?.iter().find(|container| container["name"] == INIT_CONTAINER)
}

/// The API server adds mounts to a Pod's containers, but nothing to what they run.
fn is_same(wanted: &Value, has: &Value) -> bool {
    ["image", "command", "args", "env"].iter().all(|field| wanted[field] == has[field])
}

/// The version of an injection, as the scripts of 0.3.0 and later have it.
pub(super) fn version(container: &Value) -> Option<&str> {
    let words = ["command", "args"].into_iter().filter_map(|field| container[field].as_array()).flatten();
    words.filter_map(Value::as_str).find_map(|word| word.split_once(MARK)?.1.split([':', ' ', '\n']).next())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pods_are_told_by_what_they_run() {
        let init = |text: &str| json!({"name": INIT_CONTAINER, "image": "mysql:8", "command": ["bash", "-c", text]});
        let own = format!("{MARK}0.3.0: its scripts");
        let set = json!({
            "metadata": {"uid": "1"}, "spec": {"template": {"spec": {"initContainers": [init(&own)]}}},
        });
        let pod = |name: &str, uid: &str, spec: Value| {
            json!({
                "metadata": {"name": name, "ownerReferences": [{"kind": "StatefulSet", "uid": uid}]}, "spec": spec,
            })
        };
        let mut mounted = init(&own);
        mounted["volumeMounts"] = json!([{"name": "kube-api-access"}]);
        let pods = [
            pod("m-3", "1", json!({"containers": []})),
            pod("m-2", "1", json!({"initContainers": [init("# injected by mysql-replication-policy: x")]})),
            pod("m-1", "1", json!({"initContainers": [init(&format!("{MARK}0.4.1: its scripts"))]})),
            pod("m-0", "1", json!({"initContainers": [mounted]})),
            pod("n-0", "2", json!({})),
            json!({"metadata": {"name": "x"}}),
        ];
        let expected = Pods { count: 4, plain: vec!["m-3".into()], older: vec!["m-1 (0.4.1)".into(), "m-2".into()] };
        assert_eq!(Pods::of(&set, &pods), expected);
    }
}
