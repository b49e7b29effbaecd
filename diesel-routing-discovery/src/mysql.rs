//! `GroupReplication` and `Galera`: the members that those clusters know.

use std::fmt;
use std::time::Duration;

use diesel_routing::Node;
use futures_util::future;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts};

use crate::{DiscoveryError, Found, Source};

/// The time that one server has to answer. Chosen: well within a question's.
const PATIENCE: Duration = Duration::from_secs(2);

/// A member of a cluster, as the members know it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The host that it gives for its clients.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// The rule that makes nodes of members.
type Rule = Box<dyn Fn(&Member) -> Node + Send + Sync>;

/// The members of a group of MySQL's group replication (`InnoDB` Cluster), by `performance_schema.replication_group_members`.
///
/// Servers are asked all at once, and the first that belongs to a group that has its majority is believed. Members that are
/// `OFFLINE` are left out. The account needs `SELECT` on that table. Run on MySQL 9.7 (`cargo xtask test --mysql`).
#[derive(Debug)]
pub struct GroupReplication(Servers);

/// The members of a Galera cluster, by `wsrep_incoming_addresses`.
///
/// Servers are asked all at once, and the first of the primary component is believed. Each member needs an address for clients:
/// `wsrep_node_incoming_address`, where the one it finds itself is wrong. Any account may ask.
#[derive(Debug)]
pub struct Galera(Servers);

impl GroupReplication {
    /// Creates a source of the group that these servers' URLs lead to.
    pub fn at(
        servers: impl IntoIterator<Item = impl Into<String>>,
        node: impl Fn(&Member) -> Node + Send + Sync + 'static,
    ) -> Self {
        Self(Servers::new("the group", servers, node))
    }
}

impl Galera {
    /// Creates a source of the cluster that these servers' URLs lead to.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::Node;
    /// use diesel_routing_discovery::{Discovery, Galera};
    ///
    /// let cluster = Galera::at(["mysql://app@10.0.0.1/app", "mysql://app@10.0.0.2/app"], |member| {
    ///     let (host, port) = (&member.host, member.port);
    ///     Node::new(format!("{host}:{port}"), format!("mysql://app@{host}:{port}/app"))
    /// });
    /// let node_sets = Discovery::of(cluster).into_stream();
    /// # let _ = node_sets;
    /// ```
    pub fn at(
        servers: impl IntoIterator<Item = impl Into<String>>,
        node: impl Fn(&Member) -> Node + Send + Sync + 'static,
    ) -> Self {
        Self(Servers::new("the Galera cluster", servers, node))
    }
}

impl Source for GroupReplication {
    fn name(&self) -> String {
        self.0.name()
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        self.0.first(group_members).await
    }
}

impl Source for Galera {
    fn name(&self) -> String {
        self.0.name()
    }

    async fn ask(&mut self) -> Result<Found, DiscoveryError> {
        self.0.first(galera_members).await
    }
}

/// The servers that know a cluster's members.
struct Servers {
    /// The kind of cluster, in words.
    kind: &'static str,
    urls: Vec<String>,
    rule: Rule,
}

impl Servers {
    fn new(
        kind: &'static str,
        urls: impl IntoIterator<Item = impl Into<String>>,
        node: impl Fn(&Member) -> Node + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            urls: urls.into_iter().map(Into::into).collect(),
            rule: Box::new(node),
        }
    }

    fn name(&self) -> String {
        let hosts: Vec<_> = self.urls.iter().map(|url| host(url)).collect();
        format!("{} behind {}", self.kind, hosts.join(", "))
    }

    /// Returns the nodes of the first answer of any server.
    async fn first(
        &self,
        ask: impl AsyncFn(&mut Conn) -> Result<Vec<Member>, String>,
    ) -> Result<Found, DiscoveryError> {
        let unreachable = |cause: String| DiscoveryError::Unreachable {
            source_name: self.name(),
            cause,
        };
        if self.urls.is_empty() {
            return Err(unreachable("no server is given".to_owned()));
        }
        let asked = self.urls.iter().map(|url| {
            Box::pin(async {
                let answer = tokio::time::timeout(PATIENCE, async {
                    let opts = Opts::from_url(url).map_err(|error| error.to_string())?;
                    let mut conn = Conn::new(opts).await.map_err(|error| error.to_string())?;
                    let members = ask(&mut conn).await?;
                    // It has said what it had to; how it takes the goodbye is no matter.
                    let _ = conn.disconnect().await;
                    Ok(members)
                });
                let answer = answer.await.unwrap_or_else(|_| {
                    Err(format!(
                        "`{}` has not answered within {PATIENCE:?}",
                        host(url)
                    ))
                });
                answer.map_err(unreachable)
            })
        });
        let (members, _) = future::select_ok(asked).await?;
        Ok(Found::new(members.iter().map(&self.rule).collect()))
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

async fn group_members(conn: &mut Conn) -> Result<Vec<Member>, String> {
    const ASK: &str = "SELECT member_host, member_port, member_state FROM performance_schema.replication_group_members";
    let rows: Vec<(String, Option<u16>, String)> =
        conn.query(ASK).await.map_err(|error| error.to_string())?;
    let online = rows
        .iter()
        .filter(|(_, _, state)| state == "ONLINE")
        .count();
    if online * 2 <= rows.len() {
        return Err("the group has lost its majority, or the server is in none".to_owned());
    }
    let members = rows.into_iter().filter_map(|(host, port, state)| {
        (state != "OFFLINE").then_some(Member { host, port: port? })
    });
    Ok(members.collect())
}

async fn galera_members(conn: &mut Conn) -> Result<Vec<Member>, String> {
    const ASK: &str = "SHOW GLOBAL STATUS WHERE variable_name IN ('wsrep_cluster_status', 'wsrep_incoming_addresses')";
    let rows: Vec<(String, String)> = conn.query(ASK).await.map_err(|error| error.to_string())?;
    let value = |name: &str| {
        let row = rows.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        row.map(|(_, value)| value.as_str())
    };
    match value("wsrep_cluster_status") {
        Some("Primary") => {}
        Some("non-Primary") => return Err("the server is not in the primary component".to_owned()),
        // Not loaded, or not connected to any: `Disconnected`.
        Some(_) | None => return Err("the server is in no Galera cluster".to_owned()),
    }
    members(value("wsrep_incoming_addresses").unwrap_or_default())
}

/// Reads `host:port,host:port`.
fn members(addresses: &str) -> Result<Vec<Member>, String> {
    let members = addresses
        .split(',')
        .map(str::trim)
        .filter(|address| !address.is_empty());
    let members = members.map(|address| {
        // An IPv6 address has brackets.
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "3306"));
        match port.parse() {
            Ok(port) if port != 0 && !host.is_empty() && host != "AUTO" => {
                let host = host.to_owned();
                Ok(Member { host, port })
            }
            _ => Err(format!(
                "a member gives its clients the address `{address}`: set its `wsrep_node_incoming_address`"
            )),
        }
    });
    members.collect()
}

/// Returns the host and port of a URL, without its account and password.
fn host(url: &str) -> String {
    match Opts::from_url(url) {
        Ok(opts) => format!("{}:{}", opts.ip_or_hostname(), opts.tcp_port()),
        Err(_) => "a URL that cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_members_are_read() {
        let member = |host: &str, port| Member {
            host: host.to_owned(),
            port,
        };
        assert_eq!(
            members("10.0.0.1:3306,[fd00::2]:3307"),
            Ok(vec![member("10.0.0.1", 3306), member("[fd00::2]", 3307)])
        );
        assert_eq!(members(""), Ok(vec![]));
        for wrong in ["AUTO", ":0", "10.0.0.1:0", "h:x"] {
            assert!(
                members(wrong)
                    .unwrap_err()
                    .contains("wsrep_node_incoming_address"),
                "{wrong}"
            );
        }
    }
}
