//! The golden files of `e2e-tests/goldens`, for whoever can judge a request: `cargo test -p mysql-replication-policy`
//! has the native function judge them, and the end-to-end tests the native function and the module.
//!
//! It is a crate of its own so that the policy's tests need no WebAssembly machine, and both tests read, ask and show
//! in one way.
#![forbid(unsafe_code)]

mod goldens;
mod manifest;
mod native;
mod show;
mod surroundings;

use std::path::{Path, PathBuf};

pub use goldens::{check_all, find_left_over};
pub use manifest::{parse, parse_all, read_manifest, read_manifests};
pub use native::{audit_request, request, validate};
pub use show::show_manifest;
pub use surroundings::Surroundings;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
