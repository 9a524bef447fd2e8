//! Where the documentation explains something.

/// Where the rules' pages are in the repository.
const RULES: &str = "docs/rules";

/// The address of a rule's page, in the version of this program.
#[must_use]
pub fn link(rule: &str) -> String {
    address(&format!("{RULES}/{rule}.md"))
}

/// The address of a heading of the documentation, in the version of this program.
#[must_use]
pub fn page(path: &str, heading: &str) -> String {
    format!("{}#{heading}", address(path))
}

/// The address of a file of the repository, in the version of this program; a heading may stand behind it.
#[must_use]
pub fn address(path: &str) -> String {
    format!("{}/blob/v{}/{path}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"))
}
