//! The list of what was checked.

use std::fmt::Display;

use serde::Serialize;

use super::kubectl::Failure;
use super::link;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Not wrong, but worth knowing.
    Warning,
    /// Wrong.
    Bad,
    /// Nobody could tell.
    Unknown,
}

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Section {
    /// Whether there is a cluster.
    Cluster,
    /// The policies of Kubewarden.
    Policy,
    /// What runs them.
    Server,
    /// What the policy is there for.
    Databases,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The id, a heading of its page in the documentation.
    pub id: &'static str,
    /// What it is about.
    pub section: Section,
    /// How it ended.
    pub level: Level,
    /// What was found.
    pub message: String,
    /// What to do; only where not all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it is explained; only where not all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// The list while it grows.
#[derive(Debug, Default)]
pub(super) struct Checks {
    list: Vec<Check>,
    section: Option<Section>,
}

impl Checks {
    /// What comes is about this.
    pub(super) fn section(&mut self, section: Section) {
        self.section = Some(section);
    }

    pub(super) fn ok(&mut self, id: &'static str, message: String) {
        self.push(id, Level::Ok, message, None, None);
    }

    pub(super) fn warning(&mut self, id: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.push(id, Level::Warning, message.into(), Some(hint.into()), Some(link(id)));
    }

    pub(super) fn bad(&mut self, id: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.push(id, Level::Bad, message.into(), Some(hint.into()), Some(link(id)));
    }

    pub(super) fn unknown(&mut self, id: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.push(id, Level::Unknown, message.into(), Some(hint.into()), Some(link(id)));
    }

    /// With a link of its own, to a rule.
    pub(super) fn of_rule(
        &mut self,
        id: &'static str,
        level: Level,
        message: String,
        hint: Option<String>,
        to: String,
    ) {
        self.push(id, level, message, hint, Some(to));
    }

    /// Something could not be asked.
    pub(super) fn failed(&mut self, id: &'static str, what: impl Display, failure: &Failure) {
        let hint = match failure {
            Failure::Forbidden(_) => "ask somebody who may, or be given the right to get and list it",
            _ => "run `kubectl` by hand to see more",
        };
        self.unknown(id, format!("{what} could not be looked up: {failure}"), hint);
    }

    fn push(&mut self, id: &'static str, level: Level, message: String, hint: Option<String>, link: Option<String>) {
        let section = self.section.unwrap_or(Section::Cluster);
        self.list.push(Check { id, section, level, message, hint, link });
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn finish(self) -> Vec<Check> {
        self.list
    }
}
