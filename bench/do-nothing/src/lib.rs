//! A Kubewarden policy that reads the request and accepts it: the least that any policy costs. The setting
//! `answerBytes` makes its answer as long as another policy's: the least that such an answer costs.

use kubewarden_policy_sdk::{
    accept_request, protocol_version_guest,
    wapc_guest::{CallResult, register_function},
};
use serde_json::Value;

/// An acceptance with changes, but for the changes: what comes before them and behind.
const CHANGED: [&[u8]; 2] = [br#"{"accepted":true,"mutated_object":""#, br#""}"#];
/// An acceptance of the object as it is; there may be blanks between the two.
const UNCHANGED: [&[u8]; 2] = [br#"{"accepted":true"#, b"}"];

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
    match request.get("settings").and_then(|settings| settings.get("answerBytes")).and_then(Value::as_u64) {
        Some(bytes) => answer(usize::try_from(bytes)?),
        None => accept_request(),
    }
}

/// An acceptance of so many bytes, as cheap as one can be: allocated once and filled. It has changes where there is
/// room for them.
fn answer(bytes: usize) -> CallResult {
    let rest = |[begin, end]: [&[u8]; 2]| bytes.checked_sub(begin.len() + end.len());
    let ([begin, end], filling) = if rest(CHANGED).is_some() { (CHANGED, b'x') } else { (UNCHANGED, b' ') };
    let rest = rest([begin, end]).ok_or("no acceptance is that short")?;
    let mut answer = vec![filling; bytes];
    answer[..begin.len()].copy_from_slice(begin);
    answer[begin.len() + rest..].copy_from_slice(end);
    Ok(answer)
}
