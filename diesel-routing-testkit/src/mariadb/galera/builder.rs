use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::super::binaries::Binaries;
use super::super::flavour::Flavour;
use super::super::node::Context;
use super::super::settings::Given;
use super::ending::ENDING;
use super::options::{self, Ports};
use super::{GaleraCluster, template};
use crate::server::{Account, Backing, Root, Topology, Workspace};
use crate::{MariaNode, ServerError};

/// Long enough for a loaded machine, and for a node that gets all its data from another.
const LIMIT: Duration = Duration::from_secs(60);

/// The configuration of a [`GaleraCluster`].
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use diesel_routing_testkit::GaleraCluster;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = GaleraCluster::builder()
///     .nodes(3)
///     .setting("max_connections", "50")
///     .node_setting(1, "wsrep_slave_threads", "2")
///     .provider("/usr/lib/galera/libgalera_smm.so")
///     .bin_dir("/opt/server/bin")
///     .work_dir("/dev/shm")
///     .timeout(Duration::from_secs(60))
///     .start()?;
/// // The same in a container each, if the feature `docker` is on and an engine runs.
/// let elsewhere = GaleraCluster::builder().in_docker().start()?;
/// # let _ = (cluster, elsewhere);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a cluster starts with `start`"]
pub struct GaleraClusterBuilder {
    nodes: usize,
    settings: Given,
    bin_dir: Option<PathBuf>,
    provider: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    limit: Duration,
    /// `None`: what the environment says.
    backing: Option<Backing>,
}

impl GaleraClusterBuilder {
    pub(super) fn new() -> Self {
        Self {
            nodes: 3,
            settings: Given::default(),
            bin_dir: None,
            provider: None,
            work_dir: None,
            limit: LIMIT,
            backing: None,
        }
    }

    /// Returns how many nodes there are. Defaults to 3: of two, neither goes on when it loses the other.
    pub fn nodes(mut self, count: usize) -> Self {
        self.nodes = count;
        self
    }

    /// Gives every node a setting, as in an option file, for example `wsrep_slave_threads`, `4`.
    pub fn setting(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.settings.give_all(name.as_ref(), value.into());
        self
    }

    /// Gives one node a setting, over those for [all](Self::setting).
    pub fn node_setting(
        mut self,
        node: usize,
        name: impl AsRef<str>,
        value: impl Into<String>,
    ) -> Self {
        self.settings.give(node, name.as_ref(), value.into());
        self
    }

    /// Takes the server from this directory; see
    /// [`MariaClusterBuilder::bin_dir`](crate::MariaClusterBuilder::bin_dir).
    pub fn bin_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.bin_dir = Some(dir.into());
        self.backing = Some(Backing::Installed);
        self
    }

    /// Sets the Galera library, `libgalera_smm.so` of Galera 4. Defaults to `$GALERA_PROVIDER`, else to
    /// where packages put it.
    pub fn provider(mut self, path: impl Into<PathBuf>) -> Self {
        self.provider = Some(path.into());
        self
    }

    /// Runs the servers in containers, one each; see
    /// [`MariaClusterBuilder::in_docker`](crate::MariaClusterBuilder::in_docker). The image
    /// needs the Galera library, and `rsync` for nodes that get all their data from another.
    #[cfg(feature = "docker")]
    pub fn in_docker(mut self) -> Self {
        self.backing = Some(Backing::Docker);
        self
    }

    /// Keeps clusters and templates below this directory; see
    /// [`MariaClusterBuilder::work_dir`](crate::MariaClusterBuilder::work_dir). A node needs
    /// 32 MiB more than there.
    pub fn work_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.work_dir = Some(dir.into());
        self
    }

    /// Returns how long any one step may take. Defaults to 60 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the servers and waits until every node is `Synced`.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoServer`] and [`ServerError::TooOld`] when no server, or no Galera library, is
    /// installed that will do; [`ServerError::Refused`] without nodes, or for a server that is not
    /// MariaDB's; otherwise what stopped a server from starting. Nothing is left behind.
    pub fn start(self) -> Result<GaleraCluster, ServerError> {
        let account = Account::find("MariaDB", &["mysql", "nobody"])?;
        let root = Root::open(self.work_dir.as_deref(), account)?;
        root.sweep()?;
        let binaries = match self.backing.map_or_else(Backing::of_environment, Ok)? {
            Backing::Installed => Binaries::find(self.bin_dir.as_deref())?,
            #[cfg(feature = "docker")]
            Backing::Docker => Binaries::in_image(&root, account, self.limit)?,
        };
        self.check(&binaries)?;
        let provider = options::provider(self.provider.as_deref(), |files| {
            binaries.first_file(files, &root, account, self.limit)
        })?;
        let template = template::cached(&root, &binaries, &provider, account, self.limit)?;
        let workspace = Workspace::create(&root, &ENDING)?;
        let context = Arc::new(Context {
            host: binaries.place.host(&workspace, account)?,
            binaries,
            account,
            workspace,
            limit: self.limit,
            topology: Topology::new(self.nodes),
        });
        let ports: Vec<Ports> = (0..self.nodes)
            .map(|_| Ports::any())
            .collect::<Result<_, _>>()?;
        let nodes: Vec<MariaNode> = (0..self.nodes)
            .map(|index| {
                let mut settings = options::settings(index, &ports, &provider);
                settings.extend(self.settings.of(index));
                MariaNode::create(index, &context, settings)
            })
            .collect::<Result<_, _>>()?;
        for node in &nodes {
            template.copy_to(node.data_dir())?;
            options::write_view(node.data_dir(), node.index(), self.nodes, account)?;
        }
        let cluster = GaleraCluster::new(nodes, context, ports);
        cluster.start_all()?;
        Ok(cluster)
    }

    fn check(&self, binaries: &Binaries) -> Result<(), ServerError> {
        let refused = |reason: &str| {
            Err(ServerError::Refused {
                node: "the cluster".into(),
                step: "be set up",
                reason: reason.into(),
            })
        };
        if self.nodes == 0 {
            return refused("it would have no nodes");
        }
        if binaries.flavour != Flavour::MariaDb {
            return refused("Galera takes a MariaDB server; set MARIADB_BINDIR to one");
        }
        Ok(())
    }
}
