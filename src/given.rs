//! The words that a database container is started with, those from variables among them.

use crate::{
    arguments::{Word, words},
    config_maps::ConfigMaps,
    container_variables::{ConfigMapKey, ContainerVariables},
    field_path::FieldPath,
    json::{Value, at, list_at, str_at},
    object::name,
    text::{shown, shown_option},
};
use mysql_options::ServerOption;
use std::borrow::Cow;

/// Variables that say which option files the server reads, and which groups of them (MySQL manual, "Using Option
/// Files" and "Environment Variables"; MariaDB's sources, `init_default_directories`).
const OF_OPTION_FILES: [&str; 5] = ["HOME", "MYSQL_HOME", "MARIADB_HOME", "MYSQL_GROUP_SUFFIX", "MARIADB_GROUP_SUFFIX"];

/// An option that the server gets, and that a rule knows.
pub(crate) struct Given<'a> {
    /// The field that it stands in, with its place there.
    pub(crate) place: (&'static str, usize),
    /// The word as it is written: the value of a variable in it may be a secret.
    pub(crate) written: Cow<'a, str>,
    /// The word as the server gets it.
    pub(crate) text: Cow<'a, str>,
    /// The word after it, in the same place.
    pub(crate) next: Option<String>,
    /// The key of a ConfigMap that it, its value or a part of it is from.
    pub(crate) from: Option<ConfigMapKey<'a>>,
}

impl Given<'_> {
    /// Where it stands in the container at a path.
    pub(crate) fn path(&self, container: &FieldPath) -> Cow<'static, str> {
        let (list, index) = self.place;
        let list = container.field(list);
        match self.place {
            ("env", _) => list.element(index).field("value").into(),
            ("envFrom", _) => list.into(),
            _ => list.element(index).into(),
        }
    }

    /// Is it an option that stands here, whose value another object has? That changes without this one.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        let is_open = |text: &str| text.contains("$(");
        (self.from.is_some() || is_open(&self.text) || self.next.as_deref().is_some_and(is_open))
            && ServerOption::from_argument(&self.written).is_some_and(|option| option.is_known)
    }

    pub(crate) fn shown(&self) -> String {
        match ServerOption::from_argument(&self.text) {
            Some(option) if self.written != self.text => {
                format!("--{} of {}", option.name, shown_option(&self.written))
            }
            _ => shown_option(&self.text),
        }
    }
}

/// The options that reach the server.
#[derive(Default)]
pub(crate) struct Options<'a> {
    pub(crate) given: Vec<Given<'a>>,
    /// Are there more than these?
    pub(crate) is_cut: bool,
    /// Words that are a variable's value, of which nothing is known: each with its place.
    pub(crate) unknown: Vec<(&'static str, usize, String)>,
    /// The variables of the container, where they matter.
    pub(crate) variables: ContainerVariables<'a>,
}

/// The options that reach the server: arguments, and variables that images turn into arguments.
pub(crate) fn given_options<'a>(container: &'a Value<'a>, config_maps: &ConfigMaps) -> Options<'a> {
    let words: Vec<Word> = words(container).collect();
    let env = list_at(container, &["env"]);
    let refers = |variable: &Value| {
        let name = name(variable);
        OF_OPTION_FILES.contains(&name)
            || (carries_arguments(name)
                && (str_at(variable, &["value"]).contains('$') || at(variable, &["valueFrom"]).is_some()))
    };
    // most containers refer to none
    let variables = if words.iter().any(|word| word.text.contains('$'))
        || at(container, &["envFrom"]).is_some()
        || env.iter().any(refers)
    {
        ContainerVariables::of(container, config_maps)
    } else {
        ContainerVariables::default()
    };
    let has_secret = list_at(container, &["envFrom"]).iter().any(|source| at(source, &["secretRef"]).is_some());
    let options = Options { variables, ..Options::default() };
    let mut reader = Reader { config_maps, options, has_secret, is_next: false };
    // the image's entrypoint puts what such a variable holds before or after the arguments
    let from = reader.options.variables.from;
    for place in 0..from + env.len() {
        let variable = env.get(place.wrapping_sub(from));
        let name = variable.map_or_else(|| reader.options.variables.names.at(place), name);
        let names = &reader.options.variables.names;
        if !carries_arguments(name) || !(names.is_empty() || names.is_effective(place)) {
            continue;
        }
        let name = name.to_owned();
        let literal = variable.map_or("", |variable| str_at(variable, &["value"]));
        if literal.is_empty() {
            reader.take_variable(place, &name);
        }
        for word in literal.split_whitespace() {
            let word = Cow::Borrowed(word.trim_matches(['"', '\'']));
            reader.push(("env", place - from), word, false);
        }
    }
    for word in words {
        reader.push((word.list, word.index), word.text, word.is_whole);
    }
    let mut options = reader.options;
    options.is_cut = options.variables.budget.is_spent();
    options
}

/// Finds the options among words.
struct Reader<'a, 'm, 'c> {
    config_maps: &'m ConfigMaps<'c>,
    options: Options<'a>,
    /// May there be variables of which not even the names are known?
    has_secret: bool,
    /// May the next word be the value of the last option?
    is_next: bool,
}

impl<'a> Reader<'a, '_, '_> {
    /// A word as it is written, and what variables make of it.
    #[inline(never)]
    fn push(&mut self, place: (&'static str, usize), text: Cow<'a, str>, is_whole: bool) {
        let (expanded, from) = self.options.variables.expand(&text, self.config_maps);
        let made = match expanded {
            Cow::Borrowed(_) => None,
            Cow::Owned(made) => Some(made).filter(|made| *made != text),
        };
        match made {
            // Kubernetes puts a variable's value into the argument as it is; only a shell makes several words of it,
            // and has taken those apart that it sees
            Some(made) if !is_whole => {
                for word in made.split_whitespace() {
                    self.take(place, text.clone(), Cow::Owned(word.to_owned()), false, from.clone());
                }
            }
            made => {
                let word = made.map_or_else(|| text.clone(), Cow::Owned);
                self.look_for_unknown(place, &word);
                self.take(place, text, word, is_whole, from);
            }
        }
    }

    /// Notes a word that is nothing but a variable whose value is not known.
    #[inline(never)]
    fn look_for_unknown(&mut self, place: (&'static str, usize), word: &str) {
        /// So many of them are told.
        const LIMIT: usize = 10;
        let Some(name) = word.strip_prefix('$').filter(|_| self.options.unknown.len() < LIMIT) else { return };
        let name = name.trim_matches(['(', ')', '{', '}']);
        if self.options.variables.names.has(name) || self.has_secret {
            self.options.unknown.push((place.0, place.1, shown(name)));
        }
    }

    /// The words of a variable that a ConfigMap holds.
    fn take_variable(&mut self, place: usize, name: &str) {
        let mut from = None;
        let value = self
            .options
            .variables
            .values
            .get(place)
            .and_then(|_| self.options.variables.value(place, 0, self.config_maps, &mut from).map(Cow::into_owned));
        for word in value.unwrap_or_default().split_whitespace() {
            let text = Cow::Owned(word.trim_matches(['"', '\'']).to_owned());
            let list = if place < self.options.variables.from { "envFrom" } else { "env" };
            self.take(
                (list, place.saturating_sub(self.options.variables.from)),
                Cow::Owned(name.to_owned()),
                text,
                false,
                from.clone(),
            );
        }
    }

    /// A word as the server gets it.
    #[inline(never)]
    fn take(
        &mut self,
        place: (&'static str, usize),
        written: Cow<'a, str>,
        text: Cow<'a, str>,
        is_whole: bool,
        from: Option<ConfigMapKey<'a>>,
    ) {
        let given = &mut self.options.given;
        if let Some(last) = given.last_mut().filter(|_| self.is_next && !text.starts_with('-')) {
            last.next = Some(text.as_ref().to_owned());
            last.from = last.from.take().or_else(|| from.clone());
        }
        // a short option within a shell's text may be another program's
        let option = ServerOption::from_argument(&text).filter(|_| is_whole || text.starts_with("--"));
        let is_known = option.is_some_and(|option| option.is_known);
        self.is_next = is_known && option.is_some_and(|option| option.value.is_none());
        if is_known {
            given.push(Given { place, written, text, next: None, from });
        }
    }
}

/// The options among the words, each with its place there.
pub(crate) fn told<'g>(given: &'g [Given]) -> Vec<(usize, ServerOption<'g>)> {
    let options = given.iter().enumerate();
    options.filter_map(|(place, given)| Some((place, ServerOption::from_argument(&given.text)?))).collect()
}

/// `MYSQL_EXTRA_FLAGS`, `EXTRA_ARGS`, `MYSQLD_OPTS` and the like.
fn carries_arguments(name: &str) -> bool {
    const WORDS: [&str; 7] = ["FLAGS", "ARGS", "OPTS", "OPTIONS", "ARGUMENTS", "PARAMS", "PARAMETERS"];
    name.split('_').any(|word| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::Cluster,
        json::{json, read},
    };

    /// The options of a container, each with the key of a ConfigMap that it is from, and what is not known.
    fn options(container: &Value) -> String {
        let host = |_: &str, request: &[u8]| {
            let request = read(std::str::from_utf8(request).unwrap()).unwrap();
            let data = match str_at(&request, &["name"]) {
                "one" => json!({"A": "--skip-log-bin", "OFF": "OFF"}),
                "opts" => json!({"MYSQLD_OPTS": "--server-id=1 '--port=2'"}),
                "two" => json!({"A": "--port=7", "LONG": "x".repeat(4097)}),
                "forbidden" => return Err("forbidden".to_owned()),
                name => return Err(format!("Cannot find v1/ConfigMap named '{name}'")),
            };
            Ok(json!({ "data": data }).to_json().into_bytes())
        };
        let cluster = Cluster::new(&host);
        let found = given_options(container, &ConfigMaps::new(&cluster, "shop"));
        let told = found.given.iter().map(|given| {
            let from = given.from.as_ref().map(|key| format!(" of {}/{}", key.config_map, key.key)).unwrap_or_default();
            format!("{}{from}", given.text)
        });
        let told: Vec<_> = told.collect();
        let unknown: Vec<_> =
            found.unknown.iter().map(|(list, index, name)| format!("{list}[{index}] {name}")).collect();
        format!("{}|{}{}", told.join(", "), unknown.join(", "), if found.is_cut { "|cut" } else { "" })
    }

    #[test]
    fn where_variables_have_their_values_from() {
        let key = |name: &str, map: &str, key: &str| json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": map, "key": key}}});
        let map = |name: &str| json!({"configMapRef": {"name": name}});
        let value = |name: &str, value: &str| json!({"name": name, "value": value});
        for (container, expected) in [
            (json!({"args": ["$(F)"], "env": [key("F", "one", "A")]}), "--skip-log-bin of one/A|"),
            (json!({"args": ["$(F)"], "env": [key("F", "one", "none")]}), "|args[0] \"F\""),
            (json!({"args": ["$(F)"], "env": [key("F", "absent", "A")]}), "|args[0] \"F\""),
            (json!({"args": ["$(F)"], "env": [key("F", "forbidden", "A")]}), "|args[0] \"F\""),
            (json!({"args": ["$(F)"], "env": [key("F", "two", "LONG")]}), "|args[0] \"F\""),
            (json!({"args": ["--read-only=$(F)"], "env": [key("F", "one", "OFF")]}), "--read-only=OFF of one/OFF|"),
            (json!({"args": ["--read-only", "$(F)"], "env": [key("F", "one", "OFF")]}), "--read-only of one/OFF|"),
            // the word behind an option that has its value is none of its own, nor is another option
            (
                json!({"args": ["--port=1", "$(F)"], "env": [key("F", "one", "A")]}),
                "--port=1, --skip-log-bin of one/A|",
            ),
            (json!({"args": ["--port", "$(F)"], "env": [key("F", "one", "A")]}), "--port, --skip-log-bin of one/A|"),
            // made of others, of those before it
            (json!({"args": ["$(G)"], "env": [key("F", "one", "A"), value("G", "$(F)")]}), "--skip-log-bin of one/A|"),
            (json!({"args": ["$(G)"], "env": [value("G", "$(F)"), key("F", "one", "A")]}), "|args[0] \"F\""),
            (json!({"args": ["$(G)"], "env": [value("F", "--port=1"), value("G", "$$(F)")]}), "|args[0] \"F\""),
            // an entry of env sees none of envFrom
            (json!({"args": ["$(G)"], "env": [value("G", "$(A)")], "envFrom": [map("one")]}), "|args[0] \"A\""),
            // later ones count
            (json!({"args": ["$(A)"], "envFrom": [map("one"), map("two")]}), "--port=7 of two/A|"),
            (json!({"args": ["$(A)"], "env": [value("A", "--port=9")], "envFrom": [map("two")]}), "--port=9|"),
            (json!({"args": ["$(A)"], "env": [key("A", "two", "A"), value("A", "--port=9")]}), "--port=9|"),
            (
                json!({"args": ["$(P_A)"], "envFrom": [{"prefix": "P_", "configMapRef": {"name": "two"}}]}),
                "--port=7 of two/A|",
            ),
            // by the name
            (
                json!({"args": ["mysqld"], "envFrom": [map("opts")]}),
                "--server-id=1 of opts/MYSQLD_OPTS, --port=2 of opts/MYSQLD_OPTS|",
            ),
            (json!({"env": [value("A", "--port=9"), value("EXTRA_FLAGS", "--x $(A)")]}), "--port=9|"),
            (json!({"env": [value("EXTRA_FLAGS", "--port=1")], "envFrom": []}), "--port=1|"),
            // by a shell
            (
                json!({"command": ["sh", "-c", "exec mysqld $F ${G}"], "env": [key("F", "one", "A"), key("G", "x", "y")]}),
                "--skip-log-bin of one/A|command[2] \"G\"",
            ),
            // of Secrets not even the names are known
            (json!({"args": ["$(F)"], "envFrom": [{"secretRef": {"name": "s"}}]}), "|args[0] \"F\""),
            (json!({"args": ["$(F)", "--port=$(F)"]}), "--port=$(F)|"),
        ] {
            assert_eq!(options(&container), expected, "{container}");
        }
    }

    #[test]
    fn variables_of_variables_end() {
        let chain = |len: usize| {
            let entry = |at: usize| json!({"name": format!("V{at}"), "value": format!("$(V{})", at.wrapping_sub(1))});
            let mut env: Vec<_> = (0..len).map(entry).collect();
            env[0] = json!({"name": "V0", "value": "--port=1"});
            json!({"args": [format!("$(V{})", len - 1)], "env": env})
        };
        assert_eq!(options(&chain(30)), "--port=1|");
        assert!(options(&chain(40)).ends_with("|cut"));
        // twice as many with each
        let double =
            |at: usize| json!({"name": format!("V{at}"), "value": format!("$(V{0})$(V{0})", at.wrapping_sub(1))});
        let env: Vec<_> = (0..31).map(double).collect();
        assert!(options(&json!({"args": ["$(V30)"], "env": env})).ends_with("|cut"));
    }
}
