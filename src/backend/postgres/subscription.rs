//! Asks a logical subscriber for its place in its publisher's log.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use crate::cluster::Observation;
use crate::position::{Lsn, PgPosition, Position};
use crate::server::NodeRole;

/// Asks a logical subscriber for the subscriptions of its database. Needs no privilege.
///
/// - A worker applies what it receives in order, one transaction after the other, and `latest_end_lsn` is the end of what its publisher
///   had sent when it said so itself, between two transactions: all that was committed before is applied. (`received_lsn` runs ahead of what is
///   applied.) It starts anew with each run of the worker.
/// - While a table is copied, or catches up, it has not what the others have.
/// - A parallel worker has received nothing of its own.
pub(super) const OBSERVE_SUBSCRIBER: &str = "\
    SELECT count(*) AS subscriptions, \
           current_setting('default_transaction_read_only') = 'on' AS read_only, \
           min(s.subname::text) FILTER (WHERE w.lsn IS NULL) AS unfed, \
           string_agg(w.worker, ',' ORDER BY s.oid) AS workers, \
           (min(w.lsn) - '0/0'::pg_lsn)::int8 AS lsn, \
           (SELECT count(*) FROM pg_subscription_rel r \
              JOIN pg_subscription o ON o.oid = r.srsubid AND o.subenabled \
             WHERE r.srsubstate <> 'r' \
               AND o.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS copying \
      FROM pg_subscription s \
      LEFT JOIN (SELECT subid, max(latest_end_lsn) AS lsn, string_agg(pid::text, ',') FILTER (WHERE received_lsn IS NOT NULL) AS worker \
                   FROM pg_stat_subscription WHERE relid IS NULL GROUP BY subid) w ON w.subid = s.oid \
     WHERE s.subenabled \
       AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// One answer to [`OBSERVE_SUBSCRIBER`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Subscriptions {
    /// Those that are enabled.
    #[diesel(sql_type = BigInt)]
    subscriptions: i64,
    /// Set if the session that was asked is read-only.
    #[diesel(sql_type = Bool)]
    read_only: bool,
    /// One of them whose worker has not said how far it is.
    #[diesel(sql_type = Nullable<Text>)]
    unfed: Option<String>,
    /// The processes of their workers.
    #[diesel(sql_type = Nullable<Text>)]
    workers: Option<String>,
    /// That of the one that is furthest behind.
    #[diesel(sql_type = Nullable<BigInt>)]
    lsn: Option<i64>,
    /// Tables that do not have all rows yet.
    #[diesel(sql_type = BigInt)]
    copying: i64,
}

impl Subscriptions {
    /// Returns what the subscriber says of itself: the position is its publisher's, of which it knows neither the cluster nor the timeline.
    pub(crate) fn observation(self) -> Observation {
        let hash = BuildHasherDefault::<DefaultHasher>::default();
        let lsn = Lsn(self.lsn.unwrap_or_default().cast_unsigned());
        let position = Position::Postgres(PgPosition::new(0, 0, lsn));
        let observation = Observation::new(NodeRole::ReplaysWrites, position);
        let observation = observation
            .fed_by(hash.hash_one(&self.workers))
            .in_session(self.read_only);
        match self.problem() {
            Some(problem) => observation.with_problem(problem),
            None => observation,
        }
    }

    fn problem(&self) -> Option<String> {
        if self.subscriptions == 0 {
            return Some(
                "it is configured as a logical subscriber, and no subscription is enabled in its database: create or enable one"
                    .to_owned(),
            );
        }
        if let Some(name) = &self.unfed {
            return Some(format!(
                "its subscription `{name}` has not said how far it is: if that lasts, see its log for why no worker runs"
            ));
        }
        let Self { copying, .. } = self;
        (*copying > 0).then(|| {
            format!("{copying} of the tables that it subscribes to are still being copied: it serves once they are")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Subscriptions {
        Subscriptions {
            subscriptions: 2,
            read_only: true,
            unfed: None,
            workers: Some("7,8".to_owned()),
            lsn: Some(90),
            copying: 0,
        }
    }

    #[test]
    fn a_subscriber_is_where_the_last_of_its_workers_is() {
        let observation = answer().observation();
        assert_eq!(observation.role, NodeRole::ReplaysWrites);
        assert_eq!(
            observation.position,
            Some(PgPosition::new(0, 0, Lsn(90)).into())
        );
        assert_eq!(observation.problem, None);
        let again = Subscriptions {
            workers: Some("7,9".to_owned()),
            ..answer()
        };
        assert_ne!(
            again.observation().feed,
            observation.feed,
            "a worker was started anew"
        );
    }

    #[test]
    fn what_a_subscriber_lacks_is_named() {
        for (answer, words) in [
            (
                Subscriptions {
                    subscriptions: 0,
                    ..answer()
                },
                "no subscription is enabled",
            ),
            (
                Subscriptions {
                    unfed: Some("orders".to_owned()),
                    ..answer()
                },
                "`orders`",
            ),
            (
                Subscriptions {
                    copying: 3,
                    ..answer()
                },
                "3 of the tables",
            ),
        ] {
            let problem = answer.observation().problem.expect("a problem");
            assert!(problem.contains(words), "{problem}");
        }
    }
}
