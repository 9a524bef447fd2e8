//! What `docs/reference.md` says is true: it has every annotation and every setting, and nothing else; its examples are
//! taken by the policy, and its defaults are those of the code.

use std::{collections::BTreeSet, fs};

use mysql_replication_e2e_tests::{both_doors, both_doors_in, parse, policy, read_manifest, request, root};
use mysql_replication_policy::{
    names::{
        ANNOTATION_PREFIX, BACKUP_PORT, BACKUP_PORT_NAME, CONF_VOLUME, CONFIG_MAP_VOLUME, DATA_CLAIM, DATABASE_PORT,
        DATABASE_PORT_NAME, FORCED_OPTIONS_FILE, INJECTED_CONTAINERS, PRIMARY_KEYS, REPLICA_KEYS, ROOT_PASSWORD_VOLUME,
        SCRIPTS_DIR, SCRIPTS_VOLUME, annotation,
    },
    rule, scripts, validate_settings,
};
use mysql_replication_preview::Unreachable;
use serde_json::{Value, json};

fn document() -> String {
    fs::read_to_string(root().join("docs/reference.md")).expect("docs/reference.md")
}

/// The text of a heading of the second level.
fn part(title: &str) -> String {
    let document = document();
    let (_, text) = document.split_once(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("no part {title}"));
    text.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The sections of a part: their headings and texts.
fn sections(part: &str) -> Vec<(String, String)> {
    let sections = part.split("\n### ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.map(|(title, text)| (title.to_owned(), text.to_owned())).collect()
}

/// The YAML blocks of a text.
fn blocks(text: &str) -> Vec<Value> {
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(|block| parse(block, "docs/reference.md")).collect()
}

/// The rows of the first table of a text: their cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim_matches([' ', '|']).to_owned()).collect::<Vec<_>>()
    };
    lines.skip(2).map(cells).collect()
}

/// The words of a text that are in backticks.
fn words(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The StatefulSet of the examples.
fn statefulset() -> Value {
    read_manifest(&root().join("examples/statefulset.yaml"))
}

/// What the policy says of settings.
fn problem(settings: &Value) -> Option<String> {
    let native = validate_settings(settings.to_string().as_bytes());
    let artefact = policy().validate_settings(settings).expect("an answer");
    assert_eq!((native.valid, &native.message), (artefact.valid, &artefact.message), "{settings}");
    native.message
}

/// The keys that the policy knows at a place of the settings, as its message says them.
fn known(at: &[&str]) -> Vec<String> {
    let settings = at.iter().rev().fold(json!({"nothing-like-any-other-key": 1}), |inner, key| json!({*key: inner}));
    let message = problem(&settings).unwrap_or_else(|| panic!("{settings} is taken"));
    let (_, list) = message.split_once("; known are ").unwrap_or_else(|| panic!("{message}"));
    list.split(", ").map(ToOwned::to_owned).collect()
}

/// The words that a setting can have, as the policy's message says them.
fn choices(settings: &Value) -> Vec<String> {
    let message = problem(settings).unwrap_or_else(|| panic!("{settings} is taken"));
    let (_, list) = message.split_once("write one of ").unwrap_or_else(|| panic!("{message}"));
    list.rsplit_once(", not ").expect("what was found").0.split(", ").map(ToOwned::to_owned).collect()
}

#[test]
fn the_annotations_are_those_of_the_code() {
    let part = part("Annotations");
    let expected: Vec<String> = annotation::ALL.iter().map(|key| (*key).to_owned()).collect();
    let rows: Vec<String> = rows(&part).iter().filter_map(|cells| words(&cells[0]).into_iter().next()).collect();
    assert_eq!(rows, expected, "the rows of the table");
    let titles: Vec<String> = sections(&part).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, expected, "the sections");
    assert!(part.contains(&format!("`{ANNOTATION_PREFIX}`")));
}

#[test]
fn the_examples_of_annotations_are_taken() {
    for (key, text) in sections(&part("Annotations")) {
        let name = format!("{ANNOTATION_PREFIX}{key}");
        for block in blocks(&text) {
            let value = block.get(&name).unwrap_or_else(|| panic!("{key}: the example is of another one: {block}"));
            assert!(value.is_string(), "{key}: {value} is no string");
            let mut object = statefulset();
            object["spec"]["template"]["spec"]["containers"][0]["image"] = json!("mysql:8.0");
            if key == annotation::PRIMARY_OF {
                object = json!({
                    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql-write", "annotations": {}},
                    "spec": {"selector": {"app": "mysql"}, "ports": [{"port": 3306}]},
                });
            }
            object["metadata"]["annotations"][&name] = value.clone();
            let answer = both_doors(&request(&object, None), &json!({}));
            assert!(answer.accepted, "{key}: {:?}", answer.message);
        }
        assert_eq!(blocks(&text).len(), 1, "{key}: one example");
    }
}

/// What the table gives as values is taken, and what the policy offers for a wrong one is in the table.
#[test]
fn the_values_of_annotations_are_those_of_the_code() {
    for cells in rows(&part("Annotations")) {
        let key = words(&cells[0]).into_iter().next().expect("a key");
        let values = words(&cells[2]);
        let send = |value: &str| {
            let mut object = statefulset();
            object["metadata"]["annotations"][format!("{ANNOTATION_PREFIX}{key}")] = json!(value);
            both_doors(&request(&object, None), &json!({})).message.unwrap_or_default()
        };
        match key.as_str() {
            annotation::FLAVOR | annotation::CLONE_METHOD => {
                let message = send("none of them");
                let (_, offered) = message.split_once("fix: write one of ").unwrap_or_else(|| panic!("{message}"));
                let offered: Vec<&str> = offered.lines().next().unwrap_or_default().split(", ").collect();
                assert_eq!(values, offered, "{key}");
            }
            annotation::INJECT => assert_eq!(values, ["\"true\"", "\"false\""]),
            annotation::MAX_REPLICA_LAG_SECONDS => {
                let largest = u32::MAX.to_string();
                assert!(cells[2].contains(&largest), "{}", cells[2]);
                assert_eq!(send(&largest), "");
                assert!(send("4294967296").contains("[annotation]"));
            }
            _ => {}
        }
    }
}

#[test]
fn the_settings_are_those_of_the_code() {
    let part = part("Settings");
    let first = |cells: &Vec<String>| words(&cells[0]).into_iter().next().expect("a key");
    let documented: Vec<String> = rows(&part).iter().map(first).collect();
    let (below, top): (Vec<String>, Vec<String>) = documented.into_iter().partition(|key| key.contains('.'));
    assert_eq!(top, known(&[]), "the keys of the table");
    let titles: Vec<String> =
        sections(&part).into_iter().map(|(title, _)| title).filter(|title| title != "All defaults").collect();
    assert_eq!(titles, top, "the sections");

    let expected: Vec<String> = [("storage", "storage"), ("resources.*", "resources"), ("writeNames", "writeNames")]
        .iter()
        .flat_map(|(shown, key)| {
            let at: Vec<&str> = if *key == "resources" { vec![key, INJECTED_CONTAINERS[0]] } else { vec![key] };
            known(&at).into_iter().map(move |known| format!("{shown}.{known}"))
        })
        .collect();
    assert_eq!(below, expected, "the keys below");
    assert_eq!(known(&["resources"]), INJECTED_CONTAINERS);

    let values = |key: &str| {
        let row = rows(&part).into_iter().find(|cells| first(cells) == key).expect("a row");
        words(&row[1])
    };
    assert_eq!(values("resources"), INJECTED_CONTAINERS);
    assert_eq!(values("unmanaged"), choices(&json!({"unmanaged": 5})));
    assert_eq!(values("lookupFailure"), choices(&json!({"lookupFailure": 5})));
    assert_eq!(values("rules"), choices(&json!({"rules": {"init-file": 5}})));
    let flavors: Vec<String> = rows(&self::part("Flavors")).iter().map(first).collect();
    assert_eq!(flavors, known(&["images"]));
    let ids: Vec<String> = rule::ALL.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(known(&["rules"]), ids);
}

#[test]
fn the_examples_of_settings_are_taken() {
    let mut seen = BTreeSet::new();
    for (key, text) in sections(&part("Settings")) {
        let blocks = blocks(&text);
        assert_eq!(blocks.len(), 1, "{key}: one example");
        let settings = &blocks[0]["settings"];
        assert_eq!(problem(settings), None, "{key}");
        let keys: Vec<&String> = settings.as_object().expect("settings").keys().collect();
        if key != "All defaults" {
            assert_eq!(keys, [&key], "an example of just this one");
        }
        seen.extend(keys.into_iter().cloned());
    }
    assert_eq!(seen, known(&[]).into_iter().collect());
}

/// With the defaults written out, the policy says the same as without settings.
#[test]
fn the_defaults_are_those_of_the_code() {
    let sections = sections(&part("Settings"));
    let (_, text) = sections.iter().find(|(title, _)| title == "All defaults").expect("the defaults");
    let defaults = blocks(text).remove(0)["settings"].clone();
    let documented: BTreeSet<String> = defaults.as_object().expect("settings").keys().cloned().collect();
    let mut without = known(&[]).into_iter().collect::<BTreeSet<_>>();
    // unset, it is each StatefulSet's own name
    without.remove("configMap");
    assert_eq!(documented, without);

    let annotated = statefulset();
    let mut unmanaged = annotated.clone();
    unmanaged["metadata"]["annotations"] = json!({});
    for object in [&annotated, &unmanaged] {
        let request = request(object, None);
        assert!(both_doors(&request, &json!({})) == both_doors(&request, &defaults), "{request}");
        let (bare, written) = (json!({}), &defaults);
        assert!(both_doors_in(&Unreachable, &request, &bare) == both_doors_in(&Unreachable, &request, written));
    }
    // each of these does matter to one of the requests
    for (setting, object) in [
        (json!({"storage": {"size": "11Gi"}}), &annotated),
        (json!({"storage": {"accessModes": ["ReadWriteOncePod"]}}), &annotated),
        (json!({"resources": {"init-mysql": {}}}), &annotated),
        (json!({"resources": {"clone-mysql": {}}}), &annotated),
        (json!({"resources": {"xtrabackup": {}}}), &annotated),
        (json!({"unmanaged": "warn"}), &unmanaged),
    ] {
        let request = request(object, None);
        assert!(both_doors(&request, &json!({})) != both_doors(&request, &setting), "{setting}");
    }
    let request = request(&annotated, None);
    assert!(!both_doors_in(&Unreachable, &request, &json!({"lookupFailure": "reject"})).accepted);
}

/// Every name that is injected is explained, and every file that the scripts write.
#[test]
fn the_injected_names_are_complete() {
    let part = part("What is injected");
    let names = INJECTED_CONTAINERS.into_iter().chain([
        CONF_VOLUME,
        CONFIG_MAP_VOLUME,
        ROOT_PASSWORD_VOLUME,
        SCRIPTS_VOLUME,
        SCRIPTS_DIR,
        DATA_CLAIM,
        DATABASE_PORT_NAME,
        BACKUP_PORT_NAME,
        FORCED_OPTIONS_FILE,
    ]);
    for name in names.chain(PRIMARY_KEYS).chain(REPLICA_KEYS) {
        assert!(part.contains(&format!("`{name}`")), "{name} is not explained");
    }
    for port in [DATABASE_PORT, BACKUP_PORT] {
        assert!(part.contains(&format!(", {port} |")), "{port} is not explained");
    }
    let text: String = scripts::all().into_values().collect();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c))) {
        let is_file = word.contains("mysql-replication") && !word.starts_with("mysql-replication.kubewarden");
        let is_named = is_file && word != "mysql-replication-policy" && word != "mysql-replication";
        assert!(!is_named || part.contains(&format!("`{word}`")), "{word} is not explained");
    }
}
