//! The injection: a [`plan`] is made from what the user wrote, then [`apply`]ed to the object; a [`crate::record`] says
//! so, and by that record a later update recognises and [`strip`]s it.

mod apply;
mod conflicts;
mod container;
mod containers;
mod credentials;
mod data;
mod option_files;
mod plan;
mod service_name;
mod strip;

pub(crate) use apply::apply;

pub(crate) use plan::Plan;
pub(crate) use strip::{Extent, strip};
