//! What can be said of the scripts without running them.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mysql_replication_policy::scripts::{all, injected};

use crate::cluster::{Cluster, tool};

/// Every script's file by its name, which is unpacked without the folder that it has here.
fn sources() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/scripts");
    let mut files = Vec::new();
    for folder in [folder.clone(), folder.join("lib"), folder.join("clone")] {
        for entry in fs::read_dir(&folder).unwrap() {
            files.extend(Some(entry.unwrap().path()).filter(|path| path.is_file()));
        }
    }
    let count = files.len();
    let sources: BTreeMap<_, _> =
        files.into_iter().map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), file)).collect();
    assert_eq!(
        sources.len(),
        count,
        "two scripts have the same name, and one would take the other's place: {sources:?}"
    );
    sources
}

/// Every shell script of the repository, the folders of which name those without an ending too.
fn shell_scripts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: Vec<_> = sources().into_values().collect();
    for folder in [".ci", "hack", "e2e-tests/replication/images", "e2e-tests/stand-ins"] {
        let before = files.len();
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            let text = fs::read_to_string(&file).unwrap();
            if text.starts_with("#!") || file.extension().is_some_and(|ending| ending == "sh") {
                files.push(file);
            }
        }
        assert!(files.len() > before, "no script in {folder}");
    }
    files
}

#[test]
fn no_line_is_longer_than_one_of_rust() {
    for file in shell_scripts() {
        for (number, line) in (1..).zip(fs::read_to_string(&file).unwrap().lines()) {
            let width = line.chars().count();
            assert!(width <= 120, "{}:{number} has {width} columns", file.display());
        }
    }
}

#[test]
fn every_script_is_packed() {
    assert!(sources().keys().eq(all().keys()), "{:?}", sources().keys());
}

/// Kubernetes' expansion of a container's command (`third_party/forked/golang/expansion` of its sources), with every
/// name that an environment variable can have taken for one that is set.
fn kubernetes_expands(text: &str) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(position) = rest.find('$') {
        expanded += &rest[..position];
        rest = &rest[position + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            expanded.push('$'); // an escaped one
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
            if is_variable_name(name) {
                expanded += "<its value>";
            } else {
                expanded += "$(";
                expanded += name;
                expanded.push(')');
            }
            rest = after;
        } else {
            expanded.push('$');
        }
    }
    expanded + rest
}

/// `IsEnvVarName` of Kubernetes, digits in front taken too. (Newer versions take spaces and quotes as well, but a name
/// with those is nobody's variable.)
fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|character| character.is_ascii_alphanumeric() || "_-.".contains(character))
}

#[test]
fn the_expansion_is_that_of_kubernetes() {
    for (text, expanded) in [
        ("$(NAME) $$(NAME) $NAME ${NAME}", "<its value> $(NAME) $NAME ${NAME}"),
        ("$(a b) $((1 + 1)) $(open $", "$(a b) $((1 + 1)) $(open $"),
        ("$$$(x)", "$<its value>"),
    ] {
        assert_eq!(kubernetes_expands(text), expanded);
    }
}

#[test]
fn kubernetes_leaves_what_is_injected_as_it_is() {
    for (name, text) in injected() {
        assert!(!text.contains("$$"), "{name} has a `$$`, which Kubernetes makes one `$`");
        for (line, expanded) in text.lines().zip(kubernetes_expands(&text).lines()) {
            assert_eq!(line, expanded, "{name}");
        }
    }
}

#[test]
fn no_script_needs_a_writable_root_file_system() {
    // bash writes a here-document or here-string to a temporary file
    for (name, text) in all() {
        for line in text.lines() {
            assert!(!line.contains("<<"), "{name}: {line}");
        }
    }
}

#[test]
fn no_script_traces_its_commands() {
    for (name, text) in all() {
        for line in text.lines() {
            let traces = line.split_whitespace().collect::<Vec<_>>().windows(2).any(|words| {
                words[0] == "set" && words[1].starts_with('-') && (words[1].contains('x') || words[1].contains('v'))
            });
            assert!(!traces && !line.contains("xtrace") && !line.contains("verbose"), "{name}: {line}");
        }
    }
}

#[test]
fn shellcheck_has_nothing_to_say() {
    let shellcheck = tool("shellcheck", "shellcheck");
    for (name, file) in sources() {
        // what is sourced is looked at with what sources it, but for the one that shares its place with another
        if file.parent().unwrap().ends_with("lib") || name == "clone-by-xtrabackup" {
            continue;
        }
        // SC2034: a script that others source sets variables that not every one of them uses.
        // SC2016: what is in single quotes is meant for another shell, which expands it there.
        let mut excluded = "--exclude=SC2034,SC2016".to_owned();
        if name == "clone-by-clone-plugin" {
            excluded += ",SC2154,SC2153";
        }
        let output = Command::new(&shellcheck)
            .args([
                "--shell=bash",
                "--severity=style",
                "--external-sources",
                "--check-sourced",
                "--source-path=SCRIPTDIR",
            ])
            .args([&excluded, "--norc", "--color=never"])
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}:\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// What runs is what is in the repository, but for comments and empty lines.
#[test]
fn source_and_injected_text_differ_by_comments_alone() {
    let sources = sources();
    for (name, text) in all() {
        let file = &sources[name];
        let source = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with('#');
        assert!(source.lines().filter(is_code).eq(text.lines().filter(is_code)), "{name}");
        let is_comment = |line: &&str| {
            let behind = line.rsplit_once(" # ").map(|(_, comment)| comment);
            !is_code(line) || behind.is_some_and(|comment| !comment.contains(['"', '\'', '}', ')']))
        };
        let comments: Vec<_> = text.lines().filter(is_comment).collect();
        assert!(comments.is_empty() || name == "unpack" && comments.len() == 1, "{name}: {comments:?}");
    }
}

/// The whole way: the command of `init-mysql` brings the scripts as they are, and leaves the others what it is told.
#[test]
fn init_mysql_unpacks_every_script_of_its_clone_method() {
    let [(_, unpack), packed @ ..] = injected();
    let unpack = unpack.as_str();
    for (method, packed) in packed.map(|(name, packed)| (name.strip_prefix("packed for ").unwrap(), packed)) {
        let cluster = Cluster::new();
        let odd = "--init-connect=SET @x='a b'\n--character-set-server=utf8mb4\n--x=$(y) `z` \\";
        let pod = cluster.pod(1).with("REPLICATION_CLONE_METHOD", method).with("REPLICATION_SERVER_ARGS", odd);
        let other = if method == "xtrabackup" { "clone-by-clone-plugin" } else { "clone-by-xtrabackup" };
        let folder = pod.path("unpacked");
        fs::create_dir(&folder).unwrap();
        // twice: a container may be started again, and what runs already keeps its file
        for _ in 0..2 {
            pod.run_command(&["-c", unpack, folder.to_str().unwrap(), &packed]).succeeds().says("mysql-1 is a replica");
            let mut expected: Vec<_> = all().into_keys().filter(|name| *name != "unpack" && *name != other).collect();
            expected.retain(|name| method == "xtrabackup" || *name != "serve-backup");
            let mut files: Vec<_> =
                expected.iter().map(|name| format!("{name}.sh")).chain(["parameters.sh".to_owned()]).collect();
            files.sort();
            assert_eq!(pod.list("unpacked"), files);
            for name in expected {
                assert_eq!(pod.read(&format!("unpacked/{name}.sh")), all()[name], "{name}");
                let mode = fs::metadata(folder.join(format!("{name}.sh"))).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o644, "every user of the pod reads it");
            }
        }
        let text =
            format!(". {}/parameters.sh; printf '%s|%s' \"$POD_NAME\" \"$REPLICATION_SERVER_ARGS\"", folder.display());
        let said = Command::new("bash").args(["-c", &text]).output().unwrap().stdout;
        assert_eq!(String::from_utf8(said).unwrap(), format!("mysql-1|{odd}"));
    }
}

#[test]
fn a_packed_script_that_is_cut_or_cannot_be_unpacked_is_told() {
    let [(_, unpack), (_, packed), _] = injected();
    let (unpack, packed) = (unpack.as_str(), packed.as_str());
    let cluster = Cluster::new();
    let pod = cluster.pod(0);
    let folder = pod.path("unpacked");
    fs::create_dir(&folder).unwrap();
    pod.run_command(&["-c", unpack, folder.to_str().unwrap(), &packed[..packed.len() / 2]]).fails().says("gzip: ");
    assert_eq!(pod.list("unpacked"), [".new"], "nothing of it is used");
    pod.without_tool("gzip");
    pod.run_command(&["-c", unpack, folder.to_str().unwrap(), packed]).fails().says("ERROR: not in this image: gzip");
}
