//! Where the reader of a shell's text is: what is open at the letter that it is at.

use super::Command;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// The text itself, and `( )`.
    #[default]
    Commands,
    /// `$( )`, `<( )`, `>( )`
    Substitution,
    Backquotes,
    /// `NAME=( )`
    Array,
}

/// What the next word is.
#[derive(Clone, Copy, Default)]
pub(super) enum Expected {
    #[default]
    Word,
    /// The file of `>`, and whether what is printed goes there.
    Output {
        is_output: bool,
    },
    Input,
    HereString,
    HereDocument {
        has_tabs: bool,
    },
}

/// A word whose end is not reached yet.
#[derive(Default)]
pub(super) struct Open {
    /// What is behind it in the text is not taken yet.
    pub(super) from: usize,
    pub(super) taken: String,
    /// Is it more than the piece of the text from `from` on?
    pub(super) is_made: bool,
    pub(super) is_quoted: bool,
    /// So many `${` have no `}` yet.
    pub(super) braces: usize,
}

/// What is between two parentheses.
#[derive(Default)]
pub(super) struct Frame<'t> {
    pub(super) kind: FrameKind,
    pub(super) command: Command<'t>,
    pub(super) word: Option<Open>,
    pub(super) in_quotes: bool,
    pub(super) expected: Expected,
    /// The command whose output the next one reads.
    pub(super) waiting: Option<usize>,
    /// In `(( ))` there is no here-document.
    pub(super) is_arithmetic: bool,
    /// So many `case` have no `esac` yet, and whether a pattern comes next.
    pub(super) cases: usize,
    pub(super) is_pattern: bool,
}
