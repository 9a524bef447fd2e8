//! Manifests as golden files show them: people read their differences, so what changes with every script is left out.

use mysql_replication_policy::scripts;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::Value;
use serde_saphyr::{SerializerOptions, SingleQuoted};

use crate::manifest::each_string;

/// Writes a manifest as goldens show it: scripts by their names, and the digest of the injected content as `<digest>`.
///
/// # Panics
/// Where the value cannot be YAML.
#[must_use]
pub fn show_manifest(value: &Value) -> String {
    let mut value = value.clone();
    let scripts = scripts::injected();
    each_string(&mut value, &mut |text| {
        let (name, _) = scripts.iter().find(|(_, script)| script == text)?;
        Some(format!("<script: {name}>"))
    });
    each_string(&mut value, &mut |text| {
        const KEY: &str = "\"revision\": \"";
        let (before, rest) = text.split_once(KEY)?;
        let (digest, after) = rest.split_at_checked(16)?;
        digest.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| format!("{before}{KEY}<digest>{after}"))
    });
    yaml(&Shown(&value))
}

fn yaml(value: &impl Serialize) -> String {
    serde_saphyr::to_string_with_options(value, options()).expect("YAML")
}

/// Quotes only what YAML 1.2 needs quoted: fewer of them are easier to read.
fn options() -> SerializerOptions {
    serde_saphyr::ser_options! { yaml_12: true, no_lang_directive: true }
}

/// Nothing in the text needs the escapes that only double quotes have.
fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// A value whose texts have single quotes where they need any: the JSON in annotations has double ones.
struct Shown<'v>(&'v Value);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => {
                if is_printable(text) && yaml(text).starts_with('"') {
                    return SingleQuoted(text).serialize(serializer);
                }
                text.serialize(serializer)
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Shown(item))?;
                }
                list.end()
            }
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in object {
                    map.serialize_entry(key, &Shown(value))?;
                }
                map.end()
            }
            other => other.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::parse;

    #[test]
    fn what_is_shown_reads_as_what_it_shows() {
        let value = json!({
            "annotation": "{\"a\": 'b'}", "number": 1, "quoted": "1", "text": "a\n  b\n", "open": "a\nb", "none": null,
            "list": [[1, true], {}, [], "- a", "a: b", "\u{7}\"", "# a", ""],
        });
        assert_eq!(parse(&show_manifest(&value), "x"), value);
    }

    #[test]
    fn quotes_are_single() {
        assert_eq!(show_manifest(&json!({"a": "true", "b": "x: \"y\""})), "a: 'true'\nb: 'x: \"y\"'\n");
        assert_eq!(show_manifest(&json!(["\t'"])), "- \"\\t'\"\n");
    }

    #[test]
    fn scripts_and_digests_are_named() {
        let (name, script) = &scripts::injected()[0];
        let status = "{\"revision\": \"0123456789abcdef\"}";
        let shown = parse(&show_manifest(&json!([script, status])), "x");
        assert_eq!(shown, json!([format!("<script: {name}>"), "{\"revision\": \"<digest>\"}"]));
    }
}
