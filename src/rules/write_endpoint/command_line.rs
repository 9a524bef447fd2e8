//! The command line of a container: its options and assignments, and those of the shell's commands in it.

use std::borrow::Cow;

use super::{
    check::Place,
    container::ContainerCheck,
    container_variables::Sight,
    effort::Work,
    shell::{Command, commands},
};
use crate::json::{Value, list_at};

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
        for command in commands(text).iter().filter(|command| command.may_set()) {
            let Command(words) = command;
            for (index, word) in words.iter().enumerate() {
                let next = words.get(index + 1).map(|next| (next.as_str(), spot));
                self.word(word, spot, next);
            }
        }
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

    fn argument(&mut self, name: &str, shown: &str, value: &str, spot: Spot) {
        let value = self.expand(value, spot.sight(), true);
        let is_made = matches!(value, Cow::Owned(_));
        let place = Place { path: &spot.path(self.path), shown, name, from: None, is_made };
        self.check.value(&value, &place, &mut self.scope);
    }
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
    let (name, value) = word.split_once('=')?;
    let name = name.strip_prefix("-D").unwrap_or_else(|| name.trim_start_matches('-'));
    is_name(name).then_some((name, value))
}
