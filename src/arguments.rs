//! The words of a container's command line, those inside a shell's `-c` among them.

use crate::json::{Value, list_at};

/// A word of `command` or `args`.
pub(crate) struct Word<'a> {
    /// `command` or `args`.
    pub(crate) list: &'static str,
    /// Its element of the list.
    pub(crate) index: usize,
    /// The word, without what a shell's command line has around it: quotes, and what ends a command.
    pub(crate) text: &'a str,
    /// Is it an element of its own, and not part of a shell's command line?
    pub(crate) is_whole: bool,
}

/// Every word, in its order. An element that is an option is one word, whatever its value holds.
pub(crate) fn words<'v>(container: &'v Value) -> impl Iterator<Item = Word<'v>> {
    ["command", "args"].into_iter().flat_map(move |list| {
        let elements = list_at(container, &[list]).iter().enumerate();
        elements.filter_map(|(index, element)| Some((index, element.as_str()?))).flat_map(move |(index, element)| {
            let is_whole = element.starts_with("--") || !element.contains(char::is_whitespace);
            let whole = is_whole.then_some(element);
            let parts = (!is_whole)
                .then(|| element.split_whitespace().map(|word| word.trim_matches(['"', '\'', ';', '&', '|'])));
            whole.into_iter().chain(parts.into_iter().flatten()).map(move |text| Word { list, index, text, is_whole })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn words_of_a_shells_command_line_count_too() {
        let container = json!({"command": ["sh", "-c", "exec mysqld '--a=b'; exit"], "args": [5, "--c=d e"]});
        let words: Vec<_> = words(&container).map(|word| (word.list, word.index, word.text, word.is_whole)).collect();
        assert_eq!(
            words,
            [
                ("command", 0, "sh", true),
                ("command", 1, "-c", true),
                ("command", 2, "exec", false),
                ("command", 2, "mysqld", false),
                ("command", 2, "--a=b", false),
                ("command", 2, "exit", false),
                ("args", 1, "--c=d e", true),
            ]
        );
    }
}
