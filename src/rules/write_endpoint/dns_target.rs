//! What the name of a host may stand for in the cluster, as its DNS has names (Kubernetes' manual, "DNS for Services
//! and Pods").

use crate::halves::Halves;

/// What a host may name in the cluster.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DnsTarget<'a> {
    Pod(DnsPod<'a>),
    Service { name: &'a str, namespace: &'a str },
}

/// A pod of a StatefulSet, by its governing Service.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DnsPod<'a> {
    pub(crate) set: &'a str,
    pub(crate) ordinal: u32,
    pub(crate) service: &'a str,
    pub(crate) namespace: &'a str,
}

/// What a host may name for a pod of a namespace, the likelier first; nothing where it is outside of the cluster, or
/// the name of a pod 0.
pub(crate) fn dns_targets<'a>(host: &'a str, own: &'a str) -> Vec<DnsTarget<'a>> {
    let labels: Vec<&str> = host.splitn(5, '.').collect();
    let pod = |name: &'a str, service: &'a str, namespace: &'a str| {
        let (set, ordinal) = pod_name(name)?;
        Some(DnsTarget::Pod(DnsPod { set, ordinal, service, namespace }))
    };
    // a Service's name begins with a letter
    let service = |name: &'a str, namespace: &'a str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(DnsTarget::Service { name, namespace })
    };
    let targets: [Option<DnsTarget>; 2] = match labels[..] {
        // no Service is worth a look-up there
        ["localhost"] | [_, "com" | "net" | "org"] => [None, None],
        [name] => [None, service(name, own)],
        [first, second] => [pod(first, second, own), service(first, second)],
        // another domain may be another cluster's
        [name, namespace, "svc"] | [name, namespace, "svc", "cluster", "local"] => [None, service(name, namespace)],
        [first, second, third] | [first, second, third, "svc"] => [pod(first, second, third), None],
        // a cluster's domain may be any, and a pod's name is of one StatefulSet and its Service alone
        [first, second, third, "svc", domain] if !domain.starts_with("cluster.local.") => {
            [pod(first, second, third), None]
        }
        _ => [None, None],
    };
    let targets: Vec<DnsTarget> = targets.into_iter().flatten().collect();
    if matches!(targets.first(), Some(DnsTarget::Pod(DnsPod { ordinal: 0, .. }))) { Vec::new() } else { targets }
}

/// The StatefulSet's name and the ordinal in a pod's name.
pub(crate) fn pod_name(name: &str) -> Option<(&str, u32)> {
    let (set, ordinal) = name.last_halves('-')?;
    let is_number = ordinal == "0" || (!ordinal.starts_with('0') && ordinal.bytes().all(|byte| byte.is_ascii_digit()));
    (is_number && !set.is_empty()).then_some((set, ordinal.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_hosts() {
        let pod = |namespace| DnsTarget::Pod(DnsPod { set: "my-db", ordinal: 1, service: "v", namespace });
        let service = |name, namespace| DnsTarget::Service { name, namespace };
        for (host, expected) in [
            ("mysql", vec![service("mysql", "own")]),
            ("my-db-1", vec![service("my-db-1", "own")]),
            ("my-db-1.v", vec![pod("own"), service("my-db-1", "v")]),
            ("my-db-1.v.ns", vec![pod("ns")]),
            ("my-db-1.v.ns.svc", vec![pod("ns")]),
            ("my-db-1.v.ns.svc.cluster.local", vec![pod("ns")]),
            ("my-db-1.v.ns.svc.corp.example", vec![pod("ns")]),
            ("my-db-1.v.ns.svc.cluster.local.example.com", vec![]),
            ("my-db.ns.svc.corp.example", vec![]),
            ("my-db-1.v.svc", vec![service("my-db-1", "v")]),
            ("my-db-1.v.svc.svc.cluster.local", vec![pod("svc")]),
            ("db.ns", vec![service("db", "ns")]),
            ("db.ns.svc.cluster.local", vec![service("db", "ns")]),
            ("my-db-0.v", vec![]),
            ("my-db-0.v.ns.svc", vec![]),
            ("my-db-01.v", vec![service("my-db-01", "v")]),
            ("localhost", vec![]),
            ("db.example.com", vec![]),
            ("example.com", vec![]),
            ("db-1.abc.eu-west-1.rds.amazonaws.com", vec![]),
        ] {
            assert_eq!(dns_targets(host, "own"), expected, "{host}");
        }
        assert_eq!(pod_name("a-99999999999"), None);
        assert_eq!(pod_name("-1"), None);
    }
}
