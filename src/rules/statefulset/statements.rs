//! What the containers of a pod tell its server in SQL: by their commands, hooks, probes and variables.

use super::sql::{What, may_undo, statements};
use crate::{
    findings::{Findings, Violation},
    halves::Halves,
    json::{Value, list_at, str_at},
    name_index::NameIndex,
    names::{INJECTED_CONTAINERS, SCRIPTS_DIR},
    object::name,
    rule,
    scripts::UNPACK,
    shell::{Program, Variables, program, split},
    text::shown,
};
use std::cell::OnceCell;

/// Where a container names programs that are run beside its own (Kubernetes' API reference, `ExecAction`).
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("lifecycle.postStart.exec.command", &["lifecycle", "postStart", "exec", "command"]),
    ("lifecycle.preStop.exec.command", &["lifecycle", "preStop", "exec", "command"]),
    ("startupProbe.exec.command", &["startupProbe", "exec", "command"]),
    ("livenessProbe.exec.command", &["livenessProbe", "exec", "command"]),
    ("readinessProbe.exec.command", &["readinessProbe", "exec", "command"]),
];

/// Statements that containers, their hooks and probes send to the server.
pub(super) fn check_statements(pod: &Value, findings: &mut Findings) {
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            if is_injected(container) {
                continue;
            }
            let path =
                |place: &str, at: usize, end: &str| format!("spec.template.spec.{list}[{index}].{place}[{at}]{end}");
            let own = [("command", list_at(container, &["command"])), ("args", list_at(container, &["args"]))];
            check_program(container, &own, &path, findings);
            for (place, keys) in PROGRAMS {
                check_program(container, &[(place, list_at(container, keys))], &path, findings);
            }
            for (at, variable) in list_at(container, &["env"]).iter().enumerate() {
                let value = str_at(variable, &["value"]);
                if may_undo(value) {
                    let mut search = Search { found: Vec::new(), known: &|_| None };
                    search.word(value, false, 0);
                    report(&search.found, &|| path("env", at, ".value"), findings);
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

/// The words of one program, which may stand in two lists.
#[inline(never)]
fn check_program(
    container: &Value,
    lists: &[(&str, &[Value])],
    path: &dyn Fn(&str, usize, &str) -> String,
    findings: &mut Findings,
) {
    let words = || {
        let all =
            lists.iter().flat_map(|(list, words)| words.iter().enumerate().map(move |(at, word)| (*list, at, word)));
        all.map(|(list, at, word)| (list, at, word.as_str().unwrap_or_default()))
    };
    if !words().any(|(_, _, word)| may_undo(word)) {
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
    for (list, at, word) in words() {
        let mut search = Search { found: Vec::new(), known: &known };
        if is_admin {
            search.admin(word);
        }
        search.word(word, kind == Program::Client, 0);
        report(&search.found, &|| path(list, at, ""), findings);
    }
}

/// Do the words run the servers' client for administration?
fn is_admin<W: AsRef<str>>(words: &[W]) -> bool {
    words.iter().any(|word| ["mysqladmin", "mariadb-admin"].iter().any(|name| word.as_ref().ends_with(name)))
}

/// What was found in one text.
struct Search<'k> {
    found: Vec<(What, String)>,
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
        if !is_client && word.contains(char::is_whitespace) {
            self.script(word, depth + 1);
        }
    }

    /// The text of a shell.
    fn script(&mut self, text: &str, depth: usize) {
        /// Nobody writes shells within shells any deeper.
        const DEPTH: usize = 4;
        if depth > DEPTH || !may_undo(text) {
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
                self.statements(&said.map(AsRef::as_ref).collect::<Vec<_>>().join(" "));
            } else {
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
}

/// Reports what was found at one place, each rule once.
#[inline(never)]
fn report(found: &[(What, String)], path: &dyn Fn() -> String, findings: &mut Findings) {
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
            "it runs in every pod: a replica would run the primary's events too, and write by itself what it gets from \
                there",
            "remove it; to run events on the primary, write event-scheduler = ON into the ConfigMap's key master.cnf",
        ),
        (
            What::Replication,
            rule::REPLICATION_STOPPED,
            "it runs in every pod, against the replication that the policy sets up there: a replica would stop, follow \
                another server, or pass over changes",
            "remove it; the policy sets replication up, and looks after it",
        ),
    ] {
        let mut all: Vec<String> = Vec::new();
        for (_, statement) in found.iter().filter(|(of, _)| *of == what) {
            let statement = shown(statement);
            if all.len() < SHOWN && !all.contains(&statement) {
                all.push(statement);
            }
        }
        if all.is_empty() {
            continue;
        }
        let found = format!("the statement{} {}", if all.len() > 1 { "s" } else { "" }, all.join(" and "));
        findings.reject(Violation::new(rule, path(), found, why, fix));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json::json, rules::statefulset::found_in as found};

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
            "for v in max_connections; do mysql -e \"SET GLOBAL $v=0\"; done",
        ] {
            assert!(!is_found(text), "{text}");
        }
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
