//! What somebody sees who has a database, and has never met the policy.

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use assert_cmd::Command;
use common::command::{Ran, finish};
use serde_json::{Value, json};
use tempfile::TempDir;

const PLAIN: &str = "\
# the database
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: mysql
spec:
  serviceName: mysql
  replicas: 3
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
        - name: mysql
          image: mysql:8.0
          env:
            - name: MYSQL_ROOT_PASSWORD
              valueFrom: {secretKeyRef: {name: mysql, key: password}}
---
apiVersion: v1
kind: Service
metadata: {name: mysql}
spec: {clusterIP: None, selector: {app: mysql}, ports: [{port: 3306}]}
";

fn preview(program: &Path, text: &str, args: &[&str]) -> Ran {
    let mut command = Command::new(program);
    finish(command.args(args).arg("-").env("MYSQL_REPLICATION_POLICY", common::policy_wasm()).write_stdin(text))
}

fn run(text: &str, args: &[&str]) -> Ran {
    preview(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"), text, args)
}

#[test]
fn a_plain_database_of_several_pods_gets_a_hint() {
    let ran = run(PLAIN, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, PLAIN));
    assert!(ran.err.contains("\n    hint: nothing replicates these 3 pods"), "{}", ran.err);
    assert!(ran.err.contains("See with --inject what the annotation mysql-replication.kubewarden.io/inject"));
    let report: Value = serde_json::from_str(&run(PLAIN, &["--output", "json"]).out).unwrap();
    assert!(report["objects"][0]["hints"][0].as_str().unwrap().starts_with("nothing replicates these 3 pods"));
    let ran = run(PLAIN, &["--output", "github"]);
    assert!(ran.out.contains("::notice title=StatefulSet default/mysql::"), "{}", ran.out);
    for other in [
        PLAIN.replace("replicas: 3", "replicas: 1"),
        PLAIN.replace("mysql:8.0", "postgres:17"),
        PLAIN.replace(
            "  name: mysql\nspec",
            "  name: mysql\n  annotations: {mysql-replication.kubewarden.io/inject: \"false\"}\nspec",
        ),
    ] {
        assert!(!run(&other, &[]).err.contains("hint:"), "{other}");
    }
}

#[test]
fn it_is_injected_without_editing_the_file() {
    for (text, args) in [
        (PLAIN, &["--inject"][..]),
        (PLAIN, &["--inject=mysql"]),
        (&PLAIN.replace("replicas: 3", "replicas: 1"), &["--inject"]),
    ] {
        let ran = run(text, args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.err.contains("StatefulSet default/mysql (with the annotation) MUTATED"), "{}", ran.err);
        assert!(!ran.err.contains("hint:"), "{}", ran.err);
        assert!(ran.out.starts_with("# the database\n"), "comments are kept: {}", ran.out);
        assert!(ran.out.contains("mysql-replication.kubewarden.io/inject: \"true\"\n"), "{}", ran.out);
        assert!(ran.out.contains("- name: clone-mysql\n"), "{}", ran.out);
        // what comes out is what the annotation makes, by the annotation alone
        let again = run(&ran.out, &[]);
        assert_eq!((again.code, &again.out), (0, &ran.out), "{}", again.err);
    }
    let annotated = run(PLAIN, &["--inject"]).out;
    assert_eq!(run(&annotated, &["--inject"]).code, 0, "there is nothing left to do");
    let ran = run(PLAIN, &["--inject", "--diff"]);
    assert!(ran.out.contains("+    mysql-replication.kubewarden.io/inject: \"true\"\n"), "{}", ran.out);
}

#[test]
fn what_cannot_get_the_annotation_is_told() {
    for (text, args, expected) in [
        (
            PLAIN,
            "--inject=other",
            "error: --inject: no StatefulSet of the name other is among these documents; there is mysql\n",
        ),
        (
            &PLAIN.replace("mysql:8.0", "postgres:17"),
            "--inject",
            "error: --inject: no StatefulSet is injected: mysql runs no database that the policy knows\n",
        ),
        (
            &PLAIN.replace("image: mysql:8.0", "image: mysql:8.0\n          args: [--wsrep-on=ON]"),
            "--inject",
            "injected: mysql runs a database that something else replicates or manages; --inject=mysql tries it",
        ),
        (
            &PLAIN.replace(
                "  name: mysql\nspec",
                "  name: mysql\n  annotations: {mysql-replication.kubewarden.io/inject: \"false\"}\nspec",
            ),
            "--inject",
            "injected: mysql has the annotation inject: \"false\"; --inject=mysql tries it all the same",
        ),
        (
            &PLAIN.replace("kind: StatefulSet", "kind: Deployment"),
            "--inject",
            "error: --inject: Deployment mysql cannot be injected: it takes a StatefulSet",
        ),
        (
            &PLAIN.replace("kind: StatefulSet", "kind: Deployment"),
            "--inject=mysql",
            "error: --inject: Deployment mysql cannot be injected: it takes a StatefulSet",
        ),
        (
            &PLAIN.replace("replicas: 3", "replicas: @"),
            "--inject",
            "error: --inject: no StatefulSet is among what could be read\n",
        ),
        (
            PLAIN.split_once("---\n").unwrap().1,
            "--inject",
            "error: --inject: no StatefulSet is among these documents\n",
        ),
    ] {
        let ran = run(text, &[args]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
    // with a blank it is a path
    let ran = run(PLAIN, &["--inject", "mysql"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there is no file mysql; a StatefulSet of that name is meant by --inject=mysql"));
    // one that is named is judged by the policy, whatever its image
    let ran = run(&PLAIN.replace("mysql:8.0", "postgres:17"), &["--inject=mysql"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
}

#[test]
fn what_is_added_is_told_in_a_few_lines() {
    let ran = run(PLAIN, &["--inject"]);
    for line in [
        "    adds init containers: init-mysql (mysql:8.0), clone-mysql (percona/percona-xtrabackup:8.0)\n",
        "    adds containers: xtrabackup (percona/percona-xtrabackup:8.0)\n",
        "    adds volume claims: data (10Gi)\n",
        "    adds ports: 3306 of mysql, 3307 of xtrabackup\n",
        "CPU and 256Mi memory for clone-mysql",
        "    mysql-0 is the primary: write there; the other pods are replicas, for reading\n",
    ] {
        assert!(ran.err.contains(line), "no {line:?} in {}", ran.err);
    }
    assert!(ran.err.lines().count() < 16, "{}", ran.err);
    let report: Value = serde_json::from_str(&run(PLAIN, &["--inject", "--output", "json"]).out).unwrap();
    let object = &report["objects"][0];
    assert_eq!(object["annotated"], true);
    let ports = object["changes"].as_array().unwrap().iter().find(|change| change["what"] == "ports");
    assert_eq!(ports.unwrap()["added"], json!(["3306 of mysql", "3307 of xtrabackup"]));
}

/// `script` gives the command a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_not_flooded() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: mysql}\nstringData: {password: s3cr3t-pw}\n";
    fs::write(folder.path().join("a.yaml"), format!("{PLAIN}---\n{secret}")).unwrap();
    let program = assert_cmd::cargo::cargo_bin!("mysql-replication-preview").display().to_string();
    let on_terminal_of = |size: &str, args: &str| {
        let mut command = Command::new("script");
        command.current_dir(folder.path()).args(["--quiet", "--return", "--command"]);
        let line = format!("stty {size}; TERM=dumb '{program}' --inject {args} a.yaml");
        let ran = finish(command.arg(line).arg("/dev/null").env("MYSQL_REPLICATION_POLICY", common::policy_wasm()));
        assert_eq!(ran.code, 0, "{}", ran.out);
        ran.out.replace('\r', "")
    };
    let on_terminal = |args: &str| on_terminal_of("cols 60 rows 20", args);
    let short = on_terminal("");
    assert!(short.contains("more letters]") && short.contains("\non a terminal what is changed is shown,"), "{short}");
    // what is not changed is not shown
    assert!(!short.contains("kind: Service") && !short.contains("s3cr3t-pw"), "{short}");
    let verdicts = short.split_once("a.yaml:2: ").unwrap().1;
    let fits = |line: &str| line.chars().count() <= 60 || !line.trim().contains(' ');
    assert!(verdicts.lines().all(fits), "{verdicts}");
    assert!(verdicts.contains("adds containers: xtrabackup\n        (percona/percona-xtrabackup:8.0)\n"), "{verdicts}");
    let whole = on_terminal("--output yaml");
    assert!(!whole.contains("more letters]") && !whole.contains("shortened"), "{whole}");
    assert!(whole.contains("kind: Service"), "{whole}");
    // one that tells no size has 80 columns, and a narrow one its own
    for (size, width) in [("cols 0 rows 0", 80), ("cols 30 rows 10", 30)] {
        let verdicts = on_terminal_of(size, "--output none");
        let fits = |line: &str| line.chars().count() <= width || !line.trim().contains(' ');
        assert!(verdicts.lines().count() > 15 && verdicts.lines().all(fits), "{size}: {verdicts}");
    }
    // many are told of, and not shown
    for index in 0..4 {
        fs::write(
            folder.path().join(format!("{index}.yaml")),
            PLAIN.replace("name: mysql", &format!("name: m{index}")),
        )
        .unwrap();
    }
    let many = on_terminal_of("cols 100 rows 40", "0.yaml 1.yaml 2.yaml 3.yaml");
    assert!(many.contains("\non a terminal so many manifests are left out; "), "{many}");
    assert!(many.lines().count() < 100, "{many}");
}

#[test]
fn as_a_plugin_of_kubectl() {
    let folder = TempDir::new().unwrap();
    let plugin = folder.path().join("kubectl-mysql_replication");
    symlink(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"), &plugin).unwrap();
    let ran = preview(&plugin, PLAIN, &["preview", "--output", "none"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (program, name) in [
        (plugin.as_path(), "kubectl mysql-replication"),
        (assert_cmd::cargo::cargo_bin!("mysql-replication-preview"), "mysql-replication-preview"),
    ] {
        let help = finish(Command::new(program).args(["check", "-h"])).out;
        assert!(help.contains(&format!("\nUsage: {name} check [OPTIONS]\n")), "{help}");
    }
    // under its own name, it is a path like any other
    assert_eq!(run(PLAIN, &["preview", "--output", "none"]).code, 2);
}
