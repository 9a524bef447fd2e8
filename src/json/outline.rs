//! Reading some fields of an object in one pass, without a tree of the others.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::read::Key;

/// A field, and what is read of it.
pub(crate) struct Field {
    key: &'static str,
    /// Its place among what is found.
    place: usize,
    take: Take,
}

enum Take {
    /// A string.
    Text,
    /// Anything, as it is written.
    Raw,
    /// An object, and these fields of it.
    Inside(&'static [Field]),
}

impl Field {
    /// A string.
    pub(crate) const fn text(key: &'static str, place: usize) -> Self {
        Self { key, place, take: Take::Text }
    }

    /// Anything, as it is written.
    pub(crate) const fn raw(key: &'static str, place: usize) -> Self {
        Self { key, place, take: Take::Raw }
    }

    /// An object, and some fields of it; of itself is found that it is there.
    pub(crate) const fn inside(key: &'static str, place: usize, fields: &'static [Self]) -> Self {
        Self { key, place, take: Take::Inside(fields) }
    }
}

/// What is found, each field in its place; nothing of what is absent or null.
pub(crate) type Found<'a, const N: usize> = [Option<Cow<'a, str>>; N];

/// Reads fields of an object.
///
/// # Errors
/// Where the text is no JSON object, a field has another type, or is there twice.
pub(crate) fn outline<'a, const N: usize>(json: &'a str, fields: &'static [Field]) -> serde_json::Result<Found<'a, N>> {
    let mut found = [const { None }; N];
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let is_object =
        Outline { take: &Take::Inside(fields), found: &mut found }.deserialize(&mut deserializer)?.is_some();
    deserializer.end()?;
    if is_object { Ok(found) } else { Err(Error::custom(WRONG)) }
}

const WRONG: &str = "another type";

struct Outline<'o, 'a> {
    take: &'o Take,
    found: &'o mut [Option<Cow<'a, str>>],
}

impl<'a> DeserializeSeed<'a> for Outline<'_, 'a> {
    type Value = Option<Cow<'a, str>>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Outline<'_, 'a> {
    type Value = Option<Cow<'a, str>>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(WRONG)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    // serde's own methods would do the same, but describe what they found: with tens of kilobytes of code for numbers

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Err(E::custom(WRONG))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Err(E::custom(WRONG))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Err(E::custom(WRONG))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom(WRONG))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom(WRONG))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Self::Value, E> {
        match self.take {
            Take::Text => Ok(Some(Cow::Borrowed(text))),
            _ => Err(E::custom(WRONG)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        match self.take {
            Take::Text => Ok(Some(Cow::Owned(text.to_owned()))),
            _ => Err(E::custom(WRONG)),
        }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { take: Take::Inside(fields), found } = self else { return Err(A::Error::custom(WRONG)) };
        while let Some(Key(key)) = map.next_key()? {
            let Some(field) = fields.iter().find(|field| field.key == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if found[field.place].is_some() {
                return Err(A::Error::custom("given twice"));
            }
            found[field.place] = match &field.take {
                Take::Raw => Some(map.next_value::<&RawValue>()?.get()).filter(|raw| *raw != "null").map(Cow::Borrowed),
                take => map.next_value_seed(Outline { take, found: &mut *found })?,
            };
        }
        Ok(Some(Cow::Borrowed("")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::text("name", 0),
        Field::raw("any", 1),
        Field::inside("in", 2, &[Field::text("name", 3), Field::raw("list", 4)]),
    ];

    fn found(json: &str) -> Option<[Option<String>; 5]> {
        outline(json, FIELDS).ok().map(|found: Found<5>| found.map(|text| text.map(Cow::into_owned)))
    }

    #[test]
    fn fields_are_found_and_others_skipped() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            found(r#"{"x": {"name": 1}, "in": {"list": [1, {"name": 2}], "y": []}, "any": {"a":  1}, "name": "a\tb"}"#),
            Some([text("a\tb"), text(r#"{"a":  1}"#), text(""), None, text(r#"[1, {"name": 2}]"#)])
        );
        assert_eq!(found(r#"{"in": null, "any": null, "name": null}"#), Some([const { None }; 5]));
    }

    #[test]
    fn wrong_types_and_repeated_fields_are_errors() {
        for json in [
            "",
            "[]",
            "null",
            "1",
            "{} 1",
            r#"{"name": 1}"#,
            r#"{"name": {}}"#,
            r#"{"in": "x"}"#,
            r#"{"in": [1]}"#,
            r#"{"in": {"name": true}}"#,
            r#"{"name": "a", "name": "b"}"#,
            r#"{"in": {}, "in": {}}"#,
            r#"{"any": 1, "any": 1}"#,
        ] {
            assert_eq!(found(json), None, "{json}");
        }
    }
}
