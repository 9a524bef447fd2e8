//! The policy module, read once and run afresh for every call.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mysql_replication_manifests::{Cluster, Response, SettingsResponse, Unreachable};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{Engine, HostError, Running};

/// How long one call may take unless told otherwise. The policy server's own limit is two seconds; a slow machine
/// must not make a test fail.
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// A policy module. Every call gets an instance of its own, as on a policy server, so no call sees what another left.
#[derive(Clone)]
pub struct Policy {
    engine: Arc<dyn Engine>,
    limit: Duration,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Policy {
    /// Reads the module in a file.
    ///
    /// # Errors
    /// [`HostError::Unreadable`] or [`HostError::Module`].
    pub fn from_file<E: Engine>(path: impl AsRef<Path>) -> Result<Self, HostError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| HostError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::from_bytes::<E>(&bytes)
    }

    /// Reads a module.
    ///
    /// # Errors
    /// [`HostError::Module`] when the bytes are no module, or one that asks for more than waPC and WASI give.
    pub fn from_bytes<E: Engine>(bytes: &[u8]) -> Result<Self, HostError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(HostError::Module("the file does not begin as a module does".to_owned()));
        }
        Ok(Self { engine: Arc::new(E::read(bytes)?), limit: DEFAULT_TIME_LIMIT })
    }

    /// Sets how long a call may take, in steps of ten milliseconds.
    #[must_use]
    pub fn with_time_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Makes a fresh instance that asks this cluster.
    ///
    /// # Errors
    /// [`HostError::Start`] when it cannot be started.
    pub fn instance(&self, cluster: Arc<dyn Cluster>) -> Result<Instance, HostError> {
        Ok(Instance { running: RefCell::new(self.engine.start(cluster, self.limit)?) })
    }

    /// Calls a function of the policy with raw bytes, in a fresh instance.
    ///
    /// # Errors
    /// Those of [`Policy::instance`] and [`Instance::call`].
    pub fn call(&self, function: &str, payload: &[u8], cluster: Arc<dyn Cluster>) -> Result<Vec<u8>, HostError> {
        self.instance(cluster)?.call(function, payload)
    }

    /// Has the policy judge an admission request.
    ///
    /// # Errors
    /// Those of [`Policy::call`], and [`HostError::Answer`] when the answer is no [`Response`].
    pub fn validate(
        &self,
        request: &Value,
        settings: &Value,
        cluster: Arc<dyn Cluster>,
    ) -> Result<Response, HostError> {
        let payload = json!({"request": request, "settings": settings});
        answer(&self.call("validate", payload.to_string().as_bytes(), cluster)?)
    }

    /// Asks the policy whether it takes these settings.
    ///
    /// # Errors
    /// Those of [`Policy::call`], and [`HostError::Answer`] when the answer is no [`SettingsResponse`].
    pub fn validate_settings(&self, settings: &Value) -> Result<SettingsResponse, HostError> {
        let payload = settings.to_string();
        answer(&self.call("validate_settings", payload.as_bytes(), Arc::new(Unreachable))?)
    }

    /// The version of the Kubewarden protocol that the policy speaks, such as `v1`.
    ///
    /// # Errors
    /// Those of [`Policy::call`], and [`HostError::Answer`] when the answer is no JSON string.
    pub fn protocol_version(&self) -> Result<String, HostError> {
        answer(&self.call("protocol_version", &[], Arc::new(Unreachable))?)
    }
}

/// A running instance of a policy. A policy server makes one for every call; who keeps one sees what a call costs
/// without the start.
pub struct Instance {
    running: RefCell<Box<dyn Running>>,
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance").finish_non_exhaustive()
    }
}

impl Instance {
    /// Calls a function of the policy with raw bytes.
    ///
    /// # Errors
    /// [`HostError::Guest`] when the policy answers with an error, [`HostError::Trap`] when it crashes,
    /// [`HostError::Timeout`] when it takes too long.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        self.running.borrow_mut().call(function, payload)
    }
}

fn answer<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, HostError> {
    serde_json::from_slice(bytes).map_err(|error| HostError::Answer(error.to_string()))
}
