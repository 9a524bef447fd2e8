//! The command `bench`.

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use mysql_replication_bench::report::{Report, Section};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Tables
    Text,
    /// One JSON object
    Json,
}

/// Measure the policy beside a guest that does nothing.
///
/// Without a choice of what to measure, everything is.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
// they are a command's flags
#[allow(clippy::struct_excessive_bools)]
struct Args {
    /// Instructions and linear memory, which are the same on every machine
    #[arg(long)]
    counts: bool,

    /// Times of single evaluations, the artefacts' size and compilation, the memory of live instances
    #[arg(long)]
    timings: bool,

    /// Growth with the size of objects and of settings
    #[arg(long)]
    growth: bool,

    /// Many requests at once, on every core
    #[arg(long)]
    load: bool,

    /// Fewer rounds
    #[arg(long)]
    quick: bool,

    /// How the results are printed
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

impl Args {
    fn sections(&self) -> Vec<Section> {
        let chosen = [self.counts, self.timings, self.growth, self.load];
        let is_all = !chosen.contains(&true);
        Section::ALL
            .into_iter()
            .zip(chosen)
            .filter(|(_, chosen)| is_all || *chosen)
            .map(|(section, _)| section)
            .collect()
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let text = Report::make(&args.sections(), args.quick).and_then(|report| match args.output {
        Output::Text => Ok(report.show()),
        Output::Json => serde_json::to_string_pretty(&report).map(|text| text + "\n").map_err(|e| e.to_string()),
    });
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
