//! `Turnstile`: one at a time, in either flavour.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_listener::{Event, EventListener};

/// Lets one caller in at a time. It may be waited for in async code, which a mutex may not.
#[derive(Debug, Default)]
pub(crate) struct Turnstile {
    is_taken: AtomicBool,
    free: Event,
}

/// The one who is in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Turnstile>);

impl Turnstile {
    /// Enters, or returns what resolves once it may be free.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Inside, EventListener> {
        // Listen before looking: one who leaves in between counts.
        let free = self.free.listen();
        if self.is_taken.swap(true, Ordering::Acquire) {
            return Err(free);
        }
        Ok(Inside(Arc::clone(self)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.is_taken.store(false, Ordering::Release);
        self.0.free.notify(usize::MAX);
    }
}
