//! What is changed in a database that is there: by its owner, and by somebody who takes what was injected for theirs.

use serde_json::{Value, json};

use super::{Step, reapply::with_example};
use crate::{
    cluster::{Cluster, SOON},
    object::{container, is_injected, is_plain, items},
    outcome::{Result, ensure},
    wait::until,
};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "set-image",
        reason: "an upgrade of the database must reach the injected containers that have its image",
        run: set_image,
    },
    Step {
        name: "restart-and-undo",
        reason: "a rollout restart and its undoing write the pod template: the injection must be whole after both",
        run: restart_and_undo,
    },
    Step {
        name: "scale",
        reason: "kubectl scale and autoscalers write a subresource, and change nothing else",
        run: scale,
    },
    Step {
        name: "edits",
        reason: "an edit of what is injected has no effect: somebody must be told so, and nothing may restart",
        run: edits,
    },
    Step {
        name: "uninject",
        reason: "the documented way back to a plain database leaves nothing of the injection",
        run: uninject,
    },
];

fn set_image(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "image")?;
    let image = |set: &Value, name: &str| container(set, name).map(|found| found["image"].clone());
    let before = cluster.set(&namespace, "ledger")?;
    let names = ["init-mysql", "clone-mysql", "mariadb", "xtrabackup"];
    let old: Vec<_> = names.iter().map(|name| image(&before, name)).collect();
    let new = "mariadb:11.8.4";
    cluster.kubectl.run(&format!("set image statefulset/ledger mariadb={new} --namespace={namespace}"))?;
    let after = cluster.set(&namespace, "ledger")?;
    let wrong: Vec<_> = names.iter().filter(|name| image(&after, name) != Some(json!(new))).collect();
    ensure(old.iter().all(|image| *image == old[2]) && wrong.is_empty() && is_injected(&after), || {
        format!("before: {old:?}; not {new} afterwards: {wrong:?}")
    })?;
    Ok(format!("{} containers are of {new}", names.len()))
}

/// How many revisions of a StatefulSet its controller keeps.
fn revisions(cluster: &Cluster<'_>, namespace: &str) -> Result<usize> {
    Ok(items(&cluster.kubectl.json(&format!("get controllerrevisions --namespace={namespace}"))?).len())
}

fn restart_and_undo(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "restart")?;
    let has_controllers = cluster.has_controllers()?;
    let until_revisions = |wanted: usize| {
        until(SOON, "the controller's revision", || Ok((revisions(cluster, &namespace)? >= wanted).then_some(())))
    };
    if has_controllers {
        until_revisions(1)?;
    }
    let restarted = |set: &Value| {
        set["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].is_string()
    };
    let first = cluster.set(&namespace, "ledger")?;
    cluster.kubectl.run(&format!("rollout restart statefulset/ledger --namespace={namespace}"))?;
    let second = cluster.set(&namespace, "ledger")?;
    ensure(restarted(&second) && is_injected(&second), || "not restarted, or not injected".to_owned())?;
    if !has_controllers {
        return Ok("restarted, injected; no controller that keeps a revision to go back to".to_owned());
    }
    until_revisions(2)?;
    cluster.kubectl.run(&format!("rollout undo statefulset/ledger --namespace={namespace}"))?;
    let third = cluster.set(&namespace, "ledger")?;
    ensure(!restarted(&third) && is_injected(&third), || "still restarted, or not injected".to_owned())?;
    ensure(third["spec"]["template"] == first["spec"]["template"], || "another pod template than before".to_owned())?;
    Ok("restarted, injected; undone, the pod template is the first one".to_owned())
}

fn scale(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "scale")?;
    let before = cluster.set(&namespace, "ledger")?;
    for replicas in [5, 2, 3] {
        cluster.kubectl.run(&format!("scale statefulset ledger --replicas={replicas} --namespace={namespace}"))?;
        let after = cluster.set(&namespace, "ledger")?;
        ensure(after["spec"]["replicas"] == replicas, || format!("not {replicas}: {}", after["spec"]["replicas"]))?;
        ensure(after["spec"]["template"] == before["spec"]["template"], || "another pod template".to_owned())?;
    }
    Ok("to 5, 2 and 3, with the same pod template".to_owned())
}

fn edits(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "edits")?;
    let probe = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "mariadb", "livenessProbe": {"failureThreshold": 99}},
    ]}}}})
    .to_string();
    let bare = json!({"spec": {"template": {"spec": {"initContainers": null}}}}).to_string();
    let patch = format!("patch statefulset ledger --namespace={namespace}");
    let calls: [(&str, String, &[&str]); 5] = [
        (
            "resources",
            format!("set resources statefulset/ledger --containers=xtrabackup --limits=cpu=1 --namespace={namespace}"),
            &[],
        ),
        ("image", format!("set image statefulset/ledger xtrabackup=busybox:1 --namespace={namespace}"), &[]),
        ("variable", format!("set env statefulset/ledger --containers=xtrabackup A=b --namespace={namespace}"), &[]),
        ("probe", format!("{patch} --type=strategic"), &["--patch", &probe]),
        ("init containers", format!("{patch} --type=merge"), &["--patch", &bare]),
    ];
    let mut told = Vec::new();
    for (what, words, rest) in calls {
        let output =
            cluster.changes_nothing(&namespace, "ledger", || Ok(cluster.kubectl.run_with(&words, rest, None)?))?;
        let word = output.warnings().into_iter().find(|warning| warning.contains("the edit of what is injected"));
        ensure(word.is_some(), || format!("{what}: undone without a word: {}{}", output.stdout, output.stderr))?;
        told.push(what);
    }
    Ok(format!("undone, each with a warning, and no new generation: {}", told.join(", ")))
}

fn uninject(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "uninject")?;
    cluster.kubectl.run(&format!("scale statefulset ledger --replicas=1 --namespace={namespace}"))?;
    let key = "mysql-replication.kubewarden.io/inject-";
    cluster.kubectl.run(&format!("annotate statefulset ledger {key} --namespace={namespace}"))?;
    let set = cluster.set(&namespace, "ledger")?;
    ensure(is_plain(&set), || format!("something is left: {}", set["spec"]["template"]["spec"]))?;
    let pod = &set["spec"]["template"]["spec"];
    let mounts = pod["containers"][0]["volumeMounts"].as_array().map_or(0, Vec::len);
    let probes = ["startupProbe", "livenessProbe", "readinessProbe"];
    let probe = probes.iter().find(|probe| !pod["containers"][0][**probe].is_null());
    ensure(mounts == 1 && probe.is_none(), || format!("{mounts} mounts, {probe:?}"))?;
    Ok("its containers, probes, volumes and record are gone; the data stays mounted".to_owned())
}
