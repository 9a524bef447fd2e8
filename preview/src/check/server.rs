//! The policy server: is it there, is it up, and may it look up what the policy looks up?

use serde_json::Value;

use super::kubectl::{Failure, Kubectl};
use super::policies::{Injector, LOOKED_UP};
use super::{Checks, Section, version};

/// The label of its Deployment, with its name (kubewarden-controller, `PolicyServerLabelKey`).
const LABEL: &str = "kubewarden/policy-server";
/// The first version that gives the policy only the fields that it asks for; as `policy-metadata/metadata.yml` says.
const AT_LEAST: (u32, u32) = (1, 33);
const VERBS: [&str; 3] = ["get", "list", "watch"];

/// Checks the policy server that runs the injecting policy.
pub(super) fn check(kubectl: &Kubectl, injector: &Injector, checks: &mut Checks) {
    checks.section(Section::Server);
    let name = injector.server();
    let server = match kubectl.json(&["get", "policyservers.policies.kubewarden.io", name, "--output=json"]) {
        Ok(server) => {
            checks.ok("server-there", format!("PolicyServer {name} is there, and runs {}", injector.label));
            server
        }
        Err(Failure::NotFound) => {
            let hint = "install the chart admission-controller, or name another one in spec.policyServer";
            checks.bad(
                "server-there",
                format!("there is no PolicyServer {name}, which {} names", injector.label),
                hint,
            );
            return;
        }
        Err(failure) => {
            checks.failed("server-there", format!("PolicyServer {name}"), &failure);
            Value::Null
        }
    };
    let selector = format!("--selector={LABEL}={name}");
    let deployments = kubectl
        .json(&["get", "deployments.apps", "--all-namespaces", &selector, "--output=json"])
        .map(|mut list| list.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default());
    let deployment = match deployments {
        Ok(deployments) => {
            let deployment = deployments.into_iter().next();
            is_up(name, deployment.as_ref(), checks);
            deployment.unwrap_or_default()
        }
        Err(failure) => {
            checks.failed("server-up", format!("the Deployment of PolicyServer {name}"), &failure);
            Value::Null
        }
    };
    if server.is_null() && deployment.is_null() {
        return;
    }
    let namespace = deployment["metadata"]["namespace"].as_str().unwrap_or("kubewarden");
    let account =
        [&server["spec"]["serviceAccountName"], &deployment["spec"]["template"]["spec"]["serviceAccountName"]]
            .into_iter()
            .find_map(|name| name.as_str().filter(|name| !name.is_empty()))
            .unwrap_or("default");
    rights(kubectl, &format!("{namespace}:{account}"), checks);
}

fn is_up(name: &str, deployment: Option<&Value>, checks: &mut Checks) {
    let Some(deployment) = deployment else {
        checks.bad(
            "server-up",
            format!("PolicyServer {name} has no Deployment"),
            "Kubewarden's controller makes it: is the controller running?",
        );
        return;
    };
    let wanted = deployment["spec"]["replicas"].as_u64().unwrap_or(1);
    let ready = deployment["status"]["readyReplicas"].as_u64().unwrap_or(0);
    let namespace = deployment["metadata"]["namespace"].as_str().unwrap_or_default();
    let logs = format!("`kubectl logs -n {namespace} -l {LABEL}={name}` says why");
    match ready {
        0 => checks.bad("server-up", format!("no Pod of PolicyServer {name} is Ready: nobody answers for it"), logs),
        _ if ready < wanted => {
            checks.warning("server-up", format!("{ready} of {wanted} Pods of PolicyServer {name} are Ready"), logs);
        }
        _ => checks.ok("server-up", format!("{ready} of {wanted} Pods of PolicyServer {name} are Ready")),
    }
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array().map(Vec::as_slice);
    let images = containers.unwrap_or_default().iter().filter_map(|container| container["image"].as_str());
    let found = images.filter_map(version::of_image).find_map(|tag| Some((tag, version::numbers(tag)?)));
    let (major, minor) = AT_LEAST;
    match found {
        Some((tag, numbers)) if numbers >= AT_LEAST => {
            checks.ok("server-version", format!("the policy server is version {tag}; {major}.{minor} is enough"));
        }
        Some((tag, _)) => checks.bad(
            "server-version",
            format!("the policy server is version {tag}, and the policy needs {major}.{minor}"),
            "upgrade Kubewarden",
        ),
        None => checks.warning(
            "server-version",
            "the policy server's image does not tell its version",
            format!("the policy needs {major}.{minor} of Kubewarden"),
        ),
    }
}

/// A list that is not permitted is waited for until the request times out, so all of them are asked for.
fn rights(kubectl: &Kubectl, account: &str, checks: &mut Checks) {
    let mut lacking = Vec::new();
    for (api_version, kind) in LOOKED_UP {
        let group = api_version.split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        let resource = format!("{}s{group}", kind.to_lowercase());
        for verb in VERBS {
            match kubectl.may(account, verb, &resource) {
                Ok(true) => {}
                Ok(false) => lacking.push(format!("{verb} {resource}")),
                Err(failure) => {
                    checks.unknown(
                        "server-rights",
                        format!("what the service account {account} may do could not be asked: {failure}"),
                        "it takes the right to impersonate it, as a cluster's administrator has",
                    );
                    return;
                }
            }
        }
    }
    if lacking.is_empty() {
        let message = format!("the service account {account} may look up Services, ConfigMaps and StatefulSets");
        checks.ok("server-rights", message);
    } else {
        checks.bad(
            "server-rights",
            format!("the service account {account} may not {}", lacking.join(", ")),
            "give it policy-metadata/rbac.yaml; the chart does with `rbac.create`",
        );
    }
}
