//! What is needed every day: settings in each of their shapes, sources that have to be rendered, and checks in CI.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::command::{ACCEPTED, REJECTED, RULES, Ran, command, finish, run};
use mysql_replication_preview::cli::link;
use serde_json::Value;
use tempfile::TempDir;

const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: s3cr3t-pw}\n";

#[test]
fn settings_in_every_shape() {
    let policy = |kind: &str, settings: &str| {
        format!(
            "apiVersion: policies.kubewarden.io/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n  module: m\n{settings}"
        )
    };
    let role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n";
    for (text, is_good) in [
        ("x: 1\n".to_owned(), true),
        ("settings:\n  x: 1\n".to_owned(), true),
        ("settings:\n".to_owned(), true),
        (policy("ClusterAdmissionPolicy", "  settings: {x: 1}\n"), true),
        (policy("AdmissionPolicy", ""), true),
        (policy("ClusterAdmissionPolicy", "  settings: {x: 1}\n") + role, true),
        (policy("AdmissionPolicy", "") + "---\n" + &policy("AdmissionPolicy", "  settings: {}\n"), true),
        ("test-bad: 1\n".to_owned(), false),
        ("settings: {test-bad: 1}\n".to_owned(), false),
        (policy("ClusterAdmissionPolicy", "  settings: {test-bad: 1}\n") + role, false),
    ] {
        let ran = run(&[("a.yaml", ACCEPTED), ("s.yaml", &text)], &["--settings", "s.yaml", "a.yaml"]);
        assert_eq!(ran.code, if is_good { 0 } else { 2 }, "{text}: {}", ran.err);
        assert!(is_good || ran.err.contains("s.yaml: the policy refuses these settings: test-bad"), "{}", ran.err);
    }
    for (text, expected) in [
        (
            policy("AdmissionPolicy", "") + "---\n" + &policy("AdmissionPolicy", "  settings: {x: 1}\n"),
            "s.yaml: the policies x and x differ in `x`; give",
        ),
        (
            "rollout: warn\nsettings:\n  x: 1\n".to_owned(),
            "s.yaml:1: `rollout` is beside `settings:`. This is a chart's",
        ),
        (format!("x: 1\n---\n{ACCEPTED}"), "s.yaml: more than one document"),
        ("settings: [x]\n".to_owned(), "s.yaml: settings are a map"),
    ] {
        let ran = run(&[("a.yaml", ACCEPTED), ("s.yaml", &text)], &["--settings", "s.yaml", "a.yaml"]);
        assert_eq!(ran.code, 2, "{text}");
        assert!(ran.err.starts_with(&format!("error: {expected}")), "{}", ran.err);
    }
}

/// They are two, with the same settings.
#[test]
fn the_projects_own_policies_are_settings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(root.join("policy-metadata/cluster-admission-policy.yaml")).unwrap();
    let ran = run(&[("a.yaml", ACCEPTED), ("s.yaml", &text)], &["--settings", "s.yaml", "a.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let values = fs::read_to_string(root.join("charts/mysql-replication-policy/values.yaml")).unwrap();
    let ran = run(&[("a.yaml", ACCEPTED), ("s.yaml", &values)], &["--settings", "s.yaml", "a.yaml"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("a chart's values file"), "{}", ran.err);
}

/// A stand-in for the program that renders: it says which folder it was given.
fn renderer(folder: &Path, name: &str, script: &str) {
    let path = folder.join("bin").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn kustomizations(folder: &Path) {
    for (name, text) in [
        ("m/base/kustomization.yaml", "resources: [pod.yaml]\n"),
        ("m/base/pod.yaml", REJECTED),
        ("m/prod/kustomization.yml", "resources: [../base, ../shared.yaml]\ncomponents: [../part]\n"),
        ("m/part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"),
        ("m/shared.yaml", REJECTED),
        ("m/other.yaml", ACCEPTED),
    ] {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn with_path(folder: &Path, args: &[&str]) -> Ran {
    finish(command(folder).args(args).env("PATH", folder.join("bin")))
}

#[test]
fn a_kustomization_is_rendered() {
    const RENDERED: &str = "echo 'apiVersion: v1'; echo 'kind: Pod'; echo \"metadata: {name: '$1-$2'}\"";
    for program in ["kubectl", "kustomize"] {
        let folder = TempDir::new().unwrap();
        kustomizations(folder.path());
        renderer(folder.path(), program, RENDERED);
        let verb = if program == "kubectl" { "kustomize" } else { "build" };
        let ran = with_path(folder.path(), &["m"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        // the base, the component and the shared file are parts of the overlay
        assert!(ran.err.contains(&format!("m/prod (rendered):1: Pod default/{verb}-m/prod ACCEPTED")), "{}", ran.err);
        assert!(ran.err.contains("m/other.yaml:2: ConfigMap") && ran.err.ends_with("2 accepted\n"), "{}", ran.err);
        // a forge can open the file that says what is rendered, and nothing else of it
        let name = |output: &str| with_path(folder.path(), &["--output", output, "m/prod"]).out;
        assert!(name("github").contains("file=m/prod/kustomization.yml,line=1,"), "{}", name("github"));
        for output in ["sarif", "gitlab"] {
            let report = name(output);
            assert!(report.contains("\"m/prod/kustomization.yml\"") && !report.contains("rendered"), "{report}");
        }
        for path in ["m/base", "m/base/kustomization.yaml"] {
            let ran = with_path(folder.path(), &[path]);
            assert!(ran.err.contains(&format!("Pod default/{verb}-m/base ACCEPTED")), "{}", ran.err);
        }
    }
}

#[test]
fn a_kustomization_is_never_judged_by_its_parts() {
    let folder = TempDir::new().unwrap();
    kustomizations(folder.path());
    fs::create_dir(folder.path().join("bin")).unwrap();
    let ran = with_path(folder.path(), &["m"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("error: m/prod: a kustomization is judged by what it renders, and neither kubectl nor"));
    assert!(ran.err.contains("`kubectl kustomize m/prod | mysql-replication-preview -`"), "{}", ran.err);
    assert!(!ran.err.contains("m/base"), "{}", ran.err);
    renderer(folder.path(), "kubectl", "echo 'no such base' >&2; exit 1");
    let ran = with_path(folder.path(), &["m/prod"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: m/prod: `kubectl kustomize m/prod` fails: no such base"), "{}", ran.err);
    // nor from a pipe
    let text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n";
    let ran = finish(command(folder.path()).arg("-").write_stdin(text));
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: <stdin>:1:1: a kustomization is judged by what it renders"), "{}", ran.err);
}

#[test]
fn a_chart_is_answered_with_the_command() {
    let template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n";
    let files = [("c/Chart.yaml", "name: c\n"), ("c/templates/a.yaml", template), ("c/templates/b.yaml", REJECTED)];
    for path in ["c", "c/templates/a.yaml", "c/templates/b.yaml"] {
        let ran = run(&files, &[path]);
        assert_eq!(ran.code, 2, "{path}: {}", ran.err);
        let expected = "a Helm chart is judged by what it renders: `helm template c | mysql-replication-preview -`";
        assert!(ran.err.contains(expected), "{path}: {}", ran.err);
        assert!(!ran.err.contains("REJECTED"), "{}", ran.err);
    }
    let ran = run(&[("a.yaml", template)], &["a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: a.yaml:4:1: looks like a Helm template"), "{}", ran.err);
    assert!(ran.err.contains("`helm template CHART | mysql-replication-preview -`"), "{}", ran.err);
    // in quotes it is YAML
    for text in [
        "metadata: {name: test-reject, labels: {a: b}}\nspec:\n  x: [\"{{- include \\\"c.name\\\" . }}\"]\n",
        "metadata:\n  name: test-reject\nspec: {x: '{{ .Release.Name }}-db'}\n",
    ] {
        let text = format!("apiVersion: v1\nkind: Pod\n{text}");
        let ran = run(&[("a.yaml", &text)], &["a.yaml"]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.starts_with("error: a.yaml:5:1: looks like a Helm template"), "{}", ran.err);
        assert!(!ran.err.contains("REJECTED"), "{}", ran.err);
    }
    // braces alone are no template
    let fine = ACCEPTED.to_owned() + "data: {a: \"{{ .Values.x }}\"}\n";
    assert_eq!(run(&[("a.yaml", &fine)], &["a.yaml"]).code, 0);
}

#[test]
fn what_passes_through_is_not_in_the_json() {
    let ran = run(&[("a.yaml", SECRET), ("b.yaml", ACCEPTED)], &["--output", "json", "--diff", "a.yaml", "b.yaml"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!ran.out.contains("s3cr3t-pw"), "{}", ran.out);
    // nor around what changes
    let beside = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: test-mutate}}\n---\n{SECRET}");
    for (output, is_shown) in [("json", false), ("yaml", true)] {
        let ran = run(&[("a.yaml", &beside)], &["--output", output, "--diff", "a.yaml"]);
        assert!(ran.out.contains("@@"), "{}", ran.out);
        assert_eq!(ran.out.contains("kind: Secret"), is_shown, "{}", ran.out);
    }
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&report["objects"][0]["verdict"], &report["objects"][0]["name"]), (&"passed".into(), &"db".into()));
    assert_eq!(report["objects"][1]["object"]["metadata"]["name"], "mysql");
}

#[test]
fn a_rule_is_explained() {
    let ran = run(&[], &["--explain", "read-only-off"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("read-only-off\n"), "{}", ran.out);
    assert!(ran.out.ends_with(&(link("read-only-off") + "\n")), "{}", ran.out);
    let ran = run(&[], &["--explain", "read-only"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let expected = "error: there is no rule read-only; did you mean read-only-off? The rules are ";
    assert!(ran.err.starts_with(expected), "{}", ran.err);
    // as messages have it
    assert_eq!(run(&[], &["--explain", "[read-only-off]"]).code, 0);
    assert_eq!(run(&[("a.yaml", ACCEPTED)], &["--explain", "read-only-off", "a.yaml"]).code, 2);
}

#[test]
fn every_rule_that_is_broken_can_be_explained() {
    let ran = run(&RULES, &["--output", "json", "m"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    for violation in report["objects"][0]["violations"].as_array().unwrap() {
        let rule = violation["rule"].as_str().unwrap();
        assert_eq!(run(&[], &["--explain", rule]).code, 0, "{rule}");
    }
}

#[test]
fn gitlab_gets_an_issue_for_every_finding() {
    let ran = run(&RULES, &["--output", "gitlab", "m"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("Pod shop/test-rule REJECTED: 2 problems"), "the verdicts are for people: {}", ran.err);
    let issues: Value = serde_json::from_str(&ran.out).unwrap();
    let issues = issues.as_array().unwrap();
    let found: Vec<_> = issues
        .iter()
        .map(|issue| {
            let place = &issue["location"];
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                text(&issue["check_name"]),
                text(&place["path"]),
                place["lines"]["begin"].as_u64(),
                text(&issue["severity"]),
            )
        })
        .collect();
    let expect = |rule: &str, file: &str, line, severity: &str| {
        assert!(found.contains(&(rule.to_owned(), file.to_owned(), Some(line), severity.to_owned())), "{found:?}");
    };
    expect("host-network", "m/a.yaml", 7, "critical");
    expect("replica-writable", "m/b.yaml", 7, "critical");
    expect("service-port", "m/a.yaml", 1, "minor");
    assert!(issues[0]["description"].as_str().unwrap().contains(" fix: "), "{}", issues[0]);
    // where nothing was found the report is there all the same, and empty
    let ran = run(&[("a.yaml", SECRET)], &["--output", "gitlab", "a.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "[]\n"));
}

#[test]
fn warnings_fail_where_that_is_wanted() {
    // the guest warns of whatever it accepts
    assert_eq!(run(&[("a.yaml", ACCEPTED)], &["a.yaml"]).code, 0);
    for output in ["yaml", "json", "none", "github", "gitlab"] {
        let ran = run(&[("a.yaml", ACCEPTED)], &["--fail-on-warnings", "--output", output, "a.yaml"]);
        assert_eq!(ran.code, 1, "{output}: {}", ran.err);
    }
    // what is none of the policy's business has no warnings
    assert_eq!(run(&[("a.yaml", SECRET)], &["--fail-on-warnings", "a.yaml"]).code, 0);
    assert_eq!(run(&[("a.yaml", "kind: [x]\n")], &["--fail-on-warnings", "a.yaml"]).code, 2);
}
