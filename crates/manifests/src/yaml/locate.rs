//! The line of a field, or of what is nearest to it.

use super::document::Document;
use super::node::{Entry, Node, NodeKind, Style};

/// The policy shows so many characters of a key, then `...`.
const SHOWN_OF_KEY: usize = 80;

/// A step of the path to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into a map.
    Key(String),
    /// Into a list, from 0.
    Item(usize),
}

impl Document {
    /// The line (from 1) of the field at the end of a path, or of the last step on the way that is there: a key's line
    /// for what is in a map. `text_line` (from 1) asks for a line within the field's text, which only a literal block
    /// scalar has a line of its own for.
    #[must_use]
    pub fn nearest_line(&self, path: &[Step], text_line: Option<usize>) -> usize {
        let (mut node, mut value, mut line) = (&self.root, &self.value, self.root.line);
        for step in path {
            match (step, &node.kind) {
                (Step::Item(index), NodeKind::Seq { items, .. }) => {
                    let Some(item) = items.get(*index) else { return line };
                    line = item_line(item);
                    value = &value[index];
                    node = item;
                }
                (Step::Key(key), NodeKind::Map { entries, .. }) => {
                    let Some(entry) = node.entry(key).or_else(|| shortened(entries, key)) else {
                        // A value without an entry comes from what is merged in.
                        let merge = value.get(key).and_then(|_| entries.iter().find(|entry| entry.merge));
                        return merge.map_or(line, |merge| merge.line);
                    };
                    line = entry.line;
                    value = &value[&entry.key];
                    node = &entry.value;
                }
                // The path ends here, or leads on behind an alias.
                _ => return line,
            }
        }
        let text = value.as_str().filter(|_| matches!(node.kind, NodeKind::Scalar(Style::Literal)));
        match (text, text_line) {
            (Some(text), Some(number)) if (1..=text.lines().count()).contains(&number) => node.line + number - 1,
            _ => line,
        }
    }
}

/// The line of an item's dash, as near as is known.
fn item_line(item: &Node) -> usize {
    match item.kind {
        NodeKind::Scalar(Style::Literal | Style::Folded) => item.line.saturating_sub(1).max(1),
        _ => item.line,
    }
}

/// The entry that a shortened key can only mean.
fn shortened<'e>(entries: &'e [Entry], key: &str) -> Option<&'e Entry> {
    let beginning = key.strip_suffix("...").filter(|beginning| beginning.chars().count() >= SHOWN_OF_KEY)?;
    let mut fitting = entries.iter().filter(|entry| !entry.merge && entry.key.starts_with(beginning));
    fitting.next().filter(|_| fitting.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::Step::{Item, Key};
    use super::*;
    use crate::yaml;

    fn line(text: &str, path: &[Step], text_line: Option<usize>) -> usize {
        yaml::read_one("x", text.as_bytes()).unwrap().nearest_line(path, text_line)
    }

    fn keys(path: &str) -> Vec<Step> {
        path.split_whitespace().map(|step| step.parse().map_or_else(|_| Key(step.to_owned()), Item)).collect()
    }

    #[test]
    fn fields_and_their_nearest_ancestors() {
        let text = concat!(
            "# c\nkind: X\nspec:\n\n  a: 1\n  list:\n  - one\n  # two\n  - name: two\n    b: {c: [x,\n",
            "      y]}\n  - |\n    three\n  none:\n",
        );
        for (path, expected) in [
            ("", 2),
            ("spec", 3),
            ("spec a", 5),
            ("spec a deeper", 5),
            ("spec replicas", 3),
            ("spec list", 6),
            ("spec list 0", 7),
            ("spec list 1 b c", 10),
            ("spec list 1 b c 1", 11),
            ("spec list 1 name", 9),
            ("spec list 2", 12),
            ("spec list 7", 6),
            ("spec 0", 3),
            ("spec none", 14),
            ("data x", 2),
        ] {
            assert_eq!(line(text, &keys(path), None), expected, "{path}");
        }
    }

    #[test]
    fn lines_within_text() {
        let text = concat!(
            "data:\n  a: |\n    1\n    2\n\n    4\n  b: >-\n    1\n    2\n  c: \"1\\n2\\n3\"\n",
            "  d: 'x'\n  e: |2- # why\n\n     2\n  f: |+\n\n  g: ''\n  h:\n    |\n    1\n  i: |\n",
        );
        for (key, number, expected) in [
            ("a", 1, 3),
            ("a", 2, 4),
            ("a", 4, 6),
            ("a", 5, 2),
            ("a", 0, 2),
            ("a", usize::MAX, 2),
            ("b", 2, 7),
            ("c", 3, 10),
            ("d", 1, 11),
            ("e", 1, 13),
            ("e", 2, 14),
            ("f", 1, 16),
            ("g", 1, 17),
            ("h", 1, 20),
            ("i", 1, 21),
        ] {
            let path = [Key("data".to_owned()), Key(key.to_owned())];
            assert_eq!(line(text, &path, Some(number)), expected, "{key} {number}");
        }
        let crlf = "data:\r\n  é: |\r\n    1\r\n    2\r\n";
        assert_eq!(line(crlf, &keys("data é"), Some(2)), 4);
    }

    #[test]
    fn aliases_and_merges_are_where_they_are_named() {
        let text = concat!(
            "base: &base\n  x: 1\na: *base\nb:\n  own: 2\n  <<: *base\nc: &t |\n  1\nd: *t\n",
            "e: &a|b !!str\n  |\n\n  2\n",
        );
        assert_eq!(line(text, &keys("a x"), None), 3);
        assert_eq!(line(text, &keys("b x"), None), 6);
        assert_eq!(line(text, &keys("b own"), None), 5);
        assert_eq!(line(text, &keys("b z"), None), 4);
        assert_eq!(line(text, &keys("c"), Some(1)), 8);
        assert_eq!(line(text, &keys("d"), Some(1)), 9);
        assert_eq!(line(text, &keys("e"), Some(2)), 13);
    }

    #[test]
    fn shortened_keys() {
        let (long, other) = ("k".repeat(90), "l".repeat(90));
        let text = format!("a: 1\n{long}: 2\n{other}1: 3\n{other}2: 4\nabc: 5\n");
        let shown = |key: &str| Key(format!("{}...", &key[..SHOWN_OF_KEY]));
        assert_eq!(line(&text, &[shown(&long)], None), 2);
        assert_eq!(line(&text, &[shown(&other)], None), 1);
        assert_eq!(line(&text, &keys("ab..."), None), 1);
    }

    #[test]
    fn json_has_lines_too() {
        let text = "{\"spec\": {\n  \"a\": [\n    1,\n    2\n  ]\n}}\n";
        assert_eq!(line(text, &keys("spec a 1"), None), 4);
        assert_eq!(line(text, &keys("spec b"), None), 1);
    }

    #[test]
    fn a_document_that_is_no_map_has_its_own_line() {
        assert_eq!(line("# c\njust text\n", &keys("a 1"), Some(3)), 2);
    }
}
