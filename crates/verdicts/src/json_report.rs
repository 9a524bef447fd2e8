//! The verdicts for machines.

use mysql_replication_manifests::yaml::YamlError;
use serde::Serialize;
use serde_json::{Value, json};

use crate::link::link;
use crate::outcome::{DocumentOutcome, ObjectOutcome, Verdict};
use crate::violations::rule_of_warning;

#[derive(Serialize)]
struct Problem<'p> {
    file: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'p str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'r> {
    exit_code: u8,
    objects: Vec<Value>,
    errors: Vec<Problem<'r>>,
    warnings: Vec<Problem<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<&'r str>,
}

fn problems(errors: &[YamlError]) -> Vec<Problem<'_>> {
    errors
        .iter()
        .map(|error| Problem { file: &error.file, line: error.line, column: error.column, message: &error.message })
        .collect()
}

/// An object with its links. What passed through may be a Secret: its content is nobody's business.
fn object(outcome: &ObjectOutcome) -> serde_json::Result<Value> {
    let mut value = serde_json::to_value(outcome)?;
    if outcome.verdict == Verdict::Passed
        && let Some(map) = value.as_object_mut()
    {
        map.remove("object");
    }
    for violation in value["violations"].as_array_mut().into_iter().flatten() {
        violation["link"] = json!(link(violation["rule"].as_str().unwrap_or_default()));
    }
    let links = outcome.warnings.iter().map(|warning| rule_of_warning(warning).map(|(rule, _)| link(rule)));
    value["warningLinks"] = json!(links.collect::<Vec<_>>());
    Ok(value)
}

/// One JSON object with everything, as `preview --output json` prints it.
///
/// # Errors
/// Where something in it cannot be JSON, which nothing is.
pub fn json_report(
    exit_code: u8,
    outcomes: &[DocumentOutcome],
    errors: &[YamlError],
    warnings: &[YamlError],
    diff: Option<&str>,
) -> serde_json::Result<String> {
    let report = Report {
        exit_code,
        objects: outcomes.iter().flat_map(|o| &o.objects).map(object).collect::<Result<_, _>>()?,
        errors: problems(errors),
        warnings: problems(warnings),
        diff,
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}
