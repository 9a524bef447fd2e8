//! The rules: what each is about, and one module for every kind of object.

mod config_map;
mod must_hold;
mod option_files;
mod replication;
mod service;
mod statefulset;
mod write_endpoint;

pub(crate) use config_map::{
    config_map, has_option_files, may_be_option_files, may_be_told, of_statefulset as config_map_of,
};
pub(crate) use option_files::has_files;
pub(crate) use replication::{Subject as Replicated, replication};
pub(crate) use service::{
    Stored, clients_of as services_of, governing as governing_service, may_concern as service_may_concern, service,
};
pub(crate) use statefulset::{hints, may_be_database, statefulset, unmanaged_database};
pub(crate) use write_endpoint::{may_concern as workload_may_concern, workload};
