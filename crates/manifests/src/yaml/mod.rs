//! Reading YAML with its places, and writing it back with as little change as can be.

mod align;
mod document;
mod emit;
mod error;
mod locate;
mod node;
mod order;
mod positions;
mod reader;
mod rewrite;
mod scalar;

pub use document::Document;
pub use error::YamlError;
pub use locate::Step;
pub use reader::{MAX_ALIAS_NODES, MAX_BYTES, MAX_DEPTH, Reading, read, read_one};
pub use rewrite::Rewritten;
