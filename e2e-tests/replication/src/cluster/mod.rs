//! The StatefulSet controller, the Service and the storage: ordered starts, claims per ordinal, names for Ready pods.
//!
//! [`Cluster`] is what scenarios hold of it; [`controller`] is its loop, in a thread of its own.

mod claims;
mod controller;
mod leftovers;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    addresses::Addresses,
    command::signal,
    object::{Objects, PodSpec, StatefulSet, StatefulSetSpec},
    pod::{Pod, Status},
    rollout::Rollout,
    volume::refresh_secrets,
};

use self::claims::Fate;
pub(crate) use self::leftovers::{remove_tree, sweep};

const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// The beginning of every name that the harness gives to podman. Another one, at the time of building, lets two working
/// copies run beside each other.
pub(crate) const PREFIX: &str = match option_env!("E2E_REPLICATION_PREFIX") {
    Some(prefix) => prefix,
    None => "mysql-replication-e2e",
};

/// Where a cluster keeps what it needs.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Claims, volumes and small files; removed at the end.
    pub(crate) run: PathBuf,
    /// The logs of its pods, which stay.
    pub(crate) logs: PathBuf,
    /// The settings for podman.
    pub(crate) settings: PathBuf,
}

#[derive(Debug)]
struct State {
    replicas: usize,
    pods: BTreeMap<usize, Pod>,
    rollout: Rollout,
    objects: Objects,
    /// What becomes of the claims of an ordinal when its pod is gone; usually they stay.
    claims: BTreeMap<usize, Fate>,
    /// Ordinals whose containers are kept back after the init containers.
    held: BTreeSet<usize>,
    /// Ordinals whose pods are made from another template, as while an update is rolled out.
    templates: BTreeMap<usize, PodSpec>,
    /// By ordinal, the container that is kept back alone.
    late: BTreeMap<usize, &'static str>,
    next_address: u8,
    published: String,
    /// Has every pod a name, and not only those that are Ready?
    publishes_all: bool,
    stopped: bool,
    gone: bool,
    error: Option<String>,
}

/// A running StatefulSet.
#[derive(Debug)]
pub(crate) struct Cluster {
    set: StatefulSet,
    place: Place,
    /// The size in MiB of claims that are file systems of their own.
    claim: Option<u32>,
    network: String,
    addresses: Addresses,
    state: Mutex<State>,
}

impl Cluster {
    /// Makes the network and begins to start the pods. `name` is unique on the machine.
    pub(crate) fn start(
        set: StatefulSet,
        objects: Objects,
        name: &str,
        place: Place,
        claim: Option<u32>,
        is_ipv6: bool,
    ) -> Result<Arc<Self>, String> {
        let network = format!("{PREFIX}-{name}");
        fs::create_dir_all(&place.run).map_err(|error| format!("{}: {error}", place.run.display()))?;
        let write =
            |file: &str, text: &str| fs::write(place.run.join(file), text).map_err(|error| format!("{file}: {error}"));
        write("hosts", HOSTS)?;
        // no name server: a name that the hosts file does not have is unknown at once
        write("resolv.conf", &format!("search {0}.svc.cluster.local svc.cluster.local\n", set.metadata.namespace))?;
        let addresses = Addresses::of_new_network(&network, &place.settings, is_ipv6)?;
        let state = State {
            replicas: set.spec.replicas,
            pods: BTreeMap::new(),
            rollout: Rollout::new(set.spec.update_strategy.clone(), set.spec.template.spec.clone()),
            objects,
            claims: BTreeMap::new(),
            held: BTreeSet::new(),
            templates: BTreeMap::new(),
            late: BTreeMap::new(),
            next_address: 10,
            published: HOSTS.to_owned(),
            publishes_all: false,
            stopped: false,
            gone: false,
            error: None,
        };
        let cluster = Arc::new(Self { set, place, claim, network, addresses, state: Mutex::new(state) });
        let controller = Arc::clone(&cluster);
        thread::spawn(move || controller.control());
        Ok(cluster)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pod_name(&self, ordinal: usize) -> String {
        format!("{}-{ordinal}", self.set.metadata.name)
    }

    /// Whether replicas clone with the server's plugin, and not with a backup tool.
    pub(crate) fn has_plugin(&self) -> bool {
        let mut variables = self.set.spec.template.spec.init_containers.iter().flat_map(|container| &container.env);
        variables.any(|it| it.name == "REPLICATION_CLONE_METHOD" && it.value == "clone-plugin")
    }

    pub(crate) fn service(&self) -> &str {
        &self.set.spec.service_name
    }

    pub(crate) fn pod(&self, ordinal: usize) -> Option<Pod> {
        self.lock().pods.get(&ordinal).cloned()
    }

    pub(crate) fn status(&self, ordinal: usize) -> Status {
        self.pod(ordinal).map_or_else(Status::default, |pod| pod.status())
    }

    pub(crate) fn replicas(&self) -> usize {
        self.lock().replicas
    }

    /// Whether exactly the wanted pods are there and all are Ready.
    pub(crate) fn is_settled(&self) -> bool {
        let state = self.lock();
        state.pods.len() == state.replicas
            && state.pods.values().all(|pod| pod.status().ready && !pod.is_being_deleted())
    }

    /// What the harness itself could not do.
    pub(crate) fn error(&self) -> Option<String> {
        let state = self.lock();
        state.error.clone().or_else(|| {
            state.pods.values().find_map(|pod| pod.status().error.map(|error| format!("{}: {error}", pod.order.name)))
        })
    }

    pub(crate) fn scale(&self, replicas: usize) {
        self.lock().replicas = replicas;
    }

    /// An update of the StatefulSet; the controller rolls a new template out, from the last pod to the first.
    pub(crate) fn update(&self, spec: StatefulSetSpec, has_new_template: bool) {
        let mut state = self.lock();
        state.replicas = spec.replicas;
        state.rollout.change_strategy(spec.update_strategy);
        if has_new_template {
            state.rollout.change_template(spec.template.spec);
        }
    }

    pub(crate) fn edit_objects(&self, edit: impl FnOnce(&mut Objects)) {
        edit(&mut self.lock().objects);
    }

    /// Changes the root password's Secret; the running pods have it in their files at once, and in the variables of
    /// containers that start from now on.
    pub(crate) fn change_secret(&self, password: &str) -> Result<(), String> {
        let mut state = self.lock();
        let name = self.set.metadata.name.clone();
        state.objects.secrets.entry(name).or_default().insert("root-password".to_owned(), password.to_owned());
        state.pods.values().try_for_each(|pod| {
            pod.order.set_objects(state.objects.clone());
            refresh_secrets(&pod.order.spec, &pod.order.place, &state.objects)
        })
    }

    /// As `publishNotReadyAddresses` of the Service has it.
    pub(crate) fn publish_names_of_all_pods(&self) {
        self.lock().publishes_all = true;
    }

    /// The cluster's template with one more parameter of the scripts.
    pub(crate) fn template_with(&self, name: &str, value: &str) -> PodSpec {
        let mut template = self.set.spec.template.spec.clone();
        template.add_parameters(&[(name, value)]);
        template
    }

    /// Deletes a pod; the controller makes it anew.
    pub(crate) fn delete_pod(&self, ordinal: usize) {
        if let Some(pod) = self.pod(ordinal) {
            pod.delete(false);
        }
    }

    /// Has the next pod of this ordinal stop after its init containers, until [`Pod::release`].
    pub(crate) fn hold_next(&self, ordinal: usize) {
        self.lock().held.insert(ordinal);
    }

    /// Has the next pod of this ordinal run without one of its containers, whose image takes its time, until
    /// [`Pod::release`].
    pub(crate) fn hold_next_container(&self, ordinal: usize, container: &'static str) {
        self.lock().late.insert(ordinal, container);
    }

    /// Has the next pods of this ordinal be made from another template, or from the cluster's own again, as a partition
    /// would have it that goes down when the scenario says so.
    pub(crate) fn set_template(&self, ordinal: usize, template: Option<PodSpec>) {
        let templates = &mut self.lock().templates;
        match template {
            Some(template) => templates.insert(ordinal, template),
            None => templates.remove(&ordinal),
        };
    }

    /// Sends SIGKILL to a container's first process.
    pub(crate) fn kill(&self, ordinal: usize, container: &str) -> Result<(), String> {
        let pid = self.pid(ordinal, container)?;
        signal("KILL", pid);
        Ok(())
    }

    /// The first process of a container, as the machine numbers it.
    pub(crate) fn pid(&self, ordinal: usize, container: &str) -> Result<u32, String> {
        let status = self.status(ordinal);
        status
            .containers
            .get(container)
            .and_then(|it| it.pid)
            .ok_or_else(|| format!("the container {container} of {} is not running", self.pod_name(ordinal)))
    }

    pub(crate) fn log_dir(&self, ordinal: usize) -> PathBuf {
        self.place.logs.join(self.pod_name(ordinal))
    }

    /// Everything that a container has said so far, over all its starts.
    pub(crate) fn log(&self, ordinal: usize, container: &str) -> String {
        let bytes = fs::read(self.log_dir(ordinal).join(format!("{container}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Takes everything away but the logs.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        // pods that are just being made end first; each has its own deadlines
        while !self.lock().gone {
            thread::sleep(Duration::from_millis(50));
        }
    }
}
