//! What the options that a server is started with do to its role.

use crate::{
    database::Found,
    field_path::DATA,
    findings::{Findings, Violation},
    given::{Given, told},
    rule::Rule,
    rules::must_hold::{Of, Origin, check, is_switch},
    text::shown,
};
use mysql_options::ServerOption;
use std::borrow::Cow;

/// Why arguments count, whatever the policy's own file says.
pub(crate) const ARGUMENTS_WIN: &str = "arguments win over option files";

/// An option as it is written; with the next word where that may have been meant as its value.
pub(crate) fn written(given: &Given) -> String {
    let has_value = ServerOption::from_argument(&given.text).is_none_or(|option| option.value.is_some());
    let value = given.next.as_deref().filter(|next| !has_value && is_switch(next));
    format!("the option {}{}", given.shown(), value.map(|value| format!(" {}", shown(value))).unwrap_or_default())
}

/// What is wrong with an option, told where it can be mended: in the container, or in the ConfigMap that it is from.
pub(crate) fn wrong(found: &Found, place: usize, rule: &'static Rule, why: String, fix: &'static str) -> Violation {
    let given = &found.given().given[place];
    let (path, what) = (given.path(&found.path), written(given));
    match &given.from {
        None => Violation::new(rule, path, what, why, fix),
        Some(key) => Violation::new(rule, Cow::from(DATA.entry(&key.key)), format!("{what}, in {path}"), why, fix)
            .of(found.config_maps.label(key.config_map)),
    }
}

/// What holds whatever is planned for the database.
pub(crate) fn check_options(found: &Found, findings: &mut Findings) {
    let given = &found.given().given;
    let origin = Origin {
        of: Of::Both,
        wins: Some(ARGUMENTS_WIN),
        database: found.database.as_ref(),
        planned: None,
        next: &|place| given[place].next.as_deref(),
        violation: &|place, rule, why, fix| wrong(found, place, rule, why, fix),
        was_so: &|_, _| false,
        is_settled: &|_| false,
    };
    check(&told(given), &origin, findings);
}

#[cfg(test)]
mod tests {
    use crate::{json::json, rule, rules::statefulset::found_in as found};

    #[test]
    fn every_spelling_of_writable_replicas() {
        for args in [
            json!(["--super-read-only=OFF"]),
            json!(["--skip-read_only"]),
            json!(["--loose-super_read_only=0"]),
            json!(["--loose-skip-super-read-only"]),
            json!(["--disable-super-read-only"]),
            json!(["--enable-super-read-only=0"]),
            json!(["--super-read-only=False"]),
            json!(["--super-read-only=no"]),
            json!(["--super-r=0"]),
            json!(["--read-only", "false"]),
            json!(["--super-read-only=ON", "--super-read-only=OFF"]),
            json!(["-c", "exec mysqld --super-read-only=0"]),
            json!(["-c", "exec docker-entrypoint.sh mysqld \"--skip-super-read-only\""]),
            json!(["mysqld", "--persisted-globals-load=ON"]),
        ] {
            let found = found(&json!({"args": args}));
            assert_eq!(found.len(), 1, "{args}: {found:?}");
            assert_eq!(found[0].0, rule::READ_ONLY_OFF, "{args}");
        }
        assert_eq!(
            found(&json!({"command": ["mysqld", "--skip-super-read-only"]})),
            [(rule::READ_ONLY_OFF, "c.command[1]".to_owned())]
        );
    }

    #[test]
    fn variables_become_arguments() {
        let env =
            |name: &str, value: &str| json!({"env": [{"name": "X", "value": "1"}, {"name": name, "value": value}]});
        for name in ["MYSQL_EXTRA_FLAGS", "EXTRA_ARGS", "MYSQLD_OPTS"] {
            assert_eq!(
                found(&env(name, "--max-connections=5 --super-read-only=OFF")),
                [(rule::READ_ONLY_OFF, "c.env[1].value".to_owned())]
            );
        }
        assert!(found(&env("MYSQL_NOTES", "--super-read-only=OFF")).is_empty());
        for arg in ["--super-read-only=$(RO)", "$(ALL)"] {
            let container = json!({"args": [arg], "env": [{"name": "RO", "value": "0"}, {"name": "ALL", "value": "--skip-super-read-only"}]});
            assert_eq!(found(&container), [(rule::READ_ONLY_OFF, "c.args[0]".to_owned())], "{arg}");
        }
        let shell = json!({"command": ["sh", "-c", "exec mysqld \
            $FLAGS_OF_MINE"], "env": [{"name": "FLAGS_OF_MINE", "value": "--x=1 --skip-log-bin"}]});
        assert!(found(&shell).iter().any(|(rule, _)| *rule == rule::BINARY_LOG_OFF));
    }

    #[test]
    fn other_options() {
        for (arg, rule) in [
            ("--super-read-only", rule::PRIMARY_READ_ONLY),
            ("--read_only=1", rule::PRIMARY_READ_ONLY),
            ("--skip-loose-read-only", rule::PRIMARY_READ_ONLY),
            ("--skip-log-bin", rule::BINARY_LOG_OFF),
            ("--disable-log_bin", rule::BINARY_LOG_OFF),
            ("--server-id=5", rule::FIXED_SERVER_ID),
            ("--server_id=5", rule::FIXED_SERVER_ID),
            ("--skip-slave-start", rule::REPLICATION_STOPPED),
            ("--skip_replica_start=1", rule::REPLICATION_STOPPED),
            // switched off, the server starts replication by itself
            ("--skip-slave-start=0", rule::REPLICATION_STOPPED),
            ("--init-file=/x.sql", rule::INIT_FILE),
            ("--event_scheduler", rule::FORCED_OPTION),
            ("-P13306", rule::FORCED_OPTION),
            ("--slave-skip-errors=all", rule::SKIPPED_ERRORS),
        ] {
            assert_eq!(found(&json!({"args": [arg]})), [(rule, "c.args[0]".to_owned())], "{arg}");
        }
        for arg in [
            "--log-bin=OFF",
            "--log-bin-index=x",
            "--transaction-read-only=0",
            "--read-rnd-buffer-size=0",
            "--max-connections=5",
        ] {
            assert!(found(&json!({"args": [arg]})).is_empty(), "{arg}");
        }
    }

    #[test]
    fn names_in_parentheses_as_kubernetes_reads_them() {
        let env = json!([{"name": "RO", "value": "--skip-super-read-only"}]);
        for (arg, is_found) in [
            ("$(RO)", true),
            ("--x=$(A)$(RO)", false),
            ("$(A) $(RO)", true),
            ("$(A$(RO)", false),
            ("$(A$(B) $(RO)", true),
            ("$(echo) $RO", true),
            ("$( ${RO}", true),
            ("${A${RO}", false),
            ("${A ${RO}", true),
            ("$(RO", false),
        ] {
            let found = found(&json!({"command": ["sh", "-c", format!("mysqld {arg}")], "env": env}));
            assert_eq!(!found.is_empty(), is_found, "{arg}: {found:?}");
        }
    }

    #[test]
    fn more_of_variables_than_anybody_looks_at_is_refused() {
        let args = |count: usize| vec!["$(LONG)"; count];
        let env = json!([{"name": "LONG", "value": format!("--x={}", "x".repeat(1020))}]);
        assert!(found(&json!({"args": args(256), "env": env})).is_empty());
        assert_eq!(found(&json!({"args": args(257), "env": env})), [(rule::READ_ONLY_OFF, "c".to_owned())]);
    }
}
