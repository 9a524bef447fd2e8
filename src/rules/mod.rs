//! The rules: what each is about, and one module for every kind of object.

mod config_map;
mod replication;
mod service;
mod statefulset;
mod write_endpoint;

pub(crate) use config_map::{config_map, has_option_files, may_be_option_files, of_statefulset as config_map_of};
pub(crate) use replication::{Subject as Replicated, replicas, replication};
pub(crate) use service::{
    Stored, governing as governing_service, is_managed, may_concern as service_may_concern, service,
};
pub(crate) use statefulset::{may_be_database, statefulset, unmanaged_database};
pub(crate) use write_endpoint::{may_concern as workload_may_concern, workload};

use crate::options::{ServerOption, is_known};

/// The option of a name that counts, each with where it stands: the last one. Where one server takes the last spelling
/// and another passes over it, the one that opens a replica.
fn effective<'o, 't, T>(options: &'o [(T, ServerOption<'t>)], name: &str) -> Option<&'o (T, ServerOption<'t>)> {
    debug_assert!(is_known(name), "enter {name} into the table of src/options.rs");
    let mut of_name = options.iter().rev().filter(|(_, option)| option.is(name));
    let last = of_name.next()?;
    let exact = if last.1.is_exact { None } else { of_name.find(|(_, option)| option.is_exact) };
    Some(exact.filter(|(_, option)| last.1.switch() && !option.switch()).unwrap_or(last))
}
