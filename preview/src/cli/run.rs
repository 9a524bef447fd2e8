//! The command's way from its arguments to its exit code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use clap::FromArgMatches;
use mysql_replication_manifests::yaml::{Document, YamlError};
use serde_json::json;
use terminal_size::terminal_size_of;

use super::args::{Args, Command, OutputFormat};
use super::check;
use super::findings::{self, Level};
use super::inputs::{self, Inputs};
use super::module::Module;
use super::not_injected::Judged;
use super::paint::{self, Paint, printable};
use super::{
    ACCEPTED, UNUSABLE, brief, github_report, gitlab_report, help, rules, sarif_report, settings, text_report,
};
use mysql_replication_picture::{Look, Picture, Shape};
use mysql_replication_verdicts::{
    DocumentOutcome, Inject, Preview, changed_manifests, diff_for_programs, exit_code, json_report, manifests, repeated,
};

/// So many lines of manifests are shown on a terminal: a StatefulSet with what is injected, and little more.
const PAGES: usize = 300;
/// How the command is called where kubectl finds it as a plugin.
const PLUGIN: &str = "kubectl-mysql_replication";

/// Runs the command with the process's arguments and streams, and returns its exit code.
#[must_use]
pub fn main() -> u8 {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = if is_plugin(&arguments) { help::PLUGIN } else { help::NAME };
    let parsed = help::command()
        .bin_name(name)
        .try_get_matches_from(without_preview(arguments))
        .and_then(|matches| Args::from_arg_matches(&matches));
    let args = match parsed {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(UNUSABLE);
        }
    };
    run(&args, &mut io::stdin().lock(), &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// As a plugin of kubectl of the name `kubectl-mysql_replication`, the command is `kubectl mysql-replication preview`.
fn without_preview(mut arguments: Vec<OsString>) -> Vec<OsString> {
    // `kubectl mysql-replication check` is one already
    if is_plugin(&arguments) && arguments.get(1).is_some_and(|word| word == "preview") {
        arguments.remove(1);
    }
    arguments
}

fn is_plugin(arguments: &[OsString]) -> bool {
    arguments.first().and_then(|path| Path::new(path).file_stem()).is_some_and(|program| program == PLUGIN)
}

/// Runs the command on these streams, and returns its exit code. A closed output stream is no error.
pub fn run(args: &Args, stdin: &mut dyn Read, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let is_terminal = io::stderr().is_terminal();
    let width = paint::width(is_terminal, terminal_size_of(io::stderr()));
    let paint = Paint::new(args.color, is_terminal).with_width(width);
    if let Some(Command::Check(args)) = &args.command {
        return finish(check::run(args), stdout, stderr, paint);
    }
    if let Some(rule) = &args.explain {
        return explain(args, rule, stdout, stderr, paint);
    }
    let (written, exit_code) = match setup(args) {
        Some(text) => (text.and_then(|text| write_all(stdout, &text)), ACCEPTED),
        None => match evaluate(args, stdin) {
            Ok(report) => (write_report(args, &report, stdout, stderr, paint), report.exit_code),
            Err(message) => {
                if args.format() == OutputFormat::Github {
                    let _ =
                        write_all(stdout, github_report::command(Level::Error, None, help::NAME, &message).as_bytes());
                }
                let _ = writeln!(stderr, "{} {message}", paint.style(paint::BAD, "error:"));
                return UNUSABLE;
            }
        },
    };
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(stderr, "{} the output cannot be written: {error}", paint.style(paint::BAD, "error:"));
            UNUSABLE
        }
        _ => exit_code,
    }
}

fn explain(args: &Args, rule: &str, stdout: &mut dyn Write, stderr: &mut dyn Write, paint: Paint) -> u8 {
    let is_terminal = io::stdout().is_terminal();
    let width = paint::width(is_terminal, terminal_size_of(io::stdout()));
    let text = rules::explain(rule, Paint::new(args.color, is_terminal).with_width(width));
    finish(text.map(|text| (text, ACCEPTED)), stdout, stderr, paint)
}

/// Prints a text, or why there is none.
fn finish(text: Result<(String, u8), String>, stdout: &mut dyn Write, stderr: &mut dyn Write, paint: Paint) -> u8 {
    match text {
        Ok((text, exit_code)) => {
            let _ = write_all(stdout, text.as_bytes());
            exit_code
        }
        Err(message) => {
            let error = paint.style(paint::BAD, "error:");
            let _ = stderr.write_all(paint.line(&format!("{error} {message}"), 4).as_bytes());
            UNUSABLE
        }
    }
}

fn write_all(stream: &mut dyn Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).and_then(|()| stream.flush())
}

/// What is printed once, when the command is set up.
fn setup(args: &Args) -> Option<io::Result<Vec<u8>>> {
    if let Some(shell) = args.completions {
        // Written to a buffer, for the library panics where a stream is closed.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut help::command(), help::NAME, &mut script);
        return Some(Ok(script));
    }
    args.man.then(help::man)
}

struct Report {
    documents: Vec<Document>,
    outcomes: Vec<DocumentOutcome>,
    errors: Vec<YamlError>,
    warnings: Vec<YamlError>,
    rendered: BTreeMap<String, String>,
    exit_code: u8,
}

fn evaluate(args: &Args, stdin: &mut dyn Read) -> Result<Report, String> {
    namespace(&args.namespace)?;
    if args.diff && !matches!(args.format(), OutputFormat::Yaml | OutputFormat::Json) {
        return Err("--diff goes with the outputs yaml and json".to_owned());
    }
    if args.brief && args.format() != OutputFormat::Yaml {
        return Err("--brief goes with the output yaml".to_owned());
    }
    if args.inject.as_deref() == Some("")
        && let Some(name) = args.paths.iter().find_map(|path| name_in_place_of_a_file(path))
    {
        return Err(format!("there is no file {name}; a StatefulSet of that name is meant by --inject={name}"));
    }
    let module = Module::find(args.policy.as_deref())?;
    let Inputs { documents, mut errors, mut warnings, mut rendered } = inputs::collect(&args.paths, stdin);
    let old = if args.old.is_empty() { Inputs::default() } else { inputs::collect(&args.old, stdin) };
    errors.extend(old.errors);
    warnings.extend(old.warnings);
    rendered.extend(old.rendered);
    warnings.extend(repeated(&documents, &args.namespace));

    let policy = module.read()?;
    let settings = match &args.settings {
        Some(file) => settings::read(file)?,
        None => json!({}),
    };
    let verdict =
        policy.validate_settings(&settings).map_err(|error| format!("the settings could not be checked: {error}"))?;
    if !verdict.valid {
        let file = args.settings.as_ref().map_or_else(|| "the settings".to_owned(), |f| f.display().to_string());
        let message = verdict.message.unwrap_or_else(|| "no reason given".to_owned());
        return Err(format!("{file}: the policy refuses these settings: {message}"));
    }
    let inject = match args.inject.as_deref() {
        None => Inject::Annotated,
        Some("") => Inject::Databases,
        Some(name) => Inject::Named(name.to_owned()),
    };
    let preview = Preview::new(&policy, settings, &args.namespace).with_inject(inject.clone());
    let outcomes = preview.run(&documents, &old.documents);
    let is_incomplete = !errors.is_empty();
    let judged = Judged { outcomes: &outcomes, is_incomplete, evaluator: &policy, namespace: &args.namespace };
    errors.extend(judged.why_none(&inject));
    errors.extend(outcomes.iter().filter_map(|outcome| outcome.error.clone()));
    let exit_code = exit_code(&outcomes, &errors, &warnings, args.fail_on_warnings);
    Ok(Report { documents, outcomes, errors, warnings, rendered, exit_code })
}

/// A path that is no file and could be the name of an object.
fn name_in_place_of_a_file(path: &Path) -> Option<&str> {
    path.to_str().filter(|name| is_label(name) && !path.exists())
}

/// Whether a text is a DNS label (RFC 1123), as a namespace's name is.
fn is_label(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 63 && name.chars().all(is_inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Looks whether there can be such a namespace.
pub(super) fn namespace(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("--namespace needs a name".to_owned());
    }
    if !is_label(name) {
        return Err(format!(
            "--namespace {}: no namespace has such a name; one is of at most 63 letters a to z, digits and `-`",
            printable(name)
        ));
    }
    Ok(())
}

fn write_report(
    args: &Args,
    report: &Report,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    paint: Paint,
) -> io::Result<()> {
    let Report { documents, outcomes, errors, warnings, rendered, exit_code } = report;
    let findings = || findings::all(outcomes, errors, warnings, rendered);
    let is_terminal = io::stdout().is_terminal();
    // a terminal is for a person; a program gets whole texts unless it asks for short ones
    let is_for_a_person = is_terminal && args.output.is_none() && !args.brief;
    let is_brief = args.brief || is_for_a_person;
    let mut note = None;
    let written = match args.format() {
        OutputFormat::Json => {
            let diff = args.diff.then(|| diff_for_programs(documents, outcomes));
            let json = json_report(*exit_code, outcomes, errors, warnings, diff.as_deref())?;
            return write_all(stdout, json.as_bytes());
        }
        OutputFormat::Github => {
            let result = write_all(stdout, github_report::report(&findings()).as_bytes());
            // The log has it all by the commands. Verdicts in it could be taken for commands, whatever they quote.
            let _ = stderr.write_all(text_report::summary(outcomes, errors, paint).as_bytes());
            return result;
        }
        OutputFormat::Sarif => sarif_report::report(&findings(), *exit_code)?,
        OutputFormat::Gitlab => gitlab_report::report(&findings())?,
        OutputFormat::Svg => Picture::of(outcomes).svg(Shape::Wide, Look::Alone),
        OutputFormat::Nothing => String::new(),
        OutputFormat::Yaml if args.diff => {
            note = is_for_a_person.then_some("long lines are shortened");
            text_report::diff(documents, outcomes, is_brief, Paint::new(args.color, is_terminal))
        }
        OutputFormat::Yaml if is_for_a_person => {
            let short = brief::shorten(&changed_manifests(documents, outcomes));
            let is_short = short.lines().count() <= PAGES;
            let told = if is_short { "what is changed is shown, shortened" } else { "so many manifests are left out" };
            note = Some(told).filter(|_| !short.is_empty());
            if is_short { short } else { String::new() }
        }
        OutputFormat::Yaml if is_brief => brief::shorten(&manifests(documents, outcomes)),
        OutputFormat::Yaml => manifests(documents, outcomes),
    };
    // The verdicts come last, where a terminal shows them, and also when nobody reads the manifests.
    let result = write_all(stdout, written.as_bytes());
    let mut verdicts = text_report::verdicts(outcomes, errors, warnings, paint);
    if let Some(note) = note {
        let note = format!("on a terminal {note}; --output yaml and pipes get all of it");
        verdicts += &paint.line(&paint.style(paint::DIM, note), 4);
    }
    let _ = stderr.write_all(verdicts.as_bytes());
    result
}
