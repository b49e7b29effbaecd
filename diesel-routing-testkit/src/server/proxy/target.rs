use std::sync::Arc;

use super::{Endpoint, Protocol, Proxy};

/// A server that an [`Address`](super::Address) leads to.
///
/// It is made [`From`] a reference to a node, of whichever cluster, or to the proxy of one, whose faults
/// and delay then apply to this target alone.
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
