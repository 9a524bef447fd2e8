//! What makes an injected container do something else than was planned, beyond what its digest holds.

use crate::{
    json::{Value, list_at, str_at},
    mounts::{holds, plain_path},
    names::{CONF_VOLUME, FORCED_OPTIONS_FILE, INIT_CONTAINER, SCRIPTS_DIR, SCRIPTS_VOLUME},
    object::name,
};

/// The variable with the pod's name, from which scripts take the ordinal.
const POD_NAME: &str = "POD_NAME";

/// Does an injected container carry more than was planned, such that it does something else: fields that the policy
/// never writes, a variable of its own a second time (of a name the last one counts, Kubernetes API, `EnvVar`), or a
/// mount that hides a script?
pub(crate) fn is_bent(container: &Value) -> bool {
    const NEVER_WRITTEN: [&str; 6] =
        ["args", "workingDir", "lifecycle", "startupProbe", "livenessProbe", "restartPolicy"];
    let env = list_at(container, &["env"]);
    let is_own = |variable: &&Value| name(variable) == POD_NAME || name(variable).starts_with("REPLICATION_");
    let is_again = |(at, variable): (usize, &Value)| {
        is_own(&variable) && env[..at].iter().any(|before| name(before) == name(variable))
    };
    let is_pods_name = |variable: &Value| str_at(variable, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.name";
    // where the others have a variable of this name, it is the user's, and no script's
    let has_parameters = env.iter().any(|variable| name(variable) == "REPLICATION_SERVICE");
    let pods_name = env.iter().find(|variable| name(variable) == POD_NAME);
    NEVER_WRITTEN.iter().any(|field| container.get(field).is_some_and(|value| !value.is_null()))
        || env.iter().enumerate().any(is_again)
        || (has_parameters && !pods_name.is_some_and(is_pods_name))
        || (name(container) == INIT_CONTAINER && is_told_more(container))
        || hides_option_files(container)
        || list_at(container, &["volumeMounts"]).iter().any(hides_scripts)
}

/// All that `init-mysql` is told, the policy tells it, each thing by its name.
fn is_told_more(container: &Value) -> bool {
    !list_at(container, &["envFrom"]).is_empty()
        || list_at(container, &["env"]).iter().any(|variable| tells_bash(name(variable)))
}

/// Is it a variable by which bash runs something else before a script, or runs it otherwise (its manual, "Bash
/// Variables": `BASH_ENV`, `BASHOPTS`, `SHELLOPTS`, and functions by `BASH_FUNC_`)?
pub(crate) fn tells_bash(variable: &str) -> bool {
    variable.starts_with("BASH") || variable == "SHELLOPTS"
}

/// Is a mount in the place of the injected option files, above it, or on the file that must win? The user's own option
/// files may be beside that.
fn hides_option_files(container: &Value) -> bool {
    let mounts = list_at(container, &["volumeMounts"]);
    let Some(conf) = mounts.iter().find(|mount| name(mount) == CONF_VOLUME) else { return false };
    let folder = plain_path(str_at(conf, &["mountPath"]));
    mounts.iter().filter(|mount| name(mount) != CONF_VOLUME).any(|mount| {
        let path = plain_path(str_at(mount, &["mountPath"]));
        let is_late = |file: &str| file.trim_start_matches('/') >= FORCED_OPTIONS_FILE;
        holds(&path, &folder) || (holds(&folder, &path) && path.strip_prefix(&*folder).is_some_and(is_late))
    })
}

/// Is a mount in the place of the scripts, or one of their volume, and not just the one that is planned?
fn hides_scripts(mount: &Value) -> bool {
    let path = str_at(mount, &["mountPath"]);
    let is_planned = name(mount) == SCRIPTS_VOLUME
        && path == SCRIPTS_DIR
        && str_at(mount, &["subPath"]).is_empty()
        && str_at(mount, &["subPathExpr"]).is_empty();
    !is_planned && (name(mount) == SCRIPTS_VOLUME || holds(SCRIPTS_DIR, path) || holds(path, SCRIPTS_DIR))
}

/// The mount of the scripts in all containers but the one that writes them.
pub(crate) fn scripts_mount() -> Value<'static> {
    Value::object([("name", SCRIPTS_VOLUME.into()), ("mountPath", SCRIPTS_DIR.into()), ("readOnly", Value::Bool(true))])
}
