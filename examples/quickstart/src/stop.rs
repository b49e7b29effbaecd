//! Ctrl-C.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};

/// Tells every thread to return, so that what they hold is dropped: a signal alone would leave the
/// cluster's temporary directory behind.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    why: Mutex<Option<Why>>,
    bell: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Signal,
    Failure,
}

/// A signal asked the program to end.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

impl Stop {
    pub(crate) fn on_signals() -> Result<Arc<Self>> {
        let stop = Arc::<Self>::default();
        let handler = Arc::clone(&stop);
        ctrlc::set_handler(move || handler.ask(Why::Signal)).context("could not watch Ctrl-C")?;
        Ok(stop)
    }

    /// Asks all to stop after one thread has failed: the others need not go on.
    pub(crate) fn after_failure(&self) {
        self.ask(Why::Failure);
    }

    /// Waits until `due`; returns whether to go on.
    pub(crate) fn wait_until(&self, due: Instant) -> bool {
        let mut why = self.lock();
        while why.is_none() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            why = self
                .bell
                .wait_timeout(why, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        false
    }

    /// Fails if a signal came.
    ///
    ///
    /// [`Interrupted`], if a signal came.
    pub(crate) fn check(&self) -> Result<(), Interrupted> {
        match *self.lock() {
            Some(Why::Signal) => Err(Interrupted),
            _ => Ok(()),
        }
    }

    fn ask(&self, reason: Why) {
        self.lock().get_or_insert(reason);
        self.bell.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Why>> {
        self.why.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
