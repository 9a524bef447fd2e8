//! The messages and warnings of the policy, taken apart.
//!
//! A message is either understood as a whole or not at all: a text of another form (from an older policy, or another
//! one) is shown as it is.

use crate::path::FieldPath;

/// A problem that a message tells of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem<'m> {
    /// Where it is.
    pub(crate) site: Site<'m>,
    /// The rule's id.
    pub(crate) rule: &'m str,
    /// The field's path as it is written.
    pub(crate) path: &'m str,
    /// What was found there.
    pub(crate) found: &'m str,
    /// Why it is wrong.
    pub(crate) why: &'m str,
    /// What to do.
    pub(crate) fix: &'m str,
}

/// The field that a problem or a warning is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Site<'m> {
    /// Another object than the one under admission.
    pub(crate) object: Option<Label<'m>>,
    /// The field in it.
    pub(crate) path: FieldPath,
}

/// An object as the policy names it: `ConfigMap shop/mysql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Label<'m> {
    /// All of it.
    pub(crate) text: &'m str,
    /// Such as `ConfigMap`.
    pub(crate) kind: &'m str,
    /// The object's namespace.
    pub(crate) namespace: &'m str,
    /// The object's name.
    pub(crate) name: &'m str,
}

impl<'m> Label<'m> {
    fn parse(text: &'m str) -> Option<Self> {
        let (kind, full_name) = text.split_once(' ')?;
        let (namespace, name) = full_name.split_once('/')?;
        let good = !kind.is_empty() && kind.chars().all(char::is_alphanumeric) && !name.is_empty();
        good.then_some(Self { text, kind, namespace, name })
    }
}

/// The problems of a rejection, in their order; `None` for a message of another form.
pub(crate) fn of_message(message: &str) -> Option<Vec<Problem<'_>>> {
    let mut lines = message.trim_end_matches('\n').split('\n');
    let count = announced(lines.next()?)?;
    let mut object = None;
    let mut problems = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(label) = line.strip_prefix("in ").and_then(|line| line.strip_suffix(':')) {
            object = Some(Label::parse(label)?);
            continue;
        }
        let (rule, rest) = rule(line)?;
        let (path, after) = FieldPath::parse(rest)?;
        problems.push(Problem {
            site: Site { object, path },
            rule,
            path: &rest[..rest.len() - after.len()],
            found: after.strip_prefix(": ")?,
            why: lines.next()?.strip_prefix("  why: ")?,
            fix: lines.next()?.strip_prefix("  fix: ")?,
        });
    }
    // Otherwise a line was taken for what it is not.
    (problems.len() == count).then_some(problems)
}

/// The field that a warning of a rule names, so far as it was not cut off; `None` for any other warning.
pub(crate) fn of_warning(warning: &str) -> Option<Site<'_>> {
    let (_, rest) = rule(warning)?;
    if let Some(path) = path_of_warning(rest) {
        return Some(Site { object: None, path });
    }
    let full_name = rest.find(' ')? + 1;
    let end = full_name + rest[full_name..].find(' ')?;
    let object = Some(Label::parse(&rest[..end])?);
    Some(Site { object, path: path_of_warning(&rest[end + 1..])? })
}

fn path_of_warning(text: &str) -> Option<FieldPath> {
    match FieldPath::parse(text) {
        Some((path, after)) if after.starts_with(": ") => Some(path),
        _ => FieldPath::parse_cut(text.strip_suffix("...")?),
    }
}

/// The number of problems in a message's first line, `StatefulSet shop/mysql is rejected: 3 problems`.
fn announced(line: &str) -> Option<usize> {
    let (_, count) = line.rsplit_once(" is rejected: ")?;
    let (count, word) = count.split_once(' ')?;
    count.parse().ok().filter(|count| *count > 0 && word == if *count == 1 { "problem" } else { "problems" })
}

/// The rule's id and the rest of a warning of a rule; `None` for any other warning.
#[must_use]
pub fn rule_of_warning(warning: &str) -> Option<(&str, &str)> {
    rule(warning)
}

/// The rule's id in its brackets, and what follows.
fn rule(line: &str) -> Option<(&str, &str)> {
    let (rule, rest) = line.strip_prefix('[')?.split_once("] ")?;
    let good = !rule.is_empty() && rule.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    good.then_some((rule, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "\
StatefulSet shop/mysql is rejected: 3 problems
[read-only-off] spec.template.spec.containers[0].args[1]: the option \"--super-read-only=OFF\"
  why: arguments win: over files
  fix: remove it
[annotation] metadata.annotations[\"a.b/in: ]x\"]: unknown
  why: w
  fix: f
in ConfigMap shop/mysql:
[replica-writable] data[\"slave.cnf\"] line 3: no super-read-only
  why: replicas are open
  fix: write it";

    #[test]
    fn a_message_of_this_policy() {
        for message in [MESSAGE.to_owned(), format!("{MESSAGE}\n")] {
            let problems = of_message(&message).unwrap();
            let rows: Vec<_> = problems.iter().map(|p| (p.site.object.map(|o| o.text), p.rule, p.path)).collect();
            assert_eq!(
                rows,
                [
                    (None, "read-only-off", "spec.template.spec.containers[0].args[1]"),
                    (None, "annotation", "metadata.annotations[\"a.b/in: ]x\"]"),
                    (Some("ConfigMap shop/mysql"), "replica-writable", "data[\"slave.cnf\"] line 3"),
                ]
            );
            assert_eq!(problems[0].found, "the option \"--super-read-only=OFF\"");
            assert_eq!((problems[0].why, problems[0].fix), ("arguments win: over files", "remove it"));
            assert_eq!(problems[2].site.path.text_line, Some(3));
            let label = problems[2].site.object.unwrap();
            assert_eq!((label.kind, label.namespace, label.name), ("ConfigMap", "shop", "mysql"));
        }
    }

    #[test]
    fn one_problem_and_odd_names() {
        let message = "Pod a/(without a name) is rejected: 1 problem\n[x] policy: \n  why: \n  fix: ";
        assert_eq!(of_message(message).unwrap()[0].found, "");
        let message = "Pod a/b is rejected: 1 problem\nin X a/(without a name):\n[x] a: b\n  why: c\n  fix: d";
        assert_eq!(of_message(message).unwrap()[0].site.object.unwrap().name, "(without a name)");
    }

    #[test]
    fn other_messages_are_not_taken_apart() {
        for message in [
            "",
            "\n",
            "no",
            "the policy crashed: wasm trap: x",
            "MR001 spec.x: found y\nfix: z",
            "Pod a/b is rejected",
            "Pod a/b is rejected: many problems",
            "Pod a/b is rejected: 0 problems",
            "Pod a/b is rejected: 1 problems\n[x] a: b\n  why: c\n  fix: d",
            "Pod a/b is rejected: 99999999999999999999999 problems",
            "[x] a: b\n  why: c\n  fix: d",
        ] {
            assert_eq!(of_message(message), None, "{message:?}");
        }
        // Each of these changes makes another form of a good message.
        for (from, to) in [
            ("3 problems", "2 problems"),
            ("3 problems", "4 problems"),
            ("  fix: f\n", ""),
            ("  fix: f\n", "  fix: f\n  see: g\n"),
            ("  fix: f\n", "  fix: f\n\n"),
            ("  why: w", "why: w"),
            ("  why: w\n  fix: f", "  fix: f\n  why: w"),
            ("unknown\n", "unknown\nand more\n"),
            ("[annotation] ", "annotation "),
            ("[annotation] ", "[] "),
            ("[annotation] ", "[an notation] "),
            ("args[1]: ", "args[1] "),
            ("args[1]: ", "args[]: "),
            ("spec.template", ".spec.template"),
            ("line 3: ", "line x: "),
            ("in ConfigMap shop/mysql:", "in ConfigMap shop/mysql"),
            ("in ConfigMap shop/mysql:", "in ConfigMap:"),
            ("in ConfigMap shop/mysql:", "in ConfigMap mysql:"),
            ("in ConfigMap shop/mysql:", "in :"),
        ] {
            assert!(MESSAGE.contains(from));
            assert_eq!(of_message(&MESSAGE.replacen(from, to, 1)), None, "{from:?} -> {to:?}");
        }
        // Cut anywhere but at its end, it is no message of this form.
        for (end, _) in MESSAGE.char_indices().filter(|(end, _)| *end < MESSAGE.len() - "write it".len()) {
            assert_eq!(of_message(&MESSAGE[..end]), None, "{end}");
        }
    }

    #[test]
    fn warnings() {
        for (warning, object, path) in [
            (
                "[service-port] Service shop/mysql spec.ports: no port 3306; add it",
                Some("Service shop/mysql"),
                "spec.ports",
            ),
            ("[host-network] spec.template.spec.hostNetwork: true; remove it", None, "spec.template.spec.hostNetwork"),
            ("[x] ConfigMap a/b data[\"m s\"] line 3: y...", Some("ConfigMap a/b"), "data[\"m s\"] line 3"),
            ("[x] spec.template.spec.contai...", None, "spec.template.spec"),
            ("[x] ConfigMap a/b data[\"slave...", Some("ConfigMap a/b"), "data"),
            ("[x] ConfigMap a/b data[\"slave.cnf\"] l...", Some("ConfigMap a/b"), "data[\"slave.cnf\"]"),
        ] {
            let site = of_warning(warning).unwrap();
            assert_eq!(site.object.map(|object| object.text), object, "{warning}");
            assert_eq!(site.path, FieldPath::parse(path).unwrap().0, "{warning}");
        }
        for warning in [
            "",
            "watch out",
            "no Service \"mysql\" yet: until there is a headless one, replicas do not start",
            "data[\"slave.cnf\"] line 3: a NUL byte",
            "[x]",
            "[x] ",
            "[x] ...",
            "[x] free text: and more",
            "[x] Service shop/mysql",
            "[x] Service shop/mys...",
            "[x] Service spec.ports: y",
            "[x y] spec: y",
        ] {
            assert_eq!(of_warning(warning), None, "{warning:?}");
        }
    }
}
