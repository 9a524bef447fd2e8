//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::check::CheckArgs;

/// What is printed to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// The resulting manifests; verdicts go to standard error
    Yaml,
    /// One JSON object with every verdict and resulting object
    Json,
    /// SARIF 2.1.0 with a result for every problem and every warning of a rule, for code scanning
    Sarif,
    /// Workflow commands, which GitHub Actions shows as annotations
    Github,
    /// GitLab's code quality report, which merge requests show
    Gitlab,
    /// A picture of the cluster that would come of the manifests: pods, claims, Services, applications
    Svg,
    /// Nothing, only the verdicts on standard error
    #[value(name = "none")]
    Nothing,
}

impl Args {
    /// What is printed to standard output.
    #[must_use]
    pub fn format(&self) -> OutputFormat {
        self.output.unwrap_or(OutputFormat::Yaml)
    }
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

/// What the program does beside a preview.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check a live cluster: is the policy there and at work, and are the databases as it leaves them?
    ///
    /// The cluster is asked through kubectl, with your rights and only for reading; Secrets are not looked at.
    /// Exits with 0 where all is well, 1 where something is wrong, 2 where something could not be found out.
    #[command(verbatim_doc_comment)]
    Check(CheckArgs),
}

/// Show what the MySQL replication policy would do with manifests, without a cluster.
///
/// Every object goes through the real policy; its look-ups see the other documents as the cluster.
/// The manifests as they would be admitted go to standard output, the verdicts to standard error.
/// Nothing is sent anywhere and no file is written: look, fix, look again.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "mysql-replication-preview",
    version,
    verbatim_doc_comment,
    override_usage = "mysql-replication-preview [OPTIONS] <PATH>...\n       mysql-replication-preview check [OPTIONS]",
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
#[allow(clippy::struct_excessive_bools)] // each is an option of its own
pub struct Args {
    /// Something else than a preview
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Files with YAML or JSON documents, folders (every .yaml, .yml and .json in them; a kustomization is
    /// rendered by kubectl or kustomize), or - for standard input
    #[arg(required_unless_present_any = ["completions", "man", "explain"], value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The policy module [default: `$MYSQL_REPLICATION_POLICY`, else the one inside this program, else a checkout's]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// The policy's settings, YAML or JSON: by themselves, below `settings:`, or in a policy's manifest
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Manifests of the live objects (a file, a folder, or -): an object that is here too is evaluated as its update
    #[arg(long, value_name = "FILE")]
    pub old: Vec<PathBuf>,

    /// The namespace of objects that name none
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub namespace: String,

    /// Judge plain databases as if they had the annotation that asks for the injection: those that the policy knows,
    /// or the StatefulSet NAME
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub inject: Option<String>,

    /// Print a unified diff of what changes instead of the resulting YAML
    #[arg(long)]
    pub diff: bool,

    /// Cut long texts and lines, as the packed scripts, short in the resulting YAML or the diff: good for reading, not
    /// for applying
    #[arg(long)]
    pub brief: bool,

    /// Exit with 1 for warnings, too
    #[arg(long)]
    pub fail_on_warnings: bool,

    /// What to print to standard output [default: yaml; on a terminal only what is changed, in the form of --brief]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output: Option<OutputFormat>,

    /// When to colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,

    /// Print what the documentation says of a rule, such as read-only-off
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "completions", "man"])]
    pub explain: Option<String>,

    /// Print what makes this shell complete the command's options
    #[arg(long, value_name = "SHELL", value_enum, exclusive = true, hide_short_help = true)]
    pub completions: Option<Shell>,

    /// Print the man page
    #[arg(long, exclusive = true, hide_short_help = true)]
    pub man: bool,
}
