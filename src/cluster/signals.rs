//! Wake-ups between callers and watchers, blocking and async alike.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use event_listener::{Event, EventListener};

/// Who wants a node to be asked, and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Signals {
    nodes: Vec<Ask>,
    answered: Event,
    stopped: AtomicBool,
    start: Instant,
    /// When somebody was last refused a replica for freshness: nanoseconds since `start`; 0 is never.
    refused: AtomicU64,
}

#[derive(Debug, Default)]
struct Ask {
    /// One of the levels below.
    wanted: AtomicU8,
    event: Event,
}

const LATER: u8 = 0;
const SOON: u8 = 1;
const NOW: u8 = 2;

/// How soon a node is to be asked, and how to learn that it became more urgent.
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

    /// Wants `node` to be asked as soon as its last answer is in.
    pub(crate) fn ask(&self, node: usize) {
        self.want(node, NOW);
    }

    /// Wants `node` to be asked, and lets others join in first.
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

    /// Somebody was refused a replica for freshness: wants every node to be asked, and again until it
    /// has caught up.
    pub(crate) fn refused(&self, now: Instant) {
        let nanos = now.saturating_duration_since(self.start).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX).max(1);
        self.refused.fetch_max(nanos, Ordering::AcqRel);
        self.ask_all();
    }

    /// When somebody was last refused a replica for freshness.
    pub(crate) fn refused_at(&self) -> Option<Instant> {
        match self.refused.load(Ordering::Acquire) {
            0 => None,
            nanos => self.start.checked_add(Duration::from_nanos(nanos)),
        }
    }

    /// Wants every node to be asked.
    pub(crate) fn ask_all(&self) {
        for node in 0..self.nodes.len() {
            self.ask(node);
        }
    }

    /// A node has answered, or failed to.
    pub(crate) fn answered(&self) {
        self.answered.notify(usize::MAX);
    }

    /// Resolves with the next answer of any node.
    pub(crate) fn answer(&self) -> EventListener {
        self.answered.listen()
    }

    /// How soon `node` is to be asked.
    pub(crate) fn urgency(&self, node: usize) -> Urgency {
        let Some(ask) = self.nodes.get(node) else {
            return Urgency::Now;
        };
        // Listen before looking: a wish in between counts.
        let listener = ask.event.listen();
        match ask.wanted.load(Ordering::Acquire) {
            _ if self.is_stopped() => Urgency::Now,
            LATER => Urgency::Later(listener),
            SOON => Urgency::Soon(listener),
            _ => Urgency::Now,
        }
    }

    /// A wish that comes while a node is being asked is for an answer that is not asked for yet: call
    /// this before asking.
    pub(crate) fn asking(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.wanted.store(LATER, Ordering::Release);
        }
    }

    /// Tells the watchers to end.
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
        // While it is being asked: for the next question.
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
