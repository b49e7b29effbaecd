//! `Dns`: all addresses of a name, and SRV records.

use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use diesel_routing::Node;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::{DiscoveryError, Found, Source};

/// A name in DNS that stands for several servers.
///
/// All addresses (A and AAAA) of a name are nodes; or all targets of an SRV record that have the best priority, with its
/// weights. Answers stand for their TTL, within the limits of the [`Discovery`](crate::Discovery). The system's
/// configuration (`/etc/resolv.conf`) and `/etc/hosts` count.
///
/// # Example
///
/// ```no_run
/// # fn example() -> Result<(), diesel_routing_discovery::DiscoveryError> {
/// use diesel_routing::Node;
/// use diesel_routing_discovery::Dns;
///
/// // A headless service of Kubernetes.
/// let by_address = Dns::addresses("replicas.db.svc.cluster.local", |address| {
///     Node::new(address.to_string(), format!("postgres://app@{address}/app"))
/// })?;
/// // What an SRV record says of ports and weights.
/// let by_record = Dns::services("_postgresql._tcp.db.internal", |service| {
///     let (host, port) = (&service.host, service.port);
///     Node::new(format!("{host}:{port}"), format!("postgres://app@{host}:{port}/app"))
/// })?;
/// # let _ = (by_address, by_record);
/// # Ok(()) }
/// ```
pub struct Dns {
    name: String,
    resolver: TokioResolver,
    nodes: Nodes,
}

enum Nodes {
    OfAddresses(Box<dyn Fn(IpAddr) -> Node + Send + Sync>),
    OfServices(Box<dyn Fn(&Service) -> Node + Send + Sync>),
}

/// A target of an SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Service {
    /// Its host name, without the dot at the end.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its weight among those of its priority, and its node's; at least 1.
    pub weight: u16,
}

impl Dns {
    /// Creates a source of all addresses of `name`.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::Unreadable`], if the system's configuration of DNS is.
    pub fn addresses(
        name: impl Into<String>,
        node: impl Fn(IpAddr) -> Node + Send + Sync + 'static,
    ) -> Result<Self, DiscoveryError> {
        Self::new(name.into(), Nodes::OfAddresses(Box::new(node)))
    }

    /// Creates a source of the targets of the SRV record `name`: of those with the lowest number for a priority, as RFC 2782
    /// has it. Each node's weight is the record's, so give the router [`Balance::Weighted`](diesel_routing::Balance).
    ///
    /// # Errors
    ///
    /// [`DiscoveryError::Unreadable`], if the system's configuration of DNS is.
    pub fn services(
        name: impl Into<String>,
        node: impl Fn(&Service) -> Node + Send + Sync + 'static,
    ) -> Result<Self, DiscoveryError> {
        Self::new(name.into(), Nodes::OfServices(Box::new(node)))
    }

    /// Sets the resolver, for DNS servers other than the system's.
    #[must_use]
    pub fn resolver(mut self, resolver: TokioResolver) -> Self {
        self.resolver = resolver;
        self
    }

    fn new(name: String, nodes: Nodes) -> Result<Self, DiscoveryError> {
        let builder = TokioResolver::builder_tokio();
        let resolver = builder.and_then(hickory_resolver::ResolverBuilder::build);
        let resolver = resolver.map_err(|error| DiscoveryError::Unreadable {
            source_name: "the system's configuration of DNS".to_owned(),
            cause: error.to_string(),
        })?;
        Ok(Self {
            name,
            resolver,
            nodes,
        })
    }

    fn unreachable(&self, error: &impl ToString) -> DiscoveryError {
        DiscoveryError::Unreachable {
            source_name: self.name(),
            cause: error.to_string(),
        }
    }
}

impl Source for Dns {
    fn name(&self) -> String {
        format!("DNS for `{}`", self.name)
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        match &self.nodes {
            Nodes::OfAddresses(node) => {
                let answer = self.resolver.lookup_ip(self.name.as_str()).await;
                let answer = answer.map_err(|error| self.unreachable(&error))?;
                let mut addresses: Vec<_> = answer.iter().collect();
                // Servers turn the order; the same set must look the same.
                addresses.sort_unstable();
                addresses.dedup();
                let nodes = addresses.into_iter().map(node).collect();
                Ok(Found::new(nodes).valid_for(left(answer.valid_until())))
            }
            Nodes::OfServices(node) => {
                let answer = self.resolver.srv_lookup(self.name.as_str()).await;
                let answer = answer.map_err(|error| self.unreachable(&error))?;
                let records = answer
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::SRV(srv) => Some(srv),
                        _ => None,
                    });
                let records = records.map(|srv| {
                    let host = srv.target.to_utf8();
                    let service = Service {
                        host: host.trim_end_matches('.').to_owned(),
                        port: srv.port,
                        weight: srv.weight.max(1),
                    };
                    (srv.priority, service)
                });
                let services = preferred(records.collect());
                let nodes = services.iter();
                let nodes = nodes.map(|service| node(service).weight(service.weight.into()));
                Ok(Found::new(nodes.collect()).valid_for(left(answer.valid_until())))
            }
        }
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Returns the services of the best priority, in an order that does not depend on the answer's.
fn preferred(records: Vec<(u16, Service)>) -> Vec<Service> {
    let best = records.iter().map(|(priority, _)| *priority).min();
    let mut services: Vec<_> = records
        .into_iter()
        .filter(|(priority, service)| Some(*priority) == best && !service.host.is_empty())
        .map(|(_, service)| service)
        .collect();
    services.sort_unstable_by(|a, b| (&a.host, a.port).cmp(&(&b.host, b.port)));
    services
}

/// Returns the time up to this instant.
fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
