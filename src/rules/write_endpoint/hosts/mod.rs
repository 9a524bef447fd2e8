//! The hosts that values name.
//!
//! A false alarm keeps a sound workload out of the cluster: a value whose form is not recognised from its first to its
//! last character names none.

mod network_host;
mod pairs;
mod url;

pub(super) use network_host::NetworkHost;

use network_host::{host_port, is_ip6};
use pairs::pairs;
use url::{Writers, authority, url};

use super::names::is_reader;
use crate::halves::Halves;
use crate::json::{Value, read};

/// No value that names hosts is longer.
pub(super) const VALUE_LIMIT: usize = 4096;

/// The hosts that a value sends writes to. None where any of the value is not understood, and where it says that it is
/// for reading.
pub(super) fn hosts(value: &str) -> Vec<NetworkHost> {
    if value.len() > VALUE_LIMIT {
        return Vec::new();
    }
    read_hosts(unquoted(value)).unwrap_or_default()
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text).trim()
}

fn read_hosts(value: &str) -> Option<Vec<NetworkHost>> {
    go_dsn(value)
        .or_else(|| value.contains("://").then(|| url(value)).flatten())
        .or_else(|| {
            value.strip_prefix("//").and_then(|rest| Some(authority(before(rest, &['/', '?']))?.of(Writers::All)))
        })
        .or_else(|| value.starts_with('{').then(|| json(value)).flatten())
        .or_else(|| pairs(value))
        .or_else(|| with_user(value))
        .or_else(|| list(value))
}

fn before<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split(ends).next().unwrap_or_default()
}

/// Go: `user:password@tcp(host:port)/database?x=y`.
fn go_dsn(value: &str) -> Option<Vec<NetworkHost>> {
    let end = value.find(")/").or_else(|| value.ends_with(')').then(|| value.len() - 1))?;
    let (mut front, mut host) = value.get(..end)?.last_halves('(')?;
    // a port that only a variable knows
    if let Some(before) = front.strip_suffix(":$") {
        (front, host) = before.last_halves('(')?;
    }
    let (user, protocol) = front.last_halves('@').unwrap_or(("", front));
    let user = user.rsplit_once("://").map_or(user, |(_, user)| user);
    let protocol = protocol.rsplit_once("://").map_or(protocol, |(_, protocol)| protocol);
    let is_known = ["tcp", "tcp4", "tcp6"].contains(&protocol) || (protocol.is_empty() && front.ends_with('@'));
    if !is_known {
        return None;
    }
    if is_reader(before(user, &[':'])) { Some(Vec::new()) } else { host_port(host) }
}

/// A JSON object with a host, and no user that reads.
fn json(value: &str) -> Option<Vec<NetworkHost>> {
    let object = read(value).ok().filter(Value::is_object)?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if ["user", "username"].into_iter().filter_map(text).any(is_reader) {
        return Some(Vec::new());
    }
    let port = object.get("port").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    let found = ["host", "hostname", "server", "address", "url", "uri", "dsn"].into_iter().filter_map(text);
    let hosts = found.filter_map(|value| if value.starts_with('{') { None } else { read_hosts(value) }).flatten();
    Some(hosts.map(|host| NetworkHost { port: host.port.or(port), is_plain: false, ..host }).collect())
}

/// `user:password@host:3306/database`, and `host:3306/database`.
fn with_user(value: &str) -> Option<Vec<NetworkHost>> {
    if value.contains("://") {
        return None;
    }
    let (user, rest) = match value.last_halves('@') {
        Some((user, rest)) if user.contains(':') && !user.contains(char::is_whitespace) => (user, rest),
        Some(_) => return None,
        None => ("", value),
    };
    let (host, database) = rest.halves('/').unwrap_or((rest, ""));
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if is_reader(before(user, &[':'])) || !before(database, &['?']).chars().all(is_word) {
        return None;
    }
    let host = host_port(host)?;
    let has_port = host.iter().any(|host| host.port.is_some());
    // `registry/image` and folders are no addresses, nor is a word alone
    let is_address = !user.is_empty() || (has_port && rest.contains('/'));
    is_address.then(|| host.into_iter().map(|host| NetworkHost { is_plain: false, ..host }).collect())
}

/// A host, or several separated by commas, semicolons or blanks, or as a JSON list.
fn list(value: &str) -> Option<Vec<NetworkHost>> {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).filter(|inner| !is_ip6(inner));
    let value = inner.unwrap_or(value);
    let by_blanks = value.split([',', ';']).any(|part| part.trim().contains(char::is_whitespace));
    let mut hosts = Vec::new();
    let mut count = 0_usize;
    let mut is_prose = false;
    for item in value.split(|c: char| ",;".contains(c) || c.is_whitespace()).filter(|item| !item.is_empty()) {
        let host = host_port(unquoted(item))?;
        is_prose |= host.iter().any(|host| !host.name.contains('.') && host.port.is_none());
        count += 1;
        hosts.extend(host);
    }
    (count < 2 || !by_blanks || !is_prose).then_some(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_values() {
        for (value, expected) in [
            ("mysql-1.mysql", "mysql-1.mysql"),
            ("MySQL-1.mysql.", "mysql-1.mysql"),
            (" \"mysql-1.mysql:3306\" ", "mysql-1.mysql:3306"),
            ("a-0.a, a-1.a:3307;b", "a-0.a a-1.a:3307 b"),
            ("a-0.a a-1.a", "a-0.a a-1.a"),
            ("[\"a-0.a\", \"a-1.a\"]", "a-0.a a-1.a"),
            ("app:p@ss/w:rd@tcp(a-1.a:3306)/shop?parseTime=true", "a-1.a:3306"),
            ("app@tcp(a-1.a)/", "a-1.a"),
            ("mysql://app:x@tcp(a-1.a:3306)/shop", "a-1.a:3306"),
            ("mysql://app:p%40ss@h1:3306,h2:3306/db?x=y", "h1:3306 h2:3306"),
            ("mysql://app:p@ss@h1/db?mail=a@b", "h1"),
            ("mysql://app:p/ss?#@h1/db", "h1"),
            ("mysql://h1:3306/db?mail=a@b", "h1:3306"),
            ("mysql://app:$(DB_PASSWORD)@h1/db", "h1"),
            ("mysql+pymysql://app:x@h1/db", "h1"),
            ("mysqlx://app:x@[h1:33060,h2]/db", "h1:33060 h2"),
            ("mysqlx://app@[(address=h1:33060,priority=100),(address=h2,priority=50)]", "h1:33060 h2"),
            ("tcp://h1:3306", "h1:3306"),
            ("r2dbc:pool:mysql://h1:3306/db", "h1:3306"),
            ("jdbc:mysql://h1:3306/db?useSSL=false&x=a@b", "h1:3306"),
            ("jdbc:mysql://h1,h2/db", "h1"),
            ("jdbc:mysql://h1,h2/db?failOverReadOnly=false", "h1 h2"),
            ("jdbc:mariadb://h1,h2/db", "h1 h2"),
            ("jdbc:mariadb:sequential://h1,h2/db", "h1"),
            ("jdbc:mysql:loadbalance://h1:3306,h2:3306/db", "h1:3306 h2:3306"),
            ("jdbc:mysql:replication://source,replica1,replica2/db", "source"),
            ("jdbc:mariadb:replication://h1:3306,h2:3306/db", "h1:3306"),
            ("jdbc:mysql://address=(host=h1)(port=3306)/db", "h1:3306"),
            ("jdbc:mysql:replication://address=(type=source)(host=h1),address=(type=replica)(host=h2)/db", "h1"),
            ("jdbc:mysql:replication://address=(type=replica)(host=h2),address=(type=source)(host=h1)/db", "h1"),
            ("jdbc:mysql://(host=h1,port=3307,user=u)/db", "h1:3307"),
            ("jdbc:mysql:loadbalance://u:p@h1,u:p@h2/db", "h1 h2"),
            ("jdbc:aws-wrapper:mysql://h1/db", "h1"),
            ("//h1:3306/db", "h1:3306"),
            ("Server=h1,h2;Port=3306;Uid=app;Pwd=x y=z;", "h1:3306 h2:3306"),
            ("mysql:host=h1;port=3306;dbname=shop", "h1:3306"),
            ("DBI:mysql:database=shop;host=h1", "h1"),
            ("host=h1 port=3306 user=app", "h1:3306"),
            ("Data Source=h1;Initial Catalog=shop", "h1"),
            ("app:x@h1:3306/shop", "h1:3306"),
            ("app:x@h1", "h1"),
            ("h1:3306/shop", "h1:3306"),
            // nothing is named, or nothing that writes
            ("", ""),
            ("10.0.0.7:3306", ""),
            ("[::1]:3306", ""),
            ("mysql://[2001:db8::1]:3306/db", ""),
            ("postgres://app:x@h1/db?host=h2", ""),
            ("http://h1:3306/", ""),
            ("redis://h1", ""),
            ("mysqlx+srv://h1", ""),
            ("jdbc:tc:mysql:8.0://h1/db", ""),
            ("jdbc:mysql://${DB_HOST}:3306/db", ""),
            ("jdbc:mysql://h1/db?readOnly=true", ""),
            ("mysql://reader:x@h1/db", ""),
            ("app_ro:x@tcp(h1:3306)/db", ""),
            ("Server=h1;Uid=report-reader", ""),
            ("/etc/mysql/write.cnf", ""),
            ("registry/mysql", ""),
            ("see the docs", ""),
            ("mysql-1.mysql is a replica", ""),
            ("writes go to a-0.a, not a-1.a", ""),
            ("ops@a-1.a", ""),
            ("$(DB_HOST)", ""),
            ("a_b.c", ""),
            ("-h a-1.a", ""),
            ("host=a-1.a;password", ""),
            ("a-1.a:port", ""),
            ("{\"host\": \"a-1.a\", \"port\": 3307}", "a-1.a:3307"),
            ("{\"host\": \"a-1.a\", \"user\": \"app_ro\"}", ""),
            ("{\"host\": ", ""),
            ("f(a-1.a)", ""),
            ("://", ""),
            ("jdbc:mysql://", ""),
            ("=", ""),
            (":=", ""),
            ("[", ""),
            (")(", ""),
            ("()/", ""),
            ("@()/", ""),
            ("ä@ö:ü=€", ""),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }

    fn shown(value: &str) -> String {
        let show = |host: &NetworkHost| host.port.map_or(host.name.clone(), |port| format!("{}:{port}", host.name));
        hosts(value).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn hosts_beside_what_is_not_known() {
        for (value, expected) in [
            ("ecto://app:x@h1/db", "h1"),
            ("prisma+mysql://app@h1/db", "h1"),
            ("p:h1.a", "h1.a"),
            ("p:h1.a:3306", "h1.a:3306"),
            ("p:3306", "p:3306"),
            ("h1.a:$(PORT)", "h1.a"),
            ("app@tcp(h1.a:${PORT})/db", "h1.a"),
            ("app:$(PW)@tcp(h1.a:$(PORT))/db", "h1.a"),
            ("mysql://app:$PW@h1.a:$PORT/db", "h1.a"),
            ("mysql://app:$(PW)@h1.a:${PORT}/db", "h1.a"),
            ("Server=h1.a;Pwd=\"a;b\";Uid=app", "h1.a"),
            ("Server=h1.a;Pwd='a;Host=h2;b' ;Port=3307", "h1.a:3307"),
            ("Server=h1.a;Pwd=\"a;Uid=app", "h1.a"),
            ("Server=h1.a;Port=$(PORT)", "h1.a"),
            ("postgresql+asyncpg://app@h1/db", ""),
            ("jdbc:sqlserver://h1;databaseName=x", ""),
        ] {
            assert_eq!(shown(value), expected, "{value}");
        }
    }
}
