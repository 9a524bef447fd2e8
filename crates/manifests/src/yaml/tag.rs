//! What tags make of values: those of YAML's core schema have a meaning for kubectl, all others none in a manifest.

use std::borrow::Cow;

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::Value;

use super::scalar;

/// The value of a scalar.
///
/// # Errors
/// Where text and tag do not fit, or the tag has no meaning.
pub(crate) fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Cow<'_, Tag>>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain {
            scalar::resolve_plain(text)
        } else {
            Ok(Value::String(text.to_owned()))
        };
    };
    // not the text: it may be a password
    let wrong = || format!("this value is no {tag}");
    if tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty() {
        return Ok(Value::String(text.to_owned()));
    }
    if !tag.is_yaml_core_schema() {
        return Err(meaningless());
    }
    match tag.suffix.as_str() {
        "str" => Ok(Value::String(text.to_owned())),
        "int" | "float" => scalar::number(text).map(Value::Number).ok_or_else(wrong),
        "bool" | "null" => {
            let value = scalar::resolve_plain(text)?;
            let fits = if tag.suffix == "bool" { value.is_boolean() } else { value.is_null() };
            if fits { Ok(value) } else { Err(wrong()) }
        }
        _ => Err(meaningless()),
    }
}

/// Looks whether a list (`seq`) or a map (`map`) may carry a tag.
///
/// # Errors
/// Where it may not.
pub(crate) fn check_collection(tag: Option<&Cow<'_, Tag>>, suffix: &str) -> Result<(), String> {
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == suffix) => Err(meaningless()),
        _ => Ok(()),
    }
}

/// Without the tag: a password without quotes may begin with the same sign.
fn meaningless() -> String {
    "a tag, which begins with `!`, has no meaning in a manifest; quote the value if text is meant".to_owned()
}
