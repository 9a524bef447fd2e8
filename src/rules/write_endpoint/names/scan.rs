//! A first look at a text, beyond which most objects and names do not get.

/// The second letter, a small one, behind each byte that what [`may_say_write`] looks for begins with.
const SECOND: [u8; 256] = {
    let mut second = [0; 256];
    let starts = [(b'r', b'w'), (b'w', b'r'), (b'p', b'r'), (b'm', b'a'), (b'c', b'o'), (b's', b'o'), (b'l', b'e')];
    let mut at = 0;
    while at < starts.len() {
        let (first, letter) = starts[at];
        second[first as usize] = letter;
        second[first.to_ascii_uppercase() as usize] = letter;
        at += 1;
    }
    second[b'\\' as usize] = b'u';
    second
};

/// Could a text hold a name that says write, or take names from a `ConfigMap`? One scan without any allocation, for it
/// runs on every Pod of the cluster.
pub(crate) fn may_say_write(text: &str) -> bool {
    let text = text.as_bytes();
    let has_start = |pair: &[u8]| SECOND[usize::from(pair[0])] == pair[1] | 0x20;
    let mut from = 0;
    while let Some(offset) = text[from..].windows(2).position(has_start) {
        let at = from + offset;
        if says_write_at(text, at) {
            return true;
        }
        from = at + 1;
    }
    false
}

/// Does what [`may_say_write`] looks for begin at a place of a text?
fn says_write_at(text: &[u8], at: usize) -> bool {
    let rest = &text[at..];
    let is_core = |core: &str| rest.get(..core.len()).is_some_and(|start| start.eq_ignore_ascii_case(core.as_bytes()));
    match text[at] {
        // the word has no neighbours in a name, or `otherwise` and `forward` would say write
        b'r' | b'R' => is_core("rw") && may_be_word(text, at),
        // the access modes of claims, and the label of a control plane's nodes, are in many objects
        b'w' | b'W' => {
            is_core("writ")
                && !(text[..at].ends_with(b"Read")
                    && [&b"WriteOnce"[..], b"WriteMany"].contains(&&rest[..rest.len().min(9)]))
        }
        b'p' | b'P' => is_core("primary"),
        b'm' | b'M' => is_core("master") && !text[..at].ends_with(b"node-role.kubernetes.io/"),
        // a word of its own, or every `resources` would be one
        b's' | b'S' => is_core("source") && may_begin_word(text, at),
        b'l' | b'L' => is_core("leader") && may_begin_word(text, at),
        b'c' | b'C' => is_core("configmapref"),
        // a letter may be written as `\u0077`; the API server writes none so
        b'\\' => matches!(rest, [_, b'u', b'0', b'0', b'4'..=b'7', ..]),
        _ => false,
    }
}

/// Is what stands at a place of a JSON text, and is two letters long, not clearly within a word of small or of capital
/// letters?
fn may_be_word(text: &[u8], at: usize) -> bool {
    let is_escaped = text[at.saturating_sub(6)..at].contains(&b'\\');
    let (Some(before), Some(after)) = (at.checked_sub(1).and_then(|at| text.get(at)), text.get(at + 2)) else {
        return true;
    };
    let around = [*before, text[at], text[at + 1], *after];
    let small = around.iter().all(u8::is_ascii_lowercase);
    // `DBRWHost` is three words
    let capital = around.iter().all(u8::is_ascii_uppercase) && !text.get(at + 3).is_some_and(u8::is_ascii_lowercase);
    is_escaped || !(small || capital)
}

/// May a word begin at a place of a JSON text? A letter before it is of the same word, unless case says otherwise.
fn may_begin_word(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else { return true };
    let is_escaped = text[at.saturating_sub(6)..at].contains(&b'\\');
    let is_within = if text[at].is_ascii_uppercase() {
        before.is_ascii_uppercase() && !text.get(at + 1).is_some_and(u8::is_ascii_lowercase)
    } else {
        before.is_ascii_alphabetic()
    };
    is_escaped || !is_within
}

/// Is `core` somewhere in a text, without regard to case?
pub(in crate::rules::write_endpoint) fn contains(text: &str, core: &str) -> bool {
    text.as_bytes().windows(core.len()).any(|window| window.eq_ignore_ascii_case(core.as_bytes()))
}
