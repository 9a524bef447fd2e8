//! What is wrong with a line of an option file.

use std::fmt;

/// Something that the server reads otherwise than it was meant, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: Mistake,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// "Wrong group definition in config file"
    Group,
    /// "Found option without preceding group in config file"
    NoGroup,
    /// "Found option without preceding group in config file", because of a byte order mark.
    ByteOrderMark,
    /// "Wrong '!include' directive in config file"
    Directive,
    /// A directive that the server does not know: it says nothing.
    UnknownDirective,
    /// `= value`: the server takes it for an unknown option.
    NoName,
    /// A line that is too long: most servers read its parts as lines, as this reader does. MySQL 9.7 has no such limit,
    /// so that two servers find different options there.
    LongLine,
    /// An include directive whose path not all servers read alike. Without a line break at its end, those with that
    /// limit lose its last letter; MySQL 9.7 keeps it, as this reader does. MySQL 9.7 ends it at a `#`; to the others,
    /// and to this reader, that is part of it.
    Path,
    /// A NUL byte, which ends the line for most servers, and for this reader. To MySQL 9.7 the next line follows
    /// without a line break.
    Nul,
}

impl Mistake {
    /// Does the server stop reading here? It does not start, unless it was in a file that another one includes: then it
    /// goes on after the `!include`, with all that it has read.
    #[must_use]
    pub fn stops(self) -> bool {
        matches!(self, Self::Group | Self::NoGroup | Self::ByteOrderMark | Self::Directive)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Group => "a group without its closing bracket: the server does not start",
            Self::NoGroup => "an option before the first group: the server does not start",
            Self::ByteOrderMark => {
                "a byte order mark, which is an option before the first group: the server does not start"
            }
            Self::Directive => "an include directive without a path: the server does not start",
            Self::UnknownDirective => "a directive that the server does not know and passes over",
            Self::NoName => "an option without a name: the server does not start",
            Self::LongLine => "a line of more than 4094 bytes: most servers read what follows as a line of its own",
            Self::Path => {
                "an include directive with a comment, or without a line break: not all servers read the same path"
            }
            Self::Nul => "a NUL byte: the server does not read what follows it in the line",
        })
    }
}
