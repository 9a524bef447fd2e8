//! Where everything stands. Columns from who asks to who answers, or, on a narrow screen, one column.

use crate::model::{Edge, EdgeKind, Node, NodeKind, Picture, State};
use crate::texts::{BOLD, wrap};

/// How wide the picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Applications, Services and pods beside each other.
    #[default]
    Wide,
    /// One below the other, for a telephone.
    Narrow,
}

pub(crate) const TITLE: f64 = 13.0;
pub(crate) const TEXT: f64 = 11.5;
pub(crate) const TITLE_LINE: f64 = 18.0;
pub(crate) const LINE: f64 = 15.0;
pub(crate) const NOTE_LINE: f64 = 16.0;
/// Around a text in its box, and around everything.
pub(crate) const PAD: f64 = 10.0;
const CLAIM: f64 = 24.0;
const BOX: f64 = 196.0;
const POD: f64 = 206.0;
const GAP: f64 = 16.0;
/// Between columns, for the arrows.
const COLUMN_GAP: f64 = 60.0;
/// Between pods, for the arrow of a clone.
const POD_GAP: f64 = 26.0;
/// Between two arrows beside each other.
pub(crate) const LANE: f64 = 9.0;
const FIRST_LANE: f64 = 12.0;
/// No picture with notes is narrower, for nobody reads them then.
const NOTES_WIDTH: f64 = 560.0;
const NARROW_NOTES_WIDTH: f64 = 320.0;
/// So many notes are shown.
pub(crate) const NOTES: usize = 12;

/// A box.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// A paragraph below the picture.
#[derive(Debug)]
pub(crate) struct Paragraph {
    pub(crate) y: f64,
    pub(crate) text: Vec<String>,
    pub(crate) advice: Vec<String>,
}

/// Where everything of a picture stands.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) shape: Shape,
    /// Of each node, in its order.
    pub(crate) rects: Vec<Rect>,
    /// Left and right end of the column of Services, and its bottom: arrows that pass it do so below.
    pub(crate) services: Option<Rect>,
    /// Below the boxes.
    pub(crate) legend: f64,
    pub(crate) paragraphs: Vec<Paragraph>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// How high a box is without what is in it.
pub(crate) fn head(node: &Node) -> f64 {
    PAD + TITLE_LINE + LINE * float(node.lines.len()) + PAD / 2.0
}

/// Counts are small here.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}

/// What the arrows of a picture mean, each by the name of its style.
pub(crate) fn legend(picture: &Picture) -> Vec<(&'static str, &'static str)> {
    let mut entries: Vec<(&str, &str)> = Vec::new();
    let mut kinds: Vec<EdgeKind> =
        picture.edges.iter().filter(|edge| edge.state == State::Fine).map(|edge| edge.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    entries.extend(kinds.into_iter().map(|kind| (kind.name(), meaning(kind))));
    for (state, name, meaning) in [(State::Warned, "warned", "warned of"), (State::Refused, "refused", "refused")] {
        if picture.edges.iter().any(|edge| edge.state == state) {
            entries.push((name, meaning));
        }
    }
    entries
}

impl Layout {
    pub(crate) fn of(picture: &Picture, shape: Shape) -> Self {
        let mut rects = vec![Rect::default(); picture.nodes.len()];
        let of_kind = |kinds: &[NodeKind]| -> Vec<usize> {
            kinds
                .iter()
                .flat_map(|kind| picture.nodes.iter().enumerate().filter(move |(_, node)| node.kind == *kind))
                .map(|(index, _)| index)
                .collect()
        };
        let columns = match shape {
            Shape::Wide => vec![
                of_kind(&[NodeKind::Application]),
                of_kind(&[NodeKind::Service, NodeKind::Options]),
                of_kind(&[NodeKind::Set]),
            ],
            Shape::Narrow => {
                vec![of_kind(&[NodeKind::Application, NodeKind::Service, NodeKind::Options, NodeKind::Set])]
            }
        };
        let columns: Vec<Vec<usize>> = columns.into_iter().filter(|column| !column.is_empty()).collect();
        let mut x = match shape {
            Shape::Wide => PAD,
            Shape::Narrow => PAD + LANE * float(sources(picture).len() + 1),
        };
        let mut heights = Vec::new();
        let is_passed = |column: &[usize]| {
            shape == Shape::Wide
                && matches!(picture.nodes[column[0]].kind, NodeKind::Service | NodeKind::Options)
                && !passing(picture).is_empty()
        };
        for column in &columns {
            let (width, mut height) = place(picture, &mut rects, column, x);
            if is_passed(column) {
                height += PAD + LANE * float(passing(picture).len());
            }
            heights.push(height);
            x += width + COLUMN_GAP;
        }
        let boxes = heights.iter().copied().fold(0.0, f64::max);
        for (column, height) in columns.iter().zip(heights) {
            for index in column {
                shift(picture, &mut rects, *index, (boxes - height) / 2.0);
            }
        }
        let services = columns.iter().find(|column| is_passed(column)).and_then(|column| {
            let (first, last) = (rects[*column.first()?], rects[*column.last()?]);
            Some(Rect { height: last.bottom() - first.y, ..first })
        });
        let least = match (picture.notes.is_empty() && !picture.is_empty(), shape) {
            (true, _) => 0.0,
            (false, Shape::Wide) => NOTES_WIDTH,
            (false, Shape::Narrow) => NARROW_NOTES_WIDTH,
        };
        let width = (x - COLUMN_GAP + PAD).max(least);
        Self { services, ..Self::with_texts(picture, shape, rects, width, PAD + boxes) }
    }

    fn with_texts(picture: &Picture, shape: Shape, rects: Vec<Rect>, width: f64, bottom: f64) -> Self {
        let legend = bottom + GAP;
        let rows = legend_rows(picture, width);
        let mut y = legend + NOTE_LINE * float(rows.len()) + PAD;
        let mut paragraphs = Vec::new();
        for note in picture.notes.iter().take(NOTES) {
            let room = width - 2.0 * PAD - 16.0;
            let text = wrap(&note.text, room, TEXT * BOLD);
            let advice: Vec<String> = note.advice.iter().flat_map(|line| wrap(line, room, TEXT)).collect();
            let lines = float(text.len() + advice.len());
            paragraphs.push(Paragraph { y, text, advice });
            y += NOTE_LINE * lines + 8.0;
        }
        if picture.notes.len() > NOTES || picture.is_empty() {
            y += NOTE_LINE;
        }
        Self { shape, rects, services: None, legend, paragraphs, width, height: y + PAD }
    }
}

/// The words for a kind of arrow.
fn meaning(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Writes => "to the primary alone: for writes",
        EdgeKind::Reads => "to several pods, or a replica: for reads",
        EdgeKind::Names => "gives the pods their names",
        EdgeKind::Options => "option files",
        EdgeKind::Clones => "all data, once: pods clone",
        EdgeKind::Follows => "changes, always: replicas follow",
    }
}

/// An entry of the legend: the name of a style, what it means, and where it begins.
pub(crate) type Entry = (&'static str, &'static str, f64);

/// The legend's entries by rows.
pub(crate) fn legend_rows(picture: &Picture, width: f64) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let mut x = f64::INFINITY;
    for (name, meaning) in legend(picture) {
        let entry = 44.0 + TEXT * 0.56 * float(meaning.len());
        if x + entry > width {
            rows.push(Vec::new());
            x = PAD;
        }
        if let Some(row) = rows.last_mut() {
            row.push((name, meaning, x));
        }
        x += entry;
    }
    rows
}

/// The things that arrows lead away from to other boxes; each has a lane of its own beside a narrow column.
pub(crate) fn sources(picture: &Picture) -> Vec<(&str, Option<usize>)> {
    let mut sources: Vec<(&str, Option<usize>)> = Vec::new();
    for edge in picture.edges.iter().filter(|edge| !matches!(edge.kind, EdgeKind::Clones | EdgeKind::Follows)) {
        let source = (edge.from.as_str(), edge.line);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    sources
}

/// The arrows from applications to pods, which pass the Services between them.
pub(crate) fn passing(picture: &Picture) -> Vec<&Edge> {
    let is_application = |id: &str| picture.node(id).is_some_and(|node| node.kind == NodeKind::Application);
    let is_service = |id: &str| picture.node(id).is_some_and(|node| node.kind == NodeKind::Service);
    picture.edges.iter().filter(|edge| is_application(&edge.from) && !is_service(&edge.to)).collect()
}

/// The arrows that stand to the right of a database's pods.
pub(crate) fn lanes(picture: &Picture, set: &str) -> usize {
    let is_inside = |id: &str| picture.node(id).is_some_and(|node| node.inside.as_deref() == Some(set));
    let follows = picture.edges.iter().filter(|edge| edge.kind == EdgeKind::Follows && is_inside(&edge.to)).count();
    let restores = picture.edges.iter().any(|edge| {
        edge.kind == EdgeKind::Clones
            && is_inside(&edge.to)
            && position(picture, &edge.from) > position(picture, &edge.to)
    });
    follows + usize::from(restores)
}

pub(crate) fn position(picture: &Picture, id: &str) -> Option<usize> {
    picture.nodes.iter().position(|node| node.id == id)
}

/// Places a column, and gives its width and height.
fn place(picture: &Picture, rects: &mut [Rect], column: &[usize], x: f64) -> (f64, f64) {
    let mut y = PAD;
    let mut width: f64 = 0.0;
    for index in column {
        let node = &picture.nodes[*index];
        let rect = if node.kind == NodeKind::Set {
            place_set(picture, rects, *index, x, y)
        } else {
            Rect { x, y, width: BOX, height: head(node) }
        };
        rects[*index] = rect;
        width = width.max(rect.width);
        y = rect.bottom() + GAP;
    }
    (width, y - GAP - PAD)
}

fn place_set(picture: &Picture, rects: &mut [Rect], set: usize, x: f64, y: f64) -> Rect {
    let node = &picture.nodes[set];
    let inner = |outer: &str| -> Vec<usize> {
        let inside = picture.nodes.iter().enumerate().filter(|(_, node)| node.inside.as_deref() == Some(outer));
        inside.map(|(index, _)| index).collect()
    };
    let mut bottom = y + head(node);
    let pods = inner(&node.id);
    for (order, index) in pods.iter().enumerate() {
        let pod = &picture.nodes[*index];
        let claims = inner(&pod.id);
        let top = bottom + if order == 0 { 4.0 } else { POD_GAP };
        let height = head(pod) + CLAIM * float(claims.len());
        rects[*index] = Rect { x: x + PAD, y: top, width: POD, height };
        for (row, claim) in claims.into_iter().enumerate() {
            let y = top + head(pod) + CLAIM * float(row) - 2.0;
            rects[claim] = Rect { x: x + PAD + 8.0, y, width: POD - 16.0, height: CLAIM - 4.0 };
        }
        bottom = top + height;
    }
    let lanes = lanes(picture, &node.id);
    let beside = if lanes == 0 { 0.0 } else { FIRST_LANE + LANE * float(lanes) };
    let end = if pods.is_empty() { 0.0 } else { PAD };
    Rect { x, y, width: POD + 2.0 * PAD + beside, height: bottom - y + end }
}

/// Moves a box down, with all that is in it.
fn shift(picture: &Picture, rects: &mut [Rect], index: usize, by: f64) {
    rects[index].y += by;
    let id = &picture.nodes[index].id;
    let inside = picture.nodes.iter().enumerate().filter(|(_, node)| node.inside.as_ref() == Some(id));
    for (index, _) in inside.collect::<Vec<_>>() {
        shift(picture, rects, index, by);
    }
}

/// Where the lane of this number is, beside a pod.
pub(crate) fn lane_beside(pod: Rect, lane: usize) -> f64 {
    pod.right() + FIRST_LANE + LANE * float(lane)
}
