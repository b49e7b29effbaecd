//! Which nodes there are: from a configuration, from the command line, or from the environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel_routing::config::{ConfigFile, NodeConfig, RoleConfig, RoutingConfig};
use diesel_routing::{Node, NodeRole, RoutedConnection, Router, RouterBuilder};

use crate::backend::Kind;
use crate::failure::{Failure, chain};

/// The nodes to look at.
#[derive(clap::Args)]
pub(crate) struct ClusterArgs {
    /// A router's configuration, in TOML. Environment: `DIESEL_ROUTING_CONFIG`
    #[arg(long, short, value_name = "FILE", help_heading = HEADING)]
    pub(crate) config: Option<PathBuf>,
    /// A node, for each again; `env:VARIABLE` is a URL from the environment, where other users do not see it. ROLE may be
    /// `primary` or `replica`. Environment: `DIESEL_ROUTING_NODES`, with one node a line or after each `;`
    #[arg(
        long = "node",
        short,
        value_name = "NAME[:ROLE]=URL",
        conflicts_with = "config",
        help_heading = HEADING
    )]
    pub(crate) nodes: Vec<String>,
    /// The longest to wait for a node, for connecting and for each answer
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration, help_heading = HEADING)]
    pub(crate) timeout: Duration,
}

const HEADING: &str = "The cluster";

/// The environment variable with the path of a configuration.
pub(crate) const CONFIG: &str = "DIESEL_ROUTING_CONFIG";

/// The environment variable with nodes.
pub(crate) const NODES: &str = "DIESEL_ROUTING_NODES";

/// A cluster's nodes, and how they are to be used.
pub(crate) struct Cluster {
    /// The kind of database that all nodes are of.
    pub(crate) kind: Kind,
    /// The nodes: at least one, in the order that they were given in. Their URLs have passwords: never print them.
    pub(crate) members: Vec<Member>,
    /// The configuration, without its nodes; the default where there is none.
    pub(crate) config: RoutingConfig,
    /// The longest to wait for a node.
    pub(crate) timeout: Duration,
}

/// A node, and the role that it is meant to have.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) node: Node,
    pub(crate) role: Option<NodeRole>,
    /// Its value in the configuration; the default where there is none.
    pub(crate) settings: NodeConfig,
}

impl ClusterArgs {
    /// Reads which nodes there are, and the secrets that a configuration refers to. Asks no server.
    pub(crate) fn read(&self) -> Result<Cluster, Failure> {
        let variable = |name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        };
        if let Some(path) = &self.config {
            return self.of_config(path);
        }
        if !self.nodes.is_empty() {
            return self.of_nodes(self.nodes.iter().map(String::as_str), "--node");
        }
        match (variable(CONFIG), variable(NODES)) {
            (Some(_), Some(_)) => Err(Failure::Usage(format!(
                "both `{CONFIG}` and `{NODES}` are set: unset one, or give `--config` or `--node`"
            ))),
            (Some(path), None) => self.of_config(Path::new(&path)),
            (None, Some(nodes)) => {
                let nodes = nodes.split(['\n', ';']).map(str::trim);
                self.of_nodes(nodes.filter(|node| !node.is_empty()), NODES)
            }
            (None, None) => Err(Failure::Usage(format!(
                "which nodes? Give `--config FILE`, or `--node NAME=URL` for each, or set `{CONFIG}` or `{NODES}`"
            ))),
        }
    }

    fn of_config(&self, path: &Path) -> Result<Cluster, Failure> {
        let wrong = |error: &dyn std::error::Error| {
            let words = chain(error);
            let path = path.display().to_string();
            let is_named = words.starts_with(&path);
            Failure::Usage(if is_named {
                words
            } else {
                format!("{path}: {words}")
            })
        };
        let mut config = ConfigFile::new(path)
            .read()
            .map_err(|error| wrong(&error))?;
        let nodes = config.read_nodes().map_err(|error| wrong(&error))?;
        let roles = std::mem::take(&mut config.nodes);
        let members = nodes.into_iter().map(|node| {
            let role = roles.get(node.name()).and_then(|node| node.role);
            let role = role.map(|role| match role {
                RoleConfig::Primary => NodeRole::TakesWrites,
                _ => NodeRole::ReplaysWrites,
            });
            let settings = roles.get(node.name()).cloned().unwrap_or_default();
            Member {
                node,
                role,
                settings,
            }
        });
        self.cluster(members.collect(), config, &path.display().to_string())
    }

    fn of_nodes<'a>(
        &self,
        nodes: impl Iterator<Item = &'a str>,
        origin: &str,
    ) -> Result<Cluster, Failure> {
        let members = nodes.map(|text| member(text, origin));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        self.cluster(members, RoutingConfig::default(), origin)
    }

    fn cluster(
        &self,
        members: Vec<Member>,
        config: RoutingConfig,
        origin: &str,
    ) -> Result<Cluster, Failure> {
        let mut kinds = members.iter().map(|member| {
            let name = member.node.name();
            let kind = Kind::of_url(member.node.url());
            kind.map_err(|why| Failure::Usage(format!("node `{name}`: {why}")))
                .map(|kind| (name, kind))
        });
        let Some(first) = kinds.next() else {
            return Err(Failure::Usage(format!("{origin}: it names no node")));
        };
        let (first, kind) = first?;
        for other in kinds {
            let (other, kind_of_other) = other?;
            if kind_of_other != kind {
                return Err(Failure::Usage(format!(
                    "nodes `{first}` and `{other}` are of different kinds of databases: a cluster is of one kind"
                )));
            }
        }
        let limit = self.timeout;
        let members = members.into_iter().map(|member| Member {
            node: member.node.connect_timeout(limit),
            ..member
        });
        Ok(Cluster {
            kind,
            members: members.collect(),
            config,
            timeout: limit,
        })
    }
}

impl Cluster {
    /// Returns the builder of a router with these nodes and this configuration. Any of the nodes may be missing.
    pub(crate) fn builder<C: RoutedConnection>(&self) -> RouterBuilder<C> {
        let builder = Router::<C>::builder().config(&self.config);
        let builder = builder.build_timeout(self.timeout);
        self.members.iter().fold(builder, |builder, member| {
            let node = member.node.clone();
            match member.role {
                Some(NodeRole::TakesWrites) => builder.primary(node),
                Some(NodeRole::ReplaysWrites) => builder.replica(node),
                _ => builder.node(node),
            }
        })
    }
}

/// Reads `NAME[:ROLE]=URL`. Errors have no part of the URL.
fn member(text: &str, origin: &str) -> Result<Member, Failure> {
    let (name, url) = text.split_once('=').ok_or_else(|| {
        Failure::Usage(format!(
            "{origin}: a node is `NAME=URL`, such as `db-1=postgres://app@10.0.0.1/app`, and one has no `=`"
        ))
    })?;
    let (name, role) = match name.rsplit_once(':') {
        Some((name, "primary")) => (name, Some(NodeRole::TakesWrites)),
        Some((name, "replica")) => (name, Some(NodeRole::ReplaysWrites)),
        _ => (name, None),
    };
    // A URL in the place of a name: part of it may be a password.
    if name.is_empty() || name.contains(['/', '@', '?']) {
        return Err(Failure::Usage(format!(
            "{origin}: a node is `NAME=URL`, and one has no name: put a name and `=` before its URL"
        )));
    }
    let url = match url.strip_prefix("env:") {
        Some(variable) => std::env::var(variable).map_err(|_| {
            Failure::Usage(format!(
                "node `{name}`: the environment variable `{variable}` is not set, or is not Unicode"
            ))
        })?,
        None => url.to_owned(),
    };
    let node = Node::new(name, url);
    Ok(Member {
        node,
        role,
        settings: NodeConfig::default(),
    })
}

#[cfg(all(test, feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;

    fn args(nodes: &[&str]) -> ClusterArgs {
        ClusterArgs {
            config: None,
            nodes: nodes.iter().copied().map(str::to_owned).collect(),
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn nodes_have_names_and_may_have_roles() {
        let cluster = args(&[
            "a:primary=postgres://u:p@h/db",
            "10.0.0.2:5432=postgres://h2/db",
        ]);
        let cluster = cluster.read().unwrap_or_else(|failure| panic!("{failure}"));
        let members = cluster
            .members
            .iter()
            .map(|member| (member.node.name(), member.role));
        let expected = [("a", Some(NodeRole::TakesWrites)), ("10.0.0.2:5432", None)];
        assert_eq!(members.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_mistake_is_named_without_any_part_of_a_password() {
        for (nodes, words) in [
            (&["postgres://u:hunter2@h/db"][..], "has no `=`"),
            (&["postgres://u:hunter2@h/db?a=b"], "has no name"),
            (&["a=redis://u:hunter2@h"], "unknown kind"),
            (&["a=env:NO_SUCH_VARIABLE"], "`NO_SUCH_VARIABLE`"),
            (
                &["a=postgres://u:hunter2@h/db", "b=/tmp/b.db"],
                "`a` and `b`",
            ),
        ] {
            let failure = args(nodes).read().err().map(|failure| failure.to_string());
            let failure = failure.unwrap_or_default();
            assert!(failure.contains(words), "{failure}");
            assert!(!failure.contains("hunter2"), "{failure}");
        }
    }
}
