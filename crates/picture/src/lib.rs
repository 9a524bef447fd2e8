//! The cluster that would come of manifests, as a picture and in words.
//!
//! It is drawn from the objects as the policy would admit them, and from what it refuses, and from nothing else: what
//! is not in the result is not in the picture. `preview --output svg` and the page of `playground/` show it.
#![forbid(unsafe_code)]

mod clusters;
mod connections;
mod hosts;
mod layout;
mod model;
mod names;
mod problems;
mod routes;
mod services;
mod svg;
mod texts;
mod words;

pub use layout::Shape;
pub use model::{Edge, EdgeKind, Node, NodeKind, Picture, State};
pub use svg::Look;
