//! Text of a shell, as far as it tells what is run: one reader of it, so that no rule takes a comment for an option, or
//! passes over what stands before a semicolon. No shell is run here. The grammar is that of the POSIX shell and of bash
//! ("Shell Command Language", XCU 2; bash manual, "Basic Shell Features").

mod programs;
mod split;
mod variables;

pub(crate) use programs::{Program, program, server_at};
pub(crate) use split::split;
pub(crate) use variables::Variables;

use std::borrow::Cow;

/// A word of a command.
#[derive(Debug)]
pub(crate) struct Word<'t> {
    /// Without quotes; variables stay as they are written, and `$(...)` stands for what a command prints.
    pub(crate) text: Cow<'t, str>,
    /// Is any of it in quotes? A shell makes one word of it then, whatever its variables hold.
    pub(crate) is_quoted: bool,
}

/// A simple command. What a shell reserves, such as `if` and `}`, is a word of the command behind it.
#[derive(Debug, Default)]
pub(crate) struct Command<'t> {
    /// Assignments, the program and its arguments; an array's name with its `=`, and its elements.
    pub(crate) words: Vec<Word<'t>>,
    pub(crate) is_array: bool,
    /// What it reads: the places of here-documents and here-strings in [`Script::inputs`].
    pub(crate) inputs: Vec<usize>,
    /// Is what it prints written into a file?
    pub(crate) into_file: bool,
    /// The command that reads what it prints.
    pub(crate) piped_to: Option<usize>,
    /// Does what it prints become a part of a word?
    pub(crate) is_substituted: bool,
}

impl AsRef<str> for Word<'_> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl Command<'_> {
    /// Does it only print, compare or pass on?
    pub(crate) fn prints(&self) -> bool {
        program(&self.words, self.is_array) == Program::Printer
    }
}

/// The commands of a text, in the order in which they end.
#[derive(Debug, Default)]
pub(crate) struct Script<'t> {
    pub(crate) commands: Vec<Command<'t>>,
    pub(crate) inputs: Vec<&'t str>,
    /// What commands in parentheses, braces and loops print goes on to another command or into a file.
    pub(crate) groups_go_on: bool,
    /// Is there a quote, a parenthesis or a brace that nothing closes? Then no shell takes the text.
    pub(crate) is_open: bool,
}

impl Script<'_> {
    /// For each command: does what it prints reach a program that may run it, or a file?
    pub(crate) fn goes_on(&self) -> Vec<bool> {
        let mut goes_on = vec![false; self.commands.len()];
        for (index, command) in self.commands.iter().enumerate().rev() {
            let next = command.piped_to.filter(|next| *next > index);
            goes_on[index] = command.into_file
                || command.is_substituted
                || self.groups_go_on
                || next.is_some_and(|next| goes_on[next] || !self.commands[next].prints());
        }
        goes_on
    }
}
