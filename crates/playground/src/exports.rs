//! What the page calls.

use mysql_replication_host::Policy;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Browser, Request, answer};

/// How the policy's module begins; the browser has it already.
const MODULE: &[u8] = b"\0asm";

/// Judges a request, and answers it; both are JSON: [`Request`] and [`crate::Answer`].
///
/// # Errors
/// Where the request is no [`Request`].
#[wasm_bindgen]
pub fn preview(request: &str) -> Result<String, String> {
    let request: Request = serde_json::from_str(request).map_err(|error| error.to_string())?;
    let policy = Policy::from_bytes::<Browser>(MODULE).map_err(|error| error.to_string())?;
    serde_json::to_string(&answer(&request, &policy)).map_err(|error| error.to_string())
}
