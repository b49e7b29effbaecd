//! Wake-ups between callers and watchers, blocking and async alike.

use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::{Event, EventListener};

/// Who wants a node to be asked, and who waits for the answer.
#[derive(Debug)]
pub(crate) struct Signals {
    nodes: Vec<Ask>,
    told: Event,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Ask {
    wanted: AtomicBool,
    event: Event,
}

impl Signals {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: (0..nodes).map(|_| Ask::default()).collect(),
            told: Event::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// Wants `node` to be asked as soon as its last answer is in.
    pub(crate) fn ask(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node)
            && !ask.wanted.swap(true, Ordering::AcqRel)
        {
            ask.event.notify(1);
        }
    }

    /// Wants every node to be asked.
    pub(crate) fn ask_all(&self) {
        for node in 0..self.nodes.len() {
            self.ask(node);
        }
    }

    /// A node has answered, or failed to.
    pub(crate) fn tell(&self) {
        self.told.notify(usize::MAX);
    }

    /// Resolves with the next answer of any node.
    pub(crate) fn answer(&self) -> EventListener {
        self.told.listen()
    }

    /// Takes a wish to ask `node`, or says how to wait for one.
    pub(crate) fn wanted(&self, node: usize) -> Option<EventListener> {
        let ask = self.nodes.get(node)?;
        let listener = ask.event.listen();
        if self.is_stopped() || ask.wanted.swap(false, Ordering::AcqRel) {
            return None;
        }
        Some(listener)
    }

    /// A wish that comes while a node is being asked is for an answer that is not asked for yet: call
    /// this before asking.
    pub(crate) fn asking(&self, node: usize) {
        if let Some(ask) = self.nodes.get(node) {
            ask.wanted.store(false, Ordering::Release);
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
