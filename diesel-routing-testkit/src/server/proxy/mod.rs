mod address;
mod connection;
mod endpoint;
mod gate;
mod listener;
mod protocol;
mod pump;
mod relay;
mod target;
mod targets;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Account, ServerError};
pub use address::Address;
pub use connection::ProxyConnection;
pub(crate) use endpoint::Endpoint;
use gate::Gate;
pub use gate::ProxyMode;
use listener::Listener;
pub(crate) use protocol::Protocol;
pub use target::Target;
pub use targets::AddressPolicy;

/// The longest delay; instead of a longer one, let it hang.
const LONGEST_DELAY: Duration = Duration::from_secs(60 * 60);

/// A stretch of network that can be cut, made to hang and delayed, in front of one node or an [`Address`].
///
/// It listens on a free port of the loopback interface and passes bytes on to the node. The node's
/// method `proxy` makes it; it starts [`Open`](ProxyMode::Open) and without a delay. Dropping it closes
/// every connection.
///
/// # Example
///
/// ```no_run
/// use diesel_routing_testkit::PgCluster;
/// use std::time::Duration;
///
/// # fn connect(url: &str) {}
/// # fn main() -> Result<(), diesel_routing_testkit::ServerError> {
/// let cluster = PgCluster::builder().start()?;
/// let proxy = cluster.primary().proxy()?;
/// connect(&proxy.url());
///
/// proxy.set_delay(Duration::from_millis(1)); // 2 ms a round trip
/// let before = proxy.round_trips();
/// // What your code does here over the connections it has.
/// println!("{} round trips", proxy.round_trips() - before);
///
/// proxy.drop_answers(); // it commits, and the client never hears of it
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is passed on once it is dropped"]
pub struct Proxy {
    name: String,
    protocol: Protocol,
    gate: Arc<Gate>,
    listener: Mutex<Listener>,
}

impl Proxy {
    /// Opens a proxy on a free port of the loopback interface, in front of `target`.
    pub(crate) fn tcp(name: &str, target: Target) -> Result<Self, ServerError> {
        let listener = Listener::tcp().map_err(ServerError::io("open a port for", name))?;
        Self::new(name, listener, target)
    }

    /// On the socket `path`, for servers that run as `owner`, in front of `target`.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "of the servers, PostgreSQL's need it")
    )]
    pub(crate) fn unix(
        name: &str,
        path: PathBuf,
        owner: Account,
        target: Target,
    ) -> Result<Self, ServerError> {
        Self::new(name, Listener::unix(path, owner), target)
    }

    fn new(name: &str, listener: Listener, target: Target) -> Result<Self, ServerError> {
        let proxy = Self {
            name: name.into(),
            protocol: target.protocol(),
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
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # fn example(cluster: &diesel_routing_testkit::PgCluster) -> Result<(), diesel_routing_testkit::ServerError> {
    /// use diesel_routing_testkit::{Proxy, ProxyMode};
    ///
    /// let proxy: &Proxy = &*cluster.primary().proxy()?;
    /// println!("connect to {}, or {}", proxy.url(), proxy.url_for("postgres", "app"));
    /// proxy.hang()?; // connections stay, and nothing passes
    /// assert_eq!(proxy.mode(), ProxyMode::Hung);
    /// proxy.cut()?; // nobody answers
    /// proxy.restore()?;
    /// proxy.disconnect(); // once
    /// proxy.set_delay(Duration::from_millis(5));
    /// assert_eq!(proxy.delay(), Duration::from_millis(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn cut(&self) -> Result<(), ServerError> {
        let mut listener = self.listener();
        listener
            .refuse()
            .map_err(ServerError::io("cut the network of", &self.name))?;
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

    /// Closes every connection and goes on accepting new ones.
    ///
    /// Nothing that either side of a closed one sends after this returned arrives.
    pub fn disconnect(&self) {
        self.gate.close_all();
    }

    /// Drops everything that the server sends from now on over the connections that are open, its end
    /// included. What clients send still arrives: a statement is run, and its client waits for ever.
    ///
    /// Those connections never recover, and stay open until the client closes them or the proxy does
    /// ([`disconnect`](Self::disconnect), [`cut`](Self::cut)). New connections are not affected.
    pub fn drop_answers(&self) {
        self.gate.drop_answers();
    }

    /// Returns by how much it delays.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.gate.delay()
    }

    /// Delivers what either side sends from now on `delay` later, so that a round trip takes twice as long
    /// more. Defaults to zero; an hour is the longest.
    ///
    /// It is a distance and no bottleneck: any number of chunks are on their way at once, and arrive in
    /// order, up to half a millisecond late on an idle machine. Accepting a connection is not delayed, what
    /// is said over it is.
    pub fn set_delay(&self, delay: Duration) {
        self.gate.set_delay(delay.min(LONGEST_DELAY));
    }

    /// Returns how many round trips clients have waited for so far, over all connections, open or not.
    ///
    /// A round trip ends when a client that has sent something, since it last got something, gets something.
    /// So questions that are sent without waiting for each other (pipelined) are one. Without a
    /// [delay](Self::set_delay), though, the first answer may get there before the last question is sent,
    /// which then is a round trip of its own: set one of some milliseconds to count pipelines.
    ///
    /// Setting a connection up takes round trips too, which count. To leave them out, subtract what this
    /// returned once the connections were open, or look at each of the
    /// [connections](Self::connections). What clients have had an answer to is counted when they have it.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.gate.round_trips()
    }

    /// Returns the connections that are open, in the order in which they were accepted.
    #[must_use]
    pub fn connections(&self) -> Vec<ProxyConnection> {
        self.gate.connections()
    }

    /// Returns the URL of the node through this proxy, for user `app` and database `app`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_for("app", "app")
    }

    /// Returns the URL of the node through this proxy, for another user or database.
    #[must_use]
    pub fn url_for(&self, user: &str, database: &str) -> String {
        (self.protocol.url)(user, self.listener().endpoint(), database)
    }

    pub(crate) fn set_target(&self, target: Target) {
        self.gate.set_target(target);
    }

    /// Returns where it listens.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.listener().endpoint().clone()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn protocol(&self) -> Protocol {
        self.protocol
    }

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn listen(&self) -> Result<(), ServerError> {
        self.listener()
            .accept_into(&self.gate)
            .map_err(ServerError::io("restore the network of", &self.name))
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
