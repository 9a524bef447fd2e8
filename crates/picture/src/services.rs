//! Services and option files: what leads to the pods.

use std::collections::BTreeMap;

use mysql_replication_verdicts::ObjectOutcome;
use serde_json::Value;

use crate::clusters::{Cluster, Role};
use crate::model::{Edge, EdgeKind, Line, Node, NodeKind, Picture, State};
use crate::names::Names;
use crate::problems::{rules, state_of};

/// The annotation by which a Service leads to a primary.
const PRIMARY_OF: &str = "mysql-replication.kubewarden.io/primary-of";
/// Labels that the `StatefulSet` controller puts on each pod (Kubernetes documentation, "Pod Name Label" and "Pod Index
/// Label").
const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

/// A Service, and where it leads.
#[derive(Debug)]
pub(crate) struct Service<'o> {
    pub(crate) outcome: &'o ObjectOutcome,
    pub(crate) is_headless: bool,
    /// The pods that it leads to, by database and ordinal. Of one that it gives names to every pod has its own.
    pub(crate) targets: Vec<(&'o str, String, Role)>,
    /// The databases that it has pods of.
    sets: Vec<String>,
    /// Those of them that say that their pods get their names from it, which a headless Service gives to no others.
    named: Vec<String>,
}

impl Service<'_> {
    pub(crate) fn id(&self) -> String {
        format!("service/{}/{}", self.outcome.namespace, self.outcome.name)
    }

    /// What an arrow to it, or from it, is.
    pub(crate) fn kind(&self) -> EdgeKind {
        match self.targets.as_slice() {
            [(_, _, Role::Primary)] if self.named.is_empty() => EdgeKind::Writes,
            _ => EdgeKind::Reads,
        }
    }

    /// Whether it leads to the pods of a database.
    pub(crate) fn leads_somewhere(&self) -> bool {
        !self.sets.is_empty()
    }
}

/// The Services that have to do with a database.
pub(crate) fn find<'o>(objects: &[&'o ObjectOutcome], clusters: &[Cluster<'o>]) -> Vec<Service<'o>> {
    let services = objects.iter().filter(|object| object.kind == "Service" && object.api_version == "v1");
    let led = services.map(|outcome| {
        let object = &outcome.object;
        let selector = object["spec"]["selector"].as_object();
        let (mut targets, mut sets, mut named) = (Vec::new(), Vec::new(), Vec::new());
        let is_headless = object["spec"]["clusterIP"] == "None";
        for cluster in clusters.iter().filter(|cluster| cluster.outcome.namespace == outcome.namespace) {
            let Some(selector) = selector.filter(|selector| !selector.is_empty()) else { continue };
            let chosen = |ordinal: usize| {
                let labels = labels(cluster, ordinal);
                selector
                    .iter()
                    .all(|(key, value)| labels.get(key.as_str()).is_some_and(|label| value == label.as_str()))
            };
            let pods: Vec<usize> =
                (0..cluster.replicas.clamp(1, crate::clusters::SHOWN)).filter(|at| chosen(*at)).collect();
            if !pods.is_empty() {
                sets.push(cluster.id());
            }
            if is_headless && !pods.is_empty() && cluster.outcome.object["spec"]["serviceName"] == *outcome.name {
                named.push(cluster.id());
                continue;
            }
            let shown = pods.into_iter().filter(|ordinal| *ordinal < cluster.shown());
            targets.extend(shown.map(|at| (cluster.outcome.name.as_str(), cluster.pod_id(at), cluster.role(at))));
        }
        Service { outcome, is_headless, targets, sets, named }
    });
    led.filter(|service| {
        let is_for_writes = !service.outcome.object["metadata"]["annotations"][PRIMARY_OF].is_null();
        service.leads_somewhere() || is_for_writes || state_of(service.outcome) != State::Fine
    })
    .collect()
}

/// The labels of a pod.
fn labels(cluster: &Cluster<'_>, ordinal: usize) -> BTreeMap<String, String> {
    let given = cluster.outcome.object["spec"]["template"]["metadata"]["labels"].as_object();
    let given = given.into_iter().flatten().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    let own = [(POD_NAME.to_owned(), cluster.pod(ordinal)), (POD_INDEX.to_owned(), ordinal.to_string())];
    given.chain(own).collect()
}

/// Draws a Service with its arrows.
pub(crate) fn draw(picture: &mut Picture, service: &Service<'_>, names: Names) {
    let state = state_of(service.outcome);
    let what = match (state, service.named.is_empty(), service.kind(), service.targets.as_slice()) {
        (State::Refused, ..) => "refused".to_owned(),
        (_, false, ..) => "headless: names of pods".to_owned(),
        _ if service.is_headless && !service.targets.is_empty() => "headless: addresses of pods".to_owned(),
        (_, _, EdgeKind::Writes, _) => "writes: primary only".to_owned(),
        (_, _, _, []) if service.leads_somewhere() => "leads to refused pods".to_owned(),
        (_, _, _, []) => "leads to no pod of these".to_owned(),
        (_, _, _, [(_, _, Role::Replica)]) => "reads: one replica".to_owned(),
        (_, _, _, targets) if targets.iter().any(|(_, _, role)| *role == Role::Alone) => {
            "leads to every Ready pod".to_owned()
        }
        _ => "reads: every Ready pod".to_owned(),
    };
    let mut lines = vec![Line { text: what, state }];
    lines.extend(rules(service.outcome).into_iter().map(|rule| Line { text: rule.to_owned(), state: State::Refused }));
    picture.nodes.push(Node {
        id: service.id(),
        kind: NodeKind::Service,
        title: names.full(service.outcome, &service.outcome.name),
        lines,
        inside: None,
        state,
    });
    let refused = if state == State::Refused { State::Refused } else { State::Fine };
    let mut add = |kind, to: &str| {
        picture.edges.push(Edge { kind, from: service.id(), line: None, to: to.to_owned(), state: refused });
    };
    service.named.iter().for_each(|set| add(EdgeKind::Names, set));
    if service.targets.is_empty() && service.named.is_empty() {
        service.sets.iter().for_each(|set| add(service.kind(), set));
    }
    service.targets.iter().for_each(|(_, pod, _)| add(service.kind(), pod));
}

/// Draws the option files that databases read, and those that are refused or warned of.
pub(crate) fn draw_options(picture: &mut Picture, objects: &[&ObjectOutcome], clusters: &[Cluster<'_>], names: Names) {
    for outcome in objects.iter().filter(|object| object.kind == "ConfigMap" && object.api_version == "v1") {
        let readers = clusters.iter().filter(|cluster| {
            cluster.outcome.namespace == outcome.namespace && cluster.config_map() == Some(outcome.name.as_str())
        });
        let readers: Vec<String> = readers.map(Cluster::id).collect();
        let state = state_of(outcome);
        if readers.is_empty() && state == State::Fine {
            continue;
        }
        let id = format!("options/{}/{}", outcome.namespace, outcome.name);
        let mut lines = vec![Line::plain(keys(&outcome.object))];
        lines.extend(rules(outcome).into_iter().map(|rule| Line { text: rule.to_owned(), state: State::Refused }));
        for to in readers {
            let state = if state == State::Refused { state } else { State::Fine };
            picture.edges.push(Edge { kind: EdgeKind::Options, from: id.clone(), line: None, to, state });
        }
        let title = format!("ConfigMap {}", names.full(outcome, &outcome.name));
        picture.nodes.push(Node { id, kind: NodeKind::Options, title, lines, inside: None, state });
    }
}

fn keys(object: &Value) -> String {
    let keys = object["data"].as_object().map(|data| data.keys().map(String::as_str).collect::<Vec<_>>());
    keys.filter(|keys| !keys.is_empty()).map_or_else(|| "empty".to_owned(), |keys| keys.join(", "))
}
