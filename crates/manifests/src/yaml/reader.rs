//! The ways into this module: what is in an input, and what is the one document of an input.

use super::document::{Document, Reading};
use super::error::YamlError;
use super::input::text_of;
use super::loader::Loader;

/// Reads all documents of an input. Never fails as a whole: see [`Reading`].
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading {
    match text_of(file, bytes) {
        Ok(text) => Loader::new(file, text).run(),
        Err(error) => Reading { errors: vec![error], ..Reading::default() },
    }
}

/// Reads an input that must hold exactly one document.
///
/// # Errors
/// The first error of the input, or that it holds no document, or more than one.
pub fn read_one(file: &str, bytes: &[u8]) -> Result<Document, YamlError> {
    let reading = read(file, bytes);
    if let Some(error) = reading.errors.into_iter().next() {
        return Err(error);
    }
    let mut documents = reading.documents.into_iter().filter(|d| !d.is_empty());
    let Some(document) = documents.next() else {
        return Err(YamlError::of_file(file, "is empty: it holds no YAML document, or only comments"));
    };
    match documents.next() {
        None => Ok(document),
        Some(second) => {
            Err(YamlError::at(file, second.line(), 1, "a second document begins here; this file must hold only one"))
        }
    }
}
