//! Ten thousand mutated copies of valid and broken requests go through the artefact: an answer each time, and none
//! that repeats a secret of the request. `HOSTILE_REQUESTS` asks for another number of them.

use std::{env, ffi::OsStr, fs, sync::Arc, thread};

use mysql_replication_e2e_tests::{policy, read_manifest, read_manifests, request, root};
use mysql_replication_preview::{Manifests, Response};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const COPIES: usize = 10_000;
const THREADS: usize = 2;
const SECRET: &str = "s3cr3t-0f-th3-r3qu3st";
/// Stands in a request for something that is put in as text.
const PLACE: &str = "@@place@@";

#[test]
fn ten_thousand_mutated_requests() {
    let copies = env::var("HOSTILE_REQUESTS").map_or(COPIES, |copies| copies.parse().expect("a number of requests"));
    let requests = requests();
    assert!(requests.len() > 50, "only {} requests", requests.len());
    let counts: Vec<[usize; 3]> = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                let requests = &requests;
                scope.spawn(move || {
                    (0..copies / THREADS).fold([0; 3], |mut counts, copy| {
                        counts[judge(requests, worker * copies + copy)] += 1;
                        counts
                    })
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let total = |kind: usize| counts.iter().map(|counts| counts[kind]).sum::<usize>();
    let (untouched, changed, rejected) = (total(0), total(1), total(2));
    println!("{copies} requests: {untouched} untouched, {changed} changed, {rejected} rejected");
    assert_eq!(untouched + changed + rejected, copies / THREADS * THREADS);
    // a mutation that never leaves anything valid, or never breaks anything, would test little
    assert!(untouched > copies / 100 && changed > copies / 100 && rejected > copies / 10);
}

/// Sends one mutated request: 0 untouched, 1 changed, 2 rejected.
fn judge(requests: &[(Value, Arc<Manifests>)], seed: usize) -> usize {
    let mut rng = StdRng::seed_from_u64(seed as u64);
    let (request, cluster) = &requests[seed % requests.len()];
    let payload = mutate(request, &mut rng);
    // what is looked up may be as broken as what is sent
    let cluster = if rng.random_range(0..4) == 0 { Arc::new(broken(cluster, &mut rng)) } else { cluster.clone() };
    let answer = policy().call("validate", &payload, cluster).unwrap_or_else(|error| panic!("request {seed}: {error}"));
    let response: Response =
        serde_json::from_slice(&answer).unwrap_or_else(|error| panic!("request {seed}: no response: {error}"));
    let told = format!("{:?} {:?} {:?}", response.message, response.warnings, response.audit_annotations);
    assert!(!told.contains(SECRET), "request {seed}: the answer repeats the secret: {told}");
    assert!(told.len() < 100_000, "request {seed}: an answer of {} bytes", told.len());
    match (response.accepted, response.mutated_object) {
        (true, None) => 0,
        (true, Some(_)) => 1,
        (false, None) => {
            assert!(
                response.message.is_some_and(|message| !message.is_empty()),
                "request {seed}: rejected without a word"
            );
            2
        }
        (false, Some(_)) => panic!("request {seed}: rejected and changed"),
    }
}

/// The requests of all goldens, with a secret in them, each with what its look-ups find.
fn requests() -> Vec<(Value, Arc<Manifests>)> {
    let mut requests = Vec::new();
    for folder in ["inject", "reject", "update", "untouched", "rules"] {
        let folder = root().join("e2e-tests/goldens").join(folder);
        for entry in fs::read_dir(&folder).expect("goldens") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            if path.extension() != Some(OsStr::new("yaml")) || stem.ends_with(".settings") || stem.ends_with(".cluster")
            {
                continue;
            }
            let mut object = read_manifest(&path);
            plant(&mut object, false);
            let mut faulty = object.clone();
            plant(&mut faulty, true);
            let cluster = path.with_extension("cluster.yaml");
            let mut objects = if cluster.exists() { read_manifests(&cluster) } else { Vec::new() };
            for object in &mut objects {
                plant(object, false);
            }
            let cluster = Arc::new(Manifests::new(objects, "default"));
            let settings = path.with_extension("settings.yaml");
            let settings = if settings.exists() { read_manifest(&settings) } else { json!({}) };
            requests.push((json!({"request": request(&object, None), "settings": settings}), cluster.clone()));
            let update = request(&faulty, Some(&object));
            requests.push((json!({"request": update, "settings": {"configMap": "options"}}), cluster));
        }
    }
    requests.sort_by_key(|(request, _)| request.to_string());
    requests
}

/// The same objects, each with something broken in it.
fn broken(cluster: &Manifests, rng: &mut StdRng) -> Manifests {
    let objects: Vec<Value> = cluster
        .objects()
        .map(|(_, object)| {
            let mut object = object.clone();
            let (kind, name) = (object["kind"].clone(), object["metadata"]["name"].clone());
            let wrong = wrong_type(rng);
            *some_node(&mut object, rng) = wrong;
            if !object["metadata"].is_object() {
                object = json!({"metadata": {}});
            }
            // it is found all the same
            object["apiVersion"] = json!(if kind == "StatefulSet" { "apps/v1" } else { "v1" });
            object["kind"] = kind;
            object["metadata"]["name"] = name;
            object
        })
        .collect();
    Manifests::new(objects, "default")
}

/// Puts the secret wherever a manifest keeps one: into environment variables, arguments and option files, or where rules
/// find something.
fn plant(object: &mut Value, faulty: bool) {
    if let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) {
        for text in data.values_mut() {
            *text = json!(format!("{}\n[client]\npassword={SECRET}\n", text.as_str().unwrap_or_default()));
        }
        data.insert("password".to_owned(), json!(SECRET));
    }
    let Some(containers) = object.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut) else {
        return;
    };
    for container in containers.iter_mut().filter_map(Value::as_object_mut) {
        let mut env = vec![json!({"name": "TOKEN", "value": SECRET})];
        let mut args = vec![json!(format!("--init-connect={SECRET}"))];
        if faulty {
            let dsn = format!("mysql://app:{SECRET}@mysql-1.mysql:3306/shop");
            env.push(json!({"name": "DB_WRITE_DSN", "value": dsn}));
            args.push(json!("--init-file=$(TOKEN)"));
            args.push(json!(format!("--db-write-url=mysql://app:{SECRET}@mysql-2.mysql/shop")));
            let hook = format!("mysql -p{SECRET} -e SET GLOBAL super_read_only=0");
            container.insert("lifecycle".to_owned(), json!({"postStart": {"exec": {"command": ["sh", "-c", hook]}}}));
        } else {
            env.push(json!({"name": "MYSQL_ROOT_PASSWORD", "value": SECRET}));
        }
        for (key, planted) in [("env", env), ("args", args)] {
            if let Value::Array(list) = container.entry(key).or_insert(json!([])) {
                list.extend(planted);
            }
        }
    }
}

fn mutate(request: &Value, rng: &mut StdRng) -> Vec<u8> {
    let mut value = request.clone();
    let kind = rng.random_range(0..100);
    match kind {
        0..25 => flip_bits(value.to_string().into_bytes(), rng),
        25..60 => {
            for _ in 0..rng.random_range(1..4) {
                let wrong = wrong_type(rng);
                *some_node(&mut value, rng) = wrong;
            }
            value.to_string().into_bytes()
        }
        60..70 => {
            *some_node(&mut value, rng) = json!(PLACE);
            let depth = rng.random_range(1..20_000);
            let (open, close) = if rng.random() { ("[", "]") } else { ("{\"a\":", "}") };
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            value.to_string().replace(&format!("\"{PLACE}\""), &deep).into_bytes()
        }
        70..73 => {
            *some_node(&mut value, rng) = json!("x".repeat(2_000_000));
            value.to_string().into_bytes()
        }
        73..85 => {
            if let Value::Object(object) = some_node(&mut value, rng) {
                let key = object.keys().nth(rng.next_u32() as usize % object.len().max(1)).cloned();
                key.map(|key| object.remove(&key));
            }
            value.to_string().into_bytes()
        }
        85..90 => {
            let taken = some_node(&mut value, rng).clone();
            *some_node(&mut value, rng) = taken;
            value.to_string().into_bytes()
        }
        90..95 => {
            let mut bytes = value.to_string().into_bytes();
            bytes.truncate(rng.next_u32() as usize % bytes.len());
            bytes
        }
        _ => {
            // a field given twice
            let text = value.to_string();
            let key = ["\"metadata\":", "\"spec\":", "\"request\":", "\"annotations\":", "\"containers\":"]
                [rng.random_range(0..5)];
            text.replacen(key, &format!("{key}{{}},{key}"), 1).into_bytes()
        }
    }
}

fn flip_bits(mut bytes: Vec<u8>, rng: &mut StdRng) -> Vec<u8> {
    for _ in 0..rng.random_range(1..9) {
        let at = rng.next_u32() as usize % bytes.len();
        bytes[at] ^= 1 << rng.random_range(0..8);
    }
    bytes
}

fn wrong_type(rng: &mut StdRng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}\n\u{202e}"),
        json!([]),
        json!({}),
        json!([null]),
        json!([[]]),
        json!({"": ""}),
        json!({"name": null}),
        json!(["a", 1]),
    ];
    values[rng.random_range(0..values.len())].clone()
}

/// A node of the tree, chosen by walking down at random.
fn some_node<'a>(value: &'a mut Value, rng: &mut StdRng) -> &'a mut Value {
    let mut node = value;
    for _ in 0..rng.random_range(1..14) {
        let children = match node {
            Value::Array(list) => list.len(),
            Value::Object(object) => object.len(),
            _ => 0,
        };
        if children == 0 {
            break;
        }
        let at = rng.random_range(0..children);
        node = match node {
            Value::Array(list) => &mut list[at],
            Value::Object(object) => object.values_mut().nth(at).expect("a child"),
            _ => unreachable!("leaves have no children"),
        };
    }
    node
}
