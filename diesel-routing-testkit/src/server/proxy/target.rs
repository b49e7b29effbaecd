#[cfg(any(feature = "mariadb", feature = "postgres"))]
use std::net::SocketAddr;
use std::sync::Arc;

use super::{Endpoint, Protocol, Proxy};

/// A server that an [`Address`](super::Address) leads to.
///
/// It is made [`From`] a reference to a node, of whichever cluster, or to the proxy of one, whose faults
/// and delay then apply to this target alone; or of what listens at an address.
#[derive(Debug, Clone)]
pub struct Target {
    name: String,
    protocol: Protocol,
    endpoint: Endpoint,
}

impl Target {
    pub(crate) fn new(name: &str, protocol: Protocol, endpoint: Endpoint) -> Self {
        Self {
            name: name.into(),
            protocol,
            endpoint,
        }
    }

    /// Creates a target out of a program that the kit did not start, and that clients of MariaDB and MySQL reach at
    /// `address`: a proxy, a load balancer.
    #[cfg(feature = "mariadb")]
    #[must_use]
    pub fn mariadb(name: &str, address: SocketAddr) -> Self {
        Self::new(name, crate::mariadb::PROTOCOL, Endpoint::Tcp(address))
    }

    /// Creates a target out of a program that the kit did not start, and that PostgreSQL's clients reach at `address`: a
    /// pooler, a load balancer.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn postgres(name: &str, address: SocketAddr) -> Self {
        Self::new(name, crate::postgres::PROTOCOL, Endpoint::Tcp(address))
    }

    /// Returns the name of its node, for example `node1`. Nodes of two clusters may share one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl From<&Proxy> for Target {
    fn from(proxy: &Proxy) -> Self {
        Self::new(proxy.name(), proxy.protocol(), proxy.endpoint())
    }
}

impl From<&Arc<Proxy>> for Target {
    fn from(proxy: &Arc<Proxy>) -> Self {
        (&**proxy).into()
    }
}
