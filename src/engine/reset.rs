//! `Reset`: when a pooled connection's database session is reset.

use std::time::Instant;

use diesel_routing_sql::SessionEffect;

use super::{Applied, Pooled};
use crate::mutex::get;

/// The rule for when the database session of a pooled connection is reset before its next loan, so that its next user finds nothing
/// of what the last one did to it: settings (`search_path`, `statement_timeout`, `@variables`), temporary tables, `LISTEN`, advisory
/// locks.
///
/// What the router does by itself, such as [settings that travel](crate::Session::with_settings), is undone in any case, and connections with
/// an open transaction are closed.
///
/// | | PostgreSQL | MySQL, MariaDB and SQLite |
/// |---|---|---|
/// | reset | one round trip, before the next loan: the parts of `DISCARD ALL` that keep what drivers have prepared. The [`on_connect`](crate::RouterBuilder::on_connect) hook runs again, and connections that read are made read-only again | none: drivers have no way to it, so the connection is closed as it comes back |
/// | what no reset undoes: `PREPARE`, `LOAD`, `dblink_connect`, `DEALLOCATE`, a `BEGIN` by hand | the connection is closed as it comes back | the same |
///
/// A connection that [`connect_with`](crate::RouterBuilder::connect_with) has opened is closed as well, on any database: what was set on it there is
/// not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Reset {
    /// Once a statement has changed something, as far as the [statement check](crate::StatementCheck) knows: raw SQL such as `SET`, `LISTEN`,
    /// `CREATE TEMP TABLE`, `DO` and `CALL`, the server's own functions such as `set_config` and `pg_advisory_lock`, functions that you
    /// [forbid](crate::StatementCheck::forbid), and whatever is done with [`raw_counts_as_write`](crate::WriteConn::raw_counts_as_write).
    ///
    /// Diesel's own statements change nothing, and cost nothing. Not seen: what other functions and triggers change.
    #[default]
    Changed,
    /// Before each loan but a connection's first. It costs a round trip for each; where there is no reset, a new connection.
    Always,
    /// Not at all: what one user of a connection did to its session, the next one finds.
    Never,
}

/// The rule for one connection.
#[allow(dead_code, reason = "where no pool is compiled in")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResetRule {
    pub(crate) when: Reset,
    /// Set if the connection can be reset; it is closed otherwise.
    pub(crate) can_reset: bool,
}

#[allow(dead_code, reason = "where no pool is compiled in")]
impl<C> Pooled<C> {
    /// Returns whether its session must be reset before it is lent again.
    pub(crate) fn needs_reset(&mut self) -> bool {
        let by_rule = match self.reset.when {
            Reset::Changed => *get(&mut self.marks.leaves) != SessionEffect::Nothing,
            Reset::Always => self.marks.was_lent,
            Reset::Never => false,
        };
        by_rule || self.known.applied.is_unsettled()
    }

    /// Records that its session was reset: its server has answered after `since`.
    pub(crate) fn was_reset(&mut self, since: Instant) {
        *get(&mut self.marks.leaves) = SessionEffect::Nothing;
        self.marks.was_lent = false;
        self.known.applied = Applied::default();
        self.known.reads_causally = false;
        self.known.alive = since;
    }

    /// Returns whether a reset would do.
    pub(crate) fn can_reset(&mut self) -> bool {
        self.reset.can_reset && *get(&mut self.marks.leaves) <= SessionEffect::Resettable
    }
}
