//! The databases under test, and the making of their images.

use std::{fmt::Write, fs, path::Path};

use sha2::{Digest, Sha256};

use crate::{
    command::{LIMIT, command, output, podman, run_unless},
    context::Stop,
};

/// A database under test.
#[derive(Debug)]
pub(crate) struct Database {
    /// As on the command line and in the report.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    suite: &'static str,
    version: &'static str,
    /// What the Secret holds: awkward for shells, option files and SQL, as far as the official entrypoint can set it.
    pub(crate) password: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    MariaDb,
    MySql,
}

/// All of them; the names end in the version that the policy reads from the image.
pub(crate) static DATABASES: [Database; 3] = [
    Database {
        name: "mariadb-10.11",
        family: Family::MariaDb,
        suite: "bookworm",
        version: "10.11",
        password: r#"pa's"s\w#r $(d) %1"#,
    },
    Database {
        name: "mariadb-11.8",
        family: Family::MariaDb,
        suite: "trixie",
        version: "11.8",
        password: r#"pa's"s\w#r $(d) %2"#,
    },
    Database {
        name: "mysql-9.7",
        family: Family::MySql,
        suite: "sid",
        version: "9.7",
        password: r#"pa#s"s\bw\\o\'r;d&x $(d) %3"#,
    },
];

impl Family {
    fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
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

    /// The registry is made up: nothing is ever pulled.
    pub(crate) fn image(&self) -> String {
        format!("mysql-replication-e2e.local/{}:{}", self.family.name(), self.version)
    }

    /// Makes the image where podman does not have it of this very recipe. Says whether it was made.
    pub(crate) fn make_image(
        &self,
        recipes: &Path,
        settings: &Path,
        log: &Path,
        work: &Path,
        stop: &Stop,
    ) -> Result<bool, String> {
        let digest = self.recipe_digest(recipes)?;
        let format = "{{index .Labels \"recipe\"}}";
        let present =
            output(podman(settings).args(["image", "inspect", "--format", format, &self.image()]), None, LIMIT)?;
        if present.status.success() && present.stdout.trim() == digest {
            return Ok(false);
        }
        // one of another recipe would only take room; where there is none, there is nothing to remove
        let _ = output(podman(settings).args(["image", "rm", &self.image()]), None, LIMIT);
        let line = format!(
            "exec unshare --mount --propagation private '{}' {} {} {} recipe={digest} '{}' >'{}' 2>&1",
            recipes.join("make-image").display(),
            self.family.name(),
            self.suite,
            self.image(),
            work.display(),
            log.display(),
        );
        run_unless(command("bash").args(["-c", &line]).env("CONTAINERS_CONF", settings), || stop.check().is_err())
            .map_err(|error| format!("image {}: {error}; see {}", self.image(), log.display()))?;
        Ok(true)
    }

    fn recipe_digest(&self, recipes: &Path) -> Result<String, String> {
        let mut digest = Sha256::new();
        digest.update(self.suite);
        for name in ["make-image", "docker-entrypoint.sh", &format!("{}.cnf", self.family.name())] {
            let path = recipes.join(name);
            digest.update(fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
        Ok(hex(&digest.finalize())[..16].to_owned())
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
    use super::{DATABASES, Family};

    #[test]
    fn a_password_is_what_the_entrypoint_makes_of_it() {
        for database in &DATABASES {
            let effective = database.root_password();
            if database.family == Family::MariaDb {
                assert_eq!(effective, database.password);
            } else {
                assert_eq!(effective, "pa#s\"s\x08w\\o'r;d&x $(d) %3");
            }
        }
    }
}
