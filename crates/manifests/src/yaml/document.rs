//! What reading brings. Whatever is done with a document, such as looking for a line or rewriting it, is in a module
//! above this one, so that reading needs none of it.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::error::YamlError;
use super::node::Node;

/// What an input held.
#[derive(Debug, Default)]
pub struct Reading {
    /// The documents that could be read, empty ones among them.
    pub documents: Vec<Document>,
    /// What could not be read. A document with an error is not in `documents`; after an error in the syntax
    /// nothing more is read.
    pub errors: Vec<YamlError>,
    /// What reads otherwise than it looks.
    pub warnings: Vec<YamlError>,
}

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
}
