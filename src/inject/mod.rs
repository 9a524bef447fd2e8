//! The injection: a [`plan`] is made from what the user wrote, then [`apply`]ed to the object; [`status`] records it,
//! and by that record a later update recognises and [`strip`]s it.

mod apply;
mod container;
mod containers;
mod credentials;
mod data;
mod plan;
mod strip;

pub(crate) use apply::apply;

pub(crate) use plan::Plan;
pub(crate) use strip::{Extent, strip};
