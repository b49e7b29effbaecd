//! The records of statements.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::{Arc, Mutex};

use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::Error as DieselError;

use super::pool::Guard;
use super::transact::depth_of;
use super::{RoutedConnection, Router};
use crate::engine::{Grant, Lease, Pooled};
use crate::query_log::{Entry, Logging, Served, Server, What};
use crate::routing::Level;
use crate::statement::{Dialect, StatementText, Texts, values};

impl<C: RoutedConnection> Router<C> {
    /// Has the statements of a connection that is lent recorded, as the settings say now.
    #[cold]
    pub(super) fn observe(&self, guard: &mut Guard<C>, level: Level) {
        let observed = self.shared().snapshot().live.observed();
        let pooled = &mut **guard;
        if !observed.is_any() {
            pooled.marks.logging = None;
            return;
        }
        match &mut pooled.marks.logging {
            Some(logging) => {
                logging.observed = observed;
                logging.level = level;
            }
            logging @ None => {
                let url = pooled.member.url_to(pooled.database.as_deref(), None);
                let url = url.unwrap_or_default();
                let server = Server::new(&url, pooled.conn.dialect().sql(), &pooled.known.facts);
                *logging = Some(Logging::new(observed, level, server));
            }
        }
    }
}

impl<C: RoutedConnection> Guard<C> {
    /// Returns the record of a statement that is about to run under this grant; `sql` is its SQL, if that was rendered.
    #[cold]
    #[inline(never)]
    pub(super) fn record<Q>(&self, grant: Grant, query: &Q, sql: Option<&str>) -> Option<Box<Entry>>
    where
        Q: QueryFragment<C::Backend> + QueryId,
    {
        let backend = self.conn.dialect();
        self.record_as(grant, |texts, wants_values| {
            let text = Texts::of(texts, query, &backend, sql);
            let values = wants_values.then(|| values(query, &backend));
            (What::Sql(text), values)
        })
    }

    fn record_as(
        &self,
        grant: Grant,
        what: impl FnOnce(&Mutex<Texts>, bool) -> (What, Option<String>),
    ) -> Option<Box<Entry>> {
        let Pooled { marks, member, .. } = &**self;
        let served = |level| Served {
            member: Arc::clone(member),
            is_primary: grant.is_primary,
            reason: grant.reason,
            level,
            function: grant.function,
        };
        marks.logging.as_ref()?.record(served, what)
    }
}

impl<C: RoutedConnection> Lease<Guard<C>> {
    /// Returns whether statements are recorded.
    #[inline]
    pub(super) fn records(&self) -> bool {
        self.guard.marks.logging.is_some()
    }

    /// Returns the record of a text of one statement or several.
    #[cold]
    #[inline(never)]
    pub(super) fn record_text(&self, sql: &str) -> Option<Box<Entry>> {
        let grant = *self.grant();
        let language = self.guard.conn.dialect().sql();
        self.guard.record_as(grant, |_, _| {
            let text = StatementText::new(sql, language);
            (What::Sql(Arc::new(text)), None)
        })
    }

    /// Returns the record of a statement whose SQL is not seen.
    #[cold]
    #[inline(never)]
    pub(super) fn record_named(&self, name: &'static str) -> Option<Box<Entry>> {
        let grant = *self.grant();
        self.guard
            .record_as(grant, |_, _| (What::Named(name), None))
    }

    /// Returns the record of a statement that opens or closes a transaction, if those are recorded: `names` are what it is called
    /// outside a transaction of this depth or less, and as a savepoint.
    #[inline]
    pub(super) fn record_transaction(
        &mut self,
        names: (&'static str, &'static str),
        outermost: u32,
    ) -> Option<Box<Entry>> {
        if !self.records() {
            return None;
        }
        let logging = self.guard.marks.logging.as_ref()?;
        let _log = logging.observed.log.filter(|log| log.transactions)?;
        let is_outermost = depth_of(&mut self.guard) <= outermost;
        self.record_named(if is_outermost { names.0 } else { names.1 })
    }

    /// Records that a statement was not sent, because of this.
    #[cold]
    #[inline(never)]
    pub(super) fn record_refusal<Q>(&self, query: &Q, error: &DieselError)
    where
        Q: QueryFragment<C::Backend> + QueryId,
    {
        let grant = *self.grant();
        if let Some(entry) = self.guard.record(grant, query, None) {
            entry.refuse(error);
        }
    }
}

/// The names of statements that open transactions, and savepoints.
pub(super) const BEGIN: (&str, &str) = ("BEGIN", "SAVEPOINT");
/// Of those that commit them.
pub(super) const COMMIT: (&str, &str) = ("COMMIT", "RELEASE SAVEPOINT");
/// Of those that roll them back.
pub(super) const ROLLBACK: (&str, &str) = ("ROLLBACK", "ROLLBACK TO SAVEPOINT");
