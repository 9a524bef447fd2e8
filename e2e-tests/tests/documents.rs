//! What the README and the examples show is true.

use std::{collections::BTreeMap, fs};

use mysql_replication_e2e_tests::{both_doors, both_doors_in, orders, parse, request, root};
use mysql_replication_preview::{Manifests, yaml};
use serde_json::{Value, json};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

/// The YAML blocks of the README.
fn blocks() -> Vec<Value> {
    let readme = readme();
    let blocks = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| parse(block, "README.md")).collect()
}

#[test]
fn the_readmes_statefulset_is_managed() {
    let manifest = blocks().into_iter().find(|block| block["kind"] == "StatefulSet").expect("a StatefulSet");
    let answer = both_doors(&request(&manifest, None), &json!({}));
    // without the parts that the README leaves out, it is refused for just these
    assert!(answer.message.unwrap_or_default().contains("spec.template.spec"));
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
