//! URLs and the authorities in them.

use crate::halves::Halves;

use super::{
    super::names::is_reader,
    NetworkHost, before,
    network_host::{host_port, is_ip6},
};

/// Which of several hosts take the writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Writers {
    All,
    First,
}

/// `scheme://user:password@h1:3306,h2:3306/database?x=y`, among them JDBC's and R2DBC's.
pub(super) fn url(value: &str) -> Option<Vec<NetworkHost>> {
    let (scheme, rest) = value.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let parts: Vec<&str> = scheme.split(':').collect();
    // a name of service records has no pod behind it, and `tc` is a container that the driver starts
    let is_mysql = parts.iter().any(|part| is_mysql(part));
    if (!is_mysql && parts.iter().any(|part| is_another(part))) || scheme.contains("+srv") || parts.contains(&"tc") {
        return None;
    }
    let query = Query(rest.halves('?').map_or("", |(_, query)| query));
    if query.is_for_reading() {
        return Some(Vec::new());
    }
    Some(authority(url_authority(rest)?)?.of(writers(&parts, &query)))
}

/// Does a part of a scheme say that it is about MySQL?
fn is_mysql(part: &str) -> bool {
    part.split('+').any(|name| name.starts_with("mysql") || name.starts_with("mariadb"))
}

/// Is a part of a scheme that of another system? Of all others, such as `ecto`, the look-up tells whether a database is
/// there.
fn is_another(part: &str) -> bool {
    const OTHERS: [&str; 28] = [
        "http",
        "ws",
        "ftp",
        "sftp",
        "ssh",
        "git",
        "file",
        "s3",
        "gs",
        "postg",
        "pgsql",
        "redis",
        "valkey",
        "mongodb",
        "amqp",
        "kafka",
        "nats",
        "ldap",
        "smtp",
        "memcache",
        "elastic",
        "sqlserver",
        "mssql",
        "oracle",
        "sqlite",
        "clickhouse",
        "grpc",
        "udp",
    ];
    OTHERS.iter().any(|other| part.starts_with(other))
}

/// What a URL says behind its question mark.
struct Query<'u>(&'u str);

impl Query<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(['&', ';']).filter_map(|pair| pair.halves('='))
    }

    /// Has one of these keys one of these values?
    fn says(&self, keys: &[&str], values: &[&str]) -> bool {
        let is_any = |text: &str, known: &[&str]| known.iter().any(|known| text.eq_ignore_ascii_case(known));
        self.pairs().any(|(key, value)| is_any(key, keys) && is_any(value, values))
    }

    fn is_for_reading(&self) -> bool {
        self.says(&["readonly", "read_only", "read-only"], &["true", "1", "yes"])
            || self.pairs().any(|(key, value)| key.eq_ignore_ascii_case("user") && is_reader(value))
    }
}

/// Which hosts of a URL take the writes, by the parts of its scheme?
fn writers(parts: &[&str], query: &Query) -> Writers {
    let is_any = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    let is_first = if is_any(&["loadbalance", "load-balance"]) {
        false
    } else if is_any(&["replication", "sequential", "aurora", "load-balance-read", "aws-wrapper"]) {
        true
    } else {
        // Connector/J's manual, "Configuring Server Failover": all hosts but the first are read-only unless told
        parts[0] == "jdbc" && is_any(&["mysql"]) && !query.says(&["failoverreadonly"], &["false"])
    };
    if is_first { Writers::First } else { Writers::All }
}

/// The part of a URL in front of its path. A password may hold what would end it.
fn url_authority(rest: &str) -> Option<&str> {
    let plain = before(rest, &['/', '?']);
    if plain.contains('@') || plain.contains(['(', '[']) || !rest.contains('@') {
        return Some(plain);
    }
    // `user:pass/word@host`, unless it is `host:3306/database?contact=a@b`
    match plain.halves(':') {
        Some((_, port)) if !port.split(',').any(|port| port.parse::<u16>().is_ok()) => {
            let (user, after) = rest.halves('@')?;
            rest.get(..user.len() + 1 + before(after, &['/', '?']).len())
        }
        _ => Some(plain),
    }
}

/// The hosts of an authority, each with what it says about its role.
pub(super) struct Authority(Vec<(Vec<NetworkHost>, Option<bool>)>);

impl Authority {
    /// The hosts that take the writes.
    pub(super) fn of(self, writers: Writers) -> Vec<NetworkHost> {
        let is_writer = |index, told: Option<bool>| told.unwrap_or(writers == Writers::All || index == 0);
        let hosts = self.0.into_iter().enumerate().filter(|(index, (_, told))| is_writer(*index, *told));
        hosts.flat_map(|(_, (hosts, _))| hosts).map(|host| NetworkHost { is_plain: false, ..host }).collect()
    }
}

pub(super) fn authority(text: &str) -> Option<Authority> {
    let (user, hosts) = match text.last_halves('@') {
        Some((user, hosts)) if !user.contains('@') => (user, hosts),
        _ => ("", text),
    };
    if is_reader(before(user, &[':'])) {
        return Some(Authority(Vec::new()));
    }
    let hosts = match hosts.strip_prefix('[').and_then(|hosts| hosts.strip_suffix(']')) {
        Some(inner) if !is_ip6(inner) => inner,
        _ => hosts,
    };
    let mut all = Vec::new();
    for item in top_level(hosts) {
        all.push(item_of_authority(item.last_halves('@').map_or(item, |(_, item)| item).trim())?);
    }
    Some(Authority(all))
}

/// Splits at commas that stand in no brackets.
fn top_level(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c| {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// `host:port`, `address=(host=h)(port=p)(type=replica)`, `(host=h,port=p)`, `(address=h:p,priority=1)`.
fn item_of_authority(item: &str) -> Option<(Vec<NetworkHost>, Option<bool>)> {
    let item = item.strip_prefix("address=").unwrap_or(item);
    let Some(inner) = item.strip_prefix('(').and_then(|item| item.strip_suffix(')')) else {
        return Some((host_port(item)?, None));
    };
    let (mut hosts, mut port, mut takes_writes) = (Vec::new(), None, None);
    for pair in inner.split(&[',', '(', ')']).filter(|pair| !pair.trim().is_empty()) {
        let (key, value) = pair.halves('=')?;
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        match key.as_str() {
            "host" | "address" => hosts = host_port(value)?,
            "port" => port = Some(value.parse().ok()?),
            "type" => {
                takes_writes =
                    Some(["source", "master", "primary"].iter().any(|role| value.eq_ignore_ascii_case(role)));
            }
            _ => {}
        }
    }
    for host in &mut hosts {
        host.port = port.or(host.port);
    }
    Some((hosts, takes_writes))
}
