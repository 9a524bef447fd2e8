//! One option of `mysqld` or `mariadbd`, as the server itself understands it.
//!
//! Where nothing else is said, the rules are those of `mysys/my_getopt` in the sources of MySQL and MariaDB (functions
//! `my_handle_options`, `findopt`, `check_struct_option`, `setval`, `get_bool_argument`), seen to hold for MySQL 9.7
//! and MariaDB 10.11 and 11.8.

use crate::table::{known, same};

/// What can stand before a name, with what it makes of the option. `autoset` is MariaDB's.
const PREFIXES: [(&str, Prefix); 6] = [
    ("skip", Prefix::Off),
    ("disable", Prefix::Off),
    ("enable", Prefix::On),
    ("maximum", Prefix::Odd),
    ("loose", Prefix::Loose),
    ("autoset", Prefix::Odd),
];

/// What a value of an option that is on or off says, without regard to case; `None` for a value that is none of 1, on,
/// true, 0, off and false.
///
/// ```
/// use mysql_options::switch_value;
///
/// assert_eq!(switch_value("True"), Some(true));
/// assert_eq!(switch_value("0"), Some(false));
/// assert_eq!(switch_value("yes"), None);
/// ```
#[must_use]
pub fn switch_value(value: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    if is(["1", "on", "true"]) { Some(true) } else { is(["0", "off", "false"]).then_some(false) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Off,
    On,
    /// A wrong name or value is no error.
    Loose,
    /// Has no place before an option of the table: the server does not start, or leaves the option out.
    Odd,
}

/// An option with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerOption<'a> {
    /// The whole name, in lower case and with dashes, if the table has it, else the name as written; without prefixes.
    pub name: &'a str,
    /// The value as written, if there is one: what follows the `=`.
    pub value: Option<&'a str>,
    /// Is there `loose-` among its prefixes? A server that does not know the option then only warns.
    pub is_loose: bool,
    /// Is the name in the table?
    pub is_known: bool,
    /// Do all servers take it alike? Not so an abbreviation, upper case, `maximum-`, `autoset-` or a name after a dot:
    /// one server takes it, another one does not start, or passes over it if it is `loose`. Nor a `skip-slave-start`
    /// with a strange value: MariaDB passes over it, or takes its first byte where that is 0 or 1.
    pub is_exact: bool,
    /// What the last of the prefixes makes of it, whatever the value.
    forced: Option<bool>,
}

impl<'a> ServerOption<'a> {
    /// A word of the command line. `None` for `--` and for what is no option, and for a short option but `-h` and `-P`,
    /// which are the data directory and the port to every server. Those mean something else to other programs: a caller
    /// that is not sure whose words they are must leave them out.
    ///
    /// After `--` options go on to be options: the server reads its arguments in several passes, and the first one
    /// takes the `--` away.
    ///
    /// A value of a word of its own (`--datadir /x`) is not seen here: `value` is `None`. Only options that cannot do
    /// without a value take the next word; to one that can (`--read-only 0`) it is a stray argument, at which the
    /// server stops.
    #[must_use]
    pub fn from_argument(word: &'a str) -> Option<Self> {
        let Some(option) = word.strip_prefix("--").filter(|option| !option.is_empty()) else {
            return Self::from_short(word);
        };
        Some(match option.split_once('=') {
            Some((name, value)) => Self::new(name, Some(value)),
            None => Self::new(option, None),
        })
    }

    /// A short option has its value behind the letter, or in the next word, and takes no prefix.
    fn from_short(word: &'a str) -> Option<Self> {
        let (name, value) = word.strip_prefix("-h").map(|value| ("datadir", value)).or_else(|| {
            let value = word.strip_prefix("-P")?;
            Some(("port", value))
        })?;
        Some(Self::new(name, Some(value).filter(|value| !value.is_empty())))
    }

    /// A key of an option file, with its value if it has one. The server makes `--key=value` of it.
    #[must_use]
    pub fn from_file(key: &'a str, value: Option<&'a str>) -> Self {
        Self::new(key, value)
    }

    fn new(name: &'a str, value: Option<&'a str>) -> Self {
        let found = strip(name, value);
        // Key caches have names: `hot.key-buffer-size`. MariaDB, and MySQL before 8.0, look for what follows the dot
        // with any option, so that `x.read-only=0` is `read-only=0` to them.
        if !found.is_known
            && let Some(dot) = name.bytes().skip(1).position(|byte| byte == b'.')
            && let Some((before, after)) = name.split_at_checked(dot + 1)
            && !before.contains(' ')
            && let Some(name) = after.get(1..)
        {
            let after = strip(name, value);
            if after.is_known {
                return Self { is_exact: false, ..after };
            }
        }
        found
    }

    /// Is this its name, in lower case and with dashes? `-` and `_` are the same, and MariaDB takes upper case too.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        if self.is_known { self.name == name } else { same(self.name, name) }
    }

    /// Is this the beginning of its name? `-` and `_` are the same, and upper and lower case.
    #[must_use]
    pub fn begins_with(&self, beginning: &str) -> bool {
        self.name.get(..beginning.len()).is_some_and(|head| same(head, beginning))
    }

    /// What a boolean option becomes.
    ///
    /// A value that is none of 1, on, true, 0, off and false is a warning to the server, and OFF. `log-bin` is a name
    /// of files, so that `log-bin=OFF` and `log-bin=0` turn it on; only `skip-` and `disable-` turn it off.
    ///
    /// MariaDB takes more values for `read-only` from 12 on: see [`Self::is_no_lock`].
    #[must_use]
    pub fn switch(&self) -> bool {
        match (self.forced, self.value) {
            (Some(forced), _) => forced,
            (None, Some(value)) if self.name != "log-bin" => switch_value(value) == Some(true),
            (None, _) => true,
        }
    }

    /// Does MySQL pass over it, with a warning? `skip-grant-tables` takes no value but that of a switch there, and
    /// stays as it was (`my_handle_options`, `NO_ARG`). MariaDB switches it off.
    ///
    /// ```
    /// use mysql_options::ServerOption;
    ///
    /// let is_passed_over = |word| ServerOption::from_argument(word).is_some_and(|option| option.is_passed_over());
    /// assert!(is_passed_over("--skip-grant-tables=2") && is_passed_over("--loose-skip_grant_tables=yes"));
    /// assert!(!is_passed_over("--skip-grant-tables=off") && !is_passed_over("--read-only=2"));
    /// ```
    #[must_use]
    pub fn is_passed_over(&self) -> bool {
        self.name == "skip-grant-tables"
            && self.forced.is_none()
            && self.value.is_some_and(|value| switch_value(value).is_none())
    }

    /// Is the option on for a server? To MariaDB's, `read-only` is so too by
    /// [the values of version 12](Self::is_no_lock).
    #[must_use]
    pub fn is_on(&self, is_mariadb: bool) -> bool {
        self.switch() || (is_mariadb && self.is_no_lock())
    }

    /// Does `gtid-mode` switch GTIDs on, by its own value or by that of the next word? MySQL manual, "`gtid_mode`":
    /// anything but ON, which is 3, lets transactions without a GTID in.
    ///
    /// ```
    /// use mysql_options::ServerOption;
    ///
    /// let is_on = |word, next| ServerOption::from_argument(word).is_some_and(|option| option.is_gtid_on(next));
    /// assert!(is_on("--gtid-mode=3", None) && is_on("--gtid_mode", Some("on")));
    /// assert!(!is_on("--gtid-mode=ON_PERMISSIVE", Some("on")));
    /// ```
    #[must_use]
    pub fn is_gtid_on(&self, next: Option<&str>) -> bool {
        self.value.or(next).is_some_and(|value| value.eq_ignore_ascii_case("on") || value == "3")
    }

    /// Is this `read-only` with one of the values that MariaDB has from 12 on (its commit "read-only can now take 4
    /// different values": OFF, ON, `NO_LOCK`, `NO_LOCK_NO_ADMIN`, or 0 to 3)? There it is ON, and stricter; to every
    /// other server it is OFF, as any value that it does not know.
    #[must_use]
    pub fn is_no_lock(&self) -> bool {
        self.name == "read-only"
            && self.forced.is_none()
            && self.value.is_some_and(|value| {
                ["2", "3", "no_lock", "no_lock_no_admin"].iter().any(|known| value.eq_ignore_ascii_case(known))
            })
    }
}

/// Takes the prefixes off from the left until the name is known, as the server does. Of what they say about the value,
/// only the last one counts: `loose-skip-read-only` is OFF, and `skip-loose-read-only` is ON.
fn strip<'a>(name: &'a str, value: Option<&'a str>) -> ServerOption<'a> {
    let mut rest = name;
    let mut last = None;
    let mut is_loose = false;
    let mut is_exact = true;
    loop {
        let known = known(rest);
        let next = if known.is_some() { None } else { prefix(rest) };
        let Some((kind, is_lower, after)) = next else {
            // `--skip-x=0` is ON, and `--enable-x=0` OFF; any other value is passed over
            let forced = match last {
                Some(Prefix::Off) => Some(value == Some("0")),
                Some(Prefix::On) => Some(value != Some("0")),
                _ => None,
            };
            let is_known = known.is_some();
            let (name, is_whole) = known.unwrap_or((rest, true));
            is_exact &= is_whole
                && (name != "skip-slave-start"
                    || forced.is_some()
                    || value.is_none_or(|value| switch_value(value).is_some()));
            return ServerOption { name, value, is_loose, is_known, is_exact, forced };
        };
        is_loose |= kind == Prefix::Loose;
        is_exact &= is_lower && kind != Prefix::Odd;
        last = Some(kind);
        rest = after;
    }
}

/// The prefix that a name begins with, whether it is in lower case, and what follows it.
fn prefix(name: &str) -> Option<(Prefix, bool, &str)> {
    let first = name.bytes().next()?.to_ascii_lowercase();
    PREFIXES.iter().filter(|(prefix, _)| prefix.bytes().next() == Some(first)).find_map(|&(prefix, kind)| {
        let (head, rest) = name.split_at_checked(prefix.len())?;
        let after = rest.strip_prefix(['-', '_']).filter(|_| head.eq_ignore_ascii_case(prefix))?;
        Some((kind, head == prefix, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(word: &str) -> ServerOption<'_> {
        ServerOption::from_argument(word).unwrap()
    }

    #[test]
    fn no_long_option() {
        for word in ["", "-", "--", "-p3306", "-H/x", "h", "mysqld", "read-only=0", "—read-only"] {
            assert_eq!(ServerOption::from_argument(word), None, "{word}");
        }
        for (word, name, value) in [
            ("-h", "datadir", None),
            ("-h/srv/data", "datadir", Some("/srv/data")),
            ("-P", "port", None),
            ("-P13306", "port", Some("13306")),
            ("-P=1", "port", Some("=1")),
        ] {
            assert_eq!((option(word).name, option(word).value, option(word).is_exact), (name, value, true), "{word}");
        }
    }

    #[test]
    fn switches() {
        for (word, name, on) in [
            ("--read-only", "read-only", true),
            ("--read_only=on", "read-only", true),
            ("--read-only=TRUE", "read-only", true),
            ("--read-only=1", "read-only", true),
            ("--read-only=", "read-only", false),
            ("--read-only=2", "read-only", false),
            ("--read-only=01", "read-only", false),
            ("--read-only=yes", "read-only", false),
            ("--read-only= 1", "read-only", false),
            ("--super_read-only=OFF", "super-read-only", false),
            ("--skip-read-only", "read-only", false),
            ("--skip-read-only=1", "read-only", false),
            ("--skip-read-only=on", "read-only", false),
            ("--skip-read-only=0", "read-only", true),
            ("--skip-read-only=off", "read-only", false),
            ("--disable_super_read_only", "super-read-only", false),
            ("--enable-read-only=0", "read-only", false),
            ("--enable-read-only=off", "read-only", true),
            ("--enable-read-only", "read-only", true),
            ("--loose-skip-read-only", "read-only", false),
            ("--skip-loose-read-only", "read-only", true),
            ("--skip-loose-read-only=0", "read-only", false),
            ("--skip-enable-read-only", "read-only", true),
            ("--enable-skip-loose_skip-read-only", "read-only", false),
            ("--log-bin", "log-bin", true),
            ("--log-bin=OFF", "log-bin", true),
            ("--log-bin=0", "log-bin", true),
            ("--log-bin=", "log-bin", true),
            ("--skip-log-bin", "log-bin", false),
            ("--disable-log_bin=x", "log-bin", false),
            ("--skip-log-bin=0", "log-bin", true),
            ("--skip-slave-start", "skip-slave-start", true),
            ("--skip-slave-start=0", "skip-slave-start", false),
            ("--skip-skip-slave-start", "skip-slave-start", false),
            ("--loose_skip_replica_start", "skip-replica-start", true),
            ("--persisted-globals-load=0", "persisted-globals-load", false),
        ] {
            let option = option(word);
            assert_eq!((option.name, option.switch()), (name, on), "{word}");
            assert!(option.is_known && option.is_exact, "{word}");
            assert_eq!(option.is_loose, word.contains("loose"), "{word}");
        }
    }

    #[test]
    fn names_that_not_all_servers_take() {
        for (word, name, on) in [
            ("--READ-ONLY=0", "read-only", false),
            ("--Skip-Read-Only", "read-only", false),
            ("--read-o=0", "read-only", false),
            ("--skip_read_onl", "read-only", false),
            ("--super-r=0", "super-read-only", false),
            ("--skip-sl", "skip-slave-start", true),
            ("--skip-replica-st=0", "skip-replica-start", false),
            ("--x.read-only=0", "read-only", false),
            ("--x.skip-read-only", "read-only", false),
            ("--skip-slave-start=1x", "skip-slave-start", false),
            ("--maximum-read-only=1", "read-only", true),
            ("--loose-autoset-read-only", "read-only", true),
        ] {
            let option = option(word);
            assert_eq!((option.name, option.switch(), option.is_exact), (name, on, false), "{word}");
        }
        for word in ["--read", "--read-buffer-size=1", "--log-bi", "--log-bin-x=x", "--super", "--read-only-x=0"] {
            assert!(!option(word).is_known, "{word}");
        }
        for word in ["--a b.read-only=0", "--a.b.read-only=0", "--.read-only=0", "---read-only=0", "--read-only =0"] {
            assert!(!option(word).is_known, "{word}");
        }
    }

    #[test]
    fn names_outside_the_table() {
        let mode = option("--loose-skip_Sql_Mode=ON");
        assert_eq!((mode.name, mode.value, mode.switch()), ("Sql_Mode", Some("ON"), false));
        assert!(mode.is("sql-mode") && mode.is_loose && !mode.is_known);
        assert_eq!(option("--datad=/x=y").value, Some("/x=y"));
        assert_eq!(option("--datadir").value, None);
        assert!(option("--=x").name.is_empty());
        assert!(option("--skip-").name.is_empty());
    }

    #[test]
    fn values_of_mariadb_12() {
        for (word, is_no_lock) in [
            ("--read-only=NO_LOCK", true),
            ("--read_only=no_lock_no_admin", true),
            ("--read-only=2", true),
            ("--read-only=ON", false),
            ("--skip-read-only=2", false),
            ("--super-read-only=NO_LOCK", false),
        ] {
            assert_eq!(option(word).is_no_lock(), is_no_lock, "{word}");
        }
        assert!(!option("--read-only=NO_LOCK").switch());
    }

    #[test]
    fn hostile_names() {
        for word in ["--skip-é", "--ski\u{e9}", "--skip-.", "--.", "--é.é", "--a.", "--a.é=", "--loose-loose-loose-"]
        {
            assert!(!option(word).is_known, "{word}");
        }
        let long = format!("--{}read-only", "loose-skip-".repeat(100_000));
        assert!(!option(&long).switch());
        let long = format!("--{}", ".skip-".repeat(100_000));
        assert!(!option(&long).is_known);
    }
}
