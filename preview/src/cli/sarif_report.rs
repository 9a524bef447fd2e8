//! Findings as SARIF 2.1.0, for code scanning.

use std::fmt::Write;

use mysql_replication_verdicts::link;
use serde_json::{Value, json};

use super::UNUSABLE;
use super::findings::{Finding, Level, REJECTED, Spot};
use super::help::NAME;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// The folder that relative paths begin in.
const ROOT: &str = "%SRCROOT%";

/// One SARIF log with one run: broken rules are its results; what is wrong with inputs, and hints, its notifications.
pub(super) fn report(findings: &[Finding<'_>], exit_code: u8) -> serde_json::Result<String> {
    let mut ids: Vec<&str> = Vec::new();
    let mut results = Vec::new();
    let mut notifications = Vec::new();
    for finding in findings {
        let Some(id) = finding.rule else {
            notifications.push(json!({
                "level": level(finding.level),
                "message": {"text": text(&finding.message)},
                "locations": [location(&finding.spot)],
            }));
            continue;
        };
        let index = ids.iter().position(|known| *known == id).unwrap_or_else(|| {
            ids.push(id);
            ids.len() - 1
        });
        let mut place = location(&finding.spot);
        place["logicalLocations"] = json!([{"fullyQualifiedName": finding.subject, "kind": "object"}]);
        let mut result = json!({
            "ruleId": id,
            "ruleIndex": index,
            "level": level(finding.level),
            "message": {"text": text(&finding.message)},
            "locations": [place],
        });
        if let Some(spot) = &finding.subject_spot {
            let mut related = location(spot);
            related["message"] = json!({"text": text(&finding.subject)});
            result["relatedLocations"] = json!([related]);
        }
        results.push(result);
    }
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": NAME,
                "fullName": "preview of the MySQL replication policy",
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": ids.into_iter().map(rule).collect::<Vec<_>>(),
            }},
            "invocations": [{
                "executionSuccessful": exit_code != UNUSABLE,
                "exitCode": exit_code,
                "toolExecutionNotifications": notifications,
            }],
            "originalUriBaseIds": {ROOT: {"description": {"text": "The folder that the command ran in."}}},
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).map(|text| text + "\n")
}

fn rule(id: &str) -> Value {
    let (short, full) = if id == REJECTED {
        ("MySQL replication: rejected".to_owned(), "The policy rejects the object in words of its own.".to_owned())
    } else {
        (format!("MySQL replication: {id}"), format!("What the rule looks for, why, and how to fix it: {}", link(id)))
    };
    let mut rule = json!({
        "id": id,
        "shortDescription": {"text": text(&short)},
        "fullDescription": {"text": text(&full)},
        "help": {"text": text(&full)},
    });
    if id != REJECTED {
        rule["helpUri"] = json!(link(id));
    }
    rule
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn location(spot: &Spot<'_>) -> Value {
    let mut place = json!({"artifactLocation": artifact(spot.file)});
    if let Some(line) = spot.line {
        place["region"] = json!({"startLine": line});
        if let Some(column) = spot.column {
            place["region"]["startColumn"] = json!(column);
        }
    }
    json!({"physicalLocation": place})
}

/// A file as a URI. One below the current folder is relative to it, which code scanning takes for the repository.
fn artifact(file: &str) -> Value {
    let file = if cfg!(windows) { file.replace('\\', "/") } else { file.to_owned() };
    let mut path = file.as_str();
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if path.starts_with('/') {
        json!({"uri": format!("file://{uri}")})
    } else if path.split('/').any(|part| part == "..") {
        json!({"uri": uri})
    } else {
        json!({"uri": uri, "uriBaseId": ROOT})
    }
}

/// Braces are placeholders in SARIF's messages, and brackets before a parenthesis are links.
fn text(message: &str) -> String {
    message.replace('{', "{{").replace('}', "}}").replace("](", "\\](")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_uris() {
        for (file, expected) in [
            ("m/a.yaml", json!({"uri": "m/a.yaml", "uriBaseId": ROOT})),
            (".//./m/a b%.yaml", json!({"uri": "m/a%20b%25.yaml", "uriBaseId": ROOT})),
            ("c:d/ü", json!({"uri": "c%3Ad/%C3%BC", "uriBaseId": ROOT})),
            ("../a.yaml", json!({"uri": "../a.yaml"})),
            ("/m/a.yaml", json!({"uri": "file:///m/a.yaml"})),
            ("<stdin>", json!({"uri": "%3Cstdin%3E", "uriBaseId": ROOT})),
        ] {
            assert_eq!(artifact(file), expected, "{file}");
        }
    }

    #[test]
    fn messages_have_no_placeholders_and_no_links() {
        assert_eq!(text("${A} [x] a[0](b) {0}"), "${{A}} [x] a[0\\](b) {{0}}");
    }
}
