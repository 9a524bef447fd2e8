//! From bytes to documents.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};
use serde_json::{Map, Value};

use super::document::Document;
use super::error::YamlError;
use super::node::{Entry, Kind, Node, Style};
use super::positions::Positions;
use super::scalar;

/// The largest input that is read, in bytes.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The deepest nesting that is read. The policy's own reader of JSON stops a little later.
pub const MAX_DEPTH: usize = 100;
/// How many values all the aliases of one document may stand for.
pub const MAX_ALIAS_NODES: usize = 100_000;

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

/// Reads all documents of an input. Never fails as a whole: see [`Reading`].
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    match text_of(file, bytes) {
        Ok(text) => Loader::new(file, text).run(&mut reading),
        Err(error) => reading.errors.push(error),
    }
    reading
}

/// Reads an input that must hold exactly one document.
///
/// # Errors
/// The first error of the input, or that it holds no document, or more than one.
pub fn read_one(file: &str, bytes: &[u8]) -> Result<Document, YamlError> {
    let reading = read(file, bytes);
    if let Some(error) = reading.errors.into_iter().next() {
        return Err(error);
    }
    let mut documents = reading.documents.into_iter().filter(|d| !d.is_empty());
    let Some(document) = documents.next() else {
        return Err(YamlError::of_file(file, "is empty: it holds no YAML document, or only comments"));
    };
    match documents.next() {
        None => Ok(document),
        Some(second) => {
            Err(YamlError::at(file, second.line(), 1, "a second document begins here; this file must hold only one"))
        }
    }
}

fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, YamlError> {
    if bytes.len() > MAX_BYTES {
        return Err(YamlError::of_file(
            file,
            format!(
                "is {} bytes long, more than the limit of {} MiB; split it",
                bytes.len(),
                MAX_BYTES / (1024 * 1024)
            ),
        ));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(YamlError::of_file(file, "is UTF-16 text; save it as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = &bytes[..error.valid_up_to()];
        let line_start = good.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        YamlError::at(
            file,
            line_number(good),
            String::from_utf8_lossy(&good[line_start..]).chars().count() + 1,
            format!("the byte 0x{:02x} is not UTF-8 text; save the file as UTF-8", bytes[error.valid_up_to()]),
        )
    })?;
    if let Some(at) = text.find('\0') {
        return Err(YamlError::at(file, line_number(&text.as_bytes()[..at]), 1, "a NUL byte: this is no text file"));
    }
    Ok(text)
}

#[allow(clippy::naive_bytecount)] // once per error, else over a few bytes
fn line_number(before: &[u8]) -> usize {
    before.iter().filter(|b| **b == b'\n').count() + 1
}

type Parsed = Result<(Node, Value), Stop>;

/// The syntax is broken: nothing more can be read.
struct Stop;

struct Anchored {
    value: Value,
    nodes: usize,
}

struct Loader<'a> {
    file: Arc<str>,
    text: &'a str,
    positions: Positions<'a>,
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Anchored>,
    alias_nodes: usize,
    alias_bytes: usize,
    errors: Vec<YamlError>,
    warnings: Vec<YamlError>,
}

impl<'a> Loader<'a> {
    fn new(file: &str, text: &'a str) -> Self {
        Self {
            file: Arc::from(file),
            text,
            positions: Positions::new(text),
            parser: Parser::new_from_str(text),
            anchors: HashMap::new(),
            alias_nodes: 0,
            alias_bytes: 0,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn run(mut self, reading: &mut Reading) {
        let source: Arc<str> = Arc::from(self.text);
        // Each document's text ends where the next one's begins, so that no byte is lost between them.
        let mut pending: Option<(usize, bool, Node, Value, bool)> = None;
        let mut previous_end = 0;
        let finish = |pending: Option<(usize, bool, Node, Value, bool)>,
                      end: usize,
                      file: &Arc<str>,
                      documents: &mut Vec<Document>| {
            if let Some((start, explicit, root, value, good)) = pending
                && good
            {
                documents.push(Document {
                    file: Arc::clone(file),
                    source: Arc::clone(&source),
                    range: start..end,
                    root,
                    value,
                    explicit,
                });
            }
        };
        while let Ok((event, span)) = self.next() {
            match event {
                Event::DocumentStart(explicit) => {
                    let start = match (&pending, explicit) {
                        (None, _) => 0,
                        (Some(_), true) => self.before_directives(self.positions.byte(span.start.index())),
                        (Some(_), false) => previous_end,
                    };
                    finish(pending.take(), start, &self.file, &mut reading.documents);
                    let errors = self.errors.len();
                    self.anchors.clear();
                    self.alias_nodes = 0;
                    self.alias_bytes = 0;
                    let Ok((event, span)) = self.next() else {
                        break;
                    };
                    let Ok((root, value)) = self.node(event, span, 0) else {
                        break;
                    };
                    let good = self.errors.len() == errors;
                    pending = Some((start, explicit, root, value, good));
                }
                Event::DocumentEnd => {
                    let end = self.positions.byte(span.end.index());
                    previous_end = self.text[end..].find('\n').map_or(end, |p| end + p + 1);
                }
                Event::StreamEnd => break,
                _ => {}
            }
        }
        finish(pending, self.text.len(), &self.file, &mut reading.documents);
        reading.errors.append(&mut self.errors);
        reading.warnings.append(&mut self.warnings);
    }

    /// Moves a document's start before its `%YAML` and `%TAG` lines.
    fn before_directives(&self, start: usize) -> usize {
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
                let shown: String = line.trim_end().chars().take(60).collect();
                let near = if shown.trim().is_empty() { String::new() } else { format!(", near {shown:?}") };
                self.errors.push(YamlError::at(
                    &self.file,
                    marker.line().max(1),
                    marker.col() + 1,
                    format!("not valid YAML: {}{near}{help}", error.info()),
                ));
                Err(Stop)
            }
        }
    }

    fn problem(&mut self, span: Span, message: String) {
        self.errors.push(YamlError::at(&self.file, span.start.line(), span.start.col() + 1, message));
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
                self.collection_tag(tag.as_ref(), "seq", span);
                let marked = anchor != 0 || tag.is_some();
                self.sequence(anchor, marked, span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.collection_tag(tag.as_ref(), "map", span);
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
        let at = self.positions.byte(span.start.index());
        Ok((leaf(at..at, span, Kind::Alias, false), Value::Null))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Cow<'a, Tag>>,
        span: Span,
    ) -> (Node, Value) {
        let range = self.scalar_range(style, span);
        let value = match Self::scalar_value(text, style, tag) {
            Ok(value) => value,
            Err(message) => {
                self.problem(span, message);
                Value::Null
            }
        };
        if tag.is_none() && style == ScalarStyle::Plain && scalar::old_boolean(text).is_some() {
            self.warnings.push(YamlError::at(
                &self.file,
                span.start.line(),
                span.start.col() + 1,
                format!("`{text}` without quotes is the boolean {value} for kubectl; quote it if text is meant"),
            ));
        }
        self.anchor(anchor, &value, 1);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let marked = anchor != 0 || tag.is_some();
        let mut node = leaf(range, span, Kind::Scalar(style), marked);
        if matches!(style, Style::Literal | Style::Folded) {
            node.line = self.block_line(text, marked, span);
        }
        (node, value)
    }

    /// The line (from 1) where a block scalar's text begins.
    fn block_line(&self, text: &str, marked: bool, span: Span) -> usize {
        if marked {
            // The parser starts at the anchor or tag; the header is behind it.
            let rest = &self.text[self.positions.byte(span.start.index())..];
            let header = rest.match_indices(['|', '>']).map(|(at, _)| &rest[..at]);
            let before = header.into_iter().find(|before| before.ends_with(char::is_whitespace)).unwrap_or_default();
            return span.start.line() + line_number(before.as_bytes());
        }
        // The parser starts at the first line that is not blank, but blank ones are text, too.
        let blank = text.chars().take_while(|c| *c == '\n').count();
        span.start.line().saturating_sub(blank).max(1)
    }

    fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Cow<'a, Tag>>) -> Result<Value, String> {
        let Some(tag) = tag else {
            return if style == ScalarStyle::Plain {
                scalar::resolve_plain(text)
            } else {
                Ok(Value::String(text.to_owned()))
            };
        };
        let wrong = || format!("`{text}` is no {tag}");
        if tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty() {
            return Ok(Value::String(text.to_owned()));
        }
        if !tag.is_yaml_core_schema() {
            return Err(format!("the tag `{tag}` has no meaning in a manifest"));
        }
        match tag.suffix.as_str() {
            "str" => Ok(Value::String(text.to_owned())),
            "int" | "float" => scalar::number(text).map(Value::Number).ok_or_else(wrong),
            "bool" | "null" => {
                let value = scalar::resolve_plain(text)?;
                let fits = if tag.suffix == "bool" { value.is_boolean() } else { value.is_null() };
                if fits { Ok(value) } else { Err(wrong()) }
            }
            _ => Err(format!("the tag `{tag}` has no meaning in a manifest")),
        }
    }

    fn collection_tag(&mut self, tag: Option<&Cow<'a, Tag>>, suffix: &str, span: Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == suffix)
        {
            self.problem(span, format!("the tag `{tag}` has no meaning in a manifest"));
        }
    }

    /// The parser's ends run over trailing blanks and comments; these are the real ones.
    fn scalar_range(&self, style: ScalarStyle, span: Span) -> Range<usize> {
        let start = self.positions.byte(span.start.index());
        let end = self.positions.byte(span.end.index()).max(start);
        let text = &self.text[start..end];
        match style {
            ScalarStyle::Plain => {
                if text.starts_with("---") && span.start.col() == 0 {
                    return start..start;
                }
                start..start + text.trim_end().len()
            }
            ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted => {
                let quote = if style == ScalarStyle::DoubleQuoted { b'"' } else { b'\'' };
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
                        return start..start + at + 1;
                    }
                }
                start..end
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let header = self.text[..start].trim_end();
                let header = &header[header.rfind('\n').map_or(0, |p| p + 1)..];
                let body = match text.rfind('\n') {
                    Some(newline) if text[newline..].trim().is_empty() => &text[..newline],
                    _ => text,
                };
                // Blank lines at the end count only where the header says so.
                let keep = header
                    .split(" #")
                    .next()
                    .is_some_and(|h| h.trim_end().ends_with(['+', '1', '2', '3', '4', '5', '6', '7', '8', '9']));
                let body = if keep { body.strip_suffix('\r').unwrap_or(body) } else { body.trim_end() };
                start..start + body.len()
            }
        }
    }

    fn anchor(&mut self, anchor: usize, value: &Value, nodes: usize) {
        if anchor != 0 {
            let value = value.clone();
            self.anchors.insert(anchor, Anchored { value, nodes });
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> (Node, Value) {
        let start = self.positions.byte(span.start.index());
        let end = self.positions.byte(span.end.index());
        let node = leaf(start..end, span, Kind::Alias, false);
        let name = self.text[start..end].trim().to_owned();
        let Some(anchored) = self.anchors.get(&id) else {
            self.problem(span, format!("`{name}` refers to an anchor that is not complete before it in this document"));
            return (node, Value::Null);
        };
        // An alias of aliases multiplies: what it stands for counts, not what is written.
        self.alias_nodes = self.alias_nodes.saturating_add(anchored.nodes);
        if self.alias_nodes > MAX_ALIAS_NODES {
            self.problem(
                span,
                format!("the aliases up to `{name}` stand for more than {MAX_ALIAS_NODES} values; write them out"),
            );
            self.alias_nodes = 0;
            self.anchors.clear();
            return (node, Value::Null);
        }
        let value = anchored.value.clone();
        self.alias_bytes = self.alias_bytes.saturating_add(text_bytes(&value));
        if self.alias_bytes > MAX_BYTES {
            self.problem(span, format!("the aliases up to `{name}` stand for more than {MAX_BYTES} bytes of text"));
            self.alias_bytes = 0;
            self.anchors.clear();
            return (node, Value::Null);
        }
        (node, value)
    }

    fn sequence(&mut self, anchor: usize, marked: bool, span: Span, depth: usize) -> Parsed {
        let mut items = Vec::new();
        let mut values = Vec::new();
        loop {
            let (event, item_span) = self.next()?;
            if event == Event::SequenceEnd {
                let value = Value::Array(values);
                self.remember(anchor, &value);
                let last = items.last().map(|item: &Node| item.span.end);
                let flow = !item_span.is_empty();
                let kind = Kind::Seq { flow, items };
                return Ok((self.collection(kind, marked, span, item_span, last), value));
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
                    self.merge(&mut values, base, span);
                }
                let value = Value::Object(values);
                self.remember(anchor, &value);
                let last = entries.last().map(|entry| entry.value.span.end);
                let flow = !key_span.is_empty();
                let kind = Kind::Map { flow, entries };
                return Ok((self.collection(kind, marked, span, key_span, last), value));
            }
            let (key, key_range, merge) = self.key(event, key_span, depth)?;
            let colon = self.colon(key_range.end);
            let (event, value_span) = self.next()?;
            let (mut node, value) = self.node(event, value_span, depth + 1)?;
            if let (Kind::Scalar(Style::Plain), true, Some(colon)) = (&node.kind, node.span.is_empty(), colon) {
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
        let range = self.scalar_range(style, span);
        if style == ScalarStyle::Plain && tag.is_none() && text == "<<" {
            return Ok(("<<".to_owned(), range, true));
        }
        let value = match Self::scalar_value(&text, style, tag.as_ref()) {
            Ok(value) => value,
            Err(message) => {
                self.problem(span, message);
                Value::Null
            }
        };
        self.anchor(anchor, &value, 1);
        let key = match value {
            Value::String(key) => key,
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => {
                self.warnings.push(YamlError::at(
                    &self.file,
                    span.start.line(),
                    span.start.col() + 1,
                    format!("the key `{text}` without quotes is `{value}` for kubectl; quote it"),
                ));
                value.to_string()
            }
            _ => {
                self.problem(span, format!("the key `{text}` is no text; quote it or name the key"));
                text.into_owned()
            }
        };
        Ok((key, range, false))
    }

    fn colon(&self, key_end: usize) -> Option<usize> {
        let rest = &self.text[key_end..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[blanks..].starts_with(':').then_some(key_end + blanks)
    }

    fn merge(&mut self, values: &mut Map<String, Value>, base: Value, span: Span) {
        match base {
            Value::Object(base) => {
                for (key, value) in base {
                    values.entry(key).or_insert(value);
                }
            }
            Value::Array(bases) if bases.iter().all(Value::is_object) => {
                for base in bases {
                    self.merge(values, base, span);
                }
            }
            _ => self.problem(span, "the merge key `<<` takes a map or a list of maps".to_owned()),
        }
    }

    /// The place of a collection; only one in braces or brackets has an end of its own.
    fn collection(&self, kind: Kind, marked: bool, begin: Span, end: Span, last: Option<usize>) -> Node {
        if end.is_empty() {
            // An anchor or a tag stands on an earlier line; the collection begins after it.
            let content = Span::empty(begin.end);
            let start = self.positions.byte(content.start.index());
            let mut node = leaf(start..start, content, kind, marked);
            if let Some(dash) = node.items().first().and_then(|item| self.dash_before(item)) {
                node.span.start = dash;
                node.column = dash - self.text[..dash].rfind('\n').map_or(0, |p| p + 1);
            }
            node.span.end = last.unwrap_or(start).max(node.span.start);
            return node;
        }
        let start = self.positions.byte(begin.start.index());
        let end = self.positions.byte(end.end.index());
        leaf(start..end, begin, kind, marked)
    }

    /// The parser puts a list that is not indented at its first item, not at the dash.
    fn dash_before(&self, item: &Node) -> Option<usize> {
        let before = self.text[..item.span.start].trim_end();
        before.ends_with('-').then(|| before.len() - 1)
    }

    fn remember(&mut self, anchor: usize, value: &Value) {
        if anchor != 0 {
            self.anchor(anchor, value, count(value));
        }
    }
}

fn leaf(span: Range<usize>, at: Span, kind: Kind, marked: bool) -> Node {
    Node { span, line: at.start.line().max(1), column: at.start.col(), marked, kind }
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
