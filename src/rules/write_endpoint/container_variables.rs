//! The variables of a container, as far as they are known.

use std::{borrow::Cow, rc::Rc};

use crate::name_index::NameIndex;

/// What is known of a container's variable.
pub(super) enum Variable<'a> {
    Text(Cow<'a, str>),
    /// A key of a ConfigMap, which is only looked up for a name that says write.
    Key(ConfigMapKey<'a>),
    Unknown,
}

/// A key of a ConfigMap, and where the container names it.
#[derive(Clone)]
pub(super) struct ConfigMapKey<'a> {
    pub(super) config_map: &'a str,
    pub(super) key: Cow<'a, str>,
    pub(super) path: Rc<str>,
}

/// The variables of a container: those of `envFrom`, then those of `env`.
pub(super) struct ContainerVariables<'a> {
    pub(super) names: NameIndex<'a>,
    /// Those of `envFrom`, and those of `env` that were looked at.
    pub(super) values: Vec<Variable<'a>>,
    /// So many are from `envFrom`.
    pub(super) from: usize,
}

/// Which variables a reference sees, of those that were looked at.
#[derive(Clone, Copy)]
pub(super) enum Sight {
    /// Those of `env`: an entry sees the entries before it (Kubernetes' API reference, `EnvVar`).
    Env,
    /// All of them, as `command` and `args` do.
    All,
}

impl<'a> ContainerVariables<'a> {
    /// The last variable of a name that is seen.
    pub(super) fn get(&self, name: &str, sight: Sight) -> Option<&Variable<'a>> {
        let first = match sight {
            Sight::Env => self.from,
            Sight::All => 0,
        };
        self.names.last(name, first..self.values.len()).map(|place| &self.values[place])
    }

    /// Does an entry of `env` count? Kubernetes takes the last of a name.
    pub(super) fn is_effective(&self, index: usize) -> bool {
        self.names.is_effective(self.from + index)
    }
}
