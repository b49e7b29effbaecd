//! Row locks for enums of connections: Diesel has none for their backend, and no names for its clauses.

use diesel::QueryResult;
use diesel::dsl;
use diesel::internal::derives::multiconnection::SelectStatementAccessor;
use diesel::query_builder::{AstPass, SelectStatement};
use diesel_routing_sql::Dialect as Sql;

use super::Dialect;

type Bare = SelectStatement<(), ()>;
type Locking<S> = <S as SelectStatementAccessor>::Locking;

/// The clause of `for_update()`.
pub type ForUpdate = Locking<dsl::ForUpdate<Bare>>;
/// The clause of `for_update().skip_locked()`.
pub type ForUpdateSkipLocked = Locking<dsl::SkipLocked<dsl::ForUpdate<Bare>>>;
/// The clause of `for_update().no_wait()`.
pub type ForUpdateNoWait = Locking<dsl::NoWait<dsl::ForUpdate<Bare>>>;
/// The clause of `for_share()`.
pub type ForShare = Locking<dsl::ForShare<Bare>>;
/// The clause of `for_share().skip_locked()`.
pub type ForShareSkipLocked = Locking<dsl::SkipLocked<dsl::ForShare<Bare>>>;
/// The clause of `for_share().no_wait()`.
pub type ForShareNoWait = Locking<dsl::NoWait<dsl::ForShare<Bare>>>;

/// Writes a locking clause. SQLite has no rows to lock, and so no clause: there the writer has the whole database, and a transaction
/// that has read what another one changed meanwhile cannot write.
///
/// # Errors
///
/// None.
pub fn write<DB: Dialect>(mut pass: AstPass<'_, '_, DB>, clause: &str) -> QueryResult<()> {
    if pass.backend().sql() != Sql::Sqlite {
        pass.push_sql(clause);
    }
    Ok(())
}
