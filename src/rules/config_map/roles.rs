//! What an option file of the primary must say, and one of replicas.

use crate::rules::config_map::file::{Checked, Elsewhere, wrong_section};
use crate::{
    findings::Findings,
    flavor::Flavor,
    rule::{self},
};
use mysql_options::ServerOption;

const OPEN: &str = "by this file replicas are open for writes; only the policy's own, which is read last, closes them";

pub(super) fn check_primary<'l, 'o: 'l>(
    checked: &Checked,
    last: &dyn Fn(&str) -> Option<&'l (usize, ServerOption<'o>)>,
    elsewhere: &Elsewhere,
    findings: &mut Findings,
) {
    let server = checked.server;
    if last("log-bin").is_some() {
        return;
    }
    if let Some((line, group, option)) = elsewhere(&["log-bin"]) {
        wrong_section(checked, line, &group, &option, findings);
    } else if matches!(server.flavor, Flavor::Mysql57 | Flavor::Mariadb) {
        // MySQL has it on by default since 8.0 (its manual, "log_bin")
        let why = "this server writes a binary log, which replicas follow, only where it is told to";
        // without a value it would be named after the host, and a live cluster's log keeps its name
        let fix = format!("write log-bin={}, or its old name, below [mysqld]", server.replication.binary_log.name());
        findings.reject(checked.violation(rule::BINARY_LOG_OFF, None, "no log-bin".to_owned(), why, fix));
    }
}

pub(super) fn check_replica<'l, 'o: 'l>(
    checked: &Checked,
    last: &dyn Fn(&str) -> Option<&'l (usize, ServerOption<'o>)>,
    elsewhere: &Elsewhere,
    findings: &mut Findings,
) {
    let server = checked.server;
    let wanted = server.read_only();
    let is_on = |option: &ServerOption| option.is_on(server.database.knows_no_lock());
    let off = |(line, _): &(usize, ServerOption)| {
        checked.violation(
            rule::READ_ONLY_OFF,
            Some(*line),
            checked.written(*line),
            OPEN,
            format!("write {wanted} below [mysqld]"),
        )
    };
    let super_read_only = last("super-read-only").filter(|_| server.knows_super_read_only);
    let opened = [super_read_only, last(wanted)].into_iter().flatten().find(|(_, option)| !is_on(option));
    match (opened, last(wanted), last("read-only")) {
        (Some(option), ..) => findings.reject(off(option)),
        (None, Some(_), _) => {}
        (None, None, Some(option)) if !is_on(&option.1) => findings.reject(off(option)),
        (None, None, read_only) => {
            if let Some((line, group, option)) = elsewhere(&[wanted, "read-only"]) {
                wrong_section(checked, line, &group, &option, findings);
            } else {
                let (found, why) = if read_only.is_some() {
                    (
                        "read-only, but not super-read-only".to_owned(),
                        "users with CONNECTION_ADMIN or SUPER, such as root, write all the same",
                    )
                } else {
                    (format!("no {wanted}"), OPEN)
                };
                let fix = format!("write {wanted} below [mysqld]");
                findings.reject(checked.violation(rule::REPLICA_WRITABLE, None, found, why, fix));
            }
        }
    }
}
