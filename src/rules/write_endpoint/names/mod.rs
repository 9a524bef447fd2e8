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

pub(super) use scan::{contains, may_say_write};

use lists::{
    BEHIND, DATABASE, HOST, IN_FRONT, NEVER, NO_HOST, NO_WRITE_SERVICE, NOT_A_ROLE, OF_A_ROLE, OTHER_SYSTEMS, PRODUCTS,
    READ, ROLE, WEAK_HOST, WRITE,
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
    /// It says something else.
    Other,
    Nothing,
}

impl Saying {
    pub(super) fn is_write(self) -> bool {
        matches!(self, Self::Told | Self::Write | Self::Role)
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
    matches_any(&names.services, name) || {
        let small = name.to_ascii_lowercase();
        let words = words(&small, name);
        let is = |word: &&str| NO_WRITE_SERVICE.has(word);
        matches!(built_in(&words), Saying::Write | Saying::Role) && !words.iter().any(is)
    }
}

/// Is the name about replication between servers? Beside it, `master` and `primary` say whom a replica follows.
pub(super) fn is_about_replication(name: &str) -> bool {
    name.len() <= NAME_LIMIT
        && contains(name, "repl")
        && words(&name.to_ascii_lowercase(), name)
            .iter()
            .any(|word| ["replication", "replicate", "replicator", "repl"].contains(word))
}

fn built_in(words: &[&str]) -> Saying {
    let has = |list: &WordList| words.iter().any(|word| list.has(word));
    let is_write = |word: &str| WRITE.has(word) || ROLE.has(word);
    if !has(&WRITE) && !has(&ROLE) {
        return Saying::Nothing;
    }
    if has(&READ) || has(&NEVER) {
        return Saying::Other;
    }
    let neighbours = words.windows(2).any(|pair| {
        let [first, second] = [pair[0], pair[1]];
        (is_write(first) && BEHIND.has(second)) || (is_write(second) && IN_FRONT.has(first))
    });
    if neighbours || ends_in_no_host(words) || (has(&OTHER_SYSTEMS) && !has(&DATABASE)) {
        return Saying::Other;
    }
    if has(&WRITE) {
        return Saying::Write;
    }
    let another = has(&NOT_A_ROLE)
        || words.windows(2).enumerate().any(|(index, pair)| {
            ROLE.has(pair[0])
                && OF_A_ROLE.has(pair[1])
                && !(pair[1] == "data" && words.get(index + 2).is_some_and(|next| *next == "source"))
        });
    if another { Saying::Other } else { Saying::Role }
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
    words.iter().any(|word| READ.has(word) || NEVER.has(word)) || ends_in_no_host(&words)
}

/// May a name's value be a Service of a single word? `PRIMARY_DB: mysql` and `WRITE_DRIVER: mysql` are no hosts.
pub(super) fn takes_single_word(name: &str, value: &str) -> bool {
    let small = name.to_ascii_lowercase();
    let words = words(&small, name);
    let has = |list: &WordList| words.iter().any(|word| list.has(word));
    let ends_in = |list: &WordList| words.last().is_some_and(|last| list.has(last));
    let ends = || ends_in(&WRITE) || ends_in(&ROLE) || ends_in(&DATABASE) || words.last() == Some(&"to");
    has(&HOST) || (!PRODUCTS.has(value) && (has(&WEAK_HOST) || (value.contains('-') && ends())))
}

/// Does a user's name say that it reads?
pub(super) fn is_reader(user: &str) -> bool {
    let user = &user[..user.len().min(64).min(user.find(|c: char| !c.is_ascii()).unwrap_or(user.len()))];
    words(&user.to_ascii_lowercase(), user).iter().any(|word| READ.has(word))
}
