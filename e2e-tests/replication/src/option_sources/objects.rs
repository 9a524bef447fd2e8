//! A set of sources as the objects of a cluster.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    image::{Database, Family},
    option_sources::draw::{NAME, Set, VARIABLES, map_and_key},
};

impl Set {
    /// The StatefulSet of the set.
    pub(super) fn statefulset(&self, database: &Database) -> Value {
        let mut volumes = Vec::new();
        let mut mounts = Vec::new();
        for (number, file) in self.files.iter().enumerate() {
            let [volume, key] = map_and_key(number, &file.path, file.folder);
            if !volumes.iter().any(|known: &Value| known["name"] == volume.as_str()) {
                volumes.push(json!({"name": volume, "configMap": {"name": volume}}));
                let mount = match file.folder {
                    Some(folder) => json!({"name": volume, "mountPath": folder}),
                    None => json!({"name": volume, "mountPath": file.path, "subPath": key}),
                };
                mounts.push(mount);
            }
        }
        let mut env = vec![json!({"name": "MYSQL_ROOT_PASSWORD", "valueFrom":
            {"secretKeyRef": {"name": NAME, "key": "root-password"}}})];
        for (name, value) in &self.variables {
            env.push(if self.keys.contains(name) {
                json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": VARIABLES, "key": name}}})
            } else {
                json!({"name": name, "value": value})
            });
        }
        let mut container = json!({
            "name": "mysql", "image": database.image(), "args": self.arguments, "env": env, "volumeMounts": mounts,
        });
        if self.has_command {
            container["command"] = json!([if database.family == Family::MariaDb { "mariadbd" } else { "mysqld" }]);
        }
        let mut pod = json!({"volumes": volumes, "containers": [container]});
        if self.has_user {
            pod["securityContext"] = json!({"runAsUser": database.family.user()});
        }
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": NAME, "annotations": {"mysql-replication.kubewarden.io/inject": "true"}},
            "spec": {
                "serviceName": NAME, "replicas": 2, "selector": {"matchLabels": {"app": NAME}},
                "template": {"metadata": {"labels": {"app": NAME}}, "spec": pod},
            },
        })
    }

    /// What the policy looks up.
    pub(super) fn others(&self) -> Vec<Value> {
        let mut maps: BTreeMap<String, BTreeMap<String, &str>> = BTreeMap::new();
        for (number, file) in self.files.iter().enumerate() {
            let [map, key] = map_and_key(number, &file.path, file.folder);
            maps.entry(map).or_default().insert(key, &file.text);
        }
        let roles = ["master.cnf", "slave.cnf"].map(str::to_owned);
        maps.insert(NAME.to_owned(), roles.into_iter().zip(self.roles.iter().map(String::as_str)).collect());
        let keys = self.keys.iter().map(|key| ((*key).to_owned(), self.variables[key].as_str()));
        maps.insert(VARIABLES.to_owned(), keys.collect());
        let map =
            |(name, data)| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
        let mut objects: Vec<Value> = maps.into_iter().map(map).collect();
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": NAME},
            "spec": {"clusterIP": "None", "selector": {"app": NAME}, "ports": [{"name": "mysql", "port": 3306}]},
        }));
        objects
    }

    /// The arguments as Kubernetes makes them.
    pub(super) fn words(&self) -> Vec<String> {
        let one = self.variables.get("ONE").map_or("", String::as_str);
        self.arguments.iter().map(|word| word.replace("$(ONE)", one)).collect()
    }
}
