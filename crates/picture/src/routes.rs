//! The ways of the arrows.

use crate::layout::{
    LANE, LINE, Layout, PAD, Rect, Shape, TITLE_LINE, float, head, lane_beside, lanes, passing, position, sources,
};
use crate::model::{Edge, EdgeKind, NodeKind, Picture};

/// The room of an arrow's head.
const HEAD: f64 = 2.0;

/// The path of an arrow, as SVG has it; `None` for one to or from what is not there.
pub(crate) fn path(picture: &Picture, layout: &Layout, edge: &Edge) -> Option<String> {
    let [from, to] = [&edge.from, &edge.to].map(|id| position(picture, id));
    let (from, to) = (from?, to?);
    Some(match edge.kind {
        EdgeKind::Clones if from < to => next(layout.rects[from], layout.rects[to]),
        EdgeKind::Clones => {
            let set = picture.nodes[to].inside.as_deref().unwrap_or_default();
            let lane = lane_beside(layout.rects[to], lanes(picture, set).saturating_sub(1));
            let [from, to] = [layout.rects[from], layout.rects[to]];
            beside(from, from.bottom() - 8.0, to, to.y + 8.0, lane)
        }
        EdgeKind::Follows => follow(picture, layout, edge, from, to),
        _ => between(picture, layout, edge, from, to),
    })
}

/// From a pod to the one below it.
fn next(from: Rect, to: Rect) -> String {
    let x = from.x + 24.0;
    format!("M{x:.1} {:.1}V{:.1}", from.bottom(), to.y - HEAD)
}

/// Out of one box, along a lane, and into another from the same side.
fn beside(from: Rect, start: f64, to: Rect, end: f64, lane: f64) -> String {
    let (x, tip) = if lane > from.x { (from.right(), to.right() + HEAD) } else { (from.x, to.x - HEAD) };
    format!("M{x:.1} {start:.1}H{lane:.1}V{end:.1}H{tip:.1}")
}

fn follow(picture: &Picture, layout: &Layout, edge: &Edge, from: usize, to: usize) -> String {
    let own: Vec<&Edge> =
        picture.edges.iter().filter(|other| other.kind == EdgeKind::Follows && other.from == edge.from).collect();
    let order = own.iter().position(|other| other.to == edge.to).unwrap_or_default();
    let [from, to] = [layout.rects[from], layout.rects[to]];
    // the farthest follower has the outermost lane and begins uppermost, so that no two cross
    let start = from.y + from.height * float(own.len() - order) / float(own.len() + 1);
    beside(from, start, to, to.y + to.height / 2.0, lane_beside(to, order))
}

/// Between boxes of different columns.
fn between(picture: &Picture, layout: &Layout, edge: &Edge, from: usize, to: usize) -> String {
    let (source, target) = (layout.rects[from], layout.rects[to]);
    let start = match edge.line {
        Some(line) => source.y + PAD + TITLE_LINE + LINE * (float(line) + 0.45),
        None => source.y + source.height / 2.0,
    };
    let incoming: Vec<&Edge> = picture.edges.iter().filter(|other| other.to == edge.to && is_between(other)).collect();
    let order = incoming.iter().position(|other| *other == edge).unwrap_or_default();
    let node = &picture.nodes[to];
    let room = if node.kind == NodeKind::Set { head(node) } else { target.height };
    let end = target.y + room * float(order + 1) / float(incoming.len() + 1);
    match layout.shape {
        Shape::Wide => {
            let (x, tip) = (source.right(), target.x - HEAD);
            let passing = passing(picture).into_iter().position(|other| other == edge);
            match (passing, layout.services) {
                (Some(order), Some(services)) => {
                    let (left, right) = (services.x - 4.0, services.right() + 4.0);
                    let below = services.bottom() + PAD + LANE * float(order);
                    format!(
                        "M{x:.1} {start:.1}{}H{right:.1}{}",
                        bend(x, start, left, below),
                        bend(right, below, tip, end)
                    )
                }
                _ => format!("M{x:.1} {start:.1}{}", bend(x, start, tip, end)),
            }
        }
        Shape::Narrow => {
            let sources = sources(picture);
            let own = sources.iter().position(|known| *known == (edge.from.as_str(), edge.line)).unwrap_or_default();
            // what begins first reaches farthest down, mostly
            let lane = PAD / 2.0 + LANE * float(own + 1) - 2.0;
            beside(source, start, target, end, lane)
        }
    }
}

/// A curve that begins and ends level.
fn bend(x: f64, y: f64, to_x: f64, to_y: f64) -> String {
    let by = ((to_x - x) / 2.0).min(70.0);
    format!("C{:.1} {y:.1} {:.1} {to_y:.1} {to_x:.1} {to_y:.1}", x + by, to_x - by)
}

fn is_between(edge: &Edge) -> bool {
    !matches!(edge.kind, EdgeKind::Clones | EdgeKind::Follows)
}
