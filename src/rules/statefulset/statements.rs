//! What hooks tell a server in SQL.

use crate::{
    findings::{Findings, Violation},
    json::{Value, list_at},
    rule,
    text::shown,
};

/// Statements that containers and their hooks send to the server.
pub(super) fn check_statements(pod: &Value, findings: &mut Findings) {
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            for place in [
                &["command"][..],
                &["args"],
                &["lifecycle", "postStart", "exec", "command"],
                &["lifecycle", "preStop", "exec", "command"],
            ] {
                for (at, text) in list_at(container, place).iter().enumerate() {
                    let Some(found) = text.as_str().and_then(opening_statement) else { continue };
                    findings.reject(Violation::new(
                        rule::READ_ONLY_OFF,
                        format!("spec.template.spec.{list}[{index}].{}[{at}]", place.join(".")),
                        format!("the statement {}", shown(found)),
                        "it runs in every pod, and opens a replica for writes whenever it runs last",
                        "remove it; the primary is open for writes without it",
                    ));
                }
            }
        }
    }
}

/// A statement that switches read-only off, as `SET GLOBAL super_read_only = 0`. Looks at no part of a text twice.
pub(super) fn opening_statement(text: &str) -> Option<&str> {
    const VARIABLE: &str = "read_only";
    let lower = text.to_ascii_lowercase();
    let mut seen = 0;
    // the last `set ` of the statement so far
    let mut last_set = None;
    lower.match_indices(VARIABLE).find_map(|(at, _)| {
        let before = lower[..at].strip_suffix("super_").unwrap_or(&lower[..at]);
        let end = before[seen..].rfind([';', '"', '\'']).map(|end| seen + end + 1);
        let start = end.unwrap_or(seen);
        // what stands before the statement may be the command line with the password
        let set = before[start..].rfind("set ").map(|set| start + set).or(last_set.filter(|_| end.is_none()));
        (seen, last_set) = (before.len(), set);
        let is_whole = before.chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        let value = lower[at + VARIABLE.len()..].trim_start().trim_start_matches(':').strip_prefix('=')?.trim_start();
        let value = value.trim_start_matches(['"', '\'']);
        let word = value.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let set = set?;
        let is_set = before[..set].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let end = text.len() - value.len() + word.len();
        (is_whole && is_set && ["0", "off", "false"].contains(&word)).then(|| text.get(set..end)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{database::Found, json::Value, rules::statefulset::statefulset};
    use crate::{json::json, rule::Rule};

    fn found(container: &Value) -> Vec<(&'static Rule, String)> {
        let mut findings = Findings::default();
        let pod = json!({"containers": [container]});
        let found = Found::new(&pod, container, "c".to_owned(), None);
        statefulset(&found, &mut findings);
        findings.violations.into_iter().map(|violation| (violation.rule, violation.path.into_owned())).collect()
    }

    #[test]
    fn statements_in_hooks() {
        for text in [
            "mysql -e 'SET GLOBAL super_read_only = 0'",
            "mysql -e \"set @@global.read_only:=OFF\"",
            "SET PERSIST super_read_only=off;",
            "mysql -e 'SELECT 1; SET GLOBAL max_connections=5, read_only=0'",
        ] {
            let container = json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", text]}}}});
            assert_eq!(found(&container).len(), 1, "{text}");
        }
        for text in [
            "mysql -e 'SET GLOBAL super_read_only = 1'",
            "mysql -e 'SET transaction_read_only = 0'",
            "mysql -e 'SELECT @@read_only = 0'",
            "echo read_only",
        ] {
            let container = json!({"lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", text]}}}});
            assert!(found(&container).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_statement_is_found_behind_many_others() {
        for (before, is_found) in [
            ("read_only=1 ", false),
            ("set read_only=1, ", true),
            ("set x=1; ", false),
            ("read_only set ", true),
            ("reset ", false),
        ] {
            let text = format!("{}super_read_only = 0", before.repeat(3));
            assert_eq!(opening_statement(&text).is_some(), is_found, "{text}");
        }
        assert_eq!(
            opening_statement("set password='x'; SET read_only=1, super_read_only=0;"),
            Some("SET read_only=1, super_read_only=0")
        );
    }
}
