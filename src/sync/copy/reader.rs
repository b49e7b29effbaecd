//! `CopyToReader`: an export on its way.

use std::fmt;
use std::io::{self, BufRead, Read};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, QueryResult};
use self_cell::{MutBorrow, self_cell};

use crate::engine::Marks;
use crate::query_log::Entry;
use crate::sync::connection::depth;
use crate::sync::statement_guard::StatementGuard;

/// The data that a `COPY .. TO` sends.
///
/// At its end the connection is asked whether that was the table's: libpq, and so Diesel, tells of an error in the middle of an export as of
/// its end. So it runs in a transaction, of its own if there is none.
#[must_use = "what is not read closes the connection"]
pub struct CopyToReader<'conn> {
    /// `None` once it has ended.
    running: Option<Running<'conn>>,
    /// Set if the transaction around it is its own.
    owns_transaction: bool,
    /// Set if it has ended early.
    was_cut: bool,
    /// The rows that were taken, if they are counted.
    pub(super) rows: Option<usize>,
    marks: Option<&'conn Marks>,
    entry: Option<Box<Entry>>,
}

/// Diesel's own reader, which borrows the connection.
type Source<'conn> = Box<dyn BufRead + 'conn>;

self_cell!(
    struct Running<'conn> {
        owner: MutBorrow<&'conn mut PgConnection>,
        #[not_covariant]
        dependent: Source,
    }
);

impl<'conn> CopyToReader<'conn> {
    /// Starts a `COPY` with `open`.
    pub(super) fn start(
        conn: &'conn mut PgConnection,
        guard: StatementGuard<'conn>,
        open: impl for<'a> FnOnce(&'a mut PgConnection) -> QueryResult<Source<'a>>,
    ) -> QueryResult<Self> {
        let owns_transaction = depth(conn) == 0;
        if owns_transaction && let Err(error) = AnsiTransactionManager::begin_transaction(conn) {
            return guard.during(Err(error));
        }
        match Running::try_new_or_recover(MutBorrow::new(conn), |conn| open(conn.borrow_mut())) {
            Ok(running) => {
                let (marks, entry) = guard.leave_open();
                Ok(Self {
                    running: Some(running),
                    owns_transaction,
                    was_cut: false,
                    rows: None,
                    marks,
                    entry,
                })
            }
            Err((conn, error)) => {
                if owns_transaction {
                    roll_back(conn.into_inner());
                }
                guard.during(Err(error))
            }
        }
    }

    /// Returns whether there is nothing more to come.
    fn is_over(&mut self) -> io::Result<bool> {
        match &mut self.running {
            Some(running) => {
                running.with_dependent_mut(|_, source| source.fill_buf().map(<[u8]>::is_empty))
            }
            None => Ok(true),
        }
    }

    /// Ends it: reads the server's last word.
    fn end(&mut self) -> QueryResult<()> {
        let Some(running) = self.running.take() else {
            return match self.was_cut {
                true => Err(cut_short()),
                false => Ok(()),
            };
        };
        let conn = running.into_owner().into_inner();
        // libpq drops what is left of the answer before it, an error too: but then the transaction is aborted.
        let mut ended = match conn.batch_execute("SELECT 1") {
            Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)) => Err(cut_short()),
            ended => ended,
        };
        if self.owns_transaction {
            match ended {
                Ok(()) => ended = AnsiTransactionManager::commit_transaction(conn),
                Err(_) => roll_back(conn),
            }
        }
        self.was_cut = ended.is_err();
        self.settle(ended)
    }

    /// Ends it with an error of the connection, which stays marked as one that awaits an answer.
    fn break_off(&mut self, error: &io::Error) -> DieselError {
        self.running = None;
        self.was_cut = true;
        let words = Box::new(error.to_string());
        let error = DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, words);
        let error = match self.marks.take() {
            Some(marks) => marks.failed(error),
            None => error,
        };
        if let Some(entry) = self.entry.take() {
            entry.finish(Some(&error));
        }
        error
    }

    /// Records that it has ended, and returns how.
    fn settle(&mut self, ended: QueryResult<()>) -> QueryResult<()> {
        let ended = match (self.marks.take(), ended) {
            (Some(marks), ended) => {
                marks.awaits_answer.clear();
                ended.map_err(|error| marks.failed(error))
            }
            (None, ended) => ended,
        };
        if let Some(entry) = self.entry.take() {
            entry.finish_with(ended.as_ref().map(|()| self.rows));
        }
        ended
    }
}

/// Leaves a transaction. Where that fails, its connection is known to be broken.
fn roll_back(conn: &mut PgConnection) {
    let _known = AnsiTransactionManager::rollback_transaction(conn);
}

fn cut_short() -> DieselError {
    let words = "the server ended the COPY before all rows were sent, and its log has the reason: on a standby often a conflict with \
                 recovery (`max_standby_streaming_delay`), else a timeout or a cancellation";
    DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words.to_owned()))
}

impl BufRead for CopyToReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.is_over() {
            Ok(false) => {}
            Ok(true) => self.end().map_err(io::Error::other)?,
            Err(error) => return Err(io::Error::other(self.break_off(&error))),
        }
        match &mut self.running {
            Some(running) => running.with_dependent_mut(|_, source| source.fill_buf()),
            None => Ok(&[]),
        }
    }

    fn consume(&mut self, amount: usize) {
        if let Some(running) = &mut self.running {
            running.with_dependent_mut(|_, source| source.consume(amount));
        }
    }
}

impl Read for CopyToReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut ready = self.fill_buf()?;
        let count = ready.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl fmt::Debug for CopyToReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyToReader")
            .field("is_over", &self.running.is_none())
            .finish_non_exhaustive()
    }
}
