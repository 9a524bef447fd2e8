//! Writing a tree. Texts that need escapes are written by `serde_json`.

use std::fmt::Write as _;

use crate::json::{Object, Value};

/// Writes a text as JSON.
pub(crate) fn write_str(json: &mut String, text: &str) {
    if is_plain(text.as_bytes()) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // a text can always be written
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// Does a text stand in JSON as it is? Nearly all do, and looking at eight bytes at once shows it four times as fast as
/// a look at each.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const TOPS: u64 = ONES << 7;
    // sets the top bit of a byte that is below `limit`, or of one behind such a byte (Warren, "Hacker's Delight", 6-1)
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let is_plain = |word: u64| {
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        (below(word, 0x20) | below(quote, 1) | below(backslash, 1)) & TOPS == 0
    };
    let (words, _) = text.as_chunks();
    match text.last_chunk() {
        Some(last) => words.iter().chain([last]).all(|word| is_plain(u64::from_le_bytes(*word))),
        None => text.iter().all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\'),
    }
}

/// Writes a list as JSON, each element as `write` does.
pub(crate) fn write_list<T>(json: &mut String, list: &[T], write: impl Fn(&mut String, &T)) {
    json.push('[');
    write_separated(json, list, write);
    json.push(']');
}

fn write_separated<T>(json: &mut String, items: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(json, item);
    }
}

impl Value<'_> {
    /// Writes the tree as JSON without blanks.
    pub(crate) fn write(&self, json: &mut String) {
        match self {
            Self::Null => json.push_str("null"),
            Self::Bool(true) => json.push_str("true"),
            Self::Bool(false) => json.push_str("false"),
            Self::Number(number) => {
                let _ = write!(json, "{number}");
            }
            Self::String(text) => write_str(json, text),
            Self::Array(list) => write_list(json, list, |json, element| element.write(json)),
            Self::Object(object) => object.write(json),
            Self::Raw(text) => json.push_str(text),
            Self::Rendered(rendered) => json.push_str(&rendered.json),
        }
    }

    /// The tree as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }
}

impl Object<'_> {
    fn write(&self, json: &mut String) {
        json.push('{');
        write_separated(json, self.iter(), |json, (key, value)| {
            write_str(json, key);
            json.push(':');
            value.write(json);
        });
        json.push('}');
    }

    /// The object as JSON.
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_written_as_serde_json_does() {
        for code in (0..0x300).chain([0x2028, 0xffff, 0x1_f600]) {
            let character = char::from_u32(code).unwrap();
            for before in 0..9 {
                for after in 0..9 {
                    let text = format!("{}{character}{}", "x".repeat(before), "~".repeat(after));
                    let mut json = String::new();
                    write_str(&mut json, &text);
                    assert_eq!(json, serde_json::to_string(&text).unwrap());
                }
            }
        }
        assert!(is_plain(b"plain, and more than eight bytes of it: {}[]!#~\x7f"));
        assert!(is_plain("ä".as_bytes()));
    }
}
