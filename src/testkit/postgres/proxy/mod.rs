mod gate;
mod listener;
mod relay;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::PgError;
use super::account::Account;
use super::sql::PORT;
use super::url;
use gate::Gate;
pub use gate::ProxyMode;
use listener::{Address, Listener};

/// A stretch of network that can be cut or made to hang, in front of one node.
///
/// It listens on a free port of the loopback interface and passes bytes on to the node's unix
/// socket. [`PgNode::proxy`](super::PgNode::proxy) makes it; it starts [`Open`](ProxyMode::Open).
#[derive(Debug)]
pub struct PgProxy {
    node: String,
    gate: Arc<Gate>,
    listener: Mutex<Listener>,
}

impl PgProxy {
    /// Between clients and the node whose socket is `target`.
    pub(super) fn tcp(node: &str, target: &Path) -> Result<Self, PgError> {
        let listener = Listener::tcp().map_err(PgError::io("open a port for", node))?;
        Self::new(node, listener, target)
    }

    /// Between a standby, which runs as `owner` and connects to `path`, and the upstream `target`.
    pub(super) fn unix(
        node: &str,
        path: &Path,
        target: &Path,
        owner: Account,
    ) -> Result<Self, PgError> {
        Self::new(node, Listener::unix(path, owner), target)
    }

    fn new(node: &str, listener: Listener, target: &Path) -> Result<Self, PgError> {
        let proxy = Self {
            node: node.into(),
            gate: Arc::new(Gate::new(target)),
            listener: Mutex::new(listener),
        };
        proxy.listen()?;
        Ok(proxy)
    }

    /// What it does with traffic now.
    #[must_use]
    pub fn mode(&self) -> ProxyMode {
        self.gate.mode()
    }

    /// Closes every connection and refuses new ones, until [`restore`](Self::restore).
    ///
    /// Nothing that either side sends after this returned arrives.
    ///
    /// # Errors
    ///
    /// [`PgError::Io`] when the operating system does not let go of the listening socket.
    pub fn cut(&self) -> Result<(), PgError> {
        let mut listener = self.listener();
        listener
            .refuse()
            .map_err(PgError::io("cut the network of", &self.node))?;
        self.gate.set_mode(ProxyMode::Cut);
        Ok(())
    }

    /// Accepts connections and answers none; open connections stall. [`restore`](Self::restore)
    /// lets them go on where they stopped.
    ///
    /// Nothing that either side sends after this returned arrives before that.
    ///
    /// # Errors
    ///
    /// [`PgError::Io`] when the proxy was cut and can't listen again.
    pub fn hang(&self) -> Result<(), PgError> {
        self.gate.set_mode(ProxyMode::Hung);
        self.listen()
    }

    /// Lets traffic through again, after [`cut`](Self::cut) or [`hang`](Self::hang).
    ///
    /// # Errors
    ///
    /// [`PgError::Io`] when the proxy was cut and can't listen again.
    pub fn restore(&self) -> Result<(), PgError> {
        self.gate.set_mode(ProxyMode::Open);
        self.listen()
    }

    /// The URL of the node through this proxy, for user `app` and database `app`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("app", "app")
    }

    /// The URL of the node through this proxy, for another user or database.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        match self.listener().address() {
            Address::Tcp(address) => {
                url::postgres(user, &address.ip().to_string(), address.port(), database)
            }
            Address::Unix(path, _) => {
                let dir = path.parent().unwrap_or(path).to_string_lossy();
                url::postgres(user, &dir, PORT, database)
            }
        }
    }

    pub(super) fn set_target(&self, target: &Path) {
        self.gate.set_target(target);
    }

    fn listen(&self) -> Result<(), PgError> {
        self.listener()
            .accept_into(&self.gate)
            .map_err(PgError::io("restore the network of", &self.node))
    }

    fn listener(&self) -> MutexGuard<'_, Listener> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PgProxy {
    fn drop(&mut self) {
        self.gate.set_mode(ProxyMode::Cut);
    }
}
