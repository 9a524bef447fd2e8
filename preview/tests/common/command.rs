//! The command as a process.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// A manifest that the guest accepts.
pub const ACCEPTED: &str = "# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: mysql}\n";
/// One that it rejects.
pub const REJECTED: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: test-reject}\n";

/// A Pod that breaks a rule, and the ConfigMap that breaks another.
pub const RULES: [(&str, &str); 2] = [
    (
        "m/a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test-rule\n  namespace: shop\nspec:\n  hostNetwork: true\n",
    ),
    (
        "m/b.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: shop}\ndata:\n  slave.cnf: |\n    [mysqld]\n    a\n",
    ),
];

/// What a run of the command gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The command in this folder, with the guest as its policy.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("mysql-replication-preview").unwrap();
    command.current_dir(folder).env_remove("NO_COLOR").env("MYSQL_REPLICATION_POLICY", super::guest_file(folder));
    command
}

/// Runs it. It never panics.
pub fn finish(command: &mut Command) -> Ran {
    // a program that a test has just copied is held open for a moment by what other tests start meanwhile
    let mut tries = 0;
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && tries < 500 => tries += 1,
            output => break output.unwrap(),
        }
        thread::sleep(Duration::from_millis(10));
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran
}

/// Runs the command on files in a folder of their own.
pub fn run(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    finish(command(folder.path()).args(args))
}
