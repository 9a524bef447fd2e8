//! The exact bytes of values. The parser's spans run over trailing blanks and comments, and leave out dashes and what
//! stands before a block's text; who edits in place must neither cut into a comment nor leave a blank behind.

use std::ops::Range;

use saphyr_parser::{ScalarStyle, Span};

use super::node::{Node, NodeKind};
use super::positions::{Positions, line_number};

/// Finds the places of values in a text.
#[derive(Debug)]
pub(crate) struct Spans<'a> {
    text: &'a str,
    positions: Positions<'a>,
}

impl<'a> Spans<'a> {
    /// Reads through the text once.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, positions: Positions::new(text) }
    }

    /// The byte where the parser has a value begin.
    pub(crate) fn start(&self, span: Span) -> usize {
        self.positions.byte(span.start.index())
    }

    /// The byte where the parser has a value end.
    pub(crate) fn end(&self, span: Span) -> usize {
        self.positions.byte(span.end.index())
    }

    /// Moves a document's start before its `%YAML` and `%TAG` lines.
    pub(crate) fn before_directives(&self, start: usize) -> usize {
        let mut start = start;
        while let Some(before) = self.text[..start].strip_suffix('\n') {
            let line = before.rfind('\n').map_or(0, |p| p + 1);
            if !before[line..].starts_with('%') {
                break;
            }
            start = line;
        }
        start
    }

    /// The bytes of a scalar.
    pub(crate) fn scalar(&self, style: ScalarStyle, span: Span) -> Range<usize> {
        let start = self.start(span);
        let end = self.end(span).max(start);
        let text = &self.text[start..end];
        let length = match style {
            // the parser puts an empty value before the next document at that one's marker
            ScalarStyle::Plain if text.starts_with("---") && span.start.col() == 0 => 0,
            ScalarStyle::Plain => text.trim_end().len(),
            ScalarStyle::DoubleQuoted => quoted_length(text, b'"'),
            ScalarStyle::SingleQuoted => quoted_length(text, b'\''),
            ScalarStyle::Literal | ScalarStyle::Folded => self.block_length(start, text),
        };
        start..start + length
    }

    /// The length of a block scalar's text. Blank lines at its end count only where the header before it says so.
    fn block_length(&self, start: usize, text: &str) -> usize {
        let header = self.text[..start].trim_end();
        let header = &header[header.rfind('\n').map_or(0, |p| p + 1)..];
        let body = match text.rfind('\n') {
            Some(newline) if text[newline..].trim().is_empty() => &text[..newline],
            _ => text,
        };
        let keep = header
            .split(" #")
            .next()
            .is_some_and(|h| h.trim_end().ends_with(['+', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
        let body = if keep { body.strip_suffix('\r').unwrap_or(body) } else { body.trim_end() };
        body.len()
    }

    /// The line (from 1) where a block scalar's text begins.
    pub(crate) fn block_line(&self, text: &str, marked: bool, span: Span) -> usize {
        if marked {
            // The parser starts at the anchor or tag; the header is behind it.
            let rest = &self.text[self.start(span)..];
            let header = rest.match_indices(['|', '>']).map(|(at, _)| &rest[..at]);
            let before = header.into_iter().find(|before| before.ends_with(char::is_whitespace)).unwrap_or_default();
            return span.start.line() + line_number(before.as_bytes());
        }
        // The parser starts at the first line that is not blank, but blank ones are text, too.
        let blank = text.chars().take_while(|c| *c == '\n').count();
        span.start.line().saturating_sub(blank).max(1)
    }

    /// The byte of the colon behind a key, unless the key is written in the long form `? key`.
    pub(crate) fn colon(&self, key_end: usize) -> Option<usize> {
        let rest = &self.text[key_end..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[blanks..].starts_with(':').then_some(key_end + blanks)
    }

    /// The place of a collection; only one in braces or brackets has an end of its own.
    pub(crate) fn collection(&self, kind: NodeKind, marked: bool, begin: Span, end: Span, last: Option<usize>) -> Node {
        if end.is_empty() {
            // An anchor or a tag stands on an earlier line; the collection begins after it.
            let content = Span::empty(begin.end);
            let start = self.start(content);
            let mut node = leaf(start..start, content, kind, marked);
            if let Some(dash) = node.items().first().and_then(|item| self.dash_before(item)) {
                node.span.start = dash;
                node.column = dash - self.text[..dash].rfind('\n').map_or(0, |p| p + 1);
            }
            node.span.end = last.unwrap_or(start).max(node.span.start);
            return node;
        }
        let start = self.start(begin);
        let end = self.end(end);
        leaf(start..end, begin, kind, marked)
    }

    /// The parser puts a list that is not indented at its first item, not at the dash.
    fn dash_before(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.span.start].trim_end();
        before.ends_with('-').then(|| before.len() - 1)
    }
}

/// The length of a quoted scalar, from before its first quote to behind its last one.
fn quoted_length(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = bytes.iter().position(|b| *b == quote).map_or(0, |p| p + 1);
    while at < bytes.len() {
        if quote == b'"' && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else {
            return at + 1;
        }
    }
    text.len()
}

/// A node that the parser has begin at `at`.
pub(crate) fn leaf(span: Range<usize>, at: Span, kind: NodeKind, marked: bool) -> Node {
    Node { span, line: at.start.line().max(1), column: at.start.col(), marked, kind }
}
