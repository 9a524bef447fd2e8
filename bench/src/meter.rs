//! Counts that no machine changes: the instructions that a guest executes and the memory that it takes.

use std::sync::Arc;

use mysql_replication_manifests::{Cluster, HostCall};
use serde::{Deserialize, Serialize};
use wasmtime_provider::wasmtime::error::format_err;
use wasmtime_provider::wasmtime::{
    self, Caller, Config, Engine, Extern, Linker, Memory, Module, OptLevel, Store, StoreLimits, StoreLimitsBuilder,
};

use crate::guest::Guest;

/// More than any evaluation should ever need.
const TANK: u64 = 1 << 40;
/// The memory of a 32-bit guest.
const MEMORY_LIMIT: usize = 1 << 32;

/// What one cold evaluation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Instructions until the instance is ready to be called, as wasmtime counts them (its "fuel").
    pub init: u64,
    /// Instructions of the call.
    pub call: u64,
    /// Pages of linear memory, of 64 KiB each, at the end; they are never given back, so that is the peak.
    pub pages: u64,
    /// Pages before the call.
    pub pages_at_start: u64,
    /// Look-ups in the cluster.
    pub look_ups: usize,
    /// Bytes of what they found, errors included: a policy server copies them into the guest.
    pub looked_up: usize,
    /// Bytes of the guest's answer, of which a policy server makes a patch.
    pub answer: usize,
}

impl Count {
    /// All instructions of a cold evaluation.
    #[must_use]
    pub fn cold(&self) -> u64 {
        self.init + self.call
    }
}

/// A guest that is compiled so that its instructions are counted.
pub struct Meter {
    engine: Engine,
    module: Module,
    linker: Linker<Host>,
    tank: u64,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").finish_non_exhaustive()
    }
}

impl Meter {
    /// Compiles a guest.
    ///
    /// # Errors
    /// Where it is no module, or asks for more than waPC and WASI.
    pub fn new(guest: &Guest) -> Result<Self, String> {
        Self::compile(&guest.bytes).map_err(|error| format!("{}: {error:#}", guest.name))
    }

    /// The guest, which is stopped from now on after so many instructions: what is quadratic would run for hours.
    #[must_use]
    pub fn limited(self, instructions: u64) -> Self {
        Self { tank: instructions, ..self }
    }

    fn compile(bytes: &[u8]) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        // the count is of the module's own instructions, however they are compiled: quickly, then
        config.consume_fuel(true).cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config)?;
        let module = Module::from_binary(&engine, bytes)?;
        Ok(Self { linker: wapc(&engine)?, engine, module, tank: TANK })
    }

    /// Evaluates a payload in a fresh instance and gives the guest's answer with what it cost.
    ///
    /// # Errors
    /// Where the guest crashes, answers with an error, or needs more instructions than it may.
    pub fn validate(&self, payload: &[u8], cluster: Arc<dyn Cluster>) -> wasmtime::Result<(Vec<u8>, Count)> {
        let host = Host {
            operation: b"validate".to_vec(),
            payload: payload.to_vec(),
            cluster,
            answer: None,
            error: None,
            looked_up: Ok(Vec::new()),
            look_ups: 0,
            looked_up_bytes: 0,
            limits: StoreLimitsBuilder::new().memory_size(MEMORY_LIMIT).build(),
        };
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(self.tank)?;
        let mut linker = self.linker.clone();
        // of WASI only the seed of the hash maps is used, and every map may have the same
        linker.define_unknown_imports_as_default_values(&mut store, &self.module)?;
        let instance = linker.instantiate(&mut store, &self.module)?;
        for start in ["_start", "_initialize", "wapc_init"] {
            if let Some(Extern::Func(start)) = instance.get_export(&mut store, start) {
                start.typed::<(), ()>(&store)?.call(&mut store, ())?;
            }
        }
        let init = self.tank - store.get_fuel()?;
        let memory = instance.get_memory(&mut store, "memory").ok_or_else(|| format_err!("no memory"))?;
        let pages_at_start = memory.size(&store);
        let lengths = (length(store.data().operation.len())?, length(payload.len())?);
        let call = instance.get_typed_func::<(i32, i32), i32>(&mut store, "__guest_call")?;
        let is_done = call.call(&mut store, lengths)? == 1;
        let count = Count {
            init,
            call: self.tank - store.get_fuel()? - init,
            pages: memory.size(&store),
            pages_at_start,
            look_ups: store.data().look_ups,
            looked_up: store.data().looked_up_bytes,
            answer: store.data().answer.as_ref().map_or(0, Vec::len),
        };
        match store.into_data() {
            Host { answer: Some(answer), .. } if is_done => Ok((answer, count)),
            Host { error, .. } => Err(format_err!("the guest failed: {}", error.unwrap_or_default())),
        }
    }
}

/// The host's side of one call.
struct Host {
    operation: Vec<u8>,
    payload: Vec<u8>,
    cluster: Arc<dyn Cluster>,
    answer: Option<Vec<u8>>,
    error: Option<String>,
    looked_up: Result<Vec<u8>, String>,
    look_ups: usize,
    looked_up_bytes: usize,
    limits: StoreLimits,
}

impl Host {
    fn look_up_error(&self) -> &str {
        self.looked_up.as_ref().err().map_or("", String::as_str)
    }
}

/// The functions of the waPC protocol (its specification, "Host exports").
fn wapc(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap("wapc", "__guest_request", |mut caller: Caller<'_, Host>, operation: u32, payload: u32| {
        put(&mut caller, operation, |host| host.operation.clone())?;
        put(&mut caller, payload, |host| host.payload.clone())
    })?;
    linker.func_wrap("wapc", "__guest_response", |mut caller: Caller<'_, Host>, at: u32, len: u32| {
        let answer = take(&mut caller, at, len)?;
        caller.data_mut().answer = Some(answer);
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap("wapc", "__guest_error", |mut caller: Caller<'_, Host>, at: u32, len: u32| {
        let error = take_text(&mut caller, at, len)?;
        caller.data_mut().error = Some(error);
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap(
        "wapc",
        "__host_call",
        |mut caller: Caller<'_, Host>,
         binding: u32,
         binding_len: u32,
         namespace: u32,
         namespace_len: u32,
         operation: u32,
         operation_len: u32,
         at: u32,
         len: u32| {
            let binding = take_text(&mut caller, binding, binding_len)?;
            let namespace = take_text(&mut caller, namespace, namespace_len)?;
            let operation = take_text(&mut caller, operation, operation_len)?;
            let payload = take(&mut caller, at, len)?;
            let call = HostCall { binding: &binding, namespace: &namespace, operation: &operation, payload: &payload };
            let host = caller.data_mut();
            host.looked_up = host.cluster.answer(&call);
            host.look_ups += 1;
            host.looked_up_bytes += host.looked_up.as_ref().map_or_else(String::len, Vec::len);
            wasmtime::Result::Ok(i32::from(host.looked_up.is_ok()))
        },
    )?;
    linker.func_wrap("wapc", "__host_response_len", |caller: Caller<'_, Host>| {
        length(caller.data().looked_up.as_ref().map_or(0, Vec::len))
    })?;
    linker.func_wrap("wapc", "__host_response", |mut caller: Caller<'_, Host>, at: u32| {
        put(&mut caller, at, |host| host.looked_up.clone().unwrap_or_default())
    })?;
    linker.func_wrap("wapc", "__host_error_len", |caller: Caller<'_, Host>| {
        length(caller.data().look_up_error().len())
    })?;
    linker.func_wrap("wapc", "__host_error", |mut caller: Caller<'_, Host>, at: u32| {
        put(&mut caller, at, |host| host.look_up_error().as_bytes().to_vec())
    })?;
    linker.func_wrap("wapc", "__console_log", |_: u32, _: u32| ())?;
    Ok(linker)
}

fn length(len: usize) -> wasmtime::Result<i32> {
    i32::try_from(len).map_err(|_| format_err!("{len} bytes are too many"))
}

fn memory(caller: &mut Caller<'_, Host>) -> wasmtime::Result<Memory> {
    caller.get_export("memory").and_then(Extern::into_memory).ok_or_else(|| format_err!("no memory"))
}

fn put(caller: &mut Caller<'_, Host>, at: u32, bytes: impl Fn(&Host) -> Vec<u8>) -> wasmtime::Result<()> {
    let bytes = bytes(caller.data());
    Ok(memory(caller)?.write(caller, at as usize, &bytes)?)
}

fn take(caller: &mut Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<Vec<u8>> {
    let mut bytes = vec![0; len as usize];
    memory(caller)?.read(caller, at as usize, &mut bytes)?;
    Ok(bytes)
}

fn take_text(caller: &mut Caller<'_, Host>, at: u32, len: u32) -> wasmtime::Result<String> {
    Ok(String::from_utf8(take(caller, at, len)?)?)
}
