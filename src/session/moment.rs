//! `Moment`: one moment, by both clocks.

use std::time::{Duration, Instant, SystemTime};

use super::token::Millis;
use crate::cluster::age;

/// One moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    /// Returns the end of `life` from now, or the latest time that tokens can hold.
    pub(super) fn wall_after(self, life: Duration) -> SystemTime {
        let latest = Millis::MAX.to_system_time();
        self.wall.checked_add(life).unwrap_or(latest).min(latest)
    }

    pub(super) fn wall_at(self, at: Instant) -> SystemTime {
        let age = age(at, self.now);
        self.wall.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Returns the instant of this time, or the present if it lies ahead by this machine's clock.
    pub(crate) fn instant_at(self, time: SystemTime) -> Instant {
        let age = self.wall.duration_since(time).unwrap_or_default();
        self.now.checked_sub(age).unwrap_or(self.now)
    }
}
