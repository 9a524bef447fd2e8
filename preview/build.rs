//! Puts the policy's module and the rules' pages into the command, so that it works without a checkout once it is
//! installed.
//!
//! A release build, such as that of `cargo install`, always has it, and so has one with the feature `embedded`. Other
//! builds read the checkout's `policy.wasm` when they run: what was changed and built last is what is tested, and
//! clippy needs no module.
//!
//! The module is the one that `POLICY_WASM` names; else the one in the package, where this is built from a package and
//! not in a checkout; else `policy.wasm` of the checkout, if it is newer than all that it is made of; else one that is
//! built here.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const TARGET: &str = "wasm32-wasip1";
const VARIABLE: &str = "POLICY_WASM";
/// What the policy is made of, as the Makefile has it.
const SOURCES: [&str; 4] = ["Cargo.toml", "Cargo.lock", "src", "crates"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let out = folder("OUT_DIR");
    let wanted = env::var("PROFILE").is_ok_and(|profile| profile == "release")
        || env::var_os("CARGO_FEATURE_EMBEDDED").is_some();
    let embedded = if wanted { embed(&out).map(|()| "Some(include_bytes!(\"policy.wasm\"))") } else { Ok("None") };
    let code = embedded.and_then(|value| {
        fs::write(out.join("embedded.rs"), format!("const EMBEDDED: Option<&[u8]> = {value};\n"))
            .map_err(|error| format!("{} cannot be written: {error}", out.display()))
    });
    if let Err(message) = code.and_then(|()| write_pages(&out)) {
        for line in message.lines() {
            println!("cargo::error={line}");
        }
    }
}

fn folder(variable: &str) -> PathBuf {
    PathBuf::from(env::var_os(variable).unwrap_or_default())
}

/// Writes the list of the rules' pages: the id of each, and its text. The folder's other pages are about all rules.
fn write_pages(out: &Path) -> Result<(), String> {
    let folder = folder("CARGO_MANIFEST_DIR").join("docs").join("rules");
    println!("cargo::rerun-if-changed={}", folder.display());
    let unread = |error: io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unread)? {
        let name = entry.map_err(unread)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(".md")).map(str::to_owned));
    }
    names.retain(|name| !name.starts_with("about-"));
    names.sort();
    let page = |name: &String| {
        let file = folder.join(format!("{name}.md"));
        format!("    ({name:?}, include_str!({:?})),\n", file.to_string_lossy())
    };
    let pages: Vec<String> = names.iter().map(page).collect();
    let code = format!("const PAGES: &[(&str, &str)] = &[\n{}];\n", pages.concat());
    fs::write(out.join("rule_pages.rs"), code).map_err(|error| format!("{} cannot be written: {error}", out.display()))
}

/// Copies the module to where it is included from.
fn embed(out: &Path) -> Result<(), String> {
    let root = folder("CARGO_MANIFEST_DIR").join("..");
    let module = module(&root, out)?;
    let shown = module.display();
    let bytes = fs::read(&module).map_err(|error| format!("the policy's module {shown} cannot be read: {error}"))?;
    if !bytes.starts_with(b"\0asm") {
        return Err(format!("{shown} is no WebAssembly module"));
    }
    fs::write(out.join("policy.wasm"), bytes).map_err(|error| format!("{shown} cannot be copied: {error}"))
}

fn module(root: &Path, out: &Path) -> Result<PathBuf, String> {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    if let Some(named) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        // A build script runs in its package's folder; Cargo itself mostly in the checkout's.
        let named = root.join(named);
        println!("cargo::rerun-if-changed={}", named.display());
        return Ok(named);
    }
    // in a checkout it is a link, which may lead nowhere
    let packaged = folder("CARGO_MANIFEST_DIR").join("policy.wasm");
    if fs::symlink_metadata(&packaged).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(packaged);
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let built = root.join("policy.wasm");
    if built.is_file() {
        // A file that is absent would be a change each time.
        println!("cargo::rerun-if-changed={}", built.display());
        if is_current(root, &built).unwrap_or(false) {
            return Ok(built);
        }
    }
    build(root, out)
}

/// Whether the module is newer than all that it is made of.
fn is_current(root: &Path, module: &Path) -> io::Result<bool> {
    let made = fs::metadata(module)?.modified()?;
    for source in SOURCES {
        if newest(&root.join(source))? > made {
            return Ok(false);
        }
    }
    Ok(true)
}

fn newest(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    let mut time = metadata.modified()?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            time = time.max(newest(&entry?.path())?);
        }
    }
    Ok(time)
}

/// Builds the module in a target folder of its own: the usual one is locked by the Cargo that waits for this script.
fn build(root: &Path, out: &Path) -> Result<PathBuf, String> {
    let target = out.join("target");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--profile", "wasm", "--target", TARGET, "--package", "mysql-replication-policy"])
        .arg("--target-dir")
        .arg(&target);
    // Flags and wrappers are meant for the machine that this is built for, or for clippy.
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(variable);
    }
    let status = cargo.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if status.success() {
        return Ok(target.join(TARGET).join("wasm").join("mysql_replication_policy.wasm"));
    }
    Err(format!(
        "the policy's module belongs into this build; there is no policy.wasm that is newer than its source, and it \
         could not be built (see above)\n\
         run `rustup target add {TARGET}` and try again, or `make policy.wasm`, or set {VARIABLE} to a module's path"
    ))
}
