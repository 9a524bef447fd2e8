//! Names that are looked up many times: a container's variables are as many as an object may hold.

use std::{borrow::Cow, ops::Range};

use crate::{json::Value, object::name, order::order};

/// The names of a container's variables, to be looked up by where they stand: one name may stand in several places, and
/// a later one counts before an earlier one.
#[derive(Default)]
pub(crate) struct NameIndex<'a> {
    names: Vec<Cow<'a, str>>,
    /// The places in the order of their names, those of one name in their own order.
    order: Vec<usize>,
}

impl<'a> NameIndex<'a> {
    pub(crate) fn new(names: Vec<Cow<'a, str>>) -> Self {
        let order = order(names.len(), &|one, other| names[one].cmp(&names[other]));
        Self { names, order }
    }

    /// The names of the entries of `env`.
    pub(crate) fn of(env: &'a [Value]) -> Self {
        Self::new(env.iter().map(|variable| Cow::Borrowed(name(variable))).collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    pub(crate) fn at(&self, place: usize) -> &str {
        &self.names[place]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.last(name, 0..self.names.len()).is_some()
    }

    /// The last place of a name within a range of places.
    pub(crate) fn last(&self, name: &str, range: Range<usize>) -> Option<usize> {
        let behind = self.order.partition_point(|place| (self.names[*place].as_ref(), *place) < (name, range.end));
        let last = self.order[..behind].last().copied();
        last.filter(|place| *place >= range.start && self.names[*place] == name)
    }

    /// Does no later place have the name of this one?
    pub(crate) fn is_effective(&self, place: usize) -> bool {
        self.last(&self.names[place], 0..self.names.len()) == Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_within_a_range() {
        let names = NameIndex::new(["b", "a", "b", "", "a"].map(Cow::Borrowed).to_vec());
        for (name, range, expected) in [
            ("b", 0..5, Some(2)),
            ("b", 0..2, Some(0)),
            ("b", 1..2, None),
            ("b", 3..5, None),
            ("a", 0..4, Some(1)),
            ("a", 0..5, Some(4)),
            ("", 0..5, Some(3)),
            ("c", 0..5, None),
            ("0", 0..5, None),
        ] {
            assert_eq!(names.last(name, range.clone()), expected, "{name} {range:?}");
        }
        assert_eq!((0..5).map(|place| names.is_effective(place)).collect::<Vec<_>>(), [false, false, true, true, true]);
        assert_eq!(NameIndex::default().last("a", 0..0), None);
    }
}
