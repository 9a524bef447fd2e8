//! How a call of the policy can fail.

use std::path::PathBuf;

/// Why the policy gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The module's file could not be read.
    #[error("cannot read the policy {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The bytes are no WebAssembly module, or none that this machine runs.
    #[error("not a WebAssembly policy: {0}")]
    Module(String),
    /// The module could not be started for a call.
    #[error("the policy did not start: {0}")]
    Start(String),
    /// The policy itself answered with an error.
    #[error("the policy answered with an error: {0}")]
    Guest(String),
    /// The policy crashed: a panic, a failed memory access, an exhausted stack or memory.
    #[error("the policy crashed: {0}")]
    Trap(String),
    /// The policy ran longer than it may.
    #[error("the policy did not answer in time")]
    Timeout,
    /// The policy's answer is not what the protocol says.
    #[error("the policy's answer makes no sense: {0}")]
    Answer(String),
}
