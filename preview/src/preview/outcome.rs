//! What became of documents and their objects.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::yaml::{Rewritten, YamlError};

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Of a kind that the policy is not asked about.
    Passed,
    /// Accepted as it is.
    Accepted,
    /// Accepted with changes.
    Mutated,
    /// Refused.
    Rejected,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectOutcome {
    /// The file that it is in.
    pub file: String,
    /// The line (from 1) where it begins.
    pub line: usize,
    /// Such as `apps/v1`; may be empty.
    pub api_version: String,
    /// Such as `StatefulSet`; may be empty.
    pub kind: String,
    /// Its own or, for evaluated kinds, the default one.
    pub namespace: String,
    /// Its name, else its `generateName`, else empty.
    pub name: String,
    /// Evaluated as the update of a live object.
    pub update: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status of the rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Hints.
    pub warnings: Vec<String>,
    /// Notes for the audit log.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<String, String>,
    /// The object as it would be admitted; as it came, if rejected.
    pub object: Value,
}

/// What became of one document.
#[derive(Debug, Clone)]
pub struct DocumentOutcome {
    /// Its objects: one, or the items of a `List`, or none.
    pub objects: Vec<ObjectOutcome>,
    /// Its new text, if an object was changed and none rejected.
    pub changed: Option<Rewritten>,
    /// Why it is no manifest at all.
    pub error: Option<YamlError>,
}

impl DocumentOutcome {
    /// Whether one of its objects was rejected.
    #[must_use]
    pub fn is_rejected(&self) -> bool {
        self.objects.iter().any(|o| o.verdict == Verdict::Rejected)
    }
}
