//! The digest of what was injected: by it the policy sees that somebody has changed it.

use crate::{
    json::{Value, list_at, str_at},
    names::{INJECTED_VOLUMES, SCRIPTS_VOLUME},
    object::name,
    scripts::{LongWord, fnv1a, fnv1a_from},
};

/// FNV-1a over texts, each of which is told from the next one.
pub(crate) struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(fnv1a(b""))
    }
}

impl Digest {
    pub(crate) fn text(&mut self, text: &str) {
        // no UTF-8 text holds this byte
        self.0 = fnv1a_from(fnv1a_from(self.0, text.as_bytes()), &[0xff]);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0 = fnv1a_from(self.0, &number.to_le_bytes());
    }

    pub(crate) fn list<T>(&mut self, elements: impl IntoIterator<Item = T>, mut each: impl FnMut(T, &mut Self)) {
        for element in elements {
            each(element, self);
        }
        self.end();
    }

    /// The end of a list.
    pub(crate) fn end(&mut self) {
        self.text("]");
    }

    /// A word of a command line; of a long one, its own digest.
    pub(crate) fn word(&mut self, text: &str) {
        if text.len() > 64 {
            self.number(fnv1a(text.as_bytes()));
        } else {
            self.text(text);
        }
    }

    /// A word whose digest is known, as [`Self::word`] takes a long one.
    pub(crate) fn long_word(&mut self, word: &LongWord) {
        self.number(word.digest);
    }

    pub(super) fn words(&mut self, words: &[Value]) {
        self.list(words, |word, digest| match word {
            Value::String(text) => digest.word(text),
            other => digest.text(&other.to_json()),
        });
    }

    /// A variable, if it is surely the policy's.
    pub(crate) fn own_variable(&mut self, name: &str, value: &str) {
        if name.starts_with("REPLICATION_") {
            self.text(name);
            self.text(value);
        }
    }

    pub(crate) fn mount(&mut self, mount: &Value) {
        for field in ["name", "mountPath", "subPath", "subPathExpr"] {
            self.text(str_at(mount, &[field]));
        }
        // records of before there were such mounts stay as they are
        if name(mount) == SCRIPTS_VOLUME {
            self.number(mount.get("readOnly").is_some_and(Value::is_true).into());
        }
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }
}

pub(super) fn volume(volume: &Value) -> u64 {
    let mut digest = Digest::default();
    digest.text(name(volume));
    digest.text(str_at(volume, &["configMap", "name"]));
    // records of before there were such volumes stay as they are
    if name(volume) == SCRIPTS_VOLUME {
        digest.number(volume.get("emptyDir").is_some().into());
    }
    let secret = str_at(volume, &["secret", "secretName"]);
    if !secret.is_empty() {
        digest.text(secret);
        digest.text(list_at(volume, &["secret", "items"]).first().map_or("", |item| str_at(item, &["key"])));
    }
    digest.value()
}

/// Other admission controllers may add variables and mounts of their own, and the credentials are the user's, whose
/// change is seen elsewhere: only what is surely the policy's counts. [`crate::inject::part::Writer`] does the same.
pub(crate) fn container_digest(container: &Value) -> u64 {
    let mut digest = Digest::default();
    digest.text(name(container));
    digest.text(str_at(container, &["image"]));
    digest.words(list_at(container, &["command"]));
    digest.list(list_at(container, &["env"]), |variable, digest| {
        digest.own_variable(name(variable), str_at(variable, &["value"]));
    });
    let mounts = list_at(container, &["volumeMounts"]).iter();
    let own = mounts.filter(|mount| INJECTED_VOLUMES.contains(&name(mount)));
    digest.list(own, |mount, digest| digest.mount(mount));
    digest.words(list_at(container, &["readinessProbe", "exec", "command"]));
    digest.value()
}
