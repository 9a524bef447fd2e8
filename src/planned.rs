//! What is planned for a database, as far as rules ask about it: they know nothing of how it is injected.

use crate::{database::Database, record::Replication};

/// A database as it will run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned<'p> {
    /// The container's name.
    pub(crate) container: &'p str,
    /// The ConfigMap with the option files of the roles.
    pub(crate) config_map: &'p str,
    /// Where the server keeps its data.
    pub(crate) data_dir: &'p str,
    pub(crate) database: Database,
    /// What the cluster is, or will be, made with.
    pub(crate) replication: Replication,
}
