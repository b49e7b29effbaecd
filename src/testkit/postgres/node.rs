use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use nix::sys::signal::Signal;

use super::PgError;
use super::context::Context;
use super::deadline::Deadline;
use super::error::tail;
use super::postmaster::Postmaster;
use super::proxy::PgProxy;
use super::settings::{self, Settings};
use super::sql::{Login, PORT};
use super::url;

/// One server of a [`PgCluster`](super::PgCluster).
///
/// Methods block until their effect is there, or fail after the builder's `timeout`. None of them
/// needs an async runtime, and all work inside one.
#[derive(Debug)]
pub struct PgNode {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) context: Arc<Context>,
    data: PathBuf,
    socket_dir: PathBuf,
    link_dir: PathBuf,
    log: PathBuf,
    settings: Mutex<Settings>,
    server: Mutex<Option<Postmaster>>,
    /// Between this node and the one it replicates from.
    link: OnceLock<PgProxy>,
    /// Between clients and this node.
    proxy: OnceLock<Arc<PgProxy>>,
}

impl PgNode {
    /// Creates the node's directories, without data and without a server.
    pub(super) fn create(
        index: usize,
        context: &Arc<Context>,
        mut settings: Settings,
    ) -> Result<Self, PgError> {
        let name = format!("node{index}");
        let dir = context.workspace.path();
        let (data, log) = (dir.join(&name), dir.join(format!("{name}.log")));
        let (socket_dir, link_dir) = (
            dir.join(format!("sock{index}")),
            dir.join(format!("link{index}")),
        );
        for own in [&data, &socket_dir, &link_dir] {
            context.account.private_dir(own)?;
        }
        File::create(&log).map_err(PgError::io("create", &log))?;

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
            context: Arc::clone(context),
            data,
            socket_dir,
            link_dir,
            log,
            settings: Mutex::new(settings),
            server: Mutex::new(None),
            link: OnceLock::new(),
            proxy: OnceLock::new(),
            name,
        })
    }

    /// Its place in the cluster, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its name: `node0`, `node1` and so on. Also the standby's `application_name` on its upstream.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL for user `app` (no superuser, owner of database `app`) over the node's unix socket.
    ///
    /// libpq (so also Diesel's `PgConnection` and `psql`) and tokio-postgres read it alike.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("app", "app")
    }

    /// The URL for another user or database; `postgres` is a superuser. No user has a password.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        url::postgres(user, &self.socket_dir.to_string_lossy(), PORT, database)
    }

    /// The proxy in front of this node; made at the first call, one per node.
    ///
    /// # Errors
    ///
    /// [`PgError::Io`] when no loopback port can be opened.
    pub fn proxy(&self) -> Result<Arc<PgProxy>, PgError> {
        get_or_try(&self.proxy, || {
            PgProxy::tcp(&self.name, &self.socket()).map(Arc::new)
        })
        .cloned()
    }

    /// The directory of the node's unix socket, which is named for port 5432.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The data directory. [`set`](Self::set) changes settings; `postgresql.conf` is rewritten then.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data
    }

    /// The last 20 lines of the server's log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }

    /// Whether the server runs, frozen or not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.server()
            .as_mut()
            .is_some_and(|server| matches!(server.status(), Ok(None)))
    }

    /// The process id of the server's postmaster, if it was started and not stopped since.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server()
            .as_ref()
            .and_then(|server| u32::try_from(server.pid().as_raw()).ok())
    }

    /// Starts the server and waits until it takes connections. Does nothing when it runs.
    ///
    /// A standby follows the node it followed before.
    ///
    /// # Errors
    ///
    /// [`PgError::Exited`] when the server refuses to run, [`PgError::Timeout`], [`PgError::Io`].
    pub fn start(&self) -> Result<(), PgError> {
        self.launch()?;
        self.wait_ready()
    }

    /// Shuts the server down cleanly (PostgreSQL's fast shutdown): open sessions get SQLSTATE
    /// 57P01, and standbys get everything first. Does nothing when it is down.
    ///
    /// # Errors
    ///
    /// [`PgError::Timeout`] when the server does not end: because it is frozen, or because a standby
    /// whose network hangs does not confirm what it got.
    pub fn stop(&self) -> Result<(), PgError> {
        const STEP: &str = "a clean stop";
        let mut slot = self.server();
        let Some(server) = slot.as_mut() else {
            return Ok(());
        };
        server
            .signal(Signal::SIGINT)
            .map_err(PgError::io("signal", &self.name))?;
        Deadline::after(self.context.limit)
            .poll(|| server.status())
            .map_err(PgError::io("wait for", &self.name))?
            .ok_or_else(|| self.timeout(STEP))?;
        *slot = None;
        Ok(())
    }

    /// Kills every process of the server at once (`kill -9`). Does nothing when it is down.
    ///
    /// # Errors
    ///
    /// [`PgError::Timeout`] when a process does not go away.
    pub fn kill(&self) -> Result<(), PgError> {
        let mut slot = self.server();
        let Some(server) = slot.as_mut() else {
            return Ok(());
        };
        let gone = server
            .kill(Deadline::after(self.context.limit))
            .map_err(PgError::io("kill", &self.name))?;
        if !gone {
            return Err(self.timeout("the end of its processes"));
        }
        *slot = None;
        Ok(())
    }

    /// [`stop`](Self::stop), then [`start`](Self::start).
    ///
    /// # Errors
    ///
    /// Theirs.
    pub fn restart(&self) -> Result<(), PgError> {
        self.stop()?;
        self.start()
    }

    /// Starts the server without waiting for it.
    pub(super) fn launch(&self) -> Result<(), PgError> {
        let mut slot = self.server();
        if let Some(server) = slot.as_mut()
            && matches!(server.status(), Ok(None))
        {
            return Ok(());
        }
        settings::write(&self.data, &self.settings(), self.context.account)?;
        let mut command = self
            .context
            .binaries
            .command("postgres", self.context.account);
        let tag = self.context.workspace.cluster_name(&self.name);
        command
            .arg("-D")
            .arg(&self.data)
            .args(["-c", &format!("cluster_name={tag}")]);
        let server = Postmaster::spawn(command, &self.log)
            .map_err(PgError::io("start the server of", &self.name))?;
        *slot = Some(server);
        Ok(())
    }

    pub(super) fn wait_ready(&self) -> Result<(), PgError> {
        const STEP: &str = "its start";
        let deadline = Deadline::after(self.context.limit);
        let ready = deadline.poll(|| {
            let mut slot = self.server();
            let server = slot.as_mut().ok_or_else(|| self.not_running(STEP))?;
            match server
                .status()
                .map_err(PgError::io("wait for", &self.name))?
            {
                None => Ok(server.is_ready(&self.data).then_some(())),
                Some(status) => {
                    *slot = None;
                    let (node, log) = (self.name.clone(), self.log_tail());
                    Err(PgError::Exited {
                        node,
                        step: STEP,
                        status,
                        log,
                    })
                }
            }
        })?;
        ready.ok_or_else(|| self.timeout(STEP))
    }

    /// Makes the node replicate from the node whose socket is `upstream`, once it is a standby.
    pub(super) fn follow(&self, upstream: &Self) -> Result<(), PgError> {
        let socket = upstream.socket();
        let path = self.link_dir.join(socket_name());
        let account = self.context.account;
        get_or_try(&self.link, || {
            PgProxy::unix(&self.name, &path, &socket, account)
        })?
        .set_target(&socket);
        self.context.topology.follow(self.index, upstream.index);
        Ok(())
    }

    /// The network between this node and its upstream.
    pub(super) fn link(&self, step: &'static str) -> Result<&PgProxy, PgError> {
        self.link
            .get()
            .ok_or_else(|| self.refused(step, "it never followed another node"))
    }

    /// Makes the data directory a standby's.
    pub(super) fn mark_standby(&self) -> Result<(), PgError> {
        let path = self.data.join("standby.signal");
        fs::write(&path, "").map_err(PgError::io("write", &path))?;
        self.context.account.own(&path)
    }

    pub(super) fn login<'a>(&'a self, user: &'a str, database: &'a str) -> Login<'a> {
        Login {
            socket_dir: &self.socket_dir,
            user,
            database,
        }
    }

    pub(super) fn server(&self) -> MutexGuard<'_, Option<Postmaster>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn timeout(&self, step: &'static str) -> PgError {
        self.timeout_after(step, self.context.limit)
    }

    pub(super) fn timeout_after(&self, step: &'static str, limit: std::time::Duration) -> PgError {
        PgError::Timeout {
            node: self.name.clone(),
            step,
            limit,
            log: self.log_tail(),
        }
    }

    pub(super) fn not_running(&self, step: &'static str) -> PgError {
        PgError::NotRunning {
            node: self.name.clone(),
            step,
        }
    }

    pub(super) fn refused(&self, step: &'static str, reason: impl Into<String>) -> PgError {
        PgError::Refused {
            node: self.name.clone(),
            step,
            reason: reason.into(),
        }
    }

    fn socket(&self) -> PathBuf {
        self.socket_dir.join(socket_name())
    }
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

/// `OnceLock::get_or_try_init`, which std has not stabilised. Of two threads that race, one value
/// wins.
fn get_or_try<T, E>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
