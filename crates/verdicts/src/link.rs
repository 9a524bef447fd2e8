//! Where the documentation explains something.

/// The rules' document in the repository.
const PATH: &str = "docs/rules.md";

/// The address of a rule's section, in the version of this program.
#[must_use]
pub fn link(rule: &str) -> String {
    page(PATH, rule)
}

/// The address of a heading of the documentation, in the version of this program.
#[must_use]
pub fn page(path: &str, heading: &str) -> String {
    let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    format!("{repository}/blob/v{version}/{path}#{heading}")
}
