use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::deadline::Deadline;

/// The port in socket names; nothing listens on TCP.
pub(super) const PORT: u16 = 5432;

/// How often a condition is asked for again.
const PERIOD: Duration = Duration::from_millis(2);

/// Where to connect and as whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login<'a> {
    pub(super) socket_dir: &'a Path,
    pub(super) user: &'a str,
    pub(super) database: &'a str,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    TimedOut,
    Refused(Box<dyn Error + Send + Sync>),
}

/// The columns of a row, as text.
pub(super) type Row = Vec<Option<String>>;

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

    /// On a thread of its own, as the caller's may belong to an async runtime, where a second one
    /// can't be started.
    fn converse<T: Send>(
        self,
        deadline: Deadline,
        talk: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error> + Send,
    ) -> Result<T, Failure> {
        let talking = || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| Failure::Refused(error.into()))?;
            runtime.block_on(async {
                let conversation = async {
                    let (client, connection) = self.config().connect(NoTls).await?;
                    tokio::spawn(connection);
                    talk(&client).await
                };
                match timeout(deadline.left(), conversation).await {
                    Ok(answer) => answer.map_err(|error| Failure::Refused(error.into())),
                    Err(_elapsed) => Err(Failure::TimedOut),
                }
            })
        };
        thread::scope(|scope| scope.spawn(talking).join())
            .unwrap_or_else(|_panic| Err(Failure::Refused("the client panicked".into())))
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
