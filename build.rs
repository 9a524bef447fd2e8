//! Packs the scripts under `src/scripts` for each clone method, as `src/scripts.rs` takes them up: their code without
//! comments and empty lines, each behind a line with its name, compressed, in letters. The folders of the source stay
//! here: a pod has all of its scripts in one.

use std::{env, fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use zopfli::{Format, Options};

/// What every pod has.
const COMMON: [&str; 13] = [
    "lib/credentials",
    "lib/common",
    "ping",
    "replica-ready",
    "init-mysql",
    "clone-mysql",
    "lib/look-after",
    "lib/account",
    "lib/primary",
    "lib/check-primary",
    "lib/join",
    "lib/follow",
    "xtrabackup",
];
/// What a pod of the clone method has besides.
const METHODS: [(&str, &[&str]); 2] = [
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
    let unpack = code("unpack");
    write("unpack", unpack.as_bytes());
    for (method, own) in METHODS {
        let mut scripts = String::new();
        for path in COMMON.iter().chain(own) {
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
