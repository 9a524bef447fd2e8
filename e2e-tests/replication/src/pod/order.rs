//! What the controller orders a pod with.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::object::{Objects, PodSpec};

/// Everything of which a pod is made.
#[derive(Debug)]
pub(crate) struct Order {
    /// `mysql-0`
    pub(crate) name: String,
    /// The name for podman, which is unique on the machine.
    pub(crate) sandbox: String,
    pub(crate) namespace: String,
    pub(crate) network: String,
    pub(crate) address: String,
    pub(crate) spec: PodSpec,
    /// The number of the template's revision that it is made from.
    pub(crate) revision: usize,
    /// The container that alone is kept back where anything is.
    pub(crate) late: Option<&'static str>,
    pub(crate) claims: BTreeMap<String, PathBuf>,
    /// What its containers refer to when they start, as the kubelet asks for it each time.
    pub(crate) objects: Mutex<Objects>,
    /// Where its own volumes are made, and removed with it.
    pub(crate) place: PathBuf,
    /// The files for `/etc/hosts` and `/etc/resolv.conf`.
    pub(crate) hosts: PathBuf,
    pub(crate) resolver: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) settings: PathBuf,
}

impl Order {
    pub(crate) fn objects(&self) -> Objects {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_objects(&self, objects: Objects) {
        *self.objects.lock().unwrap_or_else(PoisonError::into_inner) = objects;
    }
}
