//! What option files say of GTIDs and of the binary log: both roles must say the same, and it stays.

use crate::rules::config_map::file::{Checked, FILE};
use crate::rules::config_map::keys::{ROLES, Role};
use crate::rules::config_map::server::Server;
use crate::{
    case::Case,
    findings::{Findings, Violation},
    flavor::Flavor,
    json::{Value, at},
    record::Gtid,
    rule::{self},
    rules::replication::{Told, changed, log_name, switches_gtids_on},
};
use mysql_options::{Groups, OptionFile, ServerOption, effective};

/// What the option files of a ConfigMap say of the binary log and of GTIDs.
pub(crate) fn told_by_files(config_map: &Value, is_mariadb: bool) -> Told {
    // a group of another version is passed over by all checks alike
    let groups = Groups::for_server(is_mariadb, None, None);
    let mut told = Told::default();
    let mut with_gtids = 0;
    for (role, known) in ROLES {
        let texts = known.into_iter().filter_map(|key| at(config_map, &["data", key])?.as_str());
        let Some(text) = texts.into_iter().next() else { continue };
        // a longer one is refused for that
        let file = OptionFile::parse(if text.len() > FILE { "" } else { text });
        let options: Vec<(usize, ServerOption)> = file.options_of(&groups).collect();
        if role == Role::Primary {
            let log_bin = effective(&options, "log-bin");
            told.log_bin = log_bin.and_then(|(_, option)| log_name(option));
        }
        with_gtids += usize::from(switches_gtids_on(&options));
    }
    told.gtid = Some(with_gtids == ROLES.len());
    told
}

pub(super) fn told(config_map: &Value, server: &Server) -> Told {
    told_by_files(config_map, server.flavor == Flavor::Mariadb)
}

/// What a live cluster was made with stays.
pub(super) fn check_change(case: &Case, server: &Server, findings: &mut Findings) {
    let before = case.old.as_ref().map(|old| told(old, server)).unwrap_or_default();
    changed(&before, &told(&case.object, server), server.replication, findings, &|what, why, fix| {
        let why = format!("{why} ({} reads it, and runs)", server.statefulset);
        Violation::new(rule::REPLICATION_CHANGED, "data", format!("option files that {what}"), why, fix)
    });
}

/// Both roles must agree on GTIDs; where the policy itself switches them on, what the files say does not matter.
pub(super) fn check_gtids(config_map: &Value, server: &Server, findings: &mut Findings) {
    if server.replication.gtid == Gtid::On || server.flavor == Flavor::Mariadb {
        return;
    }
    let mut says: Vec<(&str, bool)> = Vec::new();
    for (_, known) in ROLES {
        let Some((key, text)) =
            known.into_iter().find_map(|key| Some((key, at(config_map, &["data", key])?.as_str()?)))
        else {
            continue;
        };
        let file = OptionFile::parse(if text.len() > FILE { "" } else { text });
        let options: Vec<(usize, ServerOption)> = file.options_of(&server.groups).collect();
        says.push((key, switches_gtids_on(&options)));
    }
    let on = says.iter().find(|(_, is_on)| *is_on);
    if let Some((key, _)) = on.filter(|_| says.len() < ROLES.len() || says.iter().any(|(_, is_on)| !is_on)) {
        let checked = Checked { key, lines: Vec::new(), server };
        let why = "replicas could not follow: the policy keeps them off";
        let fix = "write gtid-mode=ON and enforce-gtid-consistency=ON below [mysqld] into the files of both roles, or \
            into none"
            .to_owned();
        findings.reject(checked.violation(
            rule::GTID_MODE,
            None,
            "gtid-mode=ON in one role alone".to_owned(),
            why,
            fix,
        ));
    }
}
