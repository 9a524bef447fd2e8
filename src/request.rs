//! Decode: the parts of an admission request that are needed, the objects themselves left as text until one of them
//! is known to concern the policy.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Value, read, str_at};

/// An admission request, borrowed from the payload.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    admission: Admission<'a>,
    settings: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow)]
    request: Option<Admission<'a>>,
    #[serde(borrow)]
    settings: Option<&'a RawValue>,
}

/// Kubernetes' `AdmissionRequest` (k8s.io/api/admission/v1), as far as it is used.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Admission<'a> {
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    kind: Option<Kind>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    resource: Option<Resource>,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    kind: Option<String>,
}

/// A kind of object that has rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    StatefulSet,
    Service,
    ConfigMap,
    /// How many pods a StatefulSet shall have: the kind `Scale` of its subresource.
    Scale,
    /// Another kind that runs pods, with the path of their specification.
    Workload(&'static str, &'static [&'static str]),
}

#[derive(Debug, Deserialize)]
struct Resource {
    #[serde(default)]
    resource: Option<String>,
}

impl Target {
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
        let Payload { request, settings } = serde_json::from_str(payload).map_err(|error| at_position(&error))?;
        let admission = request.ok_or("it has no field \"request\"")?;
        Ok(Self { admission, settings })
    }

    /// What is being created or updated, if it is an object itself (not its status) of a kind that has rules, or the
    /// scale of a StatefulSet.
    pub(crate) fn target(&self) -> Option<Target> {
        let Admission { kind: Some(kind), operation, resource, sub_resource, .. } = &self.admission else {
            return None;
        };
        let kind_name = kind.kind.as_deref()?;
        match (operation.as_deref()?, sub_resource.as_deref().unwrap_or_default()) {
            ("CREATE" | "UPDATE", "") => Target::of(kind.group.as_deref().unwrap_or_default(), kind_name),
            ("UPDATE", "scale") => {
                let is_statefulsets = resource.as_ref()?.resource.as_deref() == Some("statefulsets");
                (is_statefulsets && kind_name == "Scale").then_some(Target::Scale)
            }
            _ => None,
        }
    }

    /// The name of the object under admission, as the request has it.
    pub(crate) fn name(&self) -> &str {
        self.admission.name.as_deref().unwrap_or_default()
    }

    /// Does the audit scanner ask about an object that is in the cluster already? It sends a CREATE whose `uid` is the
    /// object's own (Kubewarden's audit scanner, `newAdmissionRequest`). The API server gives every request an `uid` of
    /// its own, and objects that are being created have none yet, so no live request looks like that.
    pub(crate) fn is_audit_of(&self, object: &Value) -> bool {
        let uid = str_at(object, &["metadata", "uid"]);
        !self.is_update() && !uid.is_empty() && self.admission.uid.as_deref() == Some(uid)
    }

    /// Is an existing object being updated?
    pub(crate) fn is_update(&self) -> bool {
        self.admission.operation.as_deref() == Some("UPDATE")
    }

    /// The object under admission, as text.
    pub(crate) fn object(&self) -> Option<&'a str> {
        self.admission.object.map(RawValue::get)
    }

    /// The object as it is stored, as text; only updates have one.
    pub(crate) fn old_object(&self) -> Option<&'a str> {
        self.admission.old_object.map(RawValue::get).filter(|_| self.is_update())
    }

    /// The namespace, `default` where the request names none.
    pub(crate) fn namespace(&self) -> &str {
        self.admission.namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// The policy's settings, as text.
    pub(crate) fn settings(&self) -> Option<&'a str> {
        self.settings.map(RawValue::get)
    }
}

/// Parses an object of the request. The error names the position, and no value.
pub(crate) fn parse(text: &str) -> Result<Value<'_>, String> {
    read(text).map_err(|error| at_position(&error))
}

/// What a parser's error says without its text, which could quote a secret.
pub(crate) fn at_position(error: &serde_json::Error) -> String {
    let problem = match error.classify() {
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
    fn deep_nesting_is_skipped_until_it_is_parsed() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let payload = format!(
            r#"{{"request": {{"operation": "CREATE", "kind": {{"group": "", "kind": "Pod"}}, "object": {deep}}}}}"#
        );
        let request = Request::decode(payload.as_bytes()).unwrap();
        assert!(matches!(request.target(), Some(Target::Workload("Pod", _))));
        assert_eq!(parse(&deep).unwrap_err(), "it is nested deeper than 128 levels (line 1, column 128)");
    }
}
