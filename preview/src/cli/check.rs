//! The command `check`: a live cluster as a list of what is well and what is not.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use serde_json::json;

use super::args::ColorChoice;
use super::module::Module;
use super::paint::{self, Paint, printable};
use super::run::namespace;
use super::{ACCEPTED, REJECTED, UNUSABLE};
use crate::check::{Check, Kubectl, Level, Section, check};

/// How the list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// A line for each check, with a hint and a link where not all is well
    Text,
    /// One JSON object with every check
    Json,
}

/// The options of `check`.
#[derive(Debug, Clone, ClapArgs)]
pub struct CheckArgs {
    /// kubectl's context [default: the current one]
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// kubectl's configuration [default: as kubectl finds it]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Look at the databases of this namespace [default: at those of all]
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,

    /// The policy module that says what should be there [default: as without `check`]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Exit with 1 for warnings, too
    #[arg(long)]
    pub fail_on_warnings: bool,

    /// How to print the list
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = CheckFormat::Text)]
    pub output: CheckFormat,

    /// When to colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

/// Checks, and gives what is to be printed with the exit code.
pub(super) fn run(args: &CheckArgs) -> Result<(String, u8), String> {
    args.namespace.as_deref().map_or(Ok(()), namespace)?;
    if args.context.as_deref() == Some("") {
        return Err("--context needs a name; `kubectl config get-contexts` lists them".to_owned());
    }
    let policy = Module::find(args.policy.as_deref())?.read()?;
    let kubectl = Kubectl::new(args.context.as_deref(), args.kubeconfig.as_deref());
    let checks = check(&kubectl, &policy, args.namespace.as_deref());
    let exit_code = exit_code(&checks, args.fail_on_warnings);
    let text = match args.output {
        CheckFormat::Text => {
            let is_terminal = io::stdout().is_terminal();
            let width = paint::width(is_terminal, terminal_size::terminal_size_of(io::stdout()));
            list(&checks, Paint::new(args.color, is_terminal).with_width(width))
        }
        CheckFormat::Json => {
            let report = json!({"exitCode": exit_code, "version": env!("CARGO_PKG_VERSION"), "checks": checks});
            serde_json::to_string_pretty(&report).map_err(|error| error.to_string())? + "\n"
        }
    };
    Ok((text, exit_code))
}

fn exit_code(checks: &[Check], fail_on_warnings: bool) -> u8 {
    match checks.iter().map(|check| check.level).max() {
        Some(Level::Unknown) => UNUSABLE,
        Some(Level::Bad) => REJECTED,
        Some(Level::Warning) if fail_on_warnings => REJECTED,
        _ => ACCEPTED,
    }
}

fn list(checks: &[Check], paint: Paint) -> String {
    let mut out = String::new();
    let mut section = None;
    for check in checks {
        if section != Some(check.section) {
            let title = match check.section {
                Section::Cluster => "cluster",
                Section::Policy => "policy",
                Section::Server => "policy server",
                Section::Databases => "databases",
            };
            let _ = writeln!(out, "{}{}", if section.is_some() { "\n" } else { "" }, paint.title(title));
            section = Some(check.section);
        }
        let (style, sign) = sign(check.level);
        out += &paint.line(&format!("{} {}", paint.style(style, sign), one_line(&check.message)), 2);
        if let Some(hint) = &check.hint {
            out += &paint.line(&format!("    {} {}", paint.style(paint::DIM, "fix:"), one_line(hint)), 9);
        }
        if let Some(link) = &check.link {
            out += &paint.line(&format!("    {} {link}", paint.style(paint::DIM, "see:")), 9);
        }
    }
    out.push('\n');
    out + &summary(checks, paint)
}

fn sign(level: Level) -> (anstyle::Style, &'static str) {
    match level {
        Level::Ok => (paint::GOOD, "√"),
        Level::Warning => (paint::WARNING, "‼"),
        Level::Bad => (paint::BAD, "×"),
        Level::Unknown => (paint::BAD, "?"),
    }
}

/// What a cluster's objects say must not break the list.
fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

fn summary(checks: &[Check], paint: Paint) -> String {
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    let parts: Vec<String> =
        [(Level::Ok, "well"), (Level::Warning, "to look at"), (Level::Bad, "wrong"), (Level::Unknown, "not found out")]
            .into_iter()
            .filter(|(level, _)| count(*level) > 0)
            .map(|(level, word)| paint.style(sign(level).0, format!("{} {word}", count(level))))
            .collect();
    parts.join(", ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[Level]) -> Vec<Check> {
        let check = |level: &Level| Check {
            id: "x",
            section: Section::Policy,
            level: *level,
            message: "a\nb\u{1b}".to_owned(),
            hint: (*level != Level::Ok).then(|| "do it".to_owned()),
            link: None,
        };
        levels.iter().map(check).collect()
    }

    #[test]
    fn the_worst_gives_the_exit_code() {
        assert_eq!(exit_code(&of(&[Level::Ok]), true), ACCEPTED);
        assert_eq!(exit_code(&of(&[Level::Warning, Level::Ok]), false), ACCEPTED);
        assert_eq!(exit_code(&of(&[Level::Warning, Level::Ok]), true), REJECTED);
        assert_eq!(exit_code(&of(&[Level::Bad, Level::Warning]), false), REJECTED);
        assert_eq!(exit_code(&of(&[Level::Unknown, Level::Bad]), false), UNUSABLE);
    }

    #[test]
    fn each_is_a_line() {
        let text = list(&of(&[Level::Ok, Level::Bad]), Paint::new(ColorChoice::Never, false));
        assert_eq!(text, "policy\n√ a b\\u{1b}\n× a b\\u{1b}\n    fix: do it\n\n1 well, 1 wrong\n");
    }
}
