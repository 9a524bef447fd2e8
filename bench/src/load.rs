//! Many requests at once: an evaluation loop on every core, as a policy server's workers run it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mysql_replication_host::Policy;
use serde::Serialize;

use crate::memory::resident;
use crate::stats::{Spread, float};
use crate::subject::{self, Subject};
use crate::table::{grouped, table};
use crate::timings::cold;

/// How often each subject comes among a hundred requests: most objects of a cluster are none of the policy's business.
const MIX: [(&str, usize); 6] = [
    ("unmanaged StatefulSet", 60),
    ("200 variables", 15),
    ("Service", 15),
    ("re-admission", 5),
    ("full injection", 4),
    ("ten violations", 1),
];

/// Where the load ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// After so many requests,
    pub requests: usize,
    /// or after this time.
    pub time: Duration,
}

/// What came of a load.
#[derive(Debug, Clone, Serialize)]
pub struct Load {
    /// What was sent to whom.
    pub name: String,
    /// Workers, one a core.
    pub workers: usize,
    /// Requests that were answered.
    pub requests: usize,
    /// Requests answered in a second, by each worker.
    pub per_second_and_core: f64,
    /// The time of each.
    pub latency: Spread,
    /// Bytes by which the process grew meanwhile, at most.
    pub growth: u64,
}

/// A hundred requests in an order in which the kinds alternate.
///
/// # Errors
/// Where a subject of the mix is missing.
pub fn mix(subjects: &[Subject]) -> Result<Vec<&Subject>, String> {
    let mut slots: Vec<(f64, &Subject)> = Vec::new();
    for (name, times) in MIX {
        let subject = subject::find(subjects, name)?;
        let gap = 1.0 / float(times as u64);
        slots.extend((0..times).map(|index| ((float(index as u64) + 0.5) * gap, subject)));
    }
    slots.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(slots.into_iter().map(|(_, subject)| subject).collect())
}

/// Sends requests until a bound is met.
///
/// # Errors
/// Where the guest fails.
pub fn run(name: &str, guest: &Policy, requests: &[&Subject], workers: usize, bounds: Bounds) -> Result<Load, String> {
    if requests.is_empty() {
        return Err(format!("{name}: nothing to send"));
    }
    let next = AtomicUsize::new(0);
    let before = resident().unwrap_or_default();
    let begin = Instant::now();
    let work = || -> Result<(Vec<Duration>, u64), String> {
        let (mut times, mut growth) = (Vec::new(), 0);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= bounds.requests || begin.elapsed() >= bounds.time {
                return Ok((times, growth));
            }
            times.push(cold(guest, requests[number % requests.len()])?.1);
            if number.is_multiple_of(1000) {
                growth = growth.max(resident().unwrap_or_default().saturating_sub(before));
            }
        }
    };
    let results: Vec<Result<_, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err("a worker panicked".to_owned())))
            .collect()
    });
    let elapsed = begin.elapsed();
    let (mut times, mut growth) = (Vec::new(), 0);
    for result in results {
        let (more, grown) = result?;
        times.extend(more);
        growth = growth.max(grown);
    }
    Ok(Load {
        name: name.to_owned(),
        workers,
        requests: times.len(),
        per_second_and_core: float(times.len() as u64) / elapsed.as_secs_f64() / float(workers as u64),
        latency: Spread::of(times),
        growth,
    })
}

/// The loads as a table.
#[must_use]
pub fn show(loads: &[Load]) -> String {
    let rows: Vec<Vec<String>> = loads
        .iter()
        .map(|load| {
            vec![
                load.name.clone(),
                load.workers.to_string(),
                grouped(load.requests as u64),
                format!("{:.0}", load.per_second_and_core),
                format!("{:.2}", load.latency.median / 1e3),
                format!("{:.2}", load.latency.p99 / 1e3),
                grouped(load.growth / 1024),
            ]
        })
        .collect();
    let head = ["load", "workers", "requests", "per second and core", "p50 ms", "p99 ms", "KiB more"];
    table("Load: an instance for every request", &head, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_a_hundred() {
        assert_eq!(MIX.iter().map(|(_, times)| times).sum::<usize>(), 100);
    }
}
