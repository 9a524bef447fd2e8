//! The injected containers and the probes of the database container.

use mysql_options::ServerOption;

use crate::{
    arguments::words,
    config_maps::ConfigMaps,
    database::{Database, Found},
    flavor::{CloneMethod, Flavor},
    inject::{
        container::{Word, Writer},
        credentials::Credentials,
        data::Data,
    },
    json::{Object, Rendered, Value, at, str_at},
    mounts::mounted_option_files,
    names::{
        BACKUP_PORT, BACKUP_PORT_NAME, CLONE_CONTAINER, CONF_DIR, CONF_VOLUME, CONFIG_MAP_VOLUME, INIT_CONFIG_MAP_DIR,
        INIT_CONTAINER, SCRIPTS_DIR, SCRIPTS_VOLUME, SIDECAR_CONTAINER,
    },
    object::name,
    record::{Replication, scripts_mount},
    scripts::{LongWord, PING_MARKER},
    settings::Settings,
};
use std::borrow::Cow;

/// How much memory is requested for the container, in MiB.
const MEMORY_VARIABLE: &str = "REPLICATION_MEMORY";

/// Path of a script.
macro_rules! script {
    ($name:literal) => {
        concat!("/mysql-replication/", $name, ".sh")
    };
}
const CLONE_SCRIPT: &str = script!("clone-mysql");
const SIDECAR_SCRIPT: &str = script!("xtrabackup");
/// The sidecar's readiness probe: a replica that does not replicate is not Ready.
const READY_SCRIPT: &str = script!("replica-ready");
/// The database container's probes. The last word does nothing; by it version 0.2 takes a probe for the policy's own,
/// as happens while policy servers of both versions answer.
pub(crate) const PING: [&str; 3] = ["bash", script!("ping"), PING_MARKER];

/// All that the injected containers are made from.
#[derive(Debug)]
pub(crate) struct Ingredients<'a> {
    pub(crate) database: Database,
    pub(crate) replication: Replication,
    pub(crate) backup_image: String,
    pub(crate) service: String,
    pub(crate) data: Data<'a>,
    pub(crate) credentials: Credentials<'a>,
    pub(crate) max_lag: Option<u32>,
    pub(crate) account: Option<String>,
    pub(crate) restore_from: Option<u32>,
    pub(crate) from_container: FromContainer<'a>,
}

/// What the injected containers have from the database container.
#[derive(Debug)]
pub(crate) struct FromContainer<'a> {
    image: String,
    pull_policy: String,
    security_context: Object<'a>,
    server_args: String,
    option_files: Vec<Value<'a>>,
    /// Do its arguments switch GTIDs on, for both roles alike?
    pub(crate) has_gtids: bool,
}

impl<'a> FromContainer<'a> {
    pub(crate) fn new(found: &Found<'_, 'a>, database: &Database) -> Self {
        let Found { pod, container, .. } = found;
        let (server_args, option_files) = match database.clone_method {
            CloneMethod::Xtrabackup => (String::new(), Vec::new()),
            CloneMethod::ClonePlugin => (server_args(found), option_files(container)),
        };
        Self {
            image: str_at(container, &["image"]).to_owned(),
            pull_policy: str_at(container, &["imagePullPolicy"]).to_owned(),
            security_context: security_context(pod, container, database),
            server_args,
            option_files,
            has_gtids: database.flavor != Flavor::Mariadb && has_gtids(found),
        }
    }
}

/// Do the server's arguments say `gtid-mode=ON`?
fn has_gtids(found: &Found) -> bool {
    let mut words = server_words(found).into_iter().peekable();
    let mut is_on = false;
    while let Some(word) = words.next() {
        let Some(option) = ServerOption::from_argument(&word).filter(|option| option.is("gtid-mode")) else {
            continue;
        };
        is_on = option.is_gtid_on(words.peek().map(AsRef::as_ref));
    }
    is_on
}

/// The words that the server gets, with the values of variables that the container defines by themselves.
fn server_words<'v>(found: &Found<'v, '_>) -> Vec<Cow<'v, str>> {
    let variables = &found.given().variables;
    let mut expanded = Vec::new();
    for word in words(found.container) {
        match variables.expand(&word.text, &ConfigMaps::default()).0 {
            Cow::Borrowed(_) => expanded.push(word.text),
            Cow::Owned(text) if word.is_whole || text == word.text => expanded.push(text.into()),
            Cow::Owned(text) => expanded.extend(text.split_whitespace().map(|part| part.to_owned().into())),
        }
    }
    expanded
}

/// The user's own option files, for the private server that the clone plugin needs: what the data depends on, such as
/// `lower_case_table_names`, must hold for it too.
fn option_files<'a>(container: &Value<'a>) -> Vec<Value<'a>> {
    let mut mounts: Vec<_> = mounted_option_files(container).cloned().collect();
    for mount in &mut mounts {
        if let Some(mount) = mount.as_object_mut() {
            mount.insert("readOnly", Value::Bool(true));
        }
    }
    mounts
}

impl Ingredients<'_> {
    /// The containers of a list; there are none in others than `initContainers` and `containers`.
    pub(crate) fn containers(&self, list: &str, settings: &Settings) -> Vec<Rendered> {
        match list {
            "initContainers" => vec![self.init_container(settings), self.clone_container(settings)],
            "containers" => vec![self.sidecar(settings)],
            _ => Vec::new(),
        }
    }

    /// Unpacks the scripts and writes the pod's option files, in the database's own image. All that scripts are told is
    /// told to this one, which leaves it for the others.
    fn init_container(&self, settings: &Settings) -> Rendered {
        let mounts = [
            Value::object([("name", SCRIPTS_VOLUME.into()), ("mountPath", SCRIPTS_DIR.into())]),
            Value::object([("name", CONF_VOLUME.into()), ("mountPath", self.conf_dir().into())]),
            Value::object([
                ("name", CONFIG_MAP_VOLUME.into()),
                ("mountPath", INIT_CONFIG_MAP_DIR.into()),
                ("readOnly", Value::Bool(true)),
            ]),
        ];
        let image = &self.from_container.image;
        let mut part = Writer::new(INIT_CONTAINER, image);
        part.command(&[
            Word::Text("bash"),
            Word::Text("-c"),
            Word::Long(LongWord::unpack()),
            Word::Text(SCRIPTS_DIR),
            Word::Long(LongWord::scripts_of(self.database.clone_method)),
        ]);
        let [lag, restore_from] = [self.max_lag, self.restore_from].map(|number| number.map(|it| it.to_string()));
        let FromContainer { server_args, .. } = &self.from_container;
        let optional = [
            ("REPLICATION_ACCOUNT", self.account.as_deref()),
            ("REPLICATION_MAX_LAG_SECONDS", lag.as_deref()),
            ("REPLICATION_RESTORE_FROM", restore_from.as_deref()),
            ("REPLICATION_SERVER_ARGS", Some(server_args.as_str()).filter(|args| !args.is_empty())),
        ];
        let mut parameters = vec![
            ("REPLICATION_SERVICE", self.service.as_str()),
            ("REPLICATION_FLAVOR", self.database.flavor.name()),
            ("REPLICATION_CLONE_METHOD", self.database.clone_method.name()),
            ("REPLICATION_DATA_DIR", &self.data.dir),
            ("REPLICATION_CONF_DIR", self.conf_dir()),
            ("REPLICATION_GTID", self.replication.gtid.name()),
            ("REPLICATION_BINARY_LOG", self.replication.binary_log.name()),
        ];
        parameters.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
        part.env(&parameters, []);
        part.mounts(&mounts);
        part.readiness(&[], "");
        self.end(part, INIT_CONTAINER, image, settings)
    }

    /// Gives a replica its data.
    fn clone_container(&self, settings: &Settings) -> Rendered {
        // so that the preparation of a backup can be given more (Kubernetes documentation, "Downward API")
        let memory = Value::object([("resource", "requests.memory".into()), ("divisor", "1Mi".into())]);
        let memory = Value::object([
            ("name", MEMORY_VARIABLE.into()),
            ("valueFrom", Value::object([("resourceFieldRef", memory)])),
        ]);
        let memory = (self.database.clone_method == CloneMethod::Xtrabackup).then_some(&memory);
        let mut part = Writer::new(CLONE_CONTAINER, &self.backup_image);
        part.command(&[Word::Text("bash"), Word::Text(CLONE_SCRIPT)]);
        self.with_credentials(&mut part, memory, &self.from_container.option_files);
        part.readiness(&[], "");
        self.end(part, CLONE_CONTAINER, &self.backup_image, settings)
    }

    /// Joins a replica to the primary and serves backups; its readiness is the replica's.
    fn sidecar(&self, settings: &Settings) -> Rendered {
        let secret = self.credentials.secret_mount();
        let mut part = Writer::new(SIDECAR_CONTAINER, &self.backup_image);
        part.command(&[Word::Text("bash"), Word::Text(SIDECAR_SCRIPT)]);
        self.with_credentials(&mut part, None, secret.as_slice());
        part.readiness(&["bash", READY_SCRIPT], "\"initialDelaySeconds\":1,\"periodSeconds\":5,\"timeoutSeconds\":10");
        if self.database.clone_method == CloneMethod::Xtrabackup {
            part.field("ports", &format!("[{{\"name\":\"{BACKUP_PORT_NAME}\",\"containerPort\":{BACKUP_PORT}}}]"));
        }
        self.end(part, SIDECAR_CONTAINER, &self.backup_image, settings)
    }

    /// Where the backup image's containers mount the option files. The clone plugin's server reads them there.
    fn conf_dir(&self) -> &'static str {
        match self.database.clone_method {
            CloneMethod::Xtrabackup => CONF_DIR,
            CloneMethod::ClonePlugin => self.database.conf_dir(),
        }
    }

    /// Writes the variables and mounts of a container that logs in as root and reads the data, those of its own among
    /// them.
    fn with_credentials(&self, part: &mut Writer, own_variable: Option<&Value>, own_mounts: &[Value]) {
        let Credentials { env, env_from, mounts, .. } = &self.credentials;
        // one that is named as a script's parameter may be what a password or a path is made from: scripts go by their
        // own
        let is_taken = |variable: &&Value| own_variable.is_some_and(|own| name(own) == name(variable));
        part.env(&[], own_variable.into_iter().chain(env.iter().filter(|variable| !is_taken(variable))));
        let scripts = scripts_mount();
        let conf = Value::object([("name", CONF_VOLUME.into()), ("mountPath", self.conf_dir().into())]);
        let mut all = vec![&self.data.mount, &conf, &scripts];
        for mount in mounts.iter().chain(own_mounts) {
            if !all.iter().any(|other| str_at(other, &["mountPath"]) == str_at(mount, &["mountPath"])) {
                all.push(mount);
            }
        }
        part.mounts(all);
        if !env_from.is_empty() {
            part.field("envFrom", &Value::Array(env_from.clone()).to_json());
        }
    }

    /// What all injected containers end with.
    fn end(&self, mut part: Writer, name: &str, image: &str, settings: &Settings) -> Rendered {
        let FromContainer { image: own_image, pull_policy, security_context, .. } = &self.from_container;
        part.field("resources", settings.resources(name));
        if image == own_image && !pull_policy.is_empty() {
            part.text_field("imagePullPolicy", pull_policy);
        }
        if !security_context.is_empty() {
            part.field("securityContext", &security_context.to_json());
        }
        part.end()
    }
}

/// The database container's own context: the same user can read its files, and what is hardened stays so. Where the
/// workload names no user, the user that can read the server's files is said explicitly: a backup image has another.
fn security_context<'a>(pod: &Value<'a>, container: &Value<'a>, database: &Database) -> Object<'a> {
    let context = at(container, &["securityContext"]).and_then(Value::as_object).cloned();
    let mut context = context.unwrap_or_default();
    let says =
        |key: &str| context.get(key).or_else(|| at(pod, &["securityContext", key])).filter(|value| !value.is_null());
    if says("runAsUser").is_none() && !says("runAsNonRoot").is_some_and(Value::is_true) {
        context.insert("runAsUser", Value::from(database.default_user()));
    }
    context
}

/// The probes of the database container where the user has none. A liveness probe brings a startup probe along, which
/// waits for a day: crash recovery of a large database must not be cut short again and again, and a first import that
/// is cut would be taken for a whole database at the next start (the images' entrypoints look for a folder alone).
pub(crate) fn probes(container: &Value) -> Vec<(&'static str, Value<'static>)> {
    const TIMING: [(&str, &[(&str, i64)]); 3] = [
        ("startupProbe", &[("periodSeconds", 1), ("timeoutSeconds", 5), ("failureThreshold", 86_400)]),
        ("livenessProbe", &[("periodSeconds", 10), ("timeoutSeconds", 5), ("failureThreshold", 6)]),
        ("readinessProbe", &[("periodSeconds", 5), ("timeoutSeconds", 5)]),
    ];
    let absent = |probe: &str| at(container, &[probe]).is_none();
    let is_wanted = |probe| absent(probe) && (probe != "startupProbe" || absent("livenessProbe"));
    let probe = |timing: &[(&'static str, i64)]| {
        let command = Value::Array(PING.map(Value::from).to_vec());
        let mut probe = Object::default();
        probe.insert("exec", Value::object([("command", command)]));
        for (key, number) in timing {
            probe.insert(*key, Value::from(*number));
        }
        Value::Object(probe)
    };
    TIMING.into_iter().filter(|(name, _)| is_wanted(name)).map(|(name, timing)| (name, probe(timing))).collect()
}

/// The server's own options, one a line, for the private server that the clone plugin needs: some, such as
/// `lower_case_table_names`, must be the same from the beginning. Options of place and of start, and those with
/// variables, are left out.
fn server_args(found: &Found) -> String {
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
    server_words(found)
        .into_iter()
        .filter(|arg| !arg.contains(['$', '\n']))
        .filter(|arg| {
            let option = ServerOption::from_argument(arg);
            option.is_some_and(|option| !LEFT_OUT.iter().any(|left_out| option.begins_with(left_out)))
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        field_path::FieldPath,
        json::{NULL, json},
    };

    fn of<T>(container: &Value, ask: impl Fn(&Found) -> T) -> T {
        ask(&Found::new(NULL, container, FieldPath::Object, None))
    }

    #[test]
    fn gtids_are_on_by_any_word_that_switches_them_on() {
        for (args, is_on) in [
            (json!(["--gtid-mode=ON"]), true),
            (json!(["--loose_gtid_mode=3"]), true),
            (json!(["--gtid-mode", "on"]), true),
            (json!(["--gtid-mode=ON", "--gtid-mode=OFF_PERMISSIVE"]), false),
            (json!(["--gtid-mode=2"]), false),
        ] {
            assert_eq!(of(&json!({"args": args}), has_gtids), is_on, "{args}");
        }
    }

    #[test]
    fn a_private_server_gets_no_option_of_place_or_start() {
        let args = |words: &[&str]| of(&json!({"args": words}), server_args);
        assert_eq!(args(&["mysqld", "--lower-case-table-names=1", "--skip-name-resolve"]).lines().count(), 2);
        for word in
            ["--datadir=/x", "--loose-datadir=/x", "--loose_pid_file=/x", "--skip-log-error", "--port=$(P)", "-x"]
        {
            assert_eq!(args(&[word]), "", "{word}");
        }
    }
}
