//! Rules on a `ConfigMap`: the option files of the two roles.

use std::ops::RangeInclusive;

use mysql_options::{Groups, Kind as Entry, Mistake, OptionFile, Owner, ServerOption, effective, is_within};

use crate::{
    annotations::Annotations,
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    database::{Database, Found},
    exemptions::Exemptions,
    findings::{Findings, Violation, failed_look_up},
    flavor::Flavor,
    json::{Object, Value, at, str_at},
    names::{ANNOTATION_PREFIX, DATA_DIR, PRIMARY_KEYS, REPLICA_KEYS},
    planned::Planned,
    record::{Gtid, Replication, Status},
    rule::{self, Concern, Rule},
    rules::{
        replication::{Told, changed, elsewhere as lies_elsewhere, log_name, replicas, switches_gtids_on},
        service::is_managed,
    },
    settings::Settings,
    text::{label, shown},
};

fn is_on(settings: &Settings) -> bool {
    settings.is_any_on(&[Concern::Options, Concern::OptionFiles])
}

/// Could an object, as text, be a ConfigMap with option files? A misspelt key has the ending or the role right.
pub(crate) fn may_be_option_files(object: &str) -> bool {
    [".cnf\"", "\"master", "\"slave", "\"primary", "\"replica", ANNOTATION_PREFIX]
        .iter()
        .any(|sign| object.contains(sign))
}

/// Has a ConfigMap an option file of either role, or a key that was meant to be one?
pub(crate) fn has_option_files(config_map: &Value) -> bool {
    keys(config_map).any(|key| role_of(key).is_some()) || keys(config_map).take(KEYS).any(|key| meant(key).is_some())
}

fn keys<'v>(config_map: &'v Value) -> impl Iterator<Item = &'v str> {
    ["data", "binaryData"]
        .into_iter()
        .filter_map(|field| at(config_map, &[field]).and_then(Value::as_object))
        .flat_map(Object::keys)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Primary,
    Replica,
}

/// The roles, each with the keys of its option file.
const ROLES: [(Role, [&str; 2]); 2] = [(Role::Primary, PRIMARY_KEYS), (Role::Replica, REPLICA_KEYS)];

fn role_of(key: &str) -> Option<Role> {
    if PRIMARY_KEYS.contains(&key) {
        Some(Role::Primary)
    } else if REPLICA_KEYS.contains(&key) {
        Some(Role::Replica)
    } else {
        None
    }
}

/// So many keys are looked at for one that is misspelt.
const KEYS: usize = 1000;
/// So many bytes of an option file are read; the longest that people write have a tenth.
const FILE: usize = 96 << 10;
/// From `slave` to `primary.my.cnf`.
const LENGTHS: RangeInclusive<usize> = 5..=14;

/// The key that an unknown one was meant to be: another case, another ending, or a slip or two away.
fn meant(key: &str) -> Option<&'static str> {
    if role_of(key).is_some() || !LENGTHS.contains(&key.len()) {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    PRIMARY_KEYS.into_iter().chain(REPLICA_KEYS).find(|known| {
        let stem = known.trim_end_matches(".cnf");
        lower == stem
            || lower.strip_prefix(stem).is_some_and(|end| [".conf", ".cfg", ".ini", ".my.cnf"].contains(&end))
            || is_within(2, lower.as_bytes(), known.as_bytes())
    })
}

/// The server that reads a ConfigMap's option files.
struct Server<'s> {
    flavor: Flavor,
    knows_super_read_only: bool,
    groups: Groups<'s>,
    statefulset: String,
    /// Where the server keeps its data, if that is known.
    data_dir: &'s str,
    /// What the cluster was or will be made with.
    replication: Replication,
    /// Does it run, with more than one pod?
    is_live: bool,
    /// How many pods it is to have.
    replicas: i64,
}

impl<'s> Server<'s> {
    fn new(database: &Database, replication: Replication, statefulset: String, data_dir: &'s str) -> Self {
        let is_mariadb = database.flavor == Flavor::Mariadb;
        let version = database.version();
        Self {
            flavor: database.flavor,
            knows_super_read_only: database.knows_super_read_only(),
            groups: Groups::for_server(is_mariadb, version.major.map(|major| (major, version.minor)), None),
            statefulset,
            data_dir,
            replication,
            is_live: false,
            replicas: 1,
        }
    }

    /// May there be pods that follow by file and position, since nothing told them otherwise?
    fn may_run_without(&self) -> bool {
        self.replicas != 1 && self.replication.gtid == Gtid::OptionFiles && self.flavor != Flavor::Mariadb
    }

    /// The option that closes a replica.
    fn read_only(&self) -> &'static str {
        if self.flavor == Flavor::Mariadb { "read-only" } else { "super-read-only" }
    }
}

/// Looks after the ConfigMap of a managed StatefulSet.
pub(crate) fn of_statefulset(
    plan: &Planned,
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    if !is_on(settings) {
        return;
    }
    let config_map = plan.config_map;
    match cluster.get(Kind::ConfigMap, namespace, config_map) {
        Lookup::Found(found) => {
            let server = Server::new(&plan.database, plan.replication, String::new(), plan.data_dir);
            let mut own = Findings::default();
            check(&found, &server, &mut own);
            Exemptions::of(&found).apply(&mut own, settings);
            let object = label("ConfigMap", namespace, config_map);
            own.violations = own.violations.into_iter().map(|violation| violation.of(object.clone())).collect();
            own.warnings = own.warnings.into_iter().map(|warning| format!("{object} {warning}")).collect();
            findings.append(own);
        }
        // it is optional: what replication needs is set without it
        Lookup::Absent => {}
        Lookup::Failed(why) => {
            let path = "spec.template.spec.volumes";
            findings.reject(failed_look_up(&format!("ConfigMap {config_map}"), path, &why));
        }
    }
}

/// Looks for all problems of a ConfigMap that a managed StatefulSet reads.
pub(crate) fn config_map(case: &Case, cluster: &Cluster, findings: &mut Findings) {
    let namespace = case.request.namespace();
    if !is_on(&case.settings) || case.settings.exempts(namespace) || !has_option_files(&case.object) {
        return;
    }
    recheck_uncached(case, cluster, findings, |cluster, findings| {
        for server in servers(case, namespace, cluster, findings) {
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
    });
}

/// The servers that read the ConfigMap under admission: that of the StatefulSet of its name, else those that name it.
fn servers(case: &Case, namespace: &str, cluster: &Cluster, findings: &mut Findings) -> Vec<Server<'static>> {
    let config_map = str_at(&case.object, &["metadata", "name"]);
    let reads = |statefulset: &Value| server_of(statefulset, config_map, namespace, case);
    match cluster.get(Kind::StatefulSet, namespace, config_map) {
        Lookup::Found(found) => {
            if let Some(server) = reads(&found) {
                return vec![server];
            }
        }
        Lookup::Absent => {}
        Lookup::Failed(why) => {
            findings.reject(failed_look_up(&format!("StatefulSet {config_map}"), "metadata.name", &why));
            return Vec::new();
        }
    }
    match cluster.list(Kind::StatefulSet, namespace, config_map) {
        Lookup::Found(list) => list.iter().filter_map(reads).collect(),
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's StatefulSets", "metadata.name", &why));
            Vec::new()
        }
        Lookup::Absent => Vec::new(),
    }
}

/// The server of a managed StatefulSet that reads a ConfigMap.
fn server_of(statefulset: &Value, config_map: &str, namespace: &str, case: &Case) -> Option<Server<'static>> {
    if !is_managed(statefulset) {
        return None;
    }
    // what is wrong with the StatefulSet is told when that is admitted
    let mut others = Findings::default();
    let annotations = Annotations::read(statefulset, &mut others);
    let name = str_at(statefulset, &["metadata", "name"]);
    let named = annotations.config_map.as_deref().or(case.settings.config_map.as_deref()).unwrap_or(name);
    if named != config_map {
        return None;
    }
    let database = Found::find(statefulset, &annotations, &mut others)?.database?;
    let replication = match Status::read(statefulset) {
        None => Replication::new(database.flavor, database.clone_method),
        Some(record) => {
            record.replication.unwrap_or_else(|| Replication::of_first_version(database.flavor, database.clone_method))
        }
    };
    let server = Server::new(&database, replication, label("StatefulSet", namespace, name), DATA_DIR);
    // one that is new comes with its StatefulSet, or is put back: what was there before is not known
    let replicas = replicas(statefulset);
    Some(Server { is_live: case.old.is_some() && replicas != 1, replicas, ..server })
}

/// What the option files of a ConfigMap say of the binary log and of GTIDs.
pub(super) fn told_by_files(config_map: &Value, is_mariadb: bool) -> Told {
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

fn told(config_map: &Value, server: &Server) -> Told {
    told_by_files(config_map, server.flavor == Flavor::Mariadb)
}

/// What a live cluster was made with stays.
fn check_change(case: &Case, server: &Server, findings: &mut Findings) {
    let before = case.old.as_ref().map(|old| told(old, server)).unwrap_or_default();
    changed(&before, &told(&case.object, server), server.replication, findings, &|what, why, fix| {
        let why = format!("{why} ({} reads it, and runs)", server.statefulset);
        Violation::new(rule::REPLICATION_CHANGED, "data", format!("option files that {what}"), why, fix)
    });
}

/// Both roles must agree on GTIDs; where the policy itself switches them on, what the files say does not matter.
fn check_gtids(config_map: &Value, server: &Server, findings: &mut Findings) {
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
        let fix = "write gtid-mode=ON and enforce-gtid-consistency=ON below [mysqld] into the files of both roles, or into none".to_owned();
        findings.reject(checked.violation(
            rule::GTID_MODE,
            None,
            "gtid-mode=ON in one role alone".to_owned(),
            why,
            fix,
        ));
    }
}

/// Checks the option files of both roles, and the keys.
fn check(config_map: &Value, server: &Server, findings: &mut Findings) {
    check_gtids(config_map, server, findings);
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
    if keys(config_map).nth(KEYS).is_some() {
        findings.reject(Violation::new(
            rule::OPTION_FILE_KEY,
            "data",
            format!("more than {KEYS} keys beside option files"),
            "nobody has looked at all of them for one that was meant to be an option file",
            "keep option files in a ConfigMap of their own",
        ));
    }
    for key in keys(config_map).take(KEYS) {
        if let Some(meant) = meant(key) {
            findings.reject(Violation::new(
                rule::OPTION_FILE_KEY,
                format!("data[{}]", shown(key)),
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

/// An option file under check.
struct Checked<'c> {
    key: &'c str,
    lines: Vec<&'c str>,
    server: &'c Server<'c>,
}

impl Checked<'_> {
    /// An option as it is written: only lines with options that the rules know are shown.
    fn written(&self, line: usize) -> String {
        format!("the option {}", shown(self.lines.get(line - 1).unwrap_or(&"").trim()))
    }

    fn violation(&self, rule: &'static Rule, line: Option<usize>, found: String, why: &str, fix: String) -> Violation {
        let Self { key, server, .. } = self;
        let path =
            line.map_or_else(|| format!("data[{}]", shown(key)), |line| format!("data[{}] line {line}", shown(key)));
        let whose =
            if server.statefulset.is_empty() { String::new() } else { format!(" ({} reads it)", server.statefulset) };
        Violation::new(rule, path, found, format!("{why}{whose}"), fix)
    }
}

fn check_file(role: Role, key: &str, text: &str, server: &Server, findings: &mut Findings) {
    if text.len() > FILE {
        let checked = Checked { key, lines: Vec::new(), server };
        let found = format!("more than {} kB", FILE >> 10);
        let why = "nobody has looked at all of its options, and one may open replicas for writes";
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
            let fix =
                "mend the line; every option stands below a [group], such as [mysqld], in a line of its own".to_owned();
            findings.reject_for(rule::OPTION_FILE_SYNTAX, || {
                checked.violation(rule::OPTION_FILE_SYNTAX, Some(problem.line), problem.what.to_string(), why, fix)
            });
        } else {
            findings.warn_of(|| format!("data[{}] line {}: {}", shown(key), problem.line, problem.what));
        }
    }
    // the server reads none of it then
    if file.problems.iter().any(|problem| problem.what.stops()) {
        return;
    }
    let includes = file.entries.iter().find(|entry| !matches!(entry.kind, Entry::Option(..)));
    if let Some(entry) = includes {
        findings.warn(format!("data[{}] line {}: what this file includes was not looked at", shown(key), entry.line));
    }
    let known = file.options_of(&server.groups).filter(|(_, option)| option.is_known);
    let options: Vec<(usize, ServerOption)> = known.collect();
    let last = |name: &str| effective(&options, name);
    // what stands elsewhere does not count for the server; the group tells what was meant
    let elsewhere = |names: &[&str]| {
        file.options()
            .filter(|(_, group, option)| !server.groups.contains(group) && names.iter().any(|name| option.is(name)))
            .map(|(line, group, _)| (line, group.to_owned(), checked.written(line)))
            .next()
    };

    if let Some((line, _)) =
        last("super-read-only").filter(|(_, option)| !server.knows_super_read_only && !option.is_loose)
    {
        let why = "MariaDB does not know this option, and its server does not start";
        let fix = match role {
            Role::Replica => "write read-only instead".to_owned(),
            Role::Primary => "remove it".to_owned(),
        };
        findings.reject(checked.violation(
            rule::UNKNOWN_SUPER_READ_ONLY,
            Some(*line),
            checked.written(*line),
            why,
            fix,
        ));
    }
    if let Some((line, _)) = last("init-file") {
        let why = "its statements run at every start, and one of them may open replicas for writes";
        let fix = "make sure that none does, or run them once on the primary".to_owned();
        findings.reject(checked.violation(rule::INIT_FILE, Some(*line), checked.written(*line), why, fix));
    }
    for (line, option) in &options {
        if let Some((why, fix)) = lies_elsewhere(option.name, option.value.unwrap_or_default(), server.data_dir) {
            findings.reject_for(rule::DATA_ELSEWHERE, || {
                checked.violation(rule::DATA_ELSEWHERE, Some(*line), checked.written(*line), why, fix.to_owned())
            });
        }
    }
    match role {
        Role::Primary => check_primary(&checked, &last, &elsewhere, findings),
        Role::Replica => check_replica(&checked, &last, &elsewhere, findings),
    }
}

type Elsewhere<'e> = dyn Fn(&[&str]) -> Option<(usize, String, String)> + 'e;

fn check_primary<'l, 'o: 'l>(
    checked: &Checked,
    last: &dyn Fn(&str) -> Option<&'l (usize, ServerOption<'o>)>,
    elsewhere: &Elsewhere,
    findings: &mut Findings,
) {
    let server = checked.server;
    for name in ["super-read-only", "read-only"] {
        if name == "super-read-only" && !server.knows_super_read_only {
            continue;
        }
        let is_on = |option: &ServerOption| option.is_on(server.flavor == Flavor::Mariadb);
        if let Some((line, _)) = last(name).filter(|(_, option)| is_on(option)) {
            let why = "the primary would take no writes, and there is no other pod that does";
            let fix = format!("remove it here; it belongs into {}", REPLICA_KEYS.join(" or "));
            findings.reject(checked.violation(rule::PRIMARY_READ_ONLY, Some(*line), checked.written(*line), why, fix));
        }
    }
    // without a value it would be named after the host, and a live cluster's log keeps its name
    let fix = || format!("write log-bin={}, or its old name, below [mysqld]", server.replication.binary_log.name());
    match last("log-bin") {
        Some((line, option)) if !option.switch() => {
            let why = "without its binary log the primary has nothing that replicas could follow";
            findings.reject(checked.violation(rule::BINARY_LOG_OFF, Some(*line), checked.written(*line), why, fix()));
        }
        Some(_) => {}
        None => {
            if let Some((line, group, option)) = elsewhere(&["log-bin"]) {
                wrong_section(checked, line, &group, &option, findings);
            } else if matches!(server.flavor, Flavor::Mysql57 | Flavor::Mariadb) {
                // MySQL has it on by default since 8.0 (its manual, "log_bin")
                let why = "this server writes a binary log only where it is told to, and replicas follow that log";
                findings.reject(checked.violation(rule::BINARY_LOG_OFF, None, "no log-bin".to_owned(), why, fix()));
            }
        }
    }
}

fn check_replica<'l, 'o: 'l>(
    checked: &Checked,
    last: &dyn Fn(&str) -> Option<&'l (usize, ServerOption<'o>)>,
    elsewhere: &Elsewhere,
    findings: &mut Findings,
) {
    let server = checked.server;
    let wanted = server.read_only();
    let is_on = |option: &ServerOption| option.is_on(server.flavor == Flavor::Mariadb);
    let off = |(line, _): &(usize, ServerOption)| {
        let why = "it opens replicas for writes; the policy's own file, which is read last, is all that closes them";
        checked.violation(
            rule::READ_ONLY_OFF,
            Some(*line),
            checked.written(*line),
            why,
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
                        "users with the privilege CONNECTION_ADMIN or SUPER, root among them, write all the same",
                    )
                } else {
                    (
                        format!("no {wanted}"),
                        "by this file replicas are open for writes; the policy's own file, which is read last, is all that closes them",
                    )
                };
                let fix = format!("write {wanted} below [mysqld]");
                findings.reject(checked.violation(rule::REPLICA_WRITABLE, None, found, why, fix));
            }
        }
    }
    for name in ["skip-replica-start", "skip-slave-start"] {
        if let Some((line, _)) = last(name).filter(|(_, option)| option.switch()) {
            let why = "a replica whose server restarts would follow the primary no longer, and serve ever older data";
            findings.reject(checked.violation(
                rule::REPLICATION_STOPPED,
                Some(*line),
                checked.written(*line),
                why,
                "remove it".to_owned(),
            ));
        }
    }
}

fn wrong_section(checked: &Checked, line: usize, group: &str, option: &str, findings: &mut Findings) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotations::Annotations;
    use crate::json::json;

    fn found(image: &str, data: &Value) -> Vec<String> {
        let database = Database::detect(image, "", &Annotations::default(), &mut Findings::default()).unwrap();
        let mut findings = Findings::default();
        let replication = Replication::new(database.flavor, database.clone_method);
        let server = Server::new(&database, replication, String::new(), DATA_DIR);
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
        let data = json!({"slave.cnf": "[mysqld]\r\nsuper-read-only\r\n\r\n innodb-undo-directory = /x\r\ninnodb-undo-directory=/y"});
        let database = Database::detect("mysql:8.0", "", &Annotations::default(), &mut Findings::default()).unwrap();
        let mut findings = Findings::default();
        let replication = Replication::new(database.flavor, database.clone_method);
        check(&json!({"data": data}), &Server::new(&database, replication, String::new(), DATA_DIR), &mut findings);
        let found: Vec<_> = findings.violations.iter().map(|violation| violation.found.as_ref()).collect();
        assert_eq!(found, ["the option \"innodb-undo-directory = /x\"", "the option \"innodb-undo-directory=/y\""]);
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
