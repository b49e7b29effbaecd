//! `Flag`: a mark that statements set which share a connection.

use std::sync::atomic::{AtomicBool, Ordering};

/// A mark that statements set which share a connection. Whoever has the connection alone reads it and takes it back.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    #[inline]
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Returns whether it is set, and takes it back.
    #[cfg(feature = "test-util")]
    pub(crate) fn take(&mut self) -> bool {
        std::mem::take(self.0.get_mut())
    }

    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clone for Flag {
    fn clone(&self) -> Self {
        Self(AtomicBool::new(self.is_set()))
    }
}
