//! Every name that users or other parts of the cluster see: containers, volumes, ports, paths, annotations, rules.

/// Prefix of the policy's annotations.
pub const ANNOTATION_PREFIX: &str = "mysql-replication.kubewarden.io/";

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
    /// On a Service: the StatefulSet to whose primary it leads.
    pub const PRIMARY_OF: &str = "primary-of";
    /// Written by the policy: what it injected.
    pub const STATUS: &str = "status";

    /// All of them.
    pub const ALL: [&str; 9] = [
        INJECT,
        CONTAINER,
        FLAVOR,
        CLONE_METHOD,
        BACKUP_IMAGE,
        CONFIG_MAP,
        MAX_REPLICA_LAG_SECONDS,
        PRIMARY_OF,
        STATUS,
    ];
}

/// Init container that writes the option files of the pod's role.
pub const INIT_CONTAINER: &str = "init-mysql";
/// Init container that gives a replica its data.
pub const CLONE_CONTAINER: &str = "clone-mysql";
/// Sidecar that joins a replica to the primary and serves backups.
pub const SIDECAR_CONTAINER: &str = "xtrabackup";
/// All injected containers.
pub const INJECTED_CONTAINERS: [&str; 3] = [INIT_CONTAINER, CLONE_CONTAINER, SIDECAR_CONTAINER];
/// The database container's customary name.
pub const DATABASE_CONTAINER: &str = "mysql";

/// Volume of the option files that the server reads.
pub const CONF_VOLUME: &str = "conf";
/// Volume of the ConfigMap.
pub const CONFIG_MAP_VOLUME: &str = "config-map";
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
/// Where `init-mysql` writes option files.
pub const INIT_CONF_DIR: &str = "/mnt/conf.d";
/// Where `init-mysql` finds the ConfigMap.
pub const INIT_CONFIG_MAP_DIR: &str = "/mnt/config-map";
/// The option files' folder in backup images and in the images of mysql and mariadb.
pub const CONF_DIR: &str = "/etc/mysql/conf.d";
/// The option files' folder in the images of percona-server.
pub const PERCONA_CONF_DIR: &str = "/etc/my.cnf.d";
/// The option file with what must hold; it is the last that the server reads of its folder.
pub const FORCED_OPTIONS_FILE: &str = "zz-mysql-replication.cnf";

/// Ids of the rules; stable, and shown in front of every problem.
pub mod rule {
    /// An annotation of this policy that is unknown, misplaced or has a bad value.
    pub const ANNOTATION: &str = "annotation";
    /// A field of a type or value that Kubernetes would not take.
    pub const MALFORMED: &str = "malformed";
    /// No container is clearly the database's.
    pub const DATABASE_CONTAINER: &str = "database-container";
    /// The image does not tell which database it carries.
    pub const UNKNOWN_FLAVOR: &str = "unknown-flavor";
    /// The server would not read the injected option files.
    pub const UNREACHABLE_OPTION_FILES: &str = "unreachable-option-files";
    /// The clone method does not fit the database.
    pub const CLONE_METHOD: &str = "clone-method";
    /// The user's own thing has a name, number or path that the injection needs.
    pub const RESERVED_NAME: &str = "reserved-name";
    /// The data directory is on no volume that each pod has for itself.
    pub const DATA_VOLUME: &str = "data-volume";
    /// The injected containers could not log in as root.
    pub const ROOT_PASSWORD: &str = "root-password";
    /// Injection would need to change a field that cannot be changed any more.
    pub const IMMUTABLE_FIELD: &str = "immutable-field";
    /// Taking the injection away would open replicas for writes.
    pub const TAKEN_AWAY: &str = "injection-taken-away";
    /// No pod would be the primary.
    pub const NO_PRIMARY: &str = "no-primary";
    /// The policy's own settings are broken.
    pub const SETTINGS: &str = "settings";
}
