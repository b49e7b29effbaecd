//! What the cluster's owner and its replication thread share.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Error;

/// The shared state, and the bell that rings when it changes.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Debug)]
pub(super) struct State {
    /// The owner wants the thread to end.
    pub(super) stop: bool,
    /// The owner has changed something, or waits: the thread should look before the next tick.
    pub(super) asked: bool,
    /// The thread has ended.
    pub(super) ended: bool,
    /// The reason for its end, if it was not asked to end.
    pub(super) failure: Option<Error>,
    /// A lock keeps the thread from reading the primary.
    pub(super) primary_locked: bool,
    pub(super) replicas: Vec<Replica>,
}

#[derive(Debug)]
pub(super) struct Replica {
    pub(super) lag: Duration,
    pub(super) paused: bool,
    /// The thread is applying a snapshot to it at this moment.
    pub(super) applying: bool,
    /// A lock keeps the thread from applying one.
    pub(super) locked: bool,
    /// The number of the snapshot it shows.
    pub(super) shown: u64,
    /// It shows everything committed up to here.
    pub(super) complete: Instant,
    /// As far as the thread has looked, nothing has been committed since.
    pub(super) current: bool,
}

impl Shared {
    pub(super) fn new(lags: impl Iterator<Item = Duration>, complete: Instant) -> Self {
        let replicas = lags
            .map(|lag| Replica {
                lag,
                paused: false,
                applying: false,
                locked: false,
                shown: 0,
                complete,
                current: true,
            })
            .collect();
        let state = State {
            stop: false,
            asked: false,
            ended: false,
            failure: None,
            primary_locked: false,
            replicas,
        };
        Self {
            state: Mutex::new(state),
            bell: Condvar::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under the lock is a single assignment or two, so a panic elsewhere leaves it sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for a change.
    pub(super) fn ring(&self) {
        self.bell.notify_all();
    }

    /// Waits for a change, for at most `timeout`.
    pub(super) fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        timeout: Duration,
    ) -> MutexGuard<'a, State> {
        self.bell
            .wait_timeout(state, timeout)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

impl State {
    /// Returns the error that ended replication, if it has ended.
    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.ended {
            return Ok(());
        }
        Err(Error::Stopped {
            source: self.failure.clone().map(Box::new),
        })
    }

    pub(super) fn replica(&mut self, index: usize) -> Result<&mut Replica, Error> {
        let replicas = self.replicas.len();
        self.replicas
            .get_mut(index)
            .ok_or(Error::NoSuchReplica { index, replicas })
    }

    /// Returns the replicas that are not paused and do not show everything committed up to `instant`.
    pub(super) fn behind(&self, instant: Instant) -> Vec<usize> {
        let behind = |replica: &Replica| !replica.paused && replica.complete < instant;
        (0..)
            .zip(&self.replicas)
            .filter(|(_, replica)| behind(replica))
            .map(|(index, _)| index)
            .collect()
    }
}
