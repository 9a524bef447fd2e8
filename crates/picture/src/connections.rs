//! Applications, and which Services and pods they are told.

use mysql_replication_verdicts::{ObjectOutcome, Verdict};
use serde_json::Value;

use crate::clusters::{Cluster, Role, items};
use crate::hosts::{Host, in_value, in_word};
use crate::model::{Edge, EdgeKind, Line, Node, NodeKind, Picture, State};
use crate::names::Names;
use crate::problems::{rules, state_of};
use crate::services::Service;

/// Where workloads have their pod specification.
const POD_SPECS: [(&str, &str); 8] = [
    ("Pod", "/spec"),
    ("Deployment", "/spec/template/spec"),
    ("ReplicaSet", "/spec/template/spec"),
    ("DaemonSet", "/spec/template/spec"),
    ("StatefulSet", "/spec/template/spec"),
    ("Job", "/spec/template/spec"),
    ("CronJob", "/spec/jobTemplate/spec/template/spec"),
    ("ReplicationController", "/spec/template/spec"),
];
const CONTAINERS: [&str; 2] = ["initContainers", "containers"];

/// Something that a container is told.
struct Told {
    /// The field, as the policy writes it.
    path: String,
    /// What it is called: a variable, an argument.
    name: String,
    hosts: Vec<Host>,
}

/// What a name can lead to.
struct Known<'k> {
    services: &'k [Service<'k>],
    clusters: &'k [Cluster<'k>],
    objects: &'k [&'k ObjectOutcome],
}

/// Draws the applications that are told a Service or a pod of these, or that the policy has something to say of.
pub(crate) fn draw(
    picture: &mut Picture,
    objects: &[&ObjectOutcome],
    services: &[Service<'_>],
    clusters: &[Cluster<'_>],
    names: Names,
) {
    let known = Known { services, clusters, objects };
    let is_database = |object: &ObjectOutcome| clusters.iter().any(|cluster| std::ptr::eq(cluster.outcome, object));
    for outcome in objects {
        let Some((_, pointer)) = POD_SPECS.iter().find(|(kind, _)| *kind == outcome.kind) else { continue };
        if outcome.verdict == Verdict::Passed || is_database(outcome) {
            continue;
        }
        let Some(pod) = outcome.object.pointer(pointer) else { continue };
        let path = pointer.trim_start_matches('/').replace('/', ".");
        draw_application(picture, outcome, told(pod, &path, objects, outcome), &known, names);
    }
}

fn draw_application(picture: &mut Picture, outcome: &ObjectOutcome, told: Vec<Told>, known: &Known<'_>, names: Names) {
    let id = format!("application/{}/{}/{}", outcome.kind, outcome.namespace, outcome.name);
    let state = state_of(outcome);
    let (mut lines, mut edges) = (Vec::new(), Vec::new());
    for Told { path, name, hosts } in told {
        let is_refused = outcome.violations.iter().any(|v| v.object.is_none() && is_within(&v.path, &path));
        let is_warned = outcome
            .warnings
            .iter()
            .any(|warning| warning.split_once("] ").is_some_and(|(_, text)| is_within(text, &path)));
        let line_state = match (is_refused, is_warned) {
            (true, _) => State::Refused,
            (_, true) => State::Warned,
            _ => State::Fine,
        };
        let mut targets: Vec<(EdgeKind, String)> = Vec::new();
        for host in hosts {
            let target = known.target(&host, &outcome.namespace);
            targets.extend(target.filter(|target| !targets.contains(target)));
        }
        if targets.is_empty() && line_state == State::Fine {
            continue;
        }
        for (kind, to) in targets {
            edges.push(Edge { kind, from: id.clone(), line: Some(lines.len()), to, state: line_state });
        }
        lines.push(Line { text: name, state: line_state });
    }
    if lines.is_empty() && state == State::Fine {
        return;
    }
    lines.extend(rules(outcome).into_iter().map(|rule| Line { text: rule.to_owned(), state: State::Refused }));
    let title = format!("{} {}", outcome.kind, names.full(outcome, &outcome.name));
    picture.nodes.push(Node { id, kind: NodeKind::Application, title, lines, inside: None, state });
    picture.edges.extend(edges);
}

/// Whether a path, perhaps with more behind it, is of this field or of what is in it.
fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ':', ' ']))
}

/// Everything that the containers of a pod are told.
fn told(pod: &Value, path: &str, objects: &[&ObjectOutcome], outcome: &ObjectOutcome) -> Vec<Told> {
    let config_map = |name: &Value| {
        let is_it = |other: &&&ObjectOutcome| {
            other.kind == "ConfigMap" && other.namespace == outcome.namespace && name == other.name.as_str()
        };
        objects.iter().find(is_it).map(|other| &other.object["data"])
    };
    let mut all = Vec::new();
    for list in CONTAINERS {
        for (at, container) in items(&pod[list]).iter().enumerate() {
            let path = format!("{path}.{list}[{at}]");
            for (index, entry) in items(&container["env"]).iter().enumerate() {
                let name = entry["name"].as_str().unwrap_or_default();
                let reference = &entry["valueFrom"]["configMapKeyRef"];
                let referred = config_map(&reference["name"])
                    .and_then(|data| data[reference["key"].as_str().unwrap_or_default()].as_str());
                let Some(value) = entry["value"].as_str().or(referred) else { continue };
                let (path, hosts) = (format!("{path}.env[{index}]"), in_value(name, value));
                all.push(Told { path, name: name.to_owned(), hosts });
            }
            for (index, source) in items(&container["envFrom"]).iter().enumerate() {
                let data = config_map(&source["configMapRef"]["name"]).and_then(Value::as_object);
                for (key, value) in data.into_iter().flatten() {
                    let hosts = in_value(key, value.as_str().unwrap_or_default());
                    all.push(Told { path: format!("{path}.envFrom[{index}]"), name: key.clone(), hosts });
                }
            }
            let mut before = None;
            for field in ["command", "args"] {
                for (index, word) in items(&container[field]).iter().enumerate() {
                    let word = word.as_str().unwrap_or_default();
                    let path = format!("{path}.{field}[{index}]");
                    let name = word.split_once('=').map_or(field, |(flag, _)| flag).to_owned();
                    let name = if name.contains(char::is_whitespace) { field.to_owned() } else { name };
                    all.push(Told { path, name, hosts: in_word(before, word) });
                    before = Some(word);
                }
            }
        }
    }
    all
}

impl Known<'_> {
    /// The Service or the pod that a name leads to, and what an arrow to it is. A name for another name leads where
    /// that one does.
    fn target(&self, host: &Host, namespace: &str) -> Option<(EdgeKind, String)> {
        self.direct(host, namespace).or_else(|| self.direct(&self.alias(host, namespace)?, namespace))
    }

    fn direct(&self, host: &Host, namespace: &str) -> Option<(EdgeKind, String)> {
        let service = |name: &str, namespace: &str| {
            self.services.iter().find(|service| service.outcome.name == name && service.outcome.namespace == namespace)
        };
        let pod = |name: &str, set_namespace: &str| {
            self.clusters.iter().filter(|cluster| cluster.outcome.namespace == set_namespace).find_map(|cluster| {
                let at = (0..cluster.shown()).find(|at| cluster.pod(*at) == name)?;
                let kind = if cluster.role(at) == Role::Primary { EdgeKind::Writes } else { EdgeKind::Reads };
                Some((kind, cluster.pod_id(at)))
            })
        };
        let found = |service: &Service<'_>| (service.kind(), service.id());
        match host.names().as_slice() {
            [name] if host.is_certain => service(name, namespace).map(found),
            [name, second] => service(name, second).map(found).or_else(|| pod(name, namespace)),
            [name, _, namespace] => pod(name, namespace),
            _ => None,
        }
    }

    /// The name that a Service of the type `ExternalName` is another name for; only a whole one leads somewhere.
    fn alias(&self, host: &Host, namespace: &str) -> Option<Host> {
        let (name, namespace) = match host.names().as_slice() {
            [name] if host.is_certain => (*name, namespace),
            [name, namespace] => (*name, *namespace),
            _ => return None,
        };
        let is_it =
            |object: &&&ObjectOutcome| object.kind == "Service" && object.name == name && object.namespace == namespace;
        let spec = &self.objects.iter().find(is_it)?.object["spec"];
        Host::whole(spec["externalName"].as_str().filter(|_| spec["type"] == "ExternalName")?)
    }
}
