//! What the policy costs, beside a policy that does nothing.
//!
//! - [`subject`]: what is evaluated;
//! - [`counts`]: instructions and memory by the [`meter`], the same on every machine, and [`limits`] for them;
//! - [`timings`], [`artefacts`], [`memory`], [`growth`] and [`load`]: what this machine makes of it;
//! - [`hostile`]: objects that are to cost no more than others;
//! - [`report`]: all of that in one run, and whether the [`bars`] are reached.
#![forbid(unsafe_code)]

pub mod artefacts;
pub mod bars;
pub mod counts;
pub mod effort;
pub mod growth;
pub mod guest;
pub mod hostile;
pub mod limits;
pub mod load;
pub mod memory;
pub mod meter;
pub mod prepared;
pub mod report;
pub mod stats;
pub mod subject;
pub mod table;
pub mod timings;
