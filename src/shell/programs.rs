//! Which program a command runs, as far as the rules tell them apart.

/// What a command's program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// A server, or what starts one, at this word; its options are behind it.
    Server(usize),
    /// A client of a server, or a tool: its options are its own.
    Client,
    /// What prints, compares or passes on what it is told, and tells no server.
    Printer,
    /// None of them, and no program at all: assignments.
    Unknown,
}

/// The program of a command, from its words: behind what a shell reserves, and behind assignments.
pub(crate) fn program<W: AsRef<str>>(words: &[W], is_array: bool) -> Program {
    let first = program_at(words);
    let name = words.get(first).map(|word| base_name(word.as_ref())).unwrap_or_default();
    let asks = name == "command" && words.get(first + 1).is_some_and(|word| word.as_ref().eq_ignore_ascii_case("-v"));
    if is_array {
        Program::Unknown
    } else if is_printer(name) || asks {
        Program::Printer
    } else if is_client(name) {
        Program::Client
    } else {
        let at = server_at(words[first..].iter().map(AsRef::as_ref));
        at.map_or(Program::Unknown, |at| Program::Server(first + at))
    }
}

/// Where the program of a command is among its words.
pub(super) fn program_at<W: AsRef<str>>(words: &[W]) -> usize {
    words.iter().position(|word| !is_before_program(word.as_ref())).unwrap_or(words.len())
}

/// The word that names a server, or what starts one.
pub(crate) fn server_at<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<usize> {
    words.position(|word| is_server(base_name(word)))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

/// The entrypoints are those of the official images and of Percona's.
fn is_server(name: &str) -> bool {
    matches!(
        name,
        "mysqld"
            | "mariadbd"
            | "mysqld_safe"
            | "mariadbd-safe"
            | "mysqld-debug"
            | "docker-entrypoint.sh"
            | "docker-entrypoint"
            | "entrypoint.sh"
            | "entrypoint"
            | "ps-entrypoint.sh"
            | "run-mysqld"
    )
}

fn is_before_program(word: &str) -> bool {
    let is_reserved = matches!(
        word,
        "if" | "then"
            | "elif"
            | "else"
            | "while"
            | "until"
            | "do"
            | "!"
            | "{"
            | "}"
            | "time"
            | "exec"
            | "builtin"
            | "nohup"
            | "env"
            | "sudo"
    );
    is_reserved || assigned(word).is_some()
}

/// The name and the value of an assignment, and whether it adds to what was there.
pub(super) fn assigned(word: &str) -> Option<(&str, &str, bool)> {
    let (name, value) = word.split_once('=')?;
    let (name, adds) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !name.is_empty()).then_some((name, value, adds))
}

/// Clients of both servers begin with the server's name.
fn is_client(name: &str) -> bool {
    let is_of_server = ["mysql", "mariadb", "pt-"].iter().any(|start| name.starts_with(start)) && !is_server(name);
    is_of_server
        || matches!(
            name,
            "chown"
                | "chmod"
                | "chgrp"
                | "mkdir"
                | "rm"
                | "cp"
                | "mv"
                | "ln"
                | "ls"
                | "find"
                | "tar"
                | "gzip"
                | "touch"
                | "which"
                | "sleep"
                | "pidof"
                | "pgrep"
                | "pkill"
                | "kill"
                | "killall"
                | "ps"
                | "curl"
                | "wget"
                | "nc"
                | "rsync"
                | "install"
                | "my_print_defaults"
                | "xtrabackup"
                | "mariabackup"
                | "mbstream"
                | "xbstream"
                | "innobackupex"
                | "mydumper"
                | "myloader"
                | "set"
        )
}

fn is_printer(name: &str) -> bool {
    matches!(
        name,
        "echo"
            | "printf"
            | "cat"
            | "tee"
            | "test"
            | "["
            | "[["
            | "grep"
            | "egrep"
            | "fgrep"
            | "sed"
            | "awk"
            | "gawk"
            | ":"
            | "true"
            | "false"
            | "logger"
            | "head"
            | "tail"
            | "sort"
            | "tr"
            | "wc"
            | "cut"
    )
}
