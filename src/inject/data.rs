//! Where the database keeps its data: the directory, and the volume that each pod has for it.

use std::borrow::Cow;

use crate::{
    data_dir::data_dir,
    database::Found,
    field_path::FieldPath,
    findings::{Findings, Violation},
    given::Given,
    json::{Value, list_at, str_at},
    mounts::mount_of,
    name_index::NameIndex,
    names::{DATA_CLAIM, DATA_SUB_PATH},
    object::{by_name, name},
    rule,
    settings::Settings,
    text::shown,
    variables::expand_as_kubelet,
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
        found: &Found<'_, 'a>,
        is_update: bool,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Option<Self> {
        let Found { container, path, .. } = found;
        let dir = find_data_dir(&found.given().given, path, findings)?;
        let claims = list_at(object, &["spec", "volumeClaimTemplates"]);
        let volumes = list_at(object, &["spec", "template", "spec", "volumes"]);
        let has_claim = |wanted: &str| claims.iter().any(|claim| str_at(claim, &["metadata", "name"]) == wanted);

        if let Some((index, mount)) = mount_of(container, &dir) {
            let mounts = path.field("volumeMounts");
            let path = mounts.element(index);
            let volume = name(mount);
            if mount.get("readOnly").is_some_and(Value::is_true) {
                findings.reject(Violation::new(
                    rule::DATA_VOLUME,
                    path.field("readOnly"),
                    "true",
                    "the database cannot write its data",
                    "remove it",
                ));
            }
            if !has_claim(volume) {
                let has_own_folder = is_each_pods_own(mount, container);
                check_plain_volume(volume, by_name(volumes, volume), has_own_folder, &path, findings);
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
                "each pod needs one, and Kubernetes lets nobody add one to an existing StatefulSet",
                "dump the data, which is on no volume yet; then delete the StatefulSet with --cascade=orphan, \
                    and create it with the annotation",
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

fn find_data_dir(given: &[Given], path: &FieldPath, findings: &mut Findings) -> Option<String> {
    match data_dir(given) {
        Ok(dir) => Some(dir.into_owned()),
        Err(given) => {
            findings.reject(Violation::new(
                rule::DATA_VOLUME,
                given.path(path),
                format!("the data directory of {}", given.shown()),
                "the injected containers must mount it, and cannot tell which it is",
                "give --datadir an absolute path here, without variables",
            ));
            None
        }
    }
}

/// A volume of the pod template under the data directory: only some kinds are each pod's own.
fn check_plain_volume(
    volume: &str,
    definition: Option<&Value>,
    has_own_folder: bool,
    path: &FieldPath,
    findings: &mut Findings,
) {
    let Some(definition) = definition.and_then(Value::as_object) else {
        findings.reject(Violation::new(
            rule::DATA_VOLUME,
            path.field("name"),
            format!("the volume {}, which is defined nowhere", shown(volume)),
            "the data directory needs a volume",
            "add a claim template of this name to spec.volumeClaimTemplates",
        ));
        return;
    };
    if ["emptyDir", "ephemeral", "csi"].iter().any(|kind| definition.contains_key(kind)) {
        findings.warn(format!("{path}: data on volume {} goes with its pod; use volumeClaimTemplates", shown(volume)));
        return;
    }
    if has_own_folder && ["persistentVolumeClaim", "nfs"].iter().any(|kind| definition.contains_key(kind)) {
        return;
    }
    let kind = definition.keys().find(|key| *key != "name").unwrap_or("nothing");
    findings.reject(Violation::new(
        rule::DATA_VOLUME,
        path.field("name"),
        format!("the volume {} ({}) under the data directory", shown(volume), shown(kind)),
        "all pods get the same volume, and several servers on the same files destroy them",
        "use spec.volumeClaimTemplates, or mount a folder of the pod's name with subPathExpr",
    ));
}

/// Is a mount a folder of the pod's own in a volume of all? Its `subPathExpr` must hold the pod's name, by a variable
/// or by one that is made from it (Kubernetes documentation, "Using subPath with expanded environment variables"); a
/// variable is made from those before it, and of one name the last one counts.
fn is_each_pods_own(mount: &Value, container: &Value) -> bool {
    let folder = str_at(mount, &["subPathExpr"]);
    if folder.is_empty() {
        return false;
    }
    let env = list_at(container, &["env"]);
    let names = NameIndex::of(env);
    let mut has_pods_name: Vec<bool> = Vec::new();
    let holds = |text: &str, has_pods_name: &[bool]| {
        let mut holds = false;
        expand_as_kubelet(text, usize::MAX, &mut |name| {
            let place = names.last(name, 0..has_pods_name.len())?;
            holds |= has_pods_name[place];
            Some(Cow::Borrowed(""))
        });
        holds
    };
    for variable in env {
        let is_name = str_at(variable, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.name";
        let has_name = is_name || holds(str_at(variable, &["value"]), &has_pods_name);
        has_pods_name.push(has_name);
    }
    holds(folder, &has_pods_name)
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

    #[test]
    fn a_folder_by_the_pods_name_is_each_pods_own() {
        let pod = json!({"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}});
        let value = |name: &'static str, value: &'static str| json!({"name": name, "value": value});
        let uid = json!({"name": "UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}});
        for (env, folder, expected) in [
            (json!([pod]), "$(POD)", true),
            (json!([pod]), "mysql/$(POD)/data", true),
            (json!([pod, value("DIR", "db-$(POD)")]), "$(DIR)", true),
            (json!([value("DIR", "db-$(POD)"), pod]), "$(DIR)", false),
            (json!([pod, value("POD", "db")]), "$(POD)", false),
            (json!([pod]), "$$(POD)", false),
            (json!([pod]), "$(OTHER)", false),
            (json!([uid]), "$(UID)", false),
            (json!([pod]), "", false),
        ] {
            let mount = json!({"subPathExpr": folder});
            assert_eq!(is_each_pods_own(&mount, &json!({"env": env})), expected, "{folder} {env}");
        }
    }
}
