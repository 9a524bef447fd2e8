//! Where the server keeps its data, as it is told on its command line. Both the injection and the rules ask.

use std::borrow::Cow;

use crate::{
    given::{Given, told},
    json::{Value, list_at, str_at},
    mounts::{holds, mount_of},
    names::DATA_DIR,
    object::name,
};
use mysql_options::effective;

/// The data directory that the server's words name, or the images' own. What option files say does not matter:
/// `init-mysql` sets it last. The error is the word that names one that nobody can tell.
pub(crate) fn data_dir<'g, 'a>(given: &'g [Given<'a>]) -> Result<Cow<'g, str>, &'g Given<'a>> {
    let options = told(given);
    let Some((place, option)) = effective(&options, "datadir") else { return Ok(Cow::Borrowed(DATA_DIR)) };
    let given = &given[*place];
    let dir = option.value.or(given.next.as_deref()).unwrap_or_default().trim_matches(['"', '\'']);
    let plain = dir.trim_end_matches('/');
    // one from a ConfigMap may be another one tomorrow
    if given.from.is_some()
        || !plain.starts_with('/')
        || plain.contains('$')
        || plain.split('/').any(|part| part == "..")
    {
        return Err(given);
    }
    Ok(Cow::Owned(plain.to_owned()))
}

/// The places that each pod has for itself, and finds again when it is made anew.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) data_dir: String,
    /// The volumes of the database container: where each is, and whether it is the data's or a claim template's.
    mounts: Vec<(String, bool)>,
}

impl Kept {
    pub(crate) fn of(object: &Value, container: &Value, data_dir: &str) -> Self {
        let claims = list_at(object, &["spec", "volumeClaimTemplates"]);
        let of_data = mount_of(container, data_dir).map(|(_, mount)| name(mount));
        let is_kept = |volume: &str| {
            of_data == Some(volume) || claims.iter().any(|claim| str_at(claim, &["metadata", "name"]) == volume)
        };
        let mounts = list_at(container, &["volumeMounts"]).iter();
        let mounts = mounts.map(|mount| (str_at(mount, &["mountPath"]).to_owned(), is_kept(name(mount))));
        Self { data_dir: data_dir.to_owned(), mounts: mounts.collect() }
    }

    /// Is a directory one of these places, or in one? The deepest mount counts; the data directory gets a claim
    /// template where it has none.
    pub(crate) fn holds(&self, directory: &str) -> bool {
        let holders = self.mounts.iter().filter(|(path, _)| holds(path, directory));
        let holder = holders.max_by_key(|(path, _)| path.trim_end_matches('/').len());
        holder.map_or_else(|| holds(&self.data_dir, directory), |(_, is_kept)| *is_kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config_maps::ConfigMaps, given::given_options, json::json};

    fn dir(container: &Value) -> Option<String> {
        data_dir(&given_options(container, &ConfigMaps::default()).given).ok().map(Cow::into_owned)
    }

    #[test]
    fn data_directory_of_the_arguments() {
        let args = |args: Value<'static>| dir(&json!({"args": args}));
        assert_eq!(args(json!(null)).as_deref(), Some("/var/lib/mysql"));
        assert_eq!(args(json!(["mysqld", "--datadir=/data/db/"])).as_deref(), Some("/data/db"));
        assert_eq!(args(json!(["--datadir", "/a", "--datadir=/b"])).as_deref(), Some("/b"));
        assert_eq!(args(json!(["-c", "exec mysqld --datadir='/c' --port=1"])).as_deref(), Some("/c"));
        assert_eq!(args(json!(["--loose-datad=/d", "--data-directory-of-something=/x"])).as_deref(), Some("/d"));
        // MariaDB 11.8 takes the shortest of these; a name after a dot all but the newest of MySQL
        for word in ["--da=/e", "--data=/e", "--DATADIR=/e", "--loose_datadir=/e", "-h/e", "--x.datadir=/e"] {
            assert_eq!(args(json!(["mysqld", word])).as_deref(), Some("/e"), "{word}");
        }
        assert_eq!(args(json!(["mysqld", "--dat", "/f"])).as_deref(), Some("/f"));
        assert_eq!(args(json!(["mysqld", "-h", "/f"])).as_deref(), Some("/f"));
        assert_eq!(
            args(json!(["-c", "until mysql -h db; do :; done; exec mysqld"])).as_deref(),
            Some("/var/lib/mysql")
        );
        for word in ["--datadir=$(DIR)", "--datadir=data", "--datadir", "--datadir=/a/../b", "--datadir=/srv/$HOSTNAME"]
        {
            assert_eq!(args(json!(["mysqld", word])), None, "{word}");
        }
    }

    #[test]
    fn data_directory_of_variables() {
        let env =
            json!([{"name": "DIR", "value": "/srv/data"}, {"name": "MYSQLD_OPTS", "value": "--datadir=/srv/data"}]);
        for command in [
            json!(["mysqld", "--datadir=$(DIR)"]),
            json!(["mysqld", "--datadir", "$(DIR)"]),
            json!(["sh", "-c", "exec mysqld --datadir=\"$DIR\""]),
            json!(["sh", "-c", "exec mysqld $MYSQLD_OPTS"]),
        ] {
            let container = json!({"command": command, "env": env});
            assert_eq!(dir(&container).as_deref(), Some("/srv/data"), "{command}");
        }
    }

    #[test]
    fn what_each_pod_has_and_finds_again() {
        let object = json!({"spec": {"volumeClaimTemplates": [
            {"metadata": {"name": "data"}}, {"metadata": {"name": "logs"}},
        ]}});
        let container = json!({"volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/mysql"}, {"name": "logs", "mountPath": "/logs/"},
            {"name": "scratch", "mountPath": "/var/lib/mysql/tmp"}, {"name": "scratch", "mountPath": "/tmp"},
        ]});
        for (directory, expected) in [
            ("/var/lib/mysql/logs", true),
            ("/logs", true),
            ("/logs/a", true),
            ("/var/lib/mysql/tmp", false),
            ("/tmp", false),
            ("/var/log/mysql", false),
            ("/", false),
        ] {
            assert_eq!(Kept::of(&object, &container, "/var/lib/mysql").holds(directory), expected, "{directory}");
        }
        let bare = Kept::of(&object, &json!({}), "/var/lib/mysql");
        assert!(bare.holds("/var/lib/mysql/logs") && !bare.holds("/var/lib"));
    }
}
