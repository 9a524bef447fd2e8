//! "Did you mean": the known word nearest to an unknown one.

/// The candidate with the smallest edit distance to `word`, unless even that one has little in common with it.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    // longer than every name that is known, and quadratic to compare
    if word.len() > 64 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    candidates
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 2)
        .map(|(_, candidate)| candidate)
}

/// Is one text made of another by so many edits? Soon told where it is not.
#[must_use]
pub fn is_within(edits: usize, left: &[u8], right: &[u8]) -> bool {
    let same = left.iter().zip(right).take_while(|(one, other)| one == other).count();
    let (left, right) = (&left[same..], &right[same..]);
    if left.len().abs_diff(right.len()) > edits {
        return false;
    }
    match (left, right) {
        ([], _) | (_, []) => true,
        ([_, after_left @ ..], [_, after_right @ ..]) => {
            edits > 0
                && (is_within(edits - 1, after_left, after_right)
                    || is_within(edits - 1, after_left, right)
                    || is_within(edits - 1, left, after_right))
        }
    }
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_word_that_was_meant() {
        let known = ["inject", "container", "clone-method"];
        assert_eq!(nearest("Inject", &known), Some("inject"));
        assert_eq!(nearest("injected", &known), Some("inject"));
        assert_eq!(nearest("clone_method", &known), Some("clone-method"));
        assert_eq!(nearest("zzzzzzzzzz", &known), None);
        assert_eq!(nearest(&"x".repeat(100_000), &known), None);
    }
    #[test]
    fn few_edits_are_counted_as_the_distance_is() {
        let words = [
            "",
            "a",
            "ab",
            "ba",
            "slave.cnf",
            "slvae.cnf",
            "salve.cnf",
            "slaves.cnf",
            "lave.cn",
            "xslave.cnfx",
            "lavecnf",
        ];
        for (left, right) in words.iter().flat_map(|left| words.iter().map(move |right| (*left, *right))) {
            for edits in 0..4 {
                let expected = distance(left, right) <= edits;
                assert_eq!(is_within(edits, left.as_bytes(), right.as_bytes()), expected, "{left} {right} {edits}");
            }
        }
    }
}
