//! `RouterBuilder`: what a router is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use diesel_routing_sql::Dialect as Sql;

use super::plan::{Plan, Recipe};
use super::{Async, Flavour, Live, Questions, Reset, Settings};
#[cfg(doc)]
use super::{Router, Session};
use crate::cluster::{Node, language_of_all, topology};
use crate::consistency::Class;
use crate::error::ConfigError;
#[cfg(doc)]
use crate::error::Error;
use crate::protection::{Breaker, LoadHook, Window};
use crate::query_log::QueryLog;
#[cfg(doc)]
use crate::routing::Balance;
use crate::routing::{Balancing, Mode, ReplicaShare};
use crate::server::NodeRole;
use crate::session::{Clock, TokenKeys};
use crate::statement::StatementCheck;
#[cfg(doc)]
use crate::sync::WriteConn;

/// A router's configuration.
///
#[doc = include_str!("examples/builder.md")]
#[must_use = "a router starts with `build`"]
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct RouterBuilder<C, F: Flavour<C> = Async> {
    pub(super) library: F::Library,
    pub(super) nodes: Vec<Node>,
    settings: Settings,
    /// In percent; checked with the rest.
    /// A share that is none.
    replica_share: Option<u8>,
    pub(crate) hooks: F::Hooks,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> RouterBuilder<C, F> {
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn new(library: F::Library) -> Self {
        Self {
            library,
            nodes: Vec::new(),
            settings: Settings::default(),
            replica_share: None,
            hooks: F::Hooks::default(),
        }
    }

    /// Names the router in its status and its metrics: several in one process are told apart by their names. Defaults to `default`.
    ///
    /// Routers [for other databases](Router::for_database) of the same servers have the same name: it says which servers these are.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.settings.name = name.into();
        self
    }

    /// Adds the node that is meant to take writes: one at most.
    ///
    /// What it is, the router finds out, when it starts as later: after a failover, the node that takes writes on the
    /// newest history is the primary, and this one a replica. The difference stands in
    /// [`Router::status`]. [`require_all`](Self::require_all) makes it an error.
    pub fn primary(self, node: Node) -> Self {
        self.meant(node, Some(NodeRole::TakesWrites))
    }

    /// Adds a node that is meant to replay the primary's writes: any number, also none.
    ///
    /// As with [`primary`](Self::primary), the router finds out what it is.
    pub fn replica(self, node: Node) -> Self {
        self.meant(node, Some(NodeRole::ReplaysWrites))
    }

    /// Adds a node of which nothing is said: the router finds out whether it takes writes. Any number, beside
    /// [`primary`](Self::primary) and [`replica`](Self::replica) or instead of them.
    ///
    /// Where roles are not asked for, as with [`window_only`](Self::window_only) and on SQLite, `build` fails with
    /// [`ConfigError::NoRole`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{Node, pg::Router};
    ///
    /// # async fn example() -> Result<(), diesel_routing::Error> {
    /// // Started at any time, also in the middle of a failover: whoever takes writes is the primary, and a node that is
    /// // down serves as soon as it is back.
    /// let router = Router::builder()
    ///     .node(Node::new("db-1", "postgres://app@10.0.0.1/app"))
    ///     .node(Node::new("db-2", "postgres://app@10.0.0.2/app"))
    ///     .node(Node::new("db-3", "postgres://app@10.0.0.3/app"))
    ///     .build()
    ///     .await?;
    /// for node in router.status().nodes {
    ///     println!("{}: {}, primary: {}", node.name, node.health, node.is_primary);
    /// }
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn node(self, node: Node) -> Self {
        self.meant(node, None)
    }

    fn meant(mut self, mut node: Node, role: Option<NodeRole>) -> Self {
        node.role = role;
        self.nodes.push(node);
        self
    }

    /// Requires every node to be there when the router is built, and to be what it is configured as. Then `build` fails
    /// with the error of the first that is not: [`Error::Checkout`], [`Error::WrongRole`],
    /// [`ConfigError::ReplicaIsPrimary`]; with [`Error::NoPrimary`] if none takes writes.
    ///
    /// For tests and checks of a configuration: a service that is started so does not start during an outage. Defaults to
    /// starting with what is there.
    pub fn require_all(mut self) -> Self {
        self.settings.require_all = true;
        self
    }

    /// Sets how long nodes have to answer while the router is built. Defaults to 5 s.
    ///
    /// `build` returns as soon as each node has answered or refused; a node that hangs takes this long, and is met later.
    pub fn build_timeout(mut self, timeout: Duration) -> Self {
        self.settings.build_timeout = timeout;
        self
    }

    /// Sets how long [`Nodes::remove`](super::Nodes::remove) and `replace` wait for the handles that are out. Defaults to
    /// 10 s; those that are out longer go on working, and their connections are closed as they come back.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.settings.drain_timeout = timeout;
        self
    }

    /// Sets the time for which a session's reads go to the primary after a write whose position is not known: a
    /// [`Duration`], or a [`Window`] that follows the replicas' lag. Defaults to [`Window::measured`]: 5 s, and more while
    /// replicas lag more.
    pub fn window(self, window: impl Into<Window>) -> Self {
        let window = window.into();
        self.live(move |live| live.window = window)
    }

    /// Protects the primary from reads while it is strained: see [`Breaker`]. Defaults to none: reads without a replica are bound by
    /// [their pool](Node::fallback_pool_size) alone, and which reads may be refused is for you to say.
    pub fn breaker(self, breaker: Breaker) -> Self {
        self.live(move |live| live.breaker = Some(breaker))
    }

    /// Sets a function that tells how loaded the primary is, from 0 to 1, for a [`Breaker`]: the share of its processors in use,
    /// say. It is called ten times a second at most, in the middle of checkouts, so it must return a value that something
    /// else keeps. What is not a number is ignored. Defaults to none.
    pub fn load_with(mut self, load: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.settings.load = Some(LoadHook(Arc::new(load)));
        self
    }

    /// Sets the lag past which a replica serves nothing. Defaults to 60 s. Less than the
    /// [watch interval](Self::watch_interval), with a tenth of it and 10 ms for the answer, is a
    /// [`ConfigError::LagNotMeasurable`]; so it is for a [class](Class::max_lag).
    pub fn max_lag(self, lag: Duration) -> Self {
        self.live(move |live| live.max_lag = lag)
    }

    /// Sets how a replica is chosen among those that may serve a read. Defaults to
    /// [`Balance::LeastOfTwo`]; the primary may have [a share](Balance::include_primary).
    pub fn balance(self, balance: impl Into<Balancing>) -> Self {
        let balance = balance.into();
        self.live(move |live| live.balance = balance)
    }

    /// Sets the time after which a third is left of what a replica's latency was above what it is now, under
    /// [`Balance::Latency`]. Defaults to 10 s, as in Finagle: less forgets a slow answer sooner, more is steadier.
    pub fn latency_decay(mut self, decay: Duration) -> Self {
        self.settings.latency_decay = decay;
        self
    }

    /// Sets the zone of the caller: replicas of this [zone](Node::zone) are preferred, and others serve
    /// only what no replica here may. Defaults to none: all are equal.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.settings.zone = Some(zone.into());
        self
    }

    /// Sets how long a read may wait for a replica to catch up before it goes to the primary. Defaults
    /// to zero: it does not wait. A session may have [its own](Session::waiting).
    pub fn wait(self, wait: Duration) -> Self {
        self.live(move |live| live.wait = wait)
    }

    /// Sets what of the routing is in force as the router starts. Defaults to all of it, [`Mode::On`];
    /// [`Router::set_mode`] changes it.
    pub fn mode(self, mode: Mode) -> Self {
        self.live(move |live| live.mode = mode)
    }

    /// Sets the share of sessions that may use replicas as the router starts, from 0 to 100 percent. Defaults to 100;
    /// [`Router::set_replica_share`] changes it.
    ///
    /// More makes `build` fail with [`ConfigError::ReplicaShare`].
    pub fn replica_share(mut self, percent: u8) -> Self {
        match ReplicaShare::new(percent, None) {
            Ok(share) => self.live(move |live| live.replica_share = share),
            Err(_) => {
                self.replica_share = Some(percent);
                self
            }
        }
    }

    /// Turns replication positions off: roles are as configured, and a session's reads go to
    /// the primary for the window after it wrote. For servers whose positions the router's
    /// account may not ask for. Then nothing shows that a replica belongs to another cluster.
    pub fn window_only(mut self) -> Self {
        self.settings.questions = Questions::Nothing;
        self
    }

    #[allow(dead_code, reason = "where a flavour has no connection")]
    pub(crate) fn tells_lag(mut self) -> Self {
        self.settings.tells_lag = true;
        self
    }

    #[cfg(any(feature = "postgres", feature = "sync-postgres"))]
    pub(crate) fn asks_aurora(mut self) -> Self {
        self.settings.questions = Questions::Aurora;
        self
    }

    /// Makes this a router of one database: the `node` is the primary, and stands in for a replica as well,
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
        self
    }

    /// Sets how many instances like this one there are to be, in all processes. Defaults to 1.
    ///
    /// When a node is met, the router adds up what all of them may open there: the pools of the node, and a watcher's
    /// connection. If that is more than the server's `max_connections`, it says so in a warning, and so does
    /// [`Sizing`](crate::Sizing): better now than in the hour when all are needed.
    pub fn expected_instances(mut self, instances: u32) -> Self {
        self.settings.expected_instances = instances;
        self
    }

    /// Sets how often each node is asked for its role and position while no caller waits for an answer.
    /// Defaults to 100 ms, give or take a tenth.
    ///
    /// While nobody reads or writes, a node is asked less often: after a second, a tenth of the time since the last
    /// checkout lies between two questions, up to a second. The next checkout asks every node at once.
    ///
    /// Each process asks for itself. A service of many instances keeps its servers' load flat with a longer interval: a tenth of a
    /// second for every hundred instances, and [`urgent_questions`](Self::urgent_questions) of 2.
    pub fn watch_interval(mut self, interval: Duration) -> Self {
        self.settings.watch_interval = interval;
        self
    }

    /// Sets how many questions a second a node is asked at most beside the regular ones, whatever sessions do. They keep
    /// what is known of the nodes fresh after commits; what a session needs at once, its own connections ask. Defaults
    /// to 20, of which 5 may follow each other at once.
    pub fn urgent_questions(mut self, per_second: u32) -> Self {
        self.settings.urgent_questions = per_second;
        self
    }

    /// Sets how long a node may take to answer before it counts as down, and how long
    /// [`Session::token`] waits for a position. Defaults to 1 s. A replica that has said nothing
    /// for twice this and the interval together serves nothing, whatever holds it up.
    pub fn watch_timeout(mut self, timeout: Duration) -> Self {
        self.settings.watch_timeout = timeout;
        self
    }

    /// Sets how much of a caller's time one node may take while another may serve: for a connection of its pool, and for
    /// its server's word where that is needed. Then the caller goes on to the next, and to the primary in the end.
    /// Defaults to 250 ms.
    pub fn node_share(mut self, share: Duration) -> Self {
        self.settings.node_share = share;
        self
    }

    /// Sets for how long a pooled connection counts as standing after its server answered on it last. One that was idle
    /// for longer is asked before it is lent, which costs a round trip; zero asks always. Defaults to 500 ms.
    pub fn check_after_idle(mut self, idle: Duration) -> Self {
        self.settings.alive_for = idle;
        self
    }

    /// Sets the most second reads that [`Session::hedging`] runs, as a share of the calls of it: from 0, for none, to 1.
    /// Each call pays for them for 10 s. Defaults to 0.05, one in 20.
    #[cfg(feature = "hedge")]
    pub fn hedge_budget(mut self, share: f32) -> Self {
        self.settings.hedge_budget = share;
        self
    }

    /// Adds a class of reads: see [`Class`]. The last one of a name counts.
    pub fn class(self, name: impl Into<String>, class: Class) -> Self {
        let name = name.into();
        self.live(move |live| live.set_class(name.clone(), class))
    }

    /// Logs statements, with the node of each, and why it is that one: see [`QueryLog`]. Defaults to no log;
    /// [`Router::set_query_log`] changes it.
    pub fn query_log(self, log: QueryLog) -> Self {
        self.live(move |live| live.query_log = Some(log))
    }

    /// Sets whether each statement has a `tracing` span, with the target `diesel_routing::statement`, at `INFO`, for traces: with
    /// OpenTelemetry's attributes for databases, and ours, which begin with `db.routing.`. The SQL is in it without values. Defaults to
    /// `false`; [`Router::set_statement_spans`] changes it.
    ///
    /// [`docs/observability/query-log.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/observability/query-log.md)
    /// lists them.
    pub fn statement_spans(self, spans: bool) -> Self {
        self.live(move |live| live.statement_spans = spans)
    }

    /// Sets the secrets that session tokens are signed and verified with. Without them there are no
    /// tokens: `Session::token` is an error, and [`Router::resume`] ignores every token.
    pub fn token_keys(mut self, keys: TokenKeys) -> Self {
        self.settings.keys = Some(keys);
        self
    }

    /// Sets how long a session token is valid; the same in all processes that share tokens.
    /// Defaults to an hour; less than [`max_lag`](Self::max_lag) and the
    /// [`window`](Self::window) together would forget a session while it still matters.
    pub fn token_life(mut self, life: Duration) -> Self {
        self.settings.token_life = life;
        self
    }

    /// Sets the clock that the window is measured with. Defaults to the system's; only routers that have that one share what
    /// servers say of themselves.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self.settings.has_system_clock = false;
        self
    }

    /// Sets what is done about statements that hide a write or a lock. Defaults to refusing them.
    pub fn statement_check(mut self, check: StatementCheck) -> Self {
        self.settings.check = check;
        self
    }

    /// Sets when the database session of a pooled connection is reset before its next loan. Defaults to [`Reset::Changed`]: once a
    /// statement has left something behind in it.
    pub fn reset(mut self, reset: Reset) -> Self {
        self.settings.reset = reset;
        self
    }

    /// Begins with a configuration: its nodes are added to those of code, and its settings take the place of what code has set
    /// before. What code sets after it counts more, also when [`Router::apply`] changes it. A second one takes the place of the
    /// first.
    ///
    /// Secrets are read when the router is built, which fails with [`ConfigError::Key`] if anything is wrong.
    ///
    /// ```
    /// # #[cfg(feature = "sync-sqlite")] {
    /// use diesel_routing::{config::RoutingConfig, sync::sqlite::Router};
    /// use std::time::Duration;
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = RoutingConfig::from_json(&std::fs::read_to_string("routing.json")?)?;
    /// let router = Router::builder()
    ///     .max_lag(Duration::from_secs(10)) // unless the configuration says otherwise
    ///     .config(&config)
    ///     .wait(Duration::from_millis(20)) // whatever the configuration says
    ///     .build()?;
    /// # let _ = router;
    /// # Ok(()) }
    /// # }
    /// ```
    #[cfg(feature = "config")]
    pub fn config(mut self, config: &crate::config::RoutingConfig) -> Self {
        self.settings.begin_with(config);
        self
    }

    /// Sets what may change while the router runs, after a configuration if there is one.
    fn live(mut self, set: impl Fn(&mut Live) + Send + Sync + 'static) -> Self {
        set(&mut self.settings.live);
        #[cfg(feature = "config")]
        self.settings.configured.then(set);
        self
    }

    /// Returns what is to be built, if it makes sense, from nodes that speak one of these languages; `watches` says of a language
    /// whether nodes are asked for their positions, unless a setting says otherwise.
    pub(crate) fn plan(
        mut self,
        languages: &[Sql],
        watches: impl FnOnce(Sql) -> bool,
    ) -> Result<Plan<C, F>, ConfigError> {
        if self.settings.single.is_some() {
            // Whatever was said after it.
            self.settings.questions = Questions::Nothing;
        }
        #[cfg(feature = "config")]
        if let Some(config) = self.settings.check_configuration()? {
            self.nodes.extend(config.read_nodes()?);
        }
        let all = self.nodes.iter().chain(&self.settings.single);
        // Without nodes, it is said later that there are none.
        let language = language_of_all(all, languages)?.or(languages.first().copied());
        let language = language.ok_or(ConfigError::NoPrimary)?;
        let is_watched = watches(language) && self.settings.questions != Questions::Nothing;
        #[cfg(feature = "config")]
        self.settings.check_lags(is_watched)?;
        if let Some(percent) = self.replica_share {
            ReplicaShare::new(percent, None)?;
        }
        self.settings.check_live(&self.settings.live, is_watched)?;
        #[cfg(feature = "hedge")]
        if !(0.0..=1.0).contains(&self.settings.hedge_budget) {
            return Err(ConfigError::HedgeBudget {
                share: self.settings.hedge_budget.to_string(),
            });
        }
        let mut nodes = topology(self.nodes, self.settings.single.as_ref())?;
        self.settings.prepare(&mut nodes);
        Ok(Plan {
            language,
            nodes,
            recipe: Recipe {
                settings: self.settings,
                library: self.library,
                hooks: self.hooks,
            },
        })
    }
}

impl<C, F: Flavour<C>> fmt::Debug for RouterBuilder<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterBuilder")
            .field("nodes", &self.nodes)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
