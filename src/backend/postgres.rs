//! Queries to PostgreSQL, for both flavours of connections.

pub(crate) mod checksum;
mod diagnosis;
mod load;
mod settings;
mod subscription;

use std::time::Duration;

use diesel::QueryResult;
use diesel::dsl::select;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::DatabaseErrorKind;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Untyped};

use crate::cluster::{Introduction, Observation, ServerFacts, Wal};
use crate::position::{Lsn, PgPosition, Position, ServerKind};
use crate::server::{NodeRole, ServerVersion};

pub(crate) use diagnosis::{DIAGNOSE, diagnosed};
pub(crate) use load::{LOAD, Load};
pub(crate) use settings::{ChangeSettings, reset};
pub(crate) use subscription::Subscriptions;

diesel::define_sql_function! {
    /// Returns whether the server replays another's log.
    fn pg_is_in_recovery() -> diesel::sql_types::Bool;
}

diesel::define_sql_function! {
    /// Returns the value of a setting, in the session that asks.
    fn current_setting(name: Text) -> Text;
}

/// Asks whether the server is a standby. Needs no privilege.
pub(crate) fn role_query() -> select<pg_is_in_recovery> {
    select(pg_is_in_recovery())
}

/// Asks that, and whether the session is read-only.
pub(crate) fn role_and_mode_query() -> select<(pg_is_in_recovery, current_setting<&'static str>)> {
    let mode = current_setting("default_transaction_read_only");
    select((pg_is_in_recovery(), mode))
}

pub(crate) fn role(in_recovery: bool) -> NodeRole {
    if in_recovery {
        NodeRole::ReplaysWrites
    } else {
        NodeRole::TakesWrites
    }
}

/// The oldest tested version. The questions would work from 10 on, where their functions got their
/// names.
const OLDEST: ServerVersion = ServerVersion::new(14, 0);

/// The first version with [`wait`].
const FIRST_THAT_WAITS: ServerVersion = ServerVersion::new(19, 0);

/// Returns the SQL that waits until a standby has replayed up to `required`, for `limit` at most; `None` if that is too
/// short: a timeout of zero, to which less than half a millisecond is rounded, waits for ever. It takes no parameters.
pub(crate) fn wait(required: &Position, limit: Duration) -> Option<String> {
    let Position::Postgres(required) = required else {
        return None;
    };
    let millis = u32::try_from(limit.as_millis()).unwrap_or(i32::MAX.unsigned_abs());
    (millis > 0).then(|| {
        let (lsn, millis) = (required.lsn, millis.min(i32::MAX.unsigned_abs()));
        format!("WAIT FOR LSN '{lsn}' WITH (TIMEOUT '{millis}ms', NO_THROW)")
    })
}

/// The answer to [`wait`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Waited {
    #[diesel(sql_type = Text)]
    status: String,
}

impl Waited {
    /// Returns whether the server has replayed so far. It compares numbers alone, whatever the timeline.
    pub(crate) fn is_there(&self) -> bool {
        self.status == "success"
    }
}

/// Asks for what is asked once on a connection: which server it leads to, in which run of it, its role, its version,
/// and the process that serves the connection. Needs no privilege, on any version.
///
/// - A server is told from others, and a run of it from others, by the instant of its start, in microseconds. The
///   address tells copies of a running machine apart; `NULL` over a unix socket.
pub(super) const FACTS: &str = "\
    SELECT pg_backend_pid()::int8 AS backend, \
           current_setting('server_version_num') AS version, \
           current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8 \
             - coalesce(nullif(current_setting('reserved_connections', true), '')::int8, 0) AS max_connections, \
           r.standby, \
           concat_ws('/', extract(epoch FROM pg_postmaster_start_time())::text, \
                     current_setting('port'), current_setting('cluster_name')) AS run, \
           concat_ws('/', inet_server_addr()::text, inet_server_port()::text) AS address, ";

/// Completes [`FACTS`] without positions: those of the account may be none of its business.
pub(super) const NO_WAL: &str = "\
           NULL::int8 AS system, NULL::int8 AS timeline, NULL::int8 AS page, NULL::int8 AS segment, \
           false AS sees_receiver, NULL::int8 AS writes_on, NULL::int8 AS lsn \
      FROM (SELECT pg_is_in_recovery() AS standby) r";

/// Completes [`FACTS`] with what positions are made of, and with the position, as the questions that repeat have it.
///
/// The timeline of a standby is its receiver's, which roles without `pg_read_all_stats` do not see; then the newest
/// its control file knows, which may lag after a failover but never runs ahead. That of a primary is its current WAL file's:
/// `pg_control_checkpoint()` shows the old one for a while after a promotion.
const WAL: &str = "\
           s.system_identifier AS system, \
           COALESCE(w.received_tli, GREATEST(c.timeline_id, v.min_recovery_end_timeline))::int8 AS timeline, \
           i.wal_block_size::int8 AS page, \
           i.bytes_per_wal_segment::int8 AS segment, \
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees_receiver, \
           (CASE WHEN NOT r.standby \
                 THEN ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int4 \
            END)::int8 AS writes_on, \
           ((CASE WHEN r.standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END) \
             - '0/0'::pg_lsn)::int8 AS lsn \
      FROM (SELECT pg_is_in_recovery() AS standby) r, pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() v, pg_control_init() i \
      LEFT JOIN pg_stat_get_wal_receiver() w ON true";

/// Asks a primary again and again for its position.
///
/// - That is its *insert* position: with `synchronous_commit = off`, the others lie behind commits that were acknowledged.
/// - Its timeline is that of its facts. A primary has one as long as it is one, and its connections do not outlive that.
const OBSERVE_PRIMARY: &str = "\
    SELECT pg_is_in_recovery() AS standby, \
           current_setting('default_transaction_read_only') = 'on' AS read_only, NULL::int8 AS timeline, \
           (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8 AS lsn";

/// Asks a standby again and again for its role, timeline and position, in one answer. Needs no privilege.
///
/// - It asks whether the server is in recovery: after a promotion the replay position stays, frozen. Then what a primary
///   says is asked for with the facts.
/// - The timeline is that of the control file: one reading of the file, of the four that the facts take.
const OBSERVE_STANDBY: &str = "\
    SELECT pg_is_in_recovery() AS standby, \
           current_setting('default_transaction_read_only') = 'on' AS read_only, \
           (pg_control_recovery()).min_recovery_end_timeline::int8 AS timeline, \
           (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::int8 AS lsn";

/// [`OBSERVE_STANDBY`], for accounts that see the receiver: its timeline changes before that of the control file.
const OBSERVE_RECEIVER: &str = "\
    SELECT pg_is_in_recovery() AS standby, \
           current_setting('default_transaction_read_only') = 'on' AS read_only, \
           COALESCE((pg_stat_get_wal_receiver()).received_tli, \
                    (pg_control_recovery()).min_recovery_end_timeline)::int8 AS timeline, \
           (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::int8 AS lsn";

/// Defines a query with an id: a connection prepares it once.
macro_rules! ask {
    ($name:ident, |$this:ident, $out:ident| $walk:block) => {
        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut $out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                let $this = self;
                $walk
                Ok(())
            }
        }

        impl Query for $name {
            type SqlType = Untyped;
        }

        impl<Conn> diesel::RunQueryDsl<Conn> for $name {}
    };
}

pub(super) use ask;

/// A column of [`FACTS`] by which the connection becomes read-only.
pub(super) const READ_ONLY: &str =
    "set_config('default_transaction_read_only', 'on', false) AS guard, ";

/// [`FACTS`], with what positions are made of or without.
///
/// It is prepared and kept: tokio-postgres closes other statements after the answer, and while a connection is still
/// sending, a pooler cannot give its server connection to the next client.
#[derive(Debug)]
pub(crate) struct AskFacts {
    pub(crate) positions: bool,
    /// Set if the connection becomes read-only by it.
    pub(crate) read_only: bool,
}

// A statement of its own for each: the id says nothing of the fields.
impl QueryId for AskFacts {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

ask!(AskFacts, |this, out| {
    out.push_sql(FACTS);
    if this.read_only {
        out.push_sql(READ_ONLY);
    }
    out.push_sql(if this.positions { WAL } else { NO_WAL });
});

/// Asks again what a server with these facts says of itself.
#[derive(Debug)]
pub(crate) struct Observe(&'static str);

impl Observe {
    pub(crate) fn new(facts: &ServerFacts) -> Self {
        let wal = facts.wal.as_ref();
        Self(if wal.is_some_and(|wal| wal.writes_on.is_some()) {
            OBSERVE_PRIMARY
        } else if wal.is_some_and(|wal| wal.sees_receiver) {
            OBSERVE_RECEIVER
        } else {
            OBSERVE_STANDBY
        })
    }
}

// A statement of its own for each: the id says nothing of the text.
impl QueryId for Observe {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

ask!(Observe, |this, out| {
    out.push_sql(this.0);
});

/// Asks a logical subscriber how far it is.
#[derive(Debug, QueryId)]
pub(crate) struct AskSubscriber;

ask!(AskSubscriber, |_this, out| {
    out.push_sql(subscription::OBSERVE_SUBSCRIBER);
});

/// Returns the SQL that fails if its connection has this process of the server, in one round trip, which it takes to ask for
/// nothing: division by zero.
pub(crate) fn fails_on(backend: u64) -> String {
    format!("SELECT 1 / (pg_backend_pid() - {backend})")
}

/// Returns whether the server, which ran [`fails_on`] and can be asked again, refused it.
pub(crate) fn has_failed(ran: &QueryResult<()>) -> bool {
    matches!(
        ran,
        Err(diesel::result::Error::DatabaseError(
            DatabaseErrorKind::Unknown,
            _
        ))
    )
}

/// One answer to [`AskFacts`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Facts {
    #[diesel(sql_type = BigInt)]
    backend: i64,
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    max_connections: i64,
    #[diesel(sql_type = Bool)]
    standby: bool,
    #[diesel(sql_type = Text)]
    run: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    system: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    timeline: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    page: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    segment: Option<i64>,
    #[diesel(sql_type = Bool)]
    sees_receiver: bool,
    /// The timeline of a primary.
    #[diesel(sql_type = Nullable<BigInt>)]
    writes_on: Option<i64>,
    /// `NULL` on a standby that has replayed nothing yet.
    #[diesel(sql_type = Nullable<BigInt>)]
    lsn: Option<i64>,
}

impl From<Facts> for Introduction {
    fn from(facts: Facts) -> Self {
        let answer = Answer {
            standby: facts.standby,
            read_only: None,
            timeline: None,
            lsn: facts.lsn,
        };
        let facts = ServerFacts::from(facts);
        let observation = answer.observation(&facts);
        Self::from(facts).with_observation(observation)
    }
}

impl From<Facts> for ServerFacts {
    fn from(facts: Facts) -> Self {
        let wal = || {
            Some(Wal {
                system: facts.system?.cast_unsigned(),
                timeline: u32::try_from(facts.timeline?).ok()?,
                page: facts.page?.cast_unsigned(),
                segment: facts.segment?.cast_unsigned(),
                sees_receiver: facts.sees_receiver,
                writes_on: facts.writes_on.map(u32::try_from).transpose().ok()?,
            })
        };
        let wal = wal();
        Self {
            role: Some(role(facts.standby)),
            backend: u64::try_from(facts.backend).ok(),
            kind: Some(ServerKind::Postgres),
            version: version(&facts.version),
            waits: version(&facts.version) >= Some(FIRST_THAT_WAITS),
            max_connections: u32::try_from(facts.max_connections).ok(),
            oldest: Some(OLDEST),
            wal,
            // The start alone could be that of a server of another cluster.
            identity: Some(match wal {
                Some(wal) => format!("{}/{}", wal.system, facts.run),
                None => facts.run,
            }),
            address: Some(facts.address),
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

/// One answer to [`Observe`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Answer {
    #[diesel(sql_type = Bool)]
    standby: bool,
    /// Set if the session that was asked is read-only; `NULL` if it was not asked for that.
    #[diesel(sql_type = Nullable<Bool>)]
    read_only: Option<bool>,
    /// That of a standby; `NULL` on one whose receiver is not running.
    #[diesel(sql_type = Nullable<BigInt>)]
    timeline: Option<i64>,
    /// `NULL` on a standby that has replayed nothing yet.
    #[diesel(sql_type = Nullable<BigInt>)]
    lsn: Option<i64>,
}

impl Answer {
    /// Returns whether the server was promoted since its facts were asked for: then they have to be asked for again.
    pub(crate) fn is_promoted(&self, facts: &ServerFacts) -> bool {
        !self.standby && facts.role == Some(NodeRole::ReplaysWrites)
    }

    /// Returns what the server says of itself, given its facts; of a standby's timelines the newest that is known, for
    /// they only grow.
    pub(crate) fn observation(&self, facts: &ServerFacts) -> Option<Observation> {
        let wal = facts.wal.as_ref()?;
        let lsn = Lsn(self.lsn?.cast_unsigned());
        let (timeline, lsn) = if self.standby {
            let timeline = self.timeline.map_or(Ok(0), u32::try_from).ok()?;
            (timeline.max(wal.timeline), lsn)
        } else {
            (wal.writes_on?, lsn.end_of_record(wal.page, wal.segment))
        };
        let position = PgPosition::new(wal.system, timeline, lsn);
        let mut observation = Observation::new(role(self.standby), position.into());
        observation.session_is_read_only = self.read_only;
        Some(observation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_whole_milliseconds_and_never_for_ever() {
        let required = Position::Postgres(PgPosition::new(7, 1, Lsn(0x0306_D048)));
        let sql = |micros| wait(&required, Duration::from_micros(micros));
        assert_eq!(
            sql(50_900).as_deref(),
            Some("WAIT FOR LSN '0/306D048' WITH (TIMEOUT '50ms', NO_THROW)")
        );
        assert_eq!(sql(999), None);
        let longest = wait(&required, Duration::MAX).expect("a wait");
        assert!(longest.contains("'2147483647ms'"), "{longest}");
    }

    /// It was asked as a standby, which does not say where a primary writes.
    #[test]
    fn a_standby_that_was_promoted_is_asked_as_a_primary() {
        let wal = |writes_on| Wal {
            system: 7,
            timeline: 1,
            page: 8192,
            segment: 1 << 24,
            sees_receiver: false,
            writes_on,
        };
        let facts = |role, writes_on| ServerFacts {
            role: Some(role),
            wal: Some(wal(writes_on)),
            ..ServerFacts::default()
        };
        let standby = facts(NodeRole::ReplaysWrites, None);
        let primary = facts(NodeRole::TakesWrites, Some(2));
        let answer = |standby| Answer {
            read_only: None,
            standby,
            timeline: None,
            lsn: Some(90),
        };
        assert!(answer(false).is_promoted(&standby));
        assert_eq!(answer(false).observation(&standby), None);
        assert!(!answer(true).is_promoted(&standby));
        assert!(!answer(false).is_promoted(&primary));
        let position = PgPosition::new(7, 2, Lsn(90));
        let told = Observation::new(NodeRole::TakesWrites, Position::Postgres(position));
        assert_eq!(answer(false).observation(&primary), Some(told));
        assert_eq!(Observe::new(&standby).0, OBSERVE_STANDBY);
        assert_eq!(Observe::new(&primary).0, OBSERVE_PRIMARY);
    }

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
