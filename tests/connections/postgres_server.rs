//! A PostgreSQL server that listens on an address of its own.

use std::net::{IpAddr, Ipv4Addr};

use diesel_routing_testkit::{PgCluster, PgNode};

use crate::certificates::Identity;

/// The name that the server's right certificate is for.
pub(crate) const NAME: &str = "db.example.com";

/// Of a cluster's nodes, each at its own address of the loopback network: they have one port.
pub(crate) struct Server {
    pub(crate) cluster: PgCluster,
    pub(crate) addresses: Vec<IpAddr>,
}

impl Server {
    /// Starts a server, and its standbys, without TLS.
    pub(crate) fn start(standbys: usize) -> Self {
        let cluster = PgCluster::builder().standbys(standbys).start().unwrap();
        let addresses: Vec<IpAddr> = cluster.nodes().iter().map(|_| address()).collect();
        let this = Self { cluster, addresses };
        for (node, address) in this.nodes() {
            node.set("listen_addresses", &address.to_string()).unwrap();
            node.set_access("host all all 127.0.0.0/8 trust").unwrap();
            node.restart().unwrap();
        }
        let limit = std::time::Duration::from_secs(20);
        this.cluster.wait_until_caught_up(limit).unwrap();
        this
    }

    /// Gives a node's server a certificate, and an authority whose clients it trusts.
    pub(crate) fn serve(&self, index: usize, identity: &Identity, root: &str) {
        let node = self.cluster.node(index);
        node.write_file("server.crt", &identity.certificate)
            .unwrap();
        node.write_file("server.key", &identity.key).unwrap();
        node.write_file("root.crt", root).unwrap();
        node.set("ssl_ca_file", "root.crt").unwrap();
        node.set("ssl", "on").unwrap();
        // Once more: of two settings, a reload reads files anew for each.
        node.set("ssl_cert_file", "server.crt").unwrap();
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&PgNode, IpAddr)> {
        self.cluster
            .nodes()
            .iter()
            .zip(self.addresses.iter().copied())
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.addresses[0]
    }

    /// The URL of the first node, by its address; `parameters` without the `?`.
    pub(crate) fn url(&self, parameters: &str) -> String {
        format!("postgres://app@{}:5432/app?{parameters}", self.address())
    }
}

fn address() -> IpAddr {
    let [b, c, d] = rand::random::<[u8; 3]>().map(|byte| byte.clamp(1, 254));
    IpAddr::V4(Ipv4Addr::new(127, b, c, d))
}
