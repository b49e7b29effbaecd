use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::url::PORT;
use crate::server::{Deadline, Failure, Row, converse};

/// The time between two questions for a condition.
const PERIOD: Duration = Duration::from_millis(2);

/// The address and the account of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) socket_dir: &'a Path,
    pub(super) user: &'a str,
    pub(super) database: &'a str,
}

impl Login<'_> {
    /// Runs `sql` (one or several statements) and returns the rows of all of them.
    pub(super) fn rows(self, sql: &str, deadline: Deadline) -> Result<Vec<Row>, Failure> {
        self.converse(deadline, async |client| rows(client, sql).await)
    }

    /// Asks `sql` again and again, on one connection, until the first column of its first row is
    /// true.
    pub(super) fn until(self, sql: &str, deadline: Deadline) -> Result<(), Failure> {
        self.converse(deadline, async |client| {
            loop {
                let rows = rows(client, sql).await?;
                if rows.first().and_then(|row| row.first()) == Some(&Some("t".into())) {
                    return Ok(());
                }
                sleep(PERIOD).await;
            }
        })
    }

    fn converse<T: Send>(
        self,
        deadline: Deadline,
        talk: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error> + Send,
    ) -> Result<T, Failure> {
        converse(deadline, async || {
            let (client, connection) = self.config().connect(NoTls).await?;
            tokio::spawn(connection);
            talk(&client).await
        })
    }

    fn config(self) -> Config {
        let mut config = Config::new();
        config
            .host_path(self.socket_dir)
            .port(PORT)
            .user(self.user)
            .dbname(self.database)
            .application_name("diesel-routing testkit");
        config
    }
}

async fn rows(client: &Client, sql: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|column| row.get(column).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    });
    Ok(rows.collect())
}
