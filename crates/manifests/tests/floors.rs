//! `yaml` is built in floors: a module uses what is below it, so that each can be read and tested without those above.

use std::{collections::BTreeSet, fs, path::Path};

/// From the ground up, as the header of `yaml/mod.rs` has them.
const FLOORS: [&str; 16] = [
    "error",
    "node",
    "scalar",
    "document",
    "positions",
    "span",
    "input",
    "tag",
    "anchors",
    "loader",
    "reader",
    "locate",
    "order",
    "align",
    "emit",
    "rewrite",
];

/// The modules beside it that a module uses outside of its tests.
fn used(code: &str) -> BTreeSet<&str> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    assert!(!code.contains("crate::yaml") && !code.contains("use super::{"), "modules are named one by one");
    let names = code.split("super::").skip(1);
    names.map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default()).collect()
}

#[test]
fn no_module_of_yaml_uses_one_above_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/yaml");
    let mut found: Vec<String> = fs::read_dir(&folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .filter(|name| name != "mod")
        .collect();
    found.sort();
    let mut known = FLOORS;
    known.sort_unstable();
    assert_eq!(found, known);
    for (floor, name) in FLOORS.iter().enumerate() {
        let code = fs::read_to_string(folder.join(name).with_extension("rs")).expect("code");
        for other in used(&code) {
            assert!(FLOORS[..floor].contains(&other), "{name} uses {other}, which is not below it");
        }
    }
}
