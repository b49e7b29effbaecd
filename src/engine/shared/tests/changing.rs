//! What operators change of the model's routers: nodes, the switch.

use std::sync::Arc;

use super::steps::Change;
use super::world::{World, configured};
use crate::routing::{Mode, Otherwise, ReplicaShare};

impl World {
    pub(super) fn change(&mut self, change: Change) {
        let (Change::Remove { router, node }
        | Change::Add { router, node }
        | Change::Replace { router, node }) = change;
        let named = self.named(router, node);
        let shared = Arc::clone(&self.routers[router]);
        let new = configured(node);
        match (change, &named[..]) {
            (Change::Remove { .. }, [(slot, _), ..]) if shared.members().iter().count() > 1 => {
                self.remove(router, *slot);
            }
            (Change::Add { .. }, []) | (Change::Replace { .. }, [_]) => {
                let taken = shared.take_in(&self.settings[router], new, |_, _| Ok::<_, ()>(()));
                if let (Ok((_, member)), Change::Add { .. }) = (taken, change) {
                    shared.met(&member);
                }
            }
            (Change::Replace { .. }, [(one, former), (other, latter)]) => {
                let (old, new) = match former.is_joining() {
                    true => (*other, former),
                    false => (*one, latter),
                };
                self.remove(router, old);
                shared.met(new);
            }
            _ => {}
        }
    }

    fn remove(&mut self, router: usize, slot: usize) {
        let shared = &self.routers[router];
        let serial = shared.members().get(slot).map(|member| member.serial);
        shared.let_go(&self.settings[router], slot);
        if let Some(serial) = serial {
            self.pools.remove(&(router, serial));
            self.watchers.remove(&(router, serial));
        }
    }

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
