//! What a run leaves behind, taken away: directories with what is mounted in them, pods, networks.

use std::{fs, path::Path};

use crate::command::{LIMIT, command, output, podman, run};

use super::PREFIX;

/// Removes a directory; file systems that are mounted in it are unmounted first.
pub(crate) fn remove_tree(path: &Path) -> Result<(), String> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    for mount in mounts.lines().rev().filter_map(|line| line.split(' ').nth(1)) {
        if Path::new(mount).starts_with(path) {
            run(command("umount").arg("--lazy").arg(mount))?;
        }
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", path.display())),
        _ => Ok(()),
    }
}

/// Takes away pods and networks that an earlier run, or this one, has left.
pub(crate) fn sweep(settings: &Path) -> Result<(), String> {
    let names = |kind: &[&str], format: &str| -> Result<Vec<String>, String> {
        let filter = format!("name=^{PREFIX}-");
        let text = run(podman(settings).args(kind).args(["--filter", &filter, "--format", format]))?;
        Ok(text.lines().filter(|name| name.starts_with(PREFIX)).map(str::to_owned).collect())
    };
    for pod in names(&["pod", "ps"], "{{.Name}}")? {
        // the exit status of the last one tells whether there is anything left
        let _ = output(podman(settings).args(["pod", "rm", "--force", "--time", "0", &pod]), None, LIMIT);
    }
    for network in names(&["network", "ls"], "{{.Name}}")? {
        run(podman(settings).args(["network", "rm", "--force", &network]))?;
    }
    Ok(())
}
