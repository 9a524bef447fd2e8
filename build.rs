//! Packs the scripts under `src/scripts`, as `src/scripts.rs` takes them up: those of every pod once, and for each clone
//! method those that only its pods have. What is packed is their code without comments and empty lines, each behind a
//! line with its name, compressed, in letters. The folders of the source stay here: a pod has all of its scripts in one.

use std::{env, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use zopfli::{Format, Options};

/// The scripts of every pod, in an order in which they take little room: what compresses looks for words that have been
/// there before no further back than 32 kB (RFC 1951).
const COMMON: [&str; 12] = [
    "lib/credentials",
    "ping",
    "xtrabackup",
    "init-mysql",
    "clone-mysql",
    "lib/common",
    "lib/look-after",
    "lib/account",
    "lib/check-primary",
    "lib/primary",
    "lib/follow",
    "replica-ready",
];
/// The scripts that only the pods of one clone method have.
const OF_METHODS: [(&str, &[&str]); 2] = [
    ("xtrabackup", &["clone/clone-by-xtrabackup", "serve-backup"]),
    ("clone-plugin", &["clone/clone-by-clone-plugin"]),
];
/// In front of the name of a script. `unpack.sh` goes by it.
const NAME: &str = "#### ";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/scripts");
    let out = env::var_os("OUT_DIR").expect("a folder to write to");
    let write = |name: &str, text: &[u8]| fs::write(Path::new(&out).join(name), text).expect("a file is written");
    let unpack = [
        "# injected by mysql-replication-policy ",
        env!("CARGO_PKG_VERSION"),
        ": its scripts, unpacked into /mysql-replication; with comments: src/scripts of that version\n",
        &code("unpack"),
    ]
    .concat();
    write("unpack", unpack.as_bytes());
    write("unpack.json", unpack.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").as_bytes());
    let common = scripts(&COMMON);
    write("common.packed", packed(&common).as_bytes());
    for (method, paths) in OF_METHODS {
        let own = scripts(paths);
        write(method, [common.as_str(), &own].concat().as_bytes());
        write(&format!("{method}.packed"), packed(&own).as_bytes());
    }
}

/// The code of scripts, each behind a line with its name.
fn scripts(paths: &[&str]) -> String {
    let named = |path: &&str| [NAME, path.rsplit('/').next().unwrap_or(path), ".sh\n", &code(path)].concat();
    paths.iter().map(named).collect()
}

/// Compressed, in letters, so that several of them one behind another are what they hold one behind another: gzip takes
/// members so (RFC 1952, section 2.2), and base64 where none of them needs padding, for which the member's field for a
/// file's name is filled.
fn packed(text: &str) -> String {
    /// In the header of a member (RFC 1952, section 2.3): the flags, which bit of them says that there is a name, and
    /// where that begins; it ends with a zero byte.
    const FLAGS: usize = 3;
    const HAS_NAME: u8 = 0b1000;
    const HEADER: usize = 10;
    // neither a true name nor a time goes in: the same scripts give the same bytes
    let mut member = Vec::new();
    zopfli::compress(Options::default(), Format::Gzip, text.as_bytes(), &mut member)
        .expect("a vector takes all that is written to it");
    let name: &[u8] = match member.len() % 3 {
        0 => b"",
        1 => b"-\0",
        _ => b"\0",
    };
    if !name.is_empty() {
        member[FLAGS] |= HAS_NAME;
        member.splice(HEADER..HEADER, name.iter().copied());
    }
    STANDARD.encode(member)
}

/// A script's code: its lines that are neither empty nor a comment. `path` begins in `src/scripts` and has no ending.
fn code(path: &str) -> String {
    let path = format!("src/scripts/{path}.sh");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let is_code = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
    text.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}
