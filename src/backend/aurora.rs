//! Queries to instances of Aurora PostgreSQL, for both flavours of connections.
//!
//! Never run on the real service: written from its documentation, and run on PostgreSQL with functions of its names.
//!
//! An instance says which writer it follows and how far it lags, and nothing that proves that it shows a commit: its LSNs
//! are called current nowhere, and the writer's must not be too old to be required of others. So it has no position.

use std::time::Duration;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Double, Nullable, Text, Untyped};
use diesel::{QueryResult, QueryableByName};

use super::postgres::{FACTS, Facts, NO_WAL, READ_ONLY, ask, role};
use crate::cluster::{Introduction, Observation, ServerFacts};
use crate::server::NodeRole;

/// Reads the list of instances once: the own row, and the writer's.
///
/// - Ages are those of rows. The row of the instance that is asked has no time (`NULL`, from 13.9 on).
/// - After a failover the former writer may still be listed as one: the row that was updated last counts. An instance that
///   takes writes is its own writer.
const INSTANCES: &str = "\
    WITH instances AS MATERIALIZED ( \
           SELECT server_id::text AS id, session_id = 'MASTER_SESSION_ID' AS writes, \
                  replica_lag_in_msec::float8 / 1000 AS lag, \
                  abs(extract(epoch FROM clock_timestamp() - last_update_timestamp))::float8 AS age \
             FROM aurora_replica_status()), \
         me AS MATERIALIZED ( \
           SELECT aurora_db_instance_identifier()::text AS id, pg_is_in_recovery() AS standby), \
         own AS (SELECT i.lag, i.age FROM instances i, me WHERE i.id = me.id ORDER BY i.age DESC LIMIT 1), \
         writer AS ( \
           SELECT i.id, i.age FROM instances i, me WHERE i.writes \
            ORDER BY (i.id = me.id AND NOT me.standby) DESC, i.age NULLS LAST LIMIT 1) ";

/// The columns of a [`Status`].
const STATUS: &str = "\
    me.id AS instance, w.id AS writer, w.age AS writer_age, o.lag AS own_lag, o.age AS own_age";

/// Completes `FROM ..` with what [`STATUS`] is read from.
const JOINS: &str = " LEFT JOIN own o ON true LEFT JOIN writer w ON true";

/// Asks for the facts and for what [`Observe`] asks for.
#[derive(Debug)]
pub(crate) struct Introduce {
    /// Set if the connection becomes read-only by it.
    pub(crate) read_only: bool,
}

// A statement of its own for each: the id says nothing of the field.
impl QueryId for Introduce {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

ask!(Introduce, |this, out| {
    out.push_sql(INSTANCES);
    out.push_sql(FACTS);
    if this.read_only {
        out.push_sql(READ_ONLY);
    }
    out.push_sql(STATUS);
    out.push_sql(", ");
    out.push_sql(NO_WAL);
    out.push_sql(" CROSS JOIN me");
    out.push_sql(JOINS);
});

/// Asks an instance again and again for its role, its writer and its lag.
#[derive(Debug, QueryId)]
pub(crate) struct Observe;

ask!(Observe, |_this, out| {
    out.push_sql(INSTANCES);
    out.push_sql(
        "SELECT me.standby, current_setting('default_transaction_read_only') = 'on' AS read_only, ",
    );
    out.push_sql(STATUS);
    out.push_sql(" FROM me");
    out.push_sql(JOINS);
});

/// One answer to [`Introduce`].
#[derive(QueryableByName)]
pub(crate) struct Introduced {
    #[diesel(embed)]
    facts: Facts,
    #[diesel(embed)]
    status: Status,
}

impl From<Introduced> for Introduction {
    fn from(Introduced { facts, status }: Introduced) -> Self {
        let facts = ServerFacts::from(facts);
        let run = facts.identity.unwrap_or_default();
        let observation = facts.role.map(|role| status.observation(role));
        let facts = ServerFacts {
            identity: Some(format!("aurora/{}/{run}", status.instance)),
            is_aurora: true,
            // It has no LSN to wait for.
            waits: false,
            ..facts
        };
        Self::from(facts).with_observation(observation)
    }
}

/// One answer to [`Observe`].
#[derive(QueryableByName)]
pub(crate) struct Answer {
    #[diesel(sql_type = Bool)]
    standby: bool,
    #[diesel(sql_type = Bool)]
    read_only: bool,
    #[diesel(embed)]
    status: Status,
}

impl Answer {
    /// Returns what the instance says of itself.
    pub(crate) fn observation(&self) -> Observation {
        let observation = self.status.observation(role(self.standby));
        observation.in_session(self.read_only)
    }
}

/// An instance's answer about itself and its writer; times are in seconds.
#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text)]
    instance: String,
    /// `NULL` if the list has none.
    #[diesel(sql_type = Nullable<Text>)]
    writer: Option<String>,
    /// The age of what the instance knows of the writer.
    #[diesel(sql_type = Nullable<Double>)]
    writer_age: Option<f64>,
    /// `NULL` on a writer, and if the list lacks the instance.
    #[diesel(sql_type = Nullable<Double>)]
    own_lag: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    own_age: Option<f64>,
}

impl Status {
    fn observation(&self, role: NodeRole) -> Observation {
        let (follows, lag) = match role {
            NodeRole::TakesWrites => (Some(self.instance.clone()), Some(Duration::ZERO)),
            NodeRole::ReplaysWrites => (self.writer.clone(), self.lag()),
        };
        Observation {
            lag,
            follows,
            ..Observation::without_position(role)
        }
    }

    /// Returns the most that a reader lags: as much as it says, and as long as it has heard nothing of its writer, for a
    /// reader that is cut off goes on serving. `None` where a row is missing or says nothing.
    fn lag(&self) -> Option<Duration> {
        let age = self.writer_age?.max(self.own_age.unwrap_or_default());
        Duration::try_from_secs_f64(self.own_lag?)
            .ok()?
            .checked_add(Duration::try_from_secs_f64(age).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Status {
        Status {
            instance: "two".to_owned(),
            writer: Some("one".to_owned()),
            writer_age: Some(0.5),
            own_lag: Some(0.02),
            own_age: None,
        }
    }

    #[test]
    fn a_reader_lags_by_what_it_says_and_by_the_age_of_what_it_knows() {
        let lag = |status: Status| status.observation(NodeRole::ReplaysWrites).lag;
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(lag(reader()), millis(520));
        let old = Status {
            own_age: Some(3.0),
            ..reader()
        };
        assert_eq!(lag(old), millis(3020));
        for unknown in [
            Status {
                writer_age: None,
                ..reader()
            },
            Status {
                own_lag: None,
                ..reader()
            },
            Status {
                own_lag: Some(-1.0),
                ..reader()
            },
            Status {
                own_lag: Some(f64::NAN),
                ..reader()
            },
            Status {
                writer_age: Some(f64::INFINITY),
                ..reader()
            },
        ] {
            assert_eq!(lag(unknown), None);
        }
    }

    #[test]
    fn who_takes_writes_follows_itself_whatever_the_list_says() {
        let said = reader().observation(NodeRole::TakesWrites);
        assert_eq!(said.follows.as_deref(), Some("two"));
        assert_eq!(said.lag, Some(Duration::ZERO));
        let said = reader().observation(NodeRole::ReplaysWrites);
        assert_eq!(said.follows.as_deref(), Some("one"));
        assert_eq!(said.position, None);
    }
}
