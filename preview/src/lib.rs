//! Runs the MySQL replication policy on manifests, without a cluster and without a policy server.
//!
//! - [`Policy`] asks the module as the policy server does, and [`Interpreter`] runs it;
//! - what manifests say, and what look-ups find in them, is [`mysql_replication_manifests`], which is shown here too;
//! - [`Preview`] of [`mysql_replication_verdicts`] puts these together, and [`cli`] is the command.
#![forbid(unsafe_code)]

mod check;
pub mod cli;
pub mod host;
mod process;

pub use check::{Check, Kubectl, Level, Section, check};
pub use host::{Interpreter, embedded_policy};
pub use mysql_replication_host::{HostError, Policy};
pub use mysql_replication_manifests::{
    Cluster, HostCall, Manifests, ObjectKey, Response, SettingsResponse, Unreachable, admission_request, yaml,
};
pub use mysql_replication_verdicts::{
    Change, DocumentOutcome, Evaluator, Inject, ObjectOutcome, Place, Preview, Verdict, Violation,
};
