//! Evaluation of documents, with a function in the policy's place.

use std::cell::RefCell;
use std::sync::Arc;

use mysql_replication_preview::yaml::{self, Document};
use mysql_replication_preview::{Cluster, DocumentOutcome, HostCall, HostError, Manifests, Preview, Response, Verdict};
use serde_json::{Value, json};

fn documents(text: &str) -> Vec<Document> {
    let reading = yaml::read("in.yaml", text.as_bytes());
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    reading.documents
}

fn accepted() -> Response {
    Response { accepted: true, ..Response::default() }
}

/// Rejects what is labelled `reject`, labels what is labelled `mutate`.
fn judge(request: &Value, _: &Value, _: Arc<Manifests>) -> Result<Response, HostError> {
    let mut object = request["object"].clone();
    match object["metadata"]["labels"]["do"].as_str() {
        Some("reject") => Ok(Response { message: Some("no".to_owned()), code: Some(400), ..Response::default() }),
        Some("mutate") => {
            object["metadata"]["labels"]["done"] = json!("true");
            Ok(Response { mutated_object: Some(object), ..accepted() })
        }
        Some("echo") => Ok(Response { mutated_object: Some(object), ..accepted() }),
        Some("fail") => Err(HostError::Trap("wasm trap: x".to_owned())),
        _ => Ok(accepted()),
    }
}

fn run(text: &str) -> Vec<DocumentOutcome> {
    Preview::new(&judge, json!({}), "default").run(&documents(text), &[])
}

fn pod(name: &str, label: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  labels:\n    do: {label} # c\n")
}

fn verdicts(outcomes: &[DocumentOutcome]) -> Vec<Verdict> {
    outcomes.iter().flat_map(|o| &o.objects).map(|o| o.verdict).collect()
}

#[test]
fn every_verdict() {
    let text = ["mutate", "echo", "reject", "fail", "none"].map(|l| pod(l, l)).join("---\n")
        + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, labels: {do: reject}}\n";
    let outcomes = run(&text);
    assert_eq!(
        verdicts(&outcomes),
        [Verdict::Mutated, Verdict::Accepted, Verdict::Rejected, Verdict::Rejected, Verdict::Accepted, Verdict::Passed]
    );
    let changed = outcomes[0].changed.as_ref().unwrap();
    assert!(!changed.comments_lost);
    // The namespace that the request carries does not come out.
    assert_eq!(changed.text, pod("mutate", "mutate") + "    done: \"true\"\n");
    assert_eq!(outcomes[3].objects[0].message.as_deref(), Some("the policy crashed: wasm trap: x"));
    assert_eq!(outcomes[4].objects[0].line, 29);
}

#[test]
fn only_known_kinds_are_evaluated() {
    for (kind, verdict) in [
        ("apps/v1\nkind: StatefulSet", Verdict::Rejected),
        ("apps/v1\nkind: Deployment", Verdict::Rejected),
        ("apps/v1\nkind: DaemonSet", Verdict::Rejected),
        ("apps/v1\nkind: ReplicaSet", Verdict::Rejected),
        ("batch/v1\nkind: Job", Verdict::Rejected),
        ("batch/v1\nkind: CronJob", Verdict::Rejected),
        ("v1\nkind: Pod", Verdict::Rejected),
        ("v1\nkind: Service", Verdict::Rejected),
        ("v1\nkind: ConfigMap", Verdict::Rejected),
        ("serving.knative.dev/v1\nkind: Service", Verdict::Passed),
        ("v1\nkind: Namespace", Verdict::Passed),
    ] {
        let text = format!("apiVersion: {kind}\nmetadata: {{name: a, labels: {{do: reject}}}}\n");
        assert_eq!(verdicts(&run(&text)), [verdict], "{kind}");
    }
}

#[test]
fn lists_are_taken_apart_and_put_together() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n    labels: {do: mutate}\n# two\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: b}\n";
    let outcomes = run(text);
    assert_eq!(verdicts(&outcomes), [Verdict::Mutated, Verdict::Passed]);
    assert_eq!(outcomes[0].objects[1].line, 10);
    let text = &outcomes[0].changed.as_ref().unwrap().text;
    assert!(text.contains("      done: \"true\"\n# two\n- apiVersion: v1\n  kind: Secret\n"), "{text}");
}

#[test]
fn a_list_with_a_rejected_item_is_rejected_whole() {
    let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a, labels: {do: mutate}}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b, labels: {do: reject}}}\n";
    let outcome = &run(text)[0];
    assert!(outcome.is_rejected() && outcome.changed.is_none());
}

#[test]
fn whatever_has_items_is_a_list_as_it_is_for_kubectl() {
    let item = |label: &str| format!("- metadata:\n    name: {label}\n    labels:\n        do: {label} # c\n");
    let text = format!("apiVersion: apps/v1\nkind: StatefulSetList\nitems:\n{}{}", item("mutate"), item("none"));
    let outcome = &run(&text)[0];
    let seen: Vec<_> = outcome.objects.iter().map(|o| (o.api_version.as_str(), o.kind.as_str(), o.line)).collect();
    assert_eq!(seen, [("apps/v1", "StatefulSet", 4), ("apps/v1", "StatefulSet", 8)]);
    assert_eq!(outcome.objects[0].verdict, Verdict::Mutated);
    // an item keeps being without what it has from its list
    let changed = &outcome.changed.as_ref().unwrap().text;
    assert_eq!(*changed, text.replace("do: mutate # c\n", "do: mutate # c\n        done: \"true\"\n"));

    for (text, expected) in [
        ("apiVersion: v1\nkind: PodList\nitems:\n- {metadata: {labels: {do: reject}}}\n", vec![Verdict::Rejected]),
        ("apiVersion: v1\nkind: PodList\nitems: []\n", vec![]),
        ("apiVersion: v1\nkind: PodList\nitems:\n", vec![]),
        ("apiVersion: v1\nkind: PodList\n", vec![Verdict::Passed]),
        // a kind of its own is one, too, unless its items are none of objects
        ("apiVersion: x/v1\nkind: Basket\nitems: [{apiVersion: v1, kind: Pod}]\n", vec![Verdict::Accepted]),
        ("apiVersion: x/v1\nkind: Basket\nitems: [a, b]\n", vec![Verdict::Passed]),
        ("apiVersion: x/v1\nkind: Basket\nitems: {a: b}\n", vec![Verdict::Passed]),
        ("items: [{apiVersion: v1, kind: Pod}]\n", vec![Verdict::Passed]),
    ] {
        assert_eq!(verdicts(&run(text)), expected, "{text}");
    }
}

#[test]
fn lists_in_lists_are_found_and_mended_in_their_place() {
    let pod =
        |name: &str, label: &str| format!("  - {{apiVersion: v1, kind: Pod, metadata: {{name: {name}, {label}}}}}\n");
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n{}{}",
        pod("a", "x: y"),
        pod("b", "labels: {do: mutate}")
    );
    let outcome = &run(&text)[0];
    assert_eq!(verdicts(std::slice::from_ref(outcome)), [Verdict::Accepted, Verdict::Mutated]);
    assert_eq!(outcome.objects.iter().map(|object| object.line).collect::<Vec<_>>(), [7, 8]);
    let changed = &outcome.changed.as_ref().unwrap().text;
    assert!(changed.starts_with(&text[..text.find("  - {apiVersion: v1, kind: Pod, metadata: {name: b").unwrap()]));
    assert!(changed.ends_with("      labels:\n        do: mutate\n        done: \"true\"\n"), "{changed}");

    let says = "annotations: {says: '[x] spec.a'}},\n    spec: {\n      a: 1}";
    let text = text.replace("labels: {do: mutate}}", says);
    let outcomes = Preview::new(&self::says, json!({}), "default").run(&documents(&text), &[]);
    assert_eq!(places(&outcomes), ["in.yaml:10"], "{text}");
}

#[test]
fn what_is_no_manifest_is_an_error_with_its_line() {
    for (text, expected) in [
        ("# c\n- a\n", "in.yaml:2:1: the document is a list"),
        ("---\nhello\n", "in.yaml:2:1: the document is a single value"),
        ("apiVersion: v1\nkind: [a]\n", "in.yaml:2:1: `kind` is a list, not text"),
        ("apiVersion: v1\nkind: List\nitems: x\n", "in.yaml:3:1: `items` of the List is a single value"),
        ("apiVersion: v1\nkind: List\nitems:\n- x\n", "in.yaml:4:1: item 0 of the List is a single value"),
        ("apiVersion: v1\nkind: PodList\nitems: {}\n", "in.yaml:3:1: `items` of the PodList is a map"),
        ("apiVersion: v1\nkind: PodList\nitems:\n- {}\n- x\n", "in.yaml:5:1: item 1 of the PodList is a single"),
    ] {
        let error = run(text)[0].error.clone().unwrap().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let outcome = &run("a: 1\n")[0];
    assert_eq!(outcome.objects[0].verdict, Verdict::Passed);
    assert!(outcome.objects[0].warnings[0].contains("no `kind`"));
}

#[test]
fn look_ups_see_the_others_and_the_live_object() {
    let service = |cluster: &Manifests, name: &str| {
        let payload = json!({"api_version": "v1", "kind": "Service", "name": name, "namespace": "default"});
        let payload = payload.to_string();
        let answer = cluster.answer(&HostCall {
            binding: "kubewarden",
            namespace: "kubernetes",
            operation: "get_resource",
            payload: payload.as_bytes(),
        });
        answer.ok().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let seen = RefCell::new(Vec::new());
    let judge = |request: &Value, _: &Value, cluster: Arc<Manifests>| {
        let mut row = vec![request["operation"].as_str().unwrap_or_default().to_owned()];
        for name in ["a", "b", "c"] {
            let found = service(&cluster, name);
            row.push(found.map_or("-".to_owned(), |s| s["spec"]["v"].to_string()));
        }
        seen.borrow_mut().push(row.join(" "));
        Ok(accepted())
    };
    let service = |name: &str, v: u8| {
        format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{v: {v}}}\n")
    };
    let given = documents(&(service("a", 1) + &service("b", 2)));
    let live = documents(&(service("b", 20) + &service("c", 30)));
    let outcomes = Preview::new(&judge, json!({}), "default").run(&given, &live);
    assert_eq!(*seen.borrow(), ["CREATE - 2 30", "UPDATE 1 20 30"]);
    assert!(!outcomes[0].objects[0].update && outcomes[1].objects[0].update);
}

/// Where the violations and warnings of all objects are.
fn places(outcomes: &[DocumentOutcome]) -> Vec<String> {
    let objects = outcomes.iter().flat_map(|outcome| &outcome.objects);
    objects
        .flat_map(|object| object.violations.iter().map(|v| &v.place).chain(&object.warning_places))
        .map(|place| place.as_ref().map_or("-".to_owned(), ToString::to_string))
        .collect()
}

/// Rejects what is annotated, with what the annotation `says`.
#[allow(clippy::unnecessary_wraps)] // an evaluator can fail
fn says(request: &Value, _: &Value, _: Arc<Manifests>) -> Result<Response, HostError> {
    let said = |key: &str| request["object"]["metadata"]["annotations"][key].as_str();
    let warnings = said("warns").map(|warning| vec![warning.to_owned()]);
    Ok(match said("says") {
        Some(text) => Response {
            message: Some(format!("X a/b is rejected: 1 problem\n{text}: y\n  why: w\n  fix: f")),
            warnings,
            ..Response::default()
        },
        None => Response { warnings, ..accepted() },
    })
}

#[test]
fn places_of_items_and_of_other_objects() {
    let list = concat!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n",
        "    name: a\n    annotations:\n      says: '[x] spec.a[0]'\n",
        "      warns: '[x] metadata.annotations.says: y'\n  spec:\n    b: 1\n- apiVersion: v1\n",
        "  kind: ConfigMap\n  metadata: {name: c}\n  data:\n    my.cnf: |\n      1\n      2\n",
    );
    let about = |key: &str, text: &str| {
        format!("---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, annotations: {{{key}: {text:?}}}}}\n")
    };
    let other_group = "---\napiVersion: other/v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {my.cnf: x}\n";
    let map = |file: &str, text: &str| yaml::read(file, text.as_bytes()).documents;
    let mut given = map("list.yaml", list);
    given.extend(map("others.yaml", other_group));
    given.extend(map("1.yaml", &about("says", "in ConfigMap default/c:\n[x] data[\"my.cnf\"] line 2")));
    given.extend(map("2.yaml", &about("warns", "[x] ConfigMap default/c data[\"my.cnf\"]: y")));
    given.extend(map("3.yaml", &about("warns", "[x] ConfigMap elsewhere/c data: y")));
    given.extend(map("4.yaml", &about("warns", "[x] Secret default/c data: y")));
    given.extend(map("5.yaml", &about("warns", "[x] Service default/live spec.ports: y")));
    let live = map(
        "old.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: live}\nspec: {}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    );
    let preview = Preview::new(&says, json!({}), "default");
    let found = places(&preview.run(&given, &live));
    // What is given stands for what is live, and what is live is better than nothing.
    assert_eq!(found, ["list.yaml:11", "list.yaml:9", "list.yaml:19", "list.yaml:17", "-", "-", "old.yaml:4"]);

    // Of several documents of one object the last one counts, but a document's own problems are in itself.
    let own = about("says", "[x] metadata.name");
    let mut given = map("1.yaml", &own);
    given.extend(map("2.yaml", &(own + &about("warns", "[x] Pod default/p metadata: y"))));
    assert_eq!(places(&preview.run(&given, &[])), ["1.yaml:4", "2.yaml:4", "2.yaml:8"]);
}

#[test]
fn a_message_of_another_form_is_kept_as_it_is() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {says: no such thing, warns: as well}}\n";
    let outcomes = Preview::new(&says, json!({}), "default").run(&documents(text), &[]);
    let object = &outcomes[0].objects[0];
    assert!(object.violations.is_empty());
    let message = object.message.as_deref();
    assert_eq!(message, Some("X a/b is rejected: 1 problem\nno such thing: y\n  why: w\n  fix: f"));
    assert_eq!((object.warnings.len(), object.warning_places.as_slice()), (1, [None].as_slice()));
}
