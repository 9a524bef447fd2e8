//! Which parts of the policy may know which: a part imports only what lies on a floor below its own. And no file is
//! longer than a person reads in one go.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The parts of `src/`, from the ground up. Parts of one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["halves"],
    &["image", "names", "order", "pattern", "rule", "text", "variables", "write_names"],
    &["field_path", "flavor", "json"],
    &["findings", "object", "scripts"],
    &["annotations", "cluster", "field_types", "mounts", "name_index", "request"],
    &["config_maps", "record", "settings", "shell"],
    &["arguments", "container_variables", "exemptions"],
    &["case", "given", "judge"],
    &["answer", "data_dir", "database"],
    &["planned"],
    &["inject", "rules"],
    &["decide"],
    &["lib"],
];

/// So many lines of code a file has at most: without tests, comments and blank lines.
const LINES: usize = 400;

/// Where the sources are.
const FOLDERS: [&str; 5] = ["src", "crates", "preview", "bench", "e2e-tests"];

/// Folders whose files are tests, or are made.
const TESTS: [&str; 5] = ["target", "tests", "tests.rs", "testing.rs", "goldens"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries.flat_map(|entry| files(&entry.expect("an entry").path())).collect()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| TESTS.iter().any(|test| part.as_os_str() == *test))
}

/// Rust sources below a folder of the repository that are no tests.
fn sources(folder: &str) -> Vec<PathBuf> {
    let relative = |path: PathBuf| path.strip_prefix(root()).expect("a file of the repository").to_owned();
    let all = files(&root().join(folder)).into_iter().map(relative);
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !is_test(path)).collect()
}

/// A source without its comments and without its unit tests, a line a line.
fn code(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(root().join(path)).expect("a source");
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// The parts that a source names: what stands behind `crate::`, also in braces.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut parts = BTreeSet::new();
    for behind in code.split("crate::").skip(1) {
        let Some(list) = behind.strip_prefix('{') else {
            parts.insert(word(behind));
            continue;
        };
        let mut depth = 0;
        let mut is_start = true;
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_start = true,
                _ if depth == 0 && is_start && !character.is_whitespace() => {
                    parts.insert(word(&list[at..]));
                    is_start = false;
                }
                _ => {}
            }
        }
    }
    parts
}

fn floor_of(part: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&part))
}

#[test]
fn nothing_knows_what_lies_above_it() {
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for path in sources("src") {
        let part = path.components().nth(1).expect("a part").as_os_str().to_str().expect("a name").to_owned();
        let part = part.trim_end_matches(".rs").to_owned();
        let Some(floor) = floor_of(&part) else {
            wrong.push(format!("{}: give the part {part} a floor", path.display()));
            continue;
        };
        for import in imports(&code(&path).join("\n")).into_iter().filter(|import| *import != part) {
            match floor_of(&import) {
                Some(below) if below < floor => {}
                // what is of the crate itself, such as `crate::Host`, is no part
                None if import.starts_with(char::is_uppercase) => {}
                _ => wrong.push(format!("{}: {part} is not above {import}", path.display())),
            }
        }
        known.insert(part);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: BTreeSet<String> =
        FLOORS.iter().flat_map(|floor| floor.iter().map(|part| (*part).to_owned())).collect();
    assert_eq!(listed, known, "a part that is listed is no more");
}

#[test]
fn imports_are_found() {
    let code = "use crate::{\n a::{b, c},\n self_made::d,\n};\nuse crate::e;\nlet x = crate::f::g();";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["a", "e", "f", "self_made"]);
}

#[test]
fn no_file_is_too_long() {
    let mut seen = 0;
    let mut long = Vec::new();
    for folder in FOLDERS {
        for path in sources(folder) {
            seen += 1;
            let lines = code(&path).len();
            if lines > LINES {
                long.push(format!("{}: {lines} lines of code", path.display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} files were found");
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_line_is_too_wide() {
    let mut wide = Vec::new();
    for folder in FOLDERS {
        for path in sources(folder) {
            let text = fs::read_to_string(root().join(&path)).expect("a source");
            // rustfmt holds the code of tests to it, and leaves their data alone
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let lines = text.lines().enumerate().filter(|(_, line)| line.chars().count() > 120);
            wide.extend(lines.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
        }
    }
    assert!(wide.is_empty(), "wider than 120 columns:\n{}", wide.join("\n"));
}
