//! What stands behind the address that a workload writes to.

use super::{
    dns_target::{DnsPod, DnsTarget, dns_targets, pod_name},
    hosts::NetworkHost,
    look_ups::LookUps,
};
use crate::{
    annotations::is_managed,
    cluster::Kind,
    json::{Object, Value, at, list_at, str_at},
    names::{BACKUP_PORT, DATABASE_PORT, POD_INDEX_LABEL, POD_NAME_LABEL},
    object::replicas,
    rules::service::{governing_name, selects},
};

/// So many hosts of an object are looked up at most.
pub(super) const HOSTS: usize = 32;
/// The ports of MySQL's protocols: the classic one, X and the administrative one.
const DATABASE_PORTS: [u64; 3] = [DATABASE_PORT as u64, 33060, 33062];

pub(crate) const READ_ONLY: &str = "replicas are read-only: what is written there fails";
pub(crate) const MOST: &str = "all pods but the primary are read-only: most writes through it fail";

/// Why an address must not be written to.
#[derive(Clone)]
pub(crate) struct Wrong {
    /// What it is, as messages go on behind its name.
    pub(crate) what: String,
    pub(crate) why: &'static str,
    /// The primary's pod, as its name is complete for whoever uses it.
    pub(super) primary: String,
    pub(crate) statefulset: String,
}

type HostPort = (String, Option<u16>);

/// The addresses that one object's containers write to, each judged once.
pub(crate) struct Addresses<'a, 'h, 'f> {
    pub(super) look_ups: LookUps<'a, 'h, 'f>,
    known: Vec<(HostPort, Option<Wrong>)>,
    /// So many were beyond [`HOSTS`].
    pub(super) skipped: usize,
}

impl<'a, 'h, 'f> Addresses<'a, 'h, 'f> {
    pub(crate) fn new(look_ups: LookUps<'a, 'h, 'f>) -> Self {
        Self { look_ups, known: Vec::new(), skipped: 0 }
    }

    /// What is wrong with writing to a host, which is named at `path`?
    pub(super) fn judge(&mut self, host: &NetworkHost, path: &str) -> Option<Wrong> {
        self.host(&(host.name.clone(), host.port), path)
    }

    /// What is wrong with writing to what a Service of type `ExternalName` leads to?
    pub(crate) fn alias(&mut self, external_name: &str, path: &str) -> Option<Wrong> {
        self.host(&(alias_name(external_name, self.look_ups.namespace), None), path)
    }

    fn host(&mut self, key: &HostPort, path: &str) -> Option<Wrong> {
        if let Some((_, known)) = self.known.iter().find(|(known, _)| known == key) {
            return known.clone();
        }
        let targets = dns_targets(&key.0, self.look_ups.namespace);
        if targets.is_empty() {
            return None;
        }
        if self.known.len() == HOSTS {
            self.skipped += 1;
            return None;
        }
        // known from here on, so that names that lead to each other come to an end
        let place = self.known.len();
        self.known.push((key.clone(), None));
        let port = key.1;
        let failures = self.look_ups.failures();
        let mut wrong = None;
        for target in targets {
            let (is_it, found) = match target {
                DnsTarget::Pod(pod) => self.pod(&pod, port, path),
                DnsTarget::Service { name, namespace } => (true, self.service(name, namespace, port, path)),
            };
            // where one reading could not be looked up, another one may be wrong
            if is_it || self.look_ups.failures() > failures {
                wrong = found;
                break;
            }
        }
        self.known[place].1.clone_from(&wrong);
        wrong
    }

    /// Is it a pod of a StatefulSet, and what is wrong with it?
    fn pod(&mut self, pod: &DnsPod, port: Option<u16>, path: &str) -> (bool, Option<Wrong>) {
        let DnsPod { set, ordinal, service, namespace } = *pod;
        let Some(found) = self.look_ups.get(Kind::StatefulSet, namespace, set, path) else { return (false, None) };
        if governing_name(&found) != service {
            return (false, None);
        }
        let is_wrong = ordinal > 0 && is_managed(&found) && port.is_none_or(|port| is_database_port(u64::from(port)));
        let wrong = is_wrong.then(|| self.wrong(&found, set, namespace, is_replica(namespace, set), READ_ONLY));
        (true, wrong)
    }

    /// What is wrong with a Service?
    fn service(&mut self, service: &str, namespace: &str, port: Option<u16>, path: &str) -> Option<Wrong> {
        let found = self.look_ups.get(Kind::Service, namespace, service, path)?;
        if str_at(&found, &["spec", "type"]) == "ExternalName" {
            let name = alias_name(str_at(&found, &["spec", "externalName"]), namespace);
            let wrong = self.host(&(name.clone(), port), path)?;
            return Some(Wrong { what: format!("another name for {name}, {}", wrong.what), ..wrong });
        }
        if !leads_to_database(&found, port) {
            return None;
        }
        let selector = at(&found, &["spec", "selector"]).and_then(Value::as_object)?;
        match selector.get(POD_NAME_LABEL) {
            Some(pod) => self.pinned(pod.as_str()?, namespace, path),
            None => self.selected(selector, service, namespace, path),
        }
    }

    /// What is wrong with a Service that leads to one pod?
    fn pinned(&mut self, pod: &str, namespace: &str, path: &str) -> Option<Wrong> {
        let (set, _) = pod_name(pod).filter(|(_, ordinal)| *ordinal > 0)?;
        let found = self.look_ups.get(Kind::StatefulSet, namespace, set, path).filter(is_managed)?;
        Some(self.wrong(&found, set, namespace, leads_to_replica(pod, namespace, set), READ_ONLY))
    }

    /// What is wrong with a Service that leads to the pods of a StatefulSet, or to those of one index?
    fn selected(&mut self, selector: &Object, service: &str, namespace: &str, path: &str) -> Option<Wrong> {
        let index = selector.get(POD_INDEX_LABEL).and_then(Value::as_str);
        if selector.is_empty() || index == Some("0") {
            return None;
        }
        let list = self.look_ups.statefulsets(namespace, service, path)?;
        let selected = list.iter().filter(|set| is_managed(set) && selects(selector, set));
        let found = selected.min_by_key(|set| str_at(set, &["metadata", "name"]))?;
        let set = str_at(found, &["metadata", "name"]);
        let (what, why) = match index {
            Some(index) => (leads_to_replica(&format!("{set}-{index}"), namespace, set), READ_ONLY),
            // a primary alone takes every write
            None if replicas(found) == 1 => return None,
            None => (leads_to_all(namespace, set), MOST),
        };
        Some(self.wrong(found, set, namespace, what, why))
    }

    fn wrong(&self, statefulset: &Value, name: &str, namespace: &str, what: String, why: &'static str) -> Wrong {
        let mut primary = format!("{name}-0.{}", governing_name(statefulset));
        if namespace != self.look_ups.namespace {
            primary = format!("{primary}.{namespace}");
        }
        Wrong { what, why, primary, statefulset: name.to_owned() }
    }
}

/// The host that an `externalName` of a namespace stands for. The DNS takes it as complete; a single word, which is
/// nothing then, is meant as a Service of the namespace.
pub(crate) fn alias_name(name: &str, namespace: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if name.contains('.') { name } else { format!("{name}.{namespace}") }
}

pub(crate) fn is_replica(namespace: &str, set: &str) -> String {
    format!("a replica of the StatefulSet {namespace}/{set}")
}

pub(crate) fn leads_to_all(namespace: &str, set: &str) -> String {
    format!("a Service over all pods of the StatefulSet {namespace}/{set}")
}

pub(crate) fn leads_to_replica(pod: &str, namespace: &str, set: &str) -> String {
    format!("a Service that leads to {pod}, a replica of the StatefulSet {namespace}/{set}")
}

fn is_database_port(port: u64) -> bool {
    DATABASE_PORTS.contains(&port)
}

/// Does a Service lead to a database's port, under the given one if any? Another may lead to an exporter or to the
/// backups of the same pods.
pub(crate) fn leads_to_database(service: &Value, port: Option<u16>) -> bool {
    let ports = list_at(service, &["spec", "ports"]);
    // a client gets the addresses of pods, and goes to their port by its own number
    if ports.is_empty() || str_at(service, &["spec", "clusterIP"]) == "None" {
        return port.is_none_or(|port| is_database_port(u64::from(port)));
    }
    ports.iter().any(|entry| {
        let number = entry.get("port").and_then(Value::as_u64);
        let is_asked = port.is_none_or(|port| number == Some(u64::from(port)));
        is_asked
            && match entry.get("targetPort") {
                Some(Value::String(name)) => {
                    !["metrics", "prom", "exporter", "http", "xtrabackup"].iter().any(|no| name.contains(no))
                }
                Some(Value::Number(target)) => {
                    target.as_u64().is_some_and(|target| target != u64::from(BACKUP_PORT) && is_database_port(target))
                }
                _ => number.is_some_and(is_database_port),
            }
    })
}
