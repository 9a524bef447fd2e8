//! Runs each injected script on a plain machine, against stand-ins for the database tools that record their calls.
//!
//! Every test has a [`cluster::Cluster`] of its own: namespaces in which pods find each other by name and every port
//! is free, and which take every process with them when the test ends, however it ends.

mod clone;
mod cluster;
mod follow;
mod history;
mod init;
mod join;
mod plugin;
mod primary;
mod probes;
mod restore;
mod sidecar;
mod stop;
mod text;
