//! The kubelet's part for one pod: sandbox, volumes, init containers in order, containers, probes, restarts, the end.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::{command, kill_tree, podman, run, run_within, signal, start_time},
    environment,
    image::full_name,
    object::{Container, Objects, PodSpec, SeccompProfile},
    probe::{Probe, Verdict},
    rollout::Seen,
    volume,
};

const TICK: Duration = Duration::from_millis(50);
/// The kubelet waits ten seconds after the second failure, twice as long after each further one; here it is shorter.
const BACK_OFF: [u64; 4] = [0, 1, 2, 4];

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

/// Where a pod stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    #[default]
    Starting,
    Init(String),
    /// The init containers are done, and the scenario keeps the others back.
    Held,
    Running,
    Ending,
    Gone,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ContainerStatus {
    pub(crate) pid: Option<u32>,
    pub(crate) started: bool,
    pub(crate) ready: bool,
    pub(crate) starts: u32,
    pub(crate) last_exit: Option<i32>,
    /// How often the readiness probe has run since the last start.
    pub(crate) probed: u32,
    /// What it said when it failed last.
    pub(crate) message: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) stage: Stage,
    pub(crate) ready: bool,
    /// Whether it ever was: what must never have been Ready is not only not Ready now.
    pub(crate) was_ready: bool,
    pub(crate) containers: BTreeMap<String, ContainerStatus>,
    /// What the harness itself could not do.
    pub(crate) error: Option<String>,
}

/// A running pod, as the controller and the scenarios see it.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    pub(crate) order: Arc<Order>,
    status: Arc<Mutex<Status>>,
    end: Arc<AtomicU8>,
    hold: Arc<AtomicBool>,
}

const STAY: u8 = 0;
const DELETE: u8 = 1;
const DELETE_NOW: u8 = 2;

impl Pod {
    pub(crate) fn start(order: Order, hold: bool) -> Self {
        let pod = Self {
            order: Arc::new(order),
            status: Arc::default(),
            end: Arc::new(AtomicU8::new(STAY)),
            hold: Arc::new(AtomicBool::new(hold)),
        };
        let kubelet = Kubelet { pod: pod.clone(), volumes: BTreeMap::new() };
        thread::spawn(move || kubelet.run());
        pod
    }

    pub(crate) fn status(&self) -> Status {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes it: with its grace period, or at once.
    pub(crate) fn delete(&self, at_once: bool) {
        self.end.fetch_max(if at_once { DELETE_NOW } else { DELETE }, Ordering::SeqCst);
    }

    pub(crate) fn is_being_deleted(&self) -> bool {
        self.end.load(Ordering::SeqCst) != STAY
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen { revision: self.order.revision, is_ready: self.lock().ready, is_ending: self.is_being_deleted() }
    }

    /// Is this container to start later?
    fn keeps_back(&self, container: &str) -> bool {
        self.hold.load(Ordering::SeqCst) && self.order.late == Some(container)
    }

    /// Lets the containers start that were kept back.
    pub(crate) fn release(&self) {
        self.hold.store(false, Ordering::SeqCst);
    }

    pub(crate) fn log_file(&self, container: &str) -> PathBuf {
        self.order.logs.join(format!("{container}.log"))
    }
}

/// Why a pod's life is cut short.
enum Cut {
    Deleted,
    Error(String),
}

impl From<String> for Cut {
    fn from(error: String) -> Self {
        Self::Error(error)
    }
}

struct Kubelet {
    pod: Pod,
    volumes: BTreeMap<String, PathBuf>,
}

/// A container, across its restarts.
struct Slot<'a> {
    spec: &'a Container,
    running: Option<Running>,
    /// When it is started the next time.
    due: Instant,
    failures: usize,
}

struct Running {
    id: String,
    pid: u32,
    started: Option<u64>,
    since: Instant,
    /// After a failed liveness probe: when SIGKILL follows.
    kill_at: Option<Instant>,
    hook: Option<Hook>,
    startup: Option<Probe>,
    liveness: Option<Probe>,
    readiness: Option<Probe>,
}

impl Running {
    fn is_alive(&self) -> bool {
        self.started.is_some() && start_time(self.pid) == self.started
    }
}

/// The hook `postStart`, until it has ended.
struct Hook(Child);

impl Hook {
    fn start(container: &str, words: &[String]) -> Result<Self, String> {
        // as probes are run; what it says would go to the pod's events, which are not played
        let mut runc = command("runc");
        runc.arg("exec").arg(container).args(words).stdout(Stdio::null()).stderr(Stdio::null());
        runc.spawn().map(Self).map_err(|error| format!("runc cannot be started: {error}"))
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        kill_tree(self.0.id());
        let _ = self.0.wait();
    }
}

impl Kubelet {
    fn run(mut self) {
        let order = Arc::clone(&self.pod.order);
        let result = self.live(&order);
        if let Err(Cut::Error(error)) = result {
            self.pod.lock().error = Some(error);
            while !self.pod.is_being_deleted() {
                thread::sleep(TICK);
            }
        }
        {
            let mut status = self.pod.lock();
            status.stage = Stage::Ending;
            status.ready = false;
        }
        if let Err(error) = self.remove(&order) {
            self.pod.lock().error = Some(error);
        }
        self.pod.lock().stage = Stage::Gone;
    }

    fn remove(&self, order: &Order) -> Result<(), String> {
        let now = self.pod.end.load(Ordering::SeqCst) == DELETE_NOW;
        let grace = if now { 0 } else { order.spec.termination_grace_period_seconds };
        let limit = Duration::from_secs(grace + 60);
        if !now {
            let seconds = grace.to_string();
            // a pod that never began to run cannot be stopped, but it can be removed
            let _ =
                run_within(podman(&order.settings).args(["pod", "stop", "--time", &seconds, &order.sandbox]), limit);
        }
        run_within(
            podman(&order.settings).args(["pod", "rm", "--force", "--time", "0", "--ignore", &order.sandbox]),
            limit,
        )?;
        fs::remove_dir_all(&order.place).map_err(|error| format!("{}: {error}", order.place.display()))
    }

    fn live(&mut self, order: &Order) -> Result<(), Cut> {
        let io = |error: std::io::Error| Cut::Error(error.to_string());
        fs::create_dir_all(&order.place).map_err(io)?;
        fs::create_dir_all(&order.logs).map_err(io)?;
        self.volumes = volume::prepare(&order.spec, &order.claims, &order.place, &order.objects())?;
        let address = if order.address.contains(':') { "--ip6" } else { "--ip" };
        run(podman(&order.settings)
            .args(["pod", "create", "--name", &order.sandbox, "--hostname", &order.name])
            .args(["--network", &order.network, address, &order.address, "--no-hosts"]))?;

        for spec in &order.spec.init_containers {
            self.pod.lock().stage = Stage::Init(spec.name.clone());
            self.run_init(spec)?;
        }
        while self.pod.hold.load(Ordering::SeqCst) && order.late.is_none() {
            self.pod.lock().stage = Stage::Held;
            self.pause()?;
        }
        self.pod.lock().stage = Stage::Running;
        let now = Instant::now();
        let mut slots: Vec<Slot<'_>> =
            order.spec.containers.iter().map(|spec| Slot { spec, running: None, due: now, failures: 0 }).collect();
        loop {
            let mut changed = false;
            let mut is_hooked = false;
            for slot in &mut slots {
                // containers start one after the other, each when the hook of the one before has ended
                if slot.running.is_some() || !is_hooked {
                    changed |= self.step(slot)?;
                }
                is_hooked |= slot.running.as_ref().is_some_and(|running| running.hook.is_some());
            }
            if changed {
                for readiness in slots.iter_mut().filter_map(waiting_readiness) {
                    readiness.hurry();
                }
            }
            self.publish(&slots);
            self.pause()?;
        }
    }

    fn pause(&self) -> Result<(), Cut> {
        if self.pod.is_being_deleted() {
            return Err(Cut::Deleted);
        }
        thread::sleep(TICK);
        Ok(())
    }

    /// Runs an init container until it has succeeded once.
    fn run_init(&self, spec: &Container) -> Result<(), Cut> {
        for failures in 0_usize.. {
            let due = Instant::now() + back_off(failures);
            while Instant::now() < due {
                self.pause()?;
            }
            let running = self.create(spec)?;
            while running.is_alive() {
                self.pause()?;
            }
            if self.ended(spec)? == 0 {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Goes on with one container; says whether its state has changed.
    fn step(&self, slot: &mut Slot<'_>) -> Result<bool, Cut> {
        let Some(running) = &mut slot.running else {
            if Instant::now() >= slot.due && !self.pod.keeps_back(&slot.spec.name) {
                slot.running = Some(self.create(slot.spec)?);
                return Ok(true);
            }
            return Ok(false);
        };
        if !running.is_alive() {
            slot.failures = if running.since.elapsed() > Duration::from_secs(30) { 0 } else { slot.failures + 1 };
            slot.due = Instant::now() + back_off(slot.failures.saturating_sub(1));
            slot.running = None;
            self.ended(slot.spec)?;
            return Ok(true);
        }
        if let Some(at) = running.kill_at {
            if Instant::now() > at {
                signal("KILL", running.pid);
            }
            return Ok(false);
        }
        if let Some(hook) = &mut running.hook {
            match hook.0.try_wait().map_err(|error| error.to_string())? {
                None => return Ok(false),
                Some(status) => {
                    running.hook = None;
                    if !status.success() {
                        self.end(running, &slot.spec.name, "the hook postStart has failed");
                    }
                    return Ok(true);
                }
            }
        }
        let id = running.id.clone();
        let step = |probe: &mut Option<Probe>| match probe {
            // a container that is just ending refuses the command: that is noticed above
            Some(probe) => probe.step(&id).map_err(Cut::Error).map(|changed| (changed, probe.verdict)),
            None => Ok((false, Verdict::Success)),
        };
        let (mut changed, started) = step(&mut running.startup)?;
        let mut failed = started == Verdict::Failure;
        if started == Verdict::Success {
            // it has done its work
            if running.startup.take().is_some() {
                running.liveness = slot.spec.liveness_probe.as_ref().map(Probe::new);
                running.readiness = slot.spec.readiness_probe.as_ref().map(Probe::new);
            }
            let (of_liveness, alive) = step(&mut running.liveness)?;
            changed |= of_liveness;
            changed |= step(&mut running.readiness)?.0;
            failed |= alive == Verdict::Failure;
        }
        if failed {
            self.end(running, &slot.spec.name, "a probe has failed too often");
        }
        Ok(changed)
    }

    /// Ends a container, which is started again then.
    fn end(&self, running: &mut Running, container: &str, why: &str) {
        let grace = self.pod.order.spec.termination_grace_period_seconds;
        self.note(container, &format!("{why}: the container is ended and started again"));
        running.kill_at = Some(Instant::now() + Duration::from_secs(grace));
        signal("TERM", running.pid);
    }

    fn publish(&self, slots: &[Slot<'_>]) {
        let mut status = self.pod.lock();
        for slot in slots {
            let entry = status.containers.entry(slot.spec.name.clone()).or_default();
            entry.pid = slot.running.as_ref().map(|it| it.pid);
            entry.started = slot.running.as_ref().is_some_and(|it| it.startup.is_none() && it.hook.is_none());
            let readiness = slot.running.as_ref().and_then(|it| it.readiness.as_ref());
            entry.ready = entry.started
                && match readiness {
                    Some(probe) => probe.verdict == Verdict::Success,
                    None => slot.spec.readiness_probe.is_none(),
                };
            if let Some(probe) = readiness {
                entry.probed = probe.runs;
                entry.message.clone_from(&probe.message);
            }
        }
        status.ready = slots.iter().all(|slot| status.containers[&slot.spec.name].ready);
        status.was_ready |= status.ready;
    }

    /// A line of the harness in a container's log.
    fn note(&self, container: &str, text: &str) {
        use std::io::Write;
        let path = self.pod.log_file(container);
        if let Ok(mut file) = fs::OpenOptions::new().create(true).append(true).open(path) {
            // the log is for people: a line that is lost fails no test
            let _ = writeln!(file, "--- e2e-replication: {text}");
        }
    }

    fn create(&self, spec: &Container) -> Result<Running, Cut> {
        let order = &self.pod.order;
        let starts = {
            let mut status = self.pod.lock();
            let entry = status.containers.entry(spec.name.clone()).or_default();
            entry.starts += 1;
            entry.starts
        };
        self.note(&spec.name, &format!("start {starts} of {} in {}", spec.name, order.address));
        let pid_file = order.place.join(format!("{}.pid", spec.name));
        let mut command = podman(&order.settings);
        command
            .args(["run", "--detach", "--pull", "never", "--pod", &order.sandbox])
            .args(["--name", &container_name(order, spec), "--pidfile", &path(&pid_file)?])
            .args(["--log-driver", "k8s-file", "--log-opt"])
            .arg(format!("path={}", path(&self.pod.log_file(&spec.name))?))
            .arg(format!("--volume={}:/etc/hosts:ro", path(&order.hosts)?))
            .arg(format!("--volume={}:/etc/resolv.conf:ro", path(&order.resolver)?));
        let variables = environment::variables(spec, &order.name, &order.namespace, &order.objects())?;
        for (name, value) in &variables {
            if ["PATH", "HOME", "CONTAINERS_CONF"].contains(&name.as_str()) {
                return Err(Cut::Error(format!("the variable {name} would be podman's own")));
            }
            // without a value podman takes it from its own environment: no argument shows a secret
            command.args(["--env", name]).env(name, value);
        }
        for mount in &spec.volume_mounts {
            let source = volume::source(mount, &self.volumes)?;
            let mode = if mount.read_only { "ro" } else { "rw" };
            command.arg(format!("--volume={}:{}:{mode}", path(&source)?, mount.path));
        }
        self.security(&mut command, spec)?;
        let expand = |text: &String| environment::expand(text, &variables);
        if !spec.command.is_empty() {
            let words: Vec<String> = spec.command.iter().map(expand).collect();
            command.arg("--entrypoint").arg(serde_json::to_string(&words).map_err(|error| error.to_string())?);
        }
        command.arg(full_name(&spec.image).as_ref()).args(spec.args.iter().map(expand));
        let id = run(&mut command)?;
        let pid = fs::read_to_string(&pid_file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        self.pod.lock().containers.entry(spec.name.clone()).or_default().pid = Some(pid);
        let probe = |probe: &Option<crate::object::Probe>| probe.as_ref().map(Probe::new);
        let gated = spec.startup_probe.is_some();
        let hook = spec.lifecycle.post_start.as_ref().map(|hook| Hook::start(&id, &hook.exec.command)).transpose()?;
        Ok(Running {
            id,
            pid,
            started: start_time(pid),
            since: Instant::now(),
            kill_at: None,
            hook,
            startup: probe(&spec.startup_probe),
            liveness: if gated { None } else { probe(&spec.liveness_probe) },
            readiness: if gated { None } else { probe(&spec.readiness_probe) },
        })
    }

    fn security(&self, command: &mut std::process::Command, spec: &Container) -> Result<(), Cut> {
        let (pod, own) = (&self.pod.order.spec.security_context, &spec.security_context);
        let user = own.run_as_user.or(pod.run_as_user);
        if own.run_as_non_root.or(pod.run_as_non_root) == Some(true) && user.is_none_or(|user| user == 0) {
            return Err(Cut::Error(format!("container {}: runAsNonRoot, but it would run as root", spec.name)));
        }
        match (user, own.run_as_group.or(pod.run_as_group)) {
            (Some(user), Some(group)) => command.args(["--user", &format!("{user}:{group}")]),
            (Some(user), None) => command.args(["--user", &user.to_string()]),
            (None, None) => command,
            (None, Some(_)) => return Err(Cut::Error("a group without a user is not played".to_owned())),
        };
        if let Some(group) = pod.fs_group {
            command.args(["--group-add", &group.to_string()]);
        }
        if own.read_only_root_filesystem == Some(true) {
            command.args(["--read-only", "--read-only-tmpfs=false"]);
        }
        if own.allow_privilege_escalation == Some(false) {
            command.args(["--security-opt", "no-new-privileges"]);
        }
        if let Some(capabilities) = &own.capabilities {
            command.args(capabilities.drop.iter().map(|name| format!("--cap-drop={name}")));
            command.args(capabilities.add.iter().map(|name| format!("--cap-add={name}")));
        }
        // the runtime's own filter is podman's default; without a profile Kubernetes sets none
        if !matches!(
            own.seccomp_profile.as_ref().or(pod.seccomp_profile.as_ref()),
            Some(SeccompProfile::RuntimeDefault)
        ) {
            command.args(["--security-opt", "seccomp=unconfined"]);
        }
        Ok(())
    }

    /// Takes away a container that has ended, and gives its exit status.
    fn ended(&self, spec: &Container) -> Result<i32, Cut> {
        let order = &self.pod.order;
        let name = container_name(order, spec);
        let status = run(podman(&order.settings).args(["wait", &name]))?;
        run(podman(&order.settings).args(["rm", "--force", "--time", "0", &name]))?;
        let status = status.parse().map_err(|_| Cut::Error(format!("podman wait {name}: {status}")))?;
        self.note(&spec.name, &format!("ended with {status}"));
        let mut shared = self.pod.lock();
        let entry = shared.containers.entry(spec.name.clone()).or_default();
        entry.last_exit = Some(status);
        (entry.pid, entry.started, entry.ready) = (None, false, false);
        shared.ready = false;
        Ok(status)
    }
}

fn waiting_readiness<'a>(slot: &'a mut Slot<'_>) -> Option<&'a mut Probe> {
    slot.running.as_mut()?.readiness.as_mut().filter(|probe| probe.verdict != Verdict::Success)
}

fn back_off(failures: usize) -> Duration {
    Duration::from_secs(BACK_OFF[failures.min(BACK_OFF.len() - 1)])
}

fn container_name(order: &Order, spec: &Container) -> String {
    format!("{}-{}", order.sandbox, spec.name)
}

fn path(path: &Path) -> Result<String, Cut> {
    path.to_str().map(str::to_owned).ok_or_else(|| Cut::Error(format!("{} is no Unicode text", path.display())))
}
