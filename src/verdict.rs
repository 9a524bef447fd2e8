//! Problems and warnings gathered, then one answer.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _, io};

use serde::Serialize;
use serde_json::{
    Value,
    ser::{CharEscape, CompactFormatter, Formatter, Serializer},
};

use crate::{
    inject::{Injected, Part},
    leave::leave,
    names,
    rules::ALL,
    scripts::Script,
};

/// HTTP status of a request that cannot be read.
const BAD_REQUEST: u16 = 400;
/// HTTP status of an object that breaks a rule.
const UNPROCESSABLE: u16 = 422;
/// The API server may cut longer warnings (Kubernetes documentation, "Dynamic Admission Control", Response).
pub(crate) const WARNING_LIMIT: usize = 120;

/// A problem with one field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    /// Another object than the one under admission, as `ConfigMap shop/mysql`.
    pub(crate) object: Option<String>,
    /// The field, as `spec.template.spec.containers[0].image`.
    pub(crate) path: Cow<'static, str>,
    /// The rule's id, of [`crate::names::rule`].
    pub(crate) rule: &'static str,
    /// What was found there.
    pub(crate) found: Cow<'static, str>,
    /// Why it is wrong.
    pub(crate) why: Cow<'static, str>,
    /// What to write instead.
    pub(crate) fix: Cow<'static, str>,
}

impl Violation {
    pub(crate) fn new(
        rule: &'static str,
        path: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
        why: impl Into<Cow<'static, str>>,
        fix: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { object: None, path: path.into(), rule, found: found.into(), why: why.into(), fix: fix.into() }
    }

    /// The problem is in an object that was looked up.
    pub(crate) fn of(mut self, object: impl Into<String>) -> Self {
        self.object = Some(object.into());
        self
    }

    /// As a warning: its beginning says which rule and where, for the API server may cut the rest.
    pub(crate) fn as_warning(&self) -> String {
        let Self { object, path, rule, found, fix, .. } = self;
        if *rule == names::rule::LOOK_UP {
            return cut(format!("[{rule}] {found} (for {path})"));
        }
        let object = object.as_ref().map(|object| format!("{object} ")).unwrap_or_default();
        let short = format!("[{rule}] {object}{path}: {found}");
        let long = format!("{short}; {fix}");
        cut(if long.chars().count() <= WARNING_LIMIT { long } else { short })
    }
}

/// The text, cut to what the API server shows of a warning.
pub(crate) fn cut(text: String) -> String {
    if text.chars().count() <= WARNING_LIMIT {
        return text;
    }
    let mut cut: String = text.chars().take(WARNING_LIMIT - 3).collect();
    cut.push_str("...");
    cut
}

/// What was found wrong with an object, and what deserves a warning.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
    /// What was found, but the object is exempt from: the rule and the given reason.
    pub(crate) exempted: BTreeMap<&'static str, String>,
}

impl Findings {
    pub(crate) fn reject(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.violations.append(&mut other.violations);
        self.warnings.append(&mut other.warnings);
        for (rule, why) in other.exempted {
            self.exempted.insert(rule, why);
        }
    }
}

/// The findings after the settings and the exemptions have had their say.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// What the object is rejected for.
    pub(crate) rejected: Vec<Violation>,
    /// What it is warned of.
    pub(crate) warned: Vec<Violation>,
    /// What it is exempt from: the rule and the given reason.
    pub(crate) exempted: BTreeMap<&'static str, String>,
    /// Hints beyond the rules.
    pub(crate) hints: Vec<String>,
}

impl Judgement {
    fn warnings(&self) -> Vec<String> {
        self.warned.iter().map(Violation::as_warning).chain(self.hints.iter().cloned().map(cut)).collect()
    }

    /// Names of the rules, for the cluster's audit log.
    fn audit_annotations(&self) -> Option<BTreeMap<&'static str, String>> {
        let ids = |violations: &[Violation]| {
            let is_broken = |rule: &&str| violations.iter().any(|violation| violation.rule == *rule);
            // in the order of the alphabet; a sort is more code than it is worth for so few
            let mut ids: Vec<&str> = Vec::new();
            for id in ALL.iter().map(|rule| rule.id).filter(is_broken) {
                let at = ids.iter().position(|other| *other > id).unwrap_or(ids.len());
                ids.insert(at, id);
            }
            ids.join(",")
        };
        let exempted: Vec<String> = self.exempted.iter().map(|(rule, why)| format!("{rule}: {why}")).collect();
        let mut notes = BTreeMap::new();
        for (key, text) in [
            ("rejected-rules", ids(&self.rejected)),
            ("warned-rules", ids(&self.warned)),
            ("exempted-rules", exempted.join("; ")),
        ] {
            if !text.is_empty() {
                notes.insert(key, text);
            }
        }
        (!notes.is_empty()).then_some(notes)
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The object is none of the policy's business.
    Untouched,
    /// The request itself cannot be read.
    Unreadable(String),
    /// Accepted, with the changed object where something changed.
    Accepted { changed: Option<Injected>, judgement: Judgement },
    /// Rejected, with the object's name.
    Rejected { object: String, judgement: Judgement },
}

impl Verdict {
    pub(crate) fn unreadable(problem: &str) -> Self {
        Self::Unreadable(format!("the admission request cannot be read: {problem}"))
    }
}

/// Every problem, as [`crate::enforcement::judge`] has ordered them, in one message: those of the object under admission first, then those of others, each in the order
/// of its fields, and none in more than four lines.
fn message(object: &str, violations: &[Violation]) -> String {
    let count = violations.len();
    let mut message = format!("{object} is rejected: {count} {}", if count == 1 { "problem" } else { "problems" });
    let mut group = None;
    for violation in violations {
        let Violation { object, path, rule, found, why, fix } = violation;
        if group != object.as_ref() {
            group = object.as_ref();
            let _ = write!(message, "\nin {}:", object.as_deref().unwrap_or_default());
        }
        let _ = write!(message, "\n[{rule}] {path}: {found}\n  why: {why}\n  fix: {fix}");
    }
    message
}

/// Kubewarden's `ValidationResponse` (its specification, "Validating policies" and "Mutating policies"), as the SDK has
/// it; but the audit annotations are in a stable order, so that the same request gives the same bytes.
#[derive(Debug, Default, Serialize)]
struct Answer {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutated_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_annotations: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
}

impl Verdict {
    /// The answer as the policy server takes it.
    pub(crate) fn into_json(self) -> Vec<u8> {
        /// Room for the scripts and for what is around them: growing would copy all of it again and again.
        const ROOM: usize = 80 * 1024;
        let (answer, parts) = Answer::of(self);
        let mut json = Vec::with_capacity(if answer.mutated_object.is_some() { ROOM } else { 0 });
        let mut serializer =
            Serializer::with_formatter(&mut json, WithParts { parts, is_open: false, is_placeholder: false });
        let written = answer.serialize(&mut serializer);
        leave((serializer, answer));
        match written {
            Ok(()) => json,
            // nothing in an answer can fail to be JSON; were it so, the policy server would reject the request
            Err(_) => Vec::new(),
        }
    }
}

/// Writes JSON without blanks, and parts and scripts in the place of their placeholders.
struct WithParts {
    /// `None`: there are no placeholders.
    parts: Option<Vec<Part>>,
    /// Has a string begun of which nothing is written yet, not even its quote?
    is_open: bool,
    /// Was its first character that of a placeholder?
    is_placeholder: bool,
}

impl WithParts {
    /// Writes what was held back: it belongs to no placeholder.
    fn flush<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if std::mem::take(&mut self.is_open) {
            CompactFormatter.begin_string(writer)?;
        }
        if std::mem::take(&mut self.is_placeholder) {
            CompactFormatter.write_char_escape(writer, CharEscape::AsciiControl(0))?;
        }
        Ok(())
    }
}

impl Formatter for WithParts {
    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_open = true;
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        if self.parts.is_some() && self.is_open && !self.is_placeholder && matches!(escape, CharEscape::AsciiControl(0))
        {
            self.is_placeholder = true;
            return Ok(());
        }
        self.flush(writer)?;
        CompactFormatter.write_char_escape(writer, escape)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if self.is_placeholder {
            let part = Part::number_in_escaped(fragment).and_then(|number| self.parts.as_ref()?.get(number));
            if let Some(part) = part {
                // it is no string: the quote in front stays unwritten, and so does the one behind
                self.is_open = false;
                return part.write(writer);
            }
            if let Some(script) = Script::of_escaped_placeholder(fragment) {
                self.is_placeholder = false;
                self.flush(writer)?;
                return script.escaped().iter().try_for_each(|piece| writer.write_all(piece.as_bytes()));
            }
        }
        self.flush(writer)?;
        writer.write_all(fragment.as_bytes())
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        // a part was written, and no quote
        if !self.is_open && std::mem::take(&mut self.is_placeholder) {
            return Ok(());
        }
        self.flush(writer)?;
        CompactFormatter.end_string(writer)
    }
}

impl Answer {
    fn of(verdict: Verdict) -> (Self, Option<Vec<Part>>) {
        let mut parts = None;
        let some = |warnings: Vec<String>| (!warnings.is_empty()).then_some(warnings);
        let answer = match verdict {
            Verdict::Untouched => Self { accepted: true, ..Self::default() },
            Verdict::Unreadable(message) => Self { message: Some(message), code: Some(BAD_REQUEST), ..Self::default() },
            Verdict::Accepted { changed, judgement } => Self {
                accepted: true,
                mutated_object: changed.map(|changed| {
                    parts = changed.parts;
                    changed.object
                }),
                audit_annotations: judgement.audit_annotations(),
                warnings: some(judgement.warnings()),
                ..Self::default()
            },
            Verdict::Rejected { object, judgement } => Self {
                message: Some(message(&object, &judgement.rejected)),
                code: Some(UNPROCESSABLE),
                audit_annotations: judgement.audit_annotations(),
                warnings: some(judgement.warnings()),
                ..Self::default()
            },
        };
        (answer, parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_hold_the_scripts_in_the_place_of_placeholders() {
        let object = json!({
            "command": [Script::Ping.placeholder(), "\0", "\0\0x", "\0\n", "\"\0", "\0script9", "ä\u{1}", "x"],
        });
        let answer = |parts| {
            let changed = Some(Injected { object: object.clone(), parts });
            let json = Verdict::Accepted { changed, judgement: Judgement::default() }.into_json();
            serde_json::from_slice::<Value>(&json).unwrap()
        };
        // without parts a string that looks like a placeholder is a string
        assert_eq!(answer(None), json!({"accepted": true, "mutated_object": object}));
        let mut expected = object.clone();
        expected["command"][0] = json!(crate::scripts::PING);
        assert_eq!(answer(Some(Vec::new())), json!({"accepted": true, "mutated_object": expected}));
    }

    #[test]
    fn warnings_are_short() {
        let violation = |found: String| Violation::new("rule", "path", found, "why", "fix");
        assert_eq!(violation("found".to_owned()).as_warning(), "[rule] path: found; fix");
        let long = violation("ä".repeat(200)).of("Service a/b").as_warning();
        assert!(long.starts_with("[rule] Service a/b path: ä") && long.ends_with("..."), "{long}");
        assert_eq!(long.chars().count(), WARNING_LIMIT);
    }
}
