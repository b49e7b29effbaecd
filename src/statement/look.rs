//! `Look`: what was seen of a statement that is about to run.

use diesel::QueryResult;
use diesel::query_builder::{QueryFragment, QueryId};

use crate::statement::check::Checker;
use crate::statement::dialect::Dialect;
use crate::statement::effect::Inspection;
use crate::statement::seen::Seen;
use crate::statement::verdict::{Reach, Trace};

/// The findings about a statement that is about to run.
#[derive(Debug)]
pub(crate) struct Look {
    /// The changes that it may make, if any.
    pub(crate) reach: Option<Reach>,
    pub(crate) trace: Trace,
    /// Its SQL, if that was rendered.
    pub(crate) sql: Option<String>,
}

impl Look {
    /// That of Diesel's own writes.
    pub(super) const WRITE: Self = Self {
        reach: Some(Reach::Atomic),
        trace: Trace::NONE,
        sql: None,
    };
}

impl Checker {
    /// Does what [`admit`](Self::admit) does, and returns what the statement may do, if that is known,
    /// or `wanted` where it is not looked at.
    #[inline]
    pub(crate) fn admit_and_look<DB, Q>(
        &self,
        query: &Q,
        by: Inspection,
        locks_granted: bool,
        wanted: bool,
        seen: &mut Seen,
    ) -> QueryResult<(Option<Reach>, Trace)>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        Ok(match self.admit::<DB, Q>(query, by, locks_granted, seen)? {
            Some(verdict) => (verdict.reach(), verdict.trace()),
            None if wanted => {
                let look = self.look_unseen::<DB, Q>(query, seen);
                (look.reach, look.trace)
            }
            None => (None, Trace::NONE),
        })
    }
}
