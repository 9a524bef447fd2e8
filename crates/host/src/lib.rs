//! The policy's module, asked as the policy server asks it, whichever WebAssembly machine runs it.
//!
//! `preview` interprets the module, which is built and begun quickly; the end-to-end tests and the benchmark compile it
//! with wasmtime, as the policy server does. Both give the same [`Policy`] here.
#![forbid(unsafe_code)]

mod engine;
mod error;
mod policy;

pub use engine::{Engine, Running};
pub use error::HostError;
pub use policy::{DEFAULT_TIME_LIMIT, Instance, Policy};
