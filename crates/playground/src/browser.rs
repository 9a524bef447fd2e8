//! The browser as the policy's WebAssembly machine.

use std::sync::Arc;
use std::time::Duration;

use mysql_replication_host::{Engine, HostError, Running};
use mysql_replication_manifests::{Cluster, HostCall};
use wasm_bindgen::prelude::wasm_bindgen;

/// The first byte of what comes back, on either side: all is well, and the rest is the answer.
const DONE: u8 = 0;
/// It is the error of who was asked.
const REFUSED: u8 = 1;
/// The module crashed.
const CRASHED: u8 = 2;

#[wasm_bindgen(raw_module = "#policy")]
extern "C" {
    /// Calls a function of the policy in a fresh instance. What the policy looks up it asks the last argument: binding,
    /// namespace, operation, payload. Both answer with one of the bytes above, and what belongs to it.
    #[wasm_bindgen(js_name = callPolicy)]
    fn call_policy(
        function: &str,
        payload: &[u8],
        look_up: &dyn Fn(String, String, String, Vec<u8>) -> Vec<u8>,
    ) -> Vec<u8>;
}

/// The policy's module, which the page has compiled.
#[derive(Debug, Clone, Copy)]
pub struct Browser;

/// An instance is made for each call, so there is nothing but the cluster to keep. The page ends a worker that takes
/// too long, for nothing else could.
struct Asked {
    cluster: Arc<dyn Cluster>,
}

impl Engine for Browser {
    fn read(_: &[u8]) -> Result<Self, HostError> {
        Ok(Self)
    }

    fn start(&self, cluster: Arc<dyn Cluster>, _: Duration) -> Result<Box<dyn Running>, HostError> {
        Ok(Box::new(Asked { cluster }))
    }
}

impl Running for Asked {
    fn call(&mut self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        let look_up = |binding: String, namespace: String, operation: String, payload: Vec<u8>| {
            let call = HostCall { binding: &binding, namespace: &namespace, operation: &operation, payload: &payload };
            match self.cluster.answer(&call) {
                Ok(answer) => told(DONE, &answer),
                Err(error) => told(REFUSED, error.as_bytes()),
            }
        };
        outcome(&call_policy(function, payload, &look_up))
    }
}

fn told(what: u8, bytes: &[u8]) -> Vec<u8> {
    [&[what], bytes].concat()
}

/// What the page says of a call.
fn outcome(bytes: &[u8]) -> Result<Vec<u8>, HostError> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match bytes.split_first() {
        Some((&DONE, answer)) => Ok(answer.to_vec()),
        Some((&REFUSED, error)) => Err(HostError::Guest(text(error))),
        Some((&CRASHED, error)) => Err(HostError::Trap(text(error))),
        _ => Err(HostError::Answer("the page says nothing of the call".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_page_says_is_understood() {
        assert_eq!(outcome(&told(DONE, b"{}")).unwrap(), b"{}");
        for (bytes, expected) in [
            (told(REFUSED, b"x"), "the policy answered with an error: x"),
            (told(CRASHED, "unreachable \u{e9}".as_bytes()), "the policy crashed: unreachable \u{e9}"),
            (told(9, b"x"), "the policy's answer makes no sense: the page says nothing of the call"),
            (Vec::new(), "the policy's answer makes no sense: the page says nothing of the call"),
        ] {
            assert_eq!(outcome(&bytes).unwrap_err().to_string(), expected);
        }
    }
}
