//! Where the rules are explained.

/// The rules' document in the repository.
const PATH: &str = "docs/rules.md";

/// The address of a rule's section, in the version of this program.
#[must_use]
pub fn link(rule: &str) -> String {
    let (repository, version) = (env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"));
    format!("{repository}/blob/v{version}/{PATH}#{rule}")
}
