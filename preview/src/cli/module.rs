//! Which policy module the command runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mysql_replication_host::Policy;

use crate::host::{Interpreter, embedded_policy};

/// The variable that names the policy module.
pub(super) const VARIABLE: &str = "MYSQL_REPLICATION_POLICY";
/// How a module is called.
const NAME: &str = "policy.wasm";

/// How long one object may take: a slow machine, or one that has much else to do, must not make a preview fail.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// A policy module.
#[derive(Debug)]
pub(super) enum Module {
    /// In a file.
    File(PathBuf),
    /// Inside this program.
    Embedded(&'static [u8]),
}

impl Module {
    /// The first of: the file that `--policy` names, the one of the environment, the module inside this program, the
    /// checkout's.
    pub(super) fn find(given: Option<&Path>) -> Result<Self, String> {
        let named = given.map(|path| (path.to_owned(), "--policy")).or_else(|| {
            let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
            Some((PathBuf::from(value), VARIABLE))
        });
        if let Some((path, source)) = named {
            return if path.is_file() {
                Ok(Self::File(path))
            } else {
                Err(format!("no policy module at {} (from {source})", path.display()))
            };
        }
        if let Some(bytes) = embedded_policy() {
            return Ok(Self::Embedded(bytes));
        }
        let candidates = candidates(std::env::current_exe().ok().as_deref());
        if let Some(found) = candidates.iter().find(|path| path.is_file()) {
            return Ok(Self::File(found.clone()));
        }
        let tried: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
        Err(format!(
            "no policy module found: --policy is not given, {VARIABLE} is not set, this program was built without a \
             module inside, and there is no {}; in a checkout run `make {NAME}`; a program with the module inside \
             comes from `cargo install --locked --path preview`",
            tried.join(" and no ")
        ))
    }

    /// Reads it.
    pub(super) fn read(&self) -> Result<Policy, String> {
        let policy = match self {
            Self::File(path) => {
                Policy::from_file::<Interpreter>(path).map_err(|error| format!("{}: {error}", path.display()))
            }
            Self::Embedded(bytes) => Policy::from_bytes::<Interpreter>(bytes)
                .map_err(|error| format!("the module inside this program: {error}")),
        };
        policy.map(|policy| policy.with_time_limit(TIME_LIMIT))
    }
}

/// Where a checkout has its module: in the current folder, beside the program, and beside the `target` that the program
/// was built in.
fn candidates(program: Option<&Path>) -> Vec<PathBuf> {
    let folder = program.and_then(Path::parent);
    let target = folder.and_then(|folder| folder.ancestors().find(|path| path.ends_with("target")));
    let folders = [Some(Path::new("")), folder, target.and_then(Path::parent)];
    folders.into_iter().flatten().map(|folder| folder.join(NAME)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_looked_through() {
        for (program, expected) in [
            (None, vec!["policy.wasm"]),
            (Some("/usr/bin/preview"), vec!["policy.wasm", "/usr/bin/policy.wasm"]),
            (Some("/c/target/debug/preview"), vec!["policy.wasm", "/c/target/debug/policy.wasm", "/c/policy.wasm"]),
            (
                Some("/c/target/x86_64-unknown-linux-gnu/debug/preview"),
                vec!["policy.wasm", "/c/target/x86_64-unknown-linux-gnu/debug/policy.wasm", "/c/policy.wasm"],
            ),
        ] {
            let expected: Vec<PathBuf> = expected.into_iter().map(PathBuf::from).collect();
            assert_eq!(candidates(program.map(Path::new)), expected, "{program:?}");
        }
    }
}
