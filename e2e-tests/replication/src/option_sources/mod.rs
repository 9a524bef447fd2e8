//! Does the policy know what becomes of options from many sources? Random sets of mounted files, arguments and
//! variables go through the policy as a StatefulSet, and through the server with the files in the places where the
//! images have them.

mod draw;
mod objects;
mod options;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use mysql_replication_preview::{Manifests, Policy, admission_request};
use serde_json::{Value, json};

use crate::{
    admission::NAMESPACE,
    command::{output, podman},
    image::{Database, Family, full_name},
    option_sources::{
        draw::{Mark, Set, draw},
        options::{Shown, options_of, setting},
    },
    outcome::Failure,
};

/// The seed of the sets where none is given.
pub(crate) const SEED: u64 = 0x6d79_7371;

/// How many sets are compared.
const SETS: u64 = 100;

/// How long a server may take for all sets.
const LIMIT: Duration = Duration::from_mins(5);

const ROLES: [&str; 2] = ["the primary", "a replica"];

/// In which folder of a container the sets are.
const PLACE: &str = "/option-sources";

/// What the server starts from, as the official image has it: the made ones have Debian's servers with all in one file.
fn main_files(database: &Database) -> &'static [(&'static str, &'static str)] {
    match database.family {
        _ if database.is_official() => &[],
        Family::MariaDb => &[
            ("etc/mysql/my.cnf", "[client-server]\n!include /etc/mysql/mariadb.cnf\n"),
            (
                "etc/mysql/mariadb.cnf",
                "[mariadbd]\ndatadir=/var/lib/mysql\nuser=mysql\n!includedir /etc/mysql/mariadb.conf.d/\n\
                !includedir /etc/mysql/conf.d/\n",
            ),
            ("etc/mysql/mariadb.conf.d/50-server.cnf", "[mariadbd]\nskip-name-resolve\n"),
        ],
        Family::MySql | Family::Percona => {
            &[("etc/my.cnf", "[mysqld]\ndatadir=/var/lib/mysql\nuser=mysql\n!includedir /etc/mysql/conf.d/\n")]
        }
    }
}

/// For each set and role what the server reads of files, what it shows, and how it ends, with NUL between them.
const SCRIPT: &str = r#"
server=$(command -v mariadbd || command -v mysqld) || exit 1
cd /option-sources || exit 1
shopt -s nullglob
home=$(getent passwd "$USER_ID") && home=${home%:*} && home=${home##*:}
save() { rm -rf /saved && mkdir /saved && for at in /etc/my.cnf /etc/my.cnf.d /etc/mysql; do
    [[ ! -e $at ]] || cp -a "$at" /saved/; done; }
if [[ -d main ]]; then rm -rf /etc/my.cnf /etc/my.cnf.d /etc/mysql; cp -a main/. /; fi
save
mkdir -p /mysql-replication "$CONF_DIR"
mapfile -d '' -t init <init
while IFS= read -r -d '' variable; do export "$variable"; done <init-variables
export POD_NAME=sources-0
"${init[@]}" >/dev/null || exit 1
as_user() {
    local become=(setpriv --reuid="$USER_ID" --regid="$USER_ID" --clear-groups)
    [[ ! -e $set/as-root ]] || become=()
    env -i PATH="$PATH" "${become[@]}" env "$@"
}
for set in [0-9]*; do
    mapfile -d '' -t words <"$set/arguments"
    mapfile -d '' -t variables <"$set/variables"
    for role in 0 1; do
        rm -rf /etc/my.cnf /etc/my.cnf.d /etc/mysql /own /root/.my.cnf "$home/.my.cnf"
        cp -a /saved/. /etc/
        rm -rf "$CONF_DIR" && mkdir -p "$CONF_DIR" /own/home
        while IFS= read -r -d '' folder; do rm -rf "$folder" && mkdir -p "$folder"; done <"$set/folders"
        POD_NAME=sources-$role REPLICATION_CONFIG_MAP_DIR=$PWD/$set/roles REPLICATION_CONF_DIR=$CONF_DIR \
            bash /mysql-replication/init-mysql.sh >/dev/null || exit 1
        # through a link, as a mount
        while IFS= read -r -d '' path; do
            mkdir -p "${path%/*}" && cat "$set/files$path" >"$path"
        done <"$set/paths"
        printf '%s-%s\0' "$set" "$role"
        as_user "HOME=$home" "${variables[@]}" "$server" --print-defaults 2>/dev/null
        printf '\0'
        more=(); [[ ! -e $set/alone || $role == 0 ]] || more=(--skip-super-read-only)
        as_user "HOME=$home" "${variables[@]}" "$server" "${words[@]}" "${more[@]}" --verbose --help 2>"$set/errors"
        printf '\0%s\0' "$?"
    done
done
"#;

/// Compares, and says how much was compared.
pub(crate) fn compare(
    database: &Database,
    policy: &Policy,
    settings: &Path,
    place: &Path,
    seed: u64,
) -> Result<String, Failure> {
    let sets: Vec<(u64, Set)> = (seed..seed + SETS).map(|seed| (seed, draw(database, seed))).collect();
    let answers = ask_server(database, policy, settings, place, &sets)?;
    let (mut wrong, mut refused, mut options) = (Vec::new(), 0, 0);
    for (number, (seed, set)) in sets.iter().enumerate() {
        options += set.marks.len();
        let expected = expected(database, set, number, &answers)
            .map_err(|failure| Failure(format!("{failure}\n{}", shown(*seed, set))))?;
        let found = found(database, policy, set)?;
        refused += usize::from(!expected.is_empty());
        if expected != found {
            let missing: Vec<_> = expected.difference(&found).collect();
            let more: Vec<_> = found.difference(&expected).collect();
            wrong.push(format!("only the server: {missing:?}\nonly the policy: {more:?}\n{}", shown(*seed, set)));
        }
    }
    if wrong.is_empty() {
        return Ok(format!("{SETS} sets of sources from seed {seed} ({options} options, {refused} sets refused)"));
    }
    let first = wrong.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("\n");
    Err(Failure(format!("{} of {SETS} sets of sources are judged otherwise:\n{first}", wrong.len())))
}

/// A set, to be looked at.
fn shown(seed: u64, set: &Set) -> String {
    let mut text = format!("--seed {seed}\n");
    for draw::File { path, text: inner, .. } in &set.files {
        let _ = writeln!(text, "{path}:\n  {}", inner.trim_end().replace('\n', "\n  "));
    }
    for (role, inner) in ROLES.iter().zip(&set.roles) {
        let _ = writeln!(text, "{role}:\n  {}", inner.trim_end().replace('\n', "\n  "));
    }
    let Set { arguments, variables, has_user, has_command, .. } = set;
    let _ =
        write!(text, "arguments {arguments:?}, variables {variables:?}, runAsUser {has_user}, command {has_command}");
    text
}

/// What servers say: by the set and the role what they read of files, and what they show.
type Answers = BTreeMap<String, (String, String)>;

fn ask_server(
    database: &Database,
    policy: &Policy,
    settings: &Path,
    place: &Path,
    sets: &[(u64, Set)],
) -> Result<Answers, Failure> {
    write(database, policy, place, sets).map_err(|error| Failure(format!("{}: {error}", place.display())))?;
    let mut command = podman(settings);
    command.args(["run", "--rm", "--network=none", "--hostname=e2e", "--entrypoint="]);
    command.arg("--user=0").arg(format!("--volume={}:{PLACE}", place.display()));
    command.arg(format!("--env=USER_ID={}", database.family.user()));
    command.arg(format!("--env=CONF_DIR={}", database.family.conf_dir()));
    command.arg(full_name(&database.image()).as_ref()).args(["bash", "-c", SCRIPT]);
    let said = output(&mut command, None, LIMIT)?;
    if !said.status.success() {
        return Err(Failure(format!("the server of {} cannot be asked: {}", database.name, said.stderr.trim())));
    }
    let parts: Vec<&str> = said.stdout.split('\0').collect();
    let answers = parts.chunks_exact(4).map(|parts| match parts {
        [name, read, shown, "0"] => Ok(((*name).to_owned(), ((*read).to_owned(), (*shown).to_owned()))),
        [name, _, shown, _] => {
            let number: usize = name.split('-').next().and_then(|number| number.parse().ok()).unwrap_or_default();
            let (seed, set) = &sets[number];
            let errors = fs::read_to_string(place.join(format!("{number:03}/errors"))).unwrap_or_default();
            Err(Failure(format!("the server does not take set {name}: {shown} {errors}\n{}", self::shown(*seed, set))))
        }
        _ => Err(Failure("the server did not answer".to_owned())),
    });
    answers.collect()
}

/// Writes what the container is to find.
fn write(database: &Database, policy: &Policy, place: &Path, sets: &[(u64, Set)]) -> Result<(), String> {
    let put = |path: &str, text: &str| {
        let path = place.join(path);
        let folder = path.parent().unwrap_or(place);
        let done = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        done.map_err(|error| format!("{}: {error}", path.display()))
    };
    // what an earlier run has left
    let _ = fs::remove_dir_all(place);
    for (path, text) in main_files(database) {
        put(&format!("main/{path}"), text)?;
    }
    let ended = |texts: &[String]| texts.iter().fold(String::new(), |all, text| all + text + "\0");
    let (words, variables) = injected(database, policy)?;
    put("init", &ended(&words))?;
    put("init-variables", &ended(&variables))?;
    for (number, (_, set)) in sets.iter().enumerate() {
        let put = |name: &str, text: &str| put(&format!("{number:03}/{name}"), text);
        for file in &set.files {
            put(&format!("files{}", file.path), &file.text)?;
        }
        for (key, text) in ["master.cnf", "slave.cnf"].iter().zip(&set.roles) {
            put(&format!("roles/{key}"), text)?;
        }
        put("paths", &ended(&set.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>()))?;
        let folders: BTreeSet<&str> = set.files.iter().filter_map(|file| file.folder).collect();
        put("folders", &ended(&folders.into_iter().map(str::to_owned).collect::<Vec<_>>()))?;
        put("arguments", &ended(&set.words()))?;
        put("variables", &ended(&variables_of(set)))?;
        if is_roots(set) {
            put("as-root", "")?;
        }
        // what is on by the stricter option is not seen of the other one
        if database.family != Family::MariaDb && set.marks.iter().any(|mark| mark.option == "read-only") {
            put("alone", "")?;
        }
    }
    Ok(())
}

/// Is the server started as root?
fn is_roots(set: &Set) -> bool {
    set.has_command && !set.has_user
}

/// The server's environment. An entrypoint that becomes the server's user sets `HOME` anew, and the runtime sets it
/// where nobody does.
fn variables_of(set: &Set) -> Vec<String> {
    let root = (is_roots(set) && !set.variables.contains_key("HOME")).then(|| "HOME=/root".to_owned());
    let given = set.variables.iter().filter(|(name, _)| **name != "HOME" || set.has_command || set.has_user);
    root.into_iter().chain(given.map(|(name, value)| format!("{name}={value}"))).collect()
}

/// The command of the container that writes the option files, as it comes out of the policy, and its variables.
fn injected(database: &Database, policy: &Policy) -> Result<(Vec<String>, Vec<String>), String> {
    let plain = Set { roles: draw(database, 0).roles.map(|text| first_lines(&text)), ..Set::default() };
    let response = ask_policy(database, policy, &plain)?;
    let init = response.mutated_object.as_ref().map(|object| &object["spec"]["template"]["spec"]["initContainers"][0]);
    let Some(init) = init.filter(|init| init["name"] == "init-mysql") else {
        return Err(format!("the policy did not inject: {response:?}"));
    };
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let words = texts(&init["command"]).into_iter().chain(texts(&init["args"])).collect();
    let variables = init["env"].as_array().into_iter().flatten();
    let variables = variables.filter_map(|it| Some(format!("{}={}", it["name"].as_str()?, it["value"].as_str()?)));
    Ok((words, variables.collect()))
}

/// What the file of a role begins with.
fn first_lines(text: &str) -> String {
    text.lines().take(2).fold(String::new(), |text, line| text + line + "\n")
}

fn ask_policy(database: &Database, policy: &Policy, set: &Set) -> Result<mysql_replication_preview::Response, String> {
    let request = admission_request(&set.statefulset(database), None, NAMESPACE);
    let cluster = Manifests::new(set.others(), NAMESPACE);
    policy.validate(&request, &json!({}), Arc::new(cluster)).map_err(|error| format!("the policy: {error}"))
}

/// What is wrong: the rule, and where.
type Wrong = BTreeSet<(String, String)>;

/// The server does not read what the policy writes: no more can be said of it.
fn unreachable() -> Wrong {
    [("unreachable-option-files".to_owned(), String::new())].into()
}

/// What the policy is to say by what becomes of the options.
fn expected(database: &Database, set: &Set, number: usize, answers: &Answers) -> Result<Wrong, Failure> {
    let mut wrong = Wrong::new();
    for (role, name) in ROLES.iter().enumerate() {
        let (read, shown) = answers
            .get(&format!("{number:03}-{role}"))
            .ok_or_else(|| Failure("the server did not answer".to_owned()))?;
        let words: Vec<&str> =
            read.split_once("following arguments:\n").map_or("", |(_, read)| read).split(' ').collect();
        // it says nothing that is not read twice
        if !words.contains(&"--loose-skip-slave-start") && role == 1 {
            return Ok(unreachable());
        }
        let last = last_of(set, &words);
        for known in options_of(database) {
            let Some(Some(mark)) = last.get(known.setting()) else { continue };
            if mark.option != known.name {
                continue;
            }
            let value = shown.lines().find_map(|line| line.strip_prefix(known.name)?.strip_prefix(' '));
            let Some(value) = value else {
                return Err(Failure(format!("{name} does not show {}", known.name)));
            };
            if let Some(rule) = known.broken(Shown { value: value.trim(), is_replica: role == 1 }) {
                wrong.insert((rule.to_owned(), mark.path.clone()));
            }
        }
    }
    Ok(wrong)
}

/// What says the last word on each setting; nothing where that is the policy.
fn last_of<'s>(set: &'s Set, words: &[&str]) -> BTreeMap<&'static str, Option<&'s Mark>> {
    let mut last: BTreeMap<&'static str, Option<&Mark>> = BTreeMap::new();
    let mark_of = |word: &str| set.marks.get(word.strip_prefix("--loose-e2e-mark=")?.parse::<usize>().ok()?);
    let names: BTreeSet<&'static str> = set.marks.iter().map(|mark| mark.option).collect();
    for (place, word) in words.iter().enumerate() {
        if let Some(mark) = mark_of(word) {
            if !mark.is_void {
                last.insert(setting(mark.option), Some(mark));
            }
        } else if words.get(place + 1).is_none_or(|next| mark_of(next).is_none()) {
            let name = word.trim_start_matches("--").split('=').next().unwrap_or_default();
            if let Some(name) = names.get(name) {
                last.insert(setting(name), None);
            }
        }
    }
    let is_argument = |mark: &&Mark| mark.written.starts_with("--") && !mark.is_void;
    last.extend(set.marks.iter().filter(is_argument).map(|mark| (setting(mark.option), Some(mark))));
    last
}

/// What the policy says is wrong.
fn found(database: &Database, policy: &Policy, set: &Set) -> Result<Wrong, String> {
    let response = ask_policy(database, policy, set)?;
    let message = response.message.unwrap_or_default();
    let mut object = "";
    let mut wrong = Wrong::new();
    // some rules only warn
    let warnings = response.warnings.unwrap_or_default();
    for line in message.lines().skip(1).chain(warnings.iter().map(String::as_str)) {
        if let Some(other) = line.strip_prefix("in ") {
            object = other.trim_end_matches(':');
        } else if let Some((rule, rest)) = line.strip_prefix('[').and_then(|line| line.split_once("] ")) {
            if rule == "unreachable-option-files" {
                return Ok(unreachable());
            }
            let path = rest.split_once(": ").map_or(rest, |(path, _)| path);
            let has_object = ["spec.", "ConfigMap "].iter().any(|beginning| path.starts_with(beginning));
            let path = if has_object { path.to_owned() } else { format!("{object} {path}") };
            wrong.insert((rule.to_owned(), path));
        }
    }
    if response.accepted && !message.is_empty() {
        return Err(format!("accepted: {}, but it says {message:?}", response.accepted));
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::draw::draw;
    use crate::image::Images;

    #[test]
    fn sets_are_always_the_same_and_of_many_kinds() {
        for database in Images::Made.databases() {
            let sets: Vec<_> = (0..100).map(|seed| draw(database, seed)).collect();
            assert_eq!(format!("{:?}", sets[7]), format!("{:?}", draw(database, 7)));
            let count = |is: fn(&super::Set) -> bool| sets.iter().filter(|set| is(set)).count();
            assert!(count(|set| set.files.iter().any(|file| file.folder.is_some())) > 20);
            assert!(count(|set| set.files.iter().any(|file| file.text.contains("!include "))) > 20);
            assert!(count(|set| !set.keys.is_empty()) > 5 && count(|set| set.arguments.len() > 1) > 20);
        }
    }
}
