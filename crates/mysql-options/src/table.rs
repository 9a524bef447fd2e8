//! The options that the policy asks for, and how short each can be written.

/// The options that matter here, in the order of the alphabet, each with the length of the shortest abbreviation that
/// can stand for it: MariaDB, and MySQL up to 5.7, take any beginning of a name that no other option has. The lengths
/// are the shortest ones that `--verbose --help` of one of the servers (MySQL 5.7 and 9.7, MariaDB 10.11 and 11.8)
/// leaves unambiguous. The `defaults` ones are taken only whole (`mysys/my_default`, `get_defaults_options`).
const KNOWN: [(&str, usize); 44] = [
    ("bind-address", "bind".len()),
    ("datadir", "da".len()),
    ("defaults-extra-file", "defaults-extra-file".len()),
    ("defaults-file", "defaults-file".len()),
    ("defaults-group-suffix", "defaults-group-suffix".len()),
    ("early-plugin-load", "ea".len()),
    ("enforce-gtid-consistency", "enforce-g".len()),
    ("event-scheduler", "ev".len()),
    ("gtid-mode", "gtid-m".len()),
    ("init-file", "init-f".len()),
    ("init-replica", "init-r".len()),
    ("init-slave", "init-s".len()),
    ("innodb-data-file-path", "innodb-data-f".len()),
    ("innodb-data-home-dir", "innodb-data-h".len()),
    ("innodb-log-group-home-dir", "innodb-log-g".len()),
    ("innodb-page-size", "innodb-pa".len()),
    ("innodb-read-only", "innodb-read-o".len()),
    ("innodb-undo-directory", "innodb-undo-d".len()),
    ("innodb-undo-log-truncate", "innodb-undo-l".len()),
    // there are log-bin-index and others; the whole name wins over them
    ("log-bin", "log-bin".len()),
    ("log-bin-index", "log-bin-i".len()),
    ("lower-case-table-names", "lowe".len()),
    ("master-info-repository", "master-info-r".len()),
    ("no-defaults", "no-defaults".len()),
    ("offline-mode", "of".len()),
    ("persisted-globals-load", "persiste".len()),
    ("plugin-load", "plugin-l".len()),
    ("plugin-load-add", "plugin-load-".len()),
    // there is port-open-timeout; the whole name wins over it
    ("port", "port".len()),
    ("read-only", "read-o".len()),
    ("relay-log-info-repository", "relay-log-info-r".len()),
    ("relay-log-recovery", "relay-log-r".len()),
    ("replica-exec-mode", "replica-e".len()),
    ("replica-parallel-workers", "replica-parallel-w".len()),
    ("replica-skip-errors", "replica-sk".len()),
    ("server-id", "ser".len()),
    ("skip-grant-tables", "skip-g".len()),
    ("skip-networking", "skip-ne".len()),
    ("skip-replica-start", "skip-r".len()),
    ("skip-slave-start", "skip-sl".len()),
    ("slave-exec-mode", "slave-e".len()),
    ("slave-parallel-workers", "slave-parallel-w".len()),
    ("slave-skip-errors", "slave-sk".len()),
    ("super-read-only", "super-r".len()),
];

/// Where in the table the names with a first letter begin, and behind the last letter its end. A word is compared with
/// the names of its own first letter alone: in hostile texts there are very many words.
const FIRST: [usize; 27] = {
    let mut first = [KNOWN.len(); 27];
    let mut at = KNOWN.len();
    while at > 0 {
        at -= 1;
        first[(KNOWN[at].0.as_bytes()[0] - b'a') as usize] = at;
    }
    let mut letter = 26;
    while letter > 0 {
        letter -= 1;
        if first[letter] > first[letter + 1] || first[letter] == KNOWN.len() {
            first[letter] = first[letter + 1];
        }
    }
    first
};

/// Is this the name of an option of the table? Rules only see those.
pub(crate) fn is_known(name: &str) -> bool {
    KNOWN.iter().any(|(known, _)| *known == name)
}

/// The name of the table that is meant, and whether it is written whole and in lower case.
pub(crate) fn known(word: &str) -> Option<(&'static str, bool)> {
    let (first, second) = match word.as_bytes() {
        [first, second, ..] if first.is_ascii_alphabetic() => (first.to_ascii_lowercase(), second.to_ascii_lowercase()),
        // no option can be written so short
        _ => return None,
    };
    let letter = usize::from(first - b'a');
    let mut abbreviated = None;
    for (name, shortest) in &KNOWN[FIRST[letter]..FIRST[letter + 1]] {
        if word.len() < *shortest || word.len() > name.len() || name.as_bytes()[1] != second {
            continue;
        }
        let Some(beginning) = name.get(..word.len()).filter(|beginning| same(beginning, word)) else { continue };
        if beginning.len() == name.len() {
            return Some((name, !word.bytes().any(|byte| byte.is_ascii_uppercase())));
        }
        if abbreviated.is_none() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_itself_and_by_its_shortest_form() {
        for (index, (name, shortest)) in KNOWN.iter().enumerate() {
            assert!(index == 0 || KNOWN[index - 1].0 < *name, "{name} is out of order");
            assert_eq!(known(name), Some((*name, true)));
            assert_eq!(known(&name.to_uppercase().replace('-', "_")), Some((*name, false)), "{name}");
            let is_whole = shortest == &name.len();
            assert_eq!(known(&name[..*shortest]), Some((*name, is_whole)), "{name}");
            assert_ne!(known(&name[..shortest - 1]).map(|(name, _)| name), Some(*name), "{name}");
        }
        for word in ["", "a", "zz", "é", "-x", "~~", "{{", "por", "ports", "eve_", "ab", "zebra"] {
            assert_eq!(known(word), None, "{word}");
        }
    }
}
