//! The controller's loop: pods in order, and names for those that are Ready.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{Seek, Write},
    thread,
    time::Duration,
};

use crate::{
    pod::{Order, Pod, Stage},
    rollout::Seen,
    volume::directory,
};

use super::{
    Cluster, HOSTS, State,
    claims::{Fate, mount},
};

impl Cluster {
    pub(super) fn control(&self) {
        loop {
            {
                let mut state = self.lock();
                if let Err(error) = self.reconcile(&mut state) {
                    state.error.get_or_insert(error);
                }
                state.gone = state.stopped && state.pods.is_empty();
                if state.gone {
                    return;
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// One step of the controller, with `podManagementPolicy: OrderedReady`.
    fn reconcile(&self, state: &mut State) -> Result<(), String> {
        for ordinal in state.pods.keys().copied().collect::<Vec<_>>() {
            if state.pods[&ordinal].status().stage == Stage::Gone {
                state.pods.remove(&ordinal);
                match state.claims.remove(&ordinal) {
                    Some(Fate::Removed) => self.remove_claims(ordinal)?,
                    Some(Fate::Kept) => self.keep_claims(ordinal)?,
                    None => {}
                }
            }
        }
        self.publish_names(state)?;
        let seen: Vec<Seen> = state.pods.values().map(Pod::seen).collect();
        state.rollout.observe(&seen);
        if state.stopped {
            for pod in state.pods.values() {
                pod.delete(true);
            }
            return Ok(());
        }
        for ordinal in 0..state.replicas {
            match state.pods.get(&ordinal) {
                None => {
                    let order = self.order(state, ordinal)?;
                    let is_held = state.held.remove(&ordinal) || order.late.is_some();
                    let pod = Pod::start(order, is_held);
                    state.pods.insert(ordinal, pod);
                    return Ok(());
                }
                Some(pod) if pod.is_being_deleted() || !pod.status().ready => return Ok(()),
                Some(_) => {}
            }
        }
        if let Some((ordinal, pod)) = state.pods.last_key_value()
            && *ordinal >= state.replicas
        {
            pod.delete(false);
        } else if let Some(ordinal) = state.rollout.next(&seen) {
            state.pods[&ordinal].delete(false);
        }
        Ok(())
    }

    fn order(&self, state: &mut State, ordinal: usize) -> Result<Order, String> {
        let name = self.pod_name(ordinal);
        let address = state.next_address;
        // a pod that is made anew has another address, as in a cluster; after 240 pods they come again
        state.next_address = if address == 250 { 10 } else { address + 1 };
        let mut claims = BTreeMap::new();
        for template in &self.set.spec.volume_claim_templates {
            let path = self.claim(&template.metadata.name, ordinal);
            if !path.exists() {
                directory(&path, 0o755)
                    .map_err(|error| error.to_string())
                    .and_then(|()| self.claim.map_or(Ok(()), |megabytes| mount(&path, megabytes)))
                    // what a new file system has of itself
                    .and_then(|()| directory(&path.join("lost+found"), 0o700).map_err(|error| error.to_string()))
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
            claims.insert(template.metadata.name.clone(), path);
        }
        let revision = state.rollout.of_new_pod(ordinal);
        Ok(Order {
            sandbox: format!("{}-{ordinal}", self.network),
            namespace: self.set.metadata.namespace.clone(),
            network: self.network.clone(),
            address: self.addresses.at(address),
            spec: state.templates.get(&ordinal).unwrap_or(&revision.spec).clone(),
            revision: revision.number,
            late: state.late.remove(&ordinal),
            claims,
            objects: state.objects.clone().into(),
            place: self.place.run.join("pods").join(format!("{name}-{address}")),
            hosts: self.place.run.join("hosts"),
            resolver: self.place.run.join("resolv.conf"),
            logs: self.place.logs.join(&name),
            settings: self.place.settings.clone(),
            name,
        })
    }

    /// The headless Service: a name for each pod that is Ready, and for no other unless it publishes all.
    fn publish_names(&self, state: &mut State) -> Result<(), String> {
        let (service, namespace) = (&self.set.spec.service_name, &self.set.metadata.namespace);
        let mut text = HOSTS.to_owned();
        for pod in
            state.pods.values().filter(|pod| (state.publishes_all || pod.status().ready) && !pod.is_being_deleted())
        {
            let name = format!("{}.{service}", pod.order.name);
            let address = &pod.order.address;
            // writing to a string cannot fail
            let _ = writeln!(text, "{address} {name}.{namespace}.svc.cluster.local {name}.{namespace} {name}");
        }
        if text != state.published {
            // in place, since the pods have this very file; in one piece, padded so that nothing old is left behind
            let width = state.published.len();
            let padded = format!("{text:\n<width$}");
            fs::OpenOptions::new()
                .write(true)
                .open(self.place.run.join("hosts"))
                .and_then(|mut file| {
                    file.rewind()?;
                    file.write_all(padded.as_bytes())?;
                    file.set_len(text.len() as u64)
                })
                .map_err(|error| format!("hosts: {error}"))?;
            state.published = text;
        }
        Ok(())
    }
}
