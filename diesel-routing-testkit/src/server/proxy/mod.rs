mod address;
mod gate;
mod listener;
mod relay;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Account, ServerError};
pub(crate) use address::Address;
use gate::Gate;
pub use gate::ProxyMode;
use listener::Listener;

/// A stretch of network that can be cut or made to hang, in front of one node.
///
/// It listens on a free port of the loopback interface and passes bytes on to the node. The node's
/// method `proxy` makes it; it starts [`Open`](ProxyMode::Open).
#[derive(Debug)]
pub struct Proxy {
    node: String,
    url: Url,
    gate: Arc<Gate>,
    listener: Mutex<Listener>,
}

/// From a user, an address and a database to the URL that clients of a server take.
type Url = fn(&str, &Address, &str) -> String;

impl Proxy {
    /// On a free port of the loopback interface, in front of `target`.
    pub(crate) fn tcp(node: &str, url: Url, target: Address) -> Result<Self, ServerError> {
        let listener = Listener::tcp().map_err(ServerError::io("open a port for", node))?;
        Self::new(node, url, listener, target)
    }

    /// On the socket `path`, for servers that run as `owner`, in front of `target`.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn unix(
        node: &str,
        url: Url,
        path: PathBuf,
        owner: Account,
        target: Address,
    ) -> Result<Self, ServerError> {
        Self::new(node, url, Listener::unix(path, owner), target)
    }

    fn new(node: &str, url: Url, listener: Listener, target: Address) -> Result<Self, ServerError> {
        let proxy = Self {
            node: node.into(),
            url,
            gate: Arc::new(Gate::new(target)),
            listener: Mutex::new(listener),
        };
        proxy.listen()?;
        Ok(proxy)
    }

    /// Returns what it does with traffic now.
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
    /// [`ServerError::Io`] when the operating system does not let go of the listening socket.
    pub fn cut(&self) -> Result<(), ServerError> {
        let mut listener = self.listener();
        listener
            .refuse()
            .map_err(ServerError::io("cut the network of", &self.node))?;
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
    /// [`ServerError::Io`] when the proxy was cut and can't listen again.
    pub fn hang(&self) -> Result<(), ServerError> {
        self.gate.set_mode(ProxyMode::Hung);
        self.listen()
    }

    /// Lets traffic through again, after [`cut`](Self::cut) or [`hang`](Self::hang).
    ///
    /// # Errors
    ///
    /// [`ServerError::Io`] when the proxy was cut and can't listen again.
    pub fn restore(&self) -> Result<(), ServerError> {
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
        (self.url)(user, self.listener().address(), database)
    }

    /// Returns where it listens.
    #[cfg(feature = "mariadb")]
    pub(crate) fn address(&self) -> Address {
        self.listener().address().clone()
    }

    pub(crate) fn set_target(&self, target: Address) {
        self.gate.set_target(target);
    }

    fn listen(&self) -> Result<(), ServerError> {
        self.listener()
            .accept_into(&self.gate)
            .map_err(ServerError::io("restore the network of", &self.node))
    }

    fn listener(&self) -> MutexGuard<'_, Listener> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.gate.set_mode(ProxyMode::Cut);
    }
}
