//! What the page is told, with the policy's native function in the module's place: no browser is needed to see that.

use std::sync::Arc;
use std::time::Duration;

use mysql_replication_golden_tests::validate;
use mysql_replication_host::{Engine, HostError, Policy, Running};
use mysql_replication_manifests::Cluster;
use mysql_replication_playground::{Answer, Request, answer};
use serde_json::{Value, json};

const DATABASE: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: mysql # mine
spec:
  serviceName: mysql
  replicas: 2
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers: [{name: mysql, image: \"mysql:8.4\", env: [{name: MYSQL_ALLOW_EMPTY_PASSWORD, value: \"1\"}]}]
";

struct Native;

struct Asked(Arc<dyn Cluster>);

impl Engine for Native {
    fn read(_: &[u8]) -> Result<Self, HostError> {
        Ok(Self)
    }

    fn start(&self, cluster: Arc<dyn Cluster>, _: Duration) -> Result<Box<dyn Running>, HostError> {
        Ok(Box::new(Asked(cluster)))
    }
}

impl Running for Asked {
    fn call(&mut self, function: &str, payload: &[u8]) -> Result<Vec<u8>, HostError> {
        let bytes = |value: &Value| value.to_string().into_bytes();
        if function == "validate_settings" {
            let said = mysql_replication_policy::validate_settings(payload);
            return Ok(bytes(&json!({"valid": said.valid, "message": said.message})));
        }
        let asked: Value = serde_json::from_slice(payload).expect("JSON");
        let said = validate(&*self.0, &asked["request"], &asked["settings"]);
        Ok(bytes(&serde_json::to_value(said).expect("JSON")))
    }
}

fn ask(request: &Value) -> Answer {
    let request: Request = serde_json::from_value(request.clone()).expect("a request");
    answer(&request, &Policy::from_bytes::<Native>(b"\0asm").expect("a policy"))
}

fn report(answer: &Answer) -> Value {
    serde_json::from_str(answer.report.as_ref().expect("a report")).expect("JSON")
}

#[test]
fn a_plain_database_is_injected_when_the_page_says_so() {
    let plain = ask(&json!({"manifests": DATABASE}));
    assert_eq!(plain.manifests, DATABASE);
    assert_eq!(report(&plain)["objects"][0]["verdict"], "accepted");
    let injected = ask(&json!({"manifests": DATABASE, "inject": true}));
    assert_eq!(report(&injected)["objects"][0]["verdict"], "mutated");
    assert!(injected.manifests.contains("name: mysql # mine"), "{}", injected.manifests);
    assert!(injected.picture.contains("data-kind=\"follows\"") && !injected.picture.contains("<style"));
    assert!(injected.words.iter().any(|text| text.contains("it follows mysql-0")), "{:?}", injected.words);
    let narrow = ask(&json!({"manifests": DATABASE, "inject": true, "narrow": true}));
    assert_ne!(narrow.picture, injected.picture);
    assert_eq!((narrow.words, narrow.manifests), (injected.words, injected.manifests));
}

#[test]
fn settings_are_none_a_comment_a_map_or_refused() {
    for settings in ["", "\n", "# none\n", "settings: {}\n"] {
        let answer = ask(&json!({"manifests": DATABASE, "settings": settings}));
        assert_eq!(report(&answer)["exitCode"], 0, "{settings}");
    }
    let answer = ask(&json!({"manifests": DATABASE, "settings": "unmanaged: reject"}));
    assert_eq!(report(&answer)["exitCode"], 1);
    for (settings, said) in [
        ("storage: {sise: 1Gi}", "settings.yaml: the policy refuses these settings: "),
        ("- a", "settings.yaml:1: settings are a map"),
        ("a: b: c", "settings.yaml:1:"),
    ] {
        let answer = ask(&json!({"manifests": DATABASE, "settings": settings}));
        let error = answer.settings_error.as_deref().unwrap_or_default();
        assert!(error.starts_with(said), "{settings}: {error}");
        assert_eq!(answer, Answer { settings_error: answer.settings_error.clone(), ..Answer::default() });
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_the_rest_is_judged() {
    let answer = ask(&json!({"manifests": format!("{DATABASE}---\nkind: List\napiVersion: v1\nitems: 3\n")}));
    let report = report(&answer);
    assert_eq!((&report["exitCode"], &report["errors"][0]["line"]), (&json!(2), &json!(16)));
    assert_eq!(report["objects"][0]["name"], "mysql");
    let twice = ask(&json!({"manifests": format!("{DATABASE}---\n{DATABASE}")}));
    assert!(twice.report.expect("a report").contains("look-ups see only this later one"));
    let items = "- {metadata: {name: a}, spec: {}}\n".repeat(2);
    let list = ask(&json!({"manifests": format!("apiVersion: v1\nkind: ServiceList\nitems:\n{items}")}));
    assert_eq!(self::report(&list)["warnings"][0]["line"], 5);
}

#[test]
fn a_request_of_another_page_is_none() {
    assert!(serde_json::from_value::<Request>(json!({"yaml": "a: 1"})).is_err());
}
