//! The order in which people write the keys of Kubernetes objects.

use std::collections::HashSet;

/// Keys in customary order. One list is enough: where a name is used in two kinds of objects, its neighbours agree.
const CUSTOMARY: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "spec",
    "type",
    "clusterIP",
    "serviceName",
    "replicas",
    "podManagementPolicy",
    "updateStrategy",
    "strategy",
    "minReadySeconds",
    "accessModes",
    "storageClassName",
    "selector",
    "matchLabels",
    "matchExpressions",
    "template",
    "serviceAccountName",
    "automountServiceAccountToken",
    "nodeSelector",
    "affinity",
    "tolerations",
    "terminationGracePeriodSeconds",
    "hostNetwork",
    "initContainers",
    "containers",
    "volumes",
    "image",
    "imagePullPolicy",
    "restartPolicy",
    "command",
    "args",
    "workingDir",
    "protocol",
    "containerPort",
    "port",
    "targetPort",
    "ports",
    "envFrom",
    "env",
    "value",
    "valueFrom",
    "key",
    "resources",
    "requests",
    "limits",
    "volumeMounts",
    "mountPath",
    "subPath",
    "readOnly",
    "startupProbe",
    "livenessProbe",
    "readinessProbe",
    "exec",
    "httpGet",
    "tcpSocket",
    "initialDelaySeconds",
    "periodSeconds",
    "timeoutSeconds",
    "successThreshold",
    "failureThreshold",
    "lifecycle",
    "securityContext",
    "volumeClaimTemplates",
    "data",
    "status",
];

fn rank(key: &str) -> Option<usize> {
    CUSTOMARY.iter().position(|known| *known == key)
}

/// Where among the present keys a new one belongs.
fn place(present: &[&str], key: &str) -> usize {
    let Some(own) = rank(key) else {
        return present.len();
    };
    let ranked = || {
        let ranks = present.iter().enumerate();
        ranks.filter_map(|(index, other)| rank(other).map(|r| (r, index)))
    };
    let after = ranked().filter(|(r, _)| *r < own).max();
    let before = || ranked().map(|(_, index)| index).min();
    after.map_or_else(|| before().unwrap_or(present.len()), |(_, index)| index + 1)
}

/// All keys of a map: the present ones in their order, the new ones where custom puts them.
pub(crate) fn arrange<'k>(present: &[&'k str], keys: impl Iterator<Item = &'k str>) -> Vec<&'k str> {
    let known: HashSet<&str> = present.iter().copied().collect();
    let (kept, mut added): (HashSet<&str>, Vec<&str>) = {
        let (kept, added): (Vec<&str>, Vec<&str>) = keys.partition(|key| known.contains(key));
        (kept.into_iter().collect(), added)
    };
    let mut arranged: Vec<&str> = present.iter().copied().filter(|key| kept.contains(key)).collect();
    added.sort_by_key(|key| (rank(key).unwrap_or(usize::MAX), *key));
    for key in added {
        arranged.insert(place(&arranged, key), key);
    }
    arranged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_reads_as_people_write_it() {
        let keys = ["args", "command", "env", "image", "name", "ports", "volumeMounts"];
        assert_eq!(
            arrange(&[], keys.into_iter()),
            ["name", "image", "command", "args", "ports", "env", "volumeMounts"]
        );
    }

    #[test]
    fn old_keys_stay_where_they_are() {
        assert_eq!(
            arrange(&["image", "name"], ["env", "image", "name", "zzz"].into_iter()),
            ["image", "env", "name", "zzz"]
        );
    }

    #[test]
    fn labels_are_alphabetical() {
        assert_eq!(arrange(&[], ["b", "a", "c"].into_iter()), ["a", "b", "c"]);
    }
}
