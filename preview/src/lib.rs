//! Runs the MySQL replication policy on manifests, without a cluster and without a policy server.
//!
//! The crate is the project's one WebAssembly host: the command `preview`, the end-to-end tests and the benchmarks
//! use it.
//!
//! - [`Policy`] runs the module as the policy server does;
//! - what manifests say, and what look-ups find in them, is [`mysql_replication_manifests`], which is shown here too;
//! - [`Preview`] puts these together, and [`cli`] is the command.
#![forbid(unsafe_code)]

pub mod cli;
pub mod host;
mod preview;

pub use host::{HostError, Instance, Policy, embedded_policy};
pub use mysql_replication_manifests::{
    Cluster, HostCall, Manifests, ObjectKey, Response, SettingsResponse, Unreachable, admission_request, yaml,
};
pub use preview::{DocumentOutcome, Evaluator, ObjectOutcome, Place, Preview, Verdict, Violation};
