//! One probe of one running container, at the rhythm that the template gives it.

use std::{
    io::Read,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::{
    command::{command, kill_tree},
    object,
};

/// What a probe has found, after its thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Unknown,
    Success,
    Failure,
}

#[derive(Debug)]
pub(crate) struct Probe {
    spec: object::Probe,
    next: Instant,
    not_before: Instant,
    running: Option<(Child, Instant)>,
    successes: u32,
    failures: u32,
    pub(crate) verdict: Verdict,
    /// How often it has run.
    pub(crate) runs: u32,
    /// What its last run printed, where that failed.
    pub(crate) message: String,
}

impl Probe {
    pub(crate) fn new(spec: &object::Probe) -> Self {
        let not_before = Instant::now() + Duration::from_secs(spec.initial_delay_seconds);
        Self {
            spec: spec.clone(),
            next: not_before,
            not_before,
            running: None,
            successes: 0,
            failures: 0,
            verdict: Verdict::Unknown,
            runs: 0,
            message: String::new(),
        }
    }

    /// The kubelet probes at once when the state of a pod that is not Ready has changed.
    pub(crate) fn hurry(&mut self) {
        self.next = Instant::now().max(self.not_before);
    }

    /// Goes on without waiting for anything; `container` is its id. Says whether the verdict has changed.
    pub(crate) fn step(&mut self, container: &str) -> Result<bool, String> {
        let now = Instant::now();
        if let Some((child, since)) = &mut self.running {
            let success = match child.try_wait().map_err(|error| error.to_string())? {
                Some(status) => {
                    self.message = said(child);
                    status.success()
                }
                None if now - *since > Duration::from_secs(self.spec.timeout_seconds) => {
                    kill_tree(child.id());
                    // it was killed: this ends at once
                    let _ = child.wait();
                    self.message = format!("the probe took longer than {} s", self.spec.timeout_seconds);
                    false
                }
                None => return Ok(false),
            };
            self.running = None;
            return Ok(self.count(success));
        }
        if now >= self.next {
            self.next = now + Duration::from_secs(self.spec.period_seconds);
            // of podman's runtime itself: the container's own environment, user and capabilities, as CRI does it
            let child = command("runc")
                .args(["exec", container])
                .args(&self.spec.exec.command)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| format!("runc cannot be started: {error}"))?;
            self.running = Some((child, now));
        }
        Ok(false)
    }

    fn count(&mut self, success: bool) -> bool {
        let before = self.verdict;
        self.runs += 1;
        if success {
            (self.successes, self.failures) = (self.successes + 1, 0);
            self.message.clear();
            if self.successes >= self.spec.success_threshold {
                self.verdict = Verdict::Success;
            }
        } else {
            (self.successes, self.failures) = (0, self.failures + 1);
            if self.failures >= self.spec.failure_threshold {
                self.verdict = Verdict::Failure;
            }
        }
        before != self.verdict
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.running {
            kill_tree(child.id());
            let _ = child.wait();
        }
    }
}

fn said(child: &mut Child) -> String {
    let mut text = String::new();
    let pipes: [Option<Box<dyn Read>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read>),
        child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read>),
    ];
    for mut pipe in pipes.into_iter().flatten() {
        // what cannot be read is not shown
        let _ = pipe.read_to_string(&mut text);
    }
    text.trim().to_owned()
}
