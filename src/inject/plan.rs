//! Plan: what is to be in the object, worked out from what the user wrote.

use super::{
    conflicts::{check_claims, check_injected_names, check_ports, check_scripts, reserved_container},
    option_files::check_option_files,
    service_name::{check_source_host, service_name},
};
use crate::{
    annotations::Annotations,
    database::{Database, Found},
    field_path::POD,
    findings::{Findings, Violation},
    flavor::{CloneMethod, Family, Flavor},
    image::{Image, Version},
    inject::{
        container::is_covered,
        containers::{FromContainer, Ingredients, probes},
        credentials::{Agent, Credentials},
        data::Data,
    },
    json::{NULL, Object, Value, at, list_at, str_at},
    mounts::mounted_option_files,
    names::{
        ANNOTATION_PREFIX, CLONE_CONTAINER, CONF_VOLUME, CONFIG_MAP_VOLUME, DATABASE_PORT, DATABASE_PORT_NAME,
        INIT_CONTAINER, ROOT_PASSWORD_VOLUME, SCRIPTS_VOLUME, SIDECAR_CONTAINER, annotation,
    },
    object::{by_name, name},
    planned::Planned,
    record::{Gtid, Replication, is_just_mount, is_just_volume, scripts_mount},
    rule,
    settings::Settings,
    text::{shown, shown_json},
};

/// The lists of a pod that get containers, with their names.
const INJECTED_INTO: [(&str, &[&str]); 2] =
    [("initContainers", &[INIT_CONTAINER, CLONE_CONTAINER]), ("containers", &[SIDECAR_CONTAINER])];

/// What is to be in the object.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    /// The database container's name.
    pub(crate) container: String,
    pub(crate) volumes: Vec<Value<'a>>,
    /// Mounts of the database container.
    pub(crate) mounts: Vec<Value<'a>>,
    /// Ports of the database container.
    pub(crate) ports: Vec<Value<'a>>,
    /// Probes of the database container.
    pub(crate) probes: Vec<(&'static str, Value<'a>)>,
    /// A claim template that is added; only on creation.
    pub(crate) claim: Option<Value<'a>>,
    /// The `serviceName` that is set; only on creation.
    pub(crate) service_name: Option<String>,
    /// What the injected containers are made from, once it is sure that they are injected.
    pub(crate) ingredients: Ingredients<'a>,
    /// Name of the ConfigMap with the option files.
    pub(crate) config_map: String,
}

impl<'a> Plan<'a> {
    /// Makes the plan from the object as the user wrote it, without anything injected, and the database found in it;
    /// `kept` is what the cluster was made with, if there is one. `None`, with the reasons among the findings, where
    /// none can be made. A plan may come with findings too: then it must not be applied.
    pub(crate) fn make(
        object: &Value<'a>,
        found: Option<&Found<'_, 'a>>,
        annotations: &Annotations,
        kept: Option<Replication>,
        settings: &Settings,
        is_update: bool,
        findings: &mut Findings,
    ) -> Option<Self> {
        let object_name = str_at(object, &["metadata", "name"]);
        if object_name.is_empty() {
            findings.reject(Violation::new(
                rule::MALFORMED,
                "metadata.name",
                "no name",
                "the names of the Service, the ConfigMap and the pods are made from it",
                "give the StatefulSet a name; metadata.generateName will not do",
            ));
        }
        if let Some(start) = at(object, &["spec", "ordinals", "start"]).filter(|start| start.as_i64() != Some(0)) {
            findings.reject(Violation::new(
                rule::NO_PRIMARY,
                "spec.ordinals.start",
                format!("found {}", shown_json(start.to_json())),
                "the pod with ordinal 0 is the primary, and there would be none",
                "remove it",
            ));
        }
        let Some(pod) = at(object, &["spec", "template", "spec"]) else {
            findings.reject(Violation::new(
                rule::MALFORMED,
                "spec.template.spec",
                "nothing",
                "there is no pod to inject into",
                "write a pod template with the database container",
            ));
            return None;
        };

        let service_name = service_name(object, object_name, is_update, findings);
        check_claims(object, findings);
        let Some(found @ Found { container, database, .. }) = found else {
            check_injected_names(pod, findings);
            return None;
        };
        // each of these looks for problems of its own: all of them are to be told at once
        let data = Data::find(object, found, is_update, settings, findings);
        let mounts = data.iter().map(|data| &data.mount).chain(mounted_option_files(container));
        let sub_paths: Vec<_> = mounts.map(|mount| str_at(mount, &["subPathExpr"]).to_owned()).collect();
        let agent = Agent::of(object);
        let credentials = Credentials::find(found, &sub_paths, &agent, findings);
        check_ports(pod, name(container), database.as_ref(), findings);
        let Some(database) = *database else {
            check_injected_names(pod, findings);
            return None;
        };
        check_option_files(found, &database, findings);
        check_scripts(pod, name(container), findings);
        let is_kept = kept.is_some_and(|kept| kept.clone_method == database.clone_method);
        let backup_image =
            backup_image(str_at(container, &["image"]), &database, annotations, is_kept, settings, findings);
        let (Some(service), Some(data), Some(backup_image)) = (service_name, data, backup_image) else {
            check_injected_names(pod, findings);
            return None;
        };
        check_source_host(object_name, service.name(), &database, findings);
        let new = || Replication::new(database.flavor, database.clone_method);
        let mut replication = kept.map_or_else(new, |kept| kept.with(database.clone_method));
        let from_container = FromContainer::new(found, &database);
        if from_container.has_gtids {
            replication.gtid = Gtid::On;
        }

        let conf = Value::object([("name", CONF_VOLUME.into()), ("mountPath", database.conf_dir().into())]);
        let mut mounts = vec![conf, scripts_mount()];
        if data.mount_is_new {
            mounts.insert(0, data.mount.clone());
        }
        let config_map = settings.config_map_of(annotations.config_map.as_deref(), object_name);
        let plan = Self {
            container: name(container).to_owned(),
            volumes: volumes(config_map, &credentials),
            mounts,
            ports: database_port(pod, container),
            probes: probes(container),
            claim: data.claim.clone(),
            service_name: service.to_set(),
            config_map: config_map.to_owned(),
            ingredients: Ingredients {
                database,
                replication,
                backup_image,
                service: service.name().to_owned(),
                data,
                credentials,
                max_lag: annotations.max_replica_lag_seconds,
                account: annotations.replication_account.clone(),
                restore_from: annotations.restore_from,
                from_container,
            },
        };
        plan.check_reserved_names(pod, settings, findings);
        Some(plan)
    }

    /// What rules ask of it.
    pub(crate) fn outcome(&self) -> Planned<'_> {
        let Ingredients { database, replication, data, .. } = &self.ingredients;
        Planned {
            container: &self.container,
            config_map: &self.config_map,
            data_dir: &data.dir,
            database: *database,
            replication: *replication,
        }
    }

    /// Are all planned parts in an object, whatever their content? A record that names none of them says nothing.
    pub(crate) fn is_there(&self, object: &Value) -> bool {
        let pod = at(object, &["spec", "template", "spec"]).unwrap_or(NULL);
        let has = |list: &str, name: &str| by_name(list_at(pod, &[list]), name).is_some();
        let database = by_name(list_at(pod, &["containers"]), &self.container).unwrap_or(NULL);
        let mounts = list_at(database, &["volumeMounts"]);
        // earlier versions injected no volume of the password, or of the scripts; the digest says whether they are
        // there
        let is_old = |planned: &&Value| ![ROOT_PASSWORD_VOLUME, SCRIPTS_VOLUME].contains(&name(planned));
        self.volumes.iter().filter(is_old).all(|planned| has("volumes", name(planned)))
            && INJECTED_INTO.iter().all(|(list, names)| names.iter().all(|name| has(list, name)))
            && self.mounts.iter().filter(is_old).all(|planned| {
                mounts.iter().any(|mount| str_at(mount, &["mountPath"]) == str_at(planned, &["mountPath"]))
            })
            && self.has_its_data(pod)
    }

    /// Have the containers that read and write the data the server's own?
    fn has_its_data(&self, pod: &Value) -> bool {
        let data = &self.ingredients.data.mount;
        let is_at_its_place = |mount: &&Value| str_at(mount, &["mountPath"]) == str_at(data, &["mountPath"]);
        [("initContainers", CLONE_CONTAINER), ("containers", SIDECAR_CONTAINER)].iter().all(|(list, wanted)| {
            let container = by_name(list_at(pod, &[list]), wanted).unwrap_or(NULL);
            let mount = list_at(container, &["volumeMounts"]).iter().find(is_at_its_place);
            mount.is_some_and(|mount| is_just_mount(mount, data))
        })
    }

    /// A user's own volume or container with a reserved name may stay only if it is just what would be injected.
    fn check_reserved_names(&self, pod: &Value, settings: &Settings, findings: &mut Findings) {
        for planned in &self.volumes {
            let existing = list_at(pod, &["volumes"]).iter().enumerate();
            for (index, _) in
                existing.filter(|(_, other)| name(other) == name(planned) && !is_just_volume(other, planned))
            {
                findings.reject(Violation::new(
                    rule::RESERVED_NAME,
                    POD.field("volumes").element(index).field("name"),
                    format!("a volume of your own named \"{}\"", name(planned)),
                    "the policy injects one of this name, and yours is another",
                    "give yours another name, or remove it if it came from a manual replication recipe",
                ));
            }
        }
        for (list, names) in INJECTED_INTO {
            if !list_at(pod, &[list]).iter().any(|existing| names.contains(&name(existing))) {
                continue;
            }
            for planned in self.ingredients.containers(list, settings) {
                for (index, existing) in list_at(pod, &[list]).iter().enumerate() {
                    if name(existing) == planned.name && !is_covered(&planned, existing) {
                        reserved_container(list, index, planned.name, findings);
                    }
                }
            }
        }
        // the containers of both lists share one name space
        let [(first, of_first), (second, of_second)] = INJECTED_INTO;
        for (list, others) in [(first, of_second), (second, of_first)] {
            for (index, existing) in list_at(pod, &[list]).iter().enumerate() {
                if others.contains(&name(existing)) {
                    reserved_container(list, index, name(existing), findings);
                }
            }
        }
    }
}

/// The option files, where they come from, and root's password where it is a Secret's.
fn volumes<'a>(config_map: &str, credentials: &Credentials<'a>) -> Vec<Value<'a>> {
    let source = Value::object([("name", config_map.to_owned().into()), ("optional", Value::Bool(true))]);
    let mut volumes = vec![
        Value::object([("name", CONF_VOLUME.into()), ("emptyDir", Value::object([]))]),
        Value::object([("name", CONFIG_MAP_VOLUME.into()), ("configMap", source)]),
        Value::object([("name", SCRIPTS_VOLUME.into()), ("emptyDir", Value::object([]))]),
    ];
    volumes.extend(credentials.secret_volume());
    volumes
}

fn backup_image(
    image: &str,
    database: &Database,
    annotations: &Annotations,
    is_kept: bool,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<String> {
    // the plugin clones between servers of one version, so settings do not replace its image
    let of_settings =
        (database.clone_method == CloneMethod::Xtrabackup).then(|| settings.backup_image(database.flavor));
    let chosen =
        annotations.backup_image.as_deref().or(of_settings.flatten()).or_else(|| database.default_backup_image(image));
    if chosen.is_none() {
        let name_one = format!("name an image with the annotation {ANNOTATION_PREFIX}{}", annotation::BACKUP_IMAGE);
        findings.reject(Violation::new(
            rule::CLONE_METHOD,
            Annotations::path(if is_kept { annotation::BACKUP_IMAGE } else { annotation::CLONE_METHOD }),
            format!("\"xtrabackup\" for the image {}", shown(image)),
            "XtraBackup must be of the server's version, and no image is known for this one",
            if is_kept {
                format!("{name_one}: this cluster was made with xtrabackup")
            } else {
                format!("use \"clone-plugin\", or {name_one}")
            },
        ));
    }
    if database.clone_method == CloneMethod::Xtrabackup
        && let Some(chosen) = chosen
    {
        check_series(chosen, image, database, findings);
    }
    chosen.map(ToOwned::to_owned)
}

/// The tool must be of the server's series: another one copies nothing, or what the server does not start from.
fn check_series(chosen: &str, image: &str, database: &Database, findings: &mut Findings) {
    let backup = Image::parse(chosen);
    if Flavor::of_backup(&backup).is_some_and(|other| other != database.flavor) {
        findings.reject(Violation::new(
            rule::CLONE_METHOD,
            Annotations::path(annotation::BACKUP_IMAGE),
            format!("the backup image {}", shown(chosen)),
            format!("it is not of the server's series, {}: nothing can be cloned with it", database.flavor.name()),
            "name an image with the backup tool of the server's series, or remove the annotation",
        ));
        return;
    }
    let series = |version: Version| version.major.zip(version.minor);
    let is_official = Family::of(&backup) == Some(Family::Mariadb) && Family::of(&Image::parse(image)).is_some();
    if database.flavor == Flavor::Mariadb
        && is_official
        && series(backup.version()).zip(series(database.version())).is_some_and(|(tool, server)| tool != server)
    {
        findings.warn(format!("the backup image {} is of another series than the server", shown(chosen)));
    }
}

/// The database's port where no port of the database container has its number.
fn database_port(pod: &Value, container: &Value) -> Vec<Value<'static>> {
    let number = |port: &Value| port.get("containerPort").and_then(Value::as_u64);
    let ports = list_at(container, &["ports"]);
    if ports.iter().any(|port| number(port) == Some(u64::from(DATABASE_PORT))) {
        return Vec::new();
    }
    let mut port = Object::default();
    port.insert("containerPort", Value::from(DATABASE_PORT));
    let name_is_free = list_at(pod, &["containers"])
        .iter()
        .flat_map(|container| list_at(container, &["ports"]))
        .all(|port| name(port) != DATABASE_PORT_NAME);
    if name_is_free {
        port.insert("name", Value::from(DATABASE_PORT_NAME));
    }
    vec![Value::Object(port)]
}
