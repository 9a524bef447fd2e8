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
    context::{Context, Failure, Result},
    image::Family,
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
        let deadline = Instant::now() + Duration::from_secs(10);
        while !writer.is_finished() {
            // one that waits for a server that does not answer is cut off
            if Instant::now() > deadline {
                kill_tree(self.client.load(Ordering::SeqCst));
            }
            thread::sleep(Duration::from_millis(20));
        }
        writer.join().unwrap_or_default()
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.join();
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
    let mut session: Option<Session> = None;
    for k in first.. {
        if end.load(Ordering::SeqCst) {
            break;
        }
        thread::sleep(PAUSE);
        if session.is_none() {
            session = cluster.pid(0, "mysql").and_then(|pid| Session::open(family, pid, root)).ok();
        }
        let Some(open) = &mut session else { continue };
        client.store(open.pid(), Ordering::SeqCst);
        // the counter shows a transaction that was applied twice: its change depends on what was there
        let statements =
            format!("BEGIN; INSERT INTO e2e.written VALUES ({k}, 'row {k}'); UPDATE e2e.counter SET n = n + 1; COMMIT");
        match open.run(&statements) {
            Ok(()) => {
                confirmed.insert(k);
            }
            // committed or not: nobody knows, and it is not written again
            Err(_) => session = None,
        }
    }
    confirmed
}
