//! The file with the policy's settings.

use std::path::Path;

use mysql_replication_verdicts::read_settings;
use serde_json::Value;

/// The settings in a file: by themselves, in a block `settings:`, or in a policy's manifest.
pub(super) fn read(file: &Path) -> Result<Value, String> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|error| format!("{name}: the settings cannot be read: {error}"))?;
    read_settings(&name, &bytes)
}
