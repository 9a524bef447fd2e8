//! The annotations of one StatefulSet: every key, its values, its errors.

use mysql_options::{is_within, nearest};

use crate::{
    field_path::FieldPath,
    findings::{Findings, Violation},
    flavor::{CloneMethod, Flavor},
    halves::Halves,
    json::{Object, Value, at, type_name},
    names::{
        ANNOTATION_PREFIX,
        annotation::{
            ALL, BACKUP_IMAGE, CLONE_METHOD, CONFIG_MAP, CONTAINER, EXEMPT, FLAVOR, INJECT, MAX_REPLICA_LAG_SECONDS,
            PRIMARY_OF, REPLICATION_ACCOUNT, RESTORE_FROM, STATUS,
        },
        may_be_ours,
    },
    rule,
    text::{shown, shown_word},
};

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotations {
    pub(crate) inject: bool,
    pub(crate) container: Option<String>,
    pub(crate) flavor: Option<Flavor>,
    pub(crate) clone_method: Option<CloneMethod>,
    pub(crate) backup_image: Option<String>,
    pub(crate) config_map: Option<String>,
    pub(crate) max_replica_lag_seconds: Option<u32>,
    /// `none` where root is to replicate.
    pub(crate) replication_account: Option<String>,
    /// An ordinal, and never 0.
    pub(crate) restore_from: Option<u32>,
}

impl Annotations {
    /// Reads the annotations of an object; every one of this policy's that is unknown or has a bad value is reported.
    pub(crate) fn read(object: &Value, findings: &mut Findings) -> Self {
        let mut annotations = Self::default();
        let mut others = false;
        for (key, value) in own(object) {
            let Some(text) = value.as_str() else {
                findings.reject_for(rule::ANNOTATION, || Self::no_string(key, value));
                continue;
            };
            others |= !matches!(key, INJECT | EXEMPT | STATUS);
            annotations.take(key, text, findings);
        }
        if others && !annotations.inject {
            findings.warn(format!("annotations {ANNOTATION_PREFIX}* have no effect without inject: \"true\""));
        }
        for (key, _) in entries(at(object, &["spec", "template", "metadata", "annotations"])) {
            findings.reject_for(rule::ANNOTATION, || {
                Violation::new(
                    rule::ANNOTATION,
                    FieldPath::Known("spec.template.metadata.annotations").entry(&format!("{ANNOTATION_PREFIX}{key}")),
                    "an annotation of this policy on the pods",
                    "it has no effect there: every pod would be a database of its own, open for writes",
                    "move it to metadata.annotations",
                )
            });
        }
        if !annotations.inject {
            check_wishes(object, findings);
        }
        annotations
    }

    fn take(&mut self, key: &str, text: &str, findings: &mut Findings) {
        let mut bad = |why: &str, fix: &str| findings.reject(Self::bad_value(key, text, why, fix));
        match key {
            INJECT => match text {
                "true" => self.inject = true,
                "false" => {}
                _ => bad("it is either true or false", "write \"true\" or \"false\""),
            },
            CONTAINER if is_label(text) => self.container = Some(text.to_owned()),
            CONTAINER => bad("it is no container's name", "write the name of the database container"),
            FLAVOR => match Flavor::from_name(text) {
                Some(flavor) => self.flavor = Some(flavor),
                None => bad("it is no flavor that this policy knows", &one_of(&Flavor::NAMES)),
            },
            CLONE_METHOD => match CloneMethod::from_name(text) {
                Some(method) => self.clone_method = Some(method),
                None => bad("it is no clone method that this policy knows", &one_of(&CloneMethod::NAMES)),
            },
            BACKUP_IMAGE if is_image(text) => self.backup_image = Some(text.to_owned()),
            BACKUP_IMAGE => bad("it is no image reference", "write one, such as \"percona/percona-xtrabackup:8.0\""),
            CONFIG_MAP if is_subdomain(text) => self.config_map = Some(text.to_owned()),
            CONFIG_MAP => bad("it is no ConfigMap's name", "write the name of a ConfigMap in the same namespace"),
            MAX_REPLICA_LAG_SECONDS => match text.parse() {
                Ok(seconds) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                    self.max_replica_lag_seconds = Some(seconds);
                }
                _ => bad("it is no whole number of seconds", "write one, such as \"30\""),
            },
            REPLICATION_ACCOUNT if is_account(text) => self.replication_account = Some(text.to_owned()),
            REPLICATION_ACCOUNT => bad(
                "it is no beginning of an account's name",
                "write up to 12 lower-case letters, digits and _, a letter first, or \"none\" to replicate as root",
            ),
            RESTORE_FROM => match text.parse() {
                Ok(0) => bad("pod 0 is the one that takes the data", "write the ordinal of a replica that has it"),
                Ok(ordinal) if !text.starts_with('+') => self.restore_from = Some(ordinal),
                _ => bad("it is no ordinal", "write the number of the replica that has the data, such as \"1\""),
            },
            PRIMARY_OF => bad("it goes with a Service, not with a StatefulSet", "remove it here"),
            // [`crate::exemptions`] reads it
            EXEMPT | STATUS => {}
            unknown => findings.reject_for(rule::ANNOTATION, || Self::unknown(unknown)),
        }
    }

    fn unknown(key: &str) -> Violation {
        Violation::new(
            rule::ANNOTATION,
            Self::path(key),
            "an annotation that this policy does not know",
            "what it was meant to set would silently not be set",
            nearest(key, &ALL).map_or_else(
                || format!("remove it; known are {}", ALL.join(", ")),
                |meant| format!("did you mean {ANNOTATION_PREFIX}{meant}?"),
            ),
        )
    }

    /// A violation for a value that is no string.
    fn no_string(key: &str, value: &Value) -> Violation {
        Violation::new(
            rule::ANNOTATION,
            Self::path(key),
            format!("found {}", type_name(value)),
            "the values of annotations are strings",
            if let Value::Bool(value) = value {
                format!("put it in quotes: \"{value}\"")
            } else {
                "put it in quotes".to_owned()
            },
        )
    }

    /// A violation for a key's value, with the value.
    pub(crate) fn bad_value(key: &str, value: &str, why: &str, fix: &str) -> Violation {
        Violation::new(
            rule::ANNOTATION,
            Self::path(key),
            format!("found {}", shown_word(value)),
            why.to_owned(),
            fix.to_owned(),
        )
    }

    /// The field path of a key.
    pub(crate) fn path(key: &str) -> String {
        FieldPath::Known("metadata.annotations").entry(&format!("{ANNOTATION_PREFIX}{key}")).to_string()
    }
}

/// Reports this policy's annotations that have no place on an object of a kind that is no StatefulSet, and returns the
/// value of `primary-of`, which goes with Services.
pub(crate) fn check_other_kind<'v>(kind: &str, object: &'v Value, findings: &mut Findings) -> Option<&'v str> {
    let mut primary_of = None;
    for (key, value) in own(object) {
        match (key, value.as_str()) {
            (_, None) => findings.reject_for(rule::ANNOTATION, || Annotations::no_string(key, value)),
            (EXEMPT, Some(_)) => {}
            (PRIMARY_OF, Some(name)) if kind == "Service" => {
                if is_subdomain(name) {
                    primary_of = Some(name);
                } else {
                    let why = "it is no StatefulSet's name";
                    findings.reject(Annotations::bad_value(PRIMARY_OF, name, why, "write the name of a StatefulSet"));
                }
            }
            (known, Some(text)) if ALL.contains(&known) => findings.reject(Annotations::bad_value(
                known,
                text,
                &format!(
                    "it goes with a {}, not with a {kind}",
                    if known == PRIMARY_OF { "Service" } else { "StatefulSet" }
                ),
                "remove it here",
            )),
            (unknown, Some(_)) => findings.reject_for(rule::ANNOTATION, || Annotations::unknown(unknown)),
        }
    }
    primary_of
}

/// This policy's annotations of an object, without their prefix.
pub(crate) fn own<'v, 'a>(object: &'v Value<'a>) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    entries(at(object, &["metadata", "annotations"]))
}

/// The StatefulSet to whose primary a Service is to lead.
pub(crate) fn primary_of<'v>(service: &'v Value) -> Option<&'v str> {
    own(service).find(|(key, _)| *key == PRIMARY_OF)?.1.as_str()
}

/// Is a StatefulSet this policy's?
pub(crate) fn is_managed(statefulset: &Value) -> bool {
    own(statefulset).any(|(key, value)| key == INJECT && value.as_str() == Some("true"))
}

/// Could a StatefulSet of a list be this policy's?
pub(crate) fn may_be_managed(statefulset: &Value) -> bool {
    matches!(at(statefulset, &["metadata", "annotations"]), Some(Value::Raw(text)) if may_be_ours(text))
}

fn entries<'v, 'a>(annotations: Option<&'v Value<'a>>) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    annotations
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Object::iter)
        .filter_map(|(key, value)| key.strip_prefix(ANNOTATION_PREFIX).map(|key| (key, value)))
}

/// Reports what was surely meant to be the annotation `inject`, and is none: a label, as others' `inject` is one, or a
/// key with a slip in its domain. Whoever wrote it believes in replicas.
fn check_wishes(object: &Value, findings: &mut Findings) {
    const PLACES: [&[&str]; 4] = [
        &["metadata", "annotations"],
        &["metadata", "labels"],
        &["spec", "template", "metadata", "annotations"],
        &["spec", "template", "metadata", "labels"],
    ];
    for place in PLACES {
        let is_annotation = place.ends_with(&["annotations"]);
        for (key, value) in at(object, place).and_then(Value::as_object).into_iter().flat_map(Object::iter) {
            // the right keys of annotations have been looked at
            if !is_wish(key) || (is_annotation && key.starts_with(ANNOTATION_PREFIX)) || value.as_str() == Some("false")
            {
                continue;
            }
            findings.reject_for(rule::ANNOTATION, || {
                Violation::new(
                    rule::ANNOTATION,
                    format!("{}[{}]", place.join("."), shown(key)),
                    if is_annotation { "a key that this policy does not know" } else { "a label" },
                    "it has no effect there: every pod would be a database of its own, open for writes",
                    format!(
                        "write the annotation {ANNOTATION_PREFIX}{INJECT}: \"true\" into metadata.annotations, or \
                        remove it"
                    ),
                )
            });
        }
    }
}

/// Is a key `inject` of this policy's domain, or of one that is meant to be it?
fn is_wish(key: &str) -> bool {
    let Some((domain, name)) = key.last_halves('/') else { return false };
    if !name.eq_ignore_ascii_case(INJECT) || domain.len() > 64 {
        return false;
    }
    let domain = domain.to_ascii_lowercase();
    let right = ANNOTATION_PREFIX.trim_end_matches('/');
    // with another database's name in front, or with nothing
    let is_of_project = domain == "kubewarden.io" || domain.ends_with("replication.kubewarden.io");
    is_of_project || is_within(2, domain.as_bytes(), right.as_bytes())
}

fn one_of(names: &[&str]) -> String {
    format!("write one of {}", names.join(", "))
}

/// What is put behind it leaves 12 of the 32 characters that MySQL has for a name.
fn is_account(text: &str) -> bool {
    (1..=12).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Kubernetes' DNS label (RFC 1123).
pub(crate) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Kubernetes' DNS subdomain (RFC 1123).
pub(crate) fn is_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(is_label)
}

/// Not the whole grammar: enough to tell a slip from an image.
pub(crate) fn is_image(text: &str) -> bool {
    (1..=1024).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/:@._-+".contains(&byte))
        && text.as_bytes()[0].is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn read(annotations: &Value) -> (Annotations, Findings) {
        let mut findings = Findings::default();
        let read = Annotations::read(&json!({"metadata": {"annotations": annotations}}), &mut findings);
        (read, findings)
    }

    fn key(name: &str) -> String {
        format!("{ANNOTATION_PREFIX}{name}")
    }

    #[test]
    fn all_values_are_read() {
        let (read, findings) = read(&json!({
            key("inject"): "true", key("container"): "db", key("flavor"): "mysql-8.0", key("clone-method"): "clone-plugin",
            key("backup-image"): "r.example:5000/x:1@sha256:ab", key("config-map"): "a.b", key("max-replica-lag-seconds"): "30",
            key("status"): "whatever", "other/inject": 5,
        }));
        assert!(findings.violations.is_empty(), "{findings:?}");
        assert!(read.inject);
        assert_eq!(read.container.as_deref(), Some("db"));
        assert_eq!(read.flavor, Some(Flavor::Mysql80));
        assert_eq!(read.clone_method, Some(CloneMethod::ClonePlugin));
        assert_eq!(read.config_map.as_deref(), Some("a.b"));
        assert_eq!(read.max_replica_lag_seconds, Some(30));
    }

    #[test]
    fn every_bad_one_is_named() {
        let (_, findings) = read(&json!({
            key("inject"): true, key("container"): "Db_", key("flavor"): "mysql-8", key("clone-method"): "mysqldump",
            key("backup-image"): "a b", key("config-map"): "A", key("max-replica-lag-seconds"): "+3",
            key("primary-of"): "mysql", key("clone_method"): "xtrabackup",
        }));
        assert_eq!(findings.violations.len(), 9, "{findings:?}");
        assert!(findings.violations.iter().all(|violation| violation.rule == rule::ANNOTATION));
        let fixes: Vec<_> = findings.violations.iter().map(|violation| violation.fix.as_ref()).collect();
        assert!(fixes.contains(&"put it in quotes: \"true\""), "{fixes:?}");
        assert!(fixes.contains(&"did you mean mysql-replication.kubewarden.io/clone-method?"), "{fixes:?}");
    }

    #[test]
    fn an_annotation_on_the_pods_is_misplaced() {
        let mut findings = Findings::default();
        let object = json!({"spec": {"template": {"metadata": {"annotations": {key("inject"): "true"}}}}});
        Annotations::read(&object, &mut findings);
        assert_eq!(findings.violations.len(), 1);
    }

    #[test]
    fn a_wish_is_told_from_what_others_inject() {
        for (key, expected) in [
            ("mysql-replication.kubewarden.io/inject", true),
            ("MySQL-Replication.Kubewarden.IO/Inject", true),
            ("mysql-replication.kubewarden.com/inject", true),
            ("mysql-replicaton.kubwarden.io/inject", true),
            ("mysql.replication.kubewarden.io/inject", true),
            ("mysqlreplication.kubewarden.io/inject", true),
            ("mariadb-replication.kubewarden.io/inject", true),
            ("kubewarden.io/inject", true),
            ("sidecar.istio.io/inject", false),
            ("sidecar.opentelemetry.io/inject", false),
            ("linkerd.io/inject", false),
            ("mysql-operator.example/inject", false),
            ("inject", false),
            ("mysql-replication.kubewarden.io/injected-by", false),
        ] {
            assert_eq!(is_wish(key), expected, "{key}");
        }
    }

    #[test]
    fn a_wish_in_the_wrong_place_is_told_where_there_is_none_in_the_right_one() {
        let found = |object: Value| {
            let mut findings = Findings::default();
            Annotations::read(&object, &mut findings);
            findings.violations.into_iter().map(|violation| violation.path.into_owned()).collect::<Vec<_>>()
        };
        let label = json!({key("inject"): "true"});
        assert_eq!(
            found(json!({"metadata": {"labels": label}})),
            [r#"metadata.labels["mysql-replication.kubewarden.io/inject"]"#]
        );
        assert_eq!(found(json!({"spec": {"template": {"metadata": {"labels": label}}}})).len(), 1);
        assert_eq!(
            found(json!({"metadata": {"annotations": {"MYSQL-REPLICATION.kubewarden.io/inject": "true"}}})).len(),
            1
        );
        assert!(found(json!({"metadata": {"labels": {key("inject"): "false"}}})).is_empty());
        assert!(found(json!({"metadata": {"labels": label, "annotations": label}})).is_empty());
    }
}
