//! The picture as SVG: text stays text, and colours are the reader's.

use std::fmt::Write;

use crate::layout::{LINE, Layout, NOTE_LINE, NOTES, PAD, Rect, Shape, TEXT, TITLE, TITLE_LINE, float, legend_rows};
use crate::model::{Node, NodeKind, Picture, State};
use crate::routes;
use crate::texts::{BOLD, escape, fit};

/// The styles, light and dark, on a screen and printed.
const STYLE: &str = include_str!("style.css");
const NAME: &str = "The cluster that would come of these manifests";
const NOTHING: &str = "No database that replicates, and no other that the policy knows, is among these documents.";

/// Where the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// In a file of its own, with its styles.
    #[default]
    Alone,
    /// In a page that has the styles, since its security policy takes none from within.
    InPage,
}

impl Picture {
    /// Draws it.
    #[must_use]
    pub fn svg(&self, shape: Shape, look: Look) -> String {
        let layout = Layout::of(self, shape);
        let mut out = String::new();
        let (width, height) = (layout.width, layout.height);
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cluster\" role=\"img\" \
             aria-labelledby=\"cluster-title cluster-words\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">\n<title id=\"cluster-title\">{NAME}</title>\n\
             <desc id=\"cluster-words\">{}</desc>\n",
            escape(&self.words().join(" "))
        );
        if look == Look::Alone {
            let _ = write!(out, "<style>\n{STYLE}</style>\n");
        }
        out.push_str("<defs>\n");
        for name in ["writes", "reads", "names", "options", "clones", "follows", "refused", "warned"] {
            let _ = writeln!(
                out,
                "<marker id=\"cluster-{name}\" class=\"{name}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" \
                 markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
                 <path d=\"M0 0L8 4L0 8Z\"/></marker>"
            );
        }
        out.push_str("</defs>\n");
        let _ = writeln!(out, "<rect class=\"paper\" width=\"{width:.0}\" height=\"{height:.0}\"/>");
        // a frame is behind the arrows to what is in it, and all other boxes are before them
        self.draw_nodes(&mut out, &layout, |kind| kind == NodeKind::Set);
        self.draw_edges(&mut out, &layout);
        self.draw_nodes(&mut out, &layout, |kind| kind != NodeKind::Set);
        self.draw_legend(&mut out, &layout);
        self.draw_notes(&mut out, &layout);
        out.push_str("</svg>\n");
        out
    }

    fn draw_nodes(&self, out: &mut String, layout: &Layout, is_wanted: fn(NodeKind) -> bool) {
        for (node, rect) in self.nodes.iter().zip(&layout.rects).filter(|(node, _)| is_wanted(node.kind)) {
            draw_node(out, node, *rect);
        }
    }

    fn draw_edges(&self, out: &mut String, layout: &Layout) {
        for edge in &self.edges {
            let Some(path) = routes::path(self, layout, edge) else { continue };
            let kind = edge.kind.name();
            let head = match edge.state {
                State::Refused => "refused",
                State::Warned => "warned",
                State::Fine => kind,
            };
            let _ = writeln!(
                out,
                "<path class=\"edge {kind}{}\" data-kind=\"{kind}\" data-from=\"{}\" data-to=\"{}\" d=\"{path}\" \
                 marker-end=\"url(#cluster-{head})\"/>",
                state_name(edge.state),
                escape(&edge.from),
                escape(&edge.to)
            );
        }
    }

    fn draw_legend(&self, out: &mut String, layout: &Layout) {
        for (row, entries) in legend_rows(self, layout.width).into_iter().enumerate() {
            let y = layout.legend + NOTE_LINE * float(row);
            for (name, meaning, x) in entries {
                let _ = writeln!(
                    out,
                    "<path class=\"edge {name}\" d=\"M{x:.1} {:.1}H{:.1}\" marker-end=\"url(#cluster-{name})\"/>\
                     <text class=\"line\" x=\"{:.1}\" y=\"{:.1}\">{meaning}</text>",
                    y + 6.0,
                    x + 22.0,
                    x + 28.0,
                    y + 10.0
                );
            }
        }
    }

    fn draw_notes(&self, out: &mut String, layout: &Layout) {
        let left = PAD + 16.0;
        for (note, paragraph) in self.notes.iter().zip(&layout.paragraphs) {
            let sign = if note.state == State::Refused { "✕" } else { "!" };
            let class = state_name(note.state);
            let _ = write!(out, "<g class=\"note{class}\">");
            let mut y = paragraph.y + TEXT;
            let _ = write!(out, "<text class=\"sign\" x=\"{PAD:.1}\" y=\"{y:.1}\">{sign}</text>");
            for (class, lines) in [("found", &paragraph.text), ("line", &paragraph.advice)] {
                for line in lines {
                    let _ = write!(out, "<text class=\"{class}\" x=\"{left:.1}\" y=\"{y:.1}\">{}</text>", escape(line));
                    y += NOTE_LINE;
                }
            }
            out.push_str("</g>\n");
        }
        let y = layout.height - PAD - 4.0;
        let more = self.notes.len().saturating_sub(NOTES);
        if more > 0 {
            let _ = writeln!(out, "<text class=\"line\" x=\"{left:.1}\" y=\"{y:.1}\">and {more} more</text>");
        }
        if self.is_empty() && self.notes.is_empty() {
            let _ = writeln!(out, "<text class=\"line\" x=\"{PAD:.1}\" y=\"{y:.1}\">{NOTHING}</text>");
        }
    }
}

fn draw_node(out: &mut String, node: &Node, rect: Rect) {
    let Rect { x, y, width, height } = rect;
    let kind = node_name(node.kind);
    let _ = write!(out, "<g class=\"node {kind}{}\" data-node=\"{}\">", state_name(node.state), escape(&node.id));
    let _ = write!(out, "<title>{}</title>", escape(&described(node)));
    let radius = if matches!(node.kind, NodeKind::Service) { height.min(28.0) / 2.0 } else { 5.0 };
    let _ =
        write!(out, "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius:.1}\"/>");
    let room = width - 2.0 * PAD;
    if node.kind == NodeKind::Claim {
        let (left, middle) = (x + 8.0, y + height / 2.0);
        // a cylinder, as disks are drawn
        let _ = writeln!(
            out,
            "<path class=\"disk\" d=\"M{left:.1} {:.1}v7a5 2.5 0 0 0 10 0v-7a5 2.5 0 0 0 -10 0a5 2.5 0 0 0 10 0\"/>\
             <text class=\"line\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
            middle - 3.5,
            left + 16.0,
            middle + 4.0,
            escape(&fit(&node.title, room - 10.0, TEXT))
        );
        return;
    }
    let mut baseline = y + PAD + TITLE;
    let _ = write!(
        out,
        "<text class=\"title\" x=\"{:.1}\" y=\"{baseline:.1}\">{}</text>",
        x + PAD,
        escape(&fit(&node.title, room, TITLE * BOLD))
    );
    baseline = y + PAD + TITLE_LINE + TEXT;
    for line in &node.lines {
        let _ = write!(
            out,
            "<text class=\"line{}\" x=\"{:.1}\" y=\"{baseline:.1}\">{}</text>",
            state_name(line.state),
            x + PAD,
            escape(&fit(&line.text, room, if line.state == State::Fine { TEXT } else { TEXT * BOLD }))
        );
        baseline += LINE;
    }
    out.push_str("</g>\n");
}

/// What a pointer over a box tells: all of what may be cut in it.
fn described(node: &Node) -> String {
    let lines = node.lines.iter().map(|line| line.text.as_str());
    std::iter::once(node.title.as_str()).chain(lines).collect::<Vec<_>>().join(", ")
}

fn node_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Application => "application",
        NodeKind::Service => "service",
        NodeKind::Options => "config",
        NodeKind::Set => "set",
        NodeKind::Pod => "pod",
        NodeKind::Claim => "claim",
    }
}

fn state_name(state: State) -> &'static str {
    match state {
        State::Fine => "",
        State::Warned => " warned",
        State::Refused => " refused",
    }
}
