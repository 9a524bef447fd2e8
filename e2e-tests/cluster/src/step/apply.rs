//! A first install of the examples, as somebody reads them off README.

use std::thread;

use serde_json::json;

use super::Step;
use crate::{
    cluster::{Cluster, SOON},
    kubectl::Output,
    object::{annotation, is_injected, items, name},
    outcome::{Result, Stop, ensure},
    wait::until,
};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "file-order",
        reason: "kubectl sends a folder's files by their names, so Services and applications come before the database \
                 that they are of, and no warning may be needless",
        run: file_order,
    },
    Step {
        name: "other-orders",
        reason: "a GitOps tool sends in an order of its own, or all at once: the outcome must be the same",
        run: other_orders,
    },
    Step {
        name: "restricted",
        reason: "where pod security is enforced, injected containers must meet what the database's meets",
        run: restricted,
    },
    Step {
        name: "refused",
        reason: "what would let a write reach a replica must not get in, whichever object comes first",
        run: refused,
    },
];

/// Folders of examples, by the flag and path that kubectl takes, and how many StatefulSets they have.
const EXAMPLES: [(&str, usize); 6] = [
    ("--filename=examples/", 1),
    ("--filename=examples/mariadb/", 1),
    ("--filename=examples/mysql-8.4/", 1),
    ("--filename=examples/network-policy/", 1),
    ("--filename=examples/password-from-secret/", 1),
    ("--kustomize=examples/kustomize/overlay", 1),
];

/// Every annotated `StatefulSet` of a namespace must be injected, and every Service that names its primary bound to a
/// pod.
fn check(cluster: &Cluster<'_>, namespace: &str) -> Result<(usize, usize)> {
    let sets = cluster.kubectl.json(&format!("get statefulsets --namespace={namespace}"))?;
    let sets = items(&sets);
    for set in sets.iter().filter(|set| annotation(set, "inject") == Some("true")) {
        ensure(is_injected(set), || format!("{} in {namespace} is not injected", name(set)))?;
    }
    let services = cluster.kubectl.json(&format!("get services --namespace={namespace}"))?;
    let services: Vec<_> =
        items(&services).into_iter().filter(|service| annotation(service, "primary-of").is_some()).collect();
    for service in &services {
        let pod = &service["spec"]["selector"]["statefulset.kubernetes.io/pod-name"];
        ensure(pod.as_str().is_some_and(|pod| pod.ends_with("-0")), || {
            format!("{} in {namespace} leads to {pod}", name(service))
        })?;
    }
    Ok((sets.len(), services.len()))
}

fn quiet(output: &Output, what: &str) -> Result<()> {
    ensure(output.warnings().is_empty(), || format!("{what}: {}", output.warnings().join("\n")))
}

fn file_order(cluster: &Cluster<'_>) -> Result {
    let mut seen = (0, 0);
    for (number, (example, wanted)) in EXAMPLES.iter().enumerate() {
        let namespace = cluster.namespace_without_pods(&format!("order-{number}"))?;
        let output = cluster.kubectl.run(&format!("apply --namespace={namespace} {example}"))?;
        quiet(&output, example)?;
        let found = check(cluster, &namespace)?;
        ensure(found.0 == *wanted, || format!("{example}: {} StatefulSets", found.0))?;
        seen = (seen.0 + found.0, seen.1 + found.1);
    }
    Ok(format!("{} StatefulSets injected, {} Services bound to their primary, no warning", seen.0, seen.1))
}

fn other_orders(cluster: &Cluster<'_>) -> Result {
    let files = ["statefulset", "services", "secret", "pod-disruption-budget", "configmap"];
    let path = |file: &str| format!("--filename=examples/mariadb/{file}.yaml");
    let reversed = cluster.namespace_without_pods("reversed")?;
    let all: Vec<_> = files.iter().map(|file| path(file)).collect();
    cluster.kubectl.run(&format!("apply --namespace={reversed} {}", all.join(" ")))?;
    let one_after_another = check(cluster, &reversed)?;

    let at_once = cluster.namespace_without_pods("at-once")?;
    let words = all.iter().map(|file| format!("apply --namespace={at_once} {file}"));
    let outcomes = thread::scope(|scope| {
        let calls: Vec<_> = words.map(|words| scope.spawn(move || cluster.kubectl.run(&words))).collect();
        calls.into_iter().map(|call| call.join().unwrap_or_else(|_| Err("a call broke".to_owned()))).collect::<Vec<_>>()
    });
    outcomes.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
    let together = check(cluster, &at_once)?;
    ensure(one_after_another == (1, 1) && together == (1, 1), || format!("{one_after_another:?}, {together:?}"))?;
    let sets = [cluster.set(&reversed, "ledger")?, cluster.set(&at_once, "ledger")?];
    ensure(sets[0]["spec"] == sets[1]["spec"], || "the order made another StatefulSet".to_owned())?;
    Ok(format!("the files backwards, and {} calls at once: the same StatefulSet", files.len()))
}

fn restricted(cluster: &Cluster<'_>) -> Result {
    let labels = json!({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
        // controllers' objects are never refused: what is wrong with their pods is told by warnings
        "pod-security.kubernetes.io/warn": "restricted",
    });
    let namespace = cluster.labelled("vault".to_owned(), &labels)?;
    let output = cluster.kubectl.run("apply --filename=examples/hardened/")?;
    let against = |warning: &&str| warning.contains("would violate PodSecurity");
    let broken: Vec<_> = output.warnings().into_iter().filter(against).collect();
    ensure(broken.is_empty(), || broken.join("\n"))?;
    check(cluster, &namespace)?;
    if !cluster.has_controllers()? {
        return Ok("injected, no warning of pod security; no controller to make its pods".to_owned());
    }
    until(SOON, "the first pod of vault", || {
        let events = cluster.kubectl.json(&format!("get events --namespace={namespace}"))?;
        let is_failed = |event: &&&serde_json::Value| event["reason"] == "FailedCreate";
        if let Some(event) = items(&events).iter().find(is_failed) {
            return Err(Stop::Fail(format!("pod security: {}", event["message"])));
        }
        Ok(cluster.set(&namespace, "vault")?["status"]["replicas"].as_i64().filter(|replicas| *replicas > 0))
    })?;
    Ok("injected, no warning of pod security, and the API server admits its first pod".to_owned())
}

fn refused(cluster: &Cluster<'_>) -> Result {
    let namespace = cluster.namespace_without_pods("refused")?;
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/mariadb/"))?;
    // the annotation goes while there are replicas
    let key = "mysql-replication.kubewarden.io/inject-";
    let said =
        cluster.kubectl.refused(&format!("annotate statefulset ledger {key} --namespace={namespace}"), &[], None)?;
    ensure(said.contains("denied the request"), || said.clone())?;
    // all pods of a node would share one port
    let shared = json!({"spec": {"template": {"spec": {"hostNetwork": true}}}}).to_string();
    let words = format!("patch statefulset ledger --namespace={namespace}");
    let said = cluster.kubectl.refused(&words, &["--patch", &shared], None)?;
    ensure(said.contains("denied the request"), || said.clone())?;
    cluster.changes_nothing(&namespace, "ledger", || Ok(()))?;
    // an option by which a replica would take writes
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "ledger-options", "namespace": namespace},
        "data": {"replica.cnf": "[mysqld]\nread-only=0\n"},
    });
    let said = cluster.kubectl.refused("apply --filename=-", &[], Some(&map.to_string()))?;
    ensure(said.contains("denied the request"), || said.clone())?;
    // a writer that reaches a replica is told by a warning in this step of a roll-out
    let writer = "create deployment web --image=registry.example/web:1 --dry-run=client";
    let mut web = cluster.kubectl.json(writer)?;
    web["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "DB_WRITE_HOST", "value": "ledger-1.ledger"}]);
    let words = format!("create --dry-run=server --filename=- --namespace={namespace}");
    let output = cluster.kubectl.run_with(&words, &[], Some(&web.to_string()))?;
    let warns = output.warnings().iter().any(|warning| warning.contains("DB_WRITE_HOST"));
    ensure(warns, || format!("no word of DB_WRITE_HOST: {}", output.stderr))?;
    Ok("refused: no annotation with replicas, the node's network, a writable replica; \
        warned of: DB_WRITE_HOST of a replica"
        .to_owned())
}
