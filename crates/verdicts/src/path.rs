//! The paths of fields, as the policy writes them.

use mysql_replication_manifests::yaml::Step;

/// A path such as `spec.containers[0].args[1]`, or `data["my.cnf"] line 3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPath {
    /// From the object down to the field.
    pub(crate) steps: Vec<Step>,
    /// A line (from 1) within the field's text.
    pub(crate) text_line: Option<usize>,
}

impl FieldPath {
    /// Reads the path at the beginning of a text, as far as there is one. Also gives what follows it.
    pub(crate) fn parse(text: &str) -> Option<(Self, &str)> {
        let (first, mut rest) = name(text).or_else(|| bracket(text))?;
        let mut steps = vec![first];
        while let Some((step, after)) = bracket(rest).or_else(|| name(rest.strip_prefix('.')?)) {
            steps.push(step);
            rest = after;
        }
        let text_line = rest.strip_prefix(" line ").and_then(number);
        if let Some((_, after)) = text_line {
            rest = after;
        }
        Some((Self { steps, text_line: text_line.map(|(line, _)| line) }, rest))
    }

    /// Reads the path of a text that was cut off at its end, perhaps in the middle of a step, which is left out then.
    pub(crate) fn parse_cut(text: &str) -> Option<Self> {
        let (mut path, rest) = Self::parse(text)?;
        let is_cut = rest.starts_with(['.', '[']) || " line ".starts_with(rest) || rest == ":";
        if !is_cut {
            return None;
        }
        if rest.is_empty() {
            let half_number = path.text_line.take().is_some();
            if !half_number && !text.ends_with(']') {
                path.steps.pop();
            }
        }
        Some(path)
    }
}

/// A key without quotes.
fn name(text: &str) -> Option<(Step, &str)> {
    let ends = |c: char| matches!(c, '.' | '[' | ']' | ':' | '"') || c.is_whitespace() || c.is_control();
    let (name, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    (!name.is_empty()).then(|| (Step::Key(name.to_owned()), rest))
}

/// `[0]`, or a key in quotes.
fn bracket(text: &str) -> Option<(Step, &str)> {
    let inner = text.strip_prefix('[')?;
    let (step, rest) = match inner.strip_prefix('"') {
        Some(quoted) => unquote(quoted).map(|(key, rest)| (Step::Key(key), rest))?,
        None => number(inner).map(|(index, rest)| (Step::Item(index), rest))?,
    };
    Some((step, rest.strip_prefix(']')?))
}

fn number(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    Some((digits.parse().ok()?, rest))
}

/// The text up to the closing quote; its escapes are those of Rust.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut unquoted = String::new();
    let mut chars = text.chars();
    loop {
        unquoted.push(match chars.next()? {
            '"' => return Some((unquoted, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                'u' => {
                    let (code, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
                    chars = rest.chars();
                    char::from_u32(u32::from_str_radix(code, 16).ok()?)?
                }
                escaped @ ('"' | '\\' | '\'') => escaped,
                _ => return None,
            },
            plain => plain,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> Step {
        Step::Key(key.to_owned())
    }

    #[test]
    fn paths() {
        for (text, steps, text_line, rest) in [
            ("spec: x", vec![key("spec")], None, ": x"),
            ("a.b[0].c[12]", vec![key("a"), key("b"), Step::Item(0), key("c"), Step::Item(12)], None, ""),
            (r#"data["my.cnf"] line 3: y"#, vec![key("data"), key("my.cnf")], Some(3), ": y"),
            (r#"a["k\"]: \\ \u{1b}\n.x"].b: y"#, vec![key("a"), key("k\"]: \\ \u{1b}\n.x"), key("b")], None, ": y"),
            (r#"["x y"][1]"#, vec![key("x y"), Step::Item(1)], None, ""),
            ("spec.été: x", vec![key("spec"), key("été")], None, ": x"),
            // What does not go on as a path is left.
            ("a..b", vec![key("a")], None, "..b"),
            ("a[x]", vec![key("a")], None, "[x]"),
            ("a[99999999999999999999999]", vec![key("a")], None, "[99999999999999999999999]"),
            (r#"a["x"#, vec![key("a")], None, r#"["x"#),
            (r#"a["\q"]"#, vec![key("a")], None, r#"["\q"]"#),
            (r#"a["\u{d800}"]"#, vec![key("a")], None, r#"["\u{d800}"]"#),
            ("a line: x", vec![key("a")], None, " line: x"),
            ("a line 99999999999999999999999: x", vec![key("a")], None, " line 99999999999999999999999: x"),
        ] {
            assert_eq!(FieldPath::parse(text), Some((FieldPath { steps, text_line }, rest)), "{text}");
        }
        for text in ["", ".", " a", "[", "[]", "[\"", ": a", "\"a\""] {
            assert_eq!(FieldPath::parse(text), None, "{text}");
        }
    }

    #[test]
    fn cut_paths() {
        for (text, steps, text_line) in [
            ("spec.template.sp", vec![key("spec"), key("template")], None),
            ("spec.list[1]", vec![key("spec"), key("list"), Step::Item(1)], None),
            ("spec.list[1", vec![key("spec"), key("list")], None),
            ("spec.list.", vec![key("spec"), key("list")], None),
            (r#"data["sl"#, vec![key("data")], None),
            (r#"data["a"] li"#, vec![key("data"), key("a")], None),
            (r#"data["a"] line 1"#, vec![key("data"), key("a")], None),
            (r#"data["a"] line 1:"#, vec![key("data"), key("a")], Some(1)),
            ("spe", vec![], None),
        ] {
            assert_eq!(FieldPath::parse_cut(text), Some(FieldPath { steps, text_line }), "{text}");
        }
        assert_eq!(FieldPath::parse_cut("free text"), None);
        assert_eq!(FieldPath::parse_cut("spec.x: y"), None);
    }
}
