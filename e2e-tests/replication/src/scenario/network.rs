//! Networks of other kinds.

use std::{fs, path::Path};

use crate::{
    context::Context,
    image::Database,
    outcome::{Failure, Result},
    scenario::replication::{from_nothing, refuses_writes},
};

pub(crate) fn not_without_ipv6(_: &Database) -> Option<&'static str> {
    let is_there = Path::new("/proc/net/if_inet6").exists();
    (!is_there).then_some("this machine has no IPv6 (no /proc/net/if_inet6)")
}

/// 14: pods that have no IPv4 address but that of loopback clone, replicate and refuse writes as others do.
pub(crate) fn ipv6_alone(context: &mut Context<'_>) -> Result {
    from_nothing(context)?;
    context.cluster.scale(4);
    context.wait_settled(180)?;
    context.mark()?;
    refuses_writes(context, 3)?;
    for ordinal in 0..4 {
        let pid = context.cluster.pid(ordinal, "mysql")?;
        let read =
            |file: &str| fs::read_to_string(format!("/proc/{pid}/net/{file}")).map_err(|error| error.to_string());
        // the head of the table is all: there is no way for IPv4
        context.expect(&format!("IPv4 routes of pod {ordinal}"), &1, &read("route")?.lines().count())?;
        if !read("if_inet6")?.lines().any(|line| line.starts_with("fd")) {
            return Err(Failure(format!("pod {ordinal}: expected an address of IPv6, found none")));
        }
    }
    context.same_everywhere()
}
