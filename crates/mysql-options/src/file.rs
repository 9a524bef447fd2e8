//! Option files (`my.cnf`), read as `mysqld` and `mariadbd` read them.
//!
//! Where nothing else is said, the rules are those of `mysys/my_default` in the sources of MySQL and MariaDB (functions
//! `search_default_file_with_ext`, `remove_end_comment`, `get_argument`, `handle_default_option`), seen to hold for
//! MySQL 9.7 and MariaDB 10.11 and 11.8. The server reads bytes, not characters, and so does this module.

use std::{borrow::Cow, rc::Rc};

use crate::{
    groups::Groups,
    line::{read_directive, read_option, trim_end, trim_start, without_comment},
    mistake::{Mistake, Problem},
    option::ServerOption,
};

/// How much of a line MariaDB reads at once, and MySQL in the sources of 8.0: what follows is a line of its own to
/// them, even in a comment. MySQL 9.7 reads the whole line.
const LINE_LIMIT: usize = 4094;

/// The text of an option file.
#[derive(Debug, Default)]
pub struct OptionFile<'a> {
    /// In the order of the text, which is the order in which the server applies them, whatever their groups.
    pub entries: Vec<Entry<'a>>,
    /// In the order of the text. Nothing is read after one that [stops](Mistake::stops) the server.
    pub problems: Vec<Problem>,
}

/// An option or a directive.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Counted from 1.
    pub line: usize,
    /// The group that it stands in, as written; empty for a directive before the first group.
    pub group: Rc<str>,
    /// Option or directive, with what it says.
    pub kind: EntryKind<'a>,
}

/// What an entry is.
#[derive(Debug, PartialEq, Eq)]
pub enum EntryKind<'a> {
    /// `key` or `key = value`, the value without quotes and escapes.
    Option(Cow<'a, str>, Option<Cow<'a, str>>),
    /// `!include`: the file is read here, and its groups are its own.
    Include(Cow<'a, str>),
    /// `!includedir`: all files of the folder that end in `.cnf` are read here. The server does not start where there
    /// is no such folder.
    IncludeDir(Cow<'a, str>),
}

impl<'a> OptionFile<'a> {
    /// Reads the text of a file. Takes time and room in proportion to its length.
    #[must_use]
    pub fn parse(text: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        let mut file = Self::default();
        let mut rest = text.as_ref();
        let mut group: Option<Rc<str>> = None;
        let mut line = 1;
        let mut is_long = false;
        while !rest.is_empty() {
            let limit = rest.len().min(LINE_LIMIT);
            let end = rest[..limit].iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let (part, after) = rest.split_at(end.unwrap_or(limit));
            rest = after;
            // said once for a line, however many parts it has
            if end.is_none() && !rest.is_empty() && !is_long {
                is_long = true;
                file.problems.push(Problem { line, what: Mistake::LongLine });
            }
            if let Err(what) = file.read_line(part, line, &mut group) {
                file.problems.push(Problem { line, what });
                if what.stops() {
                    break;
                }
            }
            if end.is_some() {
                is_long = false;
                line += 1;
            }
        }
        file
    }

    fn read_line(&mut self, text: &'a [u8], line: usize, group: &mut Option<Rc<str>>) -> Result<(), Mistake> {
        let end = text.iter().position(|byte| *byte == 0);
        if end.is_some() {
            self.problems.push(Problem { line, what: Mistake::Nul });
        }
        let text = trim_start(&text[..end.unwrap_or(text.len())]);
        let kind = match text {
            [] | [b'#' | b';', ..] => return Ok(()),
            [b'!', directive @ ..] => {
                let kind = read_directive(directive)?;
                if !directive.ends_with(b"\n") || directive.contains(&b'#') {
                    self.problems.push(Problem { line, what: Mistake::Path });
                }
                kind
            }
            [b'[', name @ ..] => {
                // all that follows the bracket is passed over
                let end = name.iter().position(|byte| *byte == b']').ok_or(Mistake::Group)?;
                *group = Some(String::from_utf8_lossy(trim_end(&name[..end])).into());
                return Ok(());
            }
            [0xef, 0xbb, 0xbf, ..] if group.is_none() => return Err(Mistake::ByteOrderMark),
            _ if group.is_none() => return Err(Mistake::NoGroup),
            _ => read_option(without_comment(text))?,
        };
        let group = group.clone().unwrap_or_default();
        self.entries.push(Entry { line, group, kind });
        Ok(())
    }

    /// The options that the server takes from this file, with their lines, in the order in which it applies them: that
    /// of the text, whatever the groups.
    pub fn options_of<'f>(&'f self, groups: &'f Groups<'_>) -> impl Iterator<Item = (usize, ServerOption<'f>)> {
        self.options().filter(|(_, group, _)| groups.contains(group)).map(|(line, _, option)| (line, option))
    }

    /// All options with their lines and groups, in the order of the text.
    pub fn options(&self) -> impl Iterator<Item = (usize, &str, ServerOption<'_>)> {
        self.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Option(key, value) => {
                Some((entry.line, &*entry.group, ServerOption::from_file(key, value.as_deref())))
            }
            EntryKind::Include(_) | EntryKind::IncludeDir(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The options as the server has them after `--`.
    fn arguments(text: &(impl AsRef<[u8]> + ?Sized)) -> Vec<String> {
        let file = OptionFile::parse(text);
        let options = file.options().map(|(_, _, option)| match option.value {
            Some(value) => format!("{}={value}", option.name),
            None => option.name.to_owned(),
        });
        options.collect()
    }

    fn problems(text: &(impl AsRef<[u8]> + ?Sized)) -> Vec<(usize, Mistake)> {
        OptionFile::parse(text).problems.iter().map(|problem| (problem.line, problem.what)).collect()
    }

    #[test]
    fn options_and_comments() {
        for (line, expected) in [
            ("a", "a"),
            ("  a \t", "a"),
            ("a = b", "a=b"),
            ("a=", "a="),
            ("a =  # b", "a="),
            ("a#b=c", "a"),
            ("a # = c", "a"),
            ("a=b#c", "a=b"),
            ("a=b;c", "a=b;c"),
            ("a=b=c", "a=b=c"),
            ("a='b # c' # d", "a=b # c"),
            ("a=\"b'#c\"#d", "a=b'#c"),
            ("a=it's # d", "a=it's # d"),
            ("a=' b '", "a= b "),
            ("a='b'c", "a='b'c"),
            ("a=b 'c'", "a=b 'c'"),
            ("a='b\"", "a='b\""),
            ("a='", "a='"),
            ("a=''", "a="),
            (r"a='b\'#c'", "a=b'#c"),
            (r"a=\'b#c'#d", r"a='b#c'"),
            (r"a='b\\'#c", r"a=b\"),
            (r#"a=b\sc\td\\e\"f\xg\\"#, "a=b c\td\\e\"f\\xg\\"),
            (r"a=\n\r\b\q\", "a=\n\r\u{8}\\q\\"),
            ("'a b' c", "'a b' c"),
        ] {
            assert_eq!(arguments(&format!("[g]\n{line}\n")), [expected], "{line}");
            assert_eq!(arguments(&format!(" [g] x\r\n{line}\r\n")), [expected], "{line} with carriage return");
            assert_eq!(arguments(&format!("[g]\n{line}")), [expected], "{line} at the end");
        }
        assert!(arguments("\n#a\n;b\n \t#c\n  ;d\n[g]\n#e\n;f").is_empty());
        // latin1: the last byte of an `à` in UTF-8 is a blank there
        assert_eq!(arguments(b"[g]\n\xa0a=b\xa0\nc=\xc3\xa0\n"), ["a=b", "c=\u{fffd}"]);
        assert_eq!(arguments("[g]\na=é\u{85}x"), ["a=é\u{85}x"]);
    }

    #[test]
    fn lines_groups_and_directives() {
        let text = "!include /a b.cnf \n# x\n[ one ]\nx\r\n! \tincludedir\t/c\n[two\n]\n";
        let file = OptionFile::parse(text);
        let found: Vec<_> = file.entries.iter().map(|entry| (entry.line, &*entry.group, &entry.kind)).collect();
        assert_eq!(
            found,
            [
                (1, "", &EntryKind::Include("/a b.cnf".into())),
                (4, " one", &EntryKind::Option("x".into(), None)),
                (5, " one", &EntryKind::IncludeDir("/c".into())),
            ]
        );
        assert_eq!(file.problems, [Problem { line: 6, what: Mistake::Group }]);
    }

    #[test]
    fn what_is_wrong() {
        assert_eq!(problems("\na\n[g]"), [(2, Mistake::NoGroup)]);
        assert_eq!(problems("\u{feff}[g]\na"), [(1, Mistake::ByteOrderMark)]);
        assert_eq!(problems("[g]\n=a\n = b\nc"), [(2, Mistake::NoName), (3, Mistake::NoName)]);
        assert_eq!(problems("!include\n"), [(1, Mistake::Directive)]);
        assert_eq!(problems("!includedir \t\n"), [(1, Mistake::Directive)]);
        assert_eq!(problems("!include /a"), [(1, Mistake::Path)]);
        assert_eq!(problems("!include /a # b\n"), [(1, Mistake::Path)]);
        for text in ["!", "!x", "!Include /a\n", "!includes /a\n", "!include", "!include=/a\n"] {
            assert_eq!(problems(text), [(1, Mistake::UnknownDirective)], "{text}");
        }
        assert_eq!(problems("[g]\na=b\0c\nd\n"), [(2, Mistake::Nul)]);
        assert_eq!(arguments("[g]\na=b\0c\nd\n"), ["a=b", "d"]);
        assert!(arguments("[g]\na\n[h\nb\n").len() == 1, "nothing is read after the server has stopped");
    }

    #[test]
    fn long_lines() {
        // the `#` is one of the 4094 bytes
        let text = format!("[g]\n#{}read-only=0\n#{}\nb\n", "x".repeat(4093), "x".repeat(4092));
        let file = OptionFile::parse(&text);
        let lines: Vec<_> = file.options().map(|(line, _, option)| (line, option.name, option.value)).collect();
        assert_eq!(lines, [(2, "read-only", Some("0")), (4, "b", None)]);
        assert_eq!(problems(&text), [(2, Mistake::LongLine)]);
    }

    #[test]
    fn groups_with_a_suffix() {
        let groups = Groups::for_server(false, Some((9, Some(7))), Some("-X".into()));
        for group in ["mysqld", "mysqld-x", "Server-X", "mysqld-9.7-x"] {
            assert!(groups.contains(group), "[{group}]");
        }
        for group in ["mysqld-y", "mysqld-x-x", "-x", "x", "é"] {
            assert!(!groups.contains(group), "[{group}]");
        }
        let text = "[server]\nread-only=1\n[mysql]\nread-only=2\n[mysqld-x]\nskip_read_only\n[server]\nlog-bin\n";
        let file = OptionFile::parse(text);
        let options: Vec<_> =
            file.options_of(&groups).map(|(line, option)| (line, option.name, option.switch())).collect();
        assert_eq!(options, [(2, "read-only", true), (6, "read-only", false), (8, "log-bin", true)]);
    }

    #[test]
    fn hostile_texts() {
        let big = 1 << 20;
        let mut texts = vec![
            "[".repeat(big),
            "[g]\n".repeat(big / 4),
            format!("[{}]\n{}", "g".repeat(4000), "a\n".repeat(big / 2)),
            format!("[g]\n{}", "=\n".repeat(big / 2)),
            format!("[g]\n{}", "\0".repeat(big)),
            format!("[g]\n{}", "\0\n".repeat(big / 2)),
            format!("[g]\na={}", "\\".repeat(big)),
            format!("[g]\na={}", "'\"".repeat(big / 2)),
            format!("[g]\n{}", " ".repeat(big)),
            "!include ".repeat(big / 9),
            "!includedir\n".repeat(big / 12),
            "\u{feff}".repeat(big / 3),
            "[g]\na\n!include \n]".to_owned(),
        ];
        // every short text of the bytes that mean something
        let bytes = b"[]#='\"\\\n\0!a \xa0";
        for number in 0..bytes.len().pow(4) {
            let text: Vec<u8> = (0..4).map(|place| bytes[number / bytes.len().pow(place) % bytes.len()]).collect();
            let _ = OptionFile::parse(&text);
            let _ = OptionFile::parse(&[b"[g]\n", &text[..]].concat());
        }
        texts.push(String::new());
        let groups = Groups::for_server(true, Some((11, Some(8))), Some("-x".into()));
        for text in &texts {
            let file = OptionFile::parse(text);
            assert!(file.options_of(&groups).count() <= text.len());
            for entry in &file.entries {
                let _ = groups.contains(&entry.group);
            }
        }
    }
}
