//! Every `X.yaml` in the folders of `e2e-tests/goldens` is sent to the policy, and what comes out is compared with the
//! file beside it:
//!
//! - `X.injected.yaml`: the changed object, with the warnings as comments in front;
//! - `X.untouched.txt`: the object was accepted as it is; the file holds the warnings;
//! - `X.rejected.txt`: the message of the rejection.
//!
//! In `rules/` and `examples/`, an accepted object gives `X.accepted.txt`, which says only whether it was changed;
//! notes for the audit log are shown there too. Those of `examples/` are the examples of `docs/rules/`.
//!
//! `X.old.yaml` makes the request an update of that object, in `examples/` of what the policy makes of it;
//! `X.settings.yaml` holds the policy's settings; `X.cluster.yaml` the objects that look-ups find. With
//! `X.unreachable.txt` all look-ups are refused. About an object that has a `metadata.uid` the audit scanner asks.
//!
//! What was injected is sent in again and must come out the same. `UPDATE_GOLDENS=1` writes the files instead: read
//! the diff.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use mysql_replication_manifests::{Manifests, Response};
use serde_json::{Value, json};

use crate::{Surroundings, audit_request, read_manifest, read_manifests, request, root, show_manifest};

/// Whoever judges a request, in a cluster and under settings.
type Judge<'j> = &'j dyn Fn(&Surroundings, &Value, &Value) -> Response;

/// Has all inputs judged.
///
/// # Panics
/// Where there are few of them, or what comes out of one is not what its files say; with all differences.
pub fn check_all(judge: Judge<'_>) {
    let mut problems = Vec::new();
    let inputs = inputs();
    assert!(inputs.len() >= 30, "only {} goldens were found", inputs.len());
    for input in &inputs {
        if let Err(problem) = check(judge, input) {
            problems.push(format!("{}: {problem}", input.display()));
        }
    }
    assert!(problems.is_empty(), "{} of {} differ\n{}", problems.len(), inputs.len(), problems.join("\n"));
}

/// The files that belong to no input.
#[must_use]
pub fn find_left_over() -> Vec<PathBuf> {
    let inputs = inputs();
    let mut files = files(&folder());
    files.retain(|file| {
        let name = file.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        !inputs.contains(&file.with_file_name(format!("{stem}.yaml")))
    });
    files
}

fn check(judge: Judge<'_>, input: &Path) -> Result<(), String> {
    let object = read_manifest(input);
    let old = existing(&beside(input, "old.yaml")).map(|path| read_manifest(&path));
    let settings = existing(&beside(input, "settings.yaml")).map_or_else(|| json!({}), |path| read_manifest(&path));
    let objects = existing(&beside(input, "cluster.yaml")).map(|path| read_manifests(&path)).unwrap_or_default();
    let cluster = match existing(&beside(input, "unreachable.txt")) {
        Some(_) => Surroundings::Unreachable,
        None => Surroundings::Objects(Box::new(Manifests::new(objects, "default"))),
    };
    let in_folder = |name: &str| input.parent().is_some_and(|folder| folder.ends_with(name));
    let old = match old {
        Some(old) if in_folder("examples") => Some(stored(judge, &cluster, old, &settings)?),
        old => old,
    };
    let is_there = object["metadata"]["uid"].is_string();
    let request = if is_there { audit_request(&object) } else { request(&object, old.as_ref()) };
    let answer = judge(&cluster, &request, &settings);
    let warnings = answer.warnings.unwrap_or_default();
    if let Some(long) = warnings.iter().find(|warning| warning.chars().count() > 120) {
        return Err(format!("a warning of more than 120 characters: {long}"));
    }

    let is_rule = in_folder("rules") || in_folder("examples");
    let notes = answer.audit_annotations.unwrap_or_default();
    let notes: String = notes.iter().flat_map(|(key, note)| ["audit: ", key, "=", note, "\n"]).collect();
    let (kind, text) = match (answer.accepted, &answer.mutated_object) {
        (false, _) if is_rule => {
            let warnings = lines(&warnings, "warning: ");
            ("rejected.txt", format!("{}\n{warnings}{notes}", answer.message.unwrap_or_default()))
        }
        (true, result) if is_rule => {
            if let Some(result) = result {
                again(judge, result, old.as_ref(), &settings, &cluster)?;
            }
            let how = result.as_ref().map_or("untouched", |_| "changed");
            ("accepted.txt", format!("{how}\n{}{notes}", lines(&warnings, "warning: ")))
        }
        (false, _) => ("rejected.txt", format!("{}\n", answer.message.unwrap_or_default())),
        (true, None) => ("untouched.txt", lines(&warnings, "")),
        (true, Some(result)) => {
            again(judge, result, old.as_ref(), &settings, &cluster)?;
            ("injected.yaml", format!("{}{}", lines(&warnings, "# warning: "), show_manifest(result)))
        }
    };
    compare(input, kind, &text)
}

/// What the policy makes of an object that is created.
fn stored(judge: Judge<'_>, cluster: &Surroundings, object: Value, settings: &Value) -> Result<Value, String> {
    let answer = judge(cluster, &request(&object, None), settings);
    if answer.accepted {
        return Ok(answer.mutated_object.unwrap_or(object));
    }
    Err(format!("what was there before cannot be stored: {:?}", answer.message))
}

/// Injecting a second time changes nothing: neither on the way of the same request, nor in an update later.
fn again(
    judge: Judge<'_>,
    result: &Value,
    old: Option<&Value>,
    settings: &Value,
    cluster: &Surroundings,
) -> Result<(), String> {
    let mut scaled = result.clone();
    if result["kind"] == "StatefulSet" {
        scaled["spec"]["replicas"] = json!(7);
    }
    let requests = [
        ("sent through again", request(result, old)),
        ("scaled later", request(&scaled, Some(result))),
        ("unchanged later", request(result, Some(result))),
    ];
    for (when, request) in requests {
        // taken away is taken away: there is nothing to inject a second time
        let answer = judge(cluster, &request, settings);
        if !answer.accepted || answer.mutated_object.is_some() {
            return Err(format!("it is not left alone when {when}: {:?}", answer.message));
        }
    }
    Ok(())
}

fn compare(input: &Path, kind: &str, text: &str) -> Result<(), String> {
    let file = beside(input, kind);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        for kind in ["rejected.txt", "untouched.txt", "accepted.txt", "injected.yaml"] {
            let _ = fs::remove_file(beside(input, kind));
        }
        return fs::write(&file, text).map_err(|error| error.to_string());
    }
    match fs::read_to_string(&file) {
        Ok(expected) if expected == text => Ok(()),
        Ok(expected) => Err(format!("{kind} expected\n{expected}\n--- but came\n{text}")),
        Err(_) => Err(format!("there is no {kind}, but this came\n{text}")),
    }
}

fn lines(warnings: &[String], prefix: &str) -> String {
    warnings.iter().flat_map(|warning| [prefix, warning, "\n"]).collect()
}

fn beside(input: &Path, extension: &str) -> PathBuf {
    input.with_extension(extension)
}

fn existing(path: &Path) -> Option<PathBuf> {
    path.exists().then(|| path.to_owned())
}

fn folder() -> PathBuf {
    root().join("e2e-tests/goldens")
}

fn inputs() -> Vec<PathBuf> {
    files(&folder())
        .into_iter()
        .filter(|path| {
            let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
            path.extension() == Some(OsStr::new("yaml")) && !stem.contains('.')
        })
        .collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    files.sort();
    files
}
