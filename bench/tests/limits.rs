//! The counts of the artefact stay within `bench/limits.json`. `UPDATE_LIMITS=1` writes them anew, but for the limit of
//! its size, which is written there by hand and nowhere else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mysql_replication_bench::growth::{LINEAR, OBJECTS, SETTINGS, Shape};
use mysql_replication_bench::hostile::HOSTILE;
use mysql_replication_bench::limits::{Limits, Measured};
use mysql_replication_bench::meter::Meter;
use mysql_replication_bench::stats::{float, slope_of_growth};
use mysql_replication_bench::table::grouped;
use mysql_replication_bench::{
    counts,
    guest::{Guest, root},
    subject,
};

/// Instructions of 50 milliseconds. Where the module is compiled as policy servers do it, and nothing else runs, the
/// shapes of 1.5 MB take one nanosecond for 9 to 15 of them (`bench --growth` shows both). Instructions are counted
/// instead of time, for they are the same on a busy machine.
const IN_50_MILLISECONDS: u64 = 450_000_000;
/// Where a count ends that would go on for hours.
const GIVEN_UP: u64 = 8_000_000_000;

#[test]
fn counts_stay_within_their_limits() {
    let (policy, do_nothing) = (Guest::policy().unwrap(), Guest::do_nothing().unwrap());
    let subjects = subject::all(&Meter::new(&policy).unwrap()).unwrap();
    let counts = counts::count(&Meter::new(&do_nothing).unwrap(), &subjects).unwrap();
    let measured = Measured::new(&counts, policy.bytes.len(), do_nothing.bytes.len());
    if std::env::var_os("UPDATE_LIMITS").is_some_and(|value| value == "1") {
        write_limits(&Limits::of(&measured, Limits::stored().unwrap().artefact().unwrap()));
    }
    let problems = Limits::stored().unwrap().problems(&measured);
    assert!(
        problems.is_empty(),
        "what the policy costs has moved:\n  {}\nIf that is meant, write new limits but for the artefact's size, whose \
         limit stays: UPDATE_LIMITS=1 cargo test -p mysql-replication-bench --test limits\n{}",
        problems.join("\n  "),
        counts::show(&counts)
    );
}

/// Writes the file at one stroke: other tests read it meanwhile.
fn write_limits(limits: &Limits) {
    let text = serde_json::to_string_pretty(limits).unwrap();
    let new = Limits::path().with_extension("json.new");
    fs::write(&new, text + "\n").unwrap();
    fs::rename(new, Limits::path()).unwrap();
}

#[test]
fn documents_name_the_limit_of_the_artefact() {
    let limit = Limits::stored().unwrap().artefact().unwrap();
    assert_eq!(limits_named("it has 5 bytes, of 7 at most\nof\n8 at most, or of at most 9"), [7, 8]);
    let named_in = |document: &Path| limits_named(&fs::read_to_string(document).unwrap());
    let readme = root().join("README.md");
    let bench = root().join("bench/README.md");
    assert!(!named_in(&bench).is_empty(), "bench/README.md shows no line of hack/check-artefact any more");
    let in_docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let in_docs = in_docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = [readme, root().join("CONTRIBUTING.md"), bench];
    for document in in_docs.chain(others) {
        let named = named_in(&document);
        assert!(named.iter().all(|named| *named == limit), "{}: {named:?} instead of {limit}", document.display());
    }
}

/// The numbers in "of ... at most".
fn limits_named(text: &str) -> Vec<u64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let named = words.windows(4).filter_map(|words| match words {
        ["of", number, "at", most] if most.starts_with("most") => number.parse().ok(),
        _ => None,
    });
    named.collect()
}

#[test]
fn check_artefact_goes_by_the_same_limit() {
    let limit = Limits::stored().unwrap().artefact().unwrap();
    let json = fs::read_to_string(Limits::path()).unwrap();
    let without = json.replace("\"artefact, bytes\": {", "\"artefact\": {");
    let compact = json.split_whitespace().collect::<String>().replace("artefact,bytes", "artefact, bytes");
    let over = format!("{} bytes, 1 more than the limit of {limit}", limit + 1);
    let within = format!("has {limit} bytes, of {limit} at most");
    for (json, bytes, is_fine, expected) in [
        (json.as_str(), limit, true, within.as_str()),
        (&compact, limit, true, &within),
        (&json, limit + 1, false, &over),
        (&without, 1, false, "has no limit for \"artefact, bytes\""),
        ("", 1, false, "has no limit for \"artefact, bytes\""),
    ] {
        let (status, said) = check_artefact(json, bytes);
        assert_eq!((status, said.contains(expected)), (is_fine, true), "{said}");
    }
}

/// Runs `hack/check-artefact` beside other limits on a file of so many bytes: does it succeed, and what does it say?
fn check_artefact(json: &str, bytes: u64) -> (bool, String) {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check-artefact");
    for part in ["hack", "bench"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    let (command, artefact) = (folder.join("hack/check-artefact"), folder.join("policy.wasm"));
    fs::copy(root().join("hack/check-artefact"), &command).unwrap();
    fs::write(folder.join("bench/limits.json"), json).unwrap();
    fs::write(&artefact, vec![0; usize::try_from(bytes).unwrap()]).unwrap();
    let output = Command::new("bash").arg(command).arg(artefact).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
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
