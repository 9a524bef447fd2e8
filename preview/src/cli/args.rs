//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// What is printed to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// The resulting manifests; verdicts go to standard error
    Yaml,
    /// One JSON object with every verdict and resulting object
    Json,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Show what the MySQL replication policy would do with manifests, without a cluster.
///
/// Every object goes through the real policy module; its look-ups see the other documents as the cluster. The
/// resulting YAML goes to standard output, the verdicts to standard error.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "preview",
    version,
    after_help = "\
Exit code: 0 all objects accepted; 1 an object rejected; 2 bad usage or unreadable input (the other documents are \
evaluated all the same).

Every problem is shown with the file and the line of its field, or of what is nearest to it where the field is absent.

The policy is asked about StatefulSets, Deployments, DaemonSets, ReplicaSets, Jobs, CronJobs, Pods, Services and \
ConfigMaps, also as items of a `kind: List`; other documents pass through. A rejected document is left out of the \
output, so in a pipeline such as `preview app.yaml | kubectl apply -f -` use `set -o pipefail`.

Documents that the policy does not change come out byte for byte; in the others comments and the order of keys are \
kept, and a note says so where that was not possible. YAML is read as kubectl reads it (YAML 1.1: a bare `yes`, \
`no`, `on`, `off`, `y` or `n` is a boolean; this is warned of). Limits: 64 MiB for an input, 100 levels of nesting, \
100000 values that aliases stand for."
)]
pub struct Args {
    /// Files with YAML or JSON documents, folders (every .yaml, .yml and .json in them), or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The policy module [default: `$MYSQL_REPLICATION_POLICY`, else ./policy.wasm, else policy.wasm beside this program]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The policy's settings, YAML or JSON
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Manifests of the live objects (a file, a folder, or -): an object that is here too is evaluated as its update
    #[arg(long, value_name = "FILE")]
    pub old: Vec<PathBuf>,

    /// The namespace of objects that name none
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub namespace: String,

    /// Print a unified diff of what changes instead of the resulting YAML
    #[arg(long)]
    pub diff: bool,

    /// Cut the scripts in the resulting YAML short: good for reading, not for applying
    #[arg(long, conflicts_with = "diff")]
    pub brief: bool,

    /// What to print to standard output
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = OutputFormat::Yaml)]
    pub output: OutputFormat,

    /// When to colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}
