//! The host's side of the waPC protocol (its specification, "Host exports").

use std::sync::Arc;

use mysql_replication_manifests::{Cluster, HostCall};
use wasmi::{Caller, Error, Extern, Linker, Memory};

/// What host and module hand to each other in a call.
pub(super) struct Exchange {
    cluster: Arc<dyn Cluster>,
    function: Vec<u8>,
    payload: Vec<u8>,
    answer: Option<Vec<u8>>,
    error: Option<String>,
    looked_up: Result<Vec<u8>, String>,
}

impl Exchange {
    pub(super) fn new(cluster: Arc<dyn Cluster>) -> Self {
        let (function, payload) = (Vec::new(), Vec::new());
        Self { cluster, function, payload, answer: None, error: None, looked_up: Ok(Vec::new()) }
    }

    /// Puts down what the next call asks.
    pub(super) fn ask(&mut self, function: &str, payload: &[u8]) {
        function.as_bytes().clone_into(&mut self.function);
        payload.clone_into(&mut self.payload);
        (self.answer, self.error, self.looked_up) = (None, None, Ok(Vec::new()));
    }

    /// What the module has answered, or its error.
    pub(super) fn answer(&mut self, done: bool) -> Result<Vec<u8>, String> {
        let error = self.error.take();
        match self.answer.take().filter(|_| done) {
            Some(answer) => Ok(answer),
            None => Err(error.unwrap_or_else(|| "it gave no answer, and no error".to_owned())),
        }
    }

    fn look_up_error(&self) -> &str {
        self.looked_up.as_ref().err().map_or("", String::as_str)
    }
}

pub(super) fn add_to(linker: &mut Linker<Exchange>) -> Result<(), Error> {
    const HOST: &str = "wapc";
    linker.func_wrap(HOST, "__guest_request", |mut caller: Caller<'_, Exchange>, function: u32, payload: u32| {
        put(&mut caller, function, |exchange| &exchange.function)?;
        put(&mut caller, payload, |exchange| &exchange.payload)
    })?;
    linker.func_wrap(HOST, "__guest_response", |mut caller: Caller<'_, Exchange>, at: u32, length: u32| {
        caller.data_mut().answer = Some(take(&caller, at, length)?.to_vec());
        Ok::<_, Error>(())
    })?;
    linker.func_wrap(HOST, "__guest_error", |mut caller: Caller<'_, Exchange>, at: u32, length: u32| {
        caller.data_mut().error = Some(take_text(&caller, at, length)?);
        Ok::<_, Error>(())
    })?;
    linker.func_wrap(HOST, "__host_call", host_call)?;
    linker.func_wrap(HOST, "__host_response_len", |caller: Caller<'_, Exchange>| {
        length(caller.data().looked_up.as_ref().map_or(0, Vec::len))
    })?;
    linker.func_wrap(HOST, "__host_response", |mut caller: Caller<'_, Exchange>, at: u32| {
        put(&mut caller, at, |exchange| exchange.looked_up.as_deref().unwrap_or_default())
    })?;
    linker.func_wrap(HOST, "__host_error_len", |caller: Caller<'_, Exchange>| {
        length(caller.data().look_up_error().len())
    })?;
    linker.func_wrap(HOST, "__host_error", |mut caller: Caller<'_, Exchange>, at: u32| {
        put(&mut caller, at, |exchange| exchange.look_up_error().as_bytes())
    })?;
    linker.func_wrap(HOST, "__console_log", |_: u32, _: u32| ())?;
    Ok(())
}

#[allow(clippy::too_many_arguments)] // they are the protocol's
fn host_call(
    mut caller: Caller<'_, Exchange>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    at: u32,
    length: u32,
) -> Result<i32, Error> {
    let binding = take_text(&caller, binding, binding_length)?;
    let namespace = take_text(&caller, namespace, namespace_length)?;
    let operation = take_text(&caller, operation, operation_length)?;
    let payload = take(&caller, at, length)?;
    let call = HostCall { binding: &binding, namespace: &namespace, operation: &operation, payload };
    let answer = caller.data().cluster.answer(&call);
    let found = answer.is_ok();
    caller.data_mut().looked_up = answer;
    Ok(i32::from(found))
}

fn length(length: usize) -> Result<i32, Error> {
    i32::try_from(length).map_err(|_| Error::new(format!("{length} bytes are too many")))
}

/// The module's memory.
pub(super) fn memory(caller: &Caller<'_, Exchange>) -> Result<Memory, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::new("it exports no memory"))
}

/// The bytes at an address of the module's memory.
pub(super) fn take<'c>(caller: &'c Caller<'_, Exchange>, at: u32, length: u32) -> Result<&'c [u8], Error> {
    let bytes = memory(caller)?.data(caller).get(at as usize..).and_then(|bytes| bytes.get(..length as usize));
    bytes.ok_or_else(outside)
}

fn take_text(caller: &Caller<'_, Exchange>, at: u32, length: u32) -> Result<String, Error> {
    let bytes = take(caller, at, length)?;
    String::from_utf8(bytes.to_vec()).map_err(|error| Error::new(error.to_string()))
}

fn put(caller: &mut Caller<'_, Exchange>, at: u32, bytes: impl Fn(&Exchange) -> &[u8]) -> Result<(), Error> {
    let (memory, exchange) = memory(caller)?.data_and_store_mut(caller);
    write(memory, at, bytes(exchange))
}

/// Writes to the module's memory.
pub(super) fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), Error> {
    let room = memory.get_mut(at as usize..).and_then(|room| room.get_mut(..bytes.len())).ok_or_else(outside)?;
    room.copy_from_slice(bytes);
    Ok(())
}

fn outside() -> Error {
    Error::new("it names an address outside of its memory")
}
