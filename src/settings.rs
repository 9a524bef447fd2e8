//! Cluster-wide settings and their validation.

use serde_json::{Value, json};

use crate::{
    annotations::{is_image, is_subdomain},
    flavor::Flavor,
    json::{shown, type_name},
    names::{CLONE_CONTAINER, INIT_CONTAINER, INJECTED_CONTAINERS, SIDECAR_CONTAINER},
    nearest::nearest,
    request::at_position,
};

/// The settings of the policy.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    images: Vec<(Flavor, String)>,
    /// ConfigMap of a StatefulSet that names none.
    pub(crate) config_map: Option<String>,
    storage: Storage,
    resources: Vec<(&'static str, Value)>,
}

/// The injected claim template.
#[derive(Debug, PartialEq)]
struct Storage {
    size: String,
    class: Option<String>,
    access_modes: Vec<String>,
}

const KEYS: [&str; 4] = ["images", "storage", "resources", "configMap"];
const STORAGE_KEYS: [&str; 3] = ["size", "storageClassName", "accessModes"];
const RESOURCE_KEYS: [&str; 2] = ["requests", "limits"];
/// The modes under which each pod has a volume for itself.
const ACCESS_MODES: [&str; 2] = ["ReadWriteOnce", "ReadWriteOncePod"];

impl Default for Settings {
    fn default() -> Self {
        let requests = |cpu: &str, memory: &str| json!({"requests": {"cpu": cpu, "memory": memory}});
        Self {
            images: Vec::new(),
            config_map: None,
            storage: Storage { size: "10Gi".to_owned(), class: None, access_modes: vec!["ReadWriteOnce".to_owned()] },
            resources: vec![
                (INIT_CONTAINER, requests("10m", "32Mi")),
                (CLONE_CONTAINER, requests("100m", "256Mi")),
                (SIDECAR_CONTAINER, requests("100m", "128Mi")),
            ],
        }
    }
}

impl Settings {
    /// Reads settings; the error has a line for every problem. `null` means all defaults.
    pub(crate) fn parse_json(text: &[u8]) -> Result<Self, Vec<String>> {
        let value = serde_json::from_slice(text).map_err(|error| vec![format!("settings: {}", at_position(&error))])?;
        Self::parse(&value)
    }

    fn parse(value: &Value) -> Result<Self, Vec<String>> {
        let mut settings = Self::default();
        let mut problems = Problems(Vec::new());
        for (key, value) in problems.entries("settings", value, &KEYS) {
            match key {
                "images" => settings.read_images(value, &mut problems),
                "storage" => settings.read_storage(value, &mut problems),
                "resources" => settings.read_resources(value, &mut problems),
                _ => {
                    let name = problems.text("settings.configMap", value, is_subdomain, "the name of a ConfigMap");
                    settings.config_map = name;
                }
            }
        }
        if problems.0.is_empty() { Ok(settings) } else { Err(problems.0) }
    }

    fn read_images(&mut self, value: &Value, problems: &mut Problems) {
        for (key, image) in problems.entries("settings.images", value, &Flavor::NAMES) {
            let path = format!("settings.images[\"{key}\"]");
            let image = problems.text(&path, image, is_image, "an image reference");
            if let (Some(flavor), Some(image)) = (Flavor::from_name(key), image) {
                self.images.push((flavor, image));
            }
        }
    }

    fn read_storage(&mut self, value: &Value, problems: &mut Problems) {
        for (key, value) in problems.entries("settings.storage", value, &STORAGE_KEYS) {
            let path = format!("settings.storage.{key}");
            match key {
                "size" => {
                    if let Some(size) = problems.text(&path, value, is_quantity, "a quantity such as \"10Gi\"") {
                        self.storage.size = size;
                    }
                }
                "storageClassName" => {
                    self.storage.class = problems.text(&path, value, is_subdomain, "the name of a StorageClass");
                }
                _ => {
                    let modes: Option<Vec<String>> =
                        value.as_array().filter(|modes| !modes.is_empty()).and_then(|modes| {
                            modes
                                .iter()
                                .map(|mode| {
                                    mode.as_str().filter(|mode| ACCESS_MODES.contains(mode)).map(ToOwned::to_owned)
                                })
                                .collect()
                        });
                    match modes {
                        Some(modes) => self.storage.access_modes = modes,
                        None => problems.0.push(format!(
                            "{path}: write a list of {}: each pod needs a volume for itself",
                            ACCESS_MODES.join(", ")
                        )),
                    }
                }
            }
        }
    }

    fn read_resources(&mut self, value: &Value, problems: &mut Problems) {
        for (container, value) in problems.entries("settings.resources", value, &INJECTED_CONTAINERS) {
            let path = format!("settings.resources.{container}");
            let mut sound = true;
            for (kind, quantities) in problems.entries(&path, value, &RESOURCE_KEYS) {
                let path = format!("{path}.{kind}");
                let Some(quantities) = quantities.as_object() else {
                    problems.0.push(format!("{path}: write an object of quantities, not {}", type_name(quantities)));
                    sound = false;
                    continue;
                };
                for (resource, quantity) in quantities {
                    let path = format!("{path}[{}]", shown(resource));
                    sound &= quantity.is_u64()
                        || problems.text(&path, quantity, is_quantity, "a quantity such as \"100m\"").is_some();
                }
            }
            if let (true, Some(slot)) = (sound, self.resources.iter_mut().find(|(name, _)| *name == container)) {
                slot.1 = value.clone();
            }
        }
    }

    /// The image with the backup tool for a flavor, if the settings name one.
    pub(crate) fn backup_image(&self, flavor: Flavor) -> Option<&str> {
        self.images.iter().find(|(of, _)| *of == flavor).map(|(_, image)| image.as_str())
    }

    /// The resources of an injected container.
    pub(crate) fn resources(&self, container: &str) -> Value {
        self.resources.iter().find(|(name, _)| *name == container).map_or(Value::Null, |(_, value)| value.clone())
    }

    /// The `spec` of an injected claim template.
    pub(crate) fn claim_spec(&self) -> Value {
        let mut spec = json!({
            "accessModes": self.storage.access_modes,
            "resources": {"requests": {"storage": self.storage.size}},
        });
        if let Some(name) = &self.storage.class {
            spec["storageClassName"] = json!(name);
        }
        spec
    }
}

struct Problems(Vec<String>);

impl Problems {
    /// The entries of an object whose keys are known; the others, and what is no object, are problems.
    fn entries<'a>(&mut self, path: &str, value: &'a Value, known: &[&'static str]) -> Vec<(&'static str, &'a Value)> {
        let object = match value {
            Value::Object(object) => object,
            Value::Null => return Vec::new(),
            other => {
                self.0.push(format!("{path}: write an object, not {}", type_name(other)));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (key, value) in object {
            if let Some(known) = known.iter().find(|known| *known == key) {
                if !value.is_null() {
                    entries.push((*known, value));
                }
                continue;
            }
            let meant = nearest(key, known)
                .map_or_else(|| format!("known are {}", known.join(", ")), |meant| format!("did you mean {meant}?"));
            self.0.push(format!("{path}: unknown setting {}; {meant}", shown(key)));
        }
        entries
    }

    fn text(&mut self, path: &str, value: &Value, right: fn(&str) -> bool, wanted: &str) -> Option<String> {
        let text = value.as_str().filter(|text| right(text));
        if text.is_none() {
            let found = value.as_str().map_or_else(|| type_name(value).to_owned(), shown);
            self.0.push(format!("{path}: write {wanted}, not {found}"));
        }
        text.map(ToOwned::to_owned)
    }
}

/// Kubernetes' resource quantity, of a positive amount.
fn is_quantity(text: &str) -> bool {
    const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, suffix) = text.split_at(digits);
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i8>().is_ok());
    text.len() <= 32 && number.parse::<f64>().is_ok_and(f64::is_finite) && (SUFFIXES.contains(&suffix) || exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_means_defaults() {
        assert_eq!(Settings::parse(&json!({})), Ok(Settings::default()));
        assert_eq!(Settings::parse(&Value::Null), Ok(Settings::default()));
    }

    #[test]
    fn everything_is_read() {
        let settings = Settings::parse(&json!({
            "images": {"mysql-8.0": "r.example/xtrabackup:8.0"},
            "storage": {"size": "1.5Ti", "storageClassName": "fast", "accessModes": ["ReadWriteOncePod"]},
            "resources": {"xtrabackup": {"requests": {"cpu": 1, "memory": "1e9"}, "limits": {"memory": "2Gi"}}},
            "configMap": "mysql-options",
        }))
        .unwrap();
        assert_eq!(settings.backup_image(Flavor::Mysql80), Some("r.example/xtrabackup:8.0"));
        assert_eq!(settings.backup_image(Flavor::Mysql57), None);
        assert_eq!(settings.claim_spec()["storageClassName"], "fast");
        assert_eq!(settings.resources(SIDECAR_CONTAINER)["limits"]["memory"], "2Gi");
        assert_eq!(settings.config_map.as_deref(), Some("mysql-options"));
    }

    #[test]
    fn every_problem_is_named() {
        let problems = Settings::parse(&json!({
            "image": {}, "images": {"mysql-8": "x", "mariadb": ""}, "storage": {"size": "ten", "accessModes": ["ReadWriteMany"]},
            "resources": {"sidecar": {}, "xtrabackup": {"requests": {"cpu": "x"}, "limits": []}}, "configMap": 5,
        }))
        .unwrap_err();
        assert_eq!(problems.len(), 9, "{problems:#?}");
        assert!(
            problems[0].contains("did you mean images?") || problems.iter().any(|p| p.contains("did you mean images?"))
        );
        assert!(Settings::parse(&json!([])).is_err());
        assert!(Settings::parse(&json!("x")).is_err());
        assert!(Settings::parse_json(b"{").is_err());
    }

    #[test]
    fn quantities() {
        for right in ["1", "0.5", "100m", "10Gi", "1e3", "1E-2", "2Ei"] {
            assert!(is_quantity(right), "{right}");
        }
        for wrong in ["", "x", "-1", "10 Gi", "10gb", ".", "1ee3", "inf"] {
            assert!(!is_quantity(wrong), "{wrong}");
        }
    }
}
