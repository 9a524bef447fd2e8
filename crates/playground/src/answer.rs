//! What is asked, and what is answered.

use mysql_replication_host::Policy;
use mysql_replication_manifests::yaml::{Reading, YamlError};
use mysql_replication_picture::{Look, Picture, Shape};
use mysql_replication_verdicts::{
    DocumentOutcome, Inject, Preview, diff_for_programs, exit_code, json_report, manifests, read_input, read_settings,
    repeated,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// How the documents are called in messages.
const MANIFESTS: &str = "manifests.yaml";
/// How the settings are called.
const SETTINGS: &str = "settings.yaml";

/// What is on the page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// The YAML documents.
    pub manifests: String,
    /// The policy's settings; blank for none.
    pub settings: String,
    /// Whether plain databases are judged as if they had the annotation, as by `preview --inject`.
    pub inject: bool,
    /// Whether the picture is for a narrow screen.
    pub narrow: bool,
}

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// What `preview --output json --diff` prints; absent where the settings are refused, as it prints nothing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The documents as they would be admitted.
    pub manifests: String,
    /// The cluster as SVG, for a page that has the styles.
    pub picture: String,
    /// The picture in words.
    pub words: Vec<String>,
    /// Why the settings are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings_error: Option<String>,
}

/// Judges what is on the page.
#[must_use]
pub fn answer(request: &Request, policy: &Policy) -> Answer {
    let settings = match settings(&request.settings, policy) {
        Ok(settings) => settings,
        Err(error) => return Answer { settings_error: Some(error), ..Answer::default() },
    };
    let Reading { documents, mut errors, mut warnings } = read_input(MANIFESTS, request.manifests.as_bytes());
    warnings.extend(repeated(&documents, NAMESPACE));
    let inject = if request.inject { Inject::Databases } else { Inject::Annotated };
    let outcomes = Preview::new(policy, settings, NAMESPACE).with_inject(inject).run(&documents, &[]);
    errors.extend(outcomes.iter().filter_map(|outcome| outcome.error.clone()));
    let picture = Picture::of(&outcomes);
    let shape = if request.narrow { Shape::Narrow } else { Shape::Wide };
    let diff = diff_for_programs(&documents, &outcomes);
    Answer {
        report: report(&outcomes, &errors, &warnings, &diff),
        manifests: manifests(&documents, &outcomes),
        picture: picture.svg(shape, Look::InPage),
        words: picture.words(),
        settings_error: None,
    }
}

/// The namespace of objects that name none, as `preview` has it.
const NAMESPACE: &str = "default";

fn report(outcomes: &[DocumentOutcome], errors: &[YamlError], warnings: &[YamlError], diff: &str) -> Option<String> {
    let code = exit_code(outcomes, errors, warnings, false);
    json_report(code, outcomes, errors, warnings, Some(diff)).ok()
}

fn settings(text: &str, policy: &Policy) -> Result<serde_json::Value, String> {
    let is_blank = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let settings = if is_blank { json!({}) } else { read_settings(SETTINGS, text.as_bytes())? };
    let verdict =
        policy.validate_settings(&settings).map_err(|error| format!("the settings could not be checked: {error}"))?;
    if verdict.valid {
        return Ok(settings);
    }
    let message = verdict.message.unwrap_or_else(|| "no reason given".to_owned());
    Err(format!("{SETTINGS}: the policy refuses these settings: {message}"))
}
