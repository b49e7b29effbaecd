//! A cache of the statement check's verdicts.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel_routing_sql::SessionEffect;

/// The statement check's verdict on a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: Kind,
    /// The traces that it leaves behind in the database session.
    pub(crate) leaves: SessionEffect,
}

/// The effect of a statement, as far as the statement check is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Reads(Calls),
    Locks(Calls),
    Writes(Reach),
}

/// The functions that a statement calls, as far as it changes nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// All of them are known to change nothing.
    Pure,
    /// One of them is not known.
    Unknown,
}

impl Verdict {
    /// Returns what a session has to expect of the statement where the server takes writes, if that may be a change.
    ///
    /// A function that is not known may do what a statement does. It cannot commit, on any of the servers, so what
    /// it did ends with the transaction around it.
    #[inline]
    pub(crate) fn reach(self) -> Option<Reach> {
        match self.kind {
            Kind::Reads(Calls::Pure) | Kind::Locks(Calls::Pure) => None,
            Kind::Reads(Calls::Unknown) | Kind::Locks(Calls::Unknown) => Some(Reach::Atomic),
            Kind::Writes(reach) => Some(reach),
        }
    }

    /// Returns what it may have done to the database session.
    #[inline]
    pub(crate) fn trace(self) -> Trace {
        Trace {
            leaves: self.leaves,
            calls_unknown: matches!(
                self.kind,
                Kind::Reads(Calls::Unknown) | Kind::Locks(Calls::Unknown)
            ),
        }
    }

    fn code(self) -> u64 {
        let kind = match self.kind {
            Kind::Reads(Calls::Pure) => 1,
            Kind::Locks(Calls::Pure) => 2,
            Kind::Writes(Reach::Atomic) => 3,
            Kind::Writes(Reach::Unbounded) => 4,
            Kind::Reads(Calls::Unknown) => 5,
            Kind::Locks(Calls::Unknown) => 6,
        };
        let leaves = match self.leaves {
            SessionEffect::Nothing => 0,
            SessionEffect::Resettable => 1,
            _ => 2,
        };
        kind | (leaves << KIND.count_ones())
    }

    fn of_code(code: u64) -> Self {
        let kind = match code & KIND {
            1 => Kind::Reads(Calls::Pure),
            2 => Kind::Locks(Calls::Pure),
            3 => Kind::Writes(Reach::Atomic),
            5 => Kind::Reads(Calls::Unknown),
            6 => Kind::Locks(Calls::Unknown),
            _ => Kind::Writes(Reach::Unbounded),
        };
        let leaves = match code >> KIND.count_ones() {
            0 => SessionEffect::Nothing,
            1 => SessionEffect::Resettable,
            _ => SessionEffect::Lasting,
        };
        Self { kind, leaves }
    }
}

/// The traces that a statement may have left in the database session that ran it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) leaves: SessionEffect,
    /// Set if it calls a function that is not known.
    pub(crate) calls_unknown: bool,
}

impl Trace {
    pub(crate) const NONE: Self = Self {
        leaves: SessionEffect::Nothing,
        calls_unknown: false,
    };

    /// That of statements that nobody has looked at.
    pub(crate) const UNSEEN: Self = Self {
        leaves: SessionEffect::Resettable,
        calls_unknown: true,
    };
}

/// The extent of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It takes effect or it does not, and a rollback undoes it.
    Atomic,
    /// It may commit by itself, or take effect in part.
    Unbounded,
}

/// A cache of verdicts by a hash of the statement.
///
/// It is of fixed size: if its set is full, a new hash replaces another, whose statement is inspected
/// again when it next runs. Two statements whose hashes agree in the upper 59 bits would be taken
/// for one, so the hashes must be well distributed.
#[derive(Debug)]
pub(crate) struct Verdicts {
    sets: Box<[Set]>,
}

// Usually one cache line of the processor: every thread reads it on every query.
#[derive(Debug)]
#[repr(align(64))]
struct Set([AtomicU64; WAYS]);

/// Slots of a set: as many as fill a cache line of 64 bytes.
const WAYS: usize = 8;

/// Number of sets, a power of two. Chosen: together they hold 4096 verdicts, more than most services have
/// statements, in 32 KiB.
const SETS: u64 = 512;

/// The bits of a slot that hold the verdict; 0 is an empty slot.
const VERDICT: u64 = 0b1_1111;

/// Those of them that hold its kind.
const KIND: u64 = 0b111;

impl Default for Verdicts {
    fn default() -> Self {
        let empty = || Set(array::from_fn(|_| AtomicU64::new(0)));
        Self {
            sets: (0..SETS).map(|_| empty()).collect(),
        }
    }
}

impl Verdicts {
    /// Returns the verdict on the statement with this hash, if it is cached.
    #[inline]
    pub(crate) fn get(&self, hash: u64) -> Option<Verdict> {
        // A slot is one word, independent of other memory, so relaxed order is enough.
        let mut slots = self
            .set(hash)?
            .0
            .iter()
            .map(|slot| slot.load(Ordering::Relaxed));
        let slot = slots.find(|slot| (slot ^ hash) & !VERDICT == 0 && slot & VERDICT != 0)?;
        Some(Verdict::of_code(slot & VERDICT))
    }

    /// Caches the verdict on the statement with this hash.
    pub(crate) fn insert(&self, hash: u64, verdict: Verdict) {
        let word = (hash & !VERDICT) | verdict.code();
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
        // The lowest bits are not compared.
        let index = (hash >> VERDICT.count_ones()) % SETS;
        self.sets.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READS: Verdict = of(Kind::Reads(Calls::Pure));
    const WRITES: Verdict = of(Kind::Writes(Reach::Atomic));

    const fn of(kind: Kind) -> Verdict {
        Verdict {
            kind,
            leaves: SessionEffect::Nothing,
        }
    }

    /// Returns the `n`th hash that belongs in the first set.
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
        let kinds = [
            Kind::Reads(Calls::Pure),
            Kind::Locks(Calls::Pure),
            Kind::Writes(Reach::Atomic),
            Kind::Writes(Reach::Unbounded),
            Kind::Reads(Calls::Unknown),
            Kind::Locks(Calls::Unknown),
        ];
        let left = [
            SessionEffect::Nothing,
            SessionEffect::Resettable,
            SessionEffect::Lasting,
        ];
        let all = kinds
            .into_iter()
            .flat_map(|kind| left.map(|leaves| Verdict { kind, leaves }));
        // The lowest bits are not compared. Each goes into a set of its own.
        let hash = |index: usize| u64::try_from(index).unwrap() * (VERDICT + 1) + (1 << 60);
        let all: Vec<_> = all.collect();
        for (index, verdict) in all.iter().enumerate() {
            verdicts.insert(hash(index), *verdict);
        }
        for (index, verdict) in all.iter().enumerate() {
            assert_eq!(verdicts.get(hash(index)), Some(*verdict));
        }
        assert_eq!(verdicts.get(hash(all.len())), None);
    }

    #[test]
    fn a_full_set_forgets_one_verdict_for_a_new_one() {
        let verdicts = Verdicts::default();
        let count = WAYS as u64 + 1;
        for n in 0..count {
            verdicts.insert(in_first_set(n), READS);
        }
        assert_eq!(verdicts.get(in_first_set(count - 1)), Some(READS));
        let kept = (0..count).filter(|&n| verdicts.get(in_first_set(n)).is_some());
        assert_eq!(kept.count(), WAYS);
    }

    #[test]
    fn a_verdict_that_is_known_takes_no_second_slot() {
        let verdicts = Verdicts::default();
        for _ in 0..WAYS {
            verdicts.insert(in_first_set(1), READS);
        }
        verdicts.insert(in_first_set(2), WRITES);
        assert_eq!(verdicts.get(in_first_set(1)), Some(READS));
        assert_eq!(verdicts.get(in_first_set(2)), Some(WRITES));
    }
}
