//! Field masks: what of an object a look-up wants to see.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The wanted fields, as a tree. A node without children wants everything below it.
#[derive(Debug, Default)]
pub(crate) struct FieldMask {
    children: BTreeMap<String, FieldMask>,
}

impl FieldMask {
    /// Reads paths such as `spec.containers.image`.
    pub(crate) fn new(paths: &BTreeSet<String>) -> Self {
        let mut root = Self::default();
        for path in paths {
            let mut node = &mut root;
            for step in path.split('.') {
                node = node.children.entry(step.to_owned()).or_default();
            }
        }
        root
    }

    /// Drops what is not wanted. Lists are transparent: a path goes on in each of their items.
    pub(crate) fn prune(&self, value: &mut Value) {
        if self.children.is_empty() {
            return;
        }
        match value {
            Value::Object(map) => map.retain(|key, value| {
                self.children.get(key).is_some_and(|child| {
                    child.prune(value);
                    true
                })
            }),
            Value::Array(items) => items.iter_mut().for_each(|item| self.prune(item)),
            _ => {}
        }
    }

    /// Prunes an object but for what names it: the host reads those fields apart from the rest.
    pub(crate) fn prune_object(&self, object: &mut Value) {
        const APART: [&str; 3] = ["apiVersion", "kind", "metadata"];
        if let Value::Object(map) = object {
            let apart: Vec<_> = APART.iter().filter_map(|key| map.remove_entry(*key)).collect();
            self.prune(object);
            if let Value::Object(map) = object {
                map.extend(apart);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_wanted_fields_are_left() {
        let mask = FieldMask::new(&["spec.containers.image", "data"].map(str::to_owned).into());
        let mut object = json!({
            "kind": "Pod", "metadata": {"name": "a", "labels": {}},
            "spec": {"containers": [{"name": "x", "image": "y"}], "volumes": []},
            "data": {"a": {"b": 1}}, "status": {},
        });
        mask.prune_object(&mut object);
        assert_eq!(
            object,
            json!({
                "kind": "Pod", "metadata": {"name": "a", "labels": {}},
                "spec": {"containers": [{"image": "y"}]}, "data": {"a": {"b": 1}},
            })
        );
    }

    #[test]
    fn no_paths_want_everything() {
        let mut object = json!({"a": 1});
        FieldMask::new(&BTreeSet::new()).prune_object(&mut object);
        assert_eq!(object, json!({"a": 1}));
    }
}
