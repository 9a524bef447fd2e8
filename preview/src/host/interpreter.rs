//! An interpreter for the policy's module.
//!
//! It needs no compiler of WebAssembly, which takes minutes to build and a second for each start; a policy is asked a
//! few times only, so it does not matter that each call takes some milliseconds more.

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_replication_host::{Engine, HostError, Running};
use mysql_replication_manifests::{Cluster, Unreachable};
use wasmi::{
    Config, CustomFuelCosts, Error, Linker, Module, Store, TypedFunc, TypedResumableCall, WasmParams, WasmResults,
    errors::ErrorKind,
};

use super::wapc::{self, Exchange};
use super::wasi;

/// After so much work the clock is looked at; some milliseconds of it.
const SLICE: u64 = 1_000_000;
/// A function is translated when it is called first. It takes no fuel: a call that has too little for that cannot be
/// taken up again.
const COSTS: CustomFuelCosts =
    CustomFuelCosts { bytes_copied_per_fuel: 64, fuel_per_bytes_translated: 0, fuel_per_bytes_validated: 0 };
/// How deep functions may call each other, and how many bytes their values may take: more than the policy server's
/// machine allows.
const DEPTH: usize = 20_000;
const STACK: usize = 16 << 20;
/// What a module may export to be called once, in this order (waPC's `wapc_functions::REQUIRED_STARTS`).
const STARTS: [&str; 3] = ["_start", "_initialize", "wapc_init"];

/// A module that is interpreted.
pub struct Interpreter {
    module: Module,
    linker: Linker<Exchange>,
}

impl std::fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpreter").finish_non_exhaustive()
    }
}

impl Engine for Interpreter {
    fn read(bytes: &[u8]) -> Result<Self, HostError> {
        let mut config = Config::default();
        config.consume_fuel(true).fuel_cost(COSTS).set_max_recursion_depth(DEPTH).set_max_stack_height(STACK);
        let engine = wasmi::Engine::new(&config);
        let module = Module::new(&engine, bytes).map_err(|error| HostError::Module(error.to_string()))?;
        let mut linker = Linker::new(&engine);
        wapc::add_to(&mut linker).map_err(|error| HostError::Module(error.to_string()))?;
        wasi::add_to(&mut linker).map_err(|error| HostError::Module(error.to_string()))?;
        // what it asks for is looked up when it is started only
        let store = Store::new(&engine, Exchange::new(Arc::new(Unreachable)));
        match linker.instantiate_and_start(store, &module) {
            Err(error) if matches!(error.kind(), ErrorKind::Linker(_)) => Err(HostError::Module(error.to_string())),
            _ => Ok(Self { module, linker }),
        }
    }

    fn start(&self, cluster: Arc<dyn Cluster>, limit: Duration) -> Result<Box<dyn Running>, HostError> {
        let mut store = Store::new(self.linker.engine(), Exchange::new(cluster));
        let error = |error: &dyn Display| HostError::Start(error.to_string());
        store.set_fuel(SLICE).map_err(|e| error(&e))?;
        let instance = self.linker.instantiate_and_start(&mut store, &self.module).map_err(|e| error(&e))?;
        for name in STARTS {
            let Ok(start) = instance.get_typed_func::<(), ()>(&store, name) else { continue };
            match run(&mut store, start, (), limit) {
                // a program that ends by itself has begun as well
                Ok(()) | Err(Failure::Exit(0)) => {}
                Err(failure) => return Err(error(&format!("{name}: {}", HostError::from(failure)))),
            }
        }
        let call = instance.get_typed_func::<(i32, i32), i32>(&store, "__guest_call").map_err(|e| error(&e))?;
        Ok(Box::new(Interpreted { store, call, limit }))
    }
}

struct Interpreted {
    store: Store<Exchange>,
    call: TypedFunc<(i32, i32), i32>,
    limit: Duration,
}

impl Running for Interpreted {
    fn call(&mut self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        let length = |bytes: usize| i32::try_from(bytes).map_err(|_| HostError::Start("too many bytes".to_owned()));
        let lengths = (length(function.len())?, length(payload.len())?);
        self.store.data_mut().ask(function, payload);
        match run(&mut self.store, self.call, lengths, self.limit) {
            Ok(done) => self.store.data_mut().answer(done != 0).map_err(HostError::Guest),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// Why a function of the module did not come back.
enum Failure {
    Time,
    Exit(i32),
    Trap(String),
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::I32ExitStatus(status) => Self::Exit(*status),
            ErrorKind::TrapCode(trap) => Self::Trap(format!("wasm trap: {trap}")),
            _ => Self::Trap(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<Failure> for HostError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Time => Self::Timeout,
            Failure::Exit(status) => Self::Trap(format!("it exited with status {status}")),
            Failure::Trap(reason) => Self::Trap(reason),
        }
    }
}

/// Calls a function, slice by slice, until the time is over.
fn run<P: WasmParams, R: WasmResults>(
    store: &mut Store<Exchange>,
    function: TypedFunc<P, R>,
    parameters: P,
    limit: Duration,
) -> Result<R, Failure> {
    let begin = Instant::now();
    store.set_fuel(SLICE)?;
    let mut state = function.call_resumable(&mut *store, parameters)?;
    loop {
        state = match state {
            TypedResumableCall::Finished(result) => return Ok(result),
            TypedResumableCall::HostTrap(trap) => return Err(trap.host_error().into()),
            TypedResumableCall::OutOfFuel(_) if begin.elapsed() >= limit => return Err(Failure::Time),
            TypedResumableCall::OutOfFuel(call) => {
                store.set_fuel(SLICE.saturating_add(call.required_fuel()))?;
                call.resume(&mut *store)?
            }
        };
    }
}
