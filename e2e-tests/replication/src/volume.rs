//! A pod's volumes as directories of the host, with the owners and modes that the kubelet gives them.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
    path::{Path, PathBuf},
};

use crate::object::{Mount, Objects, PodSpec, Volume};

/// Makes the directories of all volumes of a pod; the claims exist already. `place` is the pod's own directory.
pub(crate) fn prepare(
    spec: &PodSpec,
    claims: &BTreeMap<String, PathBuf>,
    place: &Path,
    objects: &Objects,
) -> Result<BTreeMap<String, PathBuf>, String> {
    let group = spec.security_context.fs_group;
    let mut all = claims.clone();
    for volume in &spec.volumes {
        let path = place.join(&volume.name);
        make(volume, &path, objects).map_err(|error| format!("volume {}: {error}", volume.name))?;
        all.insert(volume.name.clone(), path);
    }
    if let Some(group) = group {
        for (name, path) in &all {
            let read_only = spec.volumes.iter().any(|it| it.name == *name && it.empty_dir.is_none());
            give_to_group(path, group, read_only).map_err(|error| format!("fsGroup of volume {name}: {error}"))?;
        }
    }
    Ok(all)
}

fn make(volume: &Volume, path: &Path, objects: &Objects) -> Result<(), String> {
    let missing = |kind: &str, name: &str| format!("there is no {kind} {name}");
    match (&volume.empty_dir, &volume.config_map, &volume.secret) {
        (Some(_), None, None) => directory(path, 0o777).map_err(|error| error.to_string()),
        (None, Some(source), None) => match objects.config_maps.get(&source.name) {
            Some(keys) => files(path, keys, source.default_mode).map_err(|error| error.to_string()),
            None if source.optional => files(path, &BTreeMap::new(), None).map_err(|error| error.to_string()),
            None => Err(missing("ConfigMap", &source.name)),
        },
        (None, None, Some(source)) => match objects.secrets.get(&source.secret_name) {
            Some(keys) => files(path, &source.files(keys), source.default_mode).map_err(|error| error.to_string()),
            None if source.optional => files(path, &BTreeMap::new(), None).map_err(|error| error.to_string()),
            None => Err(missing("Secret", &source.secret_name)),
        },
        _ => Err("a volume of this kind is not played".to_owned()),
    }
}

/// A directory with exactly this mode, whatever the umask.
pub(crate) fn directory(path: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Keys as files: behind two links each, as the kubelet puts them there, so that an update changes all of them at once.
fn files(path: &Path, keys: &BTreeMap<String, String>, mode: Option<u32>) -> io::Result<()> {
    directory(path, 0o777)?;
    for key in keys.keys() {
        symlink(Path::new("..data").join(key), path.join(key))?;
    }
    change(path, keys, mode)
}

/// Puts other content into the files of a volume.
fn change(path: &Path, keys: &BTreeMap<String, String>, mode: Option<u32>) -> io::Result<()> {
    let before = fs::read_dir(path)?.count();
    let content = path.join(format!("..2026_01_01_00_00_00.{before:09}"));
    directory(&content, 0o755)?;
    for (key, value) in keys {
        let file = content.join(key);
        fs::write(&file, value)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(mode.unwrap_or(0o644)))?;
    }
    let next = path.join("..data_tmp");
    symlink(content.file_name().unwrap_or_default(), &next)?;
    fs::rename(next, path.join("..data"))
}

/// What the kubelet does a while after a Secret has changed: its files in a running pod change. `place` is the pod's
/// own directory.
pub(crate) fn refresh_secrets(spec: &PodSpec, place: &Path, objects: &Objects) -> Result<(), String> {
    for volume in &spec.volumes {
        let Some(source) = &volume.secret else { continue };
        let Some(keys) = objects.secrets.get(&source.secret_name) else { continue };
        change(&place.join(&volume.name), &source.files(keys), source.default_mode)
            .map_err(|error| format!("volume {}: {error}", volume.name))?;
    }
    Ok(())
}

/// What `fsGroup` does to a volume each time that it is mounted.
fn give_to_group(path: &Path, group: u32, read_only: bool) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    lchown(path, None, Some(group))?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mut mode = metadata.mode() & 0o7777 | if read_only { 0o440 } else { 0o660 };
    if metadata.is_dir() {
        mode |= 0o2110;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            give_to_group(&entry?.path(), group, read_only)?;
        }
    }
    Ok(())
}

/// Where on the host a mount leads. A sub-path that is not there is made with the mode of its volume.
pub(crate) fn source(mount: &Mount, volumes: &BTreeMap<String, PathBuf>) -> Result<PathBuf, String> {
    let volume = volumes.get(&mount.name).ok_or_else(|| format!("there is no volume {}", mount.name))?;
    if mount.sub_path.is_empty() {
        return Ok(volume.clone());
    }
    let path = volume.join(&mount.sub_path);
    if !path.exists() {
        let metadata = fs::metadata(volume).map_err(|error| error.to_string())?;
        directory(&path, metadata.mode() & 0o7777)
            .and_then(|()| {
                // a directory with the setgid bit hands its group down
                if metadata.mode() & 0o2000 == 0 { Ok(()) } else { chown(&path, None, Some(metadata.gid())) }
            })
            .map_err(|error| format!("sub-path {}: {error}", path.display()))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt};

    #[test]
    fn keys_are_files_behind_links() {
        let place = std::env::temp_dir().join(format!("e2e-replication-volume-{}", std::process::id()));
        let keys = BTreeMap::from([("slave.cnf".to_owned(), "[mysqld]\n".to_owned())]);
        super::files(&place, &keys, Some(0o400)).expect("a volume");
        let file = place.join("slave.cnf");
        assert!(file.is_symlink());
        assert_eq!(fs::read_to_string(&file).expect("a file"), "[mysqld]\n");
        assert_eq!(fs::metadata(&file).expect("a file").mode() & 0o777, 0o400);
        fs::remove_dir_all(place).expect("cleaning up");
    }
}
