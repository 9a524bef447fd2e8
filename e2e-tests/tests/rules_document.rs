//! What `docs/rules.md` says is true: it has a section for every rule, in their order, and every example does what the
//! document says. How examples are written is explained there, under "How to read the examples".

use std::{collections::BTreeSet, fs, sync::Arc};

use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, Pod, Service},
    },
    serde::{Serialize, de::DeserializeOwned},
};
use mysql_replication_e2e_tests::{Recorder, both_doors_in, parse_all, policy, request, root};
use mysql_replication_policy::{
    names::ANNOTATION_PREFIX,
    rule::{self, ALL, Rule, Severity},
};
use mysql_replication_preview::{Cluster, Manifests, Response, Unreachable};
use serde_json::{Value, json};

/// The setting that has the last word on a rule, where that is not `rules`.
const OWN_SETTINGS: [(&str, &str); 2] = [(rule::UNMANAGED.id, "unmanaged"), (rule::LOOK_UP.id, "lookupFailure")];
/// Rules for which no object can be complete.
const INCOMPLETE: [&str; 1] = [rule::MALFORMED.id];

fn document() -> String {
    fs::read_to_string(root().join("docs/rules.md")).expect("docs/rules.md")
}

/// The rules' sections: their ids and texts.
fn sections() -> Vec<(String, String)> {
    let document = document();
    let sections = document.split("\n### ").skip(1).map(|section| {
        let (id, text) = section.split_once('\n').expect("a heading");
        (id.to_owned(), text.split("\n## ").next().unwrap_or_default().to_owned())
    });
    sections.collect()
}

/// How an example's object reaches the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Admitted,
    Audited,
    AuditedAfterwards,
    WithoutLookUps,
}

#[derive(Debug)]
struct Example {
    /// Where it is, for messages.
    at: String,
    rule: &'static Rule,
    passes: bool,
    way: Way,
    object: Value,
    cluster: Vec<Value>,
    old: Option<Value>,
    settings: Value,
    /// Further rules that it breaks.
    also: BTreeSet<String>,
}

/// The words of a text that are in backticks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn examples() -> Vec<Example> {
    sections().iter().flat_map(|(id, text)| examples_of(id, text)).collect()
}

fn examples_of(id: &str, text: &str) -> Vec<Example> {
    let rule = Rule::of(id).unwrap_or_else(|| panic!("there is no rule {id}"));
    let (mut examples, mut old, mut settings, mut cluster) = (Vec::new(), None, json!({}), Vec::new());
    let pieces: Vec<&str> = text.split("```").collect();
    for (number, pair) in pieces.chunks_exact(2).enumerate() {
        let at = format!("{id}, block {}", number + 1);
        let introduction = pair[0].trim_end().lines().last().unwrap_or_default();
        let label = introduction.strip_prefix("**").and_then(|rest| rest.split_once(":**"));
        let (label, remark) = label.unwrap_or_else(|| panic!("{at}: no label, but {introduction:?}"));
        let yaml = pair[1].strip_prefix("yaml\n").unwrap_or_else(|| panic!("{at}: no YAML"));
        let mut objects = parse_all(yaml, &at);
        let (passes, way) = match label {
            "Stored before" => {
                assert_eq!(objects.len(), 1, "{at}");
                old = objects.pop();
                continue;
            }
            "Settings" => {
                assert_eq!(objects.len(), 1, "{at}");
                settings = objects.remove(0);
                continue;
            }
            "In the cluster" => {
                cluster = objects;
                continue;
            }
            "Fails" => (false, Way::Admitted),
            "Passes" => (true, Way::Admitted),
            "Fails, audited" => (false, Way::Audited),
            "Passes, audited after it was admitted" => (true, Way::AuditedAfterwards),
            "Fails, where look-ups are forbidden" => (false, Way::WithoutLookUps),
            other => panic!("{at}: unknown label {other:?}"),
        };
        let object = objects.remove(0);
        objects.extend(cluster.iter().cloned());
        let also = if remark.contains("also breaks") { words(remark).map(str::to_owned).collect() } else { [].into() };
        let (old, settings) = (old.clone(), settings.clone());
        examples.push(Example { at, rule, passes, way, object, cluster: objects, old, settings, also });
    }
    assert!(!pieces.len().is_multiple_of(2), "{id}: a block without its end");
    examples
}

impl Example {
    /// What the policy says of the example under these settings.
    fn answer(&self, settings: &Value) -> Response {
        if self.way == Way::WithoutLookUps {
            return both_doors_in(&Unreachable, &request(&self.object, None), settings);
        }
        let cluster = self.cluster();
        both_doors_in(&cluster, &self.request(&cluster, settings), settings)
    }

    fn cluster(&self) -> Manifests {
        Manifests::new(self.cluster.iter().cloned(), "default")
    }

    fn request(&self, cluster: &Manifests, settings: &Value) -> Value {
        let stored = |object: &Value| {
            let answer = both_doors_in(cluster, &request(object, None), settings);
            assert!(answer.accepted, "{}: cannot be stored: {:?}", self.at, answer.message);
            answer.mutated_object.unwrap_or_else(|| object.clone())
        };
        match self.way {
            Way::Admitted | Way::WithoutLookUps => request(&self.object, self.old.as_ref().map(stored).as_ref()),
            Way::Audited => audit(&self.object),
            Way::AuditedAfterwards => audit(&stored(&self.object)),
        }
    }

    /// The example with the annotation `exempt`.
    fn exempt(&self) -> Self {
        let mut object = self.object.clone();
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        let annotations = metadata.entry("annotations").or_insert_with(|| json!({}));
        annotations[format!("{ANNOTATION_PREFIX}exempt")] = json!(format!("{}: just so", self.rule.id));
        let Self { at, rule, passes, way, cluster, old, settings, also, .. } = self;
        let (rule, passes, way, old) = (*rule, *passes, *way, old.clone());
        Self {
            at: format!("{at}, exempt"),
            rule,
            passes,
            way,
            object,
            cluster: cluster.clone(),
            old,
            settings: settings.clone(),
            also: also.clone(),
        }
    }
}

/// The audit scanner's request.
fn audit(object: &Value) -> Value {
    let mut object = object.clone();
    object["metadata"]["uid"] = json!("7a1f4a52-6e0c-4a39-9c30-5a3e4f1e6a01");
    let mut request = request(&object, None);
    request["uid"] = object["metadata"]["uid"].clone();
    request
}

/// The ids in a text's lines, each in brackets in front.
fn ids(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix('[')?.split_once(']'))
        .map(|(id, _)| id.to_owned())
        .filter(|id| Rule::of(id).is_some())
        .collect()
}

fn rejected(answer: &Response) -> BTreeSet<String> {
    ids(answer.message.as_deref().unwrap_or_default())
}

fn warned(answer: &Response) -> BTreeSet<String> {
    answer.warnings.iter().flatten().flat_map(|warning| ids(warning)).collect()
}

fn found(answer: &Response) -> BTreeSet<String> {
    rejected(answer).into_iter().chain(warned(answer)).collect()
}

/// The settings with one of `rules` more.
fn with_rule(settings: &Value, id: &str, severity: &str) -> Value {
    let mut settings = settings.clone();
    settings["rules"][id] = json!(severity);
    settings
}

fn own_setting(rule: &Rule) -> Option<&'static str> {
    OWN_SETTINGS.iter().find(|(id, _)| *id == rule.id).map(|(_, setting)| *setting)
}

/// What becomes of an object that breaks the rule, where settings say nothing.
fn severity(rule: &Rule) -> &'static str {
    // the setting `unmanaged` is `allow` by default
    if rule == rule::UNMANAGED { Severity::Off.name() } else { rule.severity.name() }
}

/// The columns of a rule: severity, kinds, and what can be changed about it.
fn columns(rule: &Rule) -> [String; 3] {
    let change = match own_setting(rule) {
        Some(setting) => format!("set by `{setting}`"),
        None if rule.is_fixed => "cannot be softened".to_owned(),
        None => "can be softened".to_owned(),
    };
    [format!("`{}`", severity(rule)), rule.concerns.kinds().join(", "), change]
}

#[test]
fn the_sections_are_the_rules_in_their_order() {
    let sections = sections();
    let ids: Vec<&str> = sections.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ALL.each_ref().map(|rule| rule.id));
}

#[test]
fn severities_and_kinds_are_those_of_the_code() {
    let document = document();
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| [`")).collect();
    let expected: Vec<String> =
        ALL.iter().map(|rule| format!("| [`{0}`](#{0}) | {1} |", rule.id, columns(rule).join(" | "))).collect();
    assert_eq!(rows, expected);
    for ((id, text), rule) in sections().iter().zip(&ALL) {
        assert_eq!(text.lines().nth(1), Some(columns(rule).join(" · ").as_str()), "{id}");
    }
}

#[test]
fn every_section_is_complete() {
    for (id, text) in sections() {
        for label in ["What", "Why", "Look-ups"] {
            assert_eq!(text.matches(&format!("\n**{label}:** ")).count(), 1, "{id}: {label}");
        }
        let why = text.split("\n**Why:** ").nth(1).and_then(|rest| rest.split("\n**").next()).unwrap_or_default();
        assert!(why.contains("](https://"), "{id}: no manual is named");
        let examples = examples_of(&id, &text);
        for passes in [false, true] {
            let kinds: BTreeSet<&str> = examples
                .iter()
                .filter(|example| example.passes == passes)
                .filter_map(|example| example.object["kind"].as_str())
                .collect();
            let rule = Rule::of(&id).expect("a rule");
            assert!(!kinds.is_empty(), "{id}: passes: {passes}: no example");
            assert!(kinds.iter().all(|kind| rule.concerns.kinds().contains(kind)), "{id}: {kinds:?}");
            // where there are many kinds, they are all alike
            assert!(
                rule.concerns.kinds().len() > 2 || kinds.len() == rule.concerns.kinds().len(),
                "{id}: passes: {passes}: {kinds:?}"
            );
        }
    }
}

#[test]
fn the_examples_do_what_they_say() {
    for example in examples() {
        let Example { at, rule, passes, settings, also, .. } = &example;
        let answer = example.answer(settings);
        let said = format!("{at}: {:?} {:?}", answer.message, answer.warnings);
        if *passes {
            assert!(answer.accepted, "{said}");
            assert_eq!(found(&answer), BTreeSet::new(), "{said}");
            continue;
        }
        let expected: BTreeSet<String> = also.iter().cloned().chain([rule.id.to_owned()]).collect();
        assert_eq!(found(&answer), expected, "{said}");
        let (rejected, warned) = (rejected(&answer), warned(&answer));
        let is_warning = severity(rule) == Severity::Warn.name();
        assert_eq!((rejected.contains(rule.id), warned.contains(rule.id)), (!is_warning, is_warning), "{said}");
        assert_eq!(answer.accepted, rejected.is_empty(), "{said}");
    }
}

#[test]
fn rules_are_softened_as_the_document_says() {
    for example in examples().iter().filter(|example| !example.passes) {
        let Example { at, rule, settings, also, .. } = example;
        let exempt = example.exempt();
        let answer = exempt.answer(settings);
        let message = answer.message.as_deref().unwrap_or_default();
        let off = json!({"rules": {rule.id: "off"}});
        let takes_off = policy().validate_settings(&off).expect("an answer").valid;
        if rule.is_fixed {
            assert!(!takes_off, "{at}");
            assert!(message.contains(&format!("[{}]", rule.id)), "{at}: {message}");
            // settings that cannot be read exempt no namespace
            let settings = json!({"exemptNamespaces": ["default"]});
            if *rule != rule::SETTINGS {
                assert!(found(&example.answer(&settings)).contains(rule.id), "{at}: an exempt namespace");
            }
            continue;
        }
        assert_eq!(&found(&answer), also, "{at}: {message}");
        let noted = answer.audit_annotations.unwrap_or_default();
        assert_eq!(noted.get("exempted-rules"), Some(&format!("{}: just so", rule.id)), "{at}");
        let mut elsewhere = settings.clone();
        elsewhere["exemptNamespaces"] = json!(["def*"]);
        assert_eq!(found(&example.answer(&elsewhere)), BTreeSet::new(), "{at}: an exempt namespace");
        if let Some(setting) = own_setting(rule) {
            assert!(!takes_off, "{at}");
            assert!(!found(&example.answer(&json!({setting: "warn"}))).is_empty(), "{at}");
            assert!(!example.answer(&json!({setting: "reject"})).accepted, "{at}");
        } else {
            assert!(takes_off, "{at}");
            assert_eq!(&found(&example.answer(&with_rule(settings, rule.id, "off"))), also, "{at}: off");
            let answer = example.answer(&with_rule(settings, rule.id, "warn"));
            assert!(answer.accepted && warned(&answer).contains(rule.id), "{at}: warn");
            assert!(!example.answer(&with_rule(settings, rule.id, "reject")).accepted, "{at}: reject");
        }
    }
    // what is off by default
    for example in examples().iter().filter(|example| example.rule == rule::UNMANAGED) {
        assert_eq!(found(&example.answer(&json!({}))), BTreeSet::new(), "{}", example.at);
    }
}

/// With all other rules off the policy looks up just what the section says: in the example's cluster, in an empty one,
/// and when the example's objects come in another order.
#[test]
fn the_look_ups_are_those_that_are_made() {
    for (id, text) in sections() {
        let line = text.split("\n**Look-ups:** ").nth(1).and_then(|rest| rest.split("\n**").next()).unwrap_or_default();
        let told: BTreeSet<String> =
            words(line).map(|word| word.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        if id == rule::LOOK_UP.id {
            assert!(told.is_empty() && line.trim() == "those of the other rules.", "{line}");
            continue;
        }
        assert_eq!(told.is_empty(), line.trim() == "none.", "{id}: {line}");
        // other words in backticks are names of fields
        let told: BTreeSet<String> = told.into_iter().filter(|word| word.contains(' ')).collect();
        let rule = Rule::of(&id).expect("a rule");
        let mut made = BTreeSet::new();
        for example in examples_of(&id, &text) {
            let mut settings = example.settings.clone();
            for other in ALL.iter().filter(|other| other.id != id && !other.is_fixed && own_setting(other).is_none()) {
                settings = with_rule(&settings, other.id, "off");
            }
            // from broken settings nobody learns which rules are off
            if !policy().validate_settings(&settings).expect("an answer").valid {
                continue;
            }
            let cluster = example.cluster();
            let request = example.request(&cluster, &settings);
            made.extend(look_ups(Manifests::default(), &request, &settings));
            made.extend(look_ups(cluster, &request, &settings));
            let mut objects = example.cluster.clone();
            for _ in 0..example.cluster.len() {
                objects.rotate_left(1);
                // the look-ups of a Service do not depend on the rule
                if !rule.concerns.kinds().iter().chain(&["StatefulSet"]).any(|kind| objects[0]["kind"] == *kind) {
                    continue;
                }
                let others = objects[1..].iter().chain([&example.object]).cloned();
                let request = mysql_replication_e2e_tests::request(&objects[0], None);
                made.extend(look_ups(Manifests::new(others, "default"), &request, &settings));
            }
        }
        assert_eq!(made, told, "{id}");
    }
}

fn look_ups(cluster: impl Cluster + 'static, request: &Value, settings: &Value) -> Vec<String> {
    let recorder = Arc::new(Recorder::new(cluster));
    policy().validate(request, settings, recorder.clone()).expect("an answer");
    let calls = recorder.calls().into_iter().map(|(operation, call)| {
        let kind = call["kind"].as_str().unwrap_or_default();
        match operation.as_str() {
            "get_resource" => format!("get {kind}"),
            "list_resources_by_namespace" => format!("list {kind}s"),
            other => panic!("{other}: {call}"),
        }
    });
    calls.collect()
}

/// Every field of an example is one that Kubernetes has, and what it requires is there.
#[test]
fn the_objects_are_complete() {
    for example in examples() {
        if INCOMPLETE.contains(&example.rule.id) && !example.passes {
            continue;
        }
        for object in [&example.object].into_iter().chain(&example.old).chain(&example.cluster) {
            let at = format!("{}: {}", example.at, object["kind"]);
            assert!(object["metadata"]["name"].is_string(), "{at}: no name");
            match object["kind"].as_str().unwrap_or_default() {
                "StatefulSet" => {
                    fields_are_known::<StatefulSet>(object, &at);
                    let labels = &object["spec"]["template"]["metadata"]["labels"];
                    assert!(labels.is_object() && object["spec"]["selector"]["matchLabels"] == *labels, "{at}");
                }
                "Service" => fields_are_known::<Service>(object, &at),
                "ConfigMap" => fields_are_known::<ConfigMap>(object, &at),
                "Pod" => fields_are_known::<Pod>(object, &at),
                other => panic!("{at}: {other}"),
            }
        }
    }
}

fn fields_are_known<T: Serialize + DeserializeOwned>(object: &Value, at: &str) {
    let typed: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{at}: {error}"));
    contains(&serde_json::to_value(typed).expect("JSON"), object, at);
}

fn contains(whole: &Value, part: &Value, at: &str) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                contains(whole.get(key).unwrap_or(&Value::Null), value, &format!("{at}.{key}"));
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len(), "{at}");
            whole.iter().zip(part).for_each(|(whole, part)| contains(whole, part, at));
        }
        _ => assert_eq!(whole, part, "{at}: Kubernetes does not know it"),
    }
}

#[test]
fn the_yaml_of_the_introduction_is_valid() {
    let document = document();
    let introduction = document.split("\n### ").next().unwrap_or_default();
    let blocks: Vec<Value> = introduction
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .flat_map(|(block, _)| parse_all(block, "the introduction"))
        .collect();
    let settings: Vec<&Value> = blocks.iter().filter_map(|block| block.get("settings")).collect();
    let metadata: Vec<&Value> = blocks.iter().filter_map(|block| block.get("metadata")).collect();
    assert_eq!((settings.len(), metadata.len()), (1, 1));
    let answer = policy().validate_settings(settings[0]).expect("an answer");
    assert!(answer.valid, "{:?}", answer.message);
    let (_, text) = introduction.split_once("| setting |").expect("the table of settings");
    for setting in settings[0].as_object().expect("settings").keys() {
        assert!(text.contains(&format!("\n| `{setting}` |")), "{setting} is not explained");
    }

    let exempt = metadata[0]["annotations"][format!("{ANNOTATION_PREFIX}exempt")].as_str().expect("the annotation");
    let mut example = examples().into_iter().find(|example| example.rule == rule::HOST_NETWORK).expect("an example");
    example.object["metadata"]["annotations"][format!("{ANNOTATION_PREFIX}exempt")] = json!(exempt);
    let answer = example.answer(&json!({}));
    assert!(answer.accepted, "{:?}", answer.message);
    let noted = answer.audit_annotations.expect("audit annotations");
    assert!(exempt.starts_with(&noted["exempted-rules"]), "{noted:?}");
    for key in ["rejected-rules", "warned-rules", "exempted-rules"] {
        assert!(introduction.contains(&format!("\n| `{key}` |")), "{key} is not explained");
    }
}

#[test]
fn links_within_the_document_lead_somewhere() {
    let document = document();
    let anchors: BTreeSet<String> = document
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let links: Vec<&str> =
        document.split("](#").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link).collect();
    assert!(links.len() > ALL.len());
    for link in links {
        assert!(anchors.contains(link), "#{link} leads nowhere");
    }
}

/// What `preview` shows leads to the section that the rule itself names.
#[test]
fn links_lead_to_the_sections() {
    let metadata = mysql_replication_e2e_tests::read_manifest(&root().join("policy-metadata/metadata.yml"));
    let repository = metadata["annotations"]["io.kubewarden.policy.url"].as_str().expect("the repository");
    for rule in &rule::ALL {
        let link = mysql_replication_preview::cli::link(rule.id);
        let path = link.strip_prefix(repository).and_then(|rest| rest.strip_prefix("/blob/v"));
        let (version, path) = path.and_then(|rest| rest.split_once('/')).expect("a version and a path");
        assert_eq!(path, rule.document());
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }
}
