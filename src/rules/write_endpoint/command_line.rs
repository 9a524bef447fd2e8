//! The command line of a container: its options and assignments, and those of the shell's commands in it.

use std::borrow::Cow;

use super::{
    check::Place,
    container::ContainerCheck,
    effort::Work,
    shell::{Command, commands},
};
use crate::{
    container_variables::Sight,
    halves::Halves,
    json::{Value, list_at},
    name_index::NameIndex,
};

/// The lists that words stand in.
#[derive(Clone, Copy)]
pub(super) enum List {
    Command,
    Args,
    Env,
}

/// Where a word stands.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub(super) list: List,
    pub(super) index: usize,
}

impl Spot {
    fn path(self, container: &str) -> String {
        let (list, end) = match self.list {
            List::Command => ("command", ""),
            List::Args => ("args", ""),
            List::Env => ("env", ".value"),
        };
        format!("{container}.{list}[{}]{end}", self.index)
    }

    fn sight(self) -> Sight {
        match self.list {
            List::Command | List::Args => Sight::All,
            List::Env => Sight::Env,
        }
    }
}

impl ContainerCheck<'_, '_, '_, '_> {
    /// The options and assignments of `command` and `args`.
    pub(super) fn words(&mut self, container: &Value) {
        let mut whole: Vec<(&str, Spot)> = Vec::new();
        for (list, elements) in [(List::Command, "command"), (List::Args, "args")] {
            let elements = list_at(container, &[elements]);
            if !self.check.effort.spend(Work::Variables, elements.len()) {
                return;
            }
            for (index, element) in elements.iter().enumerate() {
                let spot = Spot { list, index };
                let text = element.as_str().unwrap_or_default();
                let option = whole.last().and_then(|(option, _)| option_name(option));
                let follows_option = option.is_some_and(|option| self.says_write(option));
                if !text.starts_with("--") && text.contains(char::is_whitespace) && !follows_option {
                    self.commands(text, spot);
                    whole.push(("", spot));
                } else {
                    whole.push((text, spot));
                }
            }
        }
        for (index, (text, spot)) in whole.iter().enumerate() {
            self.word(text, *spot, whole.get(index + 1).copied());
        }
    }

    /// A text of a shell.
    pub(super) fn commands(&mut self, text: &str, spot: Spot) {
        if !self.check.effort.spend(Work::Shell, text.len()) {
            return;
        }
        let commands = commands(text);
        if !matches!(spot.list, List::Env) && text.contains('$') {
            self.set_by_shell = Some(set_names(&commands));
        }
        for command in commands.iter().filter(|command| command.may_set()) {
            let Command(words) = command;
            for (index, word) in words.iter().enumerate() {
                let next = words.get(index + 1).map(|next| (next.as_str(), spot));
                self.word(word, spot, next);
            }
        }
        self.set_by_shell = None;
    }

    /// `--name=value`, `--name value`, `-Dname=value` or `NAME=value`.
    fn word(&mut self, word: &str, spot: Spot, next: Option<(&str, Spot)>) {
        if let Some(option) = option_name(word) {
            if let Some((value, spot)) = next.filter(|(value, _)| !value.starts_with('-'))
                && self.says_write(option)
            {
                self.argument(option, word, value, spot);
            }
            return;
        }
        let Some((name, value)) = assignment(word) else { return };
        if self.says_write(name) {
            self.argument(name, &word[..word.len() - value.len() - 1], value, spot);
        } else if let Some((name, value)) = assignment(value)
            && self.says_write(name)
        {
            // `--env=NAME=value`
            self.argument(name, name, value, spot);
        }
    }

    fn argument(&mut self, name: &str, shown: &str, text: &str, spot: Spot) {
        let mut value = self.expand(text, spot.sight(), true);
        if let Some(set) = &self.set_by_shell
            && value.contains('$')
        {
            let references = shell_references(&value, &|name| !set.has(name));
            value = Cow::Owned(self.expand(&references, spot.sight(), true).into_owned());
        }
        let place = Place { path: &spot.path(self.path), shown, name, from: None, is_made: value != text };
        self.check.value(&value, &place, &mut self.scope);
    }
}

/// The names that a shell's commands set by themselves, or may set.
fn set_names(commands: &[Command]) -> NameIndex<'static> {
    let mut names = Vec::new();
    for Command(words) in commands {
        let may_set_all = words.first().is_some_and(|first| ["for", "read", "local"].contains(&first.as_str()));
        for word in words {
            let name = assignment(word).map(|(name, _)| name).or(may_set_all.then_some(word));
            names.extend(name.map(|name| Cow::Owned(name.to_owned())));
        }
    }
    NameIndex::new(names)
}

/// A shell's `$NAME` and `${NAME}`, where it is `known`, as the kubelet's `$(NAME)`.
fn shell_references(text: &str, known: &dyn Fn(&str) -> bool) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.halves('$') {
        made.push_str(before);
        let inner = after.strip_prefix('{').unwrap_or(after);
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, behind) = inner.split_at(end);
        let behind = if inner.len() == after.len() { Some(behind) } else { behind.strip_prefix('}') };
        if let Some(behind) = behind.filter(|_| !name.is_empty() && known(name)) {
            made.extend(["$(", name, ")"]);
            rest = behind;
        } else {
            made.push('$');
            rest = after;
        }
    }
    made.push_str(rest);
    made
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// The name of an option whose value comes next.
fn option_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    (is_name(name) && name.len() > 1).then_some(name)
}

/// The name and the value of `--name=value`, `-Dname=value` and `NAME=value`.
fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.halves('=')?;
    let name = name.strip_prefix("-D").unwrap_or_else(|| name.trim_start_matches('-'));
    is_name(name).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_a_shell() {
        for (text, expected) in [
            ("$H", "$(H)"),
            ("${H}:3306", "$(H):3306"),
            ("a$H-b$H", "a$(H)-b$(H)"),
            ("$SET", "$SET"),
            ("${H:-x}", "${H:-x}"),
            ("${H", "${H"),
            ("$(H) $ $1 $$", "$(H) $ $(1) $$"),
        ] {
            assert_eq!(shell_references(text, &|name| name != "SET"), expected, "{text}");
        }
        let commands = commands("H=a; export B=b; for C in x y; do read D; done; app --e=$E");
        let names = set_names(&commands);
        for (name, expected) in [("H", true), ("B", true), ("C", true), ("E", false)] {
            assert_eq!(names.has(name), expected, "{name}");
        }
    }
}
