//! Every name that users or other parts of the cluster see: containers, volumes, ports, paths, annotations, rules.

/// Prefix of the policy's annotations.
pub const ANNOTATION_PREFIX: &str = "mysql-replication.kubewarden.io/";

/// Could a text of JSON hold an annotation of this policy? Cheap, and never wrongly no: a slash may be written as `\/`.
pub(crate) fn may_be_ours(json: &str) -> bool {
    json.contains(ANNOTATION_PREFIX.trim_end_matches('/'))
}

/// The annotations' keys, behind [`ANNOTATION_PREFIX`].
pub mod annotation {
    /// `"true"` makes the StatefulSet a replicated MySQL.
    pub const INJECT: &str = "inject";
    /// Name of the database container.
    pub const CONTAINER: &str = "container";
    /// The database and its version, where the image does not say it.
    pub const FLAVOR: &str = "flavor";
    /// How a replica gets its data.
    pub const CLONE_METHOD: &str = "clone-method";
    /// Image that carries the backup tool.
    pub const BACKUP_IMAGE: &str = "backup-image";
    /// ConfigMap with the option files of the two roles.
    pub const CONFIG_MAP: &str = "config-map";
    /// Lag from which on a replica is not Ready.
    pub const MAX_REPLICA_LAG_SECONDS: &str = "max-replica-lag-seconds";
    /// How the account that replicates is named, or that there is to be none.
    pub const REPLICATION_ACCOUNT: &str = "replication-account";
    /// The replica whose data a primary takes that has lost its own.
    pub const RESTORE_FROM: &str = "restore-from";
    /// On a Service: the StatefulSet to whose primary it leads.
    pub const PRIMARY_OF: &str = "primary-of";
    /// Rules that are not to hold for an object, each with the reason.
    pub const EXEMPT: &str = "exempt";
    /// Written by the policy: what it injected.
    pub const STATUS: &str = "status";

    /// All of them.
    pub const ALL: [&str; 12] = [
        INJECT,
        CONTAINER,
        FLAVOR,
        CLONE_METHOD,
        BACKUP_IMAGE,
        CONFIG_MAP,
        MAX_REPLICA_LAG_SECONDS,
        REPLICATION_ACCOUNT,
        RESTORE_FROM,
        PRIMARY_OF,
        EXEMPT,
        STATUS,
    ];
}

/// Init container that writes the option files of the pod's role.
pub const INIT_CONTAINER: &str = "init-mysql";
/// Init container that gives a replica its data.
pub const CLONE_CONTAINER: &str = "clone-mysql";
/// Sidecar that looks after its server and serves backups.
pub const SIDECAR_CONTAINER: &str = "xtrabackup";
/// All injected containers.
pub const INJECTED_CONTAINERS: [&str; 3] = [INIT_CONTAINER, CLONE_CONTAINER, SIDECAR_CONTAINER];
/// The database container's customary name.
pub const DATABASE_CONTAINER: &str = "mysql";

/// Volume of the option files that the server reads.
pub const CONF_VOLUME: &str = "conf";
/// Volume of the ConfigMap.
pub const CONFIG_MAP_VOLUME: &str = "config-map";
/// Volume of the key of the Secret that root's password comes from: a variable would stay as it was at the start.
pub const ROOT_PASSWORD_VOLUME: &str = "mysql-replication-root";
/// Volume of the scripts that the injected containers and the probes run.
pub const SCRIPTS_VOLUME: &str = "mysql-replication-scripts";
/// All injected volumes.
pub const INJECTED_VOLUMES: [&str; 4] = [CONF_VOLUME, CONFIG_MAP_VOLUME, ROOT_PASSWORD_VOLUME, SCRIPTS_VOLUME];
/// Where every container has the scripts.
pub const SCRIPTS_DIR: &str = "/mysql-replication";
/// Where the sidecar has the volume of that key.
pub const ROOT_PASSWORD_DIR: &str = "/mysql-replication-root";
/// The file within it.
pub const ROOT_PASSWORD_FILE: &str = "password";
/// Claim template of the data where the user has none.
pub const DATA_CLAIM: &str = "data";
/// Folder of the data within an injected claim: the root of a file system holds `lost+found`.
pub const DATA_SUB_PATH: &str = "mysql";

/// Name of the database's port.
pub const DATABASE_PORT_NAME: &str = "mysql";
/// The database's port.
pub const DATABASE_PORT: u16 = 3306;
/// Name of the port on which a pod gives its data to the next one.
pub const BACKUP_PORT_NAME: &str = "xtrabackup";
/// The port on which a pod gives its data to the next one.
pub const BACKUP_PORT: u16 = 3307;

/// Where the server keeps its data unless its arguments say otherwise.
pub const DATA_DIR: &str = "/var/lib/mysql";
/// Where `init-mysql` finds the ConfigMap.
pub const INIT_CONFIG_MAP_DIR: &str = "/mnt/config-map";
/// The option files' folder in backup images and in the images of mysql and mariadb.
pub const CONF_DIR: &str = "/etc/mysql/conf.d";
/// The option files' folder in the images of percona-server.
pub const PERCONA_CONF_DIR: &str = "/etc/my.cnf.d";
/// The option file with what must hold; it is the last that the server reads of its folder.
pub const FORCED_OPTIONS_FILE: &str = "zz-mysql-replication.cnf";

/// Label that the StatefulSet controller puts on each pod (Kubernetes documentation, "Pod Name Label").
pub const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// Label with the pod's ordinal (the same, "Pod Index Label"; from Kubernetes 1.28 on).
pub const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";
/// The ConfigMap's keys for the primary, in the order in which they are looked for.
pub const PRIMARY_KEYS: [&str; 2] = ["master.cnf", "primary.cnf"];
/// The ConfigMap's keys for replicas, in the order in which they are looked for.
pub const REPLICA_KEYS: [&str; 2] = ["slave.cnf", "replica.cnf"];
