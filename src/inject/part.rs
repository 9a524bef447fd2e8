//! A planned container, written as the JSON text that goes into the answer. Most containers are only added, and never
//! looked at again: as a tree each would cost more than all the rest of the plan.

use crate::{
    inject::status::Digest,
    json::{Value, covers, list_at, name, read, str_at, write_str},
    names::INJECTED_VOLUMES,
    scripts::Script,
};

/// A planned container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// JSON, without the scripts.
    json: String,
    script: Place,
    readiness: Option<Place>,
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
    let is_pods_name = |variable: &&Value| {
        name(variable) == POD_NAME && str_at(variable, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.name"
    };
    NEVER_WRITTEN.iter().any(|field| container.get(field).is_some_and(|value| !value.is_null()))
        || env.iter().enumerate().any(is_again)
        || !env.iter().any(|variable| is_pods_name(&variable))
}

/// The variable with the pod's name, from which scripts take the ordinal.
pub(crate) const POD_NAME: &str = "POD_NAME";

/// Where a script belongs: an empty string stands there.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    at: usize,
    script: Script,
}

impl Part {
    /// Does a container that is there hold all that is planned?
    pub(crate) fn is_covered_by(&self, existing: &Value) -> bool {
        // most that differ run something else, and to see that takes no tree
        if !matches!(list_at(existing, &["command"]), [.., Value::String(text)] if self.script.script.is_text(text)) {
            return false;
        }
        let Ok(mut planned) = read(&self.json) else { return false };
        self.put_in_scripts(&mut planned).is_some() && covers(existing, &planned) && !is_bent(existing)
    }

    fn put_in_scripts(&self, planned: &mut Value) -> Option<()> {
        fn put(command: &mut Value, place: &Place) -> Option<()> {
            *command.as_array_mut()?.last_mut()? = Value::Script(place.script);
            Some(())
        }

        let container = planned.as_object_mut()?;
        put(container.get_mut("command")?, &self.script)?;
        if let Some(place) = &self.readiness {
            let probe = container.get_mut("readinessProbe")?.as_object_mut()?;
            put(probe.get_mut("exec")?.as_object_mut()?.get_mut("command")?, place)?;
        }
        Some(())
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Writes the part, with the scripts in their places.
    pub(crate) fn write(&self, json: &mut Vec<u8>) {
        let mut rest = self.json.as_bytes();
        let mut from = 0;
        for Place { at, script } in std::iter::once(&self.script).chain(&self.readiness) {
            let (front, behind) = rest.split_at(at - from);
            json.extend_from_slice(front);
            script.write(json);
            (rest, from) = (behind, *at);
        }
        json.extend_from_slice(rest);
    }
}

/// Writes a [`Part`]. The fields that tell one injection from another go into its digest as they are written.
pub(crate) struct Writer {
    name: &'static str,
    json: Vec<u8>,
    script: Place,
    readiness: Option<Place>,
    digest: Digest,
}

impl Writer {
    /// Begins a container.
    pub(crate) fn new(name: &'static str, image: &str, script: Script) -> Self {
        let script = Place { at: 0, script };
        let json = Vec::with_capacity(2048);
        let mut writer = Self { name, json, script, readiness: None, digest: Digest::default() };
        writer.digest.text(name);
        writer.digest.text(image);
        writer.raw("{\"name\":");
        writer.string(name);
        writer.raw(",\"image\":");
        writer.string(image);
        writer.raw(",\"command\":");
        writer.script.at = writer.shell(writer.script.script);
        writer
    }

    /// `["bash", "-c", script]`; returns where the script belongs.
    fn shell(&mut self, script: Script) -> usize {
        self.raw("[\"bash\",\"-c\",\"");
        let at = self.json.len();
        self.raw("\"]");
        self.digest.word("bash");
        self.digest.word("-c");
        self.digest.number(script.digest());
        self.digest.end();
        at
    }

    /// The variables: parameters of the script by name and value, then others as they are.
    pub(crate) fn env<'v>(&mut self, parameters: &[(&str, &str)], others: impl IntoIterator<Item = &'v Value<'v>>) {
        self.raw(",\"env\":[{\"name\":\"POD_NAME\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}}");
        for (name, value) in parameters {
            self.raw(",{\"name\":");
            self.string(name);
            self.raw(",\"value\":");
            self.string(value);
            self.raw("}");
            self.digest.own_variable(name, value);
        }
        for variable in others {
            self.raw(",");
            self.value(variable);
            self.digest.own_variable(name(variable), str_at(variable, &["value"]));
        }
        self.raw("]");
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

    /// The readiness probe, which runs a script; it comes last of what is digested.
    pub(crate) fn readiness(&mut self, script: Option<Script>, timing: &str) {
        let Some(script) = script else {
            self.digest.end();
            return;
        };
        self.raw(",\"readinessProbe\":{\"exec\":{\"command\":");
        let at = self.shell(script);
        self.readiness = Some(Place { at, script });
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
        let Self { name, json, script, readiness, digest } = self;
        // only whole texts were written to it
        let json = String::from_utf8(json).unwrap_or_default();
        Part { name, json, script, readiness, digest: digest.value() }
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
