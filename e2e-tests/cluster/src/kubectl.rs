//! The program kubectl, with a deadline for each call: what it does here, users do.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long a call may take where nothing else is said: longer than the API server waits for a policy.
const LIMIT: Duration = Duration::from_secs(45);

/// What a call printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    /// None where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// The warnings of admission, without the word.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("Warning: ")).collect()
    }
}

/// Calls kubectl in the repository, so that files have the names that documents give them.
#[derive(Debug)]
pub(crate) struct Kubectl<'a> {
    root: &'a Path,
}

impl<'a> Kubectl<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// A call of these words, which have no blanks in them.
    ///
    /// # Errors
    /// Where it does not succeed, with what it says.
    pub(crate) fn run(&self, words: &str) -> Result<Output, String> {
        self.run_with(words, &[], None)
    }

    /// A call of these words, and of arguments behind them that may have blanks.
    pub(crate) fn run_with(&self, words: &str, rest: &[&str], input: Option<&str>) -> Result<Output, String> {
        let output = self.try_with(words, rest, input, LIMIT)?;
        if output.succeeded() {
            return Ok(output);
        }
        Err(format!("kubectl {words}: {}", output.stderr.trim()))
    }

    /// The object, or the list, that a call prints.
    pub(crate) fn json(&self, words: &str) -> Result<Value, String> {
        let output = self.run(&format!("{words} --output=json"))?;
        serde_json::from_str(&output.stdout).map_err(|error| format!("kubectl {words}: {error}"))
    }

    /// A call that must be refused; gives what it says.
    pub(crate) fn refused(&self, words: &str, rest: &[&str], input: Option<&str>) -> Result<String, String> {
        let output = self.try_with(words, rest, input, LIMIT)?;
        if output.succeeded() {
            return Err(format!("kubectl {words}: this should have been refused: {}", output.stdout.trim()));
        }
        Ok(output.stderr)
    }

    /// A call that may end in any way.
    ///
    /// # Errors
    /// Where it cannot be made, or is not at its end within the limit.
    pub(crate) fn try_with(
        &self,
        words: &str,
        rest: &[&str],
        input: Option<&str>,
        limit: Duration,
    ) -> Result<Output, String> {
        let mut command = Command::new("kubectl");
        command.args(words.split_whitespace()).args(rest).current_dir(self.root);
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("kubectl cannot be started: {error}"))?;
        let stdout = child.stdout.take().map(drain);
        let stderr = child.stderr.take().map(drain);
        if let (Some(text), Some(mut pipe)) = (input, child.stdin.take()) {
            // one that ends early says why on its standard error
            let _ = pipe.write_all(text.as_bytes());
        }
        let status = wait(&mut child, limit).ok_or_else(|| format!("kubectl {words}: not within {limit:?}"))?;
        let text = |reader: Option<thread::JoinHandle<String>>| reader.and_then(|it| it.join().ok());
        Ok(Output {
            code: status.code(),
            stdout: text(stdout).unwrap_or_default(),
            stderr: text(stderr).unwrap_or_default(),
        })
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

/// Waits for a child, which is killed after the deadline.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
