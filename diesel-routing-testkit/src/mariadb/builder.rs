use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::binaries::Binaries;
use super::ending::ENDING;
use super::node::Context;
use super::settings::{Given, Settings};
use super::{MariaCluster, MariaNode, template};
use crate::ServerError;
use crate::server::{Account, Backing, Root, Topology, Upstreams, Workspace};

/// Long enough for a loaded machine; a step that works takes milliseconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The configuration of a [`MariaCluster`].
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use diesel_routing_testkit::MariaCluster;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = MariaCluster::builder()
///     .replicas(1)
///     .replica_of(1) // node 2 follows node 1
///     .setting("max_connections", "50")
///     .node_setting(1, "read_only", "ON")
///     .bin_dir("/opt/server/bin")
///     .work_dir("/dev/shm")
///     .timeout(Duration::from_secs(60))
///     .start()?;
/// println!("{} in {}", cluster.primary().url(), cluster.primary().data_dir().display());
/// // The same in a container each, if the feature `docker` is on and an engine runs.
/// let elsewhere = MariaCluster::builder().in_docker().start()?;
/// # let _ = elsewhere;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a cluster starts with `start`"]
pub struct MariaClusterBuilder {
    /// The node that each replica follows; the first is node 1.
    upstreams: Upstreams,
    settings: Given,
    bin_dir: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    limit: Duration,
    /// `None`: what the environment says.
    backing: Option<Backing>,
}

impl MariaClusterBuilder {
    pub(super) fn new() -> Self {
        Self {
            upstreams: Upstreams::default(),
            settings: Given::default(),
            bin_dir: None,
            work_dir: None,
            limit: LIMIT,
            backing: None,
        }
    }

    /// Adds `count` replicas of the primary. Defaults to none.
    pub fn replicas(mut self, count: usize) -> Self {
        self.upstreams.add(count);
        self
    }

    /// Adds a replica that follows node `node` (0 is the primary, 1 the first replica): a replica of
    /// a replica.
    pub fn replica_of(mut self, node: usize) -> Self {
        self.upstreams.add_below(node);
        self
    }

    /// Gives every node a setting, as in an option file, for example `gtid_strict_mode`, `OFF`. An
    /// empty value stands for an option that takes none: `skip_log_bin`.
    pub fn setting(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.settings.give_all(name.as_ref(), value.into());
        self
    }

    /// Gives one node a setting, over those for [all](Self::setting), for example a `server_id` that
    /// another node has too.
    pub fn node_setting(
        mut self,
        node: usize,
        name: impl AsRef<str>,
        value: impl Into<String>,
    ) -> Self {
        self.settings.give(node, name.as_ref(), value.into());
        self
    }

    /// Takes the server from this directory, which holds `mariadbd` and `mariadb-install-db` (or a MySQL
    /// `mysqld`, which needs no other program), or has
    /// `../bin`, `../sbin` or `../scripts` beside it that do.
    ///
    /// Defaults to `$MARIADB_BINDIR`, else to the first of `PATH`, `/usr/sbin` and `/usr/bin` that
    /// has them. MariaDB 10.6 and later will do, and so will MySQL 8.0.30 and later, of which the
    /// project itself tries 9.7.
    pub fn bin_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.bin_dir = Some(dir.into());
        self.backing = Some(Backing::Installed);
        self
    }

    /// Runs the servers in containers, one each, instead of from installed programs; so does
    /// `DIESEL_ROUTING_TESTKIT=docker`, unless [`bin_dir`](Self::bin_dir) names programs. See
    /// [the module](crate#in-containers).
    #[cfg(feature = "docker")]
    pub fn in_docker(mut self) -> Self {
        self.backing = Some(Backing::Docker);
        self
    }

    /// Keeps clusters and templates below this directory, which must exist.
    ///
    /// Defaults to `$TMPDIR`, else to `/dev/shm` when 4 GiB are free there, else to `/tmp`. A node
    /// needs about 40 MiB, and more when much is written. The template, one per server version,
    /// stays.
    pub fn work_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.work_dir = Some(dir.into());
        self
    }

    /// Returns how long any one step may take. Defaults to 30 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the servers and waits until every replica is connected and has applied everything.
    ///
    /// A replica whose settings keep it from connecting is no error here: that may be what the test is
    /// about. [`MariaNode::receive_error`] says why.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoServer`] and [`ServerError::TooOld`] when no server is installed that will
    /// do; [`ServerError::NoEngine`] and [`ServerError::Image`] when there is nothing to run containers
    /// with; [`ServerError::Backing`] when `DIESEL_ROUTING_TESTKIT` asks for what there is not;
    /// [`ServerError::Refused`] when a replica follows a node that is not there before it;
    /// otherwise what stopped a server from starting. Nothing is left behind.
    pub fn start(self) -> Result<MariaCluster, ServerError> {
        self.upstreams.check()?;
        let account = Account::find("MariaDB", &["mysql", "nobody"])?;
        let root = Root::open(self.work_dir.as_deref(), account)?;
        root.sweep()?;
        let binaries = match self.backing.map_or_else(Backing::of_environment, Ok)? {
            Backing::Installed => Binaries::find(self.bin_dir.as_deref())?,
            #[cfg(feature = "docker")]
            Backing::Docker => Binaries::in_image(&root, account, self.limit)?,
        };
        let template = template::cached(&root, &binaries, account, self.limit)?;
        let workspace = Workspace::create(&root, &ENDING)?;
        let context = Arc::new(Context {
            host: binaries.place.host(&workspace, account)?,
            binaries,
            account,
            workspace,
            limit: self.limit,
            topology: Topology::new(self.upstreams.nodes()),
        });
        let nodes = (0..self.upstreams.nodes())
            .map(|index| MariaNode::create(index, &context, self.settings_of(index, &context)))
            .collect::<Result<_, _>>()?;
        let cluster = MariaCluster::new(nodes, context, template);
        self.launch(&cluster)?;
        cluster.wait_until_caught_up(self.limit)?;
        Ok(cluster)
    }

    fn launch(&self, cluster: &MariaCluster) -> Result<(), ServerError> {
        for node in cluster.nodes() {
            cluster.template().copy_to(node.data_dir())?;
            node.launch(&[])?;
        }
        cluster.nodes().iter().try_for_each(MariaNode::wait_ready)?;
        for (replica, upstream) in cluster.replicas().iter().zip(self.upstreams.iter()) {
            replica.follow(cluster.node(upstream))?;
        }
        let mut replicas = cluster.replicas().iter();
        replicas.try_for_each(MariaNode::wait_connected)
    }

    fn settings_of(&self, index: usize, context: &Context) -> Settings {
        let mut settings = Settings::new();
        if index > 0 {
            let read_only = context.binaries.flavour.read_only();
            settings.extend(read_only.iter().map(|&name| (name.into(), "ON".into())));
        }
        settings.extend(self.settings.of(index));
        settings
    }
}
