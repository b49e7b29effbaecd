use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;
use once_cell::sync::OnceCell;

use super::binaries::Binaries;
use super::postmaster;
use super::settings::{self, Settings};
use super::sql::Login;
use super::url::{self, PORT};
use crate::server::{self, Endpoint, Supervised};
use crate::{Proxy, ServerError, Target};

pub(super) type Context = server::Context<Binaries>;

/// One server of a [`PgCluster`](super::PgCluster).
///
/// Methods block until their effect is there, or fail after the builder's `timeout`. None of them
/// needs an async runtime, and all work inside one.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use diesel_routing_testkit::{PgCluster, PgNode};
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = PgCluster::builder().standbys(2).start()?;
/// let [primary, standby]: [&PgNode; 2] = [cluster.node(0), cluster.standby(0)];
/// assert_eq!((standby.name(), standby.index()), ("standby-1", 1));
/// println!("{} or, as another role, {}", standby.url(), standby.url_for("postgres", "app"));
///
/// // Behind on purpose, by any amount.
/// standby.pause_replay()?;
/// assert!(standby.is_replay_paused()? && standby.is_in_recovery()?);
/// standby.resume_replay()?;
/// standby.set_apply_delay(Duration::from_millis(200))?;
/// println!("{} bytes on timeline {}", standby.position()?, standby.timeline()?);
///
/// // Asked by the superuser, past limits and read-only sessions.
/// standby.admin_execute("SELECT pg_stat_reset()")?;
/// assert_eq!(standby.admin_value("SELECT 1")?.as_deref(), Some("1"));
/// primary.set("max_standby_streaming_delay", "0")?;
///
/// // It hangs, it crashes, it is gone, another takes its place.
/// primary.freeze()?;
/// primary.thaw()?;
/// primary.kill()?;
/// assert!(!primary.is_running(), "{}", primary.log_tail());
/// standby.promote()?;
/// primary.start()?;
/// primary.restart()?;
/// primary.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PgNode {
    pub(super) index: usize,
    pub(super) server: Supervised,
    pub(super) context: Arc<Context>,
    data: PathBuf,
    socket_dir: PathBuf,
    link_dir: PathBuf,
    settings: Mutex<Settings>,
    /// Between this node and the one it replicates from.
    link: OnceCell<Proxy>,
    /// Between clients and this node.
    proxy: OnceCell<Arc<Proxy>>,
}

impl PgNode {
    /// Creates the node's directories, without data and without a server.
    pub(super) fn create(
        index: usize,
        context: &Arc<Context>,
        mut settings: Settings,
    ) -> Result<Self, ServerError> {
        let name = format!("node{index}");
        let dir = context.workspace.path();
        let data = dir.join(&name);
        let (socket_dir, link_dir) = (
            dir.join(format!("sock{index}")),
            dir.join(format!("link{index}")),
        );
        for own in [&data, &socket_dir, &link_dir] {
            context.account.private_dir(own)?;
        }

        settings.insert(
            "unix_socket_directories".into(),
            socket_dir.display().to_string(),
        );
        settings.insert(
            "primary_conninfo".into(),
            format!(
                "host={} port={PORT} user=postgres application_name={name}",
                link_dir.display()
            ),
        );
        Ok(Self {
            index,
            server: Supervised::new(name, dir, context.host.clone(), context.limit)?,
            context: Arc::clone(context),
            data,
            socket_dir,
            link_dir,
            settings: Mutex::new(settings),
            link: OnceCell::new(),
            proxy: OnceCell::new(),
        })
    }

    /// Returns the node's place in the cluster, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the node's name: `node0`, `node1` and so on. Also the standby's `application_name` on its upstream.
    #[must_use]
    pub fn name(&self) -> &str {
        self.server.name()
    }

    /// Returns the URL for user `app` (no superuser, owner of database `app`) over the node's unix socket.
    ///
    /// libpq (so also Diesel's `PgConnection` and `psql`) and tokio-postgres read it alike.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("app", "app")
    }

    /// Returns the URL for another user or database; `postgres` is a superuser. No user has a password.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        url::postgres(user, &self.socket_dir.to_string_lossy(), PORT, database)
    }

    /// Returns the proxy in front of this node; made at the first call, one per node.
    ///
    /// # Errors
    ///
    /// [`ServerError::Io`] when no loopback port can be opened.
    pub fn proxy(&self) -> Result<Arc<Proxy>, ServerError> {
        let proxy = self
            .proxy
            .get_or_try_init(|| Proxy::tcp(self.name(), self.into()).map(Arc::new));
        proxy.cloned()
    }

    /// Returns the directory of the node's unix socket, which is named for port 5432.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Returns the data directory. [`set`](Self::set) changes settings; `postgresql.conf` is rewritten then.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// Returns the last 20 lines of the server's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        self.server.log_tail()
    }

    /// Returns whether the server runs, frozen or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.server.is_running()
    }

    /// Returns the process id of the server's postmaster, if it was started and not stopped since.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Starts the server and waits until it takes connections. Does nothing when it runs.
    ///
    /// A standby follows the node it followed before.
    ///
    /// # Errors
    ///
    /// [`ServerError::Exited`] when the server refuses to run, [`ServerError::Timeout`], [`ServerError::Io`].
    pub fn start(&self) -> Result<(), ServerError> {
        self.launch()?;
        self.wait_ready()
    }

    /// Shuts the server down cleanly (PostgreSQL's fast shutdown): open sessions get SQLSTATE
    /// 57P01, and standbys get everything first. Does nothing when it is down.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] when the server does not end: because it is frozen, or because a standby
    /// whose network hangs does not confirm what it got.
    pub fn stop(&self) -> Result<(), ServerError> {
        self.server.stop(Signal::SIGINT)
    }

    /// Kills every process of the server at once (`kill -9`). Does nothing when it is down.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] when a process does not go away.
    pub fn kill(&self) -> Result<(), ServerError> {
        self.server.kill()
    }

    /// Does [`stop`](Self::stop), then [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// Theirs.
    pub fn restart(&self) -> Result<(), ServerError> {
        self.stop()?;
        self.start()
    }

    /// Starts the server without waiting for it.
    pub(super) fn launch(&self) -> Result<(), ServerError> {
        self.server.launch(|| {
            let Context {
                binaries,
                account,
                host,
                workspace,
                ..
            } = &*self.context;
            settings::write(&self.data, &self.settings(), *account)?;
            postmaster::forget(&self.data, host)?;
            let mut command = binaries.command("postgres", *account);
            let tag = format!("cluster_name={}.{}", workspace.name(), self.name());
            command.arg("-D").arg(&self.data).args(["-c", &tag]);
            Ok(command)
        })
    }

    pub(super) fn wait_ready(&self) -> Result<(), ServerError> {
        self.server.wait_ready(|process| {
            u32::try_from(process.own_pid().as_raw())
                .is_ok_and(|pid| postmaster::is_ready(&self.data, pid))
        })
    }

    /// Makes the node replicate from the node whose socket is `upstream`, once it is a standby.
    pub(super) fn follow(&self, upstream: &Self) -> Result<(), ServerError> {
        let account = self.context.account;
        let link = self.link.get_or_try_init(|| {
            let path = self.link_dir.join(socket_name());
            Proxy::unix(self.name(), path, account, upstream.into())
        })?;
        link.set_target(upstream.into());
        self.context.topology.follow(self.index, upstream.index);
        Ok(())
    }

    /// Returns the network between this node and its upstream.
    pub(super) fn link(&self, step: &'static str) -> Result<&Proxy, ServerError> {
        self.link
            .get()
            .ok_or_else(|| self.server.refused(step, "it never followed another node"))
    }

    /// Makes the data directory a standby's.
    pub(super) fn mark_standby(&self) -> Result<(), ServerError> {
        let path = self.data.join("standby.signal");
        fs::write(&path, "").map_err(ServerError::io("write", &path))?;
        self.context.account.own(&path)
    }

    pub(super) fn login<'a>(&'a self, user: &'a str, database: &'a str) -> Login<'a> {
        Login {
            socket_dir: &self.socket_dir,
            user,
            database,
        }
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&PgNode> for Target {
    fn from(node: &PgNode) -> Self {
        let socket = Endpoint::Unix(node.socket_dir.join(socket_name()));
        Self::new(node.name(), url::PROTOCOL, socket)
    }
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}
