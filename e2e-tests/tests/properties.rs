//! Properties of arbitrary StatefulSets: no panic, idempotent, nothing of the user's is removed or changed.

use mysql_replication_e2e_tests::request;
use mysql_replication_preview::Response;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// The native function: the goldens make sure that the artefact says the same.
fn validate(object: &Value, old: Option<&Value>) -> Response {
    let payload = json!({"request": request(object, old), "settings": {}}).to_string();
    let nothing = |_: &str, _: &[u8]| Err("Cannot find v1/Service named 'x'".to_owned());
    let answer = mysql_replication_policy::validate(payload.as_bytes(), &nothing);
    serde_json::from_slice(&answer).expect("a response")
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]([a-z0-9-]{0,8}[a-z0-9])?",
        select(vec!["mysql", "data", "conf", "config-map", "xtrabackup", "init-mysql", "clone-mysql"])
            .prop_map(str::to_owned),
    ]
}

/// A field that no release of Kubernetes knows.
fn unknown() -> impl Strategy<Value = Map<String, Value>> {
    option::of((any::<i32>(), "\\PC{0,12}")).prop_map(|field| {
        field.map(|(a, b)| ("xUnknown".to_owned(), json!({"a": a, "b": [b, null]}))).into_iter().collect()
    })
}

fn with(mut object: Value, extra: Map<String, Value>) -> Value {
    object.as_object_mut().expect("an object").extend(extra);
    object
}

fn env() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"name": "MYSQL_ALLOW_EMPTY_PASSWORD", "value": "1"})),
        Just(json!({"name": "MYSQL_ROOT_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})),
        "\\PC{0,20}".prop_map(|value| json!({"name": "MYSQL_ROOT_PASSWORD", "value": value})),
        ("[A-Z_]{1,8}", "\\PC{0,20}").prop_map(|(name, value)| json!({"name": name, "value": value})),
        Just(json!({"name": "A", "value": "$(B)$(A)$("})),
    ]
}

fn mount() -> impl Strategy<Value = Value> {
    let path = select(vec!["/var/lib/mysql", "/var/lib", "/data", "/etc/mysql/conf.d", "/etc/mysql", "/tmp", "/"]);
    (name(), path, option::of("[a-z]{1,4}"), unknown()).prop_map(|(name, path, sub, extra)| {
        let mut mount = json!({"name": name, "mountPath": path});
        if let Some(sub) = sub {
            mount["subPath"] = json!(sub);
        }
        with(mount, extra)
    })
}

fn container() -> impl Strategy<Value = Value> {
    let image = select(vec![
        "mysql:5.7",
        "mysql:8.0",
        "mysql",
        "mariadb:11",
        "percona:8.0",
        "busybox",
        "r:5/x/mysql:8.4@sha256:a",
    ]);
    let probe = option::of(Just(json!({"tcpSocket": {"port": 3306}})));
    let port = option::of(select(vec![3306, 3307, 80]));
    (name(), image, vec(env(), 0..4), vec(mount(), 0..3), probe, port, unknown()).prop_map(
        |(name, image, env, mounts, probe, port, extra)| {
            let mut container = json!({"name": name, "image": image, "env": env, "volumeMounts": mounts});
            if let Some(probe) = probe {
                container["livenessProbe"] = probe;
            }
            if let Some(port) = port {
                container["ports"] = json!([{"containerPort": port}]);
            }
            with(container, extra)
        },
    )
}

fn volume() -> impl Strategy<Value = Value> {
    let source = prop_oneof![
        Just(json!({"emptyDir": {}})),
        Just(json!({"configMap": {"name": "c"}})),
        Just(json!({"persistentVolumeClaim": {"claimName": "p"}})),
        Just(json!({"futureVolume": {"x": 1}})),
    ];
    (name(), source).prop_map(|(name, mut source)| {
        source["name"] = json!(name);
        source
    })
}

fn claim() -> impl Strategy<Value = Value> {
    (name(), unknown()).prop_map(|(name, extra)| {
        with(json!({"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"]}}), extra)
    })
}

/// Most sets have a database that could be replicated: otherwise nearly all would be rejected.
fn database() -> impl Strategy<Value = Value> {
    let sound = (container(), select(vec!["mysql:5.7", "mysql:8.0.36", "mysql:9.7", "mariadb:11.8"]), env()).prop_map(
        |(mut container, image, variable)| {
            container["name"] = json!("mysql");
            container["image"] = json!(image);
            container["env"] = json!([variable, {"name": "MYSQL_ALLOW_EMPTY_PASSWORD", "value": "1"}]);
            container["volumeMounts"] = json!([{"name": "tmp", "mountPath": "/tmp"}]);
            container["ports"] = json!([{"containerPort": 3306, "name": "db"}]);
            container
        },
    );
    prop_oneof![3 => sound, 1 => container()]
}

prop_compose! {
    fn pod()(
        first in database(),
        more in vec(container(), 0..2),
        init in option::of(vec(container(), 0..3)),
        volumes in option::of(vec(volume(), 0..3)),
        extra in unknown(),
    ) -> Value {
        let mut containers = vec![first];
        containers.extend(more);
        let mut pod = json!({"containers": containers});
        if let Some(init) = init {
            pod["initContainers"] = json!(init);
        }
        if let Some(volumes) = volumes {
            pod["volumes"] = json!(volumes);
        }
        with(pod, extra)
    }
}

prop_compose! {
    fn statefulset()(
        pod in pod(),
        claims in option::of(vec(claim(), 0..3)),
        service in option::of(Just("svc")),
        replicas in option::of(0..5),
        extra in unknown(),
    ) -> Value {
        let mut spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": pod}});
        if let Some(claims) = claims {
            spec["volumeClaimTemplates"] = json!(claims);
        }
        if let Some(service) = service {
            spec["serviceName"] = json!(service);
        }
        if let Some(replicas) = replicas {
            spec["replicas"] = json!(replicas);
        }
        json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "db", "namespace": "default", "annotations": {"mysql-replication.kubewarden.io/inject": "true"}},
            "spec": with(spec, extra),
        })
    }
}

/// The paths that the policy may write to, as patterns of a JSON patch's path: `*` is an index.
const OWNED: [&str; 12] = [
    "/metadata/annotations/mysql-replication.kubewarden.io~1status",
    "/spec/serviceName",
    "/spec/volumeClaimTemplates",
    "/spec/volumeClaimTemplates/*",
    "/spec/template/spec/volumes",
    "/spec/template/spec/volumes/*",
    "/spec/template/spec/initContainers",
    "/spec/template/spec/initContainers/*",
    "/spec/template/spec/containers/*",
    "/spec/template/spec/containers/*/volumeMounts",
    "/spec/template/spec/containers/*/volumeMounts/*",
    "/spec/template/spec/containers/*/ports",
];
const OWNED_BELOW_CONTAINERS: [&str; 4] = ["livenessProbe", "readinessProbe", "startupProbe", "ports/*"];

fn is_owned(path: &str) -> bool {
    let pattern: String = path
        .split('/')
        .map(|part| if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) { "*" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    OWNED.contains(&pattern.as_str())
        || pattern
            .strip_prefix("/spec/template/spec/containers/*/")
            .is_some_and(|field| OWNED_BELOW_CONTAINERS.contains(&field))
}

fn has_names_of_their_own(object: &Value) -> bool {
    let containers = object["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
    let names: Vec<_> = containers.map(|container| &container["name"]).filter(|name| !name.is_null()).collect();
    (1..names.len()).all(|at| !names[..at].contains(&names[at]))
}

/// How often something is injected at all: a generator that only makes rejections would test nothing.
static INJECTED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

#[test]
fn arbitrary_statefulsets() {
    proptest!(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() }, |(object in statefulset())| {
        // the API server refuses two containers of one name, whoever admits them
        prop_assume!(has_names_of_their_own(&object));
        let answer = validate(&object, None);
        if !answer.accepted {
            prop_assert!(answer.mutated_object.is_none());
            prop_assert!(answer.message.is_some_and(|message| message.contains("fix:")));
            return Ok(());
        }
        let result = answer.mutated_object.expect("an annotated object is changed or rejected");
        INJECTED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);

        // only additions, only on paths of the policy's own
        let patch = json_patch::diff(&object, &result);
        for operation in &patch.0 {
            let json_patch::PatchOperation::Add(add) = operation else {
                return Err(TestCaseError::fail(format!("{operation:?}")));
            };
            prop_assert!(is_owned(add.path.as_str()), "{}", add.path);
        }

        // a second time, and an update later, change nothing
        let again = validate(&result, None);
        prop_assert!(again.accepted && again.mutated_object.is_none(), "{:?}", again.message);
        let mut scaled = result.clone();
        scaled["spec"]["replicas"] = json!(9);
        let later = validate(&scaled, Some(&result));
        prop_assert!(later.accepted && later.mutated_object.is_none(), "{:?}", later.message);

        // taken away again, all but the data is as it was
        let mut without = result.clone();
        without["spec"]["replicas"] = json!(1);
        without["metadata"]["annotations"]["mysql-replication.kubewarden.io/inject"] = json!("false");
        let taken = validate(&without, Some(&result)).mutated_object.expect("taken away");
        let mut expected = object.clone();
        expected["spec"]["replicas"] = json!(1);
        expected["metadata"]["annotations"]["mysql-replication.kubewarden.io/inject"] = json!("false");
        let patch = json_patch::diff(&expected, &taken);
        for operation in &patch.0 {
            let added = match operation {
                json_patch::PatchOperation::Add(add) => add.path.as_str(),
                // an empty list of the user's may go with what was put into it: the server stores none either
                json_patch::PatchOperation::Remove(remove) => {
                    let before = expected.pointer(remove.path.as_str());
                    prop_assert!(before.is_some_and(|list| list.as_array().is_some_and(Vec::is_empty)), "{operation:?}");
                    continue;
                }
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert!(
                added.starts_with("/spec/volumeClaimTemplates") || added == "/spec/serviceName" || added.contains("/volumeMounts"),
                "{operation:?}"
            );
        }
    });
    let injected = INJECTED.load(std::sync::atomic::Ordering::Relaxed);
    assert!(injected > 500, "only {injected} of 3000 were injected");
    println!("{injected} of 3000 arbitrary StatefulSets were injected, the others rejected");
}
