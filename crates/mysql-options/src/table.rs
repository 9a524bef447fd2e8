//! The options that the policy asks for, and how short each can be written.

/// The options that matter here, each with the length of the shortest abbreviation that can stand for it: MariaDB, and
/// MySQL up to 5.7, take any beginning of a name that no other option has. The lengths are the shortest ones that
/// `--verbose --help` of one of the servers leaves unambiguous. The `defaults` ones are taken only whole
/// (`mysys/my_default`, `get_defaults_options`).
const KNOWN: [(&str, usize); 23] = [
    ("read-only", "read-o".len()),
    ("super-read-only", "super-r".len()),
    // there are log-bin-index and others; the whole name wins over them
    ("log-bin", "log-bin".len()),
    ("server-id", "ser".len()),
    ("skip-slave-start", "skip-sl".len()),
    ("skip-replica-start", "skip-r".len()),
    ("datadir", "da".len()),
    ("init-file", "init-f".len()),
    ("persisted-globals-load", "persiste".len()),
    ("defaults-file", "defaults-file".len()),
    ("defaults-extra-file", "defaults-extra-file".len()),
    ("defaults-group-suffix", "defaults-group-suffix".len()),
    ("no-defaults", "no-defaults".len()),
    ("gtid-mode", "gtid-m".len()),
    ("enforce-gtid-consistency", "enforce-g".len()),
    ("slave-parallel-workers", "slave-parallel-w".len()),
    ("replica-parallel-workers", "replica-parallel-w".len()),
    ("innodb-data-home-dir", "innodb-data-h".len()),
    ("innodb-log-group-home-dir", "innodb-log-g".len()),
    ("innodb-undo-directory", "innodb-undo-d".len()),
    ("early-plugin-load", "ea".len()),
    ("plugin-load-add", "plugin-load-".len()),
    ("plugin-load", "plugin-l".len()),
];

/// Is this the name of an option of the table? Rules only see those.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// The name of the table that is meant, and whether it is written whole and in lower case.
pub(crate) fn known(word: &str) -> Option<(&'static str, bool)> {
    // most words have not even the first letter of a name
    let first = word.bytes().next()?.to_ascii_lowercase();
    let mut abbreviated = None;
    for (name, shortest) in KNOWN.iter().filter(|(name, _)| name.bytes().next() == Some(first)) {
        if same(name, word) {
            return Some((name, !word.bytes().any(|byte| byte.is_ascii_uppercase())));
        }
        let is_beginning = || name.get(..word.len()).is_some_and(|name| same(name, word));
        if abbreviated.is_none() && word.len() >= *shortest && is_beginning() {
            abbreviated = Some((*name, false));
        }
    }
    abbreviated
}

/// Are these the same, `-` being `_` and upper case lower case?
pub(crate) fn same(left: &str, right: &str) -> bool {
    let plain = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    left.len() == right.len() && left.bytes().map(plain).eq(right.bytes().map(plain))
}
