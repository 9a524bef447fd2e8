//! Groups of versions that are set up alike, how their replicas get data, and whose an image is.

use crate::image::Image;

/// A group of versions that are set up and spoken to alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavor {
    Mysql57,
    Mysql80,
    /// 8.4 and later.
    Mysql84,
    Mariadb,
}

impl Flavor {
    pub(crate) const NAMES: [&str; 4] = ["mysql-5.7", "mysql-8.0", "mysql-8.4", "mariadb"];

    /// The name that users write.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mysql57 => "mysql-5.7",
            Self::Mysql80 => "mysql-8.0",
            Self::Mysql84 => "mysql-8.4",
            Self::Mariadb => "mariadb",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "mysql-5.7" => Some(Self::Mysql57),
            "mysql-8.0" => Some(Self::Mysql80),
            "mysql-8.4" => Some(Self::Mysql84),
            "mariadb" => Some(Self::Mariadb),
            _ => None,
        }
    }

    /// The clone method where the user names none. For the newest servers there is often no backup tool yet, and
    /// the plugin comes with the server.
    pub(crate) fn default_clone_method(self) -> CloneMethod {
        if self == Self::Mysql84 { CloneMethod::ClonePlugin } else { CloneMethod::Xtrabackup }
    }
}

/// How a replica gets its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloneMethod {
    /// A backup of XtraBackup, or of mariadb-backup, its fork.
    Xtrabackup,
    /// MySQL's clone plugin.
    ClonePlugin,
}

impl CloneMethod {
    pub(crate) const NAMES: [&str; 2] = ["xtrabackup", "clone-plugin"];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Xtrabackup => "xtrabackup",
            Self::ClonePlugin => "clone-plugin",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "xtrabackup" => Some(Self::Xtrabackup),
            "clone-plugin" => Some(Self::ClonePlugin),
            _ => None,
        }
    }
}

/// Whose image it is: this decides on option-file folders and users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Mysql,
    Percona,
    Mariadb,
    /// Keeps its option files in a folder that it generates itself, so that none can be handed in.
    Bitnami,
}

impl Family {
    /// The family of an image, if it is a known database.
    pub(crate) fn of(image: &str) -> Option<Self> {
        let image = Image::parse(image);
        let family = match image.name() {
            "mysql" => Self::Mysql,
            "percona" | "percona-server" => Self::Percona,
            "mariadb" => Self::Mariadb,
            "mariadb-galera" => Self::Bitnami,
            _ => return None,
        };
        let bitnami = image.repository.split('/').any(|part| part.starts_with("bitnami"));
        match (bitnami, family) {
            (true, _) => Some(Self::Bitnami),
            (false, Self::Bitnami) => None,
            (false, family) => Some(family),
        }
    }
}

impl Flavor {
    /// Whose data an image of XtraBackup copies, by its tag: the tool is of the server's series (its manual, "Server
    /// version and backup version comparison").
    pub(crate) fn of_xtrabackup(image: &str) -> Option<Self> {
        let image = Image::parse(image);
        let version = image.version();
        match (version.major?, version.minor?) {
            _ if !image.name().contains("xtrabackup") => None,
            (2, 4) => Some(Self::Mysql57),
            (8, 0) => Some(Self::Mysql80),
            (8, 4) | (9, _) => Some(Self::Mysql84),
            _ => None,
        }
    }
}
