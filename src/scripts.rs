//! The injected shell scripts: real files under `scripts/`. `init-mysql` carries all that its pod needs once, packed by
//! `build.rs`, and unpacks them onto a volume of the pod; the other containers and the probes run them there by path.
//! What is packed is their code: comments and empty lines stay here, where developers read them.

use std::collections::BTreeMap;

use crate::flavor::CloneMethod;

/// How the script begins by which `init-mysql` unpacks the others. Kubernetes expands `$(NAME)` in a container's
/// command; a test makes sure that it leaves this one as it is.
pub(crate) const UNPACK: &str = include_str!(concat!(env!("OUT_DIR"), "/unpack"));

/// Those that every pod has, packed.
const COMMON: &str = include_str!(concat!(env!("OUT_DIR"), "/common.packed"));

/// A long word of a container's command, worked out when the policy is built: to do it for each injection would be an
/// eighth of that.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LongWord {
    /// Parts of its text as it stands between a JSON string's quotes.
    pub(crate) json: [&'static str; 2],
    /// The digest of its text.
    pub(crate) digest: u64,
}

static UNPACKING: LongWord =
    LongWord { json: [include_str!(concat!(env!("OUT_DIR"), "/unpack.json")), ""], digest: fnv1a(UNPACK.as_bytes()) };
static PACKED: [LongWord; 2] = [
    LongWord::packed(include_str!(concat!(env!("OUT_DIR"), "/xtrabackup.packed"))),
    LongWord::packed(include_str!(concat!(env!("OUT_DIR"), "/clone-plugin.packed"))),
];

impl LongWord {
    /// Letters that stand in JSON as they are.
    const fn packed(own: &'static str) -> Self {
        Self { json: [COMMON, own], digest: fnv1a_from(fnv1a(COMMON.as_bytes()), own.as_bytes()) }
    }

    /// [`UNPACK`].
    pub(crate) fn unpack() -> &'static Self {
        &UNPACKING
    }

    /// The scripts of a clone method's pods, packed.
    pub(crate) fn scripts_of(method: CloneMethod) -> &'static Self {
        let [xtrabackup, clone_plugin] = &PACKED;
        match method {
            CloneMethod::Xtrabackup => xtrabackup,
            CloneMethod::ClonePlugin => clone_plugin,
        }
    }
}

/// By this the probes that version 0.2 and earlier injected are recognised; they had the script as text.
pub(crate) const PING_MARKER: &str = "# injected by mysql-replication-policy: ping";

/// Is a text the database's probe as version 0.2 and earlier injected it?
pub(crate) fn is_ping(text: &str) -> bool {
    text.contains(PING_MARKER)
}

/// What of the scripts stands in an injected object, with a name for it, for tests.
#[must_use]
pub fn injected() -> [(&'static str, String); 3] {
    let [xtrabackup, clone_plugin] = &PACKED;
    [
        ("unpack", UNPACK.to_owned()),
        ("packed for xtrabackup", xtrabackup.json.concat()),
        ("packed for clone-plugin", clone_plugin.json.concat()),
    ]
}

/// Every script as it runs, by its name, for tests.
#[must_use]
pub fn all() -> BTreeMap<&'static str, &'static str> {
    const OF_METHODS: [&str; 2] = [
        include_str!(concat!(env!("OUT_DIR"), "/xtrabackup")),
        include_str!(concat!(env!("OUT_DIR"), "/clone-plugin")),
    ];
    let scripts = OF_METHODS.into_iter().flat_map(|scripts| scripts.split("#### ").skip(1));
    scripts.filter_map(|script| script.split_once(".sh\n")).chain([("unpack", UNPACK)]).collect()
}

/// FNV-1a: the digest tells contents apart, it protects nothing.
pub(crate) const fn fnv1a(bytes: &[u8]) -> u64 {
    fnv1a_from(0xcbf2_9ce4_8422_2325, bytes)
}

/// FNV-1a, going on from an earlier digest.
pub(crate) const fn fnv1a_from(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_stands_in_json_as_it_is() {
        for packed in &PACKED {
            let text = packed.json.concat();
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte)), "no padding");
            assert_eq!(packed.digest, fnv1a(text.as_bytes()));
        }
    }

    #[test]
    fn the_script_that_unpacks_them_is_ready_as_json() {
        assert_eq!(format!("\"{}\"", UNPACKING.json.concat()), serde_json::to_string(UNPACK).unwrap());
        assert_eq!(UNPACKING.digest, fnv1a(UNPACK.as_bytes()));
    }

    #[test]
    fn fnv1a_is_the_published_function() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
