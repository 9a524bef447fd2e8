//! The policy's settings, in each of the shapes that people have them in.

use std::collections::BTreeSet;

use mysql_replication_manifests::yaml::{self, Document};
use serde_json::{Value, json};

/// The kinds of Kubewarden that hold a policy's settings (`policies.kubewarden.io`).
const POLICIES: [&str; 2] = ["ClusterAdmissionPolicy", "AdmissionPolicy"];
const GROUP: &str = "policies.kubewarden.io/";

/// The settings in a text of this name: by themselves, in a block `settings:`, or in a policy's manifest; in those of
/// several policies, where all say the same.
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
        ([policy, others @ ..], _) => {
            let settings = map(name, &policy["spec"]["settings"])?;
            for other in others {
                same(name, (policy, &settings), (other, &map(name, &other["spec"]["settings"])?))?;
            }
            Ok(settings)
        }
        ([], []) => Err(format!("{name}: is empty; settings are a map of names and values")),
        ([], [document]) => {
            let value = document.value();
            if !value.is_object() {
                return Err(format!("{name}:{}: settings are a map of names and values", document.line()));
            }
            // none of the policy's settings has this name
            let Some(settings) = value.get("settings") else { return map(name, value) };
            let mut keys = value.as_object().into_iter().flat_map(|map| map.keys());
            if let Some(key) = keys.find(|key| *key != "settings") {
                return Err(format!(
                    "{name}:{}: `{key}` is beside `settings:`. This is a chart's values file; write its `settings:` \
                     block alone, or render the chart and give the policy that comes of it",
                    document.line_of(&[key]).unwrap_or(document.line())
                ));
            }
            map(name, settings)
        }
        ([], _) => Err(format!("{name}: more than one document is in it, and none is a policy")),
    }
}

/// Several policies of a file, as the project's own two, are judged by one of them: they have to say the same.
fn same(name: &str, (one, settings): (&Value, &Value), (other, others): (&Value, &Value)) -> Result<(), String> {
    let keys = |map: &Value| map.as_object().into_iter().flat_map(|map| map.keys()).cloned().collect::<BTreeSet<_>>();
    let differ: Vec<String> = keys(settings)
        .union(&keys(others))
        .filter(|key| settings.get(key) != others.get(key))
        .map(|key| format!("`{key}`"))
        .collect();
    if differ.is_empty() {
        return Ok(());
    }
    let title = |policy: &Value| policy["metadata"]["name"].as_str().unwrap_or("without a name").to_owned();
    Err(format!(
        "{name}: the policies {} and {} differ in {}; give a file with the one that is meant",
        title(one),
        title(other),
        differ.join(", ")
    ))
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
