//! What the documents tell people to type does what they say.
//!
//! Every command of every `console` block, and of every indented one, is run here with the output that the document
//! shows, or is a target of the Makefile or a test of the workspace, which CI runs; or it says what it needs:
//! `<!-- needs a cluster -->` on the line before the block, or `# needs ...` behind the command. Links, quoted messages
//! of the scripts, and the worked example of `CONTRIBUTING.md` are tried too.

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use mysql_replication_e2e_tests::{parse, read_manifest, root};
use mysql_replication_policy::scripts;
use tempfile::TempDir;

/// Commands that need nothing but a built checkout, each with the exit codes that it may have and a part of what it
/// says.
const RUN: [(&str, &[i32], &str); 7] = [
    ("make help", &[0], "List the targets"),
    (r#"echo 'insecure_sources: ["127.0.0.1:5000"]' >sources.yml"#, &[0], ""),
    ("target/debug/mysql-replication-preview examples/*.yaml", &[0], "3 accepted, 2 mutated"),
    ("mysql-replication-preview mysql.yaml", &[0], "adds containers: xtrabackup"),
    ("mysql-replication-preview --inject --diff --brief plain.yaml", &[0], "+++"),
    ("target/debug/preview mysql.yaml", &[0], "1 mutated"),
    ("target/debug/mysql-replication-preview --settings settings.yaml examples/*.yaml", &[0], "3 accepted, 2 mutated"),
];

/// Commands that `the_worked_example_of_contributing_works` runs in a copy of the checkout.
const WORKED_EXAMPLE: [&str; 2] =
    ["git apply e2e-tests/contributing/add-a-rule.patch", "cargo test --package mysql-replication-policy --lib"];

/// Programs that a mark can excuse.
const OUTSIDE: [&str; 13] = [
    "kubectl",
    "kwctl",
    "bats",
    "cosign",
    "make",
    "tail",
    "helm",
    "kind",
    "docker",
    "podman",
    "curl",
    "sha256sum",
    "install",
];

/// The program for manifests, and what of it asks a live cluster. Its tests have a stand-in for one.
const PREVIEW: &str = "mysql-replication-preview";
const LIVE: &str = "check";

/// A command of a document.
#[derive(Debug)]
struct Shown {
    /// Where it is, for messages.
    at: String,
    document: String,
    command: String,
    /// Does it say what it needs?
    is_marked: bool,
    /// The lines that the document shows as its output.
    output: Vec<String>,
}

/// The Markdown files of the repository: their paths from its root.
fn documents() -> Vec<String> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            // a link leads to what is read where it is
            if path.is_symlink() {
                continue;
            }
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !["target", "node_modules"].contains(&name) && !name.starts_with('.') {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned());
            }
        }
    }
    let root = root().canonicalize().expect("the root");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found.sort();
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The commands of a document.
fn commands(document: &str, text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    // the language of the fence that is open, and whether its block is marked
    let mut fence: Option<(String, bool)> = None;
    let (mut before, mut continues) = ("", false);
    for (number, line) in text.lines().enumerate() {
        let at = format!("{document}:{}", number + 1);
        let trimmed = line.trim_start();
        if let Some(language) = trimmed.strip_prefix("```") {
            assert!(
                !["sh", "bash", "shell", "zsh"].contains(&language),
                "{at}: commands go into a console block, each behind a $"
            );
            let is_marked = before.trim().starts_with("<!-- needs ");
            fence = if fence.is_some() { None } else { Some((language.to_owned(), is_marked)) };
        } else if let Some((language, is_marked)) = &fence
            && language == "console"
        {
            if continues {
                let command = &mut shown.last_mut().expect("a command").command;
                command.truncate(command.len() - 1);
                command.push_str(trimmed);
            } else if let Some(command) = trimmed.strip_prefix("$ ") {
                shown.push(one(at, document, command, *is_marked));
            } else {
                let last = shown.last_mut().filter(|last| last.document == document);
                last.unwrap_or_else(|| panic!("{at}: output of no command")).output.push(trimmed.to_owned());
            }
            continues = shown.last().is_some_and(|last| last.command.ends_with('\\') && last.output.is_empty());
        } else if fence.is_none()
            && line.starts_with("    ")
            && (before.is_empty() || before.starts_with("    "))
            && ["make ", "cargo ", "target/", "UPDATE_"].iter().any(|start| trimmed.starts_with(start))
        {
            shown.push(one(at, document, trimmed, false));
        }
        before = line;
    }
    shown
}

fn one(at: String, document: &str, command: &str, is_marked: bool) -> Shown {
    let (command, comment) = command.split_once(" # ").map_or((command, ""), |(command, comment)| (command, comment));
    Shown {
        at,
        document: document.to_owned(),
        command: command.trim().to_owned(),
        is_marked: is_marked || comment.trim().starts_with("needs "),
        output: Vec::new(),
    }
}

fn all_commands() -> Vec<Shown> {
    documents().iter().flat_map(|document| commands(document, &read(document))).collect()
}

/// The targets of the Makefile.
fn targets() -> BTreeSet<String> {
    let makefile = read("Makefile");
    let rules = makefile.lines().filter(|line| !line.starts_with(['\t', '#', '.', '$', ' ']) && !line.contains(":="));
    rules.filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}

/// What is wrong with a command that CI runs, by the words of `make`.
fn check_make(words: &[&str], targets: &BTreeSet<String>) -> Result<(), String> {
    let named: Vec<&str> = words.iter().copied().take_while(|word| !word.contains('=')).collect();
    if named.is_empty() {
        return Err("no target".to_owned());
    }
    match named.into_iter().find(|target| !targets.contains(*target)) {
        Some(unknown) => Err(format!("the Makefile has no target {unknown}")),
        None => Ok(()),
    }
}

/// What is wrong with a command that CI runs, by the words of `cargo`: the package and the test that it names must be
/// there.
fn check_cargo(words: &[&str]) -> Result<(), String> {
    let after = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    if !["test", "run"].contains(words.first().unwrap_or(&"")) {
        return Err("neither a test nor a program of the workspace".to_owned());
    }
    let Some(package) = after(&["-p", "--package"]) else { return Err("no package".to_owned()) };
    let folders = [
        ".",
        "crates/golden-tests",
        "crates/host",
        "crates/manifests",
        "crates/mysql-options",
        "crates/picture",
        "crates/playground",
        "crates/verdicts",
        "crates/wasmtime-host",
        "preview",
        "e2e-tests",
        "e2e-tests/cluster",
        "e2e-tests/replication",
        "bench",
        "bench/do-nothing",
    ];
    let name = format!("\nname = \"{package}\"\n");
    let Some(folder) = folders.iter().find(|folder| read(&format!("{folder}/Cargo.toml")).contains(&name)) else {
        return Err(format!("the workspace has no package {package}"));
    };
    let Some(test) = after(&["--test"]) else { return Ok(()) };
    let file = root().join(folder).join("tests").join(test);
    if file.with_extension("rs").is_file() || file.join("main.rs").is_file() {
        return Ok(());
    }
    Err(format!("the package {package} has no test {test}"))
}

/// Where a marked command comes from: nothing may hide behind a mark that could be run here.
fn check_marked(shown: &Shown, targets: &BTreeSet<String>) -> Result<(), String> {
    for part in shown.command.split(" | ") {
        let mut words = part.split_whitespace();
        let program = words.next().unwrap_or_default();
        if program == PREVIEW && words.clone().next() == Some(LIVE) {
            continue;
        }
        if !OUTSIDE.contains(&program) {
            return Err(format!("{program} needs no cluster: remove the mark, and run it in this test"));
        }
        if program == "make" {
            check_make(&words.collect::<Vec<_>>(), targets)?;
        }
    }
    check_files(&shown.command)
}

/// The files of the project that a command names are there.
fn check_files(command: &str) -> Result<(), String> {
    let files = ["examples/", "policy-metadata", "e2e-tests/", "charts/"];
    for word in command.split_whitespace().filter(|word| files.iter().any(|folder| word.starts_with(folder))) {
        if !root().join(word).exists() {
            return Err(format!("there is no {word}"));
        }
    }
    Ok(())
}

/// An upgrade by Helm forgets what was set before unless it is told otherwise, and with `--reuse-values` it does not
/// know what a newer chart has. Kubewarden's three charts of before are deprecated (kubewarden/helm-charts, README).
#[test]
fn helm_is_told_what_it_needs() {
    let all = all_commands();
    let upgrades: Vec<_> = all.iter().filter(|shown| shown.command.starts_with("helm upgrade ")).collect();
    assert!(upgrades.len() >= 3, "{upgrades:?}");
    for shown in upgrades {
        assert!(shown.command.contains(" --reset-then-reuse-values "), "{}: {}", shown.at, shown.command);
    }
    let is_installed = |text: &str| text.contains("kubewarden/admission-controller");
    assert!(all.iter().any(|shown| is_installed(&shown.command)));
    for file in ["hack/kind-cluster", "policy-metadata/policy-server-values.yaml", "artifacthub/artifacthub-pkg.yml"] {
        assert!(is_installed(&read(file)), "{file}");
    }
    let texts = all.iter().map(|shown| (shown.at.clone(), shown.command.clone()));
    let files = ["hack/kind-cluster", "hack/artifacthub", "policy-metadata/policy-server-values.yaml"];
    let charts = ["Chart.yaml", "templates/NOTES.txt"].map(|file| format!("charts/mysql-replication-policy/{file}"));
    let files = files.map(str::to_owned).into_iter().chain(charts).map(|file| (file.clone(), read(&file)));
    for (at, text) in texts.chain(files) {
        for old in ["crds", "controller", "defaults"] {
            assert!(!text.contains(&format!("kubewarden/kubewarden-{old}")), "{at}: kubewarden-{old} is deprecated");
        }
        let upgrades = text.lines().filter(|line| line.contains("helm upgrade ") && !line.ends_with('\\'));
        for line in upgrades {
            assert!(line.contains("--reset-then-reuse-values"), "{at}: {line}");
        }
    }
}

/// The targets that CI makes, with those that they depend on or make themselves.
fn targets_of_ci() -> BTreeSet<String> {
    let makefile = read("Makefile");
    let workflows = fs::read_dir(root().join(".github/workflows")).expect("workflows");
    let texts = workflows.map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a workflow"));
    let mut to_do: Vec<String> = texts
        .chain([read(".ci/run")])
        .flat_map(|text| {
            let lines = text.lines().filter_map(|line| line.trim().trim_start_matches("run: ").strip_prefix("make "));
            lines.map(str::to_owned).collect::<Vec<_>>()
        })
        .flat_map(|words| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut found = BTreeSet::new();
    while let Some(target) = to_do.pop() {
        let Some((_, rest)) = makefile.split_once(&format!("\n{target}:")) else { continue };
        if found.insert(target) {
            let rule = rest.split(" ## ").next().and_then(|rule| rule.lines().next()).unwrap_or_default();
            to_do.extend(rule.split_whitespace().map(str::to_owned));
        }
    }
    found
}

/// What a document shows without a mark has to be run by somebody.
#[test]
fn ci_makes_what_the_documents_show() {
    let ci = targets_of_ci();
    assert!(["test", "lint-workflows", "policy.wasm", "e2e-replication"].iter().all(|t| ci.contains(*t)), "{ci:?}");
    let mut problems = Vec::new();
    for shown in all_commands().iter().filter(|shown| !shown.is_marked) {
        let Some(rest) = shown.command.strip_prefix("make ") else { continue };
        let is_run = RUN.iter().any(|(command, _, _)| *command == shown.command);
        for target in rest.split_whitespace().take_while(|word| !word.contains('=')) {
            if !is_run && !ci.contains(target) {
                problems.push(format!("{}: CI does not make {target}, and it does not say what it needs", shown.at));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Commands within the text, in backticks: what can be told of them without running them.
#[test]
fn commands_within_the_text_exist() {
    let targets = targets();
    let help: String = [&["--help"][..], &[LIVE, "--help"]].map(help_of_preview).concat();
    let (mut count, mut problems) = (0, Vec::new());
    for document in documents() {
        let text = without_code(&read(&document));
        for span in text.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>()) {
            let result = match span.as_slice() {
                ["make", rest @ ..] if !rest.is_empty() => check_make(rest, &targets),
                ["cargo", "test", "--workspace", ..] => continue, // the table of CONTRIBUTING.md, by a test of its own
                ["cargo", "install", rest @ ..] => check_install(rest),
                ["cargo", rest @ ("test" | "run"), ..] => check_cargo(&[&[*rest], &span[2..]].concat()),
                [program, rest @ ..] if is_preview(program) => check_preview(rest, &help),
                ["kubectl", "mysql-replication", "preview" | LIVE, rest @ ..] => check_preview(rest, &help),
                [program, ..] if OUTSIDE.contains(program) => check_files(&span.join(" ")),
                _ => continue,
            };
            count += 1;
            problems.extend(result.err().map(|problem| format!("{document}: {}: {problem}", span.join(" "))));
        }
    }
    assert!(count > 60, "only {count} commands were found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn is_preview(program: &str) -> bool {
    [PREVIEW, "preview"].contains(&program.strip_prefix("target/debug/").unwrap_or(program))
}

fn check_install(words: &[&str]) -> Result<(), String> {
    let path = words.iter().skip_while(|word| **word != "--path").nth(1).ok_or("it names no path")?;
    let is_package = root().join(path).join("Cargo.toml").is_file();
    is_package.then_some(()).ok_or_else(|| format!("{path} is no package"))
}

/// Every option of the program for manifests is in its help.
fn check_preview(words: &[&str], help: &str) -> Result<(), String> {
    for option in words.iter().filter(|word| word.starts_with("--")) {
        let name = option.split('=').next().unwrap_or_default();
        if !help.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == name) {
            return Err(format!("it has no option {name}"));
        }
    }
    Ok(())
}

fn help_of_preview(words: &[&str]) -> String {
    let run = Command::new(preview()).args(words).output().expect("the program for manifests");
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[test]
fn every_command_is_run_or_says_what_it_needs() {
    let targets = targets();
    assert!(targets.contains("test") && targets.contains("policy.wasm"), "{targets:?}");
    let all = all_commands();
    assert!(all.len() >= 40, "only {} commands were found", all.len());
    let mut problems = Vec::new();
    for shown in &all {
        let is_run = RUN.iter().any(|(command, _, _)| *command == shown.command)
            || WORKED_EXAMPLE.contains(&shown.command.as_str());
        if is_run {
            continue;
        }
        let words: Vec<&str> =
            shown.command.split_whitespace().skip_while(|word| word.starts_with("UPDATE_")).collect();
        let result = match words.as_slice() {
            _ if shown.is_marked => check_marked(shown, &targets),
            ["make", rest @ ..] => check_make(rest, &targets),
            ["cargo", rest @ ..] => check_cargo(rest),
            _ => Err("nothing runs it, and it does not say what it needs".to_owned()),
        };
        problems.extend(result.err().map(|problem| format!("{}: {}: {problem}", shown.at, shown.command)));
    }
    for command in RUN.iter().map(|(command, _, _)| *command).chain(WORKED_EXAMPLE) {
        if !all.iter().any(|shown| shown.command == command) {
            problems.push(format!("no document shows {command}: remove it from the table in this test"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A folder that looks like a built checkout, with the files that documents name.
fn playground() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = root().canonicalize().expect("the root");
    for name in [
        "Makefile",
        "policy.wasm",
        "examples",
        "src",
        "crates",
        "bench",
        "Cargo.toml",
        "Cargo.lock",
        "e2e-tests",
        "docs",
    ] {
        symlink(root.join(name), folder.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    // the metadata names the version in the Makefile
    symlink(root.join("policy-metadata"), folder.path().join("policy-metadata")).expect("policy-metadata");
    let bin = folder.path().join("target/debug");
    fs::create_dir_all(&bin).expect("a folder");
    let preview = preview();
    // the short name is the Makefile's
    for name in ["mysql-replication-preview", "preview"] {
        symlink(&preview, bin.join(name)).expect(name);
    }
    let readme = read("README.md");
    let statefulset =
        readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a StatefulSet");
    let plain: Vec<&str> =
        statefulset.lines().filter(|line| !line.contains("/inject") && !line.contains("annot")).collect();
    assert_eq!(plain.len(), statefulset.lines().count() - 2, "without its annotation");
    for (name, text) in [("mysql.yaml", statefulset), ("plain.yaml", &plain.join("\n"))] {
        fs::write(folder.path().join(name), text).expect(name);
    }
    fs::write(folder.path().join("settings.yaml"), "storage: {size: 20Gi}\n").expect("settings.yaml");
    folder
}

/// The built program for manifests.
fn preview() -> PathBuf {
    let test = env::current_exe().expect("this test");
    let preview = test.ancestors().nth(2).expect("the profile's folder").join(PREVIEW);
    assert!(preview.is_file(), "{} is missing: run `make preview` first", preview.display());
    preview
}

#[test]
fn commands_do_what_the_documents_show() {
    let folder = playground();
    let all = all_commands();
    for (command, codes, part) in RUN {
        let line = format!("{command} 2>&1");
        let path = env::var("PATH").expect("a PATH");
        let path = format!("{}:{path}", folder.path().join("target/debug").display());
        let mut bash = Command::new("bash");
        bash.args(["-c", &line]).env("PATH", path).env("MYSQL_REPLICATION_POLICY", root().join("policy.wasm"));
        let run = bash.current_dir(folder.path()).output().expect("bash");
        let output = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.code().is_some_and(|code| codes.contains(&code)), "{command}: {}\n{output}", run.status);
        assert!(output.contains(part), "{command}: no {part:?} in\n{output}");
        for shown in all.iter().filter(|shown| shown.command == command && !shown.output.is_empty()) {
            let mut lines = output.lines().map(str::trim);
            for expected in shown.output.iter().filter(|line| *line != "...") {
                assert!(
                    lines.any(|line| line == expected.trim()),
                    "{}: {command} does not print, or not in this order: {expected}\n{output}",
                    shown.at
                );
            }
        }
    }
}

/// The file and the heading that a link within the repository leads to.
#[test]
fn links_lead_somewhere() {
    let mut problems = Vec::new();
    for document in documents() {
        let text = without_code(&read(&document));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&document).parent().map(Path::to_path_buf).unwrap_or_default();
            let target = if path.is_empty() { root().join(&document) } else { folder.join(path) };
            if !target.exists() {
                problems.push(format!("{document}: {link}: no such file"));
            } else if !heading.is_empty() && !headings(&target).contains(heading) {
                problems.push(format!("{document}: {link}: no such heading"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The text without its fenced blocks.
fn without_code(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The anchors of a document's headings.
fn headings(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let slug = |heading: &str| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let text = without_code(&text);
    text.lines().filter(|line| line.starts_with('#')).map(|line| slug(line.trim_start_matches('#').trim())).collect()
}

/// The text of a script's message up to what differs, and where there is none, behind it.
fn messages(call: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, script) in scripts::all() {
        for rest in script.split(call).skip(1) {
            let Some(text) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
            let words = |piece: &str| piece.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
            let pieces = text.split(['$', '\'']).map(|piece| {
                // behind the name of a variable
                let name = piece.find(|c: char| !(c.is_alphanumeric() || "_{}!#*".contains(c))).unwrap_or(piece.len());
                words(if piece.len() == text.len() || text.starts_with(piece) { piece } else { &piece[name..] })
            });
            if let Some(longest) = pieces.max_by_key(String::len).filter(|piece| piece.len() > 3) {
                found.insert(longest);
            }
        }
    }
    found
}

/// Everything that ends a container or keeps a pod from being Ready is in the guide, and what it quotes is said.
#[test]
fn the_messages_of_the_scripts_are_explained() {
    let guide = read("docs/messages.md");
    let (_, section) = guide.split_once("\n## What the containers say\n").expect("the section");
    let flat = section.split_whitespace().collect::<Vec<_>>().join(" ");
    let found: Vec<String> = messages("fail ").into_iter().chain(messages("not_ready ")).collect();
    assert!(found.len() >= 20, "{found:?}");
    for message in &found {
        assert!(flat.contains(message.as_str()), "docs/messages.md does not explain {message:?}");
    }
    let said: String = scripts::all().into_values().collect();
    let said = said.replace("\" \\\n", "").replace("        \"", " ").replace("    \"", " ");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let quoted = row.split('`').nth(1).unwrap_or_default();
        for piece in quoted.split("...").map(|piece| piece.trim_matches([' ', '.', ':'])) {
            assert!(said.contains(piece), "no script says {piece:?} of {quoted:?}");
        }
    }
}

/// The patch of `CONTRIBUTING.md` applies to a copy of the checkout, and its unit test passes there.
#[test]
fn the_worked_example_of_contributing_works() {
    let contributing = read("CONTRIBUTING.md");
    let patch = read("e2e-tests/contributing/add-a-rule.patch");
    // what the text shows of the patch is in it
    let shown: Vec<&str> =
        contributing.split("```diff\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!shown.is_empty());
    for line in shown.iter().flat_map(|block| block.lines()).map(str::trim_start).filter(|line| !line.is_empty()) {
        assert!(patch.lines().any(|other| other.trim_start() == line), "the patch has no line {line:?}");
    }

    let root = root().canonicalize().expect("the root");
    let place = root.join("target/contributing");
    // always the same folder, so that cargo knows it again
    let checkout = place.join("checkout");
    let _ = fs::remove_dir_all(&checkout);
    for folder in ["src", "crates", "docs"] {
        copy(&root.join(folder), &checkout.join(folder));
    }
    let mut manifest = read("Cargo.toml");
    let members = manifest.find("members = [").expect("members");
    let end = members + manifest[members..].find(']').expect("the end of members");
    manifest.replace_range(members..=end, "members = [\".\"]");
    // optimised dependencies take a while, and none of these is slow
    manifest.truncate(manifest.find("[profile.").expect("profiles"));
    fs::write(checkout.join("Cargo.toml"), manifest).expect("Cargo.toml");
    for file in ["Cargo.lock", "build.rs"] {
        fs::copy(root.join(file), checkout.join(file)).expect(file);
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&checkout).env("CARGO_TARGET_DIR", place.join("target"));
        // a checkout within a checkout: this one is no part of the other
        command.env("GIT_CEILING_DIRECTORIES", &place).env("CARGO_NET_OFFLINE", "true");
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            command.env_remove(name);
        }
        let run = command.output().unwrap_or_else(|error| panic!("{program}: {error}"));
        let output = format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        (run.status.success(), output)
    };
    let file = root.join("e2e-tests/contributing/add-a-rule.patch");
    let (is_good, output) = run("git", &["apply", &file.to_string_lossy()]);
    assert!(is_good, "the patch no longer applies: fix it as CONTRIBUTING.md says\n{output}");
    assert!(fs::read_to_string(checkout.join("src/rule.rs")).expect("rule.rs").contains("\"statement-log\""));
    let (is_good, output) =
        run("cargo", &["test", "--package", "mysql-replication-policy", "--lib", "--", "rule::", "rules::"]);
    assert!(is_good, "{output}");
    for test in ["what_undoes_replication_is_found_in_every_spelling", "what_does_no_harm_is_left_alone"] {
        assert!(output.contains(&format!("test rules::must_hold::tests::{test} ... ok")), "{output}");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path: PathBuf = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}

/// Whoever runs a policy server by hand grants the policy what the metadata says that it needs.
#[test]
fn the_entry_of_a_policy_server_grants_what_the_policy_needs() {
    let text = read("docs/operating.md");
    let block = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let entry =
        block.map(|block| parse(block, "docs/operating.md")).find(|block| block["mysql-replication"].is_object());
    let entry = entry.expect("an entry")["mysql-replication"].clone();
    let metadata = read_manifest(&root().join("policy-metadata/metadata.yml"));
    for key in ["hostCapabilities", "contextAwareResources"] {
        assert_eq!(entry[key], metadata[key], "{key}");
    }
    assert_eq!(entry["allowedToMutate"], metadata["mutating"]);
}
