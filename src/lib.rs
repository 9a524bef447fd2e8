//! A Kubewarden policy that turns a plain MySQL StatefulSet into a replicated MySQL by one annotation.
//!
//! A request goes through [`request`] (decode) and [`decide`] (is it ours, and what is to be done), which asks the
//! [`rules`], has [`inject`] make and apply a plan, and has [`judge`] weigh what was found; [`answer`] writes the
//! answer. Everything is a function of the request and of what the [`Host`] answers. Which of these may know which,
//! `tests/floors.rs` says.

mod annotations;
mod answer;
mod arguments;
mod case;
mod cluster;
mod config_maps;
mod container_variables;
mod data_dir;
mod database;
mod decide;
mod exemptions;
mod field_path;
mod field_types;
mod findings;
mod flavor;
mod given;
mod halves;
mod image;
mod inject;
mod json;
mod judge;
mod mounts;
mod name_index;
pub mod names;
mod object;
mod order;
mod pattern;
mod planned;
mod record;
mod request;
pub mod rule;
mod rules;
pub mod scripts;
mod settings;
mod shell;
mod text;
mod variables;
mod write_names;

use kubewarden_policy_sdk::{
    protocol_version_guest,
    settings::SettingsValidationResponse,
    wapc_guest::{CallResult, register_function},
};

use answer::Verdict;
use cluster::Cluster;
pub use cluster::Host;
use request::Request;
use settings::Settings;

/// Registers the policy's waPC functions; the host calls it once for every instance.
// The waPC protocol finds this function by its exported name, which `no_mangle` gives it.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate_guest);
    register_function("validate_settings", validate_settings_guest);
    register_function("protocol_version", protocol_version_guest);
}

/// Answers one admission request.
///
/// Takes the JSON of a Kubewarden `ValidationRequest` (`request` and `settings`) and the host for look-ups; returns the
/// JSON of a `ValidationResponse`: untouched, changed (`mutated_object`) or rejected with every problem found. Input
/// that cannot be read is rejected too; this function never fails and never panics.
#[must_use]
pub fn validate(payload: &[u8], host: &dyn Host) -> Vec<u8> {
    let cluster = Cluster::new(host);
    let request = Request::decode(payload);
    let verdict = match &request {
        Ok(request) => decide::decide(request, &cluster),
        Err(problem) => Verdict::unreadable(problem),
    };
    verdict.into_json(payload.len())
}

/// Checks the settings of the policy.
///
/// Takes their JSON and returns whether they are valid and, if not, every problem found in them.
#[must_use]
pub fn validate_settings(payload: &[u8]) -> SettingsValidationResponse {
    let message = Settings::parse_json(payload).err().map(|problems| problems.join("\n"));
    SettingsValidationResponse { valid: message.is_none(), message }
}

// a waPC function returns a result; this one never fails
#[allow(clippy::unnecessary_wraps)]
fn validate_guest(payload: &[u8]) -> CallResult {
    Ok(validate(payload, &cluster::policy_server))
}

fn validate_settings_guest(payload: &[u8]) -> CallResult {
    Ok(serde_json::to_vec(&validate_settings(payload))?)
}
