//! Rules on a `ConfigMap`: the option files of the two roles.

mod file;
mod gtids;
mod keys;
mod roles;
mod server;
mod shared;
mod unread;

pub(crate) use gtids::told_by_files;
pub(crate) use keys::{has_option_files, may_be_option_files, may_be_told};
#[cfg(test)]
pub(crate) use shared::SHARED;

use crate::rules::config_map::keys::{KEYS, ROLES, keys, meant, unread_key};
use crate::rules::config_map::server::{Server, readers, server_of};
use crate::rules::config_map::shared::check_shared;
use crate::{
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    config_maps::ConfigMaps,
    database::Found,
    findings::{Findings, Violation, failed_look_up},
    given::given_options,
    json::{Value, at, str_at},
    names::{PRIMARY_KEYS, REPLICA_KEYS},
    planned::Planned,
    rule::{self, Concern},
    rules::{
        replication::check_arguments,
        statefulset::{check_options, check_statements},
    },
    settings::Settings,
    text::{label, shown},
};
use crate::{
    field_path::DATA,
    rules::config_map::gtids::{check_change, check_gtids, told},
};
use crate::{
    field_path::FieldPath,
    rules::config_map::file::{check_file, check_mounted},
};

pub(super) fn is_on(settings: &Settings) -> bool {
    settings.is_any_on(&[Concern::Options, Concern::OptionFiles])
}

/// Looks after the ConfigMap of a managed StatefulSet.
pub(crate) fn of_statefulset(
    plan: &Planned,
    found: &Found,
    object: &Value,
    is_update: bool,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    if !is_on(settings) {
        return;
    }
    let (config_map, namespace) = (plan.config_map, found.config_maps.namespace);
    let config_maps = ConfigMaps::new(cluster, namespace);
    let server = Server::new(
        &plan.database,
        plan.replication,
        object,
        found.container,
        plan.data_dir.into(),
        found.group_suffix(),
    );
    let server = Server { was_there: is_update, ..server };
    check_mounted(&server, found, &config_maps, findings);
    config_maps.tell_failed(&found.path, findings);
    match cluster.get(Kind::ConfigMap, namespace, config_map) {
        Lookup::Found(config_map_found) => {
            let mut own = Findings::default();
            check(&config_map_found, &server, &mut own);
            let object = label("ConfigMap", namespace, config_map);
            own.violations = own.violations.into_iter().map(|violation| violation.of(object.clone())).collect();
            own.warnings = own.warnings.into_iter().map(|warning| format!("{object} {warning}")).collect();
            findings.append(own);
        }
        // it is optional: what replication needs is set without it
        Lookup::Absent => {
            if config_map != settings.config_map_of(None, str_at(object, &["metadata", "name"])) {
                findings.warn(format!(
                    "ConfigMap {namespace}/{config_map} is not there yet (annotation config-map): pods that start \
                        before it do without it"
                ));
            }
        }
        Lookup::Failed(why) => {
            let path = FieldPath::Known("spec.template.spec.volumes");
            findings.reject(failed_look_up(&format!("ConfigMap {config_map}"), &path, &why));
        }
    }
}

/// Looks for all problems of a ConfigMap that a managed StatefulSet reads.
pub(crate) fn config_map(case: &Case, cluster: &Cluster, findings: &mut Findings) {
    let namespace = case.request.namespace();
    let has_roles = has_option_files(&case.object);
    let may_be_told = [case.request.object(), case.request.old_object()].into_iter().flatten().any(may_be_told);
    let name = str_at(&case.object, &["metadata", "name"]);
    // nobody can read one that the API server is still to name
    let is_asked = !name.is_empty() && (has_roles || may_be_told);
    if !is_asked || !is_on(&case.settings) || case.settings.exempts(namespace) {
        return;
    }
    recheck_uncached(case, cluster, findings, |cluster, findings| {
        let found = readers(case, namespace, cluster, findings);
        let mut is_read = false;
        for statefulset in &found {
            let Some((found, server, [is_named, is_told])) = server_of(statefulset, cluster, case) else { continue };
            is_read |= is_named;
            if may_be_told && is_told {
                let before = ConfigMaps::new(cluster, namespace);
                before.put(name, case.old.clone().unwrap_or_default());
                check_told(&found, &server, name, &before, findings);
            }
            if !has_roles || !is_named {
                continue;
            }
            check(&case.object, &server, findings);
            if server.is_live && !case.is_audit {
                check_change(case, &server, findings);
            } else if case.old.is_none() && server.may_run_without() && told(&case.object, &server).gtid == Some(true) {
                findings.warn(format!(
                    "{} had no option files: if it runs, its next roll-out stops (rule replication-changed)",
                    server.statefulset
                ));
            }
        }
        if !is_read {
            unread::hint(&found, namespace, case, cluster, findings);
        }
    });
}

/// Checks what a ConfigMap tells a server otherwise than by the files of the roles.
fn check_told(found: &Found, server: &Server, config_map: &str, before: &ConfigMaps, findings: &mut Findings) {
    let plan = Planned {
        container: "",
        config_map: "",
        data_dir: &server.data_dir,
        database: server.database,
        replication: server.replication,
    };
    let mut own = Findings::default();
    check_options(found, &mut own);
    check_statements(found, &mut own);
    check_arguments(found, &given_options(found.container, before).given, server.object, &plan, &mut own);
    check_mounted(server, found, &found.config_maps, &mut own);
    let object = Some(found.config_maps.label(config_map));
    for violation in own.violations.into_iter().filter(|violation| violation.object == object) {
        let why = format!("{} ({} reads it)", violation.why, server.statefulset);
        findings.reject(Violation { object: None, why: why.into(), ..violation });
    }
}

/// Checks the option files of both roles, and the keys.
fn check(config_map: &Value, server: &Server, findings: &mut Findings) {
    check_gtids(config_map, server, findings);
    check_shared(config_map, server, findings);
    for (role, known) in ROLES {
        let Some(key) = known.into_iter().find(|known| keys(config_map).any(|key| key == *known)) else { continue };
        match at(config_map, &["data", key]).and_then(Value::as_str) {
            Some(text) => check_file(role, key, text, server, findings),
            None => findings.warn(format!(
                "binaryData[{}] was not looked at: write the option file as text under data",
                shown(key)
            )),
        }
    }
    if let Some(key) = unread_key(config_map) {
        findings.warn(format!(
            "{}: no pod reads it; name it master.cnf (pod 0), slave.cnf (others), or write both",
            DATA.entry(key)
        ));
    }
    if keys(config_map).nth(KEYS).is_some() {
        findings.reject(Violation::new(
            rule::OPTION_FILE_KEY,
            "data",
            format!("more than {KEYS} keys beside option files"),
            "one of them may be meant to be an option file",
            "keep option files in a ConfigMap of their own",
        ));
    }
    for key in keys(config_map).take(KEYS) {
        if let Some(meant) = meant(key) {
            findings.reject(Violation::new(
                rule::OPTION_FILE_KEY,
                DATA.entry(key),
                "a key that no pod reads",
                format!(
                    "pods read only {} and {}: what stands here has no effect",
                    PRIMARY_KEYS.join(" or "),
                    REPLICA_KEYS.join(" or ")
                ),
                format!("did you mean {meant}? Else choose a name that is not like it"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::file::FILE;
    use super::*;
    use crate::{
        database::Database,
        json::{NULL, Object, json},
        names::DATA_DIR,
        record::Replication,
    };

    fn found(image: &str, data: &Value) -> Vec<String> {
        let database = Database::of(image);
        let mut findings = Findings::default();
        let replication = Replication::new(database.flavor, database.clone_method);
        let server = Server::new(&database, replication, NULL, NULL, DATA_DIR.into(), None);
        check(&json!({"data": data}), &server, &mut findings);
        findings.violations.iter().map(|violation| format!("{} {}", violation.rule, violation.path)).collect()
    }

    #[test]
    fn replicas_are_closed_in_the_flavors_dialect() {
        let replica = |image: &str, text: &str| found(image, &json!({"slave.cnf": text}));
        assert!(replica("mysql:8.0", "[mysqld]\nsuper-read-only\n").is_empty());
        assert!(replica("mysql:5.7", "[server]\nloose_super_read_only = true\n").is_empty());
        assert!(replica("mariadb:11.4", "[mariadb-11.4]\nread_only=1\n").is_empty());
        assert_eq!(replica("mysql:8.0", "[mysqld]\nread-only\n"), ["replica-writable data[\"slave.cnf\"]"]);
        assert_eq!(replica("mysql:8.0", "[mysqld]\nmax_connections=5\n"), ["replica-writable data[\"slave.cnf\"]"]);
        assert_eq!(
            replica("mysql:8.0", "[mysqld]\nsuper-read-only=OFF\n"),
            ["read-only-off data[\"slave.cnf\"] line 2"]
        );
        assert_eq!(
            replica("mysql:8.0", "[mysqld]\nsuper-read-only\nskip-super-read-only\n"),
            ["read-only-off data[\"slave.cnf\"] line 3"]
        );
        assert_eq!(replica("mysql:8.0", "[mysql]\nsuper-read-only\n"), ["wrong-section data[\"slave.cnf\"] line 2"]);
        assert_eq!(
            replica("mysql:8.0", "[mysqld-5.7]\nsuper-read-only\n"),
            ["wrong-section data[\"slave.cnf\"] line 2"]
        );
        assert_eq!(
            replica("mysql:8.0", "super-read-only\n").first().unwrap(),
            "option-file-syntax data[\"slave.cnf\"] line 1"
        );
        assert_eq!(
            replica("mariadb:11.4", "[mysqld]\nread-only\nsuper-read-only\n"),
            ["unknown-super-read-only data[\"slave.cnf\"] line 3"]
        );
        assert!(replica("mariadb:11.4", "[mysqld]\nread-only\nloose-super-read-only\n").is_empty());
        // only some servers take the second line
        assert_eq!(
            replica("mysql:8.0", "[mysqld]\nsuper-read-only=OFF\nloose-SUPER-READ-ONLY=1\n"),
            ["read-only-off data[\"slave.cnf\"] line 2"]
        );
        let long = format!("[mysqld]\n#{}super-read-only=1\n", "x".repeat(4093));
        assert!(replica("mysql:8.0", &long).contains(&"option-file-syntax data[\"slave.cnf\"] line 2".to_owned()));
        assert_eq!(
            replica("mysql:8.0", "[mysqld]\nsuper-read-only\nskip-replica-start\n"),
            ["replication-stopped data[\"slave.cnf\"] line 3"]
        );
    }

    #[test]
    fn what_is_too_long_to_be_looked_at_is_refused() {
        let file = |len: usize| format!("[mysqld]\nsuper-read-only\n{}", "#\n".repeat(len / 2 - 13));
        assert!(found("mysql:8.0", &json!({"slave.cnf": file(FILE)})).is_empty());
        let long = format!("{}skip-super-read-only\n", file(FILE));
        assert_eq!(found("mysql:8.0", &json!({"slave.cnf": long})), ["option-file-syntax data[\"slave.cnf\"]"]);

        let keys = |count: usize| {
            Value::Object(Object::new((0..count).map(|index| (format!("{index}").into(), Value::Null)).collect()))
        };
        assert!(found("mysql:8.0", &keys(KEYS)).is_empty());
        assert_eq!(found("mysql:8.0", &keys(KEYS + 1)), ["option-file-key data"]);
    }

    #[test]
    fn each_line_is_shown_as_it_is_written() {
        let data = json!({"slave.cnf": "[mysqld]\r\nsuper-read-only\r\n\r\n innodb-undo-directory = \
            /x\r\ninnodb-log-group-home-dir=/y"});
        let database = Database::of("mysql:8.0");
        let mut findings = Findings::default();
        let replication = Replication::new(database.flavor, database.clone_method);
        check(
            &json!({"data": data}),
            &Server::new(&database, replication, NULL, NULL, DATA_DIR.into(), None),
            &mut findings,
        );
        let found: Vec<_> = findings.violations.iter().map(|violation| violation.found.as_ref()).collect();
        assert_eq!(found, ["the option \"innodb-undo-directory = /x\"", "the option \"innodb-log-group-home-dir=/y\""]);
    }

    #[test]
    fn the_primary_is_open_and_logs() {
        let primary = |image: &str, text: &str| found(image, &json!({"primary.cnf": text}));
        assert!(primary("mysql:8.0", "[mysqld]\nmax_connections=5\n").is_empty());
        assert!(primary("mariadb:11", "[mysqld]\nlog-bin\n").is_empty());
        assert_eq!(primary("mariadb:11", "[mysqld]\nmax_connections=5\n"), ["binary-log-off data[\"primary.cnf\"]"]);
        assert_eq!(primary("mysql:5.7", "[mysqldump]\nlog-bin\n"), ["wrong-section data[\"primary.cnf\"] line 2"]);
        assert_eq!(primary("mysql:8.0", "[mysqld]\nskip_log_bin\n"), ["binary-log-off data[\"primary.cnf\"] line 2"]);
        assert_eq!(
            primary("mysql:8.0", "[mysqld]\nread_only=on\n"),
            ["primary-read-only data[\"primary.cnf\"] line 2"]
        );
    }

    #[test]
    fn keys_that_were_meant_otherwise() {
        for (key, expected) in [
            ("master.cnf", None),
            ("Master.cnf", Some("master.cnf")),
            ("master.conf", Some("master.cnf")),
            ("mster.cnf", Some("master.cnf")),
            ("slave", Some("slave.cnf")),
            ("replicas.cnf", Some("replica.cnf")),
            ("my.cnf", None),
            ("nginx.conf", None),
            ("primary-notes.txt", None),
        ] {
            assert_eq!(meant(key), expected, "{key}");
        }
    }
}
