//! What the end-to-end tests share: the front doors of the policy, and, as the golden tests have them, its manifests.

pub mod conditions;
pub mod rule_pages;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
};

pub use mysql_replication_golden_tests::{
    audit_request, parse, parse_all, read_manifest, read_manifests, request, root, show_manifest,
};
use mysql_replication_host::Engine;
use mysql_replication_preview::{Cluster, HostCall, Interpreter, Manifests, Policy, Response};
use mysql_replication_wasmtime_host::Wasmtime;
use serde_json::Value;

/// The policy's artefact, compiled once for all tests of a process, by the policy server's machine.
///
/// # Panics
/// Where there is none: a test without it would test nothing.
pub fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(read::<Wasmtime>)
}

/// The policy's artefact as `preview` runs it.
///
/// # Panics
/// Where there is none.
pub fn interpreted_policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(read::<Interpreter>)
}

fn read<E: Engine>() -> Policy {
    let path = std::env::var_os("POLICY_WASM").map_or_else(|| root().join("policy.wasm"), PathBuf::from);
    Policy::from_file::<E>(&path).unwrap_or_else(|error| panic!("{error}; run `make policy.wasm` first"))
}

/// Sends an admission request through both doors, in a cluster without any object.
///
/// # Panics
/// Where they do not say the same, or where one of them fails.
#[must_use]
pub fn both_doors(request: &Value, settings: &Value) -> Response {
    both_doors_in(&Manifests::default(), request, settings)
}

/// Sends an admission request through the native function and through the artefact, and makes sure that both say the
/// same and ask the cluster for the same.
///
/// # Panics
/// Where they do not, or where one of them fails.
#[must_use]
pub fn both_doors_in(cluster: &(impl Cluster + Clone + 'static), request: &Value, settings: &Value) -> Response {
    let native = Recorder::new(cluster.clone());
    let answer = mysql_replication_golden_tests::validate(&native, request, settings);
    let artefact = Arc::new(Recorder::new(cluster.clone()));
    let wasm = policy().validate(request, settings, artefact.clone()).expect("the artefact answers");
    assert!(answer == wasm, "the artefact and the native function disagree; run `make policy.wasm` and try again");
    assert_eq!(native.calls(), artefact.calls(), "the artefact and the native function look up different things");
    wasm
}

/// A cluster that remembers what it was asked.
#[derive(Debug)]
pub struct Recorder<C> {
    cluster: C,
    calls: Mutex<Vec<(String, Value)>>,
}

impl<C: Cluster> Recorder<C> {
    /// Remembers what this cluster is asked.
    pub fn new(cluster: C) -> Self {
        Self { cluster, calls: Mutex::default() }
    }

    /// The look-ups so far: operation and request.
    ///
    /// # Panics
    /// Where an earlier call panicked.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().expect("no panic before").clone()
    }
}

impl<C: Cluster> Cluster for Recorder<C> {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        if call.namespace == "kubernetes" {
            let request = serde_json::from_slice(call.payload).unwrap_or_default();
            self.calls.lock().expect("no panic before").push((call.operation.to_owned(), request));
        }
        self.cluster.answer(call)
    }
}

/// Every order of so many things, by their indices.
#[must_use]
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..count {
        let longer = |order: Vec<usize>| -> Vec<Vec<usize>> {
            let next = (0..count).filter(|next| !order.contains(next));
            next.map(|next| [order.as_slice(), &[next]].concat()).collect()
        };
        orders = orders.into_iter().flat_map(longer).collect();
    }
    orders
}
