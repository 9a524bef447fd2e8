//! Looks at every pod all the while: one that is Ready must do what Ready says.
//!
//! The contract is that of `replica-ready.sh`: a replica is Ready while it is closed for writes and follows the
//! primary; it stays Ready while the primary is away, or the way to it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    context::Context,
    image::Family,
    pod::Pod,
    scenario::chaos::plan::MOST_REPLICAS,
    sql::{self, Login},
};

const PAUSE: Duration = Duration::from_millis(500);
/// How long a server may take to answer before it counts as one that does not.
const ANSWER: Duration = Duration::from_secs(5);
/// A replica whose connection broke tries again every ten seconds, and its sidecar looks every five: added to what the
/// probe takes.
const RECONNECTING: Duration = Duration::from_secs(15);
/// For a machine that is slow, and has others to serve.
const SLACK: Duration = Duration::from_secs(15);

/// What the faults have done that a replica must not be blamed for.
#[derive(Debug, Default)]
pub(super) struct Excuses {
    /// Pods whose network is cut.
    pub(super) cut: BTreeSet<usize>,
    /// While the root password changes, and the account's has not followed, replicas may wait for it and stay Ready.
    pub(super) rotation: Option<Instant>,
    /// Whether pod 0 is Ready and its server answers.
    is_primary_there: bool,
}

impl Excuses {
    /// Can this replica reach its primary, and log in there?
    fn has_none(&self, ordinal: usize) -> bool {
        self.is_primary_there
            && !self.cut.contains(&0)
            && !self.cut.contains(&ordinal)
            && self.rotation.is_none_or(|until| Instant::now() > until)
    }
}

#[derive(Debug)]
pub(super) struct Witness {
    end: Arc<AtomicBool>,
    pub(super) excuses: Arc<Mutex<Excuses>>,
    found: Arc<Mutex<Vec<String>>>,
    threads: Vec<JoinHandle<()>>,
}

/// What one thread looks at.
#[derive(Debug)]
struct Look {
    cluster: Arc<Cluster>,
    family: Family,
    statement: String,
    end: Arc<AtomicBool>,
    excuses: Arc<Mutex<Excuses>>,
    found: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    pub(super) fn start(context: &Context<'_>) -> Self {
        let (end, excuses, found) = (Arc::<AtomicBool>::default(), Arc::default(), Arc::default());
        let threads = (0..MOST_REPLICAS).map(|ordinal| {
            let look = Look {
                cluster: Arc::clone(&context.cluster),
                family: context.database.family,
                statement: format!("{}; SELECT @@GLOBAL.read_only AS closed", context.show_replica_status()),
                end: Arc::clone(&end),
                excuses: Arc::clone(&excuses),
                found: Arc::clone(&found),
            };
            thread::spawn(move || if ordinal == 0 { look.at_primary() } else { look.at_replica(ordinal) })
        });
        Self { threads: threads.collect(), end, excuses, found }
    }

    /// What no pod may do, and one did.
    pub(super) fn found(&self) -> Vec<String> {
        lock(&self.found).clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            // one that panicked has shown it
            let _ = thread.join();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Look {
    fn ask(&self, ordinal: usize, statement: &str) -> Result<String, String> {
        let login = Login { user: "witness", password: "witness".to_owned() };
        let pid = self.cluster.pid(ordinal, "mysql")?;
        sql::query_within(self.family, pid, &login, statement, ANSWER)
    }

    fn at_primary(&self) {
        while !self.end.load(Ordering::SeqCst) {
            let is_there = self.cluster.status(0).ready && self.ask(0, "SELECT 1").is_ok();
            lock(&self.excuses).is_primary_there = is_there;
            thread::sleep(PAUSE);
        }
    }

    fn at_replica(&self, ordinal: usize) {
        let mut since: Option<Instant> = None;
        while !self.end.load(Ordering::SeqCst) {
            thread::sleep(PAUSE);
            let pod = self.cluster.pod(ordinal).filter(|pod| !pod.is_being_deleted() && pod.status().ready);
            let wrong = pod.and_then(|pod| Some((self.wrong(ordinal)?, limit(&pod))));
            let Some((wrong, limit)) = wrong else {
                since = None;
                continue;
            };
            let lasted = since.get_or_insert_with(Instant::now).elapsed();
            // it may have become another pod meanwhile, or not Ready
            if lasted > limit && self.cluster.status(ordinal).ready {
                let seconds = (lasted.as_secs(), limit.as_secs());
                let text =
                    format!("pod {ordinal} was Ready for {} s, more than {} s, and {wrong}", seconds.0, seconds.1);
                lock(&self.found).push(text);
                since = None;
            }
        }
    }

    /// Why this replica should not be Ready, if it should not.
    fn wrong(&self, ordinal: usize) -> Option<String> {
        let status = match self.ask(ordinal, &self.statement) {
            Ok(status) => status,
            Err(error) => return Some(format!("its server did not answer: {error}")),
        };
        let field = |name: &str| {
            let line = status.lines().map(str::trim_start).find(|line| {
                line.split_once(": ").is_some_and(|(key, _)| {
                    key.strip_prefix("Slave_").or(key.strip_prefix("Replica_")).unwrap_or(key) == name
                })
            });
            line.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value.trim()).to_owned()
        };
        if ["0", "OFF"].contains(&field("closed").as_str()) {
            // this cannot come to be by itself: no time is given
            lock(&self.found).push(format!("pod {ordinal} was open for writes"));
        }
        let (io, sql) = (field("IO_Running"), field("SQL_Running"));
        if sql == "Yes" && (io == "Yes" || !lock(&self.excuses).has_none(ordinal)) {
            return None;
        }
        let (of_io, of_sql) = (field("Last_IO_Error"), field("Last_SQL_Error"));
        Some(format!("did not replicate: IO_Running '{io}' {of_io}, SQL_Running '{sql}' {of_sql}"))
    }
}

/// How long the sidecar's readiness probe may take to see what is wrong.
fn limit(pod: &Pod) -> Duration {
    let probes = pod.order.spec.containers.iter().filter_map(|container| container.readiness_probe.as_ref());
    let longest = probes.map(|probe| probe.period_seconds * u64::from(probe.failure_threshold) + probe.timeout_seconds);
    Duration::from_secs(longest.max().unwrap_or(0)) + RECONNECTING + SLACK
}
