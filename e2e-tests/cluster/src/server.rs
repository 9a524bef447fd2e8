//! How the API server comes to ask the policy: by an installed Kubewarden, or by a policy server that somebody started.

use std::{fs, path::Path};

use mysql_replication_manifests::yaml;
use serde_json::{Value, json};

use crate::{
    kubectl::Kubectl,
    webhooks::{self, Address},
};

/// The policies, as the chart and `policy-metadata` name them.
const POLICIES: [&str; 2] = ["mysql-replication", "mysql-replication-workloads"];
/// Where nobody listens: what is sent there is refused at once, as by a policy server that is not there.
const NOBODY: &str = "https://127.0.0.1:1";

/// Who answers the API server.
#[derive(Debug)]
pub(crate) enum Server {
    /// Kubewarden's controller, with the policies installed.
    Kubewarden {
        /// As they were found, to install them again.
        policies: Vec<Value>,
        /// The policy server that they name, and how many of it there were.
        name: String,
        replicas: i64,
    },
    /// A policy server by itself, with the policies of `policy-metadata`.
    ByHand { policies: Vec<Value>, address: Address },
}

impl Server {
    /// The policies that are installed, and the policy server that they name.
    ///
    /// # Errors
    /// Where they are not installed.
    pub(crate) fn of_kubewarden(kubectl: &Kubectl<'_>) -> Result<Self, String> {
        let mut policies = Vec::new();
        for name in POLICIES {
            let found = kubectl.json(&format!("get clusteradmissionpolicy {name}"));
            let found = found.map_err(|error| format!("{error}; install the policies, or name a policy server"))?;
            policies.push(without_state(found));
        }
        let name = policies[0]["spec"]["policyServer"].as_str().unwrap_or("default").to_owned();
        let replicas = kubectl.json(&format!("get policyserver {name}"))?["spec"]["replicas"].as_i64();
        let replicas = replicas.filter(|replicas| *replicas > 0).unwrap_or(1);
        Ok(Self::Kubewarden { policies, name, replicas })
    }

    /// A policy server at an address, and the policies of the repository.
    ///
    /// # Errors
    /// Where the authority's certificate or the policies cannot be read.
    pub(crate) fn by_hand(root: &Path, url: &str, ca: &Path) -> Result<Self, String> {
        let ca = fs::read_to_string(ca).map_err(|error| format!("{}: {error}", ca.display()))?;
        let name = "policy-metadata/cluster-admission-policy.yaml";
        let bytes = fs::read(root.join(name)).map_err(|error| format!("{name}: {error}"))?;
        let reading = yaml::read(name, &bytes);
        if let Some(error) = reading.errors.first() {
            return Err(error.to_string());
        }
        let policies = reading.documents.iter().map(|document| document.value().clone()).collect();
        Ok(Self::ByHand { policies, address: Address { url: url.to_owned(), ca } })
    }

    /// Has the API server ask the policy.
    pub(crate) fn install(&self, kubectl: &Kubectl<'_>) -> Result<(), String> {
        match self {
            Self::Kubewarden { policies, .. } => policies.iter().try_for_each(|policy| apply(kubectl, policy)),
            Self::ByHand { policies, address } => {
                policies.iter().try_for_each(|policy| apply(kubectl, &webhooks::configuration(policy, address)?))
            }
        }
    }

    /// Has the API server ask nobody any more, as before there was the policy.
    pub(crate) fn uninstall(&self, kubectl: &Kubectl<'_>) -> Result<(), String> {
        let names = POLICIES.join(" ");
        let words = match self {
            Self::Kubewarden { .. } => format!("delete clusteradmissionpolicy {names}"),
            Self::ByHand { .. } => "delete mutatingwebhookconfigurations,validatingwebhookconfigurations \
                 --selector=app.kubernetes.io/part-of=mysql-replication-e2e"
                .to_owned(),
        };
        kubectl.run(&words).map(drop)
    }

    /// Takes the policy server away, while the API server asks it.
    pub(crate) fn away(&self, kubectl: &Kubectl<'_>) -> Result<(), String> {
        match self {
            Self::Kubewarden { name, .. } => scale(kubectl, name, 0),
            Self::ByHand { policies, address } => {
                let nowhere = Address { url: NOBODY.to_owned(), ca: address.ca.clone() };
                policies.iter().try_for_each(|policy| apply(kubectl, &webhooks::configuration(policy, &nowhere)?))
            }
        }
    }

    /// Puts it back.
    pub(crate) fn back(&self, kubectl: &Kubectl<'_>) -> Result<(), String> {
        match self {
            Self::Kubewarden { name, replicas, .. } => scale(kubectl, name, *replicas),
            Self::ByHand { .. } => self.install(kubectl),
        }
    }

    /// Leaves the cluster as it was found.
    pub(crate) fn leave(&self, kubectl: &Kubectl<'_>) -> Result<(), String> {
        match self {
            Self::Kubewarden { .. } => Ok(()),
            Self::ByHand { .. } => self.uninstall(kubectl),
        }
    }
}

fn apply(kubectl: &Kubectl<'_>, object: &Value) -> Result<(), String> {
    kubectl.run_with("apply --filename=-", &[], Some(&object.to_string())).map(drop)
}

fn scale(kubectl: &Kubectl<'_>, policy_server: &str, replicas: i64) -> Result<(), String> {
    let patch = json!({"spec": {"replicas": replicas}}).to_string();
    kubectl.run_with(&format!("patch policyserver {policy_server} --type=merge"), &["--patch", &patch], None).map(drop)
}

/// An object as somebody would write it who wants to have it again.
fn without_state(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|key, _| ["name", "labels", "annotations"].contains(&key.as_str()));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_adds_is_not_written_back() {
        let found = json!({
            "kind": "ClusterAdmissionPolicy",
            "metadata": {"name": "x", "uid": "1", "resourceVersion": "2", "finalizers": ["y"], "labels": {"a": "b"}},
            "spec": {"mutating": true},
            "status": {"policyStatus": "active"},
        });
        let wanted = json!({
            "kind": "ClusterAdmissionPolicy",
            "metadata": {"name": "x", "labels": {"a": "b"}},
            "spec": {"mutating": true},
        });
        assert_eq!(without_state(found), wanted);
    }
}
