//! Decide on the number of pods that `kubectl scale` and autoscalers ask for.

use crate::{
    annotations::is_managed,
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    exemptions::Exemptions,
    field_path::FieldPath,
    findings::{Findings, failed_look_up},
    json::{Value, object_at},
    object::replicas,
    rules,
};

/// Looks at how many pods a StatefulSet shall have. More than one of a database that nobody manages are as many
/// databases; `kubectl scale` and autoscalers come by this way only.
pub(crate) fn scale(case: &Case, cluster: &Cluster, findings: &mut Findings) {
    let namespace = case.request.namespace();
    let is_growing = replicas(&case.object) > case.old.as_ref().map_or(0, replicas).max(1);
    if !is_growing || case.settings.exempts(namespace) {
        return;
    }
    recheck_uncached(case, cluster, findings, |cluster, findings| {
        match cluster.get(Kind::Database, namespace, case.request.name()) {
            Lookup::Found(mut found) => {
                if is_managed(&found) {
                    return;
                }
                let Some(spec) = object_at(&mut found, &["spec"]) else { return };
                spec.insert("replicas", Value::from(replicas(&case.object)));
                let mut own = Findings::default();
                if let Some(violation) = rules::unmanaged_database(&found) {
                    own.reject(violation);
                }
                Exemptions::of(&found).apply(&mut own, &case.settings);
                findings.append(own);
            }
            Lookup::Absent => {}
            Lookup::Failed(why) => {
                let what = format!("StatefulSet {}", case.request.name());
                findings.reject(failed_look_up(&what, &FieldPath::Known("spec.replicas"), &why));
            }
        }
    });
}
