use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, OptsBuilder};
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

use super::MariaNode;
use crate::ServerError;
use crate::server::{Deadline, Failure};

/// The time limit of a lock's end, after which its connection is closed.
const FAREWELL: Duration = Duration::from_secs(2);

/// A table that is locked against changes, until this is dropped.
///
/// [`MariaNode::lock_table`] makes it.
#[derive(Debug)]
#[must_use = "dropping it releases the lock"]
pub struct TableLock {
    /// Its end ends the lock.
    release: Option<Sender<()>>,
    holder: Option<JoinHandle<()>>,
}

impl MariaNode {
    /// Locks a table of database `app` against changes, also those that replication brings: a replica's
    /// replay, or a Galera node's applier, waits as soon as it meets one. Everybody may still read. The
    /// lock ends when the value is dropped.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] when there is no such table; [`ServerError::Timeout`] when a transaction
    /// that changed it does not end.
    pub fn lock_table(&self, table: &str) -> Result<TableLock, ServerError> {
        const STEP: &str = "locking a table";
        let sql = format!("LOCK TABLES `{}` READ", table.replace('`', "``"));
        let options = self.login("root", Some("app")).options();
        let deadline = self.server.deadline();
        let (locked, outcome) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let holder = thread::Builder::new()
            .name("table-lock".into())
            .spawn(move || hold(options, &sql, deadline, &locked, &released))
            .map_err(ServerError::io("start a thread for", self.name()))?;
        let lock = TableLock {
            release: Some(release),
            holder: Some(holder),
        };
        match outcome.recv() {
            Ok(Ok(())) => Ok(lock),
            Ok(Err(failure)) => Err(self.server.failed(failure, STEP, deadline)),
            Err(_panicked) => Err(self.server.timeout(STEP)),
        }
    }
}

impl Drop for TableLock {
    fn drop(&mut self) {
        drop(self.release.take());
        if let Some(holder) = self.holder.take() {
            let _ = holder.join();
        }
    }
}

/// Takes the lock, says so, and keeps it until `released` ends.
fn hold(
    options: OptsBuilder,
    sql: &str,
    deadline: Deadline,
    locked: &Sender<Result<(), Failure>>,
    released: &Receiver<()>,
) {
    match take(options, sql, deadline) {
        Ok((runtime, mut conn)) => {
            let _ = locked.send(Ok(()));
            let _ = released.recv();
            // A server that is frozen or dead does not answer; then closing the socket has to do.
            let _ = runtime.block_on(async {
                timeout(FAREWELL, async {
                    conn.query_drop("UNLOCK TABLES").await?;
                    conn.disconnect().await
                })
                .await
            });
        }
        Err(failure) => {
            let _ = locked.send(Err(failure));
        }
    }
}

fn take(options: OptsBuilder, sql: &str, deadline: Deadline) -> Result<(Runtime, Conn), Failure> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Refused(error.into()))?;
    let taking = async {
        let mut conn = Conn::new(options).await?;
        conn.query_drop(sql).await?;
        Ok::<_, Error>(conn)
    };
    match runtime.block_on(async { timeout(deadline.left(), taking).await }) {
        Ok(Ok(conn)) => Ok((runtime, conn)),
        Ok(Err(error)) => Err(Failure::Refused(error.into())),
        Err(_elapsed) => Err(Failure::TimedOut),
    }
}
