use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder, Value};
use tokio::time::sleep;

use crate::server::{Deadline, Failure, Row, converse};

/// The time between two questions for a condition.
const PERIOD: Duration = Duration::from_millis(2);

/// The largest statement and row, in bytes; given so that the client does not ask the server.
const PACKET: usize = 16 << 20;

/// The address and the account of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) socket: &'a Path,
    pub(super) user: &'a str,
    /// `None`: no database is the current one.
    pub(super) database: Option<&'a str>,
}

impl Login<'_> {
    /// Runs `sql` (one or several statements) and returns the rows of all of them.
    pub(super) fn rows(self, sql: &str, deadline: Deadline) -> Result<Vec<Row>, Failure> {
        self.converse(deadline, async |conn| rows(conn, sql).await)
    }

    /// Runs each of `statements` on one connection.
    pub(super) fn all(self, statements: &[String], deadline: Deadline) -> Result<(), Failure> {
        self.converse(deadline, async |conn| {
            for sql in statements {
                conn.query_drop(sql).await?;
            }
            Ok(())
        })
    }

    /// Returns the first row of `sql` by its columns' names, without NULLs.
    pub(super) fn record(
        self,
        sql: &str,
        deadline: Deadline,
    ) -> Result<Option<BTreeMap<String, String>>, Failure> {
        self.converse(deadline, async |conn| {
            let row: Option<mysql_async::Row> = conn.query_first(sql).await?;
            Ok(row.map(|row| {
                let names: Vec<String> = row
                    .columns_ref()
                    .iter()
                    .map(|column| column.name_str().into_owned())
                    .collect();
                let named = names.into_iter().zip(row.unwrap());
                named
                    .filter_map(|(name, value)| Some((name, text(value)?)))
                    .collect()
            }))
        })
    }

    /// Asks `sql` again and again, on one connection, until the first column of its first row is 1.
    pub(super) fn until(self, sql: &str, deadline: Deadline) -> Result<(), Failure> {
        self.converse(deadline, async |conn| {
            loop {
                let rows = rows(conn, sql).await?;
                if rows.first().and_then(|row| row.first()) == Some(&Some("1".into())) {
                    return Ok(());
                }
                sleep(PERIOD).await;
            }
        })
    }

    fn converse<T: Send>(
        self,
        deadline: Deadline,
        talk: impl AsyncFnOnce(&mut Conn) -> Result<T, Error> + Send,
    ) -> Result<T, Failure> {
        converse(deadline, async || {
            let mut conn = Conn::new(self.options()).await?;
            let answer = talk(&mut conn).await?;
            conn.disconnect().await?;
            Ok::<_, Error>(answer)
        })
    }

    pub(super) fn options(self) -> OptsBuilder {
        OptsBuilder::default()
            .socket(Some(self.socket.to_string_lossy()))
            .user(Some(self.user))
            .db_name(self.database)
            .max_allowed_packet(Some(PACKET))
            .wait_timeout(Some(usize::from(u16::MAX)))
    }
}

async fn rows(conn: &mut Conn, sql: &str) -> Result<Vec<Row>, Error> {
    let mut result = conn.query_iter(sql).await?;
    let mut all = Vec::new();
    while !result.is_empty() {
        let set: Vec<mysql_async::Row> = result.collect().await?;
        all.extend(
            set.into_iter()
                .map(|row| row.unwrap().into_iter().map(text).collect()),
        );
    }
    Ok(all)
}

/// Returns a value as text; `None` for NULL. Without prepared statements, every other value comes as bytes.
fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        other => Some(other.as_sql(true)),
    }
}
