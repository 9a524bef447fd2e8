//! The same manifest once more, by every way that there is: nothing may restart by that.

use serde_json::json;

use super::Step;
use crate::{
    cluster::Cluster,
    object::{annotation, is_injected},
    outcome::{Result, ensure},
};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "re-apply",
        reason: "kubectl apply compares three versions of a manifest, and only one of them has what was injected",
        run: again,
    },
    Step {
        name: "two-managers",
        reason: "with server-side apply each field has an owner: what is injected must be nobody's conflict",
        run: two_managers,
    },
    Step {
        name: "replace",
        reason: "kubectl replace sends the plain manifest as the whole object: the injection must come back the same",
        run: replace,
    },
    Step {
        name: "dry-run",
        reason: "a server-side dry run shows what would be stored, and stores nothing",
        run: dry_run,
    },
    Step {
        name: "diff",
        reason: "kubectl diff must be silent about an unchanged manifest, and show what is changed alone",
        run: diff,
    },
    Step { name: "label", reason: "an unrelated change, as any tool makes it, restarts no pod", run: label },
];

/// A namespace with the example for `MariaDB` in it.
pub(super) fn with_example(cluster: &Cluster<'_>, name: &str) -> Result {
    let namespace = cluster.namespace_without_pods(name)?;
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/mariadb/"))?;
    Ok(namespace)
}

fn again(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "again")?;
    let words = format!("apply --namespace={namespace} --filename=examples/mariadb/");
    let said = cluster.changes_nothing(&namespace, "ledger", || {
        cluster.kubectl.run(&words)?;
        Ok(cluster.kubectl.run(&words)?.stdout)
    })?;
    let line = said.lines().find(|line| line.starts_with("statefulset")).unwrap_or_default().to_owned();
    Ok(format!("twice more: generation and pod template stay ({line})"))
}

fn two_managers(cluster: &Cluster<'_>) -> Result {
    let namespace = cluster.namespace_without_pods("managers")?;
    let git = format!("apply --server-side --field-manager=git --namespace={namespace} --filename=examples/mariadb/");
    cluster.kubectl.run(&git)?;
    ensure(is_injected(&cluster.set(&namespace, "ledger")?), || "not injected".to_owned())?;
    let of_team = |replicas: Option<i64>| {
        let mut object = json!({
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": "ledger", "namespace": namespace, "labels": {"team": "payments"}},
        });
        if let Some(replicas) = replicas {
            object["spec"] = json!({"replicas": replicas});
        }
        object.to_string()
    };
    let team = "apply --server-side --field-manager=team --filename=-";
    cluster.changes_nothing(&namespace, "ledger", || {
        cluster.kubectl.run_with(team, &[], Some(&of_team(None)))?;
        cluster.kubectl.run(&git)?;
        Ok(())
    })?;
    let set = cluster.set(&namespace, "ledger")?;
    ensure(set["metadata"]["labels"]["team"] == "payments", || "the team's label is gone".to_owned())?;
    // a real conflict is told, and it is about the field that both want
    let said = cluster.kubectl.refused(team, &[], Some(&of_team(Some(5))))?;
    ensure(said.contains("conflict with \"git\": .spec.replicas"), || said.clone())?;
    cluster.kubectl.run_with(&format!("{team} --force-conflicts"), &[], Some(&of_team(Some(5))))?;
    let set = cluster.set(&namespace, "ledger")?;
    ensure(set["spec"]["replicas"] == 5 && is_injected(&set), || "not five, or not injected".to_owned())?;
    Ok("both apply, no conflict but the one over replicas, which was meant".to_owned())
}

fn replace(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "replace")?;
    let words = format!("replace --namespace={namespace} --filename=examples/mariadb/statefulset.yaml");
    cluster.changes_nothing(&namespace, "ledger", || {
        cluster.kubectl.run(&words)?;
        Ok(())
    })?;
    ensure(is_injected(&cluster.set(&namespace, "ledger")?), || "not injected".to_owned())?;
    Ok("generation and pod template stay".to_owned())
}

fn dry_run(cluster: &Cluster<'_>) -> Result {
    let namespace = cluster.namespace_without_pods("dry-run")?;
    let words = format!("create --dry-run=server --namespace={namespace} --filename=examples/mariadb/statefulset.yaml");
    let shown = cluster.kubectl.json(&words)?;
    ensure(is_injected(&shown), || "it shows no injection".to_owned())?;
    let said = cluster.kubectl.refused(&format!("get statefulset ledger --namespace={namespace}"), &[], None)?;
    ensure(said.contains("NotFound"), || said.clone())?;
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/mariadb/"))?;
    let words = format!("apply --dry-run=server --namespace={namespace} --filename=examples/mariadb/");
    cluster.changes_nothing(&namespace, "ledger", || Ok(cluster.kubectl.run(&words)?))?;
    let stored = cluster.set(&namespace, "ledger")?;
    ensure(stored["spec"]["template"] == shown["spec"]["template"], || "it showed another pod template".to_owned())?;
    Ok("what it shows is what is stored later, and nothing is stored by it".to_owned())
}

fn diff(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "diff")?;
    let words = format!("diff --namespace={namespace} --filename=examples/mariadb/");
    let output = cluster.kubectl.try_with(&words, &[], None, std::time::Duration::from_mins(1))?;
    ensure(output.succeeded(), || format!("{:?}: {}{}", output.code, output.stdout, output.stderr))?;
    let words = format!("create --dry-run=client --namespace={namespace} --filename=examples/mariadb/statefulset.yaml");
    let mut changed = cluster.kubectl.json(&words)?;
    changed["spec"]["replicas"] = json!(4);
    let words = format!("diff --namespace={namespace} --filename=-");
    let limit = std::time::Duration::from_mins(1);
    let output = cluster.kubectl.try_with(&words, &[], Some(&changed.to_string()), limit)?;
    let is_header = |line: &str| line.starts_with("+++") || line.starts_with("---");
    let lines: Vec<_> = output.stdout.lines().filter(|line| line.starts_with(['+', '-']) && !is_header(line)).collect();
    let wanted = |line: &&str| ["replicas:", "generation:"].iter().any(|key| line.contains(key));
    ensure(output.code == Some(1) && !lines.is_empty() && lines.iter().all(wanted), || {
        format!("{:?}: {}{}", output.code, lines.join("\n"), output.stderr)
    })?;
    Ok("silent about the same, and of another number of pods it shows that".to_owned())
}

fn label(cluster: &Cluster<'_>) -> Result {
    let namespace = with_example(cluster, "label")?;
    cluster.changes_nothing(&namespace, "ledger", || {
        cluster.kubectl.run(&format!("label statefulset ledger cost-centre=4711 --namespace={namespace}"))?;
        cluster.kubectl.run(&format!("annotate statefulset ledger example.com/seen=yes --namespace={namespace}"))?;
        Ok(())
    })?;
    let set = cluster.set(&namespace, "ledger")?;
    ensure(set["metadata"]["labels"]["cost-centre"] == "4711", || "the label is not there".to_owned())?;
    ensure(annotation(&set, "status").is_some(), || "the record is gone".to_owned())?;
    Ok("a label and an annotation: generation and pod template stay".to_owned())
}
