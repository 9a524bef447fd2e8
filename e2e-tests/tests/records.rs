//! Clusters that an earlier version of the policy injected (`records/VERSION/`): this version restarts none of them by
//! itself, and what each was made with stays over upgrades of its image. And what this version's own clusters keep.

use std::{fs, path::Path};

use mysql_replication_e2e_tests::{both_doors, both_doors_in, read_manifest, request, root};
use mysql_replication_preview::{Manifests, Response};
use serde_json::{Value, json};

const PREFIX: &str = "mysql-replication.kubewarden.io/";
const VERSIONS: [&str; 2] = ["0.1.0", "0.2.0"];

/// What a cluster was made with: clone method, GTIDs and name of the binary log.
type Made = (&'static str, &'static str, &'static str);

/// Every record, with what it was made with, and images to which it may be upgraded.
const RECORDS: [(&str, Made, &[&str]); 5] = [
    ("mysql-5.7", ("xtrabackup", "option-files", "mysql-bin"), &["mysql:5.7.44-debian", "mysql:8.0.36"]),
    ("mysql-8.0", ("xtrabackup", "always", "binlog"), &["mysql:8.0.46", "mysql:8.4.3"]),
    ("mysql-8.0-clone-plugin", ("clone-plugin", "always", "binlog"), &["mysql:8.0.46", "mysql:8.4.3"]),
    ("mysql-8.4", ("clone-plugin", "always", "binlog"), &["mysql:8.4.5", "mysql:9.1.0"]),
    ("mariadb", ("xtrabackup", "option-files", "mysql-bin"), &["mariadb:10.11.8", "mariadb:11.8.2"]),
];

/// The first version's clusters of `MySQL` 8.0 replicated by file and position.
const BY_FILE: Made = ("xtrabackup", "option-files", "binlog");

fn record(version: &str, name: &str) -> Value {
    read_manifest(&root().join(format!("e2e-tests/records/{version}/{name}.yaml")))
}

/// Every record of every version.
fn records() -> Vec<(Value, &'static str, Made, &'static [&'static str])> {
    let made_by = |version, name, made: Made| if (version, name) == ("0.1.0", "mysql-8.0") { BY_FILE } else { made };
    let of_version = |version| {
        RECORDS
            .into_iter()
            .map(move |(name, made, images)| (record(version, name), name, made_by(version, name, made), images))
    };
    VERSIONS.into_iter().flat_map(of_version).collect()
}

/// The object as its user has it: without what the policy wrote.
fn plain(record: &Value) -> Value {
    let mut plain = record.clone();
    plain["metadata"]["annotations"].as_object_mut().expect("annotations").remove(&format!("{PREFIX}status"));
    let pod = plain["spec"]["template"]["spec"].as_object_mut().expect("a pod");
    pod.remove("initContainers");
    pod.remove("volumes");
    let containers = pod["containers"].as_array_mut().expect("containers");
    containers.retain(|container| container["name"] == "mysql");
    let database = containers[0].as_object_mut().expect("the database");
    database.retain(|key, _| ["name", "image", "env"].contains(&key.as_str()));
    plain["spec"].as_object_mut().expect("a spec").remove("volumeClaimTemplates");
    plain
}

fn set_image(object: &mut Value, image: &str) {
    for list in ["initContainers", "containers"] {
        for container in object["spec"]["template"]["spec"][list].as_array_mut().into_iter().flatten() {
            if container["name"] == "mysql" {
                container["image"] = json!(image);
            }
        }
    }
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    object["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
}

fn accepted(answer: Response, what: &str) -> Value {
    assert!(answer.accepted, "{what}: {:?}", answer.message);
    answer.mutated_object.unwrap_or_else(|| panic!("{what}: not changed"))
}

/// What `init-mysql` is told, and what the record says.
fn made_with(object: &Value) -> (String, String, String) {
    let init = &object["spec"]["template"]["spec"]["initContainers"][0];
    let value = |name: &str| {
        let env = init["env"].as_array().expect("env").iter();
        let found = env.filter(|variable| variable["name"] == name).map(|variable| variable["value"].clone()).next();
        found.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let status = object["metadata"]["annotations"][format!("{PREFIX}status")].as_str().expect("a record");
    let status: Value = serde_json::from_str(status).expect("JSON");
    let made = (value("REPLICATION_CLONE_METHOD"), value("REPLICATION_GTID"), value("REPLICATION_BINARY_LOG"));
    let replication = &status["replication"];
    assert_eq!(
        json!([made.0, made.1, made.2]),
        json!([replication["cloneMethod"], replication["gtid"], replication["binaryLog"]]),
        "variables and record"
    );
    made
}

fn owned((method, gtid, log): Made) -> (String, String, String) {
    (method.to_owned(), gtid.to_owned(), log.to_owned())
}

#[test]
fn every_record_is_tried() {
    for version in VERSIONS {
        let folder = root().join(format!("e2e-tests/records/{version}"));
        let mut files: Vec<_> = fs::read_dir(folder)
            .expect("the records")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().replace(".yaml", ""))
            .collect();
        let mut known: Vec<_> = RECORDS.iter().map(|(name, ..)| (*name).to_owned()).collect();
        files.sort();
        known.sort();
        assert_eq!(files, known);
    }
}

#[test]
fn an_upgrade_of_the_policy_restarts_nothing() {
    for (old, name, ..) in records() {
        let mut scaled = old.clone();
        scaled["spec"]["replicas"] = json!(5);
        let mut labelled = old.clone();
        labelled["metadata"]["labels"] = json!({"team": "orders"});
        for (what, object) in [("unchanged", old.clone()), ("scaled", scaled), ("labelled", labelled)] {
            let answer = both_doors(&request(&object, Some(&old)), &json!({}));
            assert!(answer.accepted && answer.mutated_object.is_none(), "{name}, {what}: {:?}", answer.message);
        }
        let mut again = plain(&old);
        again["spec"]["replicas"] = json!(4);
        let new = accepted(both_doors(&request(&again, Some(&old)), &json!({})), name);
        assert_eq!(new["spec"]["template"], old["spec"]["template"], "{name}");
        assert_eq!(new["metadata"]["annotations"], old["metadata"]["annotations"], "{name}");
    }
}

#[test]
fn the_audit_has_nothing_to_say_about_an_earlier_injection() {
    for (old, name, ..) in records() {
        let mut old = old;
        old["metadata"]["uid"] = json!("4fa2");
        let mut request = request(&old, None);
        request["uid"] = json!("4fa2");
        let answer = both_doors(&request, &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_none(), "{name}: {:?}", answer.message);
    }
}

#[test]
fn an_earlier_injection_can_be_taken_away() {
    for (old, name, ..) in records() {
        let mut without = plain(&old);
        annotate(&mut without, "inject", "false");
        without["spec"]["replicas"] = json!(1);
        let new = accepted(both_doors(&request(&without, Some(&old)), &json!({})), name);
        assert!(new["spec"]["template"]["spec"].get("initContainers").is_none(), "{name}");
        assert_eq!(new["spec"]["volumeClaimTemplates"], old["spec"]["volumeClaimTemplates"], "{name}");
    }
}

/// While policy servers of both versions answer, 0.2 may take up what 0.3 has injected: it leaves the scripts' volume and
/// its mount in place, as if they were the user's.
#[test]
fn what_the_version_before_has_left_in_place_is_the_policys_all_the_same() {
    let (volume, mount) = (
        json!({"name": "mysql-replication-scripts", "emptyDir": {}}),
        json!({"name": "mysql-replication-scripts", "mountPath": "/mysql-replication", "readOnly": true}),
    );
    for (name, ..) in RECORDS {
        let mut left = record("0.2.0", name);
        let pod = &mut left["spec"]["template"]["spec"];
        pod["volumes"].as_array_mut().expect("volumes").insert(0, volume.clone());
        pod["containers"][0]["volumeMounts"].as_array_mut().expect("mounts").push(mount.clone());
        // nothing restarts
        let mut scaled = left.clone();
        scaled["spec"]["replicas"] = json!(5);
        let answer = both_doors(&request(&scaled, Some(&left)), &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_none(), "{name}: {:?}", answer.message);
        // the owner's next rollout: the scripts are there once
        let mut restarted = left.clone();
        restarted["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        let new = accepted(both_doors(&request(&restarted, Some(&left)), &json!({})), name);
        let mut wanted = plain(&new);
        wanted["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        let fresh = accepted(both_doors(&request(&wanted, Some(&record("0.2.0", name))), &json!({})), name);
        let sorted = |object: &Value| {
            let pod = &object["spec"]["template"]["spec"];
            let mut texts: Vec<_> = [&pod["volumes"], &pod["containers"][0]["volumeMounts"]]
                .into_iter()
                .flat_map(|list| list.as_array().expect("a list").iter().map(Value::to_string))
                .collect();
            texts.sort();
            texts
        };
        assert_eq!(sorted(&new), sorted(&fresh), "{name}");
        // and go with all the rest
        for stored in [&left, &new] {
            let mut without = stored.clone();
            annotate(&mut without, "inject", "false");
            without["spec"]["replicas"] = json!(1);
            let taken = accepted(both_doors(&request(&without, Some(stored)), &json!({})), name);
            let template = taken["spec"]["template"].to_string();
            assert!(!template.contains("mysql-replication"), "{name}: {template}");
        }
    }
}

#[test]
fn what_a_cluster_was_made_with_stays_over_upgrades_of_its_image() {
    for (old, name, made, images) in records() {
        // the user's own roll-out brings the new scripts along
        let mut restarted = old.clone();
        restarted["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        let mut stored = accepted(both_doors(&request(&restarted, Some(&old)), &json!({})), name);
        assert_eq!(made_with(&stored), owned(made), "{name}, restarted");
        for image in images {
            for mut changed in [stored.clone(), plain(&stored)] {
                set_image(&mut changed, image);
                let mut settings = json!({});
                if *image == "mysql:9.1.0" {
                    settings = json!({"images": {"mysql-8.4": "registry.example/xtrabackup:9.1"}});
                }
                let new = accepted(both_doors(&request(&changed, Some(&stored)), &settings), image);
                assert_eq!(made_with(&new), owned(made), "{name} to {image}");
                stored = new;
            }
        }
    }
}

/// A backup of the cluster's objects brings the record along: it counts where it fits the object.
#[test]
fn a_cluster_that_is_created_anew_from_what_was_stored_keeps_what_it_was_made_with() {
    for (stored, name, made, _) in records() {
        let new = accepted(both_doors(&request(&stored, None), &json!({})), name);
        assert_eq!(made_with(&new), owned(made), "{name}");
        // a record that was copied to another object is none
        let mut copied = plain(&stored);
        let key = format!("{PREFIX}status");
        copied["metadata"]["annotations"][&key] = stored["metadata"]["annotations"][&key].clone();
        let new = accepted(both_doors(&request(&copied, None), &json!({})), name);
        let gtid = if ["mysql-5.7", "mariadb"].contains(&name) { "option-files" } else { "always" };
        assert_eq!(made_with(&new).1, gtid, "{name}, copied");
    }
}

#[test]
fn the_clone_method_of_a_live_cluster_is_not_changed() {
    for (old, name, (made, ..), _) in records() {
        if name == "mysql-5.7" || name == "mariadb" {
            continue; // the only method that they have
        }
        let other = if made == "xtrabackup" { "clone-plugin" } else { "xtrabackup" };
        let mut changed = old.clone();
        annotate(&mut changed, "clone-method", other);
        for (before, after, is_refused) in
            [(3, 3, true), (3, 1, true), (1, 3, true), (1, 1, false), (0, 0, true), (1, 0, true)]
        {
            let mut old = old.clone();
            old["spec"]["replicas"] = json!(before);
            changed["spec"]["replicas"] = json!(after);
            let answer = both_doors(&request(&changed, Some(&old)), &json!({}));
            let message = answer.message.clone().unwrap_or_default();
            assert_eq!(!answer.accepted, is_refused, "{name}, {before} to {after}: {message}");
            if is_refused {
                for part in ["[replication-changed] metadata.annotations", other, made, "scale to 1"] {
                    assert!(message.contains(part), "no {part} in {message}");
                }
            } else {
                // GTIDs come with the plugin, and do not go with it
                assert_eq!(
                    made_with(&accepted(answer, name)),
                    (other.to_owned(), "always".to_owned(), "binlog".to_owned())
                );
            }
        }
        // the annotation that goes away changes nothing
        annotate(&mut changed, "clone-method", made);
        let new = both_doors(&request(&changed, Some(&old)), &json!({}));
        assert!(new.accepted, "{:?}", new.message);
    }
}

/// The answer to an update of a live set's ConfigMap, whose keys are given.
fn change_of_config_map(set: &Value, before: Option<&Value>, after: &Value) -> Response {
    let map = |data: &Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mysql", "namespace": "default"}, "data": data});
    let cluster = Manifests::new([set.clone()], "default");
    both_doors_in(&cluster, &request(&map(after), before.map(map).as_ref()), &json!({}))
}

#[test]
fn option_files_of_a_live_cluster_change_neither_the_log_nor_gtids() {
    let super_read_only = |more: &str| format!("[mysqld]\nsuper-read-only\n{more}");
    let files = |primary: &str, replica: &str| json!({"master.cnf": format!("[mysqld]\nlog-bin=mysql-bin\n{primary}"), "slave.cnf": super_read_only(replica)});
    let named = |name: &str| json!({"primary.cnf": format!("[mysqld]\nlog-bin={name}\n")});
    let gtid = "gtid-mode=ON\nenforce-gtid-consistency=ON\n";
    let live = record("0.1.0", "mysql-5.7");
    let mut single = live.clone();
    single["spec"]["replicas"] = json!(1);
    for (set, before, after, expected) in [
        (&live, Some(files("", "")), files("max-connections=5\n", ""), ""),
        (&live, Some(files("", "")), files(gtid, gtid), "option files that switch GTIDs on"),
        (&live, Some(files(gtid, gtid)), files("", ""), "option files that switch GTIDs off"),
        (
            &live,
            Some(files("", "")),
            named("orders"),
            "option files that name the binary log \"orders\", not \"mysql-bin\"",
        ),
        (&live, Some(named("orders")), named("orders"), ""),
        (&live, Some(named("orders")), named("/var/lib/mysql/orders.log"), ""),
        (&live, Some(named("orders")), named("/var/log/orders"), "\"/var/log/orders\", not \"orders\""),
        // one that is put back, or comes behind its StatefulSet: what was there before is not known
        (&live, None, named("orders"), ""),
        (&live, None, named("mysql-bin"), ""),
        (&live, None, files(gtid, gtid), ""),
        (&single, Some(files("", "")), files(gtid, gtid), ""),
        (&single, None, named("orders"), ""),
    ] {
        let answer = change_of_config_map(set, before.as_ref(), &after);
        let message = answer.message.unwrap_or_default();
        assert_eq!(answer.accepted, expected.is_empty(), "{before:?} to {after}: {message}");
        if !expected.is_empty() {
            for part in ["[replication-changed] data", expected, "StatefulSet default/mysql reads it", "leave "] {
                assert!(message.contains(part), "no {part} in {message}");
            }
        }
    }
}

/// Where the policy itself switches GTIDs on, files do not matter; arguments win over files.
#[test]
fn arguments_of_a_live_cluster_change_neither_the_log_nor_gtids() {
    let with_args = |object: &Value, args: &[&str]| {
        let mut object = object.clone();
        let containers = object["spec"]["template"]["spec"]["containers"].as_array_mut().expect("containers");
        containers[0]["args"] = json!(args);
        object
    };
    for (name, before, after, expected) in [
        ("mysql-5.7", &[][..], &["--max-connections=5"][..], ""),
        ("mysql-5.7", &[], &["--log-bin=orders"], "[replication-changed]"),
        ("mysql-5.7", &[], &["--log-bin=mysql-bin"], ""),
        ("mysql-5.7", &["--log-bin=orders"], &["--log-bin=orders"], ""),
        ("mysql-5.7", &["--log-bin=orders"], &[], "[replication-changed]"),
        ("mysql-5.7", &[], &["--gtid-mode=ON", "--enforce-gtid-consistency=ON"], "switch GTIDs on"),
        ("mysql-5.7", &[], &["--gtid-mode", "ON"], "switch GTIDs on"),
        ("mysql-8.4", &[], &["--gtid-mode=ON"], ""),
        ("mysql-8.4", &[], &["--gtid_mode=OFF"], "[gtid-mode]"),
    ] {
        let old = record("0.1.0", name);
        let answer = both_doors(&request(&with_args(&old, after), Some(&with_args(&old, before))), &json!({}));
        let message = answer.message.unwrap_or_default();
        assert_eq!(answer.accepted, expected.is_empty(), "{name} {before:?} to {after:?}: {message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn another_config_map_changes_neither_the_log_nor_gtids() {
    let old = record("0.1.0", "mysql-5.7");
    let map = |name: &str, log: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"},
            "data": {"master.cnf": format!("[mysqld]\nlog-bin={log}\n")}})
    };
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql", "namespace": "default"},
        "spec": {"clusterIP": "None", "selector": {"app": "mysql"}, "ports": [{"port": 3306}]}});
    let mut changed = old.clone();
    annotate(&mut changed, "config-map", "other");
    for (maps, is_refused) in [
        (vec![map("mysql", "orders"), map("other", "orders")], false),
        (vec![map("mysql", "orders"), map("other", "bills")], true),
        // pods that start before it is there have no option files
        (vec![map("mysql", "orders")], true),
        (vec![map("mysql", "mysql-bin")], false),
        // of one that is no more nothing is known
        (vec![map("other", "orders")], false),
    ] {
        let cluster = Manifests::new(maps.clone().into_iter().chain([service.clone()]), "default");
        let answer = both_doors_in(&cluster, &request(&changed, Some(&old)), &json!({}));
        let message = answer.message.unwrap_or_default();
        assert_eq!(!answer.accepted, is_refused, "{maps:?}: {message}");
        assert!(!is_refused || message.contains("option files that name the binary log"), "{message}");
    }
}

/// By the way that the message names: who has a reason, says it.
/// Where the roles' files say nothing of GTIDs, a file that the user mounts beside them does.
#[test]
fn an_option_file_that_is_mounted_changes_no_gtids() {
    let old = record("0.1.0", "mysql-5.7");
    let map = |mode: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tuning", "namespace": "default"},
            "data": {"tuning.cnf": format!("[mysqld]\ngtid-mode={mode}\n"), "other": "[mysqld]\nmax_connections=5\n"}})
    };
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "mysql", "namespace": "default"},
        "spec": {"clusterIP": "None", "selector": {"app": "mysql"}, "ports": [{"port": 3306}]}});
    let mounting = |place: &str, volume: &Value| {
        let mut object = old.clone();
        let pod = &mut object["spec"]["template"]["spec"];
        let mut mount = json!({"name": "tuning", "mountPath": place});
        if Path::new(place).extension().is_some_and(|it| it == "cnf") {
            mount["subPath"] = "my.cnf".into();
        }
        pod["volumes"].as_array_mut().unwrap().push(json!({"name": "tuning", "configMap": volume}));
        pod["containers"][0]["volumeMounts"].as_array_mut().unwrap().push(mount);
        object
    };
    let whole = json!({"name": "tuning"});
    let file = |key: &str| json!({"name": "tuning", "items": [{"key": key, "path": "my.cnf"}]});
    for (place, volume, mode, is_refused) in [
        ("/etc/mysql/conf.d/my.cnf", file("tuning.cnf"), "ON", true),
        ("/etc/mysql/conf.d/my.cnf", file("other"), "ON", false),
        ("/etc/mysql/conf.d/my.cnf", file("tuning.cnf"), "OFF", false),
        ("/etc/mysql/mysql.conf.d", whole.clone(), "ON", true),
        // servers read no others of a folder
        (
            "/etc/mysql/mysql.conf.d",
            json!({"name": "tuning", "items": [{"key": "tuning.cnf", "path": "my.conf"}]}),
            "ON",
            false,
        ),
        ("/opt/tuning", whole.clone(), "ON", false),
    ] {
        let changed = mounting(place, &volume);
        let cluster = Manifests::new([map(mode), service.clone()], "default");
        for (from, to, what) in [(&old, &changed, "switch GTIDs on"), (&changed, &old, "switch GTIDs off")] {
            let answer = both_doors_in(&cluster, &request(to, Some(from)), &json!({}));
            let message = answer.message.unwrap_or_default();
            assert_eq!(!answer.accepted, is_refused, "{place} {volume} {mode}: {message}");
            let expected = format!(
                "[replication-changed] spec.template.spec.containers: another mount of option files (\"tuning\"): they {what}"
            );
            assert!(!is_refused || message.contains(&expected), "{message}");
        }
        // nobody can tell what one that is not there would say
        let answer =
            both_doors_in(&Manifests::new([service.clone()], "default"), &request(&changed, Some(&old)), &json!({}));
        assert!(answer.accepted, "{:?}", answer.message);
    }
}

#[test]
fn a_change_with_a_reason_is_taken() {
    let old = record("0.1.0", "mysql-8.0");
    let mut changed = old.clone();
    annotate(&mut changed, "clone-method", "clone-plugin");
    annotate(&mut changed, "exempt", "replication-changed: GTIDs are on everywhere, by the manual's steps");
    let new = accepted(both_doors(&request(&changed, Some(&old)), &json!({})), "exempt");
    assert_eq!(made_with(&new), ("clone-plugin".to_owned(), "always".to_owned(), "binlog".to_owned()));
}
