//! The policy's native function, asked as a policy server asks the module.

use mysql_replication_manifests::{Cluster, HostCall, Response, admission_request};
use serde_json::{Value, json};

/// The admission request for creating an object, or for updating `old`.
#[must_use]
pub fn request(object: &Value, old: Option<&Value>) -> Value {
    admission_request(object, old, "default")
}

/// The request by which the audit scanner asks about an object that is there: that of a creation, with the object's
/// `metadata.uid` as its own.
#[must_use]
pub fn audit_request(object: &Value) -> Value {
    let mut request = request(object, None);
    request["uid"] = object["metadata"]["uid"].clone();
    request
}

/// What the native function answers to an admission request, in this cluster.
///
/// # Panics
/// Where the answer is none of the protocol.
#[must_use]
pub fn validate(cluster: &dyn Cluster, request: &Value, settings: &Value) -> Response {
    let payload = json!({"request": request, "settings": settings}).to_string();
    let host = |operation: &str, payload: &[u8]| {
        cluster.answer(&HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload })
    };
    let answer = mysql_replication_policy::validate(payload.as_bytes(), &host);
    serde_json::from_slice(&answer).expect("a response")
}
