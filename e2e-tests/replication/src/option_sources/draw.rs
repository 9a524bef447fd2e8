//! Random sets of sources: what a StatefulSet mounts in the places of option files, its arguments and variables, and
//! the option files of the roles.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use crate::{
    admission::NAMESPACE,
    image::{Database, Family},
    option_sources::options::{Known, options_of},
};

/// The ConfigMap of the roles, and the StatefulSet.
pub(super) const NAME: &str = "sources";

/// The ConfigMap of variables.
pub(super) const VARIABLES: &str = "variables";

/// The volume, and the ConfigMap, that a file is from, and its key there: in a folder that is mounted whole a file has
/// its key's name.
pub(super) fn map_and_key(number: usize, path: &str, folder: Option<&str>) -> [String; 2] {
    match folder {
        None => [format!("file-{number}"), format!("{number}.cnf")],
        Some(folder) => {
            let map = format!("folder{}", folder.replace(['/', '.'], "-"));
            [map, path.rsplit('/').next().unwrap_or_default().to_owned()]
        }
    }
}

/// One set.
#[derive(Debug, Default)]
pub(super) struct Set {
    pub(super) files: Vec<File>,
    /// Of the primary and of replicas.
    pub(super) roles: [String; 2],
    pub(super) arguments: Vec<String>,
    /// The variables of the container.
    pub(super) variables: BTreeMap<&'static str, String>,
    /// Those that are the value of a ConfigMap's key.
    pub(super) keys: BTreeSet<&'static str>,
    /// Does the pod say which user it runs as?
    pub(super) has_user: bool,
    /// Is the server the container's command, without the image's entrypoint? It starts as root then, unless the pod
    /// says otherwise.
    pub(super) has_command: bool,
    /// What was written, by its mark.
    pub(super) marks: Vec<Mark>,
}

/// A file that a mount brings.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    /// Is it in a folder that is mounted whole?
    pub(super) folder: Option<&'static str>,
}

/// An option that was written, and where the policy is to find it.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub(super) option: &'static str,
    /// Such as `ConfigMap default/file-0 data["0.cnf"] line 2`.
    pub(super) path: String,
    pub(super) written: String,
    /// Does the server pass over it?
    pub(super) is_void: bool,
}

/// Where files may be.
struct Places {
    /// Read by the server in one way or another; in the image's main file the server finds the policy's.
    files: Vec<&'static str>,
    main: &'static str,
    /// Mounted whole.
    folders: Vec<&'static str>,
}

fn places(database: &Database) -> Places {
    let mut files = vec![
        "/etc/my.cnf",
        "/etc/mysql/my.cnf",
        "/etc/mysql/my.cnf",
        "/own/home/my.cnf",
        "/own/home/.my.cnf",
        "/var/lib/mysql/.my.cnf",
        "/root/.my.cnf",
        "/etc/mysql/mysql.conf.d/a.cnf",
    ];
    let (main, folders) = match database.family {
        Family::MariaDb => {
            files.extend([
                "/etc/mysql/conf.d/a.cnf",
                "/etc/mysql/conf.d/z.cnf",
                "/etc/mysql/mariadb.conf.d/z.cnf",
                "/etc/mysql/mariadb.cnf",
                "/etc/my.cnf.d/a.cnf",
            ]);
            ("/etc/mysql/my.cnf", vec!["/etc/mysql/mariadb.conf.d", "/own/folder"])
        }
        Family::MySql => {
            files.extend(["/etc/mysql/conf.d/a.cnf", "/etc/mysql/conf.d/z.cnf", "/etc/my.cnf.d/a.cnf"]);
            ("/etc/my.cnf", vec!["/etc/mysql/mysql.conf.d", "/own/folder"])
        }
        Family::Percona => {
            files.extend(["/etc/my.cnf.d/a.cnf", "/etc/my.cnf.d/z.cnf", "/etc/mysql/conf.d/a.cnf"]);
            ("/etc/my.cnf", vec!["/etc/mysql/conf.d", "/own/folder"])
        }
    };
    Places { files, main, folders }
}

/// `skip-grant-tables` takes no value but that of a switch: MySQL passes over another one.
fn is_void(option: &Known, name: &str, value: Option<&str>) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    let is_plain =
        ["skip-skip", "disable", "enable", "loose-skip-skip", "skip-loose"].iter().all(|it| !name.starts_with(it));
    option.name == "skip-grant-tables" && is_plain && value.is_some_and(|value| ["2", "yes"].contains(&value))
}

/// Draws one set.
pub(super) fn draw(database: &Database, seed: u64) -> Set {
    let mut rng = Rng::with_seed(seed);
    let mut all = options_of(database);
    rng.shuffle(&mut all);
    // of two options of which one hides the other the server shows the one alone: without a network MariaDB has no port
    for pair in [["port", "skip-networking"], ["read-only", "super-read-only"]] {
        let is_there = pair.iter().all(|name| all.iter().any(|option| option.name == *name));
        let left_out = pair[rng.usize(0..2)];
        all.retain(|option| !is_there || option.name != left_out);
    }
    // the files of the roles are judged by themselves, as their ConfigMap is admitted: what they say is not said again
    let (of_roles, rest) = all.split_at(2);
    let is_of_roles = |option: &Known| of_roles.iter().any(|other| other.setting() == option.setting());
    let others: Vec<_> = rest.iter().filter(|option| !is_of_roles(option)).take(4).copied().collect();
    let mut pen = Pen { rng, database, set: Set::default(), loose_names: BTreeMap::new() };
    pen.mounts(&others);
    for (role, key) in ["master.cnf", "slave.cnf"].into_iter().enumerate() {
        let mut text = pen.role_file(role).to_owned();
        for option in of_roles.iter().filter(|option| option.is_of_roles()) {
            for _ in 0..pen.rng.usize(0..3) {
                pen.option(option, [NAME, key], &mut text);
            }
        }
        pen.set.roles[role] = text;
    }
    pen.variables();
    for _ in 0..pen.rng.usize(0..4) {
        let option = others[pen.rng.usize(0..others.len())];
        pen.argument(option);
    }
    pen.set
}

struct Pen<'d> {
    rng: Rng,
    database: &'d Database,
    set: Set,
    /// Is an option written with a name that only some servers take? Where it is written in both ways the policy takes
    /// the one that is worse for the data.
    loose_names: BTreeMap<&'static str, bool>,
}

impl Pen<'_> {
    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.rng.usize(0..choices.len())]
    }

    fn is_mariadb(&self) -> bool {
        self.database.family == Family::MariaDb
    }

    /// What the file of a role must say.
    fn role_file(&self, role: usize) -> &'static str {
        match (role, self.is_mariadb()) {
            (0, _) => "[mysqld]\nlog-bin=mysql-bin\n",
            (_, true) => "[mysqld]\nread-only\n",
            (_, false) => "[mysqld]\nsuper-read-only\n",
        }
    }

    fn mounts(&mut self, options: &[&'static Known]) {
        let Places { files, main, folders } = places(self.database);
        let mut paths: Vec<(String, Option<&'static str>)> = Vec::new();
        for folder in folders {
            if self.rng.usize(0..3) == 0 {
                for name in ["b.cnf", "c.cnf", "d.txt"] {
                    paths.push((format!("{folder}/{name}"), Some(folder)));
                }
            }
        }
        for _ in 0..self.rng.usize(1..4) {
            let path = files[self.rng.usize(0..files.len())];
            let has = |known: &str| paths.iter().any(|(path, _)| path == known);
            let is_over = paths.iter().any(|(_, folder)| folder.is_some_and(|folder| path.starts_with(folder)));
            if !has(path) && !is_over {
                paths.push((path.to_owned(), None));
            }
        }
        if self.rng.bool() {
            paths.push(("/own/next.cnf".to_owned(), None));
        }
        let has_folder = paths.iter().any(|(_, folder)| *folder == Some("/own/folder"));
        for (number, (path, folder)) in paths.iter().enumerate() {
            let [map, key] = map_and_key(number, path, *folder);
            let mut text = self.group();
            for _ in 0..self.rng.usize(1..5) {
                match self.rng.usize(0..9) {
                    0 => text += &self.group(),
                    // it may include itself, but not without end
                    1 if path != "/own/next.cnf" || !text.contains("!include") => text += "!include /own/next.cnf\n",
                    2 if has_folder && *folder != Some("/own/folder") => text += "!includedir /own/folder\n",
                    3 => text += "# port=1\n\n",
                    _ => {
                        let option = options[self.rng.usize(0..options.len())];
                        self.option(option, [&map, &key], &mut text);
                    }
                }
            }
            let is_main = path == main || (path == "/etc/mysql/mariadb.cnf" && self.is_mariadb());
            if is_main && self.rng.usize(0..12) > 0 {
                text.extend(["!includedir ", self.database.family.conf_dir(), "/\n"]);
                if self.rng.usize(0..4) == 0 {
                    text += "[mysqld]\n";
                    self.option(options[0], [&map, &key], &mut text);
                }
            }
            self.set.files.push(File { path: path.clone(), text, folder: *folder });
        }
    }

    fn group(&mut self) -> String {
        let names = [
            "mysqld",
            "mysqld",
            "mysqld",
            "server",
            "MySQLd",
            "mysqld-9.7",
            "mariadb-11.8",
            "mariadb",
            "mariadbd",
            "client-server",
            "mysqld-5.7",
            "mysql",
            "client",
            "mysqld_safe",
        ];
        format!("[{}]\n", self.of(&names))
    }

    /// The name as it may be written, and its value.
    fn spelled(&mut self, option: &'static Known, is_argument: bool) -> (String, Option<&'static str>) {
        let mut name = option.name.to_owned();
        let value = self.of(option.values);
        let takes_others = self.is_mariadb();
        let is_loose =
            *self.loose_names.entry(option.name).or_insert_with(|| takes_others && self.rng.usize(0..5) == 0);
        if is_loose {
            name = if self.rng.bool() || name.starts_with("skip-") {
                name.to_uppercase()
            } else {
                option.abbreviated.to_owned()
            };
        }
        if self.rng.usize(0..3) == 0 {
            name = name.replace('-', "_");
        }
        let mut value = Some(value).filter(|value| !value.is_empty());
        // MySQL passes over it and MariaDB switches it off: the policy takes what is worse
        if self.is_mariadb() && is_void(option, &name, value) {
            value = None;
        }
        if option.is_switch && self.rng.usize(0..3) == 0 {
            name = self.of(&["skip-", "disable-", "enable-", "skip_", "loose-skip-", "skip-loose-"]).to_owned() + &name;
            // as a name, MariaDB shows 0 as it shows OFF
            let is_name = option.name == "log-bin";
            value = [None, Some("1"), Some("0")][self.rng.usize(0..if is_name { 2 } else { 3 })];
        } else if self.rng.usize(0..5) == 0 {
            name = self.of(&["loose-", "loose_"]).to_owned() + &name;
        }
        // the bare name asks for a value
        if !option.is_switch && value.is_none() {
            value = Some(if is_argument { option.values[0] } else { "" });
        }
        (name, value)
    }

    /// Writes a line with an option, and its mark behind it.
    fn option(&mut self, option: &'static Known, [map, key]: [&str; 2], text: &mut String) {
        let (name, value) = self.spelled(option, false);
        let is_void = is_void(option, &name, value);
        let line = text.matches('\n').count() + 1;
        let written = match value {
            None => name,
            Some(value) => {
                let quote = self.of(&["", "", "", "'", "\""]);
                format!("{name}{}{quote}{value}{quote}", self.of(&["=", "=", " = "]))
            }
        };
        let end = self.of(&["", "", " ", " # x", "\r"]);
        text.extend([&written, end, "\nloose-e2e-mark=", &self.set.marks.len().to_string(), "\n"]);
        self.set.marks.push(Mark {
            option: option.name,
            path: format!("ConfigMap {NAMESPACE}/{map} data[\"{key}\"] line {line}"),
            written,
            is_void,
        });
    }

    fn variables(&mut self) {
        self.set.has_user = self.rng.usize(0..3) == 0;
        self.set.has_command = self.rng.usize(0..4) == 0;
        let folder = ["MYSQL_HOME", "MARIADB_HOME", "HOME"];
        for name in folder {
            if self.rng.usize(0..4) == 0 {
                self.set.variables.insert(name, "/own/home".to_owned());
                if self.rng.usize(0..3) == 0 {
                    self.set.keys.insert(name);
                }
            }
        }
    }

    /// Writes an argument, or two where the value is a word of its own.
    fn argument(&mut self, option: &'static Known) {
        let (name, value) = self.spelled(option, true);
        let path = format!("spec.template.spec.containers[0].args[{}]", self.set.arguments.len());
        let mut mark = Mark {
            option: option.name,
            path,
            written: format!("--{name} {value:?}"),
            is_void: is_void(option, &name, value),
        };
        let has_variable = !self.set.variables.contains_key("ONE") && self.rng.usize(0..4) == 0;
        match value {
            Some(value) if has_variable => {
                self.set.variables.insert("ONE", value.to_owned());
                if self.rng.bool() {
                    self.set.keys.insert("ONE");
                    mark.path = format!("ConfigMap {NAMESPACE}/{VARIABLES} data[\"ONE\"]");
                }
                self.set.arguments.push(format!("--{name}=$(ONE)"));
            }
            // MySQL takes its value only behind a `=`
            Some(value)
                if !option.is_switch && option.name != "enforce-gtid-consistency" && self.rng.usize(0..3) == 0 =>
            {
                self.set.arguments.extend([format!("--{name}"), value.to_owned()]);
            }
            Some(value) => self.set.arguments.push(format!("--{name}={value}")),
            None => self.set.arguments.push(format!("--{name}")),
        }
        self.set.marks.push(mark);
    }
}
