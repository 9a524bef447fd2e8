//! Decide on the number of pods that `kubectl scale` and autoscalers ask for.

use crate::{
    annotations::is_managed,
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    decide::bounds::record_of,
    exemptions::Exemptions,
    field_path::FieldPath,
    findings::{Findings, Violation, failed_look_up},
    json::{Value, object_at},
    object::replicas,
    record::Status,
    rule::{self, Concern},
    rules,
    settings::{Settings, Unmanaged},
};

/// Is any rule on that looks at the scale of a StatefulSet?
pub(crate) fn is_looked_at(settings: &Settings) -> bool {
    settings.unmanaged != Unmanaged::Allow
        || settings.is_on(rule::NOT_INJECTED)
        || settings.is_any_on(&[Concern::Service, Concern::PrimaryService])
}

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
                let Some(spec) = object_at(&mut found, &["spec"]) else { return };
                spec.insert("replicas", Value::from(replicas(&case.object)));
                let mut own = Findings::default();
                check_scaled(&found, case, cluster, &mut own);
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

/// Looks at a StatefulSet with more pods than it has.
fn check_scaled(statefulset: &Value, case: &Case, cluster: &Cluster, findings: &mut Findings) {
    if !is_managed(statefulset) {
        if let Some(violation) = rules::unmanaged_database(statefulset) {
            findings.reject(violation);
        }
    } else if !(Status::is_of_its_own(statefulset) && record_of(statefulset).is_some()) {
        findings.reject(Violation::new(
            rule::NOT_INJECTED,
            "spec.replicas",
            format!("{} of a StatefulSet that is annotated, but nothing is injected", replicas(statefulset)),
            "it was created without the policy; every pod is a database of its own, open for writes",
            "apply its manifest again with its replicas as they are: the policy injects; then scale",
        ));
    } else if case.old.as_ref().map_or(0, replicas) <= 1 {
        rules::services_of(statefulset, case.request.namespace(), &case.settings, cluster, findings);
    }
}
