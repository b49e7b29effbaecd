//! `Slot`: the one connection of a test, which is lent to one handle at a time.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_listener::{Event, EventListener};

use super::Place;
use super::ended::OfATest;
use crate::engine::Pooled;
use crate::error::TestFailure;
use crate::mutex::lock;

/// The one connection of a test.
pub(crate) struct Slot<C> {
    state: Mutex<State<C>>,
    /// Notified as it is given back.
    turns: Event,
    /// The longest time that a handle is waited for.
    pub(crate) patience: Duration,
    /// The thread that it was made on: of a test, libtest gives it the test's name.
    test: Option<String>,
}

enum State<C> {
    /// It is not open yet.
    New,
    /// Nobody has it; this one had it last.
    Idle(Box<Pooled<C>>, Option<Place>),
    /// A handle has it.
    Out(Place),
    /// It is lost.
    Lost(TestFailure),
    /// The test is over.
    Over,
}

/// The outcome of asking for the connection.
pub(crate) enum Taken<C> {
    /// It is the caller's, or to be opened.
    Mine(Claim<C>),
    /// Somebody has it: this is notified when that changes.
    Busy(EventListener),
}

impl<C> Slot<C> {
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            state: Mutex::new(State::New),
            turns: Event::new(),
            patience,
            test: std::thread::current().name().map(str::to_owned),
        }
    }

    /// Takes the connection for a handle that is asked for `here`, if nobody has it.
    pub(crate) fn take(
        self: &Arc<Self>,
        here: &mut Option<Place>,
    ) -> Result<Taken<C>, TestFailure> {
        // Listen before looking: a return in between counts.
        let next = self.turns.listen();
        let mut state = lock(&self.state);
        let (conn, last) = match &mut *state {
            State::Out(_) => return Ok(Taken::Busy(next)),
            State::Lost(failure) => return Err(failure.clone()),
            State::Over => return Err(self.over()),
            State::New => (None, None),
            idle @ State::Idle(..) => match mem::replace(idle, State::New) {
                State::Idle(conn, last) => (Some(conn), last),
                _ => (None, None),
            },
        };
        *state = State::Out(here.take().unwrap_or_else(Place::here));
        Ok(Taken::Mine(Claim {
            slot: Arc::clone(self),
            conn,
            last,
            is_fragile: false,
            is_settled: false,
        }))
    }

    /// Returns the failure of one who asked for it in `asker`, and has waited for so long.
    pub(crate) fn busy(&self, asker: &Place, waited: Duration) -> TestFailure {
        let holder = match &*lock(&self.state) {
            State::Out(holder) => holder.to_string(),
            _ => "a place that has given it back since".to_owned(),
        };
        TestFailure::Busy {
            holder,
            asker: asker.to_string(),
            waited,
        }
    }

    /// Returns the numbers of connections that are open, and idle.
    pub(crate) fn count(&self) -> (u32, u32) {
        match &*lock(&self.state) {
            State::New | State::Lost(_) | State::Over => (0, 0),
            State::Idle(..) => (1, 1),
            State::Out(_) => (1, 0),
        }
    }

    /// Takes the connection back from a handle; `was_given_up` says that an answer is outstanding on it.
    pub(crate) fn give_back(&self, conn: Box<Pooled<C>>, was_given_up: bool) {
        let mut state = lock(&self.state);
        // Dropping it asks the operating system: not under the lock.
        let mut dropped = None;
        *state = match mem::replace(&mut *state, State::New) {
            State::Out(holder) if was_given_up => {
                dropped = Some(conn);
                State::Lost(TestFailure::GivenUp {
                    holder: holder.to_string(),
                })
            }
            State::Out(holder) => State::Idle(conn, Some(holder)),
            other => {
                dropped = Some(conn);
                other
            }
        };
        drop(state);
        drop(dropped);
        self.turns.notify(usize::MAX);
    }

    /// Records that nobody will have it any more, and rolls back what was done, by closing it.
    pub(crate) fn end(&self) {
        let last = mem::replace(&mut *lock(&self.state), State::Over);
        drop(last);
        self.turns.notify(usize::MAX);
    }

    fn over(&self) -> TestFailure {
        TestFailure::Over {
            test: self.test.clone(),
        }
    }

    fn set(&self, next: State<C>) {
        let mut state = lock(&self.state);
        // Once it is over, it stays so.
        let last = match &*state {
            State::Over => next,
            _ => mem::replace(&mut *state, next),
        };
        drop(state);
        drop(last);
        self.turns.notify(usize::MAX);
    }
}

impl<C: Send + 'static> OfATest for Slot<C> {
    fn end(&self) {
        Self::end(self);
    }
}

impl<C> fmt::Debug for Slot<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("test", &self.test)
            .finish_non_exhaustive()
    }
}

/// The connection, before it is lent. Dropped before that, it is there for the next caller.
pub(crate) struct Claim<C> {
    slot: Arc<Slot<C>>,
    /// `None` until it is open.
    pub(crate) conn: Option<Box<Pooled<C>>>,
    /// The place that had it last.
    last: Option<Place>,
    /// Set while it is lost if its work is given up.
    pub(crate) is_fragile: bool,
    /// Set once it was lent, or has failed.
    is_settled: bool,
}

impl<C> Claim<C> {
    /// Lends it.
    pub(crate) fn lend(mut self) -> Option<Box<Pooled<C>>> {
        self.is_settled = true;
        self.conn.take()
    }

    /// Returns the place that had it last, in words.
    pub(crate) fn last(&self) -> String {
        match &self.last {
            Some(last) => last.to_string(),
            None => "no place yet".to_owned(),
        }
    }

    /// Records that it is lost.
    pub(crate) fn lose(mut self, failure: TestFailure) {
        self.is_settled = true;
        self.slot.set(State::Lost(failure));
    }
}

impl<C> Drop for Claim<C> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let last = self.last.take();
        self.slot.set(match self.conn.take() {
            // It could not be opened: the next caller tries again.
            None => State::New,
            Some(_) if self.is_fragile => State::Lost(TestFailure::GivenUp {
                holder: last.map_or_else(String::new, |last| last.to_string()),
            }),
            Some(conn) => State::Idle(conn, last),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(slot: &Arc<Slot<()>>) -> Claim<()> {
        match slot.take(&mut None) {
            Ok(Taken::Mine(claim)) => claim,
            Ok(Taken::Busy(_)) => panic!("somebody has it"),
            Err(failure) => panic!("{failure}"),
        }
    }

    #[test]
    fn one_that_could_not_be_opened_is_the_next_caller_s_to_open() {
        let slot = Arc::new(Slot::new(Duration::ZERO));
        assert_eq!(slot.count(), (0, 0));
        let first = claim(&slot);
        assert!(matches!(slot.take(&mut None), Ok(Taken::Busy(_))));
        assert_eq!(slot.count(), (1, 0), "it is being opened");
        drop(first);
        assert_eq!(slot.count(), (0, 0));
        assert!(claim(&slot).conn.is_none());
    }

    #[test]
    fn once_the_test_is_over_no_claim_brings_it_back() {
        for is_lost in [false, true] {
            let slot = Arc::new(Slot::new(Duration::ZERO));
            let last = claim(&slot);
            slot.end();
            if is_lost {
                last.lose(TestFailure::Lost { why: String::new() });
            } else {
                drop(last);
            }
            let asked = slot.take(&mut None);
            assert!(matches!(asked, Err(TestFailure::Over { .. })));
        }
    }
}
