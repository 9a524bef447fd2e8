//! The words of which a name is made: what a name says is told by them, whatever its case and separators.

use super::{
    lists::{DATABASE, GLUE, HOST, NO_HOST, READ, ROLE, WEAK_HOST, WRITE},
    scan::contains,
};

/// The words of a name without digits, from its copy in small letters; `READ_WRITE` is one word.
#[inline(never)]
pub(super) fn words<'a>(small: &'a str, name: &str) -> Vec<&'a str> {
    let bytes = name.as_bytes();
    let mut words = Vec::new();
    let mut start = 0;
    // between the bytes of one character there is no word
    let within = |start, end| small.get(start..end).unwrap_or_default();
    for (index, byte) in bytes.iter().enumerate() {
        let before = index.checked_sub(1).map_or(b'_', |before| bytes[before]);
        let after = bytes.get(index + 1).copied().unwrap_or(b'_');
        let starts = byte.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || (before.is_ascii_uppercase() && after.is_ascii_lowercase()));
        if starts || !byte.is_ascii_alphabetic() {
            end_word(within(start, index), &mut words);
            start = if byte.is_ascii_alphabetic() { index } else { index + 1 };
        }
    }
    end_word(within(start, bytes.len()), &mut words);
    joined(words)
}

/// Takes over a word, or the words of which it is made.
fn end_word<'a>(word: &'a str, words: &mut Vec<&'a str>) {
    /// No word of several is longer.
    const LIMIT: usize = 32;
    if word.is_empty() {
        return;
    }
    let known = words.len();
    let is_short = |part: &&str| ["rw", "ro"].contains(part);
    if word.len() <= LIMIT
        && ["writ", "primary", "master", "rw", "read", "replica", "slave", "ro"].iter().any(|core| contains(word, core))
        && segment(word, words, &mut 0)
        // two letters within a word are chance
        && !words[known..].iter().take(words.len() - known - 1).skip(1).any(is_short)
    {
        return;
    }
    words.truncate(known);
    words.push(word);
}

/// Cuts a word of at most 32 letters into known ones, the longest first. What is left where no cut helps is remembered
/// by its length in `dead`.
fn segment<'w>(rest: &'w str, parts: &mut Vec<&'w str>, dead: &mut u64) -> bool {
    /// Of the known words.
    const LONGEST: usize = 12;
    if rest.is_empty() {
        return true;
    }
    let is_known = |word: &str| {
        [&WRITE, &ROLE, &READ, &DATABASE, &HOST, &WEAK_HOST, &GLUE, &NO_HOST].iter().any(|list| list.has(word))
    };
    for end in (2..=rest.len().min(LONGEST)).rev() {
        let (Some(word), Some(after)) = (rest.get(..end), rest.get(end..)) else { continue };
        if *dead & (1 << after.len()) == 0 && is_known(word) {
            parts.push(word);
            if segment(after, parts, dead) {
                return true;
            }
            parts.pop();
        }
    }
    *dead |= 1 << rest.len();
    false
}

/// Makes one word of `read` and `write` side by side.
fn joined(words: Vec<&str>) -> Vec<&str> {
    let is_write = |word: &str| ["write", "writes", "writable"].contains(&word);
    if !words.iter().any(|word| is_write(word)) {
        return words;
    }
    let mut joined = Vec::with_capacity(words.len());
    for word in words {
        if is_write(word) {
            let between = joined.last().is_some_and(|last| ["and", "or", "n", "plus"].contains(last));
            let read = joined.len().checked_sub(1 + usize::from(between));
            if let Some(at) = read.filter(|at| ["read", "reads"].contains(&joined[*at])) {
                joined.truncate(at);
                joined.push("readwrite");
                continue;
            }
        }
        joined.push(word);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name() {
        for (name, expected) in [
            ("DB_WRITE_HOST", &["db", "write", "host"][..]),
            ("dbWriteHost2", &["db", "write", "host"]),
            ("DBRWHost", &["db", "rw", "host"]),
            ("dbwritehost", &["db", "write", "host"]),
            ("READ_AND_WRITE", &["readwrite"]),
            ("ä_writeÄ-Hö\u{1f600}st", &["write", "h", "st"]),
            ("", &[]),
            ("__", &[]),
        ] {
            assert_eq!(words(&name.to_ascii_lowercase(), name), expected, "{name}");
        }
    }
}
