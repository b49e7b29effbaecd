//! `Machine`: from readings of signals to a strain, without a clock of its own.

use std::time::{Duration, Instant};

use super::{Breaker, Signal, Strain, Thresholds};
use crate::cluster::age;

/// The part of a threshold below which a signal has left it. Chosen: what sways about a threshold changes nothing.
const LEAVE: f64 = 0.85;

/// The longest hold that repeated strain leads to, and the time before a primary is tried once more with as much as strained it,
/// unless the setting is longer. Chosen.
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// The values of the signals; `None` of those that are unknown.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Readings {
    pub(crate) connections: Option<f64>,
    pub(crate) pool_wait: Option<f64>,
    pub(crate) timeouts: Option<f64>,
    pub(crate) latency: Option<f64>,
    pub(crate) load: Option<f64>,
}

impl Readings {
    /// Returns the value of a signal.
    pub(crate) fn of(&self, signal: Signal) -> Option<f64> {
        match signal {
            Signal::Connections => self.connections,
            Signal::PoolWait => self.pool_wait,
            Signal::Timeouts => self.timeouts,
            Signal::Latency => self.latency,
            Signal::OwnLoad => self.load,
        }
    }
}

/// A change of the strain, and what led to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) from: Strain,
    pub(crate) to: Strain,
    /// The signal that passed its threshold, and its value; `None` if all have been low for long enough.
    pub(crate) cause: Option<(Signal, f64)>,
}

/// The steps by which a strained primary is tried with more of what it refuses: each has twice as much as the one before, and the
/// last half of all. Chosen: to let all in at once would strain it as before.
const STEPS: u32 = 5;

/// The strain, and since when signals say otherwise.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    strain: Strain,
    /// The number of steps by which it is tried again.
    step: u32,
    /// The step that strained it, if one did: it is taken again after a long time only.
    ceiling: Option<u32>,
    /// Since when all signals have been below what the strain takes.
    calm: Option<Instant>,
    /// For how long they must be.
    hold: Duration,
    /// The time at which it was relieved last.
    relieved: Option<Instant>,
}

impl Machine {
    pub(crate) fn strain(&self) -> Strain {
        self.strain
    }

    /// Returns how long it takes until the primary may be relieved, if all signals stay low.
    pub(crate) fn hold(&self) -> Duration {
        self.hold
    }

    /// Returns the share of what it refuses while it is strained that is let in nevertheless, to try it.
    pub(crate) fn admitted(&self) -> f64 {
        match self.step {
            0 => 0.0,
            step => 0.5_f64.powi(i32::try_from(STEPS - step).unwrap_or(0) + 1),
        }
    }

    /// Takes the present readings, and returns the change that they lead to.
    pub(crate) fn step(
        &mut self,
        breaker: &Breaker,
        readings: &Readings,
        now: Instant,
    ) -> Option<Change> {
        let from = self.strain;
        let (reached, cause) = strain_at(breaker, readings, 1.0);
        let (left, _) = strain_at(breaker, readings, LEAVE);
        if reached > from || left >= from && self.step > 0 {
            self.hold_for(breaker, now);
            self.calm = None;
            self.ceiling = (self.step > 0).then_some(self.step);
            self.step = 0;
            self.strain = reached.max(from);
            let change = Change {
                from,
                to: reached,
                cause,
            };
            return (reached > from).then_some(change);
        }
        if left >= from {
            self.calm = None;
            return None;
        }
        let calm = *self.calm.get_or_insert(now);
        let hold = match self.step {
            0 => self.hold,
            step if self.ceiling == Some(step + 1) => LONGEST_HOLD.max(breaker.hold),
            _ => breaker.hold,
        };
        if age(calm, now) < hold {
            return None;
        }
        // The next step takes its time, too.
        self.calm = None;
        if from == Strain::Strained && self.step < STEPS {
            self.step += 1;
            return None;
        }
        (self.step, self.ceiling) = (0, None);
        self.strain = from.relieved();
        self.relieved = Some(now);
        Some(Change {
            from,
            to: self.strain,
            cause: None,
        })
    }

    /// Sets the hold: longer where the primary was tried or relieved a moment ago.
    fn hold_for(&mut self, breaker: &Breaker, now: Instant) {
        let is_soon = |at| age(at, now) < self.hold * 2;
        self.hold = if self.step > 0 || self.relieved.is_some_and(is_soon) {
            let longest = LONGEST_HOLD.max(breaker.hold);
            (self.hold * 2).clamp(breaker.hold, longest)
        } else if self.strain == Strain::Normal {
            breaker.hold
        } else {
            // It gets worse before it was relieved at all.
            self.hold.max(breaker.hold)
        };
    }
}

/// Returns the strain that these readings amount to, with thresholds times `factor`, and the signal that says so.
fn strain_at(
    breaker: &Breaker,
    readings: &Readings,
    factor: f64,
) -> (Strain, Option<(Signal, f64)>) {
    let signals = breaker.thresholds().into_iter();
    let strains = signals.filter_map(|(signal, Thresholds { strained, open })| {
        let value = readings.of(signal)?;
        if value >= open * factor {
            Some((Strain::Open, Some((signal, value))))
        } else if value >= strained * factor {
            Some((Strain::Strained, Some((signal, value))))
        } else {
            None
        }
    });
    strains
        .max_by_key(|(strain, _)| *strain)
        .unwrap_or((Strain::Normal, None))
}

#[cfg(test)]
mod tests;
