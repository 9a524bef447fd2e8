//! The root password, from wherever the database container gets it: the injected containers get the same variables.

use crate::{
    database::{Database, Found},
    field_path::FieldPath,
    findings::{Findings, Violation},
    flavor::{Family, Flavor},
    halves::Halves,
    json::{Object, Value, at, list_at, str_at},
    mounts::{holds, mount_of},
    name_index::NameIndex,
    names::{ROOT_PASSWORD_DIR, ROOT_PASSWORD_FILE, ROOT_PASSWORD_VOLUME},
    object::name,
    rule,
};

/// What an injected container needs to log in as root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials<'a> {
    pub(crate) env: Vec<Value<'a>>,
    pub(crate) env_from: Vec<Value<'a>>,
    /// Mounts of files that the variables name.
    pub(crate) mounts: Vec<Value<'a>>,
    /// The key of a Secret that the password comes from.
    secret: Option<Value<'a>>,
}

/// The entrypoints' variables (official images' documentation).
const MYSQL: [&str; 3] = ["MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE", "MYSQL_ALLOW_EMPTY_PASSWORD"];
const MARIADB: [&str; 3] = ["MARIADB_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD_FILE", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD"];

/// The longest password of `CHANGE MASTER TO` and `CHANGE REPLICATION SOURCE TO` (MySQL manual).
const MYSQL_PASSWORD_LIMIT: usize = 32;

impl<'a> Credentials<'a> {
    /// Takes the credentials of the database container at `path`; `uses` are texts whose `$(NAME)` must resolve in the
    /// injected containers too.
    pub(crate) fn find(found: &Found<'_, 'a>, uses: &[String], agent: &Agent, findings: &mut Findings) -> Self {
        let Found { container, path, .. } = found;
        let database = found.database.as_ref();
        let env = list_at(container, &["env"]);
        let env_from = list_at(container, &["envFrom"]);
        check_entrypoint_variables(found, findings);

        // of an unknown database, either one's variables will do
        let mariadb = database.is_none_or(|database| database.family == Family::Mariadb);
        let mut wanted = vec![false; env.len()];
        let mut references: Vec<String> = uses.iter().flat_map(|text| references_of(text)).collect();
        let mut is_found = false;
        for (index, variable) in env.iter().enumerate() {
            let known = MYSQL.contains(&name(variable)) || (mariadb && MARIADB.contains(&name(variable)));
            if !known || is_unset(variable) {
                continue;
            }
            is_found = true;
            wanted[index] = true;
            references.extend(references_of(str_at(variable, &["value"])));
            check_length(variable, &path.field("env").element(index).field("value"), database, findings);
        }
        if !is_found && env_from.is_empty() {
            findings.reject(Violation::new(
                rule::ROOT_PASSWORD,
                path.field("env"),
                "neither a root password nor the permission of an empty one",
                "the image refuses to start without, and the injected containers log in as root",
                "set MYSQL_ROOT_PASSWORD (best through valueFrom.secretKeyRef), or MYSQL_ALLOW_EMPTY_PASSWORD for a \
                    test",
            ));
        }
        // a variable may use those that stand before it
        let names = if references.is_empty() { NameIndex::default() } else { NameIndex::of(env) };
        while let Some(reference) = references.pop() {
            let position = names.last(&reference, 0..env.len());
            if let Some(index) = position.filter(|index| !std::mem::replace(&mut wanted[*index], true)) {
                references.extend(references_of(str_at(&env[index], &["value"])));
            }
        }
        let wanted = || (0..env.len()).filter(|index| wanted[*index]);
        let files = wanted().filter(|index| name(&env[*index]).ends_with("_PASSWORD_FILE"));
        let mounts = file_mounts(container, files.map(|index| (index, &env[index])), path, agent, findings);
        // in the order in which the scripts look for them
        let mut passwords = ["MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD"].into_iter();
        let password = passwords.find_map(|wanted| env.iter().rfind(|variable| name(variable) == wanted));
        let secret = password.and_then(|variable| at(variable, &["valueFrom", "secretKeyRef"])).cloned();
        Self { env: wanted().map(|index| env[index].clone()).collect(), env_from: env_from.to_vec(), mounts, secret }
    }

    /// The volume in which a running container sees a new password of the Secret.
    pub(crate) fn secret_volume(&self) -> Option<Value<'a>> {
        let secret = self.secret.as_ref()?;
        let item =
            Value::object([("key", str_at(secret, &["key"]).to_owned().into()), ("path", ROOT_PASSWORD_FILE.into())]);
        let volume = Value::object([
            ("secretName", str_at(secret, &["name"]).to_owned().into()),
            ("items", Value::Array(vec![item])),
            ("optional", Value::Bool(true)),
        ]);
        Some(Value::object([("name", ROOT_PASSWORD_VOLUME.into()), ("secret", volume)]))
    }

    /// Its mount, where there is such a volume.
    pub(crate) fn secret_mount(&self) -> Option<Value<'static>> {
        self.secret.as_ref().map(|_| {
            Value::object([
                ("name", ROOT_PASSWORD_VOLUME.into()),
                ("mountPath", ROOT_PASSWORD_DIR.into()),
                ("readOnly", Value::Bool(true)),
            ])
        })
    }
}

/// Is a variable as good as not there? The entrypoints take an empty value for none.
fn is_unset(variable: &Value) -> bool {
    str_at(variable, &["value"]).is_empty() && variable.get("valueFrom").is_none_or(Value::is_null)
}

/// Settings of the entrypoints under which root's password is unknown, or which replicate in a way of their own.
fn check_entrypoint_variables(found: &Found, findings: &mut Findings) {
    let Found { container, path, database, .. } = found;
    let path = path.field("env");
    for (index, variable) in list_at(container, &["env"]).iter().enumerate() {
        if !is_unset(variable) {
            let place = path.element(index);
            check_entrypoint_variable(name(variable), str_at(variable, &["value"]), *database, &place, findings);
        }
    }
    let variables = &found.given().variables;
    for place in (0..variables.from).filter(|place| variables.names.is_effective(*place)) {
        let value = variables.value(place, 0, &found.config_maps, &mut None);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let (name, env_from) = (variables.names.at(place), found.path.field("envFrom"));
            check_entrypoint_variable(name, &value, *database, &env_from.entry(name), findings);
        }
    }
}

fn check_entrypoint_variable(
    name: &str,
    value: &str,
    database: Option<Database>,
    path: &FieldPath,
    findings: &mut Findings,
) {
    let (found, why, fix) = match name {
        "MYSQL_RANDOM_ROOT_PASSWORD" | "MARIADB_RANDOM_ROOT_PASSWORD" => (
            "a random root password",
            "nobody but the log would know it, and each pod needs the same",
            "set MYSQL_ROOT_PASSWORD through valueFrom.secretKeyRef instead",
        ),
        "MYSQL_ONETIME_PASSWORD" => {
            ("a root password that expires at once", "replicas could not log in with it", "remove the variable")
        }
        "MARIADB_ROOT_PASSWORD_HASH" => (
            "only a hash of the root password",
            "the injected containers log in with the password itself",
            "set MARIADB_ROOT_PASSWORD through valueFrom.secretKeyRef instead",
        ),
        "MARIADB_MASTER_HOST" if database.is_some_and(|database| database.family == Family::Mariadb) => (
            "replication set up by the image's entrypoint",
            "it would make every pod, the primary too, a replica of that host",
            "remove the variable, or this policy's annotation",
        ),
        "MYSQL_ROOT_HOST" | "MARIADB_ROOT_HOST" if value != "%" => (
            "root limited to certain hosts",
            "the injected containers log in as root, from 127.0.0.1 and from the other pods",
            "remove the variable, or set it to %",
        ),
        _ => return,
    };
    findings.reject_for(rule::ROOT_PASSWORD, || Violation::new(rule::ROOT_PASSWORD, *path, found, why, fix));
}

fn check_length(variable: &Value, path: &FieldPath, database: Option<&Database>, findings: &mut Findings) {
    let length = str_at(variable, &["value"]).chars().count();
    let is_password = name(variable).ends_with("ROOT_PASSWORD");
    if is_password
        && length > MYSQL_PASSWORD_LIMIT
        && database.is_some_and(|database| database.flavor != Flavor::Mariadb)
        && !str_at(variable, &["value"]).contains("$(")
    {
        findings.reject(Violation::new(
            rule::ROOT_PASSWORD,
            *path,
            format!("a password of {length} characters"),
            "MySQL takes at most 32 for replication",
            "choose a shorter one",
        ));
    }
}

/// Vault's agent, which a webhook puts into the pod beside a volume that all containers mount, the injected ones among
/// them (Vault's manual, "Agent Sidecar Injector Annotations").
pub(crate) struct Agent<'p> {
    annotations: Option<&'p Object<'p>>,
}

impl<'p> Agent<'p> {
    /// What a StatefulSet's pod template says of it.
    pub(crate) fn of(statefulset: &'p Value) -> Self {
        let annotations = at(statefulset, &["spec", "template", "metadata", "annotations"]).and_then(Value::as_object);
        Self { annotations: annotations.filter(|all| Self::says(all, "agent-inject", "true")) }
    }

    fn says(annotations: &Object, key: &str, wanted: &str) -> bool {
        annotations.get(&[Self::PREFIX, key].concat()).and_then(Value::as_str) == Some(wanted)
    }

    const PREFIX: &'static str = "vault.hashicorp.com/";

    /// Does it bring a file into every container? Init containers have it where the agent runs before them.
    fn brings(&self, file: &str, findings: &mut Findings) -> bool {
        let Some(annotations) = self.annotations else { return false };
        let mut brings = holds("/vault/secrets", file);
        for (key, value) in annotations.iter() {
            match key.strip_prefix(Self::PREFIX) {
                // a list of containers leaves out those that nobody knew of
                Some("agent-inject-containers") => return false,
                Some(key) if key.starts_with("secret-volume-path") => {
                    brings |= value.as_str().is_some_and(|path| holds(path, file));
                }
                _ => {}
            }
        }
        if brings && !Self::says(annotations, "agent-init-first", "true") {
            findings.warn(
                "clone-mysql needs the root password: annotate the pods vault.hashicorp.com/agent-init-first: \"true\"",
            );
        }
        brings
    }
}

/// The mounts of the database container that hold the files which variables name.
fn file_mounts<'v, 'a: 'v>(
    container: &Value<'a>,
    variables: impl Iterator<Item = (usize, &'v Value<'a>)>,
    path: &FieldPath,
    agent: &Agent,
    findings: &mut Findings,
) -> Vec<Value<'a>> {
    /// The images' entrypoints know two such variables, and each file is looked for among all mounts.
    const LIMIT: usize = 8;
    // each with what was found of it
    let mut files: Vec<(&str, bool)> = Vec::new();
    let mut mounts = Vec::new();
    for (index, variable) in variables {
        let file = str_at(variable, &["value"]);
        let reject = |findings: &mut Findings, found: &'static str, why: &'static str, fix: &'static str| {
            findings.reject_for(rule::ROOT_PASSWORD, || {
                Violation::new(rule::ROOT_PASSWORD, path.field("env").element(index), found, why, fix)
            });
        };
        let mut known = files.iter().find(|(known, _)| *known == file).map(|(_, is_there)| *is_there);
        if known.is_none() && files.len() == LIMIT {
            reject(
                findings,
                "more than 8 files of passwords",
                "the injected containers would have to mount all of them",
                "leave out those that are not root's",
            );
            break;
        }
        if known.is_none() {
            let mount = mount_of(container, file).map(|(_, mount)| read_only(mount));
            let is_there = mount.is_some() || agent.brings(file, findings);
            files.push((file, is_there));
            known = Some(is_there);
            mounts.extend(mount.filter(|mount| !mounts.contains(mount)));
        }
        if known == Some(false) {
            reject(
                findings,
                "a file that is on no volume of this container",
                "the injected containers must read the same file",
                "mount the Secret that holds it, and name the file by a literal path below that mount",
            );
        }
    }
    mounts
}

fn read_only<'a>(mount: &Value<'a>) -> Value<'a> {
    let mut mount = mount.clone();
    if let Some(mount) = mount.as_object_mut() {
        mount.insert("readOnly", Value::Bool(true));
    }
    mount
}

/// The names in the `$(NAME)` of a text (Kubernetes documentation, "Define Dependent Environment Variables").
fn references_of(text: &str) -> Vec<String> {
    text.split("$(").skip(1).filter_map(|rest| rest.halves(')').map(|(name, _)| name.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        annotations::Annotations,
        json::{NULL, json},
    };

    fn find<'a>(image: &str, container: &Value<'a>, uses: &[&str]) -> (Credentials<'a>, Vec<Violation>) {
        let mut findings = Findings::default();
        let uses: Vec<_> = uses.iter().map(|text| (*text).to_owned()).collect();
        let database =
            Database::detect(image, &FieldPath::Known("image"), &Annotations::default(), &mut findings).unwrap();
        let found = Found::new(NULL, container, FieldPath::Known("c"), Some(database));
        let credentials = Credentials::find(&found, &uses, &Agent { annotations: None }, &mut findings);
        (credentials, findings.violations)
    }

    #[test]
    fn dependent_variables_come_along_in_their_order() {
        let (credentials, violations) = find(
            "mysql:8.0",
            &json!({"env": [
                {"name": "A", "value": "x"}, {"name": "B", "value": "$(A)y"}, {"name": "OTHER", "value": "z"},
                {"name": "MYSQL_ROOT_PASSWORD", "value": "$(B)"}, {"name": "SUB", "value": "s"},
            ]}),
            &["$(SUB)/data"],
        );
        let names: Vec<_> = credentials.env.iter().map(name).collect();
        assert_eq!(names, ["A", "B", "MYSQL_ROOT_PASSWORD", "SUB"]);
        assert!(violations.is_empty());
    }

    #[test]
    fn a_file_brings_its_mount_read_only() {
        let (credentials, violations) = find(
            "mariadb:11",
            &json!({
                "env": [{"name": "MARIADB_ROOT_PASSWORD_FILE", "value": "/run/secrets/root"}],
                "volumeMounts": [{"name": "run", "mountPath": "/run"}, {"name": "secret", "mountPath": "/run/secrets"}],
            }),
            &[],
        );
        assert_eq!(credentials.mounts, [json!({"name": "secret", "mountPath": "/run/secrets", "readOnly": true})]);
        assert!(violations.is_empty());
    }

    #[test]
    fn vaults_agent_brings_its_files() {
        let prefix = "vault.hashicorp.com/";
        let brings = |annotations: &[(&str, &str)], file: &str| {
            let all = annotations
                .iter()
                .map(|(key, value)| (format!("{prefix}{key}").into(), Value::from((*value).to_owned())));
            let all = Value::Object(Object::new(all.collect()));
            let object = json!({"spec": {"template": {"metadata": {"annotations": all}}}});
            let mut findings = Findings::default();
            let brings = Agent::of(&object).brings(file, &mut findings);
            (brings, findings.warnings.len())
        };
        let on = ("agent-inject", "true");
        let first = ("agent-init-first", "true");
        assert_eq!(brings(&[on, first], "/vault/secrets/root"), (true, 0));
        assert_eq!(brings(&[on], "/vault/secrets/root"), (true, 1));
        assert_eq!(brings(&[on, first, ("secret-volume-path-root", "/etc/x")], "/etc/x/root"), (true, 0));
        for annotations in [&[first][..], &[("agent-inject", "false")], &[on, ("agent-inject-containers", "mysql")]] {
            assert_eq!(brings(annotations, "/vault/secrets/root"), (false, 0), "{annotations:?}");
        }
        assert_eq!(brings(&[on], "/run/root"), (false, 0));
    }

    #[test]
    fn files_are_looked_for_once_and_not_without_end() {
        let file = |index: usize| json!({"name": "MYSQL_ROOT_PASSWORD_FILE", "value": format!("/run/{index}/file")});
        let mounts: Vec<_> =
            (0..9).map(|index| json!({"name": format!("v{index}"), "mountPath": format!("/run/{index}")})).collect();
        let find_all = |env: Vec<Value<'static>>| {
            let container = json!({"env": env, "volumeMounts": mounts});
            let (credentials, violations) = find("mysql:8.0", &container, &[]);
            (credentials.mounts.len(), violations.iter().map(|v| v.path.clone().into_owned()).collect::<Vec<_>>())
        };
        assert_eq!(find_all((0..8).chain(0..8).map(file).collect()), (8, Vec::new()));
        assert_eq!(find_all((0..9).map(file).collect()), (8, vec!["c.env[8]".to_owned()]));
        assert_eq!(find_all(vec![file(10), file(10)]), (0, vec!["c.env[0]".to_owned(), "c.env[1]".to_owned()]));
    }

    #[test]
    fn what_leaves_root_without_a_known_password_is_refused() {
        for env in [
            json!([]),
            json!([{"name": "MYSQL_ROOT_PASSWORD", "value": ""}]),
            json!([{"name": "MYSQL_RANDOM_ROOT_PASSWORD", "value": "1"}, {"name": "MYSQL_ROOT_PASSWORD", "value": "x"}]),
            json!([{"name": "MYSQL_ROOT_PASSWORD", "value": "x"}, {"name": "MYSQL_ROOT_HOST", "value": "localhost"}]),
            json!([{"name": "MYSQL_ROOT_PASSWORD", "value": "x".repeat(33)}]),
            json!([{"name": "MYSQL_ROOT_PASSWORD_FILE", "value": "/nowhere/file"}]),
        ] {
            let (_, violations) = find("mysql:8.0", &json!({"env": env}), &[]);
            assert_eq!(violations.len(), 1, "{env}: {violations:?}");
            assert_eq!(violations[0].rule, rule::ROOT_PASSWORD);
        }
    }
}
