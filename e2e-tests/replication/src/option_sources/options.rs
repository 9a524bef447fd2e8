//! The options that are drawn, and what is asked of the value that a server ends up with. It is the table of
//! `docs/rules.md`, told once more from what servers show, so that a slip in the policy's is seen.

use crate::image::{Database, Family};

/// An option that is drawn.
#[derive(Debug)]
pub(super) struct Known {
    /// As servers show it.
    pub(super) name: &'static str,
    /// An abbreviation that MariaDB takes.
    pub(super) abbreviated: &'static str,
    /// An empty one is none.
    pub(super) values: &'static [&'static str],
    pub(super) is_switch: bool,
    servers: Servers,
    /// Is it left out of the files of the roles, of which other rules ask it whatever wins?
    is_asked_there: bool,
    wrong: fn(Shown<'_>) -> Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
enum Servers {
    All,
    Mysql,
}

/// What a server shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'s> {
    pub(super) value: &'s str,
    pub(super) is_replica: bool,
}

const SWITCH: &[&str] = &["", "0", "1", "ON", "off", "True", "FALSE", "yes", "2"];
const DIRECTORIES: &[&str] = &["/tmp", ".", "./", "/var/lib/mysql", "/var/lib/mysql/", "/var//lib/mysql", "/tmp/"];
const NONE: &str = "(No default value)";
const FORCED: &str = "forced-option";

const fn switch(
    name: &'static str,
    abbreviated: &'static str,
    servers: Servers,
    wrong: fn(Shown<'_>) -> Option<&'static str>,
) -> Known {
    Known { name, abbreviated, values: SWITCH, is_switch: true, servers, is_asked_there: false, wrong }
}

const fn valued(
    name: &'static str,
    abbreviated: &'static str,
    values: &'static [&'static str],
    servers: Servers,
    wrong: fn(Shown<'_>) -> Option<&'static str>,
) -> Known {
    Known { is_switch: false, values, ..switch(name, abbreviated, servers, wrong) }
}

const fn asked_of_roles(known: Known) -> Known {
    Known { is_asked_there: true, ..known }
}

fn is_on(shown: Shown<'_>) -> bool {
    shown.value == "TRUE"
}

fn closes_replicas(shown: Shown<'_>) -> Option<&'static str> {
    match (shown.is_replica, is_on(shown)) {
        (true, false) => Some("read-only-off"),
        (false, true) => Some("primary-read-only"),
        _ => None,
    }
}

fn is_elsewhere(shown: Shown<'_>) -> bool {
    let value = shown.value.trim_end_matches('/').replace("//", "/");
    !["", ".", NONE, "/var/lib/mysql"].contains(&value.as_str())
}

/// Names of the binary log; MySQL shows a name that is a switch's value as it is.
const LOGS: &[&str] = &["", "bin", "./bin", "/var/lib/mysql/bin", "/tmp/bin", "../bin", "OFF"];

fn log_elsewhere(shown: Shown<'_>) -> Option<&'static str> {
    let directory = shown.value.rsplit_once('/').map_or(".", |(directory, _)| directory);
    (!shown.is_replica && ![".", "/var/lib/mysql"].contains(&directory)).then_some("binary-log-off")
}

static OPTIONS: [Known; 24] = [
    asked_of_roles(switch("read-only", "read-o", Servers::All, closes_replicas)),
    asked_of_roles(switch("super-read-only", "super-r", Servers::Mysql, closes_replicas)),
    switch("persisted-globals-load", "persiste", Servers::Mysql, |shown| {
        (shown.is_replica && is_on(shown)).then_some("read-only-off")
    }),
    asked_of_roles(Known {
        values: LOGS,
        ..switch("log-bin", "log-bin", Servers::All, |shown| match shown.value {
            _ if shown.is_replica => None,
            // MariaDB shows the 0 that it has for OFF
            NONE | "0" => Some("binary-log-off"),
            _ => log_elsewhere(shown),
        })
    }),
    valued("log-bin-index", "log-bin-i", &["x.index", "/tmp/x.index", "/var/lib/mysql/x"], Servers::All, log_elsewhere),
    valued("init-file", "init-f", &["/own/init.sql"], Servers::All, |_| Some("init-file")),
    valued("server-id", "ser", &["1", "100", "7"], Servers::All, |_| Some("fixed-server-id")),
    Known {
        values: &["", "0", "1", "ON", "off", "DISABLED"],
        ..switch("event-scheduler", "ev", Servers::All, |shown| {
            (shown.is_replica && !["OFF", "DISABLED"].contains(&shown.value)).then_some(FORCED)
        })
    },
    switch("relay-log-recovery", "relay-log-r", Servers::All, |shown| {
        (shown.is_replica && !is_on(shown)).then_some(FORCED)
    }),
    switch("innodb-read-only", "innodb-read-only", Servers::All, |shown| is_on(shown).then_some(FORCED)),
    switch("offline-mode", "of", Servers::Mysql, |shown| is_on(shown).then_some(FORCED)),
    switch("skip-grant-tables", "skip-g", Servers::All, |shown| is_on(shown).then_some(FORCED)),
    switch("skip-networking", "skip-ne", Servers::All, |shown| is_on(shown).then_some(FORCED)),
    valued("port", "port", &["3306", "3307", "0", "13306"], Servers::All, |shown| {
        (!["0", "3306"].contains(&shown.value)).then_some(FORCED)
    }),
    valued(
        "bind-address",
        "bind",
        &["*", "0.0.0.0", "::", "127.0.0.1", "localhost", "10.0.0.1", "127.0.0.1,10.0.0.1", "::1,127.0.0.1"],
        Servers::All,
        |shown| {
            let reaches = ["*", "0.0.0.0", "::", "127.0.0.1,10.0.0.1", NONE, ""];
            (!reaches.contains(&shown.value)).then_some(FORCED)
        },
    ),
    valued("slave-skip-errors", "slave-sk", &["OFF", "all", "1062", "1062,1032"], Servers::All, skips_errors),
    valued("replica-skip-errors", "replica-sk", &["OFF", "all", "1062"], Servers::Mysql, skips_errors),
    valued("slave-exec-mode", "slave-e", &["STRICT", "IDEMPOTENT", "0", "1", "strict"], Servers::All, is_lenient),
    valued("replica-exec-mode", "replica-e", &["STRICT", "idempotent"], Servers::Mysql, is_lenient),
    valued("gtid-mode", "gtid-m", &["ON", "OFF", "ON_PERMISSIVE", "3", "0", "on"], Servers::Mysql, |shown| {
        (shown.value != "ON").then_some("gtid-mode")
    }),
    // the bare name is ON to MySQL, which goes on to show what was said before
    valued("enforce-gtid-consistency", "enforce-g", &["ON", "OFF", "WARN", "1", "2", "on"], Servers::Mysql, |shown| {
        (!["ON", "on", "1"].contains(&shown.value)).then_some("gtid-mode")
    }),
    valued("innodb-data-home-dir", "innodb-data-h", DIRECTORIES, Servers::All, |shown| {
        is_elsewhere(shown).then_some("data-elsewhere")
    }),
    valued("innodb-undo-directory", "innodb-undo-d", DIRECTORIES, Servers::All, |shown| {
        is_elsewhere(shown).then_some("data-elsewhere")
    }),
    valued("innodb-log-group-home-dir", "innodb-log-g", DIRECTORIES, Servers::All, |shown| {
        is_elsewhere(shown).then_some("data-elsewhere")
    }),
];

fn skips_errors(shown: Shown<'_>) -> Option<&'static str> {
    (shown.is_replica && !["OFF", NONE, ""].contains(&shown.value)).then_some("skipped-errors")
}

fn is_lenient(shown: Shown<'_>) -> Option<&'static str> {
    (shown.is_replica && shown.value != "STRICT").then_some("skipped-errors")
}

impl Known {
    pub(super) fn is_of_roles(&self) -> bool {
        !self.is_asked_there
    }

    /// The rule that the value breaks.
    pub(super) fn broken(&self, shown: Shown<'_>) -> Option<&'static str> {
        (self.wrong)(shown)
    }

    /// What stands for the same setting: a newer name, or what closes a server more strictly.
    pub(super) fn setting(&self) -> &'static str {
        setting(self.name)
    }
}

/// One name for all names of a setting.
pub(super) fn setting(name: &'static str) -> &'static str {
    match name {
        "slave-skip-errors" => "replica-skip-errors",
        "slave-exec-mode" => "replica-exec-mode",
        name => name,
    }
}

/// The options of a server's family.
pub(super) fn options_of(database: &Database) -> Vec<&'static Known> {
    let is_mysql = database.family != Family::MariaDb;
    OPTIONS.iter().filter(|known| known.servers == Servers::All || is_mysql).collect()
}
