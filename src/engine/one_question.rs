//! `OneQuestion`: of many callers who need an answer, one asks.

use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::{Event, EventListener};

/// A question that one caller asks, and for whose end others wait: its answer is for all who came before it was asked, and the next
/// one's for those who came meanwhile.
#[derive(Debug, Default)]
pub(crate) struct OneQuestion {
    is_asked: AtomicBool,
    ended: Event,
}

/// The next step of a caller.
#[derive(Debug)]
pub(crate) enum AskOrWait<'a> {
    /// Ask, and drop this afterwards.
    Ask(Asking<'a>),
    /// Wait for the end of another's question, and look again.
    Wait(EventListener),
}

/// The right to ask, until it is dropped.
#[derive(Debug)]
pub(crate) struct Asking<'a>(&'a OneQuestion);

impl OneQuestion {
    pub(crate) fn turn(&self) -> AskOrWait<'_> {
        // Listen before looking: an end in between counts.
        let ended = self.ended.listen();
        if self.is_asked.swap(true, Ordering::AcqRel) {
            AskOrWait::Wait(ended)
        } else {
            AskOrWait::Ask(Asking(self))
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.is_asked.store(false, Ordering::Release);
        self.0.ended.notify(usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use event_listener::Listener;

    use super::*;

    #[test]
    fn one_asks_and_the_others_are_woken_at_its_end() {
        let question = OneQuestion::default();
        let AskOrWait::Ask(asking) = question.turn() else {
            panic!("nobody asks");
        };
        let waiting: Vec<_> = (0..3).map(|_| question.turn()).collect();
        drop(asking);
        for turn in waiting {
            let AskOrWait::Wait(ended) = turn else {
                panic!("another asks");
            };
            assert!(ended.wait_timeout(Duration::from_secs(10)).is_some());
        }
        assert!(matches!(question.turn(), AskOrWait::Ask(_)));
    }
}
