//! The check of one container: its variables, then its command line.

use std::{borrow::Cow, rc::Rc};

use super::{
    check::{Check, Place, Scope, plain},
    command_line::{List, Spot},
    effort::Work,
    names::Saying,
};
use crate::{
    container_variables::{ConfigMapKey, ContainerVariables, EXPANDED, Sight, Variable, env_from},
    json::{Value, at, list_at, str_at},
    name_index::NameIndex,
    object::name,
    text::label,
    variables::expand_as_kubelet,
};

/// One container's check, with what it knows of the container's variables so far.
pub(super) struct ContainerCheck<'c, 'a, 'h, 'f> {
    pub(super) check: &'c mut Check<'a, 'h, 'f>,
    /// The container's.
    pub(super) path: &'c str,
    pub(super) variables: ContainerVariables<'a>,
    pub(super) scope: Scope,
    /// Within a text of a shell: the names that it sets by itself.
    pub(super) set_by_shell: Option<NameIndex<'static>>,
}

/// An entry of `env`, with what its name says.
struct Entry<'a> {
    name: &'a str,
    index: usize,
    saying: Saying,
    /// Does it say write, and count?
    writes: bool,
}

/// Checks the container at `path`.
pub(super) fn container<'a>(check: &mut Check<'a, '_, '_>, container: &'a Value<'a>, path: &str) {
    let env = list_at(container, &["env"]);
    let Check { effort, addresses, .. } = check;
    let all = env_from(container, path, &mut |name, path| addresses.look_ups.config_map(name, path), &mut |amount| {
        effort.spend(Work::Variables, amount)
    });
    let Some((mut names, values)) = all else { return };
    if !check.effort.spend(Work::Variables, env.len()) {
        return;
    }
    let from = names.len();
    names.extend(env.iter().map(|entry| Cow::Borrowed(name(entry))));
    let variables = ContainerVariables { names: NameIndex::new(names), values, from, ..ContainerVariables::default() };
    let scope = check.scope(&variables.names);
    let mut container_check = ContainerCheck { check, path, variables, scope, set_by_shell: None };
    container_check.env_from();
    container_check.env(env);
    container_check.words(container);
}

impl<'a> ContainerCheck<'_, 'a, '_, '_> {
    /// The variables of `envFrom`.
    fn env_from(&mut self) {
        let Self { check, variables, scope, .. } = self;
        for (place, (variable, value)) in variables.names.iter().zip(&variables.values).enumerate() {
            if check.effort.is_too_much() {
                return;
            }
            if let Variable::Key(source) = value
                && scope.takes(check.saying(variable))
                && variables.names.is_effective(place)
            {
                key(check, source, variable, variable, scope);
            }
        }
    }

    fn env(&mut self, env: &'a [Value<'a>]) {
        for (index, entry) in env.iter().enumerate() {
            if self.check.effort.is_too_much() {
                return;
            }
            let value = self.entry(entry, index);
            self.variables.values.push(value);
        }
    }

    /// Checks an entry of `env`, and returns what later entries see of it.
    fn entry(&mut self, entry: &'a Value<'a>, index: usize) -> Variable<'a> {
        let name = name(entry);
        let saying = self.check.saying(name);
        let writes = self.scope.takes(saying) && self.variables.is_effective(index);
        let of = Entry { name, index, saying, writes };
        if let Some(text) = at(entry, &["value"]).and_then(Value::as_str).filter(|text| !text.is_empty()) {
            return Variable::Text(self.text(&of, text));
        }
        if str_at(entry, &["valueFrom", "fieldRef", "fieldPath"]) == "metadata.namespace" {
            return Variable::Text(Cow::Borrowed(self.check.addresses.look_ups.namespace));
        }
        self.config_map_key(&of, entry)
    }

    /// A value that stands there.
    fn text(&mut self, entry: &Entry, text: &'a str) -> Cow<'a, str> {
        let Entry { name, index, writes, .. } = *entry;
        let expanded = self.expand(text, Sight::Env, writes);
        if writes {
            let path = format!("{}.env[{index}].value", self.path);
            let is_made = matches!(expanded, Cow::Owned(_));
            let place = Place { path: &path, shown: name, name, from: None, is_made };
            self.check.value(&expanded, &place, &mut self.scope);
        } else if text.contains('-')
            && text.contains('=')
            && is_list_of_options(name)
            && self.variables.is_effective(index)
        {
            self.commands(text, Spot { list: List::Env, index });
        }
        expanded
    }

    /// A value of a ConfigMap.
    fn config_map_key(&mut self, entry: &Entry<'a>, value: &'a Value<'a>) -> Variable<'a> {
        let Entry { name, index, saying, writes } = *entry;
        let wanted = str_at(value, &["valueFrom", "configMapKeyRef", "key"]);
        let config_map = str_at(value, &["valueFrom", "configMapKeyRef", "name"]);
        if wanted.is_empty() || config_map.is_empty() {
            return Variable::Unknown;
        }
        let path = Rc::from(format!("{}.env[{index}].valueFrom.configMapKeyRef", self.path));
        let source = ConfigMapKey { config_map, key: Cow::Borrowed(wanted), path };
        // a key that says write counts where the variable says nothing at all
        let key_writes = saying == Saying::Nothing && self.says_write(wanted) && !self.check.says_else(name);
        if writes || (key_writes && self.variables.is_effective(index)) {
            key(self.check, &source, name, if writes { name } else { wanted }, &mut self.scope);
        }
        Variable::Key(source)
    }

    pub(super) fn says_write(&mut self, name: &str) -> bool {
        self.scope.takes(self.check.saying(name))
    }

    /// The text with the values of its `$(VAR)`. Those in a ConfigMap are only looked up where it matters.
    pub(super) fn expand<'t>(&mut self, text: &'t str, sight: Sight, look_up: bool) -> Cow<'t, str> {
        let Self { check, variables, .. } = self;
        let look_ups = &mut check.addresses.look_ups;
        let expanded = expand_as_kubelet(text, EXPANDED, &mut |name| match variables.get(name, sight)? {
            Variable::Text(value) => Some(Cow::Borrowed(value.as_ref())),
            Variable::Key(ConfigMapKey { config_map, key, path }) if look_up => {
                look_ups.key(config_map, key, EXPANDED, path).map(Cow::Owned)
            }
            Variable::Key(_) | Variable::Unknown => None,
        });
        match expanded {
            Cow::Owned(made) if check.effort.spend(Work::Expanded, made.len()) && made != text => Cow::Owned(made),
            _ => Cow::Borrowed(text),
        }
    }
}

/// Checks a value of a ConfigMap for the variable `shown`, of which `name` says write.
fn key(check: &mut Check, source: &ConfigMapKey, shown: &str, name: &str, scope: &mut Scope) {
    let ConfigMapKey { config_map, key, path } = source;
    let look_ups = &mut check.addresses.look_ups;
    let Some(text) = look_ups.key(config_map, key, EXPANDED, path) else { return };
    let from = Some(format!("key {} of the {}", plain(key), label("ConfigMap", look_ups.namespace, config_map)));
    check.value(&text, &Place { path, shown, name, from, is_made: false }, scope);
}

/// Does a variable hold options of a program, such as `JAVA_TOOL_OPTIONS`?
fn is_list_of_options(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["opts", "options", "args", "flags"].iter().any(|end| name.ends_with(end))
}
