//! The StatefulSet controller, the Service and the storage: ordered starts, claims per ordinal, names for Ready pods.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::{
    addresses::Addresses,
    command::{command, output, podman, run, signal},
    object::{Objects, PodSpec, StatefulSet, StatefulSetSpec},
    pod::{Order, Pod, Stage, Status},
    rollout::{Rollout, Seen},
    volume::{directory, refresh_secrets},
};

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

#[derive(Debug, Clone, Copy)]
enum Fate {
    Removed,
    /// Put aside, so that the next pod finds an empty one.
    Kept,
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

    fn control(&self) {
        loop {
            {
                let mut state = self.lock();
                if let Err(error) = self.reconcile(&mut state) {
                    state.error.get_or_insert(error);
                }
                state.gone = state.stopped && state.pods.is_empty();
                if state.gone {
                    return;
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// One step of the controller, with `podManagementPolicy: OrderedReady`.
    fn reconcile(&self, state: &mut State) -> Result<(), String> {
        for ordinal in state.pods.keys().copied().collect::<Vec<_>>() {
            if state.pods[&ordinal].status().stage == Stage::Gone {
                state.pods.remove(&ordinal);
                match state.claims.remove(&ordinal) {
                    Some(Fate::Removed) => self.remove_claims(ordinal)?,
                    Some(Fate::Kept) => self.keep_claims(ordinal)?,
                    None => {}
                }
            }
        }
        self.publish_names(state)?;
        let seen: Vec<Seen> = state.pods.values().map(Pod::seen).collect();
        state.rollout.observe(&seen);
        if state.stopped {
            for pod in state.pods.values() {
                pod.delete(true);
            }
            return Ok(());
        }
        for ordinal in 0..state.replicas {
            match state.pods.get(&ordinal) {
                None => {
                    let order = self.order(state, ordinal)?;
                    let is_held = state.held.remove(&ordinal) || order.late.is_some();
                    let pod = Pod::start(order, is_held);
                    state.pods.insert(ordinal, pod);
                    return Ok(());
                }
                Some(pod) if pod.is_being_deleted() || !pod.status().ready => return Ok(()),
                Some(_) => {}
            }
        }
        if let Some((ordinal, pod)) = state.pods.last_key_value()
            && *ordinal >= state.replicas
        {
            pod.delete(false);
        } else if let Some(ordinal) = state.rollout.next(&seen) {
            state.pods[&ordinal].delete(false);
        }
        Ok(())
    }

    fn order(&self, state: &mut State, ordinal: usize) -> Result<Order, String> {
        let name = self.pod_name(ordinal);
        let address = state.next_address;
        // a pod that is made anew has another address, as in a cluster; after 240 pods they come again
        state.next_address = if address == 250 { 10 } else { address + 1 };
        let mut claims = BTreeMap::new();
        for template in &self.set.spec.volume_claim_templates {
            let path = self.claim(&template.metadata.name, ordinal);
            if !path.exists() {
                directory(&path, 0o755)
                    .map_err(|error| error.to_string())
                    .and_then(|()| self.claim.map_or(Ok(()), |megabytes| mount(&path, megabytes)))
                    // what a new file system has of itself
                    .and_then(|()| directory(&path.join("lost+found"), 0o700).map_err(|error| error.to_string()))
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
            claims.insert(template.metadata.name.clone(), path);
        }
        let revision = state.rollout.of_new_pod(ordinal);
        Ok(Order {
            sandbox: format!("{}-{ordinal}", self.network),
            namespace: self.set.metadata.namespace.clone(),
            network: self.network.clone(),
            address: self.addresses.at(address),
            spec: state.templates.get(&ordinal).unwrap_or(&revision.spec).clone(),
            revision: revision.number,
            late: state.late.remove(&ordinal),
            claims,
            objects: state.objects.clone().into(),
            place: self.place.run.join("pods").join(format!("{name}-{address}")),
            hosts: self.place.run.join("hosts"),
            resolver: self.place.run.join("resolv.conf"),
            logs: self.place.logs.join(&name),
            settings: self.place.settings.clone(),
            name,
        })
    }

    /// The headless Service: a name for each pod that is Ready, and for no other unless it publishes all.
    fn publish_names(&self, state: &mut State) -> Result<(), String> {
        let (service, namespace) = (&self.set.spec.service_name, &self.set.metadata.namespace);
        let mut text = HOSTS.to_owned();
        for pod in
            state.pods.values().filter(|pod| (state.publishes_all || pod.status().ready) && !pod.is_being_deleted())
        {
            let name = format!("{}.{service}", pod.order.name);
            let address = &pod.order.address;
            // writing to a string cannot fail
            let _ = writeln!(text, "{address} {name}.{namespace}.svc.cluster.local {name}.{namespace} {name}");
        }
        if text != state.published {
            // in place, since the pods have this very file; in one piece, padded so that nothing old is left behind
            let width = state.published.len();
            let padded = format!("{text:\n<width$}");
            fs::OpenOptions::new()
                .write(true)
                .open(self.place.run.join("hosts"))
                .and_then(|mut file| {
                    file.rewind()?;
                    file.write_all(padded.as_bytes())?;
                    file.set_len(text.len() as u64)
                })
                .map_err(|error| format!("hosts: {error}"))?;
            state.published = text;
        }
        Ok(())
    }

    fn pod_name(&self, ordinal: usize) -> String {
        format!("{}-{ordinal}", self.set.metadata.name)
    }

    fn claim(&self, template: &str, ordinal: usize) -> PathBuf {
        self.place.run.join("claims").join(format!("{template}-{}", self.pod_name(ordinal)))
    }

    fn keep_claims(&self, ordinal: usize) -> Result<(), String> {
        let kept = self.place.run.join("kept");
        fs::create_dir_all(&kept).map_err(|error| error.to_string())?;
        for template in &self.set.spec.volume_claim_templates {
            let claim = self.claim(&template.metadata.name, ordinal);
            fs::rename(&claim, kept.join(claim.file_name().unwrap_or_default())).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn remove_claims(&self, ordinal: usize) -> Result<(), String> {
        for template in &self.set.spec.volume_claim_templates {
            remove_tree(&self.claim(&template.metadata.name, ordinal))?;
        }
        Ok(())
    }

    /// The directory of the host that a pod has at its data directory.
    pub(crate) fn data_dir(&self, ordinal: usize) -> PathBuf {
        let mount =
            self.set.spec.template.spec.containers[0].volume_mounts.iter().find(|mount| mount.path == "/var/lib/mysql");
        mount.map_or_else(PathBuf::new, |mount| self.claim(&mount.name, ordinal).join(&mount.sub_path))
    }

    /// Gives a pod that is not there yet a claim of limited size. It can grow later.
    pub(crate) fn limit_claim(&self, ordinal: usize, megabytes: u32) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        fs::create_dir_all(&claim).map_err(|error| error.to_string())?;
        mount(&claim, megabytes)
    }

    pub(crate) fn enlarge_claim(&self, ordinal: usize, megabytes: u32) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        resize(&claim, &format!("{megabytes}m"))
    }

    /// Leaves a claim that is a file system of its own no room but for some kilobytes.
    pub(crate) fn fill_claim(&self, ordinal: usize) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        if !claim.exists() {
            return Err(format!("there is no claim {}", claim.display()));
        }
        let used = run(command("df").args(["--output=used", "--block-size=1K"]).arg(&claim))?;
        let used: u64 = used.lines().last().and_then(|line| line.trim().parse().ok()).ok_or("df gives no number")?;
        resize(&claim, &format!("{}k", used + 32))
    }

    /// Gives it its size again. One that was made anew has it.
    pub(crate) fn free_claim(&self, ordinal: usize) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        match self.claim {
            Some(megabytes) if claim.exists() => resize(&claim, &format!("{megabytes}m")),
            _ => Ok(()),
        }
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

    /// Deletes a pod's claims, which go with the pod, and the pod.
    pub(crate) fn delete_claim_and_pod(&self, ordinal: usize) -> Result<(), String> {
        let mut state = self.lock();
        if let Some(pod) = state.pods.get(&ordinal) {
            let pod = pod.clone();
            state.claims.insert(ordinal, Fate::Removed);
            pod.delete(false);
            return Ok(());
        }
        drop(state);
        self.remove_claims(ordinal)
    }

    /// Has the next pod of this ordinal begin with empty claims; what was in them comes back with
    /// [`Self::give_claim_back`].
    pub(crate) fn take_claim_and_delete_pod(&self, ordinal: usize) {
        let mut state = self.lock();
        state.claims.insert(ordinal, Fate::Kept);
        if let Some(pod) = state.pods.get(&ordinal) {
            pod.delete(false);
        }
    }

    pub(crate) fn give_claim_back(&self, ordinal: usize) -> Result<(), String> {
        let data = self.data_dir(ordinal);
        let within = data.strip_prefix(self.place.run.join("claims")).map_err(|error| error.to_string())?;
        // over the directory there, in one step: it must be empty still
        fs::rename(self.place.run.join("kept").join(within), &data)
            .map_err(|error| format!("{}: {error}", data.display()))
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

/// A file system of limited size.
fn mount(path: &Path, megabytes: u32) -> Result<(), String> {
    let options = format!("size={megabytes}m,mode=755");
    run(command("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path)).map(drop)
}

fn resize(path: &Path, size: &str) -> Result<(), String> {
    run(command("mount").args(["-o", &format!("remount,size={size}")]).arg(path)).map(drop)
}

const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// Removes a directory; file systems that are mounted in it are unmounted first.
pub(crate) fn remove_tree(path: &Path) -> Result<(), String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts.lines().rev().filter_map(|line| line.split(' ').nth(1)) {
        if Path::new(mount).starts_with(path) {
            run(command("umount").arg("--lazy").arg(mount))?;
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
        _ => Ok(()),
    }
}

/// Takes away pods and networks that an earlier run, or this one, has left.
pub(crate) fn sweep(settings: &Path) -> Result<(), String> {
    let names = |kind: &[&str], format: &str| -> Result<Vec<String>, String> {
        let filter = format!("name=^{PREFIX}-");
        let text = run(podman(settings).args(kind).args(["--filter", &filter, "--format", format]))?;
        Ok(text.lines().filter(|name| name.starts_with(PREFIX)).map(str::to_owned).collect())
    };
    for pod in names(&["pod", "ps"], "{{.Name}}")? {
        // the exit status of the last one tells whether there is anything left
        let _ =
            output(podman(settings).args(["pod", "rm", "--force", "--time", "0", &pod]), None, crate::command::LIMIT);
    }
    for network in names(&["network", "ls"], "{{.Name}}")? {
        run(podman(settings).args(["network", "rm", "--force", &network]))?;
    }
    Ok(())
}
