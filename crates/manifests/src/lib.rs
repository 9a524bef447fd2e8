//! Kubernetes manifests without a cluster: what they say, and what an API server and a policy server would make of
//! them.
//!
//! It is a crate of its own so that whoever judges manifests needs no WebAssembly machine for it: the policy's own
//! tests call its native function, and `preview`, the end-to-end tests and the benchmarks run the module.
//!
//! - [`yaml`] reads manifests with their places and writes them back with their comments;
//! - [`admission_request`] builds what the API server would send;
//! - [`Cluster`] answers the policy's look-ups, [`Manifests`] from other manifests;
//! - [`Response`] is what the policy answers.
#![forbid(unsafe_code)]

mod admission;
mod cluster;
mod response;
pub mod yaml;

pub use admission::admission_request;
pub use cluster::{Cluster, HostCall, Manifests, ObjectKey, Unreachable};
pub use response::{Response, SettingsResponse};
