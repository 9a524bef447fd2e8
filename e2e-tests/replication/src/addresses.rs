//! The network of a cluster, and the addresses of its pods.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{
    command::{podman, run},
    image::hex,
};

/// The addresses of a cluster's network.
#[derive(Debug)]
pub(crate) enum Addresses {
    /// `10.89.0`, as podman found it free.
    V4(String),
    /// `fd12:3456:789a:`, unique to the cluster's name.
    V6(String),
}

impl Addresses {
    /// Makes a network, and gives the addresses in it.
    pub(crate) fn of_new_network(network: &str, settings: &Path, is_ipv6: bool) -> Result<Self, String> {
        if is_ipv6 { ipv6_network(network, settings) } else { ipv4_network(network, settings) }
    }

    pub(crate) fn at(&self, number: u8) -> String {
        match self {
            Self::V4(prefix) => format!("{prefix}.{number}"),
            Self::V6(prefix) => format!("{prefix}:{number:x}"),
        }
    }
}

fn ipv4_network(network: &str, settings: &Path) -> Result<Addresses, String> {
    run(podman(settings).args(["network", "create", "--disable-dns", network]))?;
    let format = "{{range .Subnets}}{{.Subnet}}{{end}}";
    let subnet = run(podman(settings).args(["network", "inspect", network, "--format", format]))?;
    let prefix = subnet.strip_suffix(".0/24");
    Ok(Addresses::V4(prefix.ok_or_else(|| format!("podman made the network {subnet}, which is no /24"))?.to_owned()))
}

/// One without IPv4, of the addresses that are for everybody's own use.
fn ipv6_network(network: &str, settings: &Path) -> Result<Addresses, String> {
    let digest = hex(&Sha256::digest(network));
    let prefix = format!("fd{}:{}:{}:", &digest[..2], &digest[2..6], &digest[6..10]);
    let subnet = format!("{prefix}:/64");
    run(podman(settings).args(["network", "create", "--disable-dns", "--subnet", &subnet, network]))?;
    Ok(Addresses::V6(prefix))
}
