//! What a scenario works with: one cluster, its SQL, and waits that have an end.

use std::{
    fmt,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    admission::{Admission, played},
    cluster::Cluster,
    image::{Database, Family},
    outcome::{Failure, Result, Stop},
    pod::Pod,
    report::Report,
    sql::{self, Login},
    version::{Version, version_of},
    wish::Wish,
};

/// The schema of all scenarios, made on the primary as soon as it is Ready.
const SCHEMA: &str = "
    CREATE DATABASE IF NOT EXISTS e2e;
    CREATE TABLE IF NOT EXISTS e2e.ordered (id INT AUTO_INCREMENT PRIMARY KEY, v INT);
    CREATE TABLE IF NOT EXISTS e2e.marks (v VARCHAR(64) PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS e2e.ran (id INT AUTO_INCREMENT PRIMARY KEY, server INT);
    CREATE TABLE IF NOT EXISTS e2e.ballast (id INT PRIMARY KEY, b LONGBLOB);
    CREATE TABLE IF NOT EXISTS e2e.written (k INT PRIMARY KEY, v VARCHAR(64));
    CREATE TABLE IF NOT EXISTS e2e.counter (n INT);
    INSERT INTO e2e.counter SELECT 0 FROM DUAL WHERE NOT EXISTS (SELECT * FROM e2e.counter);
    CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY 'app';
    GRANT ALL ON e2e.* TO app@'%';";
const TABLES: &str = "e2e.ordered, e2e.marks, e2e.ran, e2e.ballast, e2e.written, e2e.counter";

#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) database: &'static Database,
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) admission: Admission<'a>,
    /// The StatefulSet as the API server has it.
    pub(crate) stored: Value,
    pub(crate) root: Login,
    pub(crate) report: &'a Report,
    pub(crate) who: String,
    pub(crate) stop: Stop,
    pub(crate) marks: u32,
    /// Of the scenario with random faults.
    pub(crate) wish: Wish,
    /// The server's, once it is known.
    pub(crate) version: Option<Version>,
}

impl Context<'_> {
    pub(crate) fn step(&self, text: impl AsRef<str>) {
        self.report.say(&self.who, &format!("    {}", text.as_ref()));
    }

    pub(crate) fn is_mariadb(&self) -> bool {
        self.database.family == Family::MariaDb
    }

    /// Whether it is MySQL, and of this version or a later one.
    pub(crate) fn is_mysql_from(&self, version: Version) -> bool {
        !self.is_mariadb() && self.version.is_some_and(|own| own >= version)
    }

    /// Whether the statements say REPLICA, and not SLAVE.
    pub(crate) fn says_replica(&self) -> bool {
        self.is_mariadb() || self.is_mysql_from((8, 0, 22))
    }

    pub(crate) fn show_replica_status(&self) -> &'static str {
        if self.says_replica() { "SHOW REPLICA STATUS" } else { "SHOW SLAVE STATUS" }
    }

    /// Asks until there is an answer.
    pub(crate) fn wait<T>(&self, what: &str, seconds: u64, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        loop {
            self.stop.check()?;
            if let Some(error) = self.cluster.error() {
                return Err(Failure(format!("the harness: {error}")));
            }
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                return Err(Failure(format!("expected within {seconds} s: {what}; found: {}", self.situation())));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn wait_until(&self, what: &str, seconds: u64, mut ask: impl FnMut() -> bool) -> Result {
        self.wait(what, seconds, || Ok(ask().then_some(())))
    }

    /// Every pod in a line each.
    pub(crate) fn situation(&self) -> String {
        let mut lines = vec![format!("{} replicas wanted", self.cluster.replicas())];
        for pod in (0..10).filter_map(|ordinal| self.cluster.pod(ordinal)) {
            let status = pod.status();
            let ready = if status.ready { "Ready" } else { "not Ready" };
            lines.push(format!("  {}: {:?}, {ready}", pod.order.name, status.stage));
            for (name, container) in status.containers {
                if !container.ready && !container.message.is_empty() {
                    lines.push(format!("    {name}: {}", container.message));
                }
                if let Some(exit) = container.last_exit.filter(|exit| *exit != 0) {
                    lines.push(format!("    {name} ended with {exit}, see {}", pod.log_file(&name).display()));
                }
            }
        }
        lines.join("\n")
    }

    pub(crate) fn pod(&self, ordinal: usize) -> Result<Pod> {
        self.wait(&format!("a pod {ordinal}"), 60, || Ok(self.cluster.pod(ordinal)))
    }

    pub(crate) fn wait_settled(&self, seconds: u64) -> Result {
        self.wait_until("all pods Ready, and no others", seconds, || self.cluster.is_settled())
    }

    /// A cluster of so many pods, all Ready and caught up.
    pub(crate) fn ensure(&mut self, replicas: usize) -> Result {
        self.cluster.scale(replicas);
        self.wait_until("a primary that is Ready", 240, || self.cluster.status(0).ready)?;
        self.make_schema(0)?;
        self.wait_settled(300)?;
        self.caught_up()
    }

    /// Makes the tables of all scenarios in a server that is up.
    pub(crate) fn make_schema(&mut self, ordinal: usize) -> Result {
        self.version = version_of(&self.sql(ordinal, "SELECT VERSION()")?);
        self.sql(ordinal, SCHEMA).map(drop)
    }

    /// Sends an update of the StatefulSet, and hands what comes out of the policy to the controller. Gives the
    /// warnings.
    pub(crate) fn update(&mut self, object: &Value) -> Result<Vec<String>> {
        let response = self.admission.send(object, Some(&self.stored), &json!({}))?;
        if !response.accepted {
            return Err(Failure(format!("expected the update to be accepted, found {:?}", response.message)));
        }
        let stored = response.mutated_object.unwrap_or_else(|| object.clone());
        let has_new_template = stored["spec"]["template"] != self.stored["spec"]["template"];
        self.cluster.update(played(stored.clone())?.spec, has_new_template);
        self.stored = stored;
        Ok(response.warnings.unwrap_or_default())
    }

    fn pid(&self, ordinal: usize) -> Result<u32, String> {
        self.cluster.pid(ordinal, "mysql")
    }

    /// SQL as root, which may fail.
    pub(crate) fn try_sql(&self, ordinal: usize, statements: &str) -> Result<String, String> {
        sql::query(self.database.family, self.pid(ordinal)?, &self.root, statements)
    }

    /// SQL as root.
    pub(crate) fn sql(&self, ordinal: usize, statements: &str) -> Result<String> {
        self.try_sql(ordinal, statements).map_err(|error| {
            let shown: String = statements.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
            Failure(format!(
                "pod {ordinal}: {error}\n  statement: {shown}\n  logs: {}",
                self.cluster.log_dir(ordinal).display()
            ))
        })
    }

    /// SQL as a user who is not an administrator.
    pub(crate) fn try_app(&self, ordinal: usize, statements: &str) -> Result<String, String> {
        let login = Login { user: "app", password: "app".to_owned() };
        sql::query(self.database.family, self.pid(ordinal)?, &login, statements)
    }

    pub(crate) fn expect<T: PartialEq + fmt::Debug>(&self, what: &str, expected: &T, found: &T) -> Result {
        if expected == found {
            return Ok(());
        }
        Err(Failure(format!("{what}: expected {expected:?}, found {found:?}\n{}", self.situation())))
    }

    /// A field of a replica's status, by the part of its name that all versions share.
    pub(crate) fn replica_status(&self, ordinal: usize, field: &str) -> Result<String> {
        let status = self.sql(ordinal, self.show_replica_status())?;
        let ending = format!("{field}: ");
        let value = status.lines().map(str::trim_start).find_map(|line| {
            let (name, value) = line.split_once(&ending)?;
            ["", "Slave_", "Replica_", "Master_", "Source_"].contains(&name).then(|| value.to_owned())
        });
        value.ok_or_else(|| {
            Failure(format!("pod {ordinal}: expected a replica, but its status has no {field}: '{status}'"))
        })
    }

    /// Waits until all replicas have what the primary has now, with both threads running. A primary that was writing to
    /// a replica that vanished notices after `net_write_timeout`, 60 seconds, and until then a new one with the same
    /// server id may get nothing from it.
    pub(crate) fn caught_up(&self) -> Result {
        let wait = self.wait_for_primary()?;
        for ordinal in 1..self.cluster.replicas() {
            let started = Instant::now();
            // a server that is just restarting does not answer
            while self.try_sql(ordinal, &wait).as_deref() != Ok("1") {
                self.stop.check()?;
                if started.elapsed() > Duration::from_secs(150) {
                    let status = self.try_sql(ordinal, self.show_replica_status()).unwrap_or_else(|error| error);
                    return Err(Failure(format!(
                        "pod {ordinal}: expected to catch up ({wait}) within 150 s; its status is\n{status}\nlogs: {}",
                        self.cluster.log_dir(ordinal).display()
                    )));
                }
                thread::sleep(Duration::from_millis(100));
            }
            for thread in ["IO_Running", "SQL_Running"] {
                self.wait(&format!("{thread} on pod {ordinal}"), 30, || {
                    Ok((self.replica_status(ordinal, thread)? == "Yes").then_some(()))
                })?;
            }
        }
        Ok(())
    }

    /// The statement that gives 1 where a replica has, within two seconds, what the primary has now.
    fn wait_for_primary(&self) -> Result<String> {
        if self.is_mariadb() {
            let position = self.sql(0, "SELECT @@GLOBAL.gtid_binlog_pos")?;
            return Ok(format!("SELECT MASTER_GTID_WAIT('{position}', 2) = 0"));
        }
        if self.sql(0, "SELECT @@GLOBAL.gtid_mode")? == "ON" {
            let position = self.sql(0, "SELECT @@GLOBAL.gtid_executed")?.replace("\\n", "");
            return Ok(format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{position}', 2) = 0"));
        }
        let statement = if self.is_mysql_from((8, 4, 0)) { "SHOW BINARY LOG STATUS" } else { "SHOW MASTER STATUS" };
        let status = self.sql(0, statement)?;
        let field = |name| status.lines().find_map(|line| line.trim_start().strip_prefix(name)).unwrap_or_default();
        let function = if self.is_mysql_from((8, 0, 26)) { "SOURCE_POS_WAIT" } else { "MASTER_POS_WAIT" };
        Ok(format!("SELECT {function}('{}', {}, 2) >= 0", field("File: "), field("Position: ")))
    }

    /// Writes a row on the primary and waits for it everywhere.
    pub(crate) fn mark(&mut self) -> Result {
        self.marks += 1;
        let mark = format!("row {}", self.marks);
        self.sql(0, &format!("INSERT INTO e2e.marks VALUES ('{mark}')"))?;
        self.caught_up()?;
        for ordinal in 0..self.cluster.replicas() {
            let found = self.sql(ordinal, &format!("SELECT COUNT(*) FROM e2e.marks WHERE v = '{mark}'"))?;
            self.expect(&format!("the row that was just written, on pod {ordinal}"), &"1".to_owned(), &found)?;
        }
        Ok(())
    }

    /// All pods hold the same: checksums of all tables.
    pub(crate) fn same_everywhere(&self) -> Result {
        self.caught_up()?;
        let statement = format!("CHECKSUM TABLE {TABLES}");
        let expected = self.sql(0, &statement)?;
        for ordinal in 1..self.cluster.replicas() {
            self.expect(
                &format!("checksums of pod {ordinal} and the primary"),
                &expected,
                &self.sql(ordinal, &statement)?,
            )?;
        }
        Ok(())
    }

    /// How often a container has said something, over all its starts.
    pub(crate) fn said(&self, ordinal: usize, container: &str, text: &str) -> usize {
        self.cluster.log(ordinal, container).matches(text).count()
    }

    /// Waits until a container says something once more than it had before.
    pub(crate) fn wait_said(&self, ordinal: usize, container: &str, text: &str, before: usize, seconds: u64) -> Result {
        let what = format!("'{text}' in the log of {container} of pod {ordinal}");
        self.wait_until(&what, seconds, || self.said(ordinal, container, text) > before)
    }
}
