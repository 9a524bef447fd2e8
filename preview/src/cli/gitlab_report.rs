//! Findings as GitLab's code quality report, which a merge request shows (GitLab documentation, "Code Quality", "Code
//! Quality report format").

use serde::Serialize;

use super::findings::{Finding, Level};
use super::help::NAME;
use super::paint::printable;

/// One entry of the report.
#[derive(Serialize)]
struct Issue<'f> {
    description: String,
    check_name: &'f str,
    /// By this GitLab knows a finding again, in another commit: it has no line in it.
    fingerprint: String,
    severity: &'static str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Location<'f> {
    path: &'f str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// A list with every finding.
pub(super) fn report(findings: &[Finding<'_>]) -> serde_json::Result<String> {
    let mut issues: Vec<Issue<'_>> = Vec::new();
    for Finding { level, rule, subject, spot, message, .. } in findings {
        let path = spot.file.strip_prefix("./").unwrap_or(spot.file);
        let check_name = rule.unwrap_or(NAME);
        let whole = [path, check_name, subject.as_str(), message.as_str()].join("\n");
        // two findings may say the same of two lines, and every fingerprint has to be another one
        let repeats = issues.iter().filter(|issue| issue.fingerprint.starts_with(&digest(&whole))).count();
        issues.push(Issue {
            description: printable(message).replace('\n', " "),
            check_name,
            fingerprint: format!("{}-{repeats}", digest(&whole)),
            severity: match level {
                Level::Error => "critical",
                Level::Warning => "minor",
                Level::Note => "info",
            },
            location: Location { path, lines: Lines { begin: spot.line.unwrap_or(1) } },
        });
    }
    serde_json::to_string_pretty(&issues).map(|text| text + "\n")
}

/// FNV-1a, 64 bits: the same in every version of this program.
fn digest(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::findings::Spot;
    use super::*;

    #[test]
    fn each_finding_is_an_issue_of_its_own() {
        let finding = |line, rule, level| Finding {
            level,
            rule,
            subject: "Pod a/b".to_owned(),
            spot: Spot { file: "./m/a.yaml", line, column: None },
            subject_spot: None,
            message: "Pod a/b: x\nwhy: y\u{1b}".to_owned(),
        };
        let report = |findings: &[Finding<'_>]| -> Value { serde_json::from_str(&report(findings).unwrap()).unwrap() };
        let first = report(&[finding(Some(3), Some("host-network"), Level::Error)]);
        assert_eq!(
            first,
            json!([{
                "description": "Pod a/b: x why: y\\u{1b}", "check_name": "host-network", "severity": "critical",
                "fingerprint": first[0]["fingerprint"], "location": {"path": "m/a.yaml", "lines": {"begin": 3}},
            }])
        );
        let all = report(&[
            finding(Some(7), Some("host-network"), Level::Error),
            finding(Some(9), Some("host-network"), Level::Error),
            finding(None, None, Level::Note),
        ]);
        assert_eq!(all[0]["fingerprint"], first[0]["fingerprint"], "another line is the same finding");
        assert_ne!(all[0]["fingerprint"], all[1]["fingerprint"]);
        assert_eq!((&all[2]["severity"], &all[2]["check_name"]), (&json!("info"), &json!(NAME)));
        assert_eq!(all[2]["location"]["lines"]["begin"], 1);
    }

    #[test]
    fn the_digest_stays() {
        assert_eq!(digest(""), "cbf29ce484222325");
        assert_eq!(digest("a"), "af63dc4c8601ec8c");
    }
}
