//! What manifests are made from: kustomizations, which are rendered, and Helm charts, which are told of. Neither is
//! judged by its parts, which say something else than what comes of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mysql_replication_manifests::yaml;
use mysql_replication_verdicts::{PREVIEW, is_of_kustomize};

use crate::process::{self, Failure};

/// How a kustomization's file is called (kustomize, `konfig.RecognizedKustomizationFileNames`).
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Programs that render one, each with what stands before the folder.
const RENDERERS: [(&str, &str); 2] = [("kubectl", "kustomize"), ("kustomize", "build")];
/// A chart's own file.
const CHART: &str = "Chart.yaml";

/// The file that makes a folder a kustomization.
pub(super) fn kustomization(folder: &Path) -> Option<PathBuf> {
    KUSTOMIZATIONS.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Whether a file makes its folder a kustomization.
pub(super) fn is_kustomization(file: &Path) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| KUSTOMIZATIONS.contains(&name))
}

/// The folder of the chart that a folder is, or that a file is a template of.
pub(super) fn chart(path: &Path) -> Option<PathBuf> {
    let is_chart = |folder: &&Path| folder.join(CHART).is_file();
    if path.is_dir() {
        return Some(path).filter(is_chart).map(Path::to_owned);
    }
    let templates = path.ancestors().find(|folder| folder.ends_with("templates"))?;
    templates.parent().filter(is_chart).map(|chart| if chart == Path::new("") { ".".into() } else { chart.to_owned() })
}

/// What a chart is answered with.
pub(super) fn chart_message(chart: &Path) -> String {
    format!("a Helm chart is judged by what it renders: `helm template {} | {PREVIEW}`", chart.display())
}

/// A kustomization as a cluster would get it.
///
/// # Errors
/// Why it cannot be rendered, and the command that would.
pub(super) fn render(folder: &Path) -> Result<Vec<u8>, String> {
    let shown = folder.display();
    for (program, verb) in RENDERERS {
        let mut command = Command::new(program);
        command.arg(verb).arg(folder).stdin(Stdio::null());
        let output = match process::output(&mut command, process::LIMIT) {
            Ok(output) => output,
            Err(Failure::Io(_)) => continue,
            Err(failure) => return Err(failure.to_string()),
        };
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{program} {verb} {shown}` fails: {}", said.trim()));
    }
    Err(format!(
        "a kustomization is judged by what it renders, and neither kubectl nor kustomize is in the PATH to do so: \
         `kubectl kustomize {shown} | {PREVIEW}`"
    ))
}

/// Files and folders that a kustomization takes in, from whichever folder: they are judged as what comes of it.
pub(super) fn taken_in(kustomization: &Path) -> BTreeSet<PathBuf> {
    let Ok(bytes) = std::fs::read(kustomization) else { return BTreeSet::new() };
    let reading = yaml::read(&kustomization.display().to_string(), &bytes);
    let folder = kustomization.parent().unwrap_or(Path::new(""));
    let lists = reading.documents.iter().flat_map(|document| {
        ["resources", "bases", "components"].map(|key| document.value()[key].as_array().cloned().unwrap_or_default())
    });
    let paths = lists.flatten().filter_map(|entry| entry.as_str().map(|entry| folder.join(entry)));
    paths.filter_map(|path| path.canonicalize().ok()).collect()
}

/// Whether a kustomization is only a part of others.
pub(super) fn is_component(kustomization: &Path) -> bool {
    let bytes = std::fs::read(kustomization).unwrap_or_default();
    let reading = yaml::read("", &bytes);
    reading
        .documents
        .iter()
        .any(|document| is_of_kustomize(document.value()) && document.value()["kind"] == "Component")
}
