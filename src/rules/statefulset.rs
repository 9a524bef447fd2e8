//! Rules on StatefulSets: what a database container is told by arguments, variables and hooks.

use std::{borrow::Cow, cell::Cell};

use mysql_options::{ServerOption, effective, switch_value};

use crate::{
    arguments::words,
    database::{Database, Found},
    findings::{Findings, Violation},
    flavor::{Family, Flavor},
    json::{Value, at, list_at, str_at},
    name_index::NameIndex,
    names::{ANNOTATION_PREFIX, annotation},
    object::name,
    rule,
    text::shown,
    variables::expand_with_shell,
};

/// Checks the database container at `path` and the pod around it.
pub(crate) fn statefulset(found: &Found, findings: &mut Findings) {
    let Found { pod, container, path, database } = found;
    let Options { given, is_cut } = given_options(container);
    check_options(&given, path, database.as_ref(), findings);
    if is_cut {
        findings.reject(Violation::new(
            rule::READ_ONLY_OFF,
            path.to_owned(),
            "arguments with more than 256 kB from variables",
            "nobody has looked at all of them, and one may open replicas for writes",
            "write fewer, or put the options into the ConfigMap's keys master.cnf and slave.cnf",
        ));
    }
    check_statements(pod, findings);
    if at(pod, &["hostNetwork"]).is_some_and(Value::is_true) {
        findings.reject(Violation::new(
            rule::HOST_NETWORK,
            "spec.template.spec.hostNetwork",
            "true",
            "pods on one node would fight for the ports of the database and the backup, and get each other's clients",
            "remove it",
        ));
    }
}

/// An option that the server gets, and that a rule knows.
pub(super) struct Given<'a> {
    /// The field that it stands in, with its place there.
    place: (&'static str, usize),
    /// The word as it is written: the value of a variable in it may be a secret.
    written: &'a str,
    /// The word as the server gets it.
    pub(super) text: Cow<'a, str>,
    /// The word after it, in the same place.
    pub(super) next: Option<String>,
}

impl Given<'_> {
    pub(super) fn path(&self, container: &str) -> String {
        match self.place {
            ("env", index) => format!("{container}.env[{index}].value"),
            (list, index) => format!("{container}.{list}[{index}]"),
        }
    }

    pub(super) fn shown(&self) -> String {
        match ServerOption::from_argument(&self.text) {
            Some(option) if self.written != self.text => format!("--{} of {}", option.name, shown(self.written)),
            _ => shown(&self.text),
        }
    }
}

/// The options that reach the server.
#[derive(Default)]
pub(super) struct Options<'a> {
    pub(super) given: Vec<Given<'a>>,
    /// Are there more than these?
    is_cut: bool,
}

/// The options that reach the server: arguments, and variables that images turn into arguments.
pub(super) fn given_options<'a>(container: &'a Value<'a>) -> Options<'a> {
    let mut given: Vec<Given> = Vec::new();
    let variables = Variables::of(container);
    let mut is_next = false;
    let mut take = |place, written, text: Cow<'a, str>| {
        if let Some(last) = given.last_mut().filter(|_| is_next) {
            last.next = Some(text.as_ref().to_owned());
        }
        is_next = ServerOption::from_argument(&text).is_some_and(|option| option.is_known);
        if is_next {
            given.push(Given { place, written, text, next: None });
        }
    };
    let mut push = |place, text: &'a str, is_whole: bool| match variables.expand(text) {
        // Kubernetes puts a variable's value into the argument as it is; only a shell makes several words of it
        expanded if is_whole => take(place, text, expanded),
        Cow::Borrowed(words) => words.split_whitespace().for_each(|word| take(place, text, Cow::Borrowed(word))),
        Cow::Owned(words) => {
            words.split_whitespace().for_each(|word| take(place, text, Cow::Owned(word.to_owned())));
        }
    };
    // the image's entrypoint puts what such a variable holds before or after the arguments
    for (index, variable) in list_at(container, &["env"]).iter().enumerate() {
        if carries_arguments(name(variable)) {
            for word in str_at(variable, &["value"]).split_whitespace() {
                push(("env", index), word.trim_matches(['"', '\'']), false);
            }
        }
    }
    for word in words(container) {
        push((word.list, word.index), word.text, word.is_whole);
    }
    Options { given, is_cut: variables.is_cut() }
}

/// `MYSQL_EXTRA_FLAGS`, `EXTRA_ARGS`, `MYSQLD_OPTS` and the like.
fn carries_arguments(name: &str) -> bool {
    const WORDS: [&str; 7] = ["FLAGS", "ARGS", "OPTS", "OPTIONS", "ARGUMENTS", "PARAMS", "PARAMETERS"];
    name.split('_').any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// The variables that a container defines by themselves; the last of a name counts.
#[derive(Default)]
struct Variables<'a> {
    names: NameIndex<'a>,
    values: Vec<&'a str>,
    /// So many bytes of values stand in words.
    taken: Cell<usize>,
}

impl<'a> Variables<'a> {
    fn of(container: &'a Value<'a>) -> Self {
        let value = |variable: &'a Value<'a>| Some((name(variable), variable.get("value")?.as_str()?));
        let env = list_at(container, &["env"]);
        let refers = |variable: &Value| carries_arguments(name(variable)) && str_at(variable, &["value"]).contains('$');
        // most containers refer to none
        if !words(container).any(|word| word.text.contains('$')) && !env.iter().any(refers) {
            return Self::default();
        }
        let defined = || env.iter().filter_map(value).filter(|(name, _)| !name.is_empty());
        Self {
            names: NameIndex::new(defined().map(|(name, _)| Cow::Borrowed(name)).collect()),
            values: defined().map(|(_, value)| value).collect(),
            taken: Cell::default(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.names.last(name, 0..self.values.len()).map(|place| self.values[place])
    }

    /// A word with the values of variables in it.
    fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        /// What is longer is no option that a rule knows.
        const LIMIT: usize = 4096;
        if self.names.is_empty() {
            return Cow::Borrowed(text);
        }
        let value_of = |name: &str, room| self.get(name).filter(|value| value.len() <= room && self.take(value.len()));
        expand_with_shell(text, LIMIT, &value_of)
    }

    /// Takes so much from what all values together may bring.
    fn take(&self, len: usize) -> bool {
        self.taken.set(self.taken.get() + len);
        !self.is_cut()
    }

    /// Was there more in the variables than is looked at?
    fn is_cut(&self) -> bool {
        /// No server gets as much: Linux starts no program with more than 2 MiB of arguments and variables.
        const LIMIT: usize = 256 << 10;
        self.taken.get() > LIMIT
    }
}

fn check_options(given: &[Given], path: &str, database: Option<&Database>, findings: &mut Findings) {
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

fn is_switch(word: &str) -> bool {
    switch_value(word).is_some() || ["yes", "no"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Statements that containers and their hooks send to the server.
fn check_statements(pod: &Value, findings: &mut Findings) {
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            for place in [
                &["command"][..],
                &["args"],
                &["lifecycle", "postStart", "exec", "command"],
                &["lifecycle", "preStop", "exec", "command"],
            ] {
                for (at, text) in list_at(container, place).iter().enumerate() {
                    let Some(found) = text.as_str().and_then(opening_statement) else { continue };
                    findings.reject(Violation::new(
                        rule::READ_ONLY_OFF,
                        format!("spec.template.spec.{list}[{index}].{}[{at}]", place.join(".")),
                        format!("the statement {}", shown(found)),
                        "it runs in every pod, and opens a replica for writes whenever it runs last",
                        "remove it; the primary is open for writes without it",
                    ));
                }
            }
        }
    }
}

/// A statement that switches read-only off, as `SET GLOBAL super_read_only = 0`. Looks at no part of a text twice.
fn opening_statement(text: &str) -> Option<&str> {
    const VARIABLE: &str = "read_only";
    let lower = text.to_ascii_lowercase();
    let mut seen = 0;
    // the last `set ` of the statement so far
    let mut last_set = None;
    lower.match_indices(VARIABLE).find_map(|(at, _)| {
        let before = lower[..at].strip_suffix("super_").unwrap_or(&lower[..at]);
        let end = before[seen..].rfind([';', '"', '\'']).map(|end| seen + end + 1);
        let start = end.unwrap_or(seen);
        // what stands before the statement may be the command line with the password
        let set = before[start..].rfind("set ").map(|set| start + set).or(last_set.filter(|_| end.is_none()));
        (seen, last_set) = (before.len(), set);
        let is_whole = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        let value = lower[at + VARIABLE.len()..].trim_start().trim_start_matches(':').strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        let word = value.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let set = set?;
        let is_set = before[..set].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let end = text.len() - value.len() + word.len();
        (is_whole && is_set && ["0", "off", "false"].contains(&word)).then(|| text.get(set..end)).flatten()
    })
}

/// Could an object, as text, be a StatefulSet with a known database?
pub(crate) fn may_be_database(object: &str) -> bool {
    ["mysql", "mariadb", "percona"].iter().any(|name| object.contains(name))
}

/// A database of several pods, none of which follows another: as many writable databases behind one name. What an
/// operator looks after, or replicates by other means, is none.
pub(crate) fn unmanaged_database(object: &Value) -> Option<Violation> {
    let replicas = at(object, &["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1);
    if replicas < 2 || list_at(object, &["metadata", "ownerReferences"]).iter().any(is_controller) {
        return None;
    }
    let containers = list_at(object, &["spec", "template", "spec", "containers"]);
    let container = containers.iter().find(|container| Family::of(str_at(container, &["image"])).is_some())?;
    if replicates_otherwise(container) {
        return None;
    }
    Some(Violation::new(
        rule::UNMANAGED,
        "spec.replicas",
        format!("{replicas} pods of {}, and nothing that replicates them", shown(str_at(container, &["image"]))),
        "each pod is a database of its own: a write reaches one of them, and a read asks another",
        format!("annotate it with {ANNOTATION_PREFIX}{}: \"true\", or write replicas: 1", annotation::INJECT),
    ))
}

fn is_controller(owner: &Value) -> bool {
    owner.get("controller").is_some_and(Value::is_true)
}

/// Galera and group replication by their options or image, the images of Bitnami by a variable.
fn replicates_otherwise(container: &Value) -> bool {
    let says = |text: &str| {
        ["wsrep", "group_replication", "group-replication", "galera"].iter().any(|word| text.contains(word))
    };
    words(container).any(|word| says(&word.text.to_ascii_lowercase()))
        || says(&str_at(container, &["image"]).to_ascii_lowercase())
        || list_at(container, &["env"]).iter().any(|variable| {
            let name = name(variable);
            says(&name.to_ascii_lowercase()) || name.ends_with("_REPLICATION_MODE")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn statements_in_hooks() {
        for text in [
            "mysql -e 'SET GLOBAL super_read_only = 0'",
            "mysql -e \"set @@global.read_only:=OFF\"",
            "SET PERSIST super_read_only=off;",
            "mysql -e 'SELECT 1; SET GLOBAL max_connections=5, read_only=0'",
        ] {
            let container = json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", text]}}}});
            assert_eq!(found(&container).len(), 1, "{text}");
        }
        for text in [
            "mysql -e 'SET GLOBAL super_read_only = 1'",
            "mysql -e 'SET transaction_read_only = 0'",
            "mysql -e 'SELECT @@read_only = 0'",
            "echo read_only",
        ] {
            let container = json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", text]}}}});
            assert!(found(&container).is_empty(), "{text}");
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

    #[test]
    fn a_statement_is_found_behind_many_others() {
        for (before, is_found) in [
            ("read_only=1 ", false),
            ("set read_only=1, ", true),
            ("set x=1; ", false),
            ("read_only set ", true),
            ("reset ", false),
        ] {
            let text = format!("{}super_read_only = 0", before.repeat(3));
            assert_eq!(opening_statement(&text).is_some(), is_found, "{text}");
        }
        assert_eq!(
            opening_statement("set password='x'; SET read_only=1, super_read_only=0;"),
            Some("SET read_only=1, super_read_only=0")
        );
    }

    #[test]
    fn databases_that_nobody_replicates() {
        let object = |replicas: i64, container: &Value| json!({"spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}}});
        let plain = json!({"name": "db", "image": "mysql:8.0"});
        assert!(unmanaged_database(&object(3, &plain)).is_some());
        assert!(unmanaged_database(&object(1, &plain)).is_none());
        for other in [
            json!({"image": "postgres:16"}),
            json!({"image": "mariadb:11", "args": ["--wsrep-on=ON"]}),
            json!({"image": "mysql:8.0", "command": ["mysqld", "--loose-group_replication_group_name=x"]}),
            json!({"image": "bitnami/mysql:8.0", "env": [{"name": "MYSQL_REPLICATION_MODE", "value": "slave"}]}),
            json!({"image": "bitnami/mariadb-galera:11"}),
        ] {
            assert!(unmanaged_database(&object(3, &other)).is_none(), "{other}");
        }
        let mut owned = object(3, &plain);
        owned["metadata"] = json!({"ownerReferences": [{"kind": "InnoDBCluster", "controller": true}]});
        assert!(unmanaged_database(&owned).is_none());
    }
}
