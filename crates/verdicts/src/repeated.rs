//! Objects that are given twice.

use std::collections::BTreeMap;

use mysql_replication_manifests::ObjectKey;
use mysql_replication_manifests::yaml::{Document, YamlError};

use crate::targets::targets;

/// A warning for each object that is there twice: look-ups see only the later one.
#[must_use]
pub fn repeated(documents: &[Document], namespace: &str) -> Vec<YamlError> {
    let mut seen: BTreeMap<ObjectKey, String> = BTreeMap::new();
    let mut warnings = Vec::new();
    for document in documents {
        // what is no manifest is told of elsewhere
        for target in targets(document).unwrap_or_default() {
            let Some(key) = ObjectKey::of(&target.object, namespace) else {
                continue;
            };
            let place = format!("{}:{}", document.file(), target.line);
            let label = format!("{} {}/{}", key.kind, key.namespace, key.name);
            if let Some(first) = seen.insert(key, place) {
                let message = format!("{label} is at {first} already; look-ups see only this later one");
                warnings.push(YamlError::at(document.file(), target.line, 1, message));
            }
        }
    }
    warnings
}
