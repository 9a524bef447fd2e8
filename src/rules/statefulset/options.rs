//! What the options that a server is started with do to its role.

use crate::{
    database::Database,
    findings::{Findings, Violation},
    flavor::Flavor,
    given::Given,
    rule,
    text::shown,
};
use mysql_options::{ServerOption, effective, switch_value};

pub(super) fn check_options(given: &[Given], path: &str, database: Option<&Database>, findings: &mut Findings) {
    let options: Vec<(&Given, ServerOption)> =
        given.iter().filter_map(|given| Some((given, ServerOption::from_argument(&given.text)?))).collect();
    if options.is_empty() {
        return;
    }
    let last = |name: &str| effective(&options, name);
    let is_mariadb = database.is_some_and(|database| database.flavor == Flavor::Mariadb);
    let mut reject = |rule, given: &Given, found: String, why: &'static str, fix: &'static str| {
        findings.reject(Violation::new(rule, given.path(path), found, why, fix));
    };
    let in_files = "remove it; the option files of each role say what is right for it";

    for name in ["super-read-only", "read-only"] {
        let Some((given, option)) = last(name) else { continue };
        // the server takes no value from the next word, and stops at it
        let value =
            given.next.as_deref().filter(|next| option.value.is_none() && !next.starts_with('-') && is_switch(next));
        let found =
            format!("the option {}{}", given.shown(), value.map(|v| format!(" {}", shown(v))).unwrap_or_default());
        let is_on = value.map_or_else(|| option.is_on(is_mariadb), |value| switch_value(value) == Some(true));
        if name == "super-read-only" && database.is_some_and(|database| !database.knows_super_read_only()) {
            if !option.is_loose {
                let why = "MariaDB does not know this option, and its server does not start";
                reject(
                    rule::UNKNOWN_SUPER_READ_ONLY,
                    given,
                    found,
                    why,
                    "remove it; read-only is what MariaDB has, and the policy sets it on replicas",
                );
            }
        } else if is_on {
            let why = "arguments win over option files and are the same for all pods: the primary would take no writes";
            reject(rule::PRIMARY_READ_ONLY, given, found, why, "remove it; the policy sets it on replicas only");
        } else if name == "read-only" && !is_mariadb {
            let why =
                "arguments win over option files; only super-read-only, which the policy sets, still closes replicas";
            reject(rule::READ_ONLY_OFF, given, found, why, "remove it; the primary is open for writes without it");
        } else {
            let why = "arguments win over option files: each start of a replica's server opens it for writes";
            reject(rule::READ_ONLY_OFF, given, found, why, "remove it; the primary is open for writes without it");
        }
    }
    if let Some((given, _)) = last("persisted-globals-load").filter(|(_, option)| option.switch() && !is_mariadb) {
        let why = "what SET PERSIST has left in a replica's data, read_only=OFF included, wins over option files then";
        reject(rule::READ_ONLY_OFF, given, format!("the option {}", given.shown()), why, in_files);
    }
    if let Some((given, _)) = last("log-bin").filter(|(_, option)| !option.switch()) {
        let why = "without its binary log the primary has nothing that replicas could follow";
        reject(rule::BINARY_LOG_OFF, given, format!("the option {}", given.shown()), why, "remove it");
    }
    if let Some((given, _)) = last("server-id") {
        let why = "arguments are the same for all pods, and a primary does not serve a replica with its own id";
        reject(
            rule::FIXED_SERVER_ID,
            given,
            format!("the option {}", given.shown()),
            why,
            "remove it; the policy gives every pod an id of its own",
        );
    }
    for name in ["skip-replica-start", "skip-slave-start"] {
        if let Some((given, option)) = last(name) {
            let why = if option.switch() {
                "a replica whose server restarts would follow the primary no longer, and serve ever older data"
            } else {
                "arguments win over option files: a server that restarts would follow whatever answers, before it is seen whose data that has"
            };
            reject(rule::REPLICATION_STOPPED, given, format!("the option {}", given.shown()), why, "remove it");
        }
    }
    if let Some((given, _)) = last("init-file") {
        let why = "its statements run at every start on every pod, and one of them may open replicas for writes";
        reject(
            rule::INIT_FILE,
            given,
            format!("the option {}", given.shown()),
            why,
            "make sure that none does, or run them once on the primary",
        );
    }
}

pub(super) fn is_switch(word: &str) -> bool {
    switch_value(word).is_some() || ["yes", "no"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{database::Found, json::Value, rules::statefulset::statefulset};
    use crate::{json::json, rule::Rule};

    fn found(container: &Value) -> Vec<(&'static Rule, String)> {
        let mut findings = Findings::default();
        let pod = json!({"containers": [container]});
        let found = Found { pod: &pod, container, path: "c".to_owned(), database: None };
        statefulset(&found, &mut findings);
        findings.violations.into_iter().map(|violation| (violation.rule, violation.path.into_owned())).collect()
    }

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
        let shell = json!({"command": ["sh", "-c", "exec mysqld $FLAGS_OF_MINE"], "env": [{"name": "FLAGS_OF_MINE", "value": "--x=1 --skip-log-bin"}]});
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
