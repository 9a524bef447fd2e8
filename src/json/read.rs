//! Reading a tree (what of it is made for speed: `docs/decisions/0002-speed-ups.md`), through `serde_json`'s parser.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, value::RawValue};

use crate::json::{Object, Value};

/// Reads JSON.
///
/// # Errors
/// Where it is none, or nested deeper than `serde_json` goes (128 levels).
pub(crate) fn read(json: &str) -> serde_json::Result<Value<'_>> {
    read_at_most(usize::MAX, json, |_, _| false)
}

/// What an error says of too many values.
pub(crate) const TOO_MANY: &str = "too many values";

/// Is the value of a key, so many keys deep, left as it is written?
pub(crate) type IsOpaque = fn(usize, &str) -> bool;

/// Reads JSON of at most so many values; what is opaque counts as one.
///
/// # Errors
/// As [`read`], and where there are more.
pub(crate) fn read_at_most(values: usize, json: &str, is_opaque: IsOpaque) -> serde_json::Result<Value<'_>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let mut left = values;
    let value = Reader { left: &mut left, depth: 0, is_opaque }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads a value that is so many levels deep.
struct Reader<'l> {
    /// So many more values may come.
    left: &'l mut usize,
    depth: usize,
    is_opaque: IsOpaque,
}

impl<'a> DeserializeSeed<'a> for Reader<'_> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        *self.left = self.left.checked_sub(1).ok_or_else(|| D::Error::custom(TOO_MANY))?;
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Reader<'_> {
    type Value = Value<'a>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'a>, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'a>, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'a>, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("no number"))?;
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::from(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::from(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<Value<'a>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) =
            list.next_element_seed(Reader { left: self.left, depth: self.depth + 1, is_opaque: self.is_opaque })?
        {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Value<'a>, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let value = if (self.is_opaque)(self.depth, &key) {
                Value::Raw(map.next_value::<&RawValue>()?.get())
            } else {
                map.next_value_seed(Reader { left: self.left, depth: self.depth + 1, is_opaque: self.is_opaque })?
            };
            entries.push((key, value));
        }
        Ok(Value::Object(Object::new(entries)))
    }
}

/// A key, borrowed where it stands without escapes.
pub(super) struct Key<'a>(pub(super) Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'a> Visitor<'a> for KeyVisitor {
            type Value = Key<'a>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in [
            "null",
            r#"[true, -1, 18446744073709551615, 1.5e3, "a\"b\u00e4", "plain", [], {}]"#,
            r#"{"b": 1, "a": {"c": [{"d": null}, [[]]], "b": "x"}, "": 0}"#,
            r#"{"twice": 1, "once": 2, "twice": 3}"#,
        ] {
            let expected: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text).unwrap(), Value::from(expected.clone()), "{text}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&read(text).unwrap().to_json()).unwrap(), expected);
        }
        for text in ["", "{", "[1,]", "{\"a\" 1}", "1 2", "nul", "\"\\x\""] {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&deep(127)).is_ok() && read(&deep(128)).is_err());
    }

    #[test]
    fn long_lists_and_objects_are_whole() {
        let list: Vec<serde_json::Value> = (0..10_000).map(|at| serde_json::json!({"at": at, "name": "x"})).collect();
        let object: serde_json::Map<String, serde_json::Value> =
            (0..10_000).rev().map(|at| (format!("key-{at}"), serde_json::json!([at]))).collect();
        let tree = serde_json::json!({"before": [1, 2], "list": list, "object": object, "behind": {"x": 1}});
        let text = tree.to_string();
        assert_eq!(read(&text).unwrap(), Value::from(tree));
        assert_eq!(read(&text).unwrap()["object"].get("key-4711"), Some(&json!([4711])));
    }

    #[test]
    fn what_no_rule_looks_into_stays_as_it_is_written() {
        let text = r#"{"metadata":{"managedFields":[ {"f:x": { } } ],"name":"x"},"status":{"b": 1}}"#;
        let is_opaque: IsOpaque = |depth, key| (depth, key) == (0, "status") || (depth, key) == (1, "managedFields");
        let tree = read_at_most(usize::MAX, text, is_opaque).unwrap();
        assert_eq!(tree["status"], Value::Raw(r#"{"b": 1}"#));
        assert_eq!(tree.to_json(), text);
        assert!(read_at_most(usize::MAX, r#"{"status": {]}"#, is_opaque).is_err());
    }
}
