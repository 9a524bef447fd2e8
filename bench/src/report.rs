//! All that is measured in one run.

use std::time::Duration;

use mysql_replication_host::Policy;
use mysql_replication_wasmtime_host::Wasmtime;
use serde::Serialize;

use crate::artefacts::{self, Compilation};
use crate::bars::{self, Bar};
use crate::counts::{self, SubjectCount};
use crate::effort::Effort;
use crate::growth::{self, Grower, Growth, OBJECTS, PATTERNS, SETTINGS, SIZES};
use crate::guest::Guest;
use crate::limits::Limits;
use crate::load::{self, Bounds, Load};
use crate::memory::{self, InstanceMemory};
use crate::meter::Meter;
use crate::stats::float;
use crate::subject::{self, Subject};
use crate::timings::{self, Timing};

/// A part of what is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Instructions and linear memory.
    Counts,
    /// Times, artefacts and the memory of instances.
    Timings,
    /// Growth with the size of objects and settings.
    Growth,
    /// Many requests at once.
    Load,
}

impl Section {
    /// Everything.
    pub const ALL: [Self; 4] = [Self::Counts, Self::Timings, Self::Growth, Self::Load];
}

/// What was measured.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Instructions and linear memory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<SubjectCount>,
    /// Times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timings: Vec<Timing>,
    /// The artefacts: the policy and the guest that does nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub artefacts: Vec<Compilation>,
    /// Memory of instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<InstanceMemory>,
    /// Growth with the size of the object.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<Growth>,
    /// Growth with the settings.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Growth>,
    /// Many requests at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<Load>,
    /// What the project asks of itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bars: Vec<Bar>,
}

impl Report {
    /// Measures. Tells on standard error what it is at.
    ///
    /// # Errors
    /// With a message for the user.
    pub fn make(sections: &[Section], is_quick: bool) -> Result<Self, String> {
        let (policy_guest, do_nothing_guest) = (Guest::policy()?, Guest::do_nothing()?);
        let (policy_meter, do_nothing_meter) = (Meter::new(&policy_guest)?, Meter::new(&do_nothing_guest)?);
        let subjects = subject::all(&policy_meter)?;
        let mut report = Self::default();
        let has = |section| sections.contains(&section);
        if has(Section::Counts) {
            eprintln!("counting instructions");
            report.counts = counts::count(&do_nothing_meter, &subjects)?;
        }
        if sections == [Section::Counts] {
            return Ok(report);
        }
        let compile = |guest: &Guest| Policy::from_bytes::<Wasmtime>(&guest.bytes).map_err(|error| error.to_string());
        let (policy, do_nothing) = (compile(&policy_guest)?, compile(&do_nothing_guest)?);
        let pick = |thorough: u64, quick: u64| if is_quick { quick } else { thorough };
        let effort = |rounds: u64, seconds: u64| Effort {
            rounds: usize::try_from(rounds).unwrap_or(usize::MAX),
            time: Duration::from_secs(seconds),
        };
        if has(Section::Timings) {
            eprintln!("timing evaluations");
            let rounds = effort(pick(500, 60), pick(60, 10));
            report.timings = timings::measure(&policy, &do_nothing, &subjects, rounds)?;
            eprintln!("compiling the artefacts");
            let rounds = effort(pick(25, 5), pick(30, 10));
            report.artefacts = artefacts::compile([&policy_guest, &do_nothing_guest], rounds)?.into();
            for (guest, name) in [(&policy, "policy"), (&do_nothing, "do-nothing")] {
                report.memory.extend(memory::measure(
                    name,
                    guest,
                    subject::find(&subjects, "full injection")?,
                    pick(200, 50),
                )?);
            }
        }
        if has(Section::Growth) {
            let time = Duration::from_millis(pick(300, 50));
            let grower =
                Grower { policy: (&policy, &policy_meter), do_nothing: (&do_nothing, &do_nothing_meter), time };
            for shape in &OBJECTS {
                eprintln!("growing objects: {}", shape.name);
                report.objects.push(grower.objects(shape)?);
            }
            for shape in &SETTINGS {
                eprintln!("growing settings: {}", shape.name);
                report.settings.push(grower.settings(shape)?);
            }
        }
        if has(Section::Load) {
            report.loads = loads(&policy, &do_nothing, &subjects, pick(10, 2))?;
        }
        report.bars = report.bars(Limits::stored()?.artefact()?);
        Ok(report)
    }

    /// Compares with what the project asks of itself, as far as it was measured; the module may have so many bytes.
    fn bars(&self, artefact: u64) -> Vec<Bar> {
        let mut bars = Vec::new();
        let timing = |name: &str| self.timings.iter().find(|timing| timing.subject == name);
        for (name, limit) in [("unmanaged StatefulSet", 0.8), ("full injection", 1.5), ("ten violations", 1.5)] {
            bars.extend(timing(name).map(|timing| Bar::new(format!("{name}, cold"), timing.cold_ratio, limit, "x")));
        }
        if let Some(Timing { floor_cold_ratio, warm_ratio, .. }) = timing("full injection") {
            bars.push(Bar::new("full injection, cold, to the floor", *floor_cold_ratio, 1.25, "x"));
            bars.push(Bar::new("full injection, warm", *warm_ratio, 2.0, "x"));
        }
        if let [policy, do_nothing] = self.artefacts.as_slice() {
            let per_byte = policy.per_kilobyte() / do_nothing.per_kilobyte();
            bars.push(Bar::new("artefact", float(policy.bytes as u64) / 1e3, float(artefact) / 1e3, "kB"));
            bars.push(Bar::new("compile time per byte", per_byte, 1.3, "x"));
            bars.push(Bar::new("compile time", policy.time.median / 1e3, 300.0, "ms"));
        }
        for growth in &self.objects {
            let Some(last) = growth.points.last() else { continue };
            let name = growth.shape;
            let size = float(last.payload) / 1e6;
            bars.push(Bar::new(format!("{size:.1} MB of {name}, cold"), last.policy.median / 1e3, 30.0, "ms"));
            bars.push(Bar::new(
                format!("{size:.1} MB of {name}, memory"),
                float(last.memory) / float(last.payload),
                5.0,
                "x",
            ));
        }
        for (what, growths) in [("objects", &self.objects), ("settings", &self.settings)] {
            let steepest = growths.iter().max_by(|a, b| a.instructions_slope.total_cmp(&b.instructions_slope));
            bars.extend(steepest.map(|growth| {
                let name = format!("steepest slope of {what}: {}", growth.shape);
                Bar::new(name, growth.instructions_slope, growth::LINEAR, "")
            }));
        }
        bars
    }

    /// The report for a terminal.
    #[must_use]
    pub fn show(&self) -> String {
        let mut parts = Vec::new();
        if !self.counts.is_empty() {
            parts.push(counts::show(&self.counts));
        }
        if !self.timings.is_empty() {
            parts.push(timings::show(&self.timings));
            parts.push(artefacts::show(&self.artefacts));
        }
        if !self.memory.is_empty() {
            parts.push(memory::show(&self.memory));
        }
        if !self.objects.is_empty() {
            let heads = growth::heads(&SIZES, 1000, "kB");
            parts.push(growth::show("Objects: milliseconds of a cold evaluation by size", &heads, &self.objects));
            let heads = growth::heads(&PATTERNS, 1, "");
            parts.push(growth::show("Settings: milliseconds of a cold evaluation by patterns", &heads, &self.settings));
        }
        if !self.loads.is_empty() {
            parts.push(load::show(&self.loads));
        }
        if !self.bars.is_empty() {
            parts.push(bars::show(&self.bars));
        }
        parts.join("\n")
    }
}

fn loads(policy: &Policy, do_nothing: &Policy, subjects: &[Subject], seconds: u64) -> Result<Vec<Load>, String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let bounds = Bounds { requests: 200_000, time: Duration::from_secs(seconds) };
    let mix = load::mix(subjects)?;
    let injection = [subject::find(subjects, "full injection")?];
    let mut loads = Vec::new();
    for (what, requests) in [("mix", mix.as_slice()), ("full injection", &injection)] {
        for (guest, name) in [(policy, "policy"), (do_nothing, "do-nothing")] {
            for workers in [1, workers] {
                let name = format!("{what}, {name}");
                eprintln!("load: {name}, {workers}");
                loads.push(load::run(&name, guest, requests, workers, bounds)?);
            }
        }
    }
    Ok(loads)
}
