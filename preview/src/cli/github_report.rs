//! Findings as workflow commands, from which GitHub Actions makes annotations.

use std::fmt::Write;

use super::findings::{Finding, Level, Spot};
use super::help::NAME;
use super::inputs::STDIN;
use super::paint::printable;

/// A line for each finding.
pub(super) fn report(findings: &[Finding<'_>]) -> String {
    let mut out = String::new();
    for Finding { level, rule, subject, spot, message, .. } in findings {
        let title = match (rule, subject.as_str()) {
            (Some(rule), subject) => format!("{rule}: {subject}"),
            (None, "") => NAME.to_owned(),
            (None, subject) => subject.to_owned(),
        };
        out.push_str(&command(*level, Some(spot), &title, message));
    }
    out
}

/// One workflow command.
pub(super) fn command(level: Level, spot: Option<&Spot<'_>>, title: &str, message: &str) -> String {
    let name = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut out = format!("::{name} ");
    let mut message = message.to_owned();
    match spot {
        // There is no such file to annotate, and the log shall tell where it is all the same.
        Some(Spot { file: STDIN, line, .. }) => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            message.insert_str(0, &format!("{STDIN}{line}: "));
        }
        Some(Spot { file, line, column }) => {
            let _ = write!(out, "file={},", property(file.strip_prefix("./").unwrap_or(file)));
            for (key, value) in [("line", line), ("col", column)] {
                if let Some(value) = value {
                    let _ = write!(out, "{key}={value},");
                }
            }
        }
        None => {}
    }
    let _ = writeln!(out, "title={}::{}", property(title), data(&message));
    out
}

/// The escapes of a command's message.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_ends_a_command_early() {
        let spot = Spot { file: "./a,b:%/c\n.yaml", line: Some(3), column: Some(5) };
        assert_eq!(
            command(Level::Error, Some(&spot), "x: y, z", "100 %\n::error::no\r\u{1b}[2J"),
            "::error file=a%2Cb%3A%25/c%0A.yaml,line=3,col=5,title=x%3A y%2C z::100 %25%0A::error::no\\r\\u{1b}[2J\n"
        );
        let spot = Spot { file: STDIN, line: Some(3), column: None };
        assert_eq!(command(Level::Note, Some(&spot), "x", "y"), "::notice title=x::<stdin>:3: y\n");
        assert_eq!(command(Level::Warning, None, "x", "y"), "::warning title=x::y\n");
    }
}
