//! The command line.

use clap::Parser;

use crate::{
    image::{Database, Images},
    option_sources,
    scenario::{self, chaos},
};

/// Runs what the policy injects, unchanged, in containers against real database servers.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Which images are run
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = Images::Made)]
    pub(crate) images: Images,
    #[arg(long, value_name = "NAME", help = database_help())]
    pub(crate) database: Vec<String>,
    /// Only these scenarios; 0 are the option files, which need no cluster
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=scenario::LAST))]
    pub(crate) scenario: Vec<u32>,
    /// How many clusters run side by side
    #[arg(long, default_value_t = 3)]
    pub(crate) jobs: usize,
    /// Which random faults scenario 26 draws: the same seed gives the same faults
    #[arg(long, value_name = "NUMBER", default_value_t = chaos::SEED)]
    pub(crate) chaos_seed: u64,
    /// For how long rounds of these begin, on each database; some fixed rounds where it is not given
    #[arg(long, value_name = "NUMBER")]
    pub(crate) chaos_seconds: Option<u64>,
    /// From which seed on the check of the option files draws its sets of sources
    #[arg(long, value_name = "NUMBER", default_value_t = option_sources::SEED)]
    pub(crate) seed: u64,
    /// Leave the pods as they are at the end, to look at them; the next run takes them away
    #[arg(long)]
    pub(crate) keep: bool,
}

/// The databases by name.
fn names(images: Images) -> String {
    images.databases().iter().map(|database| database.name).collect::<Vec<_>>().join(", ")
}

fn database_help() -> String {
    format!("Only these databases: {}; of the official images {}", names(Images::Made), names(Images::Official))
}

impl Arguments {
    /// The databases that are asked for.
    pub(crate) fn databases(&self) -> Result<Vec<&'static Database>, String> {
        let all = self.images.databases();
        if let Some(unknown) = self.database.iter().find(|name| all.iter().all(|database| *name != database.name)) {
            return Err(format!("there is no database {unknown}, but there are {}", names(self.images)));
        }
        let is_asked = |database: &Database| self.database.iter().any(|name| name == database.name);
        Ok(all.iter().copied().filter(|database| self.database.is_empty() || is_asked(database)).collect())
    }
}
