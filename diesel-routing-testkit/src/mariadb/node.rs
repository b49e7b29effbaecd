use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use once_cell::sync::OnceCell;

use super::binaries::Binaries;
use super::flavour::Flavour;
use super::settings::{self, Settings};
use super::sql::Login;
use super::url;
use crate::server::{self, Endpoint, Port, Supervised};
use crate::{Proxy, ServerError, Target};

pub(super) type Context = server::Context<Binaries>;

/// The step by which a node's server id grows with each rebuild; at first it is its index + 1.
const LIFE: usize = 100;

/// One server of a [`MariaCluster`](super::MariaCluster).
///
/// Methods block until their effect is there, or fail after the builder's `timeout`. None of them
/// needs an async runtime, and all work inside one.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
/// use diesel_routing_testkit::{MariaCluster, MariaNode};
///
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = MariaCluster::builder().replicas(2).start()?;
/// let [primary, replica]: [&MariaNode; 2] = [cluster.node(0), cluster.replica(0)];
/// println!("{}, node {}: {}", replica.name(), replica.index(), replica.url());
/// primary.execute("CREATE TABLE settings (user_id int PRIMARY KEY)")?;
/// assert_eq!(primary.query_value("SELECT COUNT(*) FROM settings")?.as_deref(), Some("0"));
///
/// // Behind on purpose: it does not apply, or does not receive.
/// replica.pause_replay()?;
/// assert!(replica.is_replay_paused()? && replica.is_read_only()?);
/// replica.resume_replay()?;
/// replica.stop_receiving()?;
/// assert!(!replica.is_receiving()?);
/// replica.resume_receiving()?;
/// replica.set_apply_delay(Duration::from_secs(1))?;
/// println!("{}, and {} received", replica.position()?, replica.received()?);
/// println!("{:?} {:?}", replica.replay_error()?, replica.receive_error()?);
///
/// replica.admin_execute("FLUSH STATUS")?;
/// replica.set("max_connections", "20")?;
/// println!("{:?} {:?}", replica.server_status("Threads_connected")?, replica.admin_value("SELECT 1")?);
///
/// // It hangs, it crashes, it is gone, another takes its place.
/// primary.freeze()?;
/// primary.thaw()?;
/// primary.kill()?;
/// assert!(!primary.is_running(), "{}", primary.log_tail());
/// replica.promote()?;
/// primary.start()?;
/// primary.restart()?;
/// primary.stop()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MariaNode {
    pub(super) index: usize,
    pub(super) server: Supervised,
    pub(super) context: Arc<Context>,
    /// The number of times that its applier was made to fail.
    pub(super) conflicts: AtomicUsize,
    /// The number of its rebuilds.
    lives: AtomicUsize,
    /// Between this node and the one it replicates from.
    pub(super) link: OnceCell<Proxy>,
    data: PathBuf,
    options: PathBuf,
    socket: PathBuf,
    port: Port,
    settings: Mutex<Settings>,
    /// Between clients and this node.
    proxy: OnceCell<Arc<Proxy>>,
}

impl MariaNode {
    /// Creates the node's directories, without data and without a server.
    pub(super) fn create(
        index: usize,
        context: &Arc<Context>,
        given: Settings,
    ) -> Result<Self, ServerError> {
        let name = format!("node{index}");
        let dir = context.workspace.path();
        let own = |name: String| {
            let path = dir.join(name);
            context.account.private_dir(&path).map(|()| path)
        };
        let (data, socket_dir) = (own(name.clone())?, own(format!("sock{index}"))?);
        let temporary = own(format!("tmp{index}"))?;
        let socket = socket_dir.join("mysqld.sock");
        let port = Port::any().map_err(ServerError::io("open a port for", &name))?;

        let mut settings = Settings::from_iter([
            ("server_id".into(), (index + 1).to_string()),
            ("port".into(), port.address().port().to_string()),
            ("socket".into(), socket.display().to_string()),
            ("datadir".into(), data.display().to_string()),
            ("pid_file".into(), data.join("pid").display().to_string()),
            ("tmpdir".into(), temporary.display().to_string()),
        ]);
        settings.extend(given);
        Ok(Self {
            index,
            options: dir.join(format!("{name}.cnf")),
            server: Supervised::new(name, dir, context.host.clone(), context.limit)?,
            context: Arc::clone(context),
            conflicts: AtomicUsize::new(0),
            lives: AtomicUsize::new(0),
            link: OnceCell::new(),
            data,
            socket,
            port,
            settings: Mutex::new(settings),
            proxy: OnceCell::new(),
        })
    }

    /// Returns the node's place in the cluster, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Returns the node's name: `node0`, `node1` and so on.
    #[must_use]
    pub fn name(&self) -> &str {
        self.server.name()
    }

    /// Returns the URL for user `app` and database `app`, over TCP on the loopback interface.
    ///
    /// `app` owns its database, may ask what replication does, and cannot write where the server is
    /// `read_only`. The port is the node's for as long as the cluster lives, also while it is down.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("app", "app")
    }

    /// Returns the URL for another user or database. No user has a password; `root` may use the unix socket
    /// only.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        url::at(user, &self.endpoint(), database)
    }

    /// Returns the proxy in front of this node; made at the first call, one per node.
    ///
    /// Its URL ends with `?prefer_socket=false`, as those of addresses do: else `mysql_async` (so also
    /// diesel-async) goes on over the server's socket, past the proxy.
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

    /// Returns the path of the node's unix socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Returns the path of the data directory.
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

    /// Returns the process id of the server, if it was started and not stopped since.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Starts the server and waits until it takes connections. Does nothing when it runs.
    ///
    /// A replica follows the node it followed before, and applies what it gets.
    ///
    /// # Errors
    ///
    /// [`ServerError::Exited`] when the server refuses to run, [`ServerError::Timeout`],
    /// [`ServerError::Io`].
    pub fn start(&self) -> Result<(), ServerError> {
        self.launch(&[])?;
        self.wait_ready()
    }

    /// Shuts the server down cleanly. Does nothing when it is down.
    ///
    /// # Errors
    ///
    /// [`ServerError::Timeout`] when the server does not end, for example because it is frozen.
    pub fn stop(&self) -> Result<(), ServerError> {
        self.server.stop(Signal::SIGTERM)
    }

    /// Kills the server at once (`kill -9`). Does nothing when it is down.
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

    /// Stops the server's process (`SIGSTOP`): connections are accepted by the kernel and never
    /// answered, open ones stall.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotRunning`], [`ServerError::Timeout`].
    pub fn freeze(&self) -> Result<(), ServerError> {
        self.server.freeze()
    }

    /// Lets the server go on after [`freeze`](Self::freeze).
    ///
    /// # Errors
    ///
    /// [`ServerError::NotRunning`], [`ServerError::Io`].
    pub fn thaw(&self) -> Result<(), ServerError> {
        self.server.thaw()
    }

    /// Makes the next start that of a replica which the cluster has not seen before.
    pub(super) fn become_another(&self) {
        let life = self.lives.fetch_add(1, Ordering::Relaxed) + 1;
        let mut settings = self.settings();
        let id = life * LIFE + self.index + 1;
        settings.insert("server_id".into(), id.to_string());
        for &name in self.flavour().read_only() {
            settings.insert(name.into(), "ON".into());
        }
    }

    /// Starts the server without waiting for it.
    pub(super) fn launch(&self, arguments: &[&str]) -> Result<(), ServerError> {
        self.server.launch(|| {
            let Context {
                binaries, account, ..
            } = &*self.context;
            settings::write(&self.options, self.flavour(), &self.settings(), *account)?;
            let mut command = binaries.server(&self.options, *account);
            command.args(arguments);
            Ok(command)
        })
    }

    pub(super) fn wait_ready(&self) -> Result<(), ServerError> {
        self.server.wait_ready(|_process| greets(&self.socket))?;
        if self.settings().get("wsrep_on").is_some_and(|on| on == "ON") {
            self.wait_synced("joining the cluster")?;
        }
        Ok(())
    }

    /// Waits until a Galera node has a quorum and everything that the others have.
    pub(super) fn wait_synced(&self, step: &'static str) -> Result<(), ServerError> {
        let synced = self.server.deadline().poll(|| match self.is_synced() {
            // Who joins may close the connections that it has taken before.
            Err(ServerError::Sql { source, .. }) if was_closed(&*source) && self.is_running() => {
                Ok(None)
            }
            synced => synced.map(|synced| synced.then_some(())),
        })?;
        synced.ok_or_else(|| self.server.timeout(step))
    }

    fn is_synced(&self) -> Result<bool, ServerError> {
        let state = self.server_status("wsrep_local_state_comment")?;
        let quorum = self.server_status("wsrep_cluster_status")?;
        Ok(state.as_deref() == Some("Synced") && quorum.as_deref() == Some("Primary"))
    }

    pub(super) fn login<'a>(&'a self, user: &'a str, database: Option<&'a str>) -> Login<'a> {
        Login {
            socket: &self.socket,
            user,
            database,
        }
    }

    pub(super) fn flavour(&self) -> Flavour {
        self.context.binaries.flavour
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(self.port.address())
    }
}

impl From<&MariaNode> for Target {
    fn from(node: &MariaNode) -> Self {
        Self::new(node.name(), url::PROTOCOL, node.endpoint())
    }
}

/// Returns whether a connection ended before it was answered.
fn was_closed(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(
        error.downcast_ref::<mysql_async::Error>(),
        Some(mysql_async::Error::Io(_))
    )
}

/// Returns whether a server greets who connects: it does so first, and only once it is ready.
fn greets(socket: &Path) -> bool {
    /// Against a server that listens and does not answer yet.
    const PATIENCE: Duration = Duration::from_millis(100);
    let greeting = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.read(&mut [0])
    };
    greeting().is_ok_and(|length| length > 0)
}
