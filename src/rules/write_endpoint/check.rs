//! The check of one object: what its names say, and whether the values of those that say write are right.

use std::borrow::Cow;

use super::{
    addresses::{Addresses, READ_ONLY, Wrong},
    effort::{Effort, Work},
    hosts::{NetworkHost, VALUE_LIMIT, hosts},
    names::{
        Saying, contains, is_about_replication, may_say_write, saying_of, says_else, service_says_read,
        takes_single_word,
    },
};
use crate::{
    findings::Violation,
    json::{Value, list_at},
    name_index::NameIndex,
    names::{
        ANNOTATION_PREFIX,
        annotation::{EXEMPT, PRIMARY_OF},
    },
    rule,
    write_names::WriteNames,
};

/// One object's check, with what it knows of the cluster so far.
pub(super) struct Check<'a, 'h, 'f> {
    names: &'a WriteNames,
    /// Names that the pod's own file of hosts gives a meaning to.
    aliases: NameIndex<'a>,
    pub(super) effort: Effort,
    pub(super) addresses: Addresses<'a, 'h, 'f>,
}

/// What the names of one container say together, and what was found in it.
pub(super) struct Scope {
    about_replication: bool,
    reported: Vec<String>,
}

/// Where a value comes from that a name says write of.
pub(super) struct Place<'p> {
    pub(super) path: &'p str,
    /// The name as messages show it.
    pub(super) shown: &'p str,
    pub(super) name: &'p str,
    /// Beyond the name, such as the ConfigMap.
    pub(super) from: Option<String>,
    /// Is it made of another variable's value?
    pub(super) is_made: bool,
}

impl Scope {
    /// Does the name say write, in this container?
    pub(super) fn takes(&self, saying: Saying) -> bool {
        saying.is_write() && (matches!(saying, Saying::Told | Saying::Write) || !self.about_replication)
    }
}

impl<'a, 'h, 'f> Check<'a, 'h, 'f> {
    pub(super) fn new(names: &'a WriteNames, pod: &'a Value<'a>, addresses: Addresses<'a, 'h, 'f>) -> Self {
        let mut effort = Effort::default();
        let aliases = aliases(pod, &mut effort);
        Self { names, aliases, effort, addresses }
    }

    /// What a container's names say together.
    pub(super) fn scope(&mut self, names: &NameIndex) -> Scope {
        let mut names = names.iter().filter(|name| contains(name, "repl"));
        let about_replication =
            names.any(|name| self.effort.spend(Work::Closely, name.len()) && is_about_replication(name));
        Scope { about_replication, reported: Vec::new() }
    }

    pub(super) fn saying(&mut self, name: &str) -> Saying {
        let may_write = may_say_write(name);
        if self.effort.spend(Work::Closely, if may_write { name.len() } else { 0 }) {
            saying_of(name, may_write, self.names)
        } else {
            Saying::Nothing
        }
    }

    pub(super) fn says_else(&mut self, name: &str) -> bool {
        self.effort.spend(Work::Closely, name.len());
        says_else(name)
    }

    /// Checks the hosts of a value that writes go to.
    pub(super) fn value(&mut self, value: &str, place: &Place, scope: &mut Scope) {
        let saying = self.saying(place.name);
        if !self.effort.spend(Work::Closely, if value.len() > VALUE_LIMIT { 0 } else { value.len() }) {
            return;
        }
        for host in hosts(value) {
            if !self.effort.spend(Work::Closely, place.name.len()) {
                return;
            }
            if self.is_in_cluster(&host, saying == Saying::Told, place.name) {
                self.host(host, saying, place, scope);
            }
        }
    }

    /// May a name's host be one of the cluster's?
    fn is_in_cluster(&self, host: &NetworkHost, is_told: bool, name: &str) -> bool {
        let is_single_word = host.is_plain && !host.name.contains('.');
        !self.aliases.has(&host.name)
            && (!is_single_word || is_told || takes_single_word(name.trim_start_matches('-'), &host.name))
    }

    fn host(&mut self, host: NetworkHost, saying: Saying, place: &Place, scope: &mut Scope) {
        let Some(wrong) = self.addresses.judge(&host, place.path) else { return };
        let is_reported = scope.reported.contains(&host.name);
        // an argument made of a variable that is reported already is no other problem
        if is_reported && place.is_made {
            return;
        }
        let findings = &mut self.addresses.look_ups.findings;
        let is_doubtful = match saying {
            Saying::Faint => true,
            Saying::Weak => wrong.why != READ_ONLY && service_says_read(&host.name),
            _ => false,
        };
        if is_doubtful {
            findings.warn_of(|| violation(&host, &wrong, place).as_warning());
        } else {
            findings.reject_for(rule::WRITE_ENDPOINT, || violation(&host, &wrong, place));
        }
        if !is_reported {
            scope.reported.push(host.name);
        }
    }
}

/// The names of `hostAliases`.
fn aliases<'a>(pod: &'a Value<'a>, effort: &mut Effort) -> NameIndex<'a> {
    let all = || list_at(pod, &["hostAliases"]).iter().flat_map(|alias| list_at(alias, &["hostnames"]));
    let count = all().count();
    if count == 0 || !effort.spend(Work::Aliases, count) {
        return NameIndex::default();
    }
    let small = |name: &Value| Cow::Owned(name.as_str().unwrap_or_default().to_ascii_lowercase());
    NameIndex::new(all().map(small).collect())
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
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
