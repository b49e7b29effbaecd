//! A clock that tests set by hand.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::Clock;
use crate::mutex::lock;

/// A [`Clock`] that stands still until a test advances it.
///
/// Give a clone to the router's builder, keep another in the test.
///
/// # Example
///
/// ```
/// use diesel_routing::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(6)); // past the default window of 5 s
/// assert_eq!(clock.now() - before, Duration::from_secs(6));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<(Instant, SystemTime)>>);

impl ManualClock {
    /// Advances the time, for all clones.
    pub fn advance(&self, by: Duration) {
        let mut present = lock(&self.0);
        present.0 += by;
        present.1 += by;
    }

    /// Sets the time of day, which may go back; the instant stays.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use diesel_routing::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::default();
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    /// clock.set_wall(then);
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(clock.wall(), then + Duration::from_secs(1));
    /// ```
    pub fn set_wall(&self, wall: SystemTime) {
        lock(&self.0).1 = wall;
    }
}

impl Default for ManualClock {
    /// Creates a clock that stands at the present instant.
    fn default() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        lock(&self.0).0
    }

    fn wall(&self) -> SystemTime {
        lock(&self.0).1
    }
}
