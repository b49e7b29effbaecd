//! What one user does, and when.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::options::{Options, READ_AFTER};

/// Pages that a user views, beside the one right after the change.
const VIEWS: u32 = 8;

/// A user views pages, changes the setting once, and goes on viewing.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) user: i32,
    pub(crate) change: Duration,
    /// In no particular order.
    views: Vec<Duration>,
}

/// One thing that a user does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    /// Counted from the start of the round.
    pub(crate) due: Duration,
    pub(crate) user: i32,
    pub(crate) act: Act,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    View,
    Change,
}

impl Visit {
    /// Plans the same visit for every strategy, so that they are compared on equal terms.
    pub(crate) fn plan(user: i32, options: &Options) -> Self {
        let mut random = SmallRng::seed_from_u64(user.unsigned_abs().into());
        let length = options.visit();
        // Early enough that the page right after it is part of the visit.
        let change = (length - READ_AFTER * 2).mul_f64(random.random());
        let mut views: Vec<_> = (0..VIEWS)
            .map(|slot| (length / VIEWS).mul_f64(f64::from(slot) + random.random::<f64>()))
            .collect();
        views.push(change + READ_AFTER);
        Self {
            user,
            change,
            views,
        }
    }

    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> {
        let step = |act, due| Step {
            due,
            user: self.user,
            act,
        };
        let views = self.views.iter().map(move |due| step(Act::View, *due));
        views.chain([step(Act::Change, self.change)])
    }

    /// Returns whether some view lies before the change, and another one after the window that follows it.
    pub(crate) fn shows_all(&self, window: Duration) -> bool {
        self.views.iter().any(|view| *view < self.change)
            && self.views.iter().any(|view| *view > self.change + window)
    }
}
