//! Questions of watchers beside roles and positions: how far a node lags, of a function; how loaded the primary is.

use std::time::{Duration, Instant};

use super::{Link, Next, Watcher};
use crate::cluster::Urgency;
use crate::engine::{Settings, Shared};
use crate::observe::Event;
use crate::server::NodeRole;

/// The time between two questions how loaded the primary is. Chosen: connections come and go by the second.
const LOAD_AFTER: Duration = Duration::from_secs(1);

/// The same, after the server did not tell.
const UNTOLD_AFTER: Duration = Duration::from_secs(30);

/// The state of what is asked beside.
#[derive(Debug)]
pub(super) struct Asides {
    /// Set if a function tells how far nodes lag that nobody watches.
    tells_lag: bool,
    /// The time at which the function was called, by the router's clock.
    asked: Option<Instant>,
    /// The first of its calls that failed, if none has succeeded since.
    failing_since: Option<Instant>,
    /// The time at which the primary is to be asked next how loaded it is.
    load_at: Option<Instant>,
}

impl Asides {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            tells_lag: settings.tells_lag,
            asked: None,
            failing_since: None,
            load_at: None,
        }
    }
}

impl Watcher {
    /// Returns what to do next with a node that nobody watches, once it was met: a replica's lag may be told by a function.
    pub(super) fn unwatched_next(&self) -> Next {
        let (Urgency::Now(urgent) | Urgency::Soon(urgent) | Urgency::Later(urgent)) =
            self.shared.signals.urgency(self.node);
        let is_over = self.shared.signals.is_stopped() || self.member.has_left();
        let is_replica = self.member.role == Some(NodeRole::ReplaysWrites);
        if is_over || !self.asides.tells_lag || !is_replica {
            return Next::Stop;
        }
        Next::Sleep {
            urgent,
            limit: Shared::jittered(self.interval),
            close: true,
        }
    }

    /// Calls the function that tells how far the node lags.
    pub(super) fn ask_lag(&mut self) -> Next {
        self.asides.asked = Some(self.shared.now());
        Next::TellLag
    }

    /// Records how far the node lags, as the function told, or why it did not.
    pub(super) fn lag_told(&mut self, lag: Result<Duration, String>) {
        let asked = self.asides.asked.take();
        let node = &self.member.name;
        let failing_since = self.asides.failing_since.take();
        match lag {
            Ok(lag) => {
                let asked = asked.unwrap_or_else(|| self.shared.now());
                self.shared.record_lag(self.node, &self.member, asked, lag);
                if let Some(since) = failing_since {
                    let away_seconds = since.elapsed().as_secs_f64();
                    Event::LagTold { node, away_seconds }.emit();
                }
            }
            Err(why) => {
                if failing_since.is_none() {
                    Event::LagUntold { node, why: &why }.emit();
                }
                self.asides.failing_since = failing_since.or_else(|| Some(Instant::now()));
            }
        }
    }

    /// Returns the step that asks the primary how loaded it is, if that is due.
    pub(super) fn load_due(&mut self, now: Instant) -> Option<Next> {
        let is_due = self.asides.load_at.is_none_or(|at| at <= now);
        if !is_due || self.link != Link::Open || !self.shared.wants_load(self.node) {
            return None;
        }
        self.asides.load_at = Some(now + LOAD_AFTER);
        Some(Next::AskLoad)
    }

    /// Records the share of the primary's connections that are in use, if it told.
    pub(super) fn load_told(&mut self, share: Option<f64>, now: Instant) {
        match share {
            Some(share) => self.shared.record_load(self.node, share, now),
            None => self.asides.load_at = Some(now + UNTOLD_AFTER),
        }
    }
}
