//! Donors whose backup has to wait.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    context::Context,
    outcome::{Failure, Result},
    scenario::replication::refuses_writes,
    sql::Session,
};

/// For how long a stream may bring nothing, and what a donor may wait: minutes, where nobody waits for a test.
pub(crate) const SHORT_TIMES: [(&str, &str); 2] =
    [("REPLICATION_STALL_SECONDS", "10"), ("REPLICATION_RETRY_SECONDS", "1")];

/// The longest that a write may hang because of a backup that waits: until the stall is seen, which is looked for every
/// five seconds, and its process has ended.
const LONGEST: Duration = Duration::from_secs(25);

/// 18: a backup that must wait for a long statement is given up and tried again; it blocks writes of the donor no
/// longer than it is waited for, and leaves no process behind.
pub(crate) fn backup_must_wait(context: &mut Context<'_>) -> Result {
    context.ensure(1)?;
    context.sql(
        0,
        "CREATE TABLE IF NOT EXISTS e2e.held (i INT) ENGINE=MyISAM;
         CREATE TABLE IF NOT EXISTS e2e.other (i INT) ENGINE=MyISAM",
    )?;
    if context.cluster.has_plugin() {
        plugin_passes(context)?;
    } else {
        tool_waits(context)?;
    }
    context.mark()?;
    (1..context.cluster.replicas()).try_for_each(|ordinal| refuses_writes(context, ordinal))?;
    context.same_everywhere()
}

/// A statement of a connection of its own that lasts until it is killed.
struct Statement {
    id: String,
    thread: JoinHandle<()>,
}

impl Statement {
    fn start(context: &Context<'_>, statement: &'static str, text: &str) -> Result<Self> {
        let mut session = Session::open(context.database.family, context.cluster.pid(0, "mysql")?, &context.root)?;
        // it ends with an error where it is killed
        let thread = thread::spawn(move || drop(session.run(statement)));
        let find = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '{text}%' AND ID <> CONNECTION_ID()"
        );
        let id = context.wait(&format!("'{text}' under way"), 20, || {
            let id = context.sql(0, &find)?;
            Ok((!id.is_empty()).then_some(id))
        })?;
        Ok(Self { id, thread })
    }

    fn kill(self, context: &Context<'_>) -> Result {
        context.sql(0, &format!("KILL {}", self.id))?;
        context.wait_until("the statement that was killed at its end", 20, || self.thread.is_finished())
    }
}

/// One write after the other, and how long the longest has taken so far.
struct Writes {
    end: Arc<AtomicBool>,
    /// In milliseconds since `start`: when the one under way began.
    began: Arc<AtomicU64>,
    longest: Arc<AtomicU64>,
    start: Instant,
}

impl Writes {
    fn start(context: &Context<'_>) -> Result<Self> {
        let mut session = Session::open(context.database.family, context.cluster.pid(0, "mysql")?, &context.root)?;
        let writes =
            Self { end: Arc::default(), began: Arc::default(), longest: Arc::default(), start: Instant::now() };
        let (end, began, longest, start) =
            (Arc::clone(&writes.end), Arc::clone(&writes.began), Arc::clone(&writes.longest), writes.start);
        thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                began.store(since(start), Ordering::SeqCst);
                if session.run("INSERT INTO e2e.other VALUES (1)").is_err() {
                    // for ever, to whoever measures
                    return;
                }
                longest.fetch_max(since(start) - began.load(Ordering::SeqCst), Ordering::SeqCst);
                thread::sleep(Duration::from_millis(100));
            }
        });
        Ok(writes)
    }

    /// With the one that is under way.
    fn longest(&self) -> Duration {
        let under_way = since(self.start) - self.began.load(Ordering::SeqCst);
        Duration::from_millis(self.longest.load(Ordering::SeqCst).max(under_way))
    }
}

impl Drop for Writes {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
    }
}

fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// mariadb-backup waits for statements that write to a table without transactions, and whoever writes to such a table
/// then waits for mariadb-backup.
fn tool_waits(context: &Context<'_>) -> Result {
    let held = Statement::start(context, "INSERT INTO e2e.held SELECT SLEEP(600)", "INSERT INTO e2e.held")?;
    let writes = Writes::start(context)?;
    let tries = |context: &Context<'_>| context.said(1, "clone-mysql", "cloning from");
    let before = tries(context);
    context.cluster.scale(2);
    context.wait_until("a third try of the clone", 120, || tries(context) >= before + 3)?;
    // that of the second try is just ending
    let deadline = Instant::now() + Duration::from_secs(10);
    while tools(context) > 1 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
    }
    let (tools_now, longest) = (tools(context), writes.longest());
    if tools_now > 1 || longest > LONGEST {
        return Err(Failure(format!(
            "expected one backup tool at most on the donor, behind the lock, and no write there that hangs for more \
             than {} s; found {tools_now}, and a write that takes {} s",
            LONGEST.as_secs(),
            longest.as_secs()
        )));
    }
    context.expect("whether pod 1 has a clone of a backup that waits", &false, &context.cluster.status(1).was_ready)?;
    context.step(format!("two tries were given up; no write on the donor took longer than {longest:?}"));
    held.kill(context)?;
    context.wait_settled(120)?;
    drop(writes);
    context.wait_until("no backup tool left on the donor", 10, || tools(context) == 0)
}

/// The backup tools that run in the primary's sidecar.
fn tools(context: &Context<'_>) -> usize {
    let Ok(sidecar) = context.cluster.pid(0, "xtrabackup") else { return 0 };
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(own) = namespace(&sidecar.to_string()) else { return 0 };
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    processes
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            ["mariadb-backup", "mariabackup", "xtrabackup"].contains(&name.trim_end())
        })
        .filter(|pid| namespace(pid).as_ref() == Some(&own))
        .count()
}

/// The clone plugin waits for none of these.
fn plugin_passes(context: &Context<'_>) -> Result {
    let writes = Writes::start(context)?;
    let pid = context.cluster.pid(0, "mysql")?;
    let mut lock = Session::open(context.database.family, pid, &context.root)?;
    lock.run("LOCK INSTANCE FOR BACKUP")?;
    context.cluster.scale(2);
    context.wait_settled(120)?;
    context.step("cloned beside LOCK INSTANCE FOR BACKUP");
    lock.run("UNLOCK INSTANCE; START TRANSACTION; DO (SELECT COUNT(*) FROM e2e.held)")?;
    let alter = Statement::start(context, "ALTER TABLE e2e.held ADD COLUMN c INT", "ALTER TABLE e2e.held")?;
    context.cluster.delete_claim_and_pod(1)?;
    context.wait_until("another pod 1", 60, || !context.cluster.is_settled())?;
    context.wait_settled(120)?;
    context.step("cloned beside an ALTER TABLE that waits for a transaction");
    alter.kill(context)?;
    let longest = writes.longest();
    if longest > LONGEST {
        return Err(Failure(format!("expected writes on the donor to go on, found one that took {longest:?}")));
    }
    Ok(())
}
