//! The two guests: the policy, and the one that does nothing.

use std::path::{Path, PathBuf};

/// A WebAssembly artefact.
#[derive(Debug, Clone)]
pub struct Guest {
    /// What tables call it.
    pub name: &'static str,
    /// The artefact.
    pub bytes: Vec<u8>,
}

impl Guest {
    /// The policy: `$POLICY_WASM`, else `policy.wasm` of the repository.
    ///
    /// # Errors
    /// A message for the user, where it cannot be read.
    pub fn policy() -> Result<Self, String> {
        Self::read("policy", "POLICY_WASM", "policy.wasm", "make policy.wasm")
    }

    /// The guest that does nothing: `$DO_NOTHING_WASM`, else where the Makefile builds it.
    ///
    /// # Errors
    /// A message for the user, where it cannot be read.
    pub fn do_nothing() -> Result<Self, String> {
        let built = "target/wasm32-wasip1/wasm/mysql_replication_do_nothing.wasm";
        Self::read("do-nothing", "DO_NOTHING_WASM", built, "make do-nothing.wasm")
    }

    fn read(name: &'static str, variable: &str, built: &str, command: &str) -> Result<Self, String> {
        let path = std::env::var_os(variable).map_or_else(|| root().join(built), PathBuf::from);
        let bytes = std::fs::read(&path)
            .map_err(|error| format!("cannot read the guest {name}, {}: {error}; run `{command}`", path.display()))?;
        Ok(Self { name, bytes })
    }
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
