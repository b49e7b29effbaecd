//! The clock that time windows are measured with.

use std::fmt::Debug;
use std::time::{Instant, SystemTime};

/// Tells the time to a router: for the window after a write, and for session tokens.
///
/// Defaults to [`SystemClock`]. Tests give their own, to move time by hand: see
/// `ManualClock` (feature `test-util`).
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present instant. Must never go back.
    fn now(&self) -> Instant;

    /// The present time of day, which other processes know too. Defaults to the system's; that of
    /// processes that share session tokens must agree to well within the router's window.
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// The operating system's monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }
}
