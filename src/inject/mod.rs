//! The injection: a [`plan`] is made from what the user wrote, then [`apply`]ed to the object; [`status`] records it,
//! and by that record a later update recognises and [`strip`]s it.

mod apply;
mod arguments;
mod containers;
mod credentials;
mod data;
mod part;
mod plan;
mod replication;
mod status;
mod strip;

/// So many option files a container mounts itself at most: each is mounted again, and asked for in the cluster.
pub(crate) const OPTION_FILES: usize = 32;

pub(crate) use apply::apply;
pub(crate) use arguments::words;
pub(crate) use containers::{Ingredients, mounted_option_files};
pub(crate) use part::Part;
pub(crate) use plan::{Plan, database_container};
pub(crate) use replication::{BinaryLog, Gtid, Replication};
pub(crate) use status::Status;
pub(crate) use strip::{Extent, strip};
