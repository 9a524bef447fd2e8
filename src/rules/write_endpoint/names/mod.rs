//! Names that say write.
//!
//! They are few on purpose: a false alarm keeps a sound workload out of the cluster. A name with a word of another
//! meaning says nothing.

mod lists;
mod scan;
mod split;
#[cfg(test)]
mod tests;
mod word_list;

pub(super) use scan::contains;
pub(crate) use scan::may_say_write;

use lists::{
    BEHIND, DATABASE, FAINT, GLUE, HOST, IN_FRONT, LIBRARY, NEVER, NO_HOST, NO_WRITE_SERVICE, NOT_A_ROLE, OF_A_ROLE,
    OTHER_SYSTEMS, PRODUCTS, READ, ROLE, SUBJECT, WEAK_HOST, WRITE, WRITTEN,
};
use split::words;
use word_list::WordList;

use crate::{pattern::matches_any, write_names::WriteNames};

/// No name of a variable or an option is longer.
const NAME_LIMIT: usize = 253;

/// What the name of a variable or an option says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saying {
    /// A pattern of the settings takes it for a name that says write.
    Told,
    /// It says write.
    Write,
    /// It names the server that takes writes by its role; something beside it may give that another meaning.
    Role,
    /// It seems to say write, and may as well be about something else: at a Service that says read it does not.
    Weak,
    /// It may name the server that takes writes, or anything else: enough for a warning.
    Faint,
    /// It says something else.
    Other,
    Nothing,
}

impl Saying {
    pub(super) fn is_write(self) -> bool {
        matches!(self, Self::Told | Self::Write | Self::Role | Self::Weak | Self::Faint)
    }
}

/// What does the name of a variable or an option say?
#[cfg(test)]
fn saying(name: &str, names: &WriteNames) -> Saying {
    saying_of(name, may_say_write(name), names)
}

/// What does the name of a variable or an option say, of which [`may_say_write`] says `may_write`?
pub(super) fn saying_of(name: &str, may_write: bool, names: &WriteNames) -> Saying {
    if name.len() > NAME_LIMIT || matches_any(&names.ignore, name) {
        Saying::Other
    } else if matches_any(&names.variables, name) {
        Saying::Told
    } else {
        // most names are soon done with
        if may_write { built_in(&words(&name.to_ascii_lowercase(), name)) } else { Saying::Nothing }
    }
}

/// Does the name of a Service, or a value of one of its labels, say that writes go to it?
pub(crate) fn service_says_write(name: &str, names: &WriteNames) -> bool {
    if name.len() > NAME_LIMIT || matches_any(&names.ignore, name) {
        return false;
    }
    // most names are soon done with
    matches_any(&names.services, name)
        || may_say_write(name) && {
            let small = name.to_ascii_lowercase();
            let words = words(&small, name);
            matches!(built_in(&words), Saying::Write | Saying::Role | Saying::Weak)
                && !any_of(&words, &NO_WRITE_SERVICE)
        }
}

/// Does the name of a Service, or a value of one of its labels, say that something else than writes goes to it?
pub(crate) fn service_says_else(name: &str) -> bool {
    if name.len() > NAME_LIMIT {
        return false;
    }
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    [&READ, &NEVER, &SUBJECT, &NO_WRITE_SERVICE].into_iter().any(|list| any_of(&words, list))
}

/// May the name of a Service say that writes go to it, by a word that means much else too?
pub(crate) fn service_may_say_write(name: &str, names: &WriteNames) -> bool {
    if name.len() > NAME_LIMIT || matches_any(&names.ignore, name) {
        return false;
    }
    let small = name.to_ascii_lowercase();
    words(&small, name).last().is_some_and(|last| FAINT.has(last))
}

/// Is the name about replication between servers? Beside it, `master` and `primary` say whom a replica follows.
pub(super) fn is_about_replication(name: &str) -> bool {
    if name.len() > NAME_LIMIT || !contains(name, "repl") {
        return false;
    }
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    words.iter().any(|word| ["replication", "replicate", "replicator", "repl"].contains(word))
        && !any_of(&words, &LIBRARY)
        && !any_of(&words, &WRITE)
}

// one loop for all lists
#[inline(never)]
fn any_of(words: &[&str], list: &WordList) -> bool {
    words.iter().any(|word| list.has(word))
}

fn built_in(words: &[&str]) -> Saying {
    let has = |list: &WordList| any_of(words, list);
    let is_write = |word: &str| WRITE.has(word) || ROLE.has(word);
    let Some(first) = words.iter().position(|word| is_write(word)) else { return faint(words) };
    if has(&READ) || has(&NEVER) {
        return Saying::Other;
    }
    let neighbours = words.windows(2).any(|pair| {
        let [first, second] = [pair[0], pair[1]];
        (is_write(first) && BEHIND.has(second))
            || (is_write(second) && IN_FRONT.has(first))
            || (["writer", "writers"].contains(&second) && WRITTEN.has(first))
    });
    if neighbours || ends_in_no_host(words) || (has(&OTHER_SYSTEMS) && !has(&DATABASE)) {
        return Saying::Other;
    }
    let writes = has(&WRITE);
    let is_library = has(&LIBRARY);
    let (front, behind) = words.split_at(first);
    let is_subject = |word: &&str| SUBJECT.has(word) && !(*word == "replication" && (writes || is_library));
    let is_beside = front.last().is_some_and(is_subject);
    if behind.iter().any(|word| SUBJECT.has(word)) || (is_beside && !writes) {
        return Saying::Other;
    }
    if !writes {
        return role(words, first, is_library, front.iter().any(is_subject));
    }
    if is_beside || is_agent(words, first) { Saying::Weak } else { Saying::Write }
}

/// What does a name say that has a word of a role at a place, and no word that says write?
fn role(words: &[&str], at: usize, is_library: bool, has_subject: bool) -> Saying {
    let is_of_a_store = words.windows(2).enumerate().any(|(index, pair)| {
        ROLE.has(pair[0])
            && OF_A_ROLE.has(pair[1])
            && !(pair[1] == "data" && words.get(index + 2).is_some_and(|next| *next == "source"))
    });
    if is_of_a_store || any_of(words, &NOT_A_ROLE) {
        return Saying::Other;
    }
    let before = at.checked_sub(1).map(|before| words[before]);
    let after = words.get(at + 1).copied();
    let is_server = |word: &str| DATABASE.has(word) || HOST.has(word) || WEAK_HOST.has(word);
    // `PRIMARY_SCHOOL_DB_HOST` and `SCRUM_MASTER_HOST` are about schools and people
    let stands_beside = after
        .is_none_or(|word| is_server(word) || ["conn", "connection", "data", "pool"].contains(&word))
        || before.is_some_and(|word| DATABASE.has(word) || (is_library && word == "replication"));
    // the first of several data sources is called so too (Spring Boot's manual, "Configure Two DataSources")
    let is_first_of_several = [before, after].contains(&Some("datasource"));
    if stands_beside && !has_subject && !is_first_of_several && !is_agent(words, at) {
        Saying::Role
    } else if stands_beside || any_of(words, &DATABASE) || words.contains(&"dsn") {
        Saying::Weak
    } else {
        Saying::Nothing
    }
}

/// Does a word say what somebody is (`QUIZ_MASTER_DB_HOST`)? A noun stands before it, and the database behind it.
fn is_agent(words: &[&str], at: usize) -> bool {
    let is_noun = |before: usize| ![&DATABASE, &HOST, &GLUE].iter().any(|list| list.has(words[before]));
    ["writer", "writers", "master", "masters"].contains(&words[at])
        && at.checked_sub(1).is_some_and(is_noun)
        && words.get(at + 1).is_some_and(|after| DATABASE.has(after))
}

/// What does a name say without a word of writing?
fn faint(words: &[&str]) -> Saying {
    let has = |list: &WordList| any_of(words, list);
    let is_beside = words
        .windows(2)
        .any(|pair| (FAINT.has(pair[0]) && DATABASE.has(pair[1])) || (FAINT.has(pair[1]) && DATABASE.has(pair[0])));
    // a data source is a database, whatever it is for
    let is_data_source = || words.windows(2).any(|pair| pair == ["data", "source"]);
    let is_else =
        || [&READ, &NEVER, &SUBJECT, &NOT_A_ROLE, &OTHER_SYSTEMS].into_iter().any(has) || ends_in_no_host(words);
    if is_beside && !is_else() && !is_data_source() { Saying::Faint } else { Saying::Nothing }
}

/// Does the last word say that the value is something else than a host?
fn ends_in_no_host(words: &[&str]) -> bool {
    let [before @ .., last] = words else { return false };
    match *last {
        "name" => !before.last().is_some_and(|word| HOST.has(word) || ["service", "svc", "node"].contains(word)),
        last => NO_HOST.has(last),
    }
}

/// Does a name say something about its value that a name which says write would not?
pub(super) fn says_else(name: &str) -> bool {
    if name.len() > NAME_LIMIT {
        return true;
    }
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    [&READ, &NEVER, &SUBJECT].into_iter().any(|list| any_of(&words, list)) || ends_in_no_host(&words)
}

/// May a name's value be a Service of a single word? `PRIMARY_DB: mysql` and `WRITE_DRIVER: mysql` are no hosts.
pub(super) fn takes_single_word(name: &str, value: &str) -> bool {
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    let has = |list: &WordList| any_of(&words, list);
    let ends_in = |list: &WordList| words.last().is_some_and(|last| list.has(last));
    let ends =
        || ends_in(&WRITE) || ends_in(&ROLE) || ends_in(&FAINT) || ends_in(&DATABASE) || words.last() == Some(&"to");
    has(&HOST) || (!PRODUCTS.has(value) && (has(&WEAK_HOST) || (value.contains('-') && ends())))
}

/// Does the name of a Service say that it is for reading?
pub(super) fn service_says_read(name: &str) -> bool {
    let name = &name[..name.len().min(NAME_LIMIT)];
    any_of(&words(&name.to_ascii_lowercase(), name), &READ)
}

/// Does a user's name say that it reads?
pub(super) fn is_reader(user: &str) -> bool {
    let user = &user[..user.len().min(64).min(user.find(|c: char| !c.is_ascii()).unwrap_or(user.len()))];
    any_of(&words(&user.to_ascii_lowercase(), user), &READ)
}
