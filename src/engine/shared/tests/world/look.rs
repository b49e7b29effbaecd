//! What reads may see.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::World;
use crate::engine::shared::tests::servers::Pooled;

impl World {
    /// Looks at what a session sees: never less than it wrote and saw.
    pub(super) fn look(&mut self, user: usize, conn: &Pooled) -> Result<(), TestCaseError> {
        let server = conn.server;
        let state = self.servers[server].replayed;
        let user = &mut self.users[user];
        prop_assert!(state >= user.wrote, "misses its write on server {server}");
        prop_assert!(state >= user.saw, "goes back on server {server}");
        user.saw = state;
        self.from_replicas += u32::from(server != 0);
        Ok(())
    }

    /// Looks at what a bounded read that was asked for then may see, and returns it.
    pub(super) fn look_within(
        &self,
        millis: u64,
        asked: Instant,
        conn: &Pooled,
    ) -> Result<u64, TestCaseError> {
        let bound = Duration::from_millis(millis);
        let due = asked.checked_sub(bound).expect("an instant");
        let acknowledged = self.log.iter().rev().find(|(at, _)| *at < due);
        let state = self.servers[conn.server].replayed;
        let required = acknowledged.map_or(0, |(_, lsn)| *lsn);
        prop_assert!(
            state >= required,
            "is past its bound on server {}",
            conn.server
        );
        Ok(state)
    }
}
