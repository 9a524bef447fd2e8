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

/// Ids of the rules; stable, and shown in front of every problem. [`crate::rules::ALL`] says what each is about.
pub mod rule {
    /// An annotation of this policy that is unknown, misplaced or has a bad value.
    pub const ANNOTATION: &str = "annotation";
    /// A field of a type or value that Kubernetes would not take.
    pub const MALFORMED: &str = "malformed";
    /// No container is clearly the database's.
    pub const DATABASE_CONTAINER: &str = "database-container";
    /// The image does not tell which database it carries.
    pub const UNKNOWN_FLAVOR: &str = "unknown-flavor";
    /// The image reads no option files that are handed in.
    pub const UNSUPPORTED_IMAGE: &str = "unsupported-image";
    /// The server would not read the injected option files, or not last.
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

    /// An argument, a variable or a statement opens replicas for writes.
    pub const READ_ONLY_OFF: &str = "read-only-off";
    /// An argument closes the primary for writes.
    pub const PRIMARY_READ_ONLY: &str = "primary-read-only";
    /// The primary writes no binary log.
    pub const BINARY_LOG_OFF: &str = "binary-log-off";
    /// All servers would have the same id.
    pub const FIXED_SERVER_ID: &str = "fixed-server-id";
    /// Replicas would not follow the primary after a restart, or follow it before anybody has looked.
    pub const REPLICATION_STOPPED: &str = "replication-stopped";
    /// SQL runs at every start of the server that nobody has seen here.
    pub const INIT_FILE: &str = "init-file";
    /// `super_read_only` for a server that does not know it.
    pub const UNKNOWN_SUPER_READ_ONLY: &str = "unknown-super-read-only";
    /// GTIDs are not the same in both roles, or switched off where the cluster replicates by them.
    pub const GTID_MODE: &str = "gtid-mode";
    /// What a live cluster was made with is changed.
    pub const REPLICATION_CHANGED: &str = "replication-changed";
    /// A database that runs is annotated and grown in one step.
    pub const ADOPTION: &str = "adoption";
    /// A part of the data is where no clone brings it.
    pub const DATA_ELSEWHERE: &str = "data-elsewhere";
    /// The pods would share the network of their nodes.
    pub const HOST_NETWORK: &str = "host-network";
    /// `serviceName` names no Service.
    pub const SERVICE_NAME: &str = "service-name";
    /// The governing Service is not headless.
    pub const SERVICE_NOT_HEADLESS: &str = "service-not-headless";
    /// The governing Service does not select the pods.
    pub const SERVICE_SELECTOR: &str = "service-selector";
    /// The governing Service does not name the database's port.
    pub const SERVICE_PORT: &str = "service-port";
    /// A replica's option file without read-only.
    pub const REPLICA_WRITABLE: &str = "replica-writable";
    /// An option that stands in a section that the server does not read.
    pub const WRONG_SECTION: &str = "wrong-section";
    /// A ConfigMap's key that is no option file of either role, but was meant to be.
    pub const OPTION_FILE_KEY: &str = "option-file-key";
    /// An option file at which the server stops.
    pub const OPTION_FILE_SYNTAX: &str = "option-file-syntax";
    /// A Service that cannot lead to the primary.
    pub const PRIMARY_SERVICE: &str = "primary-service";
    /// A Service for writes that leads to replicas.
    pub const WRITE_SERVICE: &str = "write-service";
    /// A Service that is bound to a pod other than the primary.
    pub const PINNED_SERVICE: &str = "pinned-service";
    /// The governing Service of a live cluster is taken from under it.
    pub const HEADLESS_SERVICE_CHANGED: &str = "headless-service-changed";
    /// A workload that writes to a replica.
    pub const WRITE_ENDPOINT: &str = "write-endpoint";
    /// A database of several pods, none of which follows another.
    pub const UNMANAGED: &str = "unmanaged";
    /// An annotated StatefulSet without the injection.
    pub const NOT_INJECTED: &str = "not-injected";
    /// An injection that somebody has changed.
    pub const INJECTION_CHANGED: &str = "injection-changed";
    /// A look-up that failed.
    pub const LOOK_UP: &str = "look-up";
}
