//! The servers that read a `ConfigMap`.

use crate::{
    annotations::{Annotations, is_managed},
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    database::{Database, Found},
    findings::{Findings, failed_look_up},
    flavor::Flavor,
    json::{Value, str_at},
    names::DATA_DIR,
    object::replicas,
    record::{Gtid, Replication, Status},
    text::label,
};
use mysql_options::Groups;

/// The server that reads a ConfigMap's option files.
pub(super) struct Server<'s> {
    pub(super) flavor: Flavor,
    pub(super) knows_super_read_only: bool,
    pub(super) groups: Groups<'s>,
    pub(super) statefulset: String,
    /// Where the server keeps its data, if that is known.
    pub(super) data_dir: &'s str,
    /// What the cluster was or will be made with.
    pub(super) replication: Replication,
    /// Does it run, with more than one pod?
    pub(super) is_live: bool,
    /// How many pods it is to have.
    pub(super) replicas: i64,
}

impl<'s> Server<'s> {
    pub(super) fn new(database: &Database, replication: Replication, statefulset: String, data_dir: &'s str) -> Self {
        let is_mariadb = database.flavor == Flavor::Mariadb;
        let version = database.version();
        Self {
            flavor: database.flavor,
            knows_super_read_only: database.knows_super_read_only(),
            groups: Groups::for_server(is_mariadb, version.major.map(|major| (major, version.minor)), None),
            statefulset,
            data_dir,
            replication,
            is_live: false,
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

/// The servers that read the ConfigMap under admission: that of the StatefulSet of its name, else those that name it.
pub(super) fn servers(
    case: &Case,
    namespace: &str,
    cluster: &Cluster,
    findings: &mut Findings,
) -> Vec<Server<'static>> {
    let config_map = str_at(&case.object, &["metadata", "name"]);
    let reads = |statefulset: &Value| server_of(statefulset, config_map, namespace, case);
    match cluster.get(Kind::StatefulSet, namespace, config_map) {
        Lookup::Found(found) => {
            if let Some(server) = reads(&found) {
                return vec![server];
            }
        }
        Lookup::Absent => {}
        Lookup::Failed(why) => {
            findings.reject(failed_look_up(&format!("StatefulSet {config_map}"), "metadata.name", &why));
            return Vec::new();
        }
    }
    match cluster.list(Kind::StatefulSet, namespace, config_map) {
        Lookup::Found(list) => list.iter().filter_map(reads).collect(),
        Lookup::Failed(why) => {
            findings.reject(failed_look_up("the namespace's StatefulSets", "metadata.name", &why));
            Vec::new()
        }
        Lookup::Absent => Vec::new(),
    }
}

/// The server of a managed StatefulSet that reads a ConfigMap.
pub(super) fn server_of(
    statefulset: &Value,
    config_map: &str,
    namespace: &str,
    case: &Case,
) -> Option<Server<'static>> {
    if !is_managed(statefulset) {
        return None;
    }
    // what is wrong with the StatefulSet is told when that is admitted
    let mut others = Findings::default();
    let annotations = Annotations::read(statefulset, &mut others);
    let name = str_at(statefulset, &["metadata", "name"]);
    let named = annotations.config_map.as_deref().or(case.settings.config_map.as_deref()).unwrap_or(name);
    if named != config_map {
        return None;
    }
    let database = Found::find(statefulset, &annotations, &mut others)?.database?;
    let replication = match Status::read(statefulset) {
        None => Replication::new(database.flavor, database.clone_method),
        Some(record) => {
            record.replication.unwrap_or_else(|| Replication::of_first_version(database.flavor, database.clone_method))
        }
    };
    let server = Server::new(&database, replication, label("StatefulSet", namespace, name), DATA_DIR);
    // one that is new comes with its StatefulSet, or is put back: what was there before is not known
    let replicas = replicas(statefulset);
    Some(Server { is_live: case.old.is_some() && replicas != 1, replicas, ..server })
}
