//! Are option files read as the servers read them? Made-up files go through the servers and the policy's own reader.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path, time::Duration};

use mysql_options::{EntryKind, Groups, Mistake, OptionFile, ServerOption};

use crate::{
    command::{output, podman},
    image::{Database, Family, full_name},
    outcome::Failure,
    version::version_of,
};

/// How many files are compared by the arguments that the server makes of them.
const FILES: usize = 300;

/// How many are compared by what becomes of the options.
const SWITCHES: usize = 60;

/// How long a server may take for all files.
const LIMIT: Duration = Duration::from_mins(5);

/// For the version and each file its name, what the server says to it, and how it ends, with NUL between them.
const SCRIPT: &str = r#"
server=$(command -v mariadbd || command -v mysqld) || exit 1
cd /option-files || exit 1
printf 'version\0'
"$server" --version
printf '\0%d\0' "$?"
for file in arguments-*; do
    printf '%s\0' "$file"
    "$server" --defaults-file="$PWD/$file" --print-defaults 2>/dev/null
    printf '\0%d\0' "$?"
done
for file in switches-*; do
    printf '%s\0' "$file"
    "$server" --defaults-file="$PWD/$file" --user=mysql --verbose --help 2>/dev/null
    printf '\0%d\0' "$?"
done
"#;

/// Compares, and says how much was compared.
pub(crate) fn compare(database: &Database, settings: &Path, place: &Path) -> Result<String, Failure> {
    let text = |error: std::io::Error| format!("{}: {error}", place.display());
    let files = files(database);
    // those of an earlier run would be asked too; where there are none, there is nothing to remove
    let _ = fs::remove_dir_all(place);
    // with the folder that `!includedir` names
    fs::create_dir_all(place.join("none")).map_err(text)?;
    for (name, bytes) in &files {
        fs::write(place.join(name), bytes).map_err(text)?;
    }
    let mut command = podman(settings);
    command.args(["run", "--rm", "--network=none", "--hostname=e2e", "--entrypoint="]);
    command.arg(format!("--volume={}:/option-files:ro", place.display()));
    command.arg(full_name(&database.image()).as_ref()).args(["bash", "-c", SCRIPT]);
    let said = output(&mut command, None, LIMIT)?;
    if !said.status.success() {
        return Err(Failure(format!("the server of {} cannot be asked: {}", database.name, said.stderr.trim())));
    }
    let parts: Vec<&str> = said.stdout.split('\0').collect();
    let answers: BTreeMap<&str, (&str, &str)> =
        parts.chunks_exact(3).map(|answer| (answer[0], (answer[1], answer[2]))).collect();

    let version = answers.get("version").and_then(|(said, _)| version_of(said.split_once("Ver ")?.1));
    let Some((major, minor, _)) = version else {
        return Err(Failure(format!("the server of {} does not say its version: {}", database.name, said.stdout)));
    };
    let groups = Groups::for_server(database.family == Family::MariaDb, Some((major, Some(minor))), None);
    let (mut refused, mut arguments, mut differences) = (0, 0, Vec::new());
    for (name, bytes) in &files {
        let Some((said, status)) = answers.get(name.as_str()) else {
            return Err(Failure(format!("{}: the server did not answer", place.join(name).display())));
        };
        let file = OptionFile::parse(bytes);
        let options: Vec<ServerOption<'_>> = file.options_of(&groups).map(|(_, option)| option).collect();
        let (expected, found) = if name.starts_with("switches") {
            (expected_switches(database, major, &options), switches(database, said))
        } else if file.problems.iter().any(|problem| problem.what.stops()) {
            refused += 1;
            ("the server does not start".to_owned(), outcome(said, status))
        } else {
            arguments += options.len();
            (file_arguments(&file, &groups), outcome(said, status))
        };
        if expected != found {
            let path = place.join(name);
            differences.push(format!("{}\n  reader: {expected:?}\n  server: {found:?}", path.display()));
        }
    }
    if differences.is_empty() {
        return Ok(format!(
            "{FILES} option files ({arguments} arguments, {refused} files refused) and {SWITCHES} files of switches"
        ));
    }
    let shown = differences.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    Err(Failure(format!("{} of {} option files are read otherwise:\n{shown}", differences.len(), files.len())))
}

/// What `--print-defaults` prints of the arguments.
fn file_arguments(file: &OptionFile<'_>, groups: &Groups<'_>) -> String {
    let mut text = String::new();
    for entry in file.entries.iter().filter(|entry| groups.contains(&entry.group)) {
        // writing to a string cannot fail
        let _ = match &entry.kind {
            EntryKind::Option(key, Some(value)) => write!(text, "--{key}={value} "),
            EntryKind::Option(key, None) => write!(text, "--{key} "),
            _ => Ok(()),
        };
    }
    text
}

/// What a server made of an option file, by what it said.
fn outcome(said: &str, status: &str) -> String {
    match said.split_once("following arguments:\n") {
        Some((_, arguments)) if status == "0" => arguments.strip_suffix('\n').unwrap_or(arguments).to_owned(),
        _ => "the server does not start".to_owned(),
    }
}

/// What becomes of the options, by the policy's reader.
fn expected_switches(database: &Database, major: u32, options: &[ServerOption<'_>]) -> String {
    let is_mariadb = database.family == Family::MariaDb;
    // the abbreviations and upper case of MariaDB are unknown options to MySQL, which passes over them before `--help`
    let taken: Vec<ServerOption<'_>> = options.iter().filter(|option| is_mariadb || option.is_exact).copied().collect();
    // the last one wins
    let last = |name: &str| taken.iter().rfind(|option| option.is(name));
    let switch = |name: &str, default: bool| last(name).map_or(default, ServerOption::switch);
    let super_read_only = !is_mariadb && switch("super-read-only", false);
    // the stricter one turns on the other one
    let read_only = super_read_only || switch("read-only", false);
    format!(
        "read-only {read_only}, super-read-only {super_read_only}, log-bin {}",
        switch("log-bin", !is_mariadb && major >= 8)
    )
}

/// How the switches stand, as `--verbose --help` shows it.
fn switches(database: &Database, said: &str) -> String {
    let value = |name: &str| {
        said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map_or("", str::trim).to_owned()
    };
    let is_on = |name: &str| value(name) == "TRUE";
    let log_bin = match value("log-bin").as_str() {
        "(No default value)" => false,
        // shows the 0 that it has for OFF
        "0" => database.family != Family::MariaDb,
        "" => return "the server does not say".to_owned(),
        _ => true,
    };
    format!("read-only {}, super-read-only {}, log-bin {log_bin}", is_on("read-only"), is_on("super-read-only"))
}

/// The files, always the same ones.
fn files(database: &Database) -> Vec<(String, Vec<u8>)> {
    let is_mariadb = database.family == Family::MariaDb;
    let mut random = Random(0x6d79_7371_6c64);
    let mut files = Vec::new();
    while files.len() < FILES {
        let bytes = random.file(database);
        let file = OptionFile::parse(&bytes);
        // what no server reads alike, or none at all: the policy does not rely on it either
        let is_usual = |what| match what {
            Mistake::NoName | Mistake::Path => false,
            Mistake::LongLine | Mistake::Nul => is_mariadb,
            _ => true,
        };
        if file.problems.iter().all(|problem| is_usual(problem.what)) {
            files.push((format!("arguments-{:03}.cnf", files.len()), bytes));
        }
    }
    for number in 0..SWITCHES {
        files.push((format!("switches-{number:03}.cnf"), random.switches(database)));
    }
    files
}

/// Numbers that look random (`xorshift64*`), from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap_or_default() % limit
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// A file in which everything can occur.
    fn file(&mut self, database: &Database) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !self.one_in(20) {
            self.group(database, &mut bytes);
        } else if self.one_in(3) {
            bytes.extend("\u{feff}".bytes());
        }
        for _ in 0..self.below(25) {
            match self.below(20) {
                0..=2 => self.group(database, &mut bytes),
                3..=4 => bytes.extend(self.of(&["", "# read-only=0", "; a=b", "  #", " \t ;x", "#'", "#\""]).bytes()),
                5 => self.directive(&mut bytes),
                6 => self.junk(&mut bytes),
                _ => self.option(&mut bytes),
            }
            bytes.extend(self.of(&["\n", "\n", "\n", "\r\n", " \n", "\t\r\n", "\n\n"]).bytes());
        }
        if self.one_in(4) {
            while bytes.pop_if(|byte| *byte == b'\n' || *byte == b'\r').is_some() {}
        }
        bytes
    }

    fn group(&mut self, database: &Database, bytes: &mut Vec<u8>) {
        let own = database.name.replace("mysql", "mysqld");
        let names = [
            "mysqld",
            "mysqld",
            "mysqld",
            "server",
            "MySQLd",
            "mysqld-9.7",
            "mysqld-10.11",
            "mariadb-11.8",
            "mariadb",
            "mariadbd",
            "mysqld-9",
            "client-server",
            "galera",
            "mysql_cluster",
            "mysql",
            "client",
            "mysqld_safe",
            "mysql_d",
            "#1#",
            "",
            &own,
            &own,
        ];
        let name = names[self.below(names.len())];
        let name = if self.one_in(8) { name.to_uppercase() } else { name.to_owned() };
        let (before, after) =
            (self.of(&["[", "[", "[", " [", "\t[", "[ "]), self.of(&["]", "]", "]", " ]", "\t]", "] # x", "]]"]));
        let end = if self.one_in(60) { "" } else { after };
        bytes.extend(format!("{before}{name}{end}\n").bytes());
    }

    fn directive(&mut self, bytes: &mut Vec<u8>) {
        let directive = self.of(&[
            "!include /none.cnf",
            "! include\t/none.cnf ",
            "!unknown",
            "!",
            "!includes /none",
            "!includedir",
            "!INCLUDE /none.cnf",
            "!include=/none.cnf",
            "!includedir /option-files/none",
            "!include",
        ]);
        // at a directive without a path the server stops
        if directive.contains(' ') || self.one_in(5) {
            bytes.extend(directive.bytes());
        }
    }

    /// Any bytes that mean something to the reader.
    fn junk(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(30) {
            let piece = self.of(&[
                "a", "b", " ", "\t", "=", "=", "'", "\"", "\\", "#", ";", "-", "_", "]", "\r", "\x0b", "é", "à",
                "\u{a0}", "\u{85}", "\\n", "\\s",
            ]);
            bytes.extend(piece.bytes());
        }
        if self.one_in(10) {
            let byte = [0xa0, 0x85, 0xff, 0][self.below(4)];
            bytes.push(byte);
            bytes.push(b'x');
        }
        if self.one_in(8) {
            bytes.extend(std::iter::repeat_n(b'x', 4080 + self.below(30)));
            bytes.extend(b" read-only=0");
        }
    }

    fn name(&mut self) -> String {
        let prefixes: usize = [0, 0, 0, 1, 1, 2, 3][self.below(7)];
        let prefix: String =
            (0..prefixes).map(|_| self.of(&["skip-", "disable-", "enable-", "loose-", "skip_", "loose_"])).collect();
        prefix + self.of(&["read-only", "read_only", "super-read-only", "super_read_only", "log-bin", "log_bin"])
    }

    fn option(&mut self, bytes: &mut Vec<u8>) {
        let name = match self.below(6) {
            0 => self.of(&["port", "server-id", "a b", "--x", "\"q\"", "it's", "é", "-"]).to_owned(),
            _ => self.name(),
        };
        bytes.extend(self.of(&["", "", "", " ", "\t"]).bytes());
        bytes.extend(name.bytes());
        if !self.one_in(4) {
            bytes.extend(self.of(&["=", "=", " = ", "\t=\t", "= "]).bytes());
            let quote = self.of(&["", "", "", "'", "\""]);
            let value = (0..self.below(4)).fold(String::new(), |value, _| {
                value
                    + self.of(&[
                        "0", "1", "ON", "off", "/a/b", " ", "=", ";", "#", "\\n", "\\t", "\\r", "\\b", "\\s", "\\\\",
                        "\\\"", "\\'", "\\x", "\\", "'", "\"", "é", "à",
                    ])
            });
            bytes.extend(format!("{quote}{value}{quote}").bytes());
        }
        bytes.extend(self.of(&["", "", "", " ", " # x", "#x", " ; x"]).bytes());
    }

    /// A file at which no server stops, for what becomes of its options.
    fn switches(&mut self, database: &Database) -> Vec<u8> {
        let is_mariadb = database.family == Family::MariaDb;
        let mut text = String::from("[mysqld]\n");
        for _ in 0..=self.below(6) {
            if self.one_in(6) {
                text += self.of(&["[mysqld]\n", "[server]\n", "[SERVER]\n", "[mysql]\n", "[ mysqld]\n"]);
            }
            let name = match self.below(12) {
                0 => self
                    .of(&["READ-ONLY", "loose-Read_Only", "read-o", "skip-read-onl", "loose-x.read-only"])
                    .to_owned(),
                _ => self.name(),
            };
            let is_log_bin = name.ends_with("bin");
            // MySQL alone has it; `loose` keeps MariaDB from stopping at it
            let loose = if is_mariadb && name.ends_with("super-read-only") { "loose-" } else { "" };
            let value = match self.below(4) {
                0 => "",
                // MariaDB shows this name as it shows OFF
                _ if is_log_bin && is_mariadb => self.of(&["=binlog", "=OFF", "=false", "=1"]),
                _ if is_log_bin => self.of(&["=binlog", "=OFF", "=0", "=1"]),
                _ => self.of(&["=0", "=1", "=ON", "=off", "=True", "=FALSE", "=2", "=01", "=yes", "=", "='1'", "= on"]),
            };
            text.extend([loose, &name, value, "\n"]);
        }
        text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Images;

    #[test]
    fn files_are_always_the_same_and_of_many_kinds() {
        for database in Images::Made.databases() {
            let files = files(database);
            assert_eq!(files, super::files(database));
            assert_eq!(files.len(), FILES + SWITCHES);
            let groups = Groups::for_server(database.family == Family::MariaDb, None, None);
            let read = |bytes| OptionFile::parse(bytes).options_of(&groups).count();
            assert!(files.iter().filter(|(_, bytes)| read(bytes) > 0).count() > FILES / 2);
        }
    }
}
