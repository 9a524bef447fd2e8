//! Writing a tree. Texts and numbers are written by serde_json.

use crate::json::{Object, Value};

/// Writes a text as JSON.
pub(crate) fn write_str(json: &mut Vec<u8>, text: &str) {
    // a vector takes all that is written to it
    let _ = serde_json::to_writer(json, text);
}

impl Value<'_> {
    /// Writes the tree as JSON without blanks.
    pub(crate) fn write(&self, json: &mut Vec<u8>) {
        match self {
            Self::Null => json.extend_from_slice(b"null"),
            Self::Bool(true) => json.extend_from_slice(b"true"),
            Self::Bool(false) => json.extend_from_slice(b"false"),
            Self::Number(number) => {
                let _ = serde_json::to_writer(json, number.as_ref());
            }
            Self::String(text) => write_str(json, text),
            Self::Array(list) => {
                json.push(b'[');
                for (index, element) in list.iter().enumerate() {
                    if index > 0 {
                        json.push(b',');
                    }
                    element.write(json);
                }
                json.push(b']');
            }
            Self::Object(object) => object.write(json),
            Self::Raw(text) => json.extend_from_slice(text.as_bytes()),
            Self::Script(script) => {
                json.push(b'"');
                script.write(json);
                json.push(b'"');
            }
            Self::Part(part) => part.write(json),
        }
    }

    /// The tree as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut json = Vec::new();
        self.write(&mut json);
        String::from_utf8(json).unwrap_or_default()
    }
}

impl Object<'_> {
    fn write(&self, json: &mut Vec<u8>) {
        json.push(b'{');
        for (index, (key, value)) in self.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            write_str(json, key);
            json.push(b':');
            value.write(json);
        }
        json.push(b'}');
    }

    /// The object as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut json = Vec::new();
        self.write(&mut json);
        String::from_utf8(json).unwrap_or_default()
    }
}
