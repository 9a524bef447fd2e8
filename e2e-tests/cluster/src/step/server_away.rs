//! The policy server is away, and comes back.

use serde_json::{Value, json};

use super::{Step, databases};
use crate::{
    cluster::Cluster,
    object::is_injected,
    outcome::{Result, ensure},
};

pub(super) const STEPS: &[Step] = &[Step {
    name: "server-away",
    reason: "a cluster whose policy server is away must go on, but for what a database could be lost by",
    run: server_away,
}];

/// Objects that must get in: those that the API server keeps to itself, and workloads that fail open.
fn unrelated(namespace: &str) -> Vec<Value> {
    let pod = |name: &str, env: &Value| {
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1", "env": env}]},
        })
    };
    let labels = json!({"app": "shop"});
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "shop", "image": "registry.example/shop:1"}]},
            },
        },
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop", "namespace": namespace},
        "spec": {"selector": labels, "ports": [{"port": 80}]},
    });
    let map = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "shop", "namespace": namespace},
        "data": {"level": "info"},
    });
    // the second one is sent to the policy server, and let through without an answer
    let asked = pod("writer", &json!([{"name": "DB_WRITE_HOST", "value": "mysql-write"}]));
    vec![pod("web", &json!([])), asked, deployment, service, map]
}

fn while_away(cluster: &Cluster<'_>, namespace: &str) -> Result {
    let objects = unrelated(namespace);
    for object in &objects {
        cluster.create(object)?;
    }
    let apply = format!("apply --namespace={namespace} --filename=examples/");
    let said = cluster.kubectl.refused(&format!("{apply}statefulset.yaml"), &[], None)?;
    ensure(said.contains("failed calling webhook"), || said.clone())?;
    let said = cluster.kubectl.refused(&format!("{apply}services.yaml"), &[], None)?;
    ensure(said.contains("failed calling webhook"), || said.clone())?;
    let mut seen = format!("{} unrelated objects admitted, a database and its Services refused", objects.len());
    if databases::ledger(cluster).is_ok() {
        let took = databases::delete_pod(cluster, "ledger-2")?;
        seen = format!("{seen}; a database's pod was made again in {took} s");
    }
    Ok(seen)
}

fn server_away(cluster: &Cluster<'_>) -> Result {
    let namespace = cluster.namespace("away")?;
    cluster.server.away(&cluster.kubectl)?;
    let result = cluster.until_refused().and_then(|_| while_away(cluster, &namespace));
    // whatever was seen: the steps after this one need it
    cluster.server.back(&cluster.kubectl)?;
    cluster.until_asked()?;
    let seen = result?;
    cluster.kubectl.run(&format!("apply --namespace={namespace} --filename=examples/mysql-8.4/"))?;
    let name = cluster.kubectl.json(&format!("get statefulsets --namespace={namespace}"))?;
    let injected = crate::object::items(&name).into_iter().all(is_injected);
    ensure(injected, || "not injected after it was back".to_owned())?;
    cluster.kubectl.run(&format!("delete statefulsets --all --wait=false --namespace={namespace}"))?;
    Ok(format!("{seen}; back, it is injected again"))
}
