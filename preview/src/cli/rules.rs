//! The rules' document: where it is, and what it says of a rule.

use mysql_replication_verdicts::link;

use super::paint::Paint;

/// The rules' document.
const DOCUMENT: &str = include_str!("../../docs/rules.md");

/// What the document says of a rule.
pub(super) fn explain(rule: &str, paint: Paint) -> Result<String, String> {
    let sections = sections();
    let Some((_, text)) = sections.iter().find(|(id, _)| *id == rule) else {
        let ids: Vec<&str> = sections.iter().map(|(id, _)| *id).collect();
        return Err(format!("there is no rule {rule}; the rules are {}", ids.join(", ")));
    };
    let text = absolute(text);
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(format!("{}\n{rest}\n\n{}\n", paint.title(title), link(rule)))
}

/// The sections of the rules: each is a heading of one word, the rule's id.
fn sections() -> Vec<(&'static str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    let (mut is_rule, mut is_code) = (false, false);
    for line in DOCUMENT.lines() {
        is_code ^= line.starts_with("```");
        if !is_code && line.starts_with('#') {
            let id = line.strip_prefix("### ").filter(|title| !title.contains(' '));
            is_rule = id.is_some();
            sections.extend(id.map(|id| (id, id.to_owned())));
        } else if let Some((_, text)) = sections.last_mut().filter(|_| is_rule) {
            text.push('\n');
            text.push_str(line);
        }
    }
    for (_, text) in &mut sections {
        text.truncate(text.trim_end().len());
    }
    sections
}

/// Links within the document lead to the repository's.
fn absolute(text: &str) -> String {
    text.replace("](#", &format!("]({}", link("")))
}

#[cfg(test)]
mod tests {
    use super::super::ColorChoice;
    use super::*;

    #[test]
    fn every_rule_has_a_section() {
        let sections = sections();
        assert!(sections.len() > 30, "{}", sections.len());
        for (id, text) in sections {
            assert!(text.len() > 200 && text.contains("Why") && !text.contains("\n### "), "{id}: {text}");
        }
    }

    #[test]
    fn a_rule_is_explained_and_an_unknown_one_is_told() {
        let plain = Paint::new(ColorChoice::Never, false);
        let text = explain("read-only-off", plain).unwrap();
        assert!(text.starts_with("read-only-off\n") && text.ends_with("docs/rules.md#read-only-off\n"), "{text}");
        assert!(!text.contains("](#"), "{text}");
        let error = explain("read-only", plain).unwrap_err();
        assert!(error.contains("no rule read-only;") && error.contains("unmanaged"), "{error}");
    }
}
