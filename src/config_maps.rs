//! The `ConfigMap`s from which a pod has variables and files: each is looked up once.

use std::{cell::RefCell, rc::Rc};

use crate::{
    cluster::{Cluster, Kind, Lookup},
    field_path::FieldPath,
    findings::{Findings, failed_look_up},
    json::Value,
    text::label,
};

/// The `ConfigMap`s of a namespace, as far as somebody has asked for them.
#[derive(Default)]
pub(crate) struct ConfigMaps<'c> {
    /// Without one nothing is known of any.
    cluster: Option<&'c Cluster<'c>>,
    pub(crate) namespace: &'c str,
    seen: RefCell<Vec<(String, Lookup<Rc<Value<'c>>>)>>,
}

impl<'c> ConfigMaps<'c> {
    /// So many are looked up for one object.
    const LIMIT: usize = 16;

    pub(crate) fn new(cluster: &'c Cluster<'c>, namespace: &'c str) -> Self {
        Self { cluster: Some(cluster), namespace, seen: RefCell::default() }
    }

    /// Is it known how to ask for one?
    pub(crate) fn are_known(&self) -> bool {
        self.cluster.is_some()
    }

    /// Has anybody asked for one?
    pub(crate) fn are_used(&self) -> bool {
        !self.seen.borrow().is_empty()
    }

    /// Those of the cluster as another look at it shows them.
    pub(crate) fn anew<'n>(&self, cluster: &'n Cluster<'n>) -> ConfigMaps<'n>
    where
        'c: 'n,
    {
        ConfigMaps { cluster: self.cluster.map(|_| cluster), namespace: self.namespace, seen: RefCell::default() }
    }

    /// From now on a name stands for this object.
    pub(crate) fn put(&self, name: &str, config_map: Value<'c>) {
        self.seen.borrow_mut().push((name.to_owned(), Lookup::Found(Rc::new(config_map))));
    }

    #[inline(never)]
    pub(crate) fn get(&self, name: &str) -> Option<Rc<Value<'c>>> {
        let cluster = self.cluster?;
        let mut seen = self.seen.borrow_mut();
        let at = seen.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            let found = if seen.len() < Self::LIMIT {
                match cluster.get(Kind::ConfigMap, self.namespace, name) {
                    Lookup::Found(found) => Lookup::Found(Rc::new(found)),
                    Lookup::Absent => Lookup::Absent,
                    Lookup::Failed(why) => Lookup::Failed(why),
                }
            } else {
                Lookup::Failed("there are too many".to_owned())
            };
            seen.push((name.to_owned(), found));
            seen.len() - 1
        });
        match &seen[at].1 {
            Lookup::Found(found) => Some(Rc::clone(found)),
            Lookup::Absent | Lookup::Failed(_) => None,
        }
    }

    /// One as messages name it.
    pub(crate) fn label(&self, name: &str) -> String {
        label("ConfigMap", self.namespace, name)
    }

    /// Tells of those that could not be looked up for what stands at a path.
    pub(crate) fn tell_failed(&self, path: &FieldPath, findings: &mut Findings) {
        for (name, found) in self.seen.borrow().iter() {
            if let Lookup::Failed(why) = found {
                findings.reject(failed_look_up(&self.label(name), path, why));
            }
        }
    }
}
