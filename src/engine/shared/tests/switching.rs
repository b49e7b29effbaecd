//! The switch of the model's routers.

use super::world::World;
use crate::routing::{Mode, Otherwise, ReplicaShare};

impl World {
    pub(super) fn switch(&mut self, router: usize, mode: Mode, percent: u8) {
        let share = ReplicaShare::new(percent, None).expect("a share");
        self.routers[router].adjust(&self.settings[router], |live| {
            (live.mode, live.replica_share) = (mode, share);
        });
    }

    /// Returns whether a user must not be served by a replica now.
    pub(super) fn is_kept(&self, user: usize, on: Option<Otherwise>) -> bool {
        let user = &self.users[user];
        let shared = &self.routers[user.router];
        let share = shared.snapshot().live.replica_share;
        shared.mode() == Mode::PrimaryOnly
            || on != Some(Otherwise::Fail) && !share.admits(user.session.lot())
    }
}
