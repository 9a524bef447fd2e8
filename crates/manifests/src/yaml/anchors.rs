//! What aliases stand for, within bounds: an alias of aliases multiplies, and a few lines of YAML could otherwise stand
//! for more than any memory holds.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::input::MAX_BYTES;

/// How many values all the aliases of one document may stand for.
pub const MAX_ALIAS_NODES: usize = 100_000;

/// The anchors of one document, by the parser's numbers for them; 0 stands for none.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    anchored: HashMap<usize, Anchored>,
    /// So many values the aliases so far stand for.
    nodes: usize,
    /// So many bytes of text.
    bytes: usize,
}

#[derive(Debug)]
struct Anchored {
    value: Value,
    nodes: usize,
}

impl Anchors {
    /// Keeps the value of an anchor.
    pub(crate) fn keep(&mut self, anchor: usize, value: &Value) {
        if anchor != 0 {
            self.anchored.insert(anchor, Anchored { value: value.clone(), nodes: count(value) });
        }
    }

    /// What the alias stands for; `name` is how it is written.
    ///
    /// # Errors
    /// Where there is no such anchor, or the aliases stand for too much. After that no anchor is known any more.
    pub(crate) fn of(&mut self, anchor: usize, name: &str) -> Result<Value, String> {
        let Some(anchored) = self.anchored.get(&anchor) else {
            return Err(format!("`{name}` refers to an anchor that is not complete before it in this document"));
        };
        // what it stands for counts, not what is written
        self.nodes = self.nodes.saturating_add(anchored.nodes);
        if self.nodes > MAX_ALIAS_NODES {
            *self = Self::default();
            return Err(format!(
                "the aliases up to `{name}` stand for more than {MAX_ALIAS_NODES} values; write them out"
            ));
        }
        let value = anchored.value.clone();
        self.bytes = self.bytes.saturating_add(text_bytes(&value));
        if self.bytes > MAX_BYTES {
            *self = Self::default();
            return Err(format!("the aliases up to `{name}` stand for more than {MAX_BYTES} bytes of text"));
        }
        Ok(value)
    }
}

/// Adds what the merge key `<<` brings in: a map or a list of maps, whose keys give way to those that are there.
///
/// # Errors
/// Where it is neither.
pub(crate) fn merge(values: &mut Map<String, Value>, base: Value) -> Result<(), String> {
    match base {
        Value::Object(base) => {
            for (key, value) in base {
                values.entry(key).or_insert(value);
            }
            Ok(())
        }
        Value::Array(bases) if bases.iter().all(Value::is_object) => {
            bases.into_iter().try_for_each(|base| merge(values, base))
        }
        _ => Err("the merge key `<<` takes a map or a list of maps".to_owned()),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

fn text_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(map) => map.iter().map(|(k, v)| k.len() + text_bytes(v)).sum(),
        _ => 0,
    }
}
