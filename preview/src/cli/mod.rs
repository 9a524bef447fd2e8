//! The command `preview`.

mod args;
mod brief;
mod findings;
mod github_report;
mod help;
mod inputs;
mod module;
mod paint;
mod rules;
mod run;
mod sarif_report;
mod settings;
mod sources;
mod text_report;
mod wrap;

pub use args::{Args, ColorChoice, OutputFormat};
pub use inputs::{Inputs, collect};
pub use mysql_replication_verdicts::{ACCEPTED, REJECTED, UNUSABLE, link};
pub use run::{main, run};
