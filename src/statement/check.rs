//! The statement check: inspects the rendered SQL for what types cannot show.

use std::hash::{BuildHasher, RandomState};

use diesel::QueryResult;
use diesel::query_builder::{QueryBuilder, QueryFragment, QueryId};
use diesel_routing_sql::{
    Dialect as Sql, Finding, Functions, inspect, inspect_calls, inspect_rendered, session_effect,
};

use crate::error::Refused;
use crate::statement::dialect::Dialect;
use crate::statement::effect::{InspectedBy, Inspection};
use crate::statement::inspected::Inspected;
use crate::statement::known_write::names_a_write;
use crate::statement::look::Look;
use crate::statement::raw_sql::{ReadSql, is_vouched_for};
use crate::statement::refusals::Refusals;
use crate::statement::seen::Seen;
use crate::statement::verdict::{Calls, Kind, Reach, Trace, Verdict, Verdicts};
use crate::statement::warning::warn;

/// The check's reaction to a statement that does not belong on a read handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CheckPolicy {
    /// Run every statement. What it leaves behind for others is seen all the same, unless the router [never resets](crate::Reset).
    Off,
    /// Run it, and log a `tracing` warning, once per statement.
    Warn,
    /// Refuse it with [`Refused::Statement`]. The default.
    #[default]
    Deny,
}

/// The statement check: finds in a statement's SQL what its type does not show.
///
/// Diesel lets a locking sub-select into a plain SELECT, and `sql::<T>("..")`, `nextval` or a
/// user's function are invisible to types. So the SQL of a statement is inspected: nested row locks, data-modifying CTEs, and
/// functions with side effects.
///
/// Where Diesel prepares a statement once and uses it again on the same connection, by its static query id, the verdict holds for
/// that connection, and later runs cost one lookup. Any other statement (it is boxed, or holds raw SQL, or a list of varying
/// length) is looked up by its SQL, which has to be rendered for that on each run. The verdicts on about 4000 texts are kept.
///
/// It also tells what a session has to remember as a write, whatever the policy. On a `WriteConn`, and inside
/// `ReadConn<Primary>::transaction`, the server takes writes, so a SELECT that calls a function which is not known to
/// change nothing counts as one there: until replicas have caught up, the session reads from the primary. Known are the
/// database's own functions ([`Functions::is_pure`]) and those that you name to [`pure`](Self::pure). A single statement is spared by
/// [`ReadSql::vouch`](crate::ReadSql::vouch).
///
/// And it tells what a statement leaves behind on its connection, for [`Reset::Changed`](crate::Reset): a function of your own that
/// changes settings is one to [`forbid`](Self::forbid).
///
/// Defaults to [`CheckPolicy::Deny`] with the built-in list of side-effect functions of the
/// router's database, see [`Functions`].
///
/// Raw SQL with a function that is [allowed](Self::allow) here comes from [`Session::read_sql`](crate::Session::read_sql).
///
/// # Example
///
/// ```
/// use diesel_routing::{CheckPolicy, StatementCheck};
///
/// let check = StatementCheck::new(CheckPolicy::Deny)
///     .forbid("audit_read") // a function of our own that writes
///     .pure("full_name") // one that does not
///     .allow("pg_notify"); // harmless in our use
/// # let _ = check;
/// ```
#[derive(Debug, Clone, Default)]
pub struct StatementCheck {
    policy: CheckPolicy,
    forbidden: Vec<String>,
    allowed: Vec<String>,
    pure: Vec<String>,
}

impl StatementCheck {
    /// Creates a check with this policy and the built-in list of functions.
    #[must_use]
    pub fn new(policy: CheckPolicy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Adds `function` to those with side effects. Case and schema are ignored. Where a `WriteConn` has called it, the connection is
    /// [reset](crate::Reset) before its next loan.
    #[must_use]
    pub fn forbid(mut self, function: impl Into<String>) -> Self {
        self.forbidden.push(function.into());
        self
    }

    /// Removes `function` from those with side effects.
    #[must_use]
    pub fn allow(mut self, function: impl Into<String>) -> Self {
        self.allowed.push(function.into());
        self
    }

    /// Says that `function` changes nothing, so that a statement which calls it on a `WriteConn` counts as a read. Case and schema
    /// are ignored.
    ///
    /// Meant for functions of your own and of extensions. A function that is on the list of those with side effects
    /// stays there: see [`allow`](Self::allow).
    ///
    /// # Example
    ///
    /// ```
    /// # #[cfg(all(feature = "sync-sqlite", feature = "r2d2"))]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel_routing::sync::{prelude::*, sqlite::Router};
    /// use diesel_routing::{Node, Reason, StatementCheck};
    ///
    /// #[diesel::declare_sql_function]
    /// extern "SQL" {
    ///     fn twice(n: diesel::sql_types::Integer) -> diesel::sql_types::Integer;
    /// }
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("db");
    /// # let url = path.to_str().ok_or("path")?;
    /// let router = Router::builder()
    ///     .single_database(Node::new("db", url))
    ///     .on_connect(|conn, _| twice_utils::register_impl(conn, |n: i32| 2 * n))
    ///     .statement_check(StatementCheck::default().pure("twice"))
    ///     .build()?;
    /// let session = router.session();
    /// let four: i32 = diesel::select(twice(2)).get_result(&mut session.write()?)?;
    /// assert_eq!(four, 4);
    /// // Nothing was written, so a replica may serve what comes next.
    /// assert_eq!(session.read()?.route().reason, Reason::NothingToCatchUp);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "sync-sqlite", feature = "r2d2")))]
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn pure(mut self, function: impl Into<String>) -> Self {
        self.pure.push(function.into());
        self
    }

    pub(crate) fn build(&self, dialect: Sql) -> Checker {
        let mut functions = Functions::builtin(dialect);
        for name in &self.forbidden {
            functions = functions.with(name);
        }
        // What is allowed leaves behind what it does.
        let leaving = functions.clone();
        for name in &self.allowed {
            functions = functions.without(name);
        }
        for name in &self.pure {
            functions = functions.with_pure(name);
        }
        Checker {
            dialect,
            policy: self.policy,
            forbids_more: !self.forbidden.is_empty(),
            functions,
            leaving,
            texts: Verdicts::default(),
            text_hasher: RandomState::new(),
            refusals: Refusals::default(),
        }
    }
}

/// A configured [`StatementCheck`], with the verdicts reached so far.
#[derive(Debug)]
pub(crate) struct Checker {
    /// The language of the router's servers.
    dialect: Sql,
    policy: CheckPolicy,
    /// Set if functions were added to the built-in list.
    forbids_more: bool,
    functions: Functions,
    /// The functions that leave something behind in the session that calls them.
    leaving: Functions,
    /// Verdicts by the statements' SQL.
    texts: Verdicts,
    // Randomly seeded: SQL may hold what a user typed.
    text_hasher: RandomState,
    pub(crate) refusals: Refusals,
}

impl Checker {
    /// Refuses a statement that does more than read, or warns of it. Returns the verdict, if it was looked at.
    #[inline]
    pub(super) fn admit<DB, Q>(
        &self,
        query: &Q,
        by: Inspection,
        locks_granted: bool,
        seen: &mut Seen,
    ) -> QueryResult<Option<Verdict>>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let inspected = match by.0 {
            InspectedBy::Nobody => false,
            InspectedBy::BuiltIn => !self.forbids_more,
            InspectedBy::User => true,
        };
        if inspected || self.policy == CheckPolicy::Off {
            return Ok(None);
        }
        let known = seen.verdict::<DB, Q, Q>(query, &DB::of(self.dialect))?;
        if known.is_some_and(|verdict| self.passes(verdict, locks_granted)) {
            return Ok(known);
        }
        self.admit_by_text::<DB, Q>(query, locks_granted, seen)
            .map(Some)
    }

    // Kept apart from the caller, which is inlined into every query method.
    #[inline(never)]
    fn admit_by_text<DB, Q>(
        &self,
        query: &Q,
        locks_granted: bool,
        seen: &mut Seen,
    ) -> QueryResult<Verdict>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let backend = DB::of(self.dialect);
        let sql = render(query, &backend)?;
        let hash = self.text_hasher.hash_one(&sql);
        let known = self.texts.get(hash);
        let verdict = match known.filter(|verdict| self.passes(*verdict, locks_granted)) {
            Some(verdict) => verdict,
            None => self.admit_unknown(&sql, hash, locks_granted, backend.sql())?,
        };
        seen.remember::<DB, Q, Q>(query, &backend, verdict)?;
        Ok(verdict)
    }

    #[inline]
    fn passes(&self, verdict: Verdict, locks_granted: bool) -> bool {
        match verdict.kind {
            Kind::Reads(_) => true,
            Kind::Locks(_) if locks_granted => true,
            // The warning was logged when the verdict was reached.
            Kind::Locks(_) | Kind::Writes(_) => self.policy == CheckPolicy::Warn,
        }
    }

    #[cold]
    fn admit_unknown(
        &self,
        sql: &str,
        hash: u64,
        locks_granted: bool,
        dialect: Sql,
    ) -> QueryResult<Verdict> {
        let (found, verdict) = self.inspect(sql, hash, dialect);
        let Err(finding) = found else {
            return Ok(verdict);
        };
        if locks_granted && !finding.is_write() {
            return Ok(verdict);
        }
        if self.policy == CheckPolicy::Warn {
            warn(&finding, sql);
            return Ok(verdict);
        }
        self.refusals.count(&finding);
        let sql = sql.to_owned();
        Err(Refused::Statement { sql, finding }.into())
    }

    /// Checks SQL that a person wrote, as `ReadSql::check` does, by this check's functions and policy.
    pub(crate) fn read_sql<DB: Dialect>(&self, sql: String) -> Result<ReadSql<DB>, Refused> {
        if self.policy != CheckPolicy::Off
            && let Err(finding) = inspect(&sql, DB::of(self.dialect).sql(), &self.functions)
        {
            if self.policy == CheckPolicy::Deny {
                self.refusals.count(&finding);
                return Err(Refused::Statement { sql, finding });
            }
            warn(&finding, &sql);
        }
        Ok(ReadSql::passed(sql))
    }

    /// Looks at a statement of a write handle. Unknown statements count as writes, and so do calls of functions that are not known.
    #[inline]
    pub(crate) fn look<DB, Q>(&self, query: &Q, seen: &mut Seen) -> Look
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        if names_a_write::<Q>() {
            return Look::WRITE;
        }
        let look = self.verdict::<DB, Q, Inspected<Q>>(query, seen);
        if is_vouched_for(query, &DB::of(self.dialect)) {
            return Look {
                reach: None,
                ..look
            };
        }
        look
    }

    /// Looks at a statement of a read handle, though it is not refused whatever it does.
    pub(super) fn look_unseen<DB, Q>(&self, query: &Q, seen: &mut Seen) -> Look
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        self.verdict::<DB, Q, Q>(query, seen)
    }

    /// Returns what a text of one statement or several leaves behind in the session that runs it.
    pub(crate) fn trace(&self, sql: &str) -> Trace {
        Trace {
            leaves: session_effect(sql, self.dialect, &self.leaving),
            calls_unknown: true,
        }
    }

    /// Does what [`look`](Self::look) does, for a statement that Diesel gets as an `S`.
    #[inline]
    fn verdict<DB, Q, S>(&self, query: &Q, seen: &mut Seen) -> Look
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
        S: QueryId,
    {
        let (verdict, sql) = match seen.verdict::<DB, Q, S>(query, &DB::of(self.dialect)) {
            Ok(Some(verdict)) => (Some(verdict), None),
            _ => self.verdict_by_text::<DB, Q, S>(query, seen).unzip(),
        };
        Look {
            reach: verdict.map_or(Some(Reach::Unbounded), Verdict::reach),
            trace: verdict.map_or(Trace::UNSEEN, Verdict::trace),
            sql,
        }
    }

    #[inline(never)]
    fn verdict_by_text<DB, Q, S>(&self, query: &Q, seen: &mut Seen) -> Option<(Verdict, String)>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
        S: QueryId,
    {
        let backend = DB::of(self.dialect);
        let sql = render(query, &backend).ok()?;
        let hash = self.text_hasher.hash_one(&sql);
        let known = self.texts.get(hash);
        let verdict = known.unwrap_or_else(|| self.inspect(&sql, hash, backend.sql()).1);
        seen.remember::<DB, Q, S>(query, &backend, verdict).ok()?;
        Some((verdict, sql))
    }

    /// Inspects a statement, and remembers the verdict.
    fn inspect(&self, sql: &str, hash: u64, dialect: Sql) -> (Result<(), Finding>, Verdict) {
        let found = inspect_rendered(sql, dialect, &self.functions);
        let kind = match &found {
            Err(finding) if finding.is_write() => Kind::Writes(Reach::of(finding, dialect)),
            Ok(()) => Kind::Reads(self.calls(sql, dialect)),
            Err(_) => Kind::Locks(self.calls(sql, dialect)),
        };
        let leaves = session_effect(sql, dialect, &self.leaving);
        let verdict = Verdict { kind, leaves };
        self.texts.insert(hash, verdict);
        (found, verdict)
    }

    fn calls(&self, sql: &str, dialect: Sql) -> Calls {
        let Err(finding) = inspect_calls(sql, dialect, &self.functions) else {
            return Calls::Pure;
        };
        tracing::debug!(
            %finding,
            sql,
            "this counts as a write where the server takes writes; if it is none, name the function to `StatementCheck::pure`"
        );
        Calls::Unknown
    }
}

impl Reach {
    fn of(write: &Finding, dialect: Sql) -> Self {
        match write {
            Finding::Write { what } => match what.as_str() {
                "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "MERGE" => Self::Atomic,
                // A procedure may commit.
                "CALL" => Self::Unbounded,
                // MySQL and MariaDB commit before and after DDL.
                _ if dialect == Sql::Mysql => Self::Unbounded,
                _ => Self::Atomic,
            },
            Finding::SideEffect { .. } => Self::Atomic,
            // Not understood, or a COMMIT.
            _ => Self::Unbounded,
        }
    }
}

/// Returns a statement's SQL.
pub(super) fn render<DB, Q>(query: &Q, backend: &DB) -> QueryResult<String>
where
    DB: Dialect,
    Q: QueryFragment<DB>,
{
    let mut builder = backend.query_builder();
    query.to_sql(&mut builder, backend)?;
    Ok(builder.finish())
}

#[cfg(test)]
mod tests;
