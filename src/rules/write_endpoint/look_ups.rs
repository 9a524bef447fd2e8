//! What a pod's neighbours in the cluster are: each is looked up once, and each failure told once.

use std::rc::Rc;

use crate::{
    annotations::may_be_managed,
    cluster::{Cluster, Kind, Lookup},
    field_path::FieldPath,
    findings::{Findings, failed_look_up},
    json::{Value, at},
    text::label,
};

/// So many `ConfigMap`s of an object are looked up at most.
pub(super) const CONFIG_MAPS: usize = 16;

/// The look-ups for one object.
pub(crate) struct LookUps<'a, 'h, 'f> {
    /// The object's.
    pub(super) namespace: &'a str,
    cluster: &'a Cluster<'h>,
    /// Takes what could not be looked up.
    pub(super) findings: &'f mut Findings,
    config_maps: Vec<(String, Option<Rc<Value<'a>>>)>,
    failed: Vec<String>,
    /// So many were beyond [`CONFIG_MAPS`].
    pub(super) skipped_config_maps: usize,
}

impl<'a, 'h, 'f> LookUps<'a, 'h, 'f> {
    pub(crate) fn new(namespace: &'a str, cluster: &'a Cluster<'h>, findings: &'f mut Findings) -> Self {
        Self { namespace, cluster, findings, config_maps: Vec::new(), failed: Vec::new(), skipped_config_maps: 0 }
    }

    /// An object, for what stands at `path`.
    pub(super) fn get(&mut self, kind: Kind, namespace: &str, name: &str, path: &str) -> Option<Value<'a>> {
        let cluster: &'a Cluster = self.cluster;
        match cluster.get(kind, namespace, name) {
            Lookup::Found(found) => Some(found),
            // workloads may be there before the database
            Lookup::Absent => None,
            Lookup::Failed(why) => {
                self.tell(label(kind.name(), namespace, name), path, &why);
                None
            }
        }
    }

    /// The StatefulSets of a namespace that may be managed; [`Cluster::list`] says what the probe is for.
    pub(super) fn statefulsets(&mut self, namespace: &str, probe: &str, path: &str) -> Option<Vec<Value<'a>>> {
        let cluster: &'a Cluster = self.cluster;
        match cluster.list_of(Kind::StatefulSet, namespace, probe, &may_be_managed) {
            Lookup::Found(list) => Some(list),
            Lookup::Absent => None,
            Lookup::Failed(why) => {
                self.tell(format!("the StatefulSets of the namespace {namespace}"), path, &why);
                None
            }
        }
    }

    /// A ConfigMap of the pod's namespace.
    pub(super) fn config_map(&mut self, name: &str, path: &str) -> Option<Rc<Value<'a>>> {
        if let Some((_, known)) = self.config_maps.iter().find(|(known, _)| known == name) {
            return known.clone();
        }
        if self.config_maps.len() == CONFIG_MAPS {
            self.skipped_config_maps += 1;
            return None;
        }
        let found = self.get(Kind::ConfigMap, self.namespace, name, path).map(Rc::new);
        self.config_maps.push((name.to_owned(), found.clone()));
        found
    }

    /// The text of a ConfigMap's key, if it has one of at most `limit` bytes.
    pub(super) fn key(&mut self, config_map: &str, key: &str, limit: usize, path: &str) -> Option<String> {
        let found = self.config_map(config_map, path)?;
        let text = at(&found, &["data"])?.get(key)?.as_str()?;
        (text.len() <= limit).then(|| text.to_owned())
    }

    /// So many different things could not be looked up so far.
    pub(super) fn failures(&self) -> usize {
        self.failed.len()
    }

    fn tell(&mut self, what: String, path: &str, why: &str) {
        if !self.failed.contains(&what) {
            self.findings.reject(failed_look_up(&what, &FieldPath::Known(path), why));
            self.failed.push(what);
        }
    }
}
