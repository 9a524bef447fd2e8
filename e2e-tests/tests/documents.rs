//! What the README and the examples show is true.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use mysql_replication_e2e_tests::{both_doors, both_doors_in, orders, parse, request, root};
use mysql_replication_preview::{Manifests, yaml};
use serde_json::{Value, json};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// The StatefulSet of the README.
fn statefulset() -> Value {
    let readme = readme();
    let (_, rest) = readme.split_once("```yaml\n").expect("a block");
    parse(rest.split("```").next().unwrap_or_default(), "README.md")
}

const INJECT: &str = "mysql-replication.kubewarden.io/inject";

#[test]
fn the_readmes_statefulset_is_injected() {
    let answer = both_doors(&request(&statefulset(), None), &json!({}));
    let injected = answer.mutated_object.expect("an injection");
    assert_eq!(injected["spec"]["template"]["spec"]["initContainers"][0]["name"], "init-mysql");
}

/// The table that says what is injected: every row is tried with each of its annotations and settings.
#[test]
fn what_the_readme_says_of_injections_is_so() {
    let readme = readme();
    let (_, section) = readme.split_once("\n## Will it be injected?\n").expect("the section");
    let rows: Vec<&str> = section
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .take_while(|l| l.starts_with('|'))
        .collect();
    assert!(rows.len() >= 7, "{rows:?}");
    let mut tried = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [annotations, setting, mode, new, there] = cells[..] else { panic!("not five cells: {row}") };
        if mode == "monitor" {
            // nothing of an answer reaches the object there
            assert!(new.starts_with("left alone;") && there.starts_with("left alone;"), "{row}");
            continue;
        }
        let all = ["allow", "warn", "reject", "inject"];
        let settings: Vec<&str> = all.into_iter().filter(|name| setting.contains(&format!("`{name}`"))).collect();
        let settings = if setting == "any" { all.to_vec() } else { settings };
        for annotation in annotations.split(", ") {
            for unmanaged in &settings {
                let mut object = statefulset();
                match annotation {
                    "none" => object["metadata"]["annotations"] = json!({}),
                    value => object["metadata"]["annotations"][INJECT] = json!(value.trim_matches(['`', '"'])),
                }
                let mut live = statefulset();
                live["metadata"]["annotations"] = json!({});
                // a claim that is missing cannot be added to one that is there
                let claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}});
                let mount = json!([{"name": "data", "mountPath": "/var/lib/mysql"}]);
                for changed in [&mut object, &mut live] {
                    changed["spec"]["volumeClaimTemplates"] = json!([claim]);
                    changed["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = mount.clone();
                }
                let settings = json!({"unmanaged": unmanaged});
                for (old, said) in [(None, new), (Some(&live), there)] {
                    let mut object = object.clone();
                    if old.is_some() {
                        object["spec"]["template"]["metadata"]["labels"]["changed"] = json!("yes");
                    }
                    let answer = both_doors(&request(&object, old), &settings);
                    let says = |text: &str| answer.warnings.iter().flatten().any(|warning| warning.contains(text));
                    let is_told = says("unmanaged") || says("databases of their own") || says("became a primary");
                    let found = match (answer.accepted, answer.mutated_object.is_some(), is_told) {
                        (false, ..) => "refused",
                        (true, true, true) => "**injected**, with a warning",
                        (true, true, false) => "**injected**",
                        (true, false, true) => "left alone, with a warning",
                        (true, false, false) => "left alone",
                    };
                    assert_eq!(
                        said.split(';').next(),
                        Some(found),
                        "{row}: {annotation} {unmanaged} {:?}",
                        answer.warnings
                    );
                    tried.insert((annotation.to_owned(), *unmanaged, old.is_some()));
                }
            }
        }
    }
    assert_eq!(tried.len(), 3 * 4 * 2, "each annotation with each setting, new and old");
}

/// Whoever decides in a minute reads ten lines.
#[test]
fn the_readme_begins_with_what_decides() {
    let readme = readme();
    let head = readme.lines().take(10).collect::<Vec<_>>().join("\n");
    let version = env!("CARGO_PKG_VERSION");
    for part in ["MySQL", "annotation", version, "Kubewarden 1.33", "Kubernetes 1.30", "failover", "MariaDB"] {
        assert!(head.contains(part), "{part} is not in the first ten lines");
    }
}

/// Nobody reads a page that is longer.
#[test]
fn no_page_is_too_long() {
    let mut pages = vec![(root().join("README.md"), 149)];
    for folder in
        [".", "docs", "docs/decisions", "docs/rules", "bench", "artifacthub", "charts/mysql-replication-policy"]
    {
        let entries = fs::read_dir(root().join(folder)).expect(folder);
        let paths = entries.map(|entry| entry.expect("an entry").path());
        pages.extend(paths.filter(|path| path.extension().is_some_and(|e| e == "md")).map(|path| (path, 500)));
    }
    assert!(pages.len() > 20, "{pages:?}");
    for (path, limit) in pages {
        let lines = fs::read_to_string(&path).expect("a page").lines().count();
        assert!(lines <= limit, "{} has {lines} lines, of {limit} at most", path.display());
    }
}

/// The pages below a folder.
fn pages_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => pages_below(&path),
            Some(extension) if extension == "md" => vec![path],
            _ => Vec::new(),
        })
        .collect()
}

/// A page that has lost its text is still linked.
#[test]
fn every_page_has_a_heading_and_text() {
    let pages = pages_below(&root().join("docs"));
    assert!(pages.len() > 60, "{pages:?}");
    for path in pages {
        let page = fs::read_to_string(&path).expect("a page");
        let heading = page.lines().next().and_then(|line| line.strip_prefix("# ")).map(str::trim).unwrap_or_default();
        assert!(!heading.is_empty(), "{} does not begin with a heading", path.display());
        let words = page.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).count();
        assert!(words > 20, "{} has {words} words below its headings", path.display());
    }
}

/// The objects of each file of `examples/`.
fn examples() -> Vec<Vec<Value>> {
    let mut files: Vec<_> =
        fs::read_dir(root().join("examples")).expect("examples").map(|e| e.expect("e").path()).collect();
    // the folders are examples of their own
    files.retain(|file| file.is_file());
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let reading = yaml::read(&path.to_string_lossy(), &fs::read(path).expect("a file"));
        assert!(reading.errors.is_empty() && reading.warnings.is_empty(), "{reading:?}");
        let documents = reading.documents.iter().filter(|document| !document.is_empty());
        documents.map(|document| document.value().clone()).collect()
    };
    files.iter().map(read).collect()
}

/// Applied file by file in any order, and once more, every object is accepted; what is there in the end is the same.
#[test]
fn the_examples_are_accepted_in_any_order() {
    let files = examples();
    let orders = orders(files.len());
    assert_eq!(orders.len(), (1..=files.len()).product::<usize>());
    let mut ends = Vec::new();
    for order in &orders {
        let mut stored: BTreeMap<String, Value> = BTreeMap::new();
        for round in 0..2 {
            for object in order.iter().flat_map(|index| &files[*index]) {
                let key = format!("{}/{}", object["kind"], object["metadata"]["name"]);
                let old = stored.get(&key).cloned();
                let cluster = Manifests::new(stored.values().cloned(), "default");
                let answer = both_doors_in(&cluster, &request(object, old.as_ref()), &json!({}));
                assert!(answer.accepted, "{order:?}: {key}: {:?}", answer.message);
                // what is missing yet is there in the second round
                assert!(round == 0 || answer.warnings.is_none(), "{order:?}: {key}: {:?}", answer.warnings);
                let changes = object["kind"] == "StatefulSet" || object["metadata"]["name"] == "mysql-write";
                assert_eq!(answer.mutated_object.is_some(), changes, "{order:?}: {key}");
                stored.insert(key, answer.mutated_object.unwrap_or_else(|| object.clone()));
            }
        }
        ends.push(stored);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The rows of the table that says where a behaviour is tested: what is in backticks in its second and third cells.
fn rows_of_tests() -> Vec<[Vec<String>; 2]> {
    let text = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let (_, section) = text.split_once("\n## Where a behaviour is tested\n").expect("the section");
    let table = section.lines().skip_while(|line| !line.starts_with("| ---")).skip(1);
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect();
    table
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            let [_, files, commands] = cells[..] else { panic!("not three cells: {line}") };
            [quoted(files), quoted(commands)]
        })
        .collect()
}

/// The test programs of the workspace's packages: the folder of the package, and the name.
fn test_programs() -> BTreeSet<(String, String)> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, members) = manifest.split_once("members = [").expect("members");
    let members = members.split(']').next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for folder in members.split('"').skip(1).step_by(2) {
        let Ok(entries) = fs::read_dir(root().join(folder).join("tests")) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file() {
                found.insert((folder.to_owned(), path.file_stem().expect("a name").to_string_lossy().into_owned()));
            }
        }
    }
    found
}

/// The files are there, the commands run just these, and no test program is missing.
#[test]
fn contributing_says_where_a_behaviour_is_tested() {
    let programs = test_programs();
    assert!(programs.len() >= 25, "{programs:?}");
    let makefile = fs::read_to_string(root().join("Makefile")).expect("Makefile");
    let mut named = BTreeSet::new();
    for [files, commands] in rows_of_tests() {
        assert!(!files.is_empty() && !commands.is_empty(), "{files:?} {commands:?}");
        let here: BTreeSet<(String, String)> = files.iter().filter_map(|file| program_of(file)).collect();
        for file in &files {
            assert!(root().join(file).exists(), "CONTRIBUTING.md: there is no {file}");
        }
        for command in &commands {
            let words: Vec<&str> = command.split_whitespace().collect();
            match words[..] {
                ["make", target] => assert!(makefile.contains(&format!("\n{target}:")), "no target {target}"),
                ["cargo", "test", "--package", package, "--lib"] => {
                    assert_eq!(package, "mysql-replication-policy", "{command}");
                }
                ["cargo", "test", "--package", package, "--test", test] => {
                    let folder = here.iter().find(|(_, name)| name == test).map(|(folder, _)| folder);
                    let folder = folder.unwrap_or_else(|| panic!("{command}: its file is not in the row"));
                    let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a package");
                    assert!(manifest.contains(&format!("\nname = \"{package}\"\n")), "{command}");
                }
                ["cargo", "test", "--workspace", ref tests @ ..] => {
                    let tests: BTreeSet<&str> = tests.chunks(2).map(|pair| pair[1]).collect();
                    assert_eq!(tests, here.iter().map(|(_, name)| name.as_str()).collect(), "{command}");
                }
                _ => panic!("{command}: not known to this test"),
            }
        }
        named.extend(here);
    }
    assert_eq!(named, programs, "named, and those that there are");
}

/// The test program of a file, `PACKAGE/tests/NAME.rs` or `PACKAGE/tests/NAME/main.rs`.
fn program_of(file: &str) -> Option<(String, String)> {
    let (folder, name) =
        if let Some(name) = file.strip_prefix("tests/") { (".", name) } else { file.rsplit_once("/tests/")? };
    let name = name.strip_suffix("/main.rs").or_else(|| name.strip_suffix(".rs"))?;
    Some((folder.to_owned(), name.to_owned()))
}

/// British, as most of it was written. Names of files, options and other people's things are in backticks.
#[test]
fn one_kind_of_english() {
    const AMERICAN: [&str; 22] = [
        "artifact",
        "artifacts",
        "behavior",
        "canceled",
        "center",
        "color",
        "colored",
        "colors",
        "favor",
        "gray",
        "initialize",
        "initialized",
        "labeled",
        "license",
        "licenses",
        "misspelled",
        "neighbor",
        "optimize",
        "optimized",
        "recognize",
        "recognized",
        "serialized",
    ];
    let mut pages = vec!["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "artifacthub/README.md"];
    let mut entries = Vec::new();
    for folder in ["docs", "docs/decisions", "docs/rules"] {
        let paths = fs::read_dir(root().join(folder)).expect(folder).map(|entry| entry.expect("an entry").path());
        let names = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
        entries
            .extend(names.map(|path| format!("{folder}/{}", path.file_name().unwrap_or_default().to_string_lossy())));
    }
    pages.extend(entries.iter().map(String::as_str));
    let mut found = Vec::new();
    for page in pages {
        let text = fs::read_to_string(root().join(page)).expect(page);
        let prose = text.split("```").step_by(2).collect::<String>();
        let prose = prose.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
        // what links lead to is named by others
        let words = prose.split(|c: char| c.is_whitespace() || "()[],;:\"".contains(c));
        for word in words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric())) {
            if AMERICAN.contains(&word) {
                found.push(format!("{page}: {word}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
