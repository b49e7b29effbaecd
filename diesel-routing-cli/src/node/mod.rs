//! `Connection`: a connection of one's own to one node, beside any router, to ask its server whatever there is to ask.

mod row;

use std::fmt;
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use diesel_routing::{Diagnosis, Introduction, Observation, RoutedConnection, ServerFacts};

use crate::backend::Kind;
use crate::cluster::{Cluster, Member};
use crate::failure::{Failure, chain};

pub(crate) use row::Row;

/// A connection to one node, with TLS as its URL says, and a limit of time for each step. Its database session is read-only.
pub(crate) struct Connection {
    name: String,
    limit: Duration,
    /// Set once an answer did not come in time: the next one could be that of the question before.
    is_lost: bool,
    inner: Inner,
}

enum Inner {
    #[cfg(feature = "postgres")]
    Postgres(Box<diesel_async::AsyncPgConnection>),
    #[cfg(feature = "mysql")]
    MySql(Box<diesel_async::AsyncMysqlConnection>),
    #[cfg(feature = "sqlite")]
    Sqlite(Box<diesel_routing::sqlite::Connection>),
}

/// A step that failed on a node.
#[derive(Debug, Clone)]
pub(crate) struct NodeError {
    pub(crate) node: String,
    pub(crate) step: &'static str,
    /// The words of the driver or the server, without passwords.
    pub(crate) words: String,
    /// Set if there was no answer within the limit.
    pub(crate) is_timeout: bool,
}

/// Evaluates an expression with the connection inside, and waits for it within the limit.
macro_rules! within {
    ($self:ident, $step:literal, |$conn:ident| $future:expr) => {{
        if $self.is_lost {
            return Err($self.error(
                $step,
                "the answer before this one did not come in time",
                true,
            ));
        }
        let limit = $self.limit;
        let answer = match &mut $self.inner {
            #[cfg(feature = "postgres")]
            Inner::Postgres($conn) => tokio::time::timeout(limit, $future).await,
            #[cfg(feature = "mysql")]
            Inner::MySql($conn) => tokio::time::timeout(limit, $future).await,
            #[cfg(feature = "sqlite")]
            Inner::Sqlite($conn) => tokio::time::timeout(limit, $future).await,
        };
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err($self.error($step, chain(&error), false)),
            Err(_) => {
                $self.is_lost = true;
                Err($self.error($step, format!("no answer within {limit:?}"), true))
            }
        }
    }};
}

impl Connection {
    /// Opens a connection to a node, whose session is read-only.
    pub(crate) async fn open(cluster: &Cluster, member: &Member) -> Result<Self, NodeError> {
        let mut conn = Self::open_writable(cluster, member).await?;
        conn.run(cluster.kind.read_only()).await?;
        Ok(conn)
    }

    /// Opens a connection whose session may write: for what the user has allowed to.
    pub(crate) async fn open_writable(
        cluster: &Cluster,
        member: &Member,
    ) -> Result<Self, NodeError> {
        let (name, url) = (member.node.name().to_owned(), member.node.url());
        let error = |words, is_timeout| NodeError {
            node: name.clone(),
            step: "connecting",
            words,
            is_timeout,
        };
        let opening = async {
            Ok(match cluster.kind {
                #[cfg(feature = "postgres")]
                Kind::Postgres => {
                    Inner::Postgres(Box::new(diesel_async::AsyncPgConnection::open(url).await?))
                }
                #[cfg(feature = "mysql")]
                Kind::MySql => Inner::MySql(Box::new(
                    diesel_async::AsyncMysqlConnection::open(url).await?,
                )),
                #[cfg(feature = "sqlite")]
                Kind::Sqlite => Inner::Sqlite(Box::new(
                    diesel_routing::sqlite::Connection::open(&existing(url)?).await?,
                )),
            })
        };
        let limit = cluster.timeout;
        let opened: Result<diesel::ConnectionResult<Inner>, _> =
            tokio::time::timeout(limit, opening).await;
        let inner = match opened {
            Ok(Ok(inner)) => inner,
            Ok(Err(failed)) => return Err(error(chain(&failed), false)),
            Err(_) => return Err(error(format!("no answer within {limit:?}"), true)),
        };
        Ok(Self {
            name,
            limit,
            is_lost: false,
            inner,
        })
    }

    /// Runs a query that takes no parameters, and returns its rows as text. See [`Row`] for the types that it may have.
    pub(crate) async fn rows(&mut self, sql: &str) -> Result<Vec<Row>, NodeError> {
        use diesel_async::RunQueryDsl;

        within!(self, "asking", |conn| diesel::sql_query(sql)
            .load::<Row>(conn))
    }

    /// Runs a query as [`rows`](Self::rows) does, and returns its first row, if there is one.
    pub(crate) async fn row(&mut self, sql: &str) -> Result<Option<Row>, NodeError> {
        let rows = self.rows(sql).await?;
        Ok(rows.into_iter().next())
    }

    /// Runs statements without results.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), NodeError> {
        within!(self, "asking", |conn| conn.batch_execute(sql))
    }

    /// Returns what the server says of itself, as routers ask it.
    pub(crate) async fn introduce(&mut self, positions: bool) -> Result<Introduction, NodeError> {
        within!(self, "asking what it is", |conn| {
            RoutedConnection::introduce(&mut **conn, positions, true)
        })
    }

    /// Returns the server's role and position.
    pub(crate) async fn observe(
        &mut self,
        facts: &ServerFacts,
    ) -> Result<Option<Observation>, NodeError> {
        within!(self, "asking for its position", |conn| {
            RoutedConnection::observe(&mut **conn, facts)
        })
    }

    /// Returns what a replica says of its replication.
    pub(crate) async fn diagnose(&mut self, facts: &ServerFacts) -> Result<Diagnosis, NodeError> {
        within!(self, "asking about its replication", |conn| {
            RoutedConnection::diagnose(&mut **conn, facts)
        })
    }

    fn error(&self, step: &'static str, words: impl Into<String>, is_timeout: bool) -> NodeError {
        NodeError {
            node: self.name.clone(),
            step,
            words: words.into(),
            is_timeout,
        }
    }
}

/// Returns the URL of an SQLite file that must exist: SQLite would make one.
#[cfg(feature = "sqlite")]
fn existing(url: &str) -> diesel::ConnectionResult<std::borrow::Cow<'_, str>> {
    // Of URIs it is SQLite that knows what they lead to.
    if url.starts_with("file:") || url.starts_with("sqlite:") || url == ":memory:" {
        return Ok(url.into());
    }
    match std::path::Path::new(url).try_exists() {
        Ok(true) => Ok(url.into()),
        Ok(false) => Err(diesel::ConnectionError::BadConnection(
            "there is no such file".to_owned(),
        )),
        Err(error) => Err(diesel::ConnectionError::BadConnection(error.to_string())),
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            node, step, words, ..
        } = self;
        write!(f, "node `{node}`, {step}: {words}")
    }
}

impl std::error::Error for NodeError {}

impl From<NodeError> for Failure {
    fn from(error: NodeError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
