//! The counts of the artefact stay within `bench/limits.json`. `UPDATE_LIMITS=1` writes them anew.

use std::path::Path;

use mysql_replication_bench::growth::{LINEAR, OBJECTS, SETTINGS, Shape};
use mysql_replication_bench::hostile::HOSTILE;
use mysql_replication_bench::limits::{Limits, Measured};
use mysql_replication_bench::meter::Meter;
use mysql_replication_bench::stats::{float, slope_of_growth};
use mysql_replication_bench::table::grouped;
use mysql_replication_bench::{counts, guest::Guest, subject};

/// Instructions of 50 milliseconds. Where the module is compiled as policy servers do it, and nothing else runs, the shapes
/// of 1.5 MB take one nanosecond for 9 to 15 of them (`bench --growth` shows both). Instructions are counted instead of
/// time, for they are the same on a busy machine.
const IN_50_MILLISECONDS: u64 = 450_000_000;
/// Where a count ends that would go on for hours.
const GIVEN_UP: u64 = 8_000_000_000;

#[test]
fn counts_stay_within_their_limits() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("limits.json");
    let (policy, do_nothing) = (Guest::policy().unwrap(), Guest::do_nothing().unwrap());
    let subjects = subject::all(&Meter::new(&policy).unwrap()).unwrap();
    let counts = counts::count(&Meter::new(&do_nothing).unwrap(), &subjects).unwrap();
    let measured = Measured::new(&counts, policy.bytes.len(), do_nothing.bytes.len());
    if std::env::var_os("UPDATE_LIMITS").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&Limits::of(&measured)).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
        return;
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let limits: Limits = serde_json::from_str(&text).unwrap_or_else(|error| panic!("bench/limits.json: {error}"));
    let problems = limits.problems(&measured);
    assert!(
        problems.is_empty(),
        "what the policy costs has moved:\n  {}\nIf that is meant, write new limits: UPDATE_LIMITS=1 cargo test -p \
         mysql-replication-bench --test limits\n{}",
        problems.join("\n  "),
        counts::show(&counts)
    );
}

#[test]
fn nothing_grows_worse_than_linear() {
    const BYTES: [usize; 4] = [0, 50_000, 100_000, 300_000];
    const COUNTS: [usize; 4] = [1, 50, 150, 500];
    let meter = Meter::new(&Guest::policy().unwrap()).unwrap().limited(GIVEN_UP);
    let point = |shape: &Shape, parts: usize| {
        let subject = shape.subject(&meter, parts).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
        (float(subject.payload.len() as u64), float(subject.count.call))
    };
    let objects =
        OBJECTS.iter().chain(&HOSTILE).map(|shape| (shape.name, BYTES.map(|bytes| point(shape, shape.parts(bytes)))));
    let settings =
        SETTINGS.iter().map(|shape| (shape.name, COUNTS.map(|count| (float(count as u64), point(shape, count).1))));
    let mut problems = Vec::new();
    for (name, points) in objects.chain(settings) {
        let slope = slope_of_growth(&points);
        if slope > LINEAR {
            problems.push(format!("{name}: instructions grow with the power of {slope:.2}"));
        }
    }
    assert!(problems.is_empty(), "growth:\n  {}", problems.join("\n  "));
}

/// Among the sizes are those at which what is too large is just not cut off yet.
#[test]
fn no_object_takes_50_milliseconds() {
    const BYTES: [usize; 6] = [70_000, 120_000, 180_000, 250_000, 600_000, 1_500_000];
    let meter = Meter::new(&Guest::policy().unwrap()).unwrap().limited(GIVEN_UP);
    let mut problems = Vec::new();
    for shape in OBJECTS.iter().chain(&HOSTILE) {
        for bytes in BYTES {
            match shape.subject(&meter, shape.parts(bytes)) {
                Ok(subject) if subject.count.call <= IN_50_MILLISECONDS => {}
                Ok(subject) => {
                    problems.push(format!("{} of {bytes} bytes: {}", shape.name, grouped(subject.count.call)));
                }
                Err(error) => problems.push(format!("{} of {bytes} bytes: {error}", shape.name)),
            }
        }
    }
    assert!(
        problems.is_empty(),
        "instructions, of which {} may be:\n  {}",
        grouped(IN_50_MILLISECONDS),
        problems.join("\n  ")
    );
}
