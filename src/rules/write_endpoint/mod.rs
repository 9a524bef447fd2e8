//! Rules on workloads: what a container is told to write to must not be a replica.
//!
//! No object needs more look-ups than those of 16 `ConfigMap`s and, for each of 32 hosts, of a Service, of a
//! StatefulSet or two and of the list of a namespace's. Objects without a name that says write need none but for
//! `envFrom`.

mod dns_target;
mod hosts;
mod names;

pub(crate) use names::service_says_write;

use std::{borrow::Cow, ops::Range, rc::Rc};

use dns_target::{DnsTarget, dns_targets, pod_name};
use hosts::{NetworkHost, VALUE_LIMIT, hosts};
use names::{Saying, contains, is_about_replication, may_say_write, saying_of, says_else, takes_single_word};

use crate::{
    cluster::{Cluster, Kind, Lookup},
    enforcement::{failed_look_up, label},
    json::{Value, at, list_at, name, str_at},
    names::{
        ANNOTATION_PREFIX, BACKUP_PORT, DATABASE_PORT, POD_INDEX_LABEL, POD_NAME_LABEL,
        annotation::{EXEMPT, PRIMARY_OF},
        rule,
    },
    rules::service::{is_managed, selects},
    variables::Names,
    verdict::{Findings, Violation},
    write_names::WriteNames,
};

/// The lists of containers in a pod specification.
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
/// So many `ConfigMap`s of an object are looked up at most.
const CONFIG_MAPS: usize = 16;
/// So many hosts of an object are looked up at most.
const HOSTS: usize = 32;
/// No value with `$(VAR)` in it grows longer, and no value of a ConfigMap is read that is.
const EXPANDED: usize = 4096;
/// So many sources of `envFrom` are looked at in one container, one that is named again not counted.
const SOURCES: usize = 32;
/// What is looked at of one object; whoever goes beyond one of these hides something among it. Each takes some ten
/// milliseconds at most, and no honest pod comes near.
const LIMITS: Effort =
    Effort { aliases: 4096, variables: 8192, closely: 40 << 10, expanded: 256 << 10, shell: 256 << 10 };
/// The ports of MySQL's protocols: the classic one, X and the administrative one.
const DATABASE_PORTS: [u64; 3] = [DATABASE_PORT as u64, 33060, 33062];

/// Could an object (as text) break a rule of this module? Cheap, and never wrongly no.
pub(crate) fn may_concern(object: &str, names: &WriteNames) -> bool {
    !names.variables.is_empty() || may_say_write(object)
}

/// Checks the containers of a pod specification at `path`.
pub(crate) fn workload(
    pod: &Value,
    path: &str,
    namespace: &str,
    names: &WriteNames,
    cluster: &Cluster,
    findings: &mut Findings,
) {
    let mut check = Check {
        namespace,
        names,
        cluster,
        findings,
        aliases: Names::default(),
        effort: Effort::default(),
        config_maps: Vec::new(),
        hosts: Vec::new(),
        failed: Vec::new(),
        skipped_config_maps: 0,
        skipped_hosts: 0,
    };
    check.take_aliases(pod);
    for list in CONTAINERS {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            if check.effort.is_too_much() {
                break;
            }
            if names.variables.is_empty() && !may_write(container) {
                continue;
            }
            check.container(container, &format!("{path}.{list}[{index}]"));
        }
    }
    if check.effort.is_too_much() {
        check.findings.reject(Violation::new(
            rule::WRITE_ENDPOINT,
            path.to_owned(),
            "more names and values than are looked at",
            "what is not looked at may write to a replica",
            format!("write fewer, or annotate {ANNOTATION_PREFIX}{EXEMPT}: \"{}: why\"", rule::WRITE_ENDPOINT),
        ));
    }
    for (skipped, what, limit) in [
        (check.skipped_config_maps, "ConfigMaps of variables", CONFIG_MAPS),
        (check.skipped_hosts, "hosts of names that say write", HOSTS),
    ] {
        if skipped > 0 {
            check.findings.warn(format!("{skipped} {what} beyond the first {limit} were not looked at"));
        }
    }
}

/// Could anything that a container is told say write?
fn may_write(container: &Value) -> bool {
    let strings = |list: &str| list_at(container, &[list]).iter().filter_map(Value::as_str);
    !list_at(container, &["envFrom"]).is_empty()
        || strings("command").chain(strings("args")).any(may_say_write)
        || list_at(container, &["env"]).iter().any(|entry| {
            let key = str_at(entry, &["valueFrom", "configMapKeyRef", "key"]);
            [name(entry), str_at(entry, &["value"]), key].into_iter().any(may_say_write)
        })
}

/// One object's check, with what it knows of the cluster so far.
struct Check<'a, 'h, 'f> {
    namespace: &'a str,
    names: &'a WriteNames,
    cluster: &'a Cluster<'h>,
    findings: &'f mut Findings,
    /// Names that the pod's own file of hosts gives a meaning to.
    aliases: Names<'a>,
    effort: Effort,
    config_maps: Vec<(String, Option<Rc<Value<'a>>>)>,
    hosts: Vec<(HostPort, Option<Wrong>)>,
    failed: Vec<String>,
    skipped_config_maps: usize,
    skipped_hosts: usize,
}

type HostPort = (String, Option<u16>);

/// How much of an object was looked at so far.
#[derive(Default)]
struct Effort {
    /// Names of hosts of the pod's own.
    aliases: usize,
    /// Variables, and elements of command lines.
    variables: usize,
    /// Bytes of names and values that are taken to pieces.
    closely: usize,
    /// Bytes of values that are made of others.
    expanded: usize,
    /// Bytes of command lines.
    shell: usize,
}

impl Effort {
    /// Is it enough? What is beyond is not looked at, and the object is reported for that.
    #[inline(never)]
    fn is_too_much(&self) -> bool {
        let Self { aliases, variables, closely, expanded, shell } = LIMITS;
        self.aliases > aliases
            || self.variables > variables
            || self.closely > closely
            || self.expanded > expanded
            || self.shell > shell
    }
}

/// Why a host must not be written to.
#[derive(Clone)]
struct Wrong {
    /// What it is, as messages go on behind its name.
    what: String,
    why: &'static str,
    /// The primary's pod, as its name is complete for whoever uses it.
    primary: String,
    statefulset: String,
}

/// What is known of a container's variable.
#[derive(Clone)]
enum Variable<'a> {
    Text(Cow<'a, str>),
    /// A key of a ConfigMap, which is only looked up for a name that says write.
    Key {
        config_map: &'a str,
        key: Cow<'a, str>,
        path: Rc<str>,
    },
    Unknown,
}

/// The variables of a container: those of `envFrom`, then those of `env`.
struct Variables<'a> {
    names: Names<'a>,
    /// As far as they are known.
    values: Vec<Variable<'a>>,
    /// So many are from `envFrom`.
    from: usize,
}

/// The variables that a reference sees.
struct Seen<'s, 'a> {
    variables: &'s Variables<'a>,
    places: Range<usize>,
}

impl<'a> Variables<'a> {
    /// Those that an entry of `env` sees: the entries of `env` before it (Kubernetes' API reference, `EnvVar`).
    fn before(&self) -> Seen<'_, 'a> {
        Seen { variables: self, places: self.from..self.values.len() }
    }

    /// Those that `command` and `args` see.
    fn all(&self) -> Seen<'_, 'a> {
        Seen { variables: self, places: 0..self.values.len() }
    }
}

impl<'s, 'a> Seen<'s, 'a> {
    fn get(&self, name: &str) -> Option<&'s Variable<'a>> {
        self.variables.names.last(name, self.places.clone()).map(|place| &self.variables.values[place])
    }
}

/// An entry of `env`.
struct EnvPlace<'a> {
    container: &'a str,
    index: usize,
}

/// Where a word stands.
#[derive(Clone, Copy)]
struct Spot<'a> {
    container: &'a str,
    list: &'static str,
    index: usize,
    end: &'static str,
}

impl Spot<'_> {
    fn path(self) -> String {
        let Self { container, list, index, end } = self;
        format!("{container}.{list}[{index}]{end}")
    }
}

/// Where a value comes from that a name says write of.
struct Place<'a> {
    path: &'a str,
    /// The name as messages show it.
    shown: &'a str,
    name: &'a str,
    /// Beyond the name, such as the ConfigMap.
    from: Option<String>,
    /// Is it made of another variable's value?
    is_made: bool,
}

const READ_ONLY: &str = "replicas are read-only: what is written there fails";
const MOST: &str = "all pods but the primary are read-only: most writes through it fail";

impl<'a> Check<'a, '_, '_> {
    fn container(&mut self, container: &'a Value<'a>, path: &str) {
        let env = list_at(container, &["env"]);
        let (mut names, values) = self.env_from(container, path);
        self.effort.variables += env.len();
        if self.effort.is_too_much() {
            return;
        }
        let from = names.len();
        names.extend(env.iter().map(|entry| Cow::Borrowed(name(entry))));
        let mut variables = Variables { names: Names::new(names), values, from };
        let about_replication = self.is_about_replication(&variables.names);
        let mut scope = Scope { about_replication, reported: Vec::new() };

        for (place, (variable, value)) in variables.names.iter().zip(&variables.values).enumerate() {
            if self.effort.is_too_much() {
                return;
            }
            if let Variable::Key { config_map, key, path } = value
                && self.says_write(variable, &scope)
                && variables.names.is_effective(place)
                && let Some(text) = self.key(config_map, key, path)
            {
                let from = Some(self.origin(config_map, key));
                let place = Place { path, shown: variable, name: variable, from, is_made: false };
                self.value(&text, &place, &mut scope);
            }
        }
        for (index, entry) in env.iter().enumerate() {
            if self.effort.is_too_much() {
                return;
            }
            let place = EnvPlace { container: path, index };
            let value = self.env(entry, &place, &mut scope, &variables.before());
            variables.values.push(value);
        }
        self.words(container, path, &variables.all(), &mut scope);
    }

    fn take_aliases(&mut self, pod: &'a Value<'a>) {
        let all = || list_at(pod, &["hostAliases"]).iter().flat_map(|alias| list_at(alias, &["hostnames"]));
        self.effort.aliases = all().count();
        if (1..=LIMITS.aliases).contains(&self.effort.aliases) {
            let small = |name: &Value| Cow::Owned(name.as_str().unwrap_or_default().to_ascii_lowercase());
            self.aliases = Names::new(all().map(small).collect());
        }
    }

    fn is_about_replication(&mut self, names: &Names) -> bool {
        let mut names = names.iter().filter(|name| contains(name, "repl"));
        names.any(|name| {
            self.effort.closely += name.len();
            !self.effort.is_too_much() && is_about_replication(name)
        })
    }

    /// The variables of `envFrom`.
    fn env_from(&mut self, container: &'a Value<'a>, path: &str) -> (Vec<Cow<'a, str>>, Vec<Variable<'a>>) {
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let sources = self.sources(container);
        if self.effort.is_too_much() {
            return (names, values);
        }
        for (index, config_map, prefix) in sources {
            let path = Rc::from(format!("{path}.envFrom[{index}]"));
            let Some(found) = self.config_map(config_map, &path) else { continue };
            let Some(data) = at(&found, &["data"]).and_then(Value::as_object) else { continue };
            for key in data.keys() {
                self.effort.variables += 1;
                if self.effort.is_too_much() {
                    return (Vec::new(), Vec::new());
                }
                values.push(Variable::Key { config_map, key: Cow::Owned(key.to_owned()), path: Rc::clone(&path) });
                names.push(Cow::Owned(format!("{prefix}{key}")));
            }
        }
        (names, values)
    }

    /// The `ConfigMap`s of `envFrom`, each with its place and prefix. One that is named again counts where it is named
    /// last.
    fn sources(&mut self, container: &'a Value<'a>) -> Vec<(usize, &'a str, &'a str)> {
        let mut sources: Vec<(usize, &str, &str)> = Vec::new();
        for (index, source) in list_at(container, &["envFrom"]).iter().enumerate() {
            let config_map = str_at(source, &["configMapRef", "name"]);
            if config_map.is_empty() {
                continue;
            }
            let prefix = str_at(source, &["prefix"]);
            let known = sources.iter().position(|(_, map, before)| *map == config_map && *before == prefix);
            if let Some(known) = known {
                sources.remove(known);
            } else if sources.len() == SOURCES {
                self.effort.variables = LIMITS.variables + 1;
                break;
            }
            sources.push((index, config_map, prefix));
        }
        sources
    }

    /// Checks an entry of `env`, and returns what later entries see of it.
    fn env(
        &mut self,
        entry: &'a Value<'a>,
        place: &EnvPlace,
        scope: &mut Scope,
        earlier: &Seen<'_, 'a>,
    ) -> Variable<'a> {
        let variable = name(entry);
        let EnvPlace { container, index } = *place;
        // Kubernetes takes the last of a name
        let Seen { variables: Variables { names, from, .. }, .. } = earlier;
        let is_effective = || names.is_effective(from + index);
        let saying = self.saying(variable);
        let writes = scope.takes(saying) && is_effective();
        if let Some(text) = at(entry, &["value"]).and_then(Value::as_str).filter(|text| !text.is_empty()) {
            let expanded = self.expand(text, earlier, writes);
            if writes {
                let path = format!("{container}.env[{index}].value");
                let is_made = matches!(expanded, Cow::Owned(_));
                let place = Place { path: &path, shown: variable, name: variable, from: None, is_made };
                self.value(&expanded, &place, scope);
            } else if text.contains('-') && text.contains('=') && is_list_of_options(variable) && is_effective() {
                let spot = Spot { container, list: "env", index, end: ".value" };
                for command in self.commands(text) {
                    self.command(&command, spot, earlier, scope);
                }
            }
            return Variable::Text(expanded);
        }
        if str_at(entry, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.namespace" {
            return Variable::Text(Cow::Borrowed(self.namespace));
        }
        let key = str_at(entry, &["valueFrom", "configMapKeyRef", "key"]);
        let config_map = str_at(entry, &["valueFrom", "configMapKeyRef", "name"]);
        if key.is_empty() || config_map.is_empty() {
            return Variable::Unknown;
        }
        let path = Rc::from(format!("{container}.env[{index}].valueFrom.configMapKeyRef"));
        // a key that says write counts where the variable says nothing at all
        let key_writes = saying == Saying::Nothing && self.says_write(key, scope) && !self.says_else(variable);
        if (writes || (key_writes && is_effective()))
            && let Some(text) = self.key(config_map, key, &path)
        {
            let from = Some(self.origin(config_map, key));
            let name = if writes { variable } else { key };
            self.value(&text, &Place { path: &path, shown: variable, name, from, is_made: false }, scope);
        }
        Variable::Key { config_map, key: Cow::Borrowed(key), path }
    }

    /// The options and assignments of `command` and `args`.
    fn words(&mut self, container: &'a Value<'a>, path: &str, variables: &Seen<'_, 'a>, scope: &mut Scope) {
        let mut whole: Vec<(&str, Spot)> = Vec::new();
        for list in ["command", "args"] {
            self.effort.variables += list_at(container, &[list]).len();
            if self.effort.is_too_much() {
                return;
            }
            for (index, element) in list_at(container, &[list]).iter().enumerate() {
                let spot = Spot { container: path, list, index, end: "" };
                let text = element.as_str().unwrap_or_default();
                let option = whole.last().and_then(|(option, _)| option_name(option));
                let follows_option = option.is_some_and(|option| self.says_write(option, scope));
                if !text.starts_with("--") && text.contains(char::is_whitespace) && !follows_option {
                    for command in self.commands(text) {
                        self.command(&command, spot, variables, scope);
                    }
                    whole.push(("", spot));
                } else {
                    whole.push((text, spot));
                }
            }
        }
        for (index, (text, spot)) in whole.iter().enumerate() {
            self.word(text, *spot, whole.get(index + 1).copied(), variables, scope);
        }
    }

    fn commands(&mut self, text: &str) -> Vec<Vec<String>> {
        self.effort.shell += text.len();
        if self.effort.is_too_much() { Vec::new() } else { commands(text) }
    }

    /// The words of one command of a shell.
    fn command(&mut self, words: &[String], spot: Spot, variables: &Seen<'_, 'a>, scope: &mut Scope) {
        // what is printed or compared is not set; what is printed into a file may be
        let is_in_any = |list: &[&str], word: &String| list.contains(&word.as_str());
        let program = words.iter().find(|word| !is_in_any(&["if", "then", "else", "while", "until", "do", "!"], word));
        let is_said =
            program.is_some_and(|word| is_in_any(&["echo", "printf", "test", "[", "[[", "grep", "sed", "awk"], word));
        // `>&2` ends a command here
        let is_into_file = words.iter().enumerate().any(|(index, word)| {
            word.starts_with('>') && (index + 1 < words.len() || !word.trim_start_matches('>').is_empty())
        });
        if is_said && !is_into_file {
            return;
        }
        for (index, word) in words.iter().enumerate() {
            let next = words.get(index + 1).map(|next| (next.as_str(), spot));
            self.word(word, spot, next, variables, scope);
        }
    }

    /// `--name=value`, `--name value`, `-Dname=value` or `NAME=value`.
    fn word(
        &mut self,
        word: &str,
        spot: Spot,
        next: Option<(&str, Spot)>,
        variables: &Seen<'_, 'a>,
        scope: &mut Scope,
    ) {
        if let Some(option) = option_name(word) {
            if let Some((value, spot)) = next.filter(|(value, _)| !value.starts_with('-'))
                && self.says_write(option, scope)
            {
                self.argument(option, word, value, spot, variables, scope);
            }
            return;
        }
        let Some((name, value)) = assignment(word) else { return };
        if self.says_write(name, scope) {
            self.argument(name, &word[..word.len() - value.len() - 1], value, spot, variables, scope);
        } else if let Some((name, value)) = assignment(value)
            && self.says_write(name, scope)
        {
            // `--env=NAME=value`
            self.argument(name, name, value, spot, variables, scope);
        }
    }

    fn argument(
        &mut self,
        name: &str,
        shown: &str,
        value: &str,
        spot: Spot,
        variables: &Seen<'_, 'a>,
        scope: &mut Scope,
    ) {
        let value = self.expand(value, variables, true);
        let is_made = matches!(value, Cow::Owned(_));
        self.value(&value, &Place { path: &spot.path(), shown, name, from: None, is_made }, scope);
    }

    fn says_write(&mut self, name: &str, scope: &Scope) -> bool {
        scope.takes(self.saying(name))
    }

    fn saying(&mut self, name: &str) -> Saying {
        let may_write = may_say_write(name);
        self.effort.closely += if may_write { name.len() } else { 0 };
        if self.effort.is_too_much() { Saying::Nothing } else { saying_of(name, may_write, self.names) }
    }

    fn says_else(&mut self, name: &str) -> bool {
        self.effort.closely += name.len();
        says_else(name)
    }

    /// Checks the hosts of a value that writes go to.
    fn value(&mut self, value: &str, place: &Place, scope: &mut Scope) {
        let is_told = self.saying(place.name) == Saying::Told;
        self.effort.closely += if value.len() > VALUE_LIMIT { 0 } else { value.len() };
        if self.effort.is_too_much() {
            return;
        }
        for host in hosts(value) {
            self.effort.closely += place.name.len();
            if self.effort.is_too_much() {
                return;
            }
            if self.aliases.has(&host.name) {
                continue;
            }
            if host.is_plain
                && !host.name.contains('.')
                && !is_told
                && !takes_single_word(place.name.trim_start_matches('-'), &host.name)
            {
                continue;
            }
            // an argument made of a variable that is reported already is no other problem
            let is_known = scope.reported.contains(&host.name) && place.is_made;
            if let Some(wrong) = self.host(&host, place.path).filter(|_| !is_known) {
                self.findings.reject_for(rule::WRITE_ENDPOINT, || violation(&host, &wrong, place));
                if !scope.reported.contains(&host.name) {
                    scope.reported.push(host.name);
                }
            }
        }
    }

    fn host(&mut self, host: &NetworkHost, path: &str) -> Option<Wrong> {
        let key = (host.name.clone(), host.port);
        if let Some((_, known)) = self.hosts.iter().find(|(known, _)| *known == key) {
            return known.clone();
        }
        let targets = dns_targets(&host.name, self.namespace);
        if targets.is_empty() {
            return None;
        }
        if self.hosts.len() == HOSTS {
            self.skipped_hosts += 1;
            return None;
        }
        let failed = self.failed.len();
        let mut wrong = None;
        for target in targets {
            let (is_it, found) = match target {
                DnsTarget::Pod { set, ordinal, service, namespace } => {
                    self.pod(set, ordinal, service, namespace, host.port, path)
                }
                DnsTarget::Service { name, namespace } => (true, self.service(name, namespace, host.port, path)),
            };
            // where one reading could not be looked up, another one may be wrong
            if is_it || self.failed.len() > failed {
                wrong = found;
                break;
            }
        }
        self.hosts.push((key, wrong.clone()));
        wrong
    }

    /// Is it a pod of a StatefulSet, and what is wrong with it?
    fn pod(
        &mut self,
        set: &str,
        ordinal: u32,
        service: &str,
        namespace: &str,
        port: Option<u16>,
        path: &str,
    ) -> (bool, Option<Wrong>) {
        let Some(found) = self.get(Kind::StatefulSet, namespace, set, path) else { return (false, None) };
        if str_at(&found, &["spec", "serviceName"]) != service {
            return (false, None);
        }
        let is_wrong = ordinal > 0 && is_managed(&found) && port.is_none_or(|port| is_database_port(u64::from(port)));
        let wrong = is_wrong.then(|| {
            self.wrong(&found, set, namespace, format!("a replica of the StatefulSet {namespace}/{set}"), READ_ONLY)
        });
        (true, wrong)
    }

    /// What is wrong with a Service?
    fn service(&mut self, service: &str, namespace: &str, port: Option<u16>, path: &str) -> Option<Wrong> {
        let found = self.get(Kind::Service, namespace, service, path)?;
        if str_at(&found, &["spec", "type"]) == "ExternalName" || !leads_to_database(&found, port) {
            return None;
        }
        let selector = at(&found, &["spec", "selector"]).and_then(Value::as_object)?;
        if let Some(pod) = selector.get(POD_NAME_LABEL) {
            let (set, _) = pod_name(pod.as_str()?).filter(|(_, ordinal)| *ordinal > 0)?;
            let found = self.get(Kind::StatefulSet, namespace, set, path).filter(is_managed)?;
            let pod = pod.as_str()?;
            let what = format!("a Service that leads to {pod}, a replica of the StatefulSet {namespace}/{set}");
            return Some(self.wrong(&found, set, namespace, what, READ_ONLY));
        }
        let index = selector.get(POD_INDEX_LABEL).and_then(Value::as_str);
        if selector.is_empty() || index == Some("0") {
            return None;
        }
        let list = match self.cluster.list(Kind::StatefulSet, namespace, service) {
            Lookup::Found(list) => list,
            Lookup::Absent => return None,
            Lookup::Failed(why) => {
                self.failed(format!("the StatefulSets of the namespace {namespace}"), path, &why);
                return None;
            }
        };
        let selected = list.iter().filter(|set| is_managed(set) && selects(selector, set));
        let found = selected.min_by_key(|set| str_at(set, &["metadata", "name"]))?;
        let set = str_at(found, &["metadata", "name"]);
        let (what, why) = match index {
            Some(index) => {
                let pod = format!("{set}-{index}");
                (format!("a Service that leads to {pod}, a replica of the StatefulSet {namespace}/{set}"), READ_ONLY)
            }
            // a primary alone takes every write
            None if at(found, &["spec", "replicas"]).and_then(Value::as_u64) == Some(1) => return None,
            None => (format!("a Service over all pods of the StatefulSet {namespace}/{set}"), MOST),
        };
        Some(self.wrong(found, set, namespace, what, why))
    }

    fn wrong(&self, statefulset: &Value, name: &str, namespace: &str, what: String, why: &'static str) -> Wrong {
        let mut primary = format!("{name}-0.{}", str_at(statefulset, &["spec", "serviceName"]));
        if namespace != self.namespace {
            primary = format!("{primary}.{namespace}");
        }
        Wrong { what, why, primary, statefulset: name.to_owned() }
    }

    fn get(&mut self, kind: Kind, namespace: &str, name: &str, path: &str) -> Option<Value<'a>> {
        let cluster: &'a Cluster = self.cluster;
        match cluster.get(kind, namespace, name) {
            Lookup::Found(found) => Some(found),
            // workloads may be there before the database
            Lookup::Absent => None,
            Lookup::Failed(why) => {
                self.failed(label(kind.name(), namespace, name), path, &why);
                None
            }
        }
    }

    fn failed(&mut self, what: String, path: &str, why: &str) {
        if !self.failed.contains(&what) {
            self.findings.reject(failed_look_up(&what, path, why));
            self.failed.push(what);
        }
    }

    fn config_map(&mut self, name: &str, path: &str) -> Option<Rc<Value<'a>>> {
        if let Some((_, known)) = self.config_maps.iter().find(|(known, _)| known == name) {
            return known.clone();
        }
        if self.config_maps.len() == CONFIG_MAPS {
            self.skipped_config_maps += 1;
            return None;
        }
        let found = self.get(Kind::ConfigMap, self.namespace, name, path).map(Rc::new);
        self.config_maps.push((name.to_owned(), found.clone()));
        found
    }

    fn key(&mut self, config_map: &str, key: &str, path: &str) -> Option<String> {
        let found = self.config_map(config_map, path)?;
        let text = at(&found, &["data"])?.get(key)?.as_str()?;
        // a longer one names no host, and would be copied for everything that refers to it
        (text.len() <= EXPANDED).then(|| text.to_owned())
    }

    fn origin(&self, name: &str, key: &str) -> String {
        format!("key {} of the {}", plain(key), label("ConfigMap", self.namespace, name))
    }

    /// The text with the values of its `$(VAR)`, as the kubelet puts them in. Those in a ConfigMap are only looked up
    /// where it matters; what is not known stays.
    fn expand<'t>(&mut self, text: &'t str, variables: &Seen, look_up: bool) -> Cow<'t, str> {
        if !text.contains('$') {
            return Cow::Borrowed(text);
        }
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
                continue;
            }
            let reference = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
            let Some((name, after)) = reference else {
                expanded.push('$');
                // there is no end of any further one either
                if rest.starts_with('(') {
                    break;
                }
                continue;
            };
            rest = after;
            match variables.get(name) {
                Some(Variable::Text(value)) if value.len() > EXPANDED => return Cow::Borrowed(text),
                Some(Variable::Text(value)) => expanded.push_str(value),
                Some(Variable::Key { config_map, key, path }) if look_up => {
                    expanded.push_str(&self.key(config_map, key, path).unwrap_or_else(|| format!("$({name})")));
                }
                _ => expanded.extend(["$(", name, ")"]),
            }
            if expanded.len() > EXPANDED {
                return Cow::Borrowed(text);
            }
        }
        expanded.push_str(rest);
        self.effort.expanded += expanded.len();
        if self.effort.is_too_much() { Cow::Borrowed(text) } else { Cow::Owned(expanded) }
    }
}

/// What the names of one container say together, and what was found in it.
struct Scope {
    about_replication: bool,
    reported: Vec<String>,
}

impl Scope {
    /// Does the name say write, in this container?
    fn takes(&self, saying: Saying) -> bool {
        saying.is_write() && !(saying == Saying::Role && self.about_replication)
    }
}

fn violation(host: &NetworkHost, wrong: &Wrong, place: &Place) -> Violation {
    let Wrong { what, why, primary, statefulset } = wrong;
    let shown = plain(place.shown);
    let from = place.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
    Violation::new(
        rule::WRITE_ENDPOINT,
        place.path.to_owned(),
        format!("{shown}{from} names {}, {what}", host.name),
        *why,
        format!(
            "write {primary}, or a Service annotated {ANNOTATION_PREFIX}{PRIMARY_OF}: {statefulset}; \
             if it only reads, give {shown} another name, or annotate {ANNOTATION_PREFIX}{EXEMPT}: \"{}: why\"",
            rule::WRITE_ENDPOINT
        ),
    )
}

/// A user's text as messages name it.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

fn is_database_port(port: u64) -> bool {
    DATABASE_PORTS.contains(&port)
}

/// Does a Service lead to a database's port, under the given one if any? Another may lead to an exporter or to the
/// backups of the same pods.
fn leads_to_database(service: &Value, port: Option<u16>) -> bool {
    let ports = list_at(service, &["spec", "ports"]);
    // a client gets the addresses of pods, and goes to their port by its own number
    if ports.is_empty() || str_at(service, &["spec", "clusterIP"]) == "None" {
        return port.is_none_or(|port| is_database_port(u64::from(port)));
    }
    ports.iter().any(|entry| {
        let number = entry.get("port").and_then(Value::as_u64);
        let is_asked = port.is_none_or(|port| number == Some(u64::from(port)));
        is_asked
            && match entry.get("targetPort") {
                Some(Value::String(name)) => {
                    !["metrics", "exporter", "http", "xtrabackup"].iter().any(|no| name.contains(no))
                }
                Some(Value::Number(target)) => {
                    target.as_u64().is_some_and(|target| target != u64::from(BACKUP_PORT) && is_database_port(target))
                }
                _ => number.is_some_and(is_database_port),
            }
    })
}

/// Does a variable hold options of a program, such as `JAVA_TOOL_OPTIONS`?
fn is_list_of_options(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["opts", "options", "args", "flags"].iter().any(|end| name.ends_with(end))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// The name of an option whose value comes next.
fn option_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (is_name(name) && name.len() > 1).then_some(name)
}

/// The name and the value of `--name=value`, `-Dname=value` and `NAME=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_prefix("-D").unwrap_or_else(|| name.trim_start_matches('-'));
    is_name(name).then_some((name, value))
}

/// The commands of a shell's text, each as its words without quotes. Comments are left out, and so are the statements
/// that tell a replica whom to follow.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    if says_whom_to_follow(text) {
        return commands;
    }
    let mut command = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if let Some(open) = quote {
            if letter == open {
                quote = None;
            } else if letter == '\\' && open == '"' {
                word.get_or_insert_default().extend(letters.next());
            } else {
                word.get_or_insert_default().push(letter);
            }
            continue;
        }
        match letter {
            '"' | '\'' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            '\\' => {
                // a line goes on
                if let Some(next) = letters.next().filter(|next| *next != '\n') {
                    word.get_or_insert_default().push(next);
                }
            }
            '#' if word.is_none() => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '\n' | ';' | '&' | '|' | '{' | '}' if letter != '{' && letter != '}' || word.is_none() => {
                command.extend(word.take());
                if !command.is_empty() {
                    commands.push(std::mem::take(&mut command));
                }
            }
            letter if letter.is_whitespace() => command.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    // what a quote is never closed of is no shell's text
    if quote.is_none() {
        command.extend(word.take());
        if !command.is_empty() {
            commands.push(command);
        }
    }
    commands
}

/// `CHANGE MASTER TO MASTER_HOST='...'`
fn says_whom_to_follow(text: &str) -> bool {
    ["change master", "change replication"].iter().any(|start| contains(text, start))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::json::json;
    use crate::names::annotation::INJECT;

    /// Asks of a cluster: `kind namespace/name` of what exists.
    struct Asked {
        objects: Value<'static>,
        log: RefCell<Vec<String>>,
    }

    impl Asked {
        fn call(&self, operation: &str, request: &[u8]) -> Result<Vec<u8>, String> {
            let request = crate::json::read(std::str::from_utf8(request).unwrap()).unwrap();
            let [kind, namespace, name] = ["kind", "namespace", "name"].map(|key| str_at(&request, &[key]));
            self.log.borrow_mut().push(format!("{kind} {namespace}/{name}"));
            let objects = at(&self.objects, &[kind, namespace]).and_then(Value::as_object);
            let answer = if namespace == "broken" {
                return Err("forbidden".to_owned());
            } else if operation == "get_resource" {
                objects.and_then(|objects| objects.get(name)).cloned()
            } else {
                Some(
                    json!({"items": objects.map(|objects| objects.iter().map(|(_, object)| object.clone()).collect::<Vec<_>>())}),
                )
            };
            let absent = || format!("Cannot find v1/{kind} named '{name}' inside of namespace");
            answer.map(|answer| answer.to_string().into_bytes()).ok_or_else(absent)
        }
    }

    fn statefulset(name: &str, service: &str, inject: &str, replicas: u32) -> Value<'static> {
        json!({
            "metadata": {"name": name, "annotations": {format!("{ANNOTATION_PREFIX}{INJECT}"): inject}},
            "spec": {
                "replicas": replicas,
                "serviceName": service,
                "template": {"metadata": {"labels": {"app": name, "team": "a"}}},
            },
        })
    }

    fn service(selector: &Value) -> Value<'static> {
        json!({"spec": {"selector": selector, "clusterIP": "10.0.0.1", "ports": [{"port": 3306}]}})
    }

    fn objects() -> Value<'static> {
        let pinned = |pod: &str| service(&json!({"app": "mysql", POD_NAME_LABEL: pod}));
        json!({
            "StatefulSet": {
                "shop": {
                    "mysql": statefulset("mysql", "mysql", "true", 3),
                    "plain": statefulset("plain", "plain", "false", 3),
                    "single": statefulset("single", "single", "true", 1),
                },
                "data": {"orders": statefulset("orders", "orders-hl", "true", 2)},
            },
            "Service": {
                "shop": {
                    "mysql": {"spec": {"selector": {"app": "mysql"}, "clusterIP": "None"}},
                    "mysql-read": service(&json!({"app": "mysql"})),
                    "mysql-write": pinned("mysql-0"),
                    "mysql-r1": pinned("mysql-1"),
                    "mysql-i0": service(&json!({"app": "mysql", POD_INDEX_LABEL: "0"})),
                    "mysql-i2": service(&json!({"app": "mysql", POD_INDEX_LABEL: "2"})),
                    "mysql-role": service(&json!({"app": "mysql", "role": "primary"})),
                    "mysql-metrics": {"spec": {
                        "selector": {"app": "mysql"},
                        "ports": [{"port": 9104}, {"port": 80, "targetPort": "metrics"}],
                    }},
                    "mysql-mapped": {"spec": {
                        "selector": {"app": "mysql"},
                        "ports": [{"port": 4000, "targetPort": 3306}],
                    }},
                    "by-hand": {"spec": {"ports": [{"port": 3306}]}},
                    "plain": service(&json!({"app": "plain"})),
                    "single": service(&json!({"app": "single"})),
                },
                "data": {"orders-read": service(&json!({"team": "a"}))},
                "mysql": {"mysql-1": service(&json!({"app": "other"}))},
            },
            "ConfigMap": {"shop": {"app": {"data": {
                "WRITE_HOST": "mysql-2.mysql",
                "READ_HOST": "mysql-1.mysql",
                "host": "mysql-1.mysql",
                "write-host": "mysql-read",
                "right": "mysql-0.mysql",
            }}}},
        })
    }

    /// The findings of a pod of one container, and what was looked up.
    fn check_with(container: &Value, objects: Value<'static>, names: &WriteNames) -> (Findings, Vec<String>) {
        let asked = Asked { objects, log: RefCell::default() };
        let host = |operation: &str, request: &[u8]| asked.call(operation, request);
        let cluster = Cluster::new(&host);
        let mut findings = Findings::default();
        workload(&json!({"containers": [container]}), "spec", "shop", names, &cluster, &mut findings);
        let found = !findings.violations.is_empty() || !findings.warnings.is_empty();
        assert!(!found || may_concern(&container.to_string(), names), "{container}");
        (findings, asked.log.into_inner())
    }

    fn check(container: &Value) -> (Findings, Vec<String>) {
        check_with(container, objects(), &WriteNames::default())
    }

    /// The places and hosts of the problems.
    fn found(container: &Value) -> Vec<String> {
        let (findings, _) = check(container);
        let line = |violation: &Violation| format!("{} {}", violation.path, violation.found);
        findings.violations.iter().map(line).collect()
    }

    fn env(name: &str, value: &str) -> Value<'static> {
        json!({"env": [{"name": name, "value": value}]})
    }

    #[test]
    fn what_a_host_is() {
        for (host, expected) in [
            ("mysql-1.mysql", "a replica of the StatefulSet shop/mysql"),
            ("mysql-1.mysql.shop", "a replica of the StatefulSet shop/mysql"),
            ("mysql-2.mysql.shop.svc:3306", "a replica of the StatefulSet shop/mysql"),
            ("orders-1.orders-hl.data.svc.cluster.local", "a replica of the StatefulSet data/orders"),
            ("mysql", "a Service over all pods of the StatefulSet shop/mysql"),
            ("mysql-read:3306", "a Service over all pods of the StatefulSet shop/mysql"),
            ("mysql-read.shop.svc.cluster.local.", "a Service over all pods of the StatefulSet shop/mysql"),
            ("mysql-mapped:4000", "a Service over all pods of the StatefulSet shop/mysql"),
            ("orders-read.data", "a Service over all pods of the StatefulSet data/orders"),
            ("mysql-r1", "a Service that leads to mysql-1, a replica of the StatefulSet shop/mysql"),
            ("mysql-i2", "a Service that leads to mysql-2, a replica of the StatefulSet shop/mysql"),
        ] {
            let name = host.split(':').next().unwrap_or_default().trim_end_matches('.');
            assert_eq!(
                found(&env("DB_WRITE_HOST", host)),
                [format!("spec.containers[0].env[0].value DB_WRITE_HOST names {name}, {expected}")]
            );
        }
        for host in [
            "mysql-0.mysql",
            "mysql-0.mysql.shop.svc.cluster.local",
            "mysql-1.other",
            "mysql-1.mysql:9104",
            "mysql-1.mysql:3307",
            "mysql-1.mysql.elsewhere",
            "plain-1.plain",
            "plain",
            "single",
            "mysql-write",
            "mysql-i0",
            "mysql-role",
            "mysql-metrics",
            "mysql-read:9104",
            "mysql:9104",
            "by-hand",
            "not-yet",
            "orders-read",
            "db.example.com",
        ] {
            assert_eq!(found(&env("DB_WRITE_HOST", host)), [""; 0], "{host}");
        }
    }

    #[test]
    fn a_problem_tells_what_to_write_and_no_password() {
        let (findings, _) = check(&env("WRITE_URL", "mysql://app:s3cret@orders-1.orders-hl.data/shop"));
        let [violation] = &findings.violations[..] else { panic!("{findings:?}") };
        assert_eq!(violation.rule, rule::WRITE_ENDPOINT);
        assert_eq!(violation.why, READ_ONLY);
        assert!(violation.fix.starts_with("write orders-0.orders-hl.data, or a Service annotated "), "{violation:?}");
        assert!(violation.fix.contains("exempt: \"write-endpoint: why\""), "{violation:?}");
        assert!(!format!("{violation:?}").contains("s3cret"));
    }

    #[test]
    fn every_list_of_containers_counts() {
        let host = |_: &str, request: &[u8]| {
            let asked = crate::json::read(std::str::from_utf8(request).unwrap()).unwrap();
            let object = objects()[str_at(&asked, &["kind"])]["shop"][str_at(&asked, &["name"])].clone();
            Ok(object.to_string().into_bytes())
        };
        let container = env("DB_WRITE_HOST", "mysql-1.mysql");
        let pod = json!({
            "initContainers": [{}, container],
            "containers": [container],
            "ephemeralContainers": [container],
        });
        let mut findings = Findings::default();
        let cluster = Cluster::new(&host);
        workload(&pod, "spec.template.spec", "shop", &WriteNames::default(), &cluster, &mut findings);
        let paths: Vec<_> = findings.violations.iter().map(|violation| violation.path.as_ref()).collect();
        assert_eq!(
            paths,
            [
                "spec.template.spec.initContainers[1].env[0].value",
                "spec.template.spec.containers[0].env[0].value",
                "spec.template.spec.ephemeralContainers[0].env[0].value",
            ]
        );
    }

    #[test]
    fn variables_refer_to_earlier_ones() {
        let container = |env: Value| found(&json!({ "env": env }));
        let pair = |name: &str, value: &str| json!({"name": name, "value": value});
        let url = "mysql://app:$(PASSWORD)@$(HOST):3306/shop";
        let password = json!({"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
        assert_eq!(container(json!([password, pair("HOST", "mysql-1.mysql"), pair("WRITE_URL", url)])).len(), 1);
        // the last before it counts, and nothing behind it
        assert_eq!(
            container(json!([pair("HOST", "a"), pair("HOST", "mysql-1.mysql"), pair("WRITE_URL", url)])).len(),
            1
        );
        assert_eq!(container(json!([pair("WRITE_URL", url), pair("HOST", "mysql-1.mysql")])), [""; 0]);
        assert_eq!(container(json!([pair("HOST", "mysql-1.mysql"), pair("WRITE_HOST", "$$(HOST)")])), [""; 0]);
        // the namespace is known, and so is a ConfigMap's key
        let field = json!({"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}});
        assert_eq!(container(json!([field, pair("WRITE_HOST", "mysql-1.mysql.$(NS).svc")])).len(), 1);
        let key = json!({"name": "HOST", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "host"}}});
        assert_eq!(container(json!([key, pair("WRITE_URL", url)])).len(), 1);
        assert_eq!(check(&json!({"env": [key, pair("READ_URL", url)]})).1, [""; 0]);
        // what is replaced is not in effect
        assert_eq!(
            container(json!([pair("WRITE_HOST", "mysql-1.mysql"), pair("WRITE_HOST", "mysql-0.mysql")])),
            [""; 0]
        );
        // a variable of a variable is one problem
        assert_eq!(
            container(json!([pair("WRITE_HOST", "mysql-1.mysql"), pair("WRITE_URL", "mysql://$(WRITE_HOST)/a")])).len(),
            1
        );
    }

    #[test]
    fn values_do_not_grow_without_end() {
        let mut env = vec![json!({"name": "A", "value": "x".repeat(100)})];
        for _ in 0..40 {
            env.push(json!({"name": "A", "value": "$(A)$(A)$(A)"}));
        }
        env.push(json!({"name": "WRITE_HOST", "value": "$(A)"}));
        assert_eq!(found(&json!({ "env": env })), [""; 0]);
    }

    #[test]
    fn config_maps() {
        let reference = |name: &str, key: &str| {
            let source = json!({"configMapKeyRef": {"name": "app", "key": key}});
            json!({"env": [{"name": name, "valueFrom": source}]})
        };
        assert_eq!(
            found(&reference("DB_WRITE_HOST", "host")),
            ["spec.containers[0].env[0].valueFrom.configMapKeyRef DB_WRITE_HOST (key host of the ConfigMap shop/app) \
                 names mysql-1.mysql, a replica of the StatefulSet shop/mysql"]
        );
        // the key may say it
        assert_eq!(found(&reference("DB_HOST", "write-host")).len(), 1);
        for (name, key) in [("DB_READ_HOST", "write-host"), ("DB_WRITE_HOST", "right"), ("DB_WRITE_HOST", "none")] {
            assert_eq!(found(&reference(name, key)), [""; 0], "{name} {key}");
        }
        assert_eq!(check(&reference("DB_HOST", "host")).1, [""; 0]);

        let from = |prefix: &str| {
            let source = json!({"prefix": prefix, "configMapRef": {"name": "app"}});
            json!({"envFrom": [{"secretRef": {"name": "s"}}, source]})
        };
        let lines = found(&from(""));
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("spec.containers[0].envFrom[1] WRITE_HOST (key WRITE_HOST of "), "{lines:?}");
        assert_eq!(found(&from("PRIMARY_DB_")).len(), 3);
        assert_eq!(found(&from("REPLICA_")), [""; 0]);
        // `env` replaces what `envFrom` says
        let mut container = from("");
        container["env"] = json!([{"name": "WRITE_HOST", "value": "mysql-0.mysql"}]);
        assert_eq!(found(&container).len(), 1);
        // arguments see both
        let mut container = from("");
        container["args"] = json!(["--master=$(host)"]);
        assert_eq!(found(&container).len(), 3);
    }

    #[test]
    fn arguments() {
        for (args, place) in [
            (json!(["--db-write-host=mysql-1.mysql"]), "args[0] --db-write-host"),
            (json!(["--db-write-host", "mysql-1.mysql"]), "args[1] --db-write-host"),
            (json!(["-write-host", "mysql-1.mysql:3306"]), "args[1] -write-host"),
            (json!(["-Ddb.write.host=mysql-1.mysql"]), "args[0] -Ddb.write.host"),
            (json!(["x", "DB_WRITE_HOST=mysql-1.mysql"]), "args[1] DB_WRITE_HOST"),
            (json!(["--env=DB_WRITE_HOST=mysql-1.mysql"]), "args[0] DB_WRITE_HOST"),
            (json!(["--write-dsn", "host=mysql-1.mysql port=3306"]), "args[1] --write-dsn"),
            (json!(["-c", "export DB_WRITE_HOST=mysql-1.mysql; exec app"]), "args[1] DB_WRITE_HOST"),
            (json!(["-ec", "export DB_WRITE_HOST='mysql-1.mysql'\nexec app"]), "args[1] DB_WRITE_HOST"),
            (json!(["-c", "exec app --write-host mysql-1.mysql"]), "args[1] --write-host"),
            (json!(["-c", "WRITE_DSN=\"host=mysql-1.mysql port=3306\" app"]), "args[1] WRITE_DSN"),
            (json!(["-c", "echo \"WRITE_HOST=mysql-1.mysql\" >> .env"]), "args[1] WRITE_HOST"),
            (json!(["-c", "cat > a <<EOF\ndb.write.host=mysql-1.mysql\nEOF"]), "args[1] db.write.host"),
        ] {
            let lines = found(&json!({ "args": args }));
            assert_eq!(lines.len(), 1, "{args}");
            assert!(lines[0].starts_with(&format!("spec.containers[0].{place} names mysql-1.mysql,")), "{lines:?}");
        }
        for args in [
            json!(["--db-host=mysql-1.mysql", "--read-host", "mysql-1.mysql"]),
            json!(["--db-write-host", "--other=mysql-1.mysql"]),
            json!(["--db-write-host", "mysql-0.mysql", "mysql-1.mysql"]),
            json!(["-c", "# export DB_WRITE_HOST=mysql-1.mysql\nexec app"]),
            json!(["-c", "WRITE_NOTE=\"mysql-1.mysql is no place\" app"]),
            json!(["-c", "echo \"DB_WRITE_HOST=mysql-1.mysql\" >&2; exit 1"]),
            json!(["-c", "if [ \"$DB_WRITE_HOST\" = mysql-1.mysql ]; then exit 1; fi"]),
            json!(["-c", "mysql -h h <<EOF\nCHANGE MASTER TO MASTER_HOST='mysql-1.mysql', MASTER_PORT=3306;\nEOF"]),
            json!(["-c", "mysqladmin --wait --host=mysql-1.mysql ping"]),
            json!([5, null, {"a": 1}]),
        ] {
            assert_eq!(found(&json!({ "args": args })), [""; 0], "{args}");
        }
        assert_eq!(found(&env("JAVA_TOOL_OPTIONS", "-Xmx1g -Ddb.write.host=mysql-1.mysql")).len(), 1);
        let container =
            json!({"command": ["app", "--write-host=$(H)"], "env": [{"name": "H", "value": "mysql-1.mysql"}]});
        assert_eq!(found(&container).len(), 1);
    }

    #[test]
    fn a_chain_of_replicas_is_none_of_our_business() {
        let container = |other: &str| {
            let master = json!({"name": "MYSQL_MASTER_HOST", "value": "mysql-1.mysql"});
            json!({"env": [master, {"name": other, "value": "x"}]})
        };
        assert_eq!(found(&container("MYSQL_REPLICATION_USER")), [""; 0]);
        assert_eq!(found(&container("MYSQL_USER")).len(), 1);
    }

    #[test]
    fn look_ups_are_few() {
        let log = |container: &Value| check(container).1;
        for quiet in [
            env("DB_HOST", "mysql-1.mysql"),
            env("DB_WRITE_HOST", "mysql-0.mysql"),
            env("DB_WRITE_HOST", "10.0.0.7"),
            env("DB_WRITE_HOST", "db.example.com"),
            env("WRITE_NOTE", "what is written is written"),
            env("PRIMARY_DB", "mysql"),
            env("WRITE_ENABLED", "true"),
            json!({"env": [{"name": "WRITE_URL", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}),
            json!({"envFrom": [{"secretRef": {"name": "a"}}]}),
        ] {
            assert_eq!(log(&quiet), [""; 0], "{quiet}");
        }
        assert_eq!(log(&env("WRITE_HOST", "mysql-1.mysql.shop")), ["StatefulSet shop/mysql"]);
        assert_eq!(log(&env("WRITE_HOST", "x-1.y")), ["StatefulSet shop/x", "Service y/x-1"]);
        assert_eq!(log(&env("WRITE_HOST", "not-yet")), ["Service shop/not-yet"]);
        assert_eq!(log(&env("WRITE_HOST", "by-hand")), ["Service shop/by-hand"]);
        assert_eq!(
            log(&env("WRITE_HOSTS", "mysql-read,mysql-read")),
            ["Service shop/mysql-read", "StatefulSet shop/mysql-read", "StatefulSet shop/"]
        );

        let maps: Vec<_> = (0..20).map(|index| json!({"configMapRef": {"name": format!("m{index}")}})).collect();
        let (findings, log) = check(&json!({ "envFrom": maps }));
        assert_eq!((findings.warnings.len(), log.len()), (1, CONFIG_MAPS));
        assert!(findings.warnings[0].starts_with("4 "), "{findings:?}");
        let hosts: Vec<_> = (0..40).map(|index| format!("h{index}.n")).collect();
        let (findings, log) = check(&env("WRITE_HOSTS", &hosts.join(",")));
        assert_eq!((findings.warnings.len(), log.len()), (1, HOSTS));
    }

    #[test]
    fn what_is_too_much_to_be_looked_at_is_refused() {
        let is_refused = |container: &Value| {
            let (findings, _) = check(container);
            findings.violations.iter().any(|violation| violation.found.contains("more names and values"))
        };
        let variables = |count: usize, name: &str, value: &str| {
            let variable = |index: usize| json!({"name": format!("{name}_{index}"), "value": value});
            json!({"args": ["--primary=x"], "env": (0..count).map(variable).collect::<Vec<_>>()})
        };
        let app = json!({"configMapRef": {"name": "app"}});
        let prefixed = |index: usize| json!({"prefix": format!("{index}_"), "configMapRef": {"name": "app"}});
        let long = variables(64, "A", "$(A_0)$(A_0)").to_json().replacen("$(A_0)$(A_0)", &"x".repeat(2040), 1);
        for (honest, hostile) in [
            (variables(LIMITS.variables - 1, "A", ""), variables(LIMITS.variables, "A", "")),
            (
                json!({"command": vec!["primary"; LIMITS.variables]}),
                json!({"command": vec!["primary"; LIMITS.variables + 1]}),
            ),
            (variables(400, "WRITE_HOST", "mysql-write"), variables(2000, "WRITE_HOST", "mysql-write")),
            (variables(400, "WRITE_HOST", "a,b,c"), variables(14, "WRITE_HOST", &"a,".repeat(2000))),
            (
                json!({"command": ["sh", "-c", "primary ".repeat(LIMITS.shell / 8)]}),
                json!({"command": ["sh", "-c", "primary ".repeat(LIMITS.shell / 8 + 1)]}),
            ),
            (crate::json::read(&long).unwrap(), variables(65, "A", &format!("$(B){}", "x".repeat(4080)))),
            (
                json!({"envFrom": vec![app.clone(); 1000]}),
                json!({"envFrom": (0..=SOURCES).map(prefixed).collect::<Vec<_>>()}),
            ),
        ] {
            assert!(!is_refused(&honest), "{:.200}", honest.to_json());
            assert!(is_refused(&hostile), "{:.200}", hostile.to_json());
        }
    }

    #[test]
    fn a_config_map_named_again_counts_where_it_is_named_last() {
        let app = json!({"configMapRef": {"name": "app"}});
        let other = json!({"configMapRef": {"name": "other"}});
        let path = |sources: &[&Value]| {
            let (findings, _) = check(&json!({"envFrom": sources.iter().copied().cloned().collect::<Vec<_>>()}));
            findings.violations.iter().map(|violation| violation.path.clone().into_owned()).collect::<Vec<_>>()
        };
        let last = path(&[&app]);
        assert!(last.iter().all(|path| path.contains("envFrom[0]")) && !last.is_empty(), "{last:?}");
        assert!(path(&[&app, &other, &app]).iter().all(|path| path.contains("envFrom[2]")));
    }

    #[test]
    fn a_failed_look_up_is_told_once() {
        let container = json!({"env": [
            {"name": "WRITE_HOST", "value": "a-1.v.broken"},
            {"name": "WRITE_URL", "value": "mysql://a-2.v.broken/x"},
            {"name": "RW_HOST", "value": "a.broken"},
        ]});
        let (findings, _) = check(&container);
        let lines: Vec<_> =
            findings.violations.iter().map(|violation| (violation.rule, violation.found.as_ref())).collect();
        assert_eq!(
            lines,
            [
                (rule::LOOK_UP, "StatefulSet broken/a could not be looked up: forbidden (RBAC)"),
                (rule::LOOK_UP, "Service broken/a could not be looked up: forbidden (RBAC)"),
            ]
        );
    }

    #[test]
    fn settings_add_names() {
        let names = WriteNames { variables: vec!["LEDGER*".to_owned()], ..WriteNames::default() };
        assert!(may_concern("{}", &names));
        let (findings, _) = check_with(&env("LEDGER", "mysql"), objects(), &names);
        assert_eq!(findings.violations.len(), 1);
    }

    #[test]
    fn odd_objects_are_no_reason_to_panic() {
        let odd =
            [json!(null), json!(5), json!("x"), json!([]), json!([null, 5, "a", {}]), json!({"name": 5, "value": []})];
        for value in &odd {
            for key in ["env", "envFrom", "command", "args"] {
                found(&json!({ key: value }));
                found(&json!({ key: [value] }));
                found(&json!({ key: [{"name": "WRITE_HOST", "valueFrom": value, "configMapRef": value}] }));
            }
            // the cluster's objects too
            for kind in ["Service", "StatefulSet", "ConfigMap"] {
                let objects =
                    json!({ kind: {"shop": {"mysql": value, "a": {"spec": value, "data": value, "metadata": value}}} });
                for host in ["mysql", "mysql-1.mysql", "a", "a-1.a"] {
                    let mut container = env("WRITE_HOST", host);
                    container["envFrom"] = json!([{"configMapRef": {"name": "a"}}]);
                    check_with(&container, objects.clone(), &WriteNames::default());
                }
            }
        }
        for text in [
            "$", "$(", "$()", "$$", "$(A", "$(A)$(", "'", "\"", "\\", "#", ";;", "{", "a=b=c=", "-", "--", "-=", "=",
            "ä=ö",
        ] {
            found(&env("WRITE_HOST", text));
            found(&json!({"args": [text, format!("x {text}"), format!("export A={text}")]}));
        }
    }
}
