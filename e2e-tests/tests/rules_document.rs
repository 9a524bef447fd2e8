//! What `docs/rules.md` and the pages below `docs/rules` say is true: the index has a row for every rule, in their order,
//! there is a page for each, and every example does what its page says. How examples are written is explained in
//! `docs/rules/about-examples.md`.

use std::{collections::BTreeSet, env, fs, sync::Arc};

use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, Pod, Service},
    },
    serde::{Serialize, de::DeserializeOwned},
};
use mysql_replication_e2e_tests::{
    Recorder, audit_request, both_doors_in, parse_all, policy, read_manifest, read_manifests, request, root,
    rule_pages::{RulePage, Told, Way},
};
use mysql_replication_policy::{
    names::ANNOTATION_PREFIX,
    rule::{self, ALL, Rule, Severity},
};
use mysql_replication_preview::{Cluster, Manifests, Response, Unreachable};
use serde_json::{Value, json};

/// The index of the rules.
const INDEX: &str = "docs/rules.md";
/// The setting that has the last word on a rule, where that is not `rules`.
const OWN_SETTINGS: [(&str, &str); 2] = [(rule::UNMANAGED.id, "unmanaged"), (rule::LOOK_UP.id, "lookupFailure")];
/// Rules for which no object can be complete.
const INCOMPLETE: [&str; 1] = [rule::MALFORMED.id];

fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
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
    RulePage::all().iter().flat_map(examples_of).collect()
}

fn examples_of(page: &RulePage) -> Vec<Example> {
    page.examples().into_iter().flatten().map(|told| read_example(page.rule, &told)).collect()
}

fn read_example(rule: &'static Rule, told: &Told) -> Example {
    let one = |extension: &str| told.beside(extension).map(|path| read_manifest(&path));
    let remark = told.remark();
    let also = remark.split_once("also breaks").map(|(_, rest)| words(rest).map(str::to_owned).collect());
    let object = read_manifest(&told.file);
    assert_eq!(object["metadata"]["uid"].is_string(), told.way == Way::Audited, "{}: the uid", told.name());
    Example {
        at: told.name(),
        rule,
        passes: told.passes,
        way: told.way,
        object,
        cluster: told.beside("cluster.yaml").map(|path| read_manifests(&path)).unwrap_or_default(),
        old: one("old.yaml"),
        settings: one("settings.yaml").unwrap_or_else(|| json!({})),
        also: also.unwrap_or_default(),
    }
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
            Way::Audited => audit_request(&self.object),
            Way::AuditedAfterwards => {
                let mut object = stored(&self.object);
                object["metadata"]["uid"] = json!("7a1f4a52-6e0c-4a39-9c30-5a3e4f1e6a01");
                audit_request(&object)
            }
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

/// The rows of the index.
fn rows() -> Vec<String> {
    document(INDEX).lines().filter(|line| line.starts_with("| [`")).map(str::to_owned).collect()
}

#[test]
fn every_rule_has_a_page_and_a_row_of_the_index_in_their_order() {
    let named: Vec<String> = rows().iter().filter_map(|row| Some(row.split('`').nth(1)?.to_owned())).collect();
    assert_eq!(named, ALL.each_ref().map(|rule| rule.id));
    let folder = fs::read_dir(root().join("docs/rules")).expect("docs/rules");
    let files: BTreeSet<String> =
        folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    let (about, pages): (BTreeSet<String>, BTreeSet<String>) =
        files.into_iter().partition(|name| name.starts_with("about-"));
    assert_eq!(pages, ALL.iter().map(|rule| format!("{}.md", rule.id)).collect());
    let index = document(INDEX);
    for page in about {
        assert!(index.contains(&format!("](rules/{page})")), "{INDEX} does not lead to {page}");
    }
}

/// It is there to find one rule of many: two screens.
#[test]
fn the_index_is_short() {
    let index = document(INDEX);
    assert!(index.lines().count() <= 80, "{INDEX} has {} lines", index.lines().count());
    for row in rows() {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, _, finding, fix] = cells[..] else { panic!("not four cells: {row}") };
        for cell in [finding, fix] {
            let shown = cell.trim().chars().filter(|c| *c != '`').count();
            assert!((8..=72).contains(&shown), "{shown} characters: {cell}");
        }
    }
}

#[test]
fn severities_and_kinds_are_those_of_the_code() {
    for (row, rule) in rows().iter().zip(&ALL) {
        let change = match own_setting(rule) {
            Some(setting) => format!(", by `{setting}`"),
            None if rule.is_fixed => ", fixed".to_owned(),
            None => String::new(),
        };
        let start = format!("| [`{0}`](rules/{0}.md) | `{1}`{change} | ", rule.id, severity(rule));
        assert!(row.starts_with(&start), "{row}: not {start}");
    }
    for page in RulePage::all() {
        assert_eq!(page.text.lines().nth(1), Some(columns(page.rule).join(" · ").as_str()), "{}", page.rule.id);
    }
}

#[test]
fn every_page_is_complete() {
    for page in RulePage::all() {
        let id = page.rule.id;
        for label in ["What", "Why", "Look-ups"] {
            assert_eq!(page.text.matches(&format!("\n**{label}:** ")).count(), 1, "{id}: {label}");
        }
        assert!(page.part("Why").contains("](https://"), "{id}: no manual is named");
        assert!(page.text.contains("\n[All rules](../rules.md) · "), "{id}: no way back");
        let examples = examples_of(&page);
        for passes in [false, true] {
            let kinds: BTreeSet<&str> = examples
                .iter()
                .filter(|example| example.passes == passes)
                .filter_map(|example| example.object["kind"].as_str())
                .collect();
            let known = page.rule.concerns.kinds();
            assert!(!kinds.is_empty(), "{id}: passes: {passes}: no example");
            assert!(kinds.iter().all(|kind| known.contains(kind)), "{id}: {kinds:?}");
            // where there are many kinds, they are all alike
            assert!(known.len() > 2 || kinds.len() == known.len(), "{id}: passes: {passes}: {kinds:?}");
        }
    }
}

/// The messages are those that the goldens show, and the changed lines are those of the goldens' files:
/// `UPDATE_GOLDENS=1` writes both anew.
#[test]
fn the_pages_show_what_is_printed_and_what_differs() {
    for page in RulePage::all() {
        let made = page.made_anew();
        if env::var_os("UPDATE_GOLDENS").is_some_and(|value| !value.is_empty()) {
            fs::write(&page.path, &made).expect("a page");
        }
        assert_eq!(fs::read_to_string(&page.path).expect("a page"), made, "{}", page.rule.id);
    }
}

/// Each golden of the folder is an example of a page.
#[test]
fn every_example_is_on_a_page() {
    let folder = fs::read_dir(root().join("e2e-tests/goldens/examples")).expect("examples");
    let names = folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let objects: BTreeSet<String> =
        names.filter(|name| name.strip_suffix(".yaml").is_some_and(|stem| !stem.contains('.'))).collect();
    let told = RulePage::all().iter().flat_map(RulePage::examples).flatten().map(|told| told.name()).collect();
    assert_eq!(objects, told);
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

/// With all other rules off the policy looks up just what the page says: in the example's cluster, in an empty one,
/// and when the example's objects come in another order.
#[test]
fn the_look_ups_are_those_that_are_made() {
    for page in RulePage::all() {
        let (id, line) = (page.rule.id, page.part("Look-ups"));
        let told: BTreeSet<String> =
            words(line).map(|word| word.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        if id == rule::LOOK_UP.id {
            assert!(told.is_empty() && line.trim() == "those of the other rules.", "{line}");
            continue;
        }
        assert_eq!(told.is_empty(), line.trim() == "none.", "{id}: {line}");
        // other words in backticks are names of fields
        let told: BTreeSet<String> = told.into_iter().filter(|word| word.contains(' ')).collect();
        let mut made = BTreeSet::new();
        for example in examples_of(&page) {
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
                if !page.rule.concerns.kinds().iter().chain(&["StatefulSet"]).any(|kind| objects[0]["kind"] == *kind) {
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
fn the_yaml_of_the_page_of_severities_is_valid() {
    let introduction = document("docs/rules/about-severities.md");
    let blocks: Vec<Value> = introduction
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .flat_map(|(block, _)| parse_all(block, "about-severities.md"))
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

/// What `preview` shows leads to the page that the rule itself names.
#[test]
fn links_lead_to_the_pages() {
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
