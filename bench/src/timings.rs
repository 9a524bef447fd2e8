//! Times of single evaluations: cold, warm and native.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mysql_replication_host::{Instance, Policy};
use serde::Serialize;

use crate::effort::Effort;
use crate::prepared::Prepared;
use crate::stats::Spread;
use crate::subject::Subject;
use crate::table::{grouped, table};

/// Times of one guest.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GuestTiming {
    /// A fresh instance, the call in it, and the end of it: what a policy server does for every request.
    pub cold: Spread,
    /// Of that, until the instance can be called.
    pub start: Spread,
    /// A call of an instance that has had others before.
    pub warm: Spread,
}

/// Times of one subject.
#[derive(Debug, Clone, Serialize)]
pub struct Timing {
    /// The subject.
    pub subject: &'static str,
    /// Bytes of the request.
    pub payload: usize,
    /// Bytes of the policy's answer.
    pub answer: usize,
    /// Look-ups of one evaluation.
    pub look_ups: usize,
    /// The policy.
    pub policy: GuestTiming,
    /// The guest that does nothing, with the same request.
    pub do_nothing: GuestTiming,
    /// The second floor: the guest that does nothing, where it hands back as many bytes as the policy.
    pub floor: GuestTiming,
    /// The policy as a native function.
    pub native: Spread,
    /// Cold, as a multiple of doing nothing.
    pub cold_ratio: f64,
    /// Warm, as a multiple of doing nothing.
    pub warm_ratio: f64,
    /// Cold, as a multiple of the second floor.
    pub floor_cold_ratio: f64,
    /// Warm, as a multiple of the second floor.
    pub floor_warm_ratio: f64,
}

/// What is timed, of one subject in one guest.
struct Run<'a> {
    guest: &'a Policy,
    cluster: &'a Arc<Prepared>,
    payload: &'a [u8],
    /// One that stays.
    instance: Instance,
    cold: Vec<Duration>,
    start: Vec<Duration>,
    warm: Vec<Duration>,
}

impl<'a> Run<'a> {
    fn new(guest: &'a Policy, cluster: &'a Arc<Prepared>, payload: &'a [u8]) -> Result<Self, String> {
        let instance = guest.instance(cluster.clone()).map_err(|error| error.to_string())?;
        Ok(Self { guest, cluster, payload, instance, cold: Vec::new(), start: Vec::new(), warm: Vec::new() })
    }

    fn cold(&mut self) -> Result<(), String> {
        let (start, cold, _) = evaluate(self.guest, self.cluster, self.payload)?;
        self.start.push(start);
        self.cold.push(cold);
        Ok(())
    }

    fn call(&self) -> Result<Vec<u8>, String> {
        self.instance.call("validate", self.payload).map_err(|error| error.to_string())
    }

    fn warm(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        black_box(self.call()?);
        self.warm.push(begin.elapsed());
        Ok(())
    }

    fn spread(self) -> GuestTiming {
        GuestTiming { cold: Spread::of(self.cold), start: Spread::of(self.start), warm: Spread::of(self.warm) }
    }
}

/// What is timed of one subject.
struct Turns<'a> {
    subject: &'a Subject,
    look_ups: usize,
    policy: Run<'a>,
    do_nothing: Run<'a>,
    floor: Run<'a>,
    native: Vec<Duration>,
}

impl<'a> Turns<'a> {
    fn new(policy: &'a Policy, do_nothing: &'a Policy, subject: &'a Subject) -> Result<Self, String> {
        let Subject { cluster, payload, floor_payload, .. } = subject;
        let policy = Run::new(policy, cluster, payload)?;
        let floor = Run::new(do_nothing, cluster, floor_payload)?;
        let do_nothing = Run::new(do_nothing, cluster, payload)?;
        subject.cluster.take_asked();
        subject.check(&policy.call()?)?;
        let look_ups = subject.cluster.take_asked();
        // not the first call of an instance any more
        do_nothing.call()?;
        subject.check_floor(&floor.call()?)?;
        subject.check(&native(subject).1)?;
        if subject.cluster.missed() > 0 {
            return Err(format!("{}: the native function and the artefact look up different things", subject.name));
        }
        Ok(Self { subject, look_ups, policy, do_nothing, floor, native: Vec::new() })
    }

    fn take(&mut self, turn: Turn) -> Result<(), String> {
        match turn {
            Turn::PolicyCold => self.policy.cold(),
            Turn::PolicyWarm => self.policy.warm(),
            Turn::DoNothingCold => self.do_nothing.cold(),
            Turn::DoNothingWarm => self.do_nothing.warm(),
            Turn::FloorCold => self.floor.cold(),
            Turn::FloorWarm => self.floor.warm(),
            Turn::Native => {
                self.native.push(native(self.subject).0);
                Ok(())
            }
        }
    }

    fn timing(self) -> Timing {
        let (policy, do_nothing, floor) = (self.policy.spread(), self.do_nothing.spread(), self.floor.spread());
        Timing {
            subject: self.subject.name,
            payload: self.subject.payload.len(),
            answer: self.subject.count.answer,
            look_ups: self.look_ups,
            cold_ratio: policy.cold.median / do_nothing.cold.median,
            warm_ratio: policy.warm.median / do_nothing.warm.median,
            floor_cold_ratio: policy.cold.median / floor.cold.median,
            floor_warm_ratio: policy.warm.median / floor.warm.median,
            policy,
            do_nothing,
            floor,
            native: Spread::of(self.native),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    PolicyCold,
    PolicyWarm,
    DoNothingCold,
    DoNothingWarm,
    FloorCold,
    FloorWarm,
    Native,
}

impl Turn {
    const ALL: [Self; 7] = [
        Self::PolicyCold,
        Self::PolicyWarm,
        Self::DoNothingCold,
        Self::DoNothingWarm,
        Self::FloorCold,
        Self::FloorWarm,
        Self::Native,
    ];
}

/// Another order at every round, the same in every run: what comes after a large request finds cold caches, and that
/// must not always be the same one.
struct Shuffle(u64);

impl Shuffle {
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            // Knuth's generator, of which the upper bits are good
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(self.0 >> 33).unwrap_or_default() % (last + 1);
            items.swap(last, other);
        }
    }
}

/// Evaluates a subject once in a fresh instance: the time until it could be called, the whole time, the answer.
///
/// # Errors
/// Where the guest fails.
pub fn cold(guest: &Policy, subject: &Subject) -> Result<(Duration, Duration, Vec<u8>), String> {
    evaluate(guest, &subject.cluster, &subject.payload)
}

fn evaluate(guest: &Policy, cluster: &Arc<Prepared>, payload: &[u8]) -> Result<(Duration, Duration, Vec<u8>), String> {
    let cluster = cluster.clone();
    let begin = Instant::now();
    let instance = guest.instance(cluster).map_err(|error| error.to_string())?;
    let start = begin.elapsed();
    let answer = instance.call("validate", payload).map_err(|error| error.to_string())?;
    drop(instance);
    Ok((start, begin.elapsed(), answer))
}

fn native(subject: &Subject) -> (Duration, Vec<u8>) {
    let host = |operation: &str, payload: &[u8]| subject.cluster.answer_native(operation, payload);
    let begin = Instant::now();
    let answer = mysql_replication_policy::validate(black_box(&subject.payload), &host);
    (begin.elapsed(), answer)
}

/// Measures all subjects in both guests, on the second floor and natively, all of them in turn.
///
/// # Errors
/// Where a guest fails, or says another thing than it should.
pub fn measure(
    policy: &Policy,
    do_nothing: &Policy,
    subjects: &[Subject],
    effort: Effort,
) -> Result<Vec<Timing>, String> {
    let mut subjects = subjects
        .iter()
        .map(|subject| Turns::new(policy, do_nothing, subject))
        .collect::<Result<Vec<Turns>, String>>()?;
    let mut turns: Vec<(usize, Turn)> =
        (0..subjects.len()).flat_map(|subject| Turn::ALL.map(|turn| (subject, turn))).collect();
    let mut shuffle = Shuffle(1);
    for _ in effort.rounds() {
        shuffle.shuffle(&mut turns);
        for &(subject, turn) in &turns {
            subjects[subject].take(turn)?;
        }
    }
    Ok(subjects.into_iter().map(Turns::timing).collect())
}

/// The times as a table.
#[must_use]
pub fn show(timings: &[Timing]) -> String {
    let spread = |spread: &Spread| format!("{:.0} ({:.0}-{:.0})", spread.median, spread.p10, spread.p90);
    let rows: Vec<Vec<String>> = timings
        .iter()
        .map(|timing| {
            vec![
                timing.subject.to_owned(),
                grouped(timing.payload as u64),
                grouped(timing.answer as u64),
                timing.look_ups.to_string(),
                spread(&timing.policy.cold),
                spread(&timing.do_nothing.cold),
                format!("{:.2}", timing.cold_ratio),
                spread(&timing.floor.cold),
                format!("{:.2}", timing.floor_cold_ratio),
                spread(&timing.policy.warm),
                spread(&timing.do_nothing.warm),
                format!("{:.2}", timing.warm_ratio),
                spread(&timing.floor.warm),
                format!("{:.2}", timing.floor_warm_ratio),
                spread(&timing.native),
                format!("{:.0}", timing.policy.start.median),
            ]
        })
        .collect();
    let head = [
        "subject", "bytes", "answer", "look-ups", "cold", "nothing", "ratio", "floor", "ratio", "warm", "nothing",
        "ratio", "floor", "ratio", "native", "start",
    ];
    let rounds = timings.first().map_or(0, |timing| timing.native.count);
    table(&format!("Microseconds: median (p10-p90) of {rounds} rounds"), &head, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_first_about_equally_often() {
        let mut shuffle = Shuffle(1);
        let mut items = [0, 1, 2, 3, 4];
        let mut first = [0; 5];
        for _ in 0..1000 {
            shuffle.shuffle(&mut items);
            first[items[0]] += 1;
        }
        assert!(first.iter().all(|count| (150..250).contains(count)), "{first:?}");
    }
}
