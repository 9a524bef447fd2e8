//! What can be asked of an option, and of which servers.

use crate::{
    database::Database,
    flavor::{CloneMethod, Flavor},
    rules::must_hold::Origin,
};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    On,
    Off,
    /// Nobody may set it.
    Absent,
    /// The server does not know it.
    Loose,
    Port,
    AllAddresses,
    ClonePlugin,
    Table,
    NoErrors,
    Strict,
    Gtids,
    Consistent,
    DataDir,
    PlainNames,
    NoKeys,
    OwnVolume,
}

impl Holds {
    /// As the document has it.
    #[cfg(test)]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Absent => "not set",
            Self::Loose => "not set, or behind `loose-`",
            Self::Port => "3306",
            Self::AllAddresses => "all addresses, or 127.0.0.1 among others",
            Self::ClonePlugin => "with `mysql_clone.so`, or followed by `plugin-load-add` of it",
            Self::Table => "`TABLE`",
            Self::NoErrors => "`OFF`",
            Self::Strict => "`STRICT`",
            Self::Gtids => "`ON`",
            Self::Consistent => "on, and not `WARN`",
            Self::DataDir => "the data directory",
            Self::PlainNames => "names without a path",
            Self::NoKeys => "no keyring and no key management",
            Self::OwnVolume => "in the data directory, or on a claim template",
        }
    }

    /// Must one know what is planned?
    pub(super) fn is_planned(self) -> bool {
        matches!(
            self,
            Self::Gtids | Self::Consistent | Self::DataDir | Self::PlainNames | Self::NoKeys | Self::OwnVolume
        )
    }
}

/// For which servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Servers {
    All,
    Mysql,
    Mariadb,
    WithSuperReadOnly,
    WithoutSuperReadOnly,
    UntilMysql80,
    WithClonePlugin,
    WithGtids,
}

impl Servers {
    #[cfg(test)]
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mysql => "MySQL",
            Self::Mariadb => "MariaDB",
            Self::WithSuperReadOnly => "MySQL, MariaDB from 12 on",
            Self::WithoutSuperReadOnly => "MariaDB until 11",
            Self::UntilMysql80 => "MySQL 5.7, 8.0",
            Self::WithClonePlugin => "clone method `clone-plugin`",
            Self::WithGtids => "MySQL, where the policy switches GTIDs on",
        }
    }

    pub(super) fn contains(self, origin: &Origin) -> bool {
        let flavor = origin.database.map(|database| database.flavor);
        let is_mariadb = origin.is_mariadb();
        match self {
            Self::All => true,
            Self::Mysql => !is_mariadb,
            Self::Mariadb => is_mariadb,
            Self::WithSuperReadOnly => origin.database.is_none_or(Database::knows_super_read_only),
            Self::WithoutSuperReadOnly => origin.database.is_some_and(|database| !database.knows_super_read_only()),
            Self::UntilMysql80 => matches!(flavor, Some(Flavor::Mysql57 | Flavor::Mysql80)),
            Self::WithClonePlugin => {
                origin.database.is_some_and(|database| database.clone_method == CloneMethod::ClonePlugin)
            }
            Self::WithGtids => !is_mariadb && origin.planned.is_some_and(|planned| planned.by_gtids),
        }
    }
}
