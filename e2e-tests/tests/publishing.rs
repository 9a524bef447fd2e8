//! What is published says what the code does, and says the same everywhere: Artifact Hub's files, the form for
//! settings, the values for Helm and the workflows. `make check-publishing` asks kwctl itself about the package file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
};

use mysql_replication_e2e_tests::{both_doors, parse, policy, read_manifest, read_manifests, request, root};
use mysql_replication_policy::{names::INJECTED_CONTAINERS, rule};
use serde_json::{Map, Value, json};

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    read_manifest(&root().join(path))
}

fn metadata() -> Value {
    yaml("policy-metadata/metadata.yml")
}

/// An annotation of the metadata; there is no empty one.
fn annotation(name: &str) -> String {
    let annotations = metadata()["annotations"].clone();
    let value = annotations[name].as_str().unwrap_or_else(|| panic!("metadata.yml has no {name}"));
    assert!(!value.trim().is_empty(), "{name}");
    value.to_owned()
}

/// A line of a section of the project's Cargo.toml.
fn cargo(section: &str, key: &str) -> String {
    let manifest = text("Cargo.toml");
    let body = manifest.split_once(&format!("[{section}]\n")).unwrap_or_else(|| panic!("no [{section}]")).1;
    let body = body.split("\n[").next().unwrap_or_default();
    let line = body.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = ")).expect("the key");
    line.trim_matches('"').to_owned()
}

#[test]
fn the_metadata_is_complete() {
    assert_eq!(annotation("io.kubewarden.policy.title"), cargo("package", "name"));
    assert_eq!(annotation("io.kubewarden.policy.version"), cargo("workspace.package", "version"));
    assert_eq!(annotation("io.kubewarden.policy.license"), cargo("workspace.package", "license"));
    // of a policy one need not say that it is a policy
    let description = cargo("package", "description").replace("A Kubewarden policy that turns", "Turns");
    assert_eq!(annotation("io.kubewarden.policy.description"), description);
    assert!(
        ["critical", "high", "medium", "low", "info"].contains(&annotation("io.kubewarden.policy.severity").as_str())
    );
    for name in ["category", "usage", "author", "url", "source", "ociUrl"] {
        annotation(&format!("io.kubewarden.policy.{name}"));
    }
    for name in ["displayName", "keywords"] {
        annotation(&format!("io.artifacthub.{name}"));
    }

    // every kind of object of which a rule speaks
    let listed = annotation("io.artifacthub.resources");
    let listed: BTreeSet<_> = listed.split(", ").collect();
    assert_eq!(listed, rule::ALL.iter().flat_map(|rule| rule.concerns.kinds().iter().copied()).collect());

    let metadata = metadata();
    assert_eq!(metadata["policyType"], "kubernetes");
    assert_eq!(metadata["backgroundAudit"], true);
    // kwctl reads nothing but three numbers, and a beta of 1.36 refuses a minimum of 1.36
    let minimum = metadata["minimumKubewardenVersion"].as_str().expect("a version");
    let numbers: Vec<u32> = minimum.split('.').map(|number| number.parse().expect("a number")).collect();
    assert_eq!(numbers.len(), 3, "{minimum}");
    assert!(numbers[..] >= [1, 33, 0][..], "{minimum}: older ones know no field masks");
    assert!(numbers[..] < [1, 36, 0][..], "{minimum}: a beta of 1.36 refuses it");
}

#[test]
fn what_is_installed_is_what_is_published() {
    let published =
        format!("{}:v{}", annotation("io.kubewarden.policy.ociUrl"), annotation("io.kubewarden.policy.version"));
    for installed in read_manifests(&root().join("policy-metadata/cluster-admission-policy.yaml")) {
        assert_eq!(installed["spec"]["module"], format!("registry://{published}"));
    }
    assert!(text("README.md").contains(&published), "the README pushes something else than {published}");
}

/// The file is written by `make artifacthub`.
#[test]
fn artifact_hubs_package_agrees_with_the_metadata() {
    let package = yaml("artifacthub/artifacthub-pkg.yml");
    let of = |name: &str| json!(annotation(&format!("io.kubewarden.policy.{name}")));
    let (version, address) = (annotation("io.kubewarden.policy.version"), annotation("io.kubewarden.policy.ociUrl"));
    assert_eq!(package["version"], cargo("workspace.package", "version"));
    assert_eq!(package["version"], json!(version));
    assert_eq!(package["name"], of("title"));
    assert_eq!(package["displayName"], json!(annotation("io.artifacthub.displayName")));
    assert_eq!(package["description"], of("description"));
    assert_eq!(package["license"], of("license"));
    assert_eq!(package["homeURL"], of("url"));
    assert!(package["links"].as_array().expect("links").contains(&json!({"name": "source", "url": of("source")})));
    for link in package["links"].as_array().expect("links") {
        let url = link["url"].as_str().expect("an address").to_owned();
        let file = url.strip_prefix(of("url").as_str().expect("an address")).expect("a file of the project");
        assert!(root().join(file.trim_start_matches('/')).exists(), "{url}");
    }
    assert_eq!(package["provider"]["name"], package["maintainers"][0]["name"]);
    assert_eq!(package["category"], "database");
    assert!(root().join("artifacthub").join(package["logoPath"].as_str().expect("a logo")).is_file());
    let install = package["install"].as_str().expect("instructions");
    for part in ["--allow-context-aware registry://", "rbac.yaml", "helm install ", "kubectl apply -k policy-metadata"]
    {
        assert!(install.contains(part), "{part}: {install}");
    }
    assert!(text("artifacthub/README.md").lines().count() >= 10, "Artifact Hub shows the README beside the package");
    let image = format!("{address}:v{version}");
    assert_eq!(package["containersImages"], json!([{"name": "policy", "image": image}]));
    assert!(package["install"].as_str().expect("instructions").contains(&format!("kwctl pull {image}\n")));
    let keywords = annotation("io.artifacthub.keywords");
    assert_eq!(package["keywords"], json!(keywords.split(',').map(str::trim).collect::<Vec<_>>()));
    assert!(package["createdAt"].as_str().is_some_and(|time| time.len() >= 20 && time.ends_with('Z')));

    let annotations = &package["annotations"];
    let parsed = |key: &str| -> Value { parse(annotations[key].as_str().unwrap_or_else(|| panic!("no {key}")), key) };
    let metadata = metadata();
    assert_eq!(annotations["kubewarden/mutation"], metadata["mutating"].to_string());
    assert_eq!(annotations["kubewarden/resources"], json!(annotation("io.artifacthub.resources")));
    assert_eq!(parsed("kubewarden/rules"), metadata["rules"]);
    let as_set =
        |list: &Value| -> BTreeSet<String> { list.as_array().expect("a list").iter().map(Value::to_string).collect() };
    let looked_up = parsed("kubewarden/contextAwareResources");
    assert_eq!(as_set(&looked_up), as_set(&metadata["contextAwareResources"]));
    assert_eq!(annotations["kubewarden/questions-ui"], text("policy-metadata/questions-ui.yml"));
}

#[test]
fn artifact_hubs_repository_has_the_same_owners() {
    let author = annotation("io.kubewarden.policy.author");
    let (name, email) = author.split_once(" <").expect("a name and an address");
    let owner = json!({"name": name, "email": email.trim_end_matches('>')});
    assert_eq!(yaml("artifacthub/artifacthub-repo.yml")["owners"], json!([owner]));
    let maintainers = yaml("artifacthub/artifacthub-pkg.yml")["maintainers"].clone();
    assert_eq!(maintainers, json!([owner]));
}

/// All questions, those within questions included.
fn questions() -> Vec<Value> {
    let form = yaml("policy-metadata/questions-ui.yml");
    let mut questions = form["questions"].as_array().expect("questions").clone();
    let nested = questions.iter().filter_map(|question| question["subquestions"].as_array()).flatten().cloned();
    let nested: Vec<_> = nested.collect();
    questions.extend(nested);
    questions
}

fn question(variable: &str) -> Value {
    let mut found = questions().into_iter().filter(|question| question["variable"] == variable);
    let question = found.next().unwrap_or_else(|| panic!("no question for the setting {variable}"));
    assert!(found.next().is_none(), "two questions for {variable}");
    question
}

/// Settings with one value at a path of keys.
fn settings(path: &[&str], value: Value) -> Value {
    path.iter().rev().fold(value, |value, key| Value::Object(Map::from_iter([((*key).to_owned(), value)])))
}

/// What the policy knows at a path, by what it says of something that it does not know: the words behind `what`.
fn known(path: &[&str], unknown: Value, what: &str, end: &str) -> BTreeSet<String> {
    let answer = policy().validate_settings(&settings(path, unknown)).expect("an answer");
    let message = answer.message.unwrap_or_else(|| panic!("{path:?}: the policy takes anything"));
    let words = message.split_once(what).and_then(|(_, rest)| rest.split(end).next());
    words.unwrap_or_else(|| panic!("{path:?}: {message}")).trim().split(", ").map(ToOwned::to_owned).collect()
}

fn known_keys(path: &[&str]) -> BTreeSet<String> {
    // far from every word, so that none is suggested
    known(path, json!({"0000000000000000": {}}), "; known are ", "\n")
}

fn strings(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// There is a question for every setting that the code knows, and for nothing else.
#[test]
fn the_form_asks_for_every_setting() {
    let keys = known_keys(&[]);
    assert!(keys.len() >= 9 && keys.contains("writeNames"), "{keys:?}");
    let mut wanted = keys;
    for key in ["storage", "writeNames"] {
        wanted.extend(known_keys(&[key]).iter().map(|inner| format!("{key}.{inner}")));
    }
    assert_eq!(known_keys(&["resources"]), strings(&INJECTED_CONTAINERS));
    for container in INJECTED_CONTAINERS {
        wanted.extend(known_keys(&["resources", container]).iter().map(|kind| format!("resources.{container}.{kind}")));
    }
    let asked: Vec<String> =
        questions().iter().map(|question| question["variable"].as_str().expect("a variable").to_owned()).collect();
    assert_eq!(asked.len(), wanted.len(), "{asked:?}");
    assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), wanted);

    // maps of one's own keys name them: a dot in a key would be a step of a path to user interfaces
    let images = question("images")["description"].as_str().expect("a description").to_owned();
    for flavor in known_keys(&["images"]) {
        assert!(images.contains(&flavor), "the form does not name {flavor}");
    }
    let severities = known(&["rules", rule::ALL[0].id], json!("0"), "write one of ", ", not ");
    let described = question("rules")["description"].as_str().expect("a description").to_owned();
    for severity in severities {
        assert!(described.contains(&severity), "the form does not name {severity}");
    }
}

#[test]
fn the_form_offers_just_what_the_policy_takes() {
    for variable in ["unmanaged", "lookupFailure"] {
        let question = question(variable);
        let options: BTreeSet<_> = question["options"]
            .as_array()
            .expect("options")
            .iter()
            .map(|option| option.as_str().expect("a word").to_owned())
            .collect();
        assert_eq!(options, known(&[variable], json!("0"), "write one of ", ", not "), "{variable}");
        assert!(options.contains(question["default"].as_str().expect("a default")), "{variable}");
    }
    for question in questions() {
        let kind = question["type"].as_str().expect("a type");
        assert!(["string", "enum", "array[", "map["].contains(&kind), "{question}");
        for key in ["label", "group"] {
            assert!(question[key].as_str().is_some_and(|text| !text.is_empty()), "{question}");
        }
        assert_eq!(question["required"], false, "every setting is optional: {question}");
    }
}

/// A form that is sent as it is changes nothing.
#[test]
fn the_forms_defaults_are_the_policys() {
    let mut answers = json!({});
    for question in questions() {
        let Some(default) = question.get("default") else { continue };
        let path: Vec<_> = question["variable"].as_str().expect("a variable").split('.').collect();
        json_patch::merge(&mut answers, &settings(&path, default.clone()));
        // what merges away all the same is a value that the policy sees
        if default.is_null() {
            let answer = policy().validate_settings(&settings(&path, Value::Null)).expect("an answer");
            assert!(answer.valid, "{question}: {:?}", answer.message);
        }
    }
    let validity = policy().validate_settings(&answers).expect("an answer");
    assert!(validity.valid, "{answers}: {:?}", validity.message);
    assert!(answers["resources"]["xtrabackup"]["requests"].is_object() && answers["storage"]["size"].is_string());

    let annotated = yaml("examples/statefulset.yaml");
    let mut plain = annotated.clone();
    plain["metadata"]["annotations"] = json!({});
    for object in [annotated, plain] {
        let of_form = both_doors(&request(&object, None), &answers);
        let of_none = both_doors(&request(&object, None), &json!({}));
        // the digest of what is injected is over the same, so it is the same
        assert!(of_form == of_none, "{:#?}\n{:#?}", of_form.mutated_object, of_none.mutated_object);
    }
}

/// Resources, by group, that may be read by `get`, `list` and `watch`.
fn grants(rules: &[Value], group: &str) -> BTreeSet<String> {
    let reads = |rule: &Value| rule["verbs"].is_null() || rule["verbs"] == json!(["get", "list", "watch"]);
    let of_group = |rule: &Value, group: &str| {
        rule["apiGroup"] == group
            || rule["apiGroups"].as_array().is_some_and(|groups| groups.iter().any(|g| g == group))
    };
    let matching = rules.iter().filter(|rule| reads(rule) && of_group(rule, group));
    let resources = matching.filter_map(|rule| rule["resources"].as_array()).flatten();
    resources.map(|resource| resource.as_str().expect("a name").to_owned()).collect()
}

#[test]
fn helms_values_grant_what_the_role_grants() {
    let server = yaml("policy-metadata/policy-server-values.yaml")["policyServer"].clone();
    let rbac = read_manifests(&root().join("policy-metadata/rbac.yaml"));
    let role = rbac.iter().find(|object| object["kind"] == "ClusterRole").expect("a role");
    let binding = rbac.iter().find(|object| object["kind"] == "ClusterRoleBinding").expect("a binding");
    assert_eq!(server["serviceAccountName"], binding["subjects"][0]["name"]);
    assert_eq!(binding["roleRef"]["name"], role["metadata"]["name"]);

    let permissions = server["permissions"].as_array().expect("permissions");
    for permission in permissions {
        // as the chart's template reads them
        for key in permission.as_object().expect("a permission").keys() {
            assert!(["apiGroup", "resources", "verbs"].contains(&key.as_str()), "{permission}");
        }
        assert!(permission["apiGroup"].is_string() && permission["resources"].is_array(), "{permission}");
    }
    let mut needed = 0;
    for group in ["", "apps"] {
        let granted = grants(permissions, group);
        let by_role = grants(role["rules"].as_array().expect("rules"), group);
        assert!(!by_role.is_empty() && by_role.is_subset(&granted), "{group}: {by_role:?}, {granted:?}");
        needed += by_role.len();
    }
    assert_eq!(needed, metadata()["contextAwareResources"].as_array().map_or(0, Vec::len));
    // a list in the values takes the place of the chart's own
    assert!(grants(permissions, "").is_superset(&strings(&["namespaces", "pods", "services"])));
    assert!(grants(permissions, "networking.k8s.io").contains("ingresses"));
    assert!(permissions.iter().any(|one| one["resources"] == json!(["subjectaccessreviews"])));
}

/// What `cargo install` of the package needs is in it: the module, and all that its source takes in.
#[test]
fn the_package_of_preview_is_whole() {
    let cargo_program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo_program);
    command.args(["--locked", "--offline", "package", "--list", "--allow-dirty", "--package"]);
    let run = command.arg("mysql-replication-preview").current_dir(root()).output().expect("cargo");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let list = String::from_utf8(run.stdout).expect("text");
    let files: BTreeSet<&str> = list.lines().collect();
    assert!(files.contains("policy.wasm") && files.contains("build.rs") && files.contains("src/main.rs"), "{list}");
    // the build script takes in the rules' pages
    let pages = std::fs::read_dir(root().join("docs/rules")).expect("docs/rules");
    let mut seen = 0;
    for page in pages.map(|entry| entry.expect("an entry").file_name()) {
        let page = format!("docs/rules/{}", page.to_string_lossy());
        assert!(files.contains(page.as_str()), "{page} is not in the package");
        seen += 1;
    }
    assert!(seen > 40, "the rules' pages");
    for file in files.iter().filter(|file| file.starts_with("src/")) {
        let source = text(&format!("preview/{file}"));
        for rest in source.split("include_str!(\"").skip(1).chain(source.split("include_bytes!(\"").skip(1)) {
            let mut path: Vec<&str> = file.split('/').collect();
            path.pop();
            for step in rest.split('"').next().unwrap_or_default().split('/') {
                if step == ".." {
                    path.pop().expect("within the package");
                } else {
                    path.push(step);
                }
            }
            assert!(files.contains(path.join("/").as_str()), "{file} takes in {}, which is not there", path.join("/"));
        }
    }
    // and what it depends on has a version
    let version = cargo("workspace.package", "version");
    for manifest in ["preview/Cargo.toml", "crates/host/Cargo.toml"] {
        let manifest = text(manifest);
        for line in manifest.lines().filter(|line| line.starts_with("mysql-replication-") && line.contains("path = ")) {
            assert!(line.contains(&format!("version = \"{version}\"")), "{line}");
        }
    }
}

/// The steps of all jobs of a workflow.
fn steps(workflow: &Value) -> Vec<Value> {
    let jobs = workflow["jobs"].as_object().expect("jobs").values();
    jobs.filter_map(|job| job["steps"].as_array()).flatten().cloned().collect()
}

/// Beside installing tools, workflows call make, and so do nothing that nobody can do at home.
#[test]
fn workflows_call_make_and_pin_what_they_use() {
    let makefile = text("Makefile");
    let targets: BTreeSet<&str> = makefile
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter_map(|line| line.split_once(':').filter(|(_, rest)| !rest.starts_with('=')))
        .map(|(target, _)| target)
        .collect();
    let mut called = BTreeSet::new();
    let mut versions = BTreeSet::new();
    let mut actions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut workflows = 0;
    for entry in fs::read_dir(root().join(".github/workflows")).expect("workflows") {
        let path = entry.expect("an entry").path();
        let name = path.display();
        assert!(path.extension().is_some_and(|extension| extension == "yml"), "{name}");
        let workflow = read_manifest(&path);
        workflows += 1;
        assert!(workflow["permissions"].is_object(), "{name}: no more rights than are named");
        let source = fs::read_to_string(&path).expect("a workflow");
        for line in source.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")) {
            let is_local = line.starts_with("./.github/workflows/");
            let pinned = line
                .split_once('@')
                .and_then(|(_, rest)| rest.split_once(" # v"))
                .is_some_and(|(commit, _)| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(is_local || pinned, "{name}: {line}: pin it by a commit, with its version as a comment");
            let (action, version) = line.split_once('@').unwrap_or((line, ""));
            actions.entry(action.to_owned()).or_default().insert(version.to_owned());
            assert!(!is_local || root().join(line).is_file(), "{name}: there is no {line}");
        }
        for step in steps(&workflow) {
            if let Some(version) = step["with"]["kwctl-version"].as_str() {
                versions.insert(version.to_owned());
            }
            assert!(
                !step["uses"].as_str().is_some_and(|uses| uses.contains("kwctl-installer"))
                    || step["with"]["kwctl-version"].is_string(),
                "{name}: pin kwctl"
            );
            let Some(run) = step["run"].as_str() else { continue };
            assert!(!run.contains("${{"), "{name}: {run}: hand it in through env");
            let is_pinned = run.contains("==") || run.contains("--version ");
            if ["rustup toolchain install ", "sudo apt-get install "].iter().any(|start| run.starts_with(start))
                || (is_pinned
                    && ["cargo install --locked ", "pipx install "].iter().any(|start| run.starts_with(start)))
            {
                continue;
            }
            let mut words = run.split_whitespace();
            assert_eq!(words.next(), Some("make"), "{name}: {run}: make it a target, so that it can be run at home");
            called.extend(words.map(ToOwned::to_owned));
        }
    }
    assert_eq!(workflows, 5);
    for target in &called {
        assert!(targets.contains(target.as_str()), "the Makefile has no target {target}: {targets:?}");
    }
    assert_eq!(
        called,
        strings(&[
            "demo",
            "policy.wasm",
            "preview-binary",
            "same-policy",
            "test",
            "e2e-tests",
            "e2e-replication",
            "kind-cluster",
            "e2e-cluster",
            "check-publishing",
            "github-release",
            "check-chart",
            "deny",
            "lint-workflows",
            "test-playground"
        ])
    );
    assert_eq!(versions.len(), 1, "one kwctl for all: {versions:?}");
    for (action, versions) in actions {
        assert_eq!(versions.len(), 1, "one {action} for all: {versions:?}");
    }
}

/// The chart goes beside the policy, into the folder of its owner: there is nobody else's to write into.
#[test]
fn the_chart_is_pushed_beside_the_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |path: &str| folder.path().join(path);
    for part in ["hack", "policy-metadata", "bin"] {
        fs::create_dir(at(part)).expect("a folder");
    }
    fs::copy(root().join("hack/publish"), at("hack/publish")).expect("the script");
    let url = annotation("io.kubewarden.policy.ociUrl");
    let own = text("policy-metadata/metadata.yml").replace(&url, "registry.test/owner/mysql-replication-policy");
    fs::write(at("policy-metadata/metadata.yml"), own).expect("written");
    // stand-ins, which note what they are called with
    for (program, says) in [
        ("kwctl", "{}"),
        ("jq", "registry.test/owner/mysql-replication-policy@sha256:aa"),
        ("cosign", ""),
        ("helm", "Digest: sha256:bb"),
    ] {
        let script = format!("#!/bin/sh\necho \"{program} $*\" >>called\necho '{says}'\n");
        fs::write(at("bin").join(program), script).expect("written");
        fs::set_permissions(at("bin").join(program), fs::Permissions::from_mode(0o755)).expect("a program");
    }
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").expect("a path"));
    let tag = format!("v{}", annotation("io.kubewarden.policy.version"));
    let mut command = std::process::Command::new("bash");
    command.args(["hack/publish", "annotated-policy.wasm", "sbom.json", &tag]).env("PATH", path);
    let run = command.current_dir(folder.path()).output().expect("bash");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let called = fs::read_to_string(at("called")).expect("calls");
    let chart = format!("target/mysql-replication-policy-{}.tgz", tag.trim_start_matches('v'));
    for call in [
        format!("helm push {chart} oci://registry.test/owner/charts\n"),
        "cosign sign --yes registry.test/owner/charts/mysql-replication-policy@sha256:bb\n".to_owned(),
    ] {
        assert!(called.contains(&call), "{call}: {called}");
    }
}
