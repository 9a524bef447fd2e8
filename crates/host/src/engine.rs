//! What a WebAssembly machine does for a policy.

use std::sync::Arc;
use std::time::Duration;

use mysql_replication_manifests::Cluster;

use crate::HostError;

/// A module in a WebAssembly machine.
pub trait Engine: Send + Sync + 'static {
    /// Reads a module, which begins as one.
    ///
    /// # Errors
    /// [`HostError::Module`] when the bytes are no module, or one that asks for more than waPC and WASI give.
    fn read(bytes: &[u8]) -> Result<Self, HostError>
    where
        Self: Sized;

    /// Makes a fresh instance that asks this cluster. Its start, and each call of it, may take so long.
    ///
    /// # Errors
    /// [`HostError::Start`] when it cannot be started.
    fn start(&self, cluster: Arc<dyn Cluster>, limit: Duration) -> Result<Box<dyn Running>, HostError>;
}

/// An instance of a module.
pub trait Running {
    /// Calls a function of the policy.
    ///
    /// # Errors
    /// [`HostError::Guest`] when the policy answers with an error, [`HostError::Trap`] when it crashes,
    /// [`HostError::Timeout`] when it takes too long.
    fn call(&mut self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError>;
}
