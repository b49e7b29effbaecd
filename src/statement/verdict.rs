//! What the statement check found, remembered.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a statement does, as far as the statement check cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Reads,
    Locks,
    Writes(Reach),
}

/// How far a write goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It is done or not done, and a rollback undoes it.
    Atomic,
    /// It may commit by itself, or be done in part.
    Unbounded,
}

/// Verdicts by a hash of the statement.
///
/// It forgets: a hash that finds its set full takes another's place, whose statement is inspected
/// again when it next runs. Two statements with the same upper 61 bits of their hashes would be taken
/// for one; the hashes must be good ones.
#[derive(Debug)]
pub(crate) struct Verdicts {
    sets: Box<[Set]>,
}

// One line of a processor's cache, as a rule: it is read on every query, by every thread.
#[derive(Debug)]
#[repr(align(64))]
struct Set([AtomicU64; WAYS]);

const WAYS: usize = 8;

/// Sets, a power of two. All of them hold the verdicts of 4096 statements, in 32 KiB.
const SETS: u64 = 512;

/// The bits of a slot that hold the verdict; 0 is an empty slot.
const VERDICT: u64 = 0b111;

impl Default for Verdicts {
    fn default() -> Self {
        let empty = || Set(array::from_fn(|_| AtomicU64::new(0)));
        Self {
            sets: (0..SETS).map(|_| empty()).collect(),
        }
    }
}

impl Verdicts {
    /// The verdict on the statement with this hash, if it is remembered.
    #[inline]
    pub(crate) fn get(&self, hash: u64) -> Option<Verdict> {
        // A slot is one word and stands for itself: no order with other memory is needed.
        let mut slots = self
            .set(hash)?
            .0
            .iter()
            .map(|slot| slot.load(Ordering::Relaxed));
        let slot = slots.find(|slot| (slot ^ hash) & !VERDICT == 0 && slot & VERDICT != 0)?;
        match slot & VERDICT {
            1 => Some(Verdict::Reads),
            2 => Some(Verdict::Locks),
            3 => Some(Verdict::Writes(Reach::Atomic)),
            _ => Some(Verdict::Writes(Reach::Unbounded)),
        }
    }

    /// Remembers the verdict on the statement with this hash.
    pub(crate) fn insert(&self, hash: u64, verdict: Verdict) {
        let word = (hash & !VERDICT)
            | match verdict {
                Verdict::Reads => 1,
                Verdict::Locks => 2,
                Verdict::Writes(Reach::Atomic) => 3,
                Verdict::Writes(Reach::Unbounded) => 4,
            };
        let Some(Set(slots)) = self.set(hash) else {
            return;
        };
        let known = slots.iter().any(|slot| {
            match slot.compare_exchange(0, word, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => true,
                Err(found) => found == word,
            }
        });
        if !known && let Some(slot) = slots.get(usize::from(hash.to_be_bytes()[0]) % WAYS) {
            slot.store(word, Ordering::Relaxed);
        }
    }

    #[inline]
    fn set(&self, hash: u64) -> Option<&Set> {
        // The lowest bits are not part of what is compared.
        let index = (hash >> VERDICT.count_ones()) % SETS;
        self.sets.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITES: Verdict = Verdict::Writes(Reach::Atomic);
    const UNBOUNDED: Verdict = Verdict::Writes(Reach::Unbounded);

    /// The `n`th hash that belongs in the first set.
    fn in_first_set(n: u64) -> u64 {
        n * SETS * (VERDICT + 1)
    }

    #[test]
    fn nothing_is_known_at_first() {
        let verdicts = Verdicts::default();
        assert!((0..10_000).all(|hash| verdicts.get(hash).is_none()));
    }

    #[test]
    fn each_verdict_is_remembered_for_its_hash() {
        let verdicts = Verdicts::default();
        let all = [Verdict::Reads, Verdict::Locks, WRITES, UNBOUNDED];
        for (hash, verdict) in [0, 8, 16, u64::MAX].into_iter().zip(all) {
            verdicts.insert(hash, verdict);
        }
        assert_eq!(verdicts.get(0), Some(Verdict::Reads));
        assert_eq!(verdicts.get(8), Some(Verdict::Locks));
        assert_eq!(verdicts.get(16), Some(WRITES));
        assert_eq!(verdicts.get(u64::MAX), Some(UNBOUNDED));
        assert_eq!(verdicts.get(24), None);
    }

    #[test]
    fn a_full_set_forgets_one_verdict_for_a_new_one() {
        let verdicts = Verdicts::default();
        let count = WAYS as u64 + 1;
        for n in 0..count {
            verdicts.insert(in_first_set(n), Verdict::Reads);
        }
        assert_eq!(verdicts.get(in_first_set(count - 1)), Some(Verdict::Reads));
        let kept = (0..count).filter(|&n| verdicts.get(in_first_set(n)).is_some());
        assert_eq!(kept.count(), WAYS);
    }

    #[test]
    fn a_verdict_that_is_known_takes_no_second_slot() {
        let verdicts = Verdicts::default();
        for _ in 0..WAYS {
            verdicts.insert(in_first_set(1), Verdict::Reads);
        }
        verdicts.insert(in_first_set(2), WRITES);
        assert_eq!(verdicts.get(in_first_set(1)), Some(Verdict::Reads));
        assert_eq!(verdicts.get(in_first_set(2)), Some(WRITES));
    }
}
