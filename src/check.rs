//! The statement check: a second look, at the rendered SQL, at what types cannot see.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use arc_swap::ArcSwap;
use diesel::QueryResult;
use diesel::query_builder::{QueryBuilder, QueryFragment, QueryId};
use diesel_routing_sql::{Dialect as Sql, Finding, Functions, inspect_rendered};

use crate::dialect::Dialect;
use crate::effect::Inspection;
use crate::error::Refused;

/// What the statement check does with a statement it would refuse on a read handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CheckPolicy {
    /// Don't look.
    Off,
    /// Run it, and say so in a `tracing` warning, once per query type.
    Warn,
    /// Refuse it with [`Refused::Statement`]. The default.
    #[default]
    Deny,
}

/// The statement check: finds in a statement's SQL what its type does not show.
///
/// Diesel lets a locking sub-select into a plain SELECT, and `sql::<T>("..")`, `nextval` or a
/// user's function are invisible to types. So the SQL of a statement is inspected when its query
/// type first runs on a read handle: nested row locks, data-modifying CTEs, and functions with
/// side effects. The verdict is cached by Diesel's static query id: later runs cost one lookup. A
/// statement without a static id (it holds raw SQL, or a list of varying length) is inspected each
/// time.
///
/// Defaults to [`CheckPolicy::Deny`] with the built-in list of side-effect functions of the
/// router's database, see [`Functions`].
///
/// # Example
///
/// ```
/// use diesel_routing::{CheckPolicy, StatementCheck};
///
/// let check = StatementCheck::new(CheckPolicy::Deny)
///     .forbid("audit_read") // a function of ours that writes
///     .allow("pg_notify"); // we know what we do
/// # let _ = check;
/// ```
#[derive(Debug, Clone, Default)]
pub struct StatementCheck {
    policy: CheckPolicy,
    forbidden: Vec<String>,
    allowed: Vec<String>,
}

impl StatementCheck {
    /// A check with this policy and the built-in list of functions.
    #[must_use]
    pub fn new(policy: CheckPolicy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Counts `function` among those with side effects. Case does not matter; the schema is not
    /// looked at.
    #[must_use]
    pub fn forbid(mut self, function: impl Into<String>) -> Self {
        self.forbidden.push(function.into());
        self
    }

    /// Takes `function` off the list of those with side effects.
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
            seen: ArcSwap::default(),
        }
    }
}

/// A [`StatementCheck`] at work, with the verdicts it has reached.
#[derive(Debug)]
pub(crate) struct Checker {
    policy: CheckPolicy,
    /// More than the built-in list of functions.
    forbids_more: bool,
    functions: Functions,
    // Copied on write: it changes once per query type, and is read on every query.
    seen: ArcSwap<HashMap<TypeId, Verdict, BuildHasherDefault<TypeIdHasher>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Reads,
    Locks,
    Writes(Reach),
}

/// How far a write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It is done or not done, and a rollback undoes it.
    Atomic,
    /// It may commit by itself, or be done in part.
    Unbounded,
}

impl Checker {
    /// Refuses, or warns of, a statement that does more than read.
    pub(crate) fn admit<DB, Q>(
        &self,
        query: &Q,
        by: Inspection,
        locks_granted: bool,
    ) -> QueryResult<()>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let inspected = match by {
            Inspection::None => false,
            Inspection::BuiltIn => !self.forbids_more,
            Inspection::Vouched => true,
        };
        if inspected || self.policy == CheckPolicy::Off {
            return Ok(());
        }
        match self.cached::<Q>() {
            Some(Verdict::Reads) => return Ok(()),
            Some(Verdict::Locks) if locks_granted => return Ok(()),
            Some(_) if self.policy == CheckPolicy::Warn => return Ok(()),
            Some(Verdict::Locks | Verdict::Writes(_)) | None => {}
        }
        let sql = render::<DB, Q>(query)?;
        let Err(finding) = self.inspect::<DB, Q>(&sql) else {
            return Ok(());
        };
        if locks_granted && !finding.is_write() {
            return Ok(());
        }
        if self.policy == CheckPolicy::Warn {
            tracing::warn!(%finding, sql, "a statement on a read handle does more than read");
            return Ok(());
        }
        Err(Refused::Statement { sql, finding }.into())
    }

    /// What the statement may change, if anything. Unknown counts as a write.
    pub(crate) fn writes<DB, Q>(&self, query: &Q) -> Option<Reach>
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        if names_a_write::<Q>() {
            return Some(Reach::Atomic);
        }
        let verdict = self.cached::<Q>().or_else(|| {
            let sql = render::<DB, Q>(query).ok()?;
            Some(Verdict::of(&self.inspect::<DB, Q>(&sql), DB::SQL))
        });
        match verdict {
            Some(Verdict::Reads | Verdict::Locks) => None,
            Some(Verdict::Writes(reach)) => Some(reach),
            None => Some(Reach::Unbounded),
        }
    }

    fn inspect<DB: Dialect, Q: QueryId>(&self, sql: &str) -> Result<(), Finding> {
        let found = inspect_rendered(sql, DB::SQL, &self.functions);
        if let Some(id) = Q::query_id() {
            let verdict = Verdict::of(&found, DB::SQL);
            self.seen.rcu(|seen| {
                let mut seen = HashMap::clone(seen);
                seen.insert(id, verdict);
                seen
            });
        }
        found
    }

    fn cached<Q: QueryId>(&self) -> Option<Verdict> {
        self.seen.load().get(&Q::query_id()?).copied()
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
            // Not understood; or a COMMIT.
            _ => Self::Unbounded,
        }
    }
}

/// Whether `Q` is Diesel's INSERT, UPDATE or DELETE, going by its name.
///
/// Most of them have no static query id, and would be rendered and inspected on every run. The name
/// of a type is not a promise of the compiler, and none is needed: a statement it does not tell is
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

/// A `TypeId` is a hash already.
#[derive(Debug, Default)]
struct TypeIdHasher(u64);

impl Hasher for TypeIdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_ne_bytes(word);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 ^= word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
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

    #[test]
    fn reads_and_raw_sql_are_not_taken_for_writes() {
        assert!(!is_known(&users::table.as_query()));
        assert!(!is_known(&users::table.find(1).for_update()));
        assert!(!is_known(&diesel::sql_query("DELETE FROM users")));
    }
}
