//! The folders of `examples/`: what each one shows holds, in whatever order its files are applied.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use mysql_replication_e2e_tests::{both_doors_in, orders, parse, policy, read_manifest, read_manifests, request, root};
use mysql_replication_policy::names::{
    BACKUP_PORT, CLONE_CONTAINER, DATABASE_PORT, INIT_CONTAINER, INJECTED_CONTAINERS, POD_NAME_LABEL, SIDECAR_CONTAINER,
};
use mysql_replication_preview::{Manifests, Preview, Verdict, yaml};
use serde_json::{Value, json};

/// The folders with files that are applied as they are.
const PLAIN: [&str; 5] = ["hardened", "mariadb", "mysql-8.4", "network-policy", "password-from-secret"];
const KUSTOMIZE: &str = "kustomize";
/// A backup of the database of `mariadb`.
const BACKUP: &str = "backup";

fn folder(name: &str) -> PathBuf {
    root().join("examples").join(name)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// The objects of a file that begins with a comment on whom it is for.
fn objects(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.starts_with("# For whoever "), "{}: no comment on top says who it is for", path.display());
    let reading = yaml::read(&path.to_string_lossy(), text.as_bytes());
    assert!(reading.errors.is_empty() && reading.warnings.is_empty(), "{reading:?}");
    let documents = reading.documents.iter().filter(|document| !document.is_empty());
    let objects: Vec<_> = documents.map(|document| document.value().clone()).collect();
    assert!(!objects.is_empty(), "{}: no object", path.display());
    objects
}

/// The objects of each file of a folder.
fn files(name: &str) -> Vec<Vec<Value>> {
    let files: Vec<_> = entries(&folder(name)).iter().map(|path| objects(path)).collect();
    assert!((2..=5).contains(&files.len()), "{name}: {} files; all their orders are tried", files.len());
    files
}

type Stored = BTreeMap<String, Value>;

fn key(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no kind or name: {object}")).to_owned();
    format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Applies files in every order, and once more; every object is accepted, and what is there in the end is the same.
fn apply(name: &str, files: &[Vec<Value>]) -> Stored {
    let orders = orders(files.len());
    assert_eq!(orders.len(), (1..=files.len()).product::<usize>());
    let mut ends: Vec<Stored> = Vec::new();
    for order in &orders {
        let mut stored = Stored::new();
        for round in 0..2 {
            for object in order.iter().flat_map(|index| &files[*index]) {
                let key = key(object);
                let old = stored.get(&key).cloned();
                let cluster = Manifests::new(stored.values().cloned(), "default");
                let answer = both_doors_in(&cluster, &request(object, old.as_ref()), &json!({}));
                assert!(answer.accepted, "{name} {order:?}: {key}: {:?}", answer.message);
                // what is missing yet is there in the second round
                assert!(round == 0 || answer.warnings.is_none(), "{name} {order:?}: {key}: {:?}", answer.warnings);
                let changes = object["metadata"]["annotations"].as_object().is_some_and(|annotations| {
                    annotations.keys().any(|key| key.starts_with("mysql-replication.kubewarden.io/"))
                });
                assert_eq!(answer.mutated_object.is_some(), changes, "{name} {order:?}: {key}");
                stored.insert(key, answer.mutated_object.unwrap_or_else(|| object.clone()));
            }
        }
        ends.push(stored);
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{name}: the order matters");
    let end = ends.pop().expect("an order");
    check_cluster(name, &end);
    end
}

/// What every example ends in: an injected StatefulSet, a Service of the primary, and a headless one.
fn check_cluster(name: &str, stored: &Stored) {
    let statefulset = statefulset(stored);
    let database = statefulset["metadata"]["name"].as_str().expect("a name");
    let pod = &statefulset["spec"]["template"]["spec"];
    assert_eq!(statefulset["spec"]["replicas"], 3, "{name}");
    assert_eq!(containers(pod).len(), INJECTED_CONTAINERS.len() + 1, "{name}");
    for injected in INJECTED_CONTAINERS {
        container(pod, injected);
    }
    let services: Vec<_> = stored.values().filter(|object| object["kind"] == "Service").collect();
    let primary = json!(format!("{database}-0"));
    let bound = services.iter().filter(|service| service["spec"]["selector"][POD_NAME_LABEL] == primary);
    assert_eq!(bound.count(), 1, "{name}: one Service leads to the primary");
    let governing = &stored[&format!("Service/{database}")];
    assert_eq!(governing["spec"]["clusterIP"], "None", "{name}");
    assert_eq!(statefulset["spec"]["serviceName"], database, "{name}");
}

fn statefulset(stored: &Stored) -> &Value {
    let mut statefulsets = stored.values().filter(|object| object["kind"] == "StatefulSet");
    let statefulset = statefulsets.next().expect("a StatefulSet");
    assert!(statefulsets.next().is_none(), "more than one StatefulSet");
    statefulset
}

/// All containers of a pod, init containers included.
fn containers(pod: &Value) -> Vec<&Value> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    lists.iter().filter_map(|list| pod[*list].as_array()).flatten().collect()
}

fn container<'p>(pod: &'p Value, name: &str) -> &'p Value {
    let found = containers(pod).into_iter().find(|container| container["name"] == name);
    found.unwrap_or_else(|| panic!("no container {name}"))
}

fn variable<'c>(container: &'c Value, name: &str) -> Option<&'c Value> {
    container["env"].as_array().expect("variables").iter().find(|variable| variable["name"] == name)
}

fn plain(name: &str) -> Stored {
    assert!(PLAIN.contains(&name));
    apply(name, &files(name))
}

#[test]
fn every_folder_is_tried() {
    let found: BTreeSet<_> = entries(&root().join("examples"))
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    let tried: BTreeSet<_> = PLAIN.into_iter().chain([KUSTOMIZE, BACKUP]).map(ToOwned::to_owned).collect();
    assert_eq!(found, tried, "a folder of examples/ that no test here reads, or one that is gone");
}

/// As `preview examples/FOLDER` does it.
#[test]
fn preview_accepts_every_folder() {
    let kustomize = ["base", "overlay"].map(|name| format!("{KUSTOMIZE}/{name}"));
    for name in PLAIN.iter().chain([&BACKUP]).map(|name| (*name).to_owned()).chain(kustomize) {
        let paths =
            entries(&folder(&name)).into_iter().filter(|path| path.extension().is_some_and(|end| end == "yaml"));
        let mut documents = Vec::new();
        for path in paths {
            let reading = yaml::read(&path.to_string_lossy(), &fs::read(&path).expect("a file"));
            assert!(reading.errors.is_empty(), "{reading:?}");
            documents.extend(reading.documents);
        }
        let outcomes = Preview::new(policy(), json!({}), "default").run(&documents, &[]);
        let objects: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.objects).collect();
        assert!(!objects.is_empty(), "{name}: nothing was looked at");
        for object in objects {
            assert!(object.verdict != Verdict::Rejected, "{name}: {}: {:?}", object.file, object.message);
            assert!(object.warnings.is_empty(), "{name}: {}: {:?}", object.file, object.warnings);
        }
    }
}

#[test]
fn a_password_from_a_secret() {
    let stored = plain("password-from-secret");
    let pod = &statefulset(&stored)["spec"]["template"]["spec"];
    let root_password = json!({"secretKeyRef": {"name": "shop", "key": "root-password"}});
    for name in [CLONE_CONTAINER, SIDECAR_CONTAINER] {
        let password = variable(container(pod, name), "MYSQL_ROOT_PASSWORD").expect("root's password");
        assert_eq!(password["valueFrom"], root_password, "{name}");
        // the application's is no business of theirs
        assert_eq!(variable(container(pod, name), "MYSQL_PASSWORD"), None, "{name}");
    }
    assert!(!container(pod, INIT_CONTAINER).to_string().contains("PASSWORD\""), "init-mysql needs no password");
    let secret = &stored["Secret/shop"];
    let passwords: Vec<_> = secret["stringData"].as_object().expect("passwords").values().collect();
    assert_eq!(passwords.len(), 2);
    for (key, object) in &stored {
        let shows =
            passwords.iter().any(|password| object.to_string().contains(password.as_str().expect("a password")));
        assert_eq!(shows, key == "Secret/shop", "{key}");
    }
    // and the application of this example would not get by with a Service over all pods
    let mut astray = stored["Deployment/shop-web"].clone();
    let host = astray.pointer_mut("/spec/template/spec/containers/0/env/0").expect("a variable");
    assert_eq!(*host, json!({"name": "DB_WRITE_HOST", "value": "shop-write"}));
    host["value"] = json!("shop-read");
    let cluster = Manifests::new(stored.values().cloned(), "default");
    let answer = both_doors_in(&cluster, &request(&astray, None), &json!({}));
    assert!(answer.message.expect("a rejection").contains("[write-endpoint]"));
}

#[test]
fn mariadb() {
    let stored = plain("mariadb");
    let pod = &statefulset(&stored)["spec"]["template"]["spec"];
    let image = &container(pod, "mariadb")["image"];
    for name in INJECTED_CONTAINERS {
        let container = container(pod, name);
        assert_eq!(&container["image"], image, "{name}: the backup tool is in the database's own image");
    }
    for (name, value) in [("REPLICATION_FLAVOR", "mariadb"), ("REPLICATION_MAX_LAG_SECONDS", "30")] {
        assert_eq!(variable(container(pod, INIT_CONTAINER), name).expect(name)["value"], value);
    }
    let volumes = pod["volumes"].as_array().expect("volumes");
    assert!(volumes.iter().any(|volume| volume["configMap"]["name"] == "ledger-options"), "{volumes:?}");
    // the option files are looked at: a replica's without read-only is refused
    let mut open = stored["ConfigMap/ledger-options"].clone();
    open["data"]["replica.cnf"] = json!("[mariadb]\nread-only = OFF\n");
    let cluster = Manifests::new(stored.values().cloned(), "default");
    let answer = both_doors_in(&cluster, &request(&open, Some(&stored["ConfigMap/ledger-options"])), &json!({}));
    assert!(!answer.accepted);
}

#[test]
fn mysql_8_4_clones_through_its_plugin() {
    let stored = plain("mysql-8.4");
    let statefulset = statefulset(&stored);
    let pod = &statefulset["spec"]["template"]["spec"];
    let image = &container(pod, "mysql")["image"];
    for name in INJECTED_CONTAINERS {
        let container = container(pod, name);
        assert_eq!(&container["image"], image, "{name}: no image but the database's");
        assert!(container["ports"].is_null(), "{name}: nothing is served beside port {DATABASE_PORT}");
    }
    let method = variable(container(pod, INIT_CONTAINER), "REPLICATION_CLONE_METHOD").expect("a method");
    assert_eq!(method["value"], "clone-plugin");
    let claims = statefulset["spec"]["volumeClaimTemplates"].as_array().expect("claims");
    assert_eq!(claims.len(), 1, "the claim template of one's own is enough");
    for name in [CLONE_CONTAINER, SIDECAR_CONTAINER] {
        let mounts = container(pod, name)["volumeMounts"].as_array().expect("mounts");
        assert!(
            mounts.contains(&json!({"name": "store", "mountPath": "/var/lib/mysql", "subPath": "mysql"})),
            "{name}"
        );
    }
}

/// What of a pod the "restricted" Pod Security Standard refuses (Kubernetes documentation, "Pod Security Standards").
fn restricted(pod: &Value) -> Vec<String> {
    const VOLUMES: [&str; 8] =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];
    let mut problems = Vec::new();
    let mut refuse = |is_wrong: bool, what: String| {
        if is_wrong {
            problems.push(what);
        }
    };
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        refuse(pod[key] == true, key.to_owned());
    }
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let kinds: Vec<_> = volume.as_object().expect("a volume").keys().filter(|key| *key != "name").collect();
        refuse(!kinds.iter().all(|kind| VOLUMES.contains(&kind.as_str())), format!("volume {volume}"));
    }
    let of_pod = &pod["securityContext"];
    let mut contexts = vec![("the pod", of_pod)];
    contexts.extend(containers(pod).iter().map(|one| (one["name"].as_str().expect("a name"), &one["securityContext"])));
    for (name, context) in &contexts {
        refuse(context["runAsUser"] == 0, format!("{name}: user 0"));
        refuse(!context["seLinuxOptions"].is_null(), format!("{name}: SELinux options"));
        refuse(!context["sysctls"].is_null(), format!("{name}: sysctls"));
        refuse(!context["appArmorProfile"].is_null(), format!("{name}: an AppArmor profile"));
        refuse(!context["windowsOptions"].is_null(), format!("{name}: options for Windows"));
    }
    for container in containers(pod) {
        let name = container["name"].as_str().expect("a name");
        let context = &container["securityContext"];
        // a container's own word counts, and the pod's where it has none
        let says = |key: &str| if context[key].is_null() { &of_pod[key] } else { &context[key] };
        refuse(*says("runAsNonRoot") != true, format!("{name}: runAsNonRoot"));
        let profile = &says("seccompProfile")["type"];
        refuse(profile != "RuntimeDefault" && profile != "Localhost", format!("{name}: seccompProfile"));
        refuse(context["allowPrivilegeEscalation"] != false, format!("{name}: allowPrivilegeEscalation"));
        refuse(context["privileged"] == true, format!("{name}: privileged"));
        refuse(!context["procMount"].is_null(), format!("{name}: procMount"));
        let list = |key: &str| context["capabilities"][key].as_array().cloned().unwrap_or_default();
        refuse(!list("drop").contains(&json!("ALL")), format!("{name}: capabilities are not dropped"));
        refuse(list("add").iter().any(|added| added != "NET_BIND_SERVICE"), format!("{name}: added capabilities"));
        let ports = container["ports"].as_array().into_iter().flatten();
        refuse(ports.into_iter().any(|port| !port["hostPort"].is_null()), format!("{name}: hostPort"));
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            refuse(!container[kind]["httpGet"]["host"].is_null(), format!("{name}: {kind} of another host"));
        }
    }
    problems
}

#[test]
fn what_is_injected_into_a_hardened_workload_is_hardened() {
    let stored = plain("hardened");
    let labels = &stored["Namespace/vault"]["metadata"]["labels"];
    assert_eq!(labels["pod-security.kubernetes.io/enforce"], "restricted");
    for object in stored.values().filter(|object| object["kind"] != "Namespace") {
        assert_eq!(object["metadata"]["namespace"], "vault", "{}", key(object));
    }
    let pod = &statefulset(&stored)["spec"]["template"]["spec"];
    assert_eq!(restricted(pod), Vec::<String>::new());
    for name in INJECTED_CONTAINERS {
        let container = container(pod, name);
        assert_eq!(container["securityContext"], self::container(pod, "mysql")["securityContext"], "{name}");
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{name}");
    }
    let mount = json!({"name": "secret", "mountPath": "/run/secrets/mysql", "readOnly": true});
    for name in [CLONE_CONTAINER, SIDECAR_CONTAINER] {
        let mounts = container(pod, name)["volumeMounts"].as_array().expect("mounts");
        assert!(mounts.contains(&mount), "{name}: {mounts:?}");
    }
}

/// The check of hardened pods finds what is wrong, field by field.
#[test]
fn the_check_of_hardened_pods_checks() {
    let stored = plain("hardened");
    let pod = &statefulset(&stored)["spec"]["template"]["spec"];
    for (pointer, value) in [
        ("/hostNetwork", json!(true)),
        ("/volumes/0", json!({"name": "scratch", "hostPath": {"path": "/"}})),
        ("/securityContext/runAsNonRoot", json!(false)),
        ("/securityContext/runAsUser", json!(0)),
        ("/securityContext/seccompProfile", json!({"type": "Unconfined"})),
        ("/initContainers/0/securityContext", json!({})),
        ("/initContainers/1/securityContext/allowPrivilegeEscalation", json!(true)),
        ("/initContainers/1/securityContext/runAsUser", json!(0)),
        ("/containers/1/securityContext/capabilities", json!({"drop": ["NET_RAW"]})),
        ("/containers/1/securityContext/capabilities", json!({"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
        ("/containers/1/securityContext/privileged", json!(true)),
        ("/containers/0/ports", json!([{"containerPort": 3306, "hostPort": 3306}])),
    ] {
        let mut pod = pod.clone();
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match pod.pointer_mut(parent).unwrap_or_else(|| panic!("no {parent}")) {
            Value::Array(list) => list[key.parse::<usize>().expect("an index")] = value,
            parent => parent[key] = value,
        }
        assert!(!restricted(&pod).is_empty(), "{pointer}");
    }
    let plain = read_manifest(&root().join("examples/statefulset.yaml"));
    assert!(restricted(&plain["spec"]["template"]["spec"]).len() >= 4);
}

#[test]
fn only_the_clusters_own_pods_reach_the_backup_port() {
    let stored = plain("network-policy");
    let statefulset = statefulset(&stored);
    let pod_labels = &statefulset["spec"]["template"]["metadata"]["labels"];
    let sidecar = container(&statefulset["spec"]["template"]["spec"], SIDECAR_CONTAINER);
    assert_eq!(sidecar["ports"][0]["containerPort"], BACKUP_PORT, "there is something to protect");

    let policy = &stored["NetworkPolicy/guarded"]["spec"];
    assert_eq!(policy["podSelector"], json!({"matchLabels": pod_labels}), "it is about the database's pods");
    // whatever no rule names is refused
    assert_eq!(policy["policyTypes"], json!(["Ingress"]));
    let mut allowed: BTreeSet<(u64, String)> = BTreeSet::new();
    for rule in policy["ingress"].as_array().expect("rules") {
        // a rule without one of the two holds for everybody, or for every port
        let from = rule["from"].as_array().filter(|list| !list.is_empty()).expect("from");
        let ports = rule["ports"].as_array().filter(|list| !list.is_empty()).expect("ports");
        for (peer, port) in from.iter().flat_map(|peer| ports.iter().map(move |port| (peer, port))) {
            assert_eq!(peer.as_object().map(serde_json::Map::len), Some(1), "{peer}");
            let labels = peer["podSelector"]["matchLabels"].as_object().filter(|labels| !labels.is_empty());
            assert_eq!(port["protocol"], "TCP");
            assert!(port["endPort"].is_null());
            allowed.insert((port["port"].as_u64().expect("a number"), json!(labels.expect("labels")).to_string()));
        }
    }
    let own = pod_labels.to_string();
    let client = json!({"guarded-client": "true"}).to_string();
    let (database, backup) = (u64::from(DATABASE_PORT), u64::from(BACKUP_PORT));
    assert_eq!(allowed, BTreeSet::from([(database, own.clone()), (backup, own), (database, client)]));
}

/// The base with the overlay's patches on it, as kustomize would make it. They are strategic merge patches, which for
/// maps, and these have nothing else, are JSON merge patches.
fn overlaid() -> Vec<Value> {
    let overlay = folder(KUSTOMIZE).join("overlay");
    let kustomization = &objects(&overlay.join("kustomization.yaml"))[0];
    let mut all = Vec::new();
    for (at, resource) in resources(&overlay, kustomization) {
        if resource == "../base" {
            let base = at.join("../base");
            let nested = &objects(&base.join("kustomization.yaml"))[0];
            assert!(nested["patches"].is_null());
            all.extend(resources(&base, nested).into_iter().flat_map(|(at, file)| objects(&at.join(file))));
        } else {
            all.extend(objects(&at.join(resource)));
        }
    }
    let patches = kustomization["patches"].as_array().expect("patches");
    assert_eq!(patches.len(), 2);
    for patch in patches {
        let wanted = format!(
            "{}/{}",
            patch["target"]["kind"].as_str().expect("a kind"),
            patch["target"]["name"].as_str().expect("a name")
        );
        let patch = parse(patch["patch"].as_str().expect("a patch"), "kustomization.yaml");
        assert!(!patch.to_string().contains('['), "a list, which the two kinds of patches treat differently");
        let object = all.iter_mut().find(|object| key(object) == wanted);
        json_patch::merge(object.unwrap_or_else(|| panic!("the base has no {wanted}")), &patch);
    }
    all
}

/// The files that a kustomization names; all files of its folder are among them.
fn resources(folder: &Path, kustomization: &Value) -> Vec<(PathBuf, String)> {
    let text = |value: &Value| value.as_str().expect("a path").to_owned();
    let resources: Vec<_> = kustomization["resources"].as_array().expect("resources").iter().map(text).collect();
    let files = entries(folder).into_iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    for file in files.filter(|file| file != "kustomization.yaml") {
        assert!(resources.contains(&file), "{}: {file} is not named", folder.display());
    }
    resources.into_iter().map(|resource| (folder.to_owned(), resource)).collect()
}

#[test]
fn an_overlay_replicates_what_somebody_else_wrote() {
    let overlaid = overlaid();
    let by_key = |objects: &[Value]| -> Stored { objects.iter().map(|object| (key(object), object.clone())).collect() };

    // the real kustomize says the same, where there is one
    let output = Command::new("kubectl").arg("kustomize").arg(folder(KUSTOMIZE).join("overlay")).output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "kubectl kustomize: {}", String::from_utf8_lossy(&output.stderr));
            let file = tempfile::NamedTempFile::new().expect("a file");
            fs::write(file.path(), &output.stdout).expect("written");
            let built = read_manifests(file.path());
            assert_eq!(built.len(), 4);
            assert_eq!(by_key(&built), by_key(&overlaid), "kubectl kustomize makes something else of it");
        }
        Err(error) => {
            // past the test runner, which keeps what a test prints with macros to itself
            let warning = format!("\nWARNING: no kubectl ({error}): examples/{KUSTOMIZE} was checked without it\n");
            std::io::stderr().write_all(warning.as_bytes()).expect("written");
        }
    }

    // one object a file, so that every order is tried
    let files: Vec<_> = overlaid.iter().map(|object| vec![object.clone()]).collect();
    let stored = apply(KUSTOMIZE, &files);
    assert_eq!(stored["Service/inventory-db"]["spec"]["selector"][POD_NAME_LABEL], "inventory-0");

    // the base by itself is left alone, whatever the order
    let base: Vec<_> = objects(&folder(KUSTOMIZE).join("base/services.yaml"))
        .into_iter()
        .chain(objects(&folder(KUSTOMIZE).join("base/statefulset.yaml")))
        .collect();
    for object in &base {
        let cluster = Manifests::new(base.iter().cloned(), "default");
        let answer = both_doors_in(&cluster, &request(object, None), &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_none() && answer.warnings.is_none(), "{}", key(object));
    }

    // Laid over what runs already, with its one pod: the annotation comes first, by itself, and the rest when pod 0 has
    // the injection.
    let mut live = by_key(&base);
    let set = "StatefulSet/inventory";
    let send = |object: &Value, live: &BTreeMap<String, Value>| {
        let cluster = Manifests::new(live.values().cloned(), "default");
        both_doors_in(&cluster, &request(object, live.get(&key(object))), &json!({}))
    };
    let grown = overlaid.iter().find(|object| key(object) == set).expect("the StatefulSet");
    assert!(send(grown, &live).message.expect("a rejection").contains("[adoption]"));
    let mut annotated = live[set].clone();
    annotated["metadata"]["annotations"] = grown["metadata"]["annotations"].clone();
    let adopted = send(&annotated, &live).mutated_object.expect("the injection");
    live.insert(set.to_owned(), adopted);
    for object in &overlaid {
        let answer = send(object, &live);
        assert!(answer.accepted, "{}: {:?}", key(object), answer.message);
        live.insert(key(object), answer.mutated_object.unwrap_or_else(|| object.clone()));
    }
    check_cluster(KUSTOMIZE, &live);
}

/// A backup reads from a replica that there is, by the database's own means, and the policy has nothing against it.
#[test]
fn a_backup_reads_from_a_replica() {
    let stored = plain("mariadb");
    let all: Vec<_> = files(BACKUP).concat();
    let cluster = Manifests::new(stored.values().cloned().chain(all.iter().cloned()), "default");
    for object in &all {
        let answer = both_doors_in(&cluster, &request(object, None), &json!({}));
        assert!(answer.accepted && answer.warnings.is_none() && answer.mutated_object.is_none(), "{answer:?}");
    }
    let cron = all.iter().find(|object| object["kind"] == "CronJob").expect("a CronJob");
    let pod = &cron["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let dump = container(pod, "dump");
    let database = statefulset(&stored);
    let from = variable(dump, "BACKUP_FROM").expect("a host")["value"].as_str().expect("a name").to_owned();
    let name = database["metadata"]["name"].as_str().expect("a name");
    let last = database["spec"]["replicas"].as_u64().expect("a number") - 1;
    assert_eq!(from, format!("{name}-{last}.{}", database["spec"]["serviceName"].as_str().expect("a name")));
    let server = container(&database["spec"]["template"]["spec"], "mariadb");
    assert_eq!(dump["image"], server["image"]);
    let password = |container: &Value, name: &str| variable(container, name).expect("a password")["valueFrom"].clone();
    assert_eq!(password(dump, "MYSQL_PWD"), password(server, "MARIADB_ROOT_PASSWORD"));
    let claim = &pod["volumes"][0]["persistentVolumeClaim"]["claimName"];
    assert!(all.iter().any(|one| one["kind"] == "PersistentVolumeClaim" && one["metadata"]["name"] == *claim));
    // the Services of the database lead to none of its pods
    let labels = &cron["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"];
    assert_ne!(labels["app"], database["spec"]["template"]["metadata"]["labels"]["app"]);
    // what runs is what bash can read
    let script = dump["command"][2].as_str().expect("a script");
    let checked = Command::new("bash").args(["-n", "-c", script]).output().expect("bash");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));

    // a drain takes one pod at a time
    let budget = &stored["PodDisruptionBudget/ledger"]["spec"];
    assert_eq!(budget["selector"]["matchLabels"], database["spec"]["template"]["metadata"]["labels"]);
    assert_eq!(budget["maxUnavailable"], 1);
}

/// What the page on things beside the database shows goes with an injected one.
#[test]
fn what_stands_beside_a_database_is_accepted() {
    let text = fs::read_to_string(root().join("docs/beside.md")).expect("docs/beside.md");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let blocks: Vec<_> = blocks.map(|block| parse(block, "docs/beside.md")).collect();
    let exporter = blocks.iter().find(|block| block[0]["name"] == "exporter").expect("an exporter");
    let mesh = blocks.iter().find(|block| block["annotations"].is_object()).expect("annotations");
    let mut objects = files("mariadb").concat();
    let set = objects.iter_mut().find(|object| object["kind"] == "StatefulSet").expect("a StatefulSet");
    let containers = set["spec"]["template"]["spec"]["containers"].as_array_mut().expect("containers");
    containers.push(exporter[0].clone());
    set["spec"]["template"]["metadata"]["annotations"] = mesh["annotations"].clone();
    let set = set.clone();
    let cluster = Manifests::new(objects, "default");
    let answer = both_doors_in(&cluster, &request(&set, None), &json!({}));
    assert!(answer.accepted && answer.warnings.is_none(), "{:?} {:?}", answer.message, answer.warnings);
    let pod = answer.mutated_object.expect("the injection")["spec"]["template"]["spec"].clone();
    assert_eq!(container(&pod, "exporter"), &exporter[0], "it is left as it is");
    container(&pod, SIDECAR_CONTAINER);
}
