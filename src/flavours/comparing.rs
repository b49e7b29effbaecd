//! Compares tables on all nodes.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::{Duration, Instant};

use super::pool::Guard;
use super::{RoutedConnection, Router, flavoured, io};
use crate::cluster::{Checksum, after};
use crate::engine::{CompareLimits, Comparison, TableComparison, TableOnReplica};
use crate::error::{ConfigError, Error, Step, error_chain};
use crate::position::Position;
use crate::statement::TableName;

/// The time between two questions to a replica that has not caught up. Chosen.
const ASK_AFTER: Duration = Duration::from_millis(10);

/// The most times that a table is read on each node. Chosen: a difference is believed if it is found twice, and a busy table has a
/// few more chances to stand still.
const ROUNDS: u32 = 5;

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Compares the rows of tables on all replicas with the primary's, by checksums that the servers make: after an
    /// incident, before replicas are turned on again. PostgreSQL, MySQL and MariaDB; nothing calls it by itself.
    ///
    /// A table is read on the primary, then on each replica once that has everything up to there, then on the primary again. If
    /// it changed in between, that is repeated a few times. Each table needs a primary key.
    ///
    /// **It reads the tables whole**, up to [`max_rows`](CompareLimits::max_rows), once and again on each node: choose the hour
    /// and the limits. The account must see all rows; values are compared as the server shows them as text.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`] or [`Error::NoPrimary`] if the primary does not answer; [`Error::Query`] if it fails, as for a table
    /// that it does not have, or that has no primary key; [`ConfigError::WithoutPositions`] where nothing shows what a replica
    /// has. What fails on a replica stands in the comparison.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; what a server has begun, it may finish.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::CompareLimits;
    ///
    /// let tables = ["users".into(), "sales.orders".into()];
    /// let comparison = router.compare(&tables, CompareLimits::new().max_rows(100_000)).await?;
    /// assert!(comparison.is_equal(), "{comparison:#?}");
    /// # Ok(()) }
    /// ```
    pub async fn compare(
        &self,
        tables: &[TableName],
        limits: CompareLimits,
    ) -> Result<Comparison, Error> {
        let deadline = after(Instant::now(), limits.max_time);
        let mut compared = Vec::with_capacity(tables.len());
        for table in tables {
            compared.push(self.compare_table(table, limits, deadline).await?);
        }
        Ok(Comparison { tables: compared })
    }

    async fn compare_table(
        &self,
        table: &TableName,
        limits: CompareLimits,
        deadline: Instant,
    ) -> Result<TableComparison, Error> {
        let mut last = None;
        let mut round = 1;
        loop {
            let (primary, position, before) = self.of_primary(table, limits, deadline).await?;
            let members = self.shared().members();
            let mut found = Vec::new();
            for (slot, member) in members.iter() {
                if slot == primary || member.is_joining() {
                    continue;
                }
                let node = (slot, member.serial);
                let sum = self.of_replica(node, &position, table, limits, deadline);
                found.push((member.name.clone(), sum.await));
            }
            let (_, _, then) = self.of_primary(table, limits, deadline).await?;
            let stands = before == then;
            let judge = |sum: Result<Checksum, String>| match sum {
                Ok(sum) if sum == before || sum == then => TableOnReplica::Equal,
                Ok(sum) if stands => TableOnReplica::Differs { rows: sum.rows },
                Ok(_) => TableOnReplica::Changing,
                Err(why) => TableOnReplica::Unknown { why },
            };
            let replicas = found.into_iter().map(|(name, sum)| (name, judge(sum)));
            let compared = TableComparison {
                table: table.to_string(),
                rows: before.rows,
                is_partial: limits.is_reached(before.rows),
                replicas: replicas.collect(),
            };
            // A table may have changed and changed back: what differs once may be on its way.
            let is_sure = compared.is_equal() || last.as_ref() == Some(&compared) && stands;
            if is_sure || round == ROUNDS || Instant::now() >= deadline {
                return Ok(compared);
            }
            last = Some(compared);
            round += 1;
        }
    }

    /// Returns the primary, its position after its rows were read, and their checksum.
    async fn of_primary(
        &self,
        table: &TableName,
        limits: CompareLimits,
        deadline: Instant,
    ) -> Result<(usize, Position, Checksum), Error> {
        let node = self.shared().primary();
        // With small pools, holding one while asking for another can deadlock.
        let sum = {
            let (mut guard, _) = self.hear(node, deadline).await?;
            self.checksum(&mut guard, node.0, table, limits, deadline)
                .await?
        };
        let (primary, position) = self.position_of_primary(deadline).await?;
        Ok((primary, position, sum))
    }

    /// Returns the checksum of a replica's rows, once it has everything up to `required`.
    async fn of_replica(
        &self,
        node: (usize, u32),
        required: &Position,
        table: &TableName,
        limits: CompareLimits,
        deadline: Instant,
    ) -> Result<Checksum, String> {
        loop {
            {
                let (mut guard, said) = match self.hear(node, deadline).await {
                    Ok(heard) => heard,
                    Err(error) => return Err(error_chain(&error)),
                };
                if said.is_some_and(|said| said.covers(required)) {
                    let sum = self
                        .checksum(&mut guard, node.0, table, limits, deadline)
                        .await;
                    return sum.map_err(|error| error_chain(&error));
                }
            }
            if Instant::now() >= deadline {
                return Err("it did not catch up in time".to_owned());
            }
            let next = after(Instant::now(), ASK_AFTER).min(deadline);
            io::until(next, self.shared().signals.answer()).await;
        }
    }

    /// Returns the checksum of the rows that a connection's server has now.
    async fn checksum(
        &self,
        guard: &mut Guard<C>,
        node: usize,
        table: &TableName,
        limits: CompareLimits,
        deadline: Instant,
    ) -> Result<Checksum, Error> {
        let since = Instant::now();
        let left = deadline
            .saturating_duration_since(since)
            .max(self.shared().probe_timeout);
        let facts = guard.known.facts.clone();
        let limits = limits.of_checksum(left);
        let (conn, statement) = guard.parts();
        let sum = statement.during(conn.checksum(table, &limits, &facts));
        // The server ends it by itself; one that hangs does not.
        let give_up = left.saturating_add(self.shared().probe_timeout);
        match io::within(give_up, sum).await {
            Ok(Ok(Some(sum))) => Ok(sum),
            Ok(Ok(None)) => Err(ConfigError::WithoutPositions.into()),
            Ok(Err(error)) => {
                guard.known.is_spent = true;
                Err(error.into())
            }
            Err(elapsed) => {
                guard.known.is_spent = true;
                let node = self.shared().name(node);
                Err(Error::checkout(node, Step::Ask, since, elapsed))
            }
        }
    }
}
