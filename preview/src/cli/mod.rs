//! The command `preview`.

mod args;
mod brief;
mod check;
mod findings;
mod github_report;
mod gitlab_report;
mod help;
mod inputs;
mod module;
mod not_injected;
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
pub use mysql_replication_verdicts::{ACCEPTED, REJECTED, UNUSABLE, link, page};
pub use run::{main, run};
