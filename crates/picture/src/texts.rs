//! Texts that fit, and texts in XML.

/// The usual width of a letter, as part of the size of its font, in the fonts that browsers have. It is a little more
/// than theirs, so that a text rather ends early than runs over an edge.
const LETTER: f64 = 0.56;

/// How much wider bold letters are.
pub(crate) const BOLD: f64 = 1.12;

/// A text of at most this width, cut in its middle where it is longer: names differ at their ends.
pub(crate) fn fit(text: &str, width: f64, size: f64) -> String {
    let room = letters(width, size).max(3);
    let count = text.chars().count();
    if count <= room {
        return text.to_owned();
    }
    let (front, back) = (room / 2, room - room / 2 - 1);
    text.chars().take(front).chain(['…']).chain(text.chars().skip(count - back)).collect()
}

/// The lines of a text that are at most so wide.
pub(crate) fn wrap(text: &str, width: f64, size: f64) -> Vec<String> {
    let room = letters(width, size).max(8);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for (index, piece) in letters.chunks(room).enumerate() {
            let piece: String = piece.iter().collect();
            match lines.last_mut() {
                Some(line) if index == 0 && line.chars().count() + 1 + piece.chars().count() <= room => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
    }
    lines
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small positive number
fn letters(width: f64, size: f64) -> usize {
    (width / (size * LETTER)).max(0.0) as usize
}

/// A text as XML has it. Control characters are not allowed there at all, and those that turn the direction of what
/// follows would have a name change how the rest reads.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => escaped.push(' '),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() || turns(letter) => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Whether it is one of the controls of the Unicode Bidirectional Algorithm.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!(fit("mysql-0", 100.0, 12.0), "mysql-0");
        assert_eq!(fit("a-very-long-name-of-a-pod-0", 100.0, 12.0), "a-very-…-pod-0");
    }

    #[test]
    fn texts_are_wrapped_at_words_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 60.0, 12.0), ["one two", "three"]);
        assert_eq!(wrap(&"x".repeat(20), 60.0, 12.0), ["xxxxxxxx", "xxxxxxxx", "xxxx"]);
        assert!(wrap(" ", 60.0, 12.0).is_empty());
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("<a b=\"&\">\u{1}\n"), "&lt;a b=&quot;&amp;&quot;&gt;\u{fffd} ");
        assert_eq!(escape("\u{202e}lqsym\u{2069}"), "\u{fffd}lqsym\u{fffd}");
    }
}
