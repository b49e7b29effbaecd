use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks at a condition; small against the tens of milliseconds a server needs.
const PERIOD: Duration = Duration::from_millis(2);

/// A point in time that a step must not pass.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    start: Instant,
    pub(crate) limit: Duration,
}

impl Deadline {
    pub(crate) fn after(limit: Duration) -> Self {
        Self {
            start: Instant::now(),
            limit,
        }
    }

    pub(crate) fn left(self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }

    /// Asks `look` until it has an answer; `None` when the time is up.
    pub(crate) fn poll<T, E>(
        self,
        mut look: impl FnMut() -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        loop {
            if let Some(answer) = look()? {
                return Ok(Some(answer));
            }
            if self.left().is_zero() {
                return Ok(None);
            }
            thread::sleep(PERIOD);
        }
    }
}
