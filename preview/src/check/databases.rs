//! The StatefulSets that ask for the injection, and those that could.

use std::collections::BTreeSet;

use mysql_replication_host::Policy;
use mysql_replication_manifests::yaml::{self, Document};
use mysql_replication_verdicts::{INJECT_ANNOTATION, ObjectOutcome, Preview, Verdict, address, rule_of_warning};
use serde_json::{Value, json};

use super::checks::Level;
use super::kubectl::Kubectl;
use super::pods::{self, Pods};
use super::policies::Injector;
use super::{Checks, Section, selector, version};
use crate::cli::link;

const STATUS_ANNOTATION: &str = "mysql-replication.kubewarden.io/status";
const PRIMARY_OF: &str = "mysql-replication.kubewarden.io/primary-of";
/// What `kubectl rollout restart` writes into the template of Pods.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";
/// What the image of a database has in its name.
const DATABASES: [&str; 3] = ["mysql", "mariadb", "percona"];

/// What to do about a warning of no rule.
const REFERENCE: &str = "the reference says what it is about";

/// What they are asked with.
pub(super) struct Databases<'k> {
    pub(super) kubectl: &'k Kubectl,
    pub(super) policy: &'k Policy,
    pub(super) settings: Value,
    pub(super) injector: Option<&'k Injector>,
}

impl Databases<'_> {
    /// Checks those of a namespace, or of all.
    pub(super) fn check(&self, namespace: Option<&str>, checks: &mut Checks) {
        checks.section(Section::Databases);
        let sets = match self.kubectl.list("statefulsets.apps", namespace) {
            Ok(sets) => sets,
            Err(failure) => return checks.failed("injected", "StatefulSets", &failure),
        };
        let of_interest = |set: &&Value| is_asked_for(set) || has_record(set) || is_database(set);
        let namespaces: BTreeSet<&str> = sets.iter().filter(of_interest).map(namespace_of).collect();
        let before = checks.len();
        for namespace in namespaces {
            let here: Vec<Value> = sets.iter().filter(|set| namespace_of(set) == namespace).cloned().collect();
            self.namespace(namespace, here, checks);
        }
        if checks.len() == before {
            checks.ok("injected", "no StatefulSet asks for the injection".to_owned());
        }
    }

    fn namespace(&self, namespace: &str, sets: Vec<Value>, checks: &mut Checks) {
        let mut live = sets;
        let mut pods = Vec::new();
        for kind in ["services", "configmaps", "pods"] {
            match self.kubectl.list(kind, Some(namespace)) {
                Ok(items) if kind == "pods" => pods = items,
                Ok(items) => live.extend(items),
                Err(failure) => checks.failed("drift", format!("{kind} of the namespace {namespace}"), &failure),
            }
        }
        let is_write_service =
            |object: &Value| object["kind"] == "Service" && object["metadata"]["annotations"][PRIMARY_OF].is_string();
        let is_judged = |object: &Value| match object["kind"].as_str() {
            Some("StatefulSet") => is_asked_for(object) || has_record(object) || is_database(object),
            _ => is_write_service(object),
        };
        let judged = live.iter().filter(|object| is_judged(object)).map(restarted);
        let judged: Vec<Document> = judged.filter_map(|object| document(&object)).collect();
        // a Service is judged as a new one: an update that changes nothing is let through
        let old: Vec<Document> = live.iter().filter(|object| !is_write_service(object)).filter_map(document).collect();
        let outcomes = Preview::new(self.policy, self.settings.clone(), namespace).run(&judged, &old);
        for object in outcomes.iter().flat_map(|outcome| &outcome.objects) {
            let live = live.iter().find(|live| live["kind"] == object.kind.as_str() && name_of(live) == object.name);
            let Some(live) = live else { continue };
            if object.kind == "StatefulSet" {
                self.stateful_set(live, object, &pods, checks);
            } else {
                service(object, checks);
            }
        }
    }

    fn stateful_set(&self, live: &Value, outcome: &ObjectOutcome, pods: &[Value], checks: &mut Checks) {
        let label = label(live);
        if !is_asked_for(live) && !has_record(live) {
            for hint in &outcome.hints {
                let hint = hint.split(". ").next().unwrap_or(hint);
                checks.warning(
                    "unmanaged",
                    format!("{label}: {hint}"),
                    format!("annotate it with {INJECT_ANNOTATION}"),
                );
            }
            return;
        }
        let injected = injected_by(live);
        self.injection(live, &label, injected.as_deref(), outcome, checks);
        problems(&label, outcome, checks);
        if injected.is_none() {
            return;
        }
        let name = name_of(live);
        let restart = format!("`kubectl rollout restart statefulset/{name} -n {}` replaces them", namespace_of(live));
        let Pods { count, plain, older } = Pods::of(live, pods);
        let told = |found: &[String], what: &str| {
            format!("{label}: {} of {count} Pods {what}: {}", found.len(), found.join(", "))
        };
        if !plain.is_empty() {
            checks.bad("pods", told(&plain, "are not injected, and are databases of their own"), restart.clone());
        }
        if !older.is_empty() {
            checks.warning("pods", told(&older, "run an older injection"), restart);
        }
        if plain.is_empty() && older.is_empty() && count > 0 {
            checks.ok("pods", format!("{label}: {count} of {count} Pods run this injection"));
        }
        let wanted = live["spec"]["replicas"].as_u64().unwrap_or(1);
        let ready = live["status"]["readyReplicas"].as_u64().unwrap_or(0);
        if ready < wanted {
            let hint = format!("`kubectl get pods -n {}`, and what their containers say", namespace_of(live));
            checks.warning("ready", format!("{label}: {ready} of {wanted} Pods are Ready"), hint);
        } else {
            checks.ok("ready", format!("{label}: {ready} of {wanted} Pods are Ready"));
        }
    }

    /// Is it injected, by which version, and what would the next roll-out bring?
    fn injection(
        &self,
        live: &Value,
        label: &str,
        injected: Option<&str>,
        outcome: &ObjectOutcome,
        checks: &mut Checks,
    ) {
        let Some(found) = injected else {
            let hint = self.why_not(live, outcome.verdict == Verdict::Rejected);
            return checks.bad("injected", format!("{label} asks for the injection, and has none"), hint);
        };
        if !is_asked_for(live) {
            let hint = "take the rest away as the operating guide says, or annotate it again";
            return checks.warning(
                "injected",
                format!("{label} is injected by {found}, and asks for it no more"),
                hint,
            );
        }
        let changes = changes(outcome);
        match (found == version::OWN, outcome.verdict) {
            (_, Verdict::Rejected) => checks.ok("injected", format!("{label} is injected by {found}")),
            (true, Verdict::Mutated) => checks.warning(
                "drift",
                format!("{label} is injected by {found}, and is not as that version leaves it: {changes}"),
                "the settings have changed, or somebody has edited it; the next roll-out brings this",
            ),
            (true, _) => checks.ok("injected", format!("{label} is injected by {found}, as that version leaves it")),
            (false, Verdict::Mutated) => checks.warning(
                "injection-version",
                format!("{label} is injected by {found}; {} would bring: {changes}", version::OWN),
                "the next roll-out brings it",
            ),
            (false, _) => checks.warning(
                "injection-version",
                format!("{label} is injected by {found}, and {} leaves it so", version::OWN),
                "the next roll-out brings the version",
            ),
        }
    }

    /// Why something that asks for the injection may have none.
    fn why_not(&self, live: &Value, is_refused: bool) -> String {
        let namespace = namespace_of(live);
        match self.injector {
            None => "no policy injects: see above".to_owned(),
            Some(injector) if selector::excludes(injector.selector(), namespace) => {
                format!("the namespace {namespace} is left out by the namespaceSelector of {}", injector.label)
            }
            Some(injector) if injector.is_in_monitor_mode() => {
                format!("{} is in monitor mode, which injects nothing: its Pods do not replicate", injector.label)
            }
            Some(_) => {
                let next = if is_refused { "is refused, see below" } else { "brings the injection" };
                format!(
                    "it was made before the policy was there: its Pods do not replicate. Its next update {next}; read \
                     first how to adopt a database"
                )
            }
        }
    }
}

fn service(outcome: &ObjectOutcome, checks: &mut Checks) {
    let label = format!("Service {}/{}", outcome.namespace, outcome.name);
    match outcome.verdict {
        Verdict::Mutated => checks.bad(
            "write-service",
            format!("{label} does not lead to the primary alone: the policy would change {}", changes(outcome)),
            "apply it again: the policy binds it to the primary",
        ),
        Verdict::Rejected => {}
        _ => checks.ok("write-service", format!("{label} leads to the primary")),
    }
    problems(&label, outcome, checks);
}

/// What the policy of this version refuses or warns of, by its rules.
fn problems(label: &str, outcome: &ObjectOutcome, checks: &mut Checks) {
    for violation in &outcome.violations {
        let place = violation.object.as_ref().map(|object| format!("{object} ")).unwrap_or_default();
        let message =
            format!("{label} would be refused by [{}]: {place}{}: {}", violation.rule, violation.path, violation.found);
        checks.of_rule("rules", Level::Bad, message, Some(violation.fix.clone()), link(&violation.rule));
    }
    if outcome.verdict == Verdict::Rejected && outcome.violations.is_empty() {
        let reason = outcome.message.as_deref().unwrap_or("the policy gives no reason").trim();
        checks.bad("rules", format!("{label} would be refused: {reason}"), "its next update is refused");
    }
    for warning in &outcome.warnings {
        let (message, hint, link) = match rule_of_warning(warning) {
            Some((rule, text)) => (format!("{label}: [{rule}] {text}"), None, link(rule)),
            None => (format!("{label}: {warning}"), Some(REFERENCE.to_owned()), address("docs/reference.md")),
        };
        checks.of_rule("rules", Level::Warning, message, hint, link);
    }
}

/// What the policy would change, less what was changed here to ask it.
fn changes(outcome: &ObjectOutcome) -> String {
    let all = outcome.changes.iter().flat_map(|change| {
        [("adds", &change.added), ("removes", &change.removed)]
            .into_iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(verb, items)| format!("{verb} {} {}", change.what, items.join(", ")))
    });
    all.collect::<Vec<_>>().join("; ")
}

fn namespace_of(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().unwrap_or_default()
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

fn label(object: &Value) -> String {
    format!("StatefulSet {}/{}", namespace_of(object), name_of(object))
}

fn is_asked_for(set: &Value) -> bool {
    set["metadata"]["annotations"][INJECT_ANNOTATION] == "true"
}

fn has_record(set: &Value) -> bool {
    set["metadata"]["annotations"][STATUS_ANNOTATION].is_string()
}

fn is_database(set: &Value) -> bool {
    let containers = set["spec"]["template"]["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let images = containers.iter().filter_map(|container| container["image"].as_str());
    images.map(str::to_lowercase).any(|image| DATABASES.iter().any(|name| image.contains(name)))
}

/// The version that injected into it: by its record, if it has the container, too.
fn injected_by(set: &Value) -> Option<String> {
    let containers = set["spec"]["template"]["spec"]["initContainers"].as_array()?;
    let init = containers.iter().find(|container| container["name"] == "init-mysql")?;
    let record = set["metadata"]["annotations"][STATUS_ANNOTATION].as_str().unwrap_or_default();
    let record: Value = serde_json::from_str(record).unwrap_or_default();
    let version = record["version"].as_str().or_else(|| pods::version(init));
    Some(version.unwrap_or("an unknown version").to_owned())
}

/// The object as a roll-out would have it: an update that leaves the Pods alone leaves an older injection alone.
fn restarted(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.pointer_mut("/spec/template/metadata").filter(|metadata| metadata.is_object()) {
        if !metadata["annotations"].is_object() {
            metadata["annotations"] = json!({});
        }
        metadata["annotations"][RESTARTED] = json!("1970-01-01T00:00:00Z");
    }
    object
}

fn document(object: &Value) -> Option<Document> {
    yaml::read("cluster", object.to_string().as_bytes()).documents.into_iter().next()
}
