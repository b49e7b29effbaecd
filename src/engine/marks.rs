//! `Marks`: what statements leave on their connection.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use diesel::result::Error as DieselError;
use diesel_routing_sql::SessionEffect;

use super::Flag;
use crate::cluster::Member;
use crate::error::{Origin, is_spoilt, lacks_schema, may_be_a_lost_connection, may_retry_read};
use crate::mutex::{get, lock};
use crate::query_log::Logging;
use crate::routing::{PeakEwma, Reason};

/// Marks that statements leave on their connection. Several may run on it at once.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Set while an answer is outstanding: given up now, it would be taken for that to the next statement.
    pub(crate) awaits_answer: Flag,
    /// Set while nobody may see an answer, for it is not known whether its server may serve.
    #[cfg(feature = "__async")]
    pub(crate) is_on_probation: Flag,
    /// Set once a statement failed: the connection may have ended.
    pub(crate) has_failed: Flag,
    /// Set once a statement failed because what the connection has prepared is of an earlier schema: it is not lent again.
    pub(crate) is_spoilt: Flag,
    /// Set once a statement failed on the server, until its transaction is closed: a test's goes on.
    #[cfg(feature = "test-util")]
    pub(crate) is_aborted: Flag,
    /// Set once a statement ran for which its caller vouched: it may have made the connection one that writes.
    pub(crate) was_vouched_for: Flag,
    /// The changes that statements have left behind in the database session.
    pub(crate) leaves: Mutex<SessionEffect>,
    /// Set once it was lent.
    pub(crate) was_lent: bool,
    /// The blame for the worst failure that a statement had since it was lent.
    pub(crate) blame: Mutex<Blame>,
    /// The last purpose that it was lent for: the reason, and the function that asked for it.
    pub(crate) lent_for: Option<(Reason, Option<&'static str>)>,
    /// The node, for errors.
    pub(crate) member: Option<Arc<Member>>,
    /// The place where the times of its statements are recorded, while they are.
    pub(crate) latency: Option<Arc<PeakEwma>>,
    /// The logging that its statements are recorded with, while they are.
    pub(crate) logging: Option<Box<Logging>>,
}

/// The party at fault when a statement failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blame {
    /// Nothing failed, or it would fail anywhere.
    #[default]
    Nobody,
    /// The node's schema, which lacks a table or column: the primary may have it.
    Schema,
    /// The connection, perhaps: it may have ended.
    Perhaps,
    /// The node: a read may do on another.
    Node,
}

impl Marks {
    /// Records that it is lent, and for what.
    #[inline]
    pub(crate) fn lend(&mut self, reason: Reason, function: Option<&'static str>) {
        self.was_lent = true;
        *get(&mut self.blame) = Blame::Nobody;
        self.lent_for = Some((reason, function));
    }

    /// Records that a statement failed, and returns its error with where it ran.
    #[cold]
    pub(crate) fn failed(&self, error: DieselError) -> DieselError {
        self.has_failed.set();
        #[cfg(feature = "test-util")]
        if matches!(error, DieselError::DatabaseError(..)) {
            self.is_aborted.set();
        }
        if is_spoilt(&error) {
            self.is_spoilt.set();
        }
        let blame = if may_retry_read(&error) {
            Blame::Node
        } else if lacks_schema(&error) {
            Blame::Schema
        } else if may_be_a_lost_connection(&error) {
            Blame::Perhaps
        } else {
            Blame::Nobody
        };
        let mut worst = lock(&self.blame);
        *worst = worst.max(blame);
        drop(worst);
        match self.origin() {
            Some(origin) => Origin::trace(error, || origin),
            None => error,
        }
    }

    /// Returns where its statements run, once it was lent.
    pub(crate) fn origin(&self) -> Option<Origin> {
        let (member, (reason, function)) = (self.member.as_ref()?, self.lent_for?);
        Some(Origin {
            node: member.name.clone(),
            reason: reason.as_str(),
            function,
        })
    }

    /// Returns the start of a statement, if its time is recorded.
    #[inline]
    pub(crate) fn start(&self) -> Option<Instant> {
        let latency = self.latency.as_ref();
        latency
            .filter(|latency| latency.is_wanted())
            .map(|_| Instant::now())
    }

    /// Records the time of a statement that began then, and was answered now.
    #[inline]
    pub(crate) fn answered(&self, since: Option<Instant>) {
        if let Some(since) = since {
            self.observe(since);
        }
    }

    /// Observes a latency; kept out of every statement's code, which mostly has no need of it.
    #[cold]
    #[inline(never)]
    fn observe(&self, since: Instant) {
        if let Some(latency) = &self.latency {
            let now = Instant::now();
            latency.observe(now.saturating_duration_since(since), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;

    use super::*;

    fn said(words: &str) -> DieselError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(words.to_owned()))
    }

    #[test]
    fn the_worst_failure_since_it_was_lent_is_to_blame_whichever_came_last() {
        let mut marks = Marks::default();
        for (error, blame) in [
            (DieselError::NotFound, Blame::Nobody),
            (said("no such table: users"), Blame::Schema),
            (DieselError::NotFound, Blame::Schema),
            (said("division by zero"), Blame::Perhaps),
            (said("terminating connection"), Blame::Node),
            (said("no such table: users"), Blame::Node),
        ] {
            let _ = marks.failed(error);
            assert_eq!(*lock(&marks.blame), blame);
        }
        marks.lend(Reason::Eventual, None);
        assert_eq!(*lock(&marks.blame), Blame::Nobody);
    }
}
