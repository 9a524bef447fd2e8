//! Reading YAML with its places, and writing it back with as little change as can be.
//!
//! `docs/decisions/0004-yaml-rewriting.md` says why this is not left to a library. From the ground up:
//!
//! - values and their places: `error`, `node`, `scalar`, `document`;
//! - reading: `positions`, `span`, `input`, `tag`, `anchors`, `loader`, `reader`;
//! - what is done with a document: `locate`, and `rewrite` with `emit`, `align`, `order`.

mod align;
mod anchors;
mod document;
mod emit;
mod error;
mod input;
mod loader;
mod locate;
mod node;
mod order;
mod positions;
mod reader;
mod rewrite;
mod scalar;
mod span;
mod tag;

pub use anchors::MAX_ALIAS_NODES;
pub use document::{Document, Reading};
pub use error::YamlError;
pub use input::MAX_BYTES;
pub use loader::MAX_DEPTH;
pub use locate::Step;
pub use reader::{read, read_one};
pub use rewrite::Rewritten;
