//! The words that a database container is started with, those from variables among them.

use crate::{
    arguments::{Word, words},
    field_path::FieldPath,
    json::{Value, list_at, str_at},
    name_index::NameIndex,
    object::name,
    text::shown,
    variables::{Budget, expand_with_shell},
};
use mysql_options::ServerOption;
use std::borrow::Cow;

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
}

impl Given<'_> {
    /// Where it stands in the container at a path.
    pub(crate) fn path(&self, container: &FieldPath) -> Cow<'static, str> {
        let (list, index) = self.place;
        let list = container.field(list);
        match self.place {
            ("env", _) => list.element(index).field("value").into(),
            _ => list.element(index).into(),
        }
    }

    pub(crate) fn shown(&self) -> String {
        match ServerOption::from_argument(&self.text) {
            Some(option) if self.written != self.text => format!("--{} of {}", option.name, shown(&self.written)),
            _ => shown(&self.text),
        }
    }
}

/// The options that reach the server.
#[derive(Default)]
pub(crate) struct Options<'a> {
    pub(crate) given: Vec<Given<'a>>,
    /// Are there more than these?
    pub(crate) is_cut: bool,
}

/// The options that reach the server: arguments, and variables that images turn into arguments.
pub(crate) fn given_options<'a>(container: &'a Value<'a>) -> Options<'a> {
    let mut given: Vec<Given> = Vec::new();
    let words: Vec<Word> = words(container).collect();
    let variables = LiteralVariables::of(container, &words);
    let mut is_next = false;
    let mut take = |place, written, text: Cow<'a, str>, is_whole: bool| {
        if let Some(last) = given.last_mut().filter(|_| is_next) {
            last.next = Some(text.as_ref().to_owned());
        }
        // a short option within a shell's text may be another program's
        let option = ServerOption::from_argument(&text).filter(|_| is_whole || text.starts_with("--"));
        is_next = option.is_some_and(|option| option.is_known);
        if is_next {
            given.push(Given { place, written, text, next: None });
        }
    };
    let mut push = |place, text: Cow<'a, str>, is_whole: bool| {
        let expanded = match &text {
            Cow::Borrowed(text) => variables.expand(text),
            Cow::Owned(text) => Cow::Owned(variables.expand(text).into_owned()),
        };
        // Kubernetes puts a variable's value into the argument as it is; only a shell makes several words of it, and
        // has taken those apart that it sees
        if is_whole || expanded == text {
            take(place, text, expanded, is_whole);
        } else {
            expanded.split_whitespace().for_each(|word| take(place, text.clone(), Cow::Owned(word.to_owned()), false));
        }
    };
    // the image's entrypoint puts what such a variable holds before or after the arguments
    for (index, variable) in list_at(container, &["env"]).iter().enumerate() {
        if carries_arguments(name(variable)) {
            for word in str_at(variable, &["value"]).split_whitespace() {
                push(("env", index), Cow::Borrowed(word.trim_matches(['"', '\''])), false);
            }
        }
    }
    for word in words {
        push((word.list, word.index), word.text, word.is_whole);
    }
    Options { given, is_cut: variables.budget.is_spent() }
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

/// The variables that a container defines by themselves; the last of a name counts.
#[derive(Default)]
struct LiteralVariables<'a> {
    names: NameIndex<'a>,
    values: Vec<&'a str>,
    budget: Budget,
}

impl<'a> LiteralVariables<'a> {
    fn of(container: &'a Value<'a>, words: &[Word]) -> Self {
        let value = |variable: &'a Value<'a>| Some((name(variable), variable.get("value")?.as_str()?));
        let env = list_at(container, &["env"]);
        let refers = |variable: &Value| carries_arguments(name(variable)) && str_at(variable, &["value"]).contains('$');
        // most containers refer to none
        if !words.iter().any(|word| word.text.contains('$')) && !env.iter().any(refers) {
            return Self::default();
        }
        let defined = || env.iter().filter_map(value).filter(|(name, _)| !name.is_empty());
        Self {
            names: NameIndex::new(defined().map(|(name, _)| Cow::Borrowed(name)).collect()),
            values: defined().map(|(_, value)| value).collect(),
            budget: Budget::default(),
        }
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.names.last(name, 0..self.values.len()).map(|place| self.values[place])
    }

    /// A word with the values of variables in it.
    fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        /// What is longer is no option that a rule knows.
        const LIMIT: usize = 4096;
        if self.names.is_empty() {
            return Cow::Borrowed(text);
        }
        let value_of =
            |name: &str, room| self.get(name).filter(|value| value.len() <= room && self.budget.take(value.len()));
        expand_with_shell(text, LIMIT, &value_of)
    }
}
