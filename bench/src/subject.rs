//! What is evaluated: requests of which the verdict is known.

use std::sync::Arc;

use mysql_replication_manifests::{Manifests, Response, admission_request};
use serde_json::{Map, Value, json};

use crate::meter::{Count, Meter};
use crate::prepared::Prepared;

/// What the policy must say, so that nothing else than what is meant is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Accepted as it is.
    Unchanged,
    /// Accepted with changes.
    Changed,
    /// Rejected with so many violations.
    Rejected(usize),
}

impl Expected {
    fn of(response: &Response) -> Self {
        match (response.accepted, &response.mutated_object) {
            (true, None) => Self::Unchanged,
            (true, Some(_)) => Self::Changed,
            (false, _) => {
                let message = response.message.as_deref().unwrap_or_default();
                Self::Rejected(message.lines().filter(|line| line.starts_with('[')).count())
            }
        }
    }
}

/// A request and the cluster that it meets.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What tables and limits call it.
    pub name: &'static str,
    /// The request and the settings, as a policy server sends them.
    pub payload: Vec<u8>,
    /// The request and the settings for the second floor: a setting tells the guest that does nothing how long its
    /// answer shall be.
    pub floor_payload: Vec<u8>,
    /// Answers the look-ups.
    pub cluster: Arc<Prepared>,
    /// What must come out.
    pub expected: Expected,
    /// What a cold evaluation costs.
    pub count: Count,
}

impl Subject {
    /// A subject of a known verdict. It is evaluated once, which shows what it looks up.
    ///
    /// # Errors
    /// Where the verdict is another, or there are warnings: a look-up that fails is only warned of, and would make a
    /// subject cheaper than it is.
    pub fn new(
        policy: &Meter,
        name: &'static str,
        request: &Value,
        settings: &Value,
        expected: Expected,
    ) -> Result<Self, String> {
        let (subject, response) = Self::of(policy, name, request, settings)?;
        let subject = Self { expected, ..subject };
        subject.compare(&response)?;
        match response.warnings {
            Some(warnings) => Err(format!("{name}: {warnings:?}")),
            None => Ok(subject),
        }
    }

    /// A subject of any verdict.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn any(policy: &Meter, name: &'static str, request: &Value, settings: &Value) -> Result<Self, String> {
        Self::of(policy, name, request, settings).map(|(subject, _)| subject)
    }

    fn of(policy: &Meter, name: &'static str, request: &Value, settings: &Value) -> Result<(Self, Response), String> {
        let payload = payload(request, settings);
        let (prepared, answer, count) = Prepared::record(policy, &payload, Manifests::new(cluster(), "default"))?;
        let response = parse(name, &answer)?;
        let expected = Expected::of(&response);
        let mut floor_settings = settings.clone();
        floor_settings["answerBytes"] = json!(count.answer);
        let floor_payload = self::payload(request, &floor_settings);
        let cluster = Arc::new(prepared);
        Ok((Self { name, payload, floor_payload, cluster, expected, count }, response))
    }

    /// Is an answer of the policy the expected one?
    ///
    /// # Errors
    /// With what it is instead.
    pub fn check(&self, answer: &[u8]) -> Result<(), String> {
        self.compare(&parse(self.name, answer)?)
    }

    /// Is an answer of the second floor an acceptance, and as long as the policy's?
    ///
    /// # Errors
    /// With what it is instead.
    pub fn check_floor(&self, answer: &[u8]) -> Result<(), String> {
        let is_accepted = parse(self.name, answer)?.accepted;
        (is_accepted && answer.len() == self.count.answer).then_some(()).ok_or_else(|| {
            let (name, wanted, bytes) = (self.name, self.count.answer, answer.len());
            format!("{name}: the second floor's answer has {bytes} bytes instead of {wanted}, or is no acceptance")
        })
    }

    fn compare(&self, response: &Response) -> Result<(), String> {
        let (name, expected, found) = (self.name, self.expected, Expected::of(response));
        (found == expected).then_some(()).ok_or_else(|| {
            format!("{name}: expected {expected:?}, got {found:?}: {}", response.message.as_deref().unwrap_or_default())
        })
    }
}

fn payload(request: &Value, settings: &Value) -> Vec<u8> {
    json!({"request": request, "settings": settings}).to_string().into_bytes()
}

fn parse(name: &str, answer: &[u8]) -> Result<Response, String> {
    serde_json::from_slice(answer).map_err(|error| format!("{name}: {error}"))
}

/// The subjects of the benchmark.
///
/// # Errors
/// Where one of them gets another verdict than it should.
pub fn all(policy: &Meter) -> Result<Vec<Subject>, String> {
    let settings = json!({});
    let create = |object: &Value| admission_request(object, None, "default");
    let subject = |name, request: &Value, expected| Subject::new(policy, name, request, &settings, expected);
    let injected = Subject::of(policy, "full injection", &create(&managed()), &settings)?.1;
    let injected = injected.mutated_object.ok_or("nothing is injected")?;
    has_scripts(&injected)?;
    let mut scaled = injected.clone();
    scaled["spec"]["replicas"] = json!(5);
    let scaled = admission_request(&scaled, Some(&injected), "default");
    Ok(vec![
        subject("unmanaged StatefulSet", &create(&unmanaged()), Expected::Unchanged)?,
        subject("full injection", &create(&managed()), Expected::Changed)?,
        subject("re-admission", &scaled, Expected::Unchanged)?,
        subject("ten violations", &create(&wrong()), Expected::Rejected(10))?,
        subject("Service", &create(&write_service()), Expected::Changed)?,
        subject("200 variables", &create(&workload(200)), Expected::Unchanged)?,
    ])
}

/// Do the injected containers run the scripts, and does `init-mysql` bring them?
fn has_scripts(object: &Value) -> Result<(), String> {
    const FOLDER: &str = "/mysql-replication";
    /// Less than the packed scripts have, and far more than anything else in the command.
    const PACKED_BYTES: usize = 10_000;
    let pod = &object["spec"]["template"]["spec"];
    let command = |list: &str, name: &str| -> Vec<&str> {
        let container = pod[list].as_array().into_iter().flatten().find(|container| container["name"] == name);
        let words = container.and_then(|container| container["command"].as_array()).into_iter().flatten();
        words.filter_map(Value::as_str).collect()
    };
    let init = command("initContainers", "init-mysql");
    let brings_them = matches!(init.as_slice(), ["bash", "-c", unpack, FOLDER, packed]
        if unpack.contains("set -euo pipefail") && packed.len() > PACKED_BYTES);
    if !brings_them {
        let bytes: Vec<usize> = init.iter().map(|word| word.len()).collect();
        return Err(format!("full injection: init-mysql does not bring the scripts: words of {bytes:?} bytes"));
    }
    for (list, name) in [("initContainers", "clone-mysql"), ("containers", "xtrabackup")] {
        let run = command(list, name);
        if run != ["bash", &format!("{FOLDER}/{name}.sh")] {
            return Err(format!("full injection: {name} does not run its script: {run:?}"));
        }
    }
    Ok(())
}

/// The subject of a name.
///
/// # Errors
/// Where there is none.
pub fn find<'a>(subjects: &'a [Subject], name: &str) -> Result<&'a Subject, String> {
    subjects.iter().find(|subject| subject.name == name).ok_or_else(|| format!("there is no subject {name}"))
}

/// What `kubectl` and the API server put into every object's metadata.
pub(crate) fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "namespace": "default",
        "creationTimestamp": null,
        "labels": {
            "app": name,
            "app.kubernetes.io/name": name,
            "app.kubernetes.io/part-of": "shop",
            "app.kubernetes.io/managed-by": "kubectl",
        },
        "annotations": {"example.com/owner": "team-shop", "example.com/cost-centre": "4711"},
        "managedFields": [{
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {
                "f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:app.kubernetes.io/name": {}}},
                "f:spec": {
                    "f:replicas": {},
                    "f:selector": {},
                    "f:serviceName": {},
                    "f:template": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {"f:containers": {
                        "k:{\"name\":\"mysql\"}": {".": {}, "f:env": {}, "f:image": {}, "f:name": {}, "f:resources": {}}
                    }}},
                },
            },
            "manager": "kubectl-client-side-apply",
            "operation": "Update",
            "time": "2025-01-01T00:00:00Z",
        }],
    })
}

/// A plain MySQL as users write it.
#[must_use]
pub fn unmanaged() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata("mysql"),
        "spec": {
            "serviceName": "mysql",
            "replicas": 3,
            "selector": {"matchLabels": {"app": "mysql"}},
            "template": {
                "metadata": {"labels": {"app": "mysql"}},
                "spec": {
                    "terminationGracePeriodSeconds": 120,
                    "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
                        "labelSelector": {"matchLabels": {"app": "mysql"}},
                        "topologyKey": "kubernetes.io/hostname",
                    }]}},
                    "containers": [{
                        "name": "mysql",
                        "image": "mysql:8.0.36",
                        "args": ["--max-connections=500", "--innodb-buffer-pool-size=1G"],
                        "env": [
                            {"name": "MYSQL_ROOT_PASSWORD",
                             "valueFrom": {"secretKeyRef": {"name": "mysql", "key": "password"}}},
                            {"name": "TZ", "value": "UTC"},
                        ],
                        "ports": [{"name": "mysql", "containerPort": 3306}],
                        "resources": {
                            "requests": {"cpu": "500m", "memory": "2Gi"},
                            "limits": {"memory": "2Gi"},
                        },
                        "volumeMounts": [{"name": "data", "mountPath": "/var/lib/mysql", "subPath": "mysql"}],
                    }],
                },
            },
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Gi"}}},
            }],
        },
    })
}

/// A StatefulSet of MySQL that is to be managed by the policy.
#[must_use]
pub fn managed() -> Value {
    let mut object = unmanaged();
    object["metadata"]["annotations"]["mysql-replication.kubewarden.io/inject"] = json!("true");
    object
}

/// A managed StatefulSet with ten mistakes of all sorts.
fn wrong() -> Value {
    let mut object = managed();
    let annotations = &mut object["metadata"]["annotations"];
    annotations["mysql-replication.kubewarden.io/inject-now"] = json!("true");
    annotations["mysql-replication.kubewarden.io/max-replica-lag-seconds"] = json!("-1");
    object["spec"]["ordinals"] = json!({"start": 2});
    let pod = &mut object["spec"]["template"]["spec"];
    pod["hostNetwork"] = json!(true);
    pod["containers"][0]["args"] = json!(["--super-read-only=OFF", "--skip-log-bin", "--server-id=7"]);
    pod["containers"][0]["env"] = json!([]);
    pod["initContainers"] = json!([{"name": "init-mysql", "image": "mysql:8.0"}]);
    pod["volumes"] = json!([{"name": "conf", "configMap": {"name": "mine"}}]);
    object
}

/// The Service through which clients write.
fn write_service() -> Value {
    let mut metadata = metadata("mysql-write");
    metadata["annotations"]["mysql-replication.kubewarden.io/primary-of"] = json!("mysql");
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "ports": [{"name": "mysql", "port": 3306, "targetPort": 3306, "protocol": "TCP"}],
            "selector": {"app": "mysql"},
        },
    })
}

/// An application with so many environment variables, some of which say where to write.
pub(crate) fn workload(variables: usize) -> Value {
    let env: Vec<Value> = (0..variables)
        .map(|index| match index % 50 {
            7 => json!({"name": format!("DB_WRITE_HOST_{index}"), "value": "mysql-write.default.svc.cluster.local"}),
            8 => json!({"name": format!("DB_PRIMARY_URL_{index}"), "value": "mysql://shop@mysql-write:3306/shop"}),
            9 => json!({"name": format!("DB_READ_HOST_{index}"), "value": "mysql-read"}),
            _ => json!({"name": format!("SHOP_FEATURE_{index}"), "value": format!("value-{index}")}),
        })
        .collect();
    deployment(json!([{"name": "shop", "image": "registry.example/shop:1.2.3", "env": env}]))
}

/// An application with these containers.
pub(crate) fn deployment(containers: Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata("shop"),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {"metadata": {"labels": {"app": "shop"}}, "spec": Value::Object(Map::from_iter([
                ("containers".to_owned(), containers),
            ]))},
        },
    })
}

/// Name of a ConfigMap with very many variables.
pub(crate) const LARGE_CONFIG_MAP: &str = "large";

/// What is in the cluster already: all that the rules look for, and right.
pub(crate) fn cluster() -> Vec<Value> {
    let service = |name: &str, extra: Value| {
        let mut spec = json!({"ports": [{"name": "mysql", "port": 3306}], "selector": {"app": "mysql"}});
        if let (Value::Object(spec), Value::Object(extra)) = (&mut spec, extra) {
            spec.extend(extra);
        }
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(name), "spec": spec})
    };
    vec![
        managed(),
        service("mysql", json!({"clusterIP": "None", "publishNotReadyAddresses": true})),
        service("mysql-read", json!({})),
        service("mysql-write", json!({"selector": {"app": "mysql", "statefulset.kubernetes.io/pod-name": "mysql-0"}})),
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": LARGE_CONFIG_MAP, "namespace": "default"},
            "data": (0..1000).map(|index| (format!("SHOP_FEATURE_{index}"), json!("on"))).collect::<Map<_, _>>(),
        }),
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata("mysql"),
            "data": {
                "master.cnf": "# the primary's option file\n[mysqld]\nlog-bin\nbinlog_format = ROW\nsync_binlog = 1\n",
                "slave.cnf": "# the replicas' option file\n[mysqld]\nsuper-read-only\nrelay_log_recovery = ON\n",
            },
        }),
    ]
}
