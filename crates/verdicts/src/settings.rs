//! The policy's settings, in each of the shapes that people have them in.

use mysql_replication_manifests::yaml::{self, Document};
use serde_json::{Value, json};

/// The kinds of Kubewarden that hold a policy's settings (`policies.kubewarden.io`).
const POLICIES: [&str; 2] = ["ClusterAdmissionPolicy", "AdmissionPolicy"];
const GROUP: &str = "policies.kubewarden.io/";

/// The settings in a text of this name: by themselves, in a block `settings:`, or in a policy's manifest.
///
/// # Errors
/// Why there are none, beginning with the name.
pub fn read_settings(name: &str, bytes: &[u8]) -> Result<Value, String> {
    let reading = yaml::read(name, bytes);
    if let Some(error) = reading.errors.first() {
        return Err(error.to_string());
    }
    let documents: Vec<&Document> = reading.documents.iter().filter(|document| !document.is_empty()).collect();
    let policies: Vec<&Value> = documents.iter().map(|document| document.value()).filter(|v| is_policy(v)).collect();
    match (policies.as_slice(), documents.as_slice()) {
        ([policy], _) => map(name, &policy["spec"]["settings"]),
        ([_, _, ..], _) => {
            Err(format!("{name}: more than one policy is in it; give a file with the one that is meant"))
        }
        ([], []) => Err(format!("{name}: is empty; settings are a map of names and values")),
        ([], [document]) => {
            let value = document.value();
            if !value.is_object() {
                return Err(format!("{name}:{}: settings are a map of names and values", document.line()));
            }
            // none of the policy's settings has this name
            map(name, value.get("settings").unwrap_or(value))
        }
        ([], _) => Err(format!("{name}: more than one document is in it, and none is a policy")),
    }
}

fn is_policy(value: &Value) -> bool {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    text("apiVersion").starts_with(GROUP) && POLICIES.contains(&text("kind"))
}

fn map(name: &str, settings: &Value) -> Result<Value, String> {
    match settings {
        Value::Null => Ok(json!({})),
        Value::Object(_) => Ok(settings.clone()),
        _ => Err(format!("{name}: settings are a map of names and values")),
    }
}
