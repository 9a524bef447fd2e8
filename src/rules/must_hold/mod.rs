//! What must hold for the options of a server: one table, and one check for every source that they come from, so that
//! no source is judged by fewer rules than another. `docs/rules/about-options.md` shows the table, and a test compares
//! the two.

mod kinds;
mod table;

use crate::{
    database::Database,
    findings::{Findings, Violation},
    flavor::Flavor,
    halves::Halves,
    mounts::plain_path,
    names::DATABASE_PORT,
    rule::{self, Rule},
    rules::must_hold::{
        kinds::Holds,
        table::{Row, TABLE},
    },
};
use mysql_options::{ServerOption, switch_value};
use std::slice::Chunks;

/// An option with its place in the source: a line, or where it stands in a list.
pub(crate) type Told<'o> = (usize, ServerOption<'o>);

/// Whose option it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Primary,
    Replica,
    Both,
}

/// Where options come from, and what is known of the servers that get them.
pub(crate) struct Origin<'s> {
    pub(crate) of: Of,
    /// Why it wins over the file that the policy writes last, if it does.
    pub(crate) wins: Option<&'static str>,
    /// Unless the image does not tell.
    pub(crate) database: Option<&'s Database>,
    /// The rows that ask what is planned are looked at with it, and all others without.
    pub(crate) planned: Option<Placed<'s>>,
    /// The word after an option, where it has no value of its own.
    pub(crate) next: &'s dyn Fn(usize) -> Option<&'s str>,
    /// What is wrong with the option at a place, told with the reason and the way out.
    pub(crate) violation: &'s dyn Fn(usize, &'static Rule, String, &'static str) -> Violation,
    /// Was it so before? Where a live cluster's files are cannot be changed in one step, and the update makes nothing
    /// worse.
    pub(crate) was_so: &'s dyn Fn(usize, &str) -> bool,
    /// Does a source that is read later say something else on the setting of these names? That is looked at there.
    pub(crate) is_settled: &'s dyn Fn(&[&str]) -> bool,
}

impl Origin<'_> {
    /// One whose image does not tell is taken for MySQL's.
    fn is_mariadb(&self) -> bool {
        self.database.is_some_and(|database| database.flavor == Flavor::Mariadb)
    }
}

/// What is planned for the servers.
#[derive(Clone, Copy)]
pub(crate) struct Placed<'s> {
    pub(crate) data_dir: &'s str,
    /// Does the policy switch GTIDs on, whatever the option files say?
    pub(crate) by_gtids: bool,
    /// Is a directory on a volume that each pod has for itself, and that outlives it as its data does?
    pub(crate) is_own: &'s dyn Fn(&str) -> bool,
}

/// Looks at the options of one source, in the order in which they stand there.
pub(crate) fn check(options: &[Told], origin: &Origin, findings: &mut Findings) {
    if options.is_empty() {
        return;
    }
    for row in &TABLE {
        let is_theirs = row.of == Of::Both || origin.of == Of::Both || row.of == origin.of;
        let is_asked = row.holds.is_planned() == origin.planned.is_some() && (!row.is_last || origin.wins.is_some());
        if !is_theirs || !is_asked || !row.servers.contains(origin) {
            continue;
        }
        for names in row.settings() {
            let is_one = |option: &ServerOption| names.iter().any(|name| option.is(name));
            // a plugin adds to those before it
            if row.holds == Holds::NoKeys {
                let plugins = options.iter().filter(|(_, option)| is_one(option));
                plugins.for_each(|told| _ = row.judge(told, options, origin, findings));
                continue;
            }
            let mut counting = options.iter().rev().filter(|(_, option)| is_one(option) && !option.is_passed_over());
            let Some(last) = counting.next() else { continue };
            if row.holds != Holds::Loose && (origin.is_settled)(names) {
                continue;
            }
            // MySQL passes over, or stops at, a spelling that MariaDB takes: the one before it may count as well
            let counts = last.1.is_exact || (origin.is_mariadb() && !last.1.name.starts_with("skip-"));
            if row.judge(last, options, origin, findings)
                && !counts
                && let Some(told) = counting.find(|(_, option)| option.is_exact)
            {
                row.judge(told, options, origin, findings);
            }
        }
    }
}

impl Row {
    /// The settings, each with all its names: the last one that is read counts, by whichever name.
    fn settings(&self) -> Chunks<'static, &'static str> {
        let is_one = matches!(self.holds, Holds::NoErrors | Holds::Strict | Holds::On | Holds::Off);
        self.names.chunks(if is_one { self.names.len() } else { 1 })
    }

    /// Says whether it holds, after it has told that it does not.
    // once for all ways to it
    #[inline(never)]
    fn judge(&self, told: &Told, options: &[Told], origin: &Origin, findings: &mut Findings) -> bool {
        if self.holds(told, options, origin) {
            return true;
        }
        let (place, option) = told;
        let violation = || {
            let why = match origin.wins.filter(|_| self.is_last) {
                Some(wins) => format!("{wins}: {}", self.why),
                None => self.why.to_owned(),
            };
            (origin.violation)(*place, self.rule, why, self.fix)
        };
        let is_place = self.rule == rule::DATA_ELSEWHERE || self.holds == Holds::OwnVolume;
        if is_place && (origin.was_so)(*place, option.name) {
            findings.warn_of(|| format!("{}: {}", violation().found, self.why));
        } else {
            findings.reject_for(self.rule, violation);
        }
        false
    }

    /// Does it hold, as far as can be told? A variable without a known value may be anything.
    fn holds(&self, (place, option): &Told, options: &[Told], origin: &Origin) -> bool {
        let next = (origin.next)(*place).filter(|next| option.value.is_none() && !next.starts_with('-'));
        let is_on = || {
            let knows_no_lock = origin.database.is_some_and(Database::knows_no_lock);
            // the server takes no switch's value from the next word, and stops at it
            let word = next.filter(|next| is_switch(next));
            word.map_or_else(|| option.is_on(knows_no_lock), |word| switch_value(word) == Some(true))
        };
        let value = option.value.or(next).unwrap_or_default().trim_matches(['"', '\'']);
        let is = |wanted: &[&str]| wanted.iter().any(|wanted| value.eq_ignore_ascii_case(wanted));
        match self.holds {
            Holds::On => is_on(),
            Holds::Off => !is_on(),
            Holds::Absent => false,
            Holds::Loose => option.is_loose,
            Holds::Gtids => option.is_gtid_on(next),
            Holds::Consistent => option.switch() && !is(&["warn"]),
            _ if value.contains('$') => true,
            // 0 stands for the default
            Holds::Port => value.is_empty() || value.parse().is_ok_and(|port: u16| [0, DATABASE_PORT].contains(&port)),
            Holds::AllAddresses => reaches_all(value),
            Holds::ClonePlugin => {
                let loads = |value: &str| value.contains("mysql_clone");
                let mut behind = options.iter().skip_while(|(other, _)| other <= place);
                loads(value)
                    || behind.any(|(other, option)| {
                        let value = option.value.or((origin.next)(*other));
                        option.is("plugin-load-add") && value.is_some_and(loads)
                    })
            }
            Holds::Table => is(&["table", "1"]),
            Holds::NoErrors => is(&["", "off"]),
            Holds::Strict => is(&["strict", "0"]),
            Holds::NoKeys => !value.contains("keyring") && !value.contains("key_management"),
            Holds::PlainNames => value.split(';').all(|file| !file.trim().trim_start_matches("./").contains('/')),
            Holds::DataDir => {
                let data_dir = origin.planned.map_or("", |planned| planned.data_dir);
                ["", "."].contains(&value.trim_end_matches('/')) || plain_path(value) == plain_path(data_dir)
            }
            Holds::OwnVolume => {
                let Some(planned) = origin.planned else { return true };
                directory_of(value, planned.data_dir).is_none_or(|directory| (planned.is_own)(&directory))
            }
        }
    }
}

/// A word that somebody may have meant as the value of a switch.
pub(crate) fn is_switch(word: &str) -> bool {
    switch_value(word).is_some() || ["yes", "no"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Does a server that listens at these addresses hear the other pods, and the containers of its own pod at 127.0.0.1?
fn reaches_all(addresses: &str) -> bool {
    let addresses = || addresses.split(',').map(str::trim);
    let is_local =
        |address: &str| address.starts_with("127.") || address.eq_ignore_ascii_case("localhost") || address == "::1";
    let is_any = |address: &str| ["", "*", "0", "0.0.0.0", "::", "::0", "0:0:0:0:0:0:0:0"].contains(&address);
    addresses().any(is_any)
        || (addresses().any(|address| ["127.0.0.1", "localhost"].contains(&address)) && !addresses().all(is_local))
}

/// The directory of a file whose name has one: without one it is in the data directory.
fn directory_of(file: &str, data_dir: &str) -> Option<String> {
    let (directory, _) = file.last_halves('/')?;
    let path = if file.starts_with('/') { format!("{directory}/") } else { format!("{data_dir}/{directory}") };
    Some(plain_path(&path).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    /// The table as the document has it.
    fn document() -> String {
        let mut text = "| option | must be | of | servers | looked at | rule |\n|---|---|---|---|---|---|\n".to_owned();
        for row in &TABLE {
            let names: Vec<_> = row.names.iter().map(|name| format!("`{name}`")).collect();
            let of = match row.of {
                Of::Primary => "the primary",
                Of::Replica => "replicas",
                Of::Both => "both",
            };
            let place = if row.is_last { "where it wins" } else { "everywhere" };
            let (holds, servers, id) = (row.holds.name(), row.servers.name(), row.rule.id);
            let names = names.join(", ");
            let _ = writeln!(text, "| {names} | {holds} | {of} | {servers} | {place} | [`{id}`]({id}.md) |");
        }
        for (name, ..) in crate::rules::config_map::SHARED {
            let id = rule::FORCED_OPTION.id;
            let _ =
                writeln!(text, "| `{name}` | the same in both roles | both | all | option files | [`{id}`]({id}.md) |");
        }
        text
    }

    #[test]
    fn the_document_shows_the_table() {
        let rules = include_str!("../../../docs/rules/about-options.md");
        assert!(rules.contains(&document()), "docs/rules/about-options.md must have this table:\n{}", document());
    }

    fn found(image: &str, of: Of, wins: bool, words: &[&str]) -> Vec<&'static Rule> {
        let database = Database::of(image);
        let options: Vec<Told> = words
            .iter()
            .enumerate()
            .filter_map(|(place, word)| Some((place, ServerOption::from_argument(word)?)))
            .collect();
        let mut findings = Findings::default();
        let origin = Origin {
            of,
            wins: wins.then_some("it wins"),
            database: Some(&database),
            planned: None,
            next: &|place| words.get(place + 1).copied(),
            violation: &|place, rule, why, fix| Violation::new(rule, words[place].to_owned(), "", why, fix),
            was_so: &|_, _| false,
            is_settled: &|_| false,
        };
        check(&options, &origin, &mut findings);
        let placed = Placed {
            data_dir: "/var/lib/mysql",
            by_gtids: database.flavor == Flavor::Mysql84,
            is_own: &|directory| directory.starts_with("/var/lib/mysql"),
        };
        check(&options, &Origin { planned: Some(placed), ..origin }, &mut findings);
        findings.violations.iter().map(|violation| violation.rule).collect()
    }

    #[test]
    fn what_undoes_replication_is_found_in_every_spelling() {
        const FORCED: &Rule = rule::FORCED_OPTION;
        for (image, words, rule) in [
            ("mariadb:10.11", &["--event-scheduler"][..], FORCED),
            ("mariadb:10.11", &["--enable_event_scheduler"], FORCED),
            ("mysql:8.0", &["--skip-event-scheduler=0"], FORCED),
            ("mysql:8.0", &["--ev=1"], FORCED),
            ("mysql:8.0", &["--event-scheduler", "ON"], FORCED),
            ("mysql:8.0", &["--skip-relay-log-recovery"], FORCED),
            ("mysql:5.7", &["--relay-log-info-repository=FILE"], FORCED),
            ("mysql:5.7", &["--master-info-repository=0"], FORCED),
            ("mysql:8.0", &["--innodb-undo-log-truncate=ON"], FORCED),
            ("mysql:8.4", &["--plugin-load-add=mysql_clone.so", "--plugin-load=x.so"], FORCED),
            ("mysql:8.0", &["--innodb_read_only=1"], FORCED),
            ("mysql:8.0", &["--offline-mode"], FORCED),
            ("mariadb:10.11", &["--loose-skip_grant_tables"], FORCED),
            ("mysql:8.0", &["--skip-networking=ON"], FORCED),
            ("mysql:8.0", &["--port=13306"], FORCED),
            ("mysql:8.0", &["--port", "13306"], FORCED),
            ("mysql:8.0", &["-P13306"], FORCED),
            ("mysql:8.0", &["-P", "13306"], FORCED),
            ("mysql:8.0", &["--bind-address=127.0.0.1"], FORCED),
            ("mysql:8.0", &["--bind_address=::1,localhost"], FORCED),
            ("mysql:8.0", &["--bind-address=10.0.0.1"], FORCED),
            ("mysql:8.0", &["--slave-skip-errors=1062"], rule::SKIPPED_ERRORS),
            ("mysql:8.0", &["--replica-skip-errors", "all"], rule::SKIPPED_ERRORS),
            ("mariadb:10.11", &["--slave_exec_mode=idempotent"], rule::SKIPPED_ERRORS),
            ("mariadb:10.11", &["--log-bin=/var/log/mysql/bin"], rule::BINARY_LOG_OFF),
            ("mariadb:10.11", &["--log-bin=../log/bin"], rule::BINARY_LOG_OFF),
            ("mariadb:10.11", &["--log-bin=/bin"], rule::BINARY_LOG_OFF),
            ("mariadb:10.11", &["--log-bin-index", "/tmp/bin.index"], rule::BINARY_LOG_OFF),
            ("mysql:8.4", &["--gtid-mode=OFF"], rule::GTID_MODE),
            ("mysql:8.4", &["--enforce-gtid-consistency=WARN"], rule::GTID_MODE),
            ("mysql:8.0", &["--innodb-data-file-path=/x/ibdata1:12M:autoextend"], rule::DATA_ELSEWHERE),
            ("mysql:8.0", &["--datadir=/srv"], FORCED),
            ("mysql:8.0", &["--replica-skip-errors=OFF", "--slave-skip-errors=all"], rule::SKIPPED_ERRORS),
            // only some servers take upper case
            ("mariadb:11.8", &["--skip-innodb-read-only", "--INNODB-READ-ONLY=ON"], FORCED),
            ("mysql:8.0", &["--skip-innodb-read-only", "--INNODB-READ-ONLY=ON"], FORCED),
            ("mysql:8.0", &["--innodb-read-only", "--loose-INNODB-READ-ONLY=0"], FORCED),
            ("mariadb:11.8", &["--read-only=0", "--READ-ONLY"], rule::PRIMARY_READ_ONLY),
            // passed over
            ("mysql:8.0", &["--skip-grant-tables", "--skip-grant-tables=no"], FORCED),
            // OFF to this version, ON to the next one
            ("mariadb:11.8", &["--read-only=2"], rule::READ_ONLY_OFF),
            ("mariadb:12.0", &["--read-only=2"], rule::PRIMARY_READ_ONLY),
        ] {
            assert_eq!(found(image, Of::Both, true, words), [rule], "{image} {words:?}");
        }
    }

    #[test]
    fn what_does_no_harm_is_left_alone() {
        for (image, words) in [
            ("mysql:8.0", &["--event-scheduler=OFF"][..]),
            ("mysql:8.0", &["--event-scheduler=DISABLED"]),
            ("mysql:8.0", &["--event-scheduler=ON", "--event-scheduler=OFF"]),
            ("mysql:8.0", &["--relay-log-recovery=ON"]),
            ("mysql:8.4", &["--master-info-repository=FILE"]),
            ("mysql:8.0", &["--master-info-repository=TABLE"]),
            ("mysql:8.0", &["--plugin-load=auth_socket.so"]),
            ("mysql:8.4", &["--plugin-load=auth_socket.so;mysql_clone.so"]),
            ("mysql:8.4", &["--plugin-load=auth_socket.so", "--plugin-load-add=mysql_clone.so"]),
            ("mysql:8.0", &["--innodb-read-only=0", "--skip-networking=0", "--offline-mode=OFF"]),
            ("mysql:8.0", &["--port=3306"]),
            ("mysql:8.0", &["--port=$(PORT)"]),
            ("mysql:8.0", &["--port-open-timeout=5"]),
            ("mysql:8.0", &["--bind-address=0.0.0.0"]),
            ("mysql:8.0", &["--bind-address=*"]),
            ("mysql:8.0", &["--bind-address=::"]),
            ("mysql:8.0", &["--bind-address=127.0.0.1,10.0.0.1"]),
            ("mysql:8.0", &["--replica-skip-errors=OFF", "--replica-exec-mode=STRICT"]),
            ("mysql:8.0", &["--log-bin=bin", "--log-bin-index=/var/lib/mysql/bin.index"]),
            ("mysql:8.0", &["--innodb-data-file-path=./ibdata1:12M;ibdata2:12M:autoextend"]),
            ("mysql:8.0", &["--innodb-undo-directory=./", "--datadir=/var/lib/mysql/"]),
            ("mariadb:11.8", &["--innodb-read-only", "--INNODB-READ-ONLY=0"]),
            // the last one counts, by whichever name
            ("mysql:8.0", &["--slave-skip-errors=all", "--replica-skip-errors=OFF"]),
            ("mysql:8.0", &["--innodb-undo-directory=/x", "--innodb-undo-directory=."]),
        ] {
            assert!(found(image, Of::Both, true, words).is_empty(), "{image} {words:?}");
        }
        // the policy's own file says otherwise, and is read behind those of the roles
        for word in
            ["--event-scheduler=ON", "--relay-log-recovery=0", "--server-id=1", "--datadir=/x", "--plugin-load=x"]
        {
            assert!(found("mysql:8.4", Of::Replica, false, &[word]).is_empty(), "{word}");
        }
        // what is asked of replicas alone
        for word in ["--slave-skip-errors=all", "--skip-slave-start", "--read-only=0"] {
            assert!(found("mysql:8.4", Of::Primary, false, &[word]).is_empty(), "{word}");
        }
    }
}
