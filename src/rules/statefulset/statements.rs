//! What the containers of a pod tell its server in SQL: by their commands, hooks, probes and variables.

use super::sql::{What, may_undo, statements};
use crate::{
    database::Found,
    field_path::DATA,
    findings::{Findings, Violation},
    halves::Halves,
    json::{Value, list_at, str_at},
    mounts::plain_path,
    name_index::NameIndex,
    names::{INJECTED_CONTAINERS, SCRIPTS_DIR},
    object::name,
    rule,
    rules::option_files::{Content, has_files, place_of},
    scripts::UNPACK,
    shell::{Program, Variables, program, split},
    text::shown,
};
use std::cell::{Cell, OnceCell};

/// Where a container names programs that are run beside its own (Kubernetes' API reference, `ExecAction`).
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("lifecycle.postStart.exec.command", &["lifecycle", "postStart", "exec", "command"]),
    ("lifecycle.preStop.exec.command", &["lifecycle", "preStop", "exec", "command"]),
    ("startupProbe.exec.command", &["startupProbe", "exec", "command"]),
    ("livenessProbe.exec.command", &["livenessProbe", "exec", "command"]),
    ("readinessProbe.exec.command", &["readinessProbe", "exec", "command"]),
];

/// So many files of `ConfigMap`s are looked for in one object, in so many mounts of a container, and so many bytes of
/// them are read.
const FILES: usize = 256;
const MOUNTS: usize = 128;
const BYTES: usize = 96 << 10;

/// How the names of files of SQL, and of a shell's scripts, end.
const SQL: &str = ".sql";
const SCRIPT: &str = ".sh";

/// Programs that run no file that they are told, and no statement.
const LOOKS: [&str; 5] = ["chmod", "chown", "chgrp", "ls", "stat"];

/// Statements that containers, their hooks and probes send to the server.
pub(crate) fn check_statements(found: &Found, findings: &mut Findings) {
    let has_files = found.config_maps.are_known() && has_files(found.pod);
    let pod = Pod { found, has_files, files_left: Cell::new(FILES), bytes_left: Cell::new(BYTES) };
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(found.pod, &[list]).iter().enumerate() {
            if is_injected(container) {
                continue;
            }
            let path =
                |place: &str, at: usize, end: &str| format!("spec.template.spec.{list}[{index}].{place}[{at}]{end}");
            let own = [("command", list_at(container, &["command"])), ("args", list_at(container, &["args"]))];
            pod.check_program(container, &own, &path, findings);
            for (place, keys) in PROGRAMS {
                pod.check_program(container, &[(place, list_at(container, keys))], &path, findings);
            }
            for (at, variable) in list_at(container, &["env"]).iter().enumerate() {
                let value = str_at(variable, &["value"]);
                if may_undo(value) {
                    let mut search = Search { found: Vec::new(), files: None, known: &|_| None };
                    search.word(value, false, 0);
                    search.report((None, String::new()), &|| path("env", at, ".value"), findings);
                }
            }
        }
    }
}

/// Does a container run the policy's own scripts? Earlier versions had their text in the command.
fn is_injected(container: &Value) -> bool {
    let words = list_at(container, &["command"]);
    let word = |at: usize| words.get(at).and_then(Value::as_str).unwrap_or_default();
    INJECTED_CONTAINERS.contains(&name(container))
        && word(0) == "bash"
        && (word(1).strip_prefix(SCRIPTS_DIR).is_some_and(|rest| rest.starts_with('/'))
            || word(2) == UNPACK
            || word(2).starts_with("# injected by mysql-replication-policy: "))
}

/// What is known of a pod, beside the program that is looked at.
struct Pod<'f, 'v, 'a> {
    found: &'f Found<'v, 'a>,
    /// Does it mount files that somebody has written into a manifest?
    has_files: bool,
    /// So many of them may still be looked for, and so many bytes read.
    files_left: Cell<usize>,
    bytes_left: Cell<usize>,
}

impl Pod<'_, '_, '_> {
    /// The words of one program, which may stand in two lists.
    #[inline(never)]
    fn check_program(
        &self,
        container: &Value,
        lists: &[(&str, &[Value])],
        path: &dyn Fn(&str, usize, &str) -> String,
        findings: &mut Findings,
    ) {
        let words = || {
            let all = lists
                .iter()
                .flat_map(|(list, words)| words.iter().enumerate().map(move |(at, word)| (*list, at, word)));
            all.map(|(list, at, word)| (list, at, word.as_str().unwrap_or_default()))
        };
        if !words().any(|(_, _, word)| may_tell(word, self.has_files)) {
            return;
        }
        let all: Vec<&str> = words().map(|(_, _, word)| word).collect();
        let kind = program(&all, false);
        if kind == Program::Printer {
            return;
        }
        let env = list_at(container, &["env"]);
        let names = OnceCell::new();
        let known = |name: &str| {
            let names: &NameIndex = names.get_or_init(|| NameIndex::of(env));
            env[names.last(name, 0..env.len())?].get("value")?.as_str()
        };
        let is_admin = is_admin(&all);
        // its text is no SQL: `set -e` begins no statement
        let is_shell = all.first().is_some_and(|first| first.ends_with("sh") && !first.ends_with(SCRIPT));
        for (list, at, word) in words() {
            let files = self.has_files.then(Vec::new);
            let mut search = Search { found: Vec::new(), files, known: &known };
            if is_admin {
                search.admin(word);
            }
            if is_shell && !word.starts_with('-') {
                search.script(word, 1);
            } else {
                search.word(word, kind == Program::Client, 0);
            }
            search.report((None, String::new()), &|| path(list, at, ""), findings);
            let files = search.files.unwrap_or_default();
            self.check_files(container, files, &known, &|| path(list, at, ""), findings);
        }
    }

    /// The files of `ConfigMap`s that a program at a path names, and those that they name.
    #[inline(never)]
    fn check_files<'k>(
        &self,
        container: &Value,
        mut files: Vec<String>,
        known: &'k dyn Fn(&str) -> Option<&'k str>,
        path: &dyn Fn() -> String,
        findings: &mut Findings,
    ) {
        let Found { pod, config_maps, .. } = self.found;
        let mounts = list_at(pod, &["volumes"]).len().max(list_at(container, &["volumeMounts"]).len());
        let mut at = 0;
        while let Some(file) = files.get(at) {
            at += 1;
            let unseen = || format!("{}: {} was not looked at", path(), shown(file));
            let Some(files_left) = self.files_left.get().checked_sub(1).filter(|_| mounts <= MOUNTS) else {
                return findings.warn_of(unseen);
            };
            self.files_left.set(files_left);
            let place = place_of(pod, container, "", &plain_path(file));
            let Some(Content::Key(key)) = place.map(|place| place.content(config_maps)) else { continue };
            let text = key.text();
            let Some(bytes_left) = self.bytes_left.get().checked_sub(text.len()) else {
                return findings.warn_of(unseen);
            };
            self.bytes_left.set(bytes_left);
            let from = (Some(config_maps.label(&key.config_map)), format!(", run by {}", path()));
            // the statements of a file of SQL are no shell's, and a shell's `set` is none of SQL
            let is_sql = file.ends_with(SQL);
            let mut search = Search { found: Vec::new(), files: Some(files), known };
            if is_sql {
                search.statements(text);
            } else {
                search.script(text, 1);
            }
            search.report(from, &|| DATA.entry(&key.name).to_string(), findings);
            files = search.files.unwrap_or_default();
        }
    }
}

/// Could a text hold a statement that undoes something, or the path of a file that does?
fn may_tell(text: &str, has_files: bool) -> bool {
    may_undo(text) || (has_files && text.contains('/'))
}

/// Do the words run the servers' client for administration?
fn is_admin<W: AsRef<str>>(words: &[W]) -> bool {
    words.iter().any(|word| ["mysqladmin", "mariadb-admin"].iter().any(|name| word.as_ref().ends_with(name)))
}

/// What was found in one text.
struct Search<'k> {
    found: Vec<(What, String)>,
    /// What may be files of a `ConfigMap`, where the pod mounts one.
    files: Option<Vec<String>>,
    /// The variables of the container.
    known: &'k dyn Fn(&str) -> Option<&'k str>,
}

impl Search<'_> {
    /// What the client for administration is told (MySQL manual, "mysqladmin"; MariaDB's).
    fn admin(&mut self, word: &str) {
        let words = ["slave", "replica", "all-slaves"];
        if ["stop-", "start-"].iter().any(|verb| word.strip_prefix(verb).is_some_and(|rest| words.contains(&rest))) {
            self.found.push((What::Replication, word.to_owned()));
        }
    }

    fn statements(&mut self, text: &str) {
        if may_undo(text) {
            statements(text, &mut |what, shown| self.found.push((what, shown.into_owned())));
        }
    }

    /// A word of a command: SQL, for `-e` or in a variable, or the text of a shell.
    #[inline(never)]
    fn word(&mut self, word: &str, is_client: bool, depth: usize) {
        let value = word
            .halves('=')
            .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte)));
        let text = value.map(|(_, value)| value).or_else(|| word.strip_prefix("-e")).unwrap_or(word);
        self.statements(text);
        // of a client's `source FILE` too
        if self.files.is_some() && is_client {
            word.split_whitespace().for_each(|part| self.file(part.trim_end_matches(';')));
        } else {
            self.file(word);
        }
        if !is_client && word.contains(char::is_whitespace) {
            self.script(word, depth + 1);
        }
    }

    /// Notes a word that is a path.
    fn file(&mut self, word: &str) {
        if let Some(files) = &mut self.files
            && word.starts_with('/')
            && files.len() <= FILES
            && !files.iter().any(|file| file == word)
        {
            files.push(word.to_owned());
        }
    }

    /// The text of a shell.
    fn script(&mut self, text: &str, depth: usize) {
        /// Nobody writes shells within shells any deeper.
        const DEPTH: usize = 4;
        if depth > DEPTH || !may_tell(text, self.files.is_some()) {
            return;
        }
        let script = split(text);
        let goes_on = script.goes_on();
        let mut variables = Variables::of(&script, self.known);
        for (index, command) in script.commands.iter().enumerate() {
            let words = variables.expand(index, command);
            let kind = program(&words, command.is_array);
            if kind == Program::Printer {
                if !goes_on[index] {
                    continue;
                }
                let said = words.iter().skip(1).skip_while(|word| word.starts_with('-'));
                said.clone().for_each(|word| self.file(word));
                self.statements(&said.map(AsRef::as_ref).collect::<Vec<_>>().join(" "));
            } else if words.first().is_none_or(|word| !LOOKS.contains(&word.as_ref())) {
                let is_admin = is_admin(&words);
                for word in &words {
                    if is_admin {
                        self.admin(word);
                    }
                    self.word(word, kind == Program::Client, depth);
                }
            }
            for input in &command.inputs {
                let text = variables.text(script.inputs[*input]);
                self.word(&text, kind == Program::Client, depth);
            }
        }
    }

    /// Reports what was found at one place, each rule once; in a `ConfigMap`, with the place of what runs it.
    #[inline(never)]
    fn report(&self, (object, by): (Option<String>, String), path: &dyn Fn() -> String, findings: &mut Findings) {
        /// So many are shown.
        const SHOWN: usize = 4;
        for (what, rule, why, fix) in [
            (
                What::ReadOnly,
                rule::READ_ONLY_OFF,
                "it runs in every pod, and opens a replica for writes whenever it runs last",
                "remove it; the primary is open for writes without it",
            ),
            (
                What::Events,
                rule::READ_ONLY_OFF,
                "it runs in every pod: a replica would run the primary's events too, and write by itself what it gets \
                    from there",
                "remove it; to run events on the primary, write event-scheduler = ON into the ConfigMap's key \
                    master.cnf",
            ),
            (
                What::Replication,
                rule::REPLICATION_STOPPED,
                "it runs in every pod, against the replication that the policy sets up there: a replica would stop, \
                    follow another server, or pass over changes",
                "remove it; the policy sets replication up, and looks after it",
            ),
        ] {
            let mut all: Vec<String> = Vec::new();
            for (_, statement) in self.found.iter().filter(|(of, _)| *of == what) {
                let statement = shown(statement);
                if all.len() < SHOWN && !all.contains(&statement) {
                    all.push(statement);
                }
            }
            if all.is_empty() {
                continue;
            }
            let found = format!("the statement{} {}{by}", if all.len() > 1 { "s" } else { "" }, all.join(" and "));
            let object = object.clone();
            findings.reject(Violation { object, ..Violation::new(rule, path(), found, why, fix) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::Cluster, config_maps::ConfigMaps, field_path::FieldPath, json::json,
        rules::statefulset::found_in as found,
    };

    #[test]
    fn statements_in_hooks() {
        for text in [
            "mysql -e 'SET GLOBAL super_read_only = 0'",
            "mysql -e \"set @@global.read_only:=OFF\"",
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
    fn a_programs_argument_may_be_sql() {
        for program in ["run-sql", "/scripts/run-sql.sh"] {
            let told = json!({"exec": {"command": [program, "SET PERSIST super_read_only=off;"]}});
            assert_eq!(found(&json!({"lifecycle": {"postStart": told}})).len(), 1, "{program}");
        }
    }

    /// Is a statement found in a `postStart` hook?
    fn is_found(text: &str) -> bool {
        let container = json!({
            "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", text]}}},
            "env": [{"name": "VALUE", "value": "0"}],
        });
        !found(&container).is_empty()
    }

    #[test]
    fn by_which_ways_a_server_is_told() {
        for text in [
            "echo 'SET GLOBAL read_only=0' | mysql",
            "echo SET GLOBAL read_only=0 | mysql",
            "printf '%s;\\n' 'SET GLOBAL read_only=0' | tee /tmp/x | mysql",
            "echo -n 'SET GLOBAL read_only=0' > /tmp/x; mysql < /tmp/x",
            "(echo 'SET GLOBAL read_only=0') | mysql",
            "mysql -e \"$(echo 'SET GLOBAL read_only=0')\"",
            "mysql <<E\nSET GLOBAL read_only=0\nE",
            "cat <<'E' | mysql\nSET GLOBAL read_only=0\nE\n",
            "mysql <<< 'SET GLOBAL read_only=0'",
            "mysql --execute='SET GLOBAL read_only=0'",
            "mysql -e'SET GLOBAL read_only=0'",
            "SQL='SET GLOBAL read_only=0'; mysql -e \"$SQL\"",
            "S='SET GLOBAL'; mysql -e \"$S read_only=0\"",
            "mysql -e \"SET GLOBAL read_only=$VALUE\"",
            "if x; then bash -c \"mysql -e 'SET GLOBAL read_only=0'\" & fi",
            "timeout 5 mysql -e 'STOP REPLICA'",
            "mysqladmin -uroot stop-replica",
            "while :; do mysql -e 'RESET MASTER'; done",
            "mysql -e \"SET GLOBAL read_only=$OTHER\"",
            "mysql -e \"SET GLOBAL read_only=${RO:-0}\"",
            "mysql -e 'SET GLOBAL read_only = NOT 1'",
            "mysql -e 'SET GLOBAL read_only = !1'",
            "mysql -e 'SET GLOBAL read_only = (SELECT 0)'",
            "mysql -e 'SET @a = 0; SET GLOBAL read_only = @a'",
            "while sleep 5; do for v in read_only x; do mysql -e \"SET GLOBAL $v=OFF\"; done; done",
            "for v in super_read_only read_only; do mysql -e \"SET GLOBAL $v=OFF\"; done",
            "V='SET GLOBAL read_only=0'; mysql <<E\n$V\nE",
        ] {
            assert!(is_found(text), "{text}");
        }
        for text in [
            "# mysql -e 'SET GLOBAL read_only=0'\ntrue",
            "echo 'SET GLOBAL read_only=0' >&2",
            "echo 'SET GLOBAL read_only=0' | tee -a /proc/1/fd/1",
            "echo 'SET GLOBAL read_only=0' >> /dev/stderr",
            "grep -q 'SET GLOBAL read_only=0' /x && mysql -e 'SELECT 1'",
            "mysql -e \"SELECT 'SET GLOBAL read_only=0'\"",
            "cat > /README <<E\nnever SET GLOBAL read_only=0\nE",
            "set -e; echo start-slave",
            "mysql -e \"SET GLOBAL $OTHER=0\"",
            // a shell's own `set`, and words that begin a statement elsewhere
            "set -eu\nread_only=$(mysql -N -e 'SELECT @@read_only')\n[ \"$read_only\" = 1 ]",
            "set -e\ngtid_purged=$(awk '{print $3}' xtrabackup_binlog_info)",
            "xtrabackup --prepare --target-dir=/b\necho \"Stop replica by hand if it lags\"",
            "usage() { cat >&2 <<E\nwhat to do;\nSTOP REPLICA;\nE\n}",
            "/tools/reset master",
            "for v in max_connections; do mysql -e \"SET GLOBAL $v=0\"; done",
        ] {
            assert!(!is_found(text), "{text}");
        }
    }

    /// The findings in a pod whose hook runs a command, where a ConfigMap has a file for it.
    fn of_files(command: &Value, files: &Value) -> Vec<String> {
        let host = |_: &str, request: &[u8]| {
            assert!(std::str::from_utf8(request).unwrap().contains(r#""name":"tools""#));
            Ok(json!({ "data": files }).to_json().into_bytes())
        };
        let cluster = Cluster::new(&host);
        let hook = json!({
            "volumeMounts": [{"name": "tools", "mountPath": "/tools"}, {"name": "data", "mountPath": "/var/lib/mysql"}],
            "lifecycle": {"postStart": {"exec": {"command": command.clone()}}},
            "env": [{"name": "WHAT", "value": "super_read_only"}],
        });
        let pod = json!({
            "containers": [hook],
            "volumes": [{"name": "tools", "configMap": {"name": "tools"}}, {"name": "data", "emptyDir": {}}],
        });
        let found = Found::new(&pod, &pod["containers"].as_array().unwrap()[0], FieldPath::Known("c"), None)
            .within(ConfigMaps::new(&cluster, "shop"));
        let mut findings = Findings::default();
        check_statements(&found, &mut findings);
        let told = findings.violations.iter().map(|violation| {
            assert!(
                violation
                    .found
                    .ends_with(", run by spec.template.spec.containers[0].lifecycle.postStart.exec.command[1]")
                    || violation.found.ends_with(".command[2]")
                    || violation.found.ends_with(".command[0]"),
                "{violation:?}"
            );
            format!("{} {} {}", violation.rule, violation.object.as_ref().unwrap(), violation.path)
        });
        told.chain(findings.warnings.clone()).collect()
    }

    #[test]
    fn scripts_of_config_maps_are_read() {
        let opens = "#!/bin/sh\nset -e\nmysql -e 'SET GLOBAL super_read_only=OFF'\n";
        let files = json!({
            "open.sh": opens, "all.sh": "#!/bin/sh\n. /tools/open.sh\n", "stop.sql": "-- now\nSTOP REPLICA;\n",
            "harmless.sh": "echo 'SET GLOBAL read_only=0' >&2\n", "data.sql": "INSERT INTO t VALUES ('x; STOP SLAVE')",
            "round.sh": "/tools/round.sh", "known.sh": "mysql -e \"SET GLOBAL $WHAT=OFF\"",
            "ready.sh": "set -eu\nmysqladmin -pgeheim ping\nread_only=$(mysql -N -e 'SELECT @@read_only')\n",
        });
        let open = "read-only-off ConfigMap shop/tools data[\"open.sh\"]";
        let stop = "replication-stopped ConfigMap shop/tools data[\"stop.sql\"]";
        for (command, expected) in [
            (json!(["sh", "/tools/open.sh"]), open),
            (json!(["/tools/open.sh"]), open),
            (json!(["/tools/./open.sh", "now"]), open),
            (json!(["sh", "-c", "/tools/open.sh||true"]), open),
            (json!(["sh", "-c", "mysql</tools/stop.sql"]), stop),
            (json!(["sh", "/tools/known.sh"]), "read-only-off ConfigMap shop/tools data[\"known.sh\"]"),
            (json!(["sh", "-c", "sleep 5; exec bash /tools/open.sh"]), open),
            (json!(["sh", "-c", ". /tools/all.sh"]), open),
            (json!(["sh", "-c", "mysql </tools/stop.sql"]), stop),
            (json!(["sh", "-c", "cat /tools/stop.sql | mysql"]), stop),
            (json!(["mysql", "-e", "source /tools/stop.sql"]), stop),
            (json!(["sh", "-c", "mysql -e 'source /tools/stop.sql'"]), stop),
        ] {
            assert_eq!(of_files(&command, &files), [expected], "{command}");
        }
        for command in [
            json!(["sh", "/tools/harmless.sh"]),
            json!(["sh", "/tools/absent.sh"]),
            json!(["sh", "/tools/ready.sh"]),
            json!(["sh", "-c", "chmod +x /tools/open.sh; ls -l /tools/open.sh"]),
            json!(["sh", "/var/lib/mysql/open.sh"]),
            json!(["sh", "/tools/round.sh"]),
            json!(["sh", "-c", "mysql < /tools/data.sql"]),
            json!(["sh", "-c", "cat /tools/open.sh"]),
            json!(["echo", "/tools/open.sh"]),
        ] {
            assert!(of_files(&command, &files).is_empty(), "{command}: {:?}", of_files(&command, &files));
        }
        let long = json!({"open.sh": opens.repeat(BYTES / opens.len() + 1)});
        assert_eq!(
            of_files(&json!(["sh", "/tools/open.sh"]), &long),
            [concat!(
                "spec.template.spec.containers[0].lifecycle.postStart.exec.command[1]: \"/tools/open.sh\" ",
                "was not looked at"
            )]
        );
    }

    #[test]
    fn where_a_server_is_told() {
        let told = json!({"exec": {"command": ["mysql", "-e", "STOP SLAVE; SET GLOBAL super_read_only=0"]}});
        for place in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let rules = found(&Value::object([(place, told.clone())]));
            let path = format!("spec.template.spec.containers[0].{place}.exec.command[2]");
            assert_eq!(rules, [(rule::READ_ONLY_OFF, path.clone()), (rule::REPLICATION_STOPPED, path)]);
        }
        let variable =
            json!({"env": [{"name": "A", "value": "b"}, {"name": "SQL", "value": "SET GLOBAL event_scheduler=1"}]});
        assert_eq!(
            found(&variable),
            [(rule::READ_ONLY_OFF, "spec.template.spec.containers[0].env[1].value".to_owned())]
        );
        let text = "mysql -e 'CHANGE MASTER TO MASTER_HOST=1'";
        let args = json!({"command": ["sh", "-c"], "args": [text]});
        assert_eq!(found(&args), [(rule::REPLICATION_STOPPED, "spec.template.spec.containers[0].args[0]".to_owned())]);
        // the policy's own
        for command in [json!(["bash", "/mysql-replication/x.sh", text]), json!(["bash", "-c", UNPACK, text])] {
            assert!(found(&json!({"name": "xtrabackup", "command": command.clone()})).is_empty());
            assert!(!found(&json!({"name": "mine", "command": command})).is_empty());
        }
        assert!(!found(&json!({"name": "xtrabackup", "command": ["bash", "-c", text]})).is_empty());
    }
}
