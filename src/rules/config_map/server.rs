//! The servers that read a `ConfigMap`.

use crate::{
    annotations::{Annotations, is_managed},
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    config_maps::ConfigMaps,
    data_dir::data_dir,
    database::{Database, Found},
    field_path::FieldPath,
    findings::{Findings, failed_look_up},
    flavor::Flavor,
    json::{Value, str_at},
    names::DATA_DIR,
    object::replicas,
    record::{Gtid, Replication, Status},
    text::label,
};
use mysql_options::Groups;
use std::borrow::Cow;

/// The server that reads a ConfigMap's option files.
pub(super) struct Server<'s> {
    pub(super) flavor: Flavor,
    pub(super) database: Database,
    pub(super) knows_super_read_only: bool,
    pub(super) groups: Groups<'s>,
    pub(super) statefulset: String,
    /// Where the server keeps its data, if that is known.
    pub(super) data_dir: Cow<'s, str>,
    pub(super) object: &'s Value<'s>,
    /// The database container of the object.
    pub(super) container: &'s Value<'s>,
    /// What the cluster was or will be made with.
    pub(super) replication: Replication,
    /// Does it run, with more than one pod?
    pub(super) is_live: bool,
    /// Was it there before, with what its option files say?
    pub(super) was_there: bool,
    /// How many pods it is to have.
    pub(super) replicas: i64,
}

impl<'s> Server<'s> {
    /// A server of a StatefulSet, whose database container is this.
    pub(super) fn new(
        database: &Database,
        replication: Replication,
        object: &'s Value<'s>,
        container: &'s Value<'s>,
        data_dir: Cow<'s, str>,
        suffix: Option<Cow<'s, str>>,
    ) -> Self {
        let is_mariadb = database.flavor == Flavor::Mariadb;
        let version = database.version();
        Self {
            flavor: database.flavor,
            knows_super_read_only: database.knows_super_read_only(),
            groups: Groups::for_server(is_mariadb, version.major.map(|major| (major, version.minor)), suffix),
            database: *database,
            statefulset: String::new(),
            data_dir,
            object,
            container,
            replication,
            is_live: false,
            was_there: false,
            replicas: 1,
        }
    }

    /// May there be pods that follow by file and position, since nothing told them otherwise?
    pub(super) fn may_run_without(&self) -> bool {
        self.replicas != 1 && self.replication.gtid == Gtid::OptionFiles && self.flavor != Flavor::Mariadb
    }

    /// The option that closes a replica.
    pub(super) fn read_only(&self) -> &'static str {
        if self.flavor == Flavor::Mariadb { "read-only" } else { "super-read-only" }
    }
}

/// The StatefulSets that may read the ConfigMap under admission: several may read the same one.
pub(super) fn readers<'k>(
    case: &Case,
    namespace: &str,
    cluster: &'k Cluster,
    findings: &mut Findings,
) -> Vec<Value<'k>> {
    let config_map = str_at(&case.object, &["metadata", "name"]);
    match cluster.list(Kind::Reader, namespace, config_map) {
        Lookup::Found(list) => list,
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's StatefulSets", &FieldPath::Known("metadata.name"), &why));
            Vec::new()
        }
        Lookup::Absent => Vec::new(),
    }
}

/// The server of a managed StatefulSet with its database's container, and whether it reads the ConfigMap under
/// admission as the one with the option files of its roles, and in other ways.
pub(super) fn server_of<'s>(
    statefulset: &'s Value<'s>,
    cluster: &'s Cluster<'s>,
    case: &'s Case,
) -> Option<(Found<'s, 's>, Server<'s>, [bool; 2])> {
    let config_map = str_at(&case.object, &["metadata", "name"]);
    if !is_managed(statefulset) {
        return None;
    }
    // what is wrong with the StatefulSet is told when that is admitted
    let mut others = Findings::default();
    let annotations = Annotations::read(statefulset, &mut others);
    let name = str_at(statefulset, &["metadata", "name"]);
    let named = case.settings.config_map_of(annotations.config_map.as_deref(), name);
    let is_named = named == config_map;
    let mut found = Found::find(statefulset, &annotations, &mut others)?;
    let lists = [(found.pod, "volumes"), (found.container, "env"), (found.container, "envFrom")];
    let is_told = lists.iter().any(|(of, list)| of.get(list).is_some_and(|list| mentions(list, config_map)));
    if is_told {
        let config_maps = ConfigMaps::new(cluster, case.request.namespace());
        config_maps.put(config_map, case.object.clone());
        found = found.within(config_maps);
    } else if !is_named {
        return None;
    }
    let database = found.database?;
    let replication = match Status::read(statefulset) {
        None => Replication::new(database.flavor, database.clone_method),
        Some(record) => {
            record.replication.unwrap_or_else(|| Replication::of_first_version(database.flavor, database.clone_method))
        }
    };
    // one that nobody can tell is refused with the StatefulSet
    let data_dir = data_dir(&found.given().given).map_or(DATA_DIR.into(), |dir| dir.into_owned().into());
    let suffix = found.group_suffix().map(|suffix| Cow::Owned(suffix.into_owned()));
    let server = Server::new(&database, replication, statefulset, found.container, data_dir, suffix);
    // one that is new comes with its StatefulSet, or is put back: what was there before is not known
    let replicas = replicas(statefulset);
    let was_there = case.old.is_some();
    let statefulset = label("StatefulSet", case.request.namespace(), name);
    let server = Server { statefulset, is_live: was_there && replicas != 1, was_there, replicas, ..server };
    Some((found, server, [is_named, is_told]))
}

/// Is it, or a part of it, this text?
fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(list) => list.iter().any(|value| mentions(value, text)),
        Value::Object(object) => object.iter().any(|(_, value)| mentions(value, text)),
        _ => false,
    }
}
