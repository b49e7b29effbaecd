//! `History`: what was written when.

use std::time::{Duration, Instant};

/// The writes of a test, which sets the theme to 1, 2, 3 and so on.
#[derive(Debug, Default)]
pub(crate) struct History {
    acknowledged: Vec<Instant>,
}

impl History {
    /// Records that the next number was written.
    pub(crate) fn wrote(&mut self) {
        self.acknowledged.push(Instant::now());
    }

    /// Returns the number that was the newest at an instant.
    pub(crate) fn at(&self, at: Instant) -> usize {
        self.acknowledged.partition_point(|&write| write <= at)
    }

    /// Returns the least number that a read with this bound on its age may see, if it begins now.
    pub(crate) fn floor(&self, bound: Duration) -> usize {
        Instant::now()
            .checked_sub(bound)
            .map_or(0, |at| self.at(at))
    }
}

/// Returns the number that a theme is; 0 for that before the first write.
pub(crate) fn number(theme: &str) -> usize {
    match theme {
        "light" => 0,
        theme => theme.parse().expect("a number"),
    }
}
