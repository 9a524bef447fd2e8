//! One host of a value: nearly every form of an address ends in it.

use crate::halves::Halves;

/// A host that a value names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::rules::write_endpoint) struct NetworkHost {
    /// In small letters, without a dot at its end.
    pub(in crate::rules::write_endpoint) name: String,
    pub(in crate::rules::write_endpoint) port: Option<u16>,
    /// Is it a value by itself, and no part of an address that only a host can stand in?
    pub(in crate::rules::write_endpoint) is_plain: bool,
}

pub(super) fn is_ip6(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == b':').count() > 1
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.%".contains(&byte))
}

/// `host` or `host:port`; an address of numbers is understood, but names no host.
pub(super) fn host_port(text: &str) -> Option<Vec<NetworkHost>> {
    if let Some((inner, port)) = text.strip_prefix('[').and_then(|text| text.halves(']')) {
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return (is_ip6(inner) && is_port).then(Vec::new);
    }
    // a connection that stays (PHP's manual, `mysqli::__construct`), unless `p` is the host
    let text = text.strip_prefix("p:").filter(|host| host.parse::<u16>().is_err()).unwrap_or(text);
    let (name, port) = match text.halves(':') {
        // one that only a variable knows
        Some((name, port)) if port.starts_with('$') => (name, None),
        Some((name, port)) => (name, Some(port.parse().ok()?)),
        None => (text, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if name.len() > 253 || !name.split('.').all(is_label) {
        return None;
    }
    Some(if is_number { Vec::new() } else { vec![NetworkHost { name, port, is_plain: port.is_none() }] })
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
