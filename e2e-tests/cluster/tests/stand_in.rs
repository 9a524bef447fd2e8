//! The program against a stand-in for kubectl: what it asks for, what it makes, and how it counts. The cluster itself
//! is what nobody stands in for.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// Answers as a cluster without nodes and controllers, whose one `StatefulSet` is injected and never changes. Writes
/// down what it is called with, and what it is handed.
const KUBECTL: &str = r#"#!/bin/sh
here=${0%/*}
echo "$*" >>"$here/calls"
case "$*" in
    *--filename=-*) cat >>"$here/handed"; echo >>"$here/handed" ;;
esac
case "$*" in
    version*) echo '{"serverVersion": {"gitVersion": "v0.0.0-stand-in"}}' ;;
    "get clusteradmissionpolicy"*) echo 'error: no such resource' >&2; exit 1 ;;
    create\ --dry-run=server*|"get statefulset "*) cat "$here/set" ;;
    get*) echo '{"items": []}' ;;
esac
"#;

const SET: &str = r#"{
    "metadata": {"generation": 1, "annotations": {"mysql-replication.kubewarden.io/status": "{}"}},
    "spec": {"template": {"spec": {
        "initContainers": [{"name": "init-mysql"}, {"name": "clone-mysql"}],
        "containers": [{"name": "xtrabackup"}]
    }}}
}"#;

struct StandIn {
    folder: TempDir,
}

impl StandIn {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        write("kubectl", KUBECTL);
        write("set", SET);
        write("ca.crt", "PEM");
        let kubectl = folder.path().join("kubectl");
        fs::set_permissions(kubectl, fs::Permissions::from_mode(0o755)).expect("a program");
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", self.folder.path().display(), env::var("PATH").expect("a PATH"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_e2e-cluster"));
        command.args(arguments).env("PATH", path).output().expect("the program")
    }

    /// The same, with a policy server that was started by hand.
    fn run_by_hand(&self, arguments: &[&str]) -> Output {
        let ca = self.folder.path().join("ca.crt").display().to_string();
        let by_hand = ["--policy-server", "https://127.0.0.1:3000", "--policy-server-ca", ca.as_str()];
        self.run(&[by_hand.as_slice(), arguments].concat())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_steps_are_listed_without_a_cluster() {
    let stand_in = StandIn::new();
    let output = stand_in.run(&["--list"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let list = stdout(&output);
    for step in ["file-order", "two-managers", "server-away", "policy-upgrade", "comes-up"] {
        assert!(list.lines().any(|line| line.starts_with(step)), "{step}: {list}");
    }
    assert_eq!(stand_in.read("calls"), "");
}

#[test]
fn what_cannot_be_is_told_before_anything_is_changed() {
    let stand_in = StandIn::new();
    for (arguments, wanted) in [
        (&["--step", "nonsense"][..], "there is no step nonsense, but there are file-order, "),
        (&["--policy-server", "https://127.0.0.1:3000"], "--policy-server-ca <FILE>"),
        (&[], "no such resource; install the policies, or name a policy server"),
    ] {
        let output = stand_in.run(arguments);
        assert!(!output.status.success() && stderr(&output).contains(wanted), "{arguments:?}: {}", stderr(&output));
    }
    for call in stand_in.read("calls").lines() {
        assert!(call.starts_with("version") || call.starts_with("get "), "{call}");
    }
}

#[test]
fn the_api_server_is_told_whom_to_ask_and_asks_nobody_at_the_end() {
    let stand_in = StandIn::new();
    let output = stand_in.run_by_hand(&["--step", "replace"]);
    let said = stdout(&output);
    assert!(output.status.success() && said.ends_with("\n1 passed, 0 failed, 0 skipped\n"), "{said}");
    let handed = stand_in.read("handed");
    let handed: Vec<Value> = handed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let kinds: Vec<_> = handed.iter().filter_map(|object| object["kind"].as_str()).collect();
    assert_eq!(kinds, ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "Namespace", "ResourceQuota"]);
    let calls = stand_in.read("calls");
    let last = calls.lines().last().unwrap_or_default();
    assert!(last.starts_with("delete mutatingwebhookconfigurations,validatingwebhookconfigurations"), "{calls}");
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/mariadb/statefulset.yaml").is_file());
    assert!(
        calls.contains("replace --namespace=mysql-replication-e2e-replace --filename=examples/mariadb/"),
        "{calls}"
    );
}

#[test]
fn what_is_missing_is_skipped_aloud_and_what_is_wrong_fails() {
    let stand_in = StandIn::new();
    let output = stand_in.run_by_hand(&["--step", "comes-up", "--step", "label"]);
    let said = stdout(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("SKIPPED comes-up (0 s): the cluster has no node that is Ready\n"), "{said}");
    assert!(said.contains("FAILED  label"), "{said}");
    assert!(said.ends_with("\n0 passed, 1 failed, 1 skipped\n"), "{said}");

    let output = stand_in.run_by_hand(&["--step", "comes-up", "--no-skips"]);
    let said = stdout(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("nothing is to be skipped: the cluster has no node"), "{said}");
}
