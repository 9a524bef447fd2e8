//! Apply: the plan is written into the object, each part at the place where it already is, else at the end.

use crate::{
    inject::{
        Plan,
        container::is_covered,
        strip::{is_ours, runs_ping},
    },
    json::{Object, Rendered, Value, list_in, object_at, str_at},
    object::{covers, name},
    record::{Status, is_just_mount_of_server, is_just_volume},
    settings::Settings,
};

/// Writes a plan into an object. `record` is what an earlier injection left in it: parts that it names and that the
/// plan has no more are taken out. The object keeps everything else as it was. `None`: a field that is written to has
/// the wrong type.
pub(crate) fn apply<'a>(
    object: &mut Value<'a>,
    plan: Plan<'a>,
    settings: &Settings,
    record: Option<&Status>,
) -> Option<()> {
    let record = record.map(|record| record.with_scripts(object));
    let before = &record.unwrap_or_default();
    let mut status = Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        container: plan.container.clone(),
        // neither can be taken back, so what was recorded once stays true
        volume_claim_templates: before.volume_claim_templates.clone(),
        service_name: before.service_name,
        replication: Some(plan.ingredients.replication),
        ..Status::default()
    };

    let spec = object_at(object, &["spec"])?;
    if let Some(service) = plan.service_name {
        spec.insert("serviceName", Value::from(service));
        status.service_name = true;
    }
    if let Some(claim) = plan.claim {
        status.volume_claim_templates = vec![str_at(&claim, &["metadata", "name"]).to_owned()];
        list_in(spec, "volumeClaimTemplates")?.push(claim);
    }

    let pod = object_at(object, &["spec", "template", "spec"])?;
    status.volumes = merge(pod, "volumes", plan.volumes, &before.volumes, name, is_just_volume)?;
    let planned = |list: &str| plan.ingredients.containers(list, settings);
    status.init_containers = merge_parts(pod, "initContainers", planned("initContainers"), &before.init_containers)?;
    status.containers = merge_parts(pod, "containers", planned("containers"), &before.containers)?;

    let database =
        list_in(pod, "containers")?.iter_mut().find(|container| name(container) == plan.container)?.as_object_mut()?;
    let mounts = database.get("volumeMounts").and_then(Value::as_array).into_iter().flatten();
    let mut listed: Vec<String> = Vec::new();
    for path in mounts.filter(|mount| before.names_mount(mount)).map(mount_path) {
        if !listed.iter().any(|other| other == path) {
            listed.push(path.to_owned());
        }
    }
    status.volume_mounts = merge(database, "volumeMounts", plan.mounts, &listed, mount_path, is_just_mount_of_server)?;
    write_ports(database, plan.ports, &mut status)?;
    write_probes(database, plan.probes, before, &mut status);

    status.revision = status.digest(object);
    status.write(object)
}

fn mount_path<'v>(mount: &'v Value) -> &'v str {
    str_at(mount, &["mountPath"])
}

/// Puts the planned elements into a list: one that is there and is just as planned stays untouched, another of
/// the same identity is replaced in its place, a missing one is appended. What `before` names and the plan does not is
/// taken out. Returns what is the policy's own: a user's own element that is just like the planned one is not.
fn merge<'a>(
    object: &mut Object<'a>,
    key: &'static str,
    planned: Vec<Value<'a>>,
    before: &[String],
    identity: for<'v> fn(&'v Value) -> &'v str,
    is_just: fn(&Value, &Value) -> bool,
) -> Option<Vec<String>> {
    if planned.is_empty() && before.is_empty() {
        return Some(Vec::new());
    }
    let list = list_in(object, key)?;
    let is_listed = |element: &Value| before.iter().any(|listed| listed == identity(element));
    let is_planned = |element: &Value| planned.iter().any(|planned| identity(planned) == identity(element));
    list.retain(|element| is_planned(element) || !is_listed(element));
    let mut own = Vec::new();
    for planned in planned {
        let planned_identity = identity(&planned).to_owned();
        let Some(element) = list.iter_mut().find(|element| identity(element) == planned_identity) else {
            list.push(planned);
            own.push(planned_identity);
            continue;
        };
        if !is_just(element, &planned) {
            *element = planned;
        }
        if before.contains(&planned_identity) {
            own.push(planned_identity);
        }
    }
    Some(own)
}

/// Puts the planned containers into a list, as [`merge`] does with other elements.
fn merge_parts(
    object: &mut Object,
    key: &'static str,
    planned: Vec<Rendered>,
    before: &[String],
) -> Option<Vec<String>> {
    let list = list_in(object, key)?;
    let is_listed = |element: &Value| before.iter().any(|listed| listed == name(element));
    let is_planned = |element: &Value| planned.iter().any(|planned| planned.name == name(element));
    list.retain(|element| is_planned(element) || !is_listed(element));
    let order: Vec<_> = planned.iter().map(|planned| planned.name).collect();
    let mut own = Vec::new();
    for planned in planned {
        let planned_name = planned.name;
        let Some(element) = list.iter_mut().find(|element| name(element) == planned_name) else {
            list.push(Value::Rendered(Box::new(planned)));
            own.push(planned_name.to_owned());
            continue;
        };
        if !is_covered(&planned, element) {
            *element = Value::Rendered(Box::new(planned));
        }
        if before.iter().any(|listed| listed == planned_name) {
            own.push(planned_name.to_owned());
        }
    }
    put_in_order(list, &order);
    Some(own)
}

/// Puts the containers of these names into this order, in the places where they are.
fn put_in_order(list: &mut [Value], order: &[&str]) {
    let places: Vec<_> =
        order.iter().filter_map(|wanted| list.iter().position(|container| name(container) == *wanted)).collect();
    // two at most are injected into one list
    if let [first, second] = places[..]
        && first > second
    {
        list.swap(first, second);
    }
}

fn write_ports<'a>(database: &mut Object<'a>, ports: Vec<Value<'a>>, status: &mut Status) -> Option<()> {
    let number =
        |port: &Value| port.get("containerPort").and_then(Value::as_u64).and_then(|port| u16::try_from(port).ok());
    for planned in ports {
        let list = list_in(database, "ports")?;
        status.ports.extend(number(&planned));
        match list.iter_mut().find(|port| number(port) == number(&planned)) {
            Some(port) if covers(port, &planned) => {}
            Some(port) => *port = planned,
            None => list.push(planned),
        }
    }
    Some(())
}

fn write_probes<'a>(
    database: &mut Object<'a>,
    probes: Vec<(&'static str, Value<'a>)>,
    before: &Status,
    status: &mut Status,
) {
    for (key, planned) in probes {
        if !database.get(key).is_some_and(|probe| covers(probe, &planned)) {
            database.insert(key, planned);
        }
        status.probes.push(key.to_owned());
    }
    for key in &before.probes {
        if status.probes.contains(key) {
            continue;
        }
        // merged with a handler of the user's own, the injected one would make the probe invalid
        let Some(probe) = database.get_mut(key) else { continue };
        if is_ours(probe) {
            database.remove(key);
        } else if let (true, Some(probe)) = (runs_ping(probe), probe.as_object_mut()) {
            probe.remove("exec");
        }
    }
}
