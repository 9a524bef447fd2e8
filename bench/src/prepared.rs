//! Look-ups that are answered from memory, so that no host's work is in what is measured.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mysql_replication_manifests::{Cluster, HostCall, Manifests};

use crate::meter::{Count, Meter};

type Answered = Result<Vec<u8>, String>;
type Answers = HashMap<(String, Vec<u8>), Answered>;

/// A cluster whose answers are known beforehand.
#[derive(Debug, Default)]
pub struct Prepared {
    answers: Answers,
    asked: AtomicUsize,
    missed: AtomicUsize,
}

impl Prepared {
    /// Notes what the policy asks about a payload and what this cluster answers; gives the policy's answer and what it
    /// cost as well.
    ///
    /// # Errors
    /// Where the policy fails.
    pub fn record(policy: &Meter, payload: &[u8], cluster: Manifests) -> Result<(Self, Vec<u8>, Count), String> {
        let recorder = Arc::new(Recorder { cluster, answers: Mutex::default() });
        let evaluated = policy.validate(payload, Arc::clone(&recorder) as Arc<dyn Cluster>);
        let (answer, count) = evaluated.map_err(|error| format!("{error:#}"))?;
        let answers = recorder.answers.lock().map_err(|error| error.to_string())?.clone();
        Ok((Self { answers, ..Self::default() }, answer, count))
    }

    /// Answers the policy's native function.
    ///
    /// # Errors
    /// What the cluster answered so.
    pub fn answer_native(&self, operation: &str, payload: &[u8]) -> Answered {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.answers.get(&(operation.to_owned(), payload.to_vec())).cloned().unwrap_or_else(|| {
            self.missed.fetch_add(1, Ordering::Relaxed);
            Err(format!("{operation} was not prepared"))
        })
    }

    /// How many look-ups there were since this was asked last.
    pub fn take_asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }

    /// How many look-ups had no answer: such an evaluation is not the one that was meant.
    pub fn missed(&self) -> usize {
        self.missed.load(Ordering::Relaxed)
    }
}

impl Cluster for Prepared {
    fn answer(&self, call: &HostCall<'_>) -> Answered {
        self.answer_native(call.operation, call.payload)
    }
}

struct Recorder {
    cluster: Manifests,
    answers: Mutex<Answers>,
}

impl Cluster for Recorder {
    fn answer(&self, call: &HostCall<'_>) -> Answered {
        let answer = self.cluster.answer(call);
        let mut answers = self.answers.lock().map_err(|error| error.to_string())?;
        answers.insert((call.operation.to_owned(), call.payload.to_vec()), answer.clone());
        answer
    }
}
