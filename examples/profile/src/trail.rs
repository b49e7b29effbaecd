//! `Trail`: where connections came from, and why.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel_routing::{Reason, Route};

/// The number of steps that are kept.
const KEPT: usize = 400;

/// One connection that was used.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Step {
    /// For whom.
    pub user: i32,
    /// For what.
    pub what: &'static str,
    /// The node it came from.
    pub node: String,
    /// Why it came from there.
    pub reason: Reason,
}

/// The last steps of a service, and how many reads each node had. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Trail(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    steps: VecDeque<Step>,
    reads: BTreeMap<String, u64>,
}

impl Trail {
    /// Returns the last steps of a user, newest first.
    #[must_use]
    pub fn of_user(&self, user: i32, most: usize) -> Vec<Step> {
        let kept = self.lock();
        let steps = kept.steps.iter().filter(|step| step.user == user);
        steps.take(most).cloned().collect()
    }

    /// Returns how many reads this node had.
    #[must_use]
    pub fn reads_of(&self, node: &str) -> u64 {
        self.lock().reads.get(node).copied().unwrap_or_default()
    }

    fn add(&self, step: Step) {
        let mut kept = self.lock();
        if step.reason != Reason::Write {
            match kept.reads.get_mut(&step.node) {
                Some(reads) => *reads += 1,
                None => {
                    kept.reads.insert(step.node.clone(), 1);
                }
            }
        }
        kept.steps.truncate(KEPT - 1);
        kept.steps.push_front(step);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes down the steps of one user.
#[derive(Debug)]
pub(crate) struct Notes<'a> {
    trail: &'a Trail,
    user: i32,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(trail: &'a Trail, user: i32) -> Self {
        Self { trail, user }
    }

    pub(crate) fn take(&self, what: &'static str, route: Route<'_>) {
        self.trail.add(Step {
            user: self.user,
            what,
            node: route.node.to_owned(),
            reason: route.reason,
        });
    }
}
