//! The life of one pod, from its sandbox to its end.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::{podman, run, run_within, signal},
    object::Container,
    probe::{Probe, Verdict},
    volume,
};

use super::{DELETE_NOW, Order, Pod, Stage, container::Running};

const TICK: Duration = Duration::from_millis(50);
/// The kubelet waits ten seconds after the second failure, twice as long after each further one; here it is shorter.
const BACK_OFF: [u64; 4] = [0, 1, 2, 4];

/// Why a pod's life is cut short.
pub(super) enum Cut {
    Deleted,
    Error(String),
}

impl From<String> for Cut {
    fn from(error: String) -> Self {
        Self::Error(error)
    }
}

/// Begins a pod's life.
pub(super) fn start(pod: Pod) {
    let kubelet = Kubelet { pod, volumes: BTreeMap::new() };
    thread::spawn(move || kubelet.run());
}

pub(super) struct Kubelet {
    pub(super) pod: Pod,
    pub(super) volumes: BTreeMap<String, PathBuf>,
}

/// A container, across its restarts.
struct Slot<'a> {
    spec: &'a Container,
    running: Option<Running>,
    /// When it is started the next time.
    due: Instant,
    failures: usize,
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
    pub(super) fn note(&self, container: &str, text: &str) {
        use std::io::Write;
        let path = self.pod.log_file(container);
        if let Ok(mut file) = fs::OpenOptions::new().create(true).append(true).open(path) {
            // the log is for people: a line that is lost fails no test
            let _ = writeln!(file, "--- e2e-replication: {text}");
        }
    }
}

fn waiting_readiness<'a>(slot: &'a mut Slot<'_>) -> Option<&'a mut Probe> {
    slot.running.as_mut()?.readiness.as_mut().filter(|probe| probe.verdict != Verdict::Success)
}

fn back_off(failures: usize) -> Duration {
    Duration::from_secs(BACK_OFF[failures.min(BACK_OFF.len() - 1)])
}
