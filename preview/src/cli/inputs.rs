//! Finding and reading the inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mysql_replication_manifests::yaml::{Document, MAX_BYTES, YamlError};
use mysql_replication_verdicts::read_input;

use super::sources;

/// How the standard input is called in messages.
pub(super) const STDIN: &str = "<stdin>";
/// The deepest folder that is looked into.
const MAX_FOLDERS: usize = 64;

/// What the paths of the command line held.
#[derive(Debug, Default)]
pub struct Inputs {
    /// All documents that could be read, in order.
    pub documents: Vec<Document>,
    /// What could not be read.
    pub errors: Vec<YamlError>,
    /// What reads otherwise than it looks.
    pub warnings: Vec<YamlError>,
    /// The file of each kustomization by the name of what it renders: no editor and no forge can open that.
    pub rendered: BTreeMap<String, String>,
}

/// Reads files, folders and, for `-`, `stdin`. Never fails as a whole: see [`Inputs`].
pub fn collect(paths: &[PathBuf], stdin: &mut dyn Read) -> Inputs {
    let mut inputs = Inputs::default();
    let mut stdin_read = false;
    for path in paths {
        if path.as_os_str() == "-" {
            if std::mem::replace(&mut stdin_read, true) {
                inputs.fail(STDIN, "`-` is given twice");
            } else {
                inputs.read(STDIN, stdin);
            }
        } else if path.is_dir() {
            inputs.tree(path);
        } else if sources::is_kustomization(path) && path.is_file() {
            let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
            inputs.kustomization(folder);
        } else {
            inputs.file(path);
        }
    }
    inputs
}

/// What is below a folder.
#[derive(Default)]
struct Found {
    files: Vec<PathBuf>,
    kustomizations: Vec<PathBuf>,
}

impl Inputs {
    fn fail(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(YamlError::of_file(name, message));
    }

    /// All that is below a folder. What a kustomization takes in is judged as what comes of it, and not by itself.
    fn tree(&mut self, path: &Path) {
        let mut found = Found::default();
        let errors = self.errors.len();
        self.folder(path, &mut found, 0);
        let Found { mut files, kustomizations } = found;
        let taken_in: BTreeSet<PathBuf> = kustomizations.iter().flat_map(|file| sources::taken_in(file)).collect();
        let is_taken_in = |path: &Path| path.canonicalize().is_ok_and(|path| taken_in.contains(&path));
        let folders: Vec<&Path> = kustomizations.iter().filter_map(|file| file.parent()).collect();
        files.retain(|file| !is_taken_in(file) && !folders.iter().any(|folder| file.starts_with(folder)));
        let is_whole = |file: &&PathBuf| !sources::is_component(file) && !file.parent().is_some_and(is_taken_in);
        let whole: Vec<&PathBuf> = kustomizations.iter().filter(is_whole).collect();
        if files.is_empty() && whole.is_empty() && self.errors.len() == errors {
            self.fail(&path.display().to_string(), "no .yaml, .yml or .json file is in this folder");
        }
        for file in files {
            self.file(&file);
        }
        for folder in whole.into_iter().filter_map(|file| file.parent()) {
            self.kustomization(folder);
        }
    }

    fn kustomization(&mut self, folder: &Path) {
        let name = folder.display().to_string();
        match sources::render(folder) {
            Ok(bytes) => {
                let rendered = format!("{name} (rendered)");
                if let Some(file) = sources::kustomization(folder) {
                    self.rendered.insert(rendered.clone(), file.display().to_string());
                }
                self.read(&rendered, &mut bytes.as_slice());
            }
            Err(message) => self.fail(&name, message),
        }
    }

    fn folder(&mut self, path: &Path, found: &mut Found, depth: usize) {
        let name = path.display().to_string();
        if let Some(chart) = sources::chart(path) {
            return self.fail(&name, sources::chart_message(&chart));
        }
        found.kustomizations.extend(sources::kustomization(path));
        if depth > MAX_FOLDERS {
            return self.fail(&name, "nested too deep in folders");
        }
        let entries: Result<Vec<_>, _> = std::fs::read_dir(path).and_then(Iterator::collect);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.fail(&name, format!("cannot be read: {error}")),
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            // A link to a folder could lead back here; a link to a file is as good as the file.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                self.folder(&path, found, depth + 1);
            } else if path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
                found.files.push(path);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
        if let Some(chart) = sources::chart(path) {
            return self.fail(&name, sources::chart_message(&chart));
        }
        match File::open(path) {
            Ok(mut file) => self.read(&name, &mut file),
            Err(error) => self.fail(&name, format!("cannot be read: {error}")),
        }
    }

    fn read(&mut self, name: &str, reader: &mut dyn Read) {
        let mut bytes = Vec::new();
        // One byte more than the limit is enough to know that it is passed.
        let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        if let Err(error) = reader.take(limit).read_to_end(&mut bytes) {
            return self.fail(name, format!("cannot be read: {error}"));
        }
        let reading = read_input(name, &bytes);
        self.documents.extend(reading.documents);
        self.errors.extend(reading.errors);
        self.warnings.extend(reading.warnings);
    }
}
