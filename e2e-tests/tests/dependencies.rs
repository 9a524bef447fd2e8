//! The dependencies are what `deny.toml` allows, as far as that can be told without network and without cargo-deny:
//! their licenses, where they come from, and that each has a version. `make deny` asks cargo-deny itself.

use std::{collections::BTreeSet, fs, process::Command};

use mysql_replication_e2e_tests::root;
use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// All packages of the lock file, as cargo describes them.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--all-features", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\nrun `cargo fetch --locked` first");
    let mut metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON of cargo");
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("no packages: {other}"),
    }
}

/// The list of a key of `deny.toml`, each entry on a line of its own or all behind the key.
fn list(key: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let (_, list) = text.split_once(&format!("\n{key} = [")).unwrap_or_else(|| panic!("deny.toml has no {key}"));
    let (list, _) = list.split_once(']').expect("the end of the list");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an expression of licenses can be kept with the allowed ones (SPDX specification 2.3, annex D; crates also
/// write `/` for `OR`).
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let is_allowed = either(&mut words, allowed);
    assert_eq!(words.next(), None, "{expression} is no expression of licenses");
    is_allowed
}

type Words<'w, 'e> = &'w mut std::iter::Peekable<std::str::SplitWhitespace<'e>>;

fn either(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut one = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        one |= both(words, allowed);
    }
    one
}

fn both(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    let mut all = license(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        all &= license(words, allowed);
    }
    all
}

fn license(words: Words<'_, '_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let inner = either(words, allowed);
        assert_eq!(words.next(), Some(")"), "the end of what is in parentheses");
        return inner;
    }
    let mut license = words.next().expect("a license").to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        license = format!("{license} WITH {}", words.next().expect("an exception"));
    }
    allowed.contains(&license)
}

#[test]
fn expressions_of_licenses() {
    let allowed = BTreeSet::from(["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned));
    for kept in [
        "MIT",
        "GPL-2.0-only OR MIT",
        "GPL-2.0-only/MIT",
        "Apache-2.0 WITH LLVM-exception",
        "(MIT OR GPL-2.0-only) AND Zlib",
        "GPL-2.0-only AND Zlib OR MIT",
    ] {
        assert!(is_allowed(kept, &allowed), "{kept}");
    }
    for refused in ["GPL-2.0-only", "Apache-2.0", "MIT AND GPL-2.0-only", "MIT AND (GPL-2.0-only OR Apache-2.0)", "mit"]
    {
        assert!(!is_allowed(refused, &allowed), "{refused}");
    }
}

#[test]
fn licenses_are_those_that_are_allowed() {
    let allowed = list("allow");
    let mut found = Vec::new();
    for package in packages() {
        let expression = package["license"].as_str().unwrap_or_else(|| panic!("{}: no license", package["id"]));
        assert!(is_allowed(expression, &allowed), "{}: {expression} is not allowed by deny.toml", package["id"]);
        found.push(expression.to_owned());
    }
    for license in allowed {
        let is_found = found.iter().any(|expression| expression.contains(&license));
        assert!(is_found, "deny.toml allows {license}, which no dependency has");
    }
}

#[test]
fn all_come_from_crates_io() {
    assert_eq!(list("allow-registry"), BTreeSet::from([CRATES_IO.trim_start_matches("registry+").to_owned()]));
    let root = root().canonicalize().expect("the root");
    let mut fetched = 0;
    for package in packages() {
        match package["source"].as_str() {
            Some(source) => assert_eq!(source, CRATES_IO, "{}", package["id"]),
            None => assert!(package["manifest_path"].as_str().is_some_and(|path| root.join(path).starts_with(&root))),
        }
        fetched += usize::from(package["source"].is_string());
    }
    assert!(fetched > 100, "only {fetched} packages are looked at");
}

/// The packages of npm that the playground's page is made of, and made by, as its lock file has them.
#[test]
fn packages_of_the_page_are_allowed_too_and_held_to_what_they_are() {
    let text = fs::read_to_string(root().join("playground/package-lock.json")).expect("the lock file");
    let lock: Value = serde_json::from_str(&text).expect("JSON of npm");
    let allowed = list("allow");
    let packages = lock["packages"].as_object().expect("packages");
    let fetched: Vec<_> = packages.iter().filter(|(path, _)| !path.is_empty()).collect();
    assert!(fetched.len() > 15, "only {} packages are looked at", fetched.len());
    for (path, package) in fetched {
        let expression = package["license"].as_str().unwrap_or_else(|| panic!("{path}: no license"));
        assert!(is_allowed(expression, &allowed), "{path}: {expression} is not allowed by deny.toml");
        assert!(package["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha512-")), "{path}: no hash");
        assert!(package["resolved"].is_null(), "{path}: whoever builds it has a registry of their own");
    }
}

#[test]
fn each_dependency_of_ours_has_a_version() {
    let ours = packages().into_iter().filter(|package| package["source"].is_null());
    let dependencies: Vec<Value> =
        ours.flat_map(|mut package| package["dependencies"].take().as_array().cloned().unwrap_or_default()).collect();
    let named: Vec<&Value> = dependencies.iter().filter(|dependency| dependency["path"].is_null()).collect();
    assert!(named.len() > 10, "only {} dependencies are looked at", named.len());
    for dependency in named {
        assert_ne!(dependency["req"], "*", "{}", dependency["name"]);
    }
}
