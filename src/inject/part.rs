//! A planned container, written as the JSON text that goes into the answer. Most containers are only added, and never
//! looked at again: as a tree each would cost more than all the rest of the plan.

use std::io;

use serde_json::Value;

use crate::{
    inject::status::Digest,
    json::{name, parse, str_at},
    names::{CONF_VOLUME, CONFIG_MAP_VOLUME},
    scripts::Script,
};

/// A planned container.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// JSON, without the scripts.
    json: Vec<u8>,
    /// Where they belong.
    scripts: Vec<(usize, Script)>,
    /// The same as [`crate::inject::Status`] makes of what is stored.
    digest: u64,
}

/// Stands in front of a part's number, in an object's list. No string of an object that is injected into begins so: see
/// [`crate::decide`].
const PLACEHOLDER: &str = "\0part";

impl Part {
    /// The part as a tree, to be compared with what is there; scripts by their placeholders.
    pub(crate) fn value(&self) -> Value {
        let mut json = Vec::with_capacity(self.json.len() + 64);
        // a vector takes all that is written to it
        let _ = self.write_with(&mut json, |json, script| {
            let placeholder = serde_json::to_vec(script.placeholder()).unwrap_or_default();
            json.extend_from_slice(placeholder.get(1..placeholder.len().saturating_sub(1)).unwrap_or_default());
            Ok(())
        });
        parse(&json).unwrap_or_default()
    }

    /// Stands for the part of this number in an object.
    pub(crate) fn placeholder(number: usize) -> Value {
        Value::String(format!("{PLACEHOLDER}{number}"))
    }

    /// The number of the part that a value stands for.
    pub(crate) fn number(value: &Value) -> Option<usize> {
        value.as_str()?.strip_prefix(PLACEHOLDER)?.parse().ok()
    }

    /// The same for the rest of a placeholder behind its first character, as a serializer gives it.
    pub(crate) fn number_in_escaped(rest: &str) -> Option<usize> {
        rest.strip_prefix(&PLACEHOLDER[1..])?.parse().ok()
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// Writes the part, with the scripts in their places.
    pub(crate) fn write<W: ?Sized + io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.write_with(writer, |writer, script| {
            script.escaped().iter().try_for_each(|piece| writer.write_all(piece.as_bytes()))
        })
    }

    fn write_with<W: ?Sized + io::Write>(
        &self,
        writer: &mut W,
        write_script: impl Fn(&mut W, Script) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut from = 0;
        for (at, script) in &self.scripts {
            writer.write_all(&self.json[from..*at])?;
            write_script(writer, *script)?;
            from = *at;
        }
        writer.write_all(&self.json[from..])
    }
}

/// Writes a [`Part`]. The fields that tell one injection from another go into its digest as they are written.
pub(crate) struct Writer {
    name: &'static str,
    json: Vec<u8>,
    scripts: Vec<(usize, Script)>,
    digest: Digest,
}

impl Writer {
    /// Begins a container.
    pub(crate) fn new(name: &'static str, image: &str, script: Script) -> Self {
        let mut writer = Self { name, json: Vec::with_capacity(2048), scripts: Vec::new(), digest: Digest::default() };
        writer.digest.text(name);
        writer.digest.text(image);
        writer.raw("{\"name\":");
        writer.string(name);
        writer.raw(",\"image\":");
        writer.string(image);
        writer.raw(",\"command\":");
        writer.shell(script);
        writer
    }

    /// `["bash", "-c", script]`.
    fn shell(&mut self, script: Script) {
        self.raw("[\"bash\",\"-c\",\"");
        self.scripts.push((self.json.len(), script));
        self.raw("\"]");
        self.digest.list(["bash", "-c", script.placeholder()], |word, digest| digest.word(word));
    }

    /// The variables: parameters of the script by name and value, then others as they are.
    pub(crate) fn env<'v>(&mut self, parameters: &[(&str, &str)], others: impl IntoIterator<Item = &'v Value>) {
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
    pub(crate) fn mounts<'v>(&mut self, mounts: impl IntoIterator<Item = &'v Value>) {
        self.raw(",\"volumeMounts\":[");
        let mut is_first = true;
        for mount in mounts {
            if !std::mem::take(&mut is_first) {
                self.raw(",");
            }
            self.value(mount);
            if [CONF_VOLUME, CONFIG_MAP_VOLUME].contains(&name(mount)) {
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
        self.shell(script);
        self.raw("},");
        self.raw(timing);
        self.raw("}");
    }

    /// A field that other fields of the plan do not depend on.
    pub(crate) fn field(&mut self, key: &str, value: &Value) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
        self.value(value);
    }

    /// Ends the container.
    pub(crate) fn end(mut self) -> Part {
        self.raw("}");
        Part { name: self.name, json: self.json, scripts: self.scripts, digest: self.digest.value() }
    }

    fn raw(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        // a string is always JSON
        let _ = serde_json::to_writer(&mut self.json, text);
    }

    fn value(&mut self, value: &Value) {
        let _ = serde_json::to_writer(&mut self.json, value);
    }
}
