//! What became of documents and their objects.

use std::collections::BTreeMap;
use std::fmt;

use mysql_replication_manifests::yaml::{Rewritten, YamlError};
use serde::Serialize;
use serde_json::Value;

use crate::changes::Change;

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

/// A line in one of the given files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file as it was given, or `<stdin>`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One of the problems that an object is rejected for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule's id, such as `read-only-off`.
    pub rule: String,
    /// Where the field is, or what is nearest above it where the field is absent: `file` and `line` in JSON. Neither is
    /// there for an object that is in none of the given documents.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The object that the field is in, such as `ConfigMap shop/mysql`, where it is another than the rejected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The field, such as `spec.replicas` or `data["slave.cnf"] line 3`.
    pub path: String,
    /// What was found there.
    pub found: String,
    /// Why it is wrong.
    pub why: String,
    /// What to write instead.
    pub fix: String,
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
    /// Evaluated as if it had the annotation that asks for the injection.
    pub annotated: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it was rejected, in the policy's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the message tells, problem by problem and in its order, with the places in the given files. Empty where the
    /// object is not rejected, and where the message has a form that is not known here: then there is only the
    /// message.
    pub violations: Vec<Violation>,
    /// The HTTP status of the rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// Hints, in the policy's words.
    pub warnings: Vec<String>,
    /// For each of the warnings the place of the field that it names; `None` (in JSON `null`) for a warning that names
    /// none, or one of an object that is in none of the given documents.
    pub warning_places: Vec<Option<Place>>,
    /// What else there is to know of it, in the words of this program.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
    /// What the policy changes, in a few words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// Notes for the audit log.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<String, String>,
    /// The object as it would be admitted; as it came, if rejected.
    pub object: Value,
}

/// What became of one document.
#[derive(Debug, Clone)]
pub struct DocumentOutcome {
    /// Its objects: one, or the items of a list, or none.
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
