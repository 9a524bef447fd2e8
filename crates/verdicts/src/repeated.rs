//! Objects that are given twice.

use std::collections::BTreeMap;

use mysql_replication_manifests::ObjectKey;
use mysql_replication_manifests::yaml::{Document, YamlError};

/// A warning for each object that is there twice: look-ups see only the later one.
#[must_use]
pub fn repeated(documents: &[Document], namespace: &str) -> Vec<YamlError> {
    let mut seen: BTreeMap<ObjectKey, String> = BTreeMap::new();
    let mut warnings = Vec::new();
    for document in documents {
        let Some(key) = ObjectKey::of(document.value(), namespace) else {
            continue;
        };
        let place = format!("{}:{}", document.file(), document.line());
        let label = format!("{} {}/{}", key.kind, key.namespace, key.name);
        if let Some(first) = seen.insert(key, place) {
            warnings.push(YamlError::at(
                document.file(),
                document.line(),
                1,
                format!("{label} is at {first} already; look-ups see only this later one"),
            ));
        }
    }
    warnings
}
