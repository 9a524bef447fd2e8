//! How texts of users, and objects, stand in messages: none breaks a line, or is longer than people read.

/// The API server may cut longer warnings (Kubernetes documentation, "Dynamic Admission Control", Response).
pub(crate) const WARNING_LIMIT: usize = 120;

/// A user's text as errors show it: in quotes, control characters escaped, cut where it is long.
#[cold]
#[inline(never)]
pub(crate) fn shown(text: &str) -> String {
    const LIMIT: usize = 80;
    let mut cut: String = text.chars().take(LIMIT).collect();
    if cut.len() < text.len() {
        cut.push_str("...");
    }
    format!("{cut:?}")
}

/// The beginning of a user's text, as [`shown`]: of what was to be one word, a password may be in other lines, or
/// behind a name or a host.
#[cold]
#[inline(never)]
pub(crate) fn shown_word(text: &str) -> String {
    shown(text.split(['\n', '\r', '=', ':', '@']).next().unwrap_or_default())
}

/// An option's text, as [`shown`]: without what stands behind it, another option or a comment.
#[inline(never)]
pub(crate) fn shown_option(text: &str) -> String {
    let text = text.trim();
    let end = [" --", " #"].iter().filter_map(|behind| text.find(behind)).min().unwrap_or(text.len());
    shown(&text[..end])
}

/// A user's JSON as errors show it: as it is, cut where it is long.
pub(crate) fn shown_json(mut json: String) -> String {
    const LIMIT: usize = 500;
    if json.len() > LIMIT {
        json.truncate(json.floor_char_boundary(LIMIT));
        json.push_str("...");
    }
    json
}

/// The object as messages name it.
pub(crate) fn label(kind: &str, namespace: &str, name: &str) -> String {
    let plain = |text: &str, limit| text.chars().filter(|c| !c.is_control()).take(limit).collect::<String>();
    let name = if name.is_empty() { "(without a name)".to_owned() } else { plain(name, 253) };
    format!("{} {}/{name}", plain(kind, 63), plain(namespace, 63))
}

/// The text, cut to what the API server shows of a warning.
pub(crate) fn cut(text: String) -> String {
    if text.chars().count() <= WARNING_LIMIT {
        return text;
    }
    let mut cut: String = text.chars().take(WARNING_LIMIT - 3).collect();
    cut.push_str("...");
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_shown_alone() {
        for text in ["--server-id=1", "--server-id=1 --password=x", " --server-id=1\t"] {
            assert_eq!(shown_option(text), "\"--server-id=1\"");
        }
        for text in ["read_only=0", "read_only=0 # password x", "read_only=0 # x --y"] {
            assert_eq!(shown_option(text), "\"read_only=0\"");
        }
    }

    #[test]
    fn of_what_was_to_be_a_word_the_beginning_is_shown() {
        for text in ["orders", "orders\nsecret", "orders=secret", "orders://app:secret@host", "orders@secret"] {
            assert_eq!(shown_word(text), "\"orders\"", "{text}");
        }
    }

    #[test]
    fn shown_cuts_and_escapes() {
        assert_eq!(shown("a\nb"), r#""a\nb""#);
        assert!(shown(&"x".repeat(1000)).len() < 100);
        assert!(shown_json("ä".repeat(1000)).len() < 510);
        assert_eq!(shown_json("{}".to_owned()), "{}");
    }
}
