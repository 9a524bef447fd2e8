//! YAML with its long texts cut short, for reading.

use std::{borrow::Cow, fmt::Write as _};

/// How many lines of a long block scalar are shown.
const SHOWN: usize = 2;
/// One of up to so many lines is shown as it is: there is room for it on every terminal.
const SHORT: usize = 20;
/// How many letters of a longer line are shown.
const WIDTH: usize = 160;

/// Shortens every long block scalar and every long line of YAML text; what is left out is counted in its place.
pub(super) fn shorten(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(shortened, "{}", cut(line));
        if !starts_block(line) {
            continue;
        }
        let Some(indent) = lines.peek().map(|first| indentation(first)).filter(|first| *first > indentation(line))
        else {
            continue;
        };
        let mut block = Vec::new();
        while let Some(content) = lines.next_if(|next| next.trim().is_empty() || indentation(next) >= indent) {
            block.push(content);
        }
        let shown = if block.len() > SHORT { SHOWN } else { block.len() };
        for content in &block[..shown] {
            let _ = writeln!(shortened, "{}", cut(content));
        }
        if shown < block.len() {
            let _ = writeln!(shortened, "{:indent$}[{} more lines]", "", block.len() - shown);
        }
    }
    shortened
}

/// Cuts a long line, and counts what is left out in its place.
pub(super) fn cut(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}... [{} more letters]", &line[..end], line[end..].chars().count()).into(),
        None => line.into(),
    }
}

fn starts_block(line: &str) -> bool {
    let Some((before, header)) = line.rsplit_once(['|', '>']) else { return false };
    header.chars().all(|c| matches!(c, '-' | '+' | '0'..='9')) && (before.ends_with(": ") || before.ends_with("- "))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_scalars_are_cut() {
        let text = |block: &str| format!("a: |\n  1\n  2\n{block}b:\n  - |-\n    x\n  - y\nc: 'no |'\nd: x\n");
        assert_eq!(shorten(&text(&"\n    3\n".repeat(10))), text("  [20 more lines]\n"));
        assert_eq!(shorten(&text("\n  3\n    4\n")), text("\n  3\n    4\n"));
    }

    #[test]
    fn long_lines_are_cut() {
        let short = format!("a: {}", "ä".repeat(157));
        assert_eq!(shorten(&format!("{short}ääb\nb: 1\n")), format!("{short}... [3 more letters]\nb: 1\n"));
        assert_eq!(shorten(&format!("{short}\n")), format!("{short}\n"));
    }

    #[test]
    fn an_empty_block_is_no_block() {
        assert_eq!(shorten("a: |\nb: 1\n"), "a: |\nb: 1\n");
        assert_eq!(shorten("a: |"), "a: |\n");
    }
}
