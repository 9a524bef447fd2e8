//! The policy's module in an interpreter, driven as the policy server drives it.

mod embedded;
mod interpreter;
mod wapc;
mod wasi;

pub use embedded::embedded_policy;
pub use interpreter::Interpreter;
