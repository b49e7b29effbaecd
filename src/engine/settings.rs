//! A router's settings, and the builder methods that set them.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster::Node;
use crate::consistency::Class;
use crate::routing::Balance;
use crate::session::{Clock, SystemClock, TokenKeys};
use crate::statement::StatementCheck;

/// What builders collect, whatever the flavour of the connections.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) window: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: StatementCheck,
    pub(crate) max_lag: Duration,
    pub(crate) balance: Balance,
    pub(crate) zone: Option<String>,
    pub(crate) wait: Duration,
    pub(crate) positions: bool,
    /// The one database that is primary and replica.
    pub(crate) single: Option<Node>,
    pub(crate) watch_interval: Duration,
    pub(crate) watch_timeout: Duration,
    pub(crate) classes: Vec<(String, Class)>,
    pub(crate) keys: Option<TokenKeys>,
    pub(crate) token_life: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            check: StatementCheck::default(),
            max_lag: Duration::from_secs(60),
            balance: Balance::default(),
            zone: None,
            wait: Duration::ZERO,
            positions: true,
            single: None,
            watch_interval: Duration::from_millis(100),
            watch_timeout: Duration::from_secs(1),
            classes: Vec::new(),
            keys: None,
            token_life: Duration::from_secs(60 * 60),
        }
    }
}

/// The methods of both flavours' builders that set a field of [`Settings`].
macro_rules! setting_methods {
    () => {
        /// How long a session's reads go to the primary after a write whose position is not known.
        /// Defaults to 5 s.
        pub fn window(mut self, window: Duration) -> Self {
            self.settings.window = window;
            self
        }

        /// Replicas that lag more than this serve nothing. Defaults to 60 s.
        pub fn max_lag(mut self, lag: Duration) -> Self {
            self.settings.max_lag = lag;
            self
        }

        /// How a replica is chosen among those that may serve a read. Defaults to
        /// [`Balance::LeastOfTwo`].
        pub fn balance(mut self, balance: Balance) -> Self {
            self.settings.balance = balance;
            self
        }

        /// Where the caller is: replicas of this [zone](Node::zone) are preferred, and others serve
        /// only what no replica here may. Defaults to none: all are equal.
        pub fn zone(mut self, zone: impl Into<String>) -> Self {
            self.settings.zone = Some(zone.into());
            self
        }

        /// How long a read may wait for a replica to catch up before it goes to the primary. Defaults
        /// to zero: it does not wait. A session may have [its own](Session::waiting).
        pub fn wait(mut self, wait: Duration) -> Self {
            self.settings.wait = wait;
            self
        }

        /// Does without replication positions: roles are as configured, and a session's reads go to
        /// the primary for the window after it wrote. For servers whose positions the router's
        /// account may not ask for. Then nothing shows that a replica belongs to another cluster.
        pub fn window_only(mut self) -> Self {
            self.settings.positions = false;
            self
        }

        /// Makes a router of one database: the `node` is the primary, and stands in for a replica as well,
        /// as a second node called `{name}-replica` with read-only connections. For tests, and for
        /// developers' machines, that have one database only.
        ///
        /// Handles' types, the statement check, read-only connections and routes are as in production.
        /// A stale read it cannot show: what is committed is there for all. As with
        /// [`window_only`](Self::window_only), a session's reads go to the primary for the
        /// [`window`](Self::window) after it wrote.
        ///
        /// A test transaction is one connection's: what it wrote, the handles of other connections do
        /// not see. Functions that read take the [`WriteConn`] with the transaction, which dereferences
        /// to every read handle.
        ///
        /// Instead of `primary(..)` and `replica(..)`: together with them, `build` fails with
        /// [`ConfigError::NotSingle`](crate::ConfigError::NotSingle).
        pub fn single_database(mut self, node: Node) -> Self {
            self.settings.single = Some(node);
            self.settings.positions = false;
            self
        }

        /// How often each node is asked for its role and position when nobody waits for an answer.
        /// Defaults to 100 ms, give or take a tenth.
        pub fn watch_interval(mut self, interval: Duration) -> Self {
            self.settings.watch_interval = interval;
            self
        }

        /// How long a node may take to answer before it counts as down, and how long
        /// [`Session::token`] waits for a position. Defaults to 1 s. A replica that has said nothing
        /// for twice this and the interval together serves nothing, whatever holds it up.
        pub fn watch_timeout(mut self, timeout: Duration) -> Self {
            self.settings.watch_timeout = timeout;
            self
        }

        /// A class of functions: see [`Class`]. The last one of a name counts.
        pub fn class(mut self, name: impl Into<String>, class: Class) -> Self {
            let name = name.into();
            self.settings.classes.retain(|(known, _)| *known != name);
            self.settings.classes.push((name, class));
            self
        }

        /// The secrets that session tokens are signed and verified with. Without them there are no
        /// tokens: [`Session::token`] is an error, and [`Router::resume`] takes every text for none.
        pub fn token_keys(mut self, keys: TokenKeys) -> Self {
            self.settings.keys = Some(keys);
            self
        }

        /// How long a session token is worth something; the same in all processes that share tokens.
        /// Defaults to an hour; less than [`max_lag`](Self::max_lag) and the
        /// [`window`](Self::window) together would forget a session while it still matters.
        pub fn token_life(mut self, life: Duration) -> Self {
            self.settings.token_life = life;
            self
        }

        /// The clock that the window is measured with. Defaults to the system's.
        pub fn clock(mut self, clock: impl Clock) -> Self {
            self.settings.clock = Arc::new(clock);
            self
        }

        /// What is done about statements that hide a write or a lock. Defaults to refusing them.
        pub fn statement_check(mut self, check: StatementCheck) -> Self {
            self.settings.check = check;
            self
        }
    };
}

pub(crate) use setting_methods;
