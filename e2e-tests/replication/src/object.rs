//! The pod template, as far as this harness plays it. A field that is not here is an error, so nothing of a template is
//! ignored without notice.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A StatefulSet after admission.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatefulSet {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: StatefulSetSpec,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) namespace: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StatefulSetSpec {
    pub(crate) service_name: String,
    pub(crate) replicas: usize,
    #[serde(rename = "selector")]
    _selector: Value,
    pub(crate) template: PodTemplate,
    #[serde(default)]
    pub(crate) volume_claim_templates: Vec<ClaimTemplate>,
    #[serde(default)]
    pub(crate) update_strategy: UpdateStrategy,
}

/// The default is what the API server makes of a set without one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateStrategy {
    #[serde(rename = "type")]
    _kind: StrategyKind,
    /// It stays away where the type is named without it.
    pub(crate) rolling_update: Option<RollingUpdate>,
}

impl Default for UpdateStrategy {
    fn default() -> Self {
        Self { _kind: StrategyKind::RollingUpdate, rolling_update: Some(RollingUpdate::default()) }
    }
}

/// The other one is not played.
#[derive(Debug, Clone, Deserialize)]
enum StrategyKind {
    RollingUpdate,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollingUpdate {
    #[serde(default)]
    pub(crate) partition: usize,
}

/// The size and class of a claim have no effect on a directory of the host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimTemplate {
    pub(crate) metadata: ClaimMetadata,
    #[serde(rename = "spec")]
    _spec: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimMetadata {
    pub(crate) name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PodTemplate {
    #[serde(rename = "metadata")]
    _metadata: Value,
    pub(crate) spec: PodSpec,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodSpec {
    #[serde(default)]
    pub(crate) init_containers: Vec<Container>,
    pub(crate) containers: Vec<Container>,
    #[serde(default)]
    pub(crate) volumes: Vec<Volume>,
    #[serde(default)]
    pub(crate) security_context: PodSecurityContext,
    #[serde(default = "thirty")]
    pub(crate) termination_grace_period_seconds: u64,
}

impl PodSpec {
    /// Gives the injected containers parameters of their scripts that the policy leaves at their defaults.
    pub(crate) fn add_parameters(&mut self, parameters: &[(&str, &str)]) {
        // all of them in what version 0.2 and earlier injected, else the one that tells the others
        let injected = |container: &&mut Container| container.env.iter().any(|it| it.name == "REPLICATION_SERVICE");
        for container in self.init_containers.iter_mut().chain(&mut self.containers).filter(injected) {
            container.env.extend(parameters.iter().map(|(name, value)| Variable {
                name: (*name).to_owned(),
                value: (*value).to_owned(),
                value_from: None,
            }));
        }
    }
}

fn thirty() -> u64 {
    30
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodSecurityContext {
    pub(crate) run_as_user: Option<u32>,
    pub(crate) run_as_group: Option<u32>,
    pub(crate) fs_group: Option<u32>,
    pub(crate) run_as_non_root: Option<bool>,
    pub(crate) seccomp_profile: Option<SeccompProfile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SecurityContext {
    pub(crate) run_as_user: Option<u32>,
    pub(crate) run_as_group: Option<u32>,
    pub(crate) run_as_non_root: Option<bool>,
    pub(crate) read_only_root_filesystem: Option<bool>,
    pub(crate) allow_privilege_escalation: Option<bool>,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) seccomp_profile: Option<SeccompProfile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capabilities {
    #[serde(default)]
    pub(crate) add: Vec<String>,
    #[serde(default)]
    pub(crate) drop: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub(crate) enum SeccompProfile {
    RuntimeDefault,
    Unconfined,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) image: String,
    #[serde(default)]
    pub(crate) command: Vec<String>,
    #[serde(default)]
    pub(crate) args: Vec<String>,
    #[serde(default)]
    pub(crate) env: Vec<Variable>,
    #[serde(default)]
    pub(crate) env_from: Vec<VariableSource>,
    #[serde(default)]
    pub(crate) security_context: SecurityContext,
    #[serde(default)]
    pub(crate) volume_mounts: Vec<Mount>,
    pub(crate) startup_probe: Option<Probe>,
    pub(crate) liveness_probe: Option<Probe>,
    pub(crate) readiness_probe: Option<Probe>,
    #[serde(default)]
    pub(crate) lifecycle: Lifecycle,
    /// All ports of a pod are open to the others.
    #[serde(default, rename = "ports")]
    _ports: Vec<Value>,
    #[serde(default)]
    pub(crate) resources: Resources,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Lifecycle {
    pub(crate) post_start: Option<Hook>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hook {
    pub(crate) exec: Exec,
}

/// Requests are for the scheduler; limits are not played.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resources {
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) value_from: Option<ValueFrom>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum ValueFrom {
    #[serde(rename = "fieldRef")]
    Field(FieldRef),
    #[serde(rename = "secretKeyRef")]
    SecretKey(KeyRef),
    #[serde(rename = "resourceFieldRef")]
    Resource(ResourceRef),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FieldRef {
    pub(crate) field_path: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRef {
    pub(crate) name: String,
    pub(crate) key: String,
}

/// Of the container that has it: another one's cannot be named here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceRef {
    pub(crate) resource: String,
    #[serde(default = "no_divisor")]
    pub(crate) divisor: String,
}

fn no_divisor() -> String {
    "1".to_owned()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct VariableSource {
    #[serde(default)]
    pub(crate) prefix: String,
    pub(crate) secret_ref: NameRef,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameRef {
    pub(crate) name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mount {
    pub(crate) name: String,
    #[serde(rename = "mountPath")]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) sub_path: String,
    #[serde(default)]
    pub(crate) read_only: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Volume {
    pub(crate) name: String,
    pub(crate) empty_dir: Option<EmptyDir>,
    pub(crate) config_map: Option<ConfigMapVolume>,
    pub(crate) secret: Option<SecretVolume>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmptyDir {}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfigMapVolume {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) optional: bool,
    pub(crate) default_mode: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SecretVolume {
    pub(crate) secret_name: String,
    /// Which keys become files; all where there are none.
    #[serde(default)]
    pub(crate) items: Vec<KeyToPath>,
    #[serde(default)]
    pub(crate) optional: bool,
    pub(crate) default_mode: Option<u32>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyToPath {
    pub(crate) key: String,
    pub(crate) path: String,
}

impl SecretVolume {
    /// The files of the volume, of a Secret with these keys.
    pub(crate) fn files(&self, keys: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        if self.items.is_empty() {
            return keys.clone();
        }
        let file = |item: &KeyToPath| Some((item.path.clone(), keys.get(&item.key)?.clone()));
        self.items.iter().filter_map(file).collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Probe {
    pub(crate) exec: Exec,
    #[serde(default)]
    pub(crate) initial_delay_seconds: u64,
    #[serde(default = "ten")]
    pub(crate) period_seconds: u64,
    #[serde(default = "one_second")]
    pub(crate) timeout_seconds: u64,
    #[serde(default = "three")]
    pub(crate) failure_threshold: u32,
    #[serde(default = "one")]
    pub(crate) success_threshold: u32,
}

fn ten() -> u64 {
    10
}
fn one_second() -> u64 {
    1
}
fn three() -> u32 {
    3
}
fn one() -> u32 {
    1
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exec {
    pub(crate) command: Vec<String>,
}

/// What the pods refer to: Secrets and `ConfigMap`s by name, each with its keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    pub(crate) secrets: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) config_maps: BTreeMap<String, BTreeMap<String, String>>,
}
