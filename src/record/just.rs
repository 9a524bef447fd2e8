//! Is a part that is there just the planned one? What the API server and other admission controllers add does no harm,
//! but a path or a key more would make another thing of it.

use crate::{
    json::{Value, list_at, str_at},
    names::{CONF_VOLUME, DATA_SUB_PATH, SCRIPTS_DIR},
    object::{covers, name},
};

/// A mount, but for the defaults of the API server, which adds none that matters.
pub(crate) fn is_just_mount(actual: &Value, planned: &Value) -> bool {
    is_at_same_place(actual, planned) && is_read_only(actual) == is_read_only(planned)
}

/// A mount of the database container. The server only reads its option files, so their mount may say so.
pub(crate) fn is_just_mount_of_server(actual: &Value, planned: &Value) -> bool {
    is_at_same_place(actual, planned)
        && (is_read_only(actual) == is_read_only(planned) || (name(planned) == CONF_VOLUME && is_read_only(actual)))
}

/// The mount of the data as the policy writes it, wherever that is.
pub(super) fn is_just_data(mount: &Value) -> bool {
    str_at(mount, &["subPath"]) == DATA_SUB_PATH
        && str_at(mount, &["subPathExpr"]).is_empty()
        && is_private(mount)
        && !is_read_only(mount)
}

fn is_at_same_place(actual: &Value, planned: &Value) -> bool {
    ["name", "mountPath", "subPath", "subPathExpr"]
        .iter()
        .all(|field| str_at(actual, &[field]) == str_at(planned, &[field]))
        && is_private(actual)
}

/// The default (Kubernetes API, `VolumeMount.mountPropagation`).
fn is_private(mount: &Value) -> bool {
    ["", "None"].contains(&str_at(mount, &["mountPropagation"]))
}

fn is_read_only(mount: &Value) -> bool {
    mount.get("readOnly").is_some_and(Value::is_true)
}

/// A volume: of the same kind, and with no other choice of keys. The size of an `emptyDir` and the mode of files are
/// nobody's business.
pub(crate) fn is_just_volume(actual: &Value, planned: &Value) -> bool {
    let items = |volume: &Value, kind| list_at(volume, &[kind, "items"]).len();
    covers(actual, planned) && ["configMap", "secret"].iter().all(|kind| items(actual, kind) == items(planned, kind))
}

/// Does a container run the policy's scripts, of this or an earlier version?
pub(super) fn runs_scripts(container: &Value) -> bool {
    const MARK_OF_EARLIER: &str = "# injected by mysql-replication-policy";
    let command = list_at(container, &["command"]);
    let word = |index: usize| command.get(index).and_then(Value::as_str).unwrap_or_default();
    word(0) == "bash"
        && (word(1).strip_prefix(SCRIPTS_DIR).is_some_and(|rest| rest.starts_with('/'))
            || word(3) == SCRIPTS_DIR
            || word(2).starts_with(MARK_OF_EARLIER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_mount_is_just_the_planned_one_but_for_what_does_nothing() {
        let planned = json!({"name": "conf", "mountPath": "/etc/mysql/conf.d"});
        let with = |key: &str, value: Value<'static>| {
            let mut mount = planned.clone();
            mount.as_object_mut().unwrap().insert(key.to_owned(), value);
            mount
        };
        for (mount, is_just, of_server) in [
            (planned.clone(), true, true),
            (with("subPath", "".into()), true, true),
            (with("readOnly", Value::Bool(false)), true, true),
            (with("recursiveReadOnly", "Disabled".into()), true, true),
            (with("mountPropagation", "None".into()), true, true),
            (with("mountPropagation", "HostToContainer".into()), false, false),
            (with("readOnly", Value::Bool(true)), false, true),
            (with("subPath", "x".into()), false, false),
            (with("subPathExpr", "$(POD_NAME)".into()), false, false),
            (with("mountPath", "/etc/my.cnf.d".into()), false, false),
            (with("name", "other".into()), false, false),
        ] {
            assert_eq!(is_just_mount(&mount, &planned), is_just, "{mount}");
            assert_eq!(is_just_mount_of_server(&mount, &planned), of_server, "{mount}");
        }
        assert!(is_just_data(&json!({"name": "data", "mountPath": "/x", "subPath": "mysql"})));
        assert!(!is_just_data(&json!({"name": "data", "mountPath": "/x"})));
        assert!(!is_just_data(&json!({"name": "data", "mountPath": "/x", "subPath": "mysql", "readOnly": true})));
    }

    #[test]
    fn a_volume_is_just_the_planned_one_whatever_its_size_and_mode() {
        let conf = json!({"name": "conf", "emptyDir": {}});
        assert!(is_just_volume(&json!({"name": "conf", "emptyDir": {"sizeLimit": "1Mi"}}), &conf));
        assert!(!is_just_volume(&json!({"name": "conf", "hostPath": {"path": "/x"}}), &conf));
        let planned = json!({"name": "config-map", "configMap": {"name": "db", "optional": true}});
        let volume = |items: Value<'static>| {
            let source = json!({"name": "db", "optional": true, "defaultMode": 420, "items": items});
            json!({"name": "config-map", "configMap": source})
        };
        assert!(is_just_volume(&volume(json!(null)), &planned));
        assert!(!is_just_volume(&volume(json!([{"key": "slave.cnf", "path": "master.cnf"}])), &planned));
    }

    #[test]
    fn the_policys_scripts_are_told_from_a_recipes() {
        for (command, expected) in [
            (json!(["bash", "/mysql-replication/xtrabackup.sh"]), true),
            (json!(["bash", "-c", "unpack", "/mysql-replication", "packed"]), true),
            (json!(["bash", "-c", "# injected by mysql-replication-policy: init-mysql\nset -e"]), true),
            (json!(["bash", "-c", "set -ex\n[[ $HOSTNAME =~ -([0-9]+)$ ]] || exit 1"]), false),
            (json!(["bash", "/mysql-replication-own/xtrabackup.sh"]), false),
            (json!(null), false),
        ] {
            assert_eq!(runs_scripts(&json!({"command": command})), expected, "{command}");
        }
    }
}
