//! From the parser's character counts to bytes, and from bytes to lines: the text is cut by bytes, and people count
//! lines.

/// Every so many characters one byte position is kept.
const STEP: usize = 128;

/// Turns a count of characters into a count of bytes.
#[derive(Debug)]
pub(crate) struct Positions<'a> {
    text: &'a str,
    /// Empty for text that is all ASCII, where both counts are the same.
    marks: Vec<usize>,
}

impl<'a> Positions<'a> {
    /// Reads through the text once.
    pub(crate) fn new(text: &'a str) -> Self {
        let marks =
            if text.is_ascii() { Vec::new() } else { text.char_indices().step_by(STEP).map(|(b, _)| b).collect() };
        Self { text, marks }
    }

    /// The byte where the character with this number begins; the text's length when there is none.
    pub(crate) fn byte(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return character.min(self.text.len());
        }
        let Some(start) = self.marks.get(character / STEP) else {
            return self.text.len();
        };
        self.text[*start..].char_indices().nth(character % STEP).map_or(self.text.len(), |(byte, _)| start + byte)
    }
}

/// The number (from 1) of the line behind these bytes.
#[allow(clippy::naive_bytecount)] // once per error, else over a few bytes
pub(crate) fn line_number(before: &[u8]) -> usize {
    before.iter().filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_characters() {
        let text = "aé".repeat(400);
        let positions = Positions::new(&text);
        for (count, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(positions.byte(count), byte);
        }
        assert_eq!(positions.byte(800), text.len());
        assert_eq!(positions.byte(9999), text.len());
        assert_eq!(Positions::new("abc").byte(2), 2);
    }
}
