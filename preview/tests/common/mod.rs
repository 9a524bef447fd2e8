//! What several tests share.
#![allow(dead_code, unreachable_pub)] // each test binary uses its own part

pub mod command;

use std::path::{Path, PathBuf};

/// A waPC guest of which every answer is known; its file says which.
const GUEST: &str = include_str!("../../../e2e-tests/guest.wat");

/// The guest as a module.
pub fn guest() -> Vec<u8> {
    wat::parse_str(GUEST).unwrap()
}

/// The guest as a file in this folder.
pub fn guest_file(folder: &Path) -> PathBuf {
    let path = folder.join("guest.wasm");
    std::fs::write(&path, guest()).unwrap();
    path
}

/// The real policy's module.
///
/// # Panics
/// When it was not built: tests that need it never pass without it.
pub fn policy_wasm() -> PathBuf {
    let path = std::env::var_os("POLICY_WASM")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy.wasm"), PathBuf::from);
    assert!(path.is_file(), "{} is not there; run `make policy.wasm` first, or set POLICY_WASM", path.display());
    path
}
