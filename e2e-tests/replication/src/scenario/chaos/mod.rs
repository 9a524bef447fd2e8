//! Random faults, as Jepsen does it: while clients write, a seed draws what is done to the cluster; when it has mended
//! itself, nothing may be lost, doubled, different, or written to a replica.
//!
//! [`plan`] draws, [`faults`] does it, [`clients`] write, [`witness`] looks whether Ready is true, [`invariants`] are
//! what must hold at the end of each round.

mod clients;
mod faults;
mod invariants;
mod plan;
mod witness;

use std::time::Instant;

use crate::{
    context::Context,
    outcome::{Failure, Result},
    scenario::{
        chaos::{
            clients::{Clients, Ledger, WRITERS},
            faults::Faults,
            invariants::{History, same_rows},
            plan::{FIRST_REPLICAS, Plan, Round},
            witness::Witness,
        },
        identity,
    },
};

/// The scenario's.
pub(crate) const NUMBER: u32 = 26;

/// The seed of a run without other wishes: every kind of fault comes in its rounds.
pub(crate) const SEED: u64 = 1352;

/// The size of each claim, in MiB. It is a file system of its own, which can be full.
pub(crate) const CLAIM: u32 = 1500;

/// Waits that are too long for a test: for the account's password after root's has changed, and for a donor of which
/// nothing comes any more. Longer than most pauses, so that clones go on as well as begin anew.
pub(crate) const SHORT_TIMES: [(&str, &str); 2] = [identity::SHORT_TIMES[0], ("REPLICATION_STALL_SECONDS", "20")];

/// How long the cluster may take to mend itself when the faults are over. The longest that is known: a server that was
/// writing to a peer that vanished waits a minute for it, a pod that does not end is given half a minute, and each of
/// four pods may have to clone, one after the other.
const MENDING: u64 = 420;

const SCHEMA: &str = "
    CREATE TABLE e2e.serials (writer INT, k INT, v VARCHAR(64), PRIMARY KEY (writer, k));
    CREATE TABLE e2e.counters (writer INT PRIMARY KEY, n INT);
    CREATE TABLE e2e.intruders (id INT AUTO_INCREMENT PRIMARY KEY, pod INT);
    CREATE USER witness@'%' IDENTIFIED BY 'witness';
    CREATE USER boss@'%' IDENTIFIED BY 'boss';
    GRANT ALL ON *.* TO boss@'%';";

/// 26: rounds of faults that a seed draws.
pub(crate) fn random_faults(context: &mut Context<'_>) -> Result {
    let wish = context.wish;
    context.ensure(FIRST_REPLICAS)?;
    context.sql(0, SCHEMA)?;
    let right = if context.is_mariadb() { "SLAVE MONITOR" } else { "REPLICATION CLIENT" };
    context.sql(0, &format!("GRANT {right} ON *.* TO witness@'%'"))?;
    for writer in 0..WRITERS {
        context.sql(0, &format!("INSERT INTO e2e.counters VALUES ({writer}, 0)"))?;
    }
    context.caught_up()?;
    let (began, mut history) = (Instant::now(), History::default());
    history.check_data(context)?;
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(|_| Ledger::default()).collect();
    let mut done = 0;
    for round in Plan::new(wish.seed) {
        if wish.is_enough(done, began.elapsed()) {
            break;
        }
        done += 1;
        let shown = format!("seed {}, round {done}: {round}", wish.seed);
        context.step(&shown);
        ledgers = self::round(context, &mut history, round, ledgers).map_err(|failure| {
            Failure(format!(
                "{shown}\n{failure}\nonce more: make chaos SEED={} SECONDS={} ARGS='--database {}'",
                wish.seed,
                began.elapsed().as_secs() + 1,
                context.database.name
            ))
        })?;
    }
    let rows: usize = ledgers.iter().map(|ledger| ledger.acknowledged.len()).sum();
    context.step(format!("seed {}: {done} rounds; {rows} acknowledged rows are on all pods", wish.seed));
    Ok(())
}

fn round(context: &mut Context<'_>, history: &mut History, round: Round, ledgers: Vec<Ledger>) -> Result<Vec<Ledger>> {
    let began = Instant::now();
    let before: usize = ledgers.iter().map(|ledger| ledger.acknowledged.len()).sum();
    let witness = Witness::start(context);
    let mut clients = Clients::start(context, ledgers);
    let check = |clients: &Clients| {
        let found: Vec<String> = witness.found().into_iter().chain(clients.landed()).collect();
        if found.is_empty() { Ok(()) } else { Err(Failure(found.join("\n"))) }
    };
    let excuses = std::sync::Arc::clone(&witness.excuses);
    Faults { context, excuses, history, began }.run(round, &|| check(&clients))?;
    let over = Instant::now();
    context.wait("all pods Ready, and no others, when the faults were over", MENDING, || {
        check(&clients)?;
        Ok(context.cluster.is_settled().then_some(()))
    })?;
    let mended = over.elapsed();
    let ledgers = clients.finish()?;
    check(&clients)?;
    same_rows(context, &ledgers)?;
    history.check_data(context)?;
    check(&clients)?;
    let rows = ledgers.iter().map(|ledger| ledger.acknowledged.len()).sum::<usize>() - before;
    context.step(format!(
        "  all is well: faults for {} s, Ready {} s later; {rows} rows acknowledged, {} writes refused by replicas",
        (over - began).as_secs(),
        mended.as_secs(),
        clients.tries()
    ));
    Ok(ledgers)
}
