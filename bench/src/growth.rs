//! How cost grows with the size of an object and with the settings.

use std::time::{Duration, Instant};

use mysql_replication_host::Policy;
use mysql_replication_manifests::admission_request;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::meter::Meter;
use crate::stats::{Spread, float, slope_of_growth};
use crate::subject::{Subject, deployment, managed, metadata, unmanaged};
use crate::table::{grouped, table};
use crate::timings;

/// The sizes of objects, in bytes.
pub const SIZES: [usize; 7] = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 2_000_000];
/// The numbers of patterns in settings.
pub const PATTERNS: [usize; 7] = [1, 5, 20, 50, 100, 250, 500];
/// What is slower than this is not made any larger.
const TOO_SLOW: Duration = Duration::from_secs(3);
/// A slope above this is worse than linear: what is linear in theory strays by less.
pub const LINEAR: f64 = 1.1;

/// Something that can be made as large as wanted.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// What tables and limits call it.
    pub name: &'static str,
    /// Makes it of so many parts: an object and the settings.
    pub(crate) make: fn(usize) -> (Value, Value),
}

impl Shape {
    /// The request with so many parts.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn subject(&self, policy: &Meter, parts: usize) -> Result<Subject, String> {
        let (object, settings) = (self.make)(parts);
        Subject::any(policy, self.name, &admission_request(&object, None, "default"), &settings)
    }

    /// So many parts make an object of about this size.
    #[must_use]
    pub fn parts(&self, bytes: usize) -> usize {
        const SOME: usize = 64;
        let size = |parts| (self.make)(parts).0.to_string().len();
        let base = size(0);
        let part = (size(SOME) - base).max(SOME) / SOME;
        bytes.saturating_sub(base) / part
    }
}

/// The shapes of large objects.
pub const OBJECTS: [Shape; 11] = [
    Shape {
        name: "containers",
        make: |parts| {
            let mut object = small(&managed());
            let more = (0..parts).map(|index| json!({"name": format!("side-{index}"), "image": "example/side:1"}));
            append(&mut object["spec"]["template"]["spec"]["containers"], more);
            (object, json!({}))
        },
    },
    Shape {
        name: "environment",
        make: |parts| {
            let mut object = small(&managed());
            let more = (0..parts).map(|index| json!({"name": format!("V_{index}"), "value": format!("value-{index}")}));
            append(&mut object["spec"]["template"]["spec"]["containers"][0]["env"], more);
            (object, json!({}))
        },
    },
    Shape {
        name: "annotations",
        make: |parts| {
            let mut object = small(&managed());
            annotate(&mut object, parts);
            (object, json!({}))
        },
    },
    Shape {
        name: "managedFields",
        make: |parts| {
            let mut object = small(&managed());
            object["metadata"]["managedFields"] = managed_fields(parts);
            (object, json!({}))
        },
    },
    Shape {
        name: "arguments of variables",
        make: |parts| {
            let mut object = small(&managed());
            let container = &mut object["spec"]["template"]["spec"]["containers"][0];
            let more = (0..parts).map(|index| json!({"name": format!("V_{index}"), "value": format!("value-{index}")}));
            append(&mut container["env"], more);
            container["args"] = (0..parts).map(|index| json!(format!("--loose-x{index}=$(V_{index})"))).collect();
            (object, json!({}))
        },
    },
    Shape {
        name: "unknown annotations",
        make: |parts| {
            let mut object = small(&managed());
            let more = (0..parts).map(|i| (format!("mysql-replication.kubewarden.io/x{i}"), json!("")));
            if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
                annotations.extend(more);
            }
            (object, json!({}))
        },
    },
    Shape {
        name: "unmanaged, annotations",
        make: |parts| {
            let mut object = small(&unmanaged());
            annotate(&mut object, parts);
            (object, json!({}))
        },
    },
    Shape {
        name: "unmanaged, managedFields",
        make: |parts| {
            let mut object = small(&unmanaged());
            object["metadata"]["managedFields"] = managed_fields(parts);
            (object, json!({}))
        },
    },
    Shape {
        name: "workload, containers",
        make: |parts| {
            let containers = (0..parts.max(1))
                .map(|index| {
                    let env = json!([{"name": "DB_WRITE_HOST", "value": "mysql-write"}]);
                    json!({"name": format!("c-{index}"), "image": "example/shop:1", "env": env})
                })
                .collect();
            (small(&deployment(containers)), json!({}))
        },
    },
    Shape {
        name: "workload, hosts",
        make: |parts| {
            let env: Vec<Value> = (0..parts)
                .map(|index| json!({"name": format!("DB_WRITE_HOST_{index}"), "value": format!("mysql-write-{index}")}))
                .collect();
            (small(&deployment(json!([{"name": "shop", "image": "example/shop:1", "env": env}]))), json!({}))
        },
    },
    Shape {
        name: "option file",
        make: |parts| {
            let lines: Vec<String> = (0..parts).map(|index| format!("loose-option-{index} = value-{index}")).collect();
            let lines = lines.join("\n");
            let data =
                json!({"master.cnf": "[mysqld]\nlog-bin\n", "slave.cnf": format!("[mysqld]\nread-only\n{lines}")});
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("mysql"), "data": data});
            (small(&object), json!({}))
        },
    },
];

/// The settings that can grow, each with an object that has to do with them.
pub const SETTINGS: [Shape; 4] = [
    Shape {
        name: "writeNames.variables",
        make: |parts| (crate::subject::workload(200), json!({"writeNames": {"variables": patterns(parts)}})),
    },
    Shape {
        name: "writeNames.services",
        make: |parts| (crate::subject::workload(200), json!({"writeNames": {"services": patterns(parts)}})),
    },
    Shape {
        name: "writeNames.ignore",
        make: |parts| (crate::subject::workload(200), json!({"writeNames": {"ignore": patterns(parts)}})),
    },
    Shape { name: "exemptNamespaces", make: |parts| (managed(), json!({"exemptNamespaces": patterns(parts)})) },
];

fn patterns(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("team-{index}-*-stag?ng")).collect()
}

/// An object without what makes even the smallest one large.
pub(crate) fn small(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        metadata.remove("labels");
    }
    object
}

pub(crate) fn append(list: &mut Value, more: impl Iterator<Item = Value>) {
    if let Some(list) = list.as_array_mut() {
        list.extend(more);
    }
}

fn annotate(object: &mut Value, parts: usize) {
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        annotations
            .extend((0..parts).map(|index| (format!("example.com/key-{index}"), json!(format!("value {index}")))));
    }
}

fn managed_fields(parts: usize) -> Value {
    let fields: Map<String, Value> = (0..parts)
        .map(|index| (format!("k:{{\"name\":\"container-{index}\"}}"), json!({".": {}, "f:image": {}})))
        .collect();
    json!([{
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": fields}}}},
        "manager": "kubectl",
        "operation": "Update",
    }])
}

/// What a shape costs at one size.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Bytes of the request, or patterns in the settings.
    pub size: u64,
    /// A cold evaluation.
    pub policy: Spread,
    /// A cold evaluation of the guest that does nothing.
    pub do_nothing: Spread,
    /// Instructions of the call.
    pub instructions: u64,
    /// Bytes of linear memory.
    pub memory: u64,
    /// Bytes of linear memory of the guest that does nothing.
    pub memory_do_nothing: u64,
    /// Bytes of the request.
    pub payload: u64,
    /// Look-ups.
    pub look_ups: usize,
}

/// What a shape costs as it grows.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    /// The shape.
    pub shape: &'static str,
    /// From small to large.
    pub points: Vec<Point>,
    /// Of the time beyond that of the smallest, over the larger half of the sizes: 1 is linear.
    pub time_slope: f64,
    /// The slope of the instructions beyond those of the smallest, over the larger half of the sizes.
    pub instructions_slope: f64,
    /// The slope of the memory beyond that of the smallest, over the larger half of the sizes.
    pub memory_slope: f64,
    /// Was it too slow to be made larger?
    pub is_cut: bool,
}

/// Both guests, compiled both ways.
#[derive(Debug, Clone, Copy)]
pub struct Grower<'a> {
    /// The policy, and compiled for counting.
    pub policy: (&'a Policy, &'a Meter),
    /// The guest that does nothing.
    pub do_nothing: (&'a Policy, &'a Meter),
    /// How long one point may take.
    pub time: Duration,
}

impl Grower<'_> {
    /// Lets an object grow.
    ///
    /// # Errors
    /// Where a guest fails.
    pub fn objects(&self, shape: &Shape) -> Result<Growth, String> {
        let sizes = SIZES.map(|bytes| shape.parts(bytes));
        self.grow(shape, &sizes, |_, point| point.payload)
    }

    /// Lets settings grow.
    ///
    /// # Errors
    /// Where a guest fails.
    pub fn settings(&self, shape: &Shape) -> Result<Growth, String> {
        self.grow(shape, &PATTERNS, |parts, _| parts as u64)
    }

    fn grow(&self, shape: &Shape, sizes: &[usize], size: fn(usize, &Point) -> u64) -> Result<Growth, String> {
        let mut points = Vec::new();
        let mut is_cut = false;
        for &parts in sizes {
            let begin = Instant::now();
            let mut point = self.point(&shape.subject(self.policy.1, parts)?)?;
            point.size = size(parts, &point);
            points.push(point);
            if begin.elapsed() > TOO_SLOW + self.time * 2 {
                is_cut = points.len() < sizes.len();
                break;
            }
        }
        let of = |value: fn(&Point) -> f64| {
            slope_of_growth(&points.iter().map(|point| (float(point.size), value(point))).collect::<Vec<_>>())
        };
        Ok(Growth {
            shape: shape.name,
            time_slope: of(|point| point.policy.median),
            instructions_slope: of(|point| float(point.instructions)),
            memory_slope: of(|point| float(point.memory)),
            points,
            is_cut,
        })
    }

    fn point(&self, subject: &Subject) -> Result<Point, String> {
        const PAGE: u64 = 65536;
        let counted = subject.count;
        let nothing = self.do_nothing.1.validate(&subject.payload, subject.cluster.clone());
        let (_, nothing) = nothing.map_err(|error| format!("{error:#}"))?;
        let (mut policy, mut do_nothing) = (Vec::new(), Vec::new());
        let begin = Instant::now();
        while policy.len() < 3 || (begin.elapsed() < self.time && policy.len() < 200) {
            policy.push(timings::cold(self.policy.0, subject)?.1);
            do_nothing.push(timings::cold(self.do_nothing.0, subject)?.1);
        }
        Ok(Point {
            size: 0,
            policy: Spread::of(policy),
            do_nothing: Spread::of(do_nothing),
            instructions: counted.call,
            memory: counted.pages * PAGE,
            memory_do_nothing: nothing.pages * PAGE,
            payload: subject.payload.len() as u64,
            look_ups: counted.look_ups,
        })
    }
}

/// The growth as a table: times at every size, and the slopes.
#[must_use]
pub fn show(title: &str, sizes: &[String], growths: &[Growth]) -> String {
    let mut head: Vec<&str> = vec!["shape"];
    head.extend(sizes.iter().map(String::as_str));
    head.extend(["nothing", "slope: time", "fuel", "memory", "MB", "x payload", "nothing", ""]);
    let rows: Vec<Vec<String>> = growths
        .iter()
        .map(|growth| {
            let mut row = vec![growth.shape.to_owned()];
            row.extend((0..sizes.len()).map(|index| {
                let point = growth.points.get(index);
                point.map_or("-".to_owned(), |point| format!("{:.2}", point.policy.median / 1e3))
            }));
            let last = growth.points.last();
            let is_linear = growth.instructions_slope <= LINEAR;
            row.extend([
                last.map_or(String::new(), |last| format!("{:.2}", last.do_nothing.median / 1e3)),
                format!("{:.2}", growth.time_slope),
                format!("{:.2}", growth.instructions_slope),
                format!("{:.2}", growth.memory_slope),
                last.map_or(String::new(), |last| format!("{:.1}", float(last.memory) / 1e6)),
                last.map_or(String::new(), |last| format!("{:.1}", float(last.memory) / float(last.payload))),
                last.map_or(String::new(), |last| {
                    format!("{:.1}", float(last.memory_do_nothing) / float(last.payload))
                }),
                if is_linear { "linear" } else { "WORSE THAN LINEAR" }.to_owned(),
            ]);
            row
        })
        .collect();
    table(title, &head, &rows)
}

/// How sizes are headed.
#[must_use]
pub fn heads(sizes: &[usize], unit: usize, name: &str) -> Vec<String> {
    sizes.iter().map(|size| format!("{} {name}", grouped((size / unit) as u64)).trim().to_owned()).collect()
}
