//! `Gauges`: what is measured of the primary.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::machine::{Change, Machine};
use super::{Breaker, BreakerStatus, LoadHook, Readings, Sheds, Signal, Strain};
use crate::cluster::age;
use crate::mutex::lock;

/// The time between two looks at the signals. Chosen: a strain is met within it, and one look in thousands of checkouts costs
/// nothing.
const LOOK_AFTER: Duration = Duration::from_millis(100);

/// The time after which a third is left of what was measured of the pools, in seconds. Chosen: a single slow moment is no strain.
const RECENT: f64 = 2.0;

/// The same of the primary's answers. Chosen: three slow ones in a row show it, at the default interval.
const LAST: f64 = 0.5;

/// The same for what is usual.
const USUAL: f64 = 300.0;

/// The number of checkouts, as far as they count yet, below which their waits and time-outs say nothing. Chosen.
const LEAST: f64 = 20.0;

/// The number of answers before which none is usual. Chosen: three seconds at the default interval.
const FIRST: u32 = 30;

/// The least time that counts as usual, in seconds. Chosen: what is below a millisecond varies by itself.
const QUICK: f64 = 0.001;

/// The time after which a share of connections in use is not known any more.
const STALE: Duration = Duration::from_secs(35);

/// The measurements of the primary, and the strain that follows.
#[derive(Debug)]
pub(crate) struct Gauges {
    start: Instant,
    /// Set while there is a breaker.
    is_on: AtomicBool,
    /// The index of the strain in `Strain::ALL`.
    strain: AtomicU8,
    /// The time that it takes for the primary to be relieved, in milliseconds.
    hold: AtomicU64,
    /// The share of what the primary refuses that is let in nevertheless, of the range of `u32`.
    admitted: AtomicU32,
    /// The time to look next: milliseconds since the start.
    due: AtomicU64,
    /// Checkouts from the primary's pools since the last look: those that got a connection, the time that they waited in
    /// microseconds, and those that got none in time.
    taken: AtomicU64,
    waited: AtomicU64,
    late: AtomicU64,
    measured: Mutex<Measured>,
    hook: Option<LoadHook>,
    pub(crate) sheds: Sheds,
}

#[derive(Debug, Default)]
struct Measured {
    machine: Machine,
    readings: Readings,
    looked: Option<Instant>,
    /// The same as in `Gauges`, of the last seconds.
    taken: f64,
    waited: f64,
    late: f64,
    answers: Answers,
    /// The share of connections in use, and when it was told.
    connections: Option<(f64, Instant)>,
}

/// The times that the primary takes to answer its watcher, in seconds.
#[derive(Debug, Default)]
struct Answers {
    count: u32,
    last: Option<Instant>,
    recent: f64,
    usual: f64,
}

impl Gauges {
    pub(crate) fn new(hook: Option<LoadHook>, is_on: bool) -> Self {
        Self {
            start: Instant::now(),
            is_on: AtomicBool::new(is_on),
            strain: AtomicU8::new(0),
            hold: AtomicU64::new(0),
            admitted: AtomicU32::new(0),
            due: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            late: AtomicU64::new(0),
            measured: Mutex::default(),
            hook,
            sheds: Sheds::default(),
        }
    }

    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Turns measuring on or off. Off, nothing is strained.
    pub(crate) fn turn(&self, on: bool) {
        if self.is_on.swap(on, Ordering::Relaxed) && !on {
            *lock(&self.measured) = Measured::default();
            self.publish(&Machine::default());
        }
    }

    /// Returns the strain as of the last look.
    pub(crate) fn strain(&self) -> Strain {
        let index = self.strain.load(Ordering::Relaxed);
        Strain::ALL
            .get(usize::from(index))
            .copied()
            .unwrap_or_default()
    }

    /// Returns whether a read is let in, to try the primary that would refuse it, by a random number of its own.
    pub(crate) fn admits(&self, lot: u64) -> bool {
        let admitted = self.admitted.load(Ordering::Relaxed);
        lot >> 32 < u64::from(admitted)
    }

    /// Returns how long it takes for the primary to be relieved, at least.
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_millis(self.hold.load(Ordering::Relaxed))
    }

    /// Records that a connection of the primary's pools was taken after this wait.
    pub(crate) fn took(&self, waited: Duration) {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.waited.fetch_add(micros, Ordering::Relaxed);
    }

    /// Records that the primary's pools gave no connection in time.
    pub(crate) fn timed_out(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that the primary took this long to answer its watcher.
    pub(crate) fn answered_in(&self, time: Duration, now: Instant) {
        let mut measured = lock(&self.measured);
        let is_usual = measured.machine.strain() == Strain::Normal;
        measured.answers.observe(time.as_secs_f64(), is_usual, now);
    }

    /// Records the share of the primary's connections that are in use.
    pub(crate) fn connections_in_use(&self, share: f64, now: Instant) {
        lock(&self.measured).connections = Some((share, now));
    }

    /// Returns whether it is time to look at the signals, for one caller.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        if !self.is_on() {
            return false;
        }
        let now = self.millis(now);
        let due = self.due.load(Ordering::Relaxed);
        if now < due {
            return false;
        }
        let next = now + u64::try_from(LOOK_AFTER.as_millis()).unwrap_or(0);
        let swapped = self
            .due
            .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed);
        swapped.is_ok()
    }

    /// Looks at the signals; `pending` is how long the primary owes its watcher an answer, if it does. Returns what changes.
    pub(crate) fn look(
        &self,
        breaker: &Breaker,
        pending: Option<Duration>,
        now: Instant,
    ) -> Option<Change> {
        let load = self.hook.as_ref().map(|hook| (hook.0)());
        let mut measured = lock(&self.measured);
        let counts = [&self.taken, &self.waited, &self.late];
        let [taken, waited, late] = counts.map(|count| count.swap(0, Ordering::Relaxed) as f64);
        measured.count(taken, waited / 1e6, late, now);
        let readings = measured.readings(load, pending, now);
        measured.readings = readings;
        let change = measured.machine.step(breaker, &readings, now);
        self.publish(&measured.machine);
        change
    }

    /// Returns the state, for people.
    pub(crate) fn status(&self) -> BreakerStatus {
        let readings = lock(&self.measured).readings;
        let signals = [
            Signal::Connections,
            Signal::PoolWait,
            Signal::Timeouts,
            Signal::Latency,
            Signal::OwnLoad,
        ];
        let signals = signals.into_iter();
        let strain = self.strain();
        BreakerStatus {
            strain,
            hold: match strain {
                Strain::Normal => Duration::ZERO,
                Strain::Strained | Strain::Open => self.hold(),
            },
            signals: signals
                .filter_map(|signal| Some((signal, readings.of(signal)?)))
                .collect(),
            admitted: f64::from(self.admitted.load(Ordering::Relaxed)) / f64::from(u32::MAX),
            shed: self.sheds.all(),
        }
    }

    /// Returns the checkouts since the last look, and the time that they waited.
    #[cfg(test)]
    pub(crate) fn counted(&self) -> (u64, Duration) {
        let waited = self.waited.load(Ordering::Relaxed);
        (
            self.taken.load(Ordering::Relaxed),
            Duration::from_micros(waited),
        )
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float's cast to an integer saturates, and this one is a share"
    )]
    fn publish(&self, machine: &Machine) {
        let millis = u64::try_from(machine.hold().as_millis()).unwrap_or(u64::MAX);
        let admitted = (machine.admitted() * f64::from(u32::MAX)) as u32;
        self.hold.store(millis, Ordering::Relaxed);
        self.admitted.store(admitted, Ordering::Relaxed);
        self.strain.store(machine.strain() as u8, Ordering::Relaxed);
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(age(self.start, now).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Measured {
    /// Adds what was counted since the last look.
    fn count(&mut self, taken: f64, waited: f64, late: f64, now: Instant) {
        let passed = self.looked.map_or(Duration::ZERO, |at| age(at, now));
        let kept = (-passed.as_secs_f64() / RECENT).exp();
        self.looked = Some(now);
        self.taken = self.taken * kept + taken;
        self.waited = self.waited * kept + waited;
        self.late = self.late * kept + late;
    }

    fn readings(&self, load: Option<f64>, pending: Option<Duration>, now: Instant) -> Readings {
        let all = self.taken + self.late;
        let connections = self.connections.filter(|(_, at)| age(*at, now) < STALE);
        Readings {
            connections: connections.map(|(share, _)| share),
            pool_wait: (self.taken >= LEAST).then(|| self.waited / self.taken),
            timeouts: (all >= LEAST).then(|| self.late / all),
            latency: self.answers.beside_usual(pending),
            load: load.filter(|load| load.is_finite()),
        }
    }
}

impl Answers {
    fn observe(&mut self, time: f64, is_usual: bool, now: Instant) {
        let passed = self.last.map_or(Duration::ZERO, |at| age(at, now));
        self.last = Some(now);
        self.count = self.count.saturating_add(1);
        let toward = |known: &mut f64, constant: f64| {
            let kept = (-passed.as_secs_f64() / constant).exp();
            *known = *known * kept + time * (1.0 - kept);
        };
        if self.count == 1 {
            (self.recent, self.usual) = (time, time);
            return;
        }
        toward(&mut self.recent, LAST);
        if self.count <= FIRST {
            // The mean of the first ones.
            self.usual += (time - self.usual) / f64::from(self.count);
        } else if is_usual {
            toward(&mut self.usual, USUAL);
        }
    }

    /// Returns the time of late as a multiple of the usual one, if that is known.
    fn beside_usual(&self, pending: Option<Duration>) -> Option<f64> {
        if self.count < FIRST {
            return None;
        }
        let pending = pending.map_or(0.0, |pending| pending.as_secs_f64());
        Some(self.recent.max(pending) / self.usual.max(QUICK))
    }
}

#[cfg(test)]
mod tests;
