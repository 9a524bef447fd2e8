//! The databases under test, and where their images come from.

use std::{borrow::Cow, fmt::Write, fs, path::Path, time::Duration};

use sha2::{Digest, Sha256};

use crate::{
    command::{LIMIT, command, output, podman, run_unless},
    outcome::Stop,
};

/// Of the images that are made here: it is made up, they are never pulled.
const REGISTRY: &str = "mysql-replication-e2e.local";

/// How long an image may take to be pulled.
const PULL_LIMIT: Duration = Duration::from_mins(10);

/// A database under test.
#[derive(Debug)]
pub(crate) struct Database {
    /// As on the command line and in the report.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    source: Source,
    /// What the Secret holds: awkward for shells, option files and SQL, as far as the official entrypoint can set it.
    pub(crate) password: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    MariaDb,
    MySql,
    Percona,
}

#[derive(Debug)]
enum Source {
    /// Made here from the Debian packages of a suite; replicas clone as the policy chooses.
    Made { suite: &'static str, version: &'static str },
    /// The image of another one of these, whose replicas clone with a stand-in for XtraBackup.
    StandIn(&'static Database),
    /// Pulled, with the backup image that the policy chooses.
    Official(&'static str),
}

/// Which images are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Images {
    /// Made here from Debian packages
    Made,
    /// The official ones, pulled where podman does not have them
    Official,
}

const MARIADB_PASSWORD: [&str; 2] = [r#"pa's"s\w#r $(d) %1"#, r#"pa's"s\w#r $(d) %2"#];
const MYSQL_PASSWORD: &str = r#"pa#s"s\bw\\o\'r;d&x $(d) %3"#;
/// Without what entrypoints of all ages may stumble over.
const OLD_PASSWORD: &str = "pass#w;o&r $(d) %3";

static MYSQL: Database = Database {
    name: "mysql-9.7",
    family: Family::MySql,
    source: Source::Made { suite: "sid", version: "9.7" },
    password: MYSQL_PASSWORD,
};

/// The names end in the version that the policy reads from the image.
static MADE: [&Database; 4] = [
    &Database {
        name: "mariadb-10.11",
        family: Family::MariaDb,
        source: Source::Made { suite: "bookworm", version: "10.11" },
        password: MARIADB_PASSWORD[0],
    },
    &Database {
        name: "mariadb-11.8",
        family: Family::MariaDb,
        source: Source::Made { suite: "trixie", version: "11.8" },
        password: MARIADB_PASSWORD[1],
    },
    &MYSQL,
    &Database {
        name: "mysql-9.7-xtrabackup",
        family: Family::MySql,
        source: Source::StandIn(&MYSQL),
        password: MYSQL_PASSWORD,
    },
];

const fn official(name: &'static str, family: Family, image: &'static str, password: &'static str) -> Database {
    Database { name, family, source: Source::Official(image), password }
}

static OFFICIAL: [&Database; 7] = [
    &official("mysql-5.7", Family::MySql, "mysql:5.7", OLD_PASSWORD),
    &official("mysql-8.0", Family::MySql, "mysql:8.0", OLD_PASSWORD),
    &official("mysql-8.4", Family::MySql, "mysql:8.4", OLD_PASSWORD),
    &official("mysql-9", Family::MySql, "mysql:9", OLD_PASSWORD),
    &official("percona-8.0", Family::Percona, "percona/percona-server:8.0", OLD_PASSWORD),
    &official("mariadb-10.11", Family::MariaDb, "mariadb:10.11", MARIADB_PASSWORD[0]),
    &official("mariadb-11.8", Family::MariaDb, "mariadb:11.8", MARIADB_PASSWORD[1]),
];

impl Images {
    pub(crate) fn databases(self) -> &'static [&'static Database] {
        match self {
            Self::Made => &MADE,
            Self::Official => &OFFICIAL,
        }
    }
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql | Self::Percona => "mysql",
        }
    }

    /// The user of the image that the server runs as.
    pub(crate) fn user(self) -> u32 {
        if self == Self::Percona { 1001 } else { 999 }
    }

    /// The image's script that starts the server.
    pub(crate) fn entrypoint(self) -> &'static str {
        if self == Self::Percona { "/docker-entrypoint.sh" } else { "docker-entrypoint.sh" }
    }

    /// The folder of option files that the server reads last.
    pub(crate) fn conf_dir(self) -> &'static str {
        if self == Self::Percona { "/etc/my.cnf.d" } else { "/etc/mysql/conf.d" }
    }
}

impl Database {
    /// What root logs in with: MySQL's entrypoint puts the Secret's content into SQL as it is, MariaDB's escapes it.
    pub(crate) fn root_password(&self) -> String {
        if self.family == Family::MariaDb {
            return self.password.to_owned();
        }
        let mut effective = String::new();
        let mut rest = self.password.chars();
        while let Some(character) = rest.next() {
            match if character == '\\' { rest.next() } else { None } {
                None => effective.push(character),
                Some('0') => effective.push('\0'),
                Some('b') => effective.push('\x08'),
                Some('n') => effective.push('\n'),
                Some('r') => effective.push('\r'),
                Some('t') => effective.push('\t'),
                Some('Z') => effective.push('\x1a'),
                Some(wildcard @ ('%' | '_')) => effective.extend(['\\', wildcard]),
                Some(other) => effective.push(other),
            }
        }
        effective
    }

    /// As a user writes it.
    pub(crate) fn image(&self) -> String {
        match self.source {
            Source::Made { version, .. } => format!("{REGISTRY}/{}:{version}", self.family.name()),
            Source::StandIn(base) => base.image(),
            Source::Official(image) => image.to_owned(),
        }
    }

    /// The image with the backup tool, where the policy is not left to choose one: the stand-in, that speaks as
    /// XtraBackup 8.0 does or as 8.4.
    pub(crate) fn backup_image(&self, speaks_as: &str) -> Option<String> {
        self.has_stand_in().then(|| format!("{REGISTRY}/stand-in-for-xtrabackup:as-{speaks_as}"))
    }

    /// What is in its option files. The scripts have to do with GTIDs switched off, the default of MySQL 8.0 and 8.4,
    /// for which there is XtraBackup; those of 9.7 are on.
    pub(crate) fn option_file(&self) -> Option<&'static str> {
        self.has_stand_in().then_some("[mysqld]\ngtid-mode=OFF\nenforce-gtid-consistency=OFF\n")
    }

    /// How a backup begins, as it is sent.
    pub(crate) fn stream_start(&self) -> &'static str {
        if self.has_stand_in() { "stand-in for xbstream\n" } else { "XBSTCK01" }
    }

    /// Whether it is the server of another one, with a stand-in for XtraBackup.
    pub(crate) fn has_stand_in(&self) -> bool {
        matches!(self.source, Source::StandIn(_))
    }

    /// Whether the policy makes its clusters with GTIDs, and the backup tool takes a replica without as well.
    pub(crate) fn may_follow_by_position(&self) -> bool {
        self.has_stand_in() || ["mysql-8.0", "percona-8.0"].contains(&self.name)
    }

    pub(crate) fn is_official(&self) -> bool {
        matches!(self.source, Source::Official(_))
    }

    /// What is to be made for it: one after the other.
    pub(crate) fn recipes(&self) -> Vec<Recipe> {
        match self.source {
            Source::Made { suite, .. } => {
                let family = self.family.name();
                let arguments = vec![family.to_owned(), suite.to_owned(), self.image()];
                let files = vec!["make-image".to_owned(), "docker-entrypoint.sh".to_owned(), format!("{family}.cnf")];
                vec![Recipe { image: self.image(), kind: suite, arguments, files, base: None }]
            }
            Source::StandIn(base) => {
                let mut recipes = base.recipes();
                for (speaks_as, words) in [("8.0", "MASTER"), ("8.4", "SOURCE")] {
                    let image = self.backup_image(speaks_as).unwrap_or_default();
                    let arguments = vec![base.image(), image.clone(), words.to_owned()];
                    let files = ["make-stand-in", "xtrabackup-stand-in", "xbstream-stand-in"].map(str::to_owned);
                    let base = Some(Box::new(recipes[0].clone()));
                    recipes.push(Recipe { image, kind: words, arguments, files: files.to_vec(), base });
                }
                recipes
            }
            Source::Official(_) => Vec::new(),
        }
    }
}

/// How an image is made.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) image: String,
    /// What is made of the files: the suite, or the words.
    kind: &'static str,
    arguments: Vec<String>,
    /// The script and what it takes.
    files: Vec<String>,
    /// Of the image that it is made from, where it is not made from nothing.
    base: Option<Box<Recipe>>,
}

impl Recipe {
    /// Makes the image where podman does not have it of this very recipe. Says whether it was made.
    pub(crate) fn make(
        &self,
        folder: &Path,
        settings: &Path,
        log: &Path,
        work: &Path,
        stop: &Stop,
    ) -> Result<bool, String> {
        let digest = self.digest(folder)?;
        let format = "{{index .Labels \"recipe\"}}";
        let present =
            output(podman(settings).args(["image", "inspect", "--format", format, &self.image]), None, LIMIT)?;
        if present.status.success() && present.stdout.trim() == digest {
            return Ok(false);
        }
        // one of another recipe would only take room; where there is none, there is nothing to remove
        let _ = output(podman(settings).args(["image", "rm", &self.image]), None, LIMIT);
        let arguments: Vec<String> = self.arguments.iter().map(|argument| format!("'{argument}'")).collect();
        let mut line = format!("'{}' {} recipe={digest}", folder.join(&self.files[0]).display(), arguments.join(" "));
        if self.base.is_none() {
            // what it mounts goes away with it
            line = format!("unshare --mount --propagation private {line} '{}'", work.display());
        }
        line = format!("exec {line} >'{}' 2>&1", log.display());
        run_unless(command("bash").args(["-c", &line]).env("CONTAINERS_CONF", settings), || stop.check().is_err())
            .map_err(|error| format!("image {}: {error}; see {}", self.image, log.display()))?;
        Ok(true)
    }

    fn digest(&self, folder: &Path) -> Result<String, String> {
        let mut digest = Sha256::new();
        if let Some(base) = &self.base {
            digest.update(base.digest(folder)?);
        }
        digest.update(self.kind);
        for name in &self.files {
            let path = folder.join(name);
            digest.update(fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(hex(&digest.finalize())[..16].to_owned())
    }
}

/// Pulls an image that podman does not have. Says whether it was pulled.
pub(crate) fn pull(image: &str, settings: &Path) -> Result<bool, String> {
    let image = full_name(image);
    if output(podman(settings).args(["image", "exists", &image]), None, LIMIT)?.status.success() {
        return Ok(false);
    }
    let pulled = output(podman(settings).args(["pull", "--quiet", &image]), None, PULL_LIMIT)?;
    if pulled.status.success() {
        return Ok(true);
    }
    let reason = pulled.stderr.trim().lines().last().unwrap_or_default();
    Err(format!("podman has no image {image}, and it cannot be pulled: {reason}"))
}

/// The name with a registry, as a cluster takes one without.
pub(crate) fn full_name(image: &str) -> Cow<'_, str> {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => Cow::Borrowed(image),
        Some(_) => Cow::Owned(format!("docker.io/{image}")),
        None => Cow::Owned(format!("docker.io/library/{image}")),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // writing to a string cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{Family, Images, MYSQL, full_name};

    #[test]
    fn a_password_is_what_the_entrypoint_makes_of_it() {
        assert_eq!(MYSQL.root_password(), "pa#s\"s\x08w\\o'r;d&x $(d) %3");
        for database in Images::Made.databases().iter().filter(|database| database.family == Family::MariaDb) {
            assert_eq!(database.root_password(), database.password);
        }
    }

    #[test]
    fn names_get_the_registry_that_a_cluster_would_ask() {
        for (name, full) in [
            ("mysql:9", "docker.io/library/mysql:9"),
            ("percona/percona-server:8.0", "docker.io/percona/percona-server:8.0"),
            ("registry.example:5000/mysql:9", "registry.example:5000/mysql:9"),
            ("localhost/mysql", "localhost/mysql"),
        ] {
            assert_eq!(full_name(name), full);
        }
    }

    #[test]
    fn what_is_pulled_is_not_made() {
        for database in Images::Official.databases() {
            assert!(database.recipes().is_empty() && database.is_official());
        }
        for database in Images::Made.databases() {
            assert!(!database.recipes().is_empty() && !database.is_official());
        }
    }
}
