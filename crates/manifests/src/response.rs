//! What the policy answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The answer to `validate`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Response {
    /// Whether the object may pass.
    pub accepted: bool,
    /// Why it may not.
    #[serde(default)]
    pub message: Option<String>,
    /// The HTTP status that goes with a rejection.
    #[serde(default)]
    pub code: Option<u16>,
    /// The object as it shall be, where the policy changes it.
    #[serde(default)]
    pub mutated_object: Option<Value>,
    /// Notes for the audit log.
    #[serde(default)]
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// Hints for the user.
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
}

/// The answer to `validate_settings`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsResponse {
    /// Whether the policy takes the settings.
    pub valid: bool,
    /// Why it does not.
    #[serde(default)]
    pub message: Option<String>,
}
