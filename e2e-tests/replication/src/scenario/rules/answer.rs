//! What the policy says to a faulty manifest, with its rule and without.

use mysql_replication_preview::Response;
use serde_json::{Value, json};

use crate::{
    context::Context,
    outcome::{Failure, Result},
};

use super::case::Case;

/// With default settings the object is rejected, as a new one and as an update, and the message names the rule.
pub(super) fn rejected(context: &Context<'_>, case: &Case, live: &Value) -> Result {
    for old in [None, Some(live)] {
        names_rule(case.rule, case.what, &context.admission.send(&case.object, old, &json!({}))?)?;
    }
    Ok(())
}

pub(super) fn names_rule(rule: &str, what: &str, response: &Response) -> Result {
    let message = response.message.as_deref().unwrap_or_default();
    if response.accepted || !message.contains(&format!("[{rule}]")) {
        return Err(Failure(format!("{what}: expected to be rejected by the rule {rule}, found {response:?}")));
    }
    Ok(())
}

pub(super) fn warns(rule: &str, what: &str, response: &Response) -> Result {
    let warnings = response.warnings.as_deref().unwrap_or_default();
    let of_rule = |warning: &String| warning.starts_with(&format!("[{rule}]"));
    if !response.accepted || warnings.is_empty() || !warnings.iter().all(of_rule) {
        return Err(Failure(format!("{what}: expected warnings of the rule {rule}, found {warnings:?}")));
    }
    Ok(())
}

/// What comes out where one rule is off; there must be no warning either.
pub(super) fn without_rule(context: &Context<'_>, rule: &str, object: &Value, live: &Value) -> Result<Value> {
    Ok(context.admission.accept(object, Some(live), &json!({"rules": {rule: "off"}}))?)
}
