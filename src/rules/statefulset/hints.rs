//! What is right for the policy, and costs a night all the same: hints, which refuse nothing.

use crate::{
    findings::Findings,
    halves::Halves,
    json::{Value, at, str_at},
    names::{BACKUP_PORT, DATABASE_PORT},
};

/// A service mesh whose proxy is a container of the pod. It takes the pod's connections from the start, and runs only
/// when the init containers have ended: `clone-mysql`, which is one, reaches no donor through it, and a donor whose
/// proxy wants the mesh's certificates lets nobody in who has none.
struct Mesh {
    /// Labels or annotations of a pod that ask for the proxy, each with the values that do; without any, all do.
    asks: &'static [(&'static str, &'static [&'static str])],
    /// The annotations that name ports which are led past the proxy: those of others, and the pod's own.
    ports: [&'static str; 2],
}

/// Istio ("Resource annotations", "Resource labels") and Linkerd ("Proxy configuration", "Automatic proxy injection").
const MESHES: [Mesh; 2] = [
    Mesh {
        asks: &[("sidecar.istio.io/inject", &["true"]), ("istio.io/rev", &[])],
        ports: ["traffic.sidecar.istio.io/excludeOutboundPorts", "traffic.sidecar.istio.io/excludeInboundPorts"],
    },
    Mesh {
        asks: &[("linkerd.io/inject", &["enabled", "ingress"])],
        ports: ["config.linkerd.io/skip-outbound-ports", "config.linkerd.io/skip-inbound-ports"],
    },
];

/// Says what of a StatefulSet will be regretted. Takes what is stored of it, if it has been injected into.
pub(crate) fn hints(object: &Value, injected: Option<&Value>, findings: &mut Findings) {
    check_retention(object, injected, findings);
    check_meshes(object, findings);
}

/// A step that scales in, as restoring a primary does, would delete what may be the last copies of the data.
fn check_retention(object: &Value, injected: Option<&Value>, findings: &mut Findings) {
    let deletes = |object| str_at(object, &["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"]) == "Delete";
    if deletes(object) && !injected.is_some_and(deletes) {
        findings.warn(
            "spec.persistentVolumeClaimRetentionPolicy.whenScaled: write Retain; scaling in may delete the last \
                copies of data",
        );
    }
}

fn check_meshes(object: &Value, findings: &mut Findings) {
    let Some(metadata) = at(object, &["spec", "template", "metadata"]) else { return };
    let said = |key| ["labels", "annotations"].map(|field| str_at(metadata, &[field, key]));
    for Mesh { asks, ports } in MESHES {
        // a label that names one of Istio's revisions asks for nothing where another says no
        let is_refused = || asks.iter().any(|(key, _)| said(key).iter().any(|it| ["false", "disabled"].contains(it)));
        let is_asked = |(key, values): &(&'static str, &[&str])| {
            said(*key).into_iter().any(|said| !said.is_empty() && (values.is_empty() || values.contains(&said)))
        };
        if !asks.iter().any(is_asked) || is_refused() {
            continue;
        }
        for key in ports {
            let listed = str_at(metadata, &["annotations", key]);
            if ![DATABASE_PORT, BACKUP_PORT].into_iter().all(|port| is_listed(port, listed)) {
                findings.warn(format!(
                    "spec.template.metadata.annotations: write {key}: \"{DATABASE_PORT},{BACKUP_PORT}\" \
                        (docs/beside.md)"
                ));
            }
        }
    }
}

/// Is a port in a list of ports and ranges of them, as `3306,4000-5000`?
fn is_listed(port: u16, list: &str) -> bool {
    list.split(',').any(|entry| {
        let (from, to) = entry.halves('-').unwrap_or((entry, entry));
        let bounds = from.trim().parse::<u16>().ok().zip(to.trim().parse().ok());
        entry.trim() == "*" || bounds.is_some_and(|(from, to)| (from..=to).contains(&port))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn warnings(metadata: &Value) -> usize {
        let mut findings = Findings::default();
        hints(&json!({"spec": {"template": {"metadata": metadata}}}), None, &mut findings);
        findings.warnings.len()
    }

    #[test]
    fn a_proxy_that_takes_the_databases_ports_is_told() {
        let istio = "sidecar.istio.io/inject";
        let [out, into] = MESHES[0].ports;
        assert_eq!(warnings(&json!({"labels": {istio: "true"}})), 2);
        assert_eq!(warnings(&json!({"annotations": {istio: "true", out: "3306,3307"}})), 1);
        assert_eq!(warnings(&json!({"annotations": {istio: "true", out: "3306,3307", into: "*"}})), 0);
        assert_eq!(warnings(&json!({"labels": {"istio.io/rev": "canary"}, "annotations": {out: "3306"}})), 2);
        assert_eq!(warnings(&json!({"labels": {"istio.io/rev": "canary", istio: "false"}})), 0);
        assert_eq!(warnings(&json!({"annotations": {"linkerd.io/inject": "disabled"}})), 0);
        let skips = |ports: &str| json!({"annotations": {"linkerd.io/inject": "enabled", MESHES[1].ports[0]: ports, MESHES[1].ports[1]: ports}});
        assert_eq!(warnings(&skips("25, 3300-3310")), 0);
        assert_eq!(warnings(&skips("3306")), 2);
    }
}
