//! What the policy says to the objects of a cluster: each request goes through `policy.wasm`, which looks up the
//! Services of the same manifest.

use std::{fs, path::Path, sync::Arc};

use mysql_replication_preview::{Manifests, Policy, Response, admission_request, yaml};
use serde_json::{Value, json};

use crate::{
    image::Database,
    object::{Objects, StatefulSet},
};

pub(crate) const NAMESPACE: &str = "default";
/// Of the policy's annotations.
pub(crate) const PREFIX: &str = "mysql-replication.kubewarden.io/";

pub(crate) struct Admission<'a> {
    policy: &'a Policy,
    /// The StatefulSet as its user wrote it.
    pub(crate) plain: Value,
    others: Vec<Value>,
}

impl std::fmt::Debug for Admission<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admission").field("plain", &self.plain).field("others", &self.others).finish_non_exhaustive()
    }
}

impl<'a> Admission<'a> {
    /// Reads a manifest: a StatefulSet, whose first container gets the database's image, and what it needs beside it.
    /// The policy sees the `ConfigMap`s too.
    pub(crate) fn new(
        policy: &'a Policy,
        manifest: &Path,
        database: &Database,
        speaks_as: &str,
        objects: &mut Objects,
    ) -> Result<Self, String> {
        let file = manifest.display().to_string();
        let bytes = fs::read(manifest).map_err(|error| format!("{file}: {error}"))?;
        let reading = yaml::read(&file, &bytes);
        if let Some(error) = reading.errors.first().or(reading.warnings.first()) {
            return Err(error.to_string());
        }
        let documents = reading.documents.iter().filter(|document| !document.is_empty());
        let (sets, mut others): (Vec<_>, Vec<_>) =
            documents.map(|document| document.value().clone()).partition(|object| object["kind"] == "StatefulSet");
        let [mut plain] = <[Value; 1]>::try_from(sets).map_err(|_| format!("{file}: one StatefulSet is expected"))?;
        let pod = &mut plain["spec"]["template"]["spec"];
        pod["containers"][0]["image"] = json!(database.image());
        if let Some(context) = pod.get_mut("securityContext").and_then(Value::as_object_mut) {
            for key in ["runAsUser", "runAsGroup", "fsGroup"] {
                context.insert(key.to_owned(), json!(database.family.user()));
            }
        }
        if let Some(image) = database.backup_image(speaks_as) {
            let annotations = &mut plain["metadata"]["annotations"];
            annotations[format!("{PREFIX}clone-method")] = json!("xtrabackup");
            annotations[format!("{PREFIX}backup-image")] = json!(image);
        }
        if let (Some(text), Some(name)) = (database.option_file(), plain["metadata"]["name"].as_str()) {
            let keys = objects.config_maps.entry(name.to_owned()).or_default();
            for (key, first) in [("master.cnf", ""), ("slave.cnf", "[mysqld]\nsuper-read-only\n")] {
                keys.entry(key.to_owned()).or_insert_with(|| first.to_owned()).push_str(text);
            }
        }
        let config_map =
            |(name, data)| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
        others.extend(objects.config_maps.iter().map(config_map));
        Ok(Self { policy, plain, others })
    }

    /// The StatefulSet before there was the policy, without its annotations.
    pub(crate) fn before(&self, replicas: usize) -> Value {
        let mut object = self.plain.clone();
        object["metadata"]["namespace"] = json!(NAMESPACE);
        object["metadata"]["annotations"] = json!({});
        object["spec"]["replicas"] = json!(replicas);
        object
    }

    /// Another object that the policy can look up, until it is forgotten.
    pub(crate) fn add(&mut self, object: Value) {
        self.others.push(object);
    }

    /// Forgets the object that was added last.
    pub(crate) fn forget(&mut self) {
        self.others.pop();
    }

    /// Sends an object: a new one, or an update of `old`.
    pub(crate) fn send(&self, object: &Value, old: Option<&Value>, settings: &Value) -> Result<Response, String> {
        let request = admission_request(object, old, NAMESPACE);
        let cluster = Manifests::new(self.others.iter().chain(old).cloned(), NAMESPACE);
        self.policy.validate(&request, settings, Arc::new(cluster)).map_err(|error| format!("the policy: {error}"))
    }

    /// An object as it comes out of the policy, which must have no word to say about it, but for the hint at names of
    /// pods that are not Ready: the scenarios are harder without these.
    pub(crate) fn accept(&self, object: &Value, old: Option<&Value>, settings: &Value) -> Result<Value, String> {
        let response = self.send(object, old, settings)?;
        // hints: of names before pods are Ready, and of what a volume that nobody can look into must hold
        let hints = ["write publishNotReadyAddresses: true", "must !includedir"];
        let is_hint = |warning: &&String| hints.iter().any(|hint| warning.contains(hint));
        let words: Vec<_> = response.warnings.iter().flatten().filter(|warning| !is_hint(warning)).collect();
        match response.mutated_object {
            Some(mutated) if response.accepted && words.is_empty() => Ok(mutated),
            _ => Err(format!(
                "the policy did not inject, or not without a warning: {:?}, warnings {words:?}",
                response.message.unwrap_or_default()
            )),
        }
    }

    /// The StatefulSet as it comes out of the policy when it is created.
    pub(crate) fn create(&self) -> Result<Value, String> {
        self.accept(&self.plain, None, &json!({}))
    }
}

/// An object as the harness plays it.
pub(crate) fn played(object: Value) -> Result<StatefulSet, String> {
    serde_json::from_value(object)
        .map_err(|error| format!("the StatefulSet has something that is not played here: {error}"))
}
