//! The command `preview`.

mod args;
mod brief;
mod check;
mod findings;
mod github_report;
mod gitlab_report;
mod help;
mod inputs;
mod json_report;
mod module;
mod paint;
mod rules;
mod run;
mod sarif_report;
mod settings;
mod sources;
mod text_report;
mod wrap;

pub use args::{Args, ColorChoice, Command, OutputFormat};
pub use check::{CheckArgs, CheckFormat};
pub use inputs::{Inputs, collect};
pub use rules::{link, page};
pub use run::{main, run};

/// All objects were accepted.
pub const ACCEPTED: u8 = 0;
/// An object was rejected, or there are warnings and `--fail-on-warnings`.
pub const REJECTED: u8 = 1;
/// The command line is wrong, or an input could not be read.
pub const UNUSABLE: u8 = 2;
