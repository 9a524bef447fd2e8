//! The policy in a WebAssembly machine, driven as the policy server drives it.

mod clock;
mod embedded;
mod error;
mod policy;

pub use embedded::embedded_policy;
pub use error::HostError;
pub use policy::{DEFAULT_TIME_LIMIT, Instance, Policy};
