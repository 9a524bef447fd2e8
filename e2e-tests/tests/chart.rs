//! The Helm chart says what the plain manifests of `policy-metadata/` say, and holds what they hold, whatever the
//! values.
//!
//! It is rendered by Helm's own engine, which the Python package helm-python-sdk carries, in a virtual environment
//! under `target/`. Where that cannot be had the tests fail: a chart that nobody has rendered is not tested.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use mysql_replication_e2e_tests::{
    conditions::{Installed, check_sent},
    parse, parse_all, policy, read_manifest, read_manifests, root, show_manifest,
};
use mysql_replication_golden_tests::{check_all, validate};
use mysql_replication_policy::rule;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const CHART: &str = "charts/mysql-replication-policy";
const NAME: &str = "mysql-replication";

/// What `render.py` answers.
#[derive(Debug, Deserialize)]
struct Answer {
    lint: Value,
    rendered: BTreeMap<String, Rendered>,
    helm: String,
}

#[derive(Debug, Deserialize)]
struct Rendered {
    #[serde(default)]
    files: BTreeMap<String, String>,
    error: Option<String>,
}

impl Rendered {
    fn objects(&self) -> Vec<Value> {
        assert!(self.error.is_none(), "{:?}", self.error);
        let manifests = self
            .files
            .iter()
            .filter(|(name, _)| Path::new(name).extension().is_some_and(|extension| extension == "yaml"));
        manifests.flat_map(|(name, text)| parse_all(text, name)).collect()
    }

    fn policies(&self) -> Vec<Value> {
        self.objects().into_iter().filter(|object| object["kind"] == "ClusterAdmissionPolicy").collect()
    }

    fn notes(&self) -> &str {
        self.files.iter().find(|(name, _)| name.ends_with("NOTES.txt")).map_or("", |(_, text)| text)
    }
}

/// Runs a command to its end.
fn run(what: &str, command: &mut Command) -> Vec<u8> {
    let advice = "the chart is tested by Helm's engine, of the Python package that e2e-tests/chart/requirements.txt \
                  names: install Python 3.10 or newer with venv, and let pip reach its index";
    let output = command.output().unwrap_or_else(|error| panic!("{what}: {error}; {advice}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}: {error}\n{advice}", output.status);
    output.stdout
}

/// A Python with the package.
fn python() -> PathBuf {
    let folder = root().canonicalize().expect("the root").join("target/chart-venv");
    let python = folder.join("bin/python");
    let wanted = root().join("e2e-tests/chart/requirements.txt");
    let noted = folder.join("requirements.txt");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    assert!(!read(&wanted).is_empty(), "no {}", wanted.display());
    if read(&noted) != read(&wanted) {
        run("python3 -m venv", Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run("pip install", Command::new(&python).args(pip).arg(&wanted));
        fs::copy(&wanted, &noted).expect("copied");
    }
    python
}

/// Renders the chart with each of these values.
fn render(files: &[PathBuf]) -> Answer {
    let mut command = Command::new(python());
    command.arg(root().join("e2e-tests/chart/render.py")).arg(root().join(CHART)).args(files);
    serde_json::from_slice(&run("render.py", &mut command)).expect("the answer of render.py")
}

/// The chart by default, under the name "", and by each example of values.
fn rendered() -> &'static Answer {
    static ANSWER: OnceLock<Answer> = OnceLock::new();
    ANSWER.get_or_init(|| {
        let none = tempfile::NamedTempFile::new().expect("a file");
        fs::write(none.path(), "{}\n").expect("written");
        let entries = fs::read_dir(root().join(CHART).join("examples")).expect("examples");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        files.push(none.path().to_owned());
        let mut answer = render(&files);
        answer.rendered = answer
            .rendered
            .into_iter()
            .map(|(path, one)| {
                let stem = Path::new(&path).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
                (if Path::new(&path) == none.path() { String::new() } else { stem }, one)
            })
            .collect();
        assert!(answer.rendered.len() >= 7, "{:?}", answer.rendered.keys());
        answer
    })
}

fn by_default() -> &'static Rendered {
    &rendered().rendered[""]
}

fn example(name: &str) -> &'static Rendered {
    rendered().rendered.get(name).unwrap_or_else(|| panic!("no example {name}"))
}

fn key(object: &Value) -> String {
    format!("{}/{}", object["kind"], object["metadata"]["name"])
}

#[test]
fn helm_finds_nothing_wrong() {
    let answer = rendered();
    assert!(answer.helm.starts_with("v4."), "{}", answer.helm);
    assert_eq!(answer.lint["errors"], json!([]));
    assert!(answer.lint["messages"].as_array().is_none_or(Vec::is_empty), "{}", answer.lint);
}

/// With `kubectl apply -k policy-metadata` comes what the chart makes.
#[test]
fn the_chart_makes_the_plain_manifests() {
    let kustomization = read_manifest(&root().join("policy-metadata/kustomization.yaml"));
    let files = kustomization["resources"].as_array().expect("resources").iter();
    let mut plain: Vec<_> = files
        .flat_map(|file| read_manifests(&root().join("policy-metadata").join(file.as_str().expect("a name"))))
        .collect();
    let mut made = by_default().objects();
    for object in &mut made {
        let metadata = object["metadata"].as_object_mut().expect("metadata");
        let labels = metadata.remove("labels").unwrap_or_default();
        assert_eq!(labels["app.kubernetes.io/managed-by"], "Helm", "{metadata:?}");
    }
    plain.sort_by_key(key);
    made.sort_by_key(key);
    assert_eq!(plain.len(), 4);
    for (plain, made) in plain.iter().zip(&made) {
        assert!(plain == made, "{}\n{}", show_manifest(plain), show_manifest(made));
    }
    assert_eq!(plain.len(), made.len());
}

/// Fields of `ClusterAdmissionPolicySpec` and of `PolicyServerSpec` (policies.kubewarden.io/v1).
const POLICY_FIELDS: [&str; 18] = [
    "policyServer",
    "mode",
    "module",
    "settings",
    "rules",
    "failurePolicy",
    "mutating",
    "backgroundAudit",
    "matchPolicy",
    "matchConditions",
    "objectSelector",
    "sideEffects",
    "timeoutSeconds",
    "timeoutEvalSeconds",
    "message",
    "namespaceSelector",
    "contextAwareResources",
    "allowInsideAdmissionControllerNamespace",
];
const SERVER_FIELDS: [&str; 12] = [
    "image",
    "replicas",
    "minAvailable",
    "serviceAccountName",
    "env",
    "affinity",
    "limits",
    "requests",
    "tolerations",
    "annotations",
    "labels",
    "priorityClassName",
];

fn check_fields(object: &Value, known: &[&str], at: &str) {
    for field in object["spec"].as_object().expect("a spec").keys() {
        assert!(known.contains(&field.as_str()), "{at}: {} has no field {field}", object["kind"]);
    }
}

/// Whatever the values: the policy takes the settings, and nothing is kept away of which it would speak with them.
#[test]
fn every_example_holds_what_the_plain_manifests_hold() {
    let metadata = read_manifest(&root().join("policy-metadata/metadata.yml"));
    for (name, one) in &rendered().rendered {
        let policies = one.policies();
        let installed: Vec<_> = policies.iter().map(Installed::new).collect();
        for policy in &policies {
            let spec = &policy["spec"];
            check_fields(policy, &POLICY_FIELDS, name);
            assert_eq!(spec["contextAwareResources"], metadata["contextAwareResources"], "{name}");
            assert_eq!(spec["settings"], policies[0]["spec"]["settings"], "{name}");
            assert_eq!(spec["policyServer"], policies[0]["spec"]["policyServer"], "{name}");
            let validity = self::policy().validate_settings(&spec["settings"]).expect("an answer");
            assert!(validity.valid, "{name}: {:?}", validity.message);
            assert_eq!(spec["mode"] == "monitor", name == "monitor", "{name}");
            let ignores = spec["mutating"] == false || name == "monitor";
            assert_eq!(spec["failurePolicy"], if ignores { "Ignore" } else { "Fail" }, "{name}");
            assert!(one.notes().contains(policy["metadata"]["name"].as_str().expect("a name")), "{name}");
        }
        let settings = &policies[0]["spec"]["settings"];
        let problems = RefCell::new(Vec::new());
        let sent = RefCell::new(0);
        check_all(&|cluster, request, own| {
            let answer = validate(cluster, request, settings);
            let is_asked = installed.iter().any(|policy| policy.asks_for(request));
            // the example without workloads asks for none
            if is_asked || policies.len() == 2 {
                match check_sent(&installed, request, &[], &answer) {
                    Ok(is_sent) => *sent.borrow_mut() += usize::from(is_sent),
                    Err(problem) => problems.borrow_mut().push(format!("{problem}\n{}", request["object"])),
                }
            }
            validate(cluster, request, own)
        });
        let problems = problems.into_inner();
        assert!(problems.is_empty(), "{name}: {} problems\n{}", problems.len(), problems.join("\n\n"));
        assert!(sent.into_inner() > 100, "{name}");
    }
}

#[test]
fn values_do_what_they_say() {
    let spec = |name: &str, policy: usize| example(name).policies()[policy]["spec"].clone();
    let conditions = |name: &str| -> Vec<String> {
        let policies = example(name).policies();
        policies
            .iter()
            .flat_map(|policy| {
                Installed::new(policy).conditions().join(" ").split(' ').map(str::to_owned).collect::<Vec<_>>()
            })
            .collect()
    };
    let default = &by_default().policies()[0]["spec"]["settings"];
    assert_eq!(*default, json!({"unmanaged": "warn", "rules": {"write-service": "warn", "write-endpoint": "warn"}}));
    assert_eq!(spec("monitor", 0)["settings"], json!({"unmanaged": "reject"}));
    assert!(example("monitor").notes().contains("NOTHING IS INJECTED"));
    // what the values say wins
    assert_eq!(spec("reject", 0)["settings"]["unmanaged"], "inject");
    assert_eq!(spec("reject", 0)["settings"]["rules"], json!({"host-network": "warn"}));
    assert_eq!(spec("reject", 0)["namespaceSelector"]["matchExpressions"][1]["operator"], "Exists");
    assert_eq!(
        spec("annotated-workloads", 0)["settings"]["rules"],
        json!({"write-service": "warn", "write-endpoint": "off"})
    );
    assert_eq!(example("databases-only").policies().len(), 1);
    assert!(!example("databases-only").objects().iter().any(|object| object["kind"] == "ClusterRole"));
    assert_eq!(
        conditions("write-names"),
        ["not-on-its-way-out", "config-maps-with-option-files", "not-on-its-way-out", "not-made-by-a-controller"]
    );
    assert!(conditions("annotated-workloads").contains(&"annotated".to_owned()));

    // the policy server that is made is the one that is asked, with the rights
    let objects = example("policy-server").objects();
    let of = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    let server = of("PolicyServer");
    check_fields(server, &SERVER_FIELDS, "policy-server");
    assert_eq!(of("ClusterAdmissionPolicy")["spec"]["policyServer"], server["metadata"]["name"]);
    let account = of("ServiceAccount");
    assert_eq!(server["spec"]["serviceAccountName"], account["metadata"]["name"]);
    let subject = &of("ClusterRoleBinding")["subjects"][0];
    assert_eq!(
        (&subject["name"], &subject["namespace"]),
        (&account["metadata"]["name"], &account["metadata"]["namespace"])
    );
    let module = spec("policy-server", 0)["module"].as_str().expect("a module").to_owned();
    assert!(module.starts_with("registry://registry.example/mirror/mysql-replication-policy@sha256:"), "{module}");
}

#[test]
fn the_schema_refuses_what_would_do_nothing() {
    let wrong = [
        "rollout: maybe",
        "rollout: null",
        "failurePolicy: null",
        "workloads: {failurePolicy: null}",
        "rolout: warn",
        "settings: {unmanagd: warn}",
        "settings: {unmanaged: maybe}",
        "settings: {rules: {write-service: no}}",
        "settings: {storage: {sise: 1Gi}}",
        "settings: {resources: {mysql: {}}}",
        "failurePolicy: Never",
        "timeoutSeconds: 31",
        "policyServer: {create: true}",
        "policyServer: {create: true, image: x}",
        "module: {repository: 'registry://x/y'}",
        "nameOverride: A B",
    ];
    for (values, one) in wrong.iter().zip(render_texts(&wrong)) {
        assert!(one.error.is_some(), "{values} is taken: {:?}", one.files.values());
    }
}

/// What the chart makes of each of these values.
fn render_texts(values: &[impl AsRef<[u8]>]) -> Vec<Rendered> {
    let folder = tempfile::tempdir().expect("a folder");
    let files = values.iter().enumerate().map(|(index, values)| {
        let path = folder.path().join(format!("{index:04}.yaml"));
        fs::write(&path, values).expect("written");
        path
    });
    let rendered: Vec<_> = render(&files.collect::<Vec<_>>()).rendered.into_values().collect();
    assert_eq!(rendered.len(), values.len());
    rendered
}

/// Settings, some right and some wrong: the policy alone knows which.
fn some_settings() -> Vec<Value> {
    let mut some = vec![
        json!({}),
        json!({"images": {"mysql-8": "registry.example/x:1"}}),
        json!({"images": {"mysql-8.0": 8}}),
        json!({"images": {"mysql-8.0": " x"}}),
        json!({"configMap": "Upper"}),
        json!({"configMap": "a.b-c"}),
        json!({"exemptNamespaces": ["team-*", "a?b"]}),
        json!({"exemptNamespaces": ["*"]}),
        json!({"exemptNamespaces": "team-*"}),
        json!({"exemptNamespaces": ["a b"]}),
        json!({"writeNames": {"variables": ["*_SINK_HOST"], "services": ["**"]}}),
        json!({"rules": {"no-such-rule": "warn"}}),
        json!({"rules": "warn"}),
    ];
    for flavor in known(&["images"]) {
        some.push(json!({"images": {flavor: "registry.example:5000/x/y:1@sha256:ab"}}));
    }
    for size in ["10Gi", "1.5Ti", "1e9", ".5G", "5.", "0x1", "ten", "10GB", "-1Gi", "1.2.3", ".", "Gi", "1E+3", "12E"] {
        some.push(json!({"storage": {"size": size}}));
        some.push(json!({"resources": {"xtrabackup": {"limits": {"memory": size}}}}));
    }
    for class in ["fast", "Fast", "a..b", "-a", "a_b", "a.b"] {
        some.push(json!({"storage": {"storageClassName": class}}));
    }
    for modes in
        [json!(["ReadWriteOnce"]), json!(["ReadWriteOncePod"]), json!(["ReadWriteMany"]), json!("ReadWriteOnce")]
    {
        some.push(json!({"storage": {"accessModes": modes}}));
    }
    for amount in [json!(1), json!(0), json!(-1), json!(1.5), json!(true), json!({})] {
        some.push(json!({"resources": {"xtrabackup": {"requests": {"cpu": amount}}}}));
    }
    for rule in &rule::ALL {
        for severity in rule::Severity::NAMES.iter().chain(&["error"]) {
            some.push(json!({"rules": {rule.id: severity}}));
        }
    }
    some
}

/// Helm refuses what the policy would: else the policy would be installed, and stay inactive.
#[test]
fn the_schema_takes_what_the_policy_takes() {
    let some = some_settings();
    let values: Vec<String> = some.iter().map(|settings| json!({"settings": settings}).to_string()).collect();
    let mut problems = Vec::new();
    let mut refused = 0;
    for (settings, one) in some.iter().zip(render_texts(&values)) {
        let validity = policy().validate_settings(settings).expect("an answer");
        refused += usize::from(!validity.valid);
        if validity.valid != one.error.is_none() {
            problems.push(format!("{settings}: {:?}, by the policy {:?}", one.error, validity.message));
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
    assert!(refused >= 30 && some.len() - refused >= 30, "{refused} of {}", some.len());
}

/// A form sends fields that nobody has filled in as empty ones, at every depth; numbers are none of those.
#[test]
fn what_is_empty_is_the_policys_own_default() {
    let empty = json!({"settings": {
        "unmanaged": "", "lookupFailure": null, "configMap": "", "exemptNamespaces": [],
        "images": {"mysql-8.0": "", "mariadb": null},
        "storage": {"size": "", "storageClassName": "", "accessModes": []},
        "resources": {
            "init-mysql": {"requests": {}, "limits": null},
            "xtrabackup": {"requests": {"cpu": "", "memory": null}, "limits": {"cpu": 0, "memory": "1Gi"}},
        },
        "rules": {"write-service": "", "host-network": null, "write-endpoint": "off"},
        "writeNames": {"variables": [], "services": null},
    }});
    let all = render_texts(&[empty.to_string()]);
    let settings = &all[0].policies()[0]["spec"]["settings"];
    assert_eq!(
        *settings,
        json!({
            "unmanaged": "warn",
            "rules": {"write-service": "warn", "write-endpoint": "off"},
            "resources": {"xtrabackup": {"limits": {"cpu": 0, "memory": "1Gi"}}},
        })
    );
    let validity = policy().validate_settings(settings).expect("an answer");
    assert!(validity.valid, "{:?}", validity.message);
}

/// In the step monitor nothing is held up where the policy server is away, whatever else is said.
#[test]
fn monitor_holds_nothing_up() {
    let values = "{rollout: monitor, failurePolicy: Fail, workloads: {failurePolicy: Fail}}";
    let all = render_texts(&[values, "workloads: {failurePolicy: Fail}"]);
    let failure = |at: usize| -> Vec<Value> {
        all[at].policies().iter().map(|policy| policy["spec"]["failurePolicy"].clone()).collect()
    };
    assert_eq!(failure(0), ["Ignore", "Ignore"]);
    assert_eq!(failure(1), ["Fail", "Fail"]);
}

/// Rancher installs a chart into the namespace that it names, and Kubewarden's charts name theirs: the one of the
/// policy servers and of their service accounts, which the chart binds unless another one is given.
#[test]
fn the_rights_are_where_the_policy_servers_are() {
    let chart = read_manifest(&root().join(CHART).join("Chart.yaml"));
    assert_eq!(chart["annotations"]["catalog.cattle.io/namespace"], "cattle-kubewarden-system");
    let all = render_texts(&["{}", "policyServer: {namespace: elsewhere}"]);
    let subject = |at: usize| {
        let objects = all[at].objects();
        let binding = objects.iter().find(|object| object["kind"] == "ClusterRoleBinding").expect("a binding");
        binding["subjects"][0]["namespace"].clone()
    };
    // render.py installs into kubewarden
    assert_eq!((subject(0), subject(1)), (json!("kubewarden"), json!("elsewhere")));
    assert!(own_questions().iter().any(|question| question["variable"] == "policyServer.namespace"));
    for policy in by_default().policies() {
        let excluded = &policy["spec"]["namespaceSelector"]["matchExpressions"][0]["values"];
        assert_eq!(*excluded, json!(["kube-system", "kubewarden", "cattle-kubewarden-system"]));
    }
}

/// What the policy knows at a path, by what it says of something that it does not know.
fn known(path: &[&str]) -> BTreeSet<String> {
    let unknown = json!({"0000000000000000": {}});
    let settings = path.iter().rev().fold(unknown, |value, key| json!({*key: value}));
    let message = policy().validate_settings(&settings).expect("an answer").message.expect("a message");
    let words = message.split_once("; known are ").and_then(|(_, rest)| rest.split('\n').next());
    words.unwrap_or_else(|| panic!("{message}")).split(", ").map(ToOwned::to_owned).collect()
}

#[test]
fn the_schema_knows_the_policys_settings() {
    let text = fs::read_to_string(root().join(CHART).join("values.schema.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    for path in [&[][..], &["storage"], &["writeNames"], &["resources"], &["resources", "xtrabackup"]] {
        let mut at = &schema["properties"]["settings"];
        for key in path {
            at = &at["properties"][key];
        }
        let properties = at["properties"].as_object().unwrap_or_else(|| panic!("{path:?}"));
        assert_eq!(properties.keys().cloned().collect::<BTreeSet<_>>(), known(path), "{path:?}");
        assert_eq!(at["additionalProperties"], false);
    }
    // and of every value that the chart has by default, which must be right itself
    let values = read_manifest(&root().join(CHART).join("values.yaml"));
    for key in values.as_object().expect("values").keys() {
        assert!(schema["properties"][key].is_object(), "no {key} in the schema");
    }
}

/// The questions that are the chart's own; those about settings come from the policy's form.
fn own_questions() -> Vec<Value> {
    let question = |variable: &str, label: &str, description: &str, rest: Value| {
        let mut one = json!({
            "variable": variable, "label": label, "description": description, "group": "Installation", "required": true,
        });
        json_patch::merge(&mut one, &rest);
        one
    };
    vec![
        question(
            "rollout",
            "Step of the roll-out",
            "monitor rejects nothing and injects nothing: reports show what would be. warn injects, and warns of \
             databases that nobody manages and of writers that reach replicas. reject rejects. There is no way back to \
             monitor.",
            json!({"type": "enum", "options": ["monitor", "warn", "reject"], "default": "warn"}),
        ),
        question(
            "module.repository",
            "Where the policy is",
            "Registry and repository of the policy's module.",
            json!({"type": "string", "default": "registry.example/policies/mysql-replication-policy"}),
        ),
        question(
            "policyServer.name",
            "Policy server",
            "The PolicyServer that runs the policy. Left empty, it is the one with the name default. Kubewarden lets \
             nobody change it later.",
            json!({"type": "string", "required": false, "default": ""}),
        ),
        question(
            "policyServer.namespace",
            "Namespace of the policy server",
            "That of Kubewarden's controller. Left empty, it is the one that this is installed into.",
            json!({"type": "string", "required": false, "default": ""}),
        ),
        question(
            "policyServer.serviceAccountName",
            "Service account of the policy server",
            "Under it the policy looks up Services, ConfigMaps and StatefulSets; the chart grants that.",
            json!({"type": "string", "default": "policy-server"}),
        ),
    ]
}

/// The policy's form as questions of the chart.
fn questions() -> Value {
    fn under_settings(question: &mut Value) {
        let variable = format!("settings.{}", question["variable"].as_str().expect("a variable"));
        question["variable"] = json!(variable);
        for nested in question["subquestions"].as_array_mut().into_iter().flatten() {
            under_settings(nested);
        }
    }
    let mut questions = own_questions();
    let form = read_manifest(&root().join("policy-metadata/questions-ui.yml"));
    for question in form["questions"].as_array().expect("questions") {
        let mut question = question.clone();
        under_settings(&mut question);
        // the step of the roll-out has its own default
        if question["variable"] == "settings.unmanaged" {
            question.as_object_mut().map(|question| question.remove("default"));
            let description = question["description"].as_str().expect("a description");
            question["description"] = json!(format!("{description} Left empty, the step of the roll-out says it."));
        }
        questions.push(question);
    }
    json!({"questions": questions})
}

/// `UPDATE_GOLDENS=1` writes the file.
#[test]
fn ranchers_questions_are_those_of_the_form() {
    let path = root().join(CHART).join("questions.yaml");
    let text = format!(
        "# Written by e2e-tests/tests/chart.rs, from policy-metadata/questions-ui.yml.\n{}",
        show_manifest(&questions())
    );
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &text).expect("written");
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text, "run it with UPDATE_GOLDENS=1");

    // a form that is sent as it is leaves everything as it was
    let mut answers = json!({});
    let all = parse(&text, "questions.yaml")["questions"].as_array().expect("questions").clone();
    let nested = all.iter().filter_map(|question| question["subquestions"].as_array()).flatten();
    for question in all.iter().chain(nested) {
        let Some(default) = question.get("default") else { continue };
        let path = question["variable"].as_str().expect("a variable").split('.').rev();
        let one = path.fold(default.clone(), |value, key| Value::Object(Map::from_iter([(key.to_owned(), value)])));
        json_patch::merge(&mut answers, &one);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), answers.to_string()).expect("written");
    let answer = render(&[file.path().to_owned()]);
    let one = answer.rendered.values().next().expect("an answer");
    let policies = one.policies();
    for (made, default) in policies.iter().zip(by_default().policies()) {
        let (mut made, mut default) = (made["spec"].clone(), default["spec"].clone());
        let settings = made["settings"].take();
        assert_eq!(settings["unmanaged"], default["settings"].take()["unmanaged"]);
        let validity = policy().validate_settings(&settings).expect("an answer");
        assert!(validity.valid, "{settings}: {:?}", validity.message);
        assert_eq!(made, default);
    }
    assert_eq!(policies.len(), 2);
}

#[test]
fn the_chart_is_of_the_same_version() {
    let chart = read_manifest(&root().join(CHART).join("Chart.yaml"));
    let metadata = read_manifest(&root().join("policy-metadata/metadata.yml"))["annotations"].clone();
    let of = |name: &str| metadata[format!("io.kubewarden.policy.{name}")].clone();
    assert_eq!((&chart["version"], &chart["appVersion"]), (&of("version"), &of("version")));
    assert_eq!(chart["name"], of("title"));
    assert_eq!(chart["description"], of("description"));
    assert_eq!(chart["annotations"]["artifacthub.io/license"], of("license"));
    assert_eq!(chart["home"], of("url"));
    assert_eq!(chart["sources"], json!([of("source")]));
    let values = read_manifest(&root().join(CHART).join("values.yaml"));
    assert_eq!(values["module"]["repository"], of("ociUrl"));
    assert_eq!(values["nameOverride"], NAME);
    let author = of("author");
    let (name, email) = author.as_str().and_then(|author| author.split_once(" <")).expect("an author");
    assert_eq!(chart["maintainers"], json!([{"name": name, "email": email.trim_end_matches('>')}]));
    for key in ["links", "recommendations"] {
        let text = chart["annotations"][format!("artifacthub.io/{key}")].as_str().expect("a text").to_owned();
        assert!(!parse(&text, key).as_array().expect("a list").is_empty());
    }
}
