//! Sorting. One function for all: the library's sort is several kilobytes of the module for every type of element, its
//! heap one.

use std::{cmp::Ordering, collections::BinaryHeap};

/// A place among elements, in the order of these; equal ones are in the order of their places.
struct Place<'c> {
    at: usize,
    compare: &'c dyn Fn(usize, usize) -> Ordering,
}

impl Ord for Place<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.compare)(self.at, other.at).then(self.at.cmp(&other.at))
    }
}

impl PartialOrd for Place<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place<'_> {}

/// The places of `len` elements in the order of the elements; equal ones stay in the order of their places.
pub(crate) fn order(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    /// Up to here to move places costs less than the heap's further comparisons.
    const FEW: usize = 512;
    if (1..len).all(|at| compare(at - 1, at).is_le()) {
        return (0..len).collect();
    }
    if len > FEW {
        let places: BinaryHeap<Place> = (0..len).map(|at| Place { at, compare }).collect();
        return places.into_sorted_vec().into_iter().map(|place| place.at).collect();
    }
    let mut order: Vec<usize> = Vec::with_capacity(len);
    for at in 0..len {
        let place = order.partition_point(|before| compare(*before, at).is_le());
        order.insert(place, at);
    }
    order
}

/// The elements in their order; equal ones stay as they stand.
pub(crate) fn sorted<T: Default>(mut elements: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let order = order(elements.len(), &|one, other| compare(&elements[one], &elements[other]));
    order.into_iter().map(|place| std::mem::take(&mut elements[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_elements_stay_as_they_stand() {
        for len in [1, 2, 512, 513, 2000] {
            let elements: Vec<(u32, u32)> = (0..len).map(|at| (at * 7919 % 10, at)).collect();
            let mut expected = elements.clone();
            expected.sort_by_key(|(key, _)| *key);
            assert_eq!(sorted(elements, |(one, _), (other, _)| one.cmp(other)), expected);
        }
        assert!(sorted(Vec::<u32>::new(), Ord::cmp).is_empty());
    }
}
