//! What of the user's own has a name, number or path that the injection needs.

use crate::{
    database::Database,
    field_path::{FieldPath, POD},
    findings::{Findings, Violation},
    flavor::CloneMethod,
    json::{Value, list_at, str_at},
    mounts::holds,
    names::{
        BACKUP_PORT, BACKUP_PORT_NAME, CONF_VOLUME, DATABASE_PORT, INJECTED_CONTAINERS, INJECTED_VOLUMES, SCRIPTS_DIR,
        SCRIPTS_VOLUME,
    },
    object::{covers, name},
    record::scripts_mount,
    rule,
    text::shown,
};

/// Where there is no plan to compare with, a container with an injected one's name counts as the user's own.
pub(super) fn check_injected_names(pod: &Value, findings: &mut Findings) {
    for list in ["initContainers", "containers"] {
        for (index, existing) in list_at(pod, &[list]).iter().enumerate() {
            if INJECTED_CONTAINERS.contains(&name(existing)) {
                reserved_container(list, index, name(existing), findings);
            }
        }
    }
}

pub(super) fn reserved_container(list: &str, index: usize, name: &str, findings: &mut Findings) {
    findings.reject(Violation::new(
        rule::RESERVED_NAME,
        POD.field(list).element(index).field("name"),
        format!("a container of your own named \"{name}\""),
        "the policy injects one of this name, and yours is another",
        "give yours another name, or remove it if it came from a manual replication recipe",
    ));
}

pub(super) fn check_claims(object: &Value, findings: &mut Findings) {
    for (index, claim) in list_at(object, &["spec", "volumeClaimTemplates"]).iter().enumerate() {
        let claim = str_at(claim, &["metadata", "name"]);
        if INJECTED_VOLUMES.contains(&claim) {
            findings.reject(Violation::new(
                rule::RESERVED_NAME,
                FieldPath::Known("spec.volumeClaimTemplates").element(index).field("metadata.name"),
                format!("a claim template named \"{claim}\""),
                "the policy injects a volume of this name, which the claim would take the place of",
                "give yours another name",
            ));
        }
    }
}

/// What the injected containers run, and the option files, is written by the policy's containers alone, and hidden by
/// nothing.
pub(super) fn check_scripts(pod: &Value, database: &str, findings: &mut Findings) {
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            if INJECTED_CONTAINERS.contains(&name(container)) {
                continue;
            }
            for (mount_index, mount) in list_at(container, &["volumeMounts"]).iter().enumerate() {
                let is_database = list == "containers" && name(container) == database;
                let at = str_at(mount, &["mountPath"]);
                let is_own = match name(mount) {
                    SCRIPTS_VOLUME => true,
                    CONF_VOLUME => !is_database && mount.get("readOnly") != Some(&Value::Bool(true)),
                    _ => false,
                };
                let hides = is_database && (holds(SCRIPTS_DIR, at) || holds(at, SCRIPTS_DIR));
                if (!is_own && !hides) || (is_database && covers(mount, &scripts_mount())) {
                    continue;
                }
                findings.reject(Violation::new(
                    rule::RESERVED_NAME,
                    POD.field(list).element(index).field("volumeMounts").element(mount_index),
                    if is_own {
                        format!("the volume \"{}\"", name(mount))
                    } else {
                        format!("a volume at {}", shown(at))
                    },
                    "the policy's scripts or option files are there, and nothing else may write or hide them",
                    if is_own { "remove this mount" } else { "mount it elsewhere" },
                ));
            }
        }
    }
}

/// The ports of a server at which clients can write: that of its protocol, of MySQL's X Protocol, and of administrators
/// (MySQL manual, "MySQL Port Reference Tables").
const SERVED: [u64; 3] = [DATABASE_PORT as u64, 33060, 33062];

/// The containers of a pod share its ports: none of the user's may have the backup port, or another container the
/// database's. None of the database's is a port of the node.
pub(super) fn check_ports(pod: &Value, database: &str, detected: Option<&Database>, findings: &mut Findings) {
    let serves = detected.is_some_and(|database| database.clone_method == CloneMethod::Xtrabackup);
    for list in ["initContainers", "containers"] {
        for (index, container) in list_at(pod, &[list]).iter().enumerate() {
            if INJECTED_CONTAINERS.contains(&name(container)) {
                continue;
            }
            for (port_index, port) in list_at(container, &["ports"]).iter().enumerate() {
                let number = port.get("containerPort").and_then(Value::as_u64);
                let host_port = port.get("hostPort").and_then(Value::as_u64).filter(|port| *port != 0);
                if let Some(host_port) = host_port
                    && list == "containers"
                    && name(container) == database
                    && number.is_some_and(|number| SERVED.contains(&number))
                {
                    findings.reject(Violation::new(
                        rule::HOST_NETWORK,
                        POD.field(list).element(index).field("ports").element(port_index).field("hostPort"),
                        host_port.to_string(),
                        "who asks a node at this port gets whichever pod runs there, most often a replica",
                        "remove it, and lead clients through a Service",
                    ));
                }
                let mut reject = |field: &str, found: String| {
                    findings.reject(Violation::new(
                        rule::RESERVED_NAME,
                        POD.field(list).element(index).field("ports").element(port_index).field(field),
                        found,
                        "the containers of a pod share its ports, and the replication needs this one",
                        "choose another",
                    ));
                };
                if serves && number == Some(u64::from(BACKUP_PORT)) {
                    reject("containerPort", format!("port {BACKUP_PORT} of your own"));
                }
                if serves && name(port) == BACKUP_PORT_NAME {
                    reject("name", format!("a port of your own named \"{BACKUP_PORT_NAME}\""));
                }
                if number == Some(u64::from(DATABASE_PORT)) && name(container) != database {
                    reject("containerPort", format!("port {DATABASE_PORT} of a container that is not the database's"));
                }
            }
        }
    }
}
