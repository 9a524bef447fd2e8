//! Finding and reading the inputs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use mysql_replication_manifests::yaml::{self, Document, MAX_BYTES, YamlError};

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
            let mut files = Vec::new();
            let errors = inputs.errors.len();
            inputs.folder(path, &mut files, 0);
            if files.is_empty() && inputs.errors.len() == errors {
                inputs.fail(&path.display().to_string(), "no .yaml, .yml or .json file is in this folder");
            }
            for file in files {
                inputs.file(&file);
            }
        } else {
            inputs.file(path);
        }
    }
    inputs
}

impl Inputs {
    fn fail(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(YamlError::of_file(name, message));
    }

    fn folder(&mut self, path: &Path, files: &mut Vec<PathBuf>, depth: usize) {
        let name = path.display().to_string();
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
                self.folder(&path, files, depth + 1);
            } else if path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
                files.push(path);
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.display().to_string();
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
        let reading = yaml::read(name, &bytes);
        if reading.errors.is_empty() && reading.documents.iter().all(Document::is_empty) {
            self.fail(name, "is empty: it holds no YAML document, or only comments");
        }
        self.documents.extend(reading.documents);
        self.errors.extend(reading.errors);
        self.warnings.extend(reading.warnings);
    }
}
