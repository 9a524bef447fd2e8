//! Other programs, each with a deadline: one that hangs must not keep its user waiting for ever.

use std::fmt;
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take: longer than kubectl waits for a cluster.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// How often it is asked whether it has ended, once its pipes are closed.
const PAUSE: Duration = Duration::from_millis(5);

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be started, or not be waited for.
    Io(io::Error),
    /// It was killed at its deadline: the command, and the seconds.
    Late(String, u64),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Late(command, seconds) => {
                write!(f, "`{command}` was not done within {seconds} s, and was stopped; run it by hand to see why")
            }
        }
    }
}

/// Runs a command to its end, and takes what it writes. Its standard input is the caller's choice.
///
/// # Errors
/// Where it cannot be run, and where it is not done within the limit: then it is killed. What it has started itself is
/// left alone, and not waited for. It stays in the terminal's group, for it may ask its user something.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Output, Failure> {
    let deadline = Instant::now() + limit;
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(Failure::Io)?;
    let pipes = (child.stdout.take().map(drain), child.stderr.take().map(drain));
    let until = |pipe: Option<Receiver<Vec<u8>>>| match pipe {
        Some(pipe) => pipe.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        None => Some(Vec::new()),
    };
    if let (Some(stdout), Some(stderr)) = (until(pipes.0), until(pipes.1)) {
        loop {
            if let Some(status) = child.try_wait().map_err(Failure::Io)? {
                return Ok(Output { status, stdout, stderr });
            }
            if Instant::now() >= deadline {
                break;
            }
            thread::sleep(PAUSE);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(Failure::Late(shown(command), limit.as_secs()))
}

/// Reads to the end of a pipe, so that it never fills up.
fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // a pipe that breaks has given what there was
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

/// The command as it would be typed.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null());
        command
    }

    #[test]
    fn what_it_writes_is_taken() {
        let output = output(&mut shell("head -c 300000 /dev/zero; echo why >&2; exit 3"), LIMIT).unwrap();
        assert_eq!((output.stdout.len(), output.stderr.as_slice()), (300_000, &b"why\n"[..]));
        assert_eq!(output.status.code(), Some(3));
        assert!(matches!(super::output(&mut Command::new("no-such-program"), LIMIT), Err(Failure::Io(_))));
    }

    #[test]
    fn one_that_hangs_is_stopped() {
        let begin = Instant::now();
        // by itself; by what it has started; with its pipes closed
        for script in ["exec sleep 30", "sleep 30 & exit 0", "exec >&- 2>&-; exec sleep 30"] {
            let failure = output(&mut shell(script), Duration::from_millis(300)).unwrap_err();
            assert!(failure.to_string().starts_with(&format!("`sh -c {script}` was not done within")), "{failure}");
        }
        assert!(begin.elapsed() < Duration::from_secs(20));
    }
}
