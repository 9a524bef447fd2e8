//! Lines that fit a terminal.

/// Indents take at most one of so many columns.
const INDENTED: usize = 4;

/// Breaks a line, which may be coloured, at its blanks, so that none is longer than `width`; what is continued hangs at
/// the column `hang`. Without a width nothing is broken, so that what a program reads can be searched by lines.
pub(super) fn wrap(line: &str, width: Option<usize>, hang: usize) -> String {
    let Some(width) = width.filter(|width| columns(line) > *width) else {
        return line.to_owned();
    };
    let hang = hang.min(width / INDENTED);
    let text = line.trim_start_matches(' ');
    let mut out = " ".repeat((line.len() - text.len()).min(hang));
    let mut column = out.len();
    for (index, word) in text.split(' ').enumerate() {
        let length = columns(word);
        if index > 0 && column + 1 + length > width && column + 1 > hang {
            out.push('\n');
            out.push_str(&" ".repeat(hang));
            column = hang;
        } else if index > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// How many columns a text takes; colours take none.
fn columns(text: &str) -> usize {
    let mut count = 0;
    let mut escape = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            _ if escape => {}
            _ => count += 1,
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks() {
        let line = format!("    why: {}", "word ".repeat(20).trim_end());
        assert_eq!(wrap(&line, None, 9), line);
        assert_eq!(wrap(&line, Some(200), 9), line);
        let wrapped = wrap(&line, Some(40), 9);
        assert!(wrapped.lines().all(|line| line.len() <= 40), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("         word")), "{wrapped}");
        assert_eq!(wrapped.split_whitespace().collect::<Vec<_>>(), line.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn narrow_terminals_have_little_room_for_indents() {
        assert_eq!(wrap("        see: one two three", Some(16), 13), "    see: one two\n    three");
        assert_eq!(wrap("    a b", Some(1), 4), "a\nb");
    }

    #[test]
    fn colours_take_no_room() {
        let line = format!("\u{1b}[31m{}\u{1b}[0m end", "x".repeat(36));
        assert_eq!(wrap(&line, Some(40), 4), line);
        assert_eq!(wrap(&line, Some(41), 4), line);
        assert!(wrap(&format!("{line} more"), Some(40), 4).ends_with(" end\n    more"));
    }

    #[test]
    fn long_words_stay_whole() {
        let path = "y".repeat(60);
        assert_eq!(wrap(&format!("  ab {path} c"), Some(40), 4), format!("  ab\n    {path}\n    c"));
        // where a new line would gain nothing
        assert_eq!(wrap(&format!("  see: {path}"), Some(40), 7), format!("  see: {path}"));
        assert_eq!(wrap(&format!("    {path}"), Some(40), 4), format!("    {path}"));
    }
}
