//! The pictures of the documents are what their sources make: `UPDATE_GOLDENS=1` writes them anew.

use std::{env, fs, path::PathBuf, process::Command};

use mysql_replication_e2e_tests::root;

/// Each picture, with what `draw.py` makes it from. The command is run in the folder of the pictures.
const PICTURES: [(&str, &[&str]); 2] = [
    ("before-after.svg", &["diagram", "before-after.toml"]),
    ("rejection.svg", &["terminal", "100", "mysql-replication-preview", "rejected.yaml"]),
];

fn folder() -> PathBuf {
    root().join("docs/pictures")
}

/// What the script makes, with the built program for manifests and the built policy.
fn drawn(arguments: &[&str]) -> String {
    let test = env::current_exe().expect("this test");
    let programs = test.ancestors().nth(2).expect("the profile's folder").to_path_buf();
    assert!(programs.join("mysql-replication-preview").is_file(), "run `make preview` first");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&path))).expect("a PATH");
    let mut command = Command::new("python3");
    command.arg("draw.py").args(arguments).current_dir(folder()).env("PATH", path);
    let policy = root().canonicalize().expect("the root").join("policy.wasm");
    let run = command.env("MYSQL_REPLICATION_POLICY", policy).output().expect("python3");
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).expect("text")
}

#[test]
fn pictures_are_what_their_sources_make() {
    let is_update = env::var_os("UPDATE_GOLDENS").is_some_and(|value| !value.is_empty());
    for (name, arguments) in PICTURES {
        let file = folder().join(name);
        let picture = drawn(arguments);
        if is_update {
            fs::write(&file, &picture).expect(name);
        }
        let kept = fs::read_to_string(&file).expect(name);
        assert_eq!(kept, picture, "{name} is not what {arguments:?} makes; `make pictures` writes it anew");
    }
}

/// They show what they are there for, to those who cannot see them as well, and on a page of either colour.
#[test]
fn pictures_can_be_read() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for (name, _) in PICTURES {
        let picture = fs::read_to_string(folder().join(name)).expect(name);
        assert!(picture.contains("<rect class=\"ground\"") && picture.contains(".ground { fill: #"), "{name}");
        let label = picture.split("aria-label=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        assert!(label.len() > 40, "{name}: {label}");
        let shown = format!("](docs/pictures/{name})");
        let words = readme.split(&shown).next().and_then(|before| before.rsplit("![").next()).unwrap_or_default();
        assert!(readme.contains(&shown) && words.len() > 40, "README.md shows {name}, and says what is on it");
    }
    let rejection = fs::read_to_string(folder().join("rejection.svg")).expect("rejection.svg");
    for part in ["REJECTED", "[read-only-off]", "why:", "fix:", "see:"] {
        assert!(rejection.contains(part), "{part}");
    }
    let diagram = fs::read_to_string(folder().join("before-after.svg")).expect("before-after.svg");
    assert!(diagram.contains("prefers-color-scheme: dark"));
}
