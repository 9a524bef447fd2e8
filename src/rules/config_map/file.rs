//! One option file: its lines, and the sections in which they stand.

use crate::rules::config_map::roles::{check_primary, check_replica};
use crate::rules::config_map::server::Server;
use crate::{
    config_maps::ConfigMaps,
    data_dir::Kept,
    database::Found,
    findings::{Findings, Violation},
    flavor::Flavor,
    given::told as given_told,
    record::Gtid,
    rule::{self, Rule},
    rules::{
        must_hold::{Of, Origin, Placed, Told, check},
        option_files::{self, READ_LATER},
    },
    text::{shown, shown_option},
};
use crate::{field_path::DATA, rules::config_map::keys::Role};
use mysql_options::{EntryKind as Entry, Mistake, OptionFile, Owner, ServerOption, effective};

/// So many bytes of an option file are read; the longest that people write have a tenth.
pub(super) const FILE: usize = 96 << 10;

/// An option file under check.
pub(super) struct Checked<'c> {
    pub(super) key: &'c str,
    pub(super) lines: Vec<&'c str>,
    pub(super) server: &'c Server<'c>,
}

impl Checked<'_> {
    /// An option as it is written: only lines with options that the rules know are shown.
    pub(super) fn written(&self, line: usize) -> String {
        format!("the option {}", shown_option(self.lines.get(line - 1).unwrap_or(&"")))
    }

    pub(super) fn violation(
        &self,
        rule: &'static Rule,
        line: Option<usize>,
        found: String,
        why: &str,
        fix: String,
    ) -> Violation {
        let Self { key, server, .. } = self;
        let file = DATA.entry(key);
        let path = line.map_or(file, |line| file.line(line));
        let whose =
            if server.statefulset.is_empty() { String::new() } else { format!(" ({} reads it)", server.statefulset) };
        Violation::new(rule, path, found, format!("{why}{whose}"), fix)
    }
}

pub(super) fn check_file(role: Role, key: &str, text: &str, server: &Server, findings: &mut Findings) {
    if text.len() > FILE {
        let checked = Checked { key, lines: Vec::new(), server };
        let found = format!("more than {} kB", FILE >> 10);
        let why = "what is not looked at could open replicas for writes";
        let fix = "write fewer options".to_owned();
        findings.reject(checked.violation(rule::OPTION_FILE_SYNTAX, None, found, why, fix));
        return;
    }
    let file = OptionFile::parse(text);
    let checked = Checked { key, lines: text.split('\n').collect(), server };
    for problem in &file.problems {
        // a line that servers read differently is as bad as one at which they stop
        let differs = matches!(problem.what, Mistake::LongLine | Mistake::Nul | Mistake::NoName);
        if problem.what.stops() || differs {
            let why = "what the server makes of this file is not what it says";
            let fix = "write each option in a line of its own below a [group], such as [mysqld]".to_owned();
            findings.reject_for(rule::OPTION_FILE_SYNTAX, || {
                checked.violation(rule::OPTION_FILE_SYNTAX, Some(problem.line), problem.what.to_string(), why, fix)
            });
        } else {
            findings.warn_of(|| format!("{}: {}", DATA.entry(key).line(problem.line), problem.what));
        }
    }
    // the server reads none of it then
    if file.problems.iter().any(|problem| problem.what.stops()) {
        return;
    }
    let includes = file.entries.iter().find(|entry| !matches!(entry.kind, Entry::Option(..)));
    if let Some(entry) = includes {
        findings.warn(format!("{}: what this file includes was not looked at", DATA.entry(key).line(entry.line)));
    }
    let known = file.options_of(&server.groups).filter(|(_, option)| option.is_known);
    let options: Vec<Told> = known.collect();
    let last = |name: &str| effective(&options, name);
    // what stands elsewhere does not count for the server; the group tells what was meant
    let elsewhere = |names: &[&str]| {
        file.options()
            .filter(|(_, group, option)| !server.groups.contains(group) && names.iter().any(|name| option.is(name)))
            .map(|(line, group, _)| (line, group.to_owned(), checked.written(line)))
            .next()
    };

    let of = match role {
        Role::Primary => Of::Primary,
        Role::Replica => Of::Replica,
    };
    check_options(of, None, &options, server, findings, &|_| false, &|line, rule, why, fix| {
        checked.violation(rule, Some(line), checked.written(line), &why, fix.to_owned())
    });
    match role {
        Role::Primary => check_primary(&checked, &last, &elsewhere, findings),
        Role::Replica => check_replica(&checked, &last, &elsewhere, findings),
    }
}

/// What must hold for the server's options.
fn check_options(
    of: Of,
    wins: Option<&'static str>,
    options: &[Told],
    server: &Server,
    findings: &mut Findings,
    is_settled: &dyn Fn(&[&str]) -> bool,
    violation: &dyn Fn(usize, &'static Rule, String, &'static str) -> Violation,
) {
    let origin = Origin {
        of,
        wins,
        database: Some(&server.database),
        planned: None,
        next: &|_| None,
        violation,
        was_so: &|_, option| server.was_there && option.starts_with("log-bin"),
        is_settled,
    };
    check(options, &origin, findings);
    let placed = Placed {
        data_dir: &server.data_dir,
        by_gtids: server.replication.gtid == Gtid::On,
        is_own: &|directory| Kept::of(server.object, server.container, &server.data_dir).holds(directory),
    };
    check(options, &Origin { planned: Some(placed), ..origin }, findings);
}

/// What must hold for the options of files that the server's container mounts.
pub(super) fn check_mounted(server: &Server, found: &Found, config_maps: &ConfigMaps, findings: &mut Findings) {
    let Some(mut reading) = option_files::read(found, &server.database, config_maps) else { return };
    findings.append(std::mem::take(&mut reading.findings));
    let given = &found.given().given;
    let [arguments, behind] = [given_told(given), reading.told(true)];
    // MySQL passes over names that only MariaDB takes
    let counts = |option: &ServerOption| option.is_exact || server.flavor == Flavor::Mariadb;
    let is_in = |options: &[Told], names: &[&str]| {
        names.iter().any(|name| effective(options, name).is_some_and(|(_, option)| counts(option)))
    };
    for (is_behind, wins) in [(false, None), (true, Some(READ_LATER))] {
        // the policy's own file names the primary's log, and is read after those before it
        let is_settled = |names: &[&str]| {
            is_in(&arguments, names) || (!is_behind && (names == ["log-bin"] || is_in(&behind, names)))
        };
        let told = reading.told(is_behind);
        check_options(Of::Both, wins, &told, server, findings, &is_settled, &|place, rule, why, fix| {
            reading.wrong(place, config_maps, rule, why, fix)
        });
    }
}

pub(super) type Elsewhere<'e> = dyn Fn(&[&str]) -> Option<(usize, String, String)> + 'e;

pub(super) fn wrong_section(checked: &Checked, line: usize, group: &str, option: &str, findings: &mut Findings) {
    let whose = match checked.server.groups.owner(group) {
        Owner::OtherVersion => "which only a server of another version reads",
        Owner::OtherServer if checked.server.flavor == Flavor::Mariadb => "which only MySQL's server reads",
        Owner::OtherServer => "which only MariaDB's server reads",
        Owner::OtherProgram => "which another program reads",
        Owner::Server | Owner::Nobody(_) => "which no program reads",
    };
    let meant = match checked.server.groups.owner(group) {
        Owner::Nobody(Some(meant)) => meant,
        _ => "mysqld",
    };
    let found = format!("{option} in [{}], {whose}", shown(group).trim_matches('"'));
    let why = "for the server it is as if it were not there";
    findings.reject(checked.violation(rule::WRONG_SECTION, Some(line), found, why, format!("move it below [{meant}]")));
}
