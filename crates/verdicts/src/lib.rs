//! Manifests in, verdicts and changed manifests out.
//!
//! It is a crate of its own so that no WebAssembly machine comes with it: `preview` interprets the policy's module, and
//! the page of `playground/` has the browser run it. Both say the same, for they say it from here.
#![forbid(unsafe_code)]

mod changed_text;
mod changes;
mod evaluator;
mod exit_code;
mod input;
mod json_report;
mod link;
mod outcome;
mod path;
mod places;
mod preview;
mod repeated;
mod settings;
mod targets;
mod unmanaged;
mod violations;

pub use changed_text::{CONTEXT, changed_manifests, diff, diff_for_programs, manifests, printable};
pub use changes::Change;
pub use evaluator::Evaluator;
pub use exit_code::{ACCEPTED, REJECTED, UNUSABLE, exit_code};
pub use input::{PREVIEW, is_of_kustomize, read_input};
pub use json_report::json_report;
pub use link::{address, link, page};
pub use outcome::{DocumentOutcome, ObjectOutcome, Place, Verdict, Violation};
pub use preview::Preview;
pub use repeated::repeated;
pub use settings::read_settings;
pub use unmanaged::{ANNOTATION as INJECT_ANNOTATION, Inject, runs_database};
pub use violations::rule_of_warning;
