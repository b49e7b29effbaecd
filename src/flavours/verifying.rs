//! Verifies that replicas have caught up.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::pool::Guard;
use super::{RoutedConnection, Router, flavoured, io};
use crate::cluster::{Observation, Said, after};
use crate::engine::checkout::Outcome;
use crate::engine::{CaughtUpReport, ReplicaReport};
use crate::error::{ConfigError, Error, error_chain};
use crate::position::Position;
use crate::server::PoolKind;

/// The time between two questions to a replica that has not caught up. Chosen.
const ASK_AFTER: Duration = Duration::from_millis(10);

/// The words for a replica that does not say.
const UNKNOWN: &str = "whether it goes on replaying is unknown";

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Asks the primary for its position, and each replica whether it has everything up to there and goes on replaying: before
    /// replicas are turned on again, before a switchover, in a check of a deployment. Waits for replicas that are behind, for
    /// `limit` at most in all; each is asked at least once.
    ///
    /// The questions go over connections of the nodes' read pools, in every [mode](crate::Mode). On MySQL and MariaDB, an account
    /// needs a privilege to see whether the applier runs (`REPLICATION CLIENT`, `SLAVE MONITOR`); without it the report says so, and
    /// does not count as caught up.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`] or [`Error::NoPrimary`] if the primary does not answer; [`ConfigError::WithoutPositions`] where nothing
    /// shows what a replica has. That a replica does not answer stands in the report.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// # use std::time::Duration;
    /// let report = router.verify_caught_up(Duration::from_secs(10)).await?;
    /// println!("{report}");
    /// # Ok(()) }
    /// ```
    pub async fn verify_caught_up(&self, limit: Duration) -> Result<CaughtUpReport, Error> {
        let deadline = after(Instant::now(), limit);
        let (slot, position) = self.position_of_primary(deadline).await?;
        let members = self.shared().members();
        let mut replicas = Vec::new();
        for (other, member) in members.iter() {
            if other == slot || member.is_joining() {
                continue;
            }
            let report = ReplicaReport::of(&member.name);
            let node = (other, member.serial);
            replicas.push(self.verify(report, node, &position, deadline).await);
        }
        Ok(CaughtUpReport {
            primary: self.shared().name(slot),
            position,
            replicas,
        })
    }

    /// Returns the primary, and its present position.
    pub(super) async fn position_of_primary(
        &self,
        deadline: Instant,
    ) -> Result<(usize, Position), Error> {
        if !self.shared().is_watched() {
            return Err(ConfigError::WithoutPositions.into());
        }
        let node = self.shared().primary();
        let (guard, said) = self.hear(node, deadline).await?;
        if !self.shared().is_the_primary(&guard.known) {
            let why = "the node that was the primary is none any more";
            return Err(self.shared().no_primary(why));
        }
        let position = said.and_then(|said| said.position);
        let position = position.ok_or(ConfigError::WithoutPositions)?;
        Ok((node.0, position.mark()))
    }

    /// Completes the report on a replica, which is to reach `required`.
    pub(super) async fn verify(
        &self,
        mut report: ReplicaReport,
        node: (usize, u32),
        required: &Position,
        deadline: Instant,
    ) -> ReplicaReport {
        let shared = self.shared();
        loop {
            let heard = self.hear(node, deadline).await;
            let is_over = Instant::now() >= deadline;
            match heard {
                Ok((guard, Some(said))) => {
                    report.has_all = said.covers(required);
                    report.position = said.position;
                    if report.has_all || is_over {
                        report.problem = match said.problem {
                            Some(problem) => Some(problem.into_owned()),
                            None => self.diagnose(guard).await,
                        };
                        return report;
                    }
                }
                Ok((_, None)) => {
                    report.problem = Some("it has no position".to_owned());
                    return report;
                }
                Err(error) if is_over => {
                    report.problem = Some(error_chain(&error));
                    return report;
                }
                Err(error) => tracing::debug!(%error, "a replica gave no answer"),
            }
            let next = after(Instant::now(), ASK_AFTER).min(deadline);
            // Any node's answer is as good an occasion.
            io::until(next, shared.signals.answer()).await;
        }
    }

    /// Returns what holds a replica up, in words, if anything does.
    async fn diagnose(&self, mut guard: Guard<C>) -> Option<String> {
        let limit = self.shared().probe_timeout;
        let facts = guard.known.facts.clone();
        let (conn, statement) = guard.parts();
        let diagnosis = statement.during(conn.diagnose(&facts));
        match io::within(limit, diagnosis).await {
            Ok(Ok(diagnosis)) => diagnosis.problem,
            Ok(Err(error)) => Some(format!("{UNKNOWN}: {}", error_chain(&error))),
            Err(elapsed) => Some(format!("{UNKNOWN}: {elapsed}")),
        }
    }

    /// Takes a connection of a node, and asks its server for its role and position; gives up at `deadline`, or later if a
    /// question would have no time till then.
    pub(super) async fn hear(
        &self,
        node: (usize, u32),
        deadline: Instant,
    ) -> Result<(Guard<C>, Option<Observation>), Error> {
        let now = Instant::now();
        let until = deadline.max(after(now, self.shared().probe_timeout));
        let taken = self
            .take(node, PoolKind::Read, until, until, false, now)
            .await;
        let guard = match taken {
            Outcome::Taken(guard) => guard,
            Outcome::Failed(error) => return Err(error),
            _ => return Err(self.closed(node.0)),
        };
        let until = deadline.max(after(Instant::now(), self.shared().probe_timeout));
        let (asked, sent) = (self.shared().now(), Instant::now());
        match self.ask(node.0, guard, until).await {
            Outcome::Said(guard, None) => Ok((guard, None)),
            Outcome::Said(mut guard, Some(observation)) => {
                self.shared().hear(guard.known.server, asked, &observation);
                guard.known.said(observation.clone(), sent);
                let said = Said { observation, sent };
                // A logical subscriber does not know whose place it tells.
                let cluster = self.shared().snapshot();
                let said = cluster.heard(node.0, &said).map(Cow::into_owned);
                drop(cluster);
                Ok((guard, said.map(|said| said.observation)))
            }
            Outcome::Failed(error) => Err(error),
            _ => Err(self.closed(node.0)),
        }
    }
}
