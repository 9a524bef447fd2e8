//! Colours.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};
pub(crate) use mysql_replication_verdicts::printable;
use terminal_size::{Height, Width};

use super::args::ColorChoice;
use super::wrap::wrap;

pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(crate) const CHANGED: Style = AnsiColor::Cyan.on_default().bold();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
pub(crate) const RULE: Style = AnsiColor::Red.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
pub(crate) const REMOVED: Style = AnsiColor::Red.on_default();
pub(crate) const PLACE: Style = AnsiColor::Cyan.on_default();

/// The columns of a terminal that tells none.
const COLUMNS: usize = 80;

/// The columns of the terminal that a stream leads to, if it leads to one. A terminal over a serial line, or one that a
/// program plays, may tell no size.
pub(crate) fn width(is_terminal: bool, told: Option<(Width, Height)>) -> Option<usize> {
    let told = told.map(|(Width(columns), _)| usize::from(columns));
    let set = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    is_terminal.then(|| told.or_else(set).unwrap_or(COLUMNS))
}

/// Paints, or does not, and breaks lines where they would not fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    colours: bool,
    /// Of the terminal, where there is one.
    width: Option<usize>,
}

impl Paint {
    /// For a stream that is or is not a terminal.
    pub(crate) fn new(choice: ColorChoice, terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let colours = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb"),
        };
        Self { colours, width: None }
    }

    /// A heading.
    pub(crate) fn title(self, text: &str) -> String {
        self.style(Style::new().bold(), text)
    }

    /// For lines of so many columns.
    pub(crate) fn with_width(self, width: Option<usize>) -> Self {
        Self { width, ..self }
    }

    /// A line, broken where the terminal is too narrow; what is continued hangs at the column `hang`.
    pub(crate) fn line(self, line: &str, hang: usize) -> String {
        wrap(line.trim_end(), self.width, hang) + "\n"
    }

    /// The text in a style.
    pub(crate) fn style(self, style: Style, text: impl Display) -> String {
        if self.colours { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
