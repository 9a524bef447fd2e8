//! The reverse of the injection: an object without what a record says was put into it.

use crate::{
    inject::containers::PING,
    json::{Object, Value, list_at},
    names::{DATA_CLAIM, DATABASE_PORT_NAME},
    object::name,
    record::Status,
    scripts::is_ping,
};

/// How much is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of the pod template: what is left is what the user wrote.
    Template,
    /// All but the mount of the data, without which the database would start empty.
    KeepData,
}

/// The object without the parts that `status` names and without the record itself. The claim template and the
/// `serviceName` stay in any case: they cannot be changed any more.
pub(crate) fn strip<'a>(object: &Value<'a>, status: &Status, extent: Extent) -> Value<'a> {
    let status = &status.with_scripts(object);
    let mut object = object.clone();
    if let Some(metadata) = object.as_object_mut().and_then(|object| object.get_mut("metadata")?.as_object_mut())
        && let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut)
    {
        annotations.remove(&Status::key());
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let Some(pod) = pod_of(&mut object) else { return object };
    retain(pod, "volumes", |volume| !names(&status.volumes, volume));
    retain(pod, "initContainers", |container| !names(&status.init_containers, container));
    retain(pod, "containers", |container| !names(&status.containers, container));
    let database = pod
        .get_mut("containers")
        .and_then(Value::as_array_mut)
        .and_then(|containers| containers.iter_mut().find(|container| name(container) == status.container))
        .and_then(Value::as_object_mut);
    let Some(database) = database else { return object };
    retain(database, "volumeMounts", |mount| {
        !status.names_mount(mount) || (extent == Extent::KeepData && name(mount) == DATA_CLAIM)
    });
    retain(database, "ports", |port| {
        let number = port.get("containerPort").and_then(Value::as_u64);
        let is_named = number.is_some_and(|number| status.ports.iter().any(|named| u64::from(*named) == number));
        !(is_named && is_just_port(port))
    });
    for probe in &status.probes {
        if database.get(probe).is_some_and(is_ours) {
            database.remove(probe);
        }
    }
    object
}

fn pod_of<'v, 'a>(object: &'v mut Value<'a>) -> Option<&'v mut Object<'a>> {
    ["spec", "template", "spec"]
        .into_iter()
        .try_fold(object, |value, key| value.as_object_mut()?.get_mut(key))?
        .as_object_mut()
}

/// Is a port as the policy writes it? One of another name, or of the node too, is the user's.
fn is_just_port(port: &Value) -> bool {
    ["", DATABASE_PORT_NAME].contains(&name(port)) && !["hostPort", "hostIP"].iter().any(|key| port.get(key).is_some())
}

fn names(names: &[String], element: &Value) -> bool {
    names.iter().any(|listed| listed == name(element))
}

/// Keeps the elements of a list that `keep` says; a list that this empties goes, since the server stores none either.
fn retain(object: &mut Object, key: &str, keep: impl Fn(&Value) -> bool) {
    let Some(list) = object.get_mut(key).and_then(Value::as_array_mut) else { return };
    let before = list.len();
    list.retain(keep);
    if list.is_empty() && before > 0 {
        object.remove(key);
    }
}

/// Is a probe the injected one, of this or an earlier version? A user's own handler beside it makes it the user's.
pub(crate) fn is_ours(probe: &Value) -> bool {
    let handlers = ["exec", "httpGet", "tcpSocket", "grpc"];
    let has = |handler: &&&str| probe.get(handler).is_some_and(|handler| !handler.is_null());
    handlers.iter().filter(has).count() == 1 && runs_ping(probe)
}

/// Does a probe run the injected script?
pub(crate) fn runs_ping(probe: &Value) -> bool {
    let words: Vec<_> = list_at(probe, &["exec", "command"]).iter().filter_map(Value::as_str).collect();
    words == PING || matches!(words[..], ["bash", "-c", text] if is_ping(text))
}
