//! A planned container, written as the JSON text that goes into the answer. Most containers are only added, and never
//! looked at again: as a tree each would cost more than all the rest of the plan.

use crate::{
    inject::status::Digest,
    json::{Value, covers, list_at, name, read, str_at, write_list, write_str},
    names::INJECTED_VOLUMES,
};

/// A planned container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    json: String,
    /// The same as [`crate::inject::Status`] makes of what is stored.
    digest: u64,
}

/// Does an injected container carry more than was planned, such that it does something else: fields that the policy
/// never writes, or a variable of its own a second time? Of a name the last one counts (Kubernetes API, `EnvVar`).
pub(crate) fn is_bent(container: &Value) -> bool {
    const NEVER_WRITTEN: [&str; 5] = ["args", "workingDir", "lifecycle", "startupProbe", "livenessProbe"];
    let env = list_at(container, &["env"]);
    let is_own = |variable: &&Value| name(variable) == POD_NAME || name(variable).starts_with("REPLICATION_");
    let is_again = |(at, variable): (usize, &Value)| {
        is_own(&variable) && env[..at].iter().any(|before| name(before) == name(variable))
    };
    let is_pods_name = |variable: &&Value| str_at(variable, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.name";
    let has_parameters = env.iter().any(|variable| name(variable) == "REPLICATION_SERVICE");
    let mut pod_names = env.iter().filter(|variable| name(variable) == POD_NAME).peekable();
    NEVER_WRITTEN.iter().any(|field| container.get(field).is_some_and(|value| !value.is_null()))
        || env.iter().enumerate().any(is_again)
        || (has_parameters && pod_names.peek().is_none())
        || !pod_names.all(|variable| is_pods_name(&variable))
}

/// The variable with the pod's name, from which scripts take the ordinal.
pub(crate) const POD_NAME: &str = "POD_NAME";

impl Part {
    /// Does a container that is there hold all that is planned?
    pub(crate) fn is_covered_by(&self, existing: &Value) -> bool {
        read(&self.json).is_ok_and(|planned| covers(existing, &planned)) && !is_bent(existing)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn write(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(self.json.as_bytes());
    }
}

/// Writes a [`Part`]. The fields that tell one injection from another go into its digest as they are written.
pub(crate) struct Writer {
    name: &'static str,
    json: Vec<u8>,
    digest: Digest,
}

impl Writer {
    /// Begins a container.
    pub(crate) fn new(name: &'static str, image: &str, command: &[&str]) -> Self {
        let room = command.iter().map(|word| word.len()).sum::<usize>() + 2048;
        let mut writer = Self { name, json: Vec::with_capacity(room), digest: Digest::default() };
        writer.digest.text(name);
        writer.digest.text(image);
        writer.raw("{\"name\":");
        writer.string(name);
        writer.raw(",\"image\":");
        writer.string(image);
        writer.raw(",\"command\":");
        writer.command(command);
        writer
    }

    fn command(&mut self, words: &[&str]) {
        write_list(&mut self.json, words, |json, word| write_str(json, word));
        self.digest.list(words, |word, digest| digest.word(word));
    }

    /// The variables: the pod's name and parameters of the scripts by name and value, where there are any, then others as
    /// they are.
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
        self.raw(",\"readinessProbe\":{\"exec\":{\"command\":");
        self.command(command);
        self.raw("},");
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

    /// The same of a text.
    pub(crate) fn text_field(&mut self, key: &str, text: &str) {
        self.field(key, "");
        self.string(text);
    }

    /// Ends the container.
    pub(crate) fn end(mut self) -> Part {
        self.raw("}");
        let Self { name, json, digest } = self;
        // only whole texts were written to it
        Part { name, json: String::from_utf8(json).unwrap_or_default(), digest: digest.value() }
    }

    fn raw(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        write_str(&mut self.json, text);
    }

    fn value(&mut self, value: &Value) {
        value.write(&mut self.json);
    }
}
