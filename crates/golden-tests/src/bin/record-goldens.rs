//! Prints all that the golden files ask, what is looked up meanwhile, and what the native function answers: a line of
//! JSON for each request. Whoever runs the module elsewhere, as a browser does, can compare its answers with these.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::io::{self, Write};

use mysql_replication_golden_tests::check_all;
use mysql_replication_manifests::{Cluster, HostCall};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let lines = RefCell::new(Vec::new());
    check_all(&|cluster, request, settings| {
        let look_ups = RefCell::new(Vec::new());
        let payload = json!({"request": request, "settings": settings}).to_string();
        let host = |operation: &str, payload: &[u8]| {
            let answer =
                cluster.answer(&HostCall { binding: "kubewarden", namespace: "kubernetes", operation, payload });
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (is_found, said) = match &answer {
                Ok(found) => (true, text(found)),
                Err(error) => (false, error.clone()),
            };
            look_ups.borrow_mut().push(json!({
                "operation": operation, "payload": text(payload), "isFound": is_found, "answer": said,
            }));
            answer
        };
        let answer = mysql_replication_policy::validate(payload.as_bytes(), &host);
        lines.borrow_mut().push(json!({
            "payload": payload,
            "lookUps": look_ups.take(),
            "answer": String::from_utf8_lossy(&answer),
        }));
        serde_json::from_slice(&answer).expect("a response")
    });
    let mut out = io::stdout().lock();
    lines.take().iter().try_for_each(|line: &Value| writeln!(out, "{line}"))
}
