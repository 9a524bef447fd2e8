//! What `check` finds out about a live cluster: is the policy there and at work, and are the databases as it leaves
//! them?
//!
//! It is asked through `kubectl`, as a program of its own: so every way to log in works that works for its user.
//! Secrets are never asked for, and values of variables are never shown.

mod checks;
mod databases;
mod kubectl;
mod pods;
mod policies;
mod selector;
mod server;
mod version;

use mysql_replication_host::Policy;
use serde_json::json;

use crate::cli::page;
use checks::Checks;
pub use checks::{Check, Level, Section};
use databases::Databases;
use kubectl::Failure;
pub use kubectl::Kubectl;

/// The page of the documentation that explains every check, by its id.
const PAGE: &str = "check";

/// Checks the cluster that `kubectl` leads to; of the databases only those in `namespace`, if one is given.
///
/// What could not be found out is in the answer, too.
#[must_use]
pub fn check(kubectl: &Kubectl, policy: &Policy, namespace: Option<&str>) -> Vec<Check> {
    let mut checks = Checks::default();
    let is_reached = reach(kubectl, &mut checks);
    if is_reached {
        let injector = policies::check(kubectl, policy, &mut checks);
        if let Some(injector) = &injector {
            server::check(kubectl, injector, &mut checks);
        }
        let settings = injector.as_ref().map_or_else(|| json!({}), policies::Injector::settings);
        Databases { kubectl, policy, settings, injector: injector.as_ref() }.check(namespace, &mut checks);
    }
    checks.finish()
}

/// Is there a cluster at all?
fn reach(kubectl: &Kubectl, checks: &mut Checks) -> bool {
    checks.section(Section::Cluster);
    match kubectl.json(&["get", "--raw", "/version"]) {
        Ok(version) => {
            let version = version["gitVersion"].as_str().unwrap_or("of an unknown version");
            checks.ok("cluster", format!("kubectl reaches a cluster, Kubernetes {version}"));
            true
        }
        Err(Failure::Absent) => {
            checks.unknown(
                "kubectl",
                "kubectl is not in the PATH",
                "install it, for it knows how to log in to your cluster: https://kubernetes.io/docs/tasks/tools",
            );
            false
        }
        // whoever may not ask for the version may still ask for the rest
        Err(Failure::Forbidden(_)) => {
            checks.ok("cluster", "kubectl reaches a cluster".to_owned());
            true
        }
        Err(failure) => {
            checks.unknown(
                "cluster",
                format!("kubectl reaches no cluster: {failure}"),
                "--context and --kubeconfig name another one; `kubectl config get-contexts` lists them",
            );
            false
        }
    }
}

/// The address of what the documentation says of a check.
fn link(id: &str) -> String {
    page(&format!("docs/{PAGE}.md"), id)
}
