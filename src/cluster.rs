//! Look-ups in the cluster, through the policy server's host capabilities.
//!
//! The SDK's own functions for this are tied to the types of `k8s-openapi`; here objects stay raw, cut down by field
//! masks to what a rule reads.

use std::cell::OnceCell;

use crate::{
    json::{Value, read, read_at_most, write_str},
    names::may_be_ours,
    object::is_opaque,
};

/// The policy server's capability `kubernetes`.
pub trait Host {
    /// Calls an operation (`get_resource`, `list_resources_by_namespace`) with its request, as JSON.
    ///
    /// # Errors
    /// The host's text, where the operation fails, is not permitted, or finds nothing.
    fn call(&self, operation: &str, request: &[u8]) -> Result<Vec<u8>, String>;
}

/// Functions are hosts, which suits tests.
impl<F: Fn(&str, &[u8]) -> Result<Vec<u8>, String>> Host for F {
    fn call(&self, operation: &str, request: &[u8]) -> Result<Vec<u8>, String> {
        self(operation, request)
    }
}

/// The policy server under which this module runs.
pub(crate) fn policy_server(operation: &str, request: &[u8]) -> Result<Vec<u8>, String> {
    #[cfg(target_arch = "wasm32")]
    return kubewarden_policy_sdk::wapc_guest::host_call("kubewarden", "kubernetes", operation, request)
        .map_err(|error| error.to_string());
    // outside of WebAssembly nobody provides the function that this calls
    #[cfg(not(target_arch = "wasm32"))]
    Err(format!("there is no host for {operation} ({} bytes)", request.len()))
}

/// A kind of object that the policy looks up, with the fields that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Service,
    ConfigMap,
    StatefulSet,
    /// A StatefulSet, with what its servers are told beside option files, by programs too, and where they keep files.
    Reader,
    /// A StatefulSet, with what tells whether it is a database that nobody replicates.
    Database,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Service => "Service",
            Self::ConfigMap => "ConfigMap",
            Self::StatefulSet | Self::Reader | Self::Database => "StatefulSet",
        }
    }

    /// What every request for a kind says, as JSON. One mask for every look-up of a kind: the host keeps what it lists
    /// by its mask.
    fn query(self) -> &'static str {
        match self {
            Self::Service => {
                concat!(
                    r#""api_version":"v1","kind":"Service","field_masks":["metadata.name","metadata.annotations","#,
                    r#""metadata.labels","spec.clusterIP","spec.externalName","spec.ports","#,
                    r#""spec.publishNotReadyAddresses","spec.selector","spec.type"]"#,
                )
            }
            Self::ConfigMap => {
                concat!(
                    r#""api_version":"v1","kind":"ConfigMap","field_masks":["metadata.name","metadata.annotations","#,
                    r#""data","binaryData"]"#,
                )
            }
            Self::StatefulSet => {
                concat!(
                    r#""api_version":"apps/v1","kind":"StatefulSet","field_masks":["metadata.name","#,
                    r#""metadata.annotations","spec.replicas","spec.serviceName","spec.template.metadata.labels","#,
                    r#""spec.template.spec.containers.name","spec.template.spec.containers.image"]"#,
                )
            }
            Self::Reader => {
                concat!(
                    r#""api_version":"apps/v1","kind":"StatefulSet","field_masks":["metadata.name","#,
                    r#""metadata.annotations","spec.replicas","spec.template.spec.containers.name","#,
                    r#""spec.template.spec.containers.image","spec.template.spec.containers.command","#,
                    r#""spec.template.spec.containers.args","spec.template.spec.containers.env","#,
                    r#""spec.template.spec.containers.volumeMounts","spec.volumeClaimTemplates.metadata.name","#,
                    r#""spec.template.spec.containers.envFrom","spec.template.spec.volumes","#,
                    r#""spec.template.spec.containers.lifecycle","#,
                    r#""spec.template.spec.containers.startupProbe.exec","#,
                    r#""spec.template.spec.containers.livenessProbe.exec","#,
                    r#""spec.template.spec.containers.readinessProbe.exec","#,
                    r#""spec.template.spec.containers.securityContext.runAsUser","#,
                    r#""spec.template.spec.securityContext.runAsUser"]"#,
                )
            }
            Self::Database => {
                concat!(
                    r#""api_version":"apps/v1","kind":"StatefulSet","field_masks":["metadata.name","#,
                    r#""metadata.annotations","metadata.ownerReferences","spec.replicas","spec.serviceName","#,
                    r#""spec.template.metadata.labels","spec.template.spec.containers.name","#,
                    r#""spec.template.spec.containers.image","spec.template.spec.containers.command","#,
                    r#""spec.template.spec.containers.args","spec.template.spec.containers.env.name","#,
                    r#""spec.template.spec.containers.ports.containerPort","#,
                    r#""spec.template.spec.containers.lifecycle","spec.template.spec.initContainers.name","#,
                    r#""spec.template.spec.initContainers.image","spec.template.spec.initContainers.command","#,
                    r#""spec.template.spec.initContainers.args","spec.template.spec.initContainers.env.name","#,
                    r#""spec.template.spec.initContainers.ports.containerPort","#,
                    r#""spec.template.spec.initContainers.lifecycle","spec.template.spec.volumes.name","#,
                    r#""spec.template.spec.volumes.configMap.name"]"#,
                )
            }
        }
    }
}

/// Of the labels and annotations of what is looked up few are read.
fn is_opaque_in_object(depth: usize, key: &str) -> bool {
    is_opaque(depth, key) || (depth == 1 && matches!(key, "labels" | "annotations"))
}

/// Of what is listed few objects are read.
fn is_opaque_in_list(depth: usize, key: &str) -> bool {
    match depth {
        0 => key != "items",
        2 => key != "metadata",
        3 => key != "name",
        _ => false,
    }
}

/// Reads what was left of an object, but for its labels; annotations only where one may be this policy's.
fn read_rest(object: &mut Value) -> serde_json::Result<()> {
    let Some(object) = object.as_object_mut() else { return Ok(()) };
    if let Some(spec) = object.get_mut("spec")
        && let Value::Raw(text) = spec
    {
        *spec = read(text)?;
    }
    if let Some(annotations) =
        object.get_mut("metadata").and_then(|metadata| metadata.as_object_mut()?.get_mut("annotations"))
        && let Value::Raw(text) = annotations
        && may_be_ours(text)
    {
        *annotations = read(text)?;
    }
    Ok(())
}

/// What a look-up brought.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lookup<T> {
    Found(T),
    /// The object does not exist (yet).
    Absent,
    /// Not permitted, or failed; with what the host says.
    Failed(String),
}

/// The cluster as one evaluation sees it: nothing is asked twice.
pub(crate) struct Cluster<'h> {
    host: &'h dyn Host,
    /// The host answers `get_resource` from a cache of five seconds unless told otherwise.
    fresh: bool,
    seen: OnceCell<Box<Seen>>,
}

/// A look-up that was made. What it brought stays where it is as long as the cluster does, so that trees may borrow
/// from it.
struct Seen {
    kind: Kind,
    namespace: String,
    /// `None`: all of them.
    name: Option<String>,
    answer: Lookup<String>,
    next: OnceCell<Box<Seen>>,
}

impl Seen {
    fn is_of(&self, kind: Kind, namespace: &str, name: Option<&str>) -> bool {
        self.kind == kind && self.namespace == namespace && self.name.as_deref() == name
    }
}

impl<'h> Cluster<'h> {
    pub(crate) fn new(host: &'h dyn Host) -> Self {
        Self { host, fresh: false, seen: OnceCell::new() }
    }

    /// Is it asked without the host's cache, where that is possible: for one object, not for a list?
    pub(crate) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// This cluster without what this evaluation remembers of it, and without what the host does of single objects:
    /// nobody is to be refused for what they have mended a moment ago. Lists are kept up to date by a watch anyway.
    pub(crate) fn fresh(&self) -> Self {
        Self { host: self.host, fresh: true, seen: OnceCell::new() }
    }

    /// One object by its name. None has an empty one, and the host refuses to ask for it.
    pub(crate) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Lookup<Value<'_>> {
        self.answer(kind, namespace, name).tree(is_opaque_in_object, |mut object| {
            read_rest(&mut object)?;
            Ok(object)
        })
    }

    fn answer(&self, kind: Kind, namespace: &str, name: &str) -> &Lookup<String> {
        self.once(kind, namespace, Some(name), || {
            if name.is_empty() {
                return Lookup::Absent;
            }
            let mut request = request(kind, namespace);
            request.push_str(",\"name\":");
            write_str(&mut request, name);
            request.push_str(if self.fresh { ",\"disable_cache\":true}" } else { ",\"disable_cache\":false}" });
            self.ask("get_resource", &request)
        })
    }

    /// All objects of a kind in a namespace; only where no name is known.
    ///
    /// The policy server answers from a watch, and where its service account may not list, it waits for that watch for
    /// ever (Kubewarden's `policy-evaluator`, `Reflector::create_and_run`). So `probe`, any name, is asked for first:
    /// who may not list may not get either, as a rule, and that fails at once. An object that the API server is still
    /// to name (`metadata.generateName`) has none, and is asked for by a name that is as good as any.
    pub(crate) fn list(&self, kind: Kind, namespace: &str, probe: &str) -> Lookup<Vec<Value<'_>>> {
        self.list_of(kind, namespace, probe, &|_| true)
    }

    /// The same of those that may concern the caller, by their names, and by their labels and annotations as they are
    /// written: in most namespaces few do, and the others are not read.
    pub(crate) fn list_of(
        &self,
        kind: Kind,
        namespace: &str,
        probe: &str,
        may_concern: &dyn Fn(&Value) -> bool,
    ) -> Lookup<Vec<Value<'_>>> {
        let probe = if probe.is_empty() { "any" } else { probe };
        let is_known = self.seen().any(|seen| seen.is_of(kind, namespace, None));
        if !is_known && let Lookup::Failed(why) = self.answer(kind, namespace, probe) {
            return Lookup::Failed(why.clone());
        }
        let answer = self.once(kind, namespace, None, || {
            let mut request = request(kind, namespace);
            request.push('}');
            self.ask("list_resources_by_namespace", &request)
        });
        let found = answer.tree(is_opaque_in_list, |mut list| {
            let items = list.as_object_mut().and_then(|list| list.get_mut("items")?.as_array_mut());
            let mut items = items.map(std::mem::take).unwrap_or_default();
            items.retain(may_concern);
            items.iter_mut().try_for_each(read_rest)?;
            Ok(items)
        });
        if found == Lookup::Absent { Lookup::Found(Vec::new()) } else { found }
    }

    fn seen(&self) -> impl Iterator<Item = &Seen> {
        std::iter::successors(self.seen.get(), |seen| seen.next.get()).map(AsRef::as_ref)
    }

    fn once(
        &self,
        kind: Kind,
        namespace: &str,
        name: Option<&str>,
        ask: impl FnOnce() -> Lookup<String>,
    ) -> &Lookup<String> {
        let mut end = &self.seen;
        while let Some(seen) = end.get() {
            if seen.is_of(kind, namespace, name) {
                return &seen.answer;
            }
            end = &seen.next;
        }
        let (namespace, name) = (namespace.to_owned(), name.map(ToOwned::to_owned));
        let seen = end.get_or_init(|| Box::new(Seen { kind, namespace, name, answer: ask(), next: OnceCell::new() }));
        &seen.answer
    }

    fn ask(&self, operation: &str, request: &str) -> Lookup<String> {
        match self.host.call(operation, request.as_bytes()) {
            Ok(answer) => String::from_utf8(answer)
                .map_or_else(|_| Lookup::Failed("the answer is no UTF-8".to_owned()), Lookup::Found),
            Err(error) if is_absent(&error) => Lookup::Absent,
            Err(error) => Lookup::Failed(reason(&error)),
        }
    }
}

/// The beginning of a request (Kubewarden's host capabilities, "Kubernetes").
fn request(kind: Kind, namespace: &str) -> String {
    let mut request = String::with_capacity(512);
    request.push('{');
    request.push_str(kind.query());
    request.push_str(",\"namespace\":");
    write_str(&mut request, namespace);
    request
}

impl Lookup<String> {
    /// What was found, of a tree that borrows from it.
    fn tree<'a, T>(
        &'a self,
        is_opaque: fn(usize, &str) -> bool,
        take: impl FnOnce(Value<'a>) -> serde_json::Result<T>,
    ) -> Lookup<T> {
        match self {
            Self::Found(json) => read_at_most(usize::MAX, json, is_opaque)
                .and_then(take)
                .map_or_else(|_| Lookup::Failed("the answer is no JSON".to_owned()), Lookup::Found),
            Self::Absent => Lookup::Absent,
            Self::Failed(why) => Lookup::Failed(why.clone()),
        }
    }
}

/// The policy server says "Cannot find v1/Service named 'x' inside of namespace ..." of what is not there; a kind
/// that the cluster does not know ("Cannot find resource") is a failure.
fn is_absent(error: &str) -> bool {
    error.contains("Cannot find ") && error.contains(" named '")
}

/// The host's text in a word or two: all of it is in the policy server's log.
fn reason(error: &str) -> String {
    let lower = error.to_ascii_lowercase();
    if lower.contains("host capability") {
        "host capability not allowed".to_owned()
    } else if lower.contains("not been granted access") {
        "not in contextAwareResources".to_owned()
    } else if lower.contains("forbidden") || lower.contains("unauthorized") {
        "forbidden (RBAC)".to_owned()
    } else {
        "see the policy server's log".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::json::{json, read};

    #[test]
    fn outcomes_of_a_look_up() {
        let failed = |text: &str| Lookup::Failed(reason(text));
        for (answer, expected) in [
            (Ok(b"{\"metadata\":{}}".to_vec()), Lookup::Found(json!({"metadata": {}}))),
            (Ok(b"{".to_vec()), Lookup::Failed("the answer is no JSON".to_owned())),
            (
                Err("Callback evaluation failure: Cannot find v1/Service named 'x' inside of namespace 'Some(\"y\")'"),
                Lookup::Absent,
            ),
            (Err("Callback evaluation failure: Cannot find resource v1/Service"), failed("")),
            (
                Err("Callback evaluation failure: ApiError: services \"x\" is forbidden: User cannot get"),
                failed("forbidden"),
            ),
            (
                Err("Policy has not been granted access to Kubernetes v1/Service resources."),
                failed("has not been granted access"),
            ),
        ] {
            let host = |_: &str, _: &[u8]| answer.clone().map_err(ToOwned::to_owned);
            assert_eq!(Cluster::new(&host).get(Kind::Service, "y", "x"), expected);
        }
    }

    #[test]
    fn a_list_is_not_asked_for_where_a_get_is_denied() {
        let host = |operation: &str, _: &[u8]| {
            assert_eq!(operation, "get_resource");
            Err("services \"x\" is forbidden".to_owned())
        };
        assert_eq!(Cluster::new(&host).list(Kind::Service, "y", "x"), Lookup::Failed("forbidden (RBAC)".to_owned()));
    }

    #[test]
    fn no_object_is_asked_for_by_an_empty_name() {
        let host = |operation: &str, request: &[u8]| {
            let request = read(std::str::from_utf8(request).unwrap()).unwrap();
            assert!(operation != "get_resource" || request["name"] != "", "kube: a non-empty name is required");
            if operation == "get_resource" {
                Err("Cannot find x named 'any'".to_owned())
            } else {
                Ok(b"{\"items\":[{}]}".to_vec())
            }
        };
        let cluster = Cluster::new(&host);
        assert_eq!(cluster.get(Kind::Service, "y", ""), Lookup::Absent);
        assert!(matches!(cluster.list(Kind::Service, "y", ""), Lookup::Found(found) if found.len() == 1));
    }

    #[test]
    fn nothing_is_asked_twice_but_by_fresh_eyes() {
        let calls = Cell::new(0);
        let host = |operation: &str, request: &[u8]| {
            calls.set(calls.get() + 1);
            let request = read(std::str::from_utf8(request).unwrap()).unwrap();
            assert_eq!(operation == "get_resource", request.get("disable_cache").is_some());
            Ok(json!({"fresh": request["disable_cache"], "items": [{}]}).to_string().into_bytes())
        };
        let cluster = Cluster::new(&host);
        for _ in 0..2 {
            assert!(matches!(cluster.get(Kind::Service, "y", "x"), Lookup::Found(found) if found["fresh"] == false));
            assert!(matches!(cluster.list(Kind::StatefulSet, "y", "x"), Lookup::Found(found) if found.len() == 1));
        }
        assert_eq!(calls.get(), 3);
        let fresh = cluster.fresh();
        assert!(matches!(fresh.get(Kind::Service, "y", "x"), Lookup::Found(found) if found["fresh"] == true));
        assert_eq!(calls.get(), 4);
    }
}
