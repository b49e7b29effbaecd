//! `Spell`: a time during which reads go to the primary for want of a replica.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::mutex::lock;

/// The time without such a read after which it is over. Chosen: pools that are busy now and then make one spell, not many.
const QUIET: Duration = Duration::from_secs(10);

/// A time during which reads go to the primary for want of a replica: from the first one on, until replicas serve reads and no
/// other has been for a while.
#[derive(Debug, Default)]
pub(crate) struct Spell {
    /// Set while there is one.
    is_on: AtomicBool,
    state: Mutex<Option<State>>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    begun: Instant,
    last: Instant,
    reads: u64,
    /// Set once a replica has served a read since the last one.
    has_replica: bool,
}

/// A spell that is over: from its first read to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    pub(crate) lasted: Duration,
    pub(crate) reads: u64,
}

impl Spell {
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Counts a read that went to the primary. Returns whether a spell begins with it.
    pub(crate) fn fell_back(&self, now: Instant) -> bool {
        let mut state = lock(&self.state);
        let begins = state.is_none();
        let spell = state.get_or_insert(State {
            begun: now,
            last: now,
            reads: 0,
            has_replica: false,
        });
        spell.last = spell.last.max(now);
        spell.reads += 1;
        spell.has_replica = false;
        self.is_on.store(true, Ordering::Relaxed);
        begins
    }

    /// Records that a replica serves a read.
    pub(crate) fn served(&self) {
        if let Some(spell) = lock(&self.state).as_mut() {
            spell.has_replica = true;
        }
    }

    /// Returns the spell if it is over by now; once.
    pub(crate) fn over(&self, now: Instant) -> Option<Over> {
        let mut state = lock(&self.state);
        let over = state.take_if(|spell| {
            spell.has_replica && now.saturating_duration_since(spell.last) >= QUIET
        })?;
        self.is_on.store(false, Ordering::Relaxed);
        Some(Over {
            lasted: over.last.saturating_duration_since(over.begun),
            reads: over.reads,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_begins_once_and_is_over_once_replicas_have_served_alone_for_a_while() {
        let spell = Spell::default();
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        assert!(!spell.is_on());
        assert!(spell.fell_back(at(0)));
        assert!(!spell.fell_back(at(3)));
        assert!(spell.is_on());
        // However long nobody reads: nothing shows that a replica serves.
        assert_eq!(spell.over(at(100)), None);
        spell.served();
        assert!(!spell.fell_back(at(101)));
        spell.served();
        assert_eq!(spell.over(at(110)), None);
        let over = Over {
            lasted: Duration::from_secs(101),
            reads: 3,
        };
        assert_eq!(spell.over(at(111)), Some(over));
        assert!(!spell.is_on());
        assert_eq!(spell.over(at(200)), None);
        assert!(spell.fell_back(at(201)));
    }
}
