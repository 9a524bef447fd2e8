//! The policy module, compiled once and run afresh for every call.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mysql_replication_manifests::{Cluster, HostCall, Response, SettingsResponse, Unreachable};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wapc::WapcHost;
use wapc::errors::Error as WapcError;
use wasmtime_provider::wasmtime::{Config, Engine, Module};
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use super::clock;
use super::error::HostError;

/// How long one call may take unless told otherwise. The policy server's own limit is two seconds; a slow machine
/// must not make a preview fail.
pub const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// What the machine says when the clock stops a call; it has no typed error for that.
const INTERRUPTED: &str = "guest code interrupted, execution deadline exceeded";

/// A policy module. Every call gets an instance of its own, as on a policy server, so no call sees what another left.
#[derive(Clone)]
pub struct Policy {
    pre: WasmtimeEngineProviderPre,
    deadline: u64,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Policy {
    /// Compiles the module in a file.
    ///
    /// # Errors
    /// [`HostError::Unreadable`] or [`HostError::Module`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, HostError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|error| HostError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Self::from_bytes(&bytes)
    }

    /// Compiles a module.
    ///
    /// # Errors
    /// [`HostError::Module`] when the bytes are no module, or one that asks for more than waPC and WASI give.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HostError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(HostError::Module("the file does not begin as a module does".to_owned()));
        }
        let mut config = Config::new();
        config.epoch_interruption(true);
        // Without frames an error's text is the trap itself, which tells a crash from an answer.
        config.wasm_backtrace_max_frames(None);
        let module_error = |error: &dyn std::fmt::Display| HostError::Module(format!("{error:#}"));
        let engine = Engine::new(&config).map_err(|e| module_error(&e))?;
        let module = Module::from_binary(&engine, bytes).map_err(|e| module_error(&e))?;
        clock::start(&engine).map_err(|e| module_error(&e))?;
        let pre = WasmtimeEngineProviderBuilder::new()
            .engine(engine)
            .module(module)
            .build_pre()
            .map_err(|e| module_error(&e))?;
        Ok(Self { pre, deadline: clock::ticks(DEFAULT_TIME_LIMIT) })
    }

    /// Sets how long a call may take, in steps of ten milliseconds.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.deadline = clock::ticks(limit);
        self
    }

    /// Makes a fresh instance that asks this cluster.
    ///
    /// # Errors
    /// [`HostError::Start`] when it cannot be started.
    pub fn instance(&self, cluster: Arc<dyn Cluster>) -> Result<Instance, HostError> {
        let provider = self
            .pre
            .rehydrate(Some(EpochDeadlines { wapc_init: self.deadline, wapc_func: self.deadline }))
            .map_err(|error| HostError::Start(error.to_string()))?;
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            let call = HostCall { binding, namespace, operation, payload };
            cluster.answer(&call).map_err(Into::into)
        };
        let host = WapcHost::new(Box::new(provider), Some(Box::new(callback)))
            .map_err(|error| HostError::Start(error.to_string()))?;
        Ok(Instance { host })
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
#[derive(Debug)]
pub struct Instance {
    host: WapcHost,
}

impl Instance {
    /// Calls a function of the policy with raw bytes.
    ///
    /// # Errors
    /// [`HostError::Guest`] when the policy answers with an error, [`HostError::Trap`] when it crashes,
    /// [`HostError::Timeout`] when it takes too long.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        self.host.call(function, payload).map_err(classify)
    }
}

fn answer<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, HostError> {
    serde_json::from_slice(bytes).map_err(|error| HostError::Answer(error.to_string()))
}

fn classify(error: WapcError) -> HostError {
    let WapcError::GuestCallFailure(message) = error else {
        return HostError::Start(error.to_string());
    };
    if message == INTERRUPTED {
        HostError::Timeout
    } else if message.starts_with("wasm trap: ") || message.starts_with("Exited with i32 exit status") {
        HostError::Trap(message)
    } else {
        HostError::Guest(message)
    }
}
