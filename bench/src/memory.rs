//! The memory that instances take of the process.

use std::sync::Arc;

use mysql_replication_host::Policy;
use mysql_replication_manifests::Unreachable;
use serde::Serialize;

use crate::subject::Subject;
use crate::table::{grouped, table};

/// Memory of live instances.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceMemory {
    /// The guest.
    pub guest: &'static str,
    /// So many live at once.
    pub instances: u64,
    /// Bytes that each adds to the process's resident memory once it can be called.
    pub fresh: u64,
    /// Bytes that each adds once it has answered a full injection.
    pub used: u64,
}

/// Keeps instances alive and looks at what the process grows by. `None` where the system does not tell.
///
/// # Errors
/// Where the guest fails.
pub fn measure(
    name: &'static str,
    guest: &Policy,
    subject: &Subject,
    instances: u64,
) -> Result<Option<InstanceMemory>, String> {
    let Some(before) = resident() else { return Ok(None) };
    let mut live = Vec::new();
    for _ in 0..instances {
        live.push(guest.instance(Arc::new(Unreachable)).map_err(|error| error.to_string())?);
    }
    let fresh = resident();
    live.clear();
    let before_use = resident();
    for _ in 0..instances {
        let instance = guest.instance(subject.cluster.clone()).map_err(|error| error.to_string())?;
        instance.call("validate", &subject.payload).map_err(|error| error.to_string())?;
        live.push(instance);
    }
    let used = resident();
    drop(live);
    let each = |from: u64, to: Option<u64>| Some(to?.saturating_sub(from) / instances);
    let (Some(fresh), Some(used)) = (each(before, fresh), before_use.and_then(|before| each(before, used))) else {
        return Ok(None);
    };
    Ok(Some(InstanceMemory { guest: name, instances, fresh, used }))
}

/// Bytes of this process that are in memory, on Linux.
#[must_use]
pub fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The memory as a table.
#[must_use]
pub fn show(memory: &[InstanceMemory]) -> String {
    let rows: Vec<Vec<String>> = memory
        .iter()
        .map(|memory| {
            vec![
                memory.guest.to_owned(),
                memory.instances.to_string(),
                grouped(memory.fresh / 1024),
                grouped(memory.used / 1024),
            ]
        })
        .collect();
    table("Resident memory of an instance, in KiB", &["guest", "live", "fresh", "after a full injection"], &rows)
}
