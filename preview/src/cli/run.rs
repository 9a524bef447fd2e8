//! The command's way from its arguments to its exit code.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use serde_json::{Value, json};

use super::args::{Args, OutputFormat};
use super::inputs::{self, Inputs};
use super::paint::{self, Paint};
use super::{ACCEPTED, REJECTED, UNUSABLE, brief, json_report, text_report};
use crate::cluster::ObjectKey;
use crate::host::Policy;
use crate::preview::{DocumentOutcome, Preview};
use crate::yaml::{self, Document, YamlError};

/// The variable that names the policy module.
const POLICY_VARIABLE: &str = "MYSQL_REPLICATION_POLICY";

/// Runs the command with the process's arguments and streams, and returns its exit code.
#[must_use]
pub fn main() -> u8 {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(UNUSABLE);
        }
    };
    run(&args, &mut io::stdin().lock(), &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// Runs the command on these streams, and returns its exit code. A closed output stream is no error.
pub fn run(args: &Args, stdin: &mut dyn Read, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let paint = Paint::new(args.color, io::stderr().is_terminal());
    match evaluate(args, stdin) {
        Ok(report) => {
            let written = write_report(args, &report, stdout, stderr, paint);
            let broken = written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe);
            if broken { UNUSABLE } else { report.exit_code }
        }
        Err(message) => {
            let _ = writeln!(stderr, "{} {message}", paint.style(paint::BAD, "error:"));
            UNUSABLE
        }
    }
}

struct Report {
    documents: Vec<Document>,
    outcomes: Vec<DocumentOutcome>,
    errors: Vec<YamlError>,
    warnings: Vec<YamlError>,
    exit_code: u8,
}

fn evaluate(args: &Args, stdin: &mut dyn Read) -> Result<Report, String> {
    if args.namespace.is_empty() {
        return Err("--namespace needs a name".to_owned());
    }
    let path = policy_path(args.policy.as_deref())?;
    let Inputs { documents, mut errors, mut warnings } = inputs::collect(&args.paths, stdin);
    let old = if args.old.is_empty() { Inputs::default() } else { inputs::collect(&args.old, stdin) };
    errors.extend(old.errors);
    warnings.extend(old.warnings);
    warnings.extend(repeated(&documents, &args.namespace));

    let policy = Policy::from_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let settings = match &args.settings {
        Some(file) => settings(file)?,
        None => json!({}),
    };
    let verdict =
        policy.validate_settings(&settings).map_err(|error| format!("the settings could not be checked: {error}"))?;
    if !verdict.valid {
        let file = args.settings.as_ref().map_or_else(|| "the settings".to_owned(), |f| f.display().to_string());
        let message = verdict.message.unwrap_or_else(|| "no reason given".to_owned());
        return Err(format!("{file}: the policy refuses these settings: {message}"));
    }
    let outcomes = Preview::new(&policy, settings, &args.namespace).run(&documents, &old.documents);
    errors.extend(outcomes.iter().filter_map(|outcome| outcome.error.clone()));
    let exit_code = if !errors.is_empty() {
        UNUSABLE
    } else if outcomes.iter().any(DocumentOutcome::is_rejected) {
        REJECTED
    } else {
        ACCEPTED
    };
    Ok(Report { documents, outcomes, errors, warnings, exit_code })
}

fn write_report(
    args: &Args,
    report: &Report,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    paint: Paint,
) -> io::Result<()> {
    let Report { documents, outcomes, errors, warnings, exit_code } = report;
    let written = match args.output {
        OutputFormat::Json => {
            let plain = Paint::new(super::ColorChoice::Never, false);
            let diff = args.diff.then(|| text_report::diff(documents, outcomes, plain));
            let json = json_report::report(*exit_code, outcomes, errors, warnings, diff.as_deref())?;
            return stdout.write_all(json.as_bytes()).and_then(|()| stdout.flush());
        }
        OutputFormat::Yaml if args.diff => {
            let paint = Paint::new(args.color, io::stdout().is_terminal());
            text_report::diff(documents, outcomes, paint)
        }
        OutputFormat::Yaml if args.brief => brief::shorten(&text_report::manifests(documents, outcomes)),
        OutputFormat::Yaml => text_report::manifests(documents, outcomes),
    };
    // The verdicts come last, where a terminal shows them, and also when nobody reads the manifests.
    let result = stdout.write_all(written.as_bytes()).and_then(|()| stdout.flush());
    let verdicts = text_report::verdicts(outcomes, errors, warnings, paint);
    let _ = stderr.write_all(verdicts.as_bytes());
    result
}

fn policy_path(given: Option<&Path>) -> Result<PathBuf, String> {
    let named = given.map(|path| (path.to_owned(), "--policy")).or_else(|| {
        std::env::var_os(POLICY_VARIABLE)
            .filter(|value| !value.is_empty())
            .map(|value| (PathBuf::from(value), POLICY_VARIABLE))
    });
    if let Some((path, source)) = named {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("no policy module at {} (from {source})", path.display()))
        };
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("policy.wasm")));
    let candidates = [Some(PathBuf::from("policy.wasm")), beside];
    let candidates: Vec<PathBuf> = candidates.into_iter().flatten().collect();
    if let Some(found) = candidates.iter().find(|path| path.is_file()) {
        return Ok(found.clone());
    }
    let tried: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
    Err(format!(
        "no policy module found: {POLICY_VARIABLE} is not set, and there is no {}; name one with --policy FILE",
        tried.join(" and no ")
    ))
}

fn settings(file: &Path) -> Result<Value, String> {
    let name = file.display().to_string();
    let bytes = std::fs::read(file).map_err(|error| format!("{name}: cannot be read: {error}"))?;
    let document = yaml::read_one(&name, &bytes).map_err(|error| error.to_string())?;
    if document.value().is_object() {
        Ok(document.value().clone())
    } else {
        Err(format!("{name}:{}: settings are a map of names and values", document.line()))
    }
}

/// Objects that are there twice: look-ups see only the later one.
fn repeated(documents: &[Document], namespace: &str) -> Vec<YamlError> {
    let mut seen: BTreeMap<ObjectKey, String> = BTreeMap::new();
    let mut warnings = Vec::new();
    for document in documents {
        let Some(key) = ObjectKey::of(document.value(), namespace) else {
            continue;
        };
        let place = format!("{}:{}", document.file(), document.line());
        let label = format!("{} {}/{}", key.kind, key.namespace, key.name);
        if let Some(first) = seen.insert(key, place) {
            warnings.push(YamlError::at(
                document.file(),
                document.line(),
                1,
                format!("{label} is at {first} already; look-ups see only this later one"),
            ));
        }
    }
    warnings
}
