//! How far replicas lag, and the window that follows.

use std::time::{Duration, Instant};

use super::Shared;
use crate::cluster::Member;
use crate::engine::Live;
use crate::mutex::lock;
use crate::protection::WindowStatus;

impl Shared {
    /// Records how far a replica lags that was asked at `asked`, by the router's clock, as a function tells.
    pub(crate) fn record_lag(&self, node: usize, member: &Member, asked: Instant, lag: Duration) {
        let roster = lock(&self.roster);
        // Before the clock began, it had everything, as far as anybody knows.
        if let Some(complete) = asked.checked_sub(lag) {
            lock(&self.told).insert(member.serial, complete);
        }
        self.saw_lag(node, lag);
        self.publish(&roster);
        drop(roster);
        self.tell();
        #[cfg(feature = "metrics")]
        self.tick_metrics(Instant::now());
    }

    /// Records the lag of a replica that may serve sessions.
    pub(super) fn saw_lag(&self, node: usize, lag: Duration) {
        let cluster = self.snapshot.load();
        // Past the limit it serves nothing; a logical subscriber serves no session.
        if lag > cluster.live.max_lag || cluster.policy.is_logical(node) {
            return;
        }
        let now = self.clock.now();
        let window = &cluster.live.window;
        if lock(&self.lags).record(lag, window, now) {
            lock(&self.bulletin).lags(cluster.name(node), lag);
        }
    }

    /// Returns the window under these settings, and how it came about.
    pub(super) fn window_under(&self, live: &Live) -> WindowStatus {
        lock(&self.lags).status(&live.window, self.clock.now())
    }
}
