//! Rules on workloads.

use serde_json::Value;

use crate::{cluster::Cluster, settings::WriteNames, verdict::Findings};

/// Could an object (as text) break a rule of this module? Cheap, and never wrongly no.
pub(crate) fn may_concern(_object: &str, _names: &WriteNames) -> bool {
    false
}

/// Checks the containers of a pod specification at `path`.
pub(crate) fn workload(
    _pod: &Value,
    _path: &str,
    _namespace: &str,
    _names: &WriteNames,
    _cluster: &Cluster,
    _findings: &mut Findings,
) {
}
