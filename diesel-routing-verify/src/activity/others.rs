//! Others' sessions on a server.

use std::fmt;
use std::time::Duration;

use tokio::time::timeout;

use crate::error::Error;
use crate::failure::chain;
use crate::seen::Line;
use crate::sql::{Kind, Sql};
use crate::statements::Verifiable;

/// The time that a node may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Others' sessions on a node.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Others {
    /// The node's name.
    pub node: String,
    /// Their account, database and application; `None` where the account that asked may see nothing but their number.
    pub whose: Option<String>,
    /// Their number.
    pub sessions: u64,
}

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = self
            .whose
            .as_deref()
            .unwrap_or("whose this account may not see");
        write!(f, "{}: {} {whose}", self.node, self.sessions)
    }
}

/// Returns the sessions that others have on these nodes, given by name and URL: all but the one that asks, those of replication and
/// the servers' own. Ask before a router is built: its connections are others' as well.
///
/// On MySQL and MariaDB, an account without the privilege `PROCESS` sees its own sessions, and of the rest their number, replicas'
/// among them. SQLite knows no sessions.
///
/// # Errors
///
/// [`Error::Node`] for a node that does not answer, [`Error::Activity`] for one that says nothing of its sessions to this account.
///
/// # Example
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn example() -> Result<(), diesel_routing_verify::Error> {
/// use diesel_async::AsyncPgConnection;
///
/// let nodes = [("primary", "postgres://app@10.0.0.1/app"), ("replica", "postgres://app@10.0.0.2/app")];
/// for others in diesel_routing_verify::others::<AsyncPgConnection>(nodes).await? {
///     eprintln!("{others}");
/// }
/// # Ok(()) }
/// ```
pub async fn others<C: Verifiable>(
    nodes: impl IntoIterator<Item = (&str, &str)>,
) -> Result<Vec<Others>, Error> {
    let mut all = Vec::new();
    for (name, url) in nodes {
        all.extend(of_node::<C>(name, url).await?);
    }
    Ok(all)
}

async fn of_node<C: Verifiable>(name: &str, url: &str) -> Result<Vec<Others>, Error> {
    let failed = |why: String| Error::Node {
        node: name.to_owned(),
        why,
    };
    let opened = timeout(LIMIT, C::open(url)).await;
    let opened = opened.map_err(|_| failed(format!("no connection within {LIMIT:?}")))?;
    let mut conn = opened.map_err(|error| failed(chain(&error)))?;
    let version = Sql::version(Kind::of(C::FAMILY, ""));
    let version = C::ask(&mut conn, &version).await;
    let version = version.map_err(|error| failed(chain(&error)))?;
    let kind = Kind::of(C::FAMILY, version.first().map_or("", Line::text));
    let Some(question) = kind.others() else {
        return Ok(Vec::new());
    };
    let sessions = C::ask(&mut conn, question).await;
    let sessions = sessions.map_err(|error| Error::Activity {
        node: name.to_owned(),
        why: chain(&error),
    })?;
    let seen: i64 = sessions.iter().map(|line| line.n).sum();
    let mut all: Vec<_> = sessions
        .iter()
        .map(|line| Others {
            node: name.to_owned(),
            whose: Some(line.text().to_owned()),
            sessions: line.n.unsigned_abs(),
        })
        .collect();
    let hidden = hidden::<C>(&mut conn, kind, seen + 1).await;
    if hidden > 0 {
        all.push(Others {
            node: name.to_owned(),
            whose: None,
            sessions: hidden,
        });
    }
    Ok(all)
}

/// Returns the number of sessions that this account may not see, having seen so many.
async fn hidden<C: Verifiable>(conn: &mut C, kind: Kind, seen: i64) -> u64 {
    let is_mysql = matches!(kind, Kind::MySql | Kind::MariaDb);
    let Some(sees_all) = kind.sees_all().filter(|_| is_mysql) else {
        return 0;
    };
    let sees_all = C::ask(conn, sees_all).await;
    if sees_all.is_ok_and(|lines| lines.first().is_some_and(|line| line.n > 0)) {
        return 0;
    }
    let connected = "SELECT variable_value AS a, NULL AS b, \
         CAST(variable_value AS SIGNED) AS n, 0 AS m";
    let schema = match kind {
        Kind::MySql => "performance_schema.global_status",
        _ => "information_schema.global_status",
    };
    let connected = format!("{connected} FROM {schema} WHERE variable_name = 'Threads_connected'");
    let connected = C::ask(conn, &connected).await;
    let connected = connected.ok().and_then(|lines| Some(lines.first()?.n));
    connected.map_or(0, |connected| {
        connected.saturating_sub(seen).max(0).unsigned_abs()
    })
}
