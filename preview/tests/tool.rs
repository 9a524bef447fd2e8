//! The command as a tool: its formats for CI, its help, its place in pipes, and where it finds its module.

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use common::command::{ACCEPTED, REJECTED, RULES, Ran, command, finish, run};
use mysql_replication_preview::cli::link;
use mysql_replication_preview::{embedded_policy, yaml};
use serde_json::{Value, json};
use tempfile::TempDir;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn sarif(ran: &Ran) -> Value {
    let log: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out));
    check_sarif(&log, ran.code);
    log
}

fn keys<'v>(value: &'v Value, required: &[&str], allowed: &[&str]) -> &'v Value {
    let map = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    for key in required {
        assert!(map.contains_key(*key), "no {key} in {value}");
    }
    for key in map.keys() {
        assert!(required.contains(&key.as_str()) || allowed.contains(&key.as_str()), "unknown {key} in {value}");
    }
    value
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn check_message(message: &Value) {
    let text = keys(message, &["text"], &[])["text"].as_str().unwrap();
    assert!(!text.is_empty());
    let rest = text.replace("{{", "").replace("}}", "");
    assert!(!rest.contains(['{', '}']), "a placeholder without arguments: {text}");
}

fn check_location(location: &Value) {
    keys(location, &["physicalLocation"], &["logicalLocations", "message"]);
    let place = keys(&location["physicalLocation"], &["artifactLocation"], &["region"]);
    let uri = keys(&place["artifactLocation"], &["uri"], &["uriBaseId"])["uri"].as_str().unwrap();
    let in_a_uri = |c: char| c.is_ascii_alphanumeric() || "-._~/%:".contains(c);
    assert!(!uri.is_empty() && uri.chars().all(in_a_uri), "{uri}");
    assert!(uri.starts_with("file:///") || !uri.contains(':'), "{uri}");
    if let Some(region) = place.get("region") {
        let region = keys(region, &["startLine"], &["startColumn"]).as_object().unwrap();
        assert!(region.values().all(|number| number.as_u64().is_some_and(|number| number > 0)), "{region:?}");
    }
    for logical in location.get("logicalLocations").map(items).unwrap_or_default() {
        assert!(
            keys(logical, &["fullyQualifiedName", "kind"], &[]).as_object().unwrap().values().all(Value::is_string)
        );
    }
    if let Some(message) = location.get("message") {
        check_message(message);
    }
}

/// What the schema of SARIF 2.1.0 asks of the parts that are used here; it allows no other names in them.
fn check_sarif(log: &Value, exit_code: i32) {
    keys(log, &["$schema", "version", "runs"], &[]);
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-2.1.0.json"));
    let [run] = items(&log["runs"]) else { panic!("one run") };
    keys(run, &["tool", "results", "invocations", "originalUriBaseIds"], &[]);
    let driver = keys(keys(&run["tool"], &["driver"], &[]), &["driver"], &[])["driver"].clone();
    keys(&driver, &["name", "version", "semanticVersion", "rules"], &["fullName", "informationUri"]);
    let rules = items(&driver["rules"]);
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len(), "ids are unique");
    for rule in rules {
        keys(rule, &["id", "shortDescription", "fullDescription", "help"], &["helpUri"]);
        let uri = rule.get("helpUri").map(|uri| uri.as_str().unwrap().to_owned());
        assert_eq!(uri, (rule["id"] != "rejected").then(|| link(rule["id"].as_str().unwrap())));
        for key in ["shortDescription", "fullDescription", "help"] {
            check_message(&rule[key]);
        }
    }
    let [invocation] = items(&run["invocations"]) else { panic!("one invocation") };
    keys(invocation, &["executionSuccessful", "exitCode", "toolExecutionNotifications"], &[]);
    assert_eq!(invocation["exitCode"], exit_code);
    assert_eq!(invocation["executionSuccessful"], exit_code != 2);
    let levels = ["none", "note", "warning", "error"];
    for notification in items(&invocation["toolExecutionNotifications"]) {
        keys(notification, &["level", "message", "locations"], &[]);
        assert!(levels.contains(&notification["level"].as_str().unwrap()));
        check_message(&notification["message"]);
        items(&notification["locations"]).iter().for_each(check_location);
    }
    for result in items(&run["results"]) {
        keys(result, &["ruleId", "ruleIndex", "level", "message", "locations"], &["relatedLocations"]);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(levels.contains(&result["level"].as_str().unwrap()));
        check_message(&result["message"]);
        // Code scanning takes none without.
        assert!(!items(&result["locations"]).is_empty());
        items(&result["locations"]).iter().for_each(check_location);
        result.get("relatedLocations").map(items).unwrap_or_default().iter().for_each(check_location);
    }
}

#[test]
fn sarif_has_a_result_for_every_problem_and_every_warning_of_a_rule() {
    let ran = run(&RULES, &["--output", "sarif", "m"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("Pod shop/test-rule REJECTED: 2 problems"), "the verdicts are for people: {}", ran.err);
    let log = sarif(&ran);
    let results = items(&log["runs"][0]["results"]);
    let place = |result: &Value| {
        let place = &result["locations"][0]["physicalLocation"];
        (place["artifactLocation"]["uri"].as_str().unwrap().to_owned(), place["region"]["startLine"].as_u64().unwrap())
    };
    let summary: Vec<_> = results
        .iter()
        .map(|result| (result["ruleId"].as_str().unwrap(), result["level"].as_str().unwrap(), place(result)))
        .collect();
    assert_eq!(
        summary,
        [
            ("host-network", "error", ("m/a.yaml".to_owned(), 7)),
            ("replica-writable", "error", ("m/b.yaml".to_owned(), 7)),
            // The Service that it is about is not among the files.
            ("service-port", "warning", ("m/a.yaml".to_owned(), 1)),
            ("x", "warning", ("m/a.yaml".to_owned(), 3)),
        ]
    );
    assert_eq!(
        results[0]["message"]["text"],
        format!(
            "Pod shop/test-rule is rejected: spec.hostNetwork: true\nwhy: shared\nfix: remove it\nsee: {}",
            link("host-network")
        )
    );
    assert_eq!(
        results[1]["message"]["text"],
        format!(
            "Pod shop/test-rule is rejected because of ConfigMap shop/b: data[\"slave.cnf\"] line 2: no \u{1b} option\n\
             why: open\nfix: write it\nsee: {}",
            link("replica-writable")
        )
    );
    assert_eq!(results[1]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "m/a.yaml");
    let see = link("service-port");
    let warning = format!("Pod shop/test-rule: Service shop/gone spec.ports: no port\nsee: {see}");
    assert_eq!(results[2]["message"]["text"], warning);
    assert_eq!(results[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "Pod shop/test-rule");
    // A hint of no rule is not lost.
    let notes = items(&log["runs"][0]["invocations"][0]["toolExecutionNotifications"]);
    assert_eq!(notes[0]["level"], "note");
    assert_eq!(notes[0]["message"]["text"], "Pod shop/test-rule: watch out");
}

#[test]
fn sarif_of_other_rejections_and_of_unreadable_files() {
    let text = format!("{REJECTED}---\n{ACCEPTED}---\nkind: No\n---\na: yes\n---\n- x\n");
    let ran = run(&[("a b.yaml", &text)], &["--output", "sarif", "./a b.yaml"]);
    assert_eq!(ran.code, 2);
    let log = sarif(&ran);
    let [result] = items(&log["runs"][0]["results"]) else { panic!("one result: {log}") };
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("rejected"), &json!("error")));
    assert_eq!(result["message"]["text"], "Pod default/test-reject is rejected: MR001 spec.x: found y\nfix: z");
    assert_eq!(
        result["locations"][0]["physicalLocation"],
        json!({"artifactLocation": {"uri": "a%20b.yaml", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 1}})
    );
    let notes = items(&log["runs"][0]["invocations"][0]["toolExecutionNotifications"]);
    let levels: Vec<&Value> = notes.iter().map(|note| &note["level"]).collect();
    assert_eq!(levels.last(), Some(&&json!("error")), "{log}");
    let ran = run(&[("a.yaml", ACCEPTED)], &["--output", "sarif", "a.yaml"]);
    assert_eq!(sarif(&ran)["runs"][0]["results"], json!([]));
    assert_eq!(ran.code, 0);
    let ran = run(&[], &["--output", "sarif", "absent.yaml"]);
    let location = &sarif(&ran)["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["locations"][0];
    assert_eq!(location["physicalLocation"].get("region"), None);
}

#[test]
fn github_annotations() {
    let ran = run(&RULES, &["--output", "github", "./m"]);
    let expected = "\
::error file=m/a.yaml,line=7,title=host-network%3A Pod shop/test-rule::Pod shop/test-rule is rejected: \
spec.hostNetwork: true%0Awhy: shared%0Afix: remove it%0Asee: LINKhost-network.md
::error file=m/b.yaml,line=7,title=replica-writable%3A Pod shop/test-rule::Pod shop/test-rule is rejected because of \
ConfigMap shop/b: data[\"slave.cnf\"] line 2: no \\u{1b} option%0Awhy: open%0Afix: write it%0Asee: LINKreplica-writable.md
::warning file=m/a.yaml,line=1,title=service-port%3A Pod shop/test-rule::Pod shop/test-rule: Service shop/gone \
spec.ports: no port%0Asee: LINKservice-port.md
::warning file=m/a.yaml,line=3,title=x%3A Pod shop/test-rule::Pod shop/test-rule: metadata.labels: none...%0Asee: LINKx.md
::notice file=m/a.yaml,line=1,title=Pod shop/test-rule::Pod shop/test-rule: watch out
::notice file=m/b.yaml,line=1,title=ConfigMap shop/b::ConfigMap shop/b: watch out
";
    let out = ran.out.replace(link("").trim_end_matches(".md"), "LINK");
    assert_eq!((ran.code, out.as_str(), ran.err.as_str()), (1, expected, "1 accepted, 1 rejected\n"));
}

#[test]
fn github_escapes() {
    // The file's name and the object's could end the command or begin another.
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: \"test-reject\\n::error::100%,a:b\"}\n";
    let ran = run(&[("a,b:100%.yaml", text)], &["--output", "github", "a,b:100%.yaml"]);
    assert_eq!(
        ran.out,
        "::error file=a%2Cb%3A100%25.yaml,line=1,title=rejected%3A Pod default/test-reject%0A%3A%3Aerror%3A%3A100%25\
         %2Ca%3Ab::Pod default/test-reject%0A::error::100%25,a:b is rejected: MR001 spec.x: found y%0Afix: z\n"
    );
    assert!(!ran.err.contains("::"), "{}", ran.err);
    let ran = run(&[("a.yaml", "a: 1\na: 2\n")], &["--output", "github", "a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out.starts_with("::error file=a.yaml,line=2,col=1,title=mysql-replication-preview::the key `a`"),
        "{}",
        ran.out
    );
    let folder = TempDir::new().unwrap();
    let ran = finish(command(folder.path()).args(["--output", "github", "-"]).write_stdin(REJECTED));
    assert!(
        ran.out.starts_with("::error title=rejected%3A Pod default/test-reject::<stdin>:1: Pod default/test-reject is"),
        "{}",
        ran.out
    );
    let ran = run(&[("a.yaml", ACCEPTED)], &["--output", "github", "--settings", "absent.yaml", "a.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out.starts_with("::error title=mysql-replication-preview::absent.yaml: the settings cannot be read"),
        "{}",
        ran.out
    );
    assert!(ran.err.starts_with("error: absent.yaml: the settings cannot be read"), "{}", ran.err);
}

#[test]
fn only_the_verdicts() {
    let ran = run(&RULES, &["--output", "none", "m"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, run(&RULES, &["m"]).err);
}

#[test]
fn what_does_not_go_together() {
    for args in [
        ["--output", "sarif", "--diff"],
        ["--output", "github", "--diff"],
        ["--output", "none", "--diff"],
        ["--output", "sarif", "--brief"],
        ["--output", "json", "--brief"],
    ] {
        let ran = run(&[("a.yaml", ACCEPTED)], &[&args[..], &["a.yaml"]].concat());
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.err.contains(&format!("error: {} goes with ", args[2])), "{}", ran.err);
    }
    for args in [["--man", "a.yaml"], ["--completions=bash", "a.yaml"], ["--man", "--completions=bash"]] {
        assert_eq!(run(&[("a.yaml", ACCEPTED)], &args).code, 2, "{args:?}");
    }
    assert_eq!(run(&[], &["--completions", "command.com"]).code, 2);
}

#[test]
fn completions_for_each_shell() {
    for shell in SHELLS {
        let ran = run(&[], &["--completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{shell}");
        // Fish has the names of options without their dashes.
        for option in ["settings", "old", "output", "completions"] {
            let given = if shell == "fish" { format!("-l {option}") } else { format!("--{option}") };
            assert!(ran.out.contains(&given), "{shell}: no {given}");
        }
        assert!(
            ran.out.contains("preview") && ran.out.contains("sarif") == (shell != "elvish" && shell != "powershell")
        );
    }
}

#[test]
fn bash_takes_its_completions() {
    let ran = run(&[], &["--completions", "bash"]);
    let script = ran.out
        + "\nCOMP_WORDS=(mysql-replication-preview --output s); COMP_CWORD=2; _mysql__replication__preview mysql-replication-preview s --output; echo \"${COMPREPLY[*]}\""
        + "\nCOMP_WORDS=(mysql-replication-preview --se); COMP_CWORD=1; _mysql__replication__preview mysql-replication-preview --se mysql-replication-preview; echo \"${COMPREPLY[*]}\"\n";
    let ran = Command::new("bash").args(["-eu", "-s"]).write_stdin(script).output().unwrap();
    assert_eq!(
        String::from_utf8(ran.stdout).unwrap(),
        "sarif svg\n--settings\n",
        "{:?}",
        String::from_utf8(ran.stderr)
    );
}

#[test]
fn the_man_page() {
    let ran = run(&[], &["--man"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let sections: Vec<&str> = ran.out.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
    for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "ENVIRONMENT"] {
        assert!(sections.contains(&section), "{sections:?}");
    }
    assert!(sections.iter().any(|section| section.trim_matches('"') == "EXIT CODES"), "{sections:?}");
    // Dashes that can be copied, each command in a line of its own.
    assert!(ran.out.contains("\nkubectl kustomize . | mysql\\-replication\\-preview \\-\n"), "{}", ran.out);
    assert!(ran.out.contains("\\-\\-settings"));
    assert!(ran.out.contains("Print the man page"));
}

#[test]
fn help_teaches() {
    let ran = run(&[], &["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for part in [
        "Usage: mysql-replication-preview [OPTIONS] <PATH>...\n",
        "\nExamples:\n",
        "      kubectl kustomize . | mysql-replication-preview -\n",
        "      mysql-replication-preview --settings settings.yaml manifests/\n",
        "      mysql-replication-preview --namespace shop --old live.yaml manifests/\n",
        "      mysql-replication-preview --explain read-only-off\n",
        "      mysql-replication-preview --output github manifests/\n",
        "      mysql-replication-preview --output sarif manifests/ >preview.sarif\n",
        "            - id: mysql-replication-preview\n",
        "\nExit codes:\n  0  ",
        "\n  1  an object is rejected, or with --fail-on-warnings there is a warning\n",
        "\n  2  bad usage",
        "MYSQL_REPLICATION_POLICY",
        "NO_COLOR",
        "--completions <SHELL>",
        "--man\n",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 100));
    let short = run(&[], &["-h"]);
    assert_eq!(short.code, 0);
    assert!(short.out.lines().count() < 50 && short.out.contains("mysql-replication-preview --help"), "{}", short.out);
    assert!(!short.out.contains("--completions") && !short.out.contains("--man"));
}

/// The examples of the help are no fiction: what they say of options is parsed by the command itself.
#[test]
fn examples_of_the_help_work() {
    let help = run(&[], &["--help"]).out;
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("manifests")).unwrap();
    for file in ["mysql.yaml", "manifests/a.yaml", "live.yaml"] {
        fs::write(folder.path().join(file), ACCEPTED).unwrap();
    }
    fs::write(folder.path().join("settings.yaml"), "rules: {}\n").unwrap();
    let mut count = 0;
    for line in help.lines().filter_map(|line| line.strip_prefix("      ")) {
        let Some((_, args)) = line
            .split_once("mysql-replication-preview ")
            .filter(|(before, _)| before.is_empty() || before.ends_with("| "))
        else {
            continue;
        };
        // a live cluster: tests/check.rs
        if args.starts_with("check") {
            continue;
        }
        let args = args.split(" >").next().unwrap();
        let ran = finish(command(folder.path()).args(args.split(' ')).write_stdin(ACCEPTED));
        // the guest knows no databases that could be injected
        let is_told = ran.code == 2 && line.contains("--inject") && ran.err.contains("error: --inject: ");
        assert!(ran.code == 0 || is_told, "{line}: {}", ran.err);
        count += 1;
    }
    assert!(count >= 11, "{count} examples");
}

#[test]
fn the_hook_of_pre_commit() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.pre-commit-hooks.yaml");
    let reading = yaml::read("hooks", &fs::read(path).unwrap());
    let hooks = reading.documents[0].value().clone();
    let [hook] = items(&hooks) else { panic!("one hook") };
    assert_eq!((&hook["id"], &hook["language"]), (&json!("mysql-replication-preview"), &json!("system")));
    // Some of the manifests would be judged without the others.
    assert_eq!(hook["pass_filenames"], json!(false));
    let mut words = hook["entry"].as_str().unwrap().split(' ');
    assert_eq!(words.next(), Some("mysql-replication-preview"));
    // Where the manifests are is for the one who uses it to say.
    assert_eq!(hook.get("args"), None);
    let words: Vec<&str> = words.chain(["."]).collect();
    let ran = run(&[("a.yaml", ACCEPTED), ("m/b.yaml", REJECTED)], &words);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("./m/b.yaml:1: Pod default/test-reject REJECTED"), "{}", ran.err);
}

/// A process with these streams, and its policy in the folder.
fn process(folder: &Path, args: &[&str]) -> Process {
    let mut process = Process::new(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"));
    process.args(args).current_dir(folder).env("MYSQL_REPLICATION_POLICY", common::guest_file(folder));
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    process
}

#[test]
fn whatever_is_printed_into_a_closed_pipe_is_no_panic() {
    let folder = TempDir::new().unwrap();
    let text = format!("{REJECTED}---\n{ACCEPTED}{}", "# padding\n".repeat(100_000));
    fs::write(folder.path().join("a.yaml"), text).unwrap();
    for (args, expected) in [
        (&["a.yaml"][..], 1),
        (&["--diff", "a.yaml"], 1),
        (&["--output", "json", "a.yaml"], 1),
        (&["--output", "sarif", "a.yaml"], 1),
        (&["--output", "github", "a.yaml"], 1),
        (&["--output", "none", "a.yaml"], 1),
        (&["--help"], 0),
        (&["--version"], 0),
        (&["--man"], 0),
        (&["--completions", "zsh"], 0),
        (&["--nonsense"], 2),
    ] {
        let mut child = process(folder.path(), args).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(expected), "{args:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("pipe"), "{args:?}: {err}");
        // Nor where the verdicts go.
        let mut child = process(folder.path(), args).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(expected), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), ACCEPTED).unwrap();
    for args in [&["a.yaml"][..], &["--output", "sarif", "a.yaml"], &["--man"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = process(folder.path(), args).stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(err.contains("error: the output cannot be written: "), "{args:?}: {err}");
    }
}

#[test]
fn no_colour_in_a_pipe() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), REJECTED).unwrap();
    for args in [&["a.yaml"][..], &["--diff", "a.yaml"], &["--output", "sarif", "a.yaml"], &["--help"], &["--nonsense"]]
    {
        let ran = finish(command(folder.path()).args(args));
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{args:?}");
    }
}

/// `script` gives the command a terminal.
#[cfg(target_os = "linux")]
#[test]
fn colour_on_a_terminal_unless_it_is_not_wanted() {
    if Command::new("script").arg("--version").output().is_err() {
        return;
    }
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.yaml"), REJECTED).unwrap();
    let preview = assert_cmd::cargo::cargo_bin!("mysql-replication-preview").display().to_string();
    let on_terminal = |variables: &str, args: &str| {
        let mut command = Command::new("script");
        command.current_dir(folder.path()).args(["--quiet", "--return", "--command"]);
        command.arg(format!("{variables} TERM=xterm '{preview}' {args}")).arg("/dev/null");
        let ran =
            finish(command.env_remove("NO_COLOR").env("MYSQL_REPLICATION_POLICY", common::guest_file(folder.path())));
        assert!(ran.out.contains("REJECTED"), "{}", ran.out);
        assert_eq!(ran.code, 1, "{}", ran.out);
        ran.out.contains("\u{1b}[")
    };
    assert!(on_terminal("", "a.yaml"));
    assert!(!on_terminal("NO_COLOR=1", "a.yaml"));
    assert!(on_terminal("NO_COLOR=", "a.yaml"), "an empty one counts as none");
    assert!(on_terminal("NO_COLOR=1", "--color always a.yaml"));
    assert!(!on_terminal("", "--color never a.yaml"));
}

#[test]
fn a_big_stream_through_pipes() {
    let mut text = String::new();
    for index in 0..300 {
        let padding = "x".repeat(20_000);
        write!(text, "---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s{index}}}\ndata: {{a: {padding}}}\n")
            .unwrap();
    }
    text.push_str("---\n");
    text.push_str(ACCEPTED);
    let folder = TempDir::new().unwrap();
    let ran = finish(command(folder.path()).arg("-").write_stdin(text.clone()));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out == text);
    // A writer that takes its time, and a reader that is done after a line.
    let mut child = process(folder.path(), &["-"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    for part in text.as_bytes().chunks(1_000_000) {
        stdin.write_all(part).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", String::from_utf8(output.stderr));
}

/// The command as if it was installed: in a folder of its own, far from any checkout.
fn installed(folder: &Path) -> PathBuf {
    let program = folder.join("bin").join("preview");
    fs::create_dir(folder.join("bin")).unwrap();
    fs::copy(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"), &program).unwrap();
    program
}

#[test]
fn where_the_module_comes_from() {
    let folder = TempDir::new().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(folder.path().join("a.yaml"), ACCEPTED).unwrap();
    let program = installed(folder.path());
    let run = |policy: Option<&Path>, args: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(&empty).env_remove("MYSQL_REPLICATION_POLICY").args(args).arg("../a.yaml");
        if let Some(policy) = policy {
            command.env("MYSQL_REPLICATION_POLICY", policy);
        }
        finish(&mut command)
    };
    let guest = common::guest_file(folder.path());
    // Only the guest says this.
    let of_guest = |ran: &Ran| ran.code == 0 && ran.err.contains("warning: watch out");

    assert!(of_guest(&run(Some(&guest), &[])));
    assert!(of_guest(&run(Some(Path::new("nowhere.wasm")), &["--policy", "../guest.wasm"])), "--policy is the first");
    let ran = run(Some(Path::new("nowhere.wasm")), &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: no policy module at nowhere.wasm (from MYSQL_REPLICATION_POLICY)"), "{}", ran.err);

    let version = String::from_utf8(Command::new(&program).arg("--version").output().unwrap().stdout).unwrap();
    if embedded_policy().is_some() {
        assert!(version.ends_with("\nwith a policy module inside\n"), "{version}");
        fs::write(empty.join("policy.wasm"), common::guest()).unwrap();
        let ran = run(Some(Path::new("")), &[]);
        assert!(ran.code == 0 && !of_guest(&ran), "the module inside comes before a checkout's: {}", ran.err);
        return;
    }
    assert!(version.ends_with("\nwithout a policy module inside\n"), "{version}");
    let ran = run(Some(Path::new("")), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    for part in [
        "no policy module found",
        "--policy",
        "MYSQL_REPLICATION_POLICY",
        "without a module inside",
        "no policy.wasm and no ",
        "make policy.wasm",
        "cargo install",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    for place in [empty.join("policy.wasm"), folder.path().join("bin/policy.wasm")] {
        fs::write(&place, common::guest()).unwrap();
        assert!(of_guest(&run(None, &[])), "{}", place.display());
        fs::remove_file(place).unwrap();
    }
}
