//! Writing values as YAML that people like to read.

use std::collections::HashMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::align::align;
use super::node::{Entry, Node, NodeKind};
use super::order;
use super::scalar;

/// How the document at hand is laid out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// How far the dashes of a list stand to the right of the key above them.
    pub(crate) dash: usize,
}

/// What follows a key's colon or a dash: the rest of that line, and the lines after it.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Without the blank before it.
    pub(crate) head: String,
    /// Empty, or whole lines.
    pub(crate) body: String,
}

impl Layout {
    /// A key with its value, as whole lines.
    pub(crate) fn entry(
        self,
        out: &mut String,
        indent: usize,
        key: &str,
        value: &Value,
        old: Option<&Node>,
        was: Option<&Value>,
    ) {
        pad(out, indent);
        out.push_str(&text(key));
        out.push(':');
        Self::tail_lines(out, &self.of_key(indent, value, old, was));
    }

    fn tail_lines(out: &mut String, tail: &Tail) {
        if !tail.head.is_empty() {
            out.push(' ');
            out.push_str(&tail.head);
        }
        out.push('\n');
        out.push_str(&tail.body);
    }

    /// What follows a key's colon; `indent` is the key's column.
    pub(crate) fn of_key(self, indent: usize, value: &Value, old: Option<&Node>, was: Option<&Value>) -> Tail {
        let mut body = String::new();
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.map(&mut body, indent + 2, map, old, was);
            }
            Value::Array(items) if !items.is_empty() => {
                self.list(&mut body, indent + self.dash, items, old, was);
            }
            _ => return scalar_tail(value, indent),
        }
        Tail { head: String::new(), body }
    }

    /// The lines of a map.
    pub(crate) fn map(
        self,
        out: &mut String,
        indent: usize,
        map: &Map<String, Value>,
        old: Option<&Node>,
        was: Option<&Value>,
    ) {
        let entries: &[Entry] = match old.map(|node| &node.kind) {
            Some(NodeKind::Map { entries, .. }) => entries,
            _ => &[],
        };
        let own = || entries.iter().filter(|entry| !entry.merge);
        let present: Vec<&str> = own().map(|entry| entry.key.as_str()).collect();
        let nodes: HashMap<&str, &Node> = own().map(|entry| (entry.key.as_str(), &entry.value)).collect();
        for key in order::arrange(&present, map.keys().map(String::as_str)) {
            let node = nodes.get(key).copied();
            let was = was.and_then(|was| was.get(key));
            self.entry(out, indent, key, &map[key], node, was);
        }
    }

    /// The lines of a list.
    pub(crate) fn list(
        self,
        out: &mut String,
        indent: usize,
        items: &[Value],
        old: Option<&Node>,
        was: Option<&Value>,
    ) {
        let empty = Vec::new();
        let was = was.and_then(Value::as_array).unwrap_or(&empty);
        let nodes = old.map(Node::items).unwrap_or_default();
        for (item, pair) in items.iter().zip(align(was, items)) {
            let node = pair.and_then(|index| nodes.get(index));
            let was = pair.and_then(|index| was.get(index));
            self.item(out, indent, item, node, was);
        }
    }

    /// The lines of one item of a list, its dash at `indent`.
    pub(crate) fn item(self, out: &mut String, indent: usize, item: &Value, old: Option<&Node>, was: Option<&Value>) {
        pad(out, indent);
        out.push('-');
        let inner = indent + 2;
        let mut lines = String::new();
        match item {
            Value::Object(map) if !map.is_empty() => self.map(&mut lines, inner, map, old, was),
            Value::Array(items) if !items.is_empty() => self.list(&mut lines, inner, items, old, was),
            _ => return Self::tail_lines(out, &scalar_tail(item, indent)),
        }
        out.push(' ');
        out.push_str(&lines[inner..]);
    }

    /// A whole document.
    pub(crate) fn root(self, out: &mut String, value: &Value, old: Option<&Node>, was: Option<&Value>) {
        match value {
            Value::Object(map) if !map.is_empty() => self.map(out, 0, map, old, was),
            Value::Array(items) if !items.is_empty() => self.list(out, 0, items, old, was),
            _ => {
                let tail = scalar_tail(value, 0);
                let _ = writeln!(out, "{}", tail.head);
                out.push_str(&tail.body);
            }
        }
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A scalar or an empty collection after a key or a dash at the column `indent`.
pub(crate) fn scalar_tail(value: &Value, indent: usize) -> Tail {
    if let Value::String(text) = value
        && let Some(tail) = literal(text, indent + 2)
    {
        return tail;
    }
    Tail { head: inline(value), body: String::new() }
}

/// A scalar or an empty collection on one line.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        _ => value.to_string(),
    }
}

/// A text of several lines as a literal block, where the text can be written so.
fn literal(text: &str, indent: usize) -> Option<Tail> {
    let content = text.trim_end_matches('\n');
    let newlines = text.len() - content.len();
    let several_lines = content.contains('\n') || (newlines > 0 && !content.is_empty());
    let fits = |c: char| c == '\n' || c == '\t' || printable(c);
    if !several_lines || !text.chars().all(fits) || content.ends_with([' ', '\t']) {
        return None;
    }
    let mut head = "|".to_owned();
    if content.starts_with([' ', '\n', '\t']) {
        head.push('2');
    }
    match newlines {
        0 => head.push('-'),
        1 => {}
        _ => head.push('+'),
    }
    let mut body = String::new();
    for line in content.split('\n') {
        if !line.is_empty() {
            pad(&mut body, indent);
            body.push_str(line);
        }
        body.push('\n');
    }
    for _ in 1..newlines {
        body.push('\n');
    }
    Some(Tail { head, body })
}

/// What YAML lets stand unescaped, except for line breaks and tabs.
fn printable(c: char) -> bool {
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

/// A text on one line, in quotes where it needs them.
pub(crate) fn text(text: &str) -> String {
    if plain_is_safe(text) {
        return text.to_owned();
    }
    // JSON in an annotation reads best so.
    if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(printable) {
        return format!("'{text}'");
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if printable(c) => out.push(c),
            c => {
                let _ = if u32::from(c) > 0xffff {
                    write!(out, "\\U{:08x}", u32::from(c))
                } else {
                    write!(out, "\\u{:04x}", u32::from(c))
                };
            }
        }
    }
    out.push('"');
    out
}

/// Whether every reader, old or new, takes the bare text for the same text.
fn plain_is_safe(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let option = text.trim_start_matches('-');
    let is_option = text.len() - option.len() <= 2 && option.starts_with(|c: char| c.is_ascii_alphabetic());
    if !(first.is_alphanumeric() || matches!(first, '/' | '_' | '.' | '$' | '(') || is_option) {
        return false;
    }
    if text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #") {
        return false;
    }
    if !text.chars().all(|c| c.is_alphanumeric() || " /_.-:@$()=+,;<>~^!?*#&|'".contains(c)) {
        return false;
    }
    // Dates and base-60 numbers are text for kubectl, but not for every reader.
    let numeric = |c: char| c.is_ascii_digit() || "+-.:_eExXoOtTzZ ".contains(c);
    if (first.is_ascii_digit() || first == '.') && text.chars().all(numeric) {
        return false;
    }
    !text.starts_with("---")
        && !text.starts_with("...")
        && text != "="
        && matches!(scalar::resolve_plain(text), Ok(Value::String(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quotes_only_where_needed() {
        for bare in ["mysql", "mysql:8.0", "/var/lib/mysql", "100m", "a b", "mysql-0.mysql", "0a"] {
            assert_eq!(text(bare), bare);
        }
        for quoted in [
            "true",
            "no",
            "",
            "8",
            "1.5",
            "2024-01-01",
            "12:30",
            "0x1f",
            "- a",
            "a: b",
            "a #b",
            "*x",
            "{a}",
            "~",
            "a:",
            " a",
        ] {
            assert_eq!(text(quoted), format!("\"{quoted}\""));
        }
        assert_eq!(text("a\u{7}\"\\"), r#""a\u0007\"\\""#);
        assert_eq!(text("{\"a\": 1}"), "'{\"a\": 1}'");
        assert_eq!(text("--port=1"), "--port=1");
    }

    #[test]
    fn scripts_are_literal_blocks() {
        let mut out = String::new();
        let value = json!(["bash", "-c", "set -e\n\necho \"x: y\"\n"]);
        Layout { dash: 0 }.entry(&mut out, 2, "command", &value, None, None);
        assert_eq!(out, "  command:\n  - bash\n  - -c\n  - |\n    set -e\n\n    echo \"x: y\"\n");
    }

    #[test]
    fn chomping_and_indicators() {
        let head = |s: &str| scalar_tail(&json!(s), 0).head;
        assert_eq!(head("a\nb"), "|-");
        assert_eq!(head("a\n"), "|");
        assert_eq!(head("a\n\n"), "|+");
        assert_eq!(head(" a\nb\n"), "|2");
        assert_eq!(head("a\rb\n"), r#""a\rb\n""#);
        assert_eq!(head("\n"), r#""\n""#);
    }
}
