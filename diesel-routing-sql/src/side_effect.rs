//! `SideEffect`: what a listed function does besides returning a value.

/// The side effect of a listed function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SideEffect {
    /// It takes or releases a lock on a name or a number.
    AdvisoryLock,
    /// It advances a sequence, or reads what this session last got from it.
    Sequence,
    /// It creates, changes or opens a large object.
    LargeObject,
    /// It assigns a transaction id, or writes a record into the log.
    Transaction,
    /// It sends a message to other sessions.
    Notification,
    /// It changes a setting or a value of this session, which the pool hands to others.
    Session,
    /// Tells what this connection last wrote.
    LastWrite,
    /// Cancels, ends or pokes another session.
    OtherSession,
    /// It changes the server: its log, its backups, its statistics, its role.
    Server,
    /// It changes the server's replication.
    Replication,
    /// Locks a table against writes.
    TableLock,
    /// Changes indexes or tables outside of SQL.
    Storage,
    /// It runs SQL that is not visible here, on this server or another.
    HiddenSql,
    /// It writes a file on the server.
    File,
    /// It loads code into the server.
    Code,
    /// It was declared by the application through [`Functions::with`](crate::Functions::with).
    Declared,
}

impl SideEffect {
    /// Returns the effect and the reason why a replica must not have it, as the end of a sentence that begins
    /// with the function's name.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::AdvisoryLock => {
                "takes or releases a lock that lives on one server: on a replica it succeeds and \
                 protects nothing, because everybody else locks on the primary"
            }
            Self::Sequence => {
                "moves a sequence or depends on a move: a replica refuses it, and a session that did \
                 not move the sequence on this same connection gets nothing useful"
            }
            Self::LargeObject => {
                "works on large objects through a transaction: a replica refuses to change them"
            }
            Self::Transaction => {
                "assigns a transaction id or writes to the log: a replica can do neither"
            }
            Self::Notification => {
                "notifies other sessions: a replica refuses it, and the listeners are on the primary"
            }
            Self::Session => {
                "changes state of the connection: the next user of the pooled connection would inherit it"
            }
            Self::LastWrite => {
                "tells what this connection last wrote: a read handle has another connection, on which it \
                 gives nothing useful and no error"
            }
            Self::OtherSession => {
                "acts on another session: which server that is must not depend on routing"
            }
            Self::Server => {
                "changes the server it runs on: which server that is must not depend on routing"
            }
            Self::Replication => {
                "changes replication: which server that is must not depend on routing"
            }
            Self::TableLock => {
                "locks a table against writes, and only locks on the primary protect anything"
            }
            Self::Storage => "changes tables or indexes: a replica refuses it",
            Self::HiddenSql => "runs SQL that is not visible here, so it is not known to be a read",
            Self::File => {
                "writes a file on the server: which server that is must not depend on routing"
            }
            Self::Code => "loads code into the server: no read does that",
            Self::Declared => {
                "is declared as a function with side effects: it belongs on the primary"
            }
        }
    }

    /// Returns whether a call has to be taken for a change of data; `false` for locks alone.
    #[must_use]
    pub fn is_write(self) -> bool {
        !matches!(self, Self::AdvisoryLock | Self::TableLock)
    }
}
