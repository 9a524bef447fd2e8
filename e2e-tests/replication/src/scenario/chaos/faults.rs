//! Does the faults of a round, and ends those that last.

use std::{
    fs::File,
    os::fd::AsRawFd,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    command::{command, run, signal, signal_tree, start_time},
    context::Context,
    outcome::{Failure, Result},
    pod::Stage,
    scenario::chaos::{
        invariants::{History, MARK},
        plan::{Fault, MOST_REPLICAS, Round},
        witness::{Excuses, lock},
    },
    sql::{self, Login},
};

/// How long a step may have to wait for what it is to be done to: a pod that is not there yet waits for those before
/// it.
const LIMIT: Duration = Duration::from_mins(5);
/// How long a server has for its end.
const GRACE: Duration = Duration::from_secs(30);
/// The account's password follows root's after this time, see `identity::SHORT_TIMES`; then replicas log in anew.
const ROTATION: Duration = Duration::from_secs(15 + 30);

/// What is still to be done.
#[derive(Debug)]
enum Action {
    Begin(Fault),
    /// Lets the processes of a pod go on.
    Resume {
        pod: usize,
        processes: Vec<(u32, u64)>,
    },
    /// Gives a pod its network back, which is this one.
    Restore {
        pod: usize,
        network: File,
    },
    Free {
        pod: usize,
    },
    /// Changes root's password on the server; where this is the first half of the change, the other comes so much
    /// later.
    Alter {
        password: String,
        first: Option<Duration>,
    },
    /// Changes root's password in the Secret; where this is the first half, the other comes so much later.
    ChangeSecret {
        password: String,
        first: Option<Duration>,
    },
    /// Waits until the process of a container that was hit has ended.
    End {
        pod: usize,
        container: String,
        pid: u32,
        signal: &'static str,
        since: Instant,
    },
    /// Replaces the pods from this one down to the first; the address is that of the one that was deleted.
    Roll {
        pod: usize,
        old: Option<String>,
    },
}

#[derive(Debug)]
struct Pending {
    due: Instant,
    deadline: Instant,
    what: String,
    action: Action,
}

/// What came of an action.
enum Outcome {
    Done,
    /// Not possible yet, for this reason.
    Later(String),
    /// Something is to follow, so much later.
    Then(Duration, Action),
}

pub(super) struct Faults<'a, 'c> {
    pub(super) context: &'a mut Context<'c>,
    pub(super) excuses: Arc<std::sync::Mutex<Excuses>>,
    pub(super) history: &'a mut History,
    pub(super) began: Instant,
}

impl Faults<'_, '_> {
    /// Does all faults of a round, and ends them. `check` is asked all the while.
    pub(super) fn run(&mut self, round: Round, check: &dyn Fn() -> Result) -> Result {
        let mut due = Instant::now();
        let mut pending: Vec<Pending> = Vec::new();
        for step in round.steps {
            due += step.after;
            pending.push(Pending::new(due, step.fault.to_string(), Action::Begin(step.fault)));
        }
        while !pending.is_empty() {
            self.context.stop.check()?;
            check()?;
            if let Some(error) = self.context.cluster.error() {
                return Err(Failure(format!("the harness: {error}")));
            }
            let mut next = Vec::new();
            for mut it in pending {
                if Instant::now() < it.due {
                    next.push(it);
                    continue;
                }
                match self.perform(&it.action)? {
                    Outcome::Done => {}
                    Outcome::Then(after, action) => next.push(Pending::new(Instant::now() + after, it.what, action)),
                    Outcome::Later(why) if Instant::now() > it.deadline => {
                        let (limit, situation) = (LIMIT.as_secs(), self.context.situation());
                        return Err(Failure(format!("{}: waited {limit} s: {why}; found: {situation}", it.what)));
                    }
                    Outcome::Later(_) => {
                        it.due = Instant::now() + Duration::from_millis(200);
                        next.push(it);
                    }
                }
            }
            pending = next;
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// A line with the time in the round.
    fn say(&self, text: &str) {
        self.context.step(format!("  {:>5.1} s: {text}", self.began.elapsed().as_secs_f64()));
    }

    fn perform(&mut self, action: &Action) -> Result<Outcome> {
        match action {
            Action::Begin(fault) => self.begin(fault),
            Action::Resume { pod, processes } => {
                for (pid, started) in processes {
                    if start_time(*pid) == Some(*started) {
                        signal("CONT", *pid);
                    }
                }
                self.say(&format!("pod {pod} goes on"));
                Ok(Outcome::Done)
            }
            Action::Restore { pod, network } => {
                // a pod that was made anew has another network, which is whole; this one may be nobody's by now
                for (chain, interface) in CHAINS {
                    iptables(network, &["--delete", chain, "!", interface, "lo", "--jump", "DROP"])?;
                }
                lock(&self.excuses).cut.remove(pod);
                self.say(&format!("network of pod {pod} is back"));
                Ok(Outcome::Done)
            }
            Action::Free { pod } => {
                self.context.cluster.free_claim(*pod)?;
                self.say(&format!("disk of pod {pod} has room"));
                Ok(Outcome::Done)
            }
            Action::Alter { password, first } => self.alter(password, *first),
            Action::ChangeSecret { password, first } => self.change_secret(password, *first),
            Action::End { pod, container, pid, signal: name, since } => {
                if self.context.cluster.pid(*pod, container).as_ref() == Ok(pid) {
                    // An entrypoint's shell, the container's first process, passes over what it has no trap for; and a
                    // server that hangs in its end, as MariaDB's may in its start, is killed where a kubelet would.
                    signal(if since.elapsed() < GRACE { name } else { "KILL" }, *pid);
                    return Ok(Outcome::Later(format!("{container} of pod {pod} has not ended")));
                }
                Ok(Outcome::Done)
            }
            Action::Roll { pod, old } => Ok(self.roll(*pod, old.as_deref())),
        }
    }

    fn begin(&mut self, fault: &Fault) -> Result<Outcome> {
        let cluster = Arc::clone(&self.context.cluster);
        let outcome = match fault {
            Fault::Kill { pod, container } => self.hit(*pod, container, "KILL"),
            Fault::Restart { pod } => self.hit(*pod, "mysql", "TERM"),
            Fault::Pause { pod, seconds } => self.pause(*pod, *seconds),
            Fault::Cut { pod, seconds } => return self.cut(*pod, *seconds),
            Fault::DeletePod { pod } => self.delete(*pod),
            Fault::LoseClaim { pod } => {
                if self.is_there(*pod) {
                    self.history.forget(*pod);
                    cluster.delete_claim_and_pod(*pod)?;
                    Outcome::Done
                } else {
                    Outcome::Later(format!("there is no pod {pod}"))
                }
            }
            Fault::FillDisk { pod, seconds } => match cluster.fill_claim(*pod) {
                Ok(()) => Outcome::Then(Duration::from_secs(*seconds), Action::Free { pod: *pod }),
                Err(error) => Outcome::Later(error),
            },
            Fault::Rotate { server_first, seconds } => {
                let seconds = Duration::from_secs(*seconds);
                self.say(&fault.to_string());
                return Ok(self.rotate(*server_first, seconds));
            }
            Fault::Scale { replicas } => {
                cluster.scale(*replicas);
                Outcome::Done
            }
            Fault::Roll => {
                self.say("all pods are rolled");
                return Ok(Outcome::Then(Duration::ZERO, Action::Roll { pod: MOST_REPLICAS - 1, old: None }));
            }
        };
        if !matches!(outcome, Outcome::Later(_)) {
            self.say(&fault.to_string());
        }
        Ok(outcome)
    }

    /// Is there a pod that is not on its way out?
    fn is_there(&self, ordinal: usize) -> bool {
        self.context.cluster.pod(ordinal).is_some_and(|pod| !pod.is_being_deleted())
    }

    /// Sends a signal to a container, or to the init container before it where that is running.
    fn hit(&self, ordinal: usize, container: &str, name: &'static str) -> Outcome {
        let status = self.context.cluster.status(ordinal);
        let running = match &status.stage {
            Stage::Init(init) => init.as_str(),
            _ => container,
        };
        match self.context.cluster.pid(ordinal, running) {
            Ok(pid) => {
                signal(name, pid);
                if running != container {
                    self.say(&format!("pod {ordinal} has no {container} yet: {running} is hit"));
                }
                let container = running.to_owned();
                Outcome::Then(
                    Duration::ZERO,
                    Action::End { pod: ordinal, container, pid, signal: name, since: Instant::now() },
                )
            }
            Err(error) => Outcome::Later(error),
        }
    }

    fn pause(&self, ordinal: usize, seconds: u64) -> Outcome {
        let containers = self.context.cluster.status(ordinal).containers;
        let processes: Vec<(u32, u64)> = containers
            .values()
            .filter_map(|container| container.pid)
            .flat_map(|pid| signal_tree("STOP", pid))
            .filter_map(|pid| Some((pid, start_time(pid)?)))
            .collect();
        if processes.is_empty() {
            return Outcome::Later(format!("nothing runs in pod {ordinal}"));
        }
        Outcome::Then(Duration::from_secs(seconds), Action::Resume { pod: ordinal, processes })
    }

    fn cut(&self, ordinal: usize, seconds: u64) -> Result<Outcome> {
        let containers = self.context.cluster.status(ordinal).containers;
        // the network of a pod is that of any of its containers, and stays while this file is open
        let network =
            containers.values().filter_map(|it| it.pid).find_map(|pid| File::open(format!("/proc/{pid}/ns/net")).ok());
        let Some(network) = network.filter(|_| self.is_there(ordinal)) else {
            return Ok(Outcome::Later(format!("nothing runs in pod {ordinal}")));
        };
        for (chain, interface) in CHAINS {
            iptables(&network, &["--insert", chain, "!", interface, "lo", "--jump", "DROP"])?;
        }
        lock(&self.excuses).cut.insert(ordinal);
        self.say(&Fault::Cut { pod: ordinal, seconds }.to_string());
        Ok(Outcome::Then(Duration::from_secs(seconds), Action::Restore { pod: ordinal, network }))
    }

    fn delete(&self, ordinal: usize) -> Outcome {
        if !self.is_there(ordinal) {
            return Outcome::Later(format!("there is no pod {ordinal}"));
        }
        self.context.cluster.delete_pod(ordinal);
        Outcome::Done
    }

    /// The first of two changes, after which comes the other.
    fn rotate(&mut self, server_first: bool, pause: Duration) -> Outcome {
        self.history.passwords += 1;
        let (password, first) = (format!("Rotated-{} #;&\"%", self.history.passwords), Some(pause));
        // until both are done, which has a limit
        lock(&self.excuses).rotation = Some(Instant::now() + 2 * LIMIT);
        let change =
            if server_first { Action::Alter { password, first } } else { Action::ChangeSecret { password, first } };
        Outcome::Then(Duration::ZERO, change)
    }

    /// After the first change comes the other, after that the account's.
    fn after_change(&mut self, first: Option<Duration>, other: Action) -> Result<Outcome> {
        if let Some(pause) = first {
            return Ok(Outcome::Then(pause, other));
        }
        lock(&self.excuses).rotation = Some(Instant::now() + ROTATION);
        self.delete_old_claims()?;
        Ok(Outcome::Done)
    }

    /// A pod that is scaled in does not get the new password, and could not log in to its own server when it comes
    /// back: its claim goes (docs/operating.md, "Change the root password").
    fn delete_old_claims(&mut self) -> Result {
        for ordinal in self.context.cluster.replicas()..MOST_REPLICAS {
            if self.context.cluster.data_dir(ordinal).exists() {
                self.history.forget(ordinal);
                self.context.cluster.delete_claim_and_pod(ordinal)?;
                self.say(&format!("claim of pod {ordinal}, which is scaled in, deleted"));
            }
        }
        Ok(())
    }

    /// Changes root's password on the server. One that was killed meanwhile may have changed it or not, and for one of
    /// the two accounts alone: it is said once more, with whichever password is right.
    fn alter(&mut self, password: &str, first: Option<Duration>) -> Result<Outcome> {
        if !self.context.cluster.status(0).ready {
            return Ok(Outcome::Later("the primary is not Ready".to_owned()));
        }
        let statement =
            format!("ALTER USER root@'%' IDENTIFIED BY '{password}', root@localhost IDENTIFIED BY '{password}'");
        let known = self.context.root.password.clone();
        let changed = self.as_root(0, &known, &statement).or_else(|_| self.as_root(0, password, &statement));
        if let Err(error) = changed {
            return Ok(Outcome::Later(error));
        }
        password.clone_into(&mut self.context.root.password);
        self.say("root's password is changed on the server");
        self.after_change(first, Action::ChangeSecret { password: password.to_owned(), first: None })
    }

    fn as_root(&self, ordinal: usize, password: &str, statement: &str) -> Result<String, String> {
        let login = Login { user: "root", password: password.to_owned() };
        let pid = self.context.cluster.pid(ordinal, "mysql")?;
        sql::query_within(self.context.database.family, pid, &login, statement, Duration::from_secs(5))
    }

    /// Changes it in the Secret. Where `ALTER USER` came first, every replica must have got that by then: a pod that is
    /// made anew with the new password alone could not log in to its own server.
    fn change_secret(&mut self, password: &str, first: Option<Duration>) -> Result<Outcome> {
        if first.is_none() && self.context.root.password != password {
            self.say("root's password is another by now: the Secret gets that one");
            return Ok(Outcome::Done);
        }
        if first.is_none()
            && let Some(ordinal) = (1..self.context.cluster.replicas()).find(|it| !self.has_password(*it, password))
        {
            return Ok(Outcome::Later(format!("pod {ordinal} has not got root's new password by replication")));
        }
        // a pod that is just made or taken away has no files to change: once more
        if let Err(error) = self.context.cluster.change_secret(password) {
            return Ok(Outcome::Later(error));
        }
        self.say("root's password is changed in the Secret");
        self.after_change(first, Action::Alter { password: password.to_owned(), first: None })
    }

    /// Whether a replica has this password. One without data will get it with the primary's.
    fn has_password(&self, ordinal: usize, password: &str) -> bool {
        let is_cloned = self.context.cluster.data_dir(ordinal).join(MARK).exists();
        !is_cloned || self.as_root(ordinal, password, "SELECT 1").is_ok()
    }

    /// One step of what the controller does when the template has changed.
    fn roll(&self, pod: usize, old: Option<&str>) -> Outcome {
        let cluster = &self.context.cluster;
        let lower = |pod: usize| match pod.checked_sub(1) {
            Some(pod) => Outcome::Then(Duration::ZERO, Action::Roll { pod, old: None }),
            None => Outcome::Done,
        };
        if pod >= cluster.replicas() {
            return lower(pod);
        }
        let now = cluster.pod(pod).map(|pod| pod.order.address.clone());
        let is_ready = cluster.status(pod).ready && self.is_there(pod);
        match (old, now) {
            (Some(old), Some(now)) if old != now && is_ready => lower(pod),
            (None, Some(now)) if self.is_there(pod) => {
                cluster.delete_pod(pod);
                self.say(&format!("pod {pod} is rolled"));
                Outcome::Then(Duration::ZERO, Action::Roll { pod, old: Some(now) })
            }
            _ => Outcome::Later(format!("pod {pod} is not Ready")),
        }
    }
}

impl Pending {
    fn new(due: Instant, what: String, action: Action) -> Self {
        Self { due, deadline: due + LIMIT, what, action }
    }
}

/// Where packets are dropped, but those of the pod with itself.
const CHAINS: [(&str, &str); 2] = [("INPUT", "--in-interface"), ("OUTPUT", "--out-interface")];

fn iptables(network: &File, arguments: &[&str]) -> Result {
    let network = format!("--net=/proc/{}/fd/{}", std::process::id(), network.as_raw_fd());
    run(command("nsenter").args([&network, "--", "iptables", "--wait"]).args(arguments))?;
    Ok(())
}
