//! A planned container, written as the JSON text that goes into the answer. Most containers are only added, and never
//! looked at again: as a tree each would cost more than all the rest of the plan.

use crate::{
    json::{Rendered, Value, at, list_at, str_at, write_str},
    mounts::holds,
    name_index::NameIndex,
    names::INJECTED_VOLUMES,
    object::{covers, name},
    record::{Digest, container_digest, is_bent, is_just_mount, tells_bash},
    scripts::LongWord,
};

/// A word of a planned container's command.
pub(crate) enum Word<'w> {
    Text(&'w str),
    Long(&'static LongWord),
}

/// Is a container that is there what is planned? Others may add to it, but nothing by which it does something else.
pub(crate) fn is_covered(planned: &Rendered, existing: &Value) -> bool {
    // most that differ do so here, and to see that takes no tree
    if container_digest(existing) != planned.digest {
        return false;
    }
    let Some(planned) = planned.tree() else { return false };
    let user = |container| at(container, &["securityContext", "runAsUser"]).and_then(Value::as_i64);
    let sources = |container| list_at(container, &["envFrom"]).len();
    covers(existing, &planned)
        && !is_bent(existing)
        && user(existing) == user(&planned)
        && sources(existing) == sources(&planned)
        && has_planned_env(existing, &planned)
        && has_planned_mounts(existing, &planned)
}

/// Another admission controller's variable may be there too, but none of a planned name again, and none that tells a
/// script something else: of a name the last one counts (Kubernetes API, `EnvVar`).
fn has_planned_env(existing: &Value, planned: &Value) -> bool {
    let planned = list_at(planned, &["env"]);
    let names = NameIndex::of(planned);
    let counts = |name: &str| name.starts_with("REPLICATION_") || tells_bash(name) || names.has(name);
    let mut those_that_count = list_at(existing, &["env"]).iter().filter(|variable| counts(name(variable)));
    planned.iter().all(|planned| those_that_count.next().is_some_and(|variable| covers(variable, planned)))
        && those_that_count.next().is_none()
}

/// Another's mount may be there too, but none above or below a planned one.
fn has_planned_mounts(existing: &Value, planned: &Value) -> bool {
    let planned = list_at(planned, &["volumeMounts"]);
    let path = |mount| str_at(mount, &["mountPath"]);
    list_at(existing, &["volumeMounts"]).iter().all(|mount| {
        match planned.iter().find(|planned| path(planned) == path(mount)) {
            Some(planned) => is_just_mount(mount, planned),
            None => !planned.iter().any(|it| holds(path(it), path(mount)) || holds(path(mount), path(it))),
        }
    })
}

/// Writes a container. The fields that tell one injection from another go into its digest as they are written.
pub(crate) struct Writer {
    name: &'static str,
    json: String,
    digest: Digest,
}

impl Writer {
    /// Begins a container.
    pub(crate) fn new(name: &'static str, image: &str) -> Self {
        let mut writer = Self { name, json: String::new(), digest: Digest::default() };
        writer.digest.text(name);
        writer.digest.text(image);
        writer.raw("{\"name\":");
        writer.string(name);
        writer.raw(",\"image\":");
        writer.string(image);
        writer
    }

    /// What the container runs.
    pub(crate) fn command(&mut self, words: &[Word]) {
        let mut separator = ",\"command\":[";
        for word in words {
            self.raw(separator);
            separator = ",";
            self.word(word);
        }
        self.raw("]");
        self.digest.end();
    }

    fn word(&mut self, word: &Word) {
        match word {
            Word::Text(text) => {
                self.string(text);
                self.digest.word(text);
            }
            Word::Long(word) => {
                self.raw("\"");
                for part in word.json {
                    self.raw(part);
                }
                self.raw("\"");
                self.digest.long_word(word);
            }
        }
    }

    fn words(&mut self, words: &[&str]) {
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                self.raw(",");
            }
            self.word(&Word::Text(word));
        }
    }

    /// The variables: the pod's name and parameters of the scripts by name and value, where there are any, then others
    /// as they are.
    pub(crate) fn env<'v>(&mut self, parameters: &[(&str, &str)], others: impl IntoIterator<Item = &'v Value<'v>>) {
        let mut separator = ",\"env\":[";
        if !parameters.is_empty() {
            self.raw(separator);
            self.raw("{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}}");
            separator = ",";
        }
        for (name, value) in parameters {
            self.raw(",{\"name\":");
            self.string(name);
            self.raw(",\"value\":");
            self.string(value);
            self.raw("}");
            self.digest.own_variable(name, value);
        }
        for variable in others {
            self.raw(separator);
            separator = ",";
            self.value(variable);
            self.digest.own_variable(name(variable), str_at(variable, &["value"]));
        }
        if separator == "," {
            self.raw("]");
        }
        self.digest.end();
    }

    /// The mounts, as they are.
    pub(crate) fn mounts<'v>(&mut self, mounts: impl IntoIterator<Item = &'v Value<'v>>) {
        self.raw(",\"volumeMounts\":[");
        let mut is_first = true;
        for mount in mounts {
            if !std::mem::take(&mut is_first) {
                self.raw(",");
            }
            self.value(mount);
            if INJECTED_VOLUMES.contains(&name(mount)) {
                self.digest.mount(mount);
            }
        }
        self.raw("]");
        self.digest.end();
    }

    /// The readiness probe, a command, if there is one; it comes last of what is digested.
    pub(crate) fn readiness(&mut self, command: &[&str], timing: &str) {
        if command.is_empty() {
            self.digest.end();
            return;
        }
        self.raw(",\"readinessProbe\":{\"exec\":{\"command\":[");
        self.words(command);
        self.digest.end();
        self.raw("]},");
        self.raw(timing);
        self.raw("}");
    }

    /// A field that other fields of the plan do not depend on, as JSON.
    pub(crate) fn field(&mut self, key: &str, json: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
        self.raw(json);
    }

    /// A field whose value is a text.
    pub(crate) fn text_field(&mut self, key: &str, text: &str) {
        self.field(key, "");
        self.string(text);
    }

    /// Ends the container.
    pub(crate) fn end(mut self) -> Rendered {
        self.raw("}");
        let Self { name, json, digest } = self;
        Rendered { name, json, digest: digest.value() }
    }

    fn raw(&mut self, text: &str) {
        self.json.push_str(text);
    }

    fn string(&mut self, text: &str) {
        write_str(&mut self.json, text);
    }

    fn value(&mut self, value: &Value) {
        value.write(&mut self.json);
    }
}
