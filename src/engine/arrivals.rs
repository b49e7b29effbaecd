//! `Arrivals`: the nodes' first answers, while a router starts.

use std::sync::Mutex;

use event_listener::{Event, EventListener};

use super::Known;
use crate::error::Error;
use crate::mutex::lock;

/// The facts of a node that answered, or the reason why it did not.
pub(crate) type Arrival = Result<Known, Error>;

/// The nodes' first answers, while a router starts.
#[derive(Debug)]
pub(crate) struct Arrivals {
    /// By node; `None` before it has answered, or failed to.
    nodes: Mutex<Vec<Option<Arrival>>>,
    event: Event,
}

impl Arrivals {
    /// Expects so many nodes.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: Mutex::new((0..nodes).map(|_| None).collect()),
            event: Event::new(),
        }
    }

    /// Records the first answer of a node.
    pub(crate) fn record(&self, node: usize, arrival: Arrival) {
        if let Some(first) = lock(&self.nodes).get_mut(node) {
            first.get_or_insert(arrival);
        }
        self.event.notify(usize::MAX);
    }

    /// Returns what resolves with the next answer, unless all are there.
    pub(crate) fn pending(&self) -> Option<EventListener> {
        // Listen before looking: an answer in between counts.
        let next = self.event.listen();
        let is_pending = lock(&self.nodes).iter().any(Option::is_none);
        is_pending.then_some(next)
    }

    /// Takes the answers so far, by node.
    pub(crate) fn take(&self) -> Vec<Option<Arrival>> {
        std::mem::take(&mut lock(&self.nodes))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use event_listener::Listener;

    use super::*;
    use crate::error::Step;

    #[test]
    fn the_first_answer_of_each_node_counts() {
        let arrivals = Arrivals::new(2);
        let failed =
            |node: &str| Error::checkout(node.into(), Step::Connect, Instant::now(), "refused");
        let pending = arrivals.pending().expect("nobody has answered");
        arrivals.record(1, Err(failed("first")));
        assert!(pending.wait_timeout(Duration::from_secs(10)).is_some());
        arrivals.record(1, Err(failed("second")));
        assert!(arrivals.pending().is_some(), "node 0 has not answered");
        arrivals.record(0, Ok(Known::unknown(Instant::now())));
        assert!(arrivals.pending().is_none());
        let taken = arrivals.take();
        assert!(matches!(&taken[0], Some(Ok(_))));
        assert!(
            matches!(&taken[1], Some(Err(Error::Checkout { node, .. })) if node == "first"),
            "{taken:?}"
        );
        // Too late.
        arrivals.record(0, Err(failed("late")));
    }
}
