//! One object under admission, with all that the request says of it, and how the cluster is asked about it.

use crate::{
    cluster::Cluster,
    exemptions::Exemptions,
    findings::{Findings, Violation},
    json::Value,
    request::Request,
    rule::{self, Severity},
    settings::Settings,
};

/// An object under admission, with all that is known about the request.
pub(crate) struct Case<'r> {
    pub(crate) request: &'r Request<'r>,
    pub(crate) object: Value<'r>,
    /// What is stored of it; only updates have one.
    pub(crate) old: Option<Value<'r>>,
    pub(crate) settings: Settings,
    pub(crate) exemptions: Exemptions,
    /// Does the audit scanner ask, about an object that is in the cluster already?
    pub(crate) is_audit: bool,
    /// May a name in the object say write?
    pub(crate) may_write: bool,
}

/// Asks the cluster. What would be rejected for what it answers is asked once more without the host's cache.
pub(crate) fn recheck_uncached(
    case: &Case,
    cluster: &Cluster,
    findings: &mut Findings,
    check: impl Fn(&Cluster, &mut Findings),
) {
    recheck(case, cluster, findings, &check);
}

// one for all callers
#[inline(never)]
fn recheck(case: &Case, cluster: &Cluster, findings: &mut Findings, check: &dyn Fn(&Cluster, &mut Findings)) {
    let mut found = Findings::default();
    check(cluster, &mut found);
    let rejects = |violation: &Violation| {
        violation.rule != rule::LOOK_UP && case.settings.severity(violation.rule) == Severity::Reject
    };
    if found.violations.iter().any(rejects) {
        let mut again = Findings::default();
        check(&cluster.fresh(), &mut again);
        // where the second look fails at what the first one saw, the first one is all that is known
        let has_failed_anew = again
            .violations
            .iter()
            .any(|violation| violation.rule == rule::LOOK_UP && !found.violations.contains(violation));
        if !has_failed_anew {
            found = again;
        }
    }
    findings.append(found);
}
