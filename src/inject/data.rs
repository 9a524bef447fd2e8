//! Where the database keeps its data: the directory, and the volume that each pod has for it.

use crate::{
    data_dir::data_dir,
    findings::{Findings, Violation},
    given::given_options,
    json::{Value, list_at, str_at},
    mounts::mount_of,
    names::{DATA_CLAIM, DATA_SUB_PATH},
    object::{by_name, name},
    rule,
    settings::Settings,
    text::shown,
};

/// The data of a pod.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    /// The server's data directory.
    pub(crate) dir: String,
    /// The mount that holds it, for the injected containers.
    pub(crate) mount: Value<'a>,
    /// Is this mount new in the database container too?
    pub(crate) mount_is_new: bool,
    /// The claim template to add.
    pub(crate) claim: Option<Value<'a>>,
}

impl<'a> Data<'a> {
    /// Finds the data of the database container, or plans a claim template for it.
    pub(crate) fn find(
        object: &Value<'a>,
        container: &Value<'a>,
        path: &str,
        is_update: bool,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Option<Self> {
        let dir = find_data_dir(container, path, findings)?;
        let claims = list_at(object, &["spec", "volumeClaimTemplates"]);
        let volumes = list_at(object, &["spec", "template", "spec", "volumes"]);
        let has_claim = |wanted: &str| claims.iter().any(|claim| str_at(claim, &["metadata", "name"]) == wanted);

        if let Some((index, mount)) = mount_of(container, &dir) {
            let path = format!("{path}.volumeMounts[{index}]");
            let volume = name(mount);
            if mount.get("readOnly").is_some_and(Value::is_true) {
                findings.reject(Violation::new(
                    rule::DATA_VOLUME,
                    format!("{path}.readOnly"),
                    "true",
                    "the database cannot write its data",
                    "remove it",
                ));
            }
            if !has_claim(volume) {
                check_plain_volume(volume, by_name(volumes, volume), &path, findings);
            }
            let mut mount = mount.clone();
            if let Some(mount) = mount.as_object_mut() {
                mount.remove("readOnly");
                mount.remove("recursiveReadOnly");
            }
            return Some(Self { dir, mount, mount_is_new: false, claim: None });
        }

        let mount = Value::object([
            ("name", DATA_CLAIM.into()),
            ("mountPath", dir.clone().into()),
            ("subPath", DATA_SUB_PATH.into()),
        ]);
        if has_claim(DATA_CLAIM) {
            return Some(Self { dir, mount, mount_is_new: true, claim: None });
        }
        if by_name(volumes, DATA_CLAIM).is_some() {
            findings.reject(Violation::new(
                rule::RESERVED_NAME,
                "spec.template.spec.volumes",
                format!("a volume named \"{DATA_CLAIM}\""),
                "the claim template that is injected for the database's data has this name",
                format!("give the volume another name, or mount a claim template of your own at {dir}"),
            ));
            return None;
        }
        if is_update {
            findings.reject(Violation::new(
                rule::IMMUTABLE_FIELD,
                "spec.volumeClaimTemplates",
                format!("no claim template that container {} mounts at {dir}", shown(name(container))),
                "the data needs one for each pod, and Kubernetes lets nobody add one to an existing StatefulSet",
                "delete the StatefulSet with --cascade=orphan and create it with the annotation; the data of its pods is on no volume yet, so dump it before",
            ));
            return None;
        }
        let claim = Value::object([
            ("metadata", Value::object([("name", DATA_CLAIM.into())])),
            ("spec", settings.claim_spec()),
        ]);
        Some(Self { dir, mount, mount_is_new: true, claim: Some(claim) })
    }
}

fn find_data_dir(container: &Value, path: &str, findings: &mut Findings) -> Option<String> {
    match data_dir(&given_options(container).given) {
        Ok(dir) => Some(dir.into_owned()),
        Err(given) => {
            findings.reject(Violation::new(
                rule::DATA_VOLUME,
                given.path(path),
                format!("the data directory of {}", given.shown()),
                "the injected containers must mount the same directory, and cannot tell which it is",
                "write an absolute path without variables",
            ));
            None
        }
    }
}

/// A volume of the pod template under the data directory: only some kinds are each pod's own.
fn check_plain_volume(volume: &str, definition: Option<&Value>, path: &str, findings: &mut Findings) {
    let Some(definition) = definition.and_then(Value::as_object) else {
        findings.reject(Violation::new(
            rule::DATA_VOLUME,
            format!("{path}.name"),
            format!("the volume {}, which is defined nowhere", shown(volume)),
            "the data directory needs a volume",
            "add a claim template of this name to spec.volumeClaimTemplates",
        ));
        return;
    };
    if ["emptyDir", "ephemeral", "csi"].iter().any(|kind| definition.contains_key(kind)) {
        findings
            .warn(format!("volume {} under the data directory goes with its pod, and the data with it", shown(volume)));
        return;
    }
    let kind = definition.keys().find(|key| *key != "name").unwrap_or("nothing");
    findings.reject(Violation::new(
        rule::DATA_VOLUME,
        format!("{path}.name"),
        format!("the volume {} ({}) under the data directory", shown(volume), shown(kind)),
        "all pods get the same volume, and several servers on the same files destroy them",
        "use spec.volumeClaimTemplates, which gives each pod a volume of its own",
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn the_deepest_mount_holds_the_data() {
        let container = json!({"volumeMounts": [
            {"name": "root", "mountPath": "/var/lib"}, {"name": "data", "mountPath": "/var/lib/mysql/"},
            {"name": "files", "mountPath": "/var/lib/mysql-files"},
        ]});
        assert_eq!(mount_of(&container, "/var/lib/mysql").map(|(index, _)| index), Some(1));
        assert_eq!(mount_of(&container, "/srv"), None);
    }
}
