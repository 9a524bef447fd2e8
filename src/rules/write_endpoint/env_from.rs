//! The variables that a container takes from whole `ConfigMap`s.

use std::{borrow::Cow, rc::Rc};

use super::{
    check::Check,
    container_variables::{ConfigMapKey, Variable},
    effort::Work,
};
use crate::json::{Value, at, list_at, str_at};

/// So many sources of `envFrom` are looked at in one container, one that is named again not counted.
pub(super) const SOURCES: usize = 32;

/// A ConfigMap of `envFrom`.
struct Source<'a> {
    index: usize,
    config_map: &'a str,
    prefix: &'a str,
}

/// The names and the variables; none where they are more than are looked at.
pub(super) type EnvFrom<'a> = Option<(Vec<Cow<'a, str>>, Vec<Variable<'a>>)>;

/// The variables of a container's `envFrom`.
pub(super) fn env_from<'a>(check: &mut Check<'a, '_, '_>, container: &'a Value<'a>, path: &str) -> EnvFrom<'a> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    let Some(sources) = sources(container) else {
        check.effort.spend(Work::Variables, Work::Variables.limit() + 1);
        return None;
    };
    for Source { index, config_map, prefix } in sources {
        let path = Rc::from(format!("{path}.envFrom[{index}]"));
        let Some(found) = check.addresses.look_ups.config_map(config_map, &path) else { continue };
        let Some(data) = at(&found, &["data"]).and_then(Value::as_object) else { continue };
        for key in data.keys() {
            if !check.effort.spend(Work::Variables, 1) {
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
