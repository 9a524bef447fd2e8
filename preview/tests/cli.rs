//! The command, with a small guest of which every answer is known.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::process::{Command as Process, Stdio};

use common::command::{ACCEPTED, REJECTED, RULES, command, finish, run};
use mysql_replication_preview::cli::link;
use serde_json::{Value, json};
use tempfile::TempDir;

const MUTATED: &str = "# keep\napiVersion: apps/v1\nkind: StatefulSet # set\nmetadata:\n  name: mysql\n  annotations:\n    a: 'test-mutate' # why\n";
const MUTATION: &str = "    b: |\n      set -e\n      echo\n";

/// What the policy has said is drawn; the verdicts go to standard error as ever.
#[test]
fn a_picture() {
    let ran = run(&[("a.yaml", ACCEPTED), ("b.yaml", REJECTED)], &["--output", "svg", "a.yaml", "b.yaml"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.starts_with("<svg ") && ran.out.trim_end().ends_with("</svg>"), "{}", ran.out);
    assert!(ran.out.contains("<style>") && ran.out.contains("Pod default/test-reject is refused"), "{}", ran.out);
    assert!(ran.err.contains("REJECTED"), "{}", ran.err);
    let ran = run(&[("a.yaml", ACCEPTED)], &["--output", "svg", "--diff", "a.yaml"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn accepted_comes_out_as_it_went_in() {
    let ran = run(&[("a.yaml", ACCEPTED)], &["a.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ACCEPTED));
    assert_eq!(ran.err, "a.yaml:2: ConfigMap default/mysql ACCEPTED\n    warning: watch out\n1 accepted\n");
}

#[test]
fn mutated_comes_out_changed_with_its_comments() {
    let ran = run(&[("a.yaml", MUTATED)], &["a.yaml"]);
    assert_eq!((ran.code, ran.out), (0, format!("{MUTATED}{MUTATION}")));
    assert!(
        ran.err.contains("a.yaml:2: StatefulSet default/mysql MUTATED\n    adds fields: metadata.annotations.b\n"),
        "{}",
        ran.err
    );
}

#[test]
fn rejected_is_left_out() {
    let ran = run(&[("a.yaml", &format!("{REJECTED}---\n{ACCEPTED}"))], &["a.yaml"]);
    assert_eq!((ran.code, ran.out), (1, format!("---\n{ACCEPTED}")));
    assert!(
        ran.err.contains("a.yaml:1: Pod default/test-reject REJECTED\n    MR001 spec.x: found y\n    fix: z\n"),
        "{}",
        ran.err
    );
}

#[test]
fn every_problem_has_its_place() {
    let ran = run(&RULES, &["m"]);
    let expected = "\
m/a.yaml:1: Pod shop/test-rule REJECTED: 2 problems
    m/a.yaml:7: [host-network] spec.hostNetwork: true
        why: shared
        fix: remove it
        see: LINKhost-network.md
    m/b.yaml:7: in ConfigMap shop/b: [replica-writable] data[\"slave.cnf\"] line 2: no \\u{1b} option
        why: open
        fix: write it
        see: LINKreplica-writable.md
    warning: [service-port] Service shop/gone spec.ports: no port
        see: LINKservice-port.md
    warning: m/a.yaml:3: [x] metadata.labels: none...
        see: LINKx.md
    warning: watch out
    audit: exempted-rules=\"x: by hand\" rejected-rules=host-network
";
    assert_eq!(ran.code, 1);
    assert!(ran.err.replace(link("").trim_end_matches(".md"), "LINK").starts_with(expected), "{}", ran.err);
    // Without the ConfigMap, its problem is shown all the same.
    let ran = run(&RULES, &["m/a.yaml"]);
    assert!(ran.err.contains("\n    in ConfigMap shop/b: [replica-writable] data"), "{}", ran.err);
    let coloured = run(&RULES, &["--color", "always", "m/a.yaml"]);
    assert!(
        coloured.err.contains("    \u{1b}[2mm/a.yaml:7:\u{1b}[0m \u{1b}[31m[host-network]\u{1b}[0m spec"),
        "{:?}",
        coloured.err
    );
    assert!(coloured.err.contains("\u{1b}[2maudit: "), "{:?}", coloured.err);
}

#[test]
fn places_for_machines() {
    let ran = run(&RULES, &["--output", "json", "m"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let pod = &report["objects"][0];
    assert_eq!(
        pod["violations"],
        json!([
            {
                "rule": "host-network", "file": "m/a.yaml", "line": 7, "path": "spec.hostNetwork",
                "found": "true", "why": "shared", "fix": "remove it", "link": link("host-network"),
            },
            {
                "rule": "replica-writable", "file": "m/b.yaml", "line": 7, "object": "ConfigMap shop/b",
                "path": "data[\"slave.cnf\"] line 2", "found": "no \u{1b} option", "why": "open", "fix": "write it",
                "link": link("replica-writable"),
            },
        ])
    );
    assert!(pod["message"].as_str().unwrap().starts_with("Pod shop/test-rule is rejected: 2 problems\n"));
    assert_eq!(pod["warnings"][2], "watch out");
    assert_eq!(pod["warningPlaces"], json!([null, {"file": "m/a.yaml", "line": 3}, null]));
    assert_eq!(pod["warningLinks"], json!([link("service-port"), link("x"), null]));
    assert_eq!(report["objects"][1]["violations"], json!([]));
    let ran = run(&RULES, &["--output", "json", "m/a.yaml"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let elsewhere = report["objects"][0]["violations"][1].as_object().unwrap();
    assert!(!elsewhere.contains_key("file") && !elsewhere.contains_key("line"), "{elsewhere:?}");
}

#[test]
fn several_files_are_one_stream() {
    let ran = run(&[("a.yaml", ACCEPTED), ("b.yaml", "a: 1")], &["a.yaml", "b.yaml"]);
    assert_eq!(ran.out, format!("{ACCEPTED}---\na: 1\n"));
}

#[test]
fn a_folder_is_read_in_order_and_in_depth() {
    let ran = run(
        &[
            ("m/b.yml", "kind: B\napiVersion: x/v1\n"),
            ("m/a.yaml", "kind: A\napiVersion: x/v1\n"),
            ("m/sub/c.json", "{\"kind\": \"C\", \"apiVersion\": \"x/v1\"}\n"),
            ("m/readme.md", "not: [yaml\n"),
        ],
        &["m"],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    let kinds: Vec<&str> = ran.out.lines().filter(|line| line.contains("ind")).collect();
    assert_eq!(kinds, ["kind: A", "kind: B", "{\"kind\": \"C\", \"apiVersion\": \"x/v1\"}"]);
    let ran = run(&[("m/readme.md", "x")], &["m"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: m: no .yaml, .yml or .json file is in this folder"));
}

#[test]
fn stdin_is_read_for_a_dash() {
    let folder = TempDir::new().unwrap();
    let ran = finish(command(folder.path()).arg("-").write_stdin(MUTATED));
    assert_eq!((ran.code, ran.out), (0, format!("{MUTATED}{MUTATION}")));
    assert!(ran.err.starts_with("<stdin>:2: "));
    let ran = finish(command(folder.path()).args(["-", "-"]).write_stdin(MUTATED));
    assert_eq!(ran.code, 2);
}

#[test]
fn unreadable_input_is_named_with_its_line() {
    for (text, expected) in [
        ("a: 1\nb:\n\tc: 2\n", "bad.yaml:3:2: not valid YAML: tabs"),
        ("kind: [a\n", "bad.yaml:"),
        ("a: 1\na: 2\n", "bad.yaml:2:1: the key `a` is here for the second time"),
        ("", "bad.yaml: is empty"),
        ("# only a comment\n---\n", "bad.yaml: is empty"),
        ("- a\n- b\n", "bad.yaml:1:1: the document is a list"),
        ("just text\n", "bad.yaml:1:1: the document is a single value"),
        ("a: &a [*a]\n", "bad.yaml:1:"),
    ] {
        let ran = run(&[("bad.yaml", text), ("good.yaml", ACCEPTED)], &["bad.yaml", "good.yaml"]);
        assert_eq!(ran.code, 2, "{text:?}: {}", ran.err);
        assert!(ran.err.contains(&format!("error: {expected}")), "{text:?}: {}", ran.err);
        // The good ones are evaluated all the same.
        assert!(ran.err.contains("good.yaml:2: ConfigMap default/mysql ACCEPTED"));
    }
    let ran = run(&[], &["absent.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: absent.yaml: cannot be read: "));
}

#[test]
fn unreadable_wins_over_rejected() {
    let ran = run(&[("a.yaml", &format!("{REJECTED}---\n- x\n"))], &["a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("REJECTED"));
}

#[test]
fn five_megabytes() {
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\ndata:\n");
    let mut line = 0;
    while text.len() < 5_000_000 {
        writeln!(text, "  k{line}: \"some value {line}\" # note").unwrap();
        line += 1;
    }
    let ran = run(&[("a.yaml", &text)], &["a.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out == text);
}

#[test]
fn a_brief_diff_has_short_lines() {
    let text = MUTATED.replace("kind:", &format!("long: {}\nkind:", "x".repeat(300)));
    let ran = run(&[("a.yaml", &text)], &["--diff", "a.yaml"]);
    assert!(ran.out.contains(&format!("-long: {}\n", "x".repeat(300))), "a program gets all of it: {}", ran.out);
    let ran = run(&[("a.yaml", &text)], &["--diff", "--brief", "a.yaml"]);
    assert!(ran.out.contains(&format!("-long: {}... [147 more letters]\n", "x".repeat(153))), "{}", ran.out);
}

#[test]
fn a_diff_has_the_lines_of_the_file() {
    let text = format!("{ACCEPTED}---\n{MUTATED}");
    let ran = run(&[("a.yaml", &text)], &["--diff", "a.yaml"]);
    assert_eq!(
        ran.out,
        "--- a.yaml\n+++ a.yaml (admitted)\n@@ -10,3 +10,6 @@\n   name: mysql\n   annotations:\n     a: 'test-mutate' # why\n+    b: |\n+      set -e\n+      echo\n"
    );
    assert_eq!(ran.code, 0);
    let ran = run(&[("a.yaml", ACCEPTED)], &["--diff", "a.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
}

#[test]
fn json_for_machines() {
    let text = format!("{REJECTED}---\n{MUTATED}---\nkind: [x]\n");
    let ran = run(&[("a.yaml", &text)], &["--output", "json", "--diff", "a.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (2, ""));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["exitCode"], 2);
    assert_eq!(report["objects"][0]["verdict"], "rejected");
    assert_eq!(report["objects"][0]["code"], 400);
    assert_eq!(report["objects"][0]["line"], 1);
    assert_eq!(report["objects"][1]["verdict"], "mutated");
    assert_eq!(report["objects"][1]["object"]["metadata"]["annotations"]["b"], "set -e\necho\n");
    assert_eq!(report["errors"][0]["line"], 13);
    assert!(report["diff"].as_str().unwrap().contains("+    b: |"));
}

#[test]
fn colours_only_where_wanted() {
    let files = [("a.yaml", REJECTED)];
    let coloured = run(&files, &["--color", "always", "a.yaml"]);
    assert!(coloured.err.contains("\u{1b}[31mREJECTED\u{1b}[0m"), "{:?}", coloured.err);
    for args in [["--color", "never", "a.yaml"].as_slice(), &["a.yaml"]] {
        assert!(!run(&files, args).err.contains('\u{1b}'));
    }
}

#[test]
fn messages_cannot_steer_the_terminal() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[2J\"}\n";
    let ran = run(&[("a.yaml", text)], &["a.yaml"]);
    assert!(ran.err.contains("a\\u{1b}[2J ACCEPTED"), "{}", ran.err);
}

#[test]
fn settings_are_checked_first() {
    let files = [
        ("a.yaml", ACCEPTED),
        ("good.yaml", "x: 1\n"),
        ("bad.json", "{\"test-bad\": true}\n"),
        ("list.yaml", "# s\n- x\n"),
        ("empty.yaml", "# s\n"),
        ("broken.yaml", "a: 1\nb: \"\n"),
    ];
    assert_eq!(run(&files, &["--settings", "good.yaml", "a.yaml"]).code, 0);
    for (file, expected) in [
        ("bad.json", "error: bad.json: the policy refuses these settings: test-bad is no setting"),
        ("list.yaml", "error: list.yaml:2: settings are a map"),
        ("empty.yaml", "error: empty.yaml: is empty"),
        ("broken.yaml", "error: broken.yaml:"),
        ("absent.yaml", "error: absent.yaml: the settings cannot be read"),
    ] {
        let ran = run(&files, &["--settings", file, "a.yaml"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{file}");
        assert!(ran.err.starts_with(expected), "{}", ran.err);
    }
}

#[test]
fn live_objects_make_updates() {
    let files = [("new.yaml", ACCEPTED), ("old/live.yaml", ACCEPTED)];
    let ran = run(&files, &["--old", "old", "new.yaml"]);
    assert!(ran.err.contains("ConfigMap default/mysql (update) ACCEPTED"), "{}", ran.err);
    let ran = run(&files, &["--old", "old", "--namespace", "db", "new.yaml"]);
    assert!(ran.err.contains("ConfigMap db/mysql (update) ACCEPTED"), "{}", ran.err);
}

#[test]
fn objects_that_are_there_twice_are_warned_of() {
    let ran = run(&[("a.yaml", ACCEPTED), ("b.yaml", ACCEPTED)], &["a.yaml", "b.yaml"]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("warning: b.yaml:2:1: ConfigMap default/mysql is at a.yaml:2 already"), "{}", ran.err);
}

#[test]
fn a_missing_policy_is_explained() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), ACCEPTED).unwrap();
    let mut command = command(folder.path());
    let ran = finish(command.arg("a.yaml").env("MYSQL_REPLICATION_POLICY", "nowhere.wasm"));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: no policy module at nowhere.wasm (from MYSQL_REPLICATION_POLICY)"));
    let ran = run(&[("a.yaml", ACCEPTED)], &["--policy", "a.yaml", "a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: a.yaml: not a WebAssembly policy"), "{}", ran.err);
}

#[test]
fn a_policy_in_the_folder_is_found() {
    if mysql_replication_preview::embedded_policy().is_some() {
        return; // it comes first
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), ACCEPTED).unwrap();
    fs::write(folder.path().join("policy.wasm"), common::guest()).unwrap();
    let mut command = command(folder.path());
    let ran = finish(command.arg("a.yaml").env_remove("MYSQL_REPLICATION_POLICY"));
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn bad_usage() {
    assert_eq!(run(&[], &[]).code, 2);
    assert_eq!(run(&[], &["--nonsense", "x"]).code, 2);
    for name in ["", "A", "a.b", "-a", &"a".repeat(64)] {
        let ran = run(&[("a.yaml", ACCEPTED)], &[&format!("--namespace={name}"), "a.yaml"]);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.err.starts_with("error: --namespace "), "{}", ran.err);
    }
    let help = run(&[], &["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.out.contains("Exit codes:"));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let folder = TempDir::new().unwrap();
    let text = format!("{REJECTED}---\n{ACCEPTED}{}", "# padding\n".repeat(100_000));
    fs::write(folder.path().join("a.yaml"), text).unwrap();
    let mut child = Process::new(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"))
        .arg("a.yaml")
        .current_dir(folder.path())
        .env("MYSQL_REPLICATION_POLICY", common::guest_file(folder.path()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("REJECTED") && !err.contains("panicked") && !err.contains("pipe"), "{err}");
}
