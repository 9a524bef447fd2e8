//! The look-ups' requests, as the SDK writes them.

use std::collections::BTreeSet;

use serde::Deserialize;

/// `get_resource`.
#[derive(Debug, Deserialize)]
pub(crate) struct Get {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: Option<String>,
    #[serde(default)]
    pub(crate) field_masks: Option<BTreeSet<String>>,
}

/// `list_resources_by_namespace`. The selectors that the SDK has for it are refused: this policy sends none, and a list
/// without them would hold too much.
#[derive(Debug, Deserialize)]
pub(crate) struct List {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    #[serde(default)]
    pub(crate) label_selector: Option<String>,
    #[serde(default)]
    pub(crate) field_selector: Option<String>,
    #[serde(default)]
    pub(crate) field_masks: Option<BTreeSet<String>>,
}
