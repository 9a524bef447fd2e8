//! Packs the scripts under `src/scripts` for each clone method, as `src/scripts.rs` takes them up: their code without
//! comments and empty lines, each behind a line with its name, compressed, in letters. The folders of the source stay
//! here: a pod has all of its scripts in one.

use std::{env, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use zopfli::{Format, Options};

/// The scripts, and the one clone method whose pods have it, where it is not every pod. In an order in which they take
/// little room: what compresses looks for words that have been there before no further back than 32 kB (RFC 1951).
const SCRIPTS: [(&str, Option<&str>); 15] = [
    ("lib/credentials", None),
    ("ping", None),
    ("xtrabackup", None),
    ("init-mysql", None),
    ("clone-mysql", None),
    ("lib/common", None),
    ("clone/clone-by-xtrabackup", Some("xtrabackup")),
    ("serve-backup", Some("xtrabackup")),
    ("lib/look-after", None),
    ("lib/account", None),
    ("lib/check-primary", None),
    ("lib/primary", None),
    ("lib/follow", None),
    ("clone/clone-by-clone-plugin", Some("clone-plugin")),
    ("replica-ready", None),
];
/// In front of the name of a script. `unpack.sh` goes by it.
const NAME: &str = "#### ";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/scripts");
    let out = env::var_os("OUT_DIR").expect("a folder to write to");
    let write = |name: &str, text: &[u8]| fs::write(Path::new(&out).join(name), text).expect("a file is written");
    let unpack = code("unpack");
    write("unpack", unpack.as_bytes());
    for method in ["xtrabackup", "clone-plugin"] {
        let mut scripts = String::new();
        for (path, _) in SCRIPTS.iter().filter(|(_, only)| only.is_none_or(|only| only == method)) {
            let name = path.rsplit('/').next().unwrap_or(path);
            scripts += &[NAME, name, ".sh\n", &code(path)].concat();
        }
        write(method, scripts.as_bytes());
        // neither a name nor a time goes in: the same scripts give the same bytes
        let mut packed = Vec::new();
        zopfli::compress(Options::default(), Format::Gzip, scripts.as_bytes(), &mut packed)
            .expect("a vector takes all that is written to it");
        write(&format!("{method}.packed"), STANDARD.encode(packed).as_bytes());
    }
}

/// A script's code: its lines that are neither empty nor a comment. `path` begins in `src/scripts` and has no ending.
fn code(path: &str) -> String {
    let path = format!("src/scripts/{path}.sh");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let is_code = |line: &&str| !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
    text.lines().filter(is_code).flat_map(|line| [line, "\n"]).collect()
}
