//! `PerSlot`: a value for each slot of a router's nodes.

use std::sync::OnceLock;

/// A value for each slot. Slots are added while others are read, without a lock: none ever moves.
#[derive(Debug)]
pub(crate) struct PerSlot<T> {
    /// The slots that a router starts with.
    first: Box<[T]>,
    /// Those that were added: each chunk has twice as many as the one before.
    later: [OnceLock<Box<[T]>>; CHUNKS],
}

/// The number of slots in the first chunk of those that were added. Chosen.
const FEW: usize = 8;

/// The number of chunks: for more slots than a router has room for.
const CHUNKS: usize = 24;

impl<T: Default> PerSlot<T> {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            first: chunk(slots),
            later: [const { OnceLock::new() }; CHUNKS],
        }
    }

    /// Returns the value of a slot; `None` before it was added.
    #[inline]
    pub(crate) fn get(&self, slot: usize) -> Option<&T> {
        match self.first.get(slot) {
            None => self.get_later(slot),
            value => value,
        }
    }

    fn get_later(&self, slot: usize) -> Option<&T> {
        let (chunk, index) = self.place(slot)?;
        self.later.get(chunk)?.get()?.get(index)
    }

    /// Returns the chunk of an added slot, and the index in it.
    fn place(&self, slot: usize) -> Option<(usize, usize)> {
        let added = slot.checked_sub(self.first.len())?;
        let chunk = (added / FEW + 1).ilog2() as usize;
        Some((chunk, added - FEW * ((1 << chunk) - 1)))
    }

    /// Adds what is missing of the slots up to this one.
    pub(crate) fn add(&self, slot: usize) {
        let Some((last, _)) = self.place(slot) else {
            return;
        };
        for (index, later) in self.later.iter().enumerate().take(last + 1) {
            later.get_or_init(|| chunk(FEW << index));
        }
    }

    /// Returns the values of all slots, and of some that may be added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let later = self.later.iter().map_while(OnceLock::get);
        self.first.iter().chain(later.flatten())
    }
}

fn chunk<T: Default>(slots: usize) -> Box<[T]> {
    (0..slots).map(|_| T::default()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn each_slot_has_a_value_of_its_own_that_stays_when_others_are_added() {
        for first in [0, 1, 3] {
            let values = PerSlot::<AtomicUsize>::new(first);
            assert!(values.get(first).is_none());
            for slot in 0..1000 {
                values.add(slot);
                let value = values.get(slot).expect("a value");
                assert_eq!(value.swap(slot + 1, Ordering::Relaxed), 0);
            }
            for slot in 0..1000 {
                let value = values.get(slot).map(|value| value.load(Ordering::Relaxed));
                assert_eq!(value, Some(slot + 1));
            }
            assert!(values.iter().count() >= 1000);
        }
    }

    #[test]
    fn a_slot_far_ahead_is_there_with_all_before_it() {
        let values = PerSlot::<AtomicUsize>::new(3);
        values.add(100);
        assert!((0..=100).all(|slot| values.get(slot).is_some()));
    }
}
