//! The injected shell scripts: real files under `scripts/`, put together for each container that runs them.
//!
//! Kubernetes expands `$(NAME)` in a container's command; a test makes sure that it leaves every script as it is.

/// What `init-mysql` runs.
pub const INIT_MYSQL: &str = concat!(
    "# injected by mysql-replication-policy: init-mysql\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/init-mysql.sh")
);

/// What `clone-mysql` runs under the clone method `xtrabackup`.
pub const CLONE_XTRABACKUP: &str = concat!(
    "# injected by mysql-replication-policy: clone-mysql (xtrabackup)\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/clone-xtrabackup.sh"),
    "\n",
    include_str!("scripts/clone-mysql.sh")
);

/// What `clone-mysql` runs under the clone method `clone-plugin`.
pub const CLONE_PLUGIN: &str = concat!(
    "# injected by mysql-replication-policy: clone-mysql (clone-plugin)\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/clone-plugin.sh"),
    "\n",
    include_str!("scripts/clone-mysql.sh")
);

/// What the sidecar `xtrabackup` runs.
pub const SIDECAR: &str = concat!(
    "# injected by mysql-replication-policy: xtrabackup\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/xtrabackup.sh")
);

/// The sidecar's readiness probe: a replica that does not replicate is not Ready.
pub const REPLICA_READY: &str = concat!(
    "# injected by mysql-replication-policy: replica-ready\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/replica-ready.sh")
);

/// The database container's probes.
pub const PING: &str = concat!(
    "# injected by mysql-replication-policy: ping\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/ping.sh")
);

/// A line of [`PING`], by which a probe is recognised as injected, whatever version of the policy did it.
const PING_MARKER: &str = "# injected by mysql-replication-policy: ping";

/// All of them with the names of their containers or probes, for tests.
pub const ALL: [(&str, &str); 6] = [
    ("init-mysql", INIT_MYSQL),
    ("clone-mysql-xtrabackup", CLONE_XTRABACKUP),
    ("clone-mysql-clone-plugin", CLONE_PLUGIN),
    ("xtrabackup", SIDECAR),
    ("replica-ready", REPLICA_READY),
    ("ping", PING),
];

/// A script without its text. Making a plan, comparing it with an object and writing the answer would copy, hash and
/// escape tens of kilobytes; so the text comes in from the module's constants, escaped already, when the answer is
/// written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    InitMysql,
    CloneXtrabackup,
    ClonePlugin,
    Sidecar,
    ReplicaReady,
    Ping,
}

/// A file as it stands in a JSON string.
macro_rules! escaped {
    ($text:expr) => {{
        const TEXT: &[u8] = $text.as_bytes();
        const ESCAPED: [u8; escaped_len(TEXT)] = escape(TEXT);
        match std::str::from_utf8(&ESCAPED) {
            Ok(text) => text,
            Err(_) => unreachable!(),
        }
    }};
}

const CREDENTIALS_FILE: &str = escaped!(include_str!("scripts/credentials.sh"));
const COMMON_FILE: &str = escaped!(include_str!("scripts/common.sh"));
const INIT_MYSQL_FILE: &str = escaped!(include_str!("scripts/init-mysql.sh"));
const CLONE_XTRABACKUP_FILE: &str = escaped!(include_str!("scripts/clone-xtrabackup.sh"));
const CLONE_PLUGIN_FILE: &str = escaped!(include_str!("scripts/clone-plugin.sh"));
const CLONE_MYSQL_FILE: &str = escaped!(include_str!("scripts/clone-mysql.sh"));
const XTRABACKUP_FILE: &str = escaped!(include_str!("scripts/xtrabackup.sh"));
const REPLICA_READY_FILE: &str = escaped!(include_str!("scripts/replica-ready.sh"));
const PING_FILE: &str = escaped!(include_str!("scripts/ping.sh"));

/// How many bytes of text, and their digest.
struct Sum {
    len: usize,
    digest: u64,
}

impl Sum {
    const fn of(text: &str) -> Self {
        Self { len: text.len(), digest: fnv1a(text.as_bytes()) }
    }
}

/// In the order of [`Script`].
const SUMS: [Sum; 6] = [
    Sum::of(INIT_MYSQL),
    Sum::of(CLONE_XTRABACKUP),
    Sum::of(CLONE_PLUGIN),
    Sum::of(SIDECAR),
    Sum::of(REPLICA_READY),
    Sum::of(PING),
];

impl Script {
    const ALL: [Self; 6] =
        [Self::InitMysql, Self::CloneXtrabackup, Self::ClonePlugin, Self::Sidecar, Self::ReplicaReady, Self::Ping];

    /// Is a text the injected probe of the database, of this or another version?
    pub(crate) fn is_ping(text: &str) -> bool {
        text.contains(PING_MARKER)
    }

    /// The digest of the text.
    pub(crate) fn digest(self) -> u64 {
        SUMS[self as usize].digest
    }

    /// The digest of a text: of a script it is known without hashing all of it.
    pub(crate) fn digest_of(text: &str) -> u64 {
        let script = Self::ALL.into_iter().find(|script| script.is_text(text));
        script.map_or_else(|| fnv1a(text.as_bytes()), Self::digest)
    }

    /// Is a text the script's?
    pub(crate) fn is_text(self, text: &str) -> bool {
        SUMS[self as usize].len == text.len() && self.is_unescaped(text.as_bytes())
    }

    /// Compares with what stands escaped in the module.
    fn is_unescaped(self, text: &[u8]) -> bool {
        let mut text = text.iter();
        let mut next = |byte: u8| text.next() == Some(&byte);
        for piece in self.escaped() {
            let mut bytes = piece.bytes();
            while let Some(byte) = bytes.next() {
                let byte = match byte {
                    b'\\' => match bytes.next() {
                        Some(b'n') => b'\n',
                        Some(b't') => b'\t',
                        Some(byte) => byte,
                        None => return false,
                    },
                    byte => byte,
                };
                if !next(byte) {
                    return false;
                }
            }
        }
        text.next().is_none()
    }

    /// Writes the text as it stands in a JSON string.
    pub(crate) fn write(self, json: &mut Vec<u8>) {
        for piece in self.escaped() {
            json.extend_from_slice(piece.as_bytes());
        }
    }

    /// The text in pieces, as it stands in a JSON string.
    fn escaped(self) -> [&'static str; 8] {
        const BREAK: &str = "\\n";
        let header = match self {
            Self::InitMysql => escaped!("# injected by mysql-replication-policy: init-mysql\n"),
            Self::CloneXtrabackup => escaped!("# injected by mysql-replication-policy: clone-mysql (xtrabackup)\n"),
            Self::ClonePlugin => escaped!("# injected by mysql-replication-policy: clone-mysql (clone-plugin)\n"),
            Self::Sidecar => escaped!("# injected by mysql-replication-policy: xtrabackup\n"),
            Self::ReplicaReady => escaped!("# injected by mysql-replication-policy: replica-ready\n"),
            Self::Ping => {
                return [
                    escaped!("# injected by mysql-replication-policy: ping\n"),
                    CREDENTIALS_FILE,
                    BREAK,
                    PING_FILE,
                    "",
                    "",
                    "",
                    "",
                ];
            }
        };
        let (own, [then, last]) = match self {
            Self::CloneXtrabackup => (CLONE_XTRABACKUP_FILE, [BREAK, CLONE_MYSQL_FILE]),
            Self::ClonePlugin => (CLONE_PLUGIN_FILE, [BREAK, CLONE_MYSQL_FILE]),
            Self::Sidecar => (XTRABACKUP_FILE, [""; 2]),
            Self::ReplicaReady => (REPLICA_READY_FILE, [""; 2]),
            Self::InitMysql | Self::Ping => (INIT_MYSQL_FILE, [""; 2]),
        };
        [header, CREDENTIALS_FILE, BREAK, COMMON_FILE, BREAK, own, then, last]
    }
}

/// FNV-1a: the digest tells contents apart, it protects nothing.
pub(crate) const fn fnv1a(bytes: &[u8]) -> u64 {
    fnv1a_from(0xcbf2_9ce4_8422_2325, bytes)
}

/// The same, going on from an earlier digest.
pub(crate) const fn fnv1a_from(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The second byte of a byte's escape in JSON, if it needs one (RFC 8259, section 7).
const fn escape_of(byte: u8) -> Option<u8> {
    match byte {
        b'"' => Some(b'"'),
        b'\\' => Some(b'\\'),
        b'\n' => Some(b'n'),
        b'\t' => Some(b't'),
        0..0x20 => panic!("a script has a control character"),
        _ => None,
    }
}

const fn escaped_len(text: &[u8]) -> usize {
    let (mut len, mut at) = (0, 0);
    while at < text.len() {
        len += if escape_of(text[at]).is_some() { 2 } else { 1 };
        at += 1;
    }
    len
}

const fn escape<const LEN: usize>(text: &[u8]) -> [u8; LEN] {
    let mut escaped = [0; LEN];
    let (mut to, mut at) = (0, 0);
    while at < text.len() {
        if let Some(second) = escape_of(text[at]) {
            escaped[to] = b'\\';
            escaped[to + 1] = second;
            to += 2;
        } else {
            escaped[to] = text[at];
            to += 1;
        }
        at += 1;
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_escaped_is_the_script() {
        for (script, (name, text)) in Script::ALL.into_iter().zip(ALL) {
            let json = format!("\"{}\"", script.escaped().concat());
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{name}");
            assert_eq!(serde_json::to_string(text).unwrap(), json, "{name}");
            assert!(script.is_text(text));
            assert_eq!(script.digest(), fnv1a(text.as_bytes()));
            assert_eq!(Script::digest_of(text), script.digest());
            assert_eq!(Script::is_ping(text), script == Script::Ping);
            // one byte off is another text
            for at in [0, text.len() / 2, text.len() - 1] {
                let mut other = text.as_bytes().to_vec();
                other[at] ^= 1;
                let other = String::from_utf8(other).unwrap();
                assert!(!script.is_text(&other));
                assert_eq!(Script::digest_of(&other), fnv1a(other.as_bytes()));
            }
        }
        assert_eq!(Script::digest_of(""), fnv1a(b""));
    }

    #[test]
    fn fnv1a_is_the_published_function() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
