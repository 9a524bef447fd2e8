//! The variables of a container, as far as they are known: those of `env`, and those of `envFrom`.

use std::{borrow::Cow, rc::Rc};

use crate::{
    config_maps::ConfigMaps,
    json::{Value, at, list_at, str_at},
    name_index::NameIndex,
    object::name,
    variables::{Budget, expand_as_kubelet, expand_with_shell},
};

/// No value with `$(VAR)` in it grows longer, and no value of a ConfigMap is read that is: it names no host and no
/// option, and would be copied for everything that refers to it.
pub(crate) const EXPANDED: usize = 4096;

/// So many sources of `envFrom` are looked at in one container, one that is named again not counted.
pub(crate) const SOURCES: usize = 32;

/// What is known of a container's variable.
pub(crate) enum Variable<'a> {
    Text(Cow<'a, str>),
    /// A key of a ConfigMap, which is only looked up where it matters.
    Key(ConfigMapKey<'a>),
    Unknown,
}

/// A key of a ConfigMap, and where the container names it.
#[derive(Clone)]
pub(crate) struct ConfigMapKey<'a> {
    pub(crate) config_map: &'a str,
    pub(crate) key: Cow<'a, str>,
    pub(crate) path: Rc<str>,
}

/// The variables of a container: those of `envFrom`, then those of `env`.
#[derive(Default)]
pub(crate) struct ContainerVariables<'a> {
    pub(crate) names: NameIndex<'a>,
    /// Those of `envFrom`, and those of `env` that were looked at.
    pub(crate) values: Vec<Variable<'a>>,
    /// So many are from `envFrom`.
    pub(crate) from: usize,
    pub(crate) budget: Budget,
}

/// Which variables a reference sees, of those that were looked at.
#[derive(Clone, Copy)]
pub(crate) enum Sight {
    /// Those of `env`: an entry sees the entries before it (Kubernetes' API reference, `EnvVar`).
    Env,
    /// All of them, as `command` and `args` do.
    All,
}

impl<'a> ContainerVariables<'a> {
    /// All variables of a container; those of `ConfigMap`s are looked up where they are asked for.
    #[inline(never)]
    pub(crate) fn of(container: &'a Value<'a>, config_maps: &ConfigMaps) -> Self {
        /// An object has some more at most; nobody writes as many.
        const LIMIT: usize = 8192;
        let mut left = LIMIT;
        let mut spend = |amount| {
            left = left.saturating_sub(amount);
            left > 0
        };
        let budget = Budget::default();
        let env = list_at(container, &["env"]);
        let all = env_from(container, "", &mut |name, _| config_maps.get(name), &mut spend);
        let (mut names, mut values) = all.unwrap_or_else(|| {
            budget.spend_all();
            (Vec::new(), Vec::new())
        });
        let from = names.len();
        for entry in env {
            names.push(Cow::Borrowed(name(entry)));
            values.push(Variable::of(entry, ""));
        }
        Self { names: NameIndex::new(names), values, from, budget }
    }

    /// The last variable of a name that is seen.
    pub(crate) fn get(&self, name: &str, sight: Sight) -> Option<&Variable<'a>> {
        let first = match sight {
            Sight::Env => self.from,
            Sight::All => 0,
        };
        self.names.last(name, first..self.values.len()).map(|place| &self.values[place])
    }

    /// Does an entry of `env` count? Kubernetes takes the last of a name.
    pub(crate) fn is_effective(&self, index: usize) -> bool {
        self.names.is_effective(self.from + index)
    }

    /// What the variable at a place holds, as the kubelet makes it; `origin` becomes the key of a ConfigMap that it, or
    /// a part of it, is from. Deeper than anybody writes them variables of variables are not looked at.
    #[inline(never)]
    pub(crate) fn value(
        &self,
        place: usize,
        depth: usize,
        config_maps: &ConfigMaps,
        origin: &mut Option<ConfigMapKey<'a>>,
    ) -> Option<Cow<'_, str>> {
        const DEPTH: usize = 32;
        match &self.values[place] {
            Variable::Text(text) => Some(expand_as_kubelet(text, EXPANDED, &mut |name| {
                let earlier = self.names.last(name, self.from..place)?;
                if depth == DEPTH {
                    self.budget.spend_all();
                }
                let value = self.budget.take(1).then(|| self.value(earlier, depth + 1, config_maps, origin))??;
                self.budget.take(value.len()).then_some(value)
            })),
            Variable::Key(key) => {
                let found = config_maps.get(key.config_map)?;
                let text = at(&found, &["data", &key.key])?.as_str().filter(|text| text.len() <= EXPANDED)?;
                *origin = Some(key.clone());
                Some(Cow::Owned(text.to_owned()))
            }
            Variable::Unknown => None,
        }
    }

    /// A word with the values of variables in it, and the key of a ConfigMap that a part of it is from.
    #[inline(never)]
    pub(crate) fn expand<'t>(
        &self,
        text: &'t str,
        config_maps: &ConfigMaps,
    ) -> (Cow<'t, str>, Option<ConfigMapKey<'a>>) {
        let mut origin = None;
        if self.names.is_empty() || self.budget.is_spent() {
            return (Cow::Borrowed(text), origin);
        }
        let expanded = expand_with_shell(text, EXPANDED, &mut |name, room| {
            let place = self.names.last(name, 0..self.values.len())?;
            let value = self.value(place, 0, config_maps, &mut origin)?;
            (value.len() <= room && self.budget.take(value.len())).then_some(value)
        });
        (expanded, origin)
    }
}

impl<'a> Variable<'a> {
    /// An entry of `env`, which stands at a path.
    fn of(entry: &'a Value<'a>, path: &str) -> Self {
        let [config_map, key] = ["name", "key"].map(|field| str_at(entry, &["valueFrom", "configMapKeyRef", field]));
        if !config_map.is_empty() {
            Self::Key(ConfigMapKey { config_map, key: Cow::Borrowed(key), path: Rc::from(path) })
        } else if at(entry, &["valueFrom"]).is_some() {
            Self::Unknown
        } else {
            // an entry without a value is empty
            Self::Text(Cow::Borrowed(str_at(entry, &["value"])))
        }
    }
}

/// A ConfigMap of `envFrom`.
struct Source<'a> {
    index: usize,
    config_map: &'a str,
    prefix: &'a str,
}

/// The names and the variables; none where they are more than are looked at.
pub(crate) type EnvFrom<'a> = Option<(Vec<Cow<'a, str>>, Vec<Variable<'a>>)>;

/// The variables of the `envFrom` of the container at a path, as long as `spend` allows so many more.
pub(crate) fn env_from<'a, 'm>(
    container: &'a Value<'a>,
    path: &str,
    look_up: &mut dyn FnMut(&str, &str) -> Option<Rc<Value<'m>>>,
    spend: &mut dyn FnMut(usize) -> bool,
) -> EnvFrom<'a> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    let Some(sources) = sources(container) else {
        spend(usize::from(u16::MAX));
        return None;
    };
    for Source { index, config_map, prefix } in sources {
        let path = Rc::from(format!("{path}.envFrom[{index}]"));
        let Some(found) = look_up(config_map, &path) else { continue };
        let Some(data) = at(&found, &["data"]).and_then(Value::as_object) else { continue };
        for key in data.keys() {
            if !spend(1) {
                return None;
            }
            names.push(Cow::Owned(format!("{prefix}{key}")));
            let key = Cow::Owned(key.to_owned());
            values.push(Variable::Key(ConfigMapKey { config_map, key, path: Rc::clone(&path) }));
        }
    }
    Some((names, values))
}

/// The `ConfigMap`s of `envFrom`, unless they are too many. One that is named again counts where it is named last.
fn sources<'a>(container: &'a Value<'a>) -> Option<Vec<Source<'a>>> {
    let mut sources: Vec<Source> = Vec::new();
    for (index, source) in list_at(container, &["envFrom"]).iter().enumerate() {
        let config_map = str_at(source, &["configMapRef", "name"]);
        if config_map.is_empty() {
            continue;
        }
        let prefix = str_at(source, &["prefix"]);
        if let Some(known) = sources.iter().position(|known| known.config_map == config_map && known.prefix == prefix) {
            sources.remove(known);
        } else if sources.len() == SOURCES {
            return None;
        }
        sources.push(Source { index, config_map, prefix });
    }
    Some(sources)
}
