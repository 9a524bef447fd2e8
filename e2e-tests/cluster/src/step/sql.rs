//! What a client of the databases does, in the pods, as the documents show it.

use std::time::Duration;

use crate::{
    cluster::Cluster,
    outcome::{Result, Stop, ensure},
    wait::until,
};

/// How long a row may be on its way to a replica.
const ARRIVAL: Duration = Duration::from_mins(2);

/// A database as its clients see it: pods of one StatefulSet.
pub(super) struct Database<'a> {
    pub(super) cluster: &'a Cluster<'a>,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) container: &'a str,
}

impl Database<'_> {
    /// Has a pod's client run statements, as root or as the application's user; gives what it prints.
    fn try_ask(&self, pod: usize, user: &str, statements: &str) -> Result<std::result::Result<String, String>> {
        let login = match user {
            "root" => "-uroot -p\"${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}\"",
            _ => "-uapp -psecret -h127.0.0.1",
        };
        let script = format!("$(command -v mariadb || command -v mysql) {login} -N -e \"$1\"");
        let Self { cluster, namespace, name, container } = self;
        let words = format!("exec --namespace={namespace} {name}-{pod} --container={container} -- bash -c");
        let output =
            cluster.kubectl.try_with(&words, &[&script, "client", statements], None, Duration::from_secs(45))?;
        let result = if output.succeeded() { Ok(output.stdout.trim().to_owned()) } else { Err(output.stderr) };
        Ok(result)
    }

    /// The same, which must go well.
    fn ask(&self, pod: usize, statements: &str) -> Result {
        self.try_ask(pod, "root", statements)?.map_err(|error| Stop::Fail(format!("{}-{pod}: {error}", self.name)))
    }

    /// Makes a table, and an application's user, who is no root.
    pub(super) fn prepare(&self) -> Result<()> {
        self.ask(
            0,
            "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB; \
             CREATE USER app@'%' IDENTIFIED BY 'secret'; GRANT ALL ON shop.* TO app@'%'",
        )?;
        Ok(())
    }

    /// The application writes a row to the primary.
    pub(super) fn write(&self, id: usize) -> Result<()> {
        self.try_ask(0, "app", &format!("INSERT INTO shop.orders VALUES ({id})"))?.map_err(Stop::Fail)?;
        Ok(())
    }

    /// Waits until all of these pods have all rows.
    pub(super) fn until_rows(&self, pods: std::ops::Range<usize>, wanted: usize) -> Result<()> {
        for pod in pods {
            until(ARRIVAL, &format!("{wanted} rows on {}-{pod}", self.name), || {
                let rows = self.try_ask(pod, "root", "SELECT COUNT(*) FROM shop.orders")?;
                Ok(rows.is_ok_and(|rows| rows == wanted.to_string()).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Makes sure that a replica takes no write of the application; gives what it says.
    pub(super) fn replica_refuses(&self, pod: usize) -> Result {
        let result = self.try_ask(pod, "app", "INSERT INTO shop.orders VALUES (-1)")?;
        let Err(said) = result else { return Err(Stop::Fail(format!("{}-{pod} took a write", self.name))) };
        ensure(said.contains("1290"), || said.clone())?;
        Ok(said.lines().find(|line| line.contains("1290")).unwrap_or_default().trim().to_owned())
    }
}
