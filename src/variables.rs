//! References to variables within texts. Who puts the values in differs, and so do the rules: a text for the one must
//! not be read as the other reads it.

use crate::halves::Halves;

use std::{borrow::Cow, cell::Cell};

/// The text with the values of its `$(VAR)`, as the kubelet puts them in (Kubernetes' API reference, `EnvVar`); `$$` is
/// a dollar sign. What has no value stays. A text that would be longer than `limit` stays as it is.
pub(crate) fn expand_as_kubelet<'t, 'v>(
    text: &'t str,
    limit: usize,
    value_of: &mut dyn FnMut(&str) -> Option<Cow<'v, str>>,
) -> Cow<'t, str> {
    if !text.contains('$') {
        return Cow::Borrowed(text);
    }
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.halves('$') {
        expanded.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$');
            rest = after;
            continue;
        }
        let reference = rest.strip_prefix('(').and_then(|rest| rest.halves(')'));
        let Some((name, after)) = reference else {
            expanded.push('$');
            // there is no end of any further one either
            if rest.starts_with('(') {
                break;
            }
            continue;
        };
        rest = after;
        match value_of(name) {
            Some(value) if value.len() > limit => return Cow::Borrowed(text),
            Some(value) => expanded.push_str(&value),
            None => expanded.extend(["$(", name, ")"]),
        }
        if expanded.len() > limit {
            return Cow::Borrowed(text);
        }
    }
    expanded.push_str(rest);
    Cow::Owned(expanded)
}

/// An argument of a server with the values of variables in it: Kubernetes' `$(NAME)`, and the `$NAME` and `${NAME}` of
/// a shell that may stand between. What has no value stays, and so does what would make it longer than `limit`:
/// `value_of` is told how much room is left. Looks at no part of a text twice.
pub(crate) fn expand_with_shell<'t, 'v>(
    text: &'t str,
    limit: usize,
    value_of: &mut dyn FnMut(&str, usize) -> Option<Cow<'v, str>>,
) -> Cow<'t, str> {
    if !text.contains('$') {
        return Cow::Borrowed(text);
    }
    let mut expanded = String::new();
    let mut rest = text;
    // So much is left where the parentheses end that are open. Kubernetes looks for no further name within them, and
    // for none at all where they have no end.
    let mut behind = usize::MAX;
    while let Some((before, after)) = rest.halves('$') {
        expanded.push_str(before);
        let (name, brackets) = match after.bytes().next() {
            Some(b'(') if after.len() < behind => {
                let end = after.find(')');
                behind = end.map_or(0, |end| after.len() - end);
                (&after[1..end.unwrap_or(1)], 2)
            }
            Some(b'(') => ("", 0),
            Some(b'{') => match shell_name(&after[1..]) {
                name if after[1 + name.len()..].starts_with('}') => (name, 2),
                _ => ("", 0),
            },
            _ => (shell_name(after), 0),
        };
        if let Some(value) = limit.checked_sub(expanded.len()).and_then(|room| value_of(name, room)) {
            expanded.push_str(&value);
            rest = after.get(name.len() + brackets..).unwrap_or_default();
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    Cow::Owned(expanded)
}

/// What all values together may still bring into the words of a command line.
#[derive(Default)]
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    /// No server gets as much: Linux starts no program with more than 2 MiB of arguments and variables.
    const LIMIT: usize = 256 << 10;

    /// Takes so many bytes, if there is as much.
    pub(crate) fn take(&self, len: usize) -> bool {
        self.0.set(self.0.get() + len);
        !self.is_spent()
    }

    /// Lets nobody take more.
    pub(crate) fn spend_all(&self) {
        self.0.set(Self::LIMIT + 1);
    }

    /// Was more asked for than there is?
    pub(crate) fn is_spent(&self) -> bool {
        self.0.get() > Self::LIMIT
    }
}

/// The name that a text begins with, as a shell has names.
fn shell_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_puts_which_values_in() {
        let value = |name: &str| [("A", "one"), ("LONG", "0123456789")].into_iter().find(|(of, _)| *of == name);
        let kubelet = |text| expand_as_kubelet(text, 9, &mut |name| value(name).map(|(_, value)| Cow::Borrowed(value)));
        let mut room_for =
            |name: &str, room| value(name).map(|(_, value)| Cow::Borrowed(value)).filter(|value| value.len() <= room);
        let mut shell = |text| expand_with_shell(text, 9, &mut room_for);
        for (text, by_kubelet, with_shell) in [
            ("", "", ""),
            ("plain", "plain", "plain"),
            ("$(A)", "one", "one"),
            ("<$(A)>", "<one>", "<one>"),
            ("$(A)$(A)", "oneone", "oneone"),
            ("$(B)", "$(B)", "$(B)"),
            // the kubelet knows no other form
            ("$A", "$A", "one"),
            ("${A}", "${A}", "one"),
            ("${A", "${A", "${A"),
            ("$AB", "$AB", "$AB"),
            ("$A-", "$A-", "one-"),
            // to the kubelet a dollar sign; of an argument, what may come of it where a shell is between
            ("$$(A)", "$(A)", "$one"),
            ("$$A", "$A", "$one"),
            ("$$", "$", "$$"),
            // no end
            ("$", "$", "$"),
            ("$(A", "$(A", "$(A"),
            ("$(A$(A)", "$(A$(A)", "$(A$(A)"),
            ("$(B$(A)", "$(B$(A)", "$(B$(A)"),
            ("$($A)", "$($A)", "$(one)"),
            // what is too long: all of it stays, or only that
            ("$(LONG)", "$(LONG)", "$(LONG)"),
            ("$(A)$(LONG)", "$(A)$(LONG)", "one$(LONG)"),
            ("$(A)$(A)$(A)$(A)", "$(A)$(A)$(A)$(A)", "oneoneone$(A)"),
        ] {
            assert_eq!(kubelet(text), by_kubelet, "{text} by the kubelet");
            assert_eq!(shell(text), with_shell, "{text} with a shell");
        }
    }
}
