//! Each document, judged among all the others.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use mysql_replication_manifests::yaml::{Document, YamlError};
use mysql_replication_manifests::{Manifests, ObjectKey, admission_request};
use serde_json::{Value, json};

use crate::changes;
use crate::evaluator::Evaluator;
use crate::outcome::{DocumentOutcome, ObjectOutcome, Verdict, Violation};
use crate::places::{Places, Spot};
use crate::targets::{Target, targets};
use crate::unmanaged::{self, Inject};
use crate::violations;

/// The kinds that the policy is asked about, by API version.
pub(crate) const EVALUATED: &[(&str, &[&str])] = &[
    ("apps/v1", &["StatefulSet", "Deployment", "DaemonSet", "ReplicaSet"]),
    ("batch/v1", &["Job", "CronJob"]),
    ("v1", &["Pod", "Service", "ConfigMap"]),
];

/// Evaluates documents, each against all the others.
pub struct Preview<'e> {
    evaluator: &'e dyn Evaluator,
    settings: Value,
    namespace: String,
    inject: Inject,
}

/// What an object is judged among.
struct Surroundings<'d> {
    cluster: Manifests,
    live: BTreeMap<ObjectKey, Value>,
    places: Places<'d>,
}

impl<'e> Preview<'e> {
    /// A preview with these settings; objects without a namespace are taken to be in `namespace`.
    pub fn new(evaluator: &'e dyn Evaluator, settings: Value, namespace: &str) -> Self {
        Self { evaluator, settings, namespace: namespace.to_owned(), inject: Inject::default() }
    }

    /// Judges these, too, as if they had the annotation that asks for the injection.
    #[must_use]
    pub fn with_inject(self, inject: Inject) -> Self {
        Self { inject, ..self }
    }

    /// Evaluates all documents. Look-ups see the objects of `documents`, less the one under evaluation, and those of
    /// `old`; an object that is in `old` too is an update, and look-ups see its live form.
    ///
    /// They are seen as they are given at first. What is objected to then is evaluated once more with the others as the
    /// policy has changed them: so they would be in a cluster, sooner or later.
    #[must_use]
    pub fn run(&self, documents: &[Document], old: &[Document]) -> Vec<DocumentOutcome> {
        let mut live = BTreeMap::new();
        let mut places = Places::default();
        for document in old {
            for target in targets(document).unwrap_or_default() {
                if let Some(key) = ObjectKey::of(&target.object, &self.namespace) {
                    places.add(key.clone(), Spot::new(document, &target));
                    live.insert(key, target.object.into_owned());
                }
            }
        }
        let mut all: Vec<Result<Vec<Target<'_>>, YamlError>> = documents.iter().map(targets).collect();
        for target in all.iter_mut().flatten().flatten() {
            if let Some(annotated) = self.inject.annotate(&target.object, self.evaluator, &self.namespace) {
                target.object = Cow::Owned(annotated);
                target.is_annotated = true;
            }
        }
        for (document, targets) in documents.iter().zip(&all) {
            for target in targets.iter().flatten() {
                if let Some(key) = ObjectKey::of(&target.object, &self.namespace) {
                    places.add(key, Spot::new(document, target));
                }
            }
        }
        let given: Vec<Value> = all.iter().flatten().flatten().map(|t| t.object.clone().into_owned()).collect();
        let cluster = Manifests::new(live.values().cloned().chain(given.iter().cloned()), &self.namespace);
        let mut surroundings = Surroundings { cluster, live, places };
        let evaluate =
            |surroundings: &Surroundings<'_>, document, targets: &Result<Vec<Target<'_>>, YamlError>| match targets {
                Ok(targets) => self.document(document, targets, surroundings),
                Err(error) => DocumentOutcome { objects: Vec::new(), changed: None, error: Some(error.clone()) },
            };
        let mut outcomes: Vec<DocumentOutcome> =
            documents.iter().zip(&all).map(|(document, targets)| evaluate(&surroundings, document, targets)).collect();

        let is_changed = |object: &&ObjectOutcome| object.verdict == Verdict::Mutated;
        let changed: Vec<Value> =
            outcomes.iter().flat_map(|outcome| &outcome.objects).filter(is_changed).map(|o| o.object.clone()).collect();
        let has_problem = |object: &ObjectOutcome| object.verdict == Verdict::Rejected || !object.warnings.is_empty();
        if !changed.is_empty() {
            let objects = surroundings.live.values().cloned().chain(given).chain(changed);
            surroundings.cluster = Manifests::new(objects, &self.namespace);
            for ((outcome, document), targets) in outcomes.iter_mut().zip(documents).zip(&all) {
                if outcome.objects.iter().any(has_problem) {
                    *outcome = evaluate(&surroundings, document, targets);
                }
            }
        }
        outcomes
    }

    fn document(
        &self,
        document: &Document,
        targets: &[Target<'_>],
        surroundings: &Surroundings<'_>,
    ) -> DocumentOutcome {
        let mut value: Option<Value> = None;
        let mut objects = Vec::new();
        for target in targets {
            let outcome = self.object(document, target, surroundings);
            if outcome.verdict == Verdict::Mutated {
                let value = value.get_or_insert_with(|| document.value().clone());
                target.put(value, outcome.object.clone());
            }
            objects.push(outcome);
        }
        let rejected = objects.iter().any(|o| o.verdict == Verdict::Rejected);
        DocumentOutcome {
            objects,
            changed: value.filter(|_| !rejected).map(|value| document.rewrite(&value)),
            error: None,
        }
    }

    fn object(&self, document: &Document, target: &Target<'_>, surroundings: &Surroundings<'_>) -> ObjectOutcome {
        let Surroundings { cluster, live, places } = surroundings;
        let object = &*target.object;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut outcome = ObjectOutcome {
            file: document.file().to_owned(),
            line: target.line,
            api_version: text(&object["apiVersion"]),
            kind: text(&object["kind"]),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]),
            update: false,
            annotated: target.is_annotated,
            verdict: Verdict::Passed,
            message: None,
            violations: Vec::new(),
            code: None,
            warnings: Vec::new(),
            warning_places: Vec::new(),
            hints: Vec::new(),
            changes: Vec::new(),
            audit_annotations: BTreeMap::new(),
            object: object.clone(),
        };
        if outcome.name.is_empty() {
            outcome.name = text(&object["metadata"]["generateName"]);
        }
        if outcome.kind.is_empty() {
            outcome.warnings.push("no `kind`: this is no Kubernetes object, and passed through".to_owned());
            outcome.warning_places.push(None);
            return outcome;
        }
        let evaluated = EVALUATED
            .iter()
            .any(|(api_version, kinds)| *api_version == outcome.api_version && kinds.contains(&outcome.kind.as_str()));
        if !evaluated {
            return outcome;
        }
        if outcome.namespace.is_empty() {
            outcome.namespace.clone_from(&self.namespace);
        }
        let key = ObjectKey::of(object, &self.namespace);
        let old = key.as_ref().and_then(|key| live.get(key));
        outcome.update = old.is_some();
        let cluster = match (old, &key) {
            (Some(old), Some(key)) => cluster.with(key.clone(), old.clone()),
            _ => cluster.without(key),
        };
        let request = admission_request(object, old, &self.namespace);
        match self.evaluator.validate(&request, &self.settings, Arc::new(cluster)) {
            Ok(response) => {
                let spot = Spot::new(document, target);
                outcome.message = response.message.filter(|m| !m.is_empty());
                outcome.violations = violations(outcome.message.as_deref(), places, &spot);
                outcome.code = response.code;
                outcome.warnings = response.warnings.unwrap_or_default();
                outcome.warning_places = outcome
                    .warnings
                    .iter()
                    .map(|warning| places.of(&violations::of_warning(warning)?, &spot))
                    .collect();
                outcome.audit_annotations = response.audit_annotations.unwrap_or_default();
                outcome.verdict = if response.accepted { Verdict::Accepted } else { Verdict::Rejected };
                if let (true, Some(mutated)) = (response.accepted, response.mutated_object) {
                    let mutated = without_filled_namespace(mutated, object, &self.namespace);
                    if mutated != *object {
                        outcome.verdict = Verdict::Mutated;
                        outcome.changes = changes::between(object, &mutated);
                        outcome.object = mutated;
                    }
                }
                if outcome.verdict == Verdict::Accepted && !outcome.warnings.iter().any(|w| unmanaged::is_told(w)) {
                    outcome.hints.extend(unmanaged::hint(object, self.evaluator, &self.namespace));
                }
            }
            Err(error) => {
                // A policy server refuses the request, too.
                outcome.verdict = Verdict::Rejected;
                outcome.code = Some(500);
                outcome.message = Some(error.to_string());
            }
        }
        outcome
    }
}

/// What a message says, if it can be taken apart.
fn violations<'d>(message: Option<&str>, places: &Places<'d>, own: &Spot<'d>) -> Vec<Violation> {
    let problems = message.and_then(violations::of_message).unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| Violation {
            rule: problem.rule.to_owned(),
            place: places.of(&problem.site, own),
            object: problem.site.object.map(|object| object.text.to_owned()),
            path: problem.path.to_owned(),
            found: problem.found.to_owned(),
            why: problem.why.to_owned(),
            fix: problem.fix.to_owned(),
        })
        .collect()
}

/// Takes the namespace out again that the request filled in.
fn without_filled_namespace(mut mutated: Value, original: &Value, namespace: &str) -> Value {
    let given = &original["metadata"]["namespace"];
    if given.as_str().is_some_and(|given| !given.is_empty()) {
        return mutated;
    }
    let Some(metadata) = mutated.get_mut("metadata").and_then(Value::as_object_mut) else {
        return mutated;
    };
    if metadata.get("namespace") == Some(&json!(namespace)) {
        if given.is_null() && original["metadata"].get("namespace").is_none() {
            metadata.remove("namespace");
        } else {
            metadata.insert("namespace".to_owned(), given.clone());
        }
    }
    if metadata.is_empty() && original.get("metadata").is_none() {
        mutated.as_object_mut().map(|root| root.remove("metadata"));
    }
    mutated
}
