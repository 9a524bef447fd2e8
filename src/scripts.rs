//! The injected shell scripts: real files under `scripts/`, put together for each container that runs them. What is
//! injected is their code: lines of comments and empty lines stay here, where developers read them.
//!
//! Kubernetes expands `$(NAME)` in a container's command; a test makes sure that it leaves every script as it is.

/// A script without its text. Making a plan, comparing it with an object and writing the answer would copy, hash and
/// escape tens of kilobytes; so the text comes in from the module's constants, escaped already, when the answer is
/// written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    InitMysql,
    CloneXtrabackup,
    ClonePlugin,
    Sidecar,
    /// The sidecar's readiness probe: a replica that does not replicate is not Ready.
    ReplicaReady,
    /// The database container's probes.
    Ping,
}

/// A piece of a script, as text and as it stands in a JSON string.
#[derive(Clone, Copy)]
struct Piece {
    text: &'static str,
    escaped: &'static str,
}

/// The text of bytes that were made from text.
macro_rules! text {
    ($bytes:expr) => {
        match std::str::from_utf8($bytes) {
            Ok(text) => text,
            Err(_) => unreachable!(),
        }
    };
}

/// A text as a piece.
macro_rules! piece {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const ESCAPED: [u8; escaped_len(TEXT.as_bytes())] = escape(TEXT.as_bytes());
        Piece { text: TEXT, escaped: text!(&ESCAPED) }
    }};
}

/// A file's code as a piece.
macro_rules! code {
    ($file:expr) => {{
        const FILE: &[u8] = include_bytes!($file);
        const CODE: [u8; code_len(FILE)] = code(FILE);
        piece!(text!(&CODE))
    }};
}

const CREDENTIALS: Piece = code!("scripts/credentials.sh");
const COMMON: Piece = code!("scripts/common.sh");
const NOTHING: Piece = Piece { text: "", escaped: "" };

/// How the first line of every script begins, whatever version of the policy injected it.
macro_rules! header {
    ($name:expr) => {
        piece!(concat!("# injected by mysql-replication-policy: ", $name, "\n"))
    };
}

/// Where the comments are.
const SOURCE: Piece =
    piece!(concat!("# commented: src/scripts of mysql-replication-policy ", env!("CARGO_PKG_VERSION"), "\n"));

/// Each script in its pieces, in the order of [`Script`].
const PIECES: [[Piece; 6]; 6] = [
    [header!("init-mysql"), SOURCE, CREDENTIALS, COMMON, code!("scripts/init-mysql.sh"), NOTHING],
    [
        header!("clone-mysql (xtrabackup)"),
        SOURCE,
        CREDENTIALS,
        COMMON,
        code!("scripts/clone-xtrabackup.sh"),
        code!("scripts/clone-mysql.sh"),
    ],
    [
        header!("clone-mysql (clone-plugin)"),
        SOURCE,
        CREDENTIALS,
        COMMON,
        code!("scripts/clone-plugin.sh"),
        code!("scripts/clone-mysql.sh"),
    ],
    [
        header!("xtrabackup"),
        SOURCE,
        CREDENTIALS,
        COMMON,
        code!("scripts/look-after.sh"),
        code!("scripts/xtrabackup.sh"),
    ],
    [header!("replica-ready"), SOURCE, CREDENTIALS, COMMON, code!("scripts/replica-ready.sh"), NOTHING],
    [header!("ping"), SOURCE, CREDENTIALS, code!("scripts/ping.sh"), NOTHING, NOTHING],
];

/// By this a probe is recognised as injected, whatever version of the policy did it.
const PING_MARKER: &str = "# injected by mysql-replication-policy: ping";

/// How many bytes of text, and their digest.
struct Sum {
    len: usize,
    digest: u64,
}

impl Sum {
    const fn of(pieces: &[Piece]) -> Self {
        let (mut len, mut digest) = (0, fnv1a(b""));
        let mut at = 0;
        while at < pieces.len() {
            let text = pieces[at].text.as_bytes();
            len += text.len();
            digest = fnv1a_from(digest, text);
            at += 1;
        }
        Self { len, digest }
    }
}

/// In the order of [`Script`].
const SUMS: [Sum; 6] = [
    Sum::of(&PIECES[0]),
    Sum::of(&PIECES[1]),
    Sum::of(&PIECES[2]),
    Sum::of(&PIECES[3]),
    Sum::of(&PIECES[4]),
    Sum::of(&PIECES[5]),
];

/// All scripts with the names of their containers or probes, for tests.
#[must_use]
pub fn all() -> [(&'static str, String); 6] {
    let name = |script| match script {
        Script::InitMysql => "init-mysql",
        Script::CloneXtrabackup => "clone-mysql-xtrabackup",
        Script::ClonePlugin => "clone-mysql-clone-plugin",
        Script::Sidecar => "xtrabackup",
        Script::ReplicaReady => "replica-ready",
        Script::Ping => "ping",
    };
    Script::ALL.map(|script| (name(script), script.text()))
}

impl Script {
    const ALL: [Self; 6] =
        [Self::InitMysql, Self::CloneXtrabackup, Self::ClonePlugin, Self::Sidecar, Self::ReplicaReady, Self::Ping];

    /// How many bytes all of them are as they stand in a JSON string.
    pub(crate) const LEN_OF_ALL: usize = {
        let (mut len, mut at) = (0, 0);
        while at < 36 {
            len += ESCAPED[at / 6][at % 6].len();
            at += 1;
        }
        len
    };

    fn text(self) -> String {
        PIECES[self as usize].iter().map(|piece| piece.text).collect()
    }

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
    fn escaped(self) -> [&'static str; 6] {
        ESCAPED[self as usize]
    }
}

/// [`PIECES`] as they stand in a JSON string: nothing else of them is needed in the module.
const ESCAPED: [[&str; 6]; 6] = {
    let mut escaped = [[""; 6]; 6];
    let mut at = 0;
    while at < 36 {
        escaped[at / 6][at % 6] = PIECES[at / 6][at % 6].escaped;
        at += 1;
    }
    escaped
};

/// Where the line ends that begins at `at`, behind its line break, and whether it is code: neither empty nor a comment.
const fn line(file: &[u8], at: usize) -> (usize, bool) {
    let (mut end, mut first) = (at, b'\n');
    while end < file.len() && file[end] != b'\n' {
        if first == b'\n' && file[end] != b' ' {
            first = file[end];
        }
        end += 1;
    }
    (end + 1, first != b'\n' && first != b'#')
}

const fn code_len(file: &[u8]) -> usize {
    let (mut len, mut at) = (0, 0);
    while at < file.len() {
        let (next, is_code) = line(file, at);
        len += if is_code { next - at } else { 0 };
        at = next;
    }
    len
}

const fn code<const LEN: usize>(file: &[u8]) -> [u8; LEN] {
    let mut code = [0; LEN];
    let (mut to, mut at) = (0, 0);
    while at < file.len() {
        let (next, is_code) = line(file, at);
        while is_code && at < next {
            code[to] = file[at];
            to += 1;
            at += 1;
        }
        at = next;
    }
    code
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
        for (script, (name, text)) in Script::ALL.into_iter().zip(all()) {
            let json = format!("\"{}\"", script.escaped().concat());
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text, "{name}");
            assert_eq!(serde_json::to_string(&text).unwrap(), json, "{name}");
            assert!(script.is_text(&text));
            assert_eq!(script.digest(), fnv1a(text.as_bytes()));
            assert_eq!(Script::digest_of(&text), script.digest());
            assert_eq!(Script::is_ping(&text), script == Script::Ping);
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
    fn source_and_injected_text_differ_by_comments_alone() {
        const FILES: [(&str, &str); 10] = [
            ("credentials", include_str!("scripts/credentials.sh")),
            ("common", include_str!("scripts/common.sh")),
            ("init-mysql", include_str!("scripts/init-mysql.sh")),
            ("clone-xtrabackup", include_str!("scripts/clone-xtrabackup.sh")),
            ("clone-plugin", include_str!("scripts/clone-plugin.sh")),
            ("clone-mysql", include_str!("scripts/clone-mysql.sh")),
            ("look-after", include_str!("scripts/look-after.sh")),
            ("xtrabackup", include_str!("scripts/xtrabackup.sh")),
            ("replica-ready", include_str!("scripts/replica-ready.sh")),
            ("ping", include_str!("scripts/ping.sh")),
        ];
        let injected: Vec<&str> = PIECES.iter().flatten().map(|piece| piece.text).collect();
        for (name, file) in FILES {
            let is_code = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
            let code: String = file.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect();
            assert!(injected.contains(&code.as_str()), "{name}");
        }
    }

    #[test]
    fn fnv1a_is_the_published_function() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
