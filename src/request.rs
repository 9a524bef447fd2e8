//! Decode: the parts of an admission request that are needed, the objects themselves left as text until one of them
//! is known to concern the policy.

use std::borrow::Cow;

use crate::{
    json::{Field, Found, TOO_MANY, Value, outline, read_at_most, str_at},
    object::is_opaque,
};

/// An admission request, borrowed from the payload: Kubernetes' `AdmissionRequest` (k8s.io/api/admission/v1), as far as
/// it is used, and the policy's settings.
#[derive(Debug)]
pub(crate) struct Request<'a>(Found<'a, 14>);

const REQUEST: usize = 0;
const UID: usize = 1;
const KIND: usize = 2;
const GROUP: usize = 3;
const KIND_NAME: usize = 4;
const OPERATION: usize = 5;
const RESOURCE: usize = 6;
const RESOURCE_NAME: usize = 7;
const SUB_RESOURCE: usize = 8;
const NAME: usize = 9;
const NAMESPACE: usize = 10;
const OBJECT: usize = 11;
const OLD_OBJECT: usize = 12;
const SETTINGS: usize = 13;

const PAYLOAD: &[Field] = &[
    Field::inside(
        "request",
        REQUEST,
        &[
            Field::text("uid", UID),
            Field::inside("kind", KIND, &[Field::text("group", GROUP), Field::text("kind", KIND_NAME)]),
            Field::text("operation", OPERATION),
            Field::inside("resource", RESOURCE, &[Field::text("resource", RESOURCE_NAME)]),
            Field::text("subResource", SUB_RESOURCE),
            Field::text("name", NAME),
            Field::text("namespace", NAMESPACE),
            Field::raw("object", OBJECT),
            Field::raw("oldObject", OLD_OBJECT),
        ],
    ),
    Field::raw("settings", SETTINGS),
];

/// A kind of object that has rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    StatefulSet,
    Service,
    ConfigMap,
    /// How many pods a StatefulSet shall have: the kind `Scale` of its subresource.
    Scale,
    /// Another kind that runs pods, with the path of their specification.
    Workload(&'static str, &'static [&'static str]),
}

impl Admitted {
    /// The kind by its API group and name.
    pub(crate) fn of(group: &str, kind: &str) -> Option<Self> {
        const TEMPLATE: &[&str] = &["spec", "template", "spec"];
        Some(match (group, kind) {
            ("apps", "StatefulSet") => Self::StatefulSet,
            ("", "Service") => Self::Service,
            ("", "ConfigMap") => Self::ConfigMap,
            ("", "Pod") => Self::Workload("Pod", &["spec"]),
            ("apps", "Deployment") => Self::Workload("Deployment", TEMPLATE),
            ("apps", "DaemonSet") => Self::Workload("DaemonSet", TEMPLATE),
            ("apps", "ReplicaSet") => Self::Workload("ReplicaSet", TEMPLATE),
            ("batch", "Job") => Self::Workload("Job", TEMPLATE),
            ("batch", "CronJob") => Self::Workload("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
            _ => return None,
        })
    }

    /// The kind's name.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::StatefulSet => "StatefulSet",
            Self::Service => "Service",
            Self::ConfigMap => "ConfigMap",
            Self::Scale => "Scale",
            Self::Workload(kind, _) => kind,
        }
    }
}

impl<'a> Request<'a> {
    /// Reads a payload. The error says what is wrong and where; it never repeats a value of the payload.
    pub(crate) fn decode(payload: &'a [u8]) -> Result<Self, String> {
        let payload = std::str::from_utf8(payload).map_err(|_| "it is no UTF-8".to_owned())?;
        let found = outline(payload, PAYLOAD).map_err(|error| at_position(&error))?;
        let request = Self(found);
        request.found(REQUEST).ok_or("it has no field \"request\"")?;
        Ok(request)
    }

    fn found(&self, place: usize) -> Option<&str> {
        self.0[place].as_deref()
    }

    fn text(&self, place: usize) -> &str {
        self.found(place).unwrap_or_default()
    }

    /// What is as it is written.
    fn raw(&self, place: usize) -> Option<&'a str> {
        match self.0[place] {
            Some(Cow::Borrowed(text)) => Some(text),
            _ => None,
        }
    }

    /// What is being created or updated, if it is an object itself (not its status) of a kind that has rules, or the
    /// scale of a StatefulSet.
    pub(crate) fn target(&self) -> Option<Admitted> {
        match (self.text(OPERATION), self.text(SUB_RESOURCE)) {
            ("CREATE" | "UPDATE", "") => Admitted::of(self.text(GROUP), self.text(KIND_NAME)),
            ("UPDATE", "scale") => {
                let is_of_statefulset = self.text(RESOURCE_NAME) == "statefulsets" && self.text(KIND_NAME) == "Scale";
                is_of_statefulset.then_some(Admitted::Scale)
            }
            _ => None,
        }
    }

    /// The name of the object under admission, as the request has it.
    pub(crate) fn name(&self) -> &str {
        self.text(NAME)
    }

    /// Does the audit scanner ask about an object that is in the cluster already? It sends a CREATE whose `uid` is the
    /// object's own (Kubewarden's audit scanner, `newAdmissionRequest`). The API server gives every request an `uid` of
    /// its own, and objects that are being created have none yet, so no live request looks like that.
    pub(crate) fn is_audit_of(&self, object: &Value) -> bool {
        let uid = str_at(object, &["metadata", "uid"]);
        !self.is_update() && !uid.is_empty() && self.text(UID) == uid
    }

    /// Is an existing object being updated?
    pub(crate) fn is_update(&self) -> bool {
        self.text(OPERATION) == "UPDATE"
    }

    /// The object under admission, as text.
    pub(crate) fn object(&self) -> Option<&'a str> {
        self.raw(OBJECT)
    }

    /// The object as it is stored, as text; only updates have one.
    pub(crate) fn old_object(&self) -> Option<&'a str> {
        self.raw(OLD_OBJECT).filter(|_| self.is_update())
    }

    /// The namespace, `default` where the request names none.
    pub(crate) fn namespace(&self) -> &str {
        self.found(NAMESPACE).filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// The policy's settings, as text.
    pub(crate) fn settings(&self) -> Option<&'a str> {
        self.raw(SETTINGS)
    }
}

/// An object has at most so many values. What etcd keeps has 1.5 MB, and a value takes some twenty bytes where people
/// write it.
const VALUES: usize = 150_000;

/// Parses an object of the request. The error names the position, and no value.
pub(crate) fn parse(text: &str) -> Result<Value<'_>, String> {
    read_at_most(VALUES, text, is_opaque).map_err(|error| at_position(&error))
}

/// What a parser's error says without its text, which could quote a secret.
pub(crate) fn at_position(error: &serde_json::Error) -> String {
    let problem = match error.classify() {
        serde_json::error::Category::Data if error.to_string().starts_with(TOO_MANY) => "it has too many values",
        serde_json::error::Category::Data => "a field has the wrong type or is given twice",
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax if error.to_string().starts_with("recursion limit") => {
            "it is nested deeper than 128 levels"
        }
        _ => "it is no valid JSON",
    };
    format!("{problem} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_repeat_no_value() {
        for payload in [
            r#"{"request": {"kind": "hunter2"}}"#,
            r#"{"request": {"operation": ["hunter2"]}}"#,
            r#"{"request": "hunter2"}"#,
            r#"{"request": {"kind": {}, "kind": "hunter2"}}"#,
            r#"{"request": {"kind": {"kind": "hunter2"}"#,
        ] {
            let error = Request::decode(payload.as_bytes()).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
            assert!(error.contains("line 1"), "{error}");
        }
    }

    #[test]
    fn an_audit_asks_about_an_object_with_its_own_uid() {
        for (operation, uid, expected) in
            [("CREATE", "a", true), ("CREATE", "b", false), ("CREATE", "", false), ("UPDATE", "a", false)]
        {
            let payload = format!(r#"{{"request": {{"uid": "{uid}", "operation": "{operation}"}}}}"#);
            let request = Request::decode(payload.as_bytes()).unwrap();
            assert_eq!(request.is_audit_of(&crate::json::json!({"metadata": {"uid": "a"}})), expected);
            assert!(!request.is_audit_of(&crate::json::json!({"metadata": {"uid": ""}})));
        }
    }

    #[test]
    fn an_object_has_no_more_values_than_people_write() {
        let object = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(parse(&object(VALUES)).is_ok());
        assert!(parse(&object(VALUES + 1)).unwrap_err().starts_with("it has too many values (line 1"));
    }

    #[test]
    fn deep_nesting_is_skipped_until_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let payload = format!(
            r#"{{"request": {{"operation": "CREATE", "kind": {{"group": "", "kind": "Pod"}}, "object": {deep}}}}}"#
        );
        let request = Request::decode(payload.as_bytes()).unwrap();
        assert!(matches!(request.target(), Some(Admitted::Workload("Pod", _))));
        assert_eq!(parse(&deep).unwrap_err(), "it is nested deeper than 128 levels (line 1, column 128)");
    }
}
