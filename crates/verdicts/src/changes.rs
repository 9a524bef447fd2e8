//! What the policy adds to an object and takes away from it, in a few words: nobody reads hundreds of lines for that.

use serde::Serialize;
use serde_json::Value;

/// What was added of one sort, and what was taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The sort, such as `containers` or `ports`.
    pub what: &'static str,
    /// What is there now, or is another now, such as `xtrabackup (percona/percona-xtrabackup:8.0)`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// What was there before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// The sorts, in the order in which they are told.
const SORTS: [&str; 10] = [
    "init containers",
    "containers",
    "volumes",
    "volume claims",
    "ports",
    "probes",
    "requests",
    "mounts",
    "variables",
    "fields",
];

const PROBES: [(&str, &str); 3] =
    [("startupProbe", "startup"), ("livenessProbe", "liveness"), ("readinessProbe", "readiness")];

/// All changes from one object to the other.
pub(crate) fn between(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Changes(SORTS.map(|what| Change { what, added: Vec::new(), removed: Vec::new() }));
    changes.compare("", before, after);
    changes.0.into_iter().filter(|change| !change.added.is_empty() || !change.removed.is_empty()).collect()
}

struct Changes([Change; SORTS.len()]);

impl Changes {
    fn note(&mut self, what: &str, is_added: bool, item: String) {
        let Some(change) = self.0.iter_mut().find(|change| change.what == what) else { return };
        if is_added { &mut change.added } else { &mut change.removed }.push(item);
    }

    fn compare(&mut self, path: &str, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        let sort = path.rsplit('.').next().unwrap_or_default();
        match sort {
            "initContainers" => self.containers("init containers", path, before, after),
            "containers" => self.containers("containers", path, before, after),
            "volumes" => self.named("volumes", before, after),
            "volumeClaimTemplates" => self.named("volume claims", before, after),
            _ => self.field(path, before, after),
        }
    }

    /// A field of no sort of its own: what is in it is looked at, if that is a map.
    fn field(&mut self, path: &str, before: &Value, after: &Value) {
        let is_map = |value: &Value| value.is_object() || value.is_null();
        if is_map(before) && is_map(after) && (before.is_object() || path_is_worth_it(after)) {
            for key in keys(before, after) {
                self.compare(&join(path, &key), &before[key.as_str()], &after[key.as_str()]);
            }
            return;
        }
        self.note("fields", !after.is_null(), path.trim_start_matches('.').to_owned() + &shown(after));
    }

    fn named(&mut self, what: &str, before: &Value, after: &Value) {
        for (list, other, is_added) in [(after, before, true), (before, after, false)] {
            for item in items(list).iter().filter(|item| find(other, item).is_none()) {
                let size = item["spec"]["resources"]["requests"]["storage"].as_str();
                let size = size.map(|size| format!(" ({size})")).unwrap_or_default();
                self.note(what, is_added, format!("{}{size}", name(item)));
            }
        }
        for item in items(after) {
            if find(before, item).is_some_and(|old| old != item) {
                self.note("fields", true, format!("{} of {}", what, name(item)));
            }
        }
    }

    fn containers(&mut self, what: &str, path: &str, before: &Value, after: &Value) {
        for container in items(after) {
            let old = find(before, container);
            if old.is_none() {
                let image = container["image"].as_str().unwrap_or("no image");
                self.note(what, true, format!("{} ({image})", name(container)));
            }
            self.container(path, old.unwrap_or(&Value::Null), container);
        }
        for container in items(before).iter().filter(|container| find(after, container).is_none()) {
            self.note(what, false, name(container).to_owned());
            self.container(path, container, &Value::Null);
        }
    }

    /// Of one that is new only what others have to know of it.
    fn container(&mut self, path: &str, before: &Value, after: &Value) {
        let container = name(if after.is_null() { before } else { after }).to_owned();
        let is_kept = !before.is_null() && !after.is_null();
        for key in keys(before, after) {
            let (old, new) = (&before[key.as_str()], &after[key.as_str()]);
            if old == new {
                continue;
            }
            match key.as_str() {
                "ports" => self.listed("ports", &container, old, new, |port| port["containerPort"].to_string()),
                "resources" => self.requests(&container, &old["requests"], &new["requests"]),
                "env" if is_kept => self.listed("variables", &container, old, new, |one| name(one).to_owned()),
                "volumeMounts" if is_kept => self.listed("mounts", &container, old, new, |mount| {
                    mount["mountPath"].as_str().unwrap_or_default().to_owned()
                }),
                key => match PROBES.iter().find(|(probe, _)| *probe == key) {
                    Some((_, probe)) => self.note("probes", !new.is_null(), format!("{probe} of {container}")),
                    None if is_kept => {
                        self.note(
                            "fields",
                            !new.is_null(),
                            format!("{}[{container}].{key}", path.trim_start_matches('.')),
                        );
                    }
                    None => {}
                },
            }
        }
    }

    fn listed(&mut self, what: &str, container: &str, before: &Value, after: &Value, label: fn(&Value) -> String) {
        let labels = |list: &Value| items(list).iter().map(label).collect::<Vec<_>>();
        let (old, new) = (labels(before), labels(after));
        for (one, other, is_added) in [(&new, &old, true), (&old, &new, false)] {
            for label in one.iter().filter(|label| !other.contains(label)) {
                self.note(what, is_added, format!("{label} of {container}"));
            }
        }
    }

    fn requests(&mut self, container: &str, before: &Value, after: &Value) {
        if before == after {
            return;
        }
        let is_added = !after.is_null();
        let requests = if is_added { after } else { before };
        let parts: Vec<String> = keys(requests, &Value::Null)
            .into_iter()
            .map(|key| format!("{} {}", text(&requests[key.as_str()]), if key == "cpu" { "CPU" } else { key.as_str() }))
            .collect();
        self.note("requests", is_added, format!("{} for {container}", parts.join(" and ")));
    }
}

/// Whether a map that is new is told by what is in it, and not as one field.
fn path_is_worth_it(value: &Value) -> bool {
    value.as_object().is_some_and(|map| !map.is_empty())
}

fn join(path: &str, key: &str) -> String {
    if key.contains(['.', '/']) { format!("{path}[\"{key}\"]") } else { format!("{path}.{key}") }
}

/// A short value behind its field.
fn shown(value: &Value) -> String {
    const SHORT: usize = 60;
    let text = text(value);
    match value {
        Value::Object(_) | Value::Array(_) | Value::Null => String::new(),
        _ if text.len() > SHORT || text.contains('\n') => String::new(),
        _ => format!(": {text}"),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn keys(before: &Value, after: &Value) -> Vec<String> {
    let of = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut keys = of(after);
    keys.extend(of(before).into_iter().filter(|key| after.get(key).is_none()));
    keys
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn name(item: &Value) -> &str {
    item["name"].as_str().or_else(|| item["metadata"]["name"].as_str()).unwrap_or_default()
}

fn find<'v>(list: &'v Value, item: &Value) -> Option<&'v Value> {
    items(list).iter().find(|other| name(other) == name(item))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        let lines = between(before, after).into_iter().flat_map(|change| {
            let line = |sign: &str, items: &[String]| {
                (!items.is_empty()).then(|| format!("{sign}{}: {}", change.what, items.join(", ")))
            };
            [line("+", &change.added), line("-", &change.removed)]
        });
        lines.flatten().collect()
    }

    #[test]
    fn what_is_added_to_a_pod_is_told_by_its_sort() {
        let pod =
            |pod: Value, claims: Value| json!({"spec": {"template": {"spec": pod}, "volumeClaimTemplates": claims}});
        let before =
            pod(json!({"containers": [{"name": "db", "image": "mysql:8.0", "env": [{"name": "A"}]}]}), json!([]));
        let after = pod(
            json!({
                "initContainers": [{"name": "init", "image": "mysql:8.0", "env": [{"name": "X"}]}],
                "containers": [
                    {
                        "name": "db", "image": "mysql:8.0", "env": [{"name": "A"}, {"name": "B"}],
                        "ports": [{"containerPort": 3306}], "readinessProbe": {}, "lifecycle": {},
                        "resources": {"requests": {"cpu": "100m", "memory": "1Gi"}},
                        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/mysql"}],
                    },
                    {"name": "side", "image": "side:1", "ports": [{"containerPort": 3307}]},
                ],
                "volumes": [{"name": "conf"}],
            }),
            json!([{"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "10Gi"}}}}]),
        );
        assert_eq!(
            told(&before, &after),
            [
                "+init containers: init (mysql:8.0)",
                "+containers: side (side:1)",
                "+volumes: conf",
                "+volume claims: data (10Gi)",
                "+ports: 3306 of db, 3307 of side",
                "+probes: readiness of db",
                "+requests: 100m CPU and 1Gi memory for db",
                "+mounts: /var/lib/mysql of db",
                "+variables: B of db",
                "+fields: spec.template.spec.containers[db].lifecycle",
            ]
        );
        let back = told(&after, &before);
        assert!(back.contains(&"-containers: side".to_owned()), "{back:?}");
        assert!(back.contains(&"-ports: 3306 of db, 3307 of side".to_owned()), "{back:?}");
        assert!(told(&after, &after).is_empty());
    }

    #[test]
    fn other_fields_are_told_by_their_paths() {
        let before = json!({"metadata": {"name": "a"}, "spec": {"selector": {"app": "db"}}});
        let after = json!({
            "metadata": {"name": "a", "annotations": {"x.io/status": "long\ntext"}},
            "spec": {"selector": {"app": "db", "x.io/pod": "db-0"}},
        });
        assert_eq!(
            told(&before, &after),
            ["+fields: metadata.annotations[\"x.io/status\"], spec.selector[\"x.io/pod\"]: db-0"]
        );
        assert_eq!(
            told(&after, &json!({"metadata": {"name": "a"}})),
            ["-fields: metadata.annotations[\"x.io/status\"], spec.selector.app, spec.selector[\"x.io/pod\"]"]
        );
    }
}
