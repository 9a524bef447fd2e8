//! Runs the MySQL replication policy on manifests, without a cluster and without a policy server.
//!
//! The crate is the project's one WebAssembly host: the command `preview`, the end-to-end tests and the benchmarks
//! use it.
//!
//! - [`Policy`] runs the module as the policy server does;
//! - [`Cluster`] answers the policy's look-ups, [`Manifests`] from other manifests;
//! - [`admission_request`] builds what the API server would send;
//! - [`yaml`] reads manifests with their places and writes them back with their comments;
//! - [`Preview`] puts these together, and [`cli`] is the command.
#![forbid(unsafe_code)]

mod admission;
pub mod cli;
pub mod cluster;
pub mod host;
mod preview;
pub mod yaml;

pub use admission::admission_request;
pub use cluster::{Cluster, HostCall, Manifests, ObjectKey, Unreachable};
pub use host::{HostError, Instance, Policy, Response, SettingsResponse, embedded_policy};
pub use preview::{DocumentOutcome, Evaluator, ObjectOutcome, Place, Preview, Verdict, Violation};
