//! The database of a StatefulSet: which container runs it, what its image and the annotations say that it is, and what
//! goes with that.

use crate::{
    annotations::Annotations,
    cluster::Cluster,
    config_maps::ConfigMaps,
    field_path::{CONTAINERS, FieldPath},
    findings::{Findings, Violation},
    flavor::{CloneMethod, Family, Flavor, is_database, unsupported},
    given::{Options, given_options},
    image::{Image, Version},
    json::{Value, at, list_at, str_at},
    names::{self, ANNOTATION_PREFIX, DATABASE_CONTAINER, SIDECAR_CONTAINER, annotation},
    object::name,
    rule,
    text::shown,
};
use mysql_options::ServerOption;
use std::{borrow::Cow, cell::OnceCell};

/// The container that runs the database: the one that the annotation names, else the one named `mysql`, else the only
/// one whose image is a known database.
fn container<'v, 'a>(
    pod: &'v Value<'a>,
    annotations: &Annotations,
    findings: &mut Findings,
) -> Option<(usize, &'v Value<'a>)> {
    let containers = list_at(pod, &["containers"]);
    let candidates = || containers.iter().enumerate().filter(|(_, container)| name(container) != SIDECAR_CONTAINER);
    let names = || {
        let names: Vec<_> = candidates().map(|(_, container)| shown(name(container))).take(10).collect();
        if names.is_empty() {
            "there is no container".to_owned()
        } else {
            format!("the containers are {}", names.join(", "))
        }
    };
    if let Some(wanted) = &annotations.container {
        let found = candidates().find(|(_, container)| name(container) == wanted);
        if found.is_none() {
            findings.reject(Violation::new(
                rule::DATABASE_CONTAINER,
                Annotations::path(annotation::CONTAINER),
                format!("found {}", shown(wanted)),
                format!("no container has this name; {}", names()),
                "write the name of the database container",
            ));
        }
        return found;
    }
    if let Some(found) = candidates().find(|(_, container)| name(container) == DATABASE_CONTAINER) {
        return Some(found);
    }
    let mut known = candidates().filter(|(_, container)| is_database(str_at(container, &["image"])));
    match (known.next(), known.next()) {
        (Some(only), None) => Some(only),
        (first, _) => {
            findings.reject(Violation::new(
                rule::DATABASE_CONTAINER,
                "spec.template.spec.containers",
                names(),
                if first.is_some() {
                    "more than one of their images is a known database"
                } else {
                    "none is named mysql, and none of their images is a known database"
                },
                format!("name the database container in the annotation {}{}", ANNOTATION_PREFIX, annotation::CONTAINER),
            ));
            None
        }
    }
}

/// The database container of a pod, and what it runs.
pub(crate) struct Found<'v, 'a> {
    pub(crate) pod: &'v Value<'a>,
    pub(crate) container: &'v Value<'a>,
    /// The container's field.
    pub(crate) path: FieldPath<'static>,
    /// `None` where the image does not tell, which is among the findings then.
    pub(crate) database: Option<Database>,
    /// Those of its namespace.
    pub(crate) config_maps: ConfigMaps<'v>,
    given: OnceCell<Options<'v>>,
}

impl<'v, 'a> Found<'v, 'a> {
    pub(crate) fn new(
        pod: &'v Value<'a>,
        container: &'v Value<'a>,
        path: FieldPath<'static>,
        database: Option<Database>,
    ) -> Self {
        Self { pod, container, path, database, config_maps: ConfigMaps::default(), given: OnceCell::new() }
    }

    /// The same in a namespace whose `ConfigMap`s may be looked up.
    pub(crate) fn within(self, config_maps: ConfigMaps<'v>) -> Self {
        Self { config_maps, ..self }
    }

    /// The same, as another look at the cluster shows its `ConfigMap`s.
    pub(crate) fn anew<'n>(&self, cluster: &'n Cluster<'n>) -> Found<'n, 'a>
    where
        'v: 'n,
    {
        Found::new(self.pod, self.container, self.path, self.database).within(self.config_maps.anew(cluster))
    }

    /// The words that the server is started with, found once.
    pub(crate) fn given(&self) -> &Options<'v> {
        self.given.get_or_init(|| given_options(self.container, &self.config_maps))
    }

    /// What a variable of the server's own holds, if that is known and not empty; MariaDB has another name for each of
    /// MySQL's, which counts first.
    #[inline(never)]
    pub(crate) fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.database.is_some_and(|database| database.flavor == Flavor::Mariadb)
            && let Some(rest) = name.strip_prefix("MYSQL")
            && let Some(value) = self.variable(&["MARIADB", rest].concat())
        {
            return Some(value);
        }
        let variables = &self.given().variables;
        let place = variables.names.last(name, 0..variables.values.len())?;
        variables.value(place, 0, &self.config_maps, &mut None).filter(|value| !value.is_empty())
    }

    /// What stands behind the names of the groups that the server reads too: an argument's, or else a variable's.
    pub(crate) fn group_suffix(&self) -> Option<Cow<'_, str>> {
        let options = self.given().given.iter().rev().filter_map(|given| ServerOption::from_argument(&given.text));
        let told = options.filter(|option| option.is("defaults-group-suffix")).find_map(|option| option.value);
        told.map(Cow::Borrowed).or_else(|| self.variable("MYSQL_GROUP_SUFFIX"))
    }

    /// Looks for the database container of a StatefulSet's pods; what stands in the way is reported.
    pub(crate) fn find(statefulset: &'v Value<'a>, annotations: &Annotations, findings: &mut Findings) -> Option<Self> {
        let pod = at(statefulset, &["spec", "template", "spec"])?;
        let (index, container) = container(pod, annotations, findings)?;
        let path = CONTAINERS.element(index);
        let image = str_at(container, &["image"]);
        let database = Database::detect(image, &path.field("image"), annotations, findings);
        Some(Self::new(pod, container, path, database))
    }
}

/// The database of a StatefulSet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) flavor: Flavor,
    pub(crate) family: Family,
    pub(crate) clone_method: CloneMethod,
    version: Version,
}

impl Database {
    /// The database of an image without annotations.
    #[cfg(test)]
    pub(crate) fn of(image: &str) -> Self {
        Self::detect(image, &FieldPath::Object, &Annotations::default(), &mut Findings::default()).unwrap()
    }

    /// Tells the database from its image and the annotations; `path` is the image's field.
    pub(crate) fn detect(
        image: &str,
        path: &FieldPath,
        annotations: &Annotations,
        findings: &mut Findings,
    ) -> Option<Self> {
        let parsed = Image::parse(image);
        if let Some(why) = unsupported(&parsed) {
            findings.reject(Violation::new(
                rule::UNSUPPORTED_IMAGE,
                *path,
                format!("the image {}", shown(image)),
                format!("{why}: the read-only setting of replicas would never reach the server"),
                "use the official mysql or mariadb image, or percona/percona-server",
            ));
            return None;
        }
        let version = parsed.version();
        let named = Family::named(&parsed);
        let flavor = if let Some(told) = annotations.flavor {
            if let Some((why, is_sure)) = contradiction(told, image, &parsed) {
                if is_sure {
                    let fix = "remove the annotation, or write the flavor of the image";
                    findings.reject(Annotations::bad_value(names::annotation::FLAVOR, told.name(), &why, fix));
                    return None;
                }
                findings.warn(format!("annotation flavor: {}? {why}", told.name()));
            }
            told
        } else {
            let Some(family) = Family::of(&parsed) else {
                findings.reject(Violation::new(
                    rule::UNKNOWN_FLAVOR,
                    *path,
                    if image.is_empty() { "no image".to_owned() } else { format!("the image {}", shown(image)) },
                    "only the official images of mysql, mariadb and percona, percona/percona-server, and mirrors of \
                        them are known",
                    format!(
                        "{}, if the image does as the official one: it reads {} last, takes MYSQL_ROOT_PASSWORD, \
                            keeps its data in {}",
                        fix_unknown(version),
                        if named == Some(Family::Percona) { names::PERCONA_CONF_DIR } else { names::CONF_DIR },
                        names::DATA_DIR
                    ),
                ));
                return None;
            };
            match detect_flavor(family, &parsed, findings) {
                Ok(flavor) => flavor,
                Err(Unknown { found, fix }) => {
                    let fix = fix.map_or_else(|| fix_unknown(version), ToOwned::to_owned);
                    let why = "how replication is set up differs between versions";
                    findings.reject(Violation::new(rule::UNKNOWN_FLAVOR, *path, found, why, fix));
                    return None;
                }
            }
        };
        let family = named.unwrap_or(if flavor == Flavor::Mariadb { Family::Mariadb } else { Family::Mysql });
        let clone_method = annotations.clone_method.unwrap_or_else(|| flavor.default_clone_method());
        let database = Self { flavor, family, clone_method, version };
        database.check_clone_method(annotations, findings);
        Some(database)
    }

    /// MySQL manual, "The Clone Plugin": since 8.0.17.
    fn check_clone_method(&self, annotations: &Annotations, findings: &mut Findings) {
        if self.clone_method != CloneMethod::ClonePlugin {
            return;
        }
        let Version { major, minor, patch } = self.version;
        let too_old = self.flavor == Flavor::Mysql80
            && (major, minor) == (Some(8), Some(0))
            && patch.is_some_and(|patch| patch < 17);
        if matches!(self.flavor, Flavor::Mysql57 | Flavor::Mariadb) || too_old {
            findings.reject(Violation::new(
                rule::CLONE_METHOD,
                Annotations::path(names::annotation::CLONE_METHOD),
                format!("\"clone-plugin\" for {}", self.flavor.name()),
                "only MySQL from 8.0.17 on has the clone plugin",
                "write \"xtrabackup\" or remove the annotation",
            ));
        }
        if annotations.backup_image.is_some() {
            findings.reject(Violation::new(
                rule::CLONE_METHOD,
                Annotations::path(names::annotation::BACKUP_IMAGE),
                "an image beside the clone method clone-plugin",
                "the plugin clones between servers of one version, so it runs in the database's own image",
                "remove the annotation",
            ));
        }
    }

    /// MariaDB's server stops at `super_read_only`, unless it is one of version 12 on.
    pub(crate) fn knows_super_read_only(&self) -> bool {
        self.flavor != Flavor::Mariadb || self.version.major.is_some_and(|major| major >= 12)
    }

    /// Do the values that MariaDB's `read-only` has from version 12 on close its server? One that the image does not
    /// tell may be such a version.
    pub(crate) fn knows_no_lock(&self) -> bool {
        self.flavor == Flavor::Mariadb && self.version.major.is_none_or(|major| major >= 12)
    }

    /// As much of the version as the image tells.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The folder of option files that the server reads last.
    pub(crate) fn conf_dir(&self) -> &'static str {
        if self.family == Family::Percona { names::PERCONA_CONF_DIR } else { names::CONF_DIR }
    }

    /// The user of injected containers where the workload names none. The official images start as root and give
    /// the data to their own user; percona's start as their own, with this number (its Dockerfile).
    pub(crate) fn default_user(&self) -> i64 {
        if self.family == Family::Percona { 1001 } else { 0 }
    }

    /// The image with the backup tool, where neither annotation nor settings name one. `None`: none is known to fit.
    pub(crate) fn default_backup_image<'a>(&self, database_image: &'a str) -> Option<&'a str> {
        match (self.clone_method, self.flavor) {
            (CloneMethod::ClonePlugin, _) | (_, Flavor::Mariadb) => Some(database_image),
            (_, Flavor::Mysql57) => Some("percona/percona-xtrabackup:2.4"),
            (_, Flavor::Mysql80) => Some("percona/percona-xtrabackup:8.0"),
            (_, Flavor::Mysql84) => match (self.version.major, self.version.minor) {
                (Some(8), Some(4)) => Some("percona/percona-xtrabackup:8.4"),
                _ => None,
            },
        }
    }
}

/// What in an image contradicts the flavor that it is said to have, and whether it surely does. A tag is the database's
/// version where the image is known; others may count otherwise. One of a series that moves says nothing.
fn contradiction(told: Flavor, image: &str, parsed: &Image) -> Option<(String, bool)> {
    let named = Family::named(parsed);
    if let Some(named) = named
        && (told == Flavor::Mariadb) != (named == Family::Mariadb)
    {
        return Some((format!("the image {} is another database", shown(image)), true));
    }
    let version = parsed.version();
    let is_other = match Flavor::of_mysql(version) {
        Some(flavor) => flavor != told,
        None => version.major == Some(5) && version.minor.is_some(),
    };
    let is_sure = Family::of(parsed).is_some();
    let may_be_version = version.minor.is_some() && version.major < Some(10);
    (told != Flavor::Mariadb && is_other && (is_sure || may_be_version))
        .then(|| (format!("the tag of the image {} says another version", shown(image)), is_sure))
}

fn fix_unknown(version: Version) -> String {
    // MariaDB's versions go on from 10
    let likely = Flavor::of_mysql(version).filter(|_| version.major < Some(10));
    let [likely, or] = likely.map_or([""; 2], |likely| [likely.name(), ", as the tag says, or "]);
    format!(
        "set the annotation {}{} to {likely}{or}one of {}",
        names::ANNOTATION_PREFIX,
        names::annotation::FLAVOR,
        Flavor::NAMES.join(", ")
    )
}

/// Why a known image does not tell a flavor.
struct Unknown {
    found: String,
    /// `None`: the annotation helps.
    fix: Option<&'static str>,
}

impl Unknown {
    fn untold(found: impl Into<String>) -> Self {
        Self { found: found.into(), fix: None }
    }

    fn unsupported(image: &Image, fix: &'static str) -> Self {
        let tag = shown(image.tag.unwrap_or_default());
        Self { found: format!("the tag {tag} of a version that is not supported"), fix: Some(fix) }
    }
}

/// The flavor of a known image by its tag, or what stands in the way.
fn detect_flavor(family: Family, image: &Image, findings: &mut Findings) -> Result<Flavor, Unknown> {
    let version = image.version();
    if family == Family::Mariadb {
        return match (version.major, version.minor) {
            (Some(..=9), _) | (Some(10), Some(0 | 1)) => {
                Err(Unknown::unsupported(image, "use MariaDB 10.2 or later, which has mariadb-backup"))
            }
            _ => Ok(Flavor::Mariadb),
        };
    }
    if let Some(flavor) = Flavor::of_mysql(version) {
        return Ok(flavor);
    }
    if version.major.is_some_and(|major| major <= 7) {
        return Err(Unknown::unsupported(image, "use MySQL 5.7, 8.0, 8.4 or later"));
    }
    let moving = match image.tag {
        None if image.digest.is_some() => {
            return Err(Unknown::untold("an image by digest only, which tells no version"));
        }
        None => "latest",
        Some(tag @ ("latest" | "lts" | "innovation" | "oracle" | "oraclelinux9" | "8")) => tag,
        Some(tag) => return Err(Unknown::untold(format!("the tag {}, which tells no version", shown(tag)))),
    };
    if family == Family::Percona {
        return Err(Unknown::untold(format!("the tag {}, which stands for changing versions", shown(moving))));
    }
    findings.warn(format!(
        "image tag \"{moving}\" moves: pods may get different MySQL versions; taken for 8.4 or later, pin a version"
    ));
    Ok(Flavor::Mysql84)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flavor(image: &str) -> Option<Flavor> {
        Database::detect(image, &FieldPath::Known("image"), &Annotations::default(), &mut Findings::default())
            .map(|database| database.flavor)
    }

    #[test]
    fn flavors_by_image() {
        for (image, expected) in [
            ("mysql:5.7", Some(Flavor::Mysql57)),
            ("mysql:5.7.44-debian", Some(Flavor::Mysql57)),
            ("mysql:8.0", Some(Flavor::Mysql80)),
            ("registry.example:5000/library/mysql:8.0.36", Some(Flavor::Mysql80)),
            ("registry.example:5000/mysql", Some(Flavor::Mysql84)),
            ("mysql:8.4.3@sha256:ab", Some(Flavor::Mysql84)),
            ("mysql:8", Some(Flavor::Mysql84)),
            ("mysql:9.7", Some(Flavor::Mysql84)),
            ("mysql", Some(Flavor::Mysql84)),
            ("mysql@sha256:ab", None),
            ("mysql:5.6", None),
            ("mysql:mine", None),
            ("percona/percona-server:8.0.36-28.1", Some(Flavor::Mysql80)),
            ("percona:5.7", Some(Flavor::Mysql57)),
            ("percona", None),
            ("mariadb:10.11", Some(Flavor::Mariadb)),
            ("mariadb:11.8-noble", Some(Flavor::Mariadb)),
            ("mariadb@sha256:ab", Some(Flavor::Mariadb)),
            ("mariadb:10.1", None),
            ("bitnami/mysql:8.0", None),
            ("registry.example/bitnamilegacy/mariadb:11", None),
            ("linuxserver/mariadb:10.11", None),
            ("registry.example/team/mysql:8.0", None),
            ("example/mysql-with-tools:8.0", None),
            ("", None),
        ] {
            assert_eq!(flavor(image), expected, "{image}");
        }
    }

    #[test]
    fn what_is_told_of_an_image_must_fit_its_tag() {
        for (image, told, fits) in [
            ("mysql:8.4", Flavor::Mysql80, false),
            ("registry.example/library/mysql:5.7.44", Flavor::Mysql84, false),
            ("mysql:5.6", Flavor::Mysql57, false),
            ("percona/percona-server:8.0@sha256:ab", Flavor::Mysql57, false),
            ("mysql:8.0", Flavor::Mariadb, false),
            ("mariadb:11", Flavor::Mysql80, false),
            ("mysql:8.0.36", Flavor::Mysql80, true),
            ("mysql:5", Flavor::Mysql57, true),
            ("mysql:latest", Flavor::Mysql80, true),
            ("mysql@sha256:ab", Flavor::Mysql57, true),
            ("mariadb:10.11", Flavor::Mariadb, true),
            ("registry.example/team/mysql:8.4", Flavor::Mysql80, true),
            ("registry.example/team/db:1", Flavor::Mariadb, true),
            ("mysql/mysql-server:8.0", Flavor::Mysql80, false),
        ] {
            let annotations = Annotations { flavor: Some(told), ..Annotations::default() };
            let database = Database::detect(image, &FieldPath::Known("image"), &annotations, &mut Findings::default());
            assert_eq!(database.map(|database| database.flavor), fits.then_some(told), "{image}");
        }
    }

    #[test]
    fn a_tag_of_an_unknown_publisher_that_says_another_version_is_a_hint() {
        for (image, told, is_warned) in [
            ("registry.example/team/mysql:8.0.36", Flavor::Mysql84, true),
            ("registry.example/team/db:8.4", Flavor::Mysql80, true),
            ("registry.example/team/mysql:5.6.1", Flavor::Mysql57, true),
            ("registry.example/team/mysql:8.0.36", Flavor::Mysql80, false),
            ("registry.example/team/mysql:9", Flavor::Mysql80, false),
            ("registry.example/team/mysql:1.4.2", Flavor::Mysql80, false),
            ("registry.example/team/mysql:2024.10", Flavor::Mysql80, false),
            ("registry.example/team/db:10.11", Flavor::Mysql80, false),
            ("registry.example/team/db:8.0", Flavor::Mariadb, false),
        ] {
            let annotations = Annotations { flavor: Some(told), ..Annotations::default() };
            let mut findings = Findings::default();
            let database = Database::detect(image, &FieldPath::Known("image"), &annotations, &mut findings);
            assert_eq!(database.map(|database| database.flavor), Some(told), "{image}");
            assert_eq!(findings.warnings.len(), usize::from(is_warned), "{image}: {:?}", findings.warnings);
        }
    }

    #[test]
    fn what_is_likely_is_proposed() {
        let fix = |image: &str| {
            let mut findings = Findings::default();
            Database::detect(image, &FieldPath::Known("image"), &Annotations::default(), &mut findings);
            findings.violations.remove(0).fix.into_owned()
        };
        assert!(
            fix("registry.example/team/mysql:8.0.36").contains("/flavor to mysql-8.0, as the tag says, or one of ")
        );
        assert!(fix("registry.example/team/db:11.4").contains("/flavor to one of "));
        assert!(fix("mysql@sha256:ab").contains("/flavor to one of "));
    }

    #[test]
    fn backup_images_by_version() {
        let backup = |image: &str| {
            let annotations = Annotations { clone_method: Some(CloneMethod::Xtrabackup), ..Annotations::default() };
            Database::detect(image, &FieldPath::Known("image"), &annotations, &mut Findings::default())
                .and_then(|database| database.default_backup_image(image).map(ToOwned::to_owned))
        };
        assert_eq!(backup("mysql:5.7").as_deref(), Some("percona/percona-xtrabackup:2.4"));
        assert_eq!(backup("mysql:8.0").as_deref(), Some("percona/percona-xtrabackup:8.0"));
        assert_eq!(backup("mysql:8.4.3").as_deref(), Some("percona/percona-xtrabackup:8.4"));
        assert_eq!(backup("mysql:9.1"), None);
        assert_eq!(backup("mariadb:11").as_deref(), Some("mariadb:11"));
    }
}
