//! Wake-ups between callers and watchers, blocking and async alike.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener};

/// Requests to ask a node, and notice of the answers.
#[derive(Debug)]
pub(crate) struct Signals {
    nodes: Vec<Ask>,
    answered: Event,
    stopped: AtomicBool,
    start: Instant,
    /// The time of the last refusal of a replica for freshness: nanoseconds since `start`; 0 is never.
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Ask {
    /// The urgency: one of the constants below.
    wanted: AtomicU8,
    /// Set if the watcher's connection is to be opened anew.
    reopen: AtomicBool,
    event: Event,
}

const LATER: u8 = 0;
const SOON: u8 = 1;
const NOW: u8 = 2;

/// The urgency of asking a node, and the means to learn that it became more urgent.
#[derive(Debug)]
pub(crate) enum Urgency {
    Now,
    Soon(EventListener),
    Later(EventListener),
}

impl Signals {
    pub(crate) fn new(nodes: usize, now: Instant) -> Self {
        Self {
            nodes: (0..nodes).map(|_| Ask::default()).collect(),
            answered: Event::new(),
            stopped: AtomicBool::new(false),
            start: now,
            refused: AtomicU64::new(0),
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
        if let Some(ask) = self.nodes.get(node)
            && ask.wanted.fetch_max(level, Ordering::AcqRel) < level
        {
            ask.event.notify(1);
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

    /// Records that a caller was refused a replica for freshness, and requests that every node be asked, again and
    /// again until it has caught up.
    pub(crate) fn refused(&self, now: Instant) {
        let nanos = now.saturating_duration_since(self.start).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX).max(1);
        self.refused.fetch_max(nanos, Ordering::AcqRel);
        self.ask_all();
    }

    /// Returns the time of the last refusal of a replica for freshness.
    pub(crate) fn refused_at(&self) -> Option<Instant> {
        match self.refused.load(Ordering::Acquire) {
            0 => None,
            nanos => self.start.checked_add(Duration::from_nanos(nanos)),
        }
    }

    /// Requests that every node be asked.
    pub(crate) fn ask_all(&self) {
        for node in 0..self.nodes.len() {
            self.ask(node);
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
            return Urgency::Now;
        };
        // Listen before looking, so that a request in between counts.
        let listener = ask.event.listen();
        match ask.wanted.load(Ordering::Acquire) {
            _ if self.is_stopped() => Urgency::Now,
            LATER => Urgency::Later(listener),
            SOON => Urgency::Soon(listener),
            _ => Urgency::Now,
        }
    }

    /// Resets the urgency before a node is asked: a request that comes while it is being asked is for the
    /// answer after that.
    pub(crate) fn asking(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.wanted.store(LATER, Ordering::Release);
        }
    }

    /// Stops the watchers.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        for ask in &self.nodes {
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
            Urgency::Now => "now",
            Urgency::Soon(_) => "soon",
            Urgency::Later(_) => "later",
        }
    }

    #[test]
    fn the_most_urgent_wish_counts_until_the_node_is_asked() {
        let signals = Signals::new(1, Instant::now());
        assert_eq!(level(&signals), "later");
        signals.ask_soon(0);
        assert_eq!(level(&signals), "soon");
        signals.ask(0);
        signals.ask_soon(0);
        assert_eq!(level(&signals), "now");
        signals.asking(0);
        assert_eq!(level(&signals), "later");
        // A request while the node is being asked is for the next question.
        signals.ask_soon(0);
        assert_eq!(level(&signals), "soon");
    }

    #[test]
    fn a_refusal_is_remembered_and_a_later_one_counts() {
        let start = Instant::now();
        let signals = Signals::new(1, start);
        assert_eq!(signals.refused_at(), None);
        let second = Duration::from_secs(1);
        signals.refused(start + 2 * second);
        signals.refused(start + second);
        assert_eq!(signals.refused_at(), Some(start + 2 * second));
        assert_eq!(level(&signals), "now");
    }
}
