//! Opens more connections to one node: do all lead to one server, and does each keep its server process?

use super::open;
use crate::backend::Kind;
use crate::cluster::{Cluster, Member};
use crate::doctor::facts::{Facts, Unanswered};
use crate::node::{Connection, NodeError};
use futures_util::future::join;

/// The words by which poolers and servers betray that sessions are shared.
const SIGNS: &[&str] = &[
    "statement pooling",
    "transaction pooling",
    "prepared statement \"",
];

/// Compares three connections with each other.
pub(super) async fn connections(
    cluster: &Cluster,
    member: &Member,
    conn: &mut Connection,
    facts: &mut Facts,
) {
    let opened = join(open(cluster, member), open(cluster, member)).await;
    let mut others = Vec::new();
    for opened in [opened.0, opened.1] {
        match opened {
            Ok(other) => others.push(other),
            Err(error) => failed(error, facts),
        }
    }
    match compare(cluster.kind, conn, &mut others).await {
        Ok(looks) => {
            facts.shares_processes =
                Some(looks.is_shared() || facts.shares_processes == Some(true));
            facts.runs = looks.runs();
        }
        Err(error) => failed(error, facts),
    }
}

/// Draws conclusions from what went wrong.
fn failed(error: NodeError, facts: &mut Facts) {
    let words = error.words.to_lowercase();
    if SIGNS.iter().any(|sign| words.contains(sign)) {
        facts.shares_processes = Some(true);
        return;
    }
    facts.unanswered.push(Unanswered {
        question: "whether all connections lead to one server, each to a process of its own",
        why: error.words,
        remedy: None,
    });
}

/// The process that serves a connection at one moment, and the run of the server that it belongs to.
#[derive(PartialEq)]
struct Look {
    process: String,
    run: String,
}

/// The looks at all connections.
struct Looks {
    /// At the first connection, before the others have transactions open, and meanwhile.
    first: [Look; 2],
    others: Vec<Look>,
}

impl Looks {
    /// Returns whether some connection has no process of its own.
    fn is_shared(&self) -> bool {
        let [before, meanwhile] = &self.first;
        let mut others = self.others.iter().enumerate();
        before != meanwhile
            || others.any(|(at, look)| {
                look == before || self.others.iter().take(at).any(|other| other == look)
            })
    }

    fn runs(&self) -> Vec<String> {
        let first = self.first.iter().take(1);
        first
            .chain(&self.others)
            .map(|look| look.run.clone())
            .collect()
    }
}

/// Looks at the first connection, at the others, which keep a transaction open, and at the first one again.
async fn compare(
    kind: Kind,
    conn: &mut Connection,
    others: &mut [Connection],
) -> Result<Looks, NodeError> {
    let before = look(kind, conn).await?;
    let mut seen = Vec::new();
    for other in others.iter_mut() {
        other.run(begin(kind)).await?;
        seen.push(look(kind, other).await?);
    }
    let meanwhile = look(kind, conn).await?;
    for other in others {
        other.run("ROLLBACK").await?;
    }
    Ok(Looks {
        first: [before, meanwhile],
        others: seen,
    })
}

async fn look(kind: Kind, conn: &mut Connection) -> Result<Look, NodeError> {
    let row = conn.row(query(kind)).await?.unwrap_or_default();
    // The driver closes its statement afterwards. With this answer that is over, and a pooler has its process back.
    conn.run("SELECT 1").await?;
    let text = |name| row.get(name).unwrap_or_default().to_owned();
    Ok(Look {
        process: text("process"),
        run: text("run"),
    })
}

fn begin(kind: Kind) -> &'static str {
    match kind {
        #[cfg(feature = "mysql")]
        Kind::MySql => "START TRANSACTION READ ONLY",
        #[allow(unreachable_patterns, reason = "where MySQL alone is compiled in")]
        _ => "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY",
    }
}

/// Returns the query for the server's process that serves the connection, and for the run of the server.
fn query(kind: Kind) -> &'static str {
    match kind {
        #[cfg(feature = "mysql")]
        Kind::MySql => {
            "SELECT CAST(connection_id() AS CHAR) AS process, \
                    concat_ws('/', @@hostname, @@port, @@server_id, @@datadir) AS run"
        }
        #[allow(unreachable_patterns, reason = "where MySQL alone is compiled in")]
        _ => {
            "SELECT pg_backend_pid() AS process, \
                    concat_ws('/', extract(epoch FROM pg_postmaster_start_time())::text, current_setting('port'), \
                              nullif(current_setting('cluster_name'), '')) AS run"
        }
    }
}
