//! The names of the attributes that spans carry: OpenTelemetry's where it has one, else ours, with a prefix of their own.
//!
//! In `tracing`'s macros they stand in braces: `{ attributes::NODE } = field::Empty`.

/// The version of OpenTelemetry's semantic conventions that the names without our prefix are of. Those for databases are stable
/// since 1.33.0.
pub(crate) const SEMANTIC_CONVENTIONS: &str = "1.37.0";

/// The prefix of our own.
pub(crate) const PREFIX: &str = "db.routing.";

// --- OpenTelemetry's ---

/// The kind of server: `postgresql`, `mysql`, `mariadb` or `sqlite`.
pub(crate) const DB_SYSTEM_NAME: &str = "db.system.name";
/// The database.
pub(crate) const DB_NAMESPACE: &str = "db.namespace";
/// The host of the node, as its URL has it.
pub(crate) const SERVER_ADDRESS: &str = "server.address";
/// The port of the node, if its URL has one.
pub(crate) const SERVER_PORT: &str = "server.port";
/// The statement's verb, and the tables that it names.
pub(crate) const DB_QUERY_SUMMARY: &str = "db.query.summary";
/// The SQL, with placeholders for values.
pub(crate) const DB_QUERY_TEXT: &str = "db.query.text";
/// The statement's verb.
pub(crate) const DB_OPERATION_NAME: &str = "db.operation.name";
/// The table, if the statement names one and no other.
pub(crate) const DB_COLLECTION_NAME: &str = "db.collection.name";
/// The server's code of an error, as SQLSTATE.
pub(crate) const DB_RESPONSE_STATUS_CODE: &str = "db.response.status_code";
/// The number of rows that were returned.
pub(crate) const DB_RESPONSE_RETURNED_ROWS: &str = "db.response.returned_rows";
/// The class of an error: one of few words.
pub(crate) const ERROR_TYPE: &str = "error.type";
/// The function with `#[consistency(..)]`, by its path.
pub(crate) const CODE_FUNCTION_NAME: &str = "code.function.name";

// --- The bridge's, `tracing-opentelemetry` ---

/// The kind of a span, such as `client`.
pub(crate) const OTEL_KIND: &str = "otel.kind";
/// The name of a span, where it is not that in the code.
pub(crate) const OTEL_NAME: &str = "otel.name";
/// `ERROR` of a span that failed.
pub(crate) const OTEL_STATUS_CODE: &str = "otel.status_code";

// --- Ours ---

/// The name of the node, as configured.
pub(crate) const NODE: &str = "db.routing.node";
/// The role of the node when it was chosen: `primary` or `replica`.
pub(crate) const ROLE: &str = "db.routing.role";
/// The pool that the connection is from: `read`, `write` or `fallback`.
pub(crate) const POOL: &str = "db.routing.pool";
/// The reason for the choice of the node, as `Reason::as_str`.
pub(crate) const REASON: &str = "db.routing.reason";
/// The level that was required, all who have a say in it considered: `eventual`, `bounded`, `session`, `strong` or `write`.
pub(crate) const LEVEL: &str = "db.routing.level";
/// The classes of the read, the function's first.
pub(crate) const CLASS: &str = "db.routing.class";
/// The time from the beginning of the checkout to its end, in seconds.
pub(crate) const WAITED: &str = "db.routing.waited_seconds";
/// The number of connections that were taken from pools, or waited for in vain.
pub(crate) const ATTEMPTS: &str = "db.routing.attempts";
/// The error, in words.
pub(crate) const ERROR: &str = "db.routing.error";
/// The time that a statement took, in seconds.
pub(crate) const ELAPSED: &str = "db.routing.elapsed_seconds";
/// The outcome of a statement: `ok`, `failed`, `refused` or `cancelled`.
pub(crate) const OUTCOME: &str = "db.routing.outcome";
/// The number of rows that a statement returned, as far as they were taken, or changed.
pub(crate) const ROWS: &str = "db.routing.rows";
/// The values of a statement.
pub(crate) const VALUES: &str = "db.routing.values";
