//! Runs what the policy injects, unchanged, in containers against real database servers.
//!
//! A plain StatefulSet of `manifests/` goes through `policy.wasm`; what comes out is started pod by pod, as Kubernetes
//! would start it, and checked with SQL. [`pod`] plays the kubelet, [`cluster`] the StatefulSet controller, the
//! Service and the storage, [`admission`] asks the policy, [`image`] makes the images, [`scenario`] has what is tried,
//! [`run`] does it on all databases. [`option_files`] compares how the servers and the policy read option files, and
//! [`option_sources`] what becomes of options from many sources.
#![forbid(unsafe_code)]

mod addresses;
mod admission;
mod arguments;
mod cluster;
mod command;
mod context;
mod environment;
mod image;
mod load;
mod object;
mod option_files;
mod option_sources;
mod outcome;
mod pod;
mod probe;
mod report;
mod rollout;
mod run;
mod scenario;
mod sql;
mod stored;
mod version;
mod volume;
mod watch;
mod wish;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
