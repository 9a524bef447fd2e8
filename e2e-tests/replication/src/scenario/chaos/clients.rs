//! Who uses the cluster meanwhile: writers at the write Service, and some who try to write to every replica.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    command::kill_tree,
    context::Context,
    image::Family,
    load,
    outcome::{Failure, Result},
    scenario::chaos::plan::MOST_REPLICAS,
    sql::{self, Login},
};

pub(super) const WRITERS: usize = 2;
/// Between two rows of a writer, and between two tries on a replica.
const PAUSE: Duration = Duration::from_millis(40);
const TRY_PAUSE: Duration = Duration::from_millis(250);
/// How long a client may still wait for its server when the round is over: MariaDB looks once a minute whether a full
/// disk has room again.
const PATIENCE: Duration = Duration::from_secs(90);

/// What one writer knows of its rows, over all rounds.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Those whose COMMIT was answered with success.
    pub(super) acknowledged: BTreeSet<u32>,
    /// The last that was tried.
    last: u32,
}

/// Of one round.
#[derive(Debug)]
pub(super) struct Clients {
    end: Arc<AtomicBool>,
    writers: Vec<(Arc<AtomicU32>, JoinHandle<Ledger>)>,
    intruders: Vec<JoinHandle<()>>,
    tries: Arc<AtomicUsize>,
    landed: Arc<Mutex<Vec<String>>>,
}

impl Clients {
    pub(super) fn start(context: &Context<'_>, ledgers: Vec<Ledger>) -> Self {
        let (end, tries, landed) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Arc::default());
        let family = context.database.family;
        let writers = (0_usize..).zip(ledgers).map(|(number, ledger)| {
            let (cluster, end) = (Arc::clone(&context.cluster), Arc::clone(&end));
            let client = Arc::new(AtomicU32::new(0));
            let of_writer = Arc::clone(&client);
            (client, thread::spawn(move || write(&cluster, family, number, ledger, &end, &of_writer)))
        });
        let intruders = (1..MOST_REPLICAS).map(|ordinal| {
            let (cluster, end) = (Arc::clone(&context.cluster), Arc::clone(&end));
            let (tries, landed) = (Arc::clone(&tries), Arc::clone(&landed));
            thread::spawn(move || intrude(&cluster, family, ordinal, &end, &tries, &landed))
        });
        Self { writers: writers.collect(), intruders: intruders.collect(), end, tries, landed }
    }

    /// The writes that a replica took.
    pub(super) fn landed(&self) -> Vec<String> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn tries(&self) -> usize {
        self.tries.load(Ordering::SeqCst)
    }

    /// Ends all clients, and gives back what the writers know.
    pub(super) fn finish(&mut self) -> Result<Vec<Ledger>> {
        self.end.store(true, Ordering::SeqCst);
        let deadline = Instant::now() + PATIENCE;
        let mut ledgers = Vec::new();
        for (client, writer) in self.writers.drain(..) {
            ledgers.push(load::join(writer, &client, deadline).map_err(|_| Failure("a writer panicked".to_owned()))?);
        }
        for intruder in self.intruders.drain(..) {
            intruder.join().map_err(|_| Failure("a client of a replica panicked".to_owned()))?;
        }
        Ok(ledgers)
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
        for (client, _) in &self.writers {
            kill_tree(client.load(Ordering::SeqCst));
        }
    }
}

fn app() -> Login {
    Login { user: "app", password: "app".to_owned() }
}

/// Writes rows with serial numbers to the write Service, which leads to pod 0 while that is Ready.
fn write(
    cluster: &Cluster,
    family: Family,
    number: usize,
    mut ledger: Ledger,
    end: &AtomicBool,
    client: &AtomicU32,
) -> Ledger {
    let login = app();
    let mut client = load::Client::new(cluster, family, &login, client);
    while !end.load(Ordering::SeqCst) {
        thread::sleep(PAUSE);
        if !client.is_open(|| cluster.status(0).ready) {
            continue;
        }
        ledger.last += 1;
        let serial = ledger.last;
        // the counter shows a transaction that was applied twice: its change depends on what was there
        let statements = format!(
            "BEGIN; INSERT INTO e2e.serials VALUES ({number}, {serial}, 'row {serial}');
             UPDATE e2e.counters SET n = n + 1 WHERE writer = {number}; COMMIT"
        );
        if client.run(&statements) {
            ledger.acknowledged.insert(serial);
        }
    }
    ledger
}

/// Tries to write to a replica, as a user and, where the server has something that closes it for these too, as an
/// administrator.
fn intrude(
    cluster: &Cluster,
    family: Family,
    ordinal: usize,
    end: &AtomicBool,
    tries: &AtomicUsize,
    landed: &Mutex<Vec<String>>,
) {
    let mut logins = vec![app()];
    if family != Family::MariaDb {
        logins.push(Login { user: "boss", password: "boss".to_owned() });
    }
    let statement = format!("INSERT INTO e2e.intruders (pod) VALUES ({ordinal})");
    for login in logins.iter().cycle() {
        if end.load(Ordering::SeqCst) {
            break;
        }
        thread::sleep(TRY_PAUSE);
        let Ok(pid) = cluster.pid(ordinal, "mysql") else { continue };
        let done = sql::query_within(family, pid, login, &statement, Duration::from_secs(10));
        tries.fetch_add(1, Ordering::SeqCst);
        if done.is_ok() {
            let text = format!("pod {ordinal} took a write of {}", login.user);
            landed.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}
