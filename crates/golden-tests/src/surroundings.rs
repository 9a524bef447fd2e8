//! What a golden's look-ups find.

use mysql_replication_manifests::{Cluster, HostCall, Manifests, Unreachable};

/// The cluster that a golden's request comes from.
#[derive(Debug, Clone)]
pub enum Surroundings {
    /// Look-ups find these objects.
    Objects(Box<Manifests>),
    /// The policy was given no access.
    Unreachable,
}

impl Cluster for Surroundings {
    fn answer(&self, call: &HostCall<'_>) -> Result<Vec<u8>, String> {
        match self {
            Self::Objects(objects) => objects.answer(call),
            Self::Unreachable => Unreachable.answer(call),
        }
    }
}
