//! What a session does next. Pure: a seed gives the same acts every time.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::table::KEYS;

/// A client that gets no answer in this time gives up: its futures are dropped half-way.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    Read(ReadBy, Vec<i32>),
    Write(WriteBy, Vec<i32>),
    /// The session goes on at this router, by token.
    Move(usize),
    /// The session takes over what another one's token says.
    Absorb,
    /// A new session begins.
    Renew,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadBy {
    /// `session.read()`.
    Handle,
    /// `session.reading(..)`.
    Closure,
    /// `session.waiting(..).read()`.
    Waiting,
    /// Two at the same time.
    Pair,
    /// `read_eventual` and then `upgrade`.
    Upgrade,
    /// `session.read_primary()`.
    Primary,
    /// `session.read_eventual()`: nothing is promised.
    Eventual,
}

impl ReadBy {
    /// Returns whether the read leaves its level to the session.
    pub(crate) fn is_at_the_session_s_level(self) -> bool {
        matches!(
            self,
            Self::Handle | Self::Closure | Self::Waiting | Self::Pair
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WriteBy {
    /// One statement.
    Statement,
    /// One transaction for all keys.
    Transaction,
    /// A transaction that is rolled back: nobody must ever see it.
    RolledBack,
}

/// The acts of one client.
#[derive(Debug)]
pub(crate) struct Acts(SmallRng);

impl Acts {
    pub(crate) fn new(seed: u64, client: u32) -> Self {
        Self(SmallRng::seed_from_u64(
            seed.wrapping_mul(1_000_003).wrapping_add(client.into()),
        ))
    }

    pub(crate) fn next(&mut self, routers: usize) -> Act {
        let random = &mut self.0;
        match random.random_range(0..100) {
            0..=30 => Act::Read(ReadBy::Handle, self.keys(4)),
            31..=40 => Act::Read(ReadBy::Closure, self.keys(4)),
            41..=47 => Act::Read(ReadBy::Waiting, self.keys(4)),
            48..=52 => Act::Read(ReadBy::Pair, self.keys(2)),
            53..=56 => Act::Read(ReadBy::Upgrade, self.keys(2)),
            57..=59 => Act::Read(ReadBy::Primary, self.keys(4)),
            60..=63 => Act::Read(ReadBy::Eventual, self.keys(4)),
            64..=78 => Act::Write(WriteBy::Statement, self.keys(1)),
            79..=83 => Act::Write(WriteBy::Transaction, self.keys(2)),
            84..=86 => Act::Write(WriteBy::RolledBack, self.keys(2)),
            87..=92 => Act::Move(random.random_range(0..routers)),
            93..=95 => Act::Absorb,
            _ => Act::Renew,
        }
    }

    /// Draws the time until the next act: mostly short, now and then long enough for every proof to arrive.
    pub(crate) fn pause(&mut self) -> Duration {
        let most = if self.0.random_ratio(1, 10) {
            100_000
        } else {
            10_000
        };
        Duration::from_micros(self.0.random_range(0..most))
    }

    /// Draws how long the next act may take: now and then so short that statements are given up half-way.
    pub(crate) fn patience(&mut self) -> Duration {
        if self.0.random_ratio(1, 20) {
            Duration::from_micros(self.0.random_range(0..5_000))
        } else {
            PATIENCE
        }
    }

    pub(crate) fn choose(&mut self, below: usize) -> usize {
        self.0.random_range(0..below)
    }

    /// Draws one to `most` keys, ascending: transactions that lock rows in one order cannot deadlock.
    fn keys(&mut self, most: usize) -> Vec<i32> {
        let count = self.0.random_range(1..=most);
        let mut keys: Vec<_> = (0..count).map(|_| self.0.random_range(1..=KEYS)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_acts_every_time_and_each_client_its_own() {
        let acts = |seed, client| {
            let mut acts = Acts::new(seed, client);
            (0..100).map(|_| acts.next(2)).collect::<Vec<_>>()
        };
        assert_eq!(acts(1, 2), acts(1, 2));
        assert_ne!(acts(1, 2), acts(1, 3));
        assert_ne!(acts(1, 2), acts(2, 2));
    }

    #[test]
    fn keys_are_ascending_and_exist() {
        let mut acts = Acts::new(1, 1);
        for _ in 0..1000 {
            let keys = acts.keys(4);
            assert!(!keys.is_empty() && keys.is_sorted());
            assert!(keys.iter().all(|key| (1..=KEYS).contains(key)));
        }
    }
}
