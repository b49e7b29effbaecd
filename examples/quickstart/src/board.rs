//! Counts what the users saw.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::progress::Progress;
use crate::strategy::{Page, Strategy};

/// The count of one strategy.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub(crate) strategy: Strategy,
    pub(crate) reads: u32,
    pub(crate) stale: u32,
    pub(crate) by_replicas: u32,
}

/// One read of the user whose reads are shown.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) strategy: Strategy,
    /// When it was due, counted from the start of the round.
    pub(crate) due: Duration,
    pub(crate) page: Page,
    pub(crate) is_stale: bool,
}

/// The board on which the threads of a round put down what they saw.
pub(crate) struct Board {
    seen: Mutex<Seen>,
    progress: Progress,
}

#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) tallies: Vec<Tally>,
    pub(crate) samples: Vec<Sample>,
}

impl Board {
    pub(crate) fn new(strategies: &[Strategy], progress: Progress) -> Self {
        let tallies = strategies.iter().map(|strategy| Tally::new(*strategy));
        let seen = Seen {
            tallies: tallies.collect(),
            samples: Vec::new(),
        };
        Self {
            seen: Mutex::new(seen),
            progress,
        }
    }

    pub(crate) fn note(&self, read: Sample, is_shown: bool) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = seen
            .tallies
            .iter_mut()
            .find(|tally| tally.strategy == read.strategy);
        if let Some(tally) = tally {
            tally.reads += 1;
            tally.stale += u32::from(read.is_stale);
            tally.by_replicas += u32::from(!read.page.is_primary);
        }
        if is_shown {
            seen.samples.push(read);
        }
        self.progress.advance(&seen.tallies);
    }

    pub(crate) fn into_seen(self) -> Seen {
        self.seen
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            reads: 0,
            stale: 0,
            by_replicas: 0,
        }
    }
}
