//! The clock of a router's time windows.

use std::fmt::Debug;
use std::time::{Instant, SystemTime};

/// A router's source of time: for the window after a write, and for session tokens.
///
/// Defaults to [`SystemClock`]. Tests give their own, to move time by hand: see
/// `ManualClock` (feature `test-util`).
///
/// # Example
///
/// ```
/// use std::time::{Instant, SystemTime};
/// use diesel_routing::{Clock, SystemClock};
///
/// /// A clock that is an hour ahead, for a look at what becomes of tokens.
/// #[derive(Debug)]
/// struct Ahead;
///
/// impl Clock for Ahead {
///     fn now(&self) -> Instant {
///         SystemClock.now()
///     }
///
///     fn wall(&self) -> SystemTime {
///         SystemClock.wall() + std::time::Duration::from_secs(3600)
///     }
/// }
/// # assert!(Ahead.wall() > SystemTime::now());
/// ```
pub trait Clock: Debug + Send + Sync + 'static {
    /// Returns the present instant. It must never go back.
    fn now(&self) -> Instant;

    /// Returns the present time of day, which is shared with other processes. Defaults to the system's. The
    /// clocks of processes that share session tokens must agree to well within the router's window.
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
