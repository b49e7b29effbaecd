//! What a client does next.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::sql::{Lock, ROWS, TABLES};
use crate::subject::Level;

/// One act of one act's kind in so many takes a moment on purpose, so that whoever asks the server what it runs sees it.
const LINGERS: u32 = 25;

/// An act of a client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// Reads rows of one table.
    Read(Level, Vec<i32>),
    /// Reads them twice in one snapshot.
    Snapshot(Vec<i32>),
    /// Locks a row in a transaction that does not write.
    Lock(i32, Lock),
    /// Writes rows, whose keys ascend, in a transaction, and reads the last of them after it.
    Write {
        keys: Vec<i32>,
        /// Set if it locks them by reading first.
        locks: bool,
    },
    /// The session goes on elsewhere, by token.
    HandOver,
    /// A new session begins.
    Renew,
}

/// The acts of one client.
#[derive(Debug)]
pub(crate) struct Acts {
    random: StdRng,
    pause: Duration,
    locks: bool,
}

impl Acts {
    /// Creates those of a client that waits for up to `pause` between them; without locking reads where servers have none.
    pub(crate) fn new(client: u64, seed: u64, pause: Duration, locks: bool) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(client)),
            pause,
            locks,
        }
    }

    pub(crate) fn next(&mut self) -> Act {
        match self.random.random_range(0..100) {
            0..=27 => Act::Read(Level::Session, self.rows()),
            28..=35 => Act::Snapshot(self.rows()),
            36..=43 => Act::Read(Level::Eventual, self.rows()),
            44..=51 => Act::Read(Level::Bounded, self.rows()),
            52..=58 => Act::Read(Level::Strong, self.rows()),
            59..=66 if self.locks => {
                let lock = match self.random.random_ratio(1, 2) {
                    true => Lock::Update,
                    false => Lock::Share,
                };
                Act::Lock(self.key(), lock)
            }
            59..=80 => self.write(false),
            81..=91 => self.write(self.locks),
            92..=96 => Act::HandOver,
            _ => Act::Renew,
        }
    }

    /// Returns whether the next statement takes a moment on purpose.
    pub(crate) fn lingers(&mut self) -> bool {
        self.random.random_ratio(1, LINGERS)
    }

    /// Returns the time until the next act.
    pub(crate) fn pause(&mut self) -> Duration {
        let most = u64::try_from(self.pause.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.random.random_range(0..=most))
    }

    fn write(&mut self, locks: bool) -> Act {
        let mut keys = vec![self.key()];
        if self.random.random_ratio(1, 3) {
            keys.push(self.key());
        }
        // In one order for all: nobody waits in a circle.
        keys.sort_unstable();
        keys.dedup();
        Act::Write { keys, locks }
    }

    fn key(&mut self) -> i32 {
        let table = self.random.random_range(0..TABLES);
        table * 100 + self.random.random_range(1..=ROWS)
    }

    fn rows(&mut self) -> Vec<i32> {
        let first = self.key();
        let row = first % 100;
        let last = self.random.random_range(row..=ROWS);
        (first..=first + last - row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acts(locks: bool) -> Vec<Act> {
        let mut acts = Acts::new(1, 1, Duration::ZERO, locks);
        (0..1000).map(|_| acts.next()).collect()
    }

    #[test]
    fn reads_are_of_one_table_and_writes_ascend() {
        for act in acts(true) {
            match act {
                Act::Read(_, keys) | Act::Snapshot(keys) => {
                    assert!(!keys.is_empty());
                    assert!(keys.iter().all(|key| key / 100 == keys[0] / 100));
                    assert!(keys.iter().all(|key| (1..=ROWS).contains(&(key % 100))));
                }
                Act::Write { keys, .. } => assert!(keys.is_sorted() && keys.len() <= 2),
                _ => {}
            }
        }
    }

    #[test]
    fn rows_are_locked_only_where_there_are_locks() {
        let locks = |act: &Act| matches!(act, Act::Lock(..) | Act::Write { locks: true, .. });
        assert!(acts(true).iter().any(locks));
        assert!(!acts(false).iter().any(locks));
    }
}
