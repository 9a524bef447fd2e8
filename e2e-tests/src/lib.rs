//! What the end-to-end tests share: the front doors of the policy, and manifests as goldens show them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use mysql_replication_policy::scripts;
use mysql_replication_preview::{Cluster, HostCall, Manifests, Policy, Response};
use serde::Deserialize;
use serde_json::{Value, json};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The policy's artefact, compiled once for all tests of a process.
///
/// # Panics
/// Where there is none: a test without it would test nothing.
pub fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let path = std::env::var_os("POLICY_WASM").map_or_else(|| root().join("policy.wasm"), PathBuf::from);
        Policy::from_file(&path).unwrap_or_else(|error| panic!("{error}; run `make policy.wasm` first"))
    })
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
    let payload = json!({"request": request, "settings": settings}).to_string();
    let native = Recorder::new(cluster.clone());
    let host = |operation: &str, payload: &[u8]| {
        native.answer(&HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload })
    };
    let answer = mysql_replication_policy::validate(payload.as_bytes(), &host);
    let answer: Response = serde_json::from_slice(&answer).expect("a response");
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

/// The admission request for creating an object, or for updating `old`.
#[must_use]
pub fn request(object: &Value, old: Option<&Value>) -> Value {
    mysql_replication_preview::admission_request(object, old, "default")
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

/// Reads a manifest in which `<script: NAME>` stands for a script of the policy.
///
/// # Panics
/// Where the file cannot be read.
#[must_use]
pub fn read_manifest(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut value = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    each_string(&mut value, &mut |text| {
        let name = text.strip_prefix("<script: ")?.strip_suffix('>')?;
        scripts::injected().into_iter().find(|(known, _)| *known == name).map(|(_, script)| script.to_owned())
    });
    value
}

/// Reads the objects of a file of several documents.
///
/// # Panics
/// Where the file cannot be read.
#[must_use]
pub fn read_manifests(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_yaml_ng::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .filter(|object| !object.is_null())
        .collect()
}

/// Writes a manifest as goldens show it: scripts by their names, and the digest of the injected content as `<digest>`.
///
/// # Panics
/// Where the value cannot be YAML.
#[must_use]
pub fn show_manifest(value: &Value) -> String {
    let mut value = value.clone();
    each_string(&mut value, &mut |text| {
        let is_text = |(_, script): &(&str, &str)| *script == text;
        scripts::injected().into_iter().find(is_text).map(|(name, _)| format!("<script: {name}>"))
    });
    each_string(&mut value, &mut |text| {
        const KEY: &str = "\"revision\": \"";
        let (before, rest) = text.split_once(KEY)?;
        let (digest, after) = rest.split_at_checked(16)?;
        digest.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| format!("{before}{KEY}<digest>{after}"))
    });
    serde_yaml_ng::to_string(&value).expect("YAML")
}

fn each_string(value: &mut Value, change: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| each_string(value, change)),
        Value::Object(object) => object.values_mut().for_each(|value| each_string(value, change)),
        _ => {}
    }
}
