//! What one line of an option file says: blanks, comments, directives, quotes and escapes.

use std::borrow::Cow;

use crate::{file::EntryKind, mistake::Mistake};

/// What follows the `!`.
pub(crate) fn read_directive(text: &[u8]) -> Result<EntryKind<'_>, Mistake> {
    let text = trim_start(text);
    let after =
        |keyword: &[u8]| text.strip_prefix(keyword).filter(|rest| rest.first().is_some_and(|byte| is_space(*byte)));
    let is_folder = after(b"includedir").is_some();
    let path = after(b"includedir").or_else(|| after(b"include")).ok_or(Mistake::UnknownDirective)?;
    let path = trim_end(trim_start(path));
    if path.is_empty() {
        return Err(Mistake::Directive);
    }
    let path = String::from_utf8_lossy(path);
    Ok(if is_folder { EntryKind::IncludeDir(path) } else { EntryKind::Include(path) })
}

/// `key`, or `key = value`, without blanks and comment.
pub(crate) fn read_option(text: &[u8]) -> Result<EntryKind<'_>, Mistake> {
    let Some(equals) = text.iter().position(|byte| *byte == b'=') else {
        return Ok(EntryKind::Option(String::from_utf8_lossy(trim_end(text)), None));
    };
    let key = trim_end(&text[..equals]);
    if key.is_empty() {
        return Err(Mistake::NoName);
    }
    let value = match trim_end(trim_start(&text[equals + 1..])) {
        // quotes inside a value stay
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => inner,
        value => value,
    };
    Ok(EntryKind::Option(String::from_utf8_lossy(key), Some(unescaped(value))))
}

/// Ends a line at its first `#` outside quotes; `;` begins a comment only at the beginning of a line. A backslash
/// protects a quote only inside quotes.
pub(crate) fn without_comment(text: &[u8]) -> &[u8] {
    let mut quote = None;
    let mut is_escaped = false;
    for (index, byte) in text.iter().enumerate() {
        match byte {
            b'"' | b'\'' if !is_escaped => match quote {
                None => quote = Some(byte),
                Some(open) if open == byte => quote = None,
                Some(_) => {}
            },
            b'#' if quote.is_none() => return &text[..index],
            _ => {}
        }
        is_escaped = quote.is_some() && *byte == b'\\' && !is_escaped;
    }
    text
}

/// The server's escapes. An unknown one, and a backslash at the end, stay as they are.
fn unescaped(value: &[u8]) -> Cow<'_, str> {
    if !value.contains(&b'\\') {
        return String::from_utf8_lossy(value);
    }
    let mut plain = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'\\', [escape, after @ ..]) => {
                rest = after;
                match escape {
                    b'n' => plain.push(b'\n'),
                    b't' => plain.push(b'\t'),
                    b'r' => plain.push(b'\r'),
                    b'b' => plain.push(8),
                    b's' => plain.push(b' '),
                    b'"' | b'\'' | b'\\' => plain.push(*escape),
                    _ => plain.extend([b'\\', *escape]),
                }
            }
            _ => plain.push(*byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&plain).into_owned())
}

/// A blank of Latin-1, which the server takes every file for. The last byte of an `à` in UTF-8 is one.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0xa0)
}

pub(crate) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_space(*byte)).unwrap_or(text.len());
    &text[start..]
}

pub(crate) fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}
