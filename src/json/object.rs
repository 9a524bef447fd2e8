use std::borrow::Cow;

use crate::{json::Value, order::sorted};

type Entry<'a> = (Cow<'a, str>, Value<'a>);

/// A JSON object: its entries in the order of their keys, each key once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'a>(Vec<Entry<'a>>);

impl<'a> Object<'a> {
    /// Takes entries in any order; the last one of a key counts, as `serde_json`'s `Value` has it.
    pub(crate) fn new(mut entries: Vec<Entry<'a>>) -> Self {
        if !entries.is_sorted_by(|(before, _), (key, _)| before < key) {
            entries = sorted(entries, |(one, _), (other, _)| one.cmp(other));
            // of those with one key the last one stood last
            entries.dedup_by(|later, kept| {
                let is_same = later.0 == kept.0;
                if is_same {
                    std::mem::swap(later, kept);
                }
                is_same
            });
        }
        Self(entries)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_ref().cmp(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value<'a>> {
        // a length is compared faster than a text, and most objects have few keys
        const FEW: usize = 16;
        if self.0.len() <= FEW {
            return self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value);
        }
        Some(&self.0[self.position(key).ok()?].1)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Value<'a>> {
        let at = self.position(key).ok()?;
        Some(&mut self.0[at].1)
    }

    pub(crate) fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The value of a key; null is put there where it has none.
    pub(crate) fn slot(&mut self, key: &'static str) -> &mut Value<'a> {
        let at = self.position(key).unwrap_or_else(|at| {
            self.0.insert(at, (Cow::Borrowed(key), Value::Null));
            at
        });
        &mut self.0[at].1
    }

    /// Puts a value under a key, in the place of another one if there is one.
    pub(crate) fn insert(&mut self, key: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let key = key.into();
        match self.position(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &str) {
        if let Ok(at) = self.position(key) {
            self.0.remove(at);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), value))
    }

    /// The object with what `map` makes of its values; nothing means that the entry goes.
    pub(crate) fn map(&self, map: impl Fn(&Value<'a>) -> Option<Value<'a>>) -> Self {
        let entries = self.0.iter().filter_map(|(key, value)| Some((key.clone(), map(value)?)));
        Self(entries.collect())
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }
}
