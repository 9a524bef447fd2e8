//! A Kubewarden policy that reads the request and accepts it: the least that any policy costs.

use kubewarden_policy_sdk::{
    accept_request, protocol_version_guest,
    wapc_guest::{CallResult, register_function},
};
use serde_json::Value;

/// Registers the policy's waPC functions; the host calls it once for every instance.
// The waPC protocol finds this function by its exported name, which `no_mangle` gives it.
#[allow(unsafe_code)]
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request: Value = serde_json::from_slice(payload)?;
    // looked at, so that the parsing is not left out
    if request.get("request").is_none() {
        return Err("there is no request".into());
    }
    accept_request()
}
