//! The option files that a server reads beside the injected ones: those that the database container mounts where the
//! image's server looks for them. What is read after the policy's own file wins over it, and a file that the user puts
//! in the place of the image's may keep the server from reading the policy's at all.

mod layouts;
mod mounted;

use layouts::Layout;
use mounted::Place;
pub(crate) use mounted::{Content, Key, has_files, place_of};

use crate::{
    config_maps::ConfigMaps,
    database::{Database, Found},
    field_path::DATA,
    findings::{Findings, Violation},
    flavor::Flavor,
    halves::Halves,
    json::{Value, at, list_at, str_at},
    mounts::plain_path,
    names::{FORCED_OPTIONS_FILE, INJECTED_VOLUMES},
    object::name,
    order::sorted,
    rule::{self, Rule},
    rules::must_hold::Told,
    text::{shown, shown_option},
};
use mysql_options::{EntryKind, Groups, OptionFile, ServerOption};
use std::borrow::Cow;

/// So many files are read, and so many bytes of them: a file may include others again and again.
const FILES: usize = 64;
const BYTES: usize = 256 << 10;
/// How deep files include others (MySQL's `mysys/my_default`, `search_default_file_with_ext`).
const DEPTH: usize = 10;

/// Why a file counts, whatever the policy's own says.
pub(crate) const READ_LATER: &str = "it is read after zz-mysql-replication.cnf and wins over it";

/// A file that was read, and where it is mounted.
struct File<'c> {
    key: Key<'c>,
    path: String,
}

/// An option that a rule knows.
struct Line {
    /// The file that it stands in.
    file: usize,
    number: usize,
    name: String,
    value: Option<String>,
}

/// What was read.
pub(crate) struct Reading<'c> {
    files: Vec<File<'c>>,
    lines: Vec<Line>,
    /// So many stand before the policy's own file, if the server reads that.
    before: Option<usize>,
    /// What is wrong with the files themselves.
    pub(crate) findings: Findings,
}

/// Reads the option files of a database's container; nothing where it mounts none.
pub(crate) fn read<'c>(found: &Found, database: &Database, config_maps: &ConfigMaps<'c>) -> Option<Reading<'c>> {
    if !may_mount(found) {
        return None;
    }
    let version = database.version();
    let is_mariadb = database.flavor == Flavor::Mariadb;
    let suffix = found.group_suffix();
    let mut reader = Reader {
        found,
        config_maps,
        conf_dir: database.conf_dir(),
        layout: Layout::of(database, str_at(found.container, &["image"])),
        groups: Groups::for_server(is_mariadb, version.major.map(|major| (major, version.minor)), suffix),
        reading: Reading { files: Vec::new(), lines: Vec::new(), before: None, findings: Findings::default() },
        hidden_by: None,
        bytes: 0,
    };
    for path in reader.layout.files {
        reader.enter(path, 0);
    }
    for path in reader.others() {
        reader.enter(&plain_path(&path), 0);
    }
    Some(reader.end())
}

/// May a mount bring an option file? Most containers mount their data, and what the policy has injected.
fn may_mount(found: &Found) -> bool {
    let is_own = |of: &&Value| !INJECTED_VOLUMES.contains(&name(of));
    let is_at = |mount: &Value| str_at(mount, &["mountPath"]).contains("etc");
    has_files(found.pod) || list_at(found.container, &["volumeMounts"]).iter().filter(is_own).any(is_at)
}

impl Reading<'_> {
    /// The options, each with its place: those that the policy's own file is read after, or those behind it.
    pub(crate) fn told(&self, is_behind: bool) -> Vec<Told<'_>> {
        let before = self.before.unwrap_or(self.lines.len());
        let lines = self.lines.iter().enumerate().filter(|(place, _)| (*place >= before) == is_behind);
        lines.map(|(place, line)| (place, ServerOption::from_file(&line.name, line.value.as_deref()))).collect()
    }

    /// The `ConfigMap`s that files were read from, as messages name them.
    pub(crate) fn config_maps(&self) -> String {
        let names: Vec<_> = self.files.iter().map(|file| shown(&file.key.config_map)).collect();
        names.join(", ")
    }

    /// What is wrong with the option at a place.
    pub(crate) fn wrong(
        &self,
        place: usize,
        config_maps: &ConfigMaps,
        rule: &'static Rule,
        why: String,
        fix: &'static str,
    ) -> Violation {
        let Line { file, number, .. } = &self.lines[place];
        let file = &self.files[*file];
        let written = file.key.text().split('\n').nth(number - 1).unwrap_or_default();
        let found = format!("the option {} of {}", shown_option(written), shown(&file.path));
        wrong(file, Some(*number), config_maps, rule, found, why, fix.into())
    }
}

/// What is wrong with a line of a file, or with all of it.
fn wrong(
    file: &File,
    line: Option<usize>,
    config_maps: &ConfigMaps,
    rule: &'static Rule,
    found: String,
    why: String,
    fix: Cow<'static, str>,
) -> Violation {
    let key = DATA.entry(&file.key.name);
    let path = line.map_or(key, |line| key.line(line));
    Violation::new(rule, path, found, why, fix).of(config_maps.label(&file.key.config_map))
}

/// One server's reading.
struct Reader<'r, 'v, 'a, 'c> {
    found: &'r Found<'v, 'a>,
    config_maps: &'r ConfigMaps<'c>,
    conf_dir: &'static str,
    layout: Layout,
    groups: Groups<'r>,
    reading: Reading<'c>,
    /// What stands in the place of a file or folder of the image that leads to the injected ones: the mount, the path,
    /// and the file that was read, if there was one.
    hidden_by: Option<(usize, String, Option<usize>)>,
    bytes: usize,
}

impl<'v> Reader<'_, 'v, '_, '_> {
    /// The files that the server reads last: those of the folder that a variable names, and of its user's home.
    fn others(&self) -> Vec<String> {
        let Found { pod, container, .. } = self.found;
        let mut files = Vec::new();
        if let Some(folder) = self.found.variable("MYSQL_HOME") {
            files.push([&folder, "/my.cnf"].concat());
        }
        let user = |of: &Value| at(of, &["securityContext", "runAsUser"]).and_then(Value::as_i64);
        let is_other_user = user(container).or_else(|| user(pod)).is_some_and(|user| user != 0);
        // a server that the image's entrypoint does not start has the container's HOME too
        let mut command = list_at(container, &["command"]).iter().filter_map(Value::as_str);
        let is_past_entrypoint = at(container, &["command"]).is_some()
            && !command.any(|text| text.contains("entrypoint") || text.contains("gosu"));
        let home =
            self.found.variable("HOME").filter(|_| self.layout.has_own_user || is_other_user || is_past_entrypoint);
        // the runtime sets the home of the container's user, who is root unless somebody says otherwise
        let is_root = is_past_entrypoint && !is_other_user && !self.layout.has_own_user;
        let homes: &[&str] = match () {
            () if home.is_some() => &[],
            () if is_root => &["/root"],
            () => self.layout.homes,
        };
        files.extend(home.as_deref().into_iter().chain(homes.iter().copied()).map(|home| [home, "/.my.cnf"].concat()));
        files
    }

    fn place(&self, path: &str) -> Option<Place<'v>> {
        place_of(self.found.pod, self.found.container, self.conf_dir, path)
    }

    /// Reads what is at a path, which is plain; a folder's has a slash at its end.
    fn enter(&mut self, path: &str, depth: usize) {
        if self.reading.files.len() > FILES {
            return;
        }
        let own = self.layout.own(path);
        if let Some(folder) = path.strip_suffix('/') {
            return self.folder(folder, own, depth);
        }
        let Some(place) = self.place(path) else {
            return own.iter().for_each(|inner| self.enter(inner, depth));
        };
        let mut file = None;
        match place.content(self.config_maps) {
            Content::Unseen => return self.unseen(&place, path, own),
            Content::Nothing => {}
            Content::Key(key) => {
                file = Some(self.reading.files.len());
                self.reading.files.push(File { key, path: path.to_owned() });
                self.text(depth);
            }
        }
        self.hides(place.index, path, file, own);
    }

    fn folder(&mut self, path: &str, own: &[&str], depth: usize) {
        let mut names: Vec<String> = Vec::new();
        for mount in list_at(self.found.container, &["volumeMounts"]) {
            let mounted_at = plain_path(str_at(mount, &["mountPath"]));
            let below = mounted_at.strip_prefix(path).and_then(|below| below.strip_prefix('/'));
            names.extend(below.map(ToOwned::to_owned));
        }
        let over = self.place(path);
        match &over {
            Some(place) => {
                let is_unseen = place.list(self.config_maps, &mut |name| names.push(name.to_owned()));
                if is_unseen {
                    self.unseen(place, path, own);
                }
            }
            None => names.extend(own.iter().filter_map(|own| Some(own.last_halves('/')?.1.to_owned()))),
        }
        let is_injected = path == self.conf_dir;
        // servers read no others (MySQL manual, "Using Option Files", "!includedir")
        #[allow(clippy::case_sensitive_file_extension_comparisons)]
        let is_read = |name: &str| {
            // the rule on mounts in the folder tells of those that are read later
            name.ends_with(".cnf") && !name.contains('/') && !(is_injected && name >= FORCED_OPTIONS_FILE)
        };
        names.retain(|name| is_read(name));
        let mut names = sorted(names, Ord::cmp);
        names.dedup();
        for name in &names {
            self.enter(&[path, "/", name].concat(), depth);
        }
        if is_injected {
            self.reading.before = Some(self.reading.lines.len());
        } else if let Some(place) = over {
            self.hides(place.index, path, None, own);
        }
    }

    /// Notes what stands in the place of the image's.
    fn hides(&mut self, mount: usize, path: &str, file: Option<usize>, own: &[&str]) {
        if !own.is_empty() && self.hidden_by.is_none() {
            self.hidden_by = Some((mount, path.to_owned(), file));
        }
    }

    /// Reads the last one of the files.
    fn text(&mut self, depth: usize) {
        let index = self.reading.files.len() - 1;
        // the file stays where it is, and the list of them grows
        let text = self.reading.files[index].key.text().to_owned();
        self.bytes += text.len();
        if index >= FILES || self.bytes > BYTES {
            let found = "more than 64 files, or than 256 kB of them".to_owned();
            return self.broken(index, None, found, "mount fewer, and write fewer options");
        }
        let file = OptionFile::parse(&text);
        if let Some(problem) = file.problems.iter().find(|problem| problem.what.stops()) {
            self.broken(index, Some(problem.line), problem.what.to_string(), "fix the line");
        }
        for entry in &file.entries {
            match &entry.kind {
                EntryKind::Option(name, value) => {
                    let is_known = ServerOption::from_file(name, value.as_deref()).is_known;
                    if is_known && self.groups.contains(&entry.group) {
                        let value = value.as_deref().map(ToOwned::to_owned);
                        let (number, name) = (entry.line, name.as_ref().to_owned());
                        self.reading.lines.push(Line { file: index, number, name, value });
                    }
                }
                EntryKind::Include(path) => self.include(&plain_path(path), depth),
                EntryKind::IncludeDir(path) => self.include(&[&plain_path(path), "/"].concat(), depth),
            }
        }
    }

    fn include(&mut self, path: &str, depth: usize) {
        if depth < DEPTH {
            self.enter(path, depth + 1);
        }
    }

    fn broken(&mut self, file: usize, line: Option<usize>, found: String, fix: &'static str) {
        let why = "what the server makes of this file is not what it says, or nobody has looked at all of it";
        let file = &self.reading.files[file];
        let violation =
            wrong(file, line, self.config_maps, rule::OPTION_FILE_SYNTAX, found, why.to_owned(), fix.into());
        self.reading.findings.reject(violation);
    }

    /// Warns of what cannot be looked at, where it may lead to the injected files or is read last.
    #[inline(never)]
    fn unseen(&mut self, place: &Place, path: &str, own: &[&str]) {
        let (before, conf_dir) = (&mut self.reading.before, self.conf_dir);
        let what = if !own.is_empty() {
            before.get_or_insert(self.reading.lines.len());
            format!("must !includedir {conf_dir}/")
        } else if before.is_some() && !place.is_plain() {
            "is read last, and was not looked at".to_owned()
        } else {
            return;
        };
        let (container, mount) = (self.found.path, place.index);
        self.reading.findings.warn(format!("{container}.volumeMounts[{mount}]: {path} {what}"));
    }
}

impl<'c> Reader<'_, '_, '_, 'c> {
    /// What was read, and whether the policy's own file was.
    fn end(self) -> Reading<'c> {
        let Self { mut reading, hidden_by, conf_dir, config_maps, found, .. } = self;
        let Some((mount, path, file)) = hidden_by.filter(|_| reading.before.is_none()) else { return reading };
        let what = format!("what is mounted at {} does not include {conf_dir}/", shown(&path));
        let why = format!(
            "the server would not read {conf_dir}/{FORCED_OPTIONS_FILE}: read-only and server-id of replicas stay unset"
        );
        let fix = format!("end the file with the line !includedir {conf_dir}/");
        let violation = if let Some(file) = file {
            wrong(&reading.files[file], None, config_maps, rule::UNREACHABLE_OPTION_FILES, what, why, fix.into())
        } else {
            let mounts = found.path.field("volumeMounts");
            Violation::new(rule::UNREACHABLE_OPTION_FILES, mounts.element(mount), what, why, Cow::from(fix))
        };
        reading.findings.reject(violation);
        reading
    }
}

#[cfg(test)]
mod tests;
