//! The keys of a `ConfigMap` that are option files of a role, and those that were meant to be.

use crate::rules::statefulset::may_undo;
use crate::{
    json::{Object, Value, at},
    names::{ANNOTATION_PREFIX, PRIMARY_KEYS, REPLICA_KEYS},
};
use mysql_options::{ServerOption, is_within};
use std::ops::RangeInclusive;

/// Could an object, as text, be a ConfigMap with option files? A misspelt key has the ending or the role right.
pub(crate) fn may_be_option_files(object: &str) -> bool {
    [".cnf\"", "\"master", "\"slave", "\"primary", "\"replica", ANNOTATION_PREFIX]
        .iter()
        .any(|sign| object.contains(sign))
}

/// Could a server read a ConfigMap, as text, otherwise than by the files of the roles: as another option file, by
/// words of its command line, or by statements of a script?
pub(crate) fn may_be_told(object: &str) -> bool {
    const SIGNS: [&str; 6] = [".cnf\"", "[mysqld", "[server", "[mariadb", "[client-server", "!include"];
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut words = object.split("--").skip(1);
    SIGNS.iter().any(|sign| object.contains(sign))
        || words.any(|word| {
            let word = &word[..word.find(|c| !is_part(c)).unwrap_or(word.len())];
            // a line of a drawing is no option
            word.len() <= 64 && ServerOption::from_file(word, None).is_known
        })
        || may_be_statements(object)
}

/// Does a text have words of a statement that undoes something?
fn may_be_statements(text: &str) -> bool {
    const WORDS: [&str; 7] = ["read_only", "event_scheduler", "gtid_p", "slave", "replica", "master", "binary"];
    // most texts need no copy of themselves
    may_undo(text) && {
        let text = text.to_ascii_lowercase();
        WORDS.iter().any(|word| text.contains(word))
    }
}

/// Has a ConfigMap an option file of either role, or a key that was meant to be one?
pub(crate) fn has_option_files(config_map: &Value) -> bool {
    has_roles(config_map) || keys(config_map).take(KEYS).any(|key| meant(key).is_some() || key.ends_with(OPTION_FILE))
}

/// How the names of option files end.
const OPTION_FILE: &str = ".cnf";

pub(super) fn has_roles(config_map: &Value) -> bool {
    keys(config_map).any(|key| role_of(key).is_some())
}

/// An option file of neither role, where one of them has none: `my.cnf`, or another's name for a role.
pub(super) fn unread_key<'v>(config_map: &'v Value) -> Option<&'v str> {
    if ROLES.iter().all(|(role, _)| keys(config_map).any(|key| role_of(key) == Some(*role))) {
        return None;
    }
    let is_unread = |key: &&str| key.ends_with(OPTION_FILE) && role_of(key).is_none() && meant(key).is_none();
    keys(config_map).take(KEYS).find(is_unread)
}

pub(super) fn keys<'v>(config_map: &'v Value) -> impl Iterator<Item = &'v str> {
    ["data", "binaryData"]
        .into_iter()
        .filter_map(|field| at(config_map, &[field]).and_then(Value::as_object))
        .flat_map(Object::keys)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Replica,
}

/// The roles, each with the keys of its option file.
pub(super) const ROLES: [(Role, [&str; 2]); 2] = [(Role::Primary, PRIMARY_KEYS), (Role::Replica, REPLICA_KEYS)];

pub(super) fn role_of(key: &str) -> Option<Role> {
    if PRIMARY_KEYS.contains(&key) {
        Some(Role::Primary)
    } else if REPLICA_KEYS.contains(&key) {
        Some(Role::Replica)
    } else {
        None
    }
}

/// So many keys are looked at for one that is misspelt.
pub(super) const KEYS: usize = 1000;

/// From `slave` to `primary.my.cnf`.
pub(super) const LENGTHS: RangeInclusive<usize> = 5..=14;

/// The key that an unknown one was meant to be: another case, another ending, or a slip or two away.
pub(super) fn meant(key: &str) -> Option<&'static str> {
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
