//! What the README and the examples show is true.

use std::fs;

use mysql_replication_e2e_tests::{both_doors, policy, request, root};
use mysql_replication_policy::names::annotation;
use mysql_replication_preview::yaml;
use serde_json::{Value, json};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// The YAML blocks of the README.
fn blocks() -> Vec<Value> {
    let readme = readme();
    let blocks = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| serde_yaml_ng::from_str(block).unwrap_or_else(|error| panic!("{error}\n{block}"))).collect()
}

#[test]
fn the_annotation_table_is_complete() {
    let readme = readme();
    for key in annotation::ALL.iter().filter(|key| **key != annotation::PRIMARY_OF) {
        assert!(readme.contains(&format!("\n| `{key}` |")), "the README does not explain {key}");
    }
}

#[test]
fn the_settings_of_the_readme_are_valid() {
    let settings: Vec<Value> = blocks().into_iter().filter_map(|block| block.get("settings").cloned()).collect();
    assert_eq!(settings.len(), 1);
    let answer = policy().validate_settings(&settings[0]).expect("an answer");
    assert!(answer.valid, "{:?}", answer.message);
    // all that there are
    assert_eq!(settings[0].as_object().map(serde_json::Map::len), Some(4));
}

#[test]
fn the_readmes_statefulset_is_managed() {
    let manifest = blocks().into_iter().find(|block| block["kind"] == "StatefulSet").expect("a StatefulSet");
    let answer = both_doors(&request(&manifest, None), &json!({}));
    // without the parts that the README leaves out, it is refused for just these
    assert!(answer.message.unwrap_or_default().contains("spec.template.spec"));
}

#[test]
fn the_examples_are_accepted_and_the_statefulset_is_injected() {
    let mut injected = 0;
    for entry in fs::read_dir(root().join("examples")).expect("examples") {
        let path = entry.expect("an entry").path();
        let reading = yaml::read(&path.to_string_lossy(), &fs::read(&path).expect("a file"));
        assert!(reading.errors.is_empty() && reading.warnings.is_empty(), "{reading:?}");
        for document in reading.documents.iter().filter(|document| !document.is_empty()) {
            let answer = both_doors(&request(document.value(), None), &json!({}));
            assert!(answer.accepted && answer.warnings.is_none(), "{}: {:?}", path.display(), answer.message);
            assert_eq!(
                answer.mutated_object.is_some(),
                document.value()["kind"] == "StatefulSet",
                "{}",
                path.display()
            );
            injected += usize::from(answer.mutated_object.is_some());
        }
    }
    assert_eq!(injected, 1);
}
