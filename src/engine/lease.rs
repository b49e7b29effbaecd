//! The inside of every handle: a connection, and its grant.

use std::sync::Arc;

use super::checkout::Loan;
use crate::engine::{LoanKind, Shared, WriteLog};
use crate::error::Refused;
use crate::routing::{Reason, Route};
use crate::session::{Reading, SessionState};
use crate::statement::Access;

/// A checked-out connection; `G` is the guard that gives it back to its pool.
#[derive(Debug)]
pub(crate) struct Lease<G> {
    pub(crate) guard: G,
    pub(crate) log: WriteLog,
    grant: Grant,
    /// Inside a read-only transaction of ours, which cannot take locks.
    pub(crate) in_snapshot: bool,
    /// Inside a transaction that may lock rows, in which the server takes writes too.
    pub(crate) in_locking: bool,
}

/// The purpose that a connection was checked out for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) node: usize,
    pub(crate) reason: Reason,
    pub(crate) access: Access,
    /// Set if the node was the primary when it was chosen.
    pub(crate) is_primary: bool,
    /// The function that it was chosen for.
    pub(crate) function: Option<&'static str>,
    /// Set if the read does not go to the primary where a replica lacks what it reads.
    pub(crate) fails_on_missing: bool,
    /// The version of the session's requirements that its server was proved to meet.
    pub(crate) proved: Option<u64>,
    /// The kind that the loan counts as.
    pub(crate) kind: LoanKind,
}

impl<G: Loan> Lease<G> {
    pub(crate) fn new(
        guard: G,
        shared: Arc<Shared>,
        session: Option<Arc<SessionState>>,
        grant: Grant,
    ) -> Self {
        shared.counts.lent(grant.node, grant.kind, grant.reason);
        let reading = reading(&guard, &grant);
        Self {
            guard,
            log: WriteLog::new(shared, session, reading),
            grant,
            in_snapshot: false,
            in_locking: false,
        }
    }

    /// Creates one of a connection that is on probation: it counts for nobody.
    #[cold]
    #[inline(never)]
    pub(crate) fn on_probation(guard: G, shared: Arc<Shared>, grant: Grant) -> Self {
        let reading = reading(&guard, &grant);
        Self {
            guard,
            log: WriteLog::new(shared, None, reading),
            grant,
            in_snapshot: false,
            in_locking: false,
        }
    }
}

/// Returns what a session is told of a connection that is lent so.
#[inline]
fn reading<G: Loan>(guard: &G, grant: &Grant) -> Reading {
    Reading {
        node: grant.node,
        server: guard.known().server,
        stood: guard.known().stood(),
        proved: grant.proved,
    }
}

impl<G> Lease<G> {
    /// Takes the connection out.
    pub(crate) fn into_guard(self) -> G {
        self.guard
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.log.shared()
    }

    /// Returns whether a read that lacks a table or column here may run again on the primary.
    pub(crate) fn may_go_on_primary(&self) -> bool {
        !self.grant.is_primary && !self.grant.fails_on_missing
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.grant.is_primary
    }

    pub(crate) fn grant(&self) -> &Grant {
        &self.grant
    }

    pub(crate) fn reason(&self) -> Reason {
        self.grant.reason
    }

    /// Returns whether the server would not refuse a write on this connection now.
    #[inline]
    pub(crate) fn takes_writes(&self) -> bool {
        self.in_locking || self.grant.access == Access::Write
    }

    pub(crate) fn node(&self) -> usize {
        self.grant.node
    }

    /// Returns the same connection, now lent for more: the caller has proved that it may be.
    pub(crate) fn upgraded(mut self, access: Access, reason: Reason) -> Self {
        self.grant.access = self.grant.access.max(access);
        self.grant.reason = reason;
        self
    }
}

impl<G: Loan> Lease<G> {
    pub(crate) fn route(&self) -> Route<'_> {
        Route {
            // As it is called that the connection was opened for: another may have its index by now.
            node: self.guard.node(),
            is_primary: self.grant.is_primary,
            reason: self.grant.reason,
            function: self.grant.function,
        }
    }

    /// Returns whether it is a connection to this database of the nodes that `shared` knows.
    pub(crate) fn is_of(&self, shared: &Shared, database: Option<&str>) -> bool {
        std::ptr::eq(self.shared(), shared) && self.guard.database() == database
    }

    /// Catches handles whose connections were swapped: safe code can `mem::swap` a replica's
    /// connection into a handle that promises more, seen through `DerefMut`.
    #[inline]
    pub(crate) fn lent_for(&self, needs: Access) -> Result<(), Refused> {
        if self.grant.access >= needs {
            return Ok(());
        }
        Err(Refused::Swapped {
            node: self.guard.node().to_owned(),
        })
    }

    /// Checks that the handle still holds the connection with this number, on which a transaction was opened: it must not close
    /// one of another. The connection that it holds is closed when it comes back.
    pub(crate) fn holds(&mut self, number: u64) -> Result<(), Refused> {
        if self.guard.number() == number {
            return Ok(());
        }
        self.guard.known_mut().is_spent = true;
        Err(Refused::SwappedInTransaction {
            node: self.guard.node().to_owned(),
        })
    }

    /// Checks that the connection was checked out for `needs`, and that it can be used at all.
    #[inline]
    pub(crate) fn ready_for(&self, needs: Access) -> Result<(), Refused> {
        self.lent_for(needs)?;
        self.is_answered()
    }

    /// Checks that the last statement was answered.
    #[inline]
    pub(crate) fn is_answered(&self) -> Result<(), Refused> {
        if !self.guard.awaits_answer() {
            return Ok(());
        }
        Err(Refused::GivenUp {
            node: self.guard.node().to_owned(),
        })
    }
}
