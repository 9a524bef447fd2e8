//! Where in a container volumes are mounted, and which mount a path is on.

use std::borrow::Cow;

use crate::{
    json::{Value, list_at, str_at},
    names::{CONF_DIR, CONF_VOLUME},
    object::name,
};

/// So many option files a container mounts itself at most: each is mounted again, and asked for in the cluster.
pub(crate) const OPTION_FILES: usize = 32;

/// The mounts of the database container in the places where the images' servers read option files. One above the
/// injected folder hides that, and is a rule's business.
pub(crate) fn mounted_option_files<'v, 'a>(container: &'v Value<'a>) -> impl Iterator<Item = &'v Value<'a>> {
    const PLACES: [&str; 3] = ["/etc/mysql", "/etc/my.cnf.d", "/etc/my.cnf"];
    list_at(container, &["volumeMounts"]).iter().filter(|mount| {
        // once for all places
        let path = plain_path(str_at(mount, &["mountPath"]));
        name(mount) != CONF_VOLUME && PLACES.iter().any(|place| holds(place, &path)) && !holds(&path, CONF_DIR)
    })
}

/// The mount that holds a file or directory: the deepest one at or above it.
pub(crate) fn mount_of<'v, 'a>(container: &'v Value<'a>, path: &str) -> Option<(usize, &'v Value<'a>)> {
    list_at(container, &["volumeMounts"])
        .iter()
        .enumerate()
        .filter(|(_, mount)| holds(str_at(mount, &["mountPath"]), path))
        .max_by_key(|(_, mount)| str_at(mount, &["mountPath"]).trim_end_matches('/').len())
}

/// Is `path` the directory `mount_path` or below it?
pub(crate) fn holds(mount_path: &str, path: &str) -> bool {
    let (mount_path, path) = (plain_path(mount_path), plain_path(path));
    let rest = path.strip_prefix(mount_path.trim_end_matches('/'));
    !mount_path.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path in a container, absolute and without detours, as the kubelet and the runtime take it (kubelet's
/// `MakeAbsolutePath`; the runtime cleans the path of a mount). What is empty stays empty.
pub(crate) fn plain_path(path: &str) -> Cow<'_, str> {
    let is_plain = |part: &str| !["", ".", ".."].contains(&part);
    if path.is_empty() || path.strip_prefix('/').is_some_and(|rest| rest.is_empty() || rest.split('/').all(is_plain)) {
        return Cow::Borrowed(path);
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Cow::Owned(format!("/{}", parts.join("/")))
}
