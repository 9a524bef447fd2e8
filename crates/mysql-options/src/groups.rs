//! The groups of option files, and which program reads each.

use std::borrow::Cow;

use crate::nearest::nearest;

/// The groups of MySQL's server that have no version in their names: `--verbose --help`, "The following groups are
/// read". The first one is read by builds with NDB only.
const MYSQL: [&str; 3] = ["mysql_cluster", "mysqld", "server"];

/// Those of MariaDB's. The last one is read by builds with Galera only.
const MARIADB: [&str; 6] = ["mysqld", "server", "mariadb", "mariadbd", "client-server", "galera"];

/// What stands before a version in the name of a group.
const MYSQL_VERSIONED: [&str; 1] = ["mysqld-"];
const MARIADB_VERSIONED: [&str; 3] = ["mysqld-", "mariadb-", "mariadbd-"];

/// Groups of programs that are no servers: what `--help` of those beside the servers lists ("The following groups are
/// read"), and what the manuals of MySQL and MariaDB name for others.
const OTHER_PROGRAMS: &str = "\
    client client-mariadb mysql mariadb-client mysqladmin mariadb-admin mysqldump mariadb-dump mysqlpump mysqlimport \
    mariadb-import mysqlshow mariadb-show mysqlcheck mariadb-check mysqlslap mariadb-slap mysqlbinlog mariadb-binlog \
    mysqltest mysql_upgrade mariadb-upgrade mysql_config_editor mysql_migrate_keyring mysql_secure_installation \
    mysql_plugin mariadb-plugin mysql_install_db mariadb-install-db mysql_tzinfo_to_sql mysqlhotcopy mariadb-hotcopy \
    mysqldumpslow mysqld_safe safe_mysqld mariadbd-safe mariadb_safe mysqld_multi mariadbd-multi myisamchk \
    myisampack myisam_ftdump isamchk aria_chk aria_pack aria_read_log xtrabackup mariabackup mariadb-backup sst \
    mysqlrouter mysqlsh mysql.server instance-manager manager";

/// The groups that a server reads.
///
/// A name is compared without regard to case (`mysys/typelib`, `find_type`). Blanks before the closing bracket do not
/// count, blanks after the opening one do.
#[derive(Clone, Debug)]
pub struct Groups<'a> {
    is_mariadb: bool,
    version: (Option<u32>, Option<u32>),
    suffix: Option<Cow<'a, str>>,
}

/// Whose group it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This server reads it.
    Server,
    /// A server of another version reads it.
    OtherVersion,
    /// Of the two, MySQL and MariaDB, the server of the other one reads it.
    OtherServer,
    /// It is another program's.
    OtherProgram,
    /// Nobody is known to read it. With the name that may have been meant.
    Nobody(Option<&'static str>),
}

impl<'a> Groups<'a> {
    /// The groups of a server: its version as far as it is known, and its `--defaults-group-suffix`, or else
    /// `MYSQL_GROUP_SUFFIX` of its environment (MariaDB: `MARIADB_GROUP_SUFFIX` too).
    #[must_use]
    pub fn for_server(is_mariadb: bool, version: Option<(u32, Option<u32>)>, suffix: Option<Cow<'a, str>>) -> Self {
        let version = (version.map(|(major, _)| major), version.and_then(|(_, minor)| minor));
        Self { is_mariadb, version, suffix }
    }

    /// Does the server read this group? With a suffix it reads each group without and with it.
    #[must_use]
    pub fn contains(&self, group: &str) -> bool {
        self.matches(group, self.is_mariadb, self.version)
    }

    /// Whose group it is.
    #[must_use]
    pub fn owner(&self, group: &str) -> Owner {
        let any = (None, None);
        let servers = [
            (self.is_mariadb, self.version, Owner::Server),
            (self.is_mariadb, any, Owner::OtherVersion),
            (!self.is_mariadb, any, Owner::OtherServer),
        ];
        for (is_mariadb, version, owner) in servers {
            if self.matches(group, is_mariadb, version) {
                return owner;
            }
        }
        if OTHER_PROGRAMS.split(' ').any(|other| other.eq_ignore_ascii_case(group)) {
            return Owner::OtherProgram;
        }
        Owner::Nobody(nearest(group.trim(), if self.is_mariadb { &MARIADB } else { &MYSQL }))
    }

    fn matches(&self, group: &str, is_mariadb: bool, version: (Option<u32>, Option<u32>)) -> bool {
        let names: &[&str] = if is_mariadb { &MARIADB } else { &MYSQL };
        let versioned: &[&str] = if is_mariadb { &MARIADB_VERSIONED } else { &MYSQL_VERSIONED };
        let is_plain = |group: &str| {
            names.iter().any(|name| name.eq_ignore_ascii_case(group))
                || versioned
                    .iter()
                    .any(|base| without_prefix(group, base).is_some_and(|text| is_version(text, version)))
        };
        let without_suffix = self.suffix.as_deref().and_then(|suffix| {
            let (group, end) = group.split_at_checked(group.len().checked_sub(suffix.len())?)?;
            end.eq_ignore_ascii_case(suffix).then_some(group)
        });
        is_plain(group) || without_suffix.is_some_and(is_plain)
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Is this `X.Y` that can be the version? What is not known of it can be anything.
fn is_version(text: &str, (major, minor): (Option<u32>, Option<u32>)) -> bool {
    let is = |text: &str, number: Option<u32>| {
        // the server has them without zeros in front, and compares text
        let is_plain = text == "0" || !text.starts_with('0');
        let is_number = is_plain && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number && text.parse::<u32>().is_ok_and(|found| number.is_none_or(|number| number == found))
    };
    text.split_once('.').is_some_and(|(x, y)| is(x, major) && is(y, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_the_servers() {
        let mysql = Groups::for_server(false, Some((9, Some(7))), None);
        let mariadb = Groups::for_server(true, Some((11, None)), None);
        for (group, by_mysql, by_mariadb) in [
            ("mysqld", Owner::Server, Owner::Server),
            ("SERVER", Owner::Server, Owner::Server),
            ("mysql_cluster", Owner::Server, Owner::OtherServer),
            ("mysqld-9.7", Owner::Server, Owner::OtherVersion),
            ("MYSQLD-11.8", Owner::OtherVersion, Owner::Server),
            ("mariadb-11.4", Owner::OtherServer, Owner::Server),
            ("mariadbd", Owner::OtherServer, Owner::Server),
            ("client-server", Owner::OtherServer, Owner::Server),
            ("galera", Owner::OtherServer, Owner::Server),
            ("mysql", Owner::OtherProgram, Owner::OtherProgram),
            ("Client", Owner::OtherProgram, Owner::OtherProgram),
            ("mysqld_safe", Owner::OtherProgram, Owner::OtherProgram),
            ("mysql_d", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("mysqlds", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            (" mysqld", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("mysqld-9", Owner::Nobody(Some("mysqld")), Owner::Nobody(Some("mysqld"))),
            ("", Owner::Nobody(None), Owner::Nobody(None)),
        ] {
            assert_eq!((mysql.owner(group), mariadb.owner(group)), (by_mysql, by_mariadb), "[{group}]");
        }
        for group in ["mysqld-9.", "mysqld-.7", "mysqld-9.7.1", "mysqld-09.7", "mysqld-9.07", "mysqld-9.+7", "mysqld-é"]
        {
            assert!(!mysql.contains(group), "[{group}]");
        }
        assert!(Groups::for_server(false, None, None).contains("mysqld-8.0"));
        assert!(!Groups::for_server(false, Some((8, None)), None).contains("mysqld-5.7"));
    }
}
