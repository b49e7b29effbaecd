//! The SQLite files behind the nodes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode};

use crate::Error;

/// One node's file, and the cluster's own connection to it.
#[derive(Debug)]
pub(super) struct Database {
    node: String,
    conn: Connection,
}

impl Database {
    /// Creates the primary, runs `schema` on it and makes it a file the cluster only ever reads.
    pub(super) fn create_primary(path: &Path, schema: &str) -> Result<Self, Error> {
        let primary = Self::open("primary".to_owned(), path)?;
        let run = |step, sql: &str| {
            primary
                .conn
                .execute_batch(sql)
                .map_err(|e| primary.error(step, e))
        };
        // The file is temporary: no need to sync it.
        run("set it up", "PRAGMA synchronous = OFF")?;
        run("run the schema", schema)?;
        if !primary.conn.is_autocommit() {
            return Err(Error::Setup {
                node: primary.node,
                step: "run the schema",
                reason: "it leaves a transaction open; add the COMMIT",
            });
        }
        primary.use_wal()?;
        run(
            "make the cluster's connection read-only",
            "PRAGMA query_only = ON",
        )?;
        Ok(primary)
    }

    /// Creates replica `index`, empty, ready to receive snapshots of `primary`.
    pub(super) fn create_replica(index: usize, path: &Path, primary: &Self) -> Result<Self, Error> {
        let page_size: i64 = primary
            .conn
            .pragma_query_value(None, "page_size", |row| row.get(0))
            .map_err(|e| primary.error("read the page size", e))?;
        let replica = Self::open(format!("replica {index}"), path)?;
        // A backup into a WAL file needs equal page sizes. The file is temporary: no need to sync it.
        let setup = format!("PRAGMA page_size = {page_size}; PRAGMA synchronous = OFF");
        replica
            .conn
            .execute_batch(&setup)
            .map_err(|e| replica.error("set it up", e))?;
        replica.use_wal()?;
        Ok(replica)
    }

    /// Returns the version of the file: a number that differs from the last one if another connection, of
    /// any process, committed in between. `None` if another connection's lock is in the way.
    pub(super) fn version(&self) -> Result<Option<i64>, Error> {
        self.conn
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map(Some)
            .or_else(unless_busy)
            .map_err(|e| self.error("see whether it changed", e))
    }

    /// Opens a read transaction. `None` if another connection's lock is in the way.
    pub(super) fn begin_read(&self) -> Result<Option<ReadTransaction<'_>>, Error> {
        let error = |e| self.error("begin to read", e);
        self.conn.execute_batch("BEGIN").map_err(error)?;
        let mut transaction = ReadTransaction {
            database: self,
            version: 0,
        };
        // BEGIN alone does not fix what the transaction sees; the first statement does.
        let Some(version) = self.version()? else {
            return Ok(None);
        };
        transaction.version = version;
        Ok(Some(transaction))
    }

    /// Replaces the content by `snapshot`, in one transaction: readers see either the old or the new state.
    ///
    /// `None` if another connection's lock is in the way; nothing has changed then.
    pub(super) fn apply(&mut self, snapshot: &Connection) -> Result<Option<()>, Error> {
        let applied =
            copy(snapshot, &mut self.conn).map_err(|e| self.error("apply a snapshot", e))?;
        if applied.is_some() {
            // SQLite checkpoints by itself after statements only, and a backup is none: without this the
            // WAL would grow by one copy of the database per snapshot. Readers are not held up; what an
            // open reader still needs is left for the next time.
            self.conn
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .or_else(|error| unless_busy(error).map(|_: Option<()>| ()))
                .map_err(|e| self.error("checkpoint", e))?;
        }
        Ok(applied)
    }

    fn open(node: String, path: &Path) -> Result<Self, Error> {
        match Connection::open(path) {
            Ok(conn) => {
                let database = Self { node, conn };
                // Whoever is in the way is met again one tick later.
                match database.conn.busy_timeout(Duration::ZERO) {
                    Ok(()) => Ok(database),
                    Err(error) => Err(database.error("set it up", error)),
                }
            }
            Err(source) => Err(Error::Database {
                node,
                step: "create the file",
                source: Arc::new(source),
            }),
        }
    }

    fn use_wal(&self) -> Result<(), Error> {
        const STEP: &str = "switch to WAL mode";
        let mode: String = self
            .conn
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(|e| self.error(STEP, e))?;
        if mode == "wal" {
            return Ok(());
        }
        Err(Error::Setup {
            node: self.node.clone(),
            step: STEP,
            reason: "the file system of the temporary directory has no shared memory; set TMPDIR to another one",
        })
    }

    fn error(&self, step: &'static str, source: rusqlite::Error) -> Error {
        Error::Database {
            node: self.node.clone(),
            step,
            source: Arc::new(source),
        }
    }
}

/// A read transaction on a [`Database`]; ends when dropped.
#[derive(Debug)]
pub(super) struct ReadTransaction<'a> {
    database: &'a Database,
    /// The version of the file that it sees.
    pub(super) version: i64,
}

impl ReadTransaction<'_> {
    /// Copies what the transaction sees into memory, and says how many bytes that is. `None` if another connection's lock is in the way.
    pub(super) fn snapshot(&self) -> Result<Option<(Connection, u64)>, Error> {
        let error = |e| self.database.error("take a snapshot", e);
        let mut memory = Connection::open_in_memory().map_err(error)?;
        if copy(&self.database.conn, &mut memory)
            .map_err(error)?
            .is_none()
        {
            return Ok(None);
        }
        let pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = memory
            .query_row(pages, [], |row| row.get(0))
            .map_err(error)?;
        Ok(Some((memory, bytes.unsigned_abs())))
    }
}

impl Drop for ReadTransaction<'_> {
    fn drop(&mut self) {
        // A transaction that only read has nothing to lose; if ending it fails, the next BEGIN says so.
        let _ = self.database.conn.execute_batch("ROLLBACK");
    }
}

/// Copies a whole database in one transaction. `None` if a lock is in the way.
fn copy(from: &Connection, to: &mut Connection) -> rusqlite::Result<Option<()>> {
    let backup = Backup::new(from, to)?;
    match backup.step(-1) {
        Ok(StepResult::Done) => Ok(Some(())),
        // `-1` asks for all pages, so a result other than done means that a lock was in the way.
        Ok(_) => Ok(None),
        Err(error) => unless_busy(error),
    }
}

fn unless_busy<T>(error: rusqlite::Error) -> rusqlite::Result<Option<T>> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(None),
        _ => Err(error),
    }
}
