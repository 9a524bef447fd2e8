//! The record of an injection, the `status` annotation: what was injected, a digest of it, and what the cluster was
//! made with.

mod bent;
mod digest;
mod just;
mod replication;

use crate::{
    annotations::own,
    flavor::CloneMethod,
    json::{NULL, Value, at, list_at, object_at, read, str_at, write_list, write_str},
    names::{
        ANNOTATION_PREFIX, CLONE_CONTAINER, CONF_VOLUME, CONFIG_MAP_VOLUME, DATA_CLAIM, DATABASE_PORT, INIT_CONTAINER,
        INJECTED_CONTAINERS, INJECTED_VOLUMES, SCRIPTS_DIR, SCRIPTS_VOLUME, SIDECAR_CONTAINER, annotation,
    },
    object::{by_name, covers, name},
};
pub(crate) use bent::{is_bent, scripts_mount, tells_bash};
use digest::volume;
pub(crate) use digest::{Digest, container_digest};
use just::{is_just_data, runs_scripts};
pub(crate) use just::{is_just_mount, is_just_mount_of_server, is_just_volume};
pub(crate) use replication::{BinaryLog, Gtid, Replication, told_injected};

/// Has a probe a handler that no injected one has?
fn has_other_handler(probe: &Value) -> bool {
    ["httpGet", "tcpSocket", "grpc"].iter().any(|handler| probe.get(handler).is_some_and(|handler| !handler.is_null()))
}

/// Record of an injection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// The policy's version.
    pub(crate) version: String,
    /// Digest of what was injected into the pod template.
    pub(crate) revision: String,
    /// The database container.
    pub(crate) container: String,
    pub(crate) volumes: Vec<String>,
    pub(crate) init_containers: Vec<String>,
    pub(crate) containers: Vec<String>,
    /// Paths of the mounts in the database container.
    pub(crate) volume_mounts: Vec<String>,
    /// Ports of the database container.
    pub(crate) ports: Vec<u16>,
    /// Probes of the database container.
    pub(crate) probes: Vec<String>,
    pub(crate) volume_claim_templates: Vec<String>,
    pub(crate) service_name: bool,
    /// What the cluster was made with; the first version did not write it.
    pub(crate) replication: Option<Replication>,
}

/// The probes that may be injected.
pub(crate) const PROBES: [&str; 3] = ["startupProbe", "livenessProbe", "readinessProbe"];

impl Status {
    /// The record that an object carries, if it can be read. Names that this policy never injects are dropped from
    /// it, so that a record that somebody else wrote cannot make the policy touch anything else.
    pub(crate) fn read(object: &Value) -> Option<Self> {
        let text = own(object).find(|(key, _)| *key == annotation::STATUS)?.1.as_str()?;
        let mut status = Self::parse(&read(text).ok()?)?;
        let keep = |names: &mut Vec<String>, known: &[&str]| names.retain(|name| known.contains(&name.as_str()));
        keep(&mut status.volumes, &INJECTED_VOLUMES);
        keep(&mut status.init_containers, &[INIT_CONTAINER, CLONE_CONTAINER]);
        keep(&mut status.containers, &[SIDECAR_CONTAINER]);
        keep(&mut status.probes, &PROBES);
        keep(&mut status.volume_claim_templates, &[DATA_CLAIM]);
        status.ports.retain(|port| *port == DATABASE_PORT);
        Some(status)
    }

    /// Nothing where a field has the wrong type, or one that is always written is missing.
    fn parse(record: &Value) -> Option<Self> {
        let text = |key| record.get(key)?.as_str().map(ToOwned::to_owned);
        let list = |key| record.get(key).map_or(Some(&[][..]), |list| list.as_array().map(Vec::as_slice));
        let texts =
            |key| list(key)?.iter().map(|text| text.as_str().map(ToOwned::to_owned)).collect::<Option<Vec<_>>>();
        let port = |port: &Value| port.as_u64().and_then(|port| u16::try_from(port).ok());
        Some(Self {
            version: text("version")?,
            revision: text("revision")?,
            container: text("container")?,
            volumes: texts("volumes")?,
            init_containers: texts("initContainers")?,
            containers: texts("containers")?,
            volume_mounts: texts("volumeMounts")?,
            ports: list("ports")?.iter().map(port).collect::<Option<_>>()?,
            probes: texts("probes")?,
            volume_claim_templates: texts("volumeClaimTemplates")?,
            service_name: match record.get("serviceName") {
                None => false,
                Some(Value::Bool(is_set)) => *is_set,
                Some(_) => return None,
            },
            replication: match record.get("replication") {
                None => None,
                Some(replication) => Some(Self::parse_replication(replication)?),
            },
        })
    }

    fn parse_replication(replication: &Value) -> Option<Replication> {
        let text = |key| replication.get(key)?.as_str();
        Some(Replication {
            clone_method: CloneMethod::from_name(text("cloneMethod")?)?,
            gtid: Gtid::from_name(text("gtid")?)?,
            binary_log: BinaryLog::from_name(text("binaryLog")?)?,
        })
    }

    /// Is a mount of the database container one that this record names? Of the data's, only what is just as the policy
    /// writes it: any other is the user's own, whatever a record says, and without it the database would start empty.
    pub(crate) fn names_mount(&self, mount: &Value) -> bool {
        let path = str_at(mount, &["mountPath"]);
        let may_be_ours = match name(mount) {
            CONF_VOLUME | SCRIPTS_VOLUME => true,
            DATA_CLAIM => is_just_data(mount),
            _ => false,
        };
        may_be_ours && self.volume_mounts.iter().any(|listed| listed == path)
    }

    /// Is an object injected into at all, by its containers? Only then can a record that it carries be its own.
    pub(crate) fn is_of_its_own(object: &Value) -> bool {
        let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
        let lists = ["initContainers", "containers"].into_iter().flat_map(|list| list_at(pod, &[list]));
        lists.into_iter().any(|container| INJECTED_CONTAINERS.contains(&name(container)) && runs_scripts(container))
    }

    /// The annotation's full key.
    pub(crate) fn key() -> String {
        format!("{ANNOTATION_PREFIX}{}", annotation::STATUS)
    }

    /// Writes the record into an object. `None`: something else stands in the way.
    pub(crate) fn write(&self, object: &mut Value) -> Option<()> {
        Self::put(object, Value::from(self.to_json()))
    }

    /// Gives an object the record of another one, as it stands there.
    pub(crate) fn copy<'a>(from: &Value<'a>, to: &mut Value<'a>) -> Option<()> {
        Self::put(to, from.get("metadata")?.get("annotations")?.get(&Self::key())?.clone())
    }

    fn put<'a>(object: &mut Value<'a>, record: Value<'a>) -> Option<()> {
        object_at(object, &["metadata", "annotations"])?.insert(Self::key(), record);
        Some(())
    }

    /// For machines and people alike: a field a line, and none that says nothing.
    fn to_json(&self) -> String {
        let mut json = String::with_capacity(512);
        let key = |json: &mut String, key: &str| {
            json.push_str(if json.is_empty() { "{\n  " } else { ",\n  " });
            write_str(json, key);
            json.push_str(": ");
        };
        // in an order that stays: another one would be a change of every injected object
        for (name, text) in [("version", &self.version), ("revision", &self.revision), ("container", &self.container)] {
            key(&mut json, name);
            write_str(&mut json, text);
        }
        let list = |json: &mut String, name: &str, texts: &[String]| {
            if !texts.is_empty() {
                key(json, name);
                write_list(json, texts, |json, text| write_str(json, text));
            }
        };
        list(&mut json, "volumes", &self.volumes);
        list(&mut json, "initContainers", &self.init_containers);
        list(&mut json, "containers", &self.containers);
        list(&mut json, "volumeMounts", &self.volume_mounts);
        if !self.ports.is_empty() {
            key(&mut json, "ports");
            write_list(&mut json, &self.ports, |json, port| Value::from(*port).write(json));
        }
        list(&mut json, "probes", &self.probes);
        list(&mut json, "volumeClaimTemplates", &self.volume_claim_templates);
        if self.service_name {
            key(&mut json, "serviceName");
            json.push_str("true");
        }
        if let Some(Replication { clone_method, gtid, binary_log }) = &self.replication {
            key(&mut json, "replication");
            let fields =
                [("cloneMethod", clone_method.name()), ("gtid", gtid.name()), ("binaryLog", binary_log.name())];
            Value::object(fields.map(|(name, text)| (name, text.into()))).write(&mut json);
        }
        json.push_str("\n}");
        json
    }

    /// Is everything that this record names in the object as it was injected?
    pub(crate) fn is_intact(&self, object: &Value) -> bool {
        let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
        let lists = [("initContainers", &self.init_containers), ("containers", &self.containers)];
        let is_straight = |list, names: &[String]| {
            names.iter().all(|name| by_name(list_at(pod, &[list]), name).is_some_and(|container| !is_bent(container)))
        };
        self.digest(object) == self.revision
            && lists.into_iter().all(|(list, names)| is_straight(list, names))
            && self.volumes.iter().all(|name| by_name(list_at(pod, &["volumes"]), name).is_some_and(has_planned_source))
            && is_in_order(pod)
            && self.has_one_user(pod)
    }

    /// All injected containers run as the same user, and as the server's where that is said of its container.
    fn has_one_user(&self, pod: &Value) -> bool {
        let user = |container| at(container, &["securityContext", "runAsUser"]).and_then(Value::as_i64);
        let servers = by_name(list_at(pod, &["containers"]), &self.container).and_then(user);
        let mut first = None;
        for (list, names) in [("initContainers", &self.init_containers), ("containers", &self.containers)] {
            for name in names {
                let this = by_name(list_at(pod, &[list]), name).and_then(user);
                if servers.is_some_and(|server| this != Some(server)) || *first.get_or_insert(this) != this {
                    return false;
                }
            }
        }
        true
    }

    /// What this record names, and what an object that is an edit of another has otherwise: containers, and probes of
    /// the database. A plain manifest, which has none of it, is no edit. What was added counts where nothing of it
    /// stays.
    pub(crate) fn edited(&self, object: &Value, old: &Value, counts_added: bool) -> Vec<&str> {
        let has_more = |old, new| counts_added && !covers(old, new);
        let mut edited = Vec::new();
        for (list, names) in [("initContainers", &self.init_containers), ("containers", &self.containers)] {
            let find = |object, name| by_name(list_at(object, &["spec", "template", "spec", list]), name);
            for name in names {
                let is_edited = match (find(object, name), find(old, name)) {
                    // most are just the same, and to see that takes no digest
                    (Some(new), Some(old)) => {
                        new != old
                            && (has_more(old, new) || is_bent(new) || container_digest(new) != container_digest(old))
                    }
                    (None, Some(_)) => self.containers.iter().any(|name| {
                        let containers = list_at(object, &["spec", "template", "spec", "containers"]);
                        by_name(containers, name).is_some()
                    }),
                    _ => false,
                };
                if is_edited {
                    edited.push(name.as_str());
                }
            }
        }
        let database = |object| by_name(list_at(object, &["spec", "template", "spec", "containers"]), &self.container);
        let Some((new, old)) = database(object).zip(database(old)) else { return edited };
        let is_edited = |probe: &&String| {
            let (Some(new), Some(old)) = (new.get(probe), old.get(probe)) else { return false };
            // a handler of the user's own makes it theirs
            new.get("exec") == old.get("exec") && has_more(old, new) && !has_other_handler(new)
        };
        edited.extend(self.probes.iter().filter(is_edited).map(String::as_str));
        edited
    }

    /// A digest of the parts of a pod template that this record names. The server completes what it stores with
    /// defaults, some of which depend on its version, so only fields that are always written in full go in.
    pub(crate) fn digest(&self, object: &Value) -> String {
        let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
        let mut digest = Digest::default();
        let mut pick = |list: &str, names: &[String], essence: fn(&Value) -> u64| {
            let elements = list_at(pod, &[list]);
            digest.list(names, |wanted, digest| {
                let found = by_name(elements, wanted).map(|element| match element {
                    Value::Rendered(rendered) => rendered.digest,
                    element => essence(element),
                });
                digest.number(found.unwrap_or_default());
            });
        };
        pick("volumes", &self.volumes, volume);
        pick("initContainers", &self.init_containers, container_digest);
        pick("containers", &self.containers, container_digest);
        let database = by_name(list_at(pod, &["containers"]), &self.container).unwrap_or(NULL);
        let mounts = list_at(database, &["volumeMounts"]).iter().filter(|mount| self.names_mount(mount));
        digest.list(mounts, |mount, digest| digest.mount(mount));
        digest.list(&self.probes, |probe, digest| {
            digest.words(list_at(database, &[probe, "exec", "command"]));
        });
        format!("{:016x}", digest.value())
    }

    /// The record with what is surely the policy's, though it does not name it: version 0.2 leaves the scripts' volume
    /// and its mount where they are, as happens while policy servers of both versions answer.
    pub(crate) fn with_scripts(&self, object: &Value) -> Self {
        let mut record = self.clone();
        let add = |names: &mut Vec<String>, name: &str| {
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        };
        let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
        let volume = by_name(list_at(pod, &["volumes"]), SCRIPTS_VOLUME);
        if volume.is_some_and(|volume| volume.get("emptyDir").is_some()) {
            add(&mut record.volumes, SCRIPTS_VOLUME);
        }
        let database = by_name(list_at(pod, &["containers"]), &self.container).unwrap_or(NULL);
        if list_at(database, &["volumeMounts"]).iter().any(|mount| is_just_mount(mount, &scripts_mount())) {
            add(&mut record.volume_mounts, SCRIPTS_DIR);
        }
        record
    }

    /// The record without the parts that are not the same in both objects.
    pub(crate) fn limited_to_same_parts(&self, object: &Value, old: &Value) -> Self {
        let mut limited = self.clone();
        for (list, names) in [
            ("volumes", &mut limited.volumes),
            ("initContainers", &mut limited.init_containers),
            ("containers", &mut limited.containers),
        ] {
            let path = ["spec", "template", "spec", list];
            names.retain(|name| by_name(list_at(object, &path), name) == by_name(list_at(old, &path), name));
        }
        limited
    }
}

/// Has an injected volume the kind of source that it was injected with, and no choice of the ConfigMap's keys? The
/// digest holds what of the source differs from one set to another.
fn has_planned_source(volume: &Value) -> bool {
    match name(volume) {
        CONF_VOLUME | SCRIPTS_VOLUME => volume.get("emptyDir").is_some(),
        CONFIG_MAP_VOLUME => list_at(volume, &["configMap", "items"]).is_empty(),
        _ => list_at(volume, &["secret", "items"]).len() == 1,
    }
}

/// The option files are written before the clone needs them, and before it all that scripts are told.
fn is_in_order(pod: &Value) -> bool {
    let list = list_at(pod, &["initContainers"]);
    let place = |wanted: &str| list.iter().position(|container| name(container) == wanted);
    place(INIT_CONTAINER).zip(place(CLONE_CONTAINER)).is_none_or(|(init, clone)| init < clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn a_foreign_record_names_only_what_is_ours() {
        let status = json!({
            "version": "1", "revision": "2", "container": "mysql", "volumes": ["conf", "mine"], "containers": ["app"],
            "ports": [80, 3306], "probes": ["livenessProbe", "lifecycle"], "volumeClaimTemplates": ["mine"],
        });
        let object =
            json!({"metadata": {"annotations": {"mysql-replication.kubewarden.io/status": status.to_string()}}});
        let status = Status::read(&object).unwrap();
        assert_eq!(status.volumes, ["conf"]);
        assert!(status.containers.is_empty() && status.volume_claim_templates.is_empty());
        assert_eq!(
            (status.ports.as_slice(), status.probes.as_slice()),
            (&[3306][..], &["livenessProbe".to_owned()][..])
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_record() {
        for text in ["", "{", "[]", "{\"version\": 1}"] {
            let object = json!({"metadata": {"annotations": {"mysql-replication.kubewarden.io/status": text}}});
            assert_eq!(Status::read(&object), None);
        }
    }
}
