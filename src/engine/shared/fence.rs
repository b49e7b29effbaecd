//! Positions that sessions are told to require.

#[cfg(feature = "edge")]
use std::time::{Duration, SystemTime};

use super::Shared;
use crate::cluster::Wal;
use crate::error::PositionError;
use crate::mutex::lock;
use crate::position::Position;
use crate::session::{SessionState, Token};

impl Shared {
    /// Makes a session require a position, in the notation of the servers.
    pub(crate) fn require(&self, session: &SessionState, text: &str) -> Result<(), PositionError> {
        let position = self.named(text)?;
        let moment = self.moment();
        let expires = moment.wall.checked_add(self.token_life);
        let token = Token::new(expires.unwrap_or(moment.wall)).wrote(position, moment.wall);
        // As of a token from elsewhere: what lies past the primary is lowered once that was asked.
        session.absorb(&token, moment, self.token_life);
        Ok(())
    }

    /// Makes a session require everything that was acknowledged before `time`, by the clock of another machine, which may be
    /// that much behind. Returns whether the time lies ahead by more than that: then it counts as the present.
    #[cfg(feature = "edge")]
    pub(crate) fn require_since(
        &self,
        session: &SessionState,
        time: SystemTime,
        skew: Duration,
    ) -> bool {
        let moment = self.moment();
        let latest = time.checked_add(skew).unwrap_or(time);
        // What lies ahead is the present.
        session.committed(moment.instant_at(latest));
        time.duration_since(moment.wall)
            .is_ok_and(|ahead| ahead > skew)
    }

    /// Returns whether a session's commits all have their positions, or will have none.
    pub(crate) fn is_captured(&self, session: &SessionState) -> bool {
        let cluster = self.snapshot.load();
        let samples = self.samples.load();
        !cluster.knows_positions() || session.is_captured(&cluster, samples.as_deref())
    }

    fn named(&self, text: &str) -> Result<Position, PositionError> {
        let cluster = self.snapshot.load();
        let of_any = || cluster.nodes.iter().find_map(|node| node.position.as_ref());
        let ours = cluster.position().or_else(of_any);
        let ours = ours.ok_or_else(|| PositionError::unknown(text))?;
        let mut position = ours.named(text)?;
        if let Position::Postgres(position) = &mut position
            && let Some(wal) = self.wal_of(cluster.serial(cluster.primary))
        {
            // An insert position may lie behind a page's header, where no replay ever stops.
            position.lsn = position.lsn.end_of_record(wal.page, wal.segment);
        }
        Ok(position)
    }

    fn wal_of(&self, serial: u32) -> Option<Wal> {
        lock(&self.facts).get(&serial)?.wal
    }
}
