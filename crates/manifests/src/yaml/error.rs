//! What can be wrong with an input, and where.

use std::fmt;

/// A problem in a YAML input, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// The input's name as the user knows it: a path, or `<stdin>`.
    pub file: String,
    /// The line (from 1), where the problem has one.
    pub line: Option<usize>,
    /// The column (from 1), where the problem has one.
    pub column: Option<usize>,
    /// What was found and what to do about it.
    pub message: String,
}

impl YamlError {
    /// A problem of a whole input, such as "is empty".
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, message: message.into() }
    }

    /// A problem at a line and column, both from 1.
    pub fn at(file: &str, line: usize, column: usize, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), column: Some(column), message: message.into() }
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for YamlError {}
