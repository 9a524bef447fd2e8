//! How well the rule `write-endpoint` does on `corpus/`: manifests that were labelled without a look at its code.
//!
//! `measured.txt` beside them holds the figures and every manifest that is judged otherwise than its label says. It
//! changes with the rule (`UPDATE_GOLDENS=1` writes it); the labels do not.
//!
//! `corpus/databases` is another one: databases and what goes with them, for all rules at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
};

use mysql_replication_e2e_tests::{policy, read_manifest, read_manifests, request, root};
use mysql_replication_preview::Manifests;
use serde_json::{Value, json};

/// The paths of the rule's violations, without the last step: whether a variable or its value is named is a matter of
/// taste.
fn paths(message: &str) -> BTreeSet<String> {
    message
        .lines()
        .filter_map(|line| line.strip_prefix("[write-endpoint] ")?.split(": ").next())
        .map(|path| path.trim_end_matches(".value").trim_end_matches(".valueFrom.configMapKeyRef").to_owned())
        .collect()
}

#[test]
fn the_corpus_is_judged_as_it_was_measured() {
    measure("e2e-tests/corpus", "manifests", [70, 150]);
}

#[test]
fn the_holdout_is_judged_as_it_was_measured() {
    measure("e2e-tests/corpus/holdout", "", [40, 90]);
}

#[test]
fn the_documentation_has_the_holdouts_figures() {
    let measured = fs::read_to_string(root().join("e2e-tests/corpus/holdout/measured.txt")).expect("measured.txt");
    let document =
        fs::read_to_string(root().join("docs/rules/write-endpoint.md")).expect("docs/rules/write-endpoint.md");
    for figure in ["precision", "recall"] {
        let line = measured.lines().find(|line| line.starts_with(figure)).expect("a figure");
        let figure = line.split(" (").next().unwrap_or_default().replace(": ", " ");
        assert!(document.contains(&figure), "docs/rules/write-endpoint.md does not say {figure}");
    }
}

/// Compares with `measured.txt`; there are at least so many manifests that fire, and that are quiet.
fn measure(corpus: &str, manifests: &str, at_least: [usize; 2]) {
    let cluster = read_manifests(&root().join("e2e-tests/corpus/cluster.yaml"));
    let cluster = Arc::new(Manifests::new(cluster, "default"));
    let corpus = root().join(corpus);
    let labels = fs::read_to_string(corpus.join("labels.tsv")).expect("labels.tsv");
    let (mut right, mut quiet, mut false_alarms, mut misses, mut elsewhere) =
        (0, 0, Vec::new(), Vec::new(), Vec::new());
    for line in labels.lines().filter(|line| !line.is_empty() && !line.starts_with("file\t")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, expected, labelled, _] = columns[..] else { panic!("not four columns: {line}") };
        let manifest = read_manifest(&corpus.join(manifests).join(file.trim_start_matches("manifests/")));
        let answer = policy().validate(&request(&manifest, None), &json!({}), cluster.clone()).expect("an answer");
        let message = answer.message.unwrap_or_default();
        let found = paths(&message);
        match (expected, found.is_empty()) {
            ("fires", false) => {
                right += 1;
                let labelled: BTreeSet<String> = labelled.split(',').map(|path| path.trim().to_owned()).collect();
                if found != labelled {
                    elsewhere.push(format!("{file}: {}", found.into_iter().collect::<Vec<_>>().join(", ")));
                }
            }
            ("fires", true) => misses.push(file.to_owned()),
            ("quiet", true) => quiet += 1,
            ("quiet", false) => false_alarms.push(file.to_owned()),
            _ => panic!("a label that is none: {line}"),
        }
    }
    let [fire, are_quiet] = at_least;
    assert!(right + misses.len() >= fire && quiet + false_alarms.len() >= are_quiet, "the corpus is not whole");

    let mut measured = format!(
        "manifests: {}\nprecision: {} ({right} of {} that fire should)\nrecall: {} ({right} of {} that should fire do)\n",
        right + misses.len() + quiet + false_alarms.len(),
        share(right, false_alarms.len()),
        right + false_alarms.len(),
        share(right, misses.len()),
        right + misses.len(),
    );
    for (title, files) in [("false alarms", &false_alarms), ("misses", &misses), ("at another path", &elsewhere)] {
        let _ = writeln!(measured, "{title}: {}", files.len());
        for file in files {
            let _ = writeln!(measured, "  {file}");
        }
    }
    compare(&corpus.join("measured.txt"), &measured);
}

/// How many these are of both together, rounded to tenths of a percent.
fn share(part: usize, others: usize) -> String {
    let all = (part + others).max(1);
    let tenths = (1000 * part + all / 2) / all;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn compare(path: &Path, measured: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(path, measured).expect("measured.txt");
    }
    assert_eq!(fs::read_to_string(path).expect("measured.txt"), measured);
}

const VERDICTS: [&str; 3] = ["accepted", "accepted-with-warning", "rejected"];
const PREFIX: &str = "mysql-replication.kubewarden.io";

/// The ids in front of the lines; a hint has none.
fn rules(text: &str) -> BTreeSet<String> {
    text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once("] ")?.0.to_owned())).collect()
}

fn container_names(stateful_set: &Value) -> BTreeSet<&str> {
    ["initContainers", "containers"]
        .iter()
        .filter_map(|list| stateful_set["spec"]["template"]["spec"][list].as_array())
        .flatten()
        .filter_map(|container| container["name"].as_str())
        .collect()
}

#[test]
fn the_databases_are_judged_as_they_were_measured() {
    let corpus = root().join("e2e-tests/corpus/databases");
    let settings = json!({"unmanaged": "warn"});
    let labels = fs::read_to_string(corpus.join("labels.tsv")).expect("labels.tsv");
    let mut matrix: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let (mut right, mut quiet, mut false_alarms, mut misses) = (0, 0, Vec::new(), Vec::new());
    let (mut other_severity, mut other_rules, mut not_changed, mut arguable) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in labels.lines().filter(|line| !line.is_empty() && !line.starts_with("file\t")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, expected, labelled, _] = columns[..] else { panic!("not four columns: {line}") };
        // the object under admission is the last one, the others are in the cluster
        let path = corpus.join("manifests").join(file);
        let mut objects = read_manifests(&path);
        let object = objects.pop().expect("an object");
        let cluster = Arc::new(Manifests::new(objects, "default"));
        // what the policy made of the old object when it was created, or the old object as it stands
        let (created, stored) = (path.with_extension("old.yaml"), path.with_extension("stored.yaml"));
        let old = if created.exists() {
            let old = read_manifest(&created);
            let answer = policy().validate(&request(&old, None), &settings, cluster.clone()).expect("an answer");
            assert!(answer.accepted, "{file}: the old object is rejected: {:?}", answer.message);
            Some(answer.mutated_object.unwrap_or(old))
        } else {
            stored.exists().then(|| read_manifest(&stored))
        };
        let answer = policy().validate(&request(&object, old.as_ref()), &settings, cluster).expect("an answer");

        let warned: BTreeSet<String> = answer.warnings.iter().flatten().flat_map(|warning| rules(warning)).collect();
        let mut found = rules(&answer.message.unwrap_or_default());
        let verdict = match (answer.accepted, warned.is_empty()) {
            (true, true) => "accepted",
            (true, false) => "accepted-with-warning",
            (false, _) => "rejected",
        };
        found.extend(warned);
        let told = format!("{file}: {verdict} {}", found.iter().cloned().collect::<Vec<_>>().join(", "));
        let told = told.trim_end().to_owned();
        if expected == "arguable" {
            arguable.push(told);
            continue;
        }
        assert!(VERDICTS.contains(&expected), "a label that is none: {line}");
        *matrix.entry((expected, verdict)).or_default() += 1;
        match (expected == "accepted", verdict == "accepted") {
            (true, true) => quiet += 1,
            (true, false) => false_alarms.push(told),
            (false, true) => misses.push(told),
            (false, false) => {
                right += 1;
                let labelled = labelled.split(',').map(str::trim).filter(|rule| !rule.is_empty());
                let lacking: Vec<&str> = labelled.filter(|rule| !found.contains(*rule)).collect();
                if expected != verdict {
                    other_severity.push(told);
                } else if !lacking.is_empty() {
                    other_rules.push(format!("{told}, not {}", lacking.join(", ")));
                }
            }
        }

        // who asks for a change gets one, nobody else does, and no container is taken away
        if answer.accepted {
            let annotations = &object["metadata"]["annotations"];
            let asks = annotations[format!("{PREFIX}/inject")] == "true"
                || annotations[format!("{PREFIX}/primary-of")].is_string();
            let changed = answer.mutated_object.as_ref().unwrap_or(&object);
            let kept = container_names(&object).is_subset(&container_names(changed));
            if asks != answer.mutated_object.is_some() || !kept {
                not_changed.push(file.to_owned());
            }
        }
    }
    let all = right + quiet + false_alarms.len() + misses.len();
    assert!(right + misses.len() >= 40 && quiet + false_alarms.len() >= 50, "the corpus is not whole");

    let mut measured = format!(
        "cases: {all}, and {} arguable ones\nprecision: {} ({right} of {} that are rejected or warned of should be)\n\
         recall: {} ({right} of {} that should be rejected or warned of are)\nlabelled, and judged as",
        arguable.len(),
        share(right, false_alarms.len()),
        right + false_alarms.len(),
        share(right, misses.len()),
        right + misses.len(),
    );
    let _ = writeln!(measured, " {}:", VERDICTS.join(" / "));
    for expected in VERDICTS {
        let counts = VERDICTS.map(|verdict| matrix.get(&(expected, verdict)).copied().unwrap_or_default().to_string());
        let _ = writeln!(measured, "  {expected}: {}", counts.join(" / "));
    }
    for (title, files) in [
        ("false alarms", &false_alarms),
        ("misses", &misses),
        ("of another severity", &other_severity),
        ("by other rules", &other_rules),
        ("accepted, and not changed as asked", &not_changed),
        ("arguable", &arguable),
    ] {
        let _ = writeln!(measured, "{title}: {}", files.len());
        for file in files {
            let _ = writeln!(measured, "  {file}");
        }
    }
    println!("{measured}");
    compare(&corpus.join("measured.txt"), &measured);
}
