//! The rules: what each is called, how severe it is, and what it concerns. A rule is declared here once; whoever finds
//! it broken holds the declaration, so there is no violation of an unknown rule.

use std::{cmp::Ordering, fmt};

/// What becomes of an object that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It is rejected.
    Reject,
    /// It is accepted, with a warning.
    Warn,
    /// Nothing.
    Off,
}

impl Severity {
    /// The names of all severities, as settings have them.
    pub const NAMES: [&str; 3] = ["reject", "warn", "off"];

    /// The severity of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "reject" => Some(Self::Reject),
            "warn" => Some(Self::Warn),
            "off" => Some(Self::Off),
            _ => None,
        }
    }

    /// The name, as settings have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Warn => "warn",
            Self::Off => "off",
        }
    }
}

/// What a rule looks at. It decides whether a check runs, and what is looked up for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// A StatefulSet.
    StatefulSet,
    /// Options of the server, as a container's words or in the option files of a ConfigMap.
    Options,
    /// The option files of a ConfigMap.
    OptionFiles,
    /// The name that a StatefulSet gives its governing Service.
    ServiceName,
    /// The Service that gives the pods of a StatefulSet their names.
    GoverningService,
    /// The same, when it changes under a live StatefulSet.
    LiveService,
    /// A Service through which clients come.
    Service,
    /// A Service that is to lead to the primary.
    PrimaryService,
    /// What has containers that may write to a database.
    Workload,
    /// Every object.
    Everything,
}

impl Concern {
    /// The kinds of objects that can break a rule of this concern.
    #[must_use]
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::StatefulSet | Self::ServiceName => &["StatefulSet"],
            Self::Options => &["StatefulSet", "ConfigMap"],
            Self::LiveService => &["Service"],
            Self::OptionFiles => &["ConfigMap"],
            Self::GoverningService | Self::Service | Self::PrimaryService => &["StatefulSet", "Service"],
            Self::Workload => &["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"],
            Self::Everything => &[
                "StatefulSet",
                "Service",
                "ConfigMap",
                "Pod",
                "Deployment",
                "DaemonSet",
                "ReplicaSet",
                "Job",
                "CronJob",
            ],
        }
    }
}

/// A rule as users see it.
#[derive(Debug)]
pub struct Rule {
    /// Its stable id, which is shown in front of every problem.
    pub id: &'static str,
    /// What becomes of objects that break it, unless settings say otherwise.
    pub severity: Severity,
    /// Can neither settings nor the annotation `exempt` soften it? Without what it asks for nothing can be injected,
    /// and every pod would be a writable database of its own.
    pub is_fixed: bool,
    /// What it looks at.
    pub concerns: Concern,
}

impl Rule {
    /// The rule of an id.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|rule| rule.id == id)
    }

    /// The page that explains it, as a path within the repository.
    #[must_use]
    pub fn document(&self) -> String {
        format!("docs/rules/{}.md", self.id)
    }
}

// every rule is in the table, and each once
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Rule {}

impl PartialOrd for Rule {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In the alphabet's order of the ids.
impl Ord for Rule {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(other.id)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

macro_rules! severity {
    (Fixed) => {
        Severity::Reject
    };
    ($severity:ident) => {
        Severity::$severity
    };
}

macro_rules! is_fixed {
    (Fixed) => {
        true
    };
    ($severity:ident) => {
        false
    };
}

/// Declares rules: a constant for each, and the table of all.
macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $severity:ident, $concern:ident;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($name),* }

        $($(#[$doc])* pub const $name: &Rule = &ALL[Index::$name as usize];)*

        /// All rules, in the order of the documentation.
        pub static ALL: [Rule; [$($id),*].len()] = [$(
            Rule {
                id: $id,
                severity: severity!($severity),
                is_fixed: is_fixed!($severity),
                concerns: Concern::$concern,
            }
        ),*];
    };
}

// name = id, severity, concern; a fixed rule rejects, and nothing softens it
rules! {
    /// An argument, a variable or a statement opens replicas for writes.
    READ_ONLY_OFF = "read-only-off", Reject, Options;
    /// An argument closes the primary for writes.
    PRIMARY_READ_ONLY = "primary-read-only", Reject, Options;
    /// The primary writes no binary log.
    BINARY_LOG_OFF = "binary-log-off", Reject, Options;
    /// All servers would have the same id.
    FIXED_SERVER_ID = "fixed-server-id", Reject, Options;
    /// Replicas would not follow the primary after a restart, or follow it before anybody has looked.
    REPLICATION_STOPPED = "replication-stopped", Reject, Options;
    /// SQL runs at every start of the server that nobody has seen here.
    INIT_FILE = "init-file", Warn, Options;
    /// `super_read_only` for a server that does not know it.
    UNKNOWN_SUPER_READ_ONLY = "unknown-super-read-only", Reject, Options;
    /// The pods would share the network of their nodes.
    HOST_NETWORK = "host-network", Reject, StatefulSet;
    /// The server would not read the injected option files, or not last.
    UNREACHABLE_OPTION_FILES = "unreachable-option-files", Reject, Options;
    /// GTIDs are not the same in both roles, or switched off where the cluster replicates by them.
    GTID_MODE = "gtid-mode", Reject, Options;
    /// What a live cluster was made with is changed.
    REPLICATION_CHANGED = "replication-changed", Reject, Options;
    /// A part of the data is where no clone brings it.
    DATA_ELSEWHERE = "data-elsewhere", Reject, Options;
    /// An option that takes away what replication stands on, or wins over what the policy sets.
    FORCED_OPTION = "forced-option", Reject, Options;
    /// A replica passes over what it cannot apply.
    SKIPPED_ERRORS = "skipped-errors", Warn, Options;
    /// `serviceName` names no Service.
    SERVICE_NAME = "service-name", Reject, ServiceName;
    /// The governing Service is not headless.
    SERVICE_NOT_HEADLESS = "service-not-headless", Reject, GoverningService;
    /// The governing Service does not select the pods.
    SERVICE_SELECTOR = "service-selector", Reject, GoverningService;
    /// The governing Service does not name the database's port.
    SERVICE_PORT = "service-port", Warn, GoverningService;
    /// A database that runs is annotated and grown in one step.
    ADOPTION = "adoption", Reject, StatefulSet;
    /// Taking the injection away would open replicas for writes.
    TAKEN_AWAY = "injection-taken-away", Reject, StatefulSet;
    /// An annotated StatefulSet without the injection.
    NOT_INJECTED = "not-injected", Reject, StatefulSet;
    /// An injection that somebody has changed.
    INJECTION_CHANGED = "injection-changed", Reject, StatefulSet;
    /// A database of several pods, none of which follows another. Off, as `unmanaged: allow` has it.
    UNMANAGED = "unmanaged", Off, StatefulSet;
    /// A replica's option file without read-only.
    REPLICA_WRITABLE = "replica-writable", Reject, OptionFiles;
    /// An option that stands in a section that the server does not read.
    WRONG_SECTION = "wrong-section", Reject, OptionFiles;
    /// A ConfigMap's key that is no option file of either role, but was meant to be.
    OPTION_FILE_KEY = "option-file-key", Reject, OptionFiles;
    /// An option file at which the server stops.
    OPTION_FILE_SYNTAX = "option-file-syntax", Reject, OptionFiles;
    /// A Service that cannot lead to the primary.
    PRIMARY_SERVICE = "primary-service", Reject, PrimaryService;
    /// A Service for writes that leads to replicas.
    WRITE_SERVICE = "write-service", Reject, Service;
    /// A Service that is bound to a pod other than the primary.
    PINNED_SERVICE = "pinned-service", Reject, Service;
    /// The governing Service of a live cluster is taken from under it.
    HEADLESS_SERVICE_CHANGED = "headless-service-changed", Reject, LiveService;
    /// A workload that writes to a replica.
    WRITE_ENDPOINT = "write-endpoint", Reject, Workload;
    /// A look-up that failed.
    LOOK_UP = "look-up", Warn, Everything;
    /// An annotation of this policy that is unknown, misplaced or has a bad value.
    ANNOTATION = "annotation", Fixed, Everything;
    /// A field of a type or value that Kubernetes would not take.
    MALFORMED = "malformed", Fixed, StatefulSet;
    /// No container is clearly the database's.
    DATABASE_CONTAINER = "database-container", Fixed, StatefulSet;
    /// The image does not tell which database it carries.
    UNKNOWN_FLAVOR = "unknown-flavor", Fixed, StatefulSet;
    /// The image reads no option files that are handed in.
    UNSUPPORTED_IMAGE = "unsupported-image", Fixed, StatefulSet;
    /// The clone method does not fit the database.
    CLONE_METHOD = "clone-method", Fixed, StatefulSet;
    /// The user's own thing has a name, number or path that the injection needs.
    RESERVED_NAME = "reserved-name", Fixed, StatefulSet;
    /// The data directory is on no volume that each pod has for itself.
    DATA_VOLUME = "data-volume", Fixed, StatefulSet;
    /// The injected containers could not log in as root.
    ROOT_PASSWORD = "root-password", Fixed, StatefulSet;
    /// Injection would need to change a field that cannot be changed any more.
    IMMUTABLE_FIELD = "immutable-field", Fixed, StatefulSet;
    /// No pod would be the primary.
    NO_PRIMARY = "no-primary", Fixed, StatefulSet;
    /// The policy's own settings are broken.
    SETTINGS = "settings", Fixed, Everything;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_all_in_the_table() {
        for (index, rule) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.id != rule.id), "{rule}");
            assert_eq!(Rule::of(rule.id), Some(rule));
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        }
        assert_eq!((READ_ONLY_OFF.id, SETTINGS.id), ("read-only-off", "settings"));
    }
}
