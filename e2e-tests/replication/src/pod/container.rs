//! One container of a pod, between its start and its end.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    time::Instant,
};

use crate::{
    command::{command, kill_tree, podman, run, start_time},
    environment,
    image::full_name,
    object::{Container, SeccompProfile},
    probe::Probe,
    volume,
};

use super::{
    Order,
    kubelet::{Cut, Kubelet},
};

/// A container that runs, or did a moment ago.
pub(super) struct Running {
    pub(super) id: String,
    pub(super) pid: u32,
    pub(super) started: Option<u64>,
    pub(super) since: Instant,
    /// After a failed liveness probe: when SIGKILL follows.
    pub(super) kill_at: Option<Instant>,
    pub(super) hook: Option<Hook>,
    pub(super) startup: Option<Probe>,
    pub(super) liveness: Option<Probe>,
    pub(super) readiness: Option<Probe>,
}

impl Running {
    pub(super) fn is_alive(&self) -> bool {
        self.started.is_some() && start_time(self.pid) == self.started
    }
}

/// The hook `postStart`, until it has ended.
pub(super) struct Hook(pub(super) Child);

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
    pub(super) fn create(&self, spec: &Container) -> Result<Running, Cut> {
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
    pub(super) fn ended(&self, spec: &Container) -> Result<i32, Cut> {
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

fn container_name(order: &Order, spec: &Container) -> String {
    format!("{}-{}", order.sandbox, spec.name)
}

fn path(path: &Path) -> Result<String, Cut> {
    path.to_str().map(str::to_owned).ok_or_else(|| Cut::Error(format!("{} is no Unicode text", path.display())))
}
