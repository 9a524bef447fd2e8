//! How well the rule `write-endpoint` does on `corpus/`: manifests that were labelled without a look at its code.
//!
//! `measured.txt` beside them holds the figures and every manifest that is judged otherwise than its label says. It
//! changes with the rule (`UPDATE_GOLDENS=1` writes it); the labels do not.

use std::{collections::BTreeSet, fmt::Write as _, fs, sync::Arc};

use mysql_replication_e2e_tests::{policy, read_manifest, read_manifests, request, root};
use mysql_replication_preview::Manifests;
use serde_json::json;

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
    let document = fs::read_to_string(root().join("docs/rules.md")).expect("docs/rules.md");
    for figure in ["precision", "recall"] {
        let line = measured.lines().find(|line| line.starts_with(figure)).expect("a figure");
        let figure = line.split(" (").next().unwrap_or_default().replace(": ", " ");
        assert!(document.contains(&figure), "docs/rules.md does not say {figure}");
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

    // rounded to tenths of a percent
    let share = |part: usize, others: usize| {
        let all = (part + others).max(1);
        let tenths = (1000 * part + all / 2) / all;
        format!("{}.{} %", tenths / 10, tenths % 10)
    };
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
    let path = corpus.join("measured.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &measured).expect("measured.txt");
    }
    assert_eq!(fs::read_to_string(&path).expect("measured.txt"), measured);
}
