//! The name of the Service that gives the pods theirs, as the plan takes or sets it.

use crate::{
    annotations::is_label,
    database::Database,
    findings::{Findings, Violation},
    flavor::Flavor,
    json::{Value, str_at},
    rule,
    text::shown,
};

/// The headless Service that gives the pods their names.
pub(super) enum Service {
    Given(String),
    /// None is named yet: the StatefulSet's own name is set.
    New(String),
}

impl Service {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Given(name) | Self::New(name) => name,
        }
    }

    pub(super) fn to_set(&self) -> Option<String> {
        match self {
            Self::Given(_) => None,
            Self::New(name) => Some(name.clone()),
        }
    }
}

pub(super) fn service_name(
    object: &Value,
    object_name: &str,
    is_update: bool,
    findings: &mut Findings,
) -> Option<Service> {
    let given = str_at(object, &["spec", "serviceName"]);
    let reject = |findings: &mut Findings, rule, found: String, why: &'static str, fix: &'static str| {
        findings.reject(Violation::new(rule, "spec.serviceName", found, why, fix));
        None
    };
    if given.is_empty() {
        if is_update {
            return reject(
                findings,
                rule::IMMUTABLE_FIELD,
                "no Service".to_owned(),
                "replicas find the primary by the names that a headless Service gives to the pods, and Kubernetes lets \
                    nobody set it later",
                "delete the StatefulSet with --cascade=orphan and create it with serviceName set",
            );
        }
        return Some(Service::New(object_name.to_owned()));
    }
    if !is_label(given) {
        return reject(
            findings,
            rule::MALFORMED,
            format!("found {}", shown(given)),
            "it is no Service's name: the pods would have no names",
            "write the name of the headless Service",
        );
    }
    Some(Service::Given(given.to_owned()))
}

/// MySQL 5.7 keeps at most 60 characters of the primary's name (MySQL 5.7 manual, "CHANGE MASTER TO").
pub(super) fn check_source_host(object: &str, service: &str, database: &Database, findings: &mut Findings) {
    const LIMIT: usize = 60;
    let host = format!("{object}-0.{service}");
    if database.flavor == Flavor::Mysql57 && host.len() > LIMIT {
        findings.reject(Violation::new(
            rule::MALFORMED,
            "metadata.name",
            format!("the primary's name {} of {} characters", shown(&host), host.len()),
            format!("MySQL 5.7 takes at most {LIMIT} for the host that a replica follows"),
            "choose shorter names for the StatefulSet and its Service",
        ));
    }
}
