//! Updates of injected objects: what stays, what is put back, what restarts a database and what must not.

use mysql_replication_e2e_tests::{both_doors, read_manifest, request, root};
use serde_json::{Value, json};

const STATUS: &str = "mysql-replication.kubewarden.io/status";
const INJECT: &str = "mysql-replication.kubewarden.io/inject";

/// Settings under which another revision is injected, as by another version of the policy.
fn other_settings() -> Value {
    json!({"images": {"mysql-8.0": "registry.example/xtrabackup:other"}})
}

fn plain() -> Value {
    read_manifest(&root().join("e2e-tests/goldens/inject/own-claim-and-secret.yaml"))
}

fn plain_without_claim() -> Value {
    read_manifest(&root().join("e2e-tests/goldens/inject/no-service-name.yaml"))
}

fn created(object: &Value) -> Value {
    let answer = both_doors(&request(object, None), &json!({}));
    with_server_defaults(answer.mutated_object.expect("injected"))
}

/// What is stored after an update, in which the answer must accept.
fn updated(object: &Value, old: &Value, settings: &Value) -> Value {
    let answer = both_doors(&request(object, Some(old)), settings);
    assert!(answer.accepted, "{:?}", answer.message);
    with_server_defaults(answer.mutated_object.unwrap_or_else(|| object.clone()))
}

/// Some of what the API server adds to what it stores (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go).
fn with_server_defaults(mut object: Value) -> Value {
    let default = |value: &mut Value, key: &str, default: Value| {
        if value.is_object() && value.get(key).is_none_or(Value::is_null) {
            value[key] = default;
        }
    };
    let pod = &mut object["spec"]["template"]["spec"];
    default(pod, "restartPolicy", json!("Always"));
    default(pod, "dnsPolicy", json!("ClusterFirst"));
    default(pod, "terminationGracePeriodSeconds", json!(30));
    for list in ["initContainers", "containers"] {
        for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            default(container, "terminationMessagePath", json!("/dev/termination-log"));
            default(container, "terminationMessagePolicy", json!("File"));
            default(container, "imagePullPolicy", json!("IfNotPresent"));
            default(container, "resources", json!({}));
            for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
                default(port, "protocol", json!("TCP"));
            }
            for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
                    default(field, "apiVersion", json!("v1"));
                }
            }
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                if let Some(probe) = container.get_mut(probe) {
                    default(probe, "successThreshold", json!(1));
                    default(probe, "failureThreshold", json!(3));
                }
            }
        }
    }
    for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(config_map) = volume.get_mut("configMap") {
            default(config_map, "defaultMode", json!(420));
        }
    }
    let claims = object.pointer_mut("/spec/volumeClaimTemplates").and_then(Value::as_array_mut);
    for claim in claims.into_iter().flatten() {
        default(claim, "apiVersion", json!("v1"));
        default(claim, "kind", json!("PersistentVolumeClaim"));
        default(claim, "status", json!({"phase": "Pending"}));
        default(&mut claim["spec"], "volumeMode", json!("Filesystem"));
    }
    object
}

fn container<'a>(object: &'a Value, name: &str) -> &'a Value {
    let pod = &object["spec"]["template"]["spec"];
    ["initContainers", "containers"]
        .iter()
        .filter_map(|list| pod[*list].as_array())
        .flatten()
        .find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("no container {name}"))
}

fn database_mut(object: &mut Value) -> &mut Value {
    object["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .expect("containers")
        .iter_mut()
        .find(|container| container["name"] == "mysql")
        .expect("the database")
}

#[test]
fn the_servers_defaults_restart_nothing() {
    for object in [plain(), plain_without_claim()] {
        let old = created(&object);
        let mut scaled = old.clone();
        scaled["spec"]["replicas"] = json!(5);
        let new = updated(&scaled, &old, &json!({}));
        assert_eq!(new, scaled);
    }
}

#[test]
fn an_upgrade_of_the_policy_restarts_nothing() {
    let old = created(&plain());
    let mut scaled = old.clone();
    scaled["spec"]["replicas"] = json!(5);
    assert_eq!(updated(&scaled, &old, &other_settings()), scaled);
}

#[test]
fn writing_the_plain_manifest_over_it_restarts_nothing_either() {
    for object in [plain(), plain_without_claim()] {
        let old = created(&object);
        for settings in [json!({}), other_settings()] {
            let mut again = with_server_defaults(object.clone());
            again["spec"]["replicas"] = json!(4);
            let new = updated(&again, &old, &settings);
            assert_eq!(new["spec"]["template"], old["spec"]["template"]);
            assert_eq!(new["spec"]["serviceName"], old["spec"]["serviceName"]);
            assert_eq!(new["spec"]["volumeClaimTemplates"], old["spec"]["volumeClaimTemplates"]);
            assert_eq!(new["metadata"]["annotations"][STATUS], old["metadata"]["annotations"][STATUS]);
            assert_eq!(new["spec"]["replicas"], 4);
        }
    }
}

#[test]
fn an_upgrade_rides_along_with_the_users_own_rollout() {
    let old = created(&plain());
    let mut changed = old.clone();
    database_mut(&mut changed)["image"] = json!("mysql:8.0.37");
    let new = updated(&changed, &old, &other_settings());
    assert_eq!(container(&new, "clone-mysql")["image"], "registry.example/xtrabackup:other");
    assert_eq!(container(&new, "init-mysql")["image"], "mysql:8.0.37");
    assert_ne!(new["metadata"]["annotations"][STATUS], old["metadata"]["annotations"][STATUS]);
}

#[test]
fn a_restart_by_hand_takes_the_new_revision_along() {
    let old = created(&plain());
    let mut restarted = old.clone();
    restarted["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
    let new = updated(&restarted, &old, &other_settings());
    assert_eq!(container(&new, "xtrabackup")["image"], "registry.example/xtrabackup:other");
}

#[test]
fn a_changed_annotation_takes_effect() {
    let old = created(&plain());
    let mut changed = old.clone();
    changed["metadata"]["annotations"]["mysql-replication.kubewarden.io/max-replica-lag-seconds"] = json!("60");
    let new = updated(&changed, &old, &json!({}));
    let env = new["spec"]["template"]["spec"]["initContainers"][0]["env"].as_array().expect("env");
    assert!(env.contains(&json!({"name": "REPLICATION_MAX_LAG_SECONDS", "value": "60"})));
}

#[test]
fn tampering_is_undone() {
    let old = created(&plain());
    let mut tampered = old.clone();
    let sidecar = tampered["spec"]["template"]["spec"]["containers"][1].as_object_mut().expect("the sidecar");
    sidecar.insert("command".to_owned(), json!(["sleep", "infinity"]));
    sidecar.remove("readinessProbe");
    let new = updated(&tampered, &old, &json!({}));
    assert_eq!(
        container(&new, "xtrabackup")["readinessProbe"]["exec"],
        container(&old, "xtrabackup")["readinessProbe"]["exec"]
    );
    assert_eq!(container(&new, "xtrabackup")["command"], container(&old, "xtrabackup")["command"]);
    // what was stored tampered is no injection worth keeping
    let mut scaled = tampered.clone();
    scaled["spec"]["replicas"] = json!(2);
    let new = updated(&scaled, &tampered, &other_settings());
    assert_eq!(container(&new, "xtrabackup")["image"], "registry.example/xtrabackup:other");
}

#[test]
fn what_other_controllers_add_to_injected_containers_stays() {
    let old = created(&plain());
    let mut extended = old.clone();
    let sidecar = &mut extended["spec"]["template"]["spec"]["containers"][1];
    sidecar["resources"]["limits"] = json!({"memory": "1Gi"});
    sidecar["env"].as_array_mut().expect("env").push(json!({"name": "HTTP_PROXY", "value": "http://proxy.example"}));
    extended["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .expect("containers")
        .push(json!({"name": "mesh", "image": "mesh:1"}));
    let extended = with_server_defaults(extended);
    assert_eq!(updated(&extended, &old, &json!({})), extended);
}

#[test]
fn a_lost_record_is_restored() {
    let old = created(&plain());
    let mut without = old.clone();
    without["metadata"]["annotations"].as_object_mut().expect("annotations").remove(STATUS);
    assert_eq!(updated(&without, &old, &json!({})), old);
}

#[test]
fn the_users_own_probe_takes_the_injected_ones_place() {
    let old = created(&plain());
    let own = json!({"tcpSocket": {"port": 3306}, "successThreshold": 1, "failureThreshold": 3});
    let mut replaced = old.clone();
    database_mut(&mut replaced)["readinessProbe"] = own.clone();
    let new = updated(&replaced, &old, &json!({}));
    assert_eq!(container(&new, "mysql")["readinessProbe"], own);

    // a strategic merge leaves both handlers, which the server would refuse
    let mut merged = old.clone();
    database_mut(&mut merged)["readinessProbe"]["tcpSocket"] = json!({"port": 3306});
    let new = updated(&merged, &old, &json!({}));
    let probe = &container(&new, "mysql")["readinessProbe"];
    assert!(probe.get("exec").is_none() && probe.get("tcpSocket").is_some(), "{probe}");
}

#[test]
fn new_settings_restart_no_database() {
    let old = created(&plain());
    let mut scaled = old.clone();
    scaled["spec"]["replicas"] = json!(5);
    for settings in [
        json!({"resources": {"xtrabackup": {"requests": {"cpu": "2"}}}}),
        json!({"images": {"mysql-8.0": "registry.example/other:8.0"}}),
        json!({"configMap": "other"}),
    ] {
        let new = updated(&scaled, &old, &settings);
        assert_eq!(new["spec"]["template"], old["spec"]["template"], "{settings}");
        // with the user's own change of the template they come along
        let mut rollout = scaled.clone();
        rollout["spec"]["template"]["metadata"]["labels"]["rollout"] = json!("1");
        let new = updated(&rollout, &old, &settings);
        let text = new["spec"]["template"].to_string();
        assert!(
            text.contains("\"2\"") || text.contains("registry.example/other") || text.contains("\"other\""),
            "{text}"
        );
    }
}

#[test]
fn taken_away_only_with_a_single_pod() {
    let old = created(&plain_without_claim());
    for inject in [Some("false"), None] {
        let mut without = old.clone();
        let annotations = without["metadata"]["annotations"].as_object_mut().expect("annotations");
        annotations.remove(INJECT);
        annotations.extend(inject.map(|value| (INJECT.to_owned(), json!(value))));

        without["spec"]["replicas"] = json!(2);
        let answer = both_doors(&request(&without, Some(&old)), &json!({}));
        assert!(!answer.accepted);
        let message = answer.message.unwrap_or_default();
        assert!(message.contains("[injection-taken-away]") && message.contains("scale to 1"), "{message}");

        without["spec"]["replicas"] = json!(1);
        let new = updated(&without, &old, &json!({}));
        let pod = &new["spec"]["template"]["spec"];
        assert!(pod.get("initContainers").is_none() && pod.get("volumes").is_none(), "{pod}");
        assert_eq!(pod["containers"].as_array().map(Vec::len), Some(1));
        let mounts = &container(&new, "mysql")["volumeMounts"];
        assert_eq!(mounts, &json!([{"name": "data", "mountPath": "/var/lib/mysql", "subPath": "mysql"}]));
        assert_eq!(new["spec"]["volumeClaimTemplates"], old["spec"]["volumeClaimTemplates"]);
        assert_eq!(new["spec"]["serviceName"], "mysql");
        assert!(new["metadata"]["annotations"].get(STATUS).is_none());
        for field in ["livenessProbe", "readinessProbe", "startupProbe", "ports"] {
            assert!(container(&new, "mysql").get(field).is_none(), "{field}");
        }
    }
}

#[test]
fn the_data_stays_mounted_when_the_plain_manifest_takes_the_injection_away() {
    let old = created(&plain_without_claim());
    let mut plain = with_server_defaults(plain_without_claim());
    plain["metadata"].as_object_mut().expect("metadata").remove("annotations");
    plain["spec"]["replicas"] = json!(1);
    let new = updated(&plain, &old, &json!({}));
    let mounts = &container(&new, "mysql")["volumeMounts"];
    assert_eq!(mounts, &json!([{"name": "data", "mountPath": "/var/lib/mysql", "subPath": "mysql"}]));
    assert_eq!(new["spec"]["volumeClaimTemplates"], old["spec"]["volumeClaimTemplates"]);
    assert_eq!(new["spec"]["serviceName"], "mysql");
}

#[test]
fn status_and_scale_are_not_the_policys_business() {
    let object = plain();
    let mut request = request(&object, Some(&object));
    request["subResource"] = json!("status");
    let answer = both_doors(&request, &json!({}));
    assert!(answer.accepted && answer.mutated_object.is_none());
}

#[test]
fn a_deletion_is_accepted() {
    let mut request = request(&plain(), Some(&plain()));
    request["operation"] = json!("DELETE");
    request.as_object_mut().expect("a request").remove("object");
    let answer = both_doors(&request, &json!({}));
    assert!(answer.accepted && answer.mutated_object.is_none());
}

/// A record that was copied from another set names parts of this one that the policy never put in: the data's mount.
#[test]
fn a_copied_record_takes_nothing_of_the_users_away() {
    let mut live = plain();
    live["metadata"].as_object_mut().expect("metadata").remove("annotations");
    live["spec"]["replicas"] = json!(1);
    live["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] = json!("data");
    let mount = json!([{"name": "data", "mountPath": "/var/lib/mysql"}]);
    database_mut(&mut live)["volumeMounts"] = mount.clone();
    let copied = created(&plain_without_claim())["metadata"]["annotations"].clone();
    let mut annotated = live.clone();
    annotated["metadata"]["annotations"] = copied.clone();
    for old in [None, Some(&live)] {
        let answer = both_doors(&request(&annotated, old), &json!({}));
        let new = answer.mutated_object.unwrap_or_else(|| panic!("{:?}", answer.message));
        assert_eq!(container(&new, "mysql")["volumeMounts"][0], mount[0]);
        assert_ne!(new["metadata"]["annotations"][STATUS], copied[STATUS]);
    }
    // nor one that takes the place of the stored one
    let old = created(&live_with_injection(&live));
    let mut replaced = old.clone();
    replaced["metadata"]["annotations"][STATUS] = copied[STATUS].clone();
    let new = updated(&replaced, &old, &json!({}));
    assert_eq!(container(&new, "mysql")["volumeMounts"], container(&old, "mysql")["volumeMounts"]);
    assert_eq!(new["metadata"]["annotations"][STATUS], old["metadata"]["annotations"][STATUS]);
}

/// Nor does one whose digest fits, or one that was stored while no policy answered.
#[test]
fn a_forged_record_takes_nothing_of_the_users_away() {
    let mut plain = plain();
    plain["spec"]["replicas"] = json!(1);
    plain["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] = json!("data");
    let mount = json!([{"name": "data", "mountPath": "/var/lib/mysql"}]);
    database_mut(&mut plain)["volumeMounts"] = mount.clone();
    // FNV-1a, as the policy has it, of lists that are empty but for the one of the mounts
    let texts = ["]", "]", "]", "data", "/var/lib/mysql", "", "", "]", "]"];
    let digest = texts
        .iter()
        .flat_map(|text| text.bytes().chain([0xff]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut forged = plain.clone();
    let record = json!({
        "version": "0.3.0", "revision": format!("{digest:016x}"), "container": "mysql", "volumeMounts": ["/var/lib/mysql"],
        "replication": {"cloneMethod": "xtrabackup", "gtid": "option-files", "binaryLog": "mysql-bin"},
    });
    forged["metadata"]["annotations"][STATUS] = json!(record.to_string());
    let mut rolled_out = forged.clone();
    database_mut(&mut rolled_out)["image"] = json!("mysql:8.0.40");
    for (object, old) in [(&forged, None), (&forged, Some(&plain)), (&rolled_out, Some(&forged))] {
        let answer = both_doors(&request(object, old), &json!({}));
        let new = answer.mutated_object.unwrap_or_else(|| panic!("{:?}", answer.message));
        assert_eq!(container(&new, "mysql")["volumeMounts"][0], mount[0]);
        let env = container(&new, "init-mysql")["env"].as_array().expect("env").clone();
        assert!(env.contains(&json!({"name": "REPLICATION_GTID", "value": "always"})), "{env:?}");
    }
}

/// In another folder of its volume the database would start empty.
#[test]
fn the_injected_mount_of_the_data_stays_where_it_is() {
    let old = created(&plain_without_claim());
    let is_data = |mount: &&mut Value| mount["name"] == "data";
    for image in ["mysql:8.0.36", "mysql:8.0.40"] {
        let mut moved = old.clone();
        let database = database_mut(&mut moved);
        database["image"] = json!(image);
        let mounts = database["volumeMounts"].as_array_mut().expect("mounts");
        mounts.iter_mut().find(is_data).expect("the mount").as_object_mut().expect("a mount").remove("subPath");
        let new = updated(&moved, &old, &json!({}));
        assert_eq!(container(&new, "mysql")["volumeMounts"], container(&old, "mysql")["volumeMounts"], "{image}");
    }
}

#[test]
fn an_undone_edit_is_told() {
    let old = created(&plain());
    let warnings =
        |object: &Value| both_doors(&request(object, Some(&old)), &json!({})).warnings.unwrap_or_default().join("\n");
    let mut edited = old.clone();
    edited["spec"]["template"]["spec"]["containers"][1]["image"] = json!("registry.example/other:1");
    let told = warnings(&edited);
    assert!(told.contains("(xtrabackup)"), "{told}");
    let mut limited = old.clone();
    limited["spec"]["template"]["spec"]["containers"][1]["resources"]["limits"] = json!({"memory": "1Gi"});
    let mut told_more = old.clone();
    let env = &mut told_more["spec"]["template"]["spec"]["containers"][1]["env"];
    env.as_array_mut().expect("env").push(json!({"name": "HTTP_PROXY", "value": "http://proxy.example"}));
    let mut patient = old.clone();
    database_mut(&mut patient)["livenessProbe"]["failureThreshold"] = json!(99);
    let mut bare = old.clone();
    bare["spec"]["template"]["spec"]["initContainers"] = json!([]);
    for (edited, what) in [
        (&limited, "(xtrabackup)"),
        (&told_more, "(xtrabackup)"),
        (&patient, "(livenessProbe)"),
        (&bare, "(init-mysql, clone-mysql)"),
    ] {
        assert_eq!(updated(edited, &old, &json!({})), old, "{what}");
        let told = warnings(edited);
        assert!(told.contains(what), "{what}: {told}");
    }
    // what others add stays where the pods restart in any case, and then nothing is undone
    limited["spec"]["template"]["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
    assert_eq!(container(&updated(&limited, &old, &json!({})), "xtrabackup")["resources"]["limits"]["memory"], "1Gi");
    let told = warnings(&limited);
    assert!(!told.contains("is undone"), "{told}");
    // a plain manifest is no edit, nor is the stored object once more
    for same in [&plain(), &old] {
        let told = warnings(same);
        assert!(!told.contains("is undone"), "{told}");
    }
}

#[test]
fn a_service_that_comes_before_its_database_is_told_of_it_later() {
    let service = read_manifest(&root().join("e2e-tests/goldens/rules/primary-service-not-yet.yaml"));
    let told = |old: Option<&Value>| {
        let answer = both_doors(&request(&service, old), &json!({}));
        assert!(answer.accepted && answer.mutated_object.is_some(), "{answer:?}");
        answer.warnings.unwrap_or_default().join("\n")
    };
    assert_eq!(told(None), "");
    let mut old = service.clone();
    old["spec"]["ports"][0]["name"] = json!("sql");
    assert!(told(Some(&old)).contains("no StatefulSet \"mysql\" yet"), "{}", told(Some(&old)));
}

fn live_with_injection(live: &Value) -> Value {
    let mut object = live.clone();
    object["metadata"]["annotations"] = json!({INJECT: "true"});
    object
}

/// What is injected into the pods.
fn injected(object: &Value) -> [&Value; 4] {
    let pod = &object["spec"]["template"]["spec"];
    [&pod["volumes"], &pod["initContainers"], &pod["containers"][1], &pod["containers"][0]["volumeMounts"]]
}

/// Of a name the last variable counts, and arguments behind a script are the script's own.
#[test]
fn an_injected_container_carries_no_more_than_was_planned() {
    let edits: [fn(&mut Value); 22] = [
        |pod| {
            let env = pod["initContainers"][0]["env"].as_array_mut().expect("env");
            env.push(json!({"name": "REPLICATION_SERVICE", "value": "elsewhere"}));
        },
        |pod| {
            let env = pod["initContainers"][0]["env"].as_array_mut().expect("env");
            env.push(json!({"name": "POD_NAME", "value": "mysql-0"}));
        },
        |pod| pod["initContainers"][0]["env"][0] = json!({"name": "POD_NAME", "value": "mysql-0"}),
        |pod| {
            let env = pod["containers"][1]["env"].as_array_mut().expect("env");
            env.push(json!({"name": "REPLICATION_SERVICE", "value": "elsewhere"}));
        },
        |pod| pod["containers"][1]["args"] = json!(["serve-peer"]),
        |pod| pod["containers"][1]["lifecycle"] = json!({"postStart": {"exec": {"command": ["mysql"]}}}),
        |pod| pod["containers"][1]["command"][1] = json!("/tmp/xtrabackup.sh"),
        // no container but the one that writes the scripts can change them
        |pod| {
            for list in ["initContainers", "containers"] {
                for container in pod[list].as_array_mut().expect("a list") {
                    for mount in container["volumeMounts"].as_array_mut().expect("mounts") {
                        mount.as_object_mut().expect("a mount").remove("readOnly");
                    }
                }
            }
        },
        |pod| {
            let mount = json!({"name": "mysql-replication-scripts", "mountPath": "/x"});
            pod["containers"][1]["volumeMounts"].as_array_mut().expect("mounts").push(mount);
        },
        |pod| {
            let mount = json!({"name": "data", "mountPath": "/mysql-replication/look-after.sh", "subPath": "own.sh"});
            pod["containers"][1]["volumeMounts"].as_array_mut().expect("mounts").push(mount);
        },
        |pod| {
            let mount =
                json!({"name": "data", "mountPath": "//mysql-replication/./parameters.sh", "subPath": "own.sh"});
            pod["initContainers"][1]["volumeMounts"].as_array_mut().expect("mounts").push(mount);
        },
        |pod| {
            let mounts = pod["containers"][1]["volumeMounts"].as_array_mut().expect("mounts");
            let scripts = mounts.iter_mut().find(|mount| mount["name"] == "mysql-replication-scripts");
            scripts.expect("the mount")["subPath"] = json!("own");
        },
        |pod| pod["initContainers"][0]["restartPolicy"] = json!("Always"),
        |pod| {
            let volumes = pod["volumes"].as_array_mut().expect("volumes");
            let scripts = volumes.iter_mut().find(|volume| volume["name"] == "mysql-replication-scripts");
            *scripts.expect("the volume") =
                json!({"name": "mysql-replication-scripts", "hostPath": {"path": "/tmp/scripts"}});
        },
        |pod| {
            let volumes = pod["volumes"].as_array_mut().expect("volumes");
            let conf = volumes.iter_mut().find(|volume| volume["name"] == "conf");
            *conf.expect("the volume") = json!({"name": "conf", "hostPath": {"path": "/srv/conf"}});
        },
        |pod| {
            let volumes = pod["volumes"].as_array_mut().expect("volumes");
            let config_map = volumes.iter_mut().find(|volume| volume["name"] == "config-map");
            config_map.expect("the volume")["configMap"]["items"] = json!([{"key": "slave.cnf", "path": "master.cnf"}]);
        },
        |pod| {
            let database =
                pod["containers"].as_array_mut().expect("containers").iter_mut().find(|it| it["name"] == "mysql");
            let mounts = database.expect("the database")["volumeMounts"].as_array_mut().expect("mounts");
            mounts.iter_mut().find(|mount| mount["name"] == "conf").expect("the mount")["subPath"] = json!("other");
        },
        |pod| pod["initContainers"].as_array_mut().expect("a list").reverse(),
        |pod| pod["initContainers"][0]["envFrom"] = json!([{"configMapRef": {"name": "other"}}]),
        |pod| {
            let env = pod["initContainers"][0]["env"].as_array_mut().expect("env");
            env.push(json!({"name": "BASH_ENV", "value": "/var/lib/mysql/run-first"}));
        },
        |pod| pod["containers"][1]["securityContext"] = json!({"runAsUser": 4711}),
        |pod| {
            let mounts = pod["containers"][1]["volumeMounts"].as_array_mut().expect("mounts");
            let data = mounts.iter_mut().find(|mount| mount["mountPath"] == "/var/lib/mysql");
            data.expect("the mount")["subPath"] = json!("elsewhere");
        },
    ];
    let old = created(&plain());
    for (number, edit) in edits.into_iter().enumerate() {
        let mut edited = old.clone();
        edit(&mut edited["spec"]["template"]["spec"]);
        // beside a change of the user's own, so that the injection is made anew
        database_mut(&mut edited)["resources"] = json!({"limits": {"memory": "2Gi"}});
        let new = updated(&edited, &old, &json!({}));
        assert_eq!(injected(&new), injected(&old), "edit {number}");

        // past the policy: the audit finds it, and the next update puts it right
        let mut stored = old.clone();
        edit(&mut stored["spec"]["template"]["spec"]);
        stored["metadata"]["uid"] = json!("4fa2");
        let mut audit = request(&stored, None);
        audit["uid"] = json!("4fa2");
        let message = both_doors(&audit, &json!({})).message.unwrap_or_default();
        assert!(message.contains("[injection-changed]"), "edit {number}: {message}");
        let mut scaled = stored.clone();
        scaled["spec"]["replicas"] = json!(5);
        let new = updated(&scaled, &stored, &json!({}));
        assert_eq!(injected(&new), injected(&old), "edit {number}");
    }
}

/// A pod 0 without data would wait for a replica that there is not.
#[test]
fn restore_from_names_a_replica_that_there_is() {
    let old = created(&plain());
    for (replicas, ordinal, is_refused) in [(3, "2", false), (3, "3", true), (1, "1", true), (0, "1", false)] {
        for stored in [None, Some(&old)] {
            let mut object = stored.cloned().unwrap_or_else(plain);
            object["spec"]["replicas"] = json!(replicas);
            object["metadata"]["annotations"]["mysql-replication.kubewarden.io/restore-from"] = json!(ordinal);
            let answer = both_doors(&request(&object, stored), &json!({}));
            assert_eq!(!answer.accepted, is_refused, "{replicas} {ordinal}: {:?}", answer.message);
            let message = answer.message.unwrap_or_default();
            let expected = format!(
                "restore-from\"]: found \"{ordinal}\"\n  why: with replicas: {replicas} there is no pod {ordinal}"
            );
            assert!(!is_refused || message.contains(&expected), "{message}");
        }
    }
}

/// Who scales in loses claims, which a restored primary may still need; said when it is asked for, and not each time.
#[test]
fn claims_that_scaling_in_deletes_are_warned_about() {
    let deleting = |mut object: Value, what: &str| {
        object["spec"]["persistentVolumeClaimRetentionPolicy"] = json!({"whenScaled": what, "whenDeleted": "Retain"});
        object
    };
    let injected = created(&plain());
    let known = deleting(injected.clone(), "Delete");
    for (object, old, is_warned) in [
        (deleting(plain(), "Delete"), None, true),
        (deleting(plain(), "Retain"), None, false),
        (deleting(plain(), "Delete"), Some(&injected), true),
        (deleting(plain(), "Delete"), Some(&known), false),
        (deleting(plain(), "Retain"), Some(&known), false),
    ] {
        let answer = both_doors(&request(&object, old), &json!({}));
        assert!(answer.accepted, "{:?}", answer.message);
        let warnings = answer.warnings.unwrap_or_default();
        assert_eq!(warnings.iter().any(|it| it.contains("whenScaled: write Retain")), is_warned, "{warnings:?}");
    }
}

/// The controller makes a pod that was deleted by hand from the old template below a partition, and where the strategy
/// has a type and no partition.
#[test]
fn who_is_to_delete_pod_0_is_told_where_it_would_come_back_as_it_was() {
    let mut live = plain();
    live["metadata"].as_object_mut().expect("metadata").remove("annotations");
    let old = created(&plain());
    let mut restored = old.clone();
    restored["metadata"]["annotations"]["mysql-replication.kubewarden.io/restore-from"] = json!("1");
    let warns = |strategy: &Value, object: &Value, old: &Value| {
        let with = |object: &Value| {
            let mut object = object.clone();
            object["spec"]["updateStrategy"] = strategy.clone();
            object
        };
        let answer = both_doors(&request(&with(object), Some(&with(old))), &json!({}));
        assert!(answer.accepted, "{:?}", answer.message);
        answer.warnings.unwrap_or_default().iter().any(|warning| warning.contains("rollingUpdate: {partition: 0}"))
    };
    let one_pod = |object: &Value| {
        let mut object = object.clone();
        object["spec"]["replicas"] = json!(1);
        object
    };
    for (strategy, is_old) in [
        (json!(null), false),
        (json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}), false),
        (json!({"type": "OnDelete"}), false),
        (json!({"type": "RollingUpdate"}), true),
        (json!({"rollingUpdate": {"partition": 2}}), true),
    ] {
        assert_eq!(warns(&strategy, &live_with_injection(&live), &live), is_old, "adopted, {strategy}");
        assert_eq!(warns(&strategy, &restored, &old), is_old, "restored, {strategy}");
        // these have nothing to delete
        assert!(!warns(&strategy, &live_with_injection(&one_pod(&live)), &one_pod(&live)), "one pod, {strategy}");
        assert!(!warns(&strategy, &restored, &restored), "unchanged, {strategy}");
    }
}
