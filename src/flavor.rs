//! Groups of versions that are set up alike, how their replicas get data, and whose an image is.

use crate::image::{Image, Version};

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
}

impl Family {
    /// The family that an image's name speaks of, whoever publishes it.
    pub(crate) fn named(image: &Image) -> Option<Self> {
        match image.name() {
            "mysql" => Some(Self::Mysql),
            "percona" | "percona-server" => Some(Self::Percona),
            "mariadb" => Some(Self::Mariadb),
            _ => None,
        }
    }

    /// The family of an image that has the layout of the official images or of Percona's: one of them, or a mirror of
    /// it. A mirror has the name alone, or keeps the folder of Docker Hub, `library`; those of one architecture have
    /// its name.
    pub(crate) fn of(image: &Image) -> Option<Self> {
        let family = Self::named(image)?;
        let is_known = match image.folders().next_back() {
            None => true,
            Some("percona") => family == Self::Percona,
            Some(
                "library" | "docker.io" | "index.docker.io" | "amd64" | "arm64v8" | "arm32v7" | "s390x" | "ppc64le",
            ) => image.name() != "percona-server",
            Some(_) => false,
        };
        is_known.then_some(family)
    }
}

/// Is an image a database's, by its name, whoever publishes it?
pub(crate) fn is_database(image: &str) -> bool {
    let image = Image::parse(image);
    Family::named(&image).is_some() || (image.name() == "mariadb-galera" && unsupported(&image).is_some())
}

/// What an image of a publisher does otherwise than the official ones, if that is known: so it reads no option file of
/// the policy's.
pub(crate) fn unsupported(image: &Image) -> Option<&'static str> {
    let has_folder = |is: fn(&str) -> bool| image.folders().any(is);
    if has_folder(|folder| folder.starts_with("bitnami")) {
        return Some("Bitnami images read only the option file that their own start script writes");
    }
    if has_folder(|folder| folder == "linuxserver") {
        return Some("LinuxServer's images read /config/custom.cnf and keep the data in /config/databases");
    }
    // their names on Docker Hub and in Oracle's registry
    if matches!(image.name(), "mysql-server" | "community-server" | "enterprise-server")
        && has_folder(|it| it == "mysql")
    {
        return Some("Oracle's own images read /etc/my.cnf and no folder of option files");
    }
    // such as mysql-80-c9s: Software Collections, and what Red Hat and Fedora make of them
    let version = ["mysql-", "mariadb-"].iter().find_map(|prefix| image.name().strip_prefix(prefix));
    let is_collection = |folder: &str| {
        matches!(folder, "sclorg" | "rhscl" | "fedora")
            || ["centos", "rhel", "ubi"].iter().any(|it| folder.starts_with(it))
    };
    if version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit())) && has_folder(is_collection) {
        return Some(
            "Software Collections' images keep the data in /var/lib/mysql/data and read the option files that their \
                own start script writes",
        );
    }
    None
}

impl Flavor {
    /// The flavor of a version of `MySQL`.
    pub(crate) fn of_mysql(version: Version) -> Option<Self> {
        match (version.major, version.minor) {
            (Some(5), Some(7)) => Some(Self::Mysql57),
            (Some(8), Some(0)) => Some(Self::Mysql80),
            (Some(8), Some(_)) | (Some(9..=99), _) => Some(Self::Mysql84),
            _ => None,
        }
    }

    /// Whose data the tool in a backup image copies, by its name and tag: XtraBackup is of the server's series (its
    /// manual, "Server version and backup version comparison"), mariadb-backup MariaDB's own.
    pub(crate) fn of_backup(image: &Image) -> Option<Self> {
        if Family::named(image) == Some(Family::Mariadb) {
            return Some(Self::Mariadb);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_by_their_layout() {
        for (image, family) in [
            ("mysql", Some(Family::Mysql)),
            ("docker.io/library/mysql:8.0", Some(Family::Mysql)),
            ("registry.example:5000/mysql", Some(Family::Mysql)),
            ("localhost/mysql", Some(Family::Mysql)),
            ("cache.example/docker.io/library/mariadb", Some(Family::Mariadb)),
            ("cache.example/docker.io/mysql", Some(Family::Mysql)),
            ("cache.example/hub/library/percona", Some(Family::Percona)),
            ("arm64v8/mysql", Some(Family::Mysql)),
            ("percona/percona-server", Some(Family::Percona)),
            ("registry.example/hub/percona/percona-server", Some(Family::Percona)),
            ("registry.example/percona-server", Some(Family::Percona)),
            ("team/mysql", None),
            ("registry.example/team/mysql", None),
            ("registry.example/library/team/mysql", None),
            ("percona/mysql", None),
            ("perconalab/percona-server", None),
            ("library/percona-server", None),
            ("mysql-tools", None),
        ] {
            assert_eq!(Family::of(&Image::parse(image)), family, "{image}");
        }
    }

    #[test]
    fn images_of_other_layouts_have_their_reason() {
        for (image, expected) in [
            ("bitnami/mysql", true),
            ("registry.example/bitnamilegacy/mariadb-galera", true),
            ("lscr.io/linuxserver/mariadb", true),
            ("mysql/mysql-server", true),
            ("registry.example/mysql/enterprise-server", true),
            ("registry.example/mysql-server", false),
            ("quay.io/sclorg/mariadb-1011-c9s", true),
            ("registry.example/rhel8/mysql-80", true),
            ("centos/mysql-57-centos7", true),
            ("centos/mysql-tools", false),
            ("team/mysql-80", false),
            ("mysql", false),
        ] {
            assert_eq!(unsupported(&Image::parse(image)).is_some(), expected, "{image}");
        }
        for (image, expected) in
            [("team/mysql", true), ("bitnami/mariadb-galera", true), ("bitnami/mysqld-exporter", false)]
        {
            assert_eq!(is_database(image), expected, "{image}");
        }
    }
}
