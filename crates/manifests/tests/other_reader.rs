//! Whatever YAML is in the repository reads as another reader of YAML reads it: what this reader does by itself, from
//! scalars to anchors, is not only what its own tests expect.

use std::{
    fs,
    path::{Path, PathBuf},
};

use mysql_replication_manifests::yaml;
use serde_json::Value;

/// What kwctl records carries tags that no manifest has, and Helm's templates are no YAML yet.
const NO_MANIFESTS: [&str; 2] = ["e2e-tests/kwctl/sessions", "charts/mysql-replication-policy/templates"];

/// The YAML files below a folder, without what was built and what git keeps.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        let is_left_out = ["target", ".git"].iter().chain(&NO_MANIFESTS).any(|folder| path.ends_with(folder));
        if path.is_dir() && !is_left_out {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
    files
}

/// A file's mode is octal for kubectl: `0400`.
fn kubectl() -> serde_saphyr::Options {
    serde_saphyr::options! { legacy_octal_numbers: true }
}

/// kubectl sends a whole number without a fraction: `8.0` as 8.
fn as_sent(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let text = number.to_string();
            text.strip_suffix(".0").and_then(|whole| whole.parse().ok()).map_or(Value::Number(number), Value::Number)
        }
        Value::Array(items) => items.into_iter().map(as_sent).collect(),
        Value::Object(object) => object.into_iter().map(|(key, value)| (key, as_sent(value))).collect(),
        other => other,
    }
}

#[test]
fn another_reader_reads_the_same() {
    let files = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    assert!(files.len() >= 400, "only {} files", files.len());
    let mut documents = 0;
    for file in files {
        let name = file.display().to_string();
        let text = fs::read_to_string(&file).expect("text");
        let reading = yaml::read(&name, text.as_bytes());
        assert!(reading.errors.is_empty(), "{:?}", reading.errors);
        // the bare `on`, `yes` and `y` are text in YAML 1.2, and true for kubectl
        if !reading.warnings.is_empty() {
            assert!(name.contains("/.github/"), "{:?}", reading.warnings);
            continue;
        }
        let own: Vec<&Value> =
            reading.documents.iter().map(yaml::Document::value).filter(|value| !value.is_null()).collect();
        let other: Vec<Value> = serde_saphyr::from_multiple_with_options(&text, kubectl())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let other: Vec<Value> = other.into_iter().filter(|value| !value.is_null()).map(as_sent).collect();
        assert_eq!(own, other.iter().collect::<Vec<_>>(), "{name}");
        documents += own.len();
    }
    assert!(documents >= 500, "only {documents} documents");
}
