//! What a cluster was made with, and keeps over upgrades of its image: how a replica gets its data, by what it follows
//! the primary, and the name of the primary's binary log. Changing one of them under a live cluster leaves replicas
//! that cannot follow any more, and a rolling update cannot do it: its pods would disagree for as long as it lasts.

use crate::{
    flavor::{CloneMethod, Flavor},
    json::{Value, at, list_at, str_at},
    names::INJECTED_CONTAINERS,
    object::name,
    record::Status,
};

/// By what replicas know where they stand in the primary's binary log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gtid {
    /// By GTIDs, whatever the option files say.
    On,
    /// As the option files say; by file and position where they say nothing.
    OptionFiles,
}

impl Gtid {
    /// The word of the record, and of the variable that `init-mysql` takes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::On => "always",
            Self::OptionFiles => "option-files",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "always" => Some(Self::On),
            "option-files" => Some(Self::OptionFiles),
            _ => None,
        }
    }
}

/// The names that the policy gives to a binary log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryLog {
    /// The name that MySQL uses from 8.0 on when nobody gives one.
    Binlog,
    MysqlBin,
}

impl BinaryLog {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binlog => "binlog",
            Self::MysqlBin => "mysql-bin",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "binlog" => Some(Self::Binlog),
            "mysql-bin" => Some(Self::MysqlBin),
            _ => None,
        }
    }

    fn of(flavor: Flavor) -> Self {
        match flavor {
            Flavor::Mysql57 | Flavor::Mariadb => Self::MysqlBin,
            Flavor::Mysql80 | Flavor::Mysql84 => Self::Binlog,
        }
    }
}

/// What a variable of the injected containers of a StatefulSet holds: the first one of its name.
pub(crate) fn told_injected<'o>(object: &'o Value, variable: &str) -> Option<&'o str> {
    let pod = at(object, &["spec", "template", "spec"])?;
    let containers = ["initContainers", "containers"].into_iter().flat_map(|list| list_at(pod, &[list]));
    let injected = containers.filter(|container| INJECTED_CONTAINERS.contains(&name(container)));
    let mut env = injected.flat_map(|container| list_at(container, &["env"]));
    env.find(|own| name(own) == variable).map(|own| str_at(own, &["value"]))
}

/// What a cluster was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replication {
    pub(crate) clone_method: CloneMethod,
    pub(crate) gtid: Gtid,
    pub(crate) binary_log: BinaryLog,
}

impl Replication {
    /// That of a new cluster. MySQL replicates by GTID from 8.0 on: XtraBackup backs up no replica that has several
    /// workers, the default from 8.0.27 on, by file and position.
    pub(crate) fn new(flavor: Flavor, clone_method: CloneMethod) -> Self {
        let gtid = match (flavor, clone_method) {
            (Flavor::Mysql80 | Flavor::Mysql84, _) | (_, CloneMethod::ClonePlugin) => Gtid::On,
            (Flavor::Mysql57 | Flavor::Mariadb, CloneMethod::Xtrabackup) => Gtid::OptionFiles,
        };
        Self { clone_method, gtid, binary_log: BinaryLog::of(flavor) }
    }

    /// That of a cluster that is there already: as its injected containers are told, which is what runs; else as the
    /// record says. The first version told the flavor alone, from which its scripts took the rest.
    pub(crate) fn stored(record: Option<&Status>, object: &Value) -> Option<Self> {
        let value = |wanted| told_injected(object, wanted);
        let told = || {
            let flavor = Flavor::from_name(value("REPLICATION_FLAVOR")?)?;
            let clone_method = CloneMethod::from_name(value("REPLICATION_CLONE_METHOD")?)?;
            let first = Self::of_first_version(flavor, clone_method);
            let kept = record.and_then(|record| record.replication).unwrap_or(first);
            Some(Self {
                clone_method,
                gtid: value("REPLICATION_GTID").and_then(Gtid::from_name).unwrap_or(kept.gtid),
                binary_log: value("REPLICATION_BINARY_LOG").and_then(BinaryLog::from_name).unwrap_or(kept.binary_log),
            })
        };
        told().or_else(|| record?.replication)
    }

    /// What the first version of the policy made: GTIDs with the clone plugin alone.
    pub(crate) fn of_first_version(flavor: Flavor, clone_method: CloneMethod) -> Self {
        let gtid = if clone_method == CloneMethod::ClonePlugin { Gtid::On } else { Gtid::OptionFiles };
        Self { clone_method, gtid, binary_log: BinaryLog::of(flavor) }
    }

    /// That of a cluster that goes on with another clone method: the plugin's clones stand by GTIDs.
    pub(crate) fn with(self, clone_method: CloneMethod) -> Self {
        let gtid = if clone_method == CloneMethod::ClonePlugin { Gtid::On } else { self.gtid };
        Self { clone_method, gtid, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn new_clusters_of_mysql_from_8_0_on_have_gtids() {
        use CloneMethod::{ClonePlugin, Xtrabackup};
        for (flavor, method, gtid, log) in [
            (Flavor::Mysql57, Xtrabackup, "option-files", "mysql-bin"),
            (Flavor::Mysql80, Xtrabackup, "always", "binlog"),
            (Flavor::Mysql80, ClonePlugin, "always", "binlog"),
            (Flavor::Mysql84, Xtrabackup, "always", "binlog"),
            (Flavor::Mysql84, ClonePlugin, "always", "binlog"),
            (Flavor::Mariadb, Xtrabackup, "option-files", "mysql-bin"),
        ] {
            let new = Replication::new(flavor, method);
            assert_eq!((new.gtid.name(), new.binary_log.name()), (gtid, log), "{flavor:?} {method:?}");
        }
    }

    #[test]
    fn an_older_record_is_completed_from_the_injected_variables() {
        let object = |flavor: &str, method: &str| {
            json!({"spec": {"template": {"spec": {"initContainers": [{"name": "init-mysql", "env": [
                {"name": "REPLICATION_FLAVOR", "value": flavor},
                {"name": "REPLICATION_CLONE_METHOD", "value": method},
            ]}]}}}})
        };
        for (flavor, method, gtid, log) in [
            ("mysql-5.7", "xtrabackup", "option-files", "mysql-bin"),
            ("mysql-8.0", "xtrabackup", "option-files", "binlog"),
            ("mysql-8.0", "clone-plugin", "always", "binlog"),
            ("mysql-8.4", "clone-plugin", "always", "binlog"),
            ("mariadb", "xtrabackup", "option-files", "mysql-bin"),
        ] {
            let stored = Replication::stored(Some(&Status::default()), &object(flavor, method)).unwrap();
            assert_eq!(
                (stored.clone_method.name(), stored.gtid.name(), stored.binary_log.name()),
                (method, gtid, log),
                "{flavor}"
            );
        }
        assert_eq!(Replication::stored(Some(&Status::default()), &object("mysql-4", "xtrabackup")), None);
        assert_eq!(Replication::stored(Some(&Status::default()), &json!({})), None);
        let said = Replication::new(Flavor::Mysql57, CloneMethod::Xtrabackup);
        let record = Status { replication: Some(said), ..Status::default() };
        assert_eq!(Replication::stored(Some(&record), &json!({"spec": {"template": {"spec": {}}}})), Some(said));
        // what runs counts
        let runs = Replication::stored(Some(&record), &object("mysql-8.0", "clone-plugin")).unwrap();
        assert_eq!((runs.clone_method.name(), runs.gtid.name()), ("clone-plugin", "option-files"));
        assert!(Replication::stored(None, &object("mysql-8.0", "clone-plugin")).is_some());
    }
}
