//! The policy in wasmtime, driven by the crates that the policy server drives it by.
//!
//! It is a crate of its own because it brings a WebAssembly compiler, which takes minutes to build: only the end-to-end
//! tests and the benchmark have it.
#![forbid(unsafe_code)]

mod clock;

use std::sync::Arc;
use std::time::Duration;

use mysql_replication_host::{Engine, HostError, Running};
use mysql_replication_manifests::{Cluster, HostCall};
use wapc::WapcHost;
use wapc::errors::Error as WapcError;
use wasmtime_provider::wasmtime::{self, Config, Module};
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

/// What the machine says when the clock stops a call; it has no typed error for that.
const INTERRUPTED: &str = "guest code interrupted, execution deadline exceeded";

/// A module that wasmtime has compiled.
pub struct Wasmtime(WasmtimeEngineProviderPre);

impl std::fmt::Debug for Wasmtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wasmtime").finish_non_exhaustive()
    }
}

impl Engine for Wasmtime {
    fn read(bytes: &[u8]) -> Result<Self, HostError> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        // Without frames an error's text is the trap itself, which tells a crash from an answer.
        config.wasm_backtrace_max_frames(None);
        let module_error = |error: &dyn std::fmt::Display| HostError::Module(format!("{error:#}"));
        let engine = wasmtime::Engine::new(&config).map_err(|e| module_error(&e))?;
        let module = Module::from_binary(&engine, bytes).map_err(|e| module_error(&e))?;
        clock::start(&engine).map_err(|e| module_error(&e))?;
        let pre = WasmtimeEngineProviderBuilder::new().engine(engine).module(module).build_pre();
        Ok(Self(pre.map_err(|e| module_error(&e))?))
    }

    fn start(&self, cluster: Arc<dyn Cluster>, limit: Duration) -> Result<Box<dyn Running>, HostError> {
        let deadline = clock::ticks(limit);
        let start_error = |error: &dyn std::fmt::Display| HostError::Start(error.to_string());
        let provider = self
            .0
            .rehydrate(Some(EpochDeadlines { wapc_init: deadline, wapc_func: deadline }))
            .map_err(|e| start_error(&e))?;
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            let call = HostCall { binding, namespace, operation, payload };
            cluster.answer(&call).map_err(Into::into)
        };
        let host = WapcHost::new(Box::new(provider), Some(Box::new(callback))).map_err(|e| start_error(&e))?;
        Ok(Box::new(Called(host)))
    }
}

struct Called(WapcHost);

impl Running for Called {
    fn call(&mut self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        self.0.call(function, payload).map_err(classify)
    }
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
