//! Does on a Kubernetes cluster what users do with kubectl, and looks what the policy makes of it.
//!
//! The other end-to-end tests play the API server, the controllers and the kubelet; here they are real, and so is the
//! policy server. [`step`] has what is tried, each with its reason, [`server`] how the API server comes to ask the
//! policy, [`kubectl`] the only way by which anything reaches the cluster.
#![forbid(unsafe_code)]

mod arguments;
mod cluster;
mod kubectl;
mod object;
mod outcome;
mod report;
mod run;
mod server;
mod step;
mod wait;
mod webhooks;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;

fn main() -> ExitCode {
    match run::run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
