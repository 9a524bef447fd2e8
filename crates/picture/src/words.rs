//! The picture in words, for those who do not see it.

use std::fmt::Write;

use crate::model::{Edge, EdgeKind, Node, NodeKind, Picture, State};

impl Picture {
    /// A sentence for each thing and its arrows, then what is refused and warned of.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let things = self.nodes.iter().filter(|node| node.kind != NodeKind::Claim).map(|node| self.sentence(node));
        let notes = self.notes.iter().map(|note| {
            let sentences = std::iter::once(&note.text).chain(&note.advice).map(|text| format!("{text}."));
            sentences.collect::<Vec<_>>().join(" ")
        });
        things.chain(notes).collect()
    }

    fn sentence(&self, node: &Node) -> String {
        let what = match node.kind {
            NodeKind::Pod => "Pod ",
            NodeKind::Service => "Service ",
            _ => "",
        };
        let mut parts = vec![format!("{what}{}", node.title)];
        parts.extend(node.lines.iter().map(|line| line.text.clone()));
        let mut sentence = parts.join(", ");
        let claims = self
            .nodes
            .iter()
            .filter(|claim| claim.kind == NodeKind::Claim && claim.inside.as_deref() == Some(node.id.as_str()));
        let claims: Vec<&str> = claims.map(|claim| claim.title.as_str()).collect();
        if !claims.is_empty() {
            let _ = write!(sentence, "; its data is in the claim {}", claims.join(" and "));
        }
        let title = |id: &str| self.node(id).map_or(id.to_owned(), |node| node.title.clone());
        for (verb, kind, is_outgoing) in [
            ("writes go to", EdgeKind::Writes, true),
            ("reads go to", EdgeKind::Reads, true),
            ("it names the pods of", EdgeKind::Names, true),
            ("it is read by", EdgeKind::Options, true),
            ("it clones from", EdgeKind::Clones, false),
            ("it follows", EdgeKind::Follows, false),
        ] {
            let own = |edge: &&Edge| edge.kind == kind && node.id == *(if is_outgoing { &edge.from } else { &edge.to });
            let others = self.edges.iter().filter(own).map(|edge| {
                let other = title(if is_outgoing { &edge.to } else { &edge.from });
                if edge.state == State::Refused { format!("{other}, which is refused") } else { other }
            });
            let others: Vec<String> = others.collect();
            if !others.is_empty() {
                let _ = write!(sentence, "; {verb} {}", others.join(" and "));
            }
        }
        sentence + "."
    }
}
