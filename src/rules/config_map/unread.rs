//! Option files that no pod reads: most copies of the recipe that this policy follows name their ConfigMap otherwise.

use crate::{
    annotations::{is_managed, own},
    case::Case,
    cluster::{Cluster, Kind, Lookup},
    findings::Findings,
    json::{Value, str_at},
    names::{ANNOTATION_PREFIX, annotation},
    rules::config_map::keys::has_roles,
};

/// So many StatefulSets are asked for the ConfigMap that they read.
const STATEFULSETS: usize = 4;

/// Tells for which StatefulSet of those that there are the ConfigMap under admission may be, which none of them reads:
/// for one that looks for its ConfigMap in vain.
pub(super) fn hint(found: &[Value], namespace: &str, case: &Case, cluster: &Cluster, findings: &mut Findings) {
    if !has_roles(&case.object) {
        return;
    }
    for statefulset in found.iter().filter(|found| is_managed(found)).take(STATEFULSETS) {
        let name = str_at(statefulset, &["metadata", "name"]);
        let named =
            own(statefulset).find(|(key, _)| *key == annotation::CONFIG_MAP).and_then(|(_, name)| name.as_str());
        let named = case.settings.config_map_of(named, name);
        if cluster.get(Kind::ConfigMap, namespace, named) == Lookup::Absent {
            findings.warn(format!(
                "no pod reads it; should one? kubectl annotate sts {name} {ANNOTATION_PREFIX}{}={}",
                annotation::CONFIG_MAP,
                str_at(&case.object, &["metadata", "name"])
            ));
            return;
        }
    }
}
