//! The list of all metrics: their names, kinds, units, labels and descriptions.
//!
//! Names are spelt as Prometheus has them, unit and `_total` included, so that an exporter has nothing to add. Those that begin with
//! `db_client_connection_` are OpenTelemetry's `db.client.connection.*`, as its own exporters for Prometheus spell them.

/// A metric that routers record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its unit: `seconds`, `bytes`, or `count` for numbers and shares.
    pub unit: &'static str,
    /// The names of its labels, in their order.
    pub labels: &'static [&'static str],
    /// The meaning, in words.
    pub description: &'static str,
}

/// A kind of metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A number that only grows.
    Counter,
    /// A number that goes up and down.
    Gauge,
    /// Many numbers, of which the distribution is of interest.
    Histogram,
}

/// The label with the router's [name](crate::RouterBuilder::name).
pub(crate) const ROUTER: &str = "router";
/// The label with the node's name, as configured.
pub(crate) const NODE: &str = "node";
/// The label with the role for which a node was chosen: `primary` or `replica`.
pub(crate) const ROLE: &str = "role";
/// The label with the purpose of a pool: `read`, `write` or `fallback`.
pub(crate) const POOL: &str = "pool";
/// OpenTelemetry's label with the name of a pool: here, those of the node and its pool.
pub(crate) const POOL_NAME: &str = "db_client_connection_pool_name";
/// OpenTelemetry's label with the state of a connection: `idle` or `used`.
pub(crate) const STATE: &str = "db_client_connection_state";
/// The label with the reason for the choice of a node.
pub(crate) const REASON: &str = "reason";
/// The label with the level that was required.
pub(crate) const LEVEL: &str = "level";
/// The label with the class: `none` of none; past the first 32, `other`.
pub(crate) const CLASS: &str = "class";
/// The label with what was found in a statement.
pub(crate) const FINDING: &str = "finding";
/// The label with the cause of a failure.
pub(crate) const CAUSE: &str = "cause";
/// The label with who asked: `watcher` or `caller`.
pub(crate) const BY: &str = "by";
/// The label with who served in the end: `replica` or `primary`.
pub(crate) const SERVED_BY: &str = "served_by";
/// The label with a signal of the breaker.
pub(crate) const SIGNAL: &str = "signal";
/// The label with the name of an event.
pub(crate) const EVENT: &str = "event";

/// Defines the metrics, and the list of them.
macro_rules! metrics {
    ($($const:ident = $kind:ident $name:literal, $unit:literal, [$($label:ident),*], $description:literal;)+) => {
        $(pub(crate) static $const: Metric = Metric {
            name: $name,
            kind: Kind::$kind,
            unit: $unit,
            labels: &[$($label),*],
            description: $description,
        };)+

        /// All metrics.
        pub(super) static ALL: &[&Metric] = &[$(&$const),+];
    };
}

metrics! {
    // --- Connections, as OpenTelemetry names them ---

    CONNECTIONS = Gauge "db_client_connection_count", "count", [ROUTER, NODE, POOL, POOL_NAME, STATE],
        "Connections that are open, by their state";
    CONNECTIONS_MAX = Gauge "db_client_connection_max", "count", [ROUTER, NODE, POOL, POOL_NAME],
        "The most connections that a pool opens";
    PENDING = Gauge "db_client_connection_pending_requests", "count", [ROUTER, NODE, POOL, POOL_NAME],
        "Callers that wait for a connection of a pool";
    TIMEOUTS = Counter "db_client_connection_timeouts_total", "count", [ROUTER, NODE, POOL, POOL_NAME],
        "Waits for a connection of a pool that were in vain; the caller may have gone to another node";
    WAIT_TIME = Histogram "db_client_connection_wait_time_seconds", "seconds", [ROUTER, NODE, POOL, POOL_NAME],
        "The time that it took to get a connection from a pool";
    USE_TIME = Histogram "db_client_connection_use_time_seconds", "seconds", [ROUTER, NODE, POOL, POOL_NAME],
        "The time from the loan of a connection to its return";
    CREATE_TIME = Histogram "db_client_connection_create_time_seconds", "seconds", [ROUTER, NODE, POOL, POOL_NAME],
        "The time that it took to open a connection and make it ready";

    // --- Loans ---

    LOANS = Counter "diesel_routing_loans_total", "count", [ROUTER, NODE, ROLE, POOL, REASON, LEVEL, CLASS],
        "Connections that were lent: by node, the role for which it was chosen, the reason, the level that was required, and the class";
    OFF_PRIMARY = Gauge "diesel_routing_reads_off_primary_ratio", "count", [ROUTER],
        "The share of reads that replicas served, since the router was built: from 0 to 1";
    FALLBACKS = Counter "diesel_routing_fallbacks_total", "count", [ROUTER],
        "Reads that the primary served as no replica was up and within its limit of lag";
    RETRIES = Counter "diesel_routing_retries_total", "count", [ROUTER],
        "Reads that were run again on another node, after the first had failed";
    HEDGES = Counter "diesel_routing_hedges_total", "count", [ROUTER],
        "Second reads that were run elsewhere as the first one took long";
    FAILED_CHECKOUTS = Counter "diesel_routing_failed_checkouts_total", "count", [ROUTER, CAUSE],
        "Checkouts that failed, by the step that failed or by what no node could serve";
    REPLICA_WAIT = Histogram "diesel_routing_replica_wait_seconds", "seconds", [ROUTER, SERVED_BY],
        "The time that reads took which waited for a replica to catch up, by who served them in the end";

    // --- What was refused ---

    REFUSED_STATEMENTS = Counter "diesel_routing_refused_statements_total", "count", [ROUTER, FINDING],
        "Statements that read handles refused, by what was found in them";
    REJECTED_TOKENS = Counter "diesel_routing_rejected_tokens_total", "count", [ROUTER, CAUSE],
        "Session tokens that were rejected, by cause";
    SHED_READS = Counter "diesel_routing_shed_reads_total", "count", [ROUTER, CLASS],
        "Reads that were refused to protect a strained primary, by class";

    // --- Nodes ---

    NODE_UP = Gauge "diesel_routing_node_up", "count", [ROUTER, NODE],
        "1 if a node serves; 0 if it is down, excluded or not known yet";
    NODE_IS_PRIMARY = Gauge "diesel_routing_node_is_primary", "count", [ROUTER, NODE],
        "1 for the node that takes writes, 0 for others";
    LAG = Gauge "diesel_routing_node_lag_seconds", "seconds", [ROUTER, NODE],
        "The most that a node lags; 0 on the primary, NaN if unknown";
    LAG_BYTES = Gauge "diesel_routing_node_lag_bytes", "bytes", [ROUTER, NODE],
        "The bytes of the log that a node lags behind the primary's last known position, on PostgreSQL";
    LAG_TRANSACTIONS = Gauge "diesel_routing_node_lag_transactions", "count", [ROUTER, NODE],
        "The transactions that a node lags behind the primary's last known position, on MySQL, MariaDB and Galera";
    QUESTIONS = Counter "diesel_routing_questions_total", "count", [ROUTER, NODE, BY],
        "Questions to a node's server for its role and position";
    CAPTURES = Counter "diesel_routing_captures_total", "count", [ROUTER],
        "Commits of sessions, after each of which the primary's position had to be learnt";
    ROLE_CHANGES = Counter "diesel_routing_role_changes_total", "count", [ROUTER],
        "Times that another node became the primary";

    // --- Protection ---

    STRAIN = Gauge "diesel_routing_breaker_strain", "count", [ROUTER],
        "How strained the primary is, by its breaker: 0 is normal, 1 strained, 2 open";
    STRAIN_SIGNAL = Gauge "diesel_routing_breaker_signal", "count", [ROUTER, SIGNAL],
        "The last value of a signal of the breaker";
    WINDOW = Gauge "diesel_routing_window_seconds", "seconds", [ROUTER],
        "The time for which a session's reads go to the primary after a write at an unknown position";

    // --- Of all routers together ---

    EVENTS = Counter "diesel_routing_events_total", "count", [EVENT],
        "Events of the list in docs/observability/events.md, by name, of all routers of the process";
}
