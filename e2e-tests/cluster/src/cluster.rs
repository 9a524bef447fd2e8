//! The cluster: its namespaces, what it has, and what many steps ask it.

use std::{
    fmt::Write,
    fs,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    kubectl::Kubectl,
    object::{as_it_runs, is_injected, is_rolled_out, items, missing_image, name},
    outcome::{Result, Stop, ensure},
    server::Server,
    wait::until,
};

/// What every namespace of this program begins with.
const NAMESPACE: &str = "mysql-replication-e2e";
/// A label of every one.
const OURS: &str = "mysql-replication-e2e=true";
/// How long the API server may take to know what it was told: changed webhooks, a quota, a namespace.
pub(crate) const SOON: Duration = Duration::from_mins(1);
/// How long a policy server may take to load the policies, with a compiler in it.
const SERVER: Duration = Duration::from_mins(4);
/// How long an image may take to arrive, after the first pull that failed.
const PULL: Duration = Duration::from_mins(3);

/// The StatefulSet by which it is found out whether the policy is asked.
const PROBE: &str = "--namespace=default --filename=examples/statefulset.yaml";

/// A cluster, and who answers its API server.
#[derive(Debug)]
pub(crate) struct Cluster<'a> {
    pub(crate) kubectl: Kubectl<'a>,
    pub(crate) server: Server,
    root: &'a Path,
    namespaces: Mutex<Vec<String>>,
}

impl<'a> Cluster<'a> {
    pub(crate) fn new(root: &'a Path, server: Server) -> Self {
        Self { kubectl: Kubectl::new(root), server, root, namespaces: Mutex::default() }
    }

    /// Takes away what this run or an earlier one has made.
    pub(crate) fn clear(&self) -> Result<()> {
        let found = self.kubectl.json(&format!("get namespaces --selector={OURS}"))?;
        for namespace in items(&found) {
            // a database has minutes to stop, and the namespace's controller would sleep through them
            let all = "delete statefulsets,deployments,pods --all --grace-period=1 --wait=false";
            self.kubectl.run(&format!("{all} --namespace={}", name(namespace)))?;
        }
        let limit = Duration::from_mins(5);
        self.kubectl.try_with(&format!("delete namespaces --selector={OURS} --timeout=4m"), &[], None, limit)?;
        self.known().clear();
        Ok(())
    }

    /// The namespaces that were made.
    fn known(&self) -> MutexGuard<'_, Vec<String>> {
        self.namespaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A namespace whose pods run.
    pub(crate) fn namespace(&self, part: &str) -> Result {
        self.labelled(format!("{NAMESPACE}-{part}"), &json!({}))
    }

    /// A namespace of a name that an example has, with labels of its own.
    pub(crate) fn labelled(&self, name: String, more: &Value) -> Result {
        let mut labels = more.clone();
        labels["mysql-replication-e2e"] = json!("true");
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": labels},
        });
        self.create(&object)?;
        self.known().push(name.clone());
        Ok(name)
    }

    /// A namespace for objects alone: a quota keeps their pods from being made, for nothing is to be seen on these.
    pub(crate) fn namespace_without_pods(&self, name: &str) -> Result {
        let namespace = self.namespace(name)?;
        let quota = json!({
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-pods", "namespace": namespace},
            "spec": {"hard": {"pods": "0"}},
        });
        self.create(&quota)?;
        if self.has_controllers()? {
            // it is kept from the moment on when its controller has seen it
            until(SOON, "the quota", || {
                let quota = self.kubectl.json(&format!("get resourcequota no-pods --namespace={namespace}"))?;
                Ok((quota["status"]["hard"]["pods"] == "0").then_some(()))
            })?;
        }
        Ok(namespace)
    }

    /// Creates an object that is made here.
    pub(crate) fn create(&self, object: &Value) -> Result<()> {
        self.kubectl.run_with("create --filename=-", &[], Some(&object.to_string()))?;
        Ok(())
    }

    /// Is there a controller manager? It gives each namespace the certificates of the cluster.
    pub(crate) fn has_controllers(&self) -> Result<bool> {
        let maps = self.kubectl.json("get configmaps --namespace=default")?;
        Ok(items(&maps).iter().any(|map| map["metadata"]["name"] == "kube-root-ca.crt"))
    }

    /// Ends the step where no pod could run with a volume.
    pub(crate) fn needs_nodes(&self) -> Result<()> {
        let nodes = self.kubectl.json("get nodes")?;
        let is_ready = |node: &&Value| {
            let conditions = node["status"]["conditions"].as_array().into_iter().flatten();
            conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        };
        if !items(&nodes).iter().any(is_ready) {
            return Err(Stop::Skip("the cluster has no node that is Ready".to_owned()));
        }
        let classes = self.kubectl.json("get storageclasses")?;
        let is_default =
            |class: &&Value| class["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true";
        if !items(&classes).iter().any(is_default) {
            return Err(Stop::Skip("the cluster has no default StorageClass for the databases' volumes".to_owned()));
        }
        Ok(())
    }

    /// Waits until an annotated StatefulSet comes back injected from a dry run.
    pub(crate) fn until_asked(&self) -> Result<()> {
        until(SERVER, "the policy to answer the API server", || {
            let words = format!("create --dry-run=server --output=json {PROBE}");
            let output = self.kubectl.try_with(&words, &[], None, SOON)?;
            let object: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
            Ok((output.succeeded() && is_injected(&object)).then_some(()))
        })
    }

    /// Waits until it comes back as it is: nobody is asked.
    pub(crate) fn until_unasked(&self) -> Result<()> {
        until(SOON, "the API server to ask nobody", || {
            let object = self.kubectl.json(&format!("create --dry-run=server {PROBE}"));
            Ok(object.is_ok_and(|object| !is_injected(&object)).then_some(()))
        })
    }

    /// Waits until it is refused, since the policy server does not answer; gives what is said.
    pub(crate) fn until_refused(&self) -> Result {
        until(SERVER, "the policy server to be away", || {
            let output = self.kubectl.try_with(&format!("create --dry-run=server {PROBE}"), &[], None, SOON)?;
            Ok((!output.succeeded() && output.stderr.contains("failed calling webhook")).then_some(output.stderr))
        })
    }

    /// A StatefulSet as it is stored.
    pub(crate) fn set(&self, namespace: &str, name: &str) -> Result<Value> {
        Ok(self.kubectl.json(&format!("get statefulset {name} --namespace={namespace}"))?)
    }

    /// Does something, after which a StatefulSet must be what it was: generation and pod template.
    pub(crate) fn changes_nothing<T>(
        &self,
        namespace: &str,
        name: &str,
        what: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let before = self.set(namespace, name)?;
        let result = what()?;
        let after = self.set(namespace, name)?;
        let (old, new) = (as_it_runs(&before), as_it_runs(&after));
        ensure(old == new, || {
            let is_same = old.1 == new.1;
            format!("generation {:?} became {:?}, the pod template is the same: {is_same}", old.0, new.0)
        })?;
        Ok(result)
    }

    /// Waits until all pods of a StatefulSet are as it says, and Ready.
    pub(crate) fn rolled_out(&self, namespace: &str, name: &str, limit: Duration) -> Result<Value> {
        let mut since = None;
        until(limit, &format!("the pods of {name} in {namespace}"), || {
            let set = self.set(namespace, name)?;
            if is_rolled_out(&set) {
                return Ok(Some(set));
            }
            let pods = self.kubectl.json(&format!("get pods --namespace={namespace}"))?;
            match missing_image(&pods) {
                None => since = None,
                Some(image) => {
                    let since = since.get_or_insert_with(Instant::now);
                    if since.elapsed() > PULL {
                        return Err(Stop::Skip(format!("the image {image} is not to be had")));
                    }
                }
            }
            Ok(None)
        })
    }

    /// Keeps what a person would look at after a failure; gives the folder.
    pub(crate) fn diagnose(&self) -> String {
        let folder = "target/e2e-cluster";
        // what cannot be kept is not worth a second failure
        let _ = fs::create_dir_all(self.root.join(folder));
        for namespace in self.known().clone() {
            let mut text = String::new();
            let mut keep = |words: &str| {
                let words = format!("{words} --namespace={namespace}");
                if let Ok(output) = self.kubectl.try_with(&words, &[], None, SOON) {
                    // writing to a string cannot fail
                    let _ = writeln!(text, "$ kubectl {words}\n{}{}", output.stdout, output.stderr);
                }
            };
            keep("get statefulsets,services,persistentvolumeclaims,pods --output=wide");
            keep("get events --sort-by=.lastTimestamp");
            keep("describe pods");
            let pods = self.kubectl.json(&format!("get pods --namespace={namespace}")).unwrap_or_default();
            for pod in items(&pods) {
                keep(&format!("logs {} --all-containers --prefix --tail=200", name(pod)));
            }
            let _ = fs::write(self.root.join(folder).join(format!("{namespace}.log")), text);
        }
        folder.to_owned()
    }
}
