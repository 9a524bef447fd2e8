//! Option files (`my.cnf`), read as `mysqld` and `mariadbd` read them.
//!
//! Where nothing else is said, the rules are those of `mysys/my_default` in the sources of MySQL and MariaDB (functions
//! `search_default_file_with_ext`, `remove_end_comment`, `get_argument`, `handle_default_option`), seen to hold for
//! MySQL 9.7 and MariaDB 10.11 and 11.8. The server reads bytes, not characters, and so does this module.

use std::{borrow::Cow, fmt, rc::Rc};

use crate::{nearest::nearest, option::ServerOption};

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
    pub kind: Kind<'a>,
}

/// What an entry is.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// `key` or `key = value`, the value without quotes and escapes.
    Option(Cow<'a, str>, Option<Cow<'a, str>>),
    /// `!include`: the file is read here, and its groups are its own.
    Include(Cow<'a, str>),
    /// `!includedir`: all files of the folder that end in `.cnf` are read here. The server does not start where there
    /// is no such folder.
    IncludeDir(Cow<'a, str>),
}

/// Something that the server reads otherwise than it was meant, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: Mistake,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// "Wrong group definition in config file"
    Group,
    /// "Found option without preceding group in config file"
    NoGroup,
    /// The same, because of a byte order mark.
    ByteOrderMark,
    /// "Wrong '!include' directive in config file"
    Directive,
    /// A directive that the server does not know: it says nothing.
    UnknownDirective,
    /// `= value`: the server takes it for an unknown option.
    NoName,
    /// A line that is too long: most servers read its parts as lines, as [`OptionFile::parse`] does. MySQL 9.7 has no
    /// such limit, so that two servers find different options there.
    LongLine,
    /// An include directive whose path not all servers read alike. Without a line break at its end, those with that
    /// limit lose its last letter; MySQL 9.7 keeps it, as [`OptionFile::parse`] does. MySQL 9.7 ends it at a `#`; to
    /// the others, and to [`OptionFile::parse`], that is part of it.
    Path,
    /// A NUL byte, which ends the line for most servers, and for [`OptionFile::parse`]. To MySQL 9.7 the next line
    /// follows without a line break.
    Nul,
}

impl Mistake {
    /// Does the server stop reading here? It does not start, unless it was in a file that another one includes: then it
    /// goes on after the `!include`, with all that it has read.
    #[must_use]
    pub fn stops(self) -> bool {
        matches!(self, Self::Group | Self::NoGroup | Self::ByteOrderMark | Self::Directive)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "a group without its closing bracket: the server does not start",
            Self::NoGroup => "an option before the first group: the server does not start",
            Self::ByteOrderMark => {
                "a byte order mark, which is an option before the first group: the server does not start"
            }
            Self::Directive => "an include directive without a path: the server does not start",
            Self::UnknownDirective => "a directive that the server does not know and passes over",
            Self::NoName => "an option without a name: the server does not start",
            Self::LongLine => "a line of more than 4094 bytes: most servers read what follows as a line of its own",
            Self::Path => {
                "an include directive with a comment, or without a line break: not all servers read the same path"
            }
            Self::Nul => "a NUL byte: the server does not read what follows it in the line",
        })
    }
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
            Kind::Option(key, value) => {
                Some((entry.line, &*entry.group, ServerOption::from_file(key, value.as_deref())))
            }
            Kind::Include(_) | Kind::IncludeDir(_) => None,
        })
    }
}

/// What follows the `!`.
fn read_directive(text: &[u8]) -> Result<Kind<'_>, Mistake> {
    let text = trim_start(text);
    let after =
        |keyword: &[u8]| text.strip_prefix(keyword).filter(|rest| rest.first().is_some_and(|byte| is_space(*byte)));
    let is_folder = after(b"includedir").is_some();
    let path = after(b"includedir").or_else(|| after(b"include")).ok_or(Mistake::UnknownDirective)?;
    let path = trim_end(trim_start(path));
    if path.is_empty() {
        return Err(Mistake::Directive);
    }
    let path = String::from_utf8_lossy(path);
    Ok(if is_folder { Kind::IncludeDir(path) } else { Kind::Include(path) })
}

/// `key`, or `key = value`, without blanks and comment.
fn read_option(text: &[u8]) -> Result<Kind<'_>, Mistake> {
    let Some(equals) = text.iter().position(|byte| *byte == b'=') else {
        return Ok(Kind::Option(String::from_utf8_lossy(trim_end(text)), None));
    };
    let key = trim_end(&text[..equals]);
    if key.is_empty() {
        return Err(Mistake::NoName);
    }
    let value = match trim_end(trim_start(&text[equals + 1..])) {
        // quotes inside a value stay
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        value => value,
    };
    Ok(Kind::Option(String::from_utf8_lossy(key), Some(unescaped(value))))
}

/// Ends a line at its first `#` outside quotes; `;` begins a comment only at the beginning of a line. A backslash
/// protects a quote only inside quotes.
fn without_comment(text: &[u8]) -> &[u8] {
    let mut quote = None;
    let mut is_escaped = false;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\'' if !is_escaped => match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => {}
            },
            b'#' if quote.is_none() => return &text[..index],
            _ => {}
        }
        is_escaped = quote.is_some() && *byte == b'\\' && !is_escaped;
    }
    text
}

/// The server's escapes. An unknown one, and a backslash at the end, stay as they are.
fn unescaped(value: &[u8]) -> Cow<'_, str> {
    if !value.contains(&b'\\') {
        return String::from_utf8_lossy(value);
    }
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [escape, after @ ..]) => {
                rest = after;
                match escape {
                    b'n' => plain.push(b'\n'),
                    b't' => plain.push(b'\t'),
                    b'r' => plain.push(b'\r'),
                    b'b' => plain.push(8),
                    b's' => plain.push(b' '),
                    b'"' | b'\'' | b'\\' => plain.push(*escape),
                    _ => plain.extend([b'\\', *escape]),
                }
            }
            _ => plain.push(*byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// A blank of Latin-1, which the server takes every file for. The last byte of an `à` in UTF-8 is one.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    &text[start..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// The groups of MySQL's server that have no version in their names: `--verbose --help`, "The following groups are
/// read". The first one is read by builds with NDB only.
const MYSQL: [&str; 3] = ["mysql_cluster", "mysqld", "server"];

/// Those of MariaDB's. The last one is read by builds with Galera only.
const MARIADB: [&str; 6] = ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"];

/// What stands before a version in the name of a group.
const MYSQL_VERSIONED: [&str; 1] = ["mysqld-"];
const MARIADB_VERSIONED: [&str; 3] = ["mysqld-", "mariadb-", "mariadbd-"];

/// Groups of programs that are no servers: what `--help` of those beside the servers lists ("The following groups are
/// read"), and what the manuals of MySQL and MariaDB name for others.
const OTHER_PROGRAMS: &str = "\
    client client-mariadb mysql mariadb-client mysqladmin mariadb-admin mysqldump mariadb-dump mysqlpump mysqlimport \
    mariadb-import mysqlshow mariadb-show mysqlcheck mariadb-check mysqlslap mariadb-slap mysqlbinlog mariadb-binlog \
    mysqltest mysql_upgrade mariadb-upgrade mysql_config_editor mysql_migrate_keyring mysql_secure_installation \
    mysql_plugin mariadb-plugin mysql_install_db mariadb-install-db mysql_tzinfo_to_sql mysqlhotcopy mariadb-hotcopy \
    mysqldumpslow mysqld_safe safe_mysqld mariadbd-safe mariadb_safe mysqld_multi mariadbd-multi myisamchk \
    myisampack myisam_ftdump isamchk aria_chk aria_pack aria_read_log xtrabackup mariabackup mariadb-backup sst \
    mysqlrouter mysqlsh mysql.server instance-manager manager";

/// The groups that a server reads.
///
/// A name is compared without regard to case (`mysys/typelib`, `find_type`). Blanks before the closing bracket do not
/// count, blanks after the opening one do.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    is_mariadb: bool,
    version: (Option<u32>, Option<u32>),
    suffix: Option<&'a str>,
}

/// Whose group it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This server reads it.
    Server,
    /// A server of another version reads it.
    OtherVersion,
    /// Of the two, MySQL and MariaDB, the server of the other one reads it.
    OtherServer,
    /// It is another program's.
    OtherProgram,
    /// Nobody is known to read it. With the name that may have been meant.
    Nobody(Option<&'static str>),
}

impl<'a> Groups<'a> {
    /// The groups of a server: its version as far as it is known, and its `--defaults-group-suffix`, or else
    /// `MYSQL_GROUP_SUFFIX` of its environment (MariaDB: `MARIADB_GROUP_SUFFIX` too).
    #[must_use]
    pub fn for_server(is_mariadb: bool, version: Option<(u32, Option<u32>)>, suffix: Option<&'a str>) -> Self {
        let version = (version.map(|(major, _)| major), version.and_then(|(_, minor)| minor));
        Self { is_mariadb, version, suffix }
    }

    /// Does the server read this group? With a suffix it reads each group without and with it.
    #[must_use]
    pub fn contains(&self, group: &str) -> bool {
        self.matches(group, self.is_mariadb, self.version)
    }

    /// Whose group it is.
    #[must_use]
    pub fn owner(&self, group: &str) -> Owner {
        let any = (None, None);
        let servers = [
            (self.is_mariadb, self.version, Owner::Server),
            (self.is_mariadb, any, Owner::OtherVersion),
            (!self.is_mariadb, any, Owner::OtherServer),
        ];
        for (is_mariadb, version, owner) in servers {
            if self.matches(group, is_mariadb, version) {
                return owner;
            }
        }
        if OTHER_PROGRAMS.split(' ').any(|other| other.eq_ignore_ascii_case(group)) {
            return Owner::OtherProgram;
        }
        Owner::Nobody(nearest(group.trim(), if self.is_mariadb { &MARIADB } else { &MYSQL }))
    }

    fn matches(&self, group: &str, is_mariadb: bool, version: (Option<u32>, Option<u32>)) -> bool {
        let names: &[&str] = if is_mariadb { &MARIADB } else { &MYSQL };
        let versioned: &[&str] = if is_mariadb { &MARIADB_VERSIONED } else { &MYSQL_VERSIONED };
        let is_plain = |group: &str| {
            names.iter().any(|name| name.eq_ignore_ascii_case(group))
                || versioned
                    .iter()
                    .any(|base| without_prefix(group, base).is_some_and(|text| is_version(text, version)))
        };
        let without_suffix = self.suffix.and_then(|suffix| {
            let (group, end) = group.split_at_checked(group.len().checked_sub(suffix.len())?)?;
            end.eq_ignore_ascii_case(suffix).then_some(group)
        });
        is_plain(group) || without_suffix.is_some_and(is_plain)
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Is this `X.Y` that can be the version? What is not known of it can be anything.
fn is_version(text: &str, (major, minor): (Option<u32>, Option<u32>)) -> bool {
    let is = |text: &str, number: Option<u32>| {
        // the server has them without zeros in front, and compares text
        let is_plain = text == "0" || !text.starts_with('0');
        let is_number = is_plain && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number && text.parse::<u32>().is_ok_and(|found| number.is_none_or(|number| number == found))
    };
    text.split_once('.').is_some_and(|(x, y)| is(x, major) && is(y, minor))
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
                (1, "", &Kind::Include("/a b.cnf".into())),
                (4, " one", &Kind::Option("x".into(), None)),
                (5, " one", &Kind::IncludeDir("/c".into())),
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
    fn groups_of_the_servers() {
        let mysql = Groups::for_server(false, Some((9, Some(7))), None);
        let mariadb = Groups::for_server(true, Some((11, None)), None);
        for (group, by_mysql, by_mariadb) in [
            ("mysqld", Owner::Server, Owner::Server),
            ("SERVER", Owner::Server, Owner::Server),
            ("mysql_cluster", Owner::Server, Owner::OtherServer),
            ("mysqld-9.7", Owner::Server, Owner::OtherVersion),
            ("MYSQLD-11.8", Owner::OtherVersion, Owner::Server),
            ("mariadb-11.4", Owner::OtherServer, Owner::Server),
            ("mariadbd", Owner::OtherServer, Owner::Server),
            ("client-server", Owner::OtherServer, Owner::Server),
            ("galera", Owner::OtherServer, Owner::Server),
            ("mysql", Owner::OtherProgram, Owner::OtherProgram),
            ("Client", Owner::OtherProgram, Owner::OtherProgram),
            ("mysqld_safe", Owner::OtherProgram, Owner::OtherProgram),
            ("mysql_d", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("mysqlds", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            (" mysqld", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("mysqld-9", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("", Owner::Nobody(None), Owner::Nobody(None)),
        ] {
            assert_eq!((mysql.owner(group), mariadb.owner(group)), (by_mysql, by_mariadb), "[{group}]");
        }
        for group in ["mysqld-9.", "mysqld-.7", "mysqld-9.7.1", "mysqld-09.7", "mysqld-9.07", "mysqld-9.+7", "mysqld-é"]
        {
            assert!(!mysql.contains(group), "[{group}]");
        }
        assert!(Groups::for_server(false, None, None).contains("mysqld-8.0"));
        assert!(!Groups::for_server(false, Some((8, None)), None).contains("mysqld-5.7"));
    }

    #[test]
    fn groups_with_a_suffix() {
        let groups = Groups::for_server(false, Some((9, Some(7))), Some("-X"));
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
        let groups = Groups::for_server(true, Some((11, Some(8))), Some("-x"));
        for text in &texts {
            let file = OptionFile::parse(text);
            assert!(file.options_of(&groups).count() <= text.len());
            for entry in &file.entries {
                let _ = groups.contains(&entry.group);
            }
        }
    }
}
