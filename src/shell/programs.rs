//! Which program a command runs, as far as the rules tell them apart.

use crate::halves::Halves;

/// The servers, and what starts one: the entrypoints are those of the official images and of Percona's.
const SERVERS: [&str; 11] = [
    "mysqld",
    "mariadbd",
    "mysqld_safe",
    "mariadbd-safe",
    "mysqld-debug",
    "docker-entrypoint.sh",
    "docker-entrypoint",
    "entrypoint.sh",
    "entrypoint",
    "ps-entrypoint.sh",
    "run-mysqld",
];

/// What a shell reserves, and programs that run the one behind them.
const BEFORE_PROGRAM: [&str; 16] = [
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "}", "time", "exec", "builtin", "nohup", "env",
    "sudo",
];

/// Programs that know no option of a server.
const TOOLS: [&str; 35] = [
    "chown",
    "chmod",
    "chgrp",
    "mkdir",
    "rm",
    "cp",
    "mv",
    "ln",
    "ls",
    "find",
    "tar",
    "gzip",
    "touch",
    "which",
    "sleep",
    "pidof",
    "pgrep",
    "pkill",
    "kill",
    "killall",
    "ps",
    "curl",
    "wget",
    "nc",
    "rsync",
    "install",
    "my_print_defaults",
    "xtrabackup",
    "mariabackup",
    "mbstream",
    "xbstream",
    "innobackupex",
    "mydumper",
    "myloader",
    "set",
];

/// Programs that print, compare or pass on.
const PRINTERS: [&str; 23] = [
    "echo", "printf", "cat", "tee", "test", "[", "[[", "grep", "egrep", "fgrep", "sed", "awk", "gawk", ":", "true",
    "false", "logger", "head", "tail", "sort", "tr", "wc", "cut",
];

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
    if is_array { Program::Unknown } else { program_of(&|at| words.get(at).map(AsRef::as_ref)) }
}

/// Where the program of a command is among its words.
pub(super) fn program_at<W: AsRef<str>>(words: &[W]) -> usize {
    first(&|at| words.get(at).map(AsRef::as_ref))
}

type Words<'w> = &'w dyn Fn(usize) -> Option<&'w str>;

#[inline(never)]
fn program_of(word: Words) -> Program {
    let first = first(word);
    let name = base_name(word(first).unwrap_or_default());
    let asks = name == "command" && word(first + 1).is_some_and(|word| word.eq_ignore_ascii_case("-v"));
    if asks || PRINTERS.contains(&name) {
        Program::Printer
    } else if is_client(name) {
        Program::Client
    } else {
        let server = (first..).map_while(|at| Some((at, word(at)?))).find(|(_, word)| is_server(base_name(word)));
        server.map_or(Program::Unknown, |(at, _)| Program::Server(at))
    }
}

fn first(word: Words) -> usize {
    let mut at = 0;
    while word(at).is_some_and(|word| BEFORE_PROGRAM.contains(&word) || assigned(word).is_some()) {
        at += 1;
    }
    at
}

/// The word that names a server, or what starts one.
pub(crate) fn server_at<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<usize> {
    words.position(|word| is_server(base_name(word)))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or_default()
}

fn is_server(name: &str) -> bool {
    SERVERS.contains(&name)
}

/// The name and the value of an assignment, and whether it adds to what was there.
pub(super) fn assigned(word: &str) -> Option<(&str, &str, bool)> {
    let (name, value) = word.halves('=')?;
    let (name, adds) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !name.is_empty()).then_some((name, value, adds))
}

/// Clients of both servers begin with the server's name.
fn is_client(name: &str) -> bool {
    let is_of_server = ["mysql", "mariadb", "pt-"].iter().any(|start| name.starts_with(start)) && !is_server(name);
    is_of_server || TOOLS.contains(&name)
}
