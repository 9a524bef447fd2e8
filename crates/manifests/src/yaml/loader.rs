//! From the parser's events to documents: values as kubectl has them, beside a tree of where each one stands.
//!
//! The two are apart because most who read want only the values, and `serde_json` has everything for these.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::anchors::{self, Anchors};
use super::document::{Document, Reading};
use super::error::YamlError;
use super::node::{Entry, Node, NodeKind, Style};
use super::scalar;
use super::span::{Spans, leaf};
use super::tag;

/// The deepest nesting that is read. The policy's own reader of JSON stops a little later.
pub const MAX_DEPTH: usize = 100;

type Parsed = Result<(Node, Value), Stop>;

/// The syntax is broken: nothing more can be read.
struct Stop;

/// A document of which it is not known yet where it ends: each one's text ends where the next one's begins, so that no
/// byte is lost between them.
struct Pending {
    start: usize,
    explicit: bool,
    root: Node,
    value: Value,
    has_errors: bool,
}

/// Builds documents of the parser's events.
pub(crate) struct Loader<'a> {
    file: Arc<str>,
    text: &'a str,
    spans: Spans<'a>,
    parser: Parser<'a, StrInput<'a>>,
    anchors: Anchors,
    documents: Vec<Document>,
    errors: Vec<YamlError>,
    warnings: Vec<YamlError>,
}

impl<'a> Loader<'a> {
    /// Of a text, and the name of its file.
    pub(crate) fn new(file: &str, text: &'a str) -> Self {
        Self {
            file: Arc::from(file),
            text,
            spans: Spans::new(text),
            parser: Parser::new_from_str(text),
            anchors: Anchors::default(),
            documents: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Reads all documents.
    pub(crate) fn run(mut self) -> Reading {
        let source: Arc<str> = Arc::from(self.text);
        let mut pending: Option<Pending> = None;
        let mut previous_end = 0;
        while let Ok((event, span)) = self.next() {
            match event {
                Event::DocumentStart(explicit) => {
                    let start = match (&pending, explicit) {
                        (None, _) => 0,
                        (Some(_), true) => self.spans.before_directives(self.spans.start(span)),
                        (Some(_), false) => previous_end,
                    };
                    self.finish(pending.take(), start, &source);
                    let Ok(begun) = self.document(start, explicit) else { break };
                    pending = Some(begun);
                }
                Event::DocumentEnd => {
                    let end = self.spans.end(span);
                    previous_end = self.text[end..].find('\n').map_or(end, |p| end + p + 1);
                }
                Event::StreamEnd => break,
                _ => {}
            }
        }
        self.finish(pending, self.text.len(), &source);
        Reading { documents: self.documents, errors: self.errors, warnings: self.warnings }
    }

    fn document(&mut self, start: usize, explicit: bool) -> Result<Pending, Stop> {
        let errors = self.errors.len();
        self.anchors = Anchors::default();
        let (event, span) = self.next()?;
        let (root, value) = self.node(event, span, 0)?;
        Ok(Pending { start, explicit, root, value, has_errors: self.errors.len() > errors })
    }

    fn finish(&mut self, pending: Option<Pending>, end: usize, source: &Arc<str>) {
        let Some(Pending { start, explicit, root, value, has_errors: false }) = pending else { return };
        let (file, source) = (Arc::clone(&self.file), Arc::clone(source));
        self.documents.push(Document { file, source, range: start..end, root, value, explicit });
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Stop> {
        match self.parser.next_event() {
            None => Err(Stop),
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let marker = *error.marker();
                let line = self.text.lines().nth(marker.line().saturating_sub(1)).unwrap_or_default();
                let help = if line.trim_start_matches(' ').starts_with('\t') {
                    "; indent with spaces, YAML takes no tabs there"
                } else {
                    ""
                };
                let near = key_of(line).map(|key| format!(", near {key:?}")).unwrap_or_default();
                // the parser's words may end in the character that it met
                let info = error.info().split(": `").next().unwrap_or_default();
                self.errors.push(YamlError::at(
                    &self.file,
                    marker.line().max(1),
                    marker.col() + 1,
                    format!("not valid YAML: {info}{near}{help}"),
                ));
                Err(Stop)
            }
        }
    }

    fn problem(&mut self, span: Span, message: String) {
        self.errors.push(YamlError::at(&self.file, span.start.line(), span.start.col() + 1, message));
    }

    /// What is good of a result; what is bad becomes a problem at this place, and nothing the value.
    fn checked<T: Default>(&mut self, result: Result<T, String>, span: Span) -> T {
        result.unwrap_or_else(|message| {
            self.problem(span, message);
            T::default()
        })
    }

    fn warn(&mut self, span: Span, message: String) {
        self.warnings.push(YamlError::at(&self.file, span.start.line(), span.start.col() + 1, message));
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Parsed {
        if depth >= MAX_DEPTH && matches!(event, Event::MappingStart(..) | Event::SequenceStart(..)) {
            self.problem(span, format!("nested more than {MAX_DEPTH} deep, which no Kubernetes object is"));
            return self.skip(span);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => Ok(self.scalar(&text, style, anchor, tag.as_ref(), span)),
            Event::Alias(id) => Ok(self.alias(id, span)),
            Event::SequenceStart(anchor, tag) => {
                self.checked(tag::check_collection(tag.as_ref(), "seq"), span);
                let marked = anchor != 0 || tag.is_some();
                self.sequence(anchor, marked, span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.checked(tag::check_collection(tag.as_ref(), "map"), span);
                let marked = anchor != 0 || tag.is_some();
                self.mapping(anchor, marked, span, depth)
            }
            _ => Err(Stop),
        }
    }

    /// Reads over a collection without building it.
    fn skip(&mut self, span: Span) -> Parsed {
        let mut open = 1_usize;
        while open > 0 {
            match self.next()?.0 {
                Event::MappingStart(..) | Event::SequenceStart(..) => open += 1,
                Event::MappingEnd | Event::SequenceEnd => open -= 1,
                _ => {}
            }
        }
        let at = self.spans.start(span);
        Ok((leaf(at..at, span, NodeKind::Alias, false), Value::Null))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Cow<'a, Tag>>,
        span: Span,
    ) -> (Node, Value) {
        let range = self.spans.scalar(style, span);
        let value = self.checked(tag::scalar_value(text, style, tag), span);
        if tag.is_none() && style == ScalarStyle::Plain && scalar::old_boolean(text).is_some() {
            let message =
                format!("`{text}` without quotes is the boolean {value} for kubectl; quote it if text is meant");
            self.warn(span, message);
        }
        self.anchors.keep(anchor, &value);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let marked = anchor != 0 || tag.is_some();
        let mut node = leaf(range, span, NodeKind::Scalar(style), marked);
        if matches!(style, Style::Literal | Style::Folded) {
            node.line = self.spans.block_line(text, marked, span);
        }
        (node, value)
    }

    fn alias(&mut self, id: usize, span: Span) -> (Node, Value) {
        let start = self.spans.start(span);
        let end = self.spans.end(span);
        let node = leaf(start..end, span, NodeKind::Alias, false);
        let name = self.text[start..end].trim().to_owned();
        let value = self.anchors.of(id, &name);
        (node, self.checked(value, span))
    }

    fn sequence(&mut self, anchor: usize, marked: bool, span: Span, depth: usize) -> Parsed {
        let mut items = Vec::new();
        let mut values = Vec::new();
        loop {
            let (event, item_span) = self.next()?;
            if event == Event::SequenceEnd {
                let value = Value::Array(values);
                self.anchors.keep(anchor, &value);
                let last = items.last().map(|item: &Node| item.span.end);
                let flow = !item_span.is_empty();
                let kind = NodeKind::Seq { flow, items };
                return Ok((self.spans.collection(kind, marked, span, item_span, last), value));
            }
            let (node, value) = self.node(event, item_span, depth + 1)?;
            items.push(node);
            values.push(value);
        }
    }

    fn mapping(&mut self, anchor: usize, marked: bool, span: Span, depth: usize) -> Parsed {
        let mut entries: Vec<Entry> = Vec::new();
        let mut lines: HashMap<String, usize> = HashMap::new();
        let mut values = Map::new();
        let mut merged: Vec<Value> = Vec::new();
        loop {
            let (event, key_span) = self.next()?;
            if event == Event::MappingEnd {
                for base in merged {
                    self.checked(anchors::merge(&mut values, base), span);
                }
                let value = Value::Object(values);
                self.anchors.keep(anchor, &value);
                let last = entries.last().map(|entry| entry.value.span.end);
                let flow = !key_span.is_empty();
                let kind = NodeKind::Map { flow, entries };
                return Ok((self.spans.collection(kind, marked, span, key_span, last), value));
            }
            let (key, key_range, merge) = self.key(event, key_span, depth)?;
            let colon = self.spans.colon(key_range.end);
            let (event, value_span) = self.next()?;
            let (mut node, value) = self.node(event, value_span, depth + 1)?;
            if let (NodeKind::Scalar(Style::Plain), true, Some(colon)) = (&node.kind, node.span.is_empty(), colon) {
                node.span = colon + 1..colon + 1;
            }
            if merge {
                merged.push(value);
            } else if let Some(line) = lines.insert(key.clone(), key_span.start.line()) {
                self.problem(
                    key_span,
                    format!("the key `{key}` is here for the second time, first on line {line}; remove one"),
                );
            } else {
                values.insert(key.clone(), value);
            }
            let line = key_span.start.line().max(1);
            entries.push(Entry { key, span: key_range, line, colon, merge, value: node });
        }
    }

    fn key(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<(String, Range<usize>, bool), Stop> {
        let Event::Scalar(text, style, anchor, tag) = event else {
            let (node, _) = self.node(event, span, depth + 1)?;
            self.problem(span, "a key that is a list, a map or an alias; keys must be text".to_owned());
            return Ok((String::new(), node.span, false));
        };
        let range = self.spans.scalar(style, span);
        if style == ScalarStyle::Plain && tag.is_none() && text == "<<" {
            return Ok(("<<".to_owned(), range, true));
        }
        let value = self.checked(tag::scalar_value(&text, style, tag.as_ref()), span);
        self.anchors.keep(anchor, &value);
        let key = match value {
            Value::String(key) => key,
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => {
                self.warn(span, format!("the key `{text}` without quotes is `{value}` for kubectl; quote it"));
                value.to_string()
            }
            _ => {
                self.problem(span, format!("the key `{text}` is no text; quote it or name the key"));
                text.into_owned()
            }
        };
        Ok((key, range, false))
    }
}

/// The key at the beginning of a line, with its colon. What is behind it may be a password, and so may a line without a
/// key; neither is shown.
fn key_of(line: &str) -> Option<&str> {
    const LONGEST: usize = 60;
    let line = line.trim();
    let end = line.match_indices(':').map(|(at, _)| at + 1).find(|end| {
        let rest = &line[*end..];
        rest.is_empty() || rest.starts_with([' ', '\t'])
    })?;
    let key = &line[..end];
    let name = key.trim_start_matches(['-', ' ', '{', '[', '"', '\'']).trim_end_matches([':', ' ', '"', '\'']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (!name.is_empty() && key.len() <= LONGEST && name.chars().all(is_name)).then_some(key)
}
