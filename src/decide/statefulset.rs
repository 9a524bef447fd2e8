//! Decide on StatefulSets: is the injection to be put in, kept, or taken away?

use std::borrow::Cow;

use crate::decide::change::Change;
use crate::{
    annotations::{Annotations, own},
    case::{Case, recheck_uncached},
    cluster::{Cluster, Kind, Lookup},
    config_maps::ConfigMaps,
    database::Found,
    decide::{
        bounds::{self, record_of},
        check_write_endpoints,
        peek::has_own_annotation,
    },
    exemptions::Exemptions,
    field_types,
    findings::{Findings, Violation},
    inject::{Extent, Plan, strip},
    json::{NULL, Value, at, list_at, list_in, object_at, str_at, without_empties},
    names::{ANNOTATION_PREFIX, DATA_CLAIM, annotation},
    object::{name, replicas},
    record::{Replication, Status},
    rule,
    rules::{self, Replicated},
    settings::Unmanaged,
    text::shown,
};

/// Looks for all problems of a StatefulSet, and says what is to be done where there is none.
pub(crate) fn statefulset<'r>(case: &Case<'r>, cluster: &Cluster, findings: &mut Findings) -> Option<Change<'r>> {
    check_write_endpoints(case, &["spec", "template", "spec"], cluster, findings);
    let annotations = Annotations::read(&case.object, findings);
    if has_own_annotation(&case.object) || case.settings.unmanaged == Unmanaged::Inject {
        field_types::check(&case.object, findings);
        bounds::check(case.request.object().map_or(0, str::len), &case.object, findings);
        if findings.violations.iter().any(|violation| violation.rule == rule::MALFORMED) {
            return None;
        }
    }
    let subject = Subject::new(case);
    if annotations.inject {
        return subject.inject(&annotations, case, cluster, findings);
    }
    if subject.record.is_some() || subject.old_record.is_some() {
        return subject.take_away(findings).map(Change::Into);
    }
    let violation = rules::unmanaged_database(&case.object)?;
    let is_new = !case.request.is_update() && !case.is_audit;
    let is_exempt = case.settings.exempts(case.request.namespace()) || case.exemptions.covers(rule::UNMANAGED);
    let has_said_no = own(&case.object).any(|(key, _)| key == annotation::INJECT);
    match case.settings.unmanaged {
        Unmanaged::Inject if is_new && !is_exempt && !has_said_no => {
            let mut object = case.object.clone();
            object_at(&mut object, &["metadata", "annotations"])?
                .insert(format!("{ANNOTATION_PREFIX}{}", annotation::INJECT), Value::from("true"));
            findings.warn("it became a primary with replicas: the policy injects into every MySQL of several pods");
            let subject = Subject { object: Cow::Owned(object), ..subject };
            subject.inject(&Annotations { inject: true, ..annotations }, case, cluster, findings)
        }
        // pods that hold data of their own would not start: whoever runs them must decide when
        Unmanaged::Inject if case.old.as_ref().is_some_and(|old| replicas(old) > 1) => {
            findings.warn("its pods are databases of their own; the policy injects only into new StatefulSets");
            None
        }
        _ => {
            findings.reject(violation);
            None
        }
    }
}

/// An object under admission together with what is stored of it.
struct Subject<'c, 'r> {
    object: Cow<'c, Value<'r>>,
    old: Option<&'c Value<'r>>,
    old_record: Option<Status>,
    /// What an earlier injection left in the object.
    record: Option<Status>,
}

impl<'c, 'r> Subject<'c, 'r> {
    fn new(case: &'c Case<'r>) -> Self {
        let object = &case.object;
        // what the audit scanner sends is in the cluster already: it is looked at as if it were sent there once more
        let old = if case.is_audit { Some(object) } else { case.old.as_ref() };
        // A record is believed where it is the stored one, or fits the object: another set's would have the user's own
        // parts taken out. What is stored was not always written by the policy either.
        let old_record = old.filter(|old| Status::is_of_its_own(old)).and_then(record_of);
        let fits = |record: &Status| Status::is_of_its_own(object) && record.is_intact(object);
        let record =
            record_of(object).filter(|record| Some(record) == old_record.as_ref() || fits(record)).or_else(|| {
                // dropped on the way, or another one: what the stored one named is still the policy's where it is the
                // same
                let (old, record) = (old?, old_record.as_ref()?);
                Some(record.limited_to_same_parts(object, old))
            });
        let mut subject = Self { object: Cow::Borrowed(object), old, old_record, record };
        subject.restore_immutable_fields();
        subject.restore_data_mount();
        subject
    }

    /// The injected mount of the data stays as it is: in another folder of its volume the database would start empty.
    fn restore_data_mount(&mut self) -> Option<()> {
        let (old, record) = (self.old?, self.old_record.as_ref()?);
        let stored = list_at(database_of(old, record)?.1, &["volumeMounts"]).iter().find(|it| is_data(it, record))?;
        let path = str_at(stored, &["mountPath"]);
        let is_another =
            |it: &Value| name(it) == DATA_CLAIM && str_at(it, &["mountPath"]) == path && !record.names_mount(it);
        let (index, database) = database_of(&self.object, record)?;
        let place = list_at(database, &["volumeMounts"]).iter().position(is_another)?;
        let pod = object_at(self.object.to_mut(), &["spec", "template", "spec"])?;
        let container = list_in(pod, "containers")?.get_mut(index)?.as_object_mut()?;
        *list_in(container, "volumeMounts")?.get_mut(place)? = stored.clone();
        Some(())
    }

    /// An edit of what is injected has no effect, which should not be found out by the effect. Where the stored
    /// injection is kept, all that was edited of it is put back; else what others added to it stays.
    fn tell_undone_edits(&self, is_kept: bool, findings: &mut Findings) {
        let (Some(old), Some(record)) = (self.old, &self.old_record) else { return };
        let edited = record.edited(&self.object, old, is_kept);
        if !edited.is_empty() && record.is_intact(old) {
            findings.warn(format!(
                "the edit of what is injected is undone ({}): use annotations, the policy's settings or the database \
                    container",
                edited.join(", ")
            ));
        }
    }

    /// A user who writes the plain manifest over an injected object leaves out what was injected into fields that
    /// cannot be changed any more. They are put back: an update never changes them.
    fn restore_immutable_fields(&mut self) {
        let (Some(old), Some(record)) = (self.old, &self.old_record) else { return };
        if record.service_name && str_at(&self.object, &["spec", "serviceName"]).is_empty() {
            let Some(spec) = object_at(self.object.to_mut(), &["spec"]) else { return };
            spec.insert("serviceName", Value::from(str_at(old, &["spec", "serviceName"]).to_owned()));
        }
        let claim_name = |claim: &Value| str_at(claim, &["metadata", "name"]).to_owned();
        let stored = list_at(old, &["spec", "volumeClaimTemplates"]);
        // there is one at most: all that are injected have the same name
        let injected = |(_, claim): &(usize, &Value)| record.volume_claim_templates.contains(&claim_name(claim));
        let Some((index, claim)) = stored.iter().enumerate().find(injected) else { return };
        let claims = list_at(&self.object, &["spec", "volumeClaimTemplates"]);
        if claims.iter().any(|other| claim_name(other) == claim_name(claim)) {
            return;
        }
        let Some(spec) = object_at(self.object.to_mut(), &["spec"]) else { return };
        let Some(claims) = list_in(spec, "volumeClaimTemplates") else { return };
        claims.insert(index.min(claims.len()), claim.clone());
    }

    /// Plans the injection; nothing, with the reasons among the findings, where there can be none.
    fn inject(
        self,
        annotations: &Annotations,
        case: &Case,
        cluster: &Cluster,
        findings: &mut Findings,
    ) -> Option<Change<'r>> {
        let kept = self.replication();
        let asked = annotations.clone_method;
        let annotations = &Annotations {
            clone_method: annotations.clone_method.or(kept.map(|kept| kept.clone_method)),
            ..annotations.clone()
        };
        let base = self.record.as_ref().map(|record| strip(&self.object, record, Extent::Template));
        let base = base.as_ref().unwrap_or(self.object.as_ref());
        let namespace = case.request.namespace();
        if !case.settings.exempts(namespace) {
            recheck_uncached(case, cluster, findings, |cluster, findings| {
                let stored = match (self.old, &self.old_record) {
                    (None, _) => rules::Stored::Nothing,
                    (Some(_), None) => rules::Stored::Plain,
                    (Some(_), Some(_)) => rules::Stored::Injected,
                };
                let is_new = !case.is_audit && self.is_new_to_services();
                rules::governing_service(base, namespace, stored, is_new, &case.settings, cluster, findings);
            });
        }
        // rules that cannot be softened ask for variables in exempt namespaces too
        let found = Found::find(base, annotations, findings);
        let found = found.map(|found| found.within(ConfigMaps::new(cluster, namespace)));
        if let Some(found) = &found {
            found.given();
            // the scripts of others are asked for by the rules alone
            if found.config_maps.are_used() || rules::has_files(found.pod) {
                look(case, cluster, found, findings, &|found, _, findings| rules::statefulset(found, findings));
            } else {
                rules::statefulset(found, findings);
            }
        }
        let plan = Plan::make(base, found.as_ref(), annotations, kept, &case.settings, self.old.is_some(), findings);
        let (Some(plan), Some(found)) = (plan, &found) else {
            self.check_injection(case, None, findings);
            return None;
        };
        if !case.settings.exempts(namespace) {
            look(case, cluster, found, findings, &|found, cluster, findings| {
                rules::config_map_of(
                    &plan.outcome(),
                    found,
                    base,
                    self.old.is_some(),
                    &case.settings,
                    cluster,
                    findings,
                );
            });
        }
        let is_live = |object| replicas(object) != 1;
        look(case, cluster, found, findings, &|found, cluster, findings| {
            let subject = Replicated {
                plan: plan.outcome(),
                object: base,
                old: if case.is_audit { None } else { self.old },
                kept,
                asked,
                is_live: is_live(&self.object) || self.old.is_some_and(is_live),
            };
            rules::replication(&subject, found, namespace, &case.settings, cluster, findings);
        });
        if !case.is_audit {
            self.check_restore_from(annotations, findings);
            self.check_adoption(findings);
            self.check_partition(annotations, findings);
            let injected = self.old.filter(|_| self.old_record.is_some());
            rules::hints(&self.object, injected, findings);
        }
        let is_whole = self.old.is_some_and(|old| plan.is_there(old));
        let kept = self.keep_old_revision(base).filter(|_| is_whole);
        if !case.is_audit {
            self.tell_undone_edits(kept.is_some(), findings);
        }
        self.check_injection(case, Some(&plan), findings);
        if let Some(kept) = kept {
            return Some(Change::Into(kept));
        }
        let object = match self.object {
            Cow::Owned(object) => Some(object),
            Cow::Borrowed(_) => None,
        };
        Some(Change::Inject { plan: Box::new(plan), record: self.record.map(Box::new), object })
    }

    /// Can Services be wrong that were right with what is stored: does the object become managed, get replicas or other
    /// labels?
    fn is_new_to_services(&self) -> bool {
        let Some(old) = self.old.filter(|_| self.old_record.is_some()) else { return true };
        let labels = ["spec", "template", "metadata", "labels"];
        (replicas(old) <= 1 && replicas(&self.object) > 1) || at(old, &labels) != at(&self.object, &labels)
    }

    /// A database that runs already: the controller makes new pods before it updates old ones, the last one first, so a
    /// replica would wait for a pod 0 that has no sidecar yet, and pod 0 for the replica.
    fn check_adoption(&self, findings: &mut Findings) {
        let Some(old) = self.old.filter(|_| self.old_record.is_none()) else { return };
        let (before, after) = (replicas(old), replicas(&self.object));
        if after > before && before > 0 {
            findings.reject(Violation::new(
                rule::ADOPTION,
                "spec.replicas",
                format!("{after} instead of {before}, together with the annotation"),
                "new pods come first: they would wait for pod 0, which gives no data before it is updated, and pod 0 \
                    for them",
                format!("leave replicas at {before}, wait until pod 0 has restarted with the injection, then scale"),
            ));
        } else if after > 1 {
            findings.warn(
                "its pods hold data of their own: delete pod 0 next, then each other one with its claim, 1 first \
                    (docs/operating.md)",
            );
        }
    }

    /// Pod 0 would wait for a replica that there is not. Where there is no pod at all, nobody can tell.
    fn check_restore_from(&self, annotations: &Annotations, findings: &mut Findings) {
        let pods = replicas(&self.object);
        let Some(ordinal) = annotations.restore_from.filter(|ordinal| pods > 0 && i64::from(*ordinal) >= pods) else {
            return;
        };
        findings.reject(Annotations::bad_value(
            annotation::RESTORE_FROM,
            &ordinal.to_string(),
            &format!("with replicas: {pods} there is no pod {ordinal}, and an empty pod 0 would wait for it"),
            "write the ordinal of a replica that runs, or remove it if nothing is to be restored",
        ));
    }

    /// Steps in which pod 0 is deleted by hand, to get the new template. Where the strategy was named, the API server
    /// adds no partition to it, and then the controller may take the old one (`newVersionedStatefulSetPod`).
    fn check_partition(&self, annotations: &Annotations, findings: &mut Findings) {
        let Some(old) = self.old else { return };
        let restore_from =
            |object| own(object).find(|(key, _)| *key == annotation::RESTORE_FROM).map(|(_, value)| value);
        let is_restored = annotations.restore_from.is_some() && restore_from(&self.object) != restore_from(old);
        let is_adopted = self.old_record.is_none() && replicas(&self.object) > 1;
        let strategy = at(&self.object, &["spec", "updateStrategy"]).unwrap_or(NULL);
        let partition = at(strategy, &["rollingUpdate", "partition"]).and_then(Value::as_u64);
        let is_rolling = str_at(strategy, &["type"]) == "RollingUpdate";
        if (is_restored || is_adopted) && partition.map_or(is_rolling, |partition| partition > 0) {
            findings.warn(
                "deleted, pod 0 would come back with its old template: give updateStrategy rollingUpdate: {partition: \
                    0} before that",
            );
        }
    }

    /// What the cluster was made with. A record is believed where it is the stored one; one that comes with a new
    /// object, as a backup brings it back, where it fits the object.
    fn replication(&self) -> Option<Replication> {
        match (self.old, &self.old_record, &self.record) {
            (Some(old), record, _) => Replication::stored(record.as_ref(), old),
            (None, _, Some(record)) if record.is_intact(&self.object) => {
                Replication::stored(Some(record), &self.object)
            }
            _ => None,
        }
    }

    /// What is in the cluster with the annotation must have the injection, and as it was injected.
    fn check_injection(&self, case: &Case, plan: Option<&Plan>, findings: &mut Findings) {
        if !case.is_audit {
            return;
        }
        // one that is not believed says all the same that something was injected once
        let Some(record) = self.record.clone().or_else(|| record_of(&self.object)) else {
            findings.reject(Violation::new(
                rule::NOT_INJECTED,
                Annotations::path(annotation::INJECT),
                "\"true\", but nothing is injected",
                "it was created without the policy; every pod is a database of its own, open for writes",
                "fix what else is told here, then apply its manifest again; the claims of pods other than 0 must be \
                    deleted",
            ));
            return;
        };
        if !record.is_intact(&self.object) || plan.is_some_and(|plan| !plan.is_there(&self.object)) {
            findings.reject(Violation::new(
                rule::INJECTION_CHANGED,
                Annotations::path(annotation::STATUS),
                format!("revision {}, but what is injected is another", shown(&record.revision)),
                "it was changed past the policy; whether replicas are still closed for writes is unknown",
                "apply its manifest again while the policy answers: it injects anew",
            ));
        }
    }

    /// An upgrade of the policy, or of its settings, must not restart a database by itself: while the user leaves the
    /// pod template and this policy's annotations alone, an intact older injection stays.
    fn keep_old_revision(&self, base: &Value) -> Option<Value<'r>> {
        let (old, record) = (self.old?, self.old_record.as_ref()?);
        let template = ["spec", "template"];
        // an exemption changes what is told, and nothing that is injected
        let asked = |object| own(object).filter(|(key, _)| ![annotation::STATUS, annotation::EXEMPT].contains(key));
        let keep = record.is_intact(old) && asked(self.object.as_ref()).eq(asked(old)) && {
            let plain = strip(old, record, Extent::Template);
            let [base, plain] = [base, &plain].map(|object| without_empties(at(object, &template).unwrap_or(NULL)));
            base == plain
        };
        if !keep {
            return None;
        }
        let mut kept = self.object.as_ref().clone();
        object_at(&mut kept, &["spec"])?.insert("template", at(old, &["spec", "template"])?.clone());
        Status::copy(old, &mut kept)?;
        Some(kept)
    }

    /// The object without the injection that it had, if it had one.
    fn take_away(&self, findings: &mut Findings) -> Option<Value<'r>> {
        let record = self.record.as_ref().or(self.old_record.as_ref())?;
        let replicas = replicas(&self.object);
        if replicas > 1 {
            findings.reject(Violation::new(
                rule::TAKEN_AWAY,
                Annotations::path(annotation::INJECT),
                format!("not \"true\" any more, with {replicas} replicas"),
                "without the injection every pod is a database of its own, open for writes",
                "scale to 1 first (spec.replicas: 1), or set the annotation to \"true\" again",
            ));
        }
        let mut result = strip(&self.object, record, Extent::KeepData);
        self.keep_data_mount(&mut result);
        Some(result)
    }

    /// The database's mount of an injected claim stays even where the user's manifest never had it.
    fn keep_data_mount(&self, result: &mut Value<'r>) -> Option<()> {
        let (old, record) = (self.old?, self.old_record.as_ref()?);
        let (_, stored) = database_of(old, record)?;
        let data = list_at(stored, &["volumeMounts"]).iter().filter(|mount| is_data(mount, record));
        let container = list_in(object_at(result, &["spec", "template", "spec"])?, "containers")?
            .iter_mut()
            .find(|container| name(container) == record.container)?
            .as_object_mut()?;
        for mount in data {
            let list = list_in(container, "volumeMounts")?;
            if !list.iter().any(|other| str_at(other, &["mountPath"]) == str_at(mount, &["mountPath"])) {
                list.push(mount.clone());
            }
        }
        Some(())
    }
}

/// Looks at what a database is told, by `ConfigMap`s too: what is wrong with one of these counts
/// unless that is exempt.
fn look(
    case: &Case,
    cluster: &Cluster,
    found: &Found,
    findings: &mut Findings,
    check: &dyn Fn(&Found, &Cluster, &mut Findings),
) {
    recheck_uncached(case, cluster, findings, |cluster, findings| {
        let mut own = Findings::default();
        if found.config_maps.are_used() {
            let found = found.anew(cluster);
            check(&found, cluster, &mut own);
            found.config_maps.tell_failed(&found.path, &mut own);
        } else {
            check(found, cluster, &mut own);
        }
        let Findings { violations, exempted, .. } = &mut own;
        violations.retain(|violation| {
            let Some(name) = violation.object.as_deref().and_then(|object| object.rsplit('/').next()) else {
                return true;
            };
            let Lookup::Found(config_map) = cluster.get(Kind::ConfigMap, case.request.namespace(), name) else {
                return true;
            };
            let exemptions = Exemptions::of(&config_map);
            let why = exemptions.reason(violation.rule).filter(|_| case.settings.is_on(violation.rule));
            why.inspect(|why| exempted.insert(violation.rule, (*why).to_owned())).is_none()
        });
        findings.append(own);
    });
}

/// The container that a record calls the database's, and where it stands.
fn database_of<'v, 'a>(object: &'v Value<'a>, record: &Status) -> Option<(usize, &'v Value<'a>)> {
    let containers = list_at(object, &["spec", "template", "spec", "containers"]).iter();
    containers.enumerate().find(|(_, container)| name(container) == record.container)
}

/// Is it the mount of the data that a record names?
fn is_data(mount: &Value, record: &Status) -> bool {
    name(mount) == DATA_CLAIM && record.names_mount(mount)
}
