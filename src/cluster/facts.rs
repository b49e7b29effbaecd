//! Facts about a server, asked when a connection is opened, and the conditions they must meet.

use diesel_routing_sql::Dialect;

use super::Node;
use crate::error::{ConfigError, Error};
use crate::position::ServerKind;
use crate::server::{NodeRole, ServerVersion};

/// Facts about a server, asked on each connection when it is opened. Those that a backend cannot know are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ServerFacts {
    /// The kind of server.
    pub kind: Option<ServerKind>,
    /// The role that the server reports.
    pub role: Option<NodeRole>,
    /// The identity of the server, in this run of it where it tells, however it is reached: what one connection
    /// learns of it counts for others that lead to the same. A router refuses a replica with the primary's. Without
    /// it, each connection has to prove for itself that its server is fresh enough.
    pub identity: Option<String>,
    /// The server's own address for this connection, if it tells: distinguishes copies of one running server.
    pub address: Option<String>,
    /// The identity of the server's end of this connection, such as its process, unique among all open
    /// connections. If two open connections have the same one, something in between shares server
    /// connections among clients, and a router refuses the node.
    pub backend: Option<u64>,
    /// The server's version: a router refuses one before [`oldest`](Self::oldest).
    pub version: Option<ServerVersion>,
    /// Set if the server can be asked to wait until it has replayed a position.
    pub waits: bool,
    /// The number of connections that the server gives to ordinary accounts, as far as it says.
    pub max_connections: Option<u32>,
    /// The oldest supported version of this kind of server.
    pub oldest: Option<ServerVersion>,
    /// Set if the server is asked as an instance of Aurora PostgreSQL.
    pub(crate) is_aurora: bool,
    /// The facts that a PostgreSQL server's positions are made of, beside its answers.
    pub(crate) wal: Option<Wal>,
    /// The id that distinguishes this server's writes from others' (`server_id`, on MySQL and MariaDB): a
    /// router refuses two servers with the same one.
    pub server_id: Option<u64>,
    /// Set on a logical subscriber: its subscriptions tell how far it is, not its log.
    pub(crate) is_subscriber: bool,
}

/// The facts that do not change within a run of a PostgreSQL server, or seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wal {
    /// The cluster.
    pub(crate) system: u64,
    /// The latest timeline that it was known to be on.
    pub(crate) timeline: u32,
    /// The size of a page of the write-ahead log, and of a file of it, in bytes.
    pub(crate) page: u64,
    pub(crate) segment: u64,
    /// Set if the account may see which timeline is being received.
    pub(crate) sees_receiver: bool,
    /// The timeline that a primary writes on; `None` on a standby.
    pub(crate) writes_on: Option<u32>,
}

impl ServerFacts {
    /// Returns the name that OpenTelemetry has for this kind of server, of those that speak this dialect.
    pub(crate) fn system_name(&self, dialect: Dialect) -> &'static str {
        match (dialect, self.kind) {
            (Dialect::Postgres, _) => "postgresql",
            (Dialect::Mysql, Some(ServerKind::MariaDb | ServerKind::Galera)) => "mariadb",
            (Dialect::Mysql, _) => "mysql",
            (Dialect::Sqlite, _) => "sqlite",
            (_, _) => "other_sql",
        }
    }

    /// Checks that the server is new enough.
    pub(crate) fn check_version(&self, node: &Node) -> Result<(), ConfigError> {
        match (self.version, self.oldest) {
            (Some(found), Some(oldest)) if found < oldest => Err(ConfigError::TooOld {
                node: node.name.clone(),
                found,
                oldest,
            }),
            _ => Ok(()),
        }
    }

    /// Checks that a node may have this role. In a Galera cluster, all nodes accept writes.
    pub(crate) fn check_role(
        &self,
        expected: NodeRole,
        found: Option<NodeRole>,
        node: &Node,
    ) -> Result<(), Error> {
        match found {
            Some(found) if found != expected && self.kind != Some(ServerKind::Galera) => {
                Err(Error::WrongRole {
                    node: node.name.clone(),
                    expected,
                    found,
                })
            }
            _ => Ok(()),
        }
    }

    /// Checks that no two servers have the same id, which distinguishes their writes.
    pub(crate) fn check_ids<'a>(
        nodes: impl Iterator<Item = (&'a Node, &'a Self)>,
    ) -> Result<(), ConfigError> {
        let mut seen: Vec<(u64, &Node, &Self)> = Vec::new();
        for (node, facts) in nodes {
            let Some(id) = facts.server_id else { continue };
            // One server under two names has one id.
            let twin = seen
                .iter()
                .find(|(known, _, first)| *known == id && !facts.is_same_server(first));
            if let Some((_, first, _)) = twin {
                return Err(ConfigError::SameServerId {
                    first: first.name.clone(),
                    second: node.name.clone(),
                    id,
                });
            }
            seen.push((id, node, facts));
        }
        Ok(())
    }

    fn is_same_server(&self, other: &Self) -> bool {
        self.identity.is_some() && self.identity == other.identity
    }

    /// Checks that a replica is another database than the primary, whose facts these are.
    pub(crate) fn check_replica(
        &self,
        primary: &Node,
        facts: &Self,
        replica: &Node,
    ) -> Result<(), ConfigError> {
        if self.is_same_server(facts) {
            return Err(ConfigError::ReplicaIsPrimary {
                replica: replica.name.clone(),
                primary: primary.name.clone(),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node::new("node", "db://node")
    }

    #[test]
    fn a_server_before_the_oldest_supported_one_is_refused_with_both_versions() {
        let check = |found| {
            let facts = ServerFacts {
                version: found,
                oldest: Some(ServerVersion::new(14, 0)),
                ..ServerFacts::default()
            };
            facts.check_version(&node())
        };
        for fine in [(14, 0), (14, 23), (15, 18), (18, 0)] {
            assert_eq!(check(Some(ServerVersion::new(fine.0, fine.1))), Ok(()));
        }
        assert_eq!(check(None), Ok(()), "what is not known is not refused");
        for old in [(13, 99), (9, 6)] {
            let found = ServerVersion::new(old.0, old.1);
            let words = check(Some(found)).unwrap_err().to_string();
            assert!(
                words.contains(&format!("`node` is version {found}")),
                "{words}"
            );
            assert!(words.contains("14.0"), "{words}");
        }
    }
}
