//! `kubectl` as a child process.

use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::process;

/// How long the cluster may take for one question. kubectl and the plugins that log in have a limit of their own.
const TIMEOUT: &str = "--request-timeout=30s";
/// How much of what kubectl says is shown.
const SHOWN: usize = 300;

/// Leads to a cluster.
#[derive(Debug, Clone, Default)]
pub struct Kubectl {
    /// What every call begins with.
    arguments: Vec<OsString>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no such program.
    Absent,
    /// The user may not ask this.
    Forbidden(String),
    /// The cluster has no such kind of object.
    NoSuchKind,
    /// There is no such object.
    NotFound,
    /// In kubectl's own words.
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("kubectl is not in the PATH"),
            Self::NoSuchKind => f.write_str("the cluster does not know this kind"),
            Self::NotFound => f.write_str("there is none"),
            Self::Forbidden(said) | Self::Other(said) => f.write_str(said),
        }
    }
}

impl Kubectl {
    /// With kubectl's own options, where they are given.
    #[must_use]
    pub fn new(context: Option<&str>, kubeconfig: Option<&Path>) -> Self {
        let mut arguments = Vec::new();
        if let Some(context) = context {
            arguments.push(format!("--context={context}").into());
        }
        if let Some(file) = kubeconfig {
            let mut argument = OsString::from("--kubeconfig=");
            argument.push(file);
            arguments.push(argument);
        }
        Self { arguments }
    }

    /// The answer as JSON.
    pub(super) fn json(&self, arguments: &[&str]) -> Result<Value, Failure> {
        let output = self.run(arguments)?;
        if !output.status.success() {
            return Err(failure(&output.stderr));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::Other(format!("no JSON: {error}")))
    }

    /// All objects of a kind, in this namespace or in all.
    pub(super) fn list(&self, kind: &str, namespace: Option<&str>) -> Result<Vec<Value>, Failure> {
        let place = namespace.map_or_else(|| "--all-namespaces".to_owned(), |name| format!("--namespace={name}"));
        match self.json(&["get", kind, &place, "--output=json"])?.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Err(Failure::Other(format!("no list of {kind}"))),
        }
    }

    /// May this service account do that in every namespace?
    pub(super) fn may(&self, account: &str, verb: &str, resource: &str) -> Result<bool, Failure> {
        let account = format!("--as=system:serviceaccount:{account}");
        let output = self.run(&["auth", "can-i", verb, resource, &account, "--all-namespaces"])?;
        match String::from_utf8_lossy(&output.stdout).split_whitespace().next() {
            Some("yes") => Ok(true),
            // "no" may have a reason behind it
            Some("no") => Ok(false),
            _ => Err(failure(&output.stderr)),
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new("kubectl");
        // a plugin that logs in may ask its user something
        command.args(&self.arguments).args(arguments).arg(TIMEOUT).stdin(Stdio::inherit());
        process::output(&mut command, process::LIMIT).map_err(|failure| match failure {
            process::Failure::Io(error) if error.kind() == ErrorKind::NotFound => Failure::Absent,
            process::Failure::Io(error) => Failure::Other(format!("kubectl cannot be run: {error}")),
            process::Failure::Late(..) => Failure::Other(failure.to_string()),
        })
    }
}

/// What kubectl's words mean; it has one exit code for all of it.
fn failure(stderr: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(stderr);
    let said = said.trim();
    // the last line is the reason; before it there may be attempts, each with a time
    let last = said.lines().next_back().unwrap_or("it says nothing");
    let shown: String = last.chars().take(SHOWN).collect();
    if said.contains("(Forbidden)") || said.contains("is forbidden:") {
        Failure::Forbidden(shown)
    } else if said.contains("doesn't have a resource type") || said.contains("could not find the requested resource") {
        Failure::NoSuchKind
    } else if said.contains("(NotFound)") {
        Failure::NotFound
    } else {
        Failure::Other(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubectls_words_are_understood() {
        let forbidden = "Error from server (Forbidden): pods is forbidden: User \"u\" cannot list resource \"pods\" in API group \"\"";
        assert_eq!(failure(forbidden.as_bytes()), Failure::Forbidden(forbidden.to_owned()));
        let absent = b"error: the server doesn't have a resource type \"policyservers\"";
        assert_eq!(failure(absent), Failure::NoSuchKind);
        let none = b"Error from server (NotFound): policyservers.policies.kubewarden.io \"x\" not found";
        assert_eq!(failure(none), Failure::NotFound);
        let down = "E1126 17:00:00.0 1 memcache.go:265] couldn't get\nThe connection to the server x was refused\n";
        assert_eq!(failure(down.as_bytes()), Failure::Other("The connection to the server x was refused".to_owned()));
        assert_eq!(failure(b""), Failure::Other("it says nothing".to_owned()));
        assert_eq!(failure("x".repeat(1000).as_bytes()), Failure::Other("x".repeat(SHOWN)));
    }
}
