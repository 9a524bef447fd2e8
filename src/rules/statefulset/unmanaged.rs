//! Databases of several pods, none of which follows another.

use crate::{
    findings::Violation,
    flavor::is_database,
    json::{Value, at, list_at, str_at},
    names::{ANNOTATION_PREFIX, annotation},
    rule,
    rules::statefulset::other_means::{replicates_otherwise, runs_server},
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
    let pod = at(object, &["spec", "template", "spec"])?;
    let runs_database = |container: &&Value| is_database(str_at(container, &["image"])) && runs_server(container);
    let container = list_at(pod, &["containers"]).iter().find(runs_database)?;
    if replicates_otherwise(pod) {
        return None;
    }
    Some(Violation::new(
        rule::UNMANAGED,
        "spec.replicas",
        format!("{replicas} pods of {}, each alone", shown(str_at(container, &["image"]))),
        "each is a database of its own: a write reaches one, and a read asks another; replicas: 1 is right",
        format!("annotate {ANNOTATION_PREFIX}{}: \"true\"", annotation::INJECT),
    ))
}

fn is_controller(owner: &Value) -> bool {
    owner.get("controller").is_some_and(Value::is_true)
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
