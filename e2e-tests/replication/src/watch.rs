//! Looks at the command lines of all processes of the machine for as long as it lives.

use std::{
    collections::BTreeSet,
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

#[derive(Debug)]
pub(crate) struct Watch {
    end: Arc<AtomicBool>,
    found: Arc<Mutex<BTreeSet<String>>>,
}

impl Watch {
    pub(crate) fn start(secrets: Vec<String>) -> Self {
        let watch = Self { end: Arc::default(), found: Arc::default() };
        let (end, found) = (Arc::clone(&watch.end), Arc::clone(&watch.found));
        thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                let seen = look(&secrets);
                found.lock().unwrap_or_else(PoisonError::into_inner).extend(seen);
                thread::sleep(Duration::from_millis(100));
            }
        });
        watch
    }

    /// The processes that have shown a secret so far, by their names.
    pub(crate) fn found(&self) -> Vec<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.store(true, Ordering::SeqCst);
    }
}

fn look(secrets: &[String]) -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(Result::ok)
        .filter(|process| process.file_name().as_encoded_bytes()[0].is_ascii_digit())
        // a process may be gone before it is read
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .filter_map(|line| {
            // as text: the standard library's search is fast in a debug build too, and whole scripts are arguments
            let line = String::from_utf8_lossy(&line);
            let is_shown = secrets.iter().any(|secret| line.contains(secret));
            is_shown.then(|| line.split('\0').next().unwrap_or_default().to_owned())
        })
        .collect()
}
