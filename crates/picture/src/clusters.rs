//! `StatefulSets` of databases, and their pods.

use std::collections::BTreeSet;

use mysql_replication_verdicts::{ObjectOutcome, rule_of_warning};
use serde_json::Value;

use crate::model::{Edge, EdgeKind, Line, Node, NodeKind, Picture, State};
use crate::names::Names;
use crate::problems::{rules, state_of};

/// The init container that every injected pod has, and the variables that it takes.
const INIT_CONTAINER: &str = "init-mysql";
const FLAVOR: &str = "REPLICATION_FLAVOR";
const CLONE_METHOD: &str = "REPLICATION_CLONE_METHOD";
const RESTORE_FROM: &str = "REPLICATION_RESTORE_FROM";
/// The volume of the option files.
const CONFIG_MAP_VOLUME: &str = "config-map";
/// The annotation that asks for the injection.
const INJECT: &str = mysql_replication_verdicts::INJECT_ANNOTATION;
/// The rule on databases that nobody manages.
const UNMANAGED: &str = "unmanaged";
/// The server id of pod 0; each further pod has one more (`src/scripts/init-mysql.sh`).
const FIRST_SERVER_ID: usize = 100;
/// So many pods are drawn one by one.
pub(crate) const SHOWN: usize = 6;

/// What a pod is for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Primary,
    Replica,
    /// A database that knows no other.
    Alone,
}

/// A `StatefulSet` of a database.
#[derive(Debug)]
pub(crate) struct Cluster<'o> {
    pub(crate) outcome: &'o ObjectOutcome,
    /// Whether its pods replicate.
    pub(crate) replicates: bool,
    pub(crate) replicas: usize,
}

impl Cluster<'_> {
    pub(crate) fn id(&self) -> String {
        format!("set/{}/{}", self.outcome.namespace, self.outcome.name)
    }

    pub(crate) fn pod(&self, ordinal: usize) -> String {
        format!("{}-{ordinal}", self.outcome.name)
    }

    pub(crate) fn pod_id(&self, ordinal: usize) -> String {
        format!("pod/{}/{}", self.outcome.namespace, self.pod(ordinal))
    }

    pub(crate) fn is_refused(&self) -> bool {
        state_of(self.outcome) == State::Refused
    }

    pub(crate) fn role(&self, ordinal: usize) -> Role {
        match (self.replicates, ordinal) {
            (false, _) => Role::Alone,
            (true, 0) => Role::Primary,
            (true, _) => Role::Replica,
        }
    }

    /// The pods that are drawn one by one.
    pub(crate) fn shown(&self) -> usize {
        if self.is_refused() { 0 } else { self.replicas.min(SHOWN) }
    }

    /// The `ConfigMap` that its option files are from.
    pub(crate) fn config_map(&self) -> Option<&str> {
        let volumes = items(&self.outcome.object["spec"]["template"]["spec"]["volumes"]);
        let volume = volumes.iter().find(|volume| volume["name"] == CONFIG_MAP_VOLUME)?;
        volume["configMap"]["name"].as_str()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        variable(init_container(&self.outcome.object)?, name)
    }
}

pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn init_container(object: &Value) -> Option<&Value> {
    let containers = items(&object["spec"]["template"]["spec"]["initContainers"]);
    containers.iter().find(|container| container["name"] == INIT_CONTAINER && variable(container, FLAVOR).is_some())
}

fn variable<'v>(container: &'v Value, name: &str) -> Option<&'v str> {
    items(&container["env"]).iter().find(|entry| entry["name"] == name)?["value"].as_str()
}

/// The databases among the objects.
pub(crate) fn find<'o>(objects: &[&'o ObjectOutcome]) -> Vec<Cluster<'o>> {
    let sets = objects.iter().filter(|object| object.kind == "StatefulSet" && object.api_version == "apps/v1");
    let databases = sets.filter_map(|outcome| {
        let object = &outcome.object;
        let replicates = init_container(object).is_some();
        let asks = object["metadata"]["annotations"][INJECT] == "true";
        let is_told = !outcome.hints.is_empty()
            || outcome
                .warnings
                .iter()
                .any(|warning| rule_of_warning(warning).is_some_and(|(rule, _)| rule == UNMANAGED))
            || outcome.violations.iter().any(|violation| violation.rule == UNMANAGED);
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        let replicas = usize::try_from(replicas).unwrap_or(usize::MAX);
        (replicates || asks || is_told).then_some(Cluster { outcome, replicates, replicas })
    });
    databases.collect()
}

/// Draws a database with its pods and their claims.
pub(crate) fn draw(picture: &mut Picture, cluster: &Cluster<'_>, names: Names) {
    let name = |name: &str| names.full(cluster.outcome, name);
    let mut lines = Vec::new();
    if cluster.is_refused() {
        lines.push(Line { text: "refused: not created".to_owned(), state: State::Refused });
        lines.extend(
            rules(cluster.outcome).into_iter().map(|rule| Line { text: rule.to_owned(), state: State::Refused }),
        );
    } else if cluster.replicates {
        let [flavor, method] = [FLAVOR, CLONE_METHOD].map(|name| cluster.variable(name).unwrap_or("unknown"));
        lines.push(Line::plain(format!("{flavor}, cloned by {method}")));
    } else {
        lines.push(Line::plain("nothing replicates these pods"));
    }
    if cluster.replicas == 0 {
        lines.push(Line::plain("no pods: replicas is 0"));
    }
    picture.nodes.push(Node {
        id: cluster.id(),
        kind: NodeKind::Set,
        title: format!("StatefulSet {}", name(&cluster.outcome.name)),
        lines,
        inside: None,
        state: state_of(cluster.outcome),
    });
    for ordinal in 0..cluster.shown() {
        draw_pod(picture, cluster, ordinal, names);
    }
    let shown = cluster.shown();
    if shown > 0 && cluster.replicas > shown {
        let (first, last) = (name(&cluster.pod(shown)), cluster.pod(cluster.replicas - 1));
        let title = if cluster.replicas == shown + 1 { first } else { format!("{first} to {last}") };
        picture.nodes.push(Node {
            id: format!("{} and more", cluster.pod_id(shown)),
            kind: NodeKind::Pod,
            title,
            lines: vec![Line::plain(format!("{} more like these", cluster.replicas - shown))],
            inside: Some(cluster.id()),
            state: State::Fine,
        });
    }
    if cluster.replicates {
        draw_replication(picture, cluster);
    }
}

fn draw_pod(picture: &mut Picture, cluster: &Cluster<'_>, ordinal: usize, names: Names) {
    let id = cluster.pod_id(ordinal);
    let server_id = FIRST_SERVER_ID + ordinal;
    let text = match cluster.role(ordinal) {
        Role::Primary => format!("primary, server id {server_id}"),
        Role::Replica => format!("replica, server id {server_id}"),
        Role::Alone => "a database of its own".to_owned(),
    };
    picture.nodes.push(Node {
        id: id.clone(),
        kind: NodeKind::Pod,
        title: names.full(cluster.outcome, &cluster.pod(ordinal)),
        lines: vec![Line::plain(text)],
        inside: Some(cluster.id()),
        state: State::Fine,
    });
    let mut seen = BTreeSet::new();
    for claim in items(&cluster.outcome.object["spec"]["volumeClaimTemplates"]) {
        let name = claim["metadata"]["name"].as_str().unwrap_or_default();
        let size = claim["spec"]["resources"]["requests"]["storage"].as_str();
        let size = size.map(|size| format!(", {size}")).unwrap_or_default();
        if !seen.insert(name) {
            continue;
        }
        let claim = format!("{name}-{}", cluster.pod(ordinal));
        let mut claim_id = format!("claim/{}/{claim}", cluster.outcome.namespace);
        if picture.node(&claim_id).is_some() {
            // the claim `data` of a pod `a-b-0` is the claim `data-a` of a pod `b-0`
            claim_id = format!("{claim_id} of {}", cluster.pod(ordinal));
        }
        picture.nodes.push(Node {
            id: claim_id,
            kind: NodeKind::Claim,
            title: format!("{claim}{size}"),
            lines: Vec::new(),
            inside: Some(id.clone()),
            state: State::Fine,
        });
    }
}

/// Each pod clones from the one before it, pod 0 from the one that is named, and all follow pod 0.
fn draw_replication(picture: &mut Picture, cluster: &Cluster<'_>) {
    let mut add = |kind, from: usize, to: usize| {
        let (from, to) = (cluster.pod_id(from), cluster.pod_id(to));
        picture.edges.push(Edge { kind, from, line: None, to, state: State::Fine });
    };
    for ordinal in 1..cluster.shown() {
        add(EdgeKind::Clones, ordinal - 1, ordinal);
        add(EdgeKind::Follows, 0, ordinal);
    }
    let source = cluster.variable(RESTORE_FROM).and_then(|ordinal| ordinal.parse().ok());
    if let Some(source) = source.filter(|source| (1..cluster.shown()).contains(source)) {
        add(EdgeKind::Clones, source, 0);
    }
}
