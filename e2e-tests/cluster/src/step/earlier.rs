//! What an earlier version of the policy injected, and this one finds: stored objects of `e2e-tests/records`.

use std::{fs, path::Path};

use mysql_replication_manifests::yaml;
use serde_json::{Value, json};

use super::{Step, databases::START, sql::Database};
use crate::{
    cluster::{Cluster, SOON},
    object::{annotation, is_injected, items},
    outcome::{Result, Stop, ensure},
    wait::until,
};

pub(super) const STEPS_OF_OBJECTS: &[Step] = &[Step {
    name: "policy-upgrade",
    reason: "a new version of the policy must restart no database by itself: only a rollout brings its scripts",
    run: policy_upgrade,
}];

pub(super) const STEPS_OF_PODS: &[Step] = &[Step {
    name: "upgraded-runs",
    reason: "pods that an earlier version set up go on untouched, and take the new scripts by a rolling restart",
    run: upgraded_runs,
}];

const RECORDS: &str = "e2e-tests/records";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn names_in(folder: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join(folder)).map_err(|error| format!("{folder}: {error}"))?;
    let mut names: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}

fn record(file: &str) -> Result<Value> {
    let bytes = fs::read(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    let reading = yaml::read(file, &bytes);
    let document = reading.documents.iter().find(|document| !document.is_empty());
    Ok(document.map(|document| document.value().clone()).ok_or_else(|| format!("{file}: no object"))?)
}

/// The manifest as its user has it: without what the policy wrote.
fn plain(record: &Value) -> Value {
    let mut plain = record.clone();
    if let Some(annotations) = plain["metadata"]["annotations"].as_object_mut() {
        annotations.retain(|key, _| !key.ends_with("/status"));
    }
    if let Some(spec) = plain["spec"].as_object_mut() {
        spec.remove("volumeClaimTemplates");
    }
    let pod = &mut plain["spec"]["template"]["spec"];
    if let Some(fields) = pod.as_object_mut() {
        fields.retain(|key, _| key == "containers");
    }
    if let Some(containers) = pod["containers"].as_array_mut() {
        containers.retain(|container| container["name"] == "mysql");
        for container in containers {
            if let Some(fields) = container.as_object_mut() {
                fields.retain(|key, _| ["name", "image", "env"].contains(&key.as_str()));
            }
        }
    }
    plain
}

/// The record as kubectl apply would have left it in a namespace.
fn stored(record: &Value, namespace: &str) -> Value {
    let mut stored = record.clone();
    stored["metadata"]["namespace"] = json!(namespace);
    let mut applied = plain(record);
    applied["metadata"]["namespace"] = json!(namespace);
    stored["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = json!(applied.to_string());
    stored
}

/// Does something while the API server asks nobody, as before there was this version; has it asked again in any case.
fn unasked<T>(cluster: &Cluster<'_>, what: impl FnOnce() -> Result<T>) -> Result<T> {
    cluster.server.uninstall(&cluster.kubectl)?;
    let result = cluster.until_unasked().and_then(|()| what());
    cluster.server.install(&cluster.kubectl)?;
    cluster.until_asked()?;
    result
}

/// What an upgrade is followed by, sooner or later: the same manifest again, a label, another number of pods.
fn touch(cluster: &Cluster<'_>, namespace: &str, record: &Value) -> Result<()> {
    let mut again = plain(record);
    again["metadata"]["namespace"] = json!(namespace);
    cluster.changes_nothing(namespace, "mysql", || {
        cluster.kubectl.run_with("apply --filename=-", &[], Some(&again.to_string()))?;
        cluster.kubectl.run(&format!("label statefulset mysql seen=yes --namespace={namespace}"))?;
        Ok(())
    })
}

fn version(set: &Value) -> Option<String> {
    let status: Value = serde_json::from_str(annotation(set, "status")?).ok()?;
    status["version"].as_str().map(ToOwned::to_owned)
}

fn policy_upgrade(cluster: &Cluster<'_>) -> Result {
    let mut records = Vec::new();
    for version in names_in(RECORDS)? {
        for file in names_in(&format!("{RECORDS}/{version}"))? {
            let namespace = cluster.namespace_without_pods(&format!("upgrade-{}", records.len()))?;
            records.push((namespace, version.clone(), record(&format!("{RECORDS}/{version}/{file}"))?));
        }
    }
    unasked(cluster, || {
        records.iter().try_for_each(|(namespace, _, record)| cluster.create(&stored(record, namespace)))
    })?;
    let has_controllers = cluster.has_controllers()?;
    for (namespace, old, record) in &records {
        let before = cluster.set(namespace, "mysql")?;
        touch(cluster, namespace, record)?;
        cluster.kubectl.run(&format!("scale statefulset mysql --replicas=5 --namespace={namespace}"))?;
        let after = cluster.set(namespace, "mysql")?;
        ensure(before["spec"]["template"] == after["spec"]["template"], || format!("{namespace}: another template"))?;
        if has_controllers {
            let set = until(SOON, "the controller", || {
                let set = cluster.set(namespace, "mysql")?;
                Ok((set["status"]["observedGeneration"] == set["metadata"]["generation"]).then_some(set))
            })?;
            let revisions = cluster.kubectl.json(&format!("get controllerrevisions --namespace={namespace}"))?;
            ensure(items(&revisions).len() == 1, || format!("{namespace}: a new revision: {}", set["status"]))?;
        }
        cluster.kubectl.run(&format!("rollout restart statefulset/mysql --namespace={namespace}"))?;
        let rolled = cluster.set(namespace, "mysql")?;
        let new = version(&rolled);
        ensure(is_injected(&rolled) && new.as_ref().is_some_and(|new| new != old), || {
            format!("{namespace}: after the restart it is of {new:?}")
        })?;
    }
    Ok(format!(
        "{} stored objects: applied again, labelled and scaled without a new revision; a restart renews them",
        records.len()
    ))
}

fn uids(cluster: &Cluster<'_>, namespace: &str) -> Result<Vec<Value>> {
    let pods = cluster.kubectl.json(&format!("get pods --namespace={namespace}"))?;
    Ok(items(&pods).into_iter().map(|pod| pod["metadata"]["uid"].clone()).collect())
}

fn upgraded_runs(cluster: &Cluster<'_>) -> Result {
    cluster.needs_nodes()?;
    let Some(newest) = names_in(RECORDS)?.pop() else { return Err(Stop::Fail("there is no record".to_owned())) };
    let record = record(&format!("{RECORDS}/{newest}/mariadb.yaml"))?;
    let namespace = cluster.namespace("upgraded")?;
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/services.yaml"))?;
    // the one that the records' containers name
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mysql", "namespace": namespace},
        "stringData": {"root-password": "change-me-root"},
    });
    cluster.create(&secret)?;
    let database = Database { cluster, namespace: &namespace, name: "mysql", container: "mysql" };
    unasked(cluster, || {
        cluster.create(&stored(&record, &namespace))?;
        cluster.rolled_out(&namespace, "mysql", START)
    })?;
    database.prepare()?;
    database.write(1)?;
    database.until_rows(0..3, 1)?;
    let before = uids(cluster, &namespace)?;
    touch(cluster, &namespace, &record)?;
    cluster.rolled_out(&namespace, "mysql", SOON)?;
    ensure(before == uids(cluster, &namespace)?, || "the upgrade restarted a pod".to_owned())?;
    cluster.kubectl.run(&format!("rollout restart statefulset/mysql --namespace={namespace}"))?;
    cluster.rolled_out(&namespace, "mysql", START)?;
    database.write(2)?;
    database.until_rows(0..3, 2)?;
    database.replica_refuses(2)?;
    Ok(format!("pods that {newest} set up stayed as they were, and replicate after a rolling restart"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_object_remembers_what_its_user_wrote() {
        let record = record("e2e-tests/records/0.2.0/mariadb.yaml").expect("a record");
        let stored = stored(&record, "here");
        assert!(is_injected(&stored) && version(&stored).as_deref() == Some("0.2.0"));
        let last = &stored["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"];
        let last: Value = serde_json::from_str(last.as_str().expect("a text")).expect("JSON");
        assert!(crate::object::is_plain(&last), "{last}");
        assert_eq!(annotation(&last, "inject"), Some("true"));
        assert_eq!(last["metadata"]["namespace"], "here");
    }
}
