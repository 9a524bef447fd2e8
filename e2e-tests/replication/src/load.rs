//! A steady stream of transactions on the primary, each of them known to have been written or not.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    command::kill_tree,
    context::Context,
    image::Family,
    outcome::{Failure, Result},
    sql::{Login, Session},
};

/// Between two transactions.
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Load {
    end: Arc<AtomicBool>,
    client: Arc<AtomicU32>,
    writer: Option<JoinHandle<BTreeSet<u32>>>,
}

impl Load {
    pub(crate) fn start(context: &Context<'_>) -> Result<Self> {
        let first = context.sql(0, "SELECT COALESCE(MAX(k), 0) + 1 FROM e2e.written")?;
        let first = first.parse().map_err(|_| Failure(format!("expected a number, found '{first}'")))?;
        let (end, client) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let writer = {
            let (cluster, family, root) = (Arc::clone(&context.cluster), context.database.family, context.root.clone());
            let (end, client) = (Arc::clone(&end), Arc::clone(&client));
            thread::spawn(move || write(&cluster, family, &root, first, &end, &client))
        };
        Ok(Self { end, client, writer: Some(writer) })
    }

    /// Ends the stream, and makes sure that every pod holds every transaction of it exactly once.
    pub(crate) fn finish(mut self, context: &Context<'_>) -> Result<usize> {
        let confirmed = self.join();
        if confirmed.is_empty() {
            return Err(Failure("expected transactions on the primary, but none was confirmed".to_owned()));
        }
        context.same_everywhere()?;
        for ordinal in 0..context.cluster.replicas() {
            let rows = context.sql(ordinal, "SELECT k FROM e2e.written")?;
            let rows: BTreeSet<u32> = rows.lines().filter_map(|line| line.parse().ok()).collect();
            let lost: Vec<_> = confirmed.difference(&rows).collect();
            context.expect(&format!("transactions lost on pod {ordinal}"), &Vec::new(), &lost)?;
            let counted = context.sql(ordinal, "SELECT n FROM e2e.counter")?;
            context.expect(&format!("transactions counted on pod {ordinal}"), &rows.len().to_string(), &counted)?;
        }
        Ok(confirmed.len())
    }

    fn join(&mut self) -> BTreeSet<u32> {
        self.end.store(true, Ordering::SeqCst);
        let Some(writer) = self.writer.take() else { return BTreeSet::new() };
        join(writer, &self.client, Instant::now() + Duration::from_secs(10)).unwrap_or_default()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.join();
    }
}

/// Waits for a writer that is to end; the client of one that waits for a server that does not answer is killed after
/// the deadline.
pub(crate) fn join<T>(writer: JoinHandle<T>, client: &AtomicU32, deadline: Instant) -> thread::Result<T> {
    while !writer.is_finished() {
        if Instant::now() > deadline {
            kill_tree(client.load(Ordering::SeqCst));
        }
        thread::sleep(Duration::from_millis(20));
    }
    writer.join()
}

/// A session on the primary, which is opened again where it was lost.
#[derive(Debug)]
pub(crate) struct Client<'c> {
    cluster: &'c Cluster,
    family: Family,
    login: &'c Login,
    /// Its process, for whoever waits for it.
    pid: &'c AtomicU32,
    session: Option<Session>,
}

impl<'c> Client<'c> {
    pub(crate) fn new(cluster: &'c Cluster, family: Family, login: &'c Login, pid: &'c AtomicU32) -> Self {
        Self { cluster, family, login, pid, session: None }
    }

    /// Is there a session? A new one is opened only where that `may` be.
    pub(crate) fn is_open(&mut self, may: impl FnOnce() -> bool) -> bool {
        if self.session.is_none() && may() {
            let pid = self.cluster.pid(0, "mysql");
            self.session = pid.and_then(|pid| Session::open(self.family, pid, self.login)).ok();
        }
        self.session.is_some()
    }

    /// Runs statements, and says whether they are known to be done. If not, nobody knows whether they were committed:
    /// they are not to be run again.
    pub(crate) fn run(&mut self, statements: &str) -> bool {
        let Some(open) = &mut self.session else { return false };
        self.pid.store(open.pid(), Ordering::SeqCst);
        let is_done = open.run(statements).is_ok();
        if !is_done {
            self.session = None;
        }
        is_done
    }
}

fn write(
    cluster: &Cluster,
    family: Family,
    root: &Login,
    first: u32,
    end: &AtomicBool,
    client: &AtomicU32,
) -> BTreeSet<u32> {
    let mut confirmed = BTreeSet::new();
    let mut client = Client::new(cluster, family, root, client);
    for k in first.. {
        if end.load(Ordering::SeqCst) {
            break;
        }
        thread::sleep(PAUSE);
        if !client.is_open(|| true) {
            continue;
        }
        // the counter shows a transaction that was applied twice: its change depends on what was there
        let statements =
            format!("BEGIN; INSERT INTO e2e.written VALUES ({k}, 'row {k}'); UPDATE e2e.counter SET n = n + 1; COMMIT");
        if client.run(&statements) {
            confirmed.insert(k);
        }
    }
    confirmed
}
