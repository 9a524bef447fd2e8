//! What a shell's text assigns, and what its words become by that.

use super::{
    Command, Script, Word,
    programs::{assigned, program_at},
};
use crate::{
    name_index::NameIndex,
    variables::{Budget, expand_with_shell},
};
use std::borrow::Cow;

/// What a variable of the shell's surroundings holds.
pub(crate) type Known<'k> = &'k dyn Fn(&str) -> Option<&'k str>;

struct Assignment<'s, 't> {
    /// The command that it stands before or in.
    command: usize,
    name: &'s str,
    /// One value, or the elements of an array.
    value: Result<&'s str, &'s [Word<'t>]>,
    /// `NAME+=`
    adds: bool,
    /// May it be passed over, as one behind an `if`?
    may_be: bool,
}

/// The variables of a script, as its commands come.
pub(crate) struct Variables<'s, 't, 'k> {
    assignments: Vec<Assignment<'s, 't>>,
    names: NameIndex<'s>,
    /// Those of the assignments that were passed, and whether each is an array.
    values: Vec<(Vec<Cow<'t, str>>, bool)>,
    known: Known<'k>,
    budget: Budget,
}

impl<'s, 't, 'k> Variables<'s, 't, 'k> {
    #[inline(never)]
    pub(crate) fn of(script: &'s Script<'t>, known: Known<'k>) -> Self {
        let mut assignments = Vec::new();
        let mut depth = 0_usize;
        for (index, command) in script.commands.iter().enumerate() {
            assignments_of(index, command, &mut depth, &mut assignments);
        }
        let names = NameIndex::new(assignments.iter().map(|assignment| Cow::Borrowed(assignment.name)).collect());
        Self { assignments, names, values: Vec::new(), known, budget: Budget::default() }
    }

    /// The words of a command with the values of variables in them. Commands come in their order.
    #[inline(never)]
    pub(crate) fn expand(&mut self, index: usize, command: &Command<'t>) -> Vec<Cow<'t, str>> {
        while self.assignments.get(self.values.len()).is_some_and(|assignment| assignment.command < index) {
            self.assign();
        }
        let mut words = Vec::with_capacity(command.words.len());
        for word in &command.words {
            self.word(word, &mut words);
        }
        words
    }

    /// All that is assigned, where there was more in the variables than is looked at.
    pub(crate) fn beyond_the_limit(&self) -> impl Iterator<Item = &'s str> {
        let all = if self.budget.is_spent() { self.assignments.as_slice() } else { &[] };
        all.iter().flat_map(|assignment| {
            let (value, elements) = match assignment.value {
                Ok(value) => (Some(value), &[][..]),
                Err(elements) => (None, elements),
            };
            value.into_iter().chain(elements.iter().map(|word| word.text.as_ref()))
        })
    }

    /// Passes the next assignment.
    fn assign(&mut self) {
        let Assignment { name, value, adds, may_be, .. } = self.assignments[self.values.len()];
        let mut parts = Vec::new();
        match value {
            Ok(text) => parts.push(self.text(text).into_owned().into()),
            Err(elements) => elements.iter().for_each(|word| self.word(word, &mut parts)),
        }
        let is_array = value.is_err();
        if let Some((before, _)) = self.value(name) {
            let len = before.iter().map(|part| part.len() + 1).sum();
            // either may be what the server gets
            let is_either = may_be
                && !is_array
                && [before, &parts].iter().all(|parts| parts.first().is_some_and(|part| part.starts_with('-')))
                && value.is_ok_and(|text| !text.contains('$'));
            if (adds || is_either) && self.budget.take(len) {
                if is_array {
                    parts.splice(..0, before.iter().cloned());
                } else {
                    let between = if adds { "" } else { " " };
                    parts = vec![format!("{}{between}{}", before.join(" "), parts.join(" ")).into()];
                }
            }
        }
        self.values.push((parts, is_array));
    }

    fn value(&self, name: &str) -> Option<&(Vec<Cow<'t, str>>, bool)> {
        self.names.last(name, 0..self.values.len()).map(|place| &self.values[place])
    }

    #[inline(never)]
    fn word(&self, word: &Word<'t>, words: &mut Vec<Cow<'t, str>>) {
        let Some((name, default)) = reference(&word.text) else {
            words.push(if word.text.contains('$') {
                self.text(&word.text).into_owned().into()
            } else {
                word.text.clone()
            });
            return;
        };
        let mut push = |value: &str, is_one: bool| {
            if is_one {
                words.push(value.to_owned().into());
            } else {
                words.extend(value.split_whitespace().map(|part| part.to_owned().into()));
            }
        };
        if let Some((parts, is_array)) = self.value(name) {
            if self.budget.take(parts.iter().map(|part| part.len()).sum()) {
                for part in parts {
                    push(part, *is_array || word.is_quoted);
                }
            }
        } else if let Some(value) = (self.known)(name).filter(|value| self.budget.take(value.len())) {
            push(value, word.is_quoted);
        } else if let Some(default) = default {
            push(&format!("${{{name}}}"), true);
            push(default, false);
        } else {
            words.push(word.text.clone());
        }
    }

    /// A text with values in it.
    #[inline(never)]
    pub(crate) fn text<'w>(&self, text: &'w str) -> Cow<'w, str> {
        /// What is longer is nothing that a rule knows.
        const LIMIT: usize = 4096;
        expand_with_shell(text, LIMIT, &mut |name, room| {
            let assigned = self.value(name).and_then(|(parts, _)| parts.first()).map(AsRef::as_ref);
            let value = assigned.or_else(|| (self.known)(name));
            value.filter(|value| value.len() <= room && self.budget.take(value.len())).map(Cow::Borrowed)
        })
    }
}

fn assignments_of<'s, 't>(
    index: usize,
    command: &'s Command<'t>,
    depth: &mut usize,
    assignments: &mut Vec<Assignment<'s, 't>>,
) {
    let words = &command.words;
    let first = words.first().map(|word| word.text.as_ref()).unwrap_or_default();
    match first {
        "if" | "while" | "until" | "for" | "case" => *depth += 1,
        "fi" | "done" | "esac" => *depth = depth.saturating_sub(1),
        _ => {}
    }
    let may_be = *depth > 0;
    let mut push = |name, value, adds| assignments.push(Assignment { command: index, name, value, adds, may_be });
    if command.is_array {
        if let Some((name, _, adds)) = assigned(first) {
            push(name, Err(&words[1..]), adds);
        }
        return;
    }
    let at = program_at(words);
    let name = words.get(at).map(|word| word.text.as_ref()).unwrap_or_default();
    let end = match name {
        "export" | "declare" | "local" | "readonly" | "typeset" => words.len(),
        "for" => {
            if let [_, variable, _, values @ ..] = &words[at..] {
                push(&variable.text, Err(values), false);
            }
            at
        }
        "set" => {
            if let Some(dashes) = words.iter().position(|word| word.text == "--") {
                push("@", Err(&words[dashes + 1..]), false);
            }
            at
        }
        _ => at,
    };
    for word in &words[..end] {
        if let Some((name, value, adds)) = assigned(&word.text) {
            push(name, Ok(value), adds);
        }
    }
}

/// The name of a variable that is all of a word, and what stands for it where it has no value: `$NAME`, `${NAME}`,
/// `${NAME[@]}`, `${NAME:-default}`; `@` for `$@` and `$*`.
fn reference(word: &str) -> Option<(&str, Option<&str>)> {
    let inner = word.strip_prefix('$')?;
    if let Some("@" | "*") = inner.strip_prefix('{').map_or(Some(inner), |inner| inner.strip_suffix('}')) {
        return Some(("@", None));
    }
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let Some(inner) = inner.strip_prefix('{') else {
        return (!inner.is_empty() && inner.chars().all(is_of_name)).then_some((inner, None));
    };
    let (name, rest) = inner.split_at(inner.find(|c| !is_of_name(c)).unwrap_or(inner.len()));
    let rest = rest.strip_suffix('}')?;
    match rest {
        "" | "[@]" | "[*]" => Some((name, None)),
        _ => rest.strip_prefix(':').unwrap_or(rest).strip_prefix(['-', '=']).map(|default| (name, Some(default))),
    }
}
