//! The storage: a directory of the host for each claim, which stays when its pod goes.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::command::{command, run};

use super::{Cluster, remove_tree};

/// What becomes of the claims of a pod that is gone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Removed,
    /// Put aside, so that the next pod finds an empty one.
    Kept,
}

impl Cluster {
    pub(super) fn claim(&self, template: &str, ordinal: usize) -> PathBuf {
        self.place.run.join("claims").join(format!("{template}-{}", self.pod_name(ordinal)))
    }

    pub(super) fn keep_claims(&self, ordinal: usize) -> Result<(), String> {
        let kept = self.place.run.join("kept");
        fs::create_dir_all(&kept).map_err(|error| error.to_string())?;
        for template in &self.set.spec.volume_claim_templates {
            let claim = self.claim(&template.metadata.name, ordinal);
            fs::rename(&claim, kept.join(claim.file_name().unwrap_or_default())).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    pub(super) fn remove_claims(&self, ordinal: usize) -> Result<(), String> {
        for template in &self.set.spec.volume_claim_templates {
            remove_tree(&self.claim(&template.metadata.name, ordinal))?;
        }
        Ok(())
    }

    /// The directory of the host that a pod has at its data directory.
    pub(crate) fn data_dir(&self, ordinal: usize) -> PathBuf {
        let mount =
            self.set.spec.template.spec.containers[0].volume_mounts.iter().find(|mount| mount.path == "/var/lib/mysql");
        mount.map_or_else(PathBuf::new, |mount| self.claim(&mount.name, ordinal).join(&mount.sub_path))
    }

    /// Gives a pod that is not there yet a claim of limited size. It can grow later.
    pub(crate) fn limit_claim(&self, ordinal: usize, megabytes: u32) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        fs::create_dir_all(&claim).map_err(|error| error.to_string())?;
        mount(&claim, megabytes)
    }

    pub(crate) fn enlarge_claim(&self, ordinal: usize, megabytes: u32) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        resize(&claim, &format!("{megabytes}m"))
    }

    /// Leaves a claim that is a file system of its own no room but for some kilobytes.
    pub(crate) fn fill_claim(&self, ordinal: usize) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        if !claim.exists() {
            return Err(format!("there is no claim {}", claim.display()));
        }
        let used = run(command("df").args(["--output=used", "--block-size=1K"]).arg(&claim))?;
        let used: u64 = used.lines().last().and_then(|line| line.trim().parse().ok()).ok_or("df gives no number")?;
        resize(&claim, &format!("{}k", used + 32))
    }

    /// Gives it its size again. One that was made anew has it.
    pub(crate) fn free_claim(&self, ordinal: usize) -> Result<(), String> {
        let claim = self.claim(&self.set.spec.volume_claim_templates[0].metadata.name, ordinal);
        match self.claim {
            Some(megabytes) if claim.exists() => resize(&claim, &format!("{megabytes}m")),
            _ => Ok(()),
        }
    }

    /// Deletes a pod's claims, which go with the pod, and the pod.
    pub(crate) fn delete_claim_and_pod(&self, ordinal: usize) -> Result<(), String> {
        let mut state = self.lock();
        if let Some(pod) = state.pods.get(&ordinal) {
            let pod = pod.clone();
            state.claims.insert(ordinal, Fate::Removed);
            pod.delete(false);
            return Ok(());
        }
        drop(state);
        self.remove_claims(ordinal)
    }

    /// Has the next pod of this ordinal begin with empty claims; what was in them comes back with
    /// [`Self::give_claim_back`].
    pub(crate) fn take_claim_and_delete_pod(&self, ordinal: usize) {
        let mut state = self.lock();
        state.claims.insert(ordinal, Fate::Kept);
        if let Some(pod) = state.pods.get(&ordinal) {
            pod.delete(false);
        }
    }

    pub(crate) fn give_claim_back(&self, ordinal: usize) -> Result<(), String> {
        let data = self.data_dir(ordinal);
        let within = data.strip_prefix(self.place.run.join("claims")).map_err(|error| error.to_string())?;
        // over the directory there, in one step: it must be empty still
        fs::rename(self.place.run.join("kept").join(within), &data)
            .map_err(|error| format!("{}: {error}", data.display()))
    }
}

/// A file system of limited size.
pub(super) fn mount(path: &Path, megabytes: u32) -> Result<(), String> {
    let options = format!("size={megabytes}m,mode=755");
    run(command("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path)).map(drop)
}

fn resize(path: &Path, size: &str) -> Result<(), String> {
    run(command("mount").args(["-o", &format!("remount,size={size}")]).arg(path)).map(drop)
}
