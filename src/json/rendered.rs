use std::fmt;

use crate::json::{Value, read};

/// An object that is written already: as a tree it would cost more than all the rest of the answer. What is asked of it
/// without reading it again stands beside its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rendered {
    /// Its field `name`.
    pub(crate) name: &'static str,
    /// A digest of what in it tells it from others.
    pub(crate) digest: u64,
    pub(crate) json: String,
}

impl Rendered {
    /// The object as a tree; `None` where the text is no JSON.
    pub(crate) fn tree(&self) -> Option<Value<'_>> {
        read(&self.json).ok()
    }
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json)
    }
}
