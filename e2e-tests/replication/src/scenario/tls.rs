//! Servers that demand TLS of everyone, and servers without it.

use crate::{
    command::{command, run},
    context::Context,
    image::{Database, Family},
    object::Objects,
    outcome::{Failure, Result},
    scenario::replication::from_nothing,
};

/// The option files of both roles, with what the rules ask of them.
fn both_roles(database: &Database, config_map: &str, options: &str) -> Objects {
    let closed = if database.family == Family::MariaDb { "read-only" } else { "super-read-only" };
    let mut objects = Objects::default();
    let keys = objects.config_maps.entry(config_map.to_owned()).or_default();
    keys.insert("master.cnf".to_owned(), format!("[mysqld]\nlog-bin\n{options}"));
    keys.insert("slave.cnf".to_owned(), format!("[mysqld]\n{closed}\n{options}"));
    objects
}

/// What 15 is told: TLS or nothing. MariaDB before 11.4 makes no certificate for itself.
pub(crate) fn demanded_by(database: &Database) -> Result<Objects, String> {
    // the tables that show the connections of others; MariaDB has them off
    let options = "require-secure-transport=ON\nperformance-schema=ON\n";
    if database.name != "mariadb-10.11" {
        return Ok(both_roles(database, "tls", options));
    }
    let own = "ssl-cert=/certificates/tls.crt\nssl-key=/certificates/tls.key\nssl-ca=/certificates/tls.crt\n";
    let mut objects = both_roles(database, "tls", &format!("{options}{own}"));
    let made = run(command("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "7", "-subj", "/CN=e2e"])
        .args(["-keyout", "/dev/stdout", "-out", "/dev/stdout"]))?;
    let begin = "-----BEGIN CERTIFICATE-----";
    let (key, certificate) =
        made.split_once(begin).ok_or_else(|| "openssl made a key, but no certificate".to_owned())?;
    let keys = objects.secrets.entry("certificates".to_owned()).or_default();
    keys.insert("tls.key".to_owned(), key.to_owned());
    keys.insert("tls.crt".to_owned(), format!("{begin}{certificate}\n"));
    Ok(objects)
}

/// What 16 is told: no TLS.
// the type is the one that every lane has
#[allow(clippy::unnecessary_wraps)]
pub(crate) fn without(database: &Database) -> Result<Objects, String> {
    // MariaDB's newer clients must be told so too, the entrypoint's first of all
    let off = if database.family == Family::MariaDb { "skip-ssl\n[client]\nskip-ssl\n" } else { "tls-version=\n" };
    Ok(both_roles(database, "mysql", off))
}

/// 15: a cluster of servers that take no connection without TLS; replicas follow over an encrypted one.
pub(crate) fn demanded(context: &mut Context<'_>) -> Result {
    from_nothing(context)?;
    for ordinal in 0..3 {
        let demands = context.sql(ordinal, "SELECT @@require_secure_transport")?;
        context.expect(&format!("require_secure_transport of pod {ordinal}"), &"1".to_owned(), &demands)?;
    }
    for ordinal in 1..3 {
        let allowed = context.replica_status(ordinal, "SSL_Allowed")?;
        context.expect(&format!("SSL_Allowed of pod {ordinal}"), &"Yes".to_owned(), &allowed)?;
    }
    let ciphers = context.sql(
        0,
        "SELECT s.VARIABLE_VALUE FROM performance_schema.threads t JOIN performance_schema.status_by_thread s
         USING (THREAD_ID) WHERE t.PROCESSLIST_COMMAND LIKE 'Binlog Dump%' AND s.VARIABLE_NAME = 'Ssl_cipher'",
    )?;
    let ciphers: Vec<&str> = ciphers.split('\n').collect();
    if ciphers.len() != 2 || ciphers.contains(&"") {
        return Err(Failure(format!("expected two replicas with a cipher each on the primary, found {ciphers:?}")));
    }
    context.step(format!("the replicas follow with {}", ciphers.join(" and ")));
    Ok(())
}

/// 16: a cluster of servers that have no TLS at all.
pub(crate) fn switched_off(context: &mut Context<'_>) -> Result {
    from_nothing(context)?;
    let off = if context.is_mariadb() { "@@have_ssl = 'DISABLED'" } else { "@@tls_version = ''" };
    for ordinal in 0..3 {
        let is_off = context.sql(ordinal, &format!("SELECT {off}"))?;
        context.expect(&format!("{off} of pod {ordinal}"), &"1".to_owned(), &is_off)?;
    }
    Ok(())
}
