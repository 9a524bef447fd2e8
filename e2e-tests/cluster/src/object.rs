//! What is read off the objects of a cluster.

use serde_json::Value;

/// Of the policy's annotations.
pub(crate) const PREFIX: &str = "mysql-replication.kubewarden.io/";

/// The value of an annotation of the policy.
pub(crate) fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][format!("{PREFIX}{name}")].as_str()
}

/// The container of a name, among those that run and those that run before them.
pub(crate) fn container<'a>(set: &'a Value, name: &str) -> Option<&'a Value> {
    let pod = &set["spec"]["template"]["spec"];
    let lists = ["initContainers", "containers"].into_iter().filter_map(|list| pod[list].as_array());
    lists.flatten().find(|container| container["name"] == name)
}

/// Does a `StatefulSet` have the whole injection: its containers and its record?
pub(crate) fn is_injected(set: &Value) -> bool {
    let has = |name: &&str| container(set, name).is_some();
    ["init-mysql", "clone-mysql", "xtrabackup"].iter().all(has) && annotation(set, "status").is_some()
}

/// Is nothing of the injection there?
pub(crate) fn is_plain(set: &Value) -> bool {
    let has = |name: &&str| container(set, name).is_some();
    !["init-mysql", "clone-mysql", "xtrabackup"].iter().any(has) && annotation(set, "status").is_none()
}

/// The items of a list that the API server gave.
pub(crate) fn items(list: &Value) -> Vec<&Value> {
    list["items"].as_array().into_iter().flatten().collect()
}

pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// What makes pods restart, or counts as a change: generation and pod template.
pub(crate) fn as_it_runs(set: &Value) -> (Option<i64>, &Value) {
    (set["metadata"]["generation"].as_i64(), &set["spec"]["template"])
}

/// Has the controller made all pods as the object says by now, and are they Ready?
pub(crate) fn is_rolled_out(set: &Value) -> bool {
    let status = &set["status"];
    let wanted = &set["spec"]["replicas"];
    status["observedGeneration"] == set["metadata"]["generation"]
        && status["currentRevision"] == status["updateRevision"]
        && ["replicas", "readyReplicas", "updatedReplicas"].iter().all(|key| status[key] == *wanted)
}

/// An image that a pod waits for in vain.
pub(crate) fn missing_image(pods: &Value) -> Option<String> {
    let statuses = items(pods).into_iter().flat_map(|pod| {
        let lists = ["initContainerStatuses", "containerStatuses"].into_iter();
        lists.filter_map(|list| pod["status"][list].as_array()).flatten()
    });
    let waits = |status: &&Value| {
        let reason = status["state"]["waiting"]["reason"].as_str().unwrap_or_default();
        ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"].contains(&reason)
    };
    statuses.into_iter().find(waits).and_then(|status| status["image"].as_str()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set() -> Value {
        json!({
            "metadata": {"generation": 2, "annotations": {"mysql-replication.kubewarden.io/status": "{}"}},
            "spec": {"replicas": 3, "template": {"spec": {
                "initContainers": [{"name": "init-mysql"}, {"name": "clone-mysql"}],
                "containers": [{"name": "mysql"}, {"name": "xtrabackup"}],
            }}},
            "status": {
                "observedGeneration": 2,
                "currentRevision": "a",
                "updateRevision": "a",
                "replicas": 3,
                "readyReplicas": 3,
                "updatedReplicas": 3,
            },
        })
    }

    #[test]
    fn half_an_injection_is_neither_whole_nor_none() {
        let mut object = set();
        assert!(is_injected(&object) && !is_plain(&object));
        object["spec"]["template"]["spec"]["initContainers"] = json!([]);
        assert!(!is_injected(&object) && !is_plain(&object));
        object["spec"]["template"]["spec"]["containers"] = json!([{"name": "mysql"}]);
        object["metadata"]["annotations"] = json!({});
        assert!(!is_injected(&object) && is_plain(&object));
    }

    #[test]
    fn a_roll_out_is_over_when_all_of_it_says_so() {
        assert!(is_rolled_out(&set()));
        for (key, value) in [
            ("observedGeneration", json!(1)),
            ("updateRevision", json!("b")),
            ("readyReplicas", json!(2)),
            ("replicas", json!(4)),
        ] {
            let mut object = set();
            object["status"][key] = value;
            assert!(!is_rolled_out(&object), "{key}");
        }
    }

    #[test]
    fn an_image_that_is_not_to_be_had_is_named() {
        let waiting = |reason: &str| {
            json!({"items": [{"status": {
                "initContainerStatuses": [{"image": "mysql:0", "state": {"waiting": {"reason": reason}}}],
            }}]})
        };
        assert_eq!(missing_image(&waiting("ImagePullBackOff")).as_deref(), Some("mysql:0"));
        assert_eq!(missing_image(&waiting("PodInitializing")), None);
    }
}
