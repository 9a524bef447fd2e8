//! What is in a picture: things, and arrows between them.

use std::collections::BTreeSet;

use mysql_replication_verdicts::{DocumentOutcome, ObjectOutcome};

use crate::names::Names;
use crate::{clusters, connections, problems, services};

/// A picture of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// Its things, in the order in which they are drawn in their columns.
    pub nodes: Vec<Node>,
    /// Its arrows.
    pub edges: Vec<Edge>,
    /// What is refused or warned of, a paragraph each.
    pub notes: Vec<Note>,
}

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeKind {
    /// A workload that is told where a database is.
    Application,
    /// A Service.
    Service,
    /// A `ConfigMap` with option files.
    Options,
    /// A `StatefulSet`: the frame around its pods.
    Set,
    /// A pod, or several that are alike.
    Pod,
    /// A claim of a pod.
    Claim,
}

/// What the policy says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing.
    Fine,
    /// It is warned of.
    Warned,
    /// It is refused, so it would not be there.
    Refused,
}

/// A thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name in arrows, such as `pod/default/mysql-0`.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its name.
    pub title: String,
    /// What else there is to know of it, a line each.
    pub lines: Vec<Line>,
    /// What it is inside of: a claim is in its pod, a pod in its `StatefulSet`.
    pub inside: Option<String>,
    /// What the policy says of it.
    pub state: State,
}

/// A line in a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it says.
    pub text: String,
    /// What the policy says of it.
    pub state: State,
}

impl Line {
    /// A line of which nothing is said.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), state: State::Fine }
    }
}

/// What an arrow is. It leads where the data, or the call, goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// To the primary and no other pod.
    Writes,
    /// To any of several pods, or to a replica.
    Reads,
    /// Names for pods, from a headless Service.
    Names,
    /// Option files.
    Options,
    /// All data, once, when the pod at its head starts without any.
    Clones,
    /// All changes, always: the pod at its head follows the other.
    Follows,
}

impl EdgeKind {
    /// The name of its style, and what SVG calls it in `data-kind`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Writes => "writes",
            Self::Reads => "reads",
            Self::Names => "names",
            Self::Options => "options",
            Self::Clones => "clones",
            Self::Follows => "follows",
        }
    }
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// What it is.
    pub kind: EdgeKind,
    /// The thing that it begins at.
    pub from: String,
    /// The line of that thing, from 0, where it begins at one.
    pub line: Option<usize>,
    /// The thing at its head.
    pub to: String,
    /// What the policy says of it.
    pub state: State,
}

/// What is refused or warned of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What the policy says of it.
    pub state: State,
    /// The object, the rule and what was found.
    pub text: String,
    /// Why it is wrong, and what to write.
    pub advice: Vec<String>,
}

impl Picture {
    /// The picture of what would come of these documents.
    #[must_use]
    pub fn of(outcomes: &[DocumentOutcome]) -> Self {
        let mut picture = Self::default();
        let all: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.objects).collect();
        let objects = last_of_each(&all);
        let names = Names::of(&objects);
        let clusters = clusters::find(&objects);
        for cluster in &clusters {
            clusters::draw(&mut picture, cluster, names);
        }
        let services = services::find(&objects, &clusters);
        for service in &services {
            services::draw(&mut picture, service, names);
        }
        services::draw_options(&mut picture, &objects, &clusters, names);
        connections::draw(&mut picture, &objects, &services, &clusters, names);
        problems::draw(&mut picture, &all);
        picture
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A thing by its name.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }
}

/// Of objects of one kind and name the last one, for it is what stays when all are applied. Nothing is drawn twice
/// then.
fn last_of_each<'o>(objects: &[&'o ObjectOutcome]) -> Vec<&'o ObjectOutcome> {
    let mut seen = BTreeSet::new();
    // as names of things are made, so that there are no two of one name
    let key = |object: &ObjectOutcome| {
        (object.api_version.clone(), object.kind.clone(), format!("{}/{}", object.namespace, object.name))
    };
    let mut last: Vec<_> = objects.iter().rev().copied().filter(|object| seen.insert(key(object))).collect();
    last.reverse();
    last
}
