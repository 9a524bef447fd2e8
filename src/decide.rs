//! Decide: does a StatefulSet concern the policy, and is the injection to be put in, kept, or taken away?

mod peek;

use serde_json::{Value, json};

use crate::{
    annotations::{Annotations, own},
    inject::{Extent, Plan, Status, apply, strip},
    json::{at, list_at, list_in, name, object_at, str_at, without_empties},
    names::{ANNOTATION_PREFIX, DATA_CLAIM, annotation, rule},
    request::{Request, parse},
    settings::Settings,
    shape,
    verdict::{Findings, Verdict, Violation},
};

/// Answers the creation or update of a StatefulSet.
pub(crate) fn statefulset(request: &Request) -> Verdict {
    let Some(text) = request.object() else { return Verdict::unreadable("it has no field \"object\"") };
    if !peek::concerns(text) && !request.old_object().is_some_and(peek::concerns) {
        return Verdict::untouched();
    }
    let (object, old) = match (parse(text), request.old_object().map(parse).transpose()) {
        (Ok(object), Ok(old)) => (object, old),
        (Err(problem), _) => return Verdict::unreadable(&format!("the field \"object\": {problem}")),
        (_, Err(problem)) => return Verdict::unreadable(&format!("the field \"oldObject\": {problem}")),
    };
    if is_none_of_our_business(&object, old.as_ref()) {
        return Verdict::untouched();
    }

    let mut findings = Findings::default();
    let annotations = Annotations::read(&object, &mut findings);
    shape::check(&object, &mut findings);
    let result = if findings.violations.iter().any(|violation| violation.rule == rule::MALFORMED) {
        None
    } else {
        let subject = Subject::new(object.clone(), old);
        if annotations.inject {
            subject.inject(&annotations, request, &mut findings)
        } else {
            subject.take_away(&mut findings)
        }
    };
    if !findings.violations.is_empty() {
        return Verdict::rejected(&label(&object, request), findings);
    }
    let changed = result.filter(|result| *result != object);
    Verdict::Accepted { changed, warnings: findings.warnings }
}

/// An object on its way out, or an update of metadata or status alone, stays as it is. This policy's own annotations
/// count as more than metadata.
fn is_none_of_our_business(object: &Value, old: Option<&Value>) -> bool {
    if !peek::has_own_annotation(object) && !old.is_some_and(peek::has_own_annotation) {
        return true;
    }
    if at(object, &["metadata", "deletionTimestamp"]).is_some() {
        return true;
    }
    old.is_some_and(|old| object.get("spec") == old.get("spec") && own(object).eq(own(old)))
}

fn label(object: &Value, request: &Request) -> String {
    let name: String = str_at(object, &["metadata", "name"]).chars().filter(|c| !c.is_control()).take(253).collect();
    let namespace: String = request.namespace().chars().filter(|c| !c.is_control()).take(63).collect();
    format!("StatefulSet {namespace}/{}", if name.is_empty() { "(without a name)" } else { &name })
}

/// An object under admission together with what is stored of it.
struct Subject {
    object: Value,
    old: Option<Value>,
    old_record: Option<Status>,
    /// What an earlier injection left in the object.
    record: Option<Status>,
}

impl Subject {
    fn new(object: Value, old: Option<Value>) -> Self {
        let old_record = old.as_ref().and_then(Status::read);
        let record = Status::read(&object).or_else(|| {
            // the record was dropped on the way: what it named is still the policy's where it is still the same
            let (old, record) = (old.as_ref()?, old_record.as_ref()?);
            Some(record.limited_to_same_parts(&object, old))
        });
        let mut subject = Self { object, old, old_record, record };
        subject.restore_immutable_fields();
        subject
    }

    /// A user who writes the plain manifest over an injected object leaves out what was injected into fields that
    /// cannot be changed any more. They are put back: an update never changes them.
    fn restore_immutable_fields(&mut self) {
        let (Some(old), Some(record)) = (&self.old, &self.old_record) else { return };
        let Some(spec) = object_at(&mut self.object, &["spec"]) else { return };
        if record.service_name && spec.get("serviceName").and_then(Value::as_str).unwrap_or_default().is_empty() {
            spec.insert("serviceName".to_owned(), json!(str_at(old, &["spec", "serviceName"])));
        }
        let claim_name = |claim: &Value| str_at(claim, &["metadata", "name"]).to_owned();
        let stored = list_at(old, &["spec", "volumeClaimTemplates"]);
        let injected = |claim: &Value| record.volume_claim_templates.contains(&claim_name(claim));
        for (index, claim) in stored.iter().enumerate().filter(|(_, claim)| injected(claim)) {
            let Some(claims) = list_in(spec, "volumeClaimTemplates") else { return };
            if !claims.iter().any(|other| claim_name(other) == claim_name(claim)) {
                claims.insert(index.min(claims.len()), claim.clone());
            }
        }
    }

    /// The object with the injection in it, or `None` with the reasons among the findings.
    fn inject(&self, annotations: &Annotations, request: &Request, findings: &mut Findings) -> Option<Value> {
        // broken settings are reported; the object's own problems are looked for all the same
        let settings = settings(request, findings).unwrap_or_default();
        let base = self.record.as_ref().map(|record| strip(&self.object, record, Extent::Template));
        let base = base.as_ref().unwrap_or(&self.object);
        let plan = Plan::make(base, annotations, &settings, request.is_update(), findings)?;
        if !findings.violations.is_empty() {
            return None;
        }
        if self.old.is_some() && self.old_record.is_none() && replicas(&self.object) > 1 {
            findings
                .warn("pods other than 0 that hold data of their own will not start until their claims are deleted");
        }
        let Some(result) = apply(&self.object, &plan, self.record.as_ref()) else {
            // the check of the types names every such field; one that it missed must not pass without the injection
            findings.reject(Violation::new(
                rule::MALFORMED,
                "spec.template.spec",
                "a field of the wrong type",
                "nothing could be injected into it",
                "compare the pod template with the Kubernetes API reference",
            ));
            return None;
        };
        Some(self.keep_old_revision(base, &result).unwrap_or(result))
    }

    /// An upgrade of the policy, or of its settings, must not restart a database by itself: while the user leaves the
    /// pod template and this policy's annotations alone, an intact older injection stays.
    fn keep_old_revision(&self, base: &Value, result: &Value) -> Option<Value> {
        let (old, record) = (self.old.as_ref()?, self.old_record.as_ref()?);
        let template = |object: &Value| without_empties(at(object, &["spec", "template"]).unwrap_or(&Value::Null));
        let asked = |object| own(object).filter(|(key, _)| *key != annotation::STATUS);
        let keep = Status::read(result)?.revision != record.revision
            && record.is_intact(old)
            && asked(&self.object).eq(asked(old))
            && template(base) == template(&strip(old, record, Extent::Template));
        if !keep {
            return None;
        }
        let mut kept = self.object.clone();
        object_at(&mut kept, &["spec"])?.insert("template".to_owned(), at(old, &["spec", "template"])?.clone());
        object_at(&mut kept, &["metadata", "annotations"])?
            .insert(format!("{ANNOTATION_PREFIX}{}", annotation::STATUS), json!(record.to_json()));
        Some(kept)
    }

    /// The object without the injection that it had, if it had one.
    fn take_away(&self, findings: &mut Findings) -> Option<Value> {
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
            return None;
        }
        let mut result = strip(&self.object, record, Extent::KeepData);
        self.keep_data_mount(&mut result);
        Some(result)
    }

    /// The database's mount of an injected claim stays even where the user's manifest never had it.
    fn keep_data_mount(&self, result: &mut Value) -> Option<()> {
        let (old, record) = (self.old.as_ref()?, self.old_record.as_ref()?);
        let database = |container: &&Value| name(container) == record.container;
        let stored = list_at(old, &["spec", "template", "spec", "containers"]).iter().find(database)?;
        let mounts = list_at(stored, &["volumeMounts"]).iter();
        let data = mounts.filter(|mount| name(mount) == DATA_CLAIM && record.names_mount(mount));
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

/// How many pods are asked for; the server's default is one.
fn replicas(object: &Value) -> i64 {
    at(object, &["spec", "replicas"]).and_then(Value::as_i64).unwrap_or(1)
}

fn settings(request: &Request, findings: &mut Findings) -> Option<Settings> {
    match Settings::parse_json(request.settings().unwrap_or("null").as_bytes()) {
        Ok(settings) => Some(settings),
        Err(problems) => {
            findings.reject(Violation::new(
                rule::SETTINGS,
                "policy",
                problems.join("; "),
                "the policy does not know what to inject",
                "ask whoever runs the policy to mend its settings",
            ));
            None
        }
    }
}
