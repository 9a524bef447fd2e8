//! Trees for tests, written with `serde_json`'s macro.

use std::{
    borrow::Cow,
    fmt,
    ops::{Index, IndexMut},
};

use serde::{Serialize, Serializer};

use crate::json::{NULL, Number, Object, Value};

/// `serde_json`'s `json!`, as a tree of this module.
macro_rules! json {
    ($($json:tt)*) => { $crate::json::Value::from(::serde_json::json!($($json)*)) };
}
pub(crate) use json;

impl From<serde_json::Value> for Value<'_> {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => Self::Number(
                number
                    .as_u64()
                    .map(Number::Positive)
                    .or_else(|| number.as_i64().map(Number::Negative))
                    .unwrap_or_else(|| Number::from_f64(number.as_f64().unwrap()).unwrap()),
            ),
            serde_json::Value::String(text) => Self::from(text),
            serde_json::Value::Array(list) => Self::Array(list.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(object) => Self::Object(Object::new(
                object.into_iter().map(|(key, value)| (Cow::Owned(key), Self::from(value))).collect(),
            )),
        }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<serde_json::Value>(&self.to_json()).unwrap().serialize(serializer)
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

impl<'a> Index<&str> for Value<'a> {
    type Output = Value<'a>;

    fn index(&self, key: &str) -> &Value<'a> {
        self.get(key).unwrap_or(NULL)
    }
}

impl IndexMut<&str> for Value<'_> {
    fn index_mut(&mut self, key: &str) -> &mut Self {
        let object = self.as_object_mut().unwrap();
        if !object.contains_key(key) {
            object.insert(key.to_owned(), Value::Null);
        }
        object.get_mut(key).unwrap()
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == Some(*text)
    }
}

impl PartialEq<bool> for Value<'_> {
    fn eq(&self, value: &bool) -> bool {
        *self == Value::Bool(*value)
    }
}
