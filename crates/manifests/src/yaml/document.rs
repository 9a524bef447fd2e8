//! One document of a YAML stream.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::node::Node;
use super::rewrite::{self, Rewritten};

/// One document: its text, its value, and where in its file it stands.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) file: Arc<str>,
    pub(crate) source: Arc<str>,
    pub(crate) range: Range<usize>,
    pub(crate) root: Node,
    pub(crate) value: Value,
    pub(crate) explicit: bool,
}

impl Document {
    /// The name of the file that it came from.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line (from 1) of its first key or item.
    #[must_use]
    pub fn line(&self) -> usize {
        self.root.line
    }

    /// Its bytes in the file, with the comments around it and its `---`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.source[self.range.clone()]
    }

    /// Its content, as kubectl would send it.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether it begins with `---`.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.explicit
    }

    /// Whether nothing but comments is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.is_null()
    }

    /// The line (from 1) where the value of a key path begins; array items are given by their number.
    #[must_use]
    pub fn line_of(&self, path: &[&str]) -> Option<usize> {
        let mut node = &self.root;
        for step in path {
            node = match step.parse::<usize>() {
                Ok(index) if !node.items().is_empty() => node.items().get(index)?,
                _ => &node.entry(step)?.value,
            };
        }
        Some(node.line)
    }

    /// The document's text with another content: untouched parts keep their bytes, so far as that can be done.
    #[must_use]
    pub fn rewrite(&self, value: &Value) -> Rewritten {
        rewrite::rewrite(self, value)
    }
}
