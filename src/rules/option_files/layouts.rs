//! Where each image's server reads option files, in its order.
//!
//! Which files a server looks for is compiled in (`mysqld --verbose --help`, "Default options are read from the
//! following files in the given order"), and what these include is the images' own: the Dockerfiles of
//! docker-library/mysql, MariaDB/mariadb-docker and percona/percona-docker, and the packages that they install.

use crate::{
    database::Database,
    flavor::{Family, Flavor},
    image::{Image, Version},
};

/// A file or, with a slash at its end, a folder of an image, and what its own content includes. All that include
/// anything lead to the folder of the injected files.
type Own = (&'static str, &'static [&'static str]);

/// The places of an image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The files that the server looks for, in its order, before those of `MYSQL_HOME` and of its user's home.
    pub(super) files: &'static [&'static str],
    own: &'static [Own],
    /// The home of the image's user.
    pub(super) homes: &'static [&'static str],
    /// Does the image start as that user? Else its entrypoint becomes that user by gosu, which sets HOME anew.
    pub(super) has_own_user: bool,
}

const FILES: &[&str] = &["/etc/my.cnf", "/etc/mysql/my.cnf", "/usr/etc/my.cnf"];
const CONF_D: &str = "/etc/mysql/conf.d/";
const MYSQL_CONF_D: &str = "/etc/mysql/mysql.conf.d/";
const MARIADB_CONF_D: &str = "/etc/mysql/mariadb.conf.d/";
const MY_CNF_D: &str = "/etc/my.cnf.d/";

const ORACLE: &[Own] = &[("/etc/my.cnf", &[CONF_D])];
const ORACLE_57: &[Own] = &[("/etc/my.cnf", &[CONF_D, MYSQL_CONF_D])];
const DEBIAN: &[Own] = &[("/etc/mysql/my.cnf", &[CONF_D])];
const DEBIAN_57: &[Own] =
    &[("/etc/mysql/my.cnf", &["/etc/mysql/mysql.cnf"]), ("/etc/mysql/mysql.cnf", &[CONF_D, MYSQL_CONF_D])];
const PERCONA: &[Own] = &[("/etc/my.cnf", &[MY_CNF_D])];
const PERCONA_57: &[Own] = &[
    ("/etc/my.cnf", &["/etc/percona-server.cnf"]),
    ("/etc/percona-server.cnf", &[MY_CNF_D, "/etc/percona-server.conf.d/"]),
];
/// From 10.5 on `my.cnf` is a link to `mariadb.cnf`.
const MARIADB: &[Own] =
    &[("/etc/mysql/my.cnf", &["/etc/mysql/mariadb.cnf"]), ("/etc/mysql/mariadb.cnf", &[MARIADB_CONF_D, CONF_D])];
const MARIADB_10_4: &[Own] = &[("/etc/mysql/my.cnf", &["/etc/mysql/mariadb.cnf", CONF_D])];
const MARIADB_UBI: &[Own] = &[
    ("/etc/my.cnf", &[MY_CNF_D]),
    (MY_CNF_D, &["/etc/my.cnf.d/docker.cnf"]),
    ("/etc/my.cnf.d/docker.cnf", &[MARIADB_CONF_D, CONF_D]),
];

impl Layout {
    /// The places of a database's image.
    #[inline(never)]
    pub(super) fn of(database: &Database, image: &str) -> Self {
        let tag = Image::parse(image).tag.unwrap_or_default();
        let is_57 = database.flavor == Flavor::Mysql57;
        let Version { major, minor, patch } = database.version();
        let layout = Self { files: FILES, own: ORACLE, homes: &["/home/mysql"], has_own_user: false };
        match database.family {
            Family::Percona => Self { own: if is_57 { PERCONA_57 } else { PERCONA }, has_own_user: true, ..layout },
            Family::Mariadb => {
                let is_old = major == Some(10) && minor.is_some_and(|minor| minor < 5);
                let own = match tag.contains("ubi") {
                    true => MARIADB_UBI,
                    false if is_old => MARIADB_10_4,
                    false => MARIADB,
                };
                // it was the former in earlier images
                Self { files: &FILES[..2], own, homes: &["/home/mysql", "/var/lib/mysql"], ..layout }
            }
            Family::Mysql => {
                // tags without a distribution have been Oracle's since June 2022
                let first = if is_57 { 38 } else { 29 };
                let was_debian = (is_57 || (major, minor) == (Some(8), Some(0)))
                    && patch.is_some_and(|patch| patch < first)
                    && !tag.contains("oracle");
                let names = ["debian", "bookworm", "bullseye", "buster", "stretch"];
                if was_debian || names.iter().any(|name| tag.contains(name)) {
                    return Self { files: &FILES[..2], own: if is_57 { DEBIAN_57 } else { DEBIAN }, ..layout };
                }
                Self { own: if is_57 { ORACLE_57 } else { ORACLE }, homes: &["/var/lib/mysql"], ..layout }
            }
        }
    }

    /// What the image's own content of a place includes.
    pub(super) fn own(&self, path: &str) -> &'static [&'static str] {
        self.own.iter().find(|(own, _)| *own == path).map_or(&[], |(_, inner)| inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_of_each_image_brings_the_server_to_the_policys_folder() {
        for (image, expected) in [
            ("mysql:8.0", "/etc/my.cnf"),
            ("mysql:8.0.36", "/etc/my.cnf"),
            ("mysql:8.0.28", "/etc/mysql/my.cnf"),
            ("mysql:8.0.28-oracle", "/etc/my.cnf"),
            ("mysql:8.0-debian", "/etc/mysql/my.cnf"),
            ("mysql:8.4", "/etc/my.cnf"),
            ("mysql:5.7", "/etc/my.cnf"),
            ("mysql:5.7.20", "/etc/mysql/my.cnf"),
            ("mariadb:10.4", "/etc/mysql/my.cnf"),
            ("mariadb:11.4", "/etc/mysql/my.cnf"),
            ("mariadb:11.4-ubi9", "/etc/my.cnf"),
            ("percona:5.7", "/etc/my.cnf"),
            ("percona/percona-server:8.0", "/etc/my.cnf"),
        ] {
            let database = Database::of(image);
            let layout = Layout::of(&database, image);
            let folder = format!("{}/", database.conf_dir());
            let leading: Vec<_> = layout.files.iter().filter(|file| !layout.own(file).is_empty()).collect();
            assert_eq!(leading, [&expected], "{image}");
            // all that includes anything leads there
            for (path, _) in layout.own {
                let mut reached = vec![*path];
                for at in 0.. {
                    let Some(path) = reached.get(at) else { break };
                    reached.extend(layout.own(path));
                }
                assert!(reached.contains(&folder.as_str()), "{image}: {path}");
            }
        }
    }
}
