//! `Streaming`: the standbys that PostgreSQL servers stream to.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use diesel_routing::Node;
use futures_util::future::{self, BoxFuture};
use tokio_postgres::{Client, NoTls};

use crate::{DiscoveryError, Found, Source};

/// The standbys of one server, by any account that may see them.
const ASK: &str = "SELECT application_name, client_addr, client_hostname, state FROM pg_catalog.pg_stat_replication";

/// The time that one server has to answer. Chosen: well within a question's.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// The time for which the standbys of a server that does not answer stay. Chosen: longer than a failover and a restart.
const KEPT: Duration = Duration::from_secs(600);

/// The standbys that PostgreSQL servers stream to, as their `pg_stat_replication` has them: of given servers, of the standbys
/// found there, and so on.
///
/// A server tells of a standby its `application_name` (`cluster_name` by default) and the address that it connects from, so a
/// rule of yours makes a node of that. `None` leaves it out: a backup that streams, say. The given servers are always nodes. The
/// standbys of a server that does not answer stay nodes for ten minutes, for a failover must not take the replicas away.
///
/// The account needs the role `pg_monitor` to see addresses.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::Node;
/// use diesel_routing_discovery::{Discovery, Streaming};
///
/// let primary = Node::new("db-1", "postgres://app@10.0.0.1/app");
/// let standbys = Streaming::from([primary], |standby| {
///     let address = standby.address?;
///     Some(Node::new(&*standby.application_name, format!("postgres://app@{address}/app")))
/// });
/// let node_sets = Discovery::of(standbys).into_stream();
/// # let _ = node_sets;
/// ```
pub struct Streaming {
    seeds: Vec<Node>,
    rule: Rule,
    connect: Connect,
    /// By the name of the server that told.
    told: BTreeMap<String, Told>,
}

/// The rule that makes nodes of standbys.
type Rule = Box<dyn Fn(&Standby) -> Option<Node> + Send + Sync>;

/// The function that opens connections.
pub(crate) type Connect =
    Box<dyn Fn(&str) -> BoxFuture<'static, Result<Client, tokio_postgres::Error>> + Send + Sync>;

#[derive(Debug)]
struct Told {
    at: Instant,
    standbys: Vec<Node>,
}

/// A standby, as the server that streams to it has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standby {
    /// The name that it gives itself: `application_name` in its `primary_conninfo`, or its `cluster_name`.
    pub application_name: String,
    /// The address that it connects from; `None` over a socket.
    pub address: Option<IpAddr>,
    /// The name of that address, where the server has `log_hostname` on.
    pub host_name: Option<String>,
    /// The state of its stream: `streaming`, `catchup`, `backup` and others.
    pub state: String,
}

impl Streaming {
    /// Creates a source of these servers and the standbys behind them; `rule` makes nodes of standbys.
    pub fn from(
        servers: impl IntoIterator<Item = Node>,
        rule: impl Fn(&Standby) -> Option<Node> + Send + Sync + 'static,
    ) -> Self {
        Self {
            seeds: servers.into_iter().collect(),
            rule: Box::new(rule),
            connect: connect_plainly(),
            told: BTreeMap::new(),
        }
    }

    /// Sets what opens connections, for TLS and passwords that change. It has to drive the connection as well.
    #[must_use]
    pub fn connect_with(
        mut self,
        connect: impl Fn(&str) -> BoxFuture<'static, Result<Client, tokio_postgres::Error>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.connect = Box::new(connect);
        self
    }

    /// Asks one server for its standbys.
    async fn standbys_of(&self, server: &Node) -> Result<Vec<Node>, DiscoveryError> {
        let source_name = || format!("the server `{}`", server.name());
        let unreachable = |error: tokio_postgres::Error| DiscoveryError::Unreachable {
            source_name: source_name(),
            cause: said(&error),
        };
        let client = (self.connect)(server.url()).await.map_err(unreachable)?;
        let rows = client.query(ASK, &[]).await.map_err(unreachable)?;
        let mut nodes = Vec::new();
        for row in rows {
            let column = |index| row.try_get::<_, Option<String>>(index).map_err(unreachable);
            let Some(state) = column(3)? else {
                return Err(DiscoveryError::Unreadable {
                    source_name: source_name(),
                    cause: "the account may not see its standbys: GRANT pg_monitor to it"
                        .to_owned(),
                });
            };
            let standby = Standby {
                application_name: column(0)?.unwrap_or_default(),
                address: row.try_get(1).map_err(unreachable)?,
                host_name: column(2)?,
                state,
            };
            nodes.extend((self.rule)(&standby));
        }
        Ok(nodes)
    }

    /// Returns all nodes that are known: the given servers, and what servers told lately.
    fn known(&self) -> BTreeMap<&str, &Node> {
        let told = self.told.values().flat_map(|told| &told.standbys);
        // Those that were given count most.
        let all = told.chain(&self.seeds);
        all.map(|node| (node.name(), node)).collect()
    }

    fn nodes(&self) -> Vec<Node> {
        let found = self.known().into_values();
        let found = found.filter(|node| self.seeds.iter().all(|seed| seed.name() != node.name()));
        self.seeds.iter().chain(found).cloned().collect()
    }
}

impl Source for Streaming {
    fn name(&self) -> String {
        let seeds: Vec<_> = self.seeds.iter().map(Node::name).collect();
        format!("the standbys behind {}", seeds.join(", "))
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        let now = Instant::now();
        let servers: Vec<_> = self.known().into_values().cloned().collect();
        // Each within a time of its own, or one that hangs would hold the others' answers up.
        let asked = servers.iter().map(|server| async {
            let answer = tokio::time::timeout(PATIENCE, self.standbys_of(server)).await;
            answer.unwrap_or_else(|_| {
                Err(DiscoveryError::TimedOut {
                    source_name: format!("the server `{}`", server.name()),
                    timeout: PATIENCE,
                })
            })
        });
        let answers = future::join_all(asked).await;
        let (mut failure, mut any) = (None, false);
        for (server, answer) in servers.iter().zip(answers) {
            match answer {
                Ok(standbys) => {
                    any = true;
                    let told = Told { at: now, standbys };
                    self.told.insert(server.name().to_owned(), told);
                }
                // It stands behind all lists that would lack addresses: a mistake, not a server that is away.
                Err(error @ DiscoveryError::Unreadable { .. }) => return Err(error),
                Err(error) => failure = Some(error),
            }
        }
        self.told
            .retain(|_, told| now.duration_since(told.at) < KEPT);
        match failure {
            Some(failure) if !any => Err(failure),
            _ => Ok(Found::new(self.nodes())),
        }
    }
}

impl fmt::Debug for Streaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streaming")
            .field("seeds", &self.seeds)
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

/// Returns the function that opens connections without TLS.
pub(crate) fn connect_plainly() -> Connect {
    Box::new(|url| {
        let url = url.to_owned();
        Box::pin(async move {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        })
    })
}

/// Returns the server's words, if the error is its.
pub(crate) fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => said.to_string(),
        None => error.to_string(),
    }
}
