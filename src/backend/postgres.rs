//! Queries to PostgreSQL, for both flavours of connections.

use diesel::QueryResult;
use diesel::dsl::select;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::Untyped;

use crate::cluster::{Observation, ServerFacts};
use crate::position::{Lsn, PgPosition, Position, ServerKind};
use crate::server::{NodeRole, ServerVersion};

diesel::define_sql_function! {
    /// Returns whether the server replays another's log.
    fn pg_is_in_recovery() -> diesel::sql_types::Bool;
}

#[cfg(feature = "postgres")]
diesel::define_sql_function! {
    /// Returns the server's process behind this connection.
    fn pg_backend_pid() -> diesel::sql_types::Integer;
}

#[cfg(feature = "postgres")]
diesel::define_sql_function! {
    /// Returns the value of a server's setting.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Asks whether the server is a standby. Needs no privilege.
pub(crate) fn role_query() -> select<pg_is_in_recovery> {
    select(pg_is_in_recovery())
}

pub(crate) fn role(in_recovery: bool) -> NodeRole {
    if in_recovery {
        NodeRole::ReplaysWrites
    } else {
        NodeRole::TakesWrites
    }
}

/// The oldest tested version. [`OBSERVE`] would work from 10 on, where its functions got their
/// names.
const OLDEST: ServerVersion = ServerVersion::new(14, 0);

/// Asks for the facts that are needed once: the process that serves this connection, and the version. Needs no
/// privilege, on any version.
#[cfg(feature = "sync-postgres")]
pub(crate) const FACTS: &str =
    "SELECT pg_backend_pid() AS backend, current_setting('server_version_num') AS version";

/// Returns [`FACTS`] as a statement that is prepared and kept: tokio-postgres closes others after the answer,
/// and while a connection is still sending, a pooler cannot give its server connection to the next client.
#[cfg(feature = "postgres")]
pub(crate) fn facts_query()
-> impl diesel_async::methods::LoadQuery<'static, diesel_async::AsyncPgConnection, Facts> {
    select((pg_backend_pid(), current_setting("server_version_num")))
}

/// One answer to [`FACTS`].
#[derive(diesel::Queryable, diesel::QueryableByName)]
pub(crate) struct Facts {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    backend: i32,
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

impl From<Facts> for ServerFacts {
    fn from(facts: Facts) -> Self {
        Self {
            backend: u64::try_from(facts.backend).ok(),
            kind: Some(ServerKind::Postgres),
            version: version(&facts.version),
            oldest: Some(OLDEST),
            ..Self::default()
        }
    }
}

/// Parses a version from its `server_version_num`: 150018 is 15.18, 90624 is 9.6 (until 10, two numbers were
/// the major version).
fn version(number: &str) -> Option<ServerVersion> {
    let number: u32 = number.parse().ok()?;
    let major = number / 10_000;
    let minor = if major < 10 {
        number / 100 % 100
    } else {
        number % 10_000
    };
    Some(ServerVersion::new(major, minor))
}

/// Asks for everything a watcher needs, in one answer. Needs no privilege.
///
/// - The position of a primary is its *insert* position: with `synchronous_commit = off`, the others
///   lie behind commits that were acknowledged.
/// - The same query asks whether the server is in recovery: after a promotion the replay position
///   stays, frozen.
/// - The timeline of a primary is that of its current WAL file: `pg_control_checkpoint()` shows the old
///   one for a while after a promotion. That of a standby is its receiver's, which roles without
///   `pg_read_all_stats` do not see; then the newest its control file knows, which may lag after a
///   failover but never runs ahead.
const OBSERVE: &str = "\
    SELECT r.standby, \
           s.system_identifier AS system, \
           (CASE WHEN r.standby \
                 THEN COALESCE((SELECT received_tli FROM pg_stat_wal_receiver), \
                               GREATEST(c.timeline_id, v.min_recovery_end_timeline)) \
                 ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int4 \
            END)::int8 AS timeline, \
           ((CASE WHEN r.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END) \
             - '0/0'::pg_lsn)::int8 AS lsn, \
           i.wal_block_size::int8 AS page, \
           i.bytes_per_wal_segment::int8 AS segment \
      FROM (SELECT pg_is_in_recovery() AS standby) r, \
           pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() v, pg_control_init() i";

/// [`OBSERVE`] as a query with an id: a connection prepares it once.
#[derive(Debug, QueryId)]
pub(crate) struct Observe;

impl QueryFragment<Pg> for Observe {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(OBSERVE);
        Ok(())
    }
}

impl Query for Observe {
    type SqlType = Untyped;
}

impl<Conn> diesel::RunQueryDsl<Conn> for Observe {}

/// One answer to [`Observe`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Answer {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    standby: bool,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    system: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    timeline: i64,
    /// `NULL` on a standby that has replayed nothing yet.
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    lsn: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    page: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    segment: i64,
}

impl Answer {
    pub(crate) fn observation(&self) -> Option<Observation> {
        let lsn = Lsn(self.lsn?.cast_unsigned());
        let lsn = if self.standby {
            lsn
        } else {
            lsn.end_of_record(self.page.cast_unsigned(), self.segment.cast_unsigned())
        };
        let timeline = u32::try_from(self.timeline).ok()?;
        let position = PgPosition::new(self.system.cast_unsigned(), timeline, lsn);
        Some(Observation::new(
            role(self.standby),
            Position::Postgres(position),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_their_numbers_old_and_new() {
        for (number, text) in [
            (90_624, "9.6"),
            (100_000, "10.0"),
            (130_022, "13.22"),
            (140_000, "14.0"),
            (150_018, "15.18"),
            (180_006, "18.6"),
        ] {
            let version = version(&number.to_string()).expect("a version");
            assert_eq!(version.to_string(), text);
            assert_eq!(version >= OLDEST, number >= 140_000, "{text}");
        }
        assert_eq!(version("unknown"), None);
    }
}
