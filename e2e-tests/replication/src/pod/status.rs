//! What a pod says of itself, as its `status` in Kubernetes.

use std::collections::BTreeMap;

/// Where a pod stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    #[default]
    Starting,
    Init(String),
    /// The init containers are done, and the scenario keeps the others back.
    Held,
    Running,
    Ending,
    Gone,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct ContainerStatus {
    pub(crate) pid: Option<u32>,
    pub(crate) started: bool,
    pub(crate) ready: bool,
    pub(crate) starts: u32,
    pub(crate) last_exit: Option<i32>,
    /// How often the readiness probe has run since the last start.
    pub(crate) probed: u32,
    /// What it said when it failed last.
    pub(crate) message: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Status {
    pub(crate) stage: Stage,
    pub(crate) ready: bool,
    /// Whether it ever was: what must never have been Ready is not only not Ready now.
    pub(crate) was_ready: bool,
    pub(crate) containers: BTreeMap<String, ContainerStatus>,
    /// What the harness itself could not do.
    pub(crate) error: Option<String>,
}
