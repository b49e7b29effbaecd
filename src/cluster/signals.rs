//! Wake-ups between callers and watchers, blocking and async alike.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener};

use super::PerSlot;

/// Requests to ask a node, and notice of the answers.
#[derive(Debug)]
pub(crate) struct Signals {
    nodes: PerSlot<Ask>,
    answered: Event,
    stopped: AtomicBool,
    start: Instant,
    /// The time of the last checkout, to the hundredth of a second: milliseconds since `start`, by the system's clock.
    used: AtomicU64,
}

#[derive(Debug, Default)]
struct Ask {
    /// The urgency: one of the constants below.
    wanted: AtomicU8,
    /// Set if the watcher's connection is to be opened anew.
    reopen: AtomicBool,
    /// The last time that a caller met another server than the watcher: microseconds since the signals' start, and one; 0 is
    /// never.
    strayed: AtomicU64,
    /// The time of a question that has no answer yet: microseconds since the signals' start, and one; 0 is none.
    pending: AtomicU64,
    event: Event,
}

/// The resolution of the time of the last checkout, in milliseconds.
const RESOLUTION: u64 = 10;

/// The time without a checkout after which a router counts as idle. Chosen.
const IDLE: Duration = Duration::from_secs(1);

const LATER: u8 = 0;
const SOON: u8 = 1;
const NOW: u8 = 2;

/// The urgency of asking a node, and the means to learn that it became more urgent.
#[derive(Debug)]
pub(crate) enum Urgency {
    Now(EventListener),
    Soon(EventListener),
    Later(EventListener),
}

impl Ask {
    fn want(&self, level: u8) {
        if self.wanted.fetch_max(level, Ordering::AcqRel) < level {
            self.event.notify(1);
        }
    }
}

impl Signals {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: PerSlot::new(nodes),
            answered: Event::new(),
            stopped: AtomicBool::new(false),
            start: Instant::now(),
            used: AtomicU64::new(0),
        }
    }

    /// Requests that `node` be asked as soon as its last answer is in.
    pub(crate) fn ask(&self, node: usize) {
        self.want(node, NOW);
    }

    /// Requests that `node` be asked, after a short time in which others may join.
    pub(crate) fn ask_soon(&self, node: usize) {
        self.want(node, SOON);
    }

    fn want(&self, node: usize, level: u8) {
        if let Some(ask) = self.nodes.get(node) {
            ask.want(level);
        }
    }

    /// Makes room for one more node, of which nothing is known.
    pub(crate) fn add(&self, node: usize) {
        self.nodes.add(node);
        if let Some(ask) = self.nodes.get(node) {
            ask.wanted.store(LATER, Ordering::Release);
            ask.reopen.store(false, Ordering::Release);
            ask.strayed.store(0, Ordering::Relaxed);
            ask.pending.store(0, Ordering::Relaxed);
        }
    }

    /// Wakes the watcher of `node`, whatever it waits for.
    pub(crate) fn wake(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.event.notify(usize::MAX);
        }
    }

    /// Requests that `node` be asked over a new connection: the present one leads to another server than callers'.
    pub(crate) fn reopen(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.reopen.store(true, Ordering::Release);
        }
        self.ask(node);
    }

    /// Returns whether the watcher's connection to `node` is to be opened anew, and forgets the request.
    pub(crate) fn take_reopen(&self, node: usize) -> bool {
        let ask = self.nodes.get(node);
        ask.is_some_and(|ask| ask.reopen.swap(false, Ordering::AcqRel))
    }

    /// Records a checkout at `now`, by the system's clock. If it is the first for a while, every node is asked.
    #[inline]
    pub(crate) fn used(&self, now: Instant) {
        let used = self.used.load(Ordering::Relaxed);
        let now = self.millis(now);
        // Not written for each of many checkouts: they run at once.
        if now >= used.saturating_add(RESOLUTION) {
            self.used_again(now, used);
        }
    }

    #[cold]
    fn used_again(&self, now: u64, used: u64) {
        self.used.store(now, Ordering::Relaxed);
        if Duration::from_millis(now.saturating_sub(used)) >= IDLE {
            self.ask_all();
        }
    }

    /// Returns the time since the last checkout; zero if it is too short to matter.
    pub(crate) fn idle(&self, now: Instant) -> Duration {
        let used = self.used.load(Ordering::Relaxed);
        let idle = Duration::from_millis(self.millis(now).saturating_sub(used));
        if idle < IDLE { Duration::ZERO } else { idle }
    }

    /// Returns the microseconds since the start, and one.
    fn micros(&self, now: Instant) -> u64 {
        let micros = now.saturating_duration_since(self.start).as_micros();
        u64::try_from(micros).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn since(&self, micros: u64, now: Instant) -> Option<Duration> {
        let then = self.start + Duration::from_micros(micros.checked_sub(1)?);
        Some(now.saturating_duration_since(then))
    }

    fn millis(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// Requests that every node be asked.
    pub(crate) fn ask_all(&self) {
        for ask in self.nodes.iter() {
            ask.want(NOW);
        }
    }

    /// Announces that a node has answered, or failed to.
    pub(crate) fn answered(&self) {
        self.answered.notify(usize::MAX);
    }

    /// Resolves with the next answer of any node.
    pub(crate) fn answer(&self) -> EventListener {
        self.answered.listen()
    }

    /// Returns the urgency of asking `node`.
    pub(crate) fn urgency(&self, node: usize) -> Urgency {
        let Some(ask) = self.nodes.get(node) else {
            return Urgency::Later(Event::new().listen());
        };
        // Listen before looking, so that a request in between counts.
        let listener = ask.event.listen();
        match ask.wanted.load(Ordering::Acquire) {
            LATER => Urgency::Later(listener),
            SOON => Urgency::Soon(listener),
            _ => Urgency::Now(listener),
        }
    }

    /// Resets the urgency before a node is asked: a request that comes while it is being asked is for the
    /// answer after that.
    pub(crate) fn asking(&self, node: usize, now: Instant) {
        if let Some(ask) = self.nodes.get(node) {
            ask.wanted.store(LATER, Ordering::Release);
            ask.pending.store(self.micros(now), Ordering::Relaxed);
        }
    }

    /// Records that a node has answered, or was given up.
    pub(crate) fn heard(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.pending.store(0, Ordering::Relaxed);
        }
    }

    /// Returns for how long a node has not answered its watcher; `None` if no question is under way.
    #[inline]
    pub(crate) fn pending(&self, node: usize, now: Instant) -> Option<Duration> {
        let pending = self.nodes.get(node)?.pending.load(Ordering::Relaxed);
        self.since(pending, now)
    }

    /// Records that a caller met another server at `node` than its watcher; `is_newer` says that the caller's connection
    /// was opened later. Then the watcher's is opened anew before it is asked next: the name may have moved.
    pub(crate) fn met_another(&self, node: usize, is_newer: bool, now: Instant) {
        if let Some(ask) = self.nodes.get(node) {
            ask.strayed.store(self.micros(now), Ordering::Relaxed);
            ask.reopen.fetch_or(is_newer, Ordering::AcqRel);
        }
    }

    /// Returns how long ago a caller met another server at `node` than its watcher.
    pub(crate) fn strayed(&self, node: usize, now: Instant) -> Option<Duration> {
        let strayed = self.nodes.get(node)?.strayed.load(Ordering::Relaxed);
        self.since(strayed, now)
    }

    /// Stops the watchers.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        for ask in self.nodes.iter() {
            ask.event.notify(usize::MAX);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(signals: &Signals) -> &'static str {
        match signals.urgency(0) {
            Urgency::Now(_) => "now",
            Urgency::Soon(_) => "soon",
            Urgency::Later(_) => "later",
        }
    }

    #[test]
    fn the_most_urgent_wish_counts_until_the_node_is_asked() {
        let signals = Signals::new(1);
        assert_eq!(level(&signals), "later");
        signals.ask_soon(0);
        assert_eq!(level(&signals), "soon");
        signals.ask(0);
        signals.ask_soon(0);
        assert_eq!(level(&signals), "now");
        signals.asking(0, Instant::now());
        assert_eq!(level(&signals), "later");
        // A request while the node is being asked is for the next question.
        signals.ask_soon(0);
        assert_eq!(level(&signals), "soon");
    }

    #[test]
    fn the_first_checkout_after_a_while_asks_every_node() {
        let signals = Signals::new(1);
        let start = Instant::now();
        signals.used(start);
        assert_eq!(level(&signals), "later");
        assert_eq!(signals.idle(start), Duration::ZERO);
        let later = start + Duration::from_secs(20);
        assert!(signals.idle(later) > Duration::from_secs(19));
        signals.used(later);
        assert_eq!(level(&signals), "now");
        assert_eq!(signals.idle(later), Duration::ZERO);
    }
}
