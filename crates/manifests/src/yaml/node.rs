//! Where in the text each value of a document stands.

use std::ops::Range;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a literal block, `|`: its lines are the text's.
    Literal,
    /// As a folded block, `>`.
    Folded,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    /// One value.
    Scalar(Style),
    /// A reference to an anchor.
    Alias,
    /// Keys and values.
    Map {
        /// Written in braces.
        flow: bool,
        /// In the order of the text.
        entries: Vec<Entry>,
    },
    /// A list.
    Seq {
        /// Written in brackets.
        flow: bool,
        /// In the order of the text.
        items: Vec<Node>,
    },
}

/// A value's place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Bytes of the text; ends where the content of its last line ends. A block scalar's header is not in it.
    pub(crate) span: Range<usize>,
    /// From 1; a block scalar's is that of its first line of text, which its header stands before.
    pub(crate) line: usize,
    /// From 0, in characters: the first key's of a block map, the dashes' of a block list.
    pub(crate) column: usize,
    /// Carries an anchor or a tag.
    pub(crate) marked: bool,
    /// What it is.
    pub(crate) kind: NodeKind,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key as text.
    pub(crate) key: String,
    /// The key's bytes.
    pub(crate) span: Range<usize>,
    /// The key's line, from 1.
    pub(crate) line: usize,
    /// The byte of the colon, unless the key is written in the long form `? key`.
    pub(crate) colon: Option<usize>,
    /// Is a merge key, `<<`.
    pub(crate) merge: bool,
    /// The value's place.
    pub(crate) value: Node,
}

impl Node {
    /// The entry of a map with this key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            NodeKind::Map { entries, .. } => entries.iter().find(|e| !e.merge && e.key == key),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Seq { items, .. } => items,
            _ => &[],
        }
    }
}
