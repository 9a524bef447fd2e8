//! The rules: what each is about, and one module for every kind of object.

mod config_map;
mod replication;
mod service;
mod statefulset;
mod variables;
mod workload;

pub(crate) use config_map::{config_map, has_option_files, may_be_option_files, of_statefulset as config_map_of};
pub(crate) use replication::{Subject as Replicated, replicas, replication};
pub(crate) use service::{
    Stored, governing as governing_service, is_managed, may_concern as service_may_concern, service,
};
pub(crate) use statefulset::{may_be_database, statefulset, unmanaged_database};
pub(crate) use variables::Names;
pub(crate) use workload::{may_concern as workload_may_concern, workload};

use crate::names::rule;

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

/// A rule as users see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable id.
    pub id: &'static str,
    /// What becomes of objects that break it, unless settings say otherwise.
    pub severity: Severity,
    /// Can neither settings nor the annotation `exempt` soften it? Without what it asks for nothing can be injected, and
    /// every pod would be a writable database of its own.
    pub is_fixed: bool,
    /// The kinds of objects that can break it.
    pub kinds: &'static [&'static str],
}

impl Rule {
    const fn new(id: &'static str, severity: Severity, kinds: &'static [&'static str]) -> Self {
        Self { id, severity, is_fixed: false, kinds }
    }

    const fn fixed(id: &'static str, kinds: &'static [&'static str]) -> Self {
        Self { id, severity: Severity::Reject, is_fixed: true, kinds }
    }

    /// The rule of an id.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|rule| rule.id == id)
    }
}

const STATEFULSET: &[&str] = &["StatefulSet"];
const CONFIG_MAP: &[&str] = &["ConfigMap"];
const SERVICE: &[&str] = &["Service"];
const OPTIONS: &[&str] = &["StatefulSet", "ConfigMap"];
const SERVICES: &[&str] = &["StatefulSet", "Service"];
const EVERYTHING: &[&str] =
    &["StatefulSet", "Service", "ConfigMap", "Pod", "Deployment", "DaemonSet", "ReplicaSet", "Job", "CronJob"];
const WORKLOADS: &[&str] = &["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"];

use Severity::{Off, Reject, Warn};

/// All rules, in the order of the documentation.
pub const ALL: [Rule; 43] = [
    Rule::new(rule::READ_ONLY_OFF, Reject, OPTIONS),
    Rule::new(rule::PRIMARY_READ_ONLY, Reject, OPTIONS),
    Rule::new(rule::BINARY_LOG_OFF, Reject, OPTIONS),
    Rule::new(rule::FIXED_SERVER_ID, Reject, STATEFULSET),
    Rule::new(rule::REPLICATION_STOPPED, Reject, OPTIONS),
    Rule::new(rule::INIT_FILE, Warn, OPTIONS),
    Rule::new(rule::UNKNOWN_SUPER_READ_ONLY, Reject, OPTIONS),
    Rule::new(rule::HOST_NETWORK, Reject, STATEFULSET),
    Rule::new(rule::UNREACHABLE_OPTION_FILES, Reject, STATEFULSET),
    Rule::new(rule::GTID_MODE, Reject, OPTIONS),
    Rule::new(rule::REPLICATION_CHANGED, Reject, OPTIONS),
    Rule::new(rule::DATA_ELSEWHERE, Reject, OPTIONS),
    Rule::new(rule::SERVICE_NAME, Reject, STATEFULSET),
    Rule::new(rule::SERVICE_NOT_HEADLESS, Reject, SERVICES),
    Rule::new(rule::SERVICE_SELECTOR, Reject, SERVICES),
    Rule::new(rule::SERVICE_PORT, Warn, SERVICES),
    Rule::new(rule::ADOPTION, Reject, STATEFULSET),
    Rule::new(rule::TAKEN_AWAY, Reject, STATEFULSET),
    Rule::new(rule::NOT_INJECTED, Reject, STATEFULSET),
    Rule::new(rule::INJECTION_CHANGED, Reject, STATEFULSET),
    // as `unmanaged: allow` has it
    Rule::new(rule::UNMANAGED, Off, STATEFULSET),
    Rule::new(rule::REPLICA_WRITABLE, Reject, CONFIG_MAP),
    Rule::new(rule::WRONG_SECTION, Reject, CONFIG_MAP),
    Rule::new(rule::OPTION_FILE_KEY, Reject, CONFIG_MAP),
    Rule::new(rule::OPTION_FILE_SYNTAX, Reject, CONFIG_MAP),
    Rule::new(rule::PRIMARY_SERVICE, Reject, SERVICE),
    Rule::new(rule::WRITE_SERVICE, Reject, SERVICE),
    Rule::new(rule::PINNED_SERVICE, Reject, SERVICE),
    Rule::new(rule::HEADLESS_SERVICE_CHANGED, Reject, SERVICE),
    Rule::new(rule::WRITE_ENDPOINT, Reject, WORKLOADS),
    Rule::new(rule::LOOK_UP, Warn, EVERYTHING),
    Rule::fixed(rule::ANNOTATION, EVERYTHING),
    Rule::fixed(rule::MALFORMED, STATEFULSET),
    Rule::fixed(rule::DATABASE_CONTAINER, STATEFULSET),
    Rule::fixed(rule::UNKNOWN_FLAVOR, STATEFULSET),
    Rule::fixed(rule::UNSUPPORTED_IMAGE, STATEFULSET),
    Rule::fixed(rule::CLONE_METHOD, STATEFULSET),
    Rule::fixed(rule::RESERVED_NAME, STATEFULSET),
    Rule::fixed(rule::DATA_VOLUME, STATEFULSET),
    Rule::fixed(rule::ROOT_PASSWORD, STATEFULSET),
    Rule::fixed(rule::IMMUTABLE_FIELD, STATEFULSET),
    Rule::fixed(rule::NO_PRIMARY, STATEFULSET),
    Rule::fixed(rule::SETTINGS, EVERYTHING),
];
