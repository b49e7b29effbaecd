use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::binaries::Binaries;
use super::ending::ENDING;
use super::node::Context;
use super::settings::Settings;
use super::{PgCluster, PgNode, template};
use crate::ServerError;
use crate::server::{Account, Backing, Root, Template, Topology, Upstreams, Workspace};

/// Long enough for a loaded machine; a step that works takes milliseconds.
const LIMIT: Duration = Duration::from_secs(30);

/// The configuration of a [`PgCluster`].
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use diesel_routing_testkit::PgCluster;
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = PgCluster::builder()
///     .standbys(1)
///     .standby_of(1) // node 2 follows node 1
///     .setting("max_connections", "50")
///     .own_identity() // none of a template's
///     .bin_dir("/opt/server/bin")
///     .work_dir("/dev/shm")
///     .timeout(Duration::from_secs(60))
///     .start()?;
/// println!("{} in {}", cluster.primary().url(), cluster.primary().data_dir().display());
/// // The same in a container each, if the feature `docker` is on and an engine runs.
/// let elsewhere = PgCluster::builder().in_docker().start()?;
/// # let _ = elsewhere;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a cluster starts with `start`"]
pub struct PgClusterBuilder {
    /// The node that each standby follows; the first is node 1.
    upstreams: Upstreams,
    settings: Settings,
    bin_dir: Option<PathBuf>,
    work_dir: Option<PathBuf>,
    limit: Duration,
    own_identity: bool,
    /// `None`: what the environment says.
    backing: Option<Backing>,
}

impl PgClusterBuilder {
    pub(super) fn new() -> Self {
        Self {
            upstreams: Upstreams::default(),
            settings: Settings::new(),
            bin_dir: None,
            work_dir: None,
            limit: LIMIT,
            own_identity: false,
            backing: None,
        }
    }

    /// Adds `count` standbys of the primary. Defaults to none.
    pub fn standbys(mut self, count: usize) -> Self {
        self.upstreams.add(count);
        self
    }

    /// Adds a standby that follows node `node` (0 is the primary, 1 the first standby): a standby
    /// of a standby.
    pub fn standby_of(mut self, node: usize) -> Self {
        self.upstreams.add_below(node);
        self
    }

    /// Gives every node a setting, as in `postgresql.conf`, for example `synchronous_commit`, `off`.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// Takes the server from this directory, which holds `postgres`, `initdb` and `pg_basebackup`.
    ///
    /// Defaults to `$PG_BINDIR`, else to the first of `PATH` and `/usr/lib/postgresql/*/bin`
    /// (newest version first) that has them. 14 and later will do.
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
    /// Defaults to `$TMPDIR`, else to `/dev/shm` when 4 GiB are free there (a start is up to ten
    /// times as fast in memory), else to `/tmp`. A node needs about 45 MiB, and up to 0.3 GiB when
    /// much is written. The template, one per server version, stays.
    pub fn work_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.work_dir = Some(dir.into());
        self
    }

    /// Returns how long any one step may take. Defaults to 30 s.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Gives the cluster a system identifier of its own, for about half a second more.
    ///
    /// Otherwise it is a copy of a template, and all copies look like one cluster to whoever compares
    /// system identifiers.
    pub fn own_identity(mut self) -> Self {
        self.own_identity = true;
        self
    }

    /// Starts the servers and waits until every standby streams and has replayed everything.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoServer`] and [`ServerError::TooOld`] when no server is installed that will do;
    /// [`ServerError::NoEngine`] and [`ServerError::Image`] when there is nothing to run containers with;
    /// [`ServerError::Backing`] when `DIESEL_ROUTING_TESTKIT` asks for what there is not;
    /// [`ServerError::Refused`] when a standby follows a node that is not there before it; otherwise
    /// what stopped a server from starting. Nothing is left behind.
    pub fn start(self) -> Result<PgCluster, ServerError> {
        self.upstreams.check()?;
        let account = Account::find("PostgreSQL", &["postgres", "nobody"])?;
        let root = Root::open(self.work_dir.as_deref(), account)?;
        root.sweep()?;
        let binaries = match self.backing.map_or_else(Backing::of_environment, Ok)? {
            Backing::Installed => Binaries::find(self.bin_dir.as_deref())?,
            #[cfg(feature = "docker")]
            Backing::Docker => Binaries::in_image(&root, account, self.limit)?,
        };
        let template = if self.own_identity {
            template::build(&root, &binaries, account, self.limit)?
        } else {
            template::cached(&root, &binaries, account, self.limit)?
        };
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
            .map(|index| PgNode::create(index, &context, self.settings.clone()))
            .collect::<Result<_, _>>()?;
        let cluster = PgCluster::new(nodes, context);
        self.launch(&cluster, &template)?;
        cluster.wait_until_caught_up(self.limit)?;
        Ok(cluster)
    }

    fn launch(&self, cluster: &PgCluster, template: &Template) -> Result<(), ServerError> {
        let primary = cluster.node(0);
        template.copy_to(primary.data_dir())?;
        primary.launch()?;
        for (standby, upstream) in cluster.standbys().iter().zip(self.upstreams.iter()) {
            template.copy_to(standby.data_dir())?;
            standby.mark_standby()?;
            standby.follow(cluster.node(upstream))?;
            standby.launch()?;
        }
        cluster.nodes().iter().try_for_each(PgNode::wait_ready)
    }
}
