//! The statement check: inspects the rendered SQL for what types cannot show.

use std::hash::{BuildHasher, RandomState};

use diesel::QueryResult;
use diesel::query_builder::{QueryBuilder, QueryFragment, QueryId};
use diesel_routing_sql::{Dialect as Sql, Finding, Functions, inspect, inspect_rendered};

use crate::error::Refused;
use crate::statement::dialect::Dialect;
use crate::statement::effect::{InspectedBy, Inspection};
use crate::statement::inspected::Inspected;
use crate::statement::raw_sql::ReadSql;
use crate::statement::seen::Seen;
use crate::statement::verdict::{Reach, Verdict, Verdicts};

/// The check's reaction to a statement that does not belong on a read handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CheckPolicy {
    /// Do not inspect statements.
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
///     .allow("pg_notify"); // harmless in our use
/// # let _ = check;
/// ```
#[derive(Debug, Clone, Default)]
pub struct StatementCheck {
    policy: CheckPolicy,
    forbidden: Vec<String>,
    allowed: Vec<String>,
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

    /// Adds `function` to those with side effects. Case and schema are ignored.
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

    pub(crate) fn build(&self, dialect: Sql) -> Checker {
        let mut functions = Functions::builtin(dialect);
        for name in &self.forbidden {
            functions = functions.with(name);
        }
        for name in &self.allowed {
            functions = functions.without(name);
        }
        Checker {
            policy: self.policy,
            forbids_more: !self.forbidden.is_empty(),
            functions,
            texts: Verdicts::default(),
            text_hasher: RandomState::new(),
        }
    }
}

/// A configured [`StatementCheck`], with the verdicts reached so far.
#[derive(Debug)]
pub(crate) struct Checker {
    policy: CheckPolicy,
    /// Set if functions were added to the built-in list.
    forbids_more: bool,
    functions: Functions,
    /// Verdicts by the statements' SQL.
    texts: Verdicts,
    // Randomly seeded: SQL may hold what a user typed.
    text_hasher: RandomState,
}

impl Checker {
    /// Refuses a statement that does more than read, or warns of it.
    #[inline]
    pub(crate) fn admit<DB, Q>(
        &self,
        query: &Q,
        by: Inspection,
        locks_granted: bool,
        seen: &mut Seen,
    ) -> QueryResult<()>
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
            return Ok(());
        }
        let known = seen.verdict::<DB, Q, Q>(query)?;
        if known.is_some_and(|verdict| self.passes(verdict, locks_granted)) {
            return Ok(());
        }
        self.admit_by_text::<DB, Q>(query, locks_granted, seen)
    }

    // Kept apart from the caller, which is inlined into every query method.
    #[inline(never)]
    fn admit_by_text<DB, Q>(
        &self,
        query: &Q,
        locks_granted: bool,
        seen: &mut Seen,
    ) -> QueryResult<()>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let sql = render::<DB, Q>(query)?;
        let hash = self.text_hasher.hash_one(&sql);
        let known = self.texts.get(hash);
        let verdict = match known.filter(|verdict| self.passes(*verdict, locks_granted)) {
            Some(verdict) => verdict,
            None => self.admit_unknown(&sql, hash, locks_granted, DB::SQL)?,
        };
        seen.remember::<DB, Q, Q>(query, verdict)
    }

    #[inline]
    fn passes(&self, verdict: Verdict, locks_granted: bool) -> bool {
        match verdict {
            Verdict::Reads => true,
            Verdict::Locks if locks_granted => true,
            // The warning was logged when the verdict was reached.
            Verdict::Locks | Verdict::Writes(_) => self.policy == CheckPolicy::Warn,
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
        let found = self.inspect(sql, hash, dialect);
        let verdict = Verdict::of(&found, dialect);
        let Err(finding) = found else {
            return Ok(verdict);
        };
        if locks_granted && !finding.is_write() {
            return Ok(verdict);
        }
        if self.policy == CheckPolicy::Warn {
            tracing::warn!(%finding, sql, "a statement on a read handle does more than read");
            return Ok(verdict);
        }
        let sql = sql.to_owned();
        Err(Refused::Statement { sql, finding }.into())
    }

    /// Checks SQL that a person wrote, as `ReadSql::check` does, by this check's functions and policy.
    pub(crate) fn read_sql<DB: Dialect>(&self, sql: String) -> Result<ReadSql<DB>, Refused> {
        if self.policy != CheckPolicy::Off
            && let Err(finding) = inspect(&sql, DB::SQL, &self.functions)
        {
            if self.policy == CheckPolicy::Deny {
                return Err(Refused::Statement { sql, finding });
            }
            tracing::warn!(%finding, sql, "SQL for a read handle does more than read");
        }
        Ok(ReadSql::passed(sql))
    }

    /// Returns what the statement may change, if anything, and its SQL, if that was rendered. Unknown statements count as writes.
    #[inline]
    pub(crate) fn writes<DB, Q>(
        &self,
        query: &Q,
        seen: &mut Seen,
    ) -> (Option<Reach>, Option<String>)
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        if names_a_write::<Q>() {
            return (Some(Reach::Atomic), None);
        }
        let (verdict, sql) = match seen.verdict::<DB, Q, Inspected<Q>>(query) {
            Ok(Some(verdict)) => (Some(verdict), None),
            _ => self.verdict_by_text::<DB, Q>(query, seen).unzip(),
        };
        let reach = match verdict {
            Some(Verdict::Reads | Verdict::Locks) => None,
            Some(Verdict::Writes(reach)) => Some(reach),
            None => Some(Reach::Unbounded),
        };
        (reach, sql)
    }

    #[inline(never)]
    fn verdict_by_text<DB, Q>(&self, query: &Q, seen: &mut Seen) -> Option<(Verdict, String)>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let sql = render::<DB, Q>(query).ok()?;
        let hash = self.text_hasher.hash_one(&sql);
        let verdict = self.texts.get(hash).unwrap_or_else(|| {
            let found = self.inspect(&sql, hash, DB::SQL);
            Verdict::of(&found, DB::SQL)
        });
        seen.remember::<DB, Q, Inspected<Q>>(query, verdict).ok()?;
        Some((verdict, sql))
    }

    /// Inspects a statement, and remembers the verdict.
    fn inspect(&self, sql: &str, hash: u64, dialect: Sql) -> Result<(), Finding> {
        let found = inspect_rendered(sql, dialect, &self.functions);
        self.texts.insert(hash, Verdict::of(&found, dialect));
        found
    }
}

impl Verdict {
    fn of(found: &Result<(), Finding>, dialect: Sql) -> Self {
        match found {
            Ok(()) => Self::Reads,
            Err(finding) if finding.is_write() => Self::Writes(Reach::of(finding, dialect)),
            Err(_) => Self::Locks,
        }
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

/// Returns whether `Q` is Diesel's INSERT, UPDATE or DELETE, judging by its name.
///
/// Most of them have no static query id, and would be rendered and inspected on every run. The compiler does
/// not guarantee a type's name, and nothing depends on it: a statement whose name is not recognised is
/// inspected.
fn names_a_write<Q>() -> bool {
    const WRITES: [&str; 3] = [
        "insert_statement::InsertStatement<",
        "update_statement::UpdateStatement<",
        "delete_statement::DeleteStatement<",
    ];
    std::any::type_name::<Q>()
        .trim_start_matches('&')
        .strip_prefix("diesel::query_builder::")
        .is_some_and(|name| WRITES.iter().any(|write| name.starts_with(write)))
}

fn render<DB: Dialect, Q: QueryFragment<DB>>(query: &Q) -> QueryResult<String> {
    let mut builder = DB::QueryBuilder::default();
    query.to_sql(&mut builder, &DB::default())?;
    Ok(builder.finish())
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::query_builder::AsQuery;

    use super::*;

    diesel::table! {
        users (id) {
            id -> Integer,
            name -> Text,
        }
    }

    fn is_known<Q>(_: &Q) -> bool {
        names_a_write::<Q>()
    }

    #[test]
    fn diesels_writes_are_told_by_their_names() {
        let name = users::name.eq("a");
        assert!(is_known(&diesel::insert_into(users::table).values(name)));
        assert!(is_known(&diesel::update(users::table).set(name)));
        assert!(is_known(&diesel::delete(users::table)));
        assert!(is_known(&&diesel::delete(users::table.find(1))));
    }

    #[cfg(feature = "sync-sqlite")]
    #[test]
    fn statements_of_one_type_without_an_id_are_told_apart_by_their_sql() {
        use diesel::dsl::sql;
        use diesel::sql_types::Bool;
        use diesel::sqlite::Sqlite;

        let checker = StatementCheck::default().forbid("audit").build(Sql::Sqlite);
        let run = |filter| {
            let query = users::table.filter(sql::<Bool>(filter)).into_boxed();
            checker.admit::<Sqlite, _>(&query, Inspection::NONE, false, &mut Seen::default())
        };
        // Twice, because the second time the verdict is cached.
        for _ in 0..2 {
            assert!(run("id > 0").is_ok());
            assert!(run("audit(id)").is_err());
        }
    }

    #[test]
    fn reads_and_raw_sql_are_not_taken_for_writes() {
        assert!(!is_known(&users::table.as_query()));
        assert!(!is_known(&users::table.find(1).for_update()));
        assert!(!is_known(&diesel::sql_query("DELETE FROM users")));
    }
}
