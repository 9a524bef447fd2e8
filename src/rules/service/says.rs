//! What a Service says that it is for. Only one that says it takes writes can be wrong for its clients.

use super::selector::is_headless;
use crate::{
    json::{NULL, Object, Value, at, read, str_at},
    names::may_be_ours,
    rules::write_endpoint::{service_says_else, service_says_write, text_may_say_write},
    settings::Settings,
};

/// Nobody looks at more labels of a Service.
const LABELS: usize = 256;

/// Could a Service of a list say that it takes writes, or be annotated `primary-of`? Cheap, and never wrongly no.
pub(super) fn may_say_write(service: &Value, settings: &Settings) -> bool {
    /// So long are as many labels as nobody looks at.
    const LONG: usize = LABELS * r#""a":"","#.len();
    let text = |key| match at(service, &["metadata", key]) {
        Some(Value::Raw(text)) => *text,
        Some(Value::String(text)) => text,
        _ => "",
    };
    !settings.write_names.services.is_empty()
        || text_may_say_write(text("name"))
        || may_be_ours(text("annotations"))
        || text("labels").len() >= LONG
        || text_may_say_write(text("labels"))
}

/// Does a Service say that it takes writes, by its name or, where that says nothing, by a label of its role? One with
/// more labels than anybody looks at counts as one that does.
///
/// Charts put one label on all of their objects: that of a headless Service, or beside a name that says read, is not
/// about the Service.
pub(super) fn says_write(service: &Value, settings: &Settings) -> bool {
    let name = str_at(service, &["metadata", "name"]);
    service_says_write(name, &settings.write_names)
        || (!service_says_else(name) && !is_headless(service) && labels_say_write(service, settings))
}

fn labels_say_write(service: &Value, settings: &Settings) -> bool {
    let unread;
    let labels = match at(service, &["metadata", "labels"]) {
        // of a Service that was looked up
        Some(Value::Raw(labels)) => {
            unread = read(labels).unwrap_or_default();
            &unread
        }
        labels => labels.unwrap_or(NULL),
    };
    let Some(labels) = labels.as_object() else { return false };
    labels.keys().nth(LABELS).is_some() || {
        let says = |is: &dyn Fn(&str) -> bool| roles(labels).any(is);
        says(&|value| service_says_write(value, &settings.write_names)) && !says(&service_says_else)
    }
}

/// The values of labels about the role of what a Service leads to.
fn roles<'v>(labels: &'v Object) -> impl Iterator<Item = &'v str> {
    labels.iter().filter(|(key, _)| is_about_a_role(key)).filter_map(|(_, value)| value.as_str())
}

fn is_about_a_role(label: &str) -> bool {
    let key = label.rsplit('/').next().unwrap_or_default();
    ["role", "access", "access-mode", "endpoint", "mode", "component", "tier"].contains(&key) || key.ends_with("-role")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn says(name: &str, labels: &Value, spec: &Value) -> bool {
        says_write(&json!({"metadata": {"name": name, "labels": labels}, "spec": spec}), &Settings::default())
    }

    #[test]
    fn a_service_says_that_it_takes_writes() {
        let says = |name: &str, labels: &Value| says(name, labels, &json!({}));
        let many = |count: usize| {
            Value::Object(Object::new((0..count).map(|i| (format!("{i}").into(), "x".into())).collect()))
        };
        assert!(says("mysql-write", &json!({})));
        assert!(says("mysql", &json!({"example.com/role": "primary"})));
        assert!(!says("mysql", &json!({"example.com/team": "primary"})));
        assert!(!says("mysql", &many(256)));
        assert!(says("mysql", &many(257)));
    }

    #[test]
    fn a_label_of_the_whole_chart_says_nothing() {
        let role = json!({"app.kubernetes.io/component": "primary"});
        let headless = json!({"clusterIP": "None"});
        assert!(says("orders", &role, &json!({})));
        assert!(!says("orders", &role, &headless));
        for name in ["orders-read", "orders-metrics", "orders-replica-1", "orders-headless", "orders-backup"] {
            assert!(!says(name, &role, &json!({})), "{name}");
        }
        assert!(!says("orders", &json!({"app.kubernetes.io/component": "primary", "access": "readonly"}), &json!({})));
        // a name is of the Service alone
        assert!(says("orders-primary", &json!({}), &headless));
    }
}
