//! Changing a document's content while the untouched parts keep their bytes: who applies the policy's changes to a file
//! of their own wants to find it as it was, with its comments, but for these.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

use super::align::align;
use super::document::Document;
use super::emit::{self, Layout, Tail};
use super::node::{Entry, Node, NodeKind, Style};
use super::order;
use super::reader;

/// A document's new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The whole text, with the document's `---` if it had one.
    pub text: String,
    /// Comments inside the document could not be kept.
    pub comments_lost: bool,
}

impl Document {
    /// The document's text with another content: untouched parts keep their bytes, so far as that can be done. What
    /// comes out reads back as exactly `value`.
    #[must_use]
    pub fn rewrite(&self, value: &Value) -> Rewritten {
        if self.value == *value {
            return Rewritten { text: self.text().to_owned(), comments_lost: false };
        }
        edited(self, value).unwrap_or_else(|| written_anew(self, value))
    }
}

fn reads_as(text: &str, value: &Value) -> bool {
    reader::read_one("", text.as_bytes()).is_ok_and(|document| document.value == *value)
}

fn edited(document: &Document, value: &Value) -> Option<Rewritten> {
    if matches!(document.root.kind, NodeKind::Map { flow: true, .. }) {
        return None;
    }
    let mut editor =
        Editor { text: &document.source, layout: layout(document), edits: Vec::new(), comments_lost: false };
    editor.node(Slot::Root, &document.root, &document.value, value).ok()?;
    let comments_lost = editor.comments_lost;
    let text = editor.apply(&document.range)?;
    reads_as(&text, value).then_some(Rewritten { text, comments_lost })
}

/// Writes the content in the old order of keys. Comments before and after it stay.
fn written_anew(document: &Document, value: &Value) -> Rewritten {
    let source = &document.source;
    let root = &document.root.span;
    let start = source[..root.start].rfind('\n').map_or(0, |p| p + 1);
    let head = &source[document.range.start..start.max(document.range.start)];
    let head = if head.lines().any(|line| line.starts_with('%')) { "---\n" } else { head };
    let inner = &source[root.clone()];
    let tail = &source[line_after(source, root.end)..document.range.end];
    let old = Some(&document.root);
    let was = Some(&document.value);
    let mut body = String::new();
    layout(document).root(&mut body, value, old, was);
    let mut text = format!("{head}{body}{tail}");
    if !reads_as(&text, value) {
        text = format!("---\n{body}");
        if !reads_as(&text, value) {
            text = format!("---\n{value:#}\n");
        }
    }
    Rewritten { text, comments_lost: has_comment(inner) }
}

fn has_comment(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with('#') || line.contains(" #"))
}

/// Lists stand under their key as they do elsewhere in the document.
fn layout(document: &Document) -> Layout {
    fn dash(node: &Node) -> Option<usize> {
        match &node.kind {
            NodeKind::Map { entries, flow: false } => entries.iter().find_map(|entry| match &entry.value.kind {
                NodeKind::Seq { flow: false, .. } => entry.value.column.checked_sub(node.column),
                _ => dash(&entry.value),
            }),
            NodeKind::Seq { items, flow: false } => items.iter().find_map(dash),
            _ => None,
        }
    }
    Layout { dash: dash(&document.root).filter(|d| *d <= 8).unwrap_or(2) }
}

/// After the newline that ends the line of this byte.
fn line_after(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |p| at + p + 1)
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |p| p + 1)
}

/// The text cannot be edited in place here.
struct Unfit;

/// What a node is the value of.
#[derive(Clone, Copy)]
enum Slot<'n> {
    Root,
    Value { entry: &'n Entry, column: usize },
    Item { column: usize },
}

struct Edit {
    range: Range<usize>,
    text: String,
}

struct Editor<'d> {
    text: &'d str,
    layout: Layout,
    edits: Vec<Edit>,
    comments_lost: bool,
}

impl Editor<'_> {
    fn edit(&mut self, range: Range<usize>, text: String) {
        self.edits.push(Edit { range, text });
    }

    fn node(&mut self, slot: Slot<'_>, node: &Node, old: &Value, new: &Value) -> Result<(), Unfit> {
        if old == new {
            return Ok(());
        }
        match (&node.kind, old, new) {
            (NodeKind::Map { flow: false, entries }, Value::Object(was), Value::Object(map))
                if entries.iter().any(|e| map.contains_key(&e.key)) =>
            {
                self.map(node, entries, was, map)
            }
            (NodeKind::Seq { flow: false, items }, Value::Array(was), Value::Array(list)) => {
                let pairs = align(was, list);
                if pairs.iter().any(Option::is_some) && self.own_line(node.span.start) && items.len() == was.len() {
                    self.list(node, items, was, list, &pairs)
                } else {
                    self.replace(slot, node, old, new)
                }
            }
            _ => self.replace(slot, node, old, new),
        }
    }

    /// Nothing but blanks stands before this byte in its line.
    fn own_line(&self, at: usize) -> bool {
        self.text[line_start(self.text, at)..at].trim().is_empty()
    }

    fn map(
        &mut self,
        node: &Node,
        entries: &[Entry],
        was: &Map<String, Value>,
        map: &Map<String, Value>,
    ) -> Result<(), Unfit> {
        for (index, entry) in entries.iter().enumerate().filter(|(_, e)| !e.merge) {
            match map.get(&entry.key) {
                Some(value) => {
                    let slot = Slot::Value { entry, column: node.column };
                    self.node(slot, &entry.value, &was[&entry.key], value)?;
                }
                None => self.remove_entry(entry, entries.get(index + 1))?,
            }
        }
        // A key that a merge brought in is written out only where its value changes.
        let own: Vec<&str> =
            entries.iter().filter(|e| !e.merge && map.contains_key(&e.key)).map(|e| e.key.as_str()).collect();
        let places: HashMap<&str, &Entry> = entries.iter().filter(|e| !e.merge).map(|e| (e.key.as_str(), e)).collect();
        let added: Vec<&str> = map
            .iter()
            .filter(|(key, value)| !places.contains_key(key.as_str()) && was.get(*key) != Some(*value))
            .map(|(key, _)| key.as_str())
            .collect();
        let mut before: Option<&Entry> = None;
        for key in order::arrange(&own, own.iter().copied().chain(added.iter().copied())) {
            if let Some(entry) = places.get(key) {
                before = Some(entry);
                continue;
            }
            let mut lines = String::new();
            self.layout.entry(&mut lines, node.column, key, &map[key], None, None);
            let first = entries.first().ok_or(Unfit)?;
            match before {
                Some(entry) => self.insert_after(&entry.value, lines),
                None if self.own_line(first.span.start) => {
                    self.insert_before(first.span.start, lines);
                }
                None => self.insert_after(&first.value, lines),
            }
        }
        Ok(())
    }

    fn insert_after(&mut self, node: &Node, lines: String) {
        let at = line_after(self.text, node.span.end);
        self.edit(at..at, lines);
    }

    /// Inserts lines above the line of this byte, and above the comments that speak of it.
    fn insert_before(&mut self, at: usize, lines: String) {
        let mut start = line_start(self.text, at);
        let column = at - start;
        while start > 0 {
            let above = line_start(self.text, start - 1);
            let line = &self.text[above..start];
            if line.len() - line.trim_start_matches(' ').len() != column || !line.trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        self.edit(start..start, lines);
    }

    fn remove_entry(&mut self, entry: &Entry, next: Option<&Entry>) -> Result<(), Unfit> {
        self.note_comments(entry.span.start..entry.value.span.end);
        if self.own_line(entry.span.start) {
            let start = line_start(self.text, entry.span.start);
            let end = line_after(self.text, entry.value.span.end);
            self.edit(start..end, String::new());
            return Ok(());
        }
        let next = next.ok_or(Unfit)?;
        self.edit(entry.span.start..next.span.start, String::new());
        Ok(())
    }

    fn list(
        &mut self,
        node: &Node,
        items: &[Node],
        was: &[Value],
        list: &[Value],
        pairs: &[Option<usize>],
    ) -> Result<(), Unfit> {
        for (index, item) in items.iter().enumerate() {
            if !pairs.contains(&Some(index)) {
                let dash = self.dash(item)?;
                self.note_comments(dash..item.span.end);
                let range = line_start(self.text, dash)..line_after(self.text, item.span.end);
                self.edit(range, String::new());
            }
        }
        let mut previous: Option<&Node> = None;
        for (value, pair) in list.iter().zip(pairs) {
            if let Some(index) = pair {
                let item = &items[*index];
                let slot = Slot::Item { column: node.column };
                self.node(slot, item, &was[*index], value)?;
                previous = Some(item);
                continue;
            }
            let mut lines = String::new();
            self.layout.item(&mut lines, node.column, value, None, None);
            if let Some(previous) = previous {
                self.insert_after(previous, lines);
            } else {
                self.insert_before(node.span.start, lines);
            }
        }
        Ok(())
    }

    /// The byte of an item's dash, which must be alone before it in its line.
    fn dash(&self, item: &Node) -> Result<usize, Unfit> {
        let before = self.text[..item.span.start].trim_end();
        let at = before.strip_suffix('-').ok_or(Unfit)?.len();
        if self.own_line(at) { Ok(at) } else { Err(Unfit) }
    }

    fn note_comments(&mut self, range: Range<usize>) {
        self.comments_lost |= has_comment(&self.text[range]);
    }

    fn replace(&mut self, slot: Slot<'_>, node: &Node, old: &Value, new: &Value) -> Result<(), Unfit> {
        let single_line = !self.text[node.span.clone()].contains('\n');
        let block_scalar = matches!(node.kind, NodeKind::Scalar(Style::Literal | Style::Folded));
        let old_is_collection = matches!(node.kind, NodeKind::Map { .. } | NodeKind::Seq { .. });
        if old_is_collection {
            self.note_comments(node.span.clone());
        }
        let (tail, start) = match slot {
            Slot::Root => return Err(Unfit),
            Slot::Value { entry, column } => {
                let tail = self.layout.of_key(column, new, Some(node), Some(old));
                (tail, entry.colon.ok_or(Unfit)? + 1)
            }
            Slot::Item { column } => {
                let dash = self.dash(node)?;
                let mut lines = String::new();
                self.layout.item(&mut lines, column, new, Some(node), Some(old));
                let lines = lines[column + 1..].trim_start_matches(' ');
                let (head, body) = lines.split_once('\n').ok_or(Unfit)?;
                let tail = Tail { head: head.to_owned(), body: body.to_owned() };
                (tail, dash + 1)
            }
        };
        if tail.body.is_empty()
            && !block_scalar
            && !node.marked
            && single_line
            && !node.span.is_empty()
            && !old_is_collection
        {
            // the new scalar takes the old one's place and kind of quotes, where these are as good
            self.edit(node.span.clone(), requote(&self.text[node.span.clone()], &tail.head));
            return Ok(());
        }
        let mut end = node.span.end.max(start);
        let mut comment = String::new();
        let line = self.text[end..line_after(self.text, end)].trim();
        if block_scalar || !single_line {
            let between = &self.text[start..node.span.start.max(start)];
            if let Some(at) = between.find(" #") {
                let remark = between[at..].lines().next().unwrap_or_default();
                remark.trim_end().clone_into(&mut comment);
            }
        }
        if line.starts_with('#') && comment.is_empty() && single_line {
            comment = format!(" {line}");
            end += self.text[end..].find(line).unwrap_or(0) + line.len();
        }
        let mut text = String::new();
        if !tail.head.is_empty() {
            text.push(' ');
            text.push_str(&tail.head);
        }
        text.push_str(&comment);
        if !tail.body.is_empty() {
            text.push('\n');
            text.push_str(tail.body.strip_suffix('\n').unwrap_or(&tail.body));
        }
        self.edit(start..end, text);
        Ok(())
    }

    /// The text of `range` with all edits made; `None` when two of them touch the same bytes.
    fn apply(mut self, range: &Range<usize>) -> Option<String> {
        self.edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let carriage = self.text[range.clone()].contains("\r\n");
        let mut out = String::new();
        let mut at = range.start;
        for edit in &self.edits {
            if edit.range.start < at || edit.range.end > range.end {
                return None;
            }
            out.push_str(&self.text[at..edit.range.start]);
            let insertion = edit.range.is_empty() && edit.text.ends_with('\n');
            if insertion && !out.is_empty() && !out.ends_with('\n') {
                out.push('\n');
            }
            if carriage {
                out.push_str(&edit.text.replace('\n', "\r\n"));
            } else {
                out.push_str(&edit.text);
            }
            at = edit.range.end;
        }
        out.push_str(&self.text[at..range.end]);
        Some(out)
    }
}

/// Gives a new text the quotes of the old one.
fn requote(old: &str, new: &str) -> String {
    let bare = |text: &str| !text.starts_with(['"', '\'']);
    if !bare(old) && bare(new) && emit::text(new) == new && !old.is_empty() {
        let quote = &old[..1];
        if !new.contains(quote) && !new.contains('\\') {
            return format!("{quote}{new}{quote}");
        }
    }
    new.to_owned()
}
