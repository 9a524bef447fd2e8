//! Commands of the machine, each with a deadline.

use std::{
    fs,
    io::{Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a command may take where nothing else is said.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A command that does not take part in the terminal's Ctrl-C: the harness ends what it started itself.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.process_group(0).stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn output(command: &mut Command, input: Option<&str>, limit: Duration) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().map_err(|error| format!("{name} cannot be started: {error}"))?;
    if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
        // a command that ends early says why on its standard error
        let _ = pipe.write_all(text.as_bytes());
    }
    let stdout = child.stdout.take().map(drain);
    let stderr = child.stderr.take().map(drain);
    let status = wait(&mut child, limit).ok_or_else(|| format!("{name} took longer than {} s", limit.as_secs()))?;
    let text = |reader: Option<thread::JoinHandle<String>>| reader.and_then(|it| it.join().ok()).unwrap_or_default();
    Ok(Output { status, stdout: text(stdout), stderr: text(stderr) })
}

/// Runs a command that must succeed, and gives what it printed, without the line break at the end.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    run_within(command, LIMIT)
}

/// Runs a command that must succeed, with a deadline of its own, and gives what it printed.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<String, String> {
    let result = output(command, None, limit)?;
    if result.status.success() {
        return Ok(result.stdout.trim_end().to_owned());
    }
    // the last arguments can be whole scripts
    let line: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().chars().take(60).collect())
        .collect();
    Err(format!("{}: {}: {}", line.join(" "), result.status, result.stderr.trim()))
}

/// Runs a command that writes nothing to its end, unless it is to be given up: it can then clean up.
pub(crate) fn run_unless(command: &mut Command, give_up: impl Fn() -> bool) -> Result<(), String> {
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None => {}
        }
        if give_up() {
            // its whole process group
            let group = format!("-{}", child.id());
            let _ = output(self::command("kill").args(["-s", "TERM", "--", &group]), None, LIMIT);
            let _ = wait(&mut child, Duration::from_secs(20));
            return Err("interrupted".to_owned());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // a pipe that breaks has given what there was
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a child; after the deadline it is killed with all that it started.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() > deadline {
            kill_tree(child.id());
            let _ = child.wait();
            return None;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Sends SIGKILL to a process and all that it started.
pub(crate) fn kill_tree(pid: u32) {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in children.split_whitespace().filter_map(|text| text.parse().ok()) {
        kill_tree(child);
    }
    signal("KILL", pid);
}

/// Sends a signal to a process and all that it started, from the first on: what has stopped starts nothing more. Gives
/// all that it was sent to.
pub(crate) fn signal_tree(name: &str, pid: u32) -> Vec<u32> {
    signal(name, pid);
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|text| text.parse().ok());
    std::iter::once(pid).chain(children.flat_map(|child| signal_tree(name, child))).collect()
}

/// Sends a signal; a process that is gone already is no error.
pub(crate) fn signal(name: &str, pid: u32) {
    let _ = output(command("kill").args(["-s", name, &pid.to_string()]), None, LIMIT);
}

/// When a process was started, in the kernel's clock ticks: with its id it names a process for good.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if *fields.first()? == "Z" {
        return None;
    }
    fields.get(19)?.parse().ok()
}

/// Podman, with the harness's own settings.
pub(crate) fn podman(settings: &Path) -> Command {
    let mut command = command("podman");
    command.env("CONTAINERS_CONF", settings);
    command
}
