//! A text in two.

/// `split_once` and `rsplit_once` by a character, once for all callers: in place they are a search each, and there are
/// very many.
pub(crate) trait Halves {
    /// What stands before the first one, and behind it.
    fn halves(&self, separator: char) -> Option<(&str, &str)>;
    /// What stands before the last one, and behind it.
    fn last_halves(&self, separator: char) -> Option<(&str, &str)>;
}

impl Halves for str {
    #[inline(never)]
    fn halves(&self, separator: char) -> Option<(&str, &str)> {
        self.split_once(separator)
    }

    #[inline(never)]
    fn last_halves(&self, separator: char) -> Option<(&str, &str)> {
        self.rsplit_once(separator)
    }
}
