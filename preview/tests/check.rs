//! `check`: a cluster that a stand-in for kubectl answers for, with the real policy.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use common::command::{Ran, command, finish};
use common::policy_wasm;
use mysql_replication_preview::{Interpreter, Manifests, Policy, admission_request, yaml};
use serde_json::{Value, json};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const PASSWORD: &str = "s3cr3t-pw";
const STATUS: &str = "mysql-replication.kubewarden.io/status";
const SETS: &str = "get_statefulsets.apps_--all-namespaces";
const POLICIES: &str = "get_clusteradmissionpolicies.policies.kubewarden.io_--all-namespaces";
const SERVER: &str = "get_policyservers.policies.kubewarden.io_default";
const DEPLOYMENT: &str = "get_deployments.apps_--all-namespaces_--selector=kubewarden-policy-server=default";

/// What the cluster has, by kind.
struct Cluster {
    policies: Vec<Value>,
    sets: Vec<Value>,
    services: Vec<Value>,
    pods: Vec<Value>,
    deployment: Value,
}

fn read(path: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let reading = yaml::read("", &fs::read(&path).unwrap());
    reading.documents.iter().filter(|document| !document.is_empty()).map(|document| document.value().clone()).collect()
}

/// What the policy makes of an object.
fn admitted(object: &Value, others: &[Value]) -> Value {
    let policy = Policy::from_file::<Interpreter>(policy_wasm()).unwrap();
    let cluster = Manifests::new(others.iter().cloned(), "shop");
    let answer = policy.validate(&admission_request(object, None, "shop"), &json!({}), Arc::new(cluster)).unwrap();
    assert!(answer.accepted, "{:?}", answer.message);
    answer.mutated_object.unwrap_or_else(|| object.clone())
}

impl Cluster {
    /// Everything is as it should be: the policies as the project publishes them, and the example, injected.
    fn new() -> Self {
        let mut policies = read("policy-metadata/cluster-admission-policy.yaml");
        for policy in &mut policies {
            policy["status"] = json!({"policyStatus": "active"});
        }
        let mut set = read("examples/statefulset.yaml").remove(0);
        set["metadata"]["namespace"] = json!("shop");
        set["spec"]["template"]["spec"]["containers"][0]["env"] =
            json!([{"name": "MYSQL_ROOT_PASSWORD", "value": PASSWORD}]);
        let mut services = read("examples/services.yaml");
        for service in &mut services {
            service["metadata"]["namespace"] = json!("shop");
        }
        let mut set = admitted(&set, &services);
        set["metadata"]["uid"] = json!("1");
        set["status"] = json!({"readyReplicas": set["spec"]["replicas"]});
        services = services.iter().map(|service| admitted(service, std::slice::from_ref(&set))).collect();
        let pods = (0..3).map(|ordinal| {
            json!({
                "apiVersion": "v1", "kind": "Pod", "spec": set["spec"]["template"]["spec"],
                "metadata": {
                    "name": format!("mysql-{ordinal}"), "namespace": "shop",
                    "ownerReferences": [{"kind": "StatefulSet", "uid": "1"}],
                },
            })
        });
        let deployment = json!({
            "metadata": {"name": "policy-server-default", "namespace": "kubewarden"},
            "spec": {"replicas": 2, "template": {"spec": {"containers": [
                {"name": "policy-server-default", "image": "ghcr.io/kubewarden/policy-server:v1.36.0"},
            ]}}},
            "status": {"readyReplicas": 2},
        });
        Self { policies, pods: pods.collect(), sets: vec![set], services, deployment }
    }

    /// The answers of the stand-in, in a folder of their own.
    fn folder(&self) -> TempDir {
        let folder = TempDir::new().unwrap();
        for name in ["bin", "answers"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand-ins/kubectl");
        // it looks for its answers beside the name that it is called by
        symlink(script, folder.path().join("bin/kubectl")).unwrap();
        let list = |items: &[Value]| json!({"items": items}).to_string();
        for (name, text) in [
            ("get_--raw_-version", json!({"gitVersion": "v1.36.1"}).to_string()),
            (POLICIES, list(&self.policies)),
            (SERVER, json!({"spec": {"serviceAccountName": "policy-server"}}).to_string()),
            (DEPLOYMENT, list(std::slice::from_ref(&self.deployment))),
            (SETS, list(&self.sets)),
            ("get_statefulsets.apps_--namespace=shop", list(&self.sets)),
            ("get_services_--namespace=shop", list(&self.services)),
            ("get_pods_--namespace=shop", list(&self.pods)),
        ] {
            fs::write(folder.path().join("answers").join(name), text).unwrap();
        }
        folder
    }
}

fn answer(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join("answers").join(name), text).unwrap();
}

fn check(folder: &TempDir, args: &[&str]) -> Ran {
    let mut command = command(folder.path());
    command.env("PATH", folder.path().join("bin")).env("MYSQL_REPLICATION_POLICY", policy_wasm());
    finish(command.arg("check").args(args))
}

fn as_json(folder: &TempDir, args: &[&str]) -> Value {
    let ran = check(folder, &[&["--output", "json"], args].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    assert_eq!(report["exitCode"], ran.code);
    assert_eq!(report["version"], VERSION);
    report
}

/// Exactly these are not well: the id, the level, and a part of the message.
fn expect(folder: &TempDir, expected: &[(&str, &str, &str)]) {
    let report = as_json(folder, &[]);
    let checks = report["checks"].as_array().unwrap();
    let found: Vec<&Value> = checks.iter().filter(|check| check["level"] != "ok").collect();
    assert_eq!(found.len(), expected.len(), "{expected:?}: {found:#?}");
    for (check, (id, level, part)) in found.iter().zip(expected) {
        assert_eq!((check["id"].as_str(), check["level"].as_str()), (Some(*id), Some(*level)), "{check}");
        assert!(check["message"].as_str().unwrap().contains(part), "{part}: {check}");
        assert!(check["link"].as_str().unwrap().starts_with("https://"), "{check}");
    }
    let exit_code = match expected.iter().map(|(_, level, _)| *level) {
        mut levels if levels.clone().any(|level| level == "unknown") => {
            assert!(levels.next().is_some());
            2
        }
        mut levels => i32::from(levels.any(|level| level == "bad")),
    };
    assert_eq!(report["exitCode"], exit_code);
}

#[test]
fn all_is_well() {
    let folder = Cluster::new().folder();
    let ran = check(&folder, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    for part in [
        "cluster\n√ kubectl reaches a cluster, Kubernetes v1.36.1\n\npolicy\n",
        "√ ClusterAdmissionPolicy mysql-replication is active\n",
        "√ ClusterAdmissionPolicy mysql-replication-workloads is in protect mode\n",
        "\npolicy server\n√ PolicyServer default is there",
        "√ 2 of 2 Pods of PolicyServer default are Ready\n",
        "√ the policy server is version 1.36.0; 1.33 is enough\n",
        "√ the service account kubewarden:policy-server may look up Services, ConfigMaps and StatefulSets\n",
        &format!("√ StatefulSet shop/mysql is injected by {VERSION}, as that version leaves it\n"),
        "√ StatefulSet shop/mysql: 3 of 3 Pods run this injection\n",
        "√ Service shop/mysql-write leads to the primary\n",
    ] {
        assert!(ran.out.contains(part), "{part}:\n{}", ran.out);
    }
    assert!(!ran.out.contains(['‼', '×', '?']) && ran.out.ends_with(" well\n"), "{}", ran.out);
    assert_eq!(check(&folder, &["--fail-on-warnings"]).code, 0);
}

#[test]
fn options_are_handed_on_to_kubectl() {
    let folder = Cluster::new().folder();
    let ran = check(&folder, &["--context", "prod", "--kubeconfig", "k.conf", "--namespace", "shop"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    let asked = fs::read_to_string(folder.path().join("answers/asked")).unwrap();
    assert!(asked.lines().count() > 15, "{asked}");
    for line in asked.lines() {
        assert!(line.starts_with("--context=prod --kubeconfig=k.conf "), "{line}");
        assert!(line.ends_with(" --request-timeout=30s") && !line.contains("secret"), "{line}");
    }
    assert!(asked.contains(" get statefulsets.apps --namespace=shop ") && !asked.contains("pods --all"), "{asked}");
    for verb in ["get", "list", "watch"] {
        for resource in ["services", "configmaps", "statefulsets.apps"] {
            let line = format!(
                " auth can-i {verb} {resource} --as=system:serviceaccount:kubewarden:policy-server --all-namespaces "
            );
            assert!(asked.contains(&line), "{line}: {asked}");
        }
    }
    // as a plugin, kubectl names it so
    let plugin = folder.path().join("bin/kubectl-mysql_replication");
    symlink(assert_cmd::cargo::cargo_bin!("mysql-replication-preview"), &plugin).unwrap();
    let mut command = assert_cmd::Command::new(&plugin);
    command.env("PATH", folder.path().join("bin")).env("MYSQL_REPLICATION_POLICY", policy_wasm()).arg("check");
    assert_eq!(finish(&mut command).code, 0);
}

#[test]
fn without_a_cluster_nothing_is_known() {
    let folder = Cluster::new().folder();
    answer(&folder, "get_--raw_-version.error", "The connection to the server localhost:8080 was refused\n");
    expect(&folder, &[("cluster", "unknown", "kubectl reaches no cluster: The connection to the server")]);
    answer(&folder, "get_--raw_-version.error", "error: context \"nope\" does not exist\n");
    expect(&folder, &[("cluster", "unknown", "context \"nope\" does not exist")]);
    fs::remove_file(folder.path().join("bin/kubectl")).unwrap();
    expect(&folder, &[("kubectl", "unknown", "kubectl is not in the PATH")]);
    let ran = check(&folder, &["--policy", "nowhere.wasm"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("no policy module at nowhere.wasm"), "{}", ran.err);
    for arg in ["--namespace=", "--namespace=A b", "--context="] {
        let ran = check(&folder, &[arg]);
        assert_eq!(ran.code, 2, "{arg}");
        let option = arg.split('=').next().unwrap();
        assert!(ran.err.starts_with(&format!("error: {option} ")), "{}", ran.err);
    }
}

/// What no cluster answers, and a broken stand-in for kubectl may.
#[test]
fn answers_of_another_form_are_told() {
    for answered in ["[]", "7", "\"x\"", "null", "{\"items\": 7}", "{\"items\": [7, []]}"] {
        let folder = Cluster::new().folder();
        for name in [POLICIES, SERVER, DEPLOYMENT, SETS, "get_--raw_-version", "get_pods_--namespace=shop"] {
            answer(&folder, name, answered);
            assert!(check(&folder, &[]).code < 3, "{name}: {answered}");
        }
    }
    let folder = Cluster::new().folder();
    answer(&folder, SETS, "[]");
    expect(&folder, &[("injected", "unknown", "StatefulSets could not be looked up: no list of statefulsets.apps")]);
}

#[test]
fn what_may_not_be_asked_is_told_and_the_rest_is_checked() {
    const FORBIDDEN: &str = "Error from server (Forbidden): x is forbidden: User \"u\" cannot list resource \"x\"\n";
    for (name, expected) in [
        (SETS, ("injected", "StatefulSets could not be looked up: Error from server (Forbidden)")),
        (POLICIES, ("policy-installed", "clusteradmissionpolicies.policies.kubewarden.io could not be looked up")),
        (DEPLOYMENT, ("server-up", "the Deployment of PolicyServer default could not be looked up")),
        (SERVER, ("server-there", "PolicyServer default could not be looked up")),
        ("get_services_--namespace=shop", ("drift", "services of the namespace shop could not be looked up")),
        (
            "auth_can-i_get_services_--as=system-serviceaccount-kubewarden-policy-server_--all-namespaces",
            ("server-rights", "what the service account kubewarden:policy-server may do could not be asked"),
        ),
    ] {
        let mut cluster = Cluster::new();
        cluster.deployment["spec"]["template"]["spec"]["serviceAccountName"] = json!("policy-server");
        let folder = cluster.folder();
        answer(&folder, &format!("{name}.error"), FORBIDDEN);
        let report = as_json(&folder, &[]);
        assert_eq!(report["exitCode"], 2);
        let checks = report["checks"].as_array().unwrap();
        let unknown: Vec<&Value> = checks.iter().filter(|check| check["level"] == "unknown").collect();
        assert_eq!(unknown.len(), 1, "{name}: {unknown:#?}");
        assert_eq!(unknown[0]["id"], expected.0);
        assert!(unknown[0]["message"].as_str().unwrap().contains(expected.1), "{}", unknown[0]);
        assert!(checks.iter().any(|check| check["level"] == "ok"));
    }
}

#[test]
fn a_policy_that_is_not_at_work_is_told() {
    let with = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut cluster = Cluster::new();
        change(&mut cluster.policies);
        cluster.folder()
    };
    expect(&with(&|policies| policies.clear()), &[("policy-installed", "bad", "the policy is not installed")]);
    let pending = json!({"policyStatus": "pending", "conditions": [
        {"type": "PolicyActive", "status": "True"},
        {"type": "PolicyUniquelyReachable", "status": "False", "reason": "x", "message": "the server has another one"},
    ]});
    expect(
        &with(&|policies| policies[0]["status"] = pending.clone()),
        &[("policy-active", "bad", "is pending (PolicyUniquelyReachable: the server has another one)")],
    );
    expect(
        &with(&|policies| policies[1]["spec"]["mode"] = json!("monitor")),
        &[(
            "policy-mode",
            "warning",
            "mysql-replication-workloads is in monitor mode: nothing is rejected, and nothing",
        )],
    );
    expect(
        &with(&|policies| policies[0]["spec"]["module"] = json!("registry://x/mysql-replication-policy:v0.2.0")),
        &[("policy-version", "warning", "is version 0.2.0, and this program ")],
    );
    expect(
        &with(&|policies| policies[0]["spec"]["module"] = json!("registry://x/mysql-replication-policy@sha256:0")),
        &[("policy-version", "warning", "does not tell its version")],
    );
    expect(
        &with(&|policies| {
            policies[0]["spec"]["module"] = json!("registry://x/mysql-replication-policy@sha256:0");
            policies[0]["metadata"]["labels"] = json!({"app.kubernetes.io/version": VERSION});
        }),
        &[],
    );
    expect(
        &with(&|policies| policies[0]["spec"]["contextAwareResources"][1] = json!({})),
        &[("policy-look-ups", "bad", "mysql-replication may not look up ConfigMap: ")],
    );
    expect(
        &with(&|policies| policies[0]["spec"]["rules"][2]["resources"] = json!(["services"])),
        &[("policy-rules", "bad", "is not asked about CREATE of configmaps, UPDATE of configmaps")],
    );
    expect(
        &with(&|policies| policies[0]["spec"]["failurePolicy"] = json!("Ignore")),
        &[("policy-failure", "warning", "while the policy server is away nothing is injected")],
    );
    expect(
        &with(&|policies| policies[1]["spec"]["settings"] = json!({})),
        &[("policy-settings", "warning", "have different settings")],
    );
    expect(
        &with(&|policies| policies.iter_mut().for_each(|policy| policy["spec"]["settings"] = json!({"nope": 1}))),
        &[
            ("policy-settings", "bad", "mysql-replication has settings that version "),
            ("policy-settings", "bad", "mysql-replication-workloads has settings that version "),
        ],
    );
    let folder = with(&|policies| {
        policies.remove(0);
    });
    expect(&folder, &[("policy-rules", "bad", "no policy injects")]);
    let folder = Cluster::new().folder();
    answer(&folder, &format!("{POLICIES}.error"), "error: the server doesn't have a resource type \"x\"\n");
    expect(&folder, &[("kubewarden", "bad", "Kubewarden is not installed")]);
}

#[test]
fn a_policy_server_that_is_not_at_work_is_told() {
    let with = |change: &dyn Fn(&mut Value)| {
        let mut cluster = Cluster::new();
        change(&mut cluster.deployment);
        cluster.folder()
    };
    expect(
        &with(&|deployment| deployment["status"] = json!({})),
        &[("server-up", "bad", "no Pod of PolicyServer default is Ready")],
    );
    expect(
        &with(&|deployment| deployment["status"] = json!({"readyReplicas": 1})),
        &[("server-up", "warning", "1 of 2 Pods of PolicyServer default are Ready")],
    );
    let image = |image: &str| {
        let image = image.to_owned();
        with(&move |deployment| deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image))
    };
    expect(
        &image("x/policy-server:v1.32.1"),
        &[("server-version", "bad", "is version 1.32.1, and the policy needs 1.33")],
    );
    expect(&image("x/policy-server@sha256:0"), &[("server-version", "warning", "does not tell its version")]);
    let folder = Cluster::new().folder();
    answer(&folder, DEPLOYMENT, "{\"items\": []}");
    expect(&folder, &[("server-up", "bad", "PolicyServer default has no Deployment")]);
    let folder = Cluster::new().folder();
    answer(&folder, &format!("{SERVER}.error"), "Error from server (NotFound): policyservers \"default\" not found\n");
    expect(&folder, &[("server-there", "bad", "there is no PolicyServer default")]);
    let folder = Cluster::new().folder();
    for (verb, resource) in [("watch", "configmaps"), ("list", "statefulsets.apps")] {
        let account = "--as=system-serviceaccount-kubewarden-policy-server_--all-namespaces";
        answer(&folder, &format!("auth_can-i_{verb}_{resource}_{account}"), "no - no RBAC policy matched\n");
    }
    expect(
        &folder,
        &[(
            "server-rights",
            "bad",
            "the service account kubewarden:policy-server may not watch configmaps, list statefulsets.apps",
        )],
    );
}

#[test]
fn databases_that_are_not_as_the_policy_leaves_them_are_told() {
    let with = |change: &dyn Fn(&mut Cluster)| {
        let mut cluster = Cluster::new();
        change(&mut cluster);
        cluster.folder()
    };
    let plain = || {
        let mut set = read("examples/statefulset.yaml").remove(0);
        set["metadata"]["namespace"] = json!("shop");
        set["metadata"]["uid"] = json!("1");
        set["status"] = json!({"readyReplicas": 3});
        set
    };
    // never injected
    let asks = ("injected", "bad", "StatefulSet shop/mysql asks for the injection, and has none");
    let folder = with(&|cluster| cluster.sets = vec![plain()]);
    let refused = ("rules", "bad", "StatefulSet shop/mysql would be refused by [immutable-field]: spec.volumeClaim");
    expect(&folder, &[asks, refused]);
    // with a claim of its own there is nothing that cannot be changed
    let with_claim = || {
        let mut set = plain();
        let claim = json!({
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        });
        set["spec"]["volumeClaimTemplates"] = json!([claim]);
        set["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] =
            json!([{"name": "data", "mountPath": "/var/lib/mysql"}]);
        set
    };
    let hint = |folder: &TempDir| {
        let report = as_json(folder, &[]);
        let checks = report["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == "injected" && check["level"] == "bad").unwrap();
        check["hint"].as_str().unwrap().to_owned()
    };
    assert!(hint(&folder).contains("Its next update is refused"), "{}", hint(&folder));
    let folder = with(&|cluster| cluster.sets = vec![with_claim()]);
    expect(&folder, &[asks, ("rules", "warning", "its pods hold data of their own: delete pod 0 next")]);
    let list = check(&folder, &[]).out;
    let told = list.split_once("fix: the reference says what it is about\n    see: ").expect("the hint").1;
    assert!(told.lines().next().unwrap().ends_with("/docs/reference.md"), "{list}");
    assert!(hint(&folder).contains("Its next update brings the injection"), "{}", hint(&folder));
    let folder = with(&|cluster| {
        cluster.sets = vec![plain()];
        cluster.policies[0]["spec"]["namespaceSelector"]["matchExpressions"][0]["values"] = json!(["shop"]);
    });
    assert!(hint(&folder).contains("left out by the namespaceSelector of ClusterAdmissionPolicy mysql-replication"));
    let folder = with(&|cluster| {
        cluster.sets = vec![plain()];
        cluster.policies[0]["spec"]["mode"] = json!("monitor");
    });
    assert!(hint(&folder).contains("is in monitor mode, which injects nothing"), "{}", hint(&folder));
    let folder = with(&|cluster| {
        cluster.sets = vec![plain()];
        cluster.policies.clear();
    });
    assert!(hint(&folder).contains("no policy injects"), "{}", hint(&folder));
    // not asking, of several pods
    let folder = with(&|cluster| {
        let mut set = plain();
        set["metadata"]["annotations"] = json!({});
        cluster.sets = vec![set];
        cluster.services.clear();
        cluster.policies.iter_mut().for_each(|policy| policy["spec"]["settings"] = json!({}));
    });
    expect(&folder, &[("unmanaged", "warning", "nothing replicates these 3 pods")]);
    // edited since, and injected by others
    let folder = with(&|cluster| {
        cluster.sets[0]["spec"]["template"]["spec"]["containers"][1]["image"] = json!("x:1");
    });
    expect(
        &folder,
        &[("drift", "warning", "is not as that version leaves it: adds fields spec.template.spec.containers[xtrab")],
    );
    let folder = with(&|cluster| {
        let status = cluster.sets[0]["metadata"]["annotations"][STATUS].as_str().unwrap().replace(VERSION, "0.2.9");
        cluster.sets[0]["metadata"]["annotations"][STATUS] = json!(status);
    });
    expect(&folder, &[("injection-version", "warning", "is injected by 0.2.9")]);
    // refused by a rule
    let folder = with(&|cluster| {
        cluster.sets[0]["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["--skip-read-only"]);
    });
    expect(&folder, &[("rules", "bad", "StatefulSet shop/mysql would be refused by [read-only-off]: ")]);
    // pods, and their services
    let folder = with(&|cluster| {
        cluster.pods[2]["spec"]["initContainers"] = json!([]);
        let words = cluster.pods[1]["spec"]["initContainers"][0]["command"].as_array_mut().unwrap();
        words[2] = json!("# injected by mysql-replication-policy 0.2.5: its scripts");
        cluster.sets[0]["status"] = json!({"readyReplicas": 1});
    });
    expect(
        &folder,
        &[
            ("pods", "bad", "1 of 3 Pods are not injected, and are databases of their own: mysql-2"),
            ("pods", "warning", "1 of 3 Pods run an older injection: mysql-1 (0.2.5)"),
            ("ready", "warning", "1 of 3 Pods are Ready"),
        ],
    );
    let folder = with(&|cluster| {
        let service = cluster.services.iter_mut().find(|service| service["metadata"]["name"] == "mysql-write").unwrap();
        service["spec"]["selector"] = json!({"app": "mysql"});
    });
    expect(&folder, &[("write-service", "bad", "Service shop/mysql-write does not lead to the primary alone")]);
}

/// Writes a field where there is none.
fn default(object: &mut Value, key: &str, value: Value) {
    let map = object.as_object_mut().unwrap();
    map.entry(key).or_insert(value);
}

/// What the API server writes into a StatefulSet by itself (Kubernetes API, the defaults of its fields).
fn with_defaults(set: &mut Value) {
    let spec = &mut set["spec"];
    default(spec, "podManagementPolicy", json!("OrderedReady"));
    default(spec, "revisionHistoryLimit", json!(10));
    default(spec, "updateStrategy", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}));
    default(spec, "persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Retain", "whenScaled": "Retain"}));
    for claim in spec["volumeClaimTemplates"].as_array_mut().unwrap() {
        default(claim, "apiVersion", json!("v1"));
        default(claim, "kind", json!("PersistentVolumeClaim"));
        default(claim, "status", json!({"phase": "Pending"}));
        default(&mut claim["spec"], "volumeMode", json!("Filesystem"));
    }
    let pod = &mut spec["template"]["spec"];
    for (key, value) in [
        ("restartPolicy", json!("Always")),
        ("dnsPolicy", json!("ClusterFirst")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
    ] {
        default(pod, key, value);
    }
    for volume in pod["volumes"].as_array_mut().unwrap() {
        if volume["configMap"].is_object() {
            default(&mut volume["configMap"], "defaultMode", json!(420));
        }
    }
    for list in ["initContainers", "containers"] {
        for container in pod[list].as_array_mut().unwrap() {
            for (key, value) in [
                ("imagePullPolicy", json!("IfNotPresent")),
                ("terminationMessagePath", json!("/dev/termination-log")),
                ("terminationMessagePolicy", json!("File")),
                ("resources", json!({})),
            ] {
                default(container, key, value);
            }
            for port in container["ports"].as_array_mut().into_iter().flatten() {
                default(port, "protocol", json!("TCP"));
            }
            for variable in container["env"].as_array_mut().into_iter().flatten() {
                if variable["valueFrom"]["fieldRef"].is_object() {
                    default(&mut variable["valueFrom"]["fieldRef"], "apiVersion", json!("v1"));
                }
            }
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                if container[probe].is_object() {
                    for (key, value) in
                        [("failureThreshold", 3), ("periodSeconds", 10), ("successThreshold", 1), ("timeoutSeconds", 1)]
                    {
                        default(&mut container[probe], key, json!(value));
                    }
                }
            }
        }
    }
}

#[test]
fn what_the_api_server_writes_by_itself_is_no_drift() {
    let mut cluster = Cluster::new();
    with_defaults(&mut cluster.sets[0]);
    for pod in &mut cluster.pods {
        pod["spec"] = cluster.sets[0]["spec"]["template"]["spec"].clone();
    }
    expect(&cluster.folder(), &[]);
}

#[test]
fn what_an_earlier_version_injected_is_told_with_what_this_one_brings() {
    let mut cluster = Cluster::new();
    let mut set = read("e2e-tests/records/0.2.0/mariadb.yaml").remove(0);
    set["metadata"]["namespace"] = json!("shop");
    set["metadata"]["uid"] = json!("1");
    cluster.sets = vec![set];
    cluster.pods.clear();
    let report = as_json(&cluster.folder(), &[]);
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "injection-version").unwrap();
    let message = check["message"].as_str().unwrap();
    assert!(message.contains(&format!(" is injected by 0.2.0; {VERSION} would bring: adds ")), "{message}");
    assert!(message.len() < 2_000, "{message}");
}

#[test]
fn without_databases_there_is_nothing_to_tell() {
    let mut cluster = Cluster::new();
    cluster.sets.clear();
    let ran = check(&cluster.folder(), &[]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("\ndatabases\n√ no StatefulSet asks for the injection\n"), "{}", ran.out);
}

#[test]
fn no_password_is_shown() {
    let mut cluster = Cluster::new();
    // drifted in all parts, so that as much as possible is told
    cluster.sets[0]["spec"]["template"]["spec"]["containers"][1] = json!({"name": "xtrabackup", "image": "x"});
    cluster.sets[0]["spec"]["template"]["spec"]["initContainers"][0]["env"] = json!([]);
    let folder = cluster.folder();
    for args in [&["--output", "json"][..], &[]] {
        let ran = check(&folder, args);
        assert!(ran.out.contains("shop/mysql") && !ran.out.contains(PASSWORD), "{}", ran.out);
    }
    let asked = fs::read_to_string(folder.path().join("answers/asked")).unwrap();
    assert!(!asked.to_lowercase().contains("secret"), "{asked}");
}

#[test]
fn warnings_fail_where_that_is_wanted() {
    let mut cluster = Cluster::new();
    cluster.deployment["status"] = json!({"readyReplicas": 1});
    let folder = cluster.folder();
    assert_eq!(check(&folder, &[]).code, 0);
    let ran = check(&folder, &["--fail-on-warnings"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("‼ 1 of 2 Pods of PolicyServer default are Ready\n    fix: `kubectl logs"), "{}", ran.out);
    assert!(ran.out.contains("/docs/check.md#server-up\n"), "{}", ran.out);
}

/// Every check is a heading of its page, and the page has no other one.
#[test]
fn every_check_is_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut ids = BTreeSet::new();
    for entry in fs::read_dir(folder.join("src/check")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for call in ["ok(", "warning(", "bad(", "unknown(", "failed(", "of_rule("] {
            for rest in text.split(&format!("checks.{call}")).skip(1) {
                ids.insert(rest.trim_start().trim_start_matches('"').split('"').next().unwrap().to_owned());
            }
        }
    }
    let page = fs::read_to_string(folder.join("../docs/check.md")).unwrap();
    let headings: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert!(ids.len() > 15, "{ids:?}");
    assert_eq!(ids, headings, "those that are checked, and those of docs/check.md");
}
