//! The injected shell scripts: real files under `scripts/`, put together for each container that runs them.
//!
//! Kubernetes expands `$(NAME)` in a container's command; a test makes sure that it leaves every script as it is.

/// What `init-mysql` runs.
pub const INIT_MYSQL: &str = concat!(
    "# injected by mysql-replication-policy: init-mysql\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/init-mysql.sh")
);

/// What `clone-mysql` runs under the clone method `xtrabackup`.
pub const CLONE_XTRABACKUP: &str = concat!(
    "# injected by mysql-replication-policy: clone-mysql (xtrabackup)\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/clone-xtrabackup.sh"),
    "\n",
    include_str!("scripts/clone-mysql.sh")
);

/// What `clone-mysql` runs under the clone method `clone-plugin`.
pub const CLONE_PLUGIN: &str = concat!(
    "# injected by mysql-replication-policy: clone-mysql (clone-plugin)\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/clone-plugin.sh"),
    "\n",
    include_str!("scripts/clone-mysql.sh")
);

/// What the sidecar `xtrabackup` runs.
pub const SIDECAR: &str = concat!(
    "# injected by mysql-replication-policy: xtrabackup\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/xtrabackup.sh")
);

/// The sidecar's readiness probe: a replica that does not replicate is not Ready.
pub const REPLICA_READY: &str = concat!(
    "# injected by mysql-replication-policy: replica-ready\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/common.sh"),
    "\n",
    include_str!("scripts/replica-ready.sh")
);

/// The database container's probes.
pub const PING: &str = concat!(
    "# injected by mysql-replication-policy: ping\n",
    include_str!("scripts/credentials.sh"),
    "\n",
    include_str!("scripts/ping.sh")
);

/// A line of [`PING`], by which a probe is recognised as injected, whatever version of the policy did it.
pub(crate) const PING_MARKER: &str = "# injected by mysql-replication-policy: ping";

/// All of them with the names of their containers or probes, for tests.
pub const ALL: [(&str, &str); 6] = [
    ("init-mysql", INIT_MYSQL),
    ("clone-mysql-xtrabackup", CLONE_XTRABACKUP),
    ("clone-mysql-clone-plugin", CLONE_PLUGIN),
    ("xtrabackup", SIDECAR),
    ("replica-ready", REPLICA_READY),
    ("ping", PING),
];
