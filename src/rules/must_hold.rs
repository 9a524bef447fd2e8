//! What must hold for the options of a server: one table, and one check for every source that they come from, so that no
//! source is judged by fewer rules than another. `docs/rules.md` shows the table, and a test compares the two.

use crate::{
    database::Database,
    findings::{Findings, Violation},
    flavor::{CloneMethod, Flavor},
    mounts::plain_path,
    names::DATABASE_PORT,
    rule::{self, Rule},
};
use mysql_options::{ServerOption, effective, switch_value};

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
    /// Was it so before? Where a live cluster's files are cannot be changed in one step, and the update makes nothing worse.
    pub(crate) was_so: &'s dyn Fn(usize, &str) -> bool,
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

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    On,
    Off,
    /// Nobody may set it.
    Absent,
    /// The server does not know it.
    Loose,
    Port,
    AllAddresses,
    ClonePlugin,
    Table,
    NoErrors,
    Strict,
    Gtids,
    Consistent,
    DataDir,
    PlainNames,
    NoKeys,
    OwnVolume,
}

impl Holds {
    /// As the document has it.
    #[cfg(test)]
    fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Absent => "not set",
            Self::Loose => "not set, or behind `loose-`",
            Self::Port => "3306",
            Self::AllAddresses => "all addresses, or 127.0.0.1 among others",
            Self::ClonePlugin => "with `mysql_clone.so`, or followed by `plugin-load-add` of it",
            Self::Table => "`TABLE`",
            Self::NoErrors => "`OFF`",
            Self::Strict => "`STRICT`",
            Self::Gtids => "`ON`",
            Self::Consistent => "on, and not `WARN`",
            Self::DataDir => "the data directory",
            Self::PlainNames => "names without a path",
            Self::NoKeys => "no keyring and no key management",
            Self::OwnVolume => "in the data directory, or on a claim template",
        }
    }

    /// Must one know what is planned?
    fn is_planned(self) -> bool {
        matches!(
            self,
            Self::Gtids | Self::Consistent | Self::DataDir | Self::PlainNames | Self::NoKeys | Self::OwnVolume
        )
    }
}

/// For which servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Servers {
    All,
    Mysql,
    Mariadb,
    WithSuperReadOnly,
    WithoutSuperReadOnly,
    UntilMysql80,
    WithClonePlugin,
    WithGtids,
}

impl Servers {
    #[cfg(test)]
    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::WithSuperReadOnly => "MySQL, MariaDB from 12 on",
            Self::WithoutSuperReadOnly => "MariaDB until 11",
            Self::UntilMysql80 => "MySQL 5.7, 8.0",
            Self::WithClonePlugin => "clone method `clone-plugin`",
            Self::WithGtids => "MySQL, where the policy switches GTIDs on",
        }
    }

    /// One whose image does not tell is taken for MySQL's.
    fn contains(self, origin: &Origin) -> bool {
        let flavor = origin.database.map(|database| database.flavor);
        let is_mariadb = flavor == Some(Flavor::Mariadb);
        match self {
            Self::All => true,
            Self::Mysql => !is_mariadb,
            Self::Mariadb => is_mariadb,
            Self::WithSuperReadOnly => origin.database.is_none_or(Database::knows_super_read_only),
            Self::WithoutSuperReadOnly => origin.database.is_some_and(|database| !database.knows_super_read_only()),
            Self::UntilMysql80 => matches!(flavor, Some(Flavor::Mysql57 | Flavor::Mysql80)),
            Self::WithClonePlugin => {
                origin.database.is_some_and(|database| database.clone_method == CloneMethod::ClonePlugin)
            }
            Self::WithGtids => !is_mariadb && origin.planned.is_some_and(|planned| planned.by_gtids),
        }
    }
}

/// A row of the table.
struct Row {
    /// The option, with its older name if it has one.
    names: &'static [&'static str],
    holds: Holds,
    of: Of,
    servers: Servers,
    /// Does it matter only where the source wins over the file that the policy writes last?
    is_last: bool,
    rule: &'static Rule,
    why: &'static str,
    fix: &'static str,
}

const OPEN: &str = "remove it; the primary is open for writes without it";
const CLOSED: &str = "remove it; the policy sets it on replicas only";
const FORCED: &str = "remove it; the policy sets it";
const REMOVE: &str = "remove it";
const ONE_NAME: &str = "clones, replicas and probes come by the port 3306 of the pod's address and of 127.0.0.1";
const KEPT: &str = "a replica that is cut off in a transaction would skip it or run it twice";
const IN_DATA: &str = "remove it: InnoDB keeps its files in the data directory";
const PARTS: &str = "a clone holds the data directory alone: on replicas these files would be missing";
const LOG: &str = "when its pod is made anew the log begins again, and replicas go on without what they have missed";

const fn row(
    names: &'static [&'static str],
    holds: Holds,
    of: Of,
    servers: Servers,
    rule: &'static Rule,
    why: &'static str,
    fix: &'static str,
) -> Row {
    Row { names, holds, of, servers, is_last: false, rule, why, fix }
}

/// One that the policy's own file says otherwise, which is read behind those of the roles.
const fn last(row: Row) -> Row {
    Row { is_last: true, ..row }
}

static TABLE: [Row; 35] = [
    row(
        &["super-read-only"],
        Holds::Loose,
        Of::Both,
        Servers::WithoutSuperReadOnly,
        rule::UNKNOWN_SUPER_READ_ONLY,
        "MariaDB does not know this option, and its server does not start",
        "remove it; read-only is what MariaDB has, and the policy sets it on replicas",
    ),
    row(
        &["super-read-only"],
        Holds::Off,
        Of::Primary,
        Servers::WithSuperReadOnly,
        rule::PRIMARY_READ_ONLY,
        "the primary would take no writes, and there is no other pod that does",
        CLOSED,
    ),
    last(row(
        &["super-read-only"],
        Holds::On,
        Of::Replica,
        Servers::WithSuperReadOnly,
        rule::READ_ONLY_OFF,
        "each start of a replica's server opens it for writes",
        OPEN,
    )),
    row(
        &["read-only"],
        Holds::Off,
        Of::Primary,
        Servers::All,
        rule::PRIMARY_READ_ONLY,
        "the primary would take no writes, and there is no other pod that does",
        CLOSED,
    ),
    last(row(
        &["read-only"],
        Holds::On,
        Of::Replica,
        Servers::Mysql,
        rule::READ_ONLY_OFF,
        "only super-read-only, which the policy sets, still closes replicas",
        OPEN,
    )),
    last(row(
        &["read-only"],
        Holds::On,
        Of::Replica,
        Servers::Mariadb,
        rule::READ_ONLY_OFF,
        "each start of a replica's server opens it for writes",
        OPEN,
    )),
    last(row(
        &["persisted-globals-load"],
        Holds::Off,
        Of::Replica,
        Servers::Mysql,
        rule::READ_ONLY_OFF,
        "what SET PERSIST has left in a replica's data, read_only=OFF included, is loaded",
        "remove it; the option files of each role say what is right for it",
    )),
    row(
        &["log-bin"],
        Holds::On,
        Of::Primary,
        Servers::All,
        rule::BINARY_LOG_OFF,
        "without its binary log the primary has nothing that replicas could follow",
        "remove it; where a server logs only if told to, write log-bin=mysql-bin, or the log's old name",
    ),
    row(
        &["log-bin", "log-bin-index"],
        Holds::OwnVolume,
        Of::Primary,
        Servers::All,
        rule::BINARY_LOG_OFF,
        LOG,
        "give it a name without a directory, or a directory on a claim template",
    ),
    last(row(
        &["server-id"],
        Holds::Absent,
        Of::Both,
        Servers::All,
        rule::FIXED_SERVER_ID,
        "all pods would have this id, and a primary does not serve a replica with its own",
        "remove it; the policy gives every pod an id of its own",
    )),
    row(
        &["skip-replica-start", "skip-slave-start"],
        Holds::Off,
        Of::Replica,
        Servers::All,
        rule::REPLICATION_STOPPED,
        "a replica whose server restarts would follow the primary no longer, and serve ever older data",
        REMOVE,
    ),
    last(row(
        &["skip-replica-start", "skip-slave-start"],
        Holds::On,
        Of::Replica,
        Servers::All,
        rule::REPLICATION_STOPPED,
        "a server that restarts would follow whatever answers, before it is seen whose data that has",
        REMOVE,
    )),
    row(
        &["init-file"],
        Holds::Absent,
        Of::Both,
        Servers::All,
        rule::INIT_FILE,
        "its statements run at every start, and one of them may open replicas for writes",
        "make sure that none does, or run them once on the primary",
    ),
    last(row(
        &["event-scheduler"],
        Holds::Off,
        Of::Replica,
        Servers::All,
        rule::FORCED_OPTION,
        "every event of the primary would run once more on each replica, and write there where it may",
        "remove it; for the primary write it into master.cnf or primary.cnf, where it is not on by default",
    )),
    last(row(
        &["relay-log-recovery"],
        Holds::On,
        Of::Replica,
        Servers::All,
        rule::FORCED_OPTION,
        "after a crash a replica would go on with a relay log that is half written",
        FORCED,
    )),
    last(row(
        &["relay-log-info-repository"],
        Holds::Table,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        KEPT,
        FORCED,
    )),
    last(row(
        &["master-info-repository"],
        Holds::Table,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        KEPT,
        FORCED,
    )),
    last(row(
        &["innodb-undo-log-truncate"],
        Holds::Off,
        Of::Replica,
        Servers::UntilMysql80,
        rule::FORCED_OPTION,
        "super-read-only stops a truncation half-way, and the next start loses what was open then",
        FORCED,
    )),
    last(row(
        &["plugin-load"],
        Holds::ClonePlugin,
        Of::Both,
        Servers::WithClonePlugin,
        rule::FORCED_OPTION,
        "it takes the place of all plugins before it: without the clone plugin nothing can be cloned",
        "write plugin-load-add instead",
    )),
    row(
        &["innodb-read-only"],
        Holds::Off,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "neither could the primary write, nor could a replica follow it",
        REMOVE,
    ),
    row(
        &["offline-mode"],
        Holds::Off,
        Of::Both,
        Servers::Mysql,
        rule::FORCED_OPTION,
        "the server would take no clients",
        REMOVE,
    ),
    row(
        &["skip-grant-tables"],
        Holds::Off,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "everybody may write everywhere, and MySQL from 8.0 on listens on no port: no replica can follow",
        REMOVE,
    ),
    row(&["skip-networking"], Holds::Off, Of::Both, Servers::All, rule::FORCED_OPTION, ONE_NAME, REMOVE),
    row(
        &["port"],
        Holds::Port,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        ONE_NAME,
        "remove it; a Service may give clients another port",
    ),
    row(
        &["bind-address"],
        Holds::AllAddresses,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        ONE_NAME,
        "remove it, or write bind-address=0.0.0.0 or *",
    ),
    row(
        &["replica-skip-errors", "slave-skip-errors"],
        Holds::NoErrors,
        Of::Replica,
        Servers::All,
        rule::SKIPPED_ERRORS,
        "a replica goes on while its data differs from the primary's, and is Ready",
        "remove it, and clone a replica anew that differs",
    ),
    row(
        &["replica-exec-mode", "slave-exec-mode"],
        Holds::Strict,
        Of::Replica,
        Servers::All,
        rule::SKIPPED_ERRORS,
        "a replica passes over missing and doubled rows, and is Ready while its data differs",
        "remove it, and clone a replica anew that differs",
    ),
    last(row(
        &["gtid-mode"],
        Holds::Gtids,
        Of::Both,
        Servers::WithGtids,
        rule::GTID_MODE,
        "this cluster replicates by GTIDs",
        "remove it; the policy switches GTIDs on",
    )),
    last(row(
        &["enforce-gtid-consistency"],
        Holds::Consistent,
        Of::Both,
        Servers::WithGtids,
        rule::GTID_MODE,
        "with gtid-mode=ON, which the policy sets, no server starts unless it is ON",
        "remove it; the policy sets both",
    )),
    last(row(
        &["datadir"],
        Holds::DataDir,
        Of::Both,
        Servers::All,
        rule::FORCED_OPTION,
        "the server would start an empty database beside the data",
        "remove it, or give the data directory as an argument",
    )),
    row(&["innodb-data-home-dir"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-undo-directory"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-log-group-home-dir"], Holds::DataDir, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(&["innodb-data-file-path"], Holds::PlainNames, Of::Both, Servers::All, rule::DATA_ELSEWHERE, PARTS, IN_DATA),
    row(
        &["early-plugin-load", "plugin-load", "plugin-load-add"],
        Holds::NoKeys,
        Of::Both,
        Servers::All,
        rule::DATA_ELSEWHERE,
        "the containers that clone do not have the key of encrypted tables",
        "remove it, and encrypt the volumes instead",
    ),
];

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
        for name in row.names {
            // what stands for a part of the data adds to what stands before it
            if row.rule == rule::DATA_ELSEWHERE {
                options
                    .iter()
                    .filter(|(_, option)| option.is(name))
                    .for_each(|told| row.judge(told, options, origin, findings));
            } else if let Some(told) = effective(options, name) {
                row.judge(told, options, origin, findings);
            }
        }
    }
}

impl Row {
    fn judge(&self, told: &Told, options: &[Told], origin: &Origin, findings: &mut Findings) {
        if self.holds(told, options, origin) {
            return;
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
    }

    /// Does it hold, as far as can be told? A variable without a known value may be anything.
    fn holds(&self, (place, option): &Told, options: &[Told], origin: &Origin) -> bool {
        let next = (origin.next)(*place).filter(|next| option.value.is_none() && !next.starts_with('-'));
        let is_on = || {
            let is_mariadb = origin.database.is_some_and(|database| database.flavor == Flavor::Mariadb);
            // the server takes no switch's value from the next word, and stops at it
            let word = next.filter(|next| is_switch(next));
            word.map_or_else(|| option.is_on(is_mariadb), |word| switch_value(word) == Some(true))
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
    let (directory, _) = file.rsplit_once('/')?;
    let path = if file.starts_with('/') { format!("{directory}/") } else { format!("{data_dir}/{directory}") };
    Some(plain_path(&path).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::Annotations;

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
            text += &format!("| {} | {holds} | {of} | {servers} | {place} | [`{id}`](#{id}) |\n", names.join(", "));
        }
        for (name, ..) in crate::rules::config_map::SHARED {
            let id = rule::FORCED_OPTION.id;
            text += &format!("| `{name}` | the same in both roles | both | all | option files | [`{id}`](#{id}) |\n");
        }
        text
    }

    #[test]
    fn the_document_shows_the_table() {
        let rules = include_str!("../../docs/rules.md");
        assert!(rules.contains(&document()), "docs/rules.md must have this table:\n{}", document());
    }

    fn found(image: &str, of: Of, wins: bool, words: &[&str]) -> Vec<&'static Rule> {
        let database = Database::detect(image, "", &Annotations::default(), &mut Findings::default()).unwrap();
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
