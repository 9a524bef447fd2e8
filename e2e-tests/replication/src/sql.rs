//! SQL in a pod's server: the image's own client in the container's file system, over the server's socket.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use crate::{
    command::{command, kill_tree, output},
    image::Family,
};

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) user: &'static str,
    pub(crate) password: String,
}

/// The client in the file system of the process `pid`. The password is in its environment, never an argument.
fn client(family: Family, pid: u32, login: &Login) -> Command {
    let mut command = command("nsenter");
    let name = if family == Family::MariaDb { "mariadb" } else { "mysql" };
    // Percona's images have it with the data, and so have Oracle's where no option file is read
    let socket = ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock"];
    let socket =
        socket.iter().find(|path| Path::new(&format!("/proc/{pid}/root{path}")).exists()).unwrap_or(&socket[0]);
    command
        .args(["--target", &pid.to_string(), "--mount", "--", name, "--no-defaults", "--batch"])
        .args(["--protocol=SOCKET", "--socket", socket, "--user", login.user])
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("MYSQL_PWD", &login.password);
    if family == Family::MariaDb {
        // the newer ones demand a certificate even over a socket
        command.arg("--skip-ssl");
    }
    command
}

/// Runs statements, and gives the rows: columns with tabs between them.
pub(crate) fn query(family: Family, pid: u32, login: &Login, statements: &str) -> Result<String, String> {
    query_within(family, pid, login, statements, Duration::from_mins(1))
}

/// Runs statements with a deadline of their own, and gives the rows: columns with tabs between them.
pub(crate) fn query_within(
    family: Family,
    pid: u32,
    login: &Login,
    statements: &str,
    limit: Duration,
) -> Result<String, String> {
    let vertical = statements.starts_with("SHOW") && statements.contains(" STATUS");
    let mut client = client(family, pid, login);
    // one field a line, each with its name
    client.arg(if vertical { "--vertical" } else { "--skip-column-names" });
    let result = output(&mut client, Some(statements), limit)?;
    if result.status.success() { Ok(result.stdout.trim_end().to_owned()) } else { Err(result.stderr.trim().to_owned()) }
}

/// A connection that stays.
#[derive(Debug)]
pub(crate) struct Session {
    child: Child,
    input: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Session {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn open(family: Family, pid: u32, login: &Login) -> Result<Self, String> {
        let mut child = client(family, pid, login)
            .args(["--skip-column-names", "--unbuffered"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (input, answers) = (child.stdin.take(), child.stdout.take());
        match (input, answers) {
            (Some(input), Some(answers)) => Ok(Self { child, input, answers: BufReader::new(answers) }),
            _ => Err("the client has no pipes".to_owned()),
        }
    }

    /// Runs statements that give no rows; after an error the session is over.
    pub(crate) fn run(&mut self, statements: &str) -> Result<(), String> {
        let mut line = String::new();
        writeln!(self.input, "{statements}; SELECT 'done';")
            .and_then(|()| self.input.flush())
            .and_then(|()| self.answers.read_line(&mut line))
            .map_err(|error| error.to_string())?;
        if line.trim_end() == "done" { Ok(()) } else { Err("the connection was lost".to_owned()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        kill_tree(self.child.id());
        let _ = self.child.wait();
    }
}
