//! What a container's mounts put in the places of option files.

use std::rc::Rc;

use crate::{
    config_maps::ConfigMaps,
    json::{Object, Value, at, list_at, str_at},
    mounts::{mount_of, plain_path},
    names::{CONF_VOLUME, INJECTED_VOLUMES},
    object::{by_name, name},
};

/// The key of a ConfigMap.
pub(crate) struct Key<'c> {
    pub(crate) config_map: String,
    pub(crate) name: String,
    object: Rc<Value<'c>>,
}

impl Key<'_> {
    /// What it says; nothing where it is no text.
    pub(crate) fn text(&self) -> &str {
        str_at(&self.object, &["data", &self.name])
    }
}

/// A file of a mount.
pub(crate) enum Content<'c> {
    /// The volume has no such file.
    Nothing,
    Key(Key<'c>),
    /// What cannot be looked at.
    Unseen,
}

/// A place on a volume that is mounted.
pub(crate) struct Place<'v> {
    /// Of the mount.
    pub(super) index: usize,
    volume: Option<&'v Value<'v>>,
    /// The path within the volume; none where a variable is a part of it.
    within: Option<String>,
}

/// The place on a volume that a path, which is plain, is on. The injected files in `conf_dir` are no concern here.
pub(crate) fn place_of<'v>(pod: &'v Value, container: &'v Value, conf_dir: &str, path: &str) -> Option<Place<'v>> {
    let (index, mount) = mount_of(container, path)?;
    let mounted_at = plain_path(str_at(mount, &["mountPath"]));
    if name(mount) == CONF_VOLUME && mounted_at == conf_dir {
        return None;
    }
    let below = path.get(mounted_at.trim_end_matches('/').len()..)?;
    let within = [str_at(mount, &["subPath"]), "/", below].concat();
    let within = plain_path(&within).trim_start_matches('/').to_owned();
    Some(Place {
        index,
        volume: by_name(list_at(pod, &["volumes"]), name(mount)),
        within: str_at(mount, &["subPathExpr"]).is_empty().then_some(within),
    })
}

/// Does a volume hold files that somebody has written into a manifest?
fn is_of_files(volume: &Value) -> bool {
    ["configMap", "secret", "projected", "downwardAPI"].iter().any(|kind| at(volume, &[kind]).is_some())
}

/// Has a pod such a volume of the user's own?
#[inline(never)]
pub(crate) fn has_files(pod: &Value) -> bool {
    list_at(pod, &["volumes"]).iter().any(|volume| !INJECTED_VOLUMES.contains(&name(volume)) && is_of_files(volume))
}

/// The sources of a volume's files: the ConfigMap's name, or none of a Secret and others that are not looked at, and
/// what has the items.
fn sources<'v>(volume: &'v Value<'v>) -> Vec<(Option<&'v str>, &'v Value<'v>)> {
    let mut sources = Vec::new();
    for source in std::iter::once(volume).chain(list_at(volume, &["projected", "sources"])) {
        for kind in ["configMap", "secret", "downwardAPI"] {
            if let Some(items) = at(source, &[kind]) {
                sources.push(((kind == "configMap").then(|| str_at(items, &["name"])), items));
            }
        }
    }
    sources
}

impl Place<'_> {
    /// Is it on a volume that nobody puts option files on, such as that of the data?
    pub(super) fn is_plain(&self) -> bool {
        !self.volume.is_some_and(is_of_files)
    }

    /// The file at the place. Of sources that have a file of one name the last one counts.
    #[inline(never)]
    pub(crate) fn content<'c>(&self, config_maps: &ConfigMaps<'c>) -> Content<'c> {
        let (Some(volume), Some(within), false) = (self.volume, &self.within, self.is_plain()) else {
            return Content::Unseen;
        };
        let mut content = Content::Nothing;
        for (config_map, items) in sources(volume) {
            let listed = list_at(items, &["items"]);
            let key = if listed.is_empty() {
                Some(within.as_str()).filter(|within| !within.contains('/'))
            } else {
                listed.iter().find(|item| str_at(item, &["path"]) == within).map(|item| str_at(item, &["key"]))
            };
            let Some(key) = key else { continue };
            let object = config_map.and_then(|name| config_maps.get(name));
            let has = |field| object.as_ref().is_some_and(|object| at(object, &[field, key]).is_some());
            if object.is_none() || has("binaryData") {
                content = Content::Unseen;
            } else if let (Some(object), Some(config_map), true) = (&object, config_map, has("data")) {
                let (config_map, key) = (config_map.to_owned(), key.to_owned());
                content = Content::Key(Key { config_map, name: key, object: Rc::clone(object) });
            }
        }
        content
    }

    /// The names of the files right below the place, and whether there may be others.
    #[inline(never)]
    pub(super) fn list(&self, config_maps: &ConfigMaps, push: &mut dyn FnMut(&str)) -> bool {
        let (Some(volume), Some(within)) = (self.volume, &self.within) else { return true };
        let mut is_unseen = self.is_plain();
        for (config_map, items) in sources(volume) {
            let listed = list_at(items, &["items"]);
            for item in listed {
                let path = str_at(item, &["path"]);
                let below = if within.is_empty() { Some(path) } else { path.strip_prefix(within.as_str()) };
                push(below.unwrap_or_default().trim_start_matches('/'));
            }
            if listed.is_empty() && within.is_empty() {
                match config_map.and_then(|name| config_maps.get(name)) {
                    Some(object) => {
                        let data = at(&object, &["data"]).and_then(Value::as_object);
                        data.into_iter().flat_map(Object::keys).for_each(&mut *push);
                    }
                    None => is_unseen = true,
                }
            }
        }
        is_unseen
    }
}
