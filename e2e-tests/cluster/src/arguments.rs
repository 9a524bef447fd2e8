//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::step::{self, Step};

/// Does on a Kubernetes cluster what users do with kubectl, and looks what the policy makes of it.
///
/// It takes the cluster that kubectl takes, and changes it: it makes namespaces that begin with mysql-replication-e2e
/// (and vault, which an example names), takes the policy away and puts it back, and stops its policy server for a
/// while. Take a cluster that nobody else needs.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// A policy server that is started by hand, as the API server reaches it (https://...), instead of an installed
    /// Kubewarden. Its policies must be named as Kubewarden names them: clusterwide-mysql-replication and
    /// clusterwide-mysql-replication-workloads
    #[arg(long, value_name = "URL", requires = "policy_server_ca")]
    pub(crate) policy_server: Option<String>,
    /// The certificate of the authority that this policy server's certificate is from, as PEM
    #[arg(long, value_name = "FILE", requires = "policy_server")]
    pub(crate) policy_server_ca: Option<PathBuf>,
    /// Only these steps; those before them that they build on are not done by themselves
    #[arg(long, value_name = "NAME")]
    pub(crate) step: Vec<String>,
    /// A step that is skipped fails
    #[arg(long)]
    pub(crate) no_skips: bool,
    /// List the steps with their reasons, and do nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// Leave the namespaces as they are at the end, to look at them; the next run takes them away
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Arguments {
    /// The steps that are asked for, in their order.
    pub(crate) fn steps(&self) -> Result<Vec<&'static Step>, String> {
        let all = step::all();
        if let Some(unknown) = self.step.iter().find(|name| all.iter().all(|step| step.name != *name)) {
            let known: Vec<_> = all.iter().map(|step| step.name).collect();
            return Err(format!("there is no step {unknown}, but there are {}", known.join(", ")));
        }
        let is_asked = |step: &&Step| self.step.is_empty() || self.step.iter().any(|name| name == step.name);
        Ok(all.into_iter().filter(is_asked).collect())
    }
}
