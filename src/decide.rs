//! Decide: does an object concern the policy, and what is to be done with it?

mod bounds;
mod change;
mod peek;
mod scale;
mod statefulset;

use crate::{
    annotations::{check_other_kind, own},
    answer::Verdict,
    case::{Case, recheck_uncached},
    cluster::Cluster,
    decide::change::Change,
    exemptions::Exemptions,
    findings::{Findings, Violation},
    halves::Halves,
    json::{NULL, Value, at, list_at, str_at},
    judge::judge,
    names::may_be_ours,
    request::{Admitted, Request, parse},
    rule, rules,
    settings::{Settings, Unmanaged},
    text::label,
};

/// Answers a request.
pub(crate) fn decide<'r>(request: &'r Request<'r>, cluster: &Cluster) -> Verdict<'r> {
    let Some(target) = request.target() else { return Verdict::Untouched };
    let Some(text) = request.object() else { return Verdict::unreadable("it has no field \"object\"") };
    // broken settings are reported; the object's own problems are looked for all the same
    let (settings, problem) = match Settings::parse_json(request.settings().unwrap_or("null").as_bytes()) {
        Ok(settings) => (settings, None),
        Err(problems) => (Settings::default(), Some(broken_settings(&problems))),
    };
    let old_text = request.old_object();
    let may_write = settings.is_on(rule::WRITE_ENDPOINT)
        && matches!(target, Admitted::StatefulSet | Admitted::Workload(..))
        && rules::workload_may_concern(text, &settings.write_names);
    if !may_write && !may_concern(target, text, old_text, &settings) {
        return Verdict::Untouched;
    }
    if old_text.is_some_and(|old| peek::is_same(text, old)) {
        return Verdict::Untouched;
    }
    let (object, old) = match (parse(text), old_text.map(parse).transpose()) {
        (Ok(object), Ok(old)) => (object, old),
        (Err(problem), _) => return Verdict::unreadable(&format!("the field \"object\": {problem}")),
        (_, Err(problem)) => return Verdict::unreadable(&format!("the field \"oldObject\": {problem}")),
    };
    let may_be_told = || [Some(text), old_text].into_iter().flatten().any(rules::may_be_told);
    if is_none_of_our_business(target, &object, old.as_ref(), &settings, &may_be_told) {
        return Verdict::Untouched;
    }

    let mut findings = Findings::default();
    if let Some(problem) = problem {
        findings.reject(problem);
    }
    let exemptions = Exemptions::read(&object, &mut findings);
    let is_audit = request.is_audit_of(&object);
    let case = Case { request, object, old, settings, exemptions, is_audit, may_write };
    let change = match target {
        Admitted::StatefulSet => statefulset::statefulset(&case, cluster, &mut findings),
        Admitted::Service => rules::service(&case, cluster, &mut findings).map(Change::Into),
        Admitted::ConfigMap => {
            check_other_kind("ConfigMap", &case.object, &mut findings);
            rules::config_map(&case, cluster, &mut findings);
            None
        }
        Admitted::Scale => {
            scale::scale(&case, cluster, &mut findings);
            None
        }
        Admitted::Workload(kind, path) => {
            check_other_kind(kind, &case.object, &mut findings);
            check_write_endpoints(&case, path, cluster, &mut findings);
            None
        }
    };
    let mut judgement = judge(findings, &case.exemptions, &case.settings, request.namespace());
    let name = || str_at(&case.object, &["metadata", "name"]).to_owned();
    if judgement.rejected.is_empty() {
        // an audit changes nothing
        let Some(change) = change.filter(|_| !is_audit) else {
            return Verdict::Accepted { changed: None, judgement };
        };
        let name = name();
        let Case { object, settings, .. } = case;
        match change.make(object, &settings) {
            Ok(changed) => return Verdict::Accepted { changed, judgement },
            Err(violation) => judgement.rejected.push(*violation),
        }
        return Verdict::Rejected { object: label(target.kind(), request.namespace(), &name), judgement };
    }
    let object = match target {
        Admitted::Scale => label("Scale of StatefulSet", request.namespace(), request.name()),
        _ => label(target.kind(), request.namespace(), &name()),
    };
    Verdict::Rejected { object, judgement }
}

/// Could any rule concern an object, by its text alone? Most objects are none of the policy's business.
fn may_concern(target: Admitted, text: &str, old: Option<&str>, settings: &Settings) -> bool {
    let is_annotated = || may_be_ours(text) || old.is_some_and(may_be_ours);
    match target {
        Admitted::StatefulSet => {
            is_annotated()
                || peek::may_wish(text)
                || (settings.unmanaged != Unmanaged::Allow && rules::may_be_database(text))
        }
        Admitted::Service => true,
        Admitted::Scale => scale::is_looked_at(settings),
        Admitted::ConfigMap => {
            rules::may_be_option_files(text) || rules::may_be_told(text) || old.is_some_and(rules::may_be_told)
        }
        Admitted::Workload(..) => is_annotated(),
    }
}

/// An object on its way out, or an update of metadata or status alone, stays as it is. This policy's own annotations
/// count as more than metadata.
fn is_none_of_our_business(
    target: Admitted,
    object: &Value,
    old: Option<&Value>,
    settings: &Settings,
    may_be_told: &dyn Fn() -> bool,
) -> bool {
    if at(object, &["metadata", "deletionTimestamp"]).is_some() {
        return true;
    }
    let same = |key| old.is_some_and(|old| object.get(key) == old.get(key));
    // a Service's labels say what it is for
    let labels = ["metadata", "labels"];
    let same_labels = || target != Admitted::Service || old.is_some_and(|old| at(object, &labels) == at(old, &labels));
    let same_annotations = || old.is_some_and(|old| own(object).eq(own(old)));
    if same("spec") && same("data") && same("binaryData") && same_labels() && same_annotations() {
        return true;
    }
    let is_annotated = peek::has_own_annotation(object) || old.is_some_and(peek::has_own_annotation);
    !is_annotated
        && match target {
            Admitted::StatefulSet | Admitted::Scale => false,
            Admitted::Service => !rules::service_may_concern(object, old, settings),
            Admitted::ConfigMap => !rules::has_option_files(object) && !may_be_told(),
            // the same template was looked at when its owner was admitted
            Admitted::Workload(..) => is_made_by_a_checked_controller(object),
        }
}

fn is_made_by_a_checked_controller(object: &Value) -> bool {
    list_at(object, &["metadata", "ownerReferences"]).iter().any(|owner| {
        let group = str_at(owner, &["apiVersion"]).halves('/').map_or("", |(group, _)| group);
        owner.get("controller").is_some_and(Value::is_true) && Admitted::of(group, str_at(owner, &["kind"])).is_some()
    })
}

/// Do the containers of the pods at `path` write to replicas?
fn check_write_endpoints(case: &Case, path: &[&str], cluster: &Cluster, findings: &mut Findings) {
    let namespace = case.request.namespace();
    if !case.may_write || case.settings.exempts(namespace) {
        return;
    }
    let pod = at(&case.object, path).unwrap_or(NULL);
    recheck_uncached(case, cluster, findings, |cluster, findings| {
        rules::workload(pod, &path.join("."), namespace, &case.settings.write_names, cluster, findings);
    });
}

fn broken_settings(problems: &[String]) -> Violation {
    Violation::new(
        rule::SETTINGS,
        "policy",
        problems.join("; "),
        "the policy does not know what to inject",
        "ask whoever runs the policy to fix its settings",
    )
}
