//! What can be said of the scripts without running them.

use std::process::{Command, Stdio};

use mysql_replication_policy::scripts::all;

use crate::cluster::{part, tool};

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
fn kubernetes_leaves_every_script_as_it_is() {
    for (name, text) in all() {
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
    /// With its comments, some of which are for shellcheck.
    const SOURCES: [(&str, &[&str]); 6] = [
        ("init-mysql", &["credentials", "common", "init-mysql"]),
        ("clone-mysql-xtrabackup", &["credentials", "common", "clone-xtrabackup", "clone-mysql"]),
        ("clone-mysql-clone-plugin", &["credentials", "common", "clone-plugin", "clone-mysql"]),
        ("xtrabackup", &["credentials", "common", "look-after", "xtrabackup"]),
        ("replica-ready", &["credentials", "common", "replica-ready"]),
        ("ping", &["credentials", "ping"]),
    ];
    let shellcheck = tool("shellcheck", "shellcheck");
    assert!(all().iter().map(|(name, _)| *name).eq(SOURCES.iter().map(|(name, _)| *name)));
    for (name, parts) in SOURCES {
        let text: String = parts.iter().map(|name| part(name)).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        // SC2034: a part that scripts share sets variables that not every one of them uses.
        // SC2016: what is in single quotes is meant for another shell, which expands it there.
        let output = Command::new(&shellcheck)
            .args(["--shell=bash", "--severity=style", "--exclude=SC2034,SC2016", "--norc", "--color=never"])
            .arg(file.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}:\n{}", String::from_utf8_lossy(&output.stdout));
    }
}
