//! The injected containers and the probes of the database container.

use serde_json::{Value, json};

use crate::{
    annotations::Annotations,
    flavor::{CloneMethod, Database},
    inject::{arguments::words, credentials::Credentials, data::Data},
    json::{Object, at, name, str_at},
    names::{
        BACKUP_PORT, BACKUP_PORT_NAME, CLONE_CONTAINER, CONF_DIR, CONF_VOLUME, CONFIG_MAP_VOLUME, INIT_CONF_DIR,
        INIT_CONFIG_MAP_DIR, INIT_CONTAINER, SIDECAR_CONTAINER,
    },
    scripts::Script,
    settings::Settings,
};

/// All that the injected containers are made from.
pub(crate) struct Ingredients<'a> {
    pub(crate) pod: &'a Value,
    pub(crate) container: &'a Value,
    pub(crate) database: Database,
    pub(crate) backup_image: &'a str,
    pub(crate) service: &'a str,
    pub(crate) data: &'a Data,
    pub(crate) credentials: &'a Credentials,
    pub(crate) annotations: &'a Annotations,
    pub(crate) settings: &'a Settings,
}

impl Ingredients<'_> {
    /// Writes the pod's option files, in the database's own image.
    pub(crate) fn init_container(&self) -> Value {
        let mut env = self.parameters(INIT_CONTAINER, INIT_CONF_DIR);
        env.push(variable("REPLICATION_CONFIG_MAP_DIR", INIT_CONFIG_MAP_DIR));
        let mounts = json!([
            {"name": CONF_VOLUME, "mountPath": INIT_CONF_DIR},
            {"name": CONFIG_MAP_VOLUME, "mountPath": INIT_CONFIG_MAP_DIR, "readOnly": true},
        ]);
        self.container(INIT_CONTAINER, str_at(self.container, &["image"]), Script::InitMysql, &env, &mounts)
    }

    /// Gives a replica its data.
    pub(crate) fn clone_container(&self) -> Value {
        let script = match self.database.clone_method {
            CloneMethod::Xtrabackup => Script::CloneXtrabackup,
            CloneMethod::ClonePlugin => Script::ClonePlugin,
        };
        let mut env = self.parameters(CLONE_CONTAINER, self.conf_dir());
        if self.database.clone_method == CloneMethod::ClonePlugin {
            let args = server_args(self.container);
            if !args.is_empty() {
                env.push(variable("REPLICATION_SERVER_ARGS", &args));
            }
        }
        self.with_credentials(self.container(CLONE_CONTAINER, self.backup_image, script, &env, &self.data_mounts()))
    }

    /// Joins a replica to the primary and serves backups; its readiness is the replica's.
    pub(crate) fn sidecar(&self) -> Value {
        let mut env = self.parameters(SIDECAR_CONTAINER, self.conf_dir());
        if let Some(seconds) = self.annotations.max_replica_lag_seconds {
            env.push(variable("REPLICATION_MAX_LAG_SECONDS", &seconds.to_string()));
        }
        let mut sidecar =
            self.container(SIDECAR_CONTAINER, self.backup_image, Script::Sidecar, &env, &self.data_mounts());
        if self.database.clone_method == CloneMethod::Xtrabackup {
            sidecar["ports"] = json!([{"name": BACKUP_PORT_NAME, "containerPort": BACKUP_PORT}]);
        }
        sidecar["readinessProbe"] = json!({
            "exec": {"command": ["bash", "-c", Script::ReplicaReady.placeholder()]},
            "initialDelaySeconds": 5, "periodSeconds": 10, "timeoutSeconds": 10,
        });
        self.with_credentials(sidecar)
    }

    /// Where the backup image's containers mount the option files. The clone plugin's server reads them there.
    fn conf_dir(&self) -> &'static str {
        match self.database.clone_method {
            CloneMethod::Xtrabackup => CONF_DIR,
            CloneMethod::ClonePlugin => self.database.conf_dir(),
        }
    }

    fn data_mounts(&self) -> Value {
        json!([self.data.mount, {"name": CONF_VOLUME, "mountPath": self.conf_dir()}])
    }

    /// The parameters that every script takes.
    fn parameters(&self, step: &str, conf_dir: &str) -> Vec<Value> {
        vec![
            json!({"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
            variable("REPLICATION_STEP", step),
            variable("REPLICATION_SERVICE", self.service),
            variable("REPLICATION_FLAVOR", self.database.flavor.name()),
            variable("REPLICATION_CLONE_METHOD", self.database.clone_method.name()),
            variable("REPLICATION_DATA_DIR", &self.data.dir),
            variable("REPLICATION_CONF_DIR", conf_dir),
            variable("REPLICATION_BACKUP_PORT", &BACKUP_PORT.to_string()),
        ]
    }

    fn container(&self, name: &str, image: &str, script: Script, env: &[Value], mounts: &Value) -> Value {
        let mut container = json!({
            "name": name,
            "image": image,
            "command": ["bash", "-c", script.placeholder()],
            "env": env,
            "volumeMounts": mounts,
            "resources": self.settings.resources(name),
        });
        let pull_policy = str_at(self.container, &["imagePullPolicy"]);
        if image == str_at(self.container, &["image"]) && !pull_policy.is_empty() {
            container["imagePullPolicy"] = json!(pull_policy);
        }
        let context = self.security_context();
        if !context.is_empty() {
            container["securityContext"] = Value::Object(context);
        }
        container
    }

    fn with_credentials(&self, mut container: Value) -> Value {
        if let Some(env) = container["env"].as_array_mut() {
            let taken: Vec<String> = env.iter().map(|variable| name(variable).to_owned()).collect();
            env.extend(
                self.credentials.env.iter().filter(|variable| !taken.iter().any(|t| t == name(variable))).cloned(),
            );
        }
        if !self.credentials.env_from.is_empty() {
            container["envFrom"] = Value::Array(self.credentials.env_from.clone());
        }
        if let Some(mounts) = container["volumeMounts"].as_array_mut() {
            for mount in &self.credentials.mounts {
                if !mounts.iter().any(|other| str_at(other, &["mountPath"]) == str_at(mount, &["mountPath"])) {
                    mounts.push(mount.clone());
                }
            }
        }
        container
    }

    /// The database container's own context: the same user can read its files, and what is hardened stays so. Where the
    /// workload names no user, the user that can read the server's files is said explicitly: a backup image has another.
    fn security_context(&self) -> Object {
        let context = at(self.container, &["securityContext"]).and_then(Value::as_object).cloned();
        let mut context = context.unwrap_or_default();
        let says = |key: &str| {
            context.get(key).or_else(|| at(self.pod, &["securityContext", key])).filter(|value| !value.is_null())
        };
        if says("runAsUser").is_none() && says("runAsNonRoot") != Some(&Value::Bool(true)) {
            context.insert("runAsUser".to_owned(), json!(self.database.default_user()));
        }
        context
    }
}

/// The probes of the database container where the user has none. A liveness probe brings a startup probe along: crash
/// recovery of a large database must not be cut short again and again.
pub(crate) fn probes(container: &Value) -> Vec<(&'static str, Value)> {
    let ping = json!({"command": ["bash", "-c", Script::Ping.placeholder()]});
    let absent = |probe: &str| at(container, &[probe]).is_none();
    let mut probes = Vec::new();
    if absent("livenessProbe") {
        if absent("startupProbe") {
            probes.push((
                "startupProbe",
                json!({"exec": ping, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 720}),
            ));
        }
        probes.push((
            "livenessProbe",
            json!({"exec": ping, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6}),
        ));
    }
    if absent("readinessProbe") {
        probes.push(("readinessProbe", json!({"exec": ping, "periodSeconds": 5, "timeoutSeconds": 5})));
    }
    probes
}

/// The server's own options, one a line, for the private server that the clone plugin needs: some, such as
/// `lower_case_table_names`, must be the same from the beginning. Options of place and of start, and those with
/// variables, are left out.
fn server_args(container: &Value) -> String {
    const LEFT_OUT: [&str; 12] = [
        "datadir",
        "socket",
        "port",
        "pid-file",
        "user",
        "initialize",
        "defaults",
        "no-defaults",
        "log-error",
        "tmpdir",
        "print-defaults",
        "init-file",
    ];
    words(container)
        .map(|word| word.text)
        .filter(|arg| arg.starts_with("--") && !arg.contains(['$', '\n']))
        .filter(|arg| {
            let option = arg[2..].replace('_', "-");
            !LEFT_OUT.iter().any(|left_out| option.starts_with(left_out))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}
