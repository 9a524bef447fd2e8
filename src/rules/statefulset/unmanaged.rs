//! Databases of several pods, none of which follows another.

use crate::{
    arguments::words,
    findings::Violation,
    flavor::is_database,
    json::{Value, at, list_at, str_at},
    names::{ANNOTATION_PREFIX, annotation},
    object::name,
    rule,
    text::shown,
};

/// Could an object, as text, be a StatefulSet with a known database?
pub(crate) fn may_be_database(object: &str) -> bool {
    ["mysql", "mariadb", "percona"].iter().any(|name| object.contains(name))
}

/// A database of several pods, none of which follows another: as many writable databases behind one name. What an
/// operator looks after, or replicates by other means, is none.
pub(crate) fn unmanaged_database(object: &Value) -> Option<Violation> {
    let replicas = at(object, &["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1);
    if replicas < 2 || list_at(object, &["metadata", "ownerReferences"]).iter().any(is_controller) {
        return None;
    }
    let containers = list_at(object, &["spec", "template", "spec", "containers"]);
    let container = containers.iter().find(|container| is_database(str_at(container, &["image"])))?;
    if replicates_otherwise(container) {
        return None;
    }
    Some(Violation::new(
        rule::UNMANAGED,
        "spec.replicas",
        format!("{replicas} pods of {}, and nothing that replicates them", shown(str_at(container, &["image"]))),
        "each pod is a database of its own: a write reaches one of them, and a read asks another",
        format!("annotate it with {ANNOTATION_PREFIX}{}: \"true\", or write replicas: 1", annotation::INJECT),
    ))
}

pub(super) fn is_controller(owner: &Value) -> bool {
    owner.get("controller").is_some_and(Value::is_true)
}

/// Galera and group replication by their options or image, the images of Bitnami by a variable.
pub(super) fn replicates_otherwise(container: &Value) -> bool {
    let says = |text: &str| {
        ["wsrep", "group_replication", "group-replication", "galera"].iter().any(|word| text.contains(word))
    };
    words(container).any(|word| says(&word.text.to_ascii_lowercase()))
        || says(&str_at(container, &["image"]).to_ascii_lowercase())
        || list_at(container, &["env"]).iter().any(|variable| {
            let name = name(variable);
            says(&name.to_ascii_lowercase()) || name.ends_with("_REPLICATION_MODE")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn databases_that_nobody_replicates() {
        let object = |replicas: i64, container: &Value| json!({"spec": {"replicas": replicas, "template": {"spec": {"containers": [container]}}}});
        let plain = json!({"name": "db", "image": "mysql:8.0"});
        assert!(unmanaged_database(&object(3, &plain)).is_some());
        assert!(unmanaged_database(&object(1, &plain)).is_none());
        for other in [
            json!({"image": "postgres:16"}),
            json!({"image": "mariadb:11", "args": ["--wsrep-on=ON"]}),
            json!({"image": "mysql:8.0", "command": ["mysqld", "--loose-group_replication_group_name=x"]}),
            json!({"image": "bitnami/mysql:8.0", "env": [{"name": "MYSQL_REPLICATION_MODE", "value": "slave"}]}),
            json!({"image": "bitnami/mariadb-galera:11"}),
        ] {
            assert!(unmanaged_database(&object(3, &other)).is_none(), "{other}");
        }
        let mut owned = object(3, &plain);
        owned["metadata"] = json!({"ownerReferences": [{"kind": "InnoDBCluster", "controller": true}]});
        assert!(unmanaged_database(&owned).is_none());
    }
}
