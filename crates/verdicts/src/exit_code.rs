//! What a run says by one number, to whoever reads nothing else.

use mysql_replication_manifests::yaml::YamlError;

use crate::outcome::{DocumentOutcome, Verdict};

/// All objects were accepted.
pub const ACCEPTED: u8 = 0;
/// An object was rejected, or there are warnings and they shall count.
pub const REJECTED: u8 = 1;
/// The command line is wrong, or an input could not be read.
pub const UNUSABLE: u8 = 2;

/// The number for these outcomes, these inputs that could not be read, and these that read otherwise than they look.
#[must_use]
pub fn exit_code(
    outcomes: &[DocumentOutcome],
    errors: &[YamlError],
    warnings: &[YamlError],
    fail_on_warnings: bool,
) -> u8 {
    let has_warnings = || {
        let judged = outcomes.iter().flat_map(|outcome| &outcome.objects).filter(|o| o.verdict != Verdict::Passed);
        !warnings.is_empty() || judged.flat_map(|object| &object.warnings).next().is_some()
    };
    if !errors.is_empty() {
        UNUSABLE
    } else if outcomes.iter().any(DocumentOutcome::is_rejected) || (fail_on_warnings && has_warnings()) {
        REJECTED
    } else {
        ACCEPTED
    }
}
