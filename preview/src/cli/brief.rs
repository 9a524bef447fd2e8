//! YAML with its long block scalars cut short, for reading.

use std::fmt::Write as _;

/// How many lines of a block scalar are shown.
const SHOWN: usize = 2;

/// Shortens every block scalar of YAML text; the lines that are left out are counted in their place.
pub(super) fn shorten(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let _ = writeln!(shortened, "{line}");
        if !starts_block(line) {
            continue;
        }
        let Some(indent) = lines.peek().map(|first| indentation(first)).filter(|first| *first > indentation(line))
        else {
            continue;
        };
        let mut left_out = 0;
        let mut shown = 0;
        while let Some(content) = lines.next_if(|next| next.trim().is_empty() || indentation(next) >= indent) {
            if shown < SHOWN {
                let _ = writeln!(shortened, "{content}");
                shown += 1;
            } else {
                left_out += 1;
            }
        }
        if left_out > 0 {
            let _ = writeln!(shortened, "{:indent$}[{left_out} more lines]", "");
        }
    }
    shortened
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
        let text = "a: |\n  1\n  2\n\n  3\n    4\nb:\n  - |-\n    x\n  - y\nc: 'no |'\nd: x\n";
        let expected = "a: |\n  1\n  2\n  [3 more lines]\nb:\n  - |-\n    x\n  - y\nc: 'no |'\nd: x\n";
        assert_eq!(shorten(text), expected);
    }

    #[test]
    fn an_empty_block_is_no_block() {
        assert_eq!(shorten("a: |\nb: 1\n"), "a: |\nb: 1\n");
        assert_eq!(shorten("a: |"), "a: |\n");
    }
}
