//! The cluster that the policy's look-ups see: offline, somebody else than a policy server must answer them.

mod field_mask;
mod manifests;
mod request;

pub(crate) use manifests::is_cluster_scoped;
pub use manifests::{Manifests, ObjectKey};

/// A call that the policy makes to its host.
#[derive(Debug, Clone, Copy)]
pub struct HostCall<'c> {
    /// Always `kubewarden` in calls of the SDK.
    pub binding: &'c str,
    /// Such as `kubernetes` or `tracing`.
    pub namespace: &'c str,
    /// Such as `get_resource`.
    pub operation: &'c str,
    /// The request, as JSON.
    pub payload: &'c [u8],
}

/// Whatever answers the policy's host calls.
pub trait Cluster: Send + Sync {
    /// Answers a call with bytes of JSON.
    ///
    /// # Errors
    /// The text that the policy sees as the call's error.
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String>;
}

/// Functions are clusters, which suits tests.
impl<F> Cluster for F
where
    F: Fn(&HostCall<'_>) -> Result<Vec<u8>, String> + Send + Sync,
{
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        self(call)
    }
}

/// A cluster that the policy was given no access to: log lines are taken, everything else is refused in the words of
/// the policy server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unreachable;

impl Cluster for Unreachable {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        match (call.binding, call.namespace, call.operation) {
            ("kubewarden", "tracing", "log") => Ok(Vec::new()),
            ("kubewarden", namespace, operation) => Err(format!(
                "Policy has not been granted access to the '{namespace}/{operation}' host capability. The violation \
                 has been reported."
            )),
            (binding, _, _) => Err(format!("unknown binding: {binding}")),
        }
    }
}
