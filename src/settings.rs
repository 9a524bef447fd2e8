//! Cluster-wide settings and their validation.

use std::borrow::Cow;

use mysql_options::nearest;

use crate::{
    annotations::{is_image, is_subdomain},
    flavor::Flavor,
    json::{Object, Value, read, type_name},
    names::{CLONE_CONTAINER, INIT_CONTAINER, INJECTED_CONTAINERS, SIDECAR_CONTAINER},
    pattern::matches_any,
    request::at_position,
    rule::{self, ALL, Concern, Rule, Severity},
    text::{shown, shown_word},
    write_names::WriteNames,
};

/// The settings of the policy.
#[derive(Debug, PartialEq)]
pub(crate) struct Settings {
    images: Vec<(Flavor, String)>,
    /// ConfigMap of a StatefulSet that names none.
    config_map: Option<String>,
    storage: Storage,
    /// As JSON.
    resources: [(&'static str, Cow<'static, str>); 3],
    /// What becomes of a database of several pods that is not managed.
    pub(crate) unmanaged: Unmanaged,
    look_up_failure: Severity,
    rules: Vec<(&'static Rule, Severity)>,
    exempt_namespaces: Vec<String>,
    pub(crate) write_names: WriteNames,
}

/// What becomes of a database of several pods that is not managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmanaged {
    Allow,
    Warn,
    Reject,
    Inject,
}

impl Unmanaged {
    const NAMES: [&str; 4] = ["allow", "warn", "reject", "inject"];

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "allow" => Some(Self::Allow),
            "warn" => Some(Self::Warn),
            "reject" => Some(Self::Reject),
            "inject" => Some(Self::Inject),
            _ => None,
        }
    }
}

/// The injected claim template.
#[derive(Debug, PartialEq)]
struct Storage {
    size: String,
    class: Option<String>,
    access_modes: Vec<String>,
}

const KEYS: [&str; 9] = [
    "images",
    "storage",
    "resources",
    "configMap",
    "unmanaged",
    "lookupFailure",
    "rules",
    "exemptNamespaces",
    "writeNames",
];
const STORAGE_KEYS: [&str; 3] = ["size", "storageClassName", "accessModes"];
const RESOURCE_KEYS: [&str; 2] = ["requests", "limits"];
const WRITE_NAME_KEYS: [&str; 3] = ["variables", "services", "ignore"];
const LOOK_UP_FAILURE: [&str; 2] = ["warn", "reject"];
/// The modes under which each pod has a volume for itself.
const ACCESS_MODES: [&str; 2] = ["ReadWriteOnce", "ReadWriteOncePod"];

impl Default for Settings {
    fn default() -> Self {
        Self {
            images: Vec::new(),
            config_map: None,
            storage: Storage { size: "10Gi".to_owned(), class: None, access_modes: vec!["ReadWriteOnce".to_owned()] },
            resources: [
                (INIT_CONTAINER, Cow::Borrowed(r#"{"requests":{"cpu":"10m","memory":"32Mi"}}"#)),
                (CLONE_CONTAINER, Cow::Borrowed(r#"{"requests":{"cpu":"100m","memory":"256Mi"}}"#)),
                (SIDECAR_CONTAINER, Cow::Borrowed(r#"{"requests":{"cpu":"100m","memory":"128Mi"}}"#)),
            ],
            unmanaged: Unmanaged::Allow,
            look_up_failure: Severity::Warn,
            rules: Vec::new(),
            exempt_namespaces: Vec::new(),
            write_names: WriteNames::default(),
        }
    }
}

impl Settings {
    /// Reads settings; the error has a line for every problem. `null` means all defaults.
    pub(crate) fn parse_json(text: &[u8]) -> Result<Self, Vec<String>> {
        let text = std::str::from_utf8(text).map_err(|_| vec!["settings: they are no UTF-8".to_owned()])?;
        let value = read(text).map_err(|error| vec![format!("settings: {}", at_position(&error))])?;
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
                "unmanaged" => {
                    let chosen = problems.choice("settings.unmanaged", value, &Unmanaged::NAMES);
                    settings.unmanaged = chosen.and_then(Unmanaged::from_name).unwrap_or(settings.unmanaged);
                }
                "lookupFailure" => {
                    let chosen = problems.choice("settings.lookupFailure", value, &LOOK_UP_FAILURE);
                    settings.look_up_failure = chosen.and_then(Severity::from_name).unwrap_or(settings.look_up_failure);
                }
                "rules" => settings.read_rules(value, &mut problems),
                "exemptNamespaces" => {
                    settings.exempt_namespaces = problems.patterns("settings.exemptNamespaces", value);
                }
                "writeNames" => {
                    for (key, value) in problems.entries("settings.writeNames", value, &WRITE_NAME_KEYS) {
                        let patterns = problems.patterns(&format!("settings.writeNames.{key}"), value);
                        match key {
                            "variables" => settings.write_names.variables = patterns,
                            "services" => settings.write_names.services = patterns,
                            _ => settings.write_names.ignore = patterns,
                        }
                    }
                }
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
                for (resource, quantity) in quantities.iter() {
                    let path = format!("{path}[{}]", shown(resource));
                    sound &= quantity.as_u64().is_some()
                        || problems.text(&path, quantity, is_quantity, "a quantity such as \"100m\"").is_some();
                }
            }
            if let (true, Some(slot)) = (sound, self.resources.iter_mut().find(|(name, _)| *name == container)) {
                slot.1 = Cow::Owned(value.to_json());
            }
        }
    }

    fn read_rules(&mut self, value: &Value, problems: &mut Problems) {
        for (id, value) in problems.entries("settings.rules", value, &ALL.each_ref().map(|rule| rule.id)) {
            let path = format!("settings.rules[\"{id}\"]");
            let Some(rule) = Rule::of(id) else { continue };
            let Some(severity) = problems.choice(&path, value, &Severity::NAMES).and_then(Severity::from_name) else {
                continue;
            };
            if rule.is_fixed && severity != Severity::Reject {
                problems.0.push(format!(
                    "{path}: this rule cannot be set to {}: without what it asks for nothing could be injected",
                    severity.name()
                ));
            } else if rule == rule::LOOK_UP {
                problems.0.push(format!("{path}: write settings.lookupFailure instead"));
            } else if rule == rule::UNMANAGED {
                problems.0.push(format!("{path}: write settings.unmanaged instead"));
            } else {
                self.rules.push((rule, severity));
            }
        }
    }

    /// What becomes of an object that breaks a rule.
    pub(crate) fn severity(&self, rule: &Rule) -> Severity {
        if rule == rule::LOOK_UP {
            return self.look_up_failure;
        }
        if rule == rule::UNMANAGED {
            return match self.unmanaged {
                Unmanaged::Allow => Severity::Off,
                Unmanaged::Warn => Severity::Warn,
                Unmanaged::Reject | Unmanaged::Inject => Severity::Reject,
            };
        }
        self.rules.iter().find(|(of, _)| *of == rule).map_or(rule.severity, |(_, severity)| *severity)
    }

    /// The ConfigMap that a StatefulSet reads: the one that its annotation names, else that of the settings, else the
    /// one of its own name.
    pub(crate) fn config_map_of<'s>(&'s self, annotated: Option<&'s str>, statefulset: &'s str) -> &'s str {
        annotated.or(self.config_map.as_deref()).unwrap_or(statefulset)
    }

    /// Is a rule looked after at all?
    pub(crate) fn is_on(&self, rule: &Rule) -> bool {
        self.severity(rule) != Severity::Off
    }

    /// Is any rule of one of these concerns looked after?
    pub(crate) fn is_any_on(&self, concerns: &[Concern]) -> bool {
        ALL.iter().any(|rule| concerns.contains(&rule.concerns) && self.is_on(rule))
    }

    /// Are the objects of a namespace exempt from all rules that can be softened?
    pub(crate) fn exempts(&self, namespace: &str) -> bool {
        matches_any(&self.exempt_namespaces, namespace)
    }

    /// The image with the backup tool for a flavor, if the settings name one.
    pub(crate) fn backup_image(&self, flavor: Flavor) -> Option<&str> {
        self.images.iter().find(|(of, _)| *of == flavor).map(|(_, image)| image.as_str())
    }

    /// The resources of an injected container, as JSON.
    pub(crate) fn resources(&self, container: &str) -> &str {
        self.resources.iter().find(|(name, _)| *name == container).map_or("{}", |(_, json)| json)
    }

    /// The `spec` of an injected claim template.
    pub(crate) fn claim_spec(&self) -> Value<'static> {
        let Storage { size, class, access_modes } = &self.storage;
        let mut spec = Object::default();
        spec.insert("accessModes", Value::Array(access_modes.iter().cloned().map(Value::from).collect()));
        let requests = Value::object([("storage", size.clone().into())]);
        spec.insert("resources", Value::object([("requests", requests)]));
        if let Some(name) = class {
            spec.insert("storageClassName", name.clone().into());
        }
        Value::Object(spec)
    }
}

struct Problems(Vec<String>);

impl Problems {
    /// The entries of an object whose keys are known; the others, and what is no object, are problems.
    fn entries<'v, 'a>(
        &mut self,
        path: &str,
        value: &'v Value<'a>,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'v Value<'a>)> {
        let object = match value {
            Value::Object(object) => object,
            Value::Null => return Vec::new(),
            other => {
                self.0.push(format!("{path}: write an object, not {}", type_name(other)));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (key, value) in object.iter() {
            if let Some(known) = known.iter().find(|known| **known == key) {
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

    /// One of the known words.
    fn choice<'v>(&mut self, path: &str, value: &'v Value, known: &[&str]) -> Option<&'v str> {
        let chosen = value.as_str().filter(|text| known.contains(text));
        if chosen.is_none() {
            let found = value.as_str().map_or_else(|| type_name(value).to_owned(), shown_word);
            self.0.push(format!("{path}: write one of {}, not {found}", known.join(", ")));
        }
        chosen
    }

    /// A list of patterns.
    fn patterns(&mut self, path: &str, value: &Value) -> Vec<String> {
        let Some(list) = value.as_array() else {
            self.0.push(format!("{path}: write a list of patterns, such as [\"team-*\"], not {}", type_name(value)));
            return Vec::new();
        };
        let patterns = list.iter().enumerate().filter_map(|(index, value)| {
            self.text(&format!("{path}[{index}]"), value, is_pattern, "a pattern such as \"team-*\"")
        });
        patterns.collect()
    }

    fn text(&mut self, path: &str, value: &Value, right: fn(&str) -> bool, wanted: &str) -> Option<String> {
        let text = value.as_str().filter(|text| right(text));
        if text.is_none() {
            let found = value.as_str().map_or_else(|| type_name(value).to_owned(), shown_word);
            self.0.push(format!("{path}: write {wanted}, not {found}"));
        }
        text.map(ToOwned::to_owned)
    }
}

/// A pattern that says something: one that matches everything would be the end of all rules.
fn is_pattern(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.*?".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// Kubernetes' resource quantity, of a positive amount.
fn is_quantity(text: &str) -> bool {
    const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, suffix) = text.split_at(digits);
    let is_number = number.bytes().any(|byte| byte != b'.') && number.matches('.').count() < 2;
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i8>().is_ok());
    text.len() <= 32 && is_number && (SUFFIXES.contains(&suffix) || exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

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
        assert_eq!(read(settings.resources(SIDECAR_CONTAINER)).unwrap()["limits"]["memory"], "2Gi");
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
    fn rules_and_their_severities() {
        let settings = Settings::parse(&json!({
            "unmanaged": "warn", "lookupFailure": "reject", "rules": {"host-network": "warn"},
            "exemptNamespaces": ["kube-*"], "writeNames": {"variables": ["*_SINK"], "services": ["*-in"], "ignore": ["X_RW"]},
        }))
        .unwrap();
        let severity = |id| settings.severity(id);
        assert_eq!(severity(rule::UNMANAGED), Severity::Warn);
        assert_eq!(severity(rule::LOOK_UP), Severity::Reject);
        assert_eq!(severity(rule::HOST_NETWORK), Severity::Warn);
        assert_eq!(severity(rule::READ_ONLY_OFF), Severity::Reject);
        assert!(settings.exempts("kube-system") && !settings.exempts("shop"));

        let problems = Settings::parse(&json!({
            "unmanaged": "deny", "lookupFailure": "off", "exemptNamespaces": ["*", 1], "writeNames": {"variable": []},
            "rules": {"host_network": "warn", "malformed": "off", "look-up": "warn", "unmanaged": "off", "no-primary": 1},
        }))
        .unwrap_err();
        assert_eq!(problems.len(), 10, "{problems:#?}");
        assert!(problems.iter().any(|problem| problem.contains("did you mean host-network?")), "{problems:#?}");
    }

    #[test]
    fn quantities() {
        for right in ["1", "0.5", "100m", "10Gi", "1e3", "1E-2", "2Ei", ".5", "5."] {
            assert!(is_quantity(right), "{right}");
        }
        for wrong in ["", "x", "-1", "10 Gi", "10gb", ".", "1ee3", "inf", "1.2.3"] {
            assert!(!is_quantity(wrong), "{wrong}");
        }
    }
}
