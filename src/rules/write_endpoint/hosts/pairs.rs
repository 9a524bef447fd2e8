//! Addresses of pairs, as ODBC, .NET, Perl, PHP and libraries of C have them.

use crate::halves::Halves;

use super::{super::names::is_reader, NetworkHost, list, unquoted};

/// `Server=h1,h2;Port=3306;Uid=u`, `mysql:host=h;dbname=d`, `DBI:mysql:database=d;host=h`, `host=h port=3306`.
pub(super) fn pairs(value: &str) -> Option<Vec<NetworkHost>> {
    let value = without_driver(value)?;
    let (mut hosts, mut port, mut is_first) = (Vec::new(), None, false);
    for pair in split(value, separator(value)).into_iter().map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.halves('=')?;
        if !key.starts_with(|c: char| c.is_ascii_alphabetic()) || key.len() > 64 {
            return None;
        }
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let value = unquoted(value);
        match key.as_str() {
            "host" | "hosts" | "hostname" | "server" | "servers" | "servername" | "addr" | "address"
            | "networkaddress" | "datasource" => hosts.extend(list(value)?),
            "port" if value.starts_with('$') => {}
            "port" => port = Some(value.parse().ok()?),
            // MySqlConnector's manual, "Load Balancing": in the order of the list
            "loadbalance" => is_first = value.eq_ignore_ascii_case("failover"),
            "user" | "uid" | "userid" | "username" if is_reader(value) => return Some(Vec::new()),
            _ => {}
        }
    }
    hosts.truncate(if is_first { 1 } else { hosts.len() });
    Some(hosts.into_iter().map(|host| NetworkHost { port: host.port.or(port), is_plain: false, ..host }).collect())
}

/// The pairs behind the name of a driver, if one stands before them; none behind anything else.
fn without_driver(value: &str) -> Option<&str> {
    let equals = value.find('=')?;
    let Some((front, rest)) = value.get(..equals)?.last_halves(':') else { return Some(value) };
    let is_known = |part: &str| ["mysql", "mariadb", "dbi", "pdo"].iter().any(|known| part.eq_ignore_ascii_case(known));
    if front.split(':').all(is_known) { value.get(equals - rest.len()..) } else { None }
}

/// What stands between pairs.
fn separator(value: &str) -> fn(char) -> bool {
    if value.contains(';') {
        |c| c == ';'
    } else if value.contains(',') && value.split(',').all(|part| part.contains('=')) {
        |c| c == ','
    } else {
        char::is_whitespace
    }
}

/// The pairs. What separates them may stand in a value that is in quotes (.NET's `DbConnectionStringBuilder`).
fn split(value: &str, is_separator: fn(char) -> bool) -> Vec<&str> {
    let mut pairs = Vec::new();
    let (mut start, mut before, mut quote) = (0, 0, None);
    for (index, byte) in value.bytes().enumerate() {
        if quote.is_some() {
            quote = quote.filter(|quote| *quote != byte);
        } else if (byte == b'"' || byte == b'\'') && before == b'=' && value.as_bytes()[index + 1..].contains(&byte) {
            quote = Some(byte);
        } else if byte.is_ascii() && is_separator(char::from(byte)) {
            pairs.push(&value[start..index]);
            start = index + 1;
        }
        before = if byte == b' ' { before } else { byte };
    }
    pairs.push(&value[start..]);
    pairs
}
