//! What `--help` and the man page say beside the options.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::Args;
use crate::host::embedded_policy;

/// How the command is called where kubectl calls it.
pub(super) const PLUGIN: &str = "kubectl mysql-replication";
/// How the command is called.
pub(super) const NAME: &str = "mysql-replication-preview";

enum Block {
    /// A paragraph.
    Text(&'static str),
    /// What something is for, and the lines to type.
    Example(&'static str, &'static [&'static str]),
    /// A word, and what it means.
    Meaning(&'static str, &'static str),
}
use Block::{Example, Meaning, Text};

struct Section {
    title: &'static str,
    blocks: &'static [Block],
}

const SECTIONS: &[Section] = &[
    Section {
        title: "Examples",
        blocks: &[
            Example(
                "What the policy makes of a file, of a folder, of a kustomization",
                &[
                    "mysql-replication-preview mysql.yaml",
                    "mysql-replication-preview manifests/",
                    "kubectl kustomize . | mysql-replication-preview -",
                ],
            ),
            Example(
                "What the annotation would make of a plain database, without editing the file",
                &[
                    "mysql-replication-preview --inject mysql.yaml",
                    "mysql-replication-preview --inject=mysql --diff --brief manifests/",
                ],
            ),
            Example(
                "Only what changes; or all of it, but with the scripts cut short",
                &["mysql-replication-preview --diff manifests/", "mysql-replication-preview --brief manifests/"],
            ),
            Example(
                "With the settings that the policy has in the cluster, from a file of their own or the policy's \
                    manifest",
                &["mysql-replication-preview --settings settings.yaml manifests/"],
            ),
            Example("What a rule is about", &["mysql-replication-preview --explain read-only-off"]),
            Example(
                "As updates of what runs: some rules are about changes. What names no namespace is in shop",
                &[
                    "kubectl -n shop get statefulset,service,configmap -o yaml >live.yaml",
                    "mysql-replication-preview --namespace shop --old live.yaml manifests/",
                ],
            ),
            Example(
                "Nothing but the verdicts, as a check in a script",
                &["mysql-replication-preview --output none manifests/"],
            ),
            Example(
                "A picture of the cluster, for a document or a review",
                &["mysql-replication-preview --output svg manifests/ >cluster.svg"],
            ),
            Example(
                "In GitHub Actions, from the repository's root: as annotations; as SARIF for code scanning, which \
                the action github/codeql-action/upload-sarif takes in a step with `if: always()`",
                &[
                    "mysql-replication-preview --output github manifests/",
                    "mysql-replication-preview --output sarif manifests/ >preview.sarif",
                ],
            ),
            Example(
                "In GitLab CI, in a job with `artifacts: reports: codequality: preview.json` and `artifacts: when: \
                always`",
                &["mysql-replication-preview --output gitlab manifests/ >preview.json"],
            ),
            Example(
                "Before each commit, with pre-commit and the program installed: in .pre-commit-config.yaml",
                &[
                    "repos:",
                    "  - repo: URL-OF-THE-POLICY'S-REPOSITORY",
                    "    rev: COMMIT",
                    "    hooks:",
                    "      - id: mysql-replication-preview",
                    "        args: [manifests/]",
                ],
            ),
            Example(
                "Whether a cluster and its databases are in order, as a list",
                &["mysql-replication-preview check", "mysql-replication-preview check --context prod --namespace shop"],
            ),
            Example(
                "As a plugin: `kubectl mysql-replication preview` and `... check`. The link's name has an underscore",
                &["ln -s mysql-replication-preview ~/.local/bin/kubectl-mysql_replication"],
            ),
            Example(
                "Completion (also of zsh, fish, elvish, powershell) and the man page",
                &[
                    "mysql-replication-preview --completions bash \
                        >~/.local/share/bash-completion/completions/mysql-replication-preview",
                    "mysql-replication-preview --man >~/.local/share/man/man1/mysql-replication-preview.1",
                ],
            ),
        ],
    },
    Section {
        title: "Exit codes",
        blocks: &[
            Meaning("0", "every object is accepted, with or without changes and warnings"),
            Meaning("1", "an object is rejected, or with --fail-on-warnings there is a warning"),
            Meaning(
                "2",
                "bad usage, unreadable input (the other documents are evaluated all the same), or output that \
                cannot be written; a reader that closes the pipe early is no error",
            ),
            Text(
                "Of `check`: 0 where all is well, 1 where something is wrong, 2 where something could not be found \
                out.",
            ),
        ],
    },
    Section {
        title: "Output",
        blocks: &[
            Text(
                "Every problem is shown with the file and the line of its field, or of what is nearest to it where \
                the field is absent.",
            ),
            Text(
                "Documents that the policy does not change come out byte for byte; in the others comments and the \
                order of keys are kept, and a note says so where that was not possible. A rejected document is left \
                out, so before you apply the rest look at the exit code: `mysql-replication-preview app.yaml \
                >out.yaml && kubectl apply -f out.yaml`.",
            ),
        ],
    },
    Section {
        title: "Input",
        blocks: &[
            Text(
                "The policy is asked about StatefulSets, Deployments, DaemonSets, ReplicaSets, Jobs, CronJobs, Pods, \
                Services and ConfigMaps, also as items of a list such as a `StatefulSetList`; other documents pass \
                through. Give all that belongs together at once: a StatefulSet is judged by its Service and its \
                ConfigMap, too.",
            ),
            Text(
                "A folder with a kustomization is judged by what it renders, for which `kubectl` or `kustomize` is \
                    called; \
                one that others take in is judged with them. Of a Helm chart only the command is told that renders it: \
                `helm template CHART | mysql-replication-preview -`.",
            ),
            Text(
                "YAML is read as kubectl reads it (YAML 1.1: a bare `yes`, `no`, `on`, `off`, `y` or `n` is a \
                boolean; this is warned of). Limits: 64 MiB for an input, 100 levels of nesting, 100000 values that \
                aliases stand for.",
            ),
        ],
    },
    Section {
        title: "Policy module",
        blocks: &[Text(
            "The first of: the file of --policy, the file that MYSQL_REPLICATION_POLICY names, the module \
            inside this program (--version tells whether there is one), and a checkout's policy.wasm: in the current \
            folder, beside this program, or beside the folder `target` that this program was built in.",
        )],
    },
    Section {
        title: "Environment",
        blocks: &[
            Meaning("MYSQL_REPLICATION_POLICY", "the policy module, unless --policy names one"),
            Meaning("NO_COLOR", "if it is set and not empty: no colour, unless --color says otherwise"),
        ],
    },
];

/// The command line with all of its help.
pub(super) fn command() -> Command {
    let version = if embedded_policy().is_some() {
        concat!(env!("CARGO_PKG_VERSION"), "\nwith a policy module inside")
    } else {
        concat!(env!("CARGO_PKG_VERSION"), "\nwithout a policy module inside")
    };
    Args::command()
        .long_version(version)
        .after_help("Examples, exit codes and all the rest: mysql-replication-preview --help")
        .after_long_help(text())
}

fn text() -> String {
    let mut out = String::new();
    for Section { title, blocks } in SECTIONS {
        let _ = writeln!(out, "{}{title}:", if out.is_empty() { "" } else { "\n" });
        for (index, block) in blocks.iter().enumerate() {
            match block {
                Text(text) => {
                    let _ = writeln!(out, "{}{text}", if index == 0 { "" } else { "\n" });
                }
                Example(about, lines) => {
                    let _ = writeln!(out, "  {about}:");
                    for line in *lines {
                        let _ = writeln!(out, "      {line}");
                    }
                }
                Meaning(word, meaning) => {
                    let _ = writeln!(out, "  {word}  {meaning}");
                }
            }
        }
    }
    out
}

/// The options of `check`, under a heading of their own.
fn check_options(out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = command();
    command.build();
    let Some(check) = command.find_subcommand("check") else { return Ok(()) };
    let mut options = Vec::new();
    Man::new(check.clone()).render_options_section(&mut options)?;
    let options = String::from_utf8_lossy(&options);
    out.extend(options.replacen("SH OPTIONS", "SH \"OPTIONS OF CHECK\"", 1).bytes());
    Ok(())
}

/// The man page.
pub(super) fn man() -> std::io::Result<Vec<u8>> {
    // The library leaves out the help of what the short help leaves out.
    let command = command().mut_args(|arg| arg.hide_short_help(false));
    let source = concat!("mysql-replication-preview ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).manual("MySQL replication policy").source(source);
    let mut out = Vec::new();
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    check_options(&mut out)?;
    // The library would fill these lines up as one paragraph.
    let mut roff = Roff::new();
    for Section { title, blocks } in SECTIONS {
        roff.control("SH", [title.to_uppercase().as_str()]);
        for block in *blocks {
            match block {
                Text(text) => {
                    roff.control("PP", []).text([roman(*text)]);
                }
                Example(about, lines) => {
                    roff.control("PP", []).text([roman(format!("{about}:"))]);
                    roff.control("RS", ["4"]).control("nf", []);
                    for line in *lines {
                        roff.text([roman(*line)]);
                    }
                    roff.control("fi", []).control("RE", []);
                }
                Meaning(word, meaning) => {
                    roff.control("TP", []).text([bold(*word)]).text([roman(*meaning)]);
                }
            }
        }
    }
    roff.to_writer(&mut out)?;
    Ok(out)
}
