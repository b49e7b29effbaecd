//! Waits until replicas have migrations.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::{Duration, Instant};

use diesel::migration::MigrationVersion;

use super::migrating::MigratedConnection;
use super::{Migrator, flavoured, io};
use crate::cluster::after;
use crate::engine::ReplicaReport;
use crate::error::{ConfigError, Error, MigrationError, error_chain};
use crate::observe::Event;
use crate::position::Position;

/// The time between two rounds of questions to replicas: at first, and at most. Chosen.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// The time after which it is told again which replicas are waited for. Chosen.
const TELL_AFTER: Duration = Duration::from_secs(5);

#[flavoured]
impl<C: MigratedConnection> Migrator<C> {
    /// Checks, before anything is run, that it can be told whether replicas have it.
    pub(super) async fn check_positions(&self) -> Result<(), Error> {
        if self.wait.is_none() || self.has_no_replica() {
            return Ok(());
        }
        let asked = self.router.position_of_primary(Instant::now()).await;
        match asked {
            Err(error @ Error::Config(ConfigError::WithoutPositions)) => Err(error),
            // What else there may be is told where it matters.
            _ => Ok(()),
        }
    }

    /// Returns whether there is nothing to wait for: also where the primary stands in for a replica.
    fn has_no_replica(&self) -> bool {
        let shared = self.router.shared();
        shared.is_single || shared.members().iter().count() <= 1
    }

    /// Waits until all replicas have what the primary has now, if that is wanted.
    pub(super) async fn await_replicas(
        &self,
        ran: Vec<MigrationVersion<'static>>,
    ) -> Result<Vec<MigrationVersion<'static>>, Error> {
        let Some(limit) = self.wait.filter(|_| !self.has_no_replica()) else {
            return Ok(ran);
        };
        let since = Instant::now();
        let deadline = after(since, limit);
        let (primary, position) = self.router.position_of_primary(deadline).await?;
        let mut arrived = Vec::new();
        let mut told: Option<(Instant, usize)> = None;
        let mut pause = FIRST_PAUSE;
        loop {
            let missing = self.missing(primary, &position, &mut arrived).await;
            if missing.is_empty() {
                if told.is_some() {
                    let waited_seconds = since.elapsed().as_secs_f64();
                    Event::ReplicasHaveMigrations { waited_seconds }.emit();
                }
                return Ok(ran);
            }
            let now = Instant::now();
            if now >= deadline {
                let missing = self.report(primary, &position, &arrived).await;
                if missing.is_empty() {
                    return Ok(ran);
                }
                return Err(MigrationError::NotOnReplicas {
                    node: self.router.shared().name(primary),
                    waited: since.elapsed(),
                    missing,
                    ran,
                }
                .into());
            }
            let is_news =
                told.is_none_or(|(at, count)| missing.len() < count || now >= at + TELL_AFTER);
            if is_news {
                told = Some((now, missing.len()));
                let nodes = &*missing.join(", ");
                let waited_seconds = since.elapsed().as_secs_f64();
                Event::ReplicasLackMigrations {
                    nodes,
                    waited_seconds,
                }
                .emit();
            }
            // Any node's answer is as good an occasion.
            let answer = self.router.shared().signals.answer();
            io::until(after(now, pause).min(deadline), answer).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks each replica that has not `arrived` at a position, and returns those that still have not, in words.
    async fn missing(
        &self,
        primary: usize,
        position: &Position,
        arrived: &mut Vec<(usize, u32)>,
    ) -> Vec<String> {
        let members = self.router.shared().members();
        let mut missing = Vec::new();
        for (slot, member) in members.iter() {
            let node = (slot, member.serial);
            if slot == primary || member.is_joining() || arrived.contains(&node) {
                continue;
            }
            let mut report = ReplicaReport::of(&member.name);
            match self.router.hear(node, Instant::now()).await {
                Ok((_, Some(said))) if said.covers(position) => {
                    arrived.push(node);
                    continue;
                }
                Ok((_, said)) => report.position = said.and_then(|said| said.position),
                Err(error) => report.problem = Some(error_chain(&error)),
            }
            missing.push(report.to_string());
        }
        missing
    }

    /// Returns the reports on the replicas that have not arrived, with what holds them up.
    async fn report(
        &self,
        primary: usize,
        position: &Position,
        arrived: &[(usize, u32)],
    ) -> Vec<ReplicaReport> {
        let members = self.router.shared().members();
        let mut missing = Vec::new();
        for (slot, member) in members.iter() {
            let node = (slot, member.serial);
            if slot == primary || member.is_joining() || arrived.contains(&node) {
                continue;
            }
            let report = ReplicaReport::of(&member.name);
            let asked = self.router.verify(report, node, position, Instant::now());
            let report = asked.await;
            if !report.has_all {
                missing.push(report);
            }
        }
        missing
    }
}
