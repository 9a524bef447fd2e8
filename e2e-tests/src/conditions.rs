//! What the API server tells by itself: the rules and `matchConditions` of installed policies, evaluated as it does.
//!
//! `matchConditions` are CEL (Kubernetes documentation, "Dynamic Admission Control", "Matching requests:
//! matchConditions"): an object is sent where all of them hold.

use std::collections::BTreeMap;

use cel::{Context, Program, Value as Cel};
use mysql_replication_preview::Response;
use serde_json::{Value, json};

/// A policy that is installed.
pub struct Installed {
    /// Its name.
    pub name: String,
    /// The policy itself.
    pub policy: Value,
    conditions: Vec<(String, Program)>,
}

impl Installed {
    /// Reads a `ClusterAdmissionPolicy`.
    ///
    /// # Panics
    /// Where it is none, or where an expression cannot be parsed.
    #[must_use]
    pub fn new(policy: &Value) -> Self {
        assert_eq!(policy["kind"], "ClusterAdmissionPolicy", "{policy}");
        let conditions = policy["spec"]["matchConditions"].as_array().into_iter().flatten().map(|condition| {
            let text = |key: &str| condition[key].as_str().unwrap_or_else(|| panic!("no {key}: {condition}"));
            let program = Program::compile(text("expression"));
            (text("name").to_owned(), program.unwrap_or_else(|error| panic!("{}: {error}", text("name"))))
        });
        let name = policy["metadata"]["name"].as_str().expect("a name").to_owned();
        Self { name, policy: policy.clone(), conditions: conditions.collect() }
    }

    /// The names of its conditions.
    #[must_use]
    pub fn conditions(&self) -> Vec<&str> {
        self.conditions.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Do its rules ask for what an admission request is about?
    #[must_use]
    pub fn asks_for(&self, request: &Value) -> bool {
        let has = |rule: &Value, key: &str, value: &Value| {
            rule[key].as_array().is_some_and(|list| list.iter().any(|one| one == value))
        };
        let resource = &request["resource"]["resource"];
        let sub_resource = request["subResource"].as_str().unwrap_or_default();
        let resource = if sub_resource.is_empty() {
            resource.clone()
        } else {
            json!(format!("{}/{sub_resource}", resource.as_str().unwrap_or_default()))
        };
        self.policy["spec"]["rules"].as_array().into_iter().flatten().any(|rule| {
            has(rule, "apiGroups", &request["resource"]["group"])
                && has(rule, "apiVersions", &request["resource"]["version"])
                && has(rule, "resources", &resource)
                && has(rule, "operations", &request["operation"])
        })
    }

    /// The first condition that keeps a request in the API server, without those of the names in `without`.
    ///
    /// # Errors
    /// Where a condition fails, for which the API server rejects the request, or sends nothing.
    pub fn kept_by(&self, request: &Value, without: &[&str]) -> Result<Option<&str>, String> {
        let mut context = Context::default();
        for (name, value) in
            [("object", &request["object"]), ("oldObject", &request["oldObject"]), ("request", request)]
        {
            context.add_variable(name, value).map_err(|error| format!("{name}: {error}"))?;
        }
        let mut kept = None;
        for (name, program) in self.conditions.iter().filter(|(name, _)| !without.contains(&name.as_str())) {
            match program.execute(&context) {
                Ok(Cel::Bool(true)) => {}
                Ok(Cel::Bool(false)) => kept = kept.or(Some(name.as_str())),
                other => return Err(format!("{}: {name}: {other:?}", self.name)),
            }
        }
        Ok(kept)
    }
}

/// What is wrong where a policy server gives this answer to a request: the API server must have sent it. Of the
/// policies at most one may ask for it; those of the names in `without` are conditions that are not there.
///
/// # Errors
/// With what is wrong. Else the result says whether the request is sent.
pub fn check_sent(
    installed: &[Installed],
    request: &Value,
    without: &[&str],
    answer: &Response,
) -> Result<bool, String> {
    let is_silent = answer.accepted
        && answer.mutated_object.is_none()
        && answer.warnings.as_ref().is_none_or(Vec::is_empty)
        && answer.audit_annotations.as_ref().is_none_or(BTreeMap::is_empty);
    let mut asking = installed.iter().filter(|policy| policy.asks_for(request));
    let Some(policy) = asking.next() else {
        return if is_silent { Ok(false) } else { Err("no policy asks for it".to_owned()) };
    };
    if let Some(other) = asking.next() {
        return Err(format!("{} and {} ask for it", policy.name, other.name));
    }
    if answer.mutated_object.is_some() && policy.policy["spec"]["mutating"] != true {
        return Err(format!("{} is not allowed to change it", policy.name));
    }
    match policy.kept_by(request, without)? {
        Some(condition) if !is_silent => {
            Err(format!("{}: {condition} keeps away what is answered by {answer:?}", policy.name))
        }
        kept => Ok(kept.is_none()),
    }
}
