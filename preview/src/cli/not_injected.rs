//! Why `--inject` has found nothing to inject: whoever asks for it shall not have to guess.

use mysql_replication_manifests::yaml::YamlError;
use mysql_replication_verdicts::{
    DocumentOutcome, Evaluator, INJECT_ANNOTATION, Inject, ObjectOutcome, Verdict, runs_database,
};
use serde_json::Value;

/// The option, as messages name it.
const OPTION: &str = "--inject";
/// So many objects are told of.
const SHOWN: usize = 8;

/// What was judged, and with what.
pub(super) struct Judged<'j> {
    pub(super) outcomes: &'j [DocumentOutcome],
    /// Not all of the input could be read.
    pub(super) is_incomplete: bool,
    pub(super) evaluator: &'j dyn Evaluator,
    pub(super) namespace: &'j str,
}

impl Judged<'_> {
    /// Why nobody got the annotation; `None` where somebody did, or was not to get it.
    pub(super) fn why_none(&self, inject: &Inject) -> Option<YamlError> {
        let sets: Vec<&ObjectOutcome> = self.objects().filter(|object| is_set(object)).collect();
        let message = match inject {
            Inject::Annotated => return None,
            Inject::Databases if sets.iter().any(|set| annotation(set) == "true") => return None,
            Inject::Named(name) if sets.iter().any(|set| set.name == *name) => return None,
            Inject::Databases if sets.is_empty() => self.of_others(|_| true),
            Inject::Databases => {
                let reasons: Vec<String> = sets.iter().take(SHOWN).map(|set| self.reason(set)).collect();
                format!("no StatefulSet is injected: {}", reasons.join("; "))
            }
            Inject::Named(name) if sets.is_empty() => self.of_others(|object| object.name == *name),
            Inject::Named(name) => {
                let names: Vec<&str> = sets.iter().take(SHOWN).map(|set| set.name.as_str()).collect();
                format!("no StatefulSet of the name {name} is among these documents; there is {}", names.join(", "))
            }
        };
        Some(YamlError::of_file(OPTION, message))
    }

    fn objects(&self) -> impl Iterator<Item = &ObjectOutcome> {
        self.outcomes.iter().flat_map(|outcome| &outcome.objects)
    }

    /// Where there is no StatefulSet.
    fn of_others(&self, is_meant: impl Fn(&ObjectOutcome) -> bool) -> String {
        let is_database = |object: &&ObjectOutcome| {
            is_meant(object) && !is_set(object) && runs_database(&object.object, self.evaluator, self.namespace)
        };
        if let Some(object) = self.objects().find(is_database) {
            return format!(
                "{} {} cannot be injected: it takes a StatefulSet, whose pods have names and volumes of their own",
                object.kind, object.name
            );
        }
        let seen = if self.is_incomplete { "what could be read" } else { "these documents" };
        format!("no StatefulSet is among {seen}")
    }

    fn reason(&self, set: &ObjectOutcome) -> String {
        let name = &set.name;
        let anyhow = format!("{OPTION}={name} tries it all the same");
        if !annotation(set).is_null() {
            return format!("{name} has the annotation inject: {}; {anyhow}", annotation(set));
        }
        if runs_database(&set.object, self.evaluator, self.namespace) {
            return format!("{name} runs a database that something else replicates or manages; {anyhow}");
        }
        if set.verdict == Verdict::Rejected {
            return format!("{name} is rejected");
        }
        format!("{name} runs no database that the policy knows")
    }
}

fn is_set(object: &ObjectOutcome) -> bool {
    object.api_version == "apps/v1" && object.kind == "StatefulSet"
}

fn annotation(object: &ObjectOutcome) -> &Value {
    &object.object["metadata"]["annotations"][INJECT_ANNOTATION]
}
